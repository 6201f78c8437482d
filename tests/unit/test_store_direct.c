/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rows of a table at once: what SQLite reads of them is what was given,
 * and its own check of the file finds nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/load.h"
#include "support/direct.h"

static const char *const numbers[] = { "0", "1", "2", "-1", "127", "128",
	"-128", "-129", "32767", "32768", "-32768", "-32769", "8388607",
	"8388608", "-8388608", "-8388609", "2147483647", "2147483648",
	"-2147483648", "-2147483649", "140737488355327", "140737488355328",
	"-140737488355328", "-140737488355329", "9223372036854775807",
	"-9223372036854775808", "+5", "007" };
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* Where a text's length takes one more byte, and a row's. */
static const size_t lengths[] = { 0, 1, 7, 8, 9, 56, 57, 58, 59, 60, 100, 101,
	102, 103, 120, 127, 128, 8184, 8185, 8186, 8187, 16300, 16383, 16384,
	20000, 32000 };
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

/* A text of a length, now and then with what UTF-8 does not have. */
static struct tally_str
text_of(size_t n, struct rnd *rnd)
{
	static char p[40000];

	direct_fill(p, n, rnd);
	if (n > 2 && n < 8000 && rnd_below(rnd, 8) == 0)
		p[rnd_below(rnd, (uint32_t)n)] = (char)rnd_below(rnd, 256);
	return tally_str(p, n);
}

static void
vary(struct direct *t, uint32_t seed)
{
	const uint32_t nline = t->b.rows[FIXTURE_LINES].n;
	const uint32_t nparty = t->b.rows[FIXTURE_PARTIES].n;
	char key[40];
	struct rnd rnd;

	rnd_seed(&rnd, seed);
	for (uint32_t i = 0; i < nline; i++) {
		if (rnd_below(&rnd, 4) != 0)
			direct_set(t, FIXTURE_LINES, i, 1,
			    tally_cstr(numbers[rnd_below(&rnd, NUMBERS)]));
		if (rnd_below(&rnd, 4) != 0)
			direct_set(t, FIXTURE_LINES, i, 3,
			    text_of(lengths[rnd_below(&rnd, LENGTHS)], &rnd));
	}
	for (uint32_t i = 0; i < nparty; i++) {
		t->b.rows[FIXTURE_PARTIES].reference[2 * i] =
		    rnd_below(&rnd, 2) != 0 ? rnd_below(&rnd, 2) : TALLY_NO_ROW;
		direct_set(t, FIXTURE_PARTIES, i, 1,
		    text_of(rnd_below(&rnd, 70), &rnd));
	}
	/* Keys in no order, some of them twice, some the beginning of another
	 * one. */
	for (uint32_t i = 0; i < DOCUMENTS; i++) {
		direct_fill(key, sizeof(key), &rnd);
		direct_set(t, FIXTURE_ORDERS, i, 0,
		    rnd_below(&rnd, 3) == 0
			? tally_str("AAAAAAAAAA", rnd_below(&rnd, 10))
			: tally_str(key, rnd_below(&rnd, sizeof(key))));
	}
	for (int i = 0; i < DOCUMENTS; i++)
		if (rnd_below(&rnd, 10) == 0)
			t->id[i] = 0;
}

static void
all_values(void **state)
{
	struct direct *t = *state;

	for (uint32_t seed = 1; seed <= 6; seed++) {
		direct_teardown(state);
		direct_setup(state);
		t = *state;
		vary(t, seed);
		for (uint16_t k = 0; k < t->f->model.ntable; k++) {
			assert_true(direct_load(t, k));
			direct_is_there(t, k);
		}
	}
}

/* Texts that whoever filled the batch has looked at are taken as they are. */
static void
texts_that_are_known(void **state)
{
	struct direct *t = *state;

	direct_set(t, FIXTURE_ORDERS, 9, 0, TALLY_STR("na\xc3\xafve"));
	direct_set(t, FIXTURE_LINES, 9, 3, TALLY_STR("\xe2\x82\xac 5"));
	t->b.utf8 = true;
	for (uint16_t k = 0; k < t->f->model.ntable; k++) {
		assert_true(direct_load(t, k));
		direct_is_there(t, k);
	}
}

