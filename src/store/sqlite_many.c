/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of values as a read-only virtual table, held_rows, so that one statement
 * takes them all: see sqlite_batch.c, which does the same for records.  A
 * column that a row does not have is NULL.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <stdio.h>

#define COLUMNS 25

struct table {
	sqlite3_vtab base;
	const struct sqlite_many *many;
};

struct cursor {
	sqlite3_vtab_cursor base;
	const struct engine_value *v; /* of the row */
	size_t i;
};

static const struct sqlite_many *
many_of(sqlite3_vtab_cursor *c)
{
	return ((struct table *)c->pVtab)->many;
}

static int
x_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx, int column)
{
	const struct engine_value *v =
	    &((struct cursor *)base)->v[(size_t)column];

	if ((size_t)column >= many_of(base)->width)
		return SQLITE_OK; /* a result that is not set is NULL */
	switch (v->kind) {
	case ENGINE_INTEGER:
		sqlite3_result_int64(ctx, v->integer);
		break;
	case ENGINE_TEXT:
		sqlite3_result_text64(ctx, v->n != 0 ? v->p : "", v->n,
		    SQLITE_STATIC, SQLITE_UTF8);
		break;
	case ENGINE_BLOB:
		sqlite3_result_blob64(
		    ctx, v->n != 0 ? v->p : "", v->n, SQLITE_STATIC);
		break;
	default:
		break;
	}
	return SQLITE_OK;
}

static int
x_filter(sqlite3_vtab_cursor *base, int n, const char *text, int argc,
    sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;

	(void)n, (void)text, (void)argc, (void)argv;
	c->i = 0;
	c->v = many_of(base)->v;
	return SQLITE_OK;
}

static int
x_next(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	c->i++;
	c->v += many_of(base)->width;
	return SQLITE_OK;
}

static int
x_eof(sqlite3_vtab_cursor *base)
{
	return ((struct cursor *)base)->i >= many_of(base)->n;
}

static int
x_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	*id = (sqlite3_int64)((struct cursor *)base)->i;
	return SQLITE_OK;
}

static int
x_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	(void)t;
	return sqlite_table_open(out, sizeof(struct cursor));
}

static int
x_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    sqlite3_vtab **out, char **message)
{
	char sql[32 + 8 * COLUMNS];
	struct table *t;
	int n = snprintf(sql, sizeof(sql), "CREATE TABLE x (c1"), result;

	(void)argc, (void)argv, (void)message;
	for (int i = 2; i <= COLUMNS; i++)
		n += snprintf(sql + n, sizeof(sql) - (size_t)n, ", c%d", i);
	snprintf(sql + n, sizeof(sql) - (size_t)n, ")");
	result = sqlite3_declare_vtab(db, sql);
	if (result != SQLITE_OK)
		return result;
	t = tally_calloc(1, sizeof(*t));
	if (t == NULL)
		return SQLITE_NOMEM;
	t->many = aux;
	*out = &t->base;
	return SQLITE_OK;
}

/* No xCreate: it is there under its name, without being made. */
static const sqlite3_module module = {
	.xConnect = x_connect,
	.xBestIndex = sqlite_table_plan,
	.xDisconnect = sqlite_table_disconnect,
	.xOpen = x_open,
	.xClose = sqlite_table_close,
	.xFilter = x_filter,
	.xNext = x_next,
	.xEof = x_eof,
	.xColumn = x_column,
	.xRowid = x_rowid,
};

enum tally_rc
sqlite_many_attach(struct sqlite_many *m, sqlite3 *db, struct tally_err *err)
{
	int result = sqlite3_create_module(db, "held_rows", &module, m);

	return result == SQLITE_OK ? TALLY_OK
				   : sqlite_fail(db, result, "held_rows", err);
}

enum tally_rc
sqlite_many_run(struct sqlite_many *m, struct sqlite_statement *s,
    const char *path, const struct engine_value *v, size_t width, size_t n,
    struct tally_err *err)
{
	enum tally_rc rc;
	bool row;

	assert(width <= COLUMNS);
	*m = (struct sqlite_many){ v, width, n };
	rc = sqlite_statement_next(s, path, &row, err);
	sqlite3_reset(s->stmt);
	*m = (struct sqlite_many){ .n = 0 };
	return rc;
}
