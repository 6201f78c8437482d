/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole runs and the folders of partners: when a file is taken from one and
 * what becomes of it there, what is put into one, and mailboxes that cannot
 * be used for a while.
 */
#include <setjmp.h>
#include <signal.h>
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

#include "flow/parser_inside.h"
#include "support/has.h"
#include "support/workspace.h"

#define PULLS(pull) \
	WORKSPACE_SITE(WORKSPACE_SELF WORKSPACE_THEM("", pull, "set=\"850\""))

/* A mailbox that fails, first in the file, fails alone. */
static void
test_mailbox_down(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, WORKSPACE_ONE_GONE);
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 1));
	assert_int_equal(workspace_run(&w), 69);
	assert_int_equal(w.f.count[FLOW_MAILBOXES_DOWN], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	assert_int_equal(workspace_files(&w, "out"), 1);
	/* After five such runs it is left out for a while. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(workspace_run(&w), 69);
	assert_true(w.f.box == NULL);
	workspace_remove(&w);
}

/* Now, for runs in which the times of files count. */
static int64_t
real_time(void)
{
	const struct timespec tick = { 0, 20000000 };
	struct timespec t;

	/* Times of files may be a tick behind. */
	(void)nanosleep(&tick, NULL);
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is refused is tried hourly, or when somebody has done something. */
static void
test_mailbox_refused(void **state)
{
	static const char xml[] = WORKSPACE_SITE(
	    "<partner name=\"gone\" qualifier=\"ZZ\" id=\"GONE\">"
	    "<mailbox url=\"sftp://a@127.0.0.1:1\" key=\"key\">"
	    "<host-key>SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "</host-key><pull from=\"x\"/></mailbox></partner>");
	enum { MINUTE = 60000, LEFT_OUT = 69, REFUSED = 77 };
	struct workspace w;
	char path[128];
	int64_t start;

	(void)state;
	workspace_make(&w, xml);
	workspace_put(&w, ".", "key", TALLY_STR("anybody may read it"));
	snprintf(path, sizeof(path), "%s/key", w.dir);
	assert_int_equal(chmod(path, 0644), 0);
	w.later = 0;
	start = real_time() - workspace_now(&w);
	w.later = start;
	assert_int_equal(workspace_run(&w), REFUSED);
	tally_buf_reset(&workspace_text);
	workspace_counts(&w, &workspace_text);
	w.later = start + 59 * MINUTE;
	assert_int_equal(workspace_run(&w), LEFT_OUT);
	w.later = start + 60 * MINUTE;
	assert_int_equal(workspace_run(&w), REFUSED);
	/* Before that: a clock that was set back. */
	w.later = start - 1;
	assert_int_equal(workspace_run(&w), REFUSED);
	assert_int_equal(workspace_run(&w), LEFT_OUT);
	(void)real_time();
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(workspace_run(&w), REFUSED);
	workspace_remove(&w);
}

static const struct {
	const char *pull;
	unsigned dropped, done; /* files in drop and done afterwards */
	unsigned received;      /* of a second run with the same file there */
} dispositions[] = {
	{ "settle=\"0\" then=\"delete\"", 0, 0, 0 },
	{ "settle=\"0\" then=\"keep\"", 1, 0, 0 },
	{ "settle=\"0\" then=\"move:done\"", 0, 1, 0 },
};

static void
test_dispositions(void **state)
{
	char xml[1024], path[128];
	struct workspace w;

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(xml, sizeof(xml), PULLS("%s"), dispositions[i].pull);
		workspace_make(&w, xml);
		snprintf(path, sizeof(path), "%s/done", w.dir);
		assert_int_equal(mkdir(path, 0700), 0);
		for (int k = 0; k < 2; k++) {
			workspace_put(&w, "drop", "a.edi",
			    workspace_orders(&workspace_text, 7, 1, 1));
			assert_int_equal(workspace_run(&w), 0);
			assert_int_equal(w.f.count[FLOW_RECEIVED], k == 0);
			assert_int_equal(workspace_files(&w, "drop"),
			    dispositions[i].dropped);
			assert_int_equal(
			    workspace_files(&w, "done"), dispositions[i].done);
		}
		tally_buf_reset(&workspace_text);
		workspace_read(&w, "done", &workspace_text);
		if (dispositions[i].done > 0)
			buf_has(&workspace_text, "moved", "\fa.edi.");
		workspace_remove(&w);
	}
}

/* A file that cannot be moved stays, is told, and is not taken twice; when
 * it can be moved, it is. */
static void
test_move_later(void **state)
{
	struct workspace w;
	char path[128];

	(void)state;
	workspace_make(&w, PULLS("settle=\"0\" then=\"move:done\""));
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 1));
	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(workspace_run(&w), 0);
		assert_int_equal(w.f.count[FLOW_RECEIVED], i == 0);
		assert_int_equal(workspace_files(&w, "drop"), 1);
	}
	snprintf(path, sizeof(path), "%s/done", w.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	assert_int_equal(workspace_files(&w, "done"), 1);
	workspace_remove(&w);
}

