/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the parser reads while they are recorded: what becomes of them is
 * what becomes of others, also where another one comes before them, and where
 * they are not recorded after all.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "flow/parser.h"
#include "support/has.h"
#include "support/workspace.h"

/* File n has control number n and order PO-n. */
static void
put(const struct workspace *w, unsigned n)
{
	char name[32];

	snprintf(name, sizeof(name), "%u.edi", n);
	workspace_put(
	    w, "drop", name, workspace_orders(&workspace_text, n, n, 1));
}

/* Answer n, which is there, answers file n. */
static void
check_answers(const struct workspace *w, unsigned n)
{
	assert_int_equal(workspace_files(w, "out"), n);
	tally_buf_reset(&workspace_text);
	workspace_read(w, "out", &workspace_text);
	buf_has_answers(&workspace_text, n, 1);
}

/* A run that has opened all and is about to fetch. */
static void
open_run(struct flow *f, const struct workspace *w)
{
	struct tally_err err;

	memset(f, 0, sizeof(*f));
	f->clock.fixed = workspace_now(w);
	assert_int_equal(flow_begin(f, w->dir, FLOW_RUN, &err), TALLY_OK);
	f->through = true;
	f->box[0].again = true;
}

static void
test_recorded(void **state)
{
	struct workspace w;
	struct tally_err err;
	struct flow f;

	(void)state;
	workspace_make(&w, NULL);
	put(&w, 1);
	put(&w, 2);
	open_run(&f, &w);
	assert_int_equal(flow_fetch(&f, &err), TALLY_OK);
	assert_int_equal(f.count[FLOW_RECEIVED], 2);
	assert_int_equal(parser_has_ahead(f.parser), 2);
	assert_int_equal(flow_translate(&f, &err), TALLY_OK);
	assert_int_equal(f.count[FLOW_ACCEPTED], 2);
	assert_int_equal(parser_has_ahead(f.parser), 0);
	assert_true(parser_waits(f.parser));
	flow_end(&f);
	workspace_remove(&w);
}

/* What an earlier run has left is translated before. */
static void
test_left(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	put(&w, 1);
	assert_int_equal(workspace_stage(&w, FLOW_FETCH), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	put(&w, 2);
	put(&w, 3);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 2);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 3);
	check_answers(&w, 3);
	workspace_remove(&w);
}

/* The next file may have the number of one that was never recorded. */
static void
test_not_recorded(void **state)
{
	struct rlimit had, none;
	struct workspace w;
	struct tally_err err;
	struct flow f;

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	put(&w, 1);
	open_run(&f, &w);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &had), 0);
	none = (struct rlimit){ 0, had.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_not_equal(flow_fetch(&f, &err), TALLY_OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &had), 0);
	assert_int_equal(f.count[FLOW_RECEIVED], 0);
	assert_int_equal(parser_has_ahead(f.parser), 0);
	flow_end(&f);
	assert_int_equal(workspace_files(&w, "drop"), 1);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	check_answers(&w, 1);
	workspace_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_not_recorded),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
