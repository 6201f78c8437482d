/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of statements.def on a connection of SQLite's. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/sqlite.h"

static const char *const text_of[STATEMENTS] = {
#define S(name, text) [Q_##name] = text,
#include "store/statements.def"
#undef S
};

/*
 * For RETURNING SQLite makes a table in memory each time, which takes as long
 * as inserting.  The id of the one row that is inserted is known without it;
 * where an existing row may be changed instead, it is not.
 *
 * Bytes of the text to prepare; -1: all.
 */
static int
without_returning(const char *text)
{
	static const char tail[] = " RETURNING id";
	size_t n = strlen(text), at = n - (sizeof(tail) - 1);

	if (n < sizeof(tail) || strcmp(text + at, tail) != 0 ||
	    strncmp(text, "INSERT", 6) != 0 ||
	    strstr(text, "DO UPDATE") != NULL)
		return -1;
	return (int)at;
}

enum tally_rc
sqlite_statement_prepare(struct sqlite_statement *s, sqlite3 *db,
    enum statement id, struct tally_err *err)
{
	char name[16];
	int result, n;

	if (s->stmt != NULL)
		return TALLY_OK;
	n = without_returning(text_of[id]);
	s->makes = n >= 0;
	result = sqlite3_prepare_v3(
	    db, text_of[id], n, SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL);
	if (result != SQLITE_OK)
		return sqlite_fail(db, result, text_of[id], err);
	n = sqlite3_bind_parameter_count(s->stmt);
	for (int i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "$%d", i);
		assert(sqlite3_bind_parameter_index(s->stmt, name) == i);
	}
	return TALLY_OK;
}

static int
bind(sqlite3_stmt *stmt, int i, const struct engine_value *v)
{
	sqlite3_destructor_type how =
	    v->fleeting ? SQLITE_TRANSIENT : SQLITE_STATIC;

	switch (v->kind) {
	case ENGINE_INTEGER:
		return sqlite3_bind_int64(stmt, i, v->integer);
	case ENGINE_TEXT:
		return sqlite3_bind_text64(
		    stmt, i, v->n != 0 ? v->p : "", v->n, how, SQLITE_UTF8);
	case ENGINE_BLOB:
		return sqlite3_bind_blob64(
		    stmt, i, v->n != 0 ? v->p : "", v->n, how);
	default:
		return sqlite3_bind_null(stmt, i);
	}
}

enum tally_rc
sqlite_statement_start(struct sqlite_statement *s, sqlite3 *db,
    enum statement id, const struct engine_value *v, size_t n,
    struct tally_err *err)
{
	enum tally_rc rc = sqlite_statement_prepare(s, db, id, err);
	int result;

	if (rc != TALLY_OK)
		return rc;
	sqlite3_reset(s->stmt);
	assert((size_t)sqlite3_bind_parameter_count(s->stmt) == n);
	for (size_t i = 0; i < n; i++) {
		result = bind(s->stmt, (int)i + 1, &v[i]);
		if (result != SQLITE_OK)
			return sqlite_fail(db, result, text_of[id], err);
	}
	return TALLY_OK;
}

enum tally_rc
sqlite_statement_next(struct sqlite_statement *s, const char *path, bool *row,
    struct tally_err *err)
{
	sqlite3 *db = sqlite3_db_handle(s->stmt);
	int result = sqlite3_step(s->stmt);
	enum tally_rc rc = TALLY_OK;

	*row = result == SQLITE_ROW ||
	    (result == SQLITE_DONE && s->makes && sqlite3_changes(db) > 0);
	s->made = sqlite3_last_insert_rowid(db);
	if (result == SQLITE_ROW)
		return TALLY_OK;
	if (result != SQLITE_DONE)
		rc = sqlite_fail(db, result, path, err);
	sqlite3_reset(s->stmt);
	return rc;
}
