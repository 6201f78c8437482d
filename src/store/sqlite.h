/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SQLite engine share. */
#ifndef TALLYMAN_STORE_SQLITE_H
#define TALLYMAN_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/engine.h"

struct sqlite_batch;

/* sqlite_memory.c: has SQLite take its memory from there; false when it is
 * running already, or a tool looks at how memory is used. */
bool sqlite_memory(void);

/* Fills *err from the connection's last error and a result code. */
enum tally_rc sqlite_fail(
    sqlite3 *, int result, const char *doing, struct tally_err *);

/* Runs a statement that is needed once; value, unless null, is its first
 * column.  path is that of the store, for an error. */
enum tally_rc sqlite_once(sqlite3 *, const char *path, const char *sql,
    char value[32], struct tally_err *) TALLY_MUST_USE;

/* Connects, and has it sync as it must; *out is to be closed, also where that
 * fails.  The file must be a tallyman's; in CREATE mode it is empty, and is
 * marked as one. */
enum tally_rc sqlite_connect(sqlite3 **out, const char *path, enum store_mode,
    int patience, struct tally_err *) TALLY_MUST_USE;

/* A statement of statements.def, prepared when it is first started, or before.
 */
struct sqlite_statement {
	sqlite3_stmt *stmt; /* owned by who has the connection */
	bool makes;         /* its only column is the id of the row it makes */
	int64_t made;       /* that id */
};
enum tally_rc sqlite_statement_prepare(
    struct sqlite_statement *, sqlite3 *, enum statement, struct tally_err *);
