/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translate stage: batches and where they go on after a death, files that
 * share a transaction, agreements on answers and tests.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cmocka.h>

#include "support/dying.h"
#include "support/has.h"

#define SITE(partner, receive) \
	WORKSPACE_SITE(WORKSPACE_THEM(partner, "settle=\"0\"", receive))
#define USUAL SITE("", "set=\"850\"")

/* More than two batches, and more than a file that shares a transaction. */
#define MANY 3000

static struct tally_str
order(unsigned control, unsigned first, unsigned n, char usage)
{
	const struct workspace_order o = { control, first, n, usage, NULL };

	tally_buf_reset(&workspace_text);
	workspace_order(&workspace_text, &o);
	return tally_buf_view(&workspace_text);
}

static void
has(const char *part)
{
	buf_has(&workspace_text, "all there is", part);
}

static void
outcome(const struct workspace *w, struct tally_buf *b)
{
	tally_buf_reset(b);
	workspace_counts(w, b);
	workspace_read(w, "out", b);
}

static uint32_t
attempts(struct workspace *w, int64_t id)
{
	struct flow f = { 0 };
	struct store_file file;
	struct tally_err err;
	bool found;

	assert_int_equal(flow_begin(&f, w->dir, FLOW_WORK, &err), TALLY_OK);
	assert_int_equal(
	    store_file_get(f.store, id, &file, &found, &err), TALLY_OK);
	flow_end(&f);
	return found ? file.attempts : 0;
}

static void
suspect(struct workspace *w, int64_t id)
{
	struct flow f = { 0 };
	struct tally_err err;
	uint32_t n;

	assert_int_equal(flow_begin(&f, w->dir, FLOW_WORK, &err), TALLY_OK);
	assert_int_equal(store_file_attempt(f.store, id, &n, &err), TALLY_OK);
	flow_end(&f);
}

/* Whether the outcome in hand has some of the documents, but not all. */
static bool
is_partly(void)
{
	static const char accepted[] = "documents accepted ";
	const char *p = strstr(workspace_text.p, accepted);
	long n = p != NULL ? strtol(p + strlen(accepted), NULL, 10) : 0;

	return n > 0 && n < MANY;
}

/* A run that dies at use n and one that does not; true when the first had
 * recorded some of the documents, but not all. */
static bool
die_and_go_on(long n, const struct tally_buf *expected)
{
	struct workspace w;
	bool partly;

	workspace_make(&w, USUAL);
	workspace_put(&w, "drop", "a.edi", order(7, 1, MANY, 'P'));
	assert_false(dying_run(&w, n));
	outcome(&w, &workspace_text);
	partly = is_partly();
	assert_int_equal(workspace_run(&w), 0);
	outcome(&w, &workspace_text);
	if (!tally_str_eq(
		tally_buf_view(&workspace_text), tally_buf_view(expected)))
		fail_msg("death at %ld:\n%s", n, workspace_text.p);
	workspace_remove(&w);
	return partly;
}

/* A file that a run died of before, and now once more at use n: when that was
 * behind a batch, which is told, the next run ends it. */
static bool
got_further(long n, const struct tally_buf *expected)
{
	struct workspace w;
	bool partly;

	workspace_make(&w, USUAL);
	workspace_put(&w, "drop", "a.edi", order(7, 1, MANY, 'P'));
	assert_int_equal(workspace_stage(&w, 0), 0);
	suspect(&w, 1);
	(void)dying_run(&w, n);
	outcome(&w, &workspace_text);
	partly = is_partly();
	if (partly) {
		assert_int_equal(workspace_run(&w), 0);
		outcome(&w, &workspace_text);
		assert_true(tally_str_eq(
		    tally_buf_view(&workspace_text), tally_buf_view(expected)));
	}
	workspace_remove(&w);
	return partly;
}

/* A large file is recorded in batches; wherever it dies, the next run goes on
 * behind the last batch and answers once. */
static void
test_resume(void **state)
{
	struct tally_buf expected;
	struct workspace w;
	bool partly = false;
	int status;
	long uses, n;

	(void)state;
	tally_buf_init(&expected, 1u << 20);
	workspace_make(&w, USUAL);
	workspace_put(&w, "drop", "a.edi", order(7, 1, MANY, 'P'));
	uses = dying_uses(&w, &status);
	assert_int_equal(status, 0);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], MANY);
	outcome(&w, &expected);
	assert_non_null(strstr(expected.p, "AK9*A*3000*3000*3000~"));
	workspace_remove(&w);
	for (int i = 1; i < 6; i++)
		(void)die_and_go_on(uses * i / 6, &expected);
	/* Between two batches memory is hardly used: look closer there. */
	for (n = uses / 3; n < uses && !partly; n++)
		partly = die_and_go_on(n, &expected);
	assert_true(partly);
	/* What fetching used is not used there. */
	for (n -= 100, partly = false; n < uses && !partly; n++)
		partly = got_further(n, &expected);
	assert_true(partly);
	tally_buf_free(&expected);
}

