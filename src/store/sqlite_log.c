/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying the log into the store, beside those who write.
 *
 * SQLite has the one whose commit makes the log long copy all of it, which is
 * a fifth of what a large load takes.  Here a thread does so, by a connection
 * of its own, while the next transactions go on.  The log begins anew where
 * all of it is copied and somebody writes; so when it is long enough the
 * little that is left is copied at a commit after all.
 *
 *   commits      the log grows, and at FIRST pages it is given to the thread
 *   the thread   copies what there was then, and is given what came meanwhile
 *   a commit     that finds FULL pages and few not copied copies them
 *
 * It keeps nobody waiting but where the log would grow without end.  What fails
 * here is passed over, as SQLite does: the log is there, and the next commit
 * tries again.
 */
#include <pthread.h>

#include "base/plant.h"
#include "store/sqlite.h"

/* Pages of the log.  A short one has all of this in the build for tests. */
#define FIRST (PLANTED(POISON) ? 8 : 1000)  /* from here on it is copied */
#define PART  (PLANTED(POISON) ? 4 : 500)   /* for so many, and more */
#define FULL  (PLANTED(POISON) ? 16 : 1500) /* here it is to begin anew */
#define FEW   (PLANTED(POISON) ? 4 : 200)   /* that a commit copies */
#define MOST  (PLANTED(POISON) ? 24 : 2000) /* the thread is waited for */

struct sqlite_log {
	sqlite3 *db; /* that writes; borrowed, as the path */
	const char *path;
	pthread_t thread;
	bool made;  /* the thread */
	int copied; /* of the log's pages, so far as is known */
	/* The rest is changed under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool busy;  /* the thread has something to do */
	bool fails; /* it has no connection */
	bool ended; /* it is to end */
};

/* As much as goes without waiting for others. */
static void
copy(struct sqlite_log *l, sqlite3 *db)
{
	int all = -1, copied = -1;

	(void)sqlite3_wal_checkpoint_v2(
	    db, "main", SQLITE_CHECKPOINT_PASSIVE, &all, &copied);
	/* Of a log that is copied nothing is left: it begins anew. */
	l->copied = copied > 0 && copied < all ? copied : 0;
}

/*
 * Nothing is asked of it that would have it read the schema: that would be a
 * megabyte, of which the memory of this thread, which ends before the program,
 * keeps the most.  So it syncs as the library was built to, which is looked at.
 */
static sqlite3 *
connect_db(const struct sqlite_log *l)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_PRIVATECACHE;
	struct tally_err ignored;
	sqlite3 *db = NULL;

	/* Without having read anything it would not know of the log. */
	if (sqlite3_compileoption_used("DEFAULT_SYNCHRONOUS=0") == 0 &&
	    sqlite3_open_v2(l->path, &db, flags, NULL) == SQLITE_OK &&
	    sqlite_once(db, l->path, "PRAGMA application_id", NULL, &ignored) ==
		TALLY_OK)
		return db;
	sqlite3_close(db);
	return NULL;
}

static void *
work(void *ctx)
{
	struct sqlite_log *l = ctx;
	sqlite3 *db = connect_db(l);

	pthread_mutex_lock(&l->lock);
	l->fails = db == NULL;
	for (;;) {
		while (!l->busy && !l->ended)
			pthread_cond_wait(&l->changed, &l->lock);
		if (!l->busy)
			break;
		pthread_mutex_unlock(&l->lock);
		if (db != NULL)
			copy(l, db);
		pthread_mutex_lock(&l->lock);
		l->busy = false;
		pthread_cond_signal(&l->changed);
	}
	pthread_mutex_unlock(&l->lock);
	sqlite3_close(db);
	return NULL;
}

/* With the lock, and a thread that has nothing to do. */
static void
decide(struct sqlite_log *l, sqlite3 *db, int pages)
{
	int left = pages > l->copied ? pages - l->copied : pages;

	if (l->fails || pages >= MOST || (pages >= FULL && left <= FEW)) {
		copy(l, db);
	} else if (left >= PART || pages >= FULL) {
		l->busy = true;
		pthread_cond_signal(&l->changed);
	}
}

/* A commit has made the log that long. */
static int
grown(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_log *l = ctx;

	if (pages < FIRST || strcmp(name, "main") != 0)
		return SQLITE_OK;
	if (!l->made)
		l->made = pthread_create(&l->thread, NULL, work, l) == 0;
	if (!l->made) {
		copy(l, db);
		return SQLITE_OK;
	}
	pthread_mutex_lock(&l->lock);
	while (l->busy && pages >= MOST)
		pthread_cond_wait(&l->changed, &l->lock);
	if (!l->busy)
		decide(l, db, pages);
	pthread_mutex_unlock(&l->lock);
	return SQLITE_OK;
}

enum tally_rc
sqlite_log_new(struct sqlite_log **out, sqlite3 *db, const char *path,
    struct tally_err *err)
{
	struct sqlite_log *l = tally_calloc(1, sizeof(*l));

	if (l == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	l->db = db;
	l->path = path;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	sqlite3_wal_hook(db, grown, l);
	*out = l;
	return TALLY_OK;
}

void
sqlite_log_free(struct sqlite_log *l)
{
	if (l == NULL)
		return;
	sqlite3_wal_hook(l->db, NULL, NULL);
	if (l->made) {
		pthread_mutex_lock(&l->lock);
		l->ended = true;
		pthread_cond_signal(&l->changed);
		pthread_mutex_unlock(&l->lock);
		pthread_join(l->thread, NULL);
	}
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	tally_free(l);
}
