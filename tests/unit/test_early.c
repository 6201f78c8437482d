/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large files that are judged while they come: what is said of one is what is
 * said where it is in hand from the beginning, however it comes, and also when
 * the process ends meanwhile.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "flow/early.h"
#include "flow/parser_inside.h"
#include "support/generate.h"
#include "support/has.h"
#include "support/workspace.h"

#define ORDERS 3300 /* more than a file that comes at once has */

/* --- a parser, and a file that comes to it --- */

static uint64_t there; /* bytes of workspace_text that have come */
static uint64_t at[WIRE_READERS];

static enum tally_rc
read_as(int reader, void *to, size_t max, size_t *got)
{
	uint64_t left = workspace_text.n - at[reader];

	*got = left < max ? (size_t)left : max;
	memcpy(to, workspace_text.p + at[reader], *got);
	at[reader] += *got;
	assert_true(at[reader] <= there);
	return TALLY_OK;
}

static enum tally_rc
read_first(void *ctx, void *to, size_t max, size_t *got, struct tally_err *err)
{
	(void)ctx;
	(void)err;
	return read_as(0, to, max, got);
}

static enum tally_rc
read_second(void *ctx, void *to, size_t max, size_t *got, struct tally_err *err)
{
	(void)ctx;
	(void)err;
	return read_as(1, to, max, got);
}

static struct tally_source
source(void *ctx, int reader, uint64_t from)
{
	at[reader] = from;
	return (
	    struct tally_source){ reader == 0 ? read_first : read_second, ctx };
}

static void
replace_last(const char *what, const char *by)
{
	char *found = NULL;

	for (char *p = workspace_text.p; (p = strstr(p, what)) != NULL; p++)
		found = p;
	assert_non_null(found);
	memcpy(found, by, strlen(by));
}

static void
well(void)
{
	(void)workspace_orders(&workspace_text, 7, 1, ORDERS);
}

static void
bad_value_at_the_end(void)
{
	well();
	replace_last("CTT*1", "CTT*9");
}

static void
bad_count_at_the_end(void)
{
	well();
	replace_last("GE*3300", "GE*3299");
}

static void
no_trailer(void)
{
	well();
	workspace_text.n -= 20;
}

static void
two(void)
{
	const struct workspace_order o = { 8, ORDERS + 1, ORDERS, 'P', NULL };

	well();
	workspace_order(&workspace_text, &o);
}

static void
text_around(void)
{
	const struct workspace_order o = { 7, 1, ORDERS, 'P', NULL };

	tally_buf_reset(&workspace_text);
	tally_buf_puts(&workspace_text, "sent again, as asked for\r\n");
	workspace_order(&workspace_text, &o);
	tally_buf_puts(&workspace_text, "\r\n\x1a and more");
}

static void
nothing(void)
{
	tally_buf_reset(&workspace_text);
	for (int i = 0; i < 100000; i++)
		tally_buf_puts(&workspace_text, "no X12 ");
}

static const struct {
	const char *name;
	void (*write)(void);
} text[] = {
	{ "well", well },
	{ "a bad value at the end", bad_value_at_the_end },
	{ "a bad count at the end", bad_count_at_the_end },
	{ "no trailer", no_trailer },
	{ "two interchanges", two },
	{ "text around", text_around },
	{ "nothing", nothing },
};
#define TEXTS (sizeof(text) / sizeof(text[0]))

static struct parser_file
file_of(const struct flow *f)
{
	return (struct parser_file){ .partner = &f->site->partner[0],
		.size = workspace_text.n,
		.source = source };
}

/* All that is said of the file in hand, of which every other interchange is
 * recorded. */
static void
say(struct parser *p, struct tally_buf *b)
{
	const struct wire_record all = { .recorded = 0 };
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct wire_answers answers;
	struct gathered g;
	struct tally_err err;
	enum wire_kind kind;
	unsigned n = 0;

	tally_buf_reset(b);
	assert_int_equal(
	    gathered_open(&g, maps_model(p->f->maps), &err), TALLY_OK);
	do {
		assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
		for (size_t i = 0; i < list->n; i++)
			tally_buf_printf(b, "%d at %llu\n",
			    (int)list->v[i].kind,
			    (unsigned long long)list->v[i].offset);
		if (ic == NULL)
			break;
		tally_buf_printf(b, "%s %d %u %llu+%llu\n", ic->control,
		    (int)ic->verdict, ic->ngroup,
		    (unsigned long long)ic->offset,
		    (unsigned long long)ic->length);
		if (n++ % 2 == 1) {
			parser_skip(p);
			continue;
		}
		parser_record(p, &all);
		do {
			assert_int_equal(
			    parser_next(p, &g, &answers, &kind, &err),
			    TALLY_OK);
			tally_buf_printf(b, "%zu documents\n", g.n);
		} while (!g.last);
	} while (true);
	gathered_close(&g);
}