/* What kills the program each time goes out of the way. */
static void
test_poison(void **state)
{
	struct workspace w;
	int status;
	long uses;

	(void)state;
	workspace_make(&w, USUAL);
	workspace_put(&w, "drop", "a.edi", order(7, 1, MANY, 'P'));
	uses = dying_uses(&w, &status);
	workspace_remove(&w);
	workspace_make(&w, USUAL);
	workspace_put(&w, "drop", "a.edi", order(7, 1, MANY, 'P'));
	assert_false(dying_run(&w, uses / 3));
	/* Once more, before it gets any further. */
	for (long n = uses / 4; attempts(&w, 1) < 2; n -= uses / 20) {
		assert_true(n > 0);
		assert_false(dying_run(&w, n));
	}
	workspace_put(&w, "drop", "b.edi", order(8, MANY + 1, 1, 'P'));
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_QUARANTINED], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "quarantine", &workspace_text);
	has("2 attempts");
	workspace_remove(&w);
}

/* Two files, one with many orders. */
static void
make_two(struct workspace *w)
{
	workspace_make(w, USUAL);
	workspace_put(w, "drop", "a.edi", order(7, 1, MANY, 'P'));
	workspace_put(w, "drop", "b.edi", order(8, MANY + 1, 2, 'P'));
}

/* Wherever the parser dies, once, another one goes on, and all is as if nothing
 * had happened. */
static void
test_parser_dies(void **state)
{
	struct tally_buf expected;
	struct workspace w;
	bool ended = false;
	long n = 1;

	(void)state;
	tally_buf_init(&expected, 1u << 20);
	make_two(&w);
	assert_int_equal(workspace_run(&w), 0);
	outcome(&w, &expected);
	workspace_remove(&w);
	for (int i = 0; i < 40 && !ended; i++, n += n / 4 + 7) {
		make_two(&w);
		assert_int_equal(dying_parsers(&w, n, 1, &ended), 0);
		assert_int_equal(w.f.count[FLOW_ACCEPTED], MANY + 2);
		outcome(&w, &workspace_text);
		if (!tally_str_eq(tally_buf_view(&workspace_text),
			tally_buf_view(&expected)))
			fail_msg(
			    "parser's death at %ld:\n%s", n, workspace_text.p);
		workspace_remove(&w);
	}
	assert_true(ended);
	tally_buf_free(&expected);
}

static void
put_small(struct workspace *w, unsigned n)
{
	char name[32];

	for (unsigned i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "%02u.edi", i);
		workspace_put(w, "drop", name, order(i, 2 * i, 2, 'P'));
	}
}

/* The same where it reads files ahead. */
static void
test_parser_dies_ahead(void **state)
{
	struct tally_buf expected;
	struct workspace w;
	const unsigned files = 40;
	bool ended = false;

	(void)state;
	tally_buf_init(&expected, 1u << 20);
	workspace_make(&w, USUAL);
	put_small(&w, files);
	assert_int_equal(workspace_run(&w), 0);
	outcome(&w, &expected);
	workspace_remove(&w);
	for (long n = 1; !ended; n += n / 6 + 5) {
		workspace_make(&w, USUAL);
		put_small(&w, files);
		assert_int_equal(dying_parsers(&w, n, 1, &ended), 0);
		outcome(&w, &workspace_text);
		if (!tally_str_eq(tally_buf_view(&workspace_text),
			tally_buf_view(&expected)))
			fail_msg(
			    "parser's death at %ld:\n%s", n, workspace_text.p);
		workspace_remove(&w);
	}
	tally_buf_free(&expected);
}

/* Two deaths in one file put it out of the way, and the others go on.  The
 * first has others ahead and may be of any of them: it counts for none. */
static void
test_parser_dies_twice(void **state)
{
	struct workspace w;
	bool ended;

	(void)state;
	for (long n = 100; n <= 220; n += 60) {
		make_two(&w);
		assert_int_equal(dying_parsers(&w, n, 2, &ended), 0);
		assert_false(ended);
		assert_int_equal(w.f.count[FLOW_TRANSLATED], 2);
		workspace_remove(&w);
		make_two(&w);
		assert_int_equal(dying_parsers(&w, n, 3, &ended), 1);
		assert_int_equal(w.f.count[FLOW_QUARANTINED], 1);
		assert_int_equal(w.f.count[FLOW_TRANSLATED], 1);
		tally_buf_reset(&workspace_text);
		workspace_read(&w, "quarantine", &workspace_text);
		has("the process that read it ended by itself with status 99, "
		    "2 times");
		workspace_remove(&w);
	}
}

