/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rows of a table at once: what SQLite reads of them is what was given,
 * its own check of the file finds nothing, and what cannot go that way is left
 * as it was for the ordinary one.
 */
#include "store/sqlite_direct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "store/load.h"
#include "store/sqlite.h"
#include "support/store_fixture.h"

#define DOCUMENTS 300
#define FIRST     1000 /* id of the first document */

struct direct {
	struct fixture *f;
	sqlite3 *db;
	struct sqlite_direct *d;
	struct tally_batch b;
	struct store_document document[DOCUMENTS];
	int64_t id[DOCUMENTS];
};

static int
setup(void **state)
{
	struct direct *t = calloc(1, sizeof(*t));
	struct tally_err err;

	assert_non_null(t);
	assert_int_equal(fixture_setup((void **)&t->f), 0);
	t->db = fixture_connection(t->f);
	assert_int_equal(
	    sqlite_direct_new(&t->d, &t->f->model, &err), TALLY_OK);
	fixture_batch(t->f, &t->b, t->document, DOCUMENTS, 1, 1);
	for (int i = 0; i < DOCUMENTS; i++)
		t->id[i] = FIRST + i;
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct direct *t = *state;

	tally_batch_free(&t->b);
	sqlite_direct_free(t->d);
	sqlite3_close(t->db);
	fixture_teardown((void **)&t->f);
	free(t);
	return 0;
}

static void
execute(struct direct *t, const char *sql)
{
	if (sqlite3_exec(t->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(t->db));
}

static void
set(struct direct *t, uint16_t table, uint32_t row, uint16_t column,
    struct tally_str text)
{
	assert_int_equal(
	    tally_batch_set(&t->b, table, row, column, text, NULL), TALLY_OK);
}

/* One table's rows, in a transaction. */
static bool
load(struct direct *t, uint16_t table)
{
	const struct engine_load l = { .batch = &t->b, .id = t->id };
	struct tally_err err = { .text = "" };
	bool done;

	execute(t, "BEGIN IMMEDIATE");
	if (sqlite_direct_load(t->d, t->db, table, &l, 1, &done, &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
	execute(t, "COMMIT");
	return done;
}

static sqlite3_stmt *
ask(struct direct *t, const char *sql)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(t->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(t->db));
	return stmt;
}

static void
is_cell(sqlite3_stmt *stmt, int at, const struct tally_cell *c,
    enum tally_column_type type, struct tally_buf *b)
{
	int64_t v;

	if (c->p == NULL) {
		assert_int_equal(sqlite3_column_type(stmt, at), SQLITE_NULL);
	} else if (type == TALLY_INTEGER) {
		assert_int_equal(sqlite3_column_type(stmt, at), SQLITE_INTEGER);
		assert_true(load_integer(&v, c));
		assert_true(sqlite3_column_int64(stmt, at) == v);
	} else {
		assert_int_equal(sqlite3_column_type(stmt, at), SQLITE_TEXT);
		tally_buf_reset(b);
		tally_text_utf8(b, tally_str(c->p, c->n));
		assert_int_equal(sqlite3_column_bytes(stmt, at), b->n);
		assert_memory_equal(sqlite3_column_blob(stmt, at), b->p, b->n);
	}
}

/* The table holds what the batch does, in the documents that count. */
static void
is_there(struct direct *t, uint16_t table)
{
	const struct tally_rows *r = &t->b.rows[table];
	struct tally_buf sql, text;
	sqlite3_stmt *stmt;
	int64_t id, to;
	int at;

	tally_buf_init(&sql, SIZE_MAX);
	tally_buf_init(&text, SIZE_MAX);
	tally_buf_puts(&sql, "SELECT ");
	load_columns(&sql, r->table, NULL);
	tally_buf_printf(&sql, " FROM %s ORDER BY id", r->table->name);
	stmt = ask(t, sql.p);
	for (uint32_t i = 0; i < r->n; i++) {
		id = t->id[r->row[i].document];
		if (id == 0)
			continue;
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		assert_true(sqlite3_column_int64(stmt, 0) ==
		    load_row_id(r->table, id, r->row[i].seq));
		assert_true(sqlite3_column_int64(stmt, 1) == id);
		for (at = 2; at < 2 + r->table->nreference; at++) {
			to = load_reference(&t->f->model, r, i, at - 2, id);
			assert_true(sqlite3_column_int64(stmt, at) == to);
			assert_int_equal(sqlite3_column_type(stmt, at),
			    to != 0 ? SQLITE_INTEGER : SQLITE_NULL);
		}
		for (uint16_t k = 0; k < r->table->ncolumn; k++)
			is_cell(stmt, at + k, tally_rows_cell(r, i, k),
			    r->table->column[k].type, &text);
	}
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	sqlite3_finalize(stmt);
	tally_buf_free(&sql);
	tally_buf_free(&text);
	assert_string_equal(fixture_sql(t->f, "PRAGMA integrity_check"), "ok");
}

/* --- values --- */

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

static uint32_t
draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)*seed * n >> 32);
}

