/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of one document as JSON, and those that a script makes of them.
 *
 * A script runs in a database in memory that has the model's tables, empty,
 * and the store beside it, which it can only read.
 */
#include "store/sqlite.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/load.h"

#define SQL_MAX  (64 * 1024)
#define URI_MAX  8192
#define PATIENCE 30000 /* ms, with a busy store */

/* Rows of one table. */
struct rows {
	const struct tally_table *table;
	sqlite3_stmt *stmt;
	int64_t mask; /* of ids: the row's number in its document */
};

static bool
is_reference(const struct tally_table *t, const char *name)
{
	for (uint16_t i = 0; i < t->nreference; i++)
		if (strcmp(t->reference[i].name, name) == 0)
			return true;
	return false;
}

static void
put_column(struct tally_buf *out, const struct rows *r, int k)
{
	const char *name = sqlite3_column_name(r->stmt, k);
	int column = tally_table_column(r->table, tally_cstr(name));
	const char *text;

	if (sqlite3_column_type(r->stmt, k) == SQLITE_NULL)
		return;
	if (is_reference(r->table, name)) {
		tally_text_key(out, name);
		tally_buf_printf(out, "%lld",
		    (long long)(sqlite3_column_int64(r->stmt, k) & r->mask));
	}
	if (column < 0)
		return; /* not of this model */
	text = (const char *)sqlite3_column_text(r->stmt, k);
	tally_text_key(out, name);
	if (r->table->column[column].type == TALLY_INTEGER &&
	    sqlite3_column_type(r->stmt, k) == SQLITE_INTEGER)
		tally_buf_puts(out, text);
	else
		tally_text_json(out, tally_cstr(text));
}

static void
put_row(struct tally_buf *out, const struct rows *r)
{
	int64_t id = sqlite3_column_int64(r->stmt, 0);

	tally_buf_printf(out, "{\"id\":%lld",
	    r->table->head ? 0LL : (long long)(id & r->mask));
	for (int k = 2; k < sqlite3_column_count(r->stmt); k++)
		put_column(out, r, k);
	tally_buf_putc(out, '}');
}

static enum tally_rc
put_table(sqlite3 *db, struct rows *r, struct tally_buf *out, bool *any,
    struct tally_err *err)
{
	bool first = true;
	int result;

	while ((result = sqlite3_step(r->stmt)) == SQLITE_ROW) {
		if (first)
			tally_buf_printf(
			    out, "%s\"%s\":[", *any ? "," : "", r->table->name);
		else
			tally_buf_putc(out, ',');
		put_row(out, r);
		first = false;
	}
	if (!first)
		tally_buf_putc(out, ']');
	*any |= !first;
	return result == SQLITE_DONE
	    ? TALLY_OK
	    : sqlite_fail(db, result, r->table->name, err);
}

static enum tally_rc
put_document(sqlite3 *db, struct sqlite_rows *rows, int64_t document,
    struct tally_buf *out, struct tally_err *err)
{
	const struct tally_model *model = sqlite_rows_model(rows);
	struct rows r = { .mask = TALLY_ROWS_MAX - 1 };
	bool any = false;
	enum tally_rc rc = TALLY_OK;

	tally_buf_putc(out, '{');
	for (uint16_t i = 0; i < model->ntable && rc == TALLY_OK; i++) {
		r.table = &model->table[i];
		rc = sqlite_rows_start(rows, db, i, document, &r.stmt, err);
		if (rc != TALLY_OK || r.stmt == NULL)
			continue;
		rc = put_table(db, &r, out, &any, err);
		sqlite3_reset(r.stmt);
	}
	tally_buf_putc(out, '}');
	return rc;
}

/* All rows of all tables. */
static enum tally_rc
put_all(sqlite3 *db, const struct tally_model *model, struct tally_buf *out,
    struct tally_err *err)
{
	struct rows r = { .mask = INT64_MAX };
	char sql[256];
	bool any = false;
	enum tally_rc rc = TALLY_OK;
	int result;

	tally_buf_putc(out, '{');
	for (uint16_t i = 0; i < model->ntable && rc == TALLY_OK; i++) {
		r.table = &model->table[i];
		snprintf(sql, sizeof(sql),
		    "SELECT * FROM main.\"%s\" ORDER BY id", r.table->name);
		result = sqlite3_prepare_v2(db, sql, -1, &r.stmt, NULL);
		if (result != SQLITE_OK)
			return sqlite_fail(db, result, r.table->name, err);
		rc = put_table(db, &r, out, &any, err);
		sqlite3_finalize(r.stmt);
	}
	tally_buf_putc(out, '}');
	return rc;
}

/* --- scripts --- */

struct script {
	sqlite3 *db;
	const struct store_script *script;
	struct tally_err *err;
};

static enum tally_rc
execute(struct script *s, const char *sql)
{
	int result = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return result == SQLITE_OK
	    ? TALLY_OK
	    : sqlite_fail(s->db, result, s->script->file, s->err);
}

/* "file:…?mode=ro"; false when it is too long. */
static bool
make_uri(char *to, size_t size, const char *path)
{
	size_t n = (size_t)snprintf(to, size, "file:");

	for (; *path != '\0' && n + 16 < size; path++)
		if (strchr("%?#", *path) != NULL)
			n += (size_t)snprintf(to + n, size - n, "%%%02x",
			    (unsigned)(unsigned char)*path);
		else
			to[n++] = *path;
	snprintf(to + n, size - n, "?mode=ro");
	return *path == '\0';
}