static void
nap(long ms)
{
	const struct timespec t = { 0, ms * 1000000 };

	nanosleep(&t, NULL);
}

/* It comes in such steps, up to the end, or nearly. */
static enum tally_rc
come(struct parser *p, uint64_t step, uint64_t end, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (there = 0; there < end && rc == TALLY_OK;) {
		there = end - there > step ? there + step : end;
		rc = parser_early_on(p, there, err);
		if (step > WIRE_BLOCK)
			nap(1); /* it is to have read some */
	}
	return rc;
}

static void
early(const struct flow *f, uint64_t step, uint64_t end, struct tally_buf *b)
{
	const struct parser_file file = file_of(f);
	struct parser *p;
	struct tally_err err;

	assert_int_equal(parser_new(&p, f, &err), TALLY_OK);
	assert_int_equal(parser_early(p, &file, &err), TALLY_OK);
	assert_int_equal(come(p, step, end, &err), TALLY_OK);
	there = workspace_text.n;
	assert_int_equal(parser_file(p, &file, &err), TALLY_OK);
	say(p, b);
	parser_free(p);
}

static void
test_same(void **state)
{
	static const uint64_t step[] = { 4096, 100000, 262144, UINT64_MAX };
	struct tally_buf expected, got;
	struct workspace w;
	struct tally_err err;
	struct flow f = { 0 };

	(void)state;
	tally_buf_init(&expected, 1u << 20);
	tally_buf_init(&got, 1u << 20);
	workspace_make(&w, WORKSPACE_USUAL);
	assert_int_equal(flow_begin(&f, w.dir, FLOW_WORK, &err), TALLY_OK);
	assert_int_equal(parser_new(&f.parser, &f, &err), TALLY_OK);
	for (size_t i = 0; i < TEXTS; i++) {
		text[i].write();
		assert_true(workspace_text.n > WIRE_SMALL);
		const struct parser_file file = file_of(&f);

		there = workspace_text.n;
		assert_int_equal(parser_file(f.parser, &file, &err), TALLY_OK);
		say(f.parser, &expected);
		for (size_t k = 0; k < 2 * sizeof(step) / sizeof(step[0]);
		     k++) {
			early(&f, step[k / 2],
			    workspace_text.n - (k % 2) * 50000, &got);
			if (!tally_str_eq(tally_buf_view(&got),
				tally_buf_view(&expected)))
				fail_msg("%s, %zu: %s\nexpected: %s",
				    text[i].name, k, got.p, expected.p);
		}
	}
	flow_end(&f);
	workspace_remove(&w);
	tally_buf_free(&expected);
	tally_buf_free(&got);
}

/* A process that ends is told of while the file comes, or when it is in hand;
 * the next one reads it. */
static void
test_ended(void **state)
{
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct workspace w;
	struct tally_err err;
	struct flow f = { 0 };
	struct tally_buf b;
	struct parser *p;

	(void)state;
	tally_buf_init(&b, 1u << 20);
	workspace_make(&w, WORKSPACE_USUAL);
	assert_int_equal(flow_begin(&f, w.dir, FLOW_WORK, &err), TALLY_OK);
	well();
	const struct parser_file file = file_of(&f);

	for (int late = 0; late < 2; late++) {
		assert_int_equal(parser_new(&p, &f, &err), TALLY_OK);
		assert_int_equal(parser_early(p, &file, &err), TALLY_OK);
		assert_int_equal(come(p, 100000, 200000, &err), TALLY_OK);
		kill(p->pid, SIGKILL);
		nap(20);
		there = workspace_text.n;
		if (!late) {
			while (parser_early_on(p, there, &err) == TALLY_OK)
				;
		} else {
			assert_int_equal(parser_file(p, &file, &err), TALLY_OK);
			while (parser_judged(p, &ic, &list, &err) == TALLY_OK)
				;
			assert_true(parser_died(p));
			assert_int_equal(parser_file(p, &file, &err), TALLY_OK);
			say(p, &b);
			buf_has(&b, "read", "300 documents");
		}
		parser_free(p);
	}
	flow_end(&f);
	workspace_remove(&w);
	tally_buf_free(&b);
}