/* The largest ids and the smallest. */
static void
all_ids(void **state)
{
	static const int64_t ids[] = { 1, 127, 128, 16383, 16384,
		INT64_C(1) << 36, (INT64_C(1) << 43) - 2 };
	const int n = sizeof(ids) / sizeof(ids[0]);
	struct direct *t = *state;

	for (int i = 0; i < DOCUMENTS; i++)
		t->id[i] = i < n ? ids[i] : 0;
	for (uint16_t k = 0; k < t->f->model.ntable; k++) {
		assert_true(direct_load(t, k));
		direct_is_there(t, k);
	}
}

/* Few of them go the ordinary way. */
static void
rows_without_values(void **state)
{
	struct direct *t = *state;
	struct engine_load l = { .batch = &t->b, .id = t->id };
	struct sqlite_batch *b;
	struct tally_err err;
	uint32_t row;

	assert_int_equal(sqlite_batch_new(&b, &t->f->model, &err), TALLY_OK);
	assert_int_equal(sqlite_batch_attach(b, t->db, &err), TALLY_OK);
	direct_execute(t, "BEGIN IMMEDIATE");
	for (int n = 2; n <= DOCUMENTS; n += DOCUMENTS - 2) {
		tally_batch_reset(&t->b);
		for (int i = 0; i < n; i++) {
			(void)tally_batch_document(&t->b);
			assert_int_equal(
			    tally_batch_row(&t->b, FIXTURE_LINES, &row, NULL),
			    TALLY_OK);
			assert_int_equal(
			    tally_batch_row(&t->b, FIXTURE_ORDERS, &row, NULL),
			    TALLY_OK);
			t->id[i] = n * FIRST + i;
		}
		assert_int_equal(sqlite_batch_load(b, &l, 1, &err), TALLY_OK);
	}
	direct_execute(t, "COMMIT");
	sqlite_batch_detach(b);
	sqlite_batch_free(b);
	assert_string_equal(fixture_sql(t->f, "PRAGMA integrity_check"), "ok");
	assert_string_equal(fixture_sql(t->f,
				"SELECT (SELECT count(*) FROM order_lines)"
				" || ' ' || count(*) FROM orders"),
	    "302 302");
}

/* Either way, and wherever it is in the batch. */
static void
one_document_of_a_batch(void **state)
{
	static const uint32_t which[] = { 0, 150, DOCUMENTS };
	const int64_t id = 7;
	struct direct *t = *state;
	struct engine_load l = { .batch = &t->b, .id = &id };
	struct sqlite_batch *b;
	struct tally_err err;
	uint32_t row;

	(void)tally_batch_document(&t->b);
	for (int i = 0; i < 2 * DIRECT_ROWS; i++)
		assert_int_equal(
		    tally_batch_row(&t->b, FIXTURE_LINES, &row, NULL),
		    TALLY_OK);
	assert_int_equal(sqlite_batch_new(&b, &t->f->model, &err), TALLY_OK);
	assert_int_equal(sqlite_batch_attach(b, t->db, &err), TALLY_OK);
	for (int i = 0; i < 3; i++) {
		l.only = &which[i];
		direct_execute(t, "BEGIN IMMEDIATE");
		assert_int_equal(sqlite_batch_load(b, &l, 1, &err), TALLY_OK);
		direct_execute(t, "COMMIT");
		assert_string_equal(
		    fixture_sql(t->f,
			"SELECT count(*) || ' ' || count(position) || ' ' ||"
			" sum(document_id = 7 AND id >> 20 = 7)"
			" FROM order_lines"),
		    i == 2 ? "256 0 256" : "2 2 2");
		assert_string_equal(
		    fixture_sql(t->f, "SELECT max(po_number) FROM orders"),
		    i == 0       ? "PO-000001"
			: i == 1 ? "PO-000151"
				 : "NULL");
		direct_execute(t,
		    "DELETE FROM orders; DELETE FROM order_lines;"
		    " DELETE FROM parties");
	}
	sqlite_batch_detach(b);
	sqlite_batch_free(b);
}

