/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting to a store of SQLite's.
 *
 * A connection that writes is in WAL mode with synchronous FULL, which is
 * looked at after it was set: with less, a power cut loses what a commit
 * promised.  Pages have 16 KiB and memory statistics are off, for speed; the
 * handle has no mutex, since a store belongs to one thread.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/plant.h"

#define APPLICATION 0x74616c79 /* "taly": the file is a tallyman's store */
#define PAGE_BYTES  "16384"

struct connecting {
	sqlite3 *db;
	const char *path;
	enum store_mode mode;
};

enum tally_rc
sqlite_fail(sqlite3 *db, int result, const char *doing, struct tally_err *err)
{
	const char *why =
	    db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(result);

	switch (result & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return tally_err_set(err, TALLY_TEMP,
		    "%s: another process holds the store (%s); try again",
		    doing, why);
	case SQLITE_FULL:
		return tally_err_set(err, TALLY_TEMP,
		    "%s: no room on the store's disk (%s); make room", doing,
		    why);
	case SQLITE_NOMEM:
		return tally_err_set(err, TALLY_NOMEM, "%s: no memory", doing);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return tally_err_set(err, TALLY_PERM,
		    "%s: the store cannot be written (%s); look at the owner "
		    "and mode of tallyman.db and its folder",
		    doing, why);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return tally_err_set(err, TALLY_IO,
		    "%s: the store is damaged (%s); restore a backup", doing,
		    why);
	default:
		return tally_err_set(err, TALLY_IO, "%s: %s", doing, why);
	}
}

enum tally_rc
sqlite_once(sqlite3 *db, const char *path, const char *sql, char value[32],
    struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	sqlite3_stmt *stmt = NULL;
	int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(stmt);
	if (result == SQLITE_ROW && value != NULL)
		snprintf(value, 32, "%s",
		    (const char *)sqlite3_column_text(stmt, 0));
	while (result == SQLITE_ROW)
		result = sqlite3_step(stmt);
	if (result != SQLITE_DONE)
		rc = sqlite_fail(db, result, path, err);
	sqlite3_finalize(stmt);
	return rc;
}

static enum tally_rc
once(const struct connecting *c, const char *sql, char value[32],
    struct tally_err *err)
{
	return sqlite_once(c->db, c->path, sql, value, err);
}

/* Sets a pragma and makes sure that it is set. */
static enum tally_rc
insist(const struct connecting *c, const char *set, const char *ask,
    const char *want, struct tally_err *err)
{
	char got[32] = "";
	enum tally_rc rc = once(c, set, NULL, err);

	if (rc == TALLY_OK)
		rc = once(c, ask, got, err);
	if (rc == TALLY_OK && strcmp(got, want) != 0)
		rc = tally_err_set(err, TALLY_IO,
		    "SQLite answers \"%s\" to \"%s\", \"%s\" is needed: a "
		    "power cut could lose orders; is the workspace on a "
		    "network file system?",
		    got, ask, want);
	return rc;
}

static enum tally_rc
configure(const struct connecting *c, struct tally_err *err)
{
	enum tally_rc rc;

	if (c->mode != STORE_READ) {
		rc = insist(c, "PRAGMA journal_mode = WAL",
		    "PRAGMA journal_mode", "wal", err);
		if (rc != TALLY_OK)
			return rc;
	}
	rc = insist(
	    c, "PRAGMA synchronous = FULL", "PRAGMA synchronous", "2", err);
	if (rc == TALLY_OK && PLANTED(SYNCHRONOUS))
		rc = once(c, "PRAGMA synchronous = NORMAL", NULL, err);
	if (rc == TALLY_OK)
		rc = insist(c, "PRAGMA foreign_keys = ON",
		    "PRAGMA foreign_keys", "1", err);
	if (rc == TALLY_OK)
		rc = once(c, "PRAGMA temp_store = MEMORY", NULL, err);
	if (rc == TALLY_OK && c->mode != STORE_READ)
		rc = sqlite_bulk_room(c->db, c->path, false, err);
	return rc;
}

/* A file to make a store in holds nothing, or what a dead attempt left. */
static enum tally_rc
vacant(const struct connecting *c, struct tally_err *err)
{
	char tables[32] = "";

	if (once(c, "SELECT count(*) FROM sqlite_schema", tables, NULL) ==
		TALLY_OK &&
	    strcmp(tables, "0") == 0)
		return TALLY_OK;
	return tally_err_set(err, TALLY_CREATE,
	    "%s exists already; nothing was changed", c->path);
}

/* The file must be ours: in CREATE mode it is empty and is marked. */
static enum tally_rc
recognise(const struct connecting *c, struct tally_err *err)
{
	char id[32] = "", want[32], set[64];
	enum tally_rc rc;

	if (c->mode == STORE_CREATE) {
		rc = vacant(c, err);
		if (rc != TALLY_OK)
			return rc;
	}
	snprintf(want, sizeof(want), "%d", APPLICATION);
	if (c->mode == STORE_CREATE) {
		snprintf(set, sizeof(set), "PRAGMA application_id = %d",
		    APPLICATION);
		/* First of all: the first write settles the size of pages. */
		rc = once(c, "PRAGMA page_size = " PAGE_BYTES, NULL, err);
		return rc != TALLY_OK ? rc : once(c, set, NULL, err);
	}
	rc = once(c, "PRAGMA application_id", id, err);
	if (rc == TALLY_OK && strcmp(id, want) != 0)
		rc = tally_err_set(err, TALLY_CONFIG,
		    "%s is not a store of tallyman's; make one with "
		    "\"tallyman init\"",
		    c->path);
	return rc;
}

/* SQLite does not say why. */
static enum tally_rc
cannot_open(const struct connecting *c, struct tally_err *err)
{
	if (access(c->path, F_OK) != 0 && errno == ENOENT)
		return tally_err_at(err, TALLY_NOINPUT, c->path, 0,
		    "there is no store; restore a backup, or make a new "
		    "workspace with 'tallyman init DIR' and copy the "
		    "configuration into it");
	return tally_err_at(err, TALLY_PERM, c->path, 0,
	    "the store cannot be opened; give it and its folder to the user "
	    "who runs tallyman");
}

enum tally_rc
sqlite_connect(sqlite3 **out, const char *path, enum store_mode mode,
    int patience, struct tally_err *err)
{
	struct connecting c = { .path = path, .mode = mode };
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	int result, on = 0;
	enum tally_rc rc;

	/* Refused without harm when SQLite is running already. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite_memory();
	flags |=
	    mode == STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	result = sqlite3_open_v2(path, out, flags, NULL);
	c.db = *out;
	if (result != SQLITE_OK)
		return (result & 0xff) == SQLITE_CANTOPEN
		    ? cannot_open(&c, err)
		    : sqlite_fail(c.db, result, path, err);
	sqlite3_extended_result_codes(c.db, 1);
	sqlite3_busy_timeout(c.db, patience);
	sqlite3_db_config(c.db, SQLITE_DBCONFIG_DEFENSIVE, 1, &on);
	sqlite3_db_config(c.db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &on);
	sqlite3_db_config(c.db, SQLITE_DBCONFIG_DQS_DML, 0, &on);
	sqlite3_db_config(c.db, SQLITE_DBCONFIG_DQS_DDL, 0, &on);
	rc = recognise(&c, err);
	return rc == TALLY_OK ? configure(&c, err) : rc;
}
