/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parser that does not do what it is for: another process stands in for it,
 * and says things that no parser would say.  Each is found out, the process is
 * gone, and the next file has one that works.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow/parser_inside.h"
#include "support/workspace.h"

#define SIZE ((uint64_t)300 << 10) /* it is not sent at once */

static struct workspace ws;
static struct flow f;
static struct gathered g; /* what the liar says */
static struct tally_buf out, file;

static int
setup(void **state)
{
	struct tally_err err;

	(void)state;
	workspace_make(&ws, NULL);
	tally_buf_init(&out, 256u << 20);
	tally_buf_init(&file, 1u << 20);
	assert_int_equal(flow_begin(&f, ws.dir, FLOW_CHECK, &err), TALLY_OK);
	return gathered_open(&g, maps_model(f.maps), &err) != TALLY_OK;
}

static int
teardown(void **state)
{
	(void)state;
	gathered_close(&g);
	flow_end(&f);
	workspace_remove(&ws);
	tally_buf_free(&file);
	tally_buf_free(&out);
	return 0;
}

/* --- what it says --- */

static void
say_read_to(uint8_t reader, uint64_t offset, uint64_t n, uint64_t to)
{
	struct wire_read r = { reader, offset, n, to };
	struct wire w;
	size_t begun = wire_begin(&w, &out, WIRE_READ);

	wire_read(&w, &r);
	wire_finish(&w, begun);
}

static void
say_read(uint8_t reader, uint64_t offset, uint64_t n)
{
	say_read_to(reader, offset, n, 0);
}

static void
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
	size_t begun = wire_begin(&w, &out, WIRE_JUDGED);

	tally_findings_init(&none, 1);
	wire_findings(&w, &none);
	wire_interchange(&w, &ic, &none);
	wire_finish(&w, begun);
}

