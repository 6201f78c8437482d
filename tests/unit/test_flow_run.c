/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole runs in a workspace: real store, real folders.  What comes in is in
 * the rows, with what must have become of it.  The folders of partners:
 * test_flow_folders; trouble of the machine: test_flow_trouble.
 */
/* For strdup. */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow/lock.h"
#include "support/has.h"
#include "support/workspace.h"

/* Replaces the first of what stands in text. */
static void
edit(struct tally_buf *b, const char *what, const char *by)
{
	char *at = strstr(b->p, what);
	char *rest;

	if (at == NULL)
		return;
	rest = strdup(at + strlen(what));
	assert_non_null(rest);
	b->n = (size_t)(at - b->p);
	tally_buf_puts(b, by);
	tally_buf_puts(b, rest);
	free(rest);
}

static void
test_twice(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, NULL);
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 2));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 2);
	assert_int_equal(w.f.count[FLOW_SENT], 1);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "out", &workspace_text);
	buf_has(&workspace_text, "out", "997-US-ZZ-THEM-000000001.edi");
	buf_has(&workspace_text, "out", "AK1*PO*7~");
	buf_has(&workspace_text, "out", "AK9*A*2*2*2~");
	assert_int_equal(workspace_run(&w), 0);
	for (int i = 0; i < FLOW_COUNTS; i++)
		assert_int_equal(w.f.count[i], 0);
	assert_int_equal(workspace_files(&w, "out"), 1);
	workspace_remove(&w);
}

/*
 * One file each, made of an order (control 7, one document PO-1) that is
 * edited.  counts: parts of what the store then has; answer: of out/, "" for
 * none; finding: of the file.
 */
static const struct {
	const char *name;
	const char *what, *by; /* edit */
	size_t cut;            /* bytes that are left, 0: all */
	int status;
	const char *counts[2];
	const char *answer;
	const char *finding;
} cases[] = {
	{ "as it is", "", "", 0, 0, { "documents accepted 1", "outbox sent 1" },
	    "AK9*A*1*1*1~", "" },
	{ "cut off", "", "", 200, 1,
	    { "interchanges rejected 1", "outbox sent 1" }, "*R*023~",
	    "iea_missing" },
	{ "wrong SE01", "SE*5", "SE*6", 0, 1,
	    { "documents rejected 1", "interchanges translated 1" }, "AK5*R*4~",
	    "se_count" },
	{ "wrong GE01", "GE*1", "GE*2", 0, 1,
	    { "documents rejected 1", "outbox sent 1" }, "AK9*R*2*1*",
	    "ge_count" },
	{ "TA1 asked", "*0*P*>", "*1*P*>", 0, 0,
	    { "documents accepted 1", "outbox sent 1" }, "*A*000~", "" },
	{ "test", "*0*P*>", "*0*T*>", 0, 1,
	    { "documents held 1", "outbox sent 1" }, "AK9*A*1*1*1~",
	    "document_test" },
	{ "a foreign sender", "THEM ", "EVIL ", 0, 1,
	    { "files quarantined 1", "interchanges quarantined 1" }, "",
	    "sender_unknown" },
	{ "another receiver", "*ZZ*US   ", "*ZZ*YOU  ", 0, 1,
	    { "interchanges rejected 1", "outbox sent 1" }, "*R*009~",
	    "receiver_unknown" },
	{ "a set without agreement", "ST*850", "ST*855", 0, 1,
	    { "documents rejected 1", "outbox sent 1" }, "AK5*R*1",
	    "set_unsupported" },
	{ "an acknowledgement",
	    "GS*PO*THEM*US*20260105*0800*7*X*004010~"
	    "ST*850*0001~BEG*00*SA*PO-1**20260105~"
	    "PO1*1*2*EA*3.25**VP*X-0~CTT*1~SE*5*0001~",
	    "GS*FA*THEM*US*20260105*0800*7*X*004010~"
	    "ST*997*0001~AK1*PO*1~AK9*A*1*1*1~SE*4*0001~",
	    0, 0, { "documents accepted 1", "files translated 1" }, "", "" },
	{ "empty", "", "", 1, 1, { "files quarantined 1", "" }, "", "not_edi" },
	{ "line ends and text around", "IEA*1*000000007~",
	    "IEA*1*000000007~\r\n\x1a", 0, 0,
	    { "documents accepted 1", "files translated 1" }, "AK9*A*1*1*1~",
	    "" },
};

static void
one_case(size_t i)
{
	struct workspace w;
	int status;

	workspace_make(&w, WORKSPACE_USUAL);
	(void)workspace_orders(&workspace_text, 7, 1, 1);
	edit(&workspace_text, cases[i].what, cases[i].by);
	if (cases[i].cut != 0)
		workspace_text.n = cases[i].cut;
	workspace_put(&w, "drop", "in.edi", tally_buf_view(&workspace_text));
	status = workspace_run(&w);
	if (status != cases[i].status)
		fail_msg("%s: status %d", cases[i].name, status);
	tally_buf_reset(&workspace_text);
	workspace_counts(&w, &workspace_text);
	for (int k = 0; k < 2; k++)
		buf_has(&workspace_text, cases[i].name, cases[i].counts[k]);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "out", &workspace_text);
	if (cases[i].answer[0] == '\0')
		assert_int_equal(workspace_text.n, 0);
	buf_has(&workspace_text, cases[i].name, cases[i].answer);
	tally_buf_reset(&workspace_text);
	tally_buf_puts(&workspace_text, " ");
	workspace_findings(&w, 1, &workspace_text);
	buf_has(&workspace_text, cases[i].name, cases[i].finding);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	assert_int_equal(workspace_files(&w, "quarantine"),
	    strstr(cases[i].counts[0], "files quarantined") != NULL ? 2 : 0);
	workspace_remove(&w);
}

