/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole runs on a machine in trouble: archived bytes that have changed, memory
 * that ends, death anywhere.  What comes next ends as if nothing had been, or
 * the trouble is that of one file.
 */
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

#include "support/counted.h"
#include "support/dying.h"
#include "support/has.h"

/* An archived file whose bytes have changed: its own trouble, and after some
 * runs it is out of the way. */
static void
test_damaged_archive(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	/* Larger than what the store keeps in a row. */
	workspace_put(&w, "drop", "a.edi",
	    workspace_orders(&workspace_text, 7, 1, 15000));
	assert_int_equal(workspace_stage(&w, 0), 0);
	workspace_damage_archive(&w);
	workspace_put(&w, "drop", "b.edi",
	    workspace_orders(&workspace_text, 8, 20000, 1));
	assert_int_equal(workspace_run(&w), 74);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	assert_int_equal(workspace_run(&w), 74);
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_QUARANTINED], 1);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, "quarantine", &workspace_text);
	buf_has(&workspace_text, "report", "cannot be read any more");
	workspace_remove(&w);
}

/* A run that comes to the stage again, for a mailbox, does not try its files
 * again: that would use their attempts up in a moment. */
static void
test_tried_once(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, WORKSPACE_ONE_GONE);
	workspace_put(&w, "drop", "a.edi",
	    workspace_orders(&workspace_text, 7, 1, 15000));
	assert_int_equal(workspace_stage(&w, FLOW_FETCH), 69);
	workspace_damage_archive(&w);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(workspace_run(&w), 74);
		assert_int_equal(w.f.count[FLOW_QUARANTINED], 0);
	}
	(void)workspace_run(&w);
	assert_int_equal(w.f.count[FLOW_QUARANTINED], 1);
	workspace_remove(&w);
}

static void
fill_drop(struct workspace *w)
{
	workspace_make(w, WORKSPACE_USUAL);
	workspace_put(
	    w, "drop", "1.edi", workspace_orders(&workspace_text, 1, 1, 2));
	workspace_put(
	    w, "drop", "2.edi", workspace_orders(&workspace_text, 2, 3, 1));
	workspace_put(w, "drop", "3.jpg", TALLY_STR("\xff\xd8\xff"));
	(void)workspace_orders(&workspace_text, 4, 4, 1);
	workspace_text.n -= 10;
	workspace_put(w, "drop", "4.edi", tally_buf_view(&workspace_text));
}

static void
outcome(struct workspace *w, struct tally_buf *b)
{
	tally_buf_reset(b);
	workspace_counts(w, b);
	workspace_read(w, "out", b);
	workspace_read(w, "drop", b);
	tally_buf_printf(b, "quarantined %u", workspace_files(w, "quarantine"));
}

/* Wherever a run dies, the next one ends as if nothing had happened. */
static void
test_death(void **state)
{
	struct tally_buf expected, got;
	struct workspace w;
	bool ended = false;
	long n = 1;

	(void)state;
	tally_buf_init(&expected, 1u << 20);
	tally_buf_init(&got, 1u << 20);
	fill_drop(&w);
	assert_int_equal(workspace_run(&w), 1);
	outcome(&w, &expected);
	workspace_remove(&w);
	for (int i = 0; i < 100 && !ended; i++) {
		fill_drop(&w);
		ended = dying_run(&w, n);
		if (!ended)
			(void)workspace_run(&w);
		outcome(&w, &got);
		if (!tally_str_eq(
			tally_buf_view(&got), tally_buf_view(&expected)))
			fail_msg("after death at %ld:\n%s\nexpected:\n%s", n,
			    got.p, expected.p);
		workspace_remove(&w);
		/* Steps that grow and share no divisor. */
		n += n / 8 + 7;
	}
	assert_true(ended);
	tally_buf_free(&got);
	tally_buf_free(&expected);
}

/* A map that could not be compiled once, for want of memory, is compiled when
 * it is asked for again: else sets would be held that have one. */
static void
test_map_after_trouble(void **state)
{
	const struct tally_set_spec *spec;
	struct tally_map *map;
	struct workspace w;
	struct tally_err err;
	struct flow f;
	enum tally_rc rc = TALLY_NOMEM;

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	for (long n = 0; rc != TALLY_OK; n += n / 2 + 1) {
		memset(&f, 0, sizeof(f));
		assert_int_equal(
		    flow_begin(&f, w.dir, FLOW_LOOK, &err), TALLY_OK);
		spec = tally_set_find(
		    tally_version_find(&f.dictionary->d, TALLY_STR("004010")),
		    TALLY_STR("850"));
		assert_non_null(spec);
		counted_left = n;
		tally_allocator_set(&counted);
		rc = maps_for(f.maps, NULL, spec, &map, &err);
		tally_allocator_set(NULL);
		counted_left = -1;
		if (rc != TALLY_OK) {
			assert_int_equal(rc, TALLY_NOMEM);
			assert_int_equal(
			    maps_for(f.maps, NULL, spec, &map, &err), TALLY_OK);
		}
		assert_non_null(map);
		flow_end(&f);
	}
	workspace_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damaged_archive),
		cmocka_unit_test(test_tried_once),
		cmocka_unit_test(test_map_after_trouble),
		cmocka_unit_test(test_death),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