/* Two documents at these places of these groups. */
static void
say_two(
    uint64_t first, uint32_t group, uint64_t second, uint32_t other, bool last)
{
	const uint64_t offset[] = { first, second };
	const uint32_t of[] = { group, other };
	struct wire w;
	size_t begun = wire_begin(&w, &out, WIRE_BATCH);

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

static void
say_batch(uint64_t first, uint32_t group, uint64_t second, uint32_t other)
{
	say_two(first, group, second, other, true);
}

/* A document of that many rows, which hold one long text all. */
static void
say_rows(unsigned n)
{
	static char text[60000];
	static const unsigned char hash[32];
	const struct tally_model *m = g.batch.model;
	struct tally_err err;
	struct wire w;
	size_t begun = wire_begin(&w, &out, WIRE_BATCH);
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
	assert_true(out.n - begun < PARSER_SAID(SIZE) / 64);
}

static void
say_answers(uint32_t group, uint64_t offset)
{
	struct wire_answers a = { .group = group, .offset = offset };
	struct wire w;
	size_t begun = wire_begin(&w, &out, WIRE_ANSWERS);

	wire_answers(&w, &a);
	wire_finish(&w, begun);
}

static void
say_bytes(enum wire_kind kind, const char *bytes, size_t n)
{
	struct wire w;
	size_t begun = wire_begin(&w, &out, kind);

	tally_buf_add(&out, bytes, n);
	wire_finish(&w, begun);
}

static void
far_away(void)
{
	say_read(0, SIZE, 1);
}

static void
too_much(void)
{
	say_read(0, SIZE - 10, 11);
}

static void
to_nowhere(void)
{
	say_read_to(1, 0, 10, WIRE_AHEAD - 9);
}

static void
to_the_end(void)
{
	say_read_to(1, 0, 10, WIRE_AHEAD - 10);
	say_read(2, 0, 1);
}

static void
third_reader(void)
{
	say_read(2, 0, 10);
}

static void
backwards(void)
{
	say_read(0, 5000, 10);
	say_read(0, 4000, 10);
}

static void
greedy(void)
{
	for (unsigned i = 0; i < 10 * PARSER_ASKED; i++)
		say_read(0, i, 1);
}

static void
behind_the_end(void)
{
	say_judged(SIZE - 500, 501, TALLY_ACCEPTED);
}

static void
batch_at_once(void)
{
	say_batch(200, 0, 300, 0);
}

static void
unknown_kind(void)
{
	say_bytes(WIRE_KINDS, "x", 1);
}

static void
for_the_other(void)
{
	say_bytes(WIRE_RECORD, "x", 1);
}

static void
ask_nobody(void)
{
	say_bytes(WIRE_ASK, "", 0);
}

static void
more_behind(void)
{
	say_judged(0, 500, TALLY_ACCEPTED);
	/* One byte that belongs to nothing. */
	out.p[4]++;
	tally_buf_putc(&out, 'x');
}

static void
huge(void)
{
	const struct wire_head head = { WIRE_JUDGED, UINT32_MAX };

	tally_buf_add(&out, &head, sizeof(head));
}

static void
endless(void)
{
	for (size_t i = 0; i <= PARSER_SAID(SIZE) / 65536; i++)
		say_bytes(WIRE_READY, file.p, 65536);
}

static void
half(void)
{
	say_judged(0, 500, TALLY_ACCEPTED);
	out.n -= 7;
}

static const struct {
	const char *name;
	void (*says)(void);
	const char *how;
} at_once[] = {
	{ "bytes behind the end", far_away, "wants bytes" },
	{ "bytes over the end", too_much, "wants bytes" },
	{ "a reader that is none", third_reader, "wants bytes" },
	{ "bytes to nowhere", to_nowhere, "wants bytes" },
	{ "bytes to the end, then to none", to_the_end, "wants bytes" },
	{ "bytes again", backwards, "wants bytes" },
	{ "very many bytes", greedy, "wants bytes" },
	{ "an interchange over the end", behind_the_end, "what cannot be" },
	{ "documents of nothing", batch_at_once, "what cannot be" },
	{ "an unknown message", unknown_kind, "what cannot be" },
	{ "a message for itself", for_the_other, "what cannot be" },
	{ "a question to nobody", ask_nobody, "what cannot be asked" },
	{ "a message with a rest", more_behind, "what cannot be" },
	{ "a huge message", huge, "more than can be said" },
	{ "messages without end", endless, "more than can be said" },
	{ "half a message", half, "ended by itself with status 3" },
};

static void
reject_group(void)
{
	say_judged(1000, 500, TALLY_REJECTED);
	say_batch(1150, 0, 1350, 1);
}

static void
out_of_order(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1350, 0, 1150, 0);
}

static void
group_back(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1310, 1, 1400, 0);
}

static void
no_group(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1150, 0, 1350, 2);
}

static void
outside(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1150, 0, 1451, 1);
}

static void
twice(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1150, 0, 1150, 0);
}

static void
answer_of_no_group(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_answers(2, 1150);
}

static void
answer_outside(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_answers(UINT32_MAX, 1500);
}

static void
judged_again(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_judged(1500, 500, TALLY_ACCEPTED);
}

static void
text_again_and_again(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_rows((unsigned)(PARSER_SAID(SIZE) / 60000 + 1));
}

static const struct {
	const char *name;
	void (*says)(void);
	const char *how;
} recording[] = {
	{ "a document of a rejected group", reject_group, "what cannot be" },
	{ "documents out of order", out_of_order, "what cannot be" },
	{ "groups out of order", group_back, "what cannot be" },
	{ "a document of no group", no_group, "what cannot be" },
	{ "a document outside", outside, "what cannot be" },
	{ "a document twice", twice, "what cannot be" },
	{ "an answer in no group", answer_of_no_group, "what cannot be" },
	{ "an answer outside", answer_outside, "what cannot be" },
	{ "a judgement in between", judged_again, "what cannot be" },
	{ "a text in very many rows", text_again_and_again,
	    "more than can be said" },
};

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

