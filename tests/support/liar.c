/* SPDX-License-Identifier: Apache-2.0 */
/* See liar.h. */
#include "support/liar.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/workspace.h"

struct tally_buf liar_says;
static struct workspace ws;
static struct flow f;
static struct gathered g; /* what the liar says */

int
liar_setup(void **state)
{
	struct tally_err err;

	(void)state;
	workspace_make(&ws, NULL);
	tally_buf_init(&liar_says, 256u << 20);
	assert_int_equal(flow_begin(&f, ws.dir, FLOW_CHECK, &err), TALLY_OK);
	return gathered_open(&g, liar_model(), &err) != TALLY_OK;
}

int
liar_teardown(void **state)
{
	(void)state;
	gathered_close(&g);
	flow_end(&f);
	workspace_remove(&ws);
	tally_buf_free(&liar_says);
	return 0;
}

enum tally_rc
liar_parser(struct parser **p, struct tally_err *err)
{
	return parser_new(p, &f, err);
}

const struct tally_model *
liar_model(void)
{
	return maps_model(f.maps);
}

/* --- what it says --- */

void
say_read_to(uint8_t reader, uint64_t offset, uint64_t n, uint64_t to)
{
	struct wire_read r = { reader, offset, n, to };
	struct wire w;
	size_t begun = wire_begin(&w, &liar_says, WIRE_READ);

	wire_read(&w, &r);
	wire_finish(&w, begun);
}

void
say_read(uint8_t reader, uint64_t offset, uint64_t n)
{
	say_read_to(reader, offset, n, 0);
}

void
say_judged(uint64_t offset, uint64_t length, enum tally_verdict group)
{
	struct tally_group_judged v[2] = { { .offset = offset + 106,
					       .verdict = group },
		{ .offset = offset + 300, .verdict = TALLY_ACCEPTED } };
	struct tally_interchange_judged ic = { .offset = offset,
		.length = length,
		.verdict = TALLY_ACCEPTED,
		.group = v,
		.ngroup = 2 };
	struct tally_findings none;
	struct wire w;
	size_t begun = wire_begin(&w, &liar_says, WIRE_JUDGED);

	tally_findings_init(&none, 1);
	wire_findings(&w, &none);
	wire_interchange(&w, &ic, &none);
	wire_finish(&w, begun);
}

void
say_two(
    uint64_t first, uint32_t group, uint64_t second, uint32_t other, bool last)
{
	const uint64_t offset[] = { first, second };
	const uint32_t of[] = { group, other };
	struct wire w;
	size_t begun = wire_begin(&w, &liar_says, WIRE_BATCH);

	gathered_empty(&g);
	for (size_t i = 0; i < 2; i++) {
		g.doc[i] = (struct store_document){ .set = "850",
			.offset = offset[i],
			.length = 50,
			.verdict = TALLY_ACCEPTED,
			.state = "accepted",
			.batch = UINT32_MAX };
		g.pending[i] = (struct pending){ .group = of[i] };
	}
	g.n = 2;
	g.last = last;
	wire_gathered(&w, &g);
	wire_finish(&w, begun);
}

void
say_batch(uint64_t first, uint32_t group, uint64_t second, uint32_t other)
{
	say_two(first, group, second, other, true);
}

void
say_rows(unsigned n)
{
	static char text[60000];
	static const unsigned char hash[32];
	const struct tally_model *m = g.batch.model;
	struct tally_err err;
	struct wire w;
	size_t begun = wire_begin(&w, &liar_says, WIRE_BATCH);
	const char *kept;
	uint16_t table = 0, column = 0;
	uint32_t row;

	while (m->table[table].head)
		table++;
	while (m->table[table].column[column].type != TALLY_TEXT)
		column++;
	gathered_empty(&g);
	g.doc[0] = (struct store_document){ .set = "850",
		.offset = 1150,
		.length = 50,
		.verdict = TALLY_ACCEPTED,
		.state = "accepted",
		.map = "850",
		.map_hash = hash,
		.batch = tally_batch_document(&g.batch) };
	g.pending[0] = (struct pending){ .group = 0 };
	g.n = 1;
	g.last = true;
	memset(text, 'x', sizeof(text));
	assert_int_equal(tally_batch_keep(&g.batch,
			     tally_str(text, sizeof(text)), &kept, &err),
	    TALLY_OK);
	for (; n > 0; n--) {
		assert_int_equal(
		    tally_batch_row(&g.batch, table, &row, &err), TALLY_OK);
		tally_batch_point(&g.batch, table, row, column,
		    tally_str(kept, sizeof(text)));
	}
	wire_gathered(&w, &g);
	wire_finish(&w, begun);
	/* It is short: the text goes once. */
	assert_true(liar_says.n - begun < PARSER_SAID(LIAR_SIZE) / 64);
}