/* A final name that is taken by a file of somebody else: never written over,
 * and tried again later. */
static void
test_name_taken(void **state)
{
	static const char name[] = "997-them-000000001.edi";
	struct workspace w;
	char path[128];

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	workspace_put(&w, "out", name, TALLY_STR("theirs"));
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 1));
	assert_int_equal(workspace_run(&w), 73);
	assert_int_equal(w.f.count[FLOW_FAILED], 1);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "out", &workspace_text);
	assert_string_equal(
	    workspace_text.p, "\f997-them-000000001.edi\ntheirs");
	snprintf(path, sizeof(path), "%s/out/%s", w.dir, name);
	assert_int_equal(remove(path), 0);
	/* Not due yet, then due. */
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(workspace_files(&w, "out"), 0);
	w.later = 3600000;
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_SENT], 1);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "out", &workspace_text);
	buf_has(&workspace_text, "sent later", "AK9*A*1*1*1~");
	/* Nothing is left under a temporary name: folders can be removed. */
	assert_int_equal(remove(path), 0);
	snprintf(path, sizeof(path), "%s/out", w.dir);
	assert_int_equal(rmdir(path), 0);
	workspace_remove(&w);
}

/* Settling: nothing is taken at first sight, but for whole envelopes. */
static void
test_settle(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, PULLS("settle=\"60\" complete=\"yes\""));
	workspace_put(&w, "drop", "whole.edi",
	    workspace_orders(&workspace_text, 7, 1, 1));
	(void)workspace_orders(&workspace_text, 8, 2, 1);
	workspace_text.n -= 5;
	workspace_put(&w, "drop", "half.edi", tally_buf_view(&workspace_text));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(workspace_files(&w, "drop"), 1);
	workspace_remove(&w);
}

/* The parser is made before the store is there where a file is expected, and
 * only there: a run that finds nothing makes no process. */
static const struct {
	const char *pull, *name;
	enum flow_open how;
	bool made;
} expected[] = {
	{ "settle=\"0\"", "a.edi", FLOW_RUN, true },
	{ "settle=\"0\"", NULL, FLOW_RUN, false },
	{ "settle=\"0\"", ".a.edi", FLOW_RUN, false },
	{ "settle=\"0\" match=\"*.x12\"", "a.edi", FLOW_RUN, false },
	{ "settle=\"0\" then=\"keep\"", "a.edi", FLOW_RUN, false },
	{ "settle=\"0\"", "a.edi", FLOW_WORK, false },
};

static void
test_expected(void **state)
{
	char xml[1024];
	struct workspace w;
	struct flow f = { 0 };
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		snprintf(xml, sizeof(xml), PULLS("%s"), expected[i].pull);
		workspace_make(&w, xml);
		if (expected[i].name != NULL)
			workspace_put(&w, "drop", expected[i].name,
			    workspace_orders(&workspace_text, 7, 1, 1));
		assert_int_equal(
		    flow_begin(&f, w.dir, expected[i].how, &err), TALLY_OK);
		assert_int_equal(f.parser != NULL, expected[i].made);
		flow_end(&f);
		workspace_remove(&w);
	}
}

/* One that is gone when its file is there. */
static void
test_expected_in_vain(void **state)
{
	struct flow f = { 0 };
	struct workspace w;
	struct tally_err err;

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	workspace_put(
	    &w, "drop", "a.edi", workspace_orders(&workspace_text, 7, 1, 2));
	assert_int_equal(flow_begin(&f, w.dir, FLOW_RUN, &err), TALLY_OK);
	assert_non_null(f.parser);
	assert_int_equal(kill(f.parser->pid, SIGKILL), 0);
	assert_int_equal(flow_run(&f, FLOW_STAGES, &err), TALLY_OK);
	assert_int_equal(f.count[FLOW_ACCEPTED], 2);
	assert_int_equal(flow_status(&f), 0);
	flow_end(&f);
	workspace_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailbox_down),
		cmocka_unit_test(test_mailbox_refused),
		cmocka_unit_test(test_dispositions),
		cmocka_unit_test(test_move_later),
		cmocka_unit_test(test_name_taken),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_expected),
		cmocka_unit_test(test_expected_in_vain),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