/* --- runs with a file that is large indeed --- */

#define LARGE ((size_t)34 << 20)
#define SITE \
	WORKSPACE_SITE("<partner name=\"any\" qualifier=\"*\" id=\"*\">" \
		       "<mailbox url=\"dir:.\"><pull from=\"drop\" " \
		       "settle=\"0\"/><push to=\"out\"/></mailbox>" \
		       "<receive set=\"850\"/></partner>")

/* Orders, and their count, which is wrong by so much. */
static void
write_large(unsigned wrong)
{
	static const struct tally_set_spec order = { .functional = "PO",
		.version = "004010" };
	struct maker m;
	unsigned n = 0;

	maker_init(&m, 850);
	tally_buf_reset(&workspace_text);
	write_isa(&workspace_text, &m, 1);
	write_gs(&workspace_text, &m, &order, 1);
	while (workspace_text.n < LARGE)
		write_order(&workspace_text, &m, ++n);
	write_ge(&workspace_text, &m, n + wrong, 1);
	write_iea(&workspace_text, &m, 1, 1);
}

static void
outcome(struct workspace *w, struct tally_buf *b)
{
	tally_buf_reset(b);
	workspace_counts(w, b);
	workspace_findings(w, 1, b);
	workspace_read(w, "out", b);
	tally_buf_printf(b, "left %u", workspace_files(w, "drop"));
}

/* Begins a run and fetches, as it does where all stages follow. */
static void
fetch(struct workspace *w)
{
	struct tally_err err;

	memset(&w->f, 0, sizeof(w->f));
	w->f.clock.fixed = workspace_now(w);
	assert_int_equal(flow_begin(&w->f, w->dir, FLOW_RUN, &err), TALLY_OK);
	w->f.through = true;
	w->f.box[0].again = true;
	assert_int_equal(flow_fetch(&w->f, &err), TALLY_OK);
}

static void
test_bad_at_the_end(void **state)
{
	struct tally_buf expected, got;
	struct workspace w;
	struct tally_err err;

	(void)state;
	tally_buf_init(&expected, 1u << 20);
	tally_buf_init(&got, 1u << 20);
	write_large(1);
	workspace_make(&w, SITE);
	workspace_put(&w, "drop", "a.edi", tally_buf_view(&workspace_text));
	assert_int_equal(workspace_stage(&w, FLOW_FETCH), 0);
	assert_int_equal(workspace_run(&w), 1);
	outcome(&w, &expected);
	workspace_remove(&w);

	workspace_make(&w, SITE);
	workspace_put(&w, "drop", "a.edi", tally_buf_view(&workspace_text));
	fetch(&w);
	assert_non_null(w.f.early);
	assert_int_equal(flow_translate(&w.f, &err), TALLY_OK);
	assert_null(w.f.early);
	flow_end(&w.f);
	assert_int_equal(workspace_run(&w), 0);
	outcome(&w, &got);
	workspace_remove(&w);
	assert_string_equal(got.p, expected.p);
	buf_has(&got, "bad", "ge_count");
	tally_buf_free(&expected);
	tally_buf_free(&got);
}

static atomic_bool grows;

static void *
grow(void *path)
{
	while (grows) {
		FILE *f = fopen(path, "ab");

		if (f == NULL)
			abort();
		fputc('\n', f);
		fclose(f);
		nap(1);
	}
	return NULL;
}

/* What was judged of it is not of what comes then. */
static void
test_grown(void **state)
{
	char path[256];
	struct workspace w;
	pthread_t thread;

	(void)state;
	write_large(0);
	workspace_make(&w, SITE);
	workspace_put(&w, "drop", "a.edi", tally_buf_view(&workspace_text));
	snprintf(path, sizeof(path), "%s/drop/a.edi", w.dir);
	grows = true;
	assert_int_equal(pthread_create(&thread, NULL, grow, path), 0);
	fetch(&w);
	grows = false;
	pthread_join(thread, NULL);
	assert_null(w.f.early);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 0);
	flow_end(&w.f);
	assert_int_equal(workspace_files(&w, "drop"), 1);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_TRANSLATED], 1);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	workspace_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_bad_at_the_end),
		cmocka_unit_test(test_grown),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
