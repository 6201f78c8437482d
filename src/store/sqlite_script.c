/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that a script makes of a document's.
 *
 * A script runs in a database in memory that has the model's tables, empty,
 * and the store beside it, which it can only read.  To open that takes longer
 * than most scripts do, so it is kept for the next document, without rows and
 * temporary tables; not where a script did other things than with these.
 */
#include "store/sqlite.h"

#include <stdio.h>
#include <string.h>

#define SQL_MAX  (64 * 1024)
#define URI_MAX  8192
#define PATIENCE 30000 /* ms, with a busy store */

/* One run. */
struct script {
	struct sqlite_script *in;
	sqlite3 *db;
	const struct store_script *script;
	struct tally_err *err;
};

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
		    : sqlite_once(s->db, s->script->file, sql.p, NULL, s->err);
	}
	tally_buf_free(&sql);
	return rc;
}

/* What leaves nothing behind that would not be cleared away. */
static bool
is_harmless(int action)
{
	static const int those[] = { SQLITE_SELECT, SQLITE_READ, SQLITE_INSERT,
		SQLITE_UPDATE, SQLITE_DELETE, SQLITE_FUNCTION, SQLITE_RECURSIVE,
		SQLITE_CREATE_TEMP_TABLE, SQLITE_CREATE_TEMP_INDEX,
		SQLITE_CREATE_TEMP_VIEW, SQLITE_DROP_TEMP_TABLE,
		SQLITE_DROP_TEMP_INDEX, SQLITE_DROP_TEMP_VIEW };

	for (size_t i = 0; i < sizeof(those) / sizeof(those[0]); i++)
		if (action == those[i])
			return true;
	return false;
}

