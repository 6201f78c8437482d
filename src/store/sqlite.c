/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite engine.
 *
 * An I/O error at a commit leaves it unknown whether the transaction counts.
 * It is rolled back, and the connection is made anew at the next begin, so
 * that nothing is believed that was only in the cache.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <stdio.h>

#define PATIENCE_MS 30000 /* then TALLY_TEMP; a commit takes a second */

struct sqlite {
	struct engine engine; /* first: an engine is a sqlite */
	sqlite3 *db;
	struct sqlite_statement statements[STATEMENTS];
	struct sqlite_many many;
	struct sqlite_batch *batch;
	struct sqlite_rows *rows;
	const char *path; /* borrowed */
	enum store_mode mode;
	int patience;
	bool doubt; /* connect anew before the next transaction */
	struct sqlite_bulk bulk;
	struct sqlite_log *log; /* owned; null: it is not written */
	struct sqlite_script script;
};

static struct sqlite *
of(struct engine *e)
{
	return (struct sqlite *)e;
}

static enum tally_rc
once(struct sqlite *s, const char *sql, char value[32], struct tally_err *err)
{
	return sqlite_once(s->db, s->path, sql, value, err);
}

static void
disconnect(struct sqlite *s)
{
	if (s->batch != NULL)
		sqlite_batch_detach(s->batch);
	if (s->rows != NULL)
		sqlite_rows_detach(s->rows);
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(s->statements[i].stmt);
		s->statements[i].stmt = NULL;
	}
	sqlite_log_free(s->log);
	s->log = NULL;
	sqlite3_close(s->db);
	s->db = NULL;
	sqlite_bulk_close(&s->bulk);
}

static enum tally_rc
connect_db(struct sqlite *s, struct tally_err *err)
{
	enum tally_rc rc =
	    sqlite_connect(&s->db, s->path, s->mode, s->patience, err);

	if (rc == TALLY_OK && s->batch != NULL)
		rc = sqlite_many_attach(&s->many, s->db, err);
	if (rc == TALLY_OK && s->batch != NULL)
		rc = sqlite_batch_attach(s->batch, s->db, err);
	if (rc == TALLY_OK && s->mode != STORE_READ)
		rc = sqlite_log_new(&s->log, s->db, s->path, err);
	if (rc != TALLY_OK)
		disconnect(s);
	return rc;
}

static void
close_it(struct engine *e)
{
	struct sqlite *s = of(e);

	/* First: the last one to be closed ends the log, if it can write. */
	sqlite_script_close(&s->script);
	disconnect(s);
	sqlite_batch_free(s->batch);
	sqlite_rows_free(s->rows);
	tally_free(s);
}

static void
patience(struct engine *e, int ms)
{
	of(e)->patience = ms;
	sqlite3_busy_timeout(of(e)->db, ms);
}

