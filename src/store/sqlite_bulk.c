/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQLite gets for transactions in which much is loaded.
 *
 * The log is pushed out to the disk meanwhile, so that the sync of the commit
 * has little to wait for.
 *
 * And there is more room for pages.  A page of the log that is written again
 * in the same transaction makes SQLite sum up all of the log behind it once
 * more, at the commit.  A page inside of a tree is written again where its
 * right neighbour fills up, which in a great table takes 16 MiB of log: if it
 * can wait in memory, it is written once.  A small store has no such page but
 * roots, and would only take the memory.
 */
#define _GNU_SOURCE /* sync_file_range */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/load.h"
#include "store/sqlite.h"

/* Of rows, as they are in memory; pages take twice as much. */
#define ROOM_BYTES ((size_t)2 << 20)
#define PUSH_BYTES ((size_t)4 << 20)
/* Room for what a group of small files changes: with SQLite's 2 MiB pages
 * would be written to the log, read and written once more. */
#define SMALL "PRAGMA cache_size = -8192"
#define LARGE "PRAGMA cache_size = -24576"
#define GREAT 4096 /* pages of a store that wants it */

enum tally_rc
sqlite_bulk_room(
    sqlite3 *db, const char *path, bool large, struct tally_err *err)
{
	return sqlite_once(db, path, large ? LARGE : SMALL, NULL, err);
}

enum tally_rc
sqlite_bulk_begin(
    struct sqlite_bulk *b, sqlite3 *db, const char *path, struct tally_err *err)
{
	b->loaded = 0;
	b->looked = false;
	if (!b->roomy)
		return TALLY_OK;
	b->roomy = false;
	return sqlite_bulk_room(db, path, false, err);
}

static enum tally_rc
make_room(
    struct sqlite_bulk *b, sqlite3 *db, const char *path, struct tally_err *err)
{
	char pages[32] = "";
	enum tally_rc rc =
	    sqlite_once(db, path, "PRAGMA page_count", pages, err);

	if (rc != TALLY_OK)
		return rc;
	b->looked = true;
	b->roomy = strtol(pages, NULL, 10) >= GREAT;
	return b->roomy ? sqlite_bulk_room(db, path, true, err) : TALLY_OK;
}

/* Only a beginning; what fails here fails at the commit, too. */
static void
push_log(struct sqlite_bulk *b, const char *store)
{
	char path[PATH_MAX];
	int n;

	if (b->log < 0) {
		n = snprintf(path, sizeof(path), "%s-wal", store);
		if (n > 0 && (size_t)n < sizeof(path))
			b->log = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (b->log >= 0)
		(void)sync_file_range(b->log, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static size_t
bytes_of(const struct engine_load *l)
{
	if (l->batch == NULL)
		return 0;
	return l->only == NULL ? l->batch->used
			       : l->batch->used / l->batch->ndocument;
}

enum tally_rc
sqlite_bulk_loaded(struct sqlite_bulk *b, sqlite3 *db, const char *store,
    const struct engine_load *l, size_t n, struct tally_err *err)
{
	for (size_t i = 0; i < n; i++)
		b->loaded += bytes_of(&l[i]);
	if (!b->looked && b->loaded >= ROOM_BYTES)
		return make_room(b, db, store, err);
	if (b->loaded >= PUSH_BYTES) {
		push_log(b, store);
		b->loaded = 0;
	}
	return TALLY_OK;
}

void
sqlite_bulk_close(struct sqlite_bulk *b)
{
	if (b->log >= 0)
		close(b->log);
	b->log = -1;
	b->roomy = false;
}