/* A script cannot reach beyond the two databases, nor change how they work. */
static int
allowed(void *ctx, int action, const char *a, const char *b, const char *db,
    const char *trigger)
{
	struct sqlite_script *in = ctx;

	(void)a;
	(void)b;
	(void)db;
	(void)trigger;
	if (!in->runs)
		return SQLITE_OK;
	in->more |= !is_harmless(action);
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

static void
bind(sqlite3_stmt *stmt, const char *name, int64_t value)
{
	int k = sqlite3_bind_parameter_index(stmt, name);

	if (k > 0)
		sqlite3_bind_int64(stmt, k, value);
}

/* One statement, of which *at is the beginning and then the end. */
static enum tally_rc
statement(struct script *s, const char **at, int64_t document)
{
	const char *end = s->script->text.p + s->script->text.n, *next;
	sqlite3_stmt *stmt = NULL;
	int result;

	result = sqlite3_prepare_v2(s->db, *at, (int)(end - *at), &stmt, &next);
	if (result == SQLITE_OK && stmt != NULL) {
		bind(stmt, ":document", document);
		bind(stmt, ":first", document << TALLY_ROW_BITS);
		bind(stmt, ":last", ((document + 1) << TALLY_ROW_BITS) - 1);
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

void
sqlite_script_close(struct sqlite_script *in)
{
	sqlite3_finalize(in->ask);
	sqlite3_close(in->db);
	tally_free(in->some);
	*in = (struct sqlite_script){ .db = NULL };
}

static enum tally_rc
open_it(struct script *s, const char *path, const struct tally_model *model)
{
	struct sqlite_script *in = s->in;
	int result, off = 0;
	enum tally_rc rc;

	in->some = tally_calloc(model->ntable, sizeof(*in->some));
	if (in->some == NULL)
		return tally_err_set(s->err, TALLY_NOMEM, "no memory");
	result = sqlite3_open_v2(":memory:", &in->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI |
		SQLITE_OPEN_NOMUTEX,
	    NULL);
	s->db = in->db;
	if (result != SQLITE_OK)
		return sqlite_fail(s->db, result, s->script->file, s->err);
	sqlite3_busy_timeout(s->db, PATIENCE);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &off);
	sqlite3_set_authorizer(s->db, allowed, in);
	rc = attach(s, path);
	return rc == TALLY_OK ? make_tables(s, model) : rc;
}

static enum tally_rc
take_table(struct script *s, const struct tally_table *t, struct tally_buf *out,
    bool *any)
{
	sqlite3_stmt *stmt = NULL;
	char sql[256];
	enum tally_rc rc;
	int result;

	snprintf(
	    sql, sizeof(sql), "SELECT * FROM main.\"%s\" ORDER BY id", t->name);
	result = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
	if (result != SQLITE_OK)
		return sqlite_fail(s->db, result, t->name, s->err);
	rc = sqlite_json_table(s->db, t, stmt, INT64_MAX, out, any, s->err);
	sqlite3_finalize(stmt);
	snprintf(sql, sizeof(sql), "DELETE FROM main.\"%s\"", t->name);
	return rc == TALLY_OK
	    ? sqlite_once(s->db, s->script->file, sql, NULL, s->err)
	    : rc;
}

/* The rows of all tables, which are empty afterwards. */
static enum tally_rc
take(struct script *s, const struct tally_model *model, struct tally_buf *out)
{
	struct sqlite_script *in = s->in;
	bool any = false;
	enum tally_rc rc;

	rc = sqlite_rows_some(&in->ask, s->db, model, in->some, s->err);
	tally_buf_putc(out, '{');
	for (uint16_t i = 0; i < model->ntable && rc == TALLY_OK; i++)
		if (in->some[i])
			rc = take_table(s, &model->table[i], out, &any);
	tally_buf_putc(out, '}');
	return rc;
}

/* Removes the temporary tables and views that the script has made. */
static enum tally_rc
clear(struct script *s)
{
	static const char next[] =
	    "SELECT printf('DROP %s temp.\"%w\"', type, name)"
	    " FROM temp.sqlite_schema WHERE type IN ('table', 'view')"
	    " AND name NOT GLOB 'sqlite_*' LIMIT 1";
	enum tally_rc rc = TALLY_OK;
	int result;

	do {
		sqlite3_stmt *stmt = NULL;
		char *drop = NULL;

		result = sqlite3_prepare_v2(s->db, next, -1, &stmt, NULL);
		if (result == SQLITE_OK)
			result = sqlite3_step(stmt);
		if (result == SQLITE_ROW)
			drop = sqlite3_mprintf(
			    "%s", (const char *)sqlite3_column_text(stmt, 0));
		sqlite3_finalize(stmt);
		if (drop != NULL)
			rc = sqlite_once(
			    s->db, s->script->file, drop, NULL, s->err);
		else if (result != SQLITE_DONE)
			rc =
			    sqlite_fail(s->db, result, s->script->file, s->err);
		sqlite3_free(drop);
	} while (rc == TALLY_OK && result == SQLITE_ROW);
	return rc;
}

enum tally_rc
sqlite_script_run(struct sqlite_script *in, sqlite3 *store,
    const struct tally_model *model, int64_t document,
    const struct store_script *script, struct tally_buf *out,
    struct tally_err *err)
{
	struct script s = {
		.in = in, .db = in->db, .script = script, .err = err
	};
	const char *at = script->text.p, *end = at + script->text.n;
	enum tally_rc rc = TALLY_OK;

	if (in->db == NULL)
		rc = open_it(&s, sqlite3_db_filename(store, "main"), model);
	if (rc == TALLY_OK)
		sqlite3_set_last_insert_rowid(s.db, 0);
	in->runs = true;
	while (rc == TALLY_OK && at < end)
		rc = statement(&s, &at, document);
	in->runs = false;
	if (rc == TALLY_OK)
		rc = take(&s, model, out);
	if (rc == TALLY_OK && !in->more)
		rc = clear(&s);
	if (rc != TALLY_OK || in->more)
		sqlite_script_close(in);
	return rc;
}