/* Where no parser even begins, the file is not the cause. */
static void
test_parser_never_begins(void **state)
{
	struct workspace w;
	bool lived;

	(void)state;
	workspace_make(&w, USUAL);
	workspace_put(&w, "drop", "a.edi", order(7, 1, 2, 'P'));
	assert_int_equal(dying_parsers(&w, 3, 2, &lived), EX_TEMPFAIL);
	assert_false(lived);
	assert_int_equal(w.f.count[FLOW_QUARANTINED], 0);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 2);
	workspace_remove(&w);
}

/* Wherever a run dies, files that were not in hand are not suspected. */
static void
test_innocent(void **state)
{
	unsigned suspected = 0, most = 0, n;
	struct workspace w;
	char name[32];
	int status;
	long uses = 0;

	(void)state;
	for (long at = 0; at < 40; at++) {
		workspace_make(&w, USUAL);
		for (unsigned i = 1; i <= 3; i++) {
			snprintf(name, sizeof(name), "%u.edi", i);
			workspace_put(&w, "drop", name, order(i, i, 1, 'P'));
		}
		if (at == 0)
			uses = dying_uses(&w, &status);
		else
			assert_false(dying_run(&w, uses * at / 40));
		n = 0;
		for (int64_t id = 1; id <= 3; id++)
			n += attempts(&w, id);
		suspected += n;
		most = n > most ? n : most;
		workspace_remove(&w);
	}
	assert_int_equal(most, 1);
	assert_in_range(suspected, 1, 39);
}

/* More small files than a group holds: all there, answered in their order,
 * numbered without a gap. */
static void
test_many_files(void **state)
{
	char name[32], part[64];
	struct workspace w;
	const char *at;

	(void)state;
	workspace_make(&w, USUAL);
	for (unsigned i = 1; i <= 150; i++) {
		snprintf(name, sizeof(name), "%03u.edi", i);
		workspace_put(&w, "drop", name, order(i, i, 1, 'P'));
	}
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_TRANSLATED], 150);
	assert_int_equal(w.f.count[FLOW_SENT], 150);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "out", &workspace_text);
	at = workspace_text.p;
	for (unsigned i = 1; i <= 150; i++) {
		snprintf(part, sizeof(part), "\f997-US-them-%09u.edi\n", i);
		at = strstr(at, part);
		assert_non_null(at);
		snprintf(part, sizeof(part), "AK1*PO*%u~", i);
		assert_non_null(strstr(at, part));
		assert_true(strstr(at, part) < at + 400);
	}
	workspace_remove(&w);
}

/* Partners of two kinds: the group numbers of one are asked about. */
#define WARY \
	"<partner name=\"wary\" qualifier=\"ZZ\" id=\"WARY\"" \
	" unique-groups=\"partner\">" \
	"<mailbox url=\"dir:.\" name=\"other\">" \
	"<pull from=\"in\" settle=\"0\"/><push to=\"out\"/></mailbox>" \
	"<receive set=\"850\"/></partner>"
#define TWO \
	WORKSPACE_SITE(WORKSPACE_SELF WORKSPACE_THEM( \
	    "", "settle=\"0\"", "set=\"850\"") WARY)

/* Small files, most of them with something of their own. */
static void
put_mixed(struct workspace *w, unsigned i)
{
	struct workspace_order o = { i, 2 * i, 1 + i % 3, 'P', NULL };
	const char *folder = i % 4 == 0 ? "in" : "drop";
	char name[32];

	o.sender = i % 4 == 0 ? "WARY" : i == 9 ? "EVIL" : NULL;
	o.usage = i == 10 ? 'T' : 'P';
	o.control -= i == 14 || i == 16 ? 1 : 0;
	o.first = i == 26 ? 2 : o.first;
	o.n = i == 22 ? 1100 : o.n;
	tally_buf_reset(&workspace_text);
	workspace_order(&workspace_text, &o);
	if (i == 6)
		workspace_order(&workspace_text, &o);
	if (i == 17)
		workspace_text.n -= 12;
	if (i == 18)
		workspace_text.n = 90;
	snprintf(name, sizeof(name), "%02u.edi", i);
	workspace_put(w, folder, name, tally_buf_view(&workspace_text));
}

