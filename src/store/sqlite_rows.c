/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of one document: removed, or as text.
 *
 * Each table has a statement for either, prepared when it is first needed.
 * Rows of a document are a range of ids, so that no index is needed.
 *
 * Most tables of a store are empty, for partners send a few sets.  To look into
 * each for every document would be most of the work, and, since it is always
 * the same pages in the same order, has SQLite read them from the file once a
 * transaction has changed as many as it keeps.  So which are empty is asked
 * once in a transaction, in which nobody else writes.
 */
#include "store/sqlite.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/load.h"

#define SQL_MAX (256 * 1024)

enum kind { REMOVE, READ, KINDS };

struct sqlite_rows {
	const struct tally_model *model; /* borrowed */
	sqlite3_stmt **stmt;             /* ntable * KINDS; owned */
	sqlite3_stmt *ask; /* which have rows; null: not prepared yet */
	bool *some;        /* ntable: whether it may have rows; owned */
	bool asked;        /* in this transaction; some is kept up since */
};

enum tally_rc
sqlite_rows_new(struct sqlite_rows **out, const struct tally_model *model,
    struct tally_err *err)
{
	struct sqlite_rows *r = tally_calloc(1, sizeof(*r));

	if (r != NULL) {
		r->stmt = tally_calloc(
		    (size_t)model->ntable * KINDS, sizeof(*r->stmt));
		r->some = tally_calloc(model->ntable, sizeof(*r->some));
	}
	if (r == NULL || r->stmt == NULL || r->some == NULL) {
		sqlite_rows_free(r);
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	r->model = model;
	*out = r;
	return TALLY_OK;
}

void
sqlite_rows_detach(struct sqlite_rows *r)
{
	for (size_t i = 0; i < (size_t)r->model->ntable * KINDS; i++) {
		sqlite3_finalize(r->stmt[i]);
		r->stmt[i] = NULL;
	}
	sqlite3_finalize(r->ask);
	r->ask = NULL;
}

void
sqlite_rows_free(struct sqlite_rows *r)
{
	if (r == NULL)
		return;
	tally_free(r->some);
	tally_free(r->stmt);
	tally_free(r);
}

const struct tally_model *
sqlite_rows_model(const struct sqlite_rows *r)
{
	return r->model;
}

void
sqlite_rows_begin(struct sqlite_rows *r)
{
	r->asked = false;
}

void
sqlite_rows_loaded(struct sqlite_rows *r, const struct engine_load *l, size_t n)
{
	for (size_t k = 0; r->asked && k < n; k++)
		for (uint16_t i = 0; l[k].batch != NULL && i < r->model->ntable;
		     i++)
			r->some[i] |= l[k].batch->rows[i].n > 0;
}

static enum tally_rc
prepare_ask(sqlite3_stmt **out, sqlite3 *db, const struct tally_model *model,
    struct tally_err *err)
{
	struct tally_buf sql;
	int result = SQLITE_NOMEM;