static void
test_cases(void **state)
{
	(void)state;
	tally_buf_puts(&workspace_text, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		one_case(i);
}

/* The four ways of coming again; each is a run in the same workspace. */
static void
test_again(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 1));
	assert_int_equal(workspace_run(&w), 0);

	/* The same file: only taken away. */
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 1));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_KNOWN], 1);
	assert_int_equal(w.f.count[FLOW_TRANSLATED], 0);
	assert_int_equal(workspace_files(&w, "drop"), 0);

	/* The same bytes under another name: answered as before. */
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "out", &workspace_text);
	buf_has(&workspace_text, "first answer", "997-them-000000001.edi");
	workspace_put(
	    &w, "drop", "b.edi", workspace_orders(&workspace_text, 7, 1, 1));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_DUPLICATE], 1);
	assert_int_equal(w.f.count[FLOW_SENT], 1);
	assert_int_equal(workspace_files(&w, "out"), 1);

	/* The same number, other bytes: refused. */
	workspace_put(
	    &w, "drop", "c.edi", workspace_orders(&workspace_text, 7, 2, 1));
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_REFUSED], 1);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "out", &workspace_text);
	buf_has(&workspace_text, "conflict", "*R*025~");

	/* Another number, the same order: accepted, but held. */
	workspace_put(
	    &w, "drop", "d.edi", workspace_orders(&workspace_text, 8, 1, 1));
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_HELD], 1);
	tally_buf_reset(&workspace_text);
	workspace_findings(&w, 4, &workspace_text);
	buf_has(&workspace_text, "held", "document_resent");
	workspace_remove(&w);
}

/* What was refused for being cut off may come again, whole. */
static void
test_after_rejection(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	(void)workspace_orders(&workspace_text, 7, 1, 1);
	workspace_text.n -= 30;
	workspace_put(&w, "drop", "a.edi", tally_buf_view(&workspace_text));
	assert_int_equal(workspace_run(&w), 1);
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 1));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	workspace_remove(&w);
}

static void
test_lock(void **state)
{
	struct workspace w;
	struct tally_err err;
	int64_t left;
	int fd = -1;

	(void)state;
	workspace_make(&w, NULL);
	assert_int_equal(lock_take(&fd, &left, w.dir, &err), TALLY_OK);
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 1));
	assert_int_equal(workspace_run(&w), 75);
	assert_int_equal(workspace_files(&w, "drop"), 1);
	lock_release(fd);
	assert_int_equal(workspace_run(&w), 0);
	workspace_remove(&w);
}

/* What a run died with is known to the next one, and to none after it. */
static void
test_note(void **state)
{
	static const int64_t notes[] = { 17, 0, INT64_MAX, 3 };
	struct workspace w;
	struct tally_err err;
	int64_t left, before = 0;
	int fd = -1;

	(void)state;
	workspace_make(&w, NULL);
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		assert_int_equal(lock_take(&fd, &left, w.dir, &err), TALLY_OK);
		assert_int_equal(left, before);
		assert_int_equal(lock_note(fd, 9, &err), TALLY_OK);
		assert_int_equal(lock_note(fd, notes[i], &err), TALLY_OK);
		lock_release(fd);
		before = notes[i];
	}
	/* As a run of an older version, or an editor, may leave it. */
	workspace_put(&w, ".", "tallyman.lock", TALLY_STR("4711\n"));
	assert_int_equal(lock_take(&fd, &left, w.dir, &err), TALLY_OK);
	assert_int_equal(left, 0);
	lock_release(fd);
	assert_int_equal(lock_note(-1, 9, &err), TALLY_OK);
	workspace_remove(&w);
}

static void
count_action(void *ctx, const struct flow_action *a)
{
	tally_buf_printf(ctx, "%s %.*s; ", a->stage, (int)a->name.n, a->name.p);
}

static void
planned(struct workspace *w, const char *expected)
{
	struct tally_buf plan;
	struct tally_err err;
	struct flow f;

	memset(&f, 0, sizeof(f));
	tally_buf_init(&plan, 1u << 20);
	tally_buf_puts(&plan, "");
	assert_int_equal(flow_begin(&f, w->dir, FLOW_LOOK, &err), TALLY_OK);
	assert_int_equal(
	    flow_plan(&f, FLOW_STAGES, count_action, &plan, &err), TALLY_OK);
	flow_end(&f);
	assert_string_equal(plan.p, expected);
	tally_buf_free(&plan);
}

/* What would be done is told, stage by stage, and nothing of it is done. */
static void
test_plan(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	planned(&w, "");
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 1));
	workspace_put(
	    &w, "drop", "a.tmp", workspace_orders(&workspace_text, 7, 1, 1));
	for (int i = 0; i < 2; i++)
		planned(&w, "fetch a.edi; ");
	assert_int_equal(workspace_files(&w, "drop"), 2);
	assert_int_equal(workspace_stage(&w, 0), 0);
	planned(&w, "translate a.edi; ");
	assert_int_equal(workspace_stage(&w, 1), 0);
	planned(&w, "deliver 997-them-000000001.edi; ");
	assert_int_equal(workspace_files(&w, "out"), 0);
	assert_int_equal(workspace_stage(&w, 2), 0);
	planned(&w, "");
	workspace_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_after_rejection),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