/* A process that says what is in out, waits, and ends with status 3; a silent
 * one could still say something. */
static void
stand_in(struct parser *p, bool silent)
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
		while (n < out.n &&
		    (done = write(back[1], out.p + n, out.n - n)) > 0)
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

static const struct parser_file large = { .size = SIZE, .source = source };

/* An order, by a parser of its own. */
static enum tally_rc
read_order(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct tally_str *left = ctx;

	(void)err;
	*got = left->n < max ? left->n : max;
	memcpy(buf, left->p, *got);
	*left = tally_str(left->p + *got, left->n - *got);
	return TALLY_OK;
}

static struct tally_source
order(void *ctx, int reader, uint64_t from)
{
	(void)reader;
	(void)from;
	return (struct tally_source){ read_order, ctx };
}

static void
works(struct parser *p)
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

static void
test_at_once(void **state)
{
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct parser *p;
	struct tally_err err;

	(void)state;
	tally_buf_reset(&file);
	for (int i = 0; i < 65536; i++)
		tally_buf_putc(&file, 'x');
	assert_int_equal(parser_new(&p, &f, &err), TALLY_OK);
	for (size_t i = 0; i < sizeof(at_once) / sizeof(at_once[0]); i++) {
		tally_buf_reset(&out);
		at_once[i].says();
		stand_in(p, false);
		assert_int_equal(parser_file(p, &large, &err), TALLY_OK);
		if (parser_judged(p, &ic, &list, &err) != TALLY_DATA ||
		    !parser_died(p) || p->pid != 0 ||
		    strstr(err.text, at_once[i].how) == NULL)
			fail_msg("%s: %s", at_once[i].name, err.text);
	}
	works(p);
	parser_free(p);
}

static void
test_recording(void **state)
{
	const struct wire_record all = { .recorded = 0 };
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct wire_answers answers;
	struct gathered got;
	struct parser *p;
	struct tally_err err;
	enum wire_kind kind;

	(void)state;
	assert_int_equal(
	    gathered_open(&got, maps_model(f.maps), &err), TALLY_OK);
	assert_int_equal(parser_new(&p, &f, &err), TALLY_OK);
	for (size_t i = 0; i < sizeof(recording) / sizeof(recording[0]); i++) {
		tally_buf_reset(&out);
		recording[i].says();
		stand_in(p, false);
		assert_int_equal(parser_file(p, &large, &err), TALLY_OK);
		assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
		parser_record(p, &all);
		if (parser_next(p, &got, &answers, &kind, &err) != TALLY_DATA ||
		    !parser_died(p) || p->pid != 0 ||
		    strstr(err.text, recording[i].how) == NULL)
			fail_msg("%s: %s", recording[i].name, err.text);
	}
	works(p);
	gathered_close(&got);
	parser_free(p);
}

/* --- many batches, read by a thread --- */

#define BATCHES 100

/* Answers come behind every tenth. */
static void
say_batches(unsigned n, bool last)
{
	tally_buf_reset(&out);
	say_judged(1000, 500, TALLY_ACCEPTED);
	for (unsigned i = 0; i < n; i++) {
		say_two(1150 + 2 * i, 0, 1151 + 2 * i, 0, last && i + 1 == n);
		if (i % 10 == 0 && i + 1 < n)
			say_answers(0, 1150 + i);
	}
}

static void
begin_to_record(struct parser *p, bool silent)
{
	const struct wire_record all = { .recorded = 0 };
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct tally_err err;

	stand_in(p, silent);
	assert_int_equal(parser_file(p, &large, &err), TALLY_OK);
	assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
	parser_record(p, &all);
}