/* More than a page of each tree, more than once. */
static void
many_pages(void **state)
{
	enum { N = 30000, ROUNDS = 2 };
	struct direct *t = *state;
	struct store_document *d = test_calloc(N, sizeof(*d));
	int64_t *id = test_calloc(N, sizeof(*id));
	struct engine_load l[2] = { { .id = t->id }, { .id = id } };
	struct tally_batch b;
	struct tally_err err;
	bool done;

	fixture_batch(t->f, &b, d, N, 5, 1);
	l[0].batch = &t->b;
	l[1].batch = &b;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < DOCUMENTS; i++)
			t->id[i] = 1 + i + round * 1000000;
		for (int i = 0; i < N; i++)
			id[i] = DOCUMENTS + 1 + i + round * 1000000;
		direct_execute(t, "BEGIN IMMEDIATE");
		for (uint16_t k = 0; k < t->f->model.ntable; k++) {
			assert_int_equal(sqlite_direct_load(
					     t->d, t->db, k, l, 2, &done, &err),
			    TALLY_OK);
			assert_true(done);
		}
		direct_execute(t, "COMMIT");
	}
	tally_batch_free(&b);
	test_free(d);
	test_free(id);
	assert_string_equal(fixture_sql(t->f, "PRAGMA integrity_check"), "ok");
	assert_string_equal(
	    fixture_sql(t->f,
		"SELECT count(*) || ' ' || count(DISTINCT id) || ' ' ||"
		" sum(position) FROM order_lines"),
	    "121200 121200 2121000");
	/* By the index; 5 to 300 are in both. */
	assert_string_equal(
	    fixture_sql(t->f,
		"SELECT count(*) FROM orders INDEXED BY orders_by_po_number"
		" WHERE po_number IN ('PO-000001', 'PO-000005', 'PO-030004')"),
	    "8");
}

/* SQLite copies the rows and does not go through their columns: or else all
 * this is for nothing. */
static void
rows_are_copied(void **state)
{
	struct direct *t = *state;
	sqlite3_stmt *stmt;
	const char *op;
	char sql[160];
	int copies;

	for (uint16_t k = 0; k < t->f->model.ntable; k++) {
		assert_true(direct_load(t, k));
		snprintf(sql, sizeof(sql),
		    "EXPLAIN INSERT INTO main.%s SELECT * FROM load.%s",
		    t->f->model.table[k].name, t->f->model.table[k].name);
		stmt = direct_ask(t, sql);
		copies = 0;
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			op = (const char *)sqlite3_column_text(stmt, 1);
			assert_string_not_equal(op, "Column");
			assert_string_not_equal(op, "MakeRecord");
			copies += strcmp(op, "RowCell") == 0 ||
			    strcmp(op, "RowData") == 0;
		}
		sqlite3_finalize(stmt);
		assert_int_equal(copies, k == FIXTURE_ORDERS ? 2 : 1);
	}
}

/* --- what others have done to the store --- */

static void
columns_in_another_order(void **state)
{
	struct direct *t = *state;

	direct_execute(t,
	    "DROP TABLE order_lines; CREATE TABLE order_lines ("
	    "id INTEGER PRIMARY KEY, description TEXT, position INTEGER,"
	    " document_id INTEGER NOT NULL, quantity TEXT) STRICT;"
	    " ALTER TABLE order_lines ADD COLUMN line_number TEXT");
	vary(t, 5);
	assert_true(direct_load(t, FIXTURE_LINES));
	direct_is_there(t, FIXTURE_LINES);
}

static void
index_and_trigger_of_others(void **state)
{
	struct direct *t = *state;

	direct_execute(t,
	    "CREATE TABLE told (id INTEGER);"
	    "CREATE INDEX theirs ON orders (total, ordered_on);"
	    "CREATE TRIGGER tell AFTER INSERT ON order_lines BEGIN"
	    " INSERT INTO told VALUES (new.id); END");
	assert_true(direct_load(t, FIXTURE_ORDERS));
	assert_true(direct_load(t, FIXTURE_LINES));
	direct_is_there(t, FIXTURE_ORDERS);
	direct_is_there(t, FIXTURE_LINES);
	assert_string_equal(
	    fixture_sql(t->f, "SELECT count(DISTINCT id) FROM told"), "600");
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, direct_setup, direct_teardown)
	const struct CMUnitTest tests[] = {
		T(all_values),
		T(texts_that_are_known),
		T(all_ids),
		T(rows_without_values),
		T(one_document_of_a_batch),
		T(many_pages),
		T(rows_are_copied),
		T(columns_in_another_order),
		T(index_and_trigger_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