/* Files that are read ahead come to the same as each in a run of its own. */
static void
test_together(void **state)
{
	struct tally_buf expected;
	struct workspace w;
	const unsigned n = 60;
	char path[128];

	(void)state;
	tally_buf_init(&expected, 1u << 20);
	for (int way = 0; way < 2; way++) {
		workspace_make(&w, TWO);
		snprintf(path, sizeof(path), "%s/in", w.dir);
		assert_int_equal(mkdir(path, 0700), 0);
		for (unsigned i = 1; i <= n; i++) {
			put_mixed(&w, i);
			if (way == 0)
				(void)workspace_run(&w);
		}
		(void)workspace_run(&w);
		outcome(&w, way == 0 ? &expected : &workspace_text);
		workspace_remove(&w);
	}
	if (!tally_str_eq(
		tally_buf_view(&workspace_text), tally_buf_view(&expected)))
		fail_msg("%s\n--- together:\n%s", expected.p, workspace_text.p);
	has("interchanges duplicate 1");
	has("files quarantined 2");
	has("interchanges rejected 2");
	has("documents held 61");
	tally_buf_free(&expected);
}

/* Several interchanges in a file: each is decided on for itself. */
static void
test_several(void **state)
{
	struct workspace w;
	struct workspace_order o = { 7, 1, 2, 'P', NULL };

	(void)state;
	workspace_make(&w, USUAL);
	tally_buf_reset(&workspace_text);
	workspace_order(&workspace_text, &o);
	o = (struct workspace_order){ 8, 3, 1, 'P', "EVIL" };
	workspace_order(&workspace_text, &o);
	o = (struct workspace_order){ 7, 1, 2, 'P', NULL };
	workspace_order(&workspace_text, &o);
	o = (struct workspace_order){ 9, 4, 1, 'P', NULL };
	workspace_order(&workspace_text, &o);
	workspace_put(&w, "drop", "a.edi", tally_buf_view(&workspace_text));
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_INTERCHANGES], 2);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 3);
	outcome(&w, &workspace_text);
	has("files quarantined 1");
	has("interchanges duplicate 1");
	has("interchanges quarantined 1");
	has("interchanges translated 2");
	has("outbox sent 2");
	workspace_remove(&w);
}

/* What was agreed on, an order's usage, and what must come of it; answer: a
 * part of what is in out/, null: nothing is. */
static const struct {
	const char *site;
	char usage;
	int status;
	const char *counts, *answer;
} agreements[] = {
	{ SITE("", "set=\"850\""), 'T', 1, "documents held 1", "*0*T*>~GS*FA" },
	{ SITE("test=\"accept\"", "set=\"850\""), 'T', 0,
	    "documents accepted 1", "*0*T*>~GS*FA" },
	{ SITE("test=\"accept\"", "set=\"850\" test=\"hold\""), 'T', 1,
	    "documents held 1", "GS*FA" },
	{ SITE("acknowledge=\"none\"", "set=\"850\""), 'P', 0,
	    "documents accepted 1", NULL },
	{ SITE("acknowledge=\"none\" ta1=\"always\"", "set=\"850\""), 'P', 0,
	    "documents accepted 1", "\fTA1-US-them-000000001.edi\n" },
	{ SITE("ta1=\"always\"", "set=\"850\""), 'P', 0, "documents accepted 1",
	    "*A*000~GS*FA*" },
	{ SITE("", "set=\"*\""), 'P', 0, "documents accepted 1", "AK5*A~" },
	{ SITE("", "set=\"855\""), 'P', 1, "documents rejected 1", "AK5*R*1~" },
};

static void
test_agreements(void **state)
{
	struct workspace w;

	(void)state;
	for (size_t i = 0; i < sizeof(agreements) / sizeof(agreements[0]);
	     i++) {
		workspace_make(&w, agreements[i].site);
		workspace_put(
		    &w, "drop", "a.edi", order(7, 1, 1, agreements[i].usage));
		if (workspace_run(&w) != agreements[i].status)
			fail_msg("row %zu: status %d", i, flow_status(&w.f));
		tally_buf_reset(&workspace_text);
		workspace_counts(&w, &workspace_text);
		has(agreements[i].counts);
		tally_buf_reset(&workspace_text);
		workspace_read(&w, "out", &workspace_text);
		if (agreements[i].answer != NULL)
			has(agreements[i].answer);
		else
			assert_int_equal(workspace_text.n, 0);
		workspace_remove(&w);
	}
}

/* A TA1 that is never wanted is not sent for a bad envelope either. */
static void
test_never_ta1(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, SITE("ta1=\"never\"", "set=\"850\""));
	(void)order(7, 1, 1, 'P');
	workspace_text.n -= 12;
	workspace_put(&w, "drop", "a.edi", tally_buf_view(&workspace_text));
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_REFUSED], 1);
	assert_int_equal(workspace_files(&w, "out"), 0);
	workspace_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_poison),
		cmocka_unit_test(test_parser_dies),
		cmocka_unit_test(test_parser_dies_ahead),
		cmocka_unit_test(test_parser_dies_twice),
		cmocka_unit_test(test_parser_never_begins),
		cmocka_unit_test(test_innocent),
		cmocka_unit_test(test_many_files),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_agreements),
		cmocka_unit_test(test_never_ta1),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
