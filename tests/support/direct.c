/* SPDX-License-Identifier: Apache-2.0 */
/* Rows loaded at once; see direct.h. */
#include "direct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "store/load.h"

int
direct_setup(void **state)
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

int
direct_teardown(void **state)
{
	struct direct *t = *state;

	tally_batch_free(&t->b);
	sqlite_direct_free(t->d);
	sqlite3_close(t->db);
	fixture_teardown((void **)&t->f);
	free(t);
	return 0;
}

void
direct_execute(struct direct *t, const char *sql)
{
	if (sqlite3_exec(t->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(t->db));
}

void
direct_set(struct direct *t, uint16_t table, uint32_t row, uint16_t column,
    struct tally_str text)
{
	assert_int_equal(
	    tally_batch_set(&t->b, table, row, column, text, NULL), TALLY_OK);
}

bool
direct_load(struct direct *t, uint16_t table)
{
	const struct engine_load l = { .batch = &t->b, .id = t->id };
	struct tally_err err = { .text = "" };
	bool done;

	direct_execute(t, "BEGIN IMMEDIATE");
	if (sqlite_direct_load(t->d, t->db, table, &l, 1, &done, &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
	direct_execute(t, "COMMIT");
	return done;
}

sqlite3_stmt *
direct_ask(struct direct *t, const char *sql)
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

void
direct_is_there(struct direct *t, uint16_t table)
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
	stmt = direct_ask(t, sql.p);
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

void
direct_fill(char *p, size_t n, struct rnd *rnd)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)('A' + rnd_below(rnd, 26));
}