/* Batches and answers as they were said, so many batches; what comes then. */
static enum tally_rc
take_batches(struct parser *p, unsigned n, struct tally_err *err)
{
	struct gathered got;
	struct wire_answers answers;
	enum wire_kind kind;
	unsigned i = 0;
	enum tally_rc rc;

	assert_int_equal(
	    gathered_open(&got, maps_model(f.maps), err), TALLY_OK);
	for (;;) {
		rc = parser_next(p, &got, &answers, &kind, err);
		if (rc != TALLY_OK || i == n)
			break;
		if (kind == WIRE_ANSWERS) {
			assert_int_equal(answers.offset, 1150 + i - 1);
			assert_int_equal(got.n, 0);
			continue;
		}
		assert_int_equal(kind, WIRE_BATCH);
		assert_int_equal(got.n, 2);
		assert_int_equal(got.doc[0].offset, 1150 + 2 * i);
		assert_int_equal(got.doc[1].offset, 1151 + 2 * i);
		i++;
		if (got.last)
			break;
	}
	assert_int_equal(i, n);
	gathered_close(&got);
	return rc;
}

static void
test_beside(void **state)
{
	struct parser *p;
	struct tally_err err;

	(void)state;
	assert_int_equal(parser_new(&p, &f, &err), TALLY_OK);
	for (int again = 0; again < 3; again++) {
		say_batches(BATCHES, true);
		begin_to_record(p, true);
		assert_int_equal(take_batches(p, BATCHES, &err), TALLY_OK);
		assert_false(parser_beside_runs(p));
		parser_end(p);
	}
	works(p);
	parser_free(p);
}

static void
ends(void)
{
}

static const struct {
	void (*says)(void);
	const char *how;
} in_between[] = {
	{ ask_nobody, "asked what cannot be" },
	{ unknown_kind, "what cannot be" },
	{ batch_at_once, "what cannot be" },
	{ huge, "more than can be said" },
	{ ends, "ended by itself with status 3" },
};

/* What came before the lie counts; the lie is told in its turn. */
static void
test_beside_lies(void **state)
{
	struct parser *p;
	struct tally_err err;

	(void)state;
	assert_int_equal(parser_new(&p, &f, &err), TALLY_OK);
	for (size_t i = 0; i < sizeof(in_between) / sizeof(in_between[0]);
	     i++) {
		say_batches(BATCHES / 2, false);
		in_between[i].says();
		begin_to_record(p, false);
		assert_int_equal(
		    take_batches(p, BATCHES / 2, &err), TALLY_DATA);
		if (!parser_died(p) || p->pid != 0 ||
		    strstr(err.text, in_between[i].how) == NULL)
			fail_msg("row %zu: %s", i, err.text);
		assert_false(parser_beside_runs(p));
	}
	works(p);
	parser_free(p);
}

/* The run has its own trouble in the middle: nothing is read on, whether much
 * is to come, nothing, or a lie. */
static void
test_beside_stopped(void **state)
{
	struct gathered got;
	struct wire_answers answers;
	struct parser *p;
	struct tally_err err;
	enum wire_kind kind;

	(void)state;
	assert_int_equal(
	    gathered_open(&got, maps_model(f.maps), &err), TALLY_OK);
	assert_int_equal(parser_new(&p, &f, &err), TALLY_OK);
	for (unsigned i = 0; i < 9; i++) {
		say_batches(i % 3 == 0 ? BATCHES : 5, false);
		if (i % 3 == 2)
			unknown_kind();
		begin_to_record(p, i % 3 != 2);
		for (unsigned k = 0; k <= i / 3; k++)
			assert_int_equal(
			    parser_next(p, &got, &answers, &kind, &err),
			    TALLY_OK);
		parser_stop(p);
		assert_false(parser_beside_runs(p));
		assert_false(parser_died(p));
		parser_stop(p);
		works(p);
	}
	parser_free(p);
	/* Also when it is not stopped before. */
	assert_int_equal(parser_new(&p, &f, &err), TALLY_OK);
	say_batches(BATCHES, false);
	begin_to_record(p, true);
	assert_int_equal(parser_next(p, &got, &answers, &kind, &err), TALLY_OK);
	parser_free(p);
	gathered_close(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_recording),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_beside_lies),
		cmocka_unit_test(test_beside_stopped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