void
say_answers(uint32_t group, uint64_t offset)
{
	struct wire_answers a = { .group = group, .offset = offset };
	struct wire w;
	size_t begun = wire_begin(&w, &liar_says, WIRE_ANSWERS);

	wire_answers(&w, &a);
	wire_finish(&w, begun);
}

void
say_bytes(enum wire_kind kind, const char *bytes, size_t n)
{
	struct wire w;
	size_t begun = wire_begin(&w, &liar_says, kind);

	tally_buf_add(&liar_says, bytes, n);
	wire_finish(&w, begun);
}

void
say_batch_at_once(void)
{
	say_batch(200, 0, 300, 0);
}

void
say_unknown(void)
{
	say_bytes(WIRE_KINDS, "x", 1);
}

void
say_question(void)
{
	say_bytes(WIRE_ASK, "", 0);
}

void
say_huge(void)
{
	const struct wire_head head = { WIRE_JUDGED, UINT32_MAX };

	tally_buf_add(&liar_says, &head, sizeof(head));
}

/* --- what the run does --- */

static enum tally_rc
zeros(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	(void)ctx;
	(void)err;
	memset(buf, 0, max);
	*got = max;
	return TALLY_OK;
}

static struct tally_source
source(void *ctx, int reader, uint64_t from)
{
	(void)reader;
	(void)from;
	return (struct tally_source){ zeros, ctx };
}

const struct parser_file liar_file = { .size = LIAR_SIZE, .source = source };

void
liar_stand_in(struct parser *p, bool silent)
{
	int there[2], back[2];
	size_t n = 0;
	ssize_t done;
	char c;

	assert_int_equal(pipe(there), 0);
	assert_int_equal(pipe(back), 0);
	p->pid = fork();
	if (p->pid == 0) {
		close(there[1]);
		close(back[0]);
		while (n < liar_says.n &&
		    (done = write(back[1], liar_says.p + n, liar_says.n - n)) >
			0)
			n += (size_t)done;
		if (!silent)
			close(back[1]);
		while (read(there[0], &c, 1) > 0)
			;
		_exit(3);
	}
	assert_true(p->pid > 0);
	close(there[0]);
	close(back[1]);
	p->to = there[1];
	p->from = back[0];
	p->ready = true;
	assert_int_equal(parser_share(p, NULL), TALLY_OK);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* An order, by a parser of its own. */
static struct tally_source
order(void *ctx, int reader, uint64_t from)
{
	(void)reader;
	(void)from;
	return tally_source_str(ctx);
}

void
liar_gone(struct parser *p)
{
	const struct workspace_order o = { 7, 1, 2, 'P', NULL };
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct tally_buf text;
	struct tally_str left;
	struct tally_err err;
	struct parser_file good = { .source = order, .ctx = &left };

	tally_buf_init(&text, 1u << 20);
	workspace_order(&text, &o);
	left = tally_buf_view(&text);
	good.size = left.n;
	assert_int_equal(parser_file(p, &good, &err), TALLY_OK);
	assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
	assert_string_equal(ic->sender, "THEM");
	assert_int_equal(ic->length, text.n);
	parser_skip(p);
	assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
	assert_null(ic);
	assert_false(parser_died(p));
	parser_end(p);
	tally_buf_free(&text);
}