static void
rollback(struct engine *e)
{
	struct sqlite *s = of(e);

	if (s->db == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_reset(s->statements[i].stmt);
	/* Some errors have ended the transaction already. */
	if (sqlite3_get_autocommit(s->db) == 0 &&
	    once(s, "ROLLBACK", NULL, NULL) != TALLY_OK)
		s->doubt = true;
}

static bool
active(struct engine *e)
{
	return of(e)->db != NULL && sqlite3_get_autocommit(of(e)->db) == 0;
}

static enum tally_rc
begin(struct engine *e, struct tally_err *err)
{
	struct sqlite *s = of(e);
	enum tally_rc rc;

	if (s->doubt || s->db == NULL) {
		disconnect(s);
		rc = connect_db(s, err);
		if (rc != TALLY_OK)
			return rc;
		s->doubt = false;
	}
	sqlite_rows_begin(s->rows);
	rc = sqlite_bulk_begin(&s->bulk, s->db, s->path, err);
	return rc != TALLY_OK
	    ? rc
	    : once(s, s->mode == STORE_READ ? "BEGIN" : "BEGIN IMMEDIATE", NULL,
		  err);
}

static enum tally_rc
commit(struct engine *e, struct tally_err *err)
{
	struct sqlite *s = of(e);
	enum tally_rc rc = TALLY_OK;

	/* A COMMIT without a transaction would hide that it was undone. */
	if (sqlite3_get_autocommit(s->db) != 0)
		return tally_err_set(err, TALLY_IO,
		    "an earlier error has undone the transaction");
	rc = once(s, "COMMIT", NULL, err);
	if (rc != TALLY_OK) {
		rollback(e);
		s->doubt = true;
	}
	return rc;
}

static enum tally_rc
savepoint(struct engine *e, struct tally_err *err)
{
	return once(of(e), "SAVEPOINT one", NULL, err);
}

static enum tally_rc
release(struct engine *e, struct tally_err *err)
{
	return once(of(e), "RELEASE one", NULL, err);
}

static void
undo(struct engine *e)
{
	/* Failing, it leaves no transaction, which the commit will notice. */
	if (sqlite3_get_autocommit(of(e)->db) == 0 &&
	    (once(of(e), "ROLLBACK TO one", NULL, NULL) != TALLY_OK ||
		once(of(e), "RELEASE one", NULL, NULL) != TALLY_OK))
		rollback(e);
}

static enum tally_rc
copy(struct engine *e, const char *path, struct tally_err *err)
{
	return sqlite_copy(of(e)->db, path, of(e)->patience, err);
}

static enum tally_rc
define(struct engine *e, const char *sql, struct tally_err *err)
{
	return once(of(e), sql, NULL, err);
}

static enum tally_rc
version(struct engine *e, int *out, struct tally_err *err)
{
	char value[32] = "";
	enum tally_rc rc = once(of(e), "PRAGMA user_version", value, err);

	*out = 0;
	for (const char *p = value; *p >= '0' && *p <= '9'; p++)
		*out = *out * 10 + (*p - '0');
	return rc;
}

static enum tally_rc
stamp(struct engine *e, int v, struct tally_err *err)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", v);
	return once(of(e), sql, NULL, err);
}

static void
prepare(struct engine *e, enum statement id)
{
	struct sqlite *s = of(e);
	struct tally_err ignored;

	if (s->db == NULL || s->batch == NULL)
		return;
	if (id == STATEMENTS)
		sqlite_batch_prepare(s->batch);
	else
		(void)sqlite_statement_prepare(
		    &s->statements[id], s->db, id, &ignored);
}

static enum tally_rc
start(struct engine *e, enum statement id, const struct engine_value *v,
    size_t n, struct tally_err *err)
{
	return sqlite_statement_start(
	    &of(e)->statements[id], of(e)->db, id, v, n, err);
}

static enum tally_rc
next(struct engine *e, enum statement id, bool *row, struct tally_err *err)
{
	return sqlite_statement_next(
	    &of(e)->statements[id], of(e)->path, row, err);
}

static void
finish(struct engine *e, enum statement id)
{
	sqlite3_reset(of(e)->statements[id].stmt);
	sqlite3_clear_bindings(of(e)->statements[id].stmt);
}

static enum tally_rc
many(struct engine *e, enum statement id, const struct engine_value *v,
    size_t width, size_t n, struct tally_err *err)
{
	struct sqlite *s = of(e);
	struct sqlite_statement *stmt = &s->statements[id];
	enum tally_rc rc =
	    sqlite_statement_start(stmt, s->db, id, NULL, 0, err);

	return rc == TALLY_OK
	    ? sqlite_many_run(&s->many, stmt, s->path, v, width, n, err)
	    : rc;
}

static int64_t
integer(struct engine *e, enum statement id, int column)
{
	const struct sqlite_statement *s = &of(e)->statements[id];

	return s->makes ? s->made : sqlite3_column_int64(s->stmt, column);
}