static void
fill(char *p, size_t n, uint32_t *seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)('A' + draw(seed, 26));
}

/* A text of a length, now and then with what UTF-8 does not have. */
static struct tally_str
text_of(size_t n, uint32_t *seed)
{
	static char p[40000];

	fill(p, n, seed);
	if (n > 2 && n < 8000 && draw(seed, 8) == 0)
		p[draw(seed, (uint32_t)n)] = (char)draw(seed, 256);
	return tally_str(p, n);
}

static void
vary(struct direct *t, uint32_t seed)
{
	const uint32_t nline = t->b.rows[FIXTURE_LINES].n;
	const uint32_t nparty = t->b.rows[FIXTURE_PARTIES].n;
	char key[40];

	for (uint32_t i = 0; i < nline; i++) {
		if (draw(&seed, 4) != 0)
			set(t, FIXTURE_LINES, i, 1,
			    tally_cstr(numbers[draw(&seed, NUMBERS)]));
		if (draw(&seed, 4) != 0)
			set(t, FIXTURE_LINES, i, 3,
			    text_of(lengths[draw(&seed, LENGTHS)], &seed));
	}
	for (uint32_t i = 0; i < nparty; i++) {
		t->b.rows[FIXTURE_PARTIES].reference[2 * i] =
		    draw(&seed, 2) != 0 ? draw(&seed, 2) : TALLY_NO_ROW;
		set(t, FIXTURE_PARTIES, i, 1, text_of(draw(&seed, 70), &seed));
	}
	/* Keys in no order, some of them twice, some the beginning of another
	 * one. */
	for (uint32_t i = 0; i < DOCUMENTS; i++) {
		fill(key, sizeof(key), &seed);
		set(t, FIXTURE_ORDERS, i, 0,
		    draw(&seed, 3) == 0
			? tally_str("AAAAAAAAAA", draw(&seed, 10))
			: tally_str(key, draw(&seed, sizeof(key))));
	}
	for (int i = 0; i < DOCUMENTS; i++)
		if (draw(&seed, 10) == 0)
			t->id[i] = 0;
}

