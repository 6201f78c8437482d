/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rows of a table at once: what cannot go that way is left as it was, for
 * the ordinary one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/direct.h"

static void
nothing_done(struct direct *t, uint16_t table, const char *rows)
{
	char sql[64];

	assert_false(direct_load(t, table));
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s",
	    t->f->model.table[table].name);
	assert_string_equal(fixture_sql(t->f, sql), rows);
}

static void
a_column_of_others(void **state)
{
	struct direct *t = *state;

	direct_execute(
	    t, "ALTER TABLE parties ADD COLUMN mine TEXT NOT NULL DEFAULT 'x'");
	nothing_done(t, FIXTURE_PARTIES, "0");
	assert_true(direct_load(t, FIXTURE_LINES));
}

static void
a_column_that_is_another(void **state)
{
	struct direct *t = *state;

	direct_execute(t, "ALTER TABLE parties RENAME COLUMN name TO mine");
	nothing_done(t, FIXTURE_PARTIES, "0");
}

static void
a_row_longer_than_a_page(void **state)
{
	struct rnd rnd;
	size_t longest = 0;
	struct direct *t = *state;
	char *p = test_malloc(100000);

	rnd_seed(&rnd, 1);
	direct_fill(p, 100000, &rnd);
	for (size_t n = 32690; n <= 32740; n++) {
		direct_set(t, FIXTURE_LINES, 599, 3, tally_str(p, n));
		if (direct_load(t, FIXTURE_LINES))
			longest = n;
		direct_execute(t, "DELETE FROM order_lines");
	}
	assert_in_range(longest, 32700, 32730);
	direct_set(t, FIXTURE_LINES, 599, 3, tally_str(p, 100000));
	direct_set(t, FIXTURE_LINES, 7, 3, tally_str(p, 100000));
	nothing_done(t, FIXTURE_LINES, "0");
	direct_set(t, FIXTURE_LINES, 599, 3, tally_str(p, longest));
	direct_set(t, FIXTURE_LINES, 7, 3, tally_str(p, 5));
	assert_true(direct_load(t, FIXTURE_LINES));
	direct_is_there(t, FIXTURE_LINES);
	test_free(p);
}

static void
a_key_that_no_index_page_holds(void **state)
{
	struct rnd rnd;
	struct direct *t = *state;
	char p[9000];

	rnd_seed(&rnd, 1);
	direct_fill(p, sizeof(p), &rnd);
	for (size_t n = 8192; n < 8300; n += 40) {
		direct_set(t, FIXTURE_ORDERS, 9, 0, tally_str(p, n));
		nothing_done(t, FIXTURE_ORDERS, "0");
	}
	for (uint32_t i = 0; i < 20; i++)
		direct_set(t, FIXTURE_ORDERS, i, 0, tally_str(p + i, 8170));
	/* And some more than there is room for above the leaves. */
	nothing_done(t, FIXTURE_ORDERS, "0");
	for (uint32_t i = 5; i < 20; i++)
		direct_set(t, FIXTURE_ORDERS, i, 0, tally_str(p + i, 20));
	assert_true(direct_load(t, FIXTURE_ORDERS));
	direct_is_there(t, FIXTURE_ORDERS);
}

static void
a_key_that_is_to_be_escaped(void **state)
{
	struct direct *t = *state;

	direct_set(t, FIXTURE_ORDERS, 9, 0, TALLY_STR("a\377b"));
	nothing_done(t, FIXTURE_ORDERS, "0");
}

static void
a_number_that_is_none(void **state)
{
	struct direct *t = *state;

	direct_set(t, FIXTURE_LINES, 3, 1, TALLY_STR("many"));
	nothing_done(t, FIXTURE_LINES, "0");
}

static void
ids_that_do_not_rise(void **state)
{
	struct direct *t = *state;

	t->id[10] = FIRST - 5;
	nothing_done(t, FIXTURE_LINES, "0");
}

/* Nothing of a load is left where one of its rows is there already, and the
 * ordinary way says which. */
static void
a_row_that_is_there(void **state)
{
	struct direct *t = *state;
	const struct engine_load l = { .batch = &t->b, .id = t->id };
	struct sqlite_batch *b;
	struct tally_err err;

	direct_execute(t,
	    "INSERT INTO order_lines (id, document_id)"
	    " VALUES ((1150 << 20) | 1, 1150)");
	nothing_done(t, FIXTURE_LINES, "1");
	assert_int_equal(sqlite_batch_new(&b, &t->f->model, &err), TALLY_OK);
	assert_int_equal(sqlite_batch_attach(b, t->db, &err), TALLY_OK);
	direct_execute(t, "BEGIN IMMEDIATE");
	assert_int_equal(sqlite_batch_load(b, &l, 1, &err), TALLY_IO);
	assert_non_null(strstr(err.text, "row 302 of order_lines"));
	direct_execute(t, "ROLLBACK");
	sqlite_batch_detach(b);
	sqlite_batch_free(b);
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, direct_setup, direct_teardown)
	const struct CMUnitTest tests[] = {
		T(a_column_of_others),
		T(a_column_that_is_another),
		T(a_row_longer_than_a_page),
		T(a_key_that_no_index_page_holds),
		T(a_key_that_is_to_be_escaped),
		T(a_number_that_is_none),
		T(ids_that_do_not_rise),
		T(a_row_that_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
