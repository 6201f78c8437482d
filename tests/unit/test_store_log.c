/* SPDX-License-Identifier: Apache-2.0 */
/* The log is copied beside the writer, stays short, and nothing is lost. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite.h"

#define PAGE 4096
#define ROWS 100  /* of a commit, a page each */
#define MANY 150  /* commits: several times what a log may have */
#define MOST 2000 /* pages, behind which the thread is waited for */

struct fixture {
	char dir[64], path[80], wal[96];
	sqlite3 *db;
	struct sqlite_log *log;
	int commits;
};

static bool no_threads;

int
pthread_create(pthread_t *out, const pthread_attr_t *attributes,
    void *(*work)(void *), void *ctx)
{
	int (*real)(
	    pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (no_threads)
		return EAGAIN;
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(out, attributes, work, ctx);
}

static void
execute(sqlite3 *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static long long
number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;
	long long n;

	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static long long
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (long long)st.st_size : 0;
}

static int
set_up(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	snprintf(f.dir, sizeof(f.dir), "/tmp/tallyman-log.XXXXXX");
	if (mkdtemp(f.dir) == NULL)
		return -1;
	snprintf(f.path, sizeof(f.path), "%s/t.db", f.dir);
	snprintf(f.wal, sizeof(f.wal), "%s-wal", f.path);
	if (sqlite3_open(f.path, &f.db) != SQLITE_OK)
		return -1;
	execute(f.db, "PRAGMA page_size = 4096");
	execute(f.db, "PRAGMA journal_mode = WAL");
	execute(f.db, "PRAGMA synchronous = NORMAL");
	execute(f.db, "CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)");
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	no_threads = false;
	sqlite_log_free(f->log);
	sqlite3_close(f->db);
	unlink(f->path);
	return rmdir(f->dir);
}

static void
begin(struct fixture *f, const char *path)
{
	struct tally_err err;

	assert_int_equal(sqlite_log_new(&f->log, f->db, path, &err), TALLY_OK);
}

static void
commit(struct fixture *f)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1"
	    " FROM n WHERE i < %d) INSERT INTO t (b)"
	    " SELECT randomblob(%d) FROM n",
	    ROWS, PAGE - 200);
	execute(f->db, sql);
	f->commits++;
}

/* Ends it as a run does; all is in one file then. */
static void
all_is_there(struct fixture *f)
{
	sqlite_log_free(f->log);
	f->log = NULL;
	assert_int_equal(sqlite3_close(f->db), SQLITE_OK);
	f->db = NULL;
	assert_int_equal(access(f->wal, F_OK), -1);
	assert_int_equal(sqlite3_open(f->path, &f->db), SQLITE_OK);
	assert_int_equal(number(f->db, "SELECT count(*) FROM t"),
	    (long long)f->commits * ROWS);
	assert_int_equal(number(f->db,
			     "SELECT count(*) FROM pragma_integrity_check"
			     " WHERE integrity_check = 'ok'"),
	    1);
}

/* A commit beyond what is waited for, with its pages above and their heads. */
static long long
longest(void)
{
	return (long long)(MOST + 2 * ROWS) * (PAGE + 24);
}

static void
commit_many(struct fixture *f, const char *path)
{
	begin(f, path);
	for (int i = 0; i < MANY; i++) {
		commit(f);
		assert_true(size_of(f->wal) <= longest());
	}
	/* Most is in its place before anything is closed. */
	assert_true(size_of(f->path) > (MANY * ROWS - MOST) * PAGE);
	all_is_there(f);
}

static void
stays_short(void **state)
{
	struct fixture *f = *state;

	commit_many(f, f->path);
}

static void
stays_short_without_a_thread(void **state)
{
	struct fixture *f = *state;

	no_threads = true;
	commit_many(f, f->path);
}

static void
stays_short_where_the_thread_cannot_connect(void **state)
{
	commit_many(*state, "/nonexistent/t.db");
}

/* One who reads holds it up; it goes on when he has read. */
static void
waits_for_no_reader(void **state)
{
	struct fixture *f = *state;
	long long before, seen;
	sqlite3 *reader;
	int all = 0;

	begin(f, f->path);
	commit(f);
	before = number(f->db, "SELECT count(*) FROM t");
	assert_int_equal(sqlite3_open(f->path, &reader), SQLITE_OK);
	execute(reader, "BEGIN");
	assert_int_equal(number(reader, "SELECT count(*) FROM t"), before);
	for (int i = 0; i < MANY / 2; i++)
		commit(f);
	assert_true(size_of(f->wal) > longest());
	seen = number(reader, "SELECT count(*) FROM t");
	assert_int_equal(seen, before);
	execute(reader, "COMMIT");
	sqlite3_close(reader);
	for (int i = 0; i < MANY / 2; i++)
		commit(f);
	sqlite_log_free(f->log);
	f->log = NULL;
	assert_int_equal(sqlite3_wal_checkpoint_v2(f->db, "main",
			     SQLITE_CHECKPOINT_PASSIVE, &all, NULL),
	    SQLITE_OK);
	assert_in_range(all, 0, MOST + 2 * ROWS);
	all_is_there(f);
}

/* It is ended while it copies, and made anew with the connection. */
static void
ends_at_any_time(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 10; i++) {
		begin(f, f->path);
		for (int k = 0; k < 11 + i; k++)
			commit(f);
		all_is_there(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stays_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    stays_short_without_a_thread, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    stays_short_where_the_thread_cannot_connect, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    waits_for_no_reader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    ends_at_any_time, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