static struct tally_str
bytes(struct engine *e, enum statement id, int column)
{
	sqlite3_stmt *stmt = of(e)->statements[id].stmt;
	const void *p = sqlite3_column_blob(stmt, column);

	if (p == NULL)
		return tally_str("", 0);
	return tally_str(p, (size_t)sqlite3_column_bytes(stmt, column));
}

static const char *
text(struct engine *e, enum statement id, int column)
{
	return (const char *)sqlite3_column_text(
	    of(e)->statements[id].stmt, column);
}

static const char *
name_of(struct engine *e, enum statement id, int column)
{
	return sqlite3_column_name(of(e)->statements[id].stmt, column);
}

static int
width(struct engine *e, enum statement id)
{
	return sqlite3_column_count(of(e)->statements[id].stmt);
}

static enum tally_rc
load(struct engine *e, const struct engine_load *l, size_t n,
    struct tally_err *err)
{
	struct sqlite *s = of(e);
	enum tally_rc rc;

	assert(s->batch != NULL);
	sqlite_rows_loaded(s->rows, l, n);
	rc = sqlite_batch_load(s->batch, l, n, err);
	return rc == TALLY_OK
	    ? sqlite_bulk_loaded(&s->bulk, s->db, s->path, l, n, err)
	    : rc;
}

static enum tally_rc
unload(struct engine *e, int64_t document, struct tally_err *err)
{
	return sqlite_rows_remove(of(e)->rows, of(e)->db, document, err);
}

static enum tally_rc
read_rows(struct engine *e, int64_t document, struct tally_buf *out,
    struct tally_err *err)
{
	return sqlite_rows_read(of(e)->rows, of(e)->db, document, out, err);
}

static enum tally_rc
json(struct engine *e, int64_t document, const struct store_script *script,
    struct tally_buf *out, struct tally_err *err)
{
	struct sqlite *s = of(e);

	if (script == NULL)
		return sqlite_json(s->db, s->rows, document, out, err);
	return sqlite_script_run(&s->script, s->db, sqlite_rows_model(s->rows),
	    document, script, out, err);
}

static enum tally_rc
prior(struct engine *e, const struct engine_load *l, size_t n, int64_t *out,
    struct tally_err *err)
{
	assert(of(e)->batch != NULL);
	return sqlite_batch_prior(of(e)->batch, l, n, out, err);
}

static const struct engine_methods methods = {
	.close = close_it,
	.patience = patience,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.active = active,
	.savepoint = savepoint,
	.release = release,
	.undo = undo,
	.copy = copy,
	.define = define,
	.version = version,
	.stamp = stamp,
	.prepare = prepare,
	.start = start,
	.next = next,
	.finish = finish,
	.many = many,
	.integer = integer,
	.bytes = bytes,
	.text = text,
	.name = name_of,
	.width = width,
	.load = load,
	.unload = unload,
	.read = read_rows,
	.json = json,
	.prior = prior,
};

enum tally_rc
engine_sqlite_open(struct engine **out, const char *path, enum store_mode mode,
    const struct tally_model *model, struct tally_err *err)
{
	struct sqlite *s = tally_calloc(1, sizeof(*s));
	enum tally_rc rc;

	if (s == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	s->engine.m = &methods;
	s->path = path;
	s->mode = mode;
	s->patience = PATIENCE_MS;
	s->bulk.log = -1;
	rc = mode != STORE_READ ? sqlite_batch_new(&s->batch, model, err)
				: TALLY_OK;
	if (rc == TALLY_OK)
		rc = sqlite_rows_new(&s->rows, model, err);
	if (rc == TALLY_OK)
		rc = connect_db(s, err);
	if (rc != TALLY_OK) {
		close_it(&s->engine);
		return rc;
	}
	/* Made: from now on it is connected to like any other. */
	if (mode == STORE_CREATE)
		s->mode = STORE_WRITE;
	*out = &s->engine;
	return TALLY_OK;
}