static void
all_values(void **state)
{
	struct direct *t = *state;

	for (uint32_t seed = 1; seed <= 6; seed++) {
		teardown(state);
		setup(state);
		t = *state;
		vary(t, seed);
		for (uint16_t k = 0; k < t->f->model.ntable; k++) {
			assert_true(load(t, k));
			is_there(t, k);
		}
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
		assert_true(load(t, k));
		is_there(t, k);
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
	execute(t, "BEGIN IMMEDIATE");
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
	execute(t, "COMMIT");
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
		execute(t, "BEGIN IMMEDIATE");
		assert_int_equal(sqlite_batch_load(b, &l, 1, &err), TALLY_OK);
		execute(t, "COMMIT");
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
		execute(t,
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
		execute(t, "BEGIN IMMEDIATE");
		for (uint16_t k = 0; k < t->f->model.ntable; k++) {
			assert_int_equal(sqlite_direct_load(
					     t->d, t->db, k, l, 2, &done, &err),
			    TALLY_OK);
			assert_true(done);
		}
		execute(t, "COMMIT");
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
		assert_true(load(t, k));
		snprintf(sql, sizeof(sql),
		    "EXPLAIN INSERT INTO main.%s SELECT * FROM load.%s",
		    t->f->model.table[k].name, t->f->model.table[k].name);
		stmt = ask(t, sql);
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

	execute(t,
	    "DROP TABLE order_lines; CREATE TABLE order_lines ("
	    "id INTEGER PRIMARY KEY, description TEXT, position INTEGER,"
	    " document_id INTEGER NOT NULL, quantity TEXT) STRICT;"
	    " ALTER TABLE order_lines ADD COLUMN line_number TEXT");
	vary(t, 5);
	assert_true(load(t, FIXTURE_LINES));
	is_there(t, FIXTURE_LINES);
}

static void
index_and_trigger_of_others(void **state)
{
	struct direct *t = *state;

	execute(t,
	    "CREATE TABLE told (id INTEGER);"
	    "CREATE INDEX theirs ON orders (total, ordered_on);"
	    "CREATE TRIGGER tell AFTER INSERT ON order_lines BEGIN"
	    " INSERT INTO told VALUES (new.id); END");
	assert_true(load(t, FIXTURE_ORDERS));
	assert_true(load(t, FIXTURE_LINES));
	is_there(t, FIXTURE_ORDERS);
	is_there(t, FIXTURE_LINES);
	assert_string_equal(
	    fixture_sql(t->f, "SELECT count(DISTINCT id) FROM told"), "600");
}

/* --- what is left to the ordinary way --- */

static void
nothing_done(struct direct *t, uint16_t table, const char *rows)
{
	char sql[64];

	assert_false(load(t, table));
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s",
	    t->f->model.table[table].name);
	assert_string_equal(fixture_sql(t->f, sql), rows);
}

static void
a_column_of_others(void **state)
{
	struct direct *t = *state;

	execute(
	    t, "ALTER TABLE parties ADD COLUMN mine TEXT NOT NULL DEFAULT 'x'");
	nothing_done(t, FIXTURE_PARTIES, "0");
	assert_true(load(t, FIXTURE_LINES));
}

static void
a_column_that_is_another(void **state)
{
	struct direct *t = *state;

	execute(t, "ALTER TABLE parties RENAME COLUMN name TO mine");
	nothing_done(t, FIXTURE_PARTIES, "0");
}

static void
a_row_longer_than_a_page(void **state)
{
	uint32_t seed = 1;
	size_t longest = 0;
	struct direct *t = *state;
	char *p = test_malloc(100000);

	fill(p, 100000, &seed);
	for (size_t n = 32690; n <= 32740; n++) {
		set(t, FIXTURE_LINES, 599, 3, tally_str(p, n));
		if (load(t, FIXTURE_LINES))
			longest = n;
		execute(t, "DELETE FROM order_lines");
	}
	assert_in_range(longest, 32700, 32730);
	set(t, FIXTURE_LINES, 599, 3, tally_str(p, 100000));
	set(t, FIXTURE_LINES, 7, 3, tally_str(p, 100000));
	nothing_done(t, FIXTURE_LINES, "0");
	set(t, FIXTURE_LINES, 599, 3, tally_str(p, longest));
	set(t, FIXTURE_LINES, 7, 3, tally_str(p, 5));
	assert_true(load(t, FIXTURE_LINES));
	is_there(t, FIXTURE_LINES);
	test_free(p);
}

static void
a_key_that_no_index_page_holds(void **state)
{
	uint32_t seed = 1;
	struct direct *t = *state;
	char p[9000];

	fill(p, sizeof(p), &seed);
	for (size_t n = 8192; n < 8300; n += 40) {
		set(t, FIXTURE_ORDERS, 9, 0, tally_str(p, n));
		nothing_done(t, FIXTURE_ORDERS, "0");
	}
	for (uint32_t i = 0; i < 20; i++)
		set(t, FIXTURE_ORDERS, i, 0, tally_str(p + i, 8170));
	/* And some more than there is room for above the leaves. */
	nothing_done(t, FIXTURE_ORDERS, "0");
	for (uint32_t i = 5; i < 20; i++)
		set(t, FIXTURE_ORDERS, i, 0, tally_str(p + i, 20));
	assert_true(load(t, FIXTURE_ORDERS));
	is_there(t, FIXTURE_ORDERS);
}

static void
a_key_that_is_to_be_escaped(void **state)
{
	struct direct *t = *state;

	set(t, FIXTURE_ORDERS, 9, 0, TALLY_STR("a\377b"));
	nothing_done(t, FIXTURE_ORDERS, "0");
}

static void
a_number_that_is_none(void **state)
{
	struct direct *t = *state;

	set(t, FIXTURE_LINES, 3, 1, TALLY_STR("many"));
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

	execute(t,
	    "INSERT INTO order_lines (id, document_id)"
	    " VALUES ((1150 << 20) | 1, 1150)");
	nothing_done(t, FIXTURE_LINES, "1");
	assert_int_equal(sqlite_batch_new(&b, &t->f->model, &err), TALLY_OK);
	assert_int_equal(sqlite_batch_attach(b, t->db, &err), TALLY_OK);
	execute(t, "BEGIN IMMEDIATE");
	assert_int_equal(sqlite_batch_load(b, &l, 1, &err), TALLY_IO);
	assert_non_null(strstr(err.text, "row 302 of order_lines"));
	execute(t, "ROLLBACK");
	sqlite_batch_detach(b);
	sqlite_batch_free(b);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(all_values),
		T(all_ids),
		T(rows_without_values),
		T(one_document_of_a_batch),
		T(many_pages),
		T(rows_are_copied),
		T(columns_in_another_order),
		T(index_and_trigger_of_others),
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