enum tally_rc sqlite_statement_start(struct sqlite_statement *, sqlite3 *,
    enum statement, const struct engine_value *, size_t n, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc sqlite_statement_next(struct sqlite_statement *, const char *path,
    bool *row, struct tally_err *) TALLY_MUST_USE;

/* sqlite_table.c: what virtual tables have in common whose rows are in memory
 * and are gone through one after the other; theirs is what is freed. */
int sqlite_table_plan(sqlite3_vtab *, sqlite3_index_info *);
/* A cursor of so many bytes, which it begins. */
int sqlite_table_open(sqlite3_vtab_cursor **, size_t size);
int sqlite_table_close(sqlite3_vtab_cursor *);
int sqlite_table_disconnect(sqlite3_vtab *);

/* The rows that a statement takes at once, while it runs; attached to each
 * connection.  It stays where it is as long as that is open. */
struct sqlite_many {
	const struct engine_value *v;
	size_t width, n;
};
enum tally_rc sqlite_many_attach(
    struct sqlite_many *, sqlite3 *, struct tally_err *) TALLY_MUST_USE;
/* Runs a statement that is started. */
enum tally_rc sqlite_many_run(struct sqlite_many *, struct sqlite_statement *,
    const char *path, const struct engine_value *, size_t width, size_t n,
    struct tally_err *) TALLY_MUST_USE;

/* The virtual tables of a model.  The model is borrowed. */
enum tally_rc sqlite_batch_new(struct sqlite_batch **,
    const struct tally_model *, struct tally_err *) TALLY_MUST_USE;
void sqlite_batch_free(struct sqlite_batch *);
/* Makes them known to a connection; detach before that is closed. */
enum tally_rc sqlite_batch_attach(
    struct sqlite_batch *, sqlite3 *, struct tally_err *) TALLY_MUST_USE;
void sqlite_batch_detach(struct sqlite_batch *);

/* sqlite_bulk.c: much that is loaded in one transaction. */
struct sqlite_bulk {
	int log;       /* the log's file, or -1: SQLite has no locks in it */
	size_t loaded; /* bytes of rows since the log was pushed out */
	bool
	    looked; /* whether the store is a great one, until the next begin */
	bool roomy; /* there is room for many pages, until the next begin */
};
/* Before a transaction; behind each of its loads. */
enum tally_rc sqlite_bulk_begin(struct sqlite_bulk *, sqlite3 *,
    const char *path, struct tally_err *) TALLY_MUST_USE;
enum tally_rc sqlite_bulk_loaded(struct sqlite_bulk *, sqlite3 *,
    const char *path, const struct engine_load *, size_t n, struct tally_err *)
    TALLY_MUST_USE;
/* How much room a connection has for pages; it begins with the little one. */
enum tally_rc sqlite_bulk_room(
    sqlite3 *, const char *path, bool large, struct tally_err *) TALLY_MUST_USE;
/* Before the connection is closed. */
void sqlite_bulk_close(struct sqlite_bulk *);

/* sqlite_log.c: copies the log of a connection that writes into the store, by
 * a thread, which is made when it is first needed.  The path is borrowed.
 * Before the connection is closed free waits for the thread, and ends it. */
struct sqlite_log;
enum tally_rc sqlite_log_new(struct sqlite_log **, sqlite3 *, const char *path,
    struct tally_err *) TALLY_MUST_USE;
void sqlite_log_free(struct sqlite_log *); /* null: does nothing */

/* The records of single documents.  The model is borrowed; detach before the
 * connection is closed.  It is told where a transaction begins, and what is
 * loaded in it. */
struct sqlite_rows;
enum tally_rc sqlite_rows_new(struct sqlite_rows **, const struct tally_model *,
    struct tally_err *) TALLY_MUST_USE;
void sqlite_rows_free(struct sqlite_rows *);
void sqlite_rows_detach(struct sqlite_rows *);
const struct tally_model *sqlite_rows_model(const struct sqlite_rows *);
void sqlite_rows_begin(struct sqlite_rows *);
void sqlite_rows_loaded(
    struct sqlite_rows *, const struct engine_load *, size_t n);
/* The document's rows in a table, all columns, in their order: a statement to
 * be stepped and reset.  Null where there are none for certain. */
enum tally_rc sqlite_rows_start(struct sqlite_rows *, sqlite3 *, uint16_t table,
    int64_t document, sqlite3_stmt **, struct tally_err *) TALLY_MUST_USE;
enum tally_rc sqlite_rows_remove(struct sqlite_rows *, sqlite3 *,
    int64_t document, struct tally_err *) TALLY_MUST_USE;
enum tally_rc sqlite_rows_read(struct sqlite_rows *, sqlite3 *,
    int64_t document, struct tally_buf *, struct tally_err *) TALLY_MUST_USE;
/* Which of a model's tables have rows now.  The statement that asks is null at
 * first, and is finalized by the caller. */
enum tally_rc sqlite_rows_some(sqlite3_stmt **ask, sqlite3 *,
    const struct tally_model *, bool *some, struct tally_err *) TALLY_MUST_USE;

/* The records of a document as JSON, with their numbers in the document. */
enum tally_rc sqlite_json(sqlite3 *, struct sqlite_rows *, int64_t document,
    struct tally_buf *, struct tally_err *) TALLY_MUST_USE;
/* What a statement gives of one table, behind a comma where there is any; mask
 * is what counts of an id.  The statement is reset. */
enum tally_rc sqlite_json_table(sqlite3 *, const struct tally_table *,
    sqlite3_stmt *, int64_t mask, struct tally_buf *, bool *any,
    struct tally_err *) TALLY_MUST_USE;

/* The same of what a script makes of the document, beside the store.
 * All zero: nothing is kept yet; one is for one store and model. */
struct sqlite_script {
	sqlite3 *db;       /* null: not open; all are owned */
	sqlite3_stmt *ask; /* which tables have rows */
	bool *some;        /* room for that */
	bool runs;         /* what is done is a script's */
	bool more;         /* one did what is not cleared away */
};
enum tally_rc sqlite_script_run(struct sqlite_script *, sqlite3 *store,
    const struct tally_model *, int64_t document, const struct store_script *,
    struct tally_buf *, struct tally_err *) TALLY_MUST_USE;
void sqlite_script_close(struct sqlite_script *);

/* A copy as it is now, into an empty file; others may write meanwhile. */
enum tally_rc sqlite_copy(sqlite3 *, const char *path, int patience,
    struct tally_err *) TALLY_MUST_USE;

/* Prepares what it runs for documents, if that goes. */
void sqlite_batch_prepare(struct sqlite_batch *);
enum tally_rc sqlite_batch_load(struct sqlite_batch *,
    const struct engine_load *, size_t n, struct tally_err *) TALLY_MUST_USE;
enum tally_rc sqlite_batch_prior(struct sqlite_batch *,
    const struct engine_load *, size_t n, int64_t *prior, struct tally_err *)
    TALLY_MUST_USE;

/* sqlite_keys.c: of each document that is shown, the newest one before that
 * has its key, as engine_methods has it; a result code. */
struct sqlite_keys {
	sqlite3_stmt *among, *each; /* null: not needed yet */
};
struct load_keys;
int sqlite_keys_prior(
    struct sqlite_keys *, sqlite3 *, const struct load_keys *, int64_t *prior);
int sqlite_keys_prepare(struct sqlite_keys *, sqlite3 *);
void sqlite_keys_detach(struct sqlite_keys *);

#endif