	tally_buf_init(&sql, SQL_MAX);
	for (uint16_t i = 0; i < model->ntable; i++)
		tally_buf_printf(&sql, "%s EXISTS (SELECT 1 FROM main.\"%s\")",
		    i == 0 ? "SELECT" : ",", model->table[i].name);
	if (!sql.failed)
		result = sqlite3_prepare_v3(db, sql.p, (int)sql.n,
		    SQLITE_PREPARE_PERSISTENT, out, NULL);
	tally_buf_free(&sql);
	return result == SQLITE_OK
	    ? TALLY_OK
	    : sqlite_fail(db, result, "tables of records", err);
}

enum tally_rc
sqlite_rows_some(sqlite3_stmt **ask, sqlite3 *db,
    const struct tally_model *model, bool *some, struct tally_err *err)
{
	enum tally_rc rc =
	    *ask == NULL ? prepare_ask(ask, db, model, err) : TALLY_OK;
	int result;

	if (rc != TALLY_OK)
		return rc;
	result = sqlite3_step(*ask);
	if (result != SQLITE_ROW)
		rc = sqlite_fail(db, result, "tables of records", err);
	for (uint16_t i = 0; i < model->ntable; i++)
		some[i] = sqlite3_column_int(*ask, i) != 0;
	sqlite3_reset(*ask);
	return rc;
}

/* Which tables have rows; without a transaction, any may have some. */
static enum tally_rc
look(struct sqlite_rows *r, sqlite3 *db, struct tally_err *err)
{
	enum tally_rc rc;

	if (sqlite3_get_autocommit(db) != 0) {
		memset(r->some, true, r->model->ntable * sizeof(*r->some));
		return TALLY_OK;
	}
	if (r->asked)
		return TALLY_OK;
	rc = sqlite_rows_some(&r->ask, db, r->model, r->some, err);
	r->asked = rc == TALLY_OK;
	return rc;
}

/* The statement of a table, with the document's range of ids bound. */
static enum tally_rc
start(struct sqlite_rows *r, sqlite3 *db, uint16_t table, enum kind kind,
    int64_t document, sqlite3_stmt **out, struct tally_err *err)
{
	const struct tally_table *t = &r->model->table[table];
	sqlite3_stmt **stmt = &r->stmt[(size_t)table * KINDS + kind];
	char sql[256];
	int result = SQLITE_OK;

	if (*stmt == NULL) {
		snprintf(sql, sizeof(sql),
		    "%s FROM \"%s\" WHERE id BETWEEN $1 AND $2%s",
		    kind == REMOVE ? "DELETE" : "SELECT *", t->name,
		    kind == READ ? " ORDER BY id" : "");
		result = sqlite3_prepare_v3(
		    db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
	}
	if (result != SQLITE_OK)
		return sqlite_fail(db, result, t->name, err);
	sqlite3_bind_int64(*stmt, 1, load_row_id(t, document, 0));
	sqlite3_bind_int64(
	    *stmt, 2, load_row_id(t, document, TALLY_ROWS_MAX - 1));
	*out = *stmt;
	return TALLY_OK;
}

enum tally_rc
sqlite_rows_start(struct sqlite_rows *r, sqlite3 *db, uint16_t table,
    int64_t document, sqlite3_stmt **out, struct tally_err *err)
{
	enum tally_rc rc = look(r, db, err);

	*out = NULL;
	return rc == TALLY_OK && r->some[table]
	    ? start(r, db, table, READ, document, out, err)
	    : rc;
}

enum tally_rc
sqlite_rows_remove(
    struct sqlite_rows *r, sqlite3 *db, int64_t document, struct tally_err *err)
{
	sqlite3_stmt *stmt;
	enum tally_rc rc = look(r, db, err);
	int result;

	for (uint16_t i = 0; rc == TALLY_OK && i < r->model->ntable; i++) {
		if (!r->some[i])
			continue;
		rc = start(r, db, i, REMOVE, document, &stmt, err);
		if (rc != TALLY_OK)
			break;
		result = sqlite3_step(stmt);
		if (result != SQLITE_DONE)
			rc = sqlite_fail(
			    db, result, r->model->table[i].name, err);
		sqlite3_reset(stmt);
	}
	return rc;
}

/* "order_lines 3 quantity='12' unit='EA'", the number that of the row in its
 * document. */
static void
put_row(struct tally_buf *out, const struct tally_table *t, sqlite3_stmt *stmt)
{
	tally_buf_puts(out, t->name);
	if (!t->head)
		tally_buf_printf(out, " %lld",
		    sqlite3_column_int64(stmt, 0) & (TALLY_ROWS_MAX - 1));
	for (int k = 2; k < sqlite3_column_count(stmt); k++) {
		if (sqlite3_column_type(stmt, k) == SQLITE_NULL)
			continue;
		tally_buf_putc(out, ' ');
		tally_buf_puts(out, sqlite3_column_name(stmt, k));
		tally_buf_putc(out, '=');
		tally_text_json(out,
		    tally_cstr((const char *)sqlite3_column_text(stmt, k)));
	}
	tally_buf_putc(out, '\n');
}

enum tally_rc
sqlite_rows_read(struct sqlite_rows *r, sqlite3 *db, int64_t document,
    struct tally_buf *out, struct tally_err *err)
{
	sqlite3_stmt *stmt;
	enum tally_rc rc = TALLY_OK;
	int result;

	for (uint16_t i = 0; rc == TALLY_OK && i < r->model->ntable; i++) {
		rc = sqlite_rows_start(r, db, i, document, &stmt, err);
		if (rc != TALLY_OK || stmt == NULL)
			continue;
		while ((result = sqlite3_step(stmt)) == SQLITE_ROW)
			put_row(out, &r->model->table[i], stmt);
		if (result != SQLITE_DONE)
			rc = sqlite_fail(
			    db, result, r->model->table[i].name, err);
		sqlite3_reset(stmt);
	}
	if (rc == TALLY_OK && out->failed)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	return rc;
}