static enum tally_rc
attach(struct script *s, const char *path)
{
	char uri[URI_MAX];
	sqlite3_stmt *stmt = NULL;
	int result;

	if (!make_uri(uri, sizeof(uri), path))
		return tally_err_set(
		    s->err, TALLY_CONFIG, "%.60s: the path is too long", path);
	result =
	    sqlite3_prepare_v2(s->db, "ATTACH $1 AS store", -1, &stmt, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_bind_text(stmt, 1, uri, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return result == SQLITE_DONE ? TALLY_OK
				     : sqlite_fail(s->db, result, path, s->err);
}

static enum tally_rc
make_tables(struct script *s, const struct tally_model *model)
{
	const struct tally_table *t;
	struct tally_buf sql;
	enum tally_rc rc = TALLY_OK;

	tally_buf_init(&sql, SQL_MAX);
	for (uint16_t i = 0; i < model->ntable && rc == TALLY_OK; i++) {
		t = &model->table[i];
		tally_buf_reset(&sql);
		tally_buf_printf(&sql,
		    "CREATE TABLE \"%s\" (id INTEGER PRIMARY KEY,"
		    " document_id INTEGER",
		    t->name);
		for (uint16_t k = 0; k < t->nreference; k++)
			tally_buf_printf(
			    &sql, ",\"%s\" INTEGER", t->reference[k].name);
		for (uint16_t k = 0; k < t->ncolumn; k++)
			tally_buf_printf(&sql, ",\"%s\" %s", t->column[k].name,
			    t->column[k].type == TALLY_INTEGER ? "INTEGER"
							       : "TEXT");
		tally_buf_puts(&sql, ")");
		tally_buf_putc(&sql, '\0');
		rc = sql.failed
		    ? tally_err_set(s->err, TALLY_NOMEM,
			  "no memory for the tables of %s", s->script->file)
		    : execute(s, sql.p);
	}
	tally_buf_free(&sql);
	return rc;
}

/* A script cannot reach beyond the two databases, nor change how they work. */
static int
allowed(void *ctx, int action, const char *a, const char *b, const char *db,
    const char *trigger)
{
	(void)ctx;
	(void)a;
	(void)b;
	(void)db;
	(void)trigger;
	return action == SQLITE_ATTACH || action == SQLITE_DETACH ||
		action == SQLITE_PRAGMA
	    ? SQLITE_DENY
	    : SQLITE_OK;
}

static enum tally_rc
wrong(struct script *s, const char *at)
{
	uint32_t line = 1;

	while (at > s->script->text.p && strchr(" \t\r\n", *at) != NULL &&
	    *at != '\0')
		at++;
	for (const char *p = s->script->text.p; p < at; p++)
		line += *p == '\n';
	return tally_err_set(s->err, TALLY_CONFIG,
	    "%s:%u: %s; this is about the statement that begins here",
	    s->script->file, line, sqlite3_errmsg(s->db));
}

/* One statement, of which *at is the beginning and then the end. */
static enum tally_rc
statement(struct script *s, const char **at, int64_t document)
{
	const char *end = s->script->text.p + s->script->text.n, *next;
	sqlite3_stmt *stmt = NULL;
	int result, k;

	result = sqlite3_prepare_v2(s->db, *at, (int)(end - *at), &stmt, &next);
	if (result == SQLITE_OK && stmt != NULL) {
		k = sqlite3_bind_parameter_index(stmt, ":document");
		if (k > 0)
			sqlite3_bind_int64(stmt, k, document);
		do
			result = sqlite3_step(stmt);
		while (result == SQLITE_ROW);
	}
	if (result != SQLITE_OK && result != SQLITE_DONE) {
		enum tally_rc rc = wrong(s, *at);

		sqlite3_finalize(stmt);
		return rc;
	}
	sqlite3_finalize(stmt);
	*at = next;
	return TALLY_OK;
}

static enum tally_rc
run_script(const char *path, const struct tally_model *model, int64_t document,
    const struct store_script *script, struct tally_buf *out,
    struct tally_err *err)
{
	struct script s = { .script = script, .err = err };
	const char *at = script->text.p, *end = at + script->text.n;
	enum tally_rc rc = TALLY_OK;
	int result, off = 0;

	result = sqlite3_open_v2(":memory:", &s.db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI |
		SQLITE_OPEN_NOMUTEX,
	    NULL);
	if (result != SQLITE_OK)
		rc = sqlite_fail(s.db, result, script->file, err);
	if (rc == TALLY_OK) {
		sqlite3_busy_timeout(s.db, PATIENCE);
		sqlite3_db_config(
		    s.db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &off);
		rc = attach(&s, path);
	}
	if (rc == TALLY_OK)
		rc = make_tables(&s, model);
	if (rc == TALLY_OK)
		sqlite3_set_authorizer(s.db, allowed, NULL);
	while (rc == TALLY_OK && at < end)
		rc = statement(&s, &at, document);
	sqlite3_set_authorizer(s.db, NULL, NULL);
	if (rc == TALLY_OK)
		rc = put_all(s.db, model, out, err);
	sqlite3_close(s.db);
	return rc;
}

enum tally_rc
sqlite_json(sqlite3 *db, struct sqlite_rows *rows, int64_t document,
    const struct store_script *script, struct tally_buf *out,
    struct tally_err *err)
{
	if (script == NULL)
		return put_document(db, rows, document, out, err);
	return run_script(sqlite3_db_filename(db, "main"),
	    sqlite_rows_model(rows), document, script, out, err);
}
