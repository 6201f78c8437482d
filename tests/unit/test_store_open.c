/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, modes, migration, waiting for others, instants. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/internal.h"
#include "support/store_fixture.h"

static enum tally_rc
open_again(struct fixture *f, enum store_mode mode, struct tally_err *err)
{
	store_close(f->store);
	f->store = NULL;
	memset(err, 0, sizeof(*err));
	return store_open(&f->store, f->dir, mode, &f->model, err);
}

static void
a_store_is_not_made_twice(void **state)
{
	struct fixture *f = *state;
	struct tally_err err;

	fixture_group(f);
	assert_int_equal(open_again(f, STORE_CREATE, &err), TALLY_CREATE);
	assert_null(f->store);
	assert_string_equal(fixture_sql(f, "SELECT count(*) FROM files"), "1");
}

static void
what_is_prepared_works_as_ever(void **state)
{
	struct fixture *f = *state;
	unsigned n = 0;

	while (store_prepare(f->store))
		assert_true(++n < STATEMENTS);
	assert_true(n > 0);
	assert_false(store_prepare(f->store));
	fixture_group(f);
	assert_string_equal(fixture_sql(f, "SELECT count(*) FROM files"), "1");
}

static void
a_failed_creation_leaves_no_file(void **state)
{
	struct fixture *f = *state;
	static const struct tally_column column = { "x y", TALLY_TEXT, false,
		"", NULL };
	static const struct tally_table table = { "things", "", false, NULL, 0,
		&column, 1, { 0 }, 0, NULL, 0 };
	struct tally_err err;
	char path[128];

	store_close(f->store);
	f->store = NULL;
	snprintf(path, sizeof(path), "%s/tallyman.db", f->dir);
	assert_int_equal(unlink(path), 0);
	f->model.table = &table;
	f->model.ntable = 1;
	assert_int_equal(open_again(f, STORE_CREATE, &err), TALLY_CONFIG);
	assert_int_equal(access(path, F_OK), -1);
	fixture_model(&f->model);
	assert_int_equal(open_again(f, STORE_CREATE, &err), TALLY_OK);
}

/* As an init leaves it that died: nothing in it, or only its first page. */
static void
a_dead_attempt_is_taken_up(void **state)
{
	struct fixture *f = *state;
	struct tally_err err;
	char path[128];

	snprintf(path, sizeof(path), "%s/tallyman.db", f->dir);
	for (int i = 0; i < 2; i++) {
		store_close(f->store);
		f->store = NULL;
		assert_int_equal(unlink(path), 0);
		assert_int_equal(close(open(path, O_CREAT | O_RDWR, 0640)), 0);
		if (i == 1)
			fixture_execute(f,
			    "PRAGMA page_size = 16384;"
			    "PRAGMA application_id = 1952541817;"
			    "PRAGMA journal_mode = WAL");
		assert_int_equal(open_again(f, STORE_CREATE, &err), TALLY_OK);
		fixture_reopen(f);
		fixture_group(f);
		assert_string_equal(
		    fixture_sql(f, "PRAGMA page_size"), "16384");
	}
	store_close(f->store);
	f->store = NULL;
	fixture_execute(f, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(truncate(path, 100), 0);
	assert_int_equal(open_again(f, STORE_CREATE, &err), TALLY_CREATE);
	assert_int_equal(access(path, F_OK), 0);
}

static void
a_new_store_has_its_shape(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct stat sb;

	assert_string_equal(fixture_sql(f, "PRAGMA page_size"), "16384");
	assert_string_equal(fixture_sql(f, "PRAGMA journal_mode"), "wal");
	assert_string_equal(fixture_sql(f, "PRAGMA user_version"), "8");
	assert_string_equal(
	    fixture_sql(f, "SELECT value FROM meta WHERE key = 'model'"),
	    "01000000000000000000000000000000"
	    "00000000000000000000000000000000");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
		" AND sql NOT LIKE '%STRICT%'"),
	    "0");
	snprintf(path, sizeof(path), "%s/tallyman.db", f->dir);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 0007, 0);
}

/* FULL is what keeps a commit through a power cut. */
static void
commits_are_synced(void **state)
{
	struct fixture *f = *state;
	const struct engine_methods *m = f->store->engine->m;
	struct tally_err err;

	/* By the connection itself: the pragma belongs to it. */
	assert_int_equal(m->define(f->store->engine,
			     "CREATE TEMP TABLE t AS SELECT synchronous AS s"
			     " FROM pragma_synchronous",
			     &err),
	    TALLY_OK);
	assert_int_equal(m->define(f->store->engine,
			     "CREATE TEMP TABLE u (s CHECK (s = 2))", &err),
	    TALLY_OK);
	assert_int_equal(
	    m->define(f->store->engine, "INSERT INTO u SELECT s FROM t", &err),
	    TALLY_OK);
}

static void
others_are_waited_for_and_then_not(void **state)
{
	struct fixture *f = *state;
	struct tally_err err = { .text = "" };
	int to[2], back[2], status;
	pid_t child;
	char c;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(back), 0);
	child = fork();
	if (child == 0) {
		struct store *st;

		if (store_open(&st, f->dir, STORE_WRITE, &f->model, NULL) !=
			TALLY_OK ||
		    store_begin(st, NULL) != TALLY_OK)
			_exit(1);
		if (write(back[1], "x", 1) != 1 || read(to[0], &c, 1) != 1)
			_exit(2);
		store_rollback(st);
		store_close(st);
		_exit(0);
	}
	assert_int_equal(read(back[0], &c, 1), 1);
	store_patience(f->store, 50);
	assert_int_equal(store_begin(f->store, &err), TALLY_TEMP);
	assert_non_null(strstr(err.text, "another process"));
	assert_int_equal(write(to[1], "x", 1), 1);
	store_patience(f->store, 10000);
	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	store_rollback(f->store);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(to[0]), close(to[1]), close(back[0]), close(back[1]);
}

static void
readers_read_while_one_writes(void **state)
{
	struct fixture *f = *state;
	struct store *reader;
	struct store_file file;
	struct tally_err err;
	uint32_t n;
	bool found;

	fixture_group(f);
	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	assert_int_equal(
	    store_open(&reader, f->dir, STORE_READ, &f->model, &err), TALLY_OK);
	assert_int_equal(
	    store_file_next(reader, 0, &file, &found, &err), TALLY_OK);
	assert_true(found);
	assert_int_equal(
	    store_file_attempt(reader, file.id, &n, &err), TALLY_PERM);
	store_rollback(f->store);
	store_close(reader);
}

static void
strangers_are_refused(void **state)
{
	struct fixture *f = *state;
	struct tally_err err;
	char path[128];
	int fd;

	fixture_execute(f, "PRAGMA user_version = 9");
	assert_int_equal(open_again(f, STORE_WRITE, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "newer"));
	assert_int_equal(open_again(f, STORE_READ, &err), TALLY_CONFIG);
	fixture_execute(f, "PRAGMA user_version = 8");
	fixture_execute(f, "PRAGMA application_id = 7");
	assert_int_equal(open_again(f, STORE_WRITE, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "not a store"));
	snprintf(path, sizeof(path), "%s/tallyman.db", f->dir);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "just some text, and more of it", 30), 30);
	close(fd);
	assert_int_equal(open_again(f, STORE_WRITE, &err), TALLY_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_again(f, STORE_WRITE, &err), TALLY_NOINPUT);
	assert_int_equal(open_again(f, STORE_READ, &err), TALLY_NOINPUT);
	fixture_remove(f->dir);
	assert_int_equal(open_again(f, STORE_READ, &err), TALLY_NOINPUT);
}

static void
new_columns_and_tables_are_added(void **state)
{
	struct fixture *f = *state;
	static const struct tally_column columns[] = {
		{ "colour", TALLY_TEXT, true, "", NULL },
		{ "po_number", TALLY_TEXT, true, "", NULL },
		{ "weight", TALLY_INTEGER, false, "", NULL },
	};
	static const struct tally_table tables[] = {
		{ "orders", "", true, NULL, 0, columns, 3, { 1 }, 1, NULL, 0 },
		{ "notes", "", false, NULL, 0, columns, 1, { 0 }, 0, NULL, 0 },
	};
	struct store_document d;
	struct tally_batch b;
	struct tally_err err = { .text = "" };
	uint32_t row;

	fixture_batch(f, &b, &d, 1, 1, fixture_group(f).group);
	assert_int_equal(
	    store_documents_put(f->store, "acme", &d, 1, &b, FIXTURE_NOW, NULL),
	    TALLY_OK);
	tally_batch_free(&b);
	d.key = tally_str("", 0); /* pointed into the batch */
	f->model.table = tables;
	f->model.ntable = 2;
	f->model.hash[0] = 2;
	fixture_reopen(f);
	/* The old row is as it was, what was there stays. */
	assert_string_equal(
	    fixture_sql(f,
		"SELECT po_number || total || coalesce(colour, '-')"
		" FROM orders"),
	    "PO-0000011.50-");
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM order_lines"), "2");
	assert_int_equal(tally_batch_init(&b, &f->model, 1 << 20, &err), 0);
	d.batch = tally_batch_document(&b);
	assert_int_equal(tally_batch_row(&b, 0, &row, &err), TALLY_OK);
	assert_int_equal(
	    tally_batch_set(&b, 0, 0, 0, TALLY_STR("red"), &err), TALLY_OK);
	assert_int_equal(
	    tally_batch_set(&b, 0, 0, 2, TALLY_STR("9"), &err), TALLY_OK);
	if (store_documents_put(
		f->store, "acme", &d, 1, &b, FIXTURE_NOW, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	tally_batch_free(&b);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT colour || weight FROM erp_orders WHERE order_id = 2"),
	    "red9");
}

static const char *const bad_names[] = { "", "Orders", "or ders", "or\"ders",
	"files", "documents", "sqlite_x", "batch_x", "erp_orders", "1st", "_x",
	"a23456789012345678901234567890123456789012345678901234567890123456" };

static void
bad_names_are_refused(void **state)
{
	struct fixture *f = *state;
	struct tally_column column = { "x", TALLY_TEXT, false, "", NULL };
	struct tally_table table = { "things", "", false, NULL, 0, &column, 1,
		{ 0 }, 0, NULL, 0 };
	struct tally_err err;

	f->model.table = &table;
	f->model.ntable = 1;
	f->model.hash[0] = 3;
	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		table.name = bad_names[i];
		assert_int_equal(
		    open_again(f, STORE_WRITE, &err), TALLY_CONFIG);
	}
	table.name = "things";
	column.name = "id";
	assert_int_equal(open_again(f, STORE_WRITE, &err), TALLY_CONFIG);
	column.name = "document_id";
	assert_int_equal(open_again(f, STORE_WRITE, &err), TALLY_CONFIG);
	column.name = "x; DROP TABLE files";
	assert_int_equal(open_again(f, STORE_WRITE, &err), TALLY_CONFIG);
	/* A migration that fails leaves nothing behind. */
	assert_string_equal(
	    fixture_sql(
		f, "SELECT count(*) FROM sqlite_schema WHERE name = 'things'"),
	    "0");
	column.name = "x";
	assert_int_equal(open_again(f, STORE_WRITE, &err), TALLY_OK);
}

/*
 * A file that cannot grow is what a full disk looks like, without root.  One
 * document fails at the commit, when its pages are written; many fail before,
 * when the cache overflows.
 */
static void
a_full_disk_undoes_the_work(void **state)
{
	struct fixture *f = *state;
	enum { MANY = 60000 };
	static const size_t count[] = { 1, MANY };
	struct rlimit was, small = { 128 * 1024, 0 };
	struct store_document *d = test_calloc(MANY, sizeof(*d));
	struct tally_err err = { .text = "" };
	int64_t group = fixture_group(f).group;
	enum tally_rc work, rc = TALLY_OK;
	struct tally_batch b;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small.rlim_max = was.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		fixture_batch(f, &b, d, count[i], 1, group);
		assert_int_equal(store_begin(f->store, &err), TALLY_OK);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		rc = work = store_documents_put(
		    f->store, "acme", d, count[i], &b, FIXTURE_NOW, &err);
		if (rc == TALLY_OK)
			rc = store_commit(f->store, &err);
		store_rollback(f->store);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
		assert_true(rc == TALLY_TEMP || rc == TALLY_IO);
		assert_int_equal(work == TALLY_OK, i == 0);
		assert_int_not_equal(err.text[0], '\0');
		assert_string_equal(
		    fixture_sql(f, "SELECT count(*) FROM documents"), "0");
		if (i == 0)
			tally_batch_free(&b);
	}
	signal(SIGXFSZ, SIG_DFL);
	/* With room again the same store goes on. */
	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	assert_int_equal(store_documents_put(
			     f->store, "acme", d, MANY, &b, FIXTURE_NOW, &err),
	    TALLY_OK);
	assert_int_equal(store_commit(f->store, &err), TALLY_OK);
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) || max(id) FROM documents"),
	    "6000060000");
	assert_string_equal(fixture_sql(f, "PRAGMA integrity_check"), "ok");
	tally_batch_free(&b);
	test_free(d);
}

static void
a_lost_transaction_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct tally_err err;

	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	store_rollback(f->store);
	assert_int_equal(store_commit(f->store, &err), TALLY_IO);
}

/* Operators and ERP developers go by the manual. */
static void
the_manual_names_every_column(void **state)
{
	struct fixture *f = *state;
	FILE *page = fopen("man/tallyman-store.5", "r");
	char *text, path[128];
	sqlite3_stmt *stmt;
	sqlite3 *db;
	size_t n;
	int columns = 0;

	if (page == NULL) {
		print_message("man/tallyman-store.5 is not here\n");
		skip();
	}
	text = test_calloc(1, 256 * 1024);
	n = fread(text, 1, 256 * 1024 - 1, page);
	fclose(page);
	assert_true(n > 0);
	snprintf(path, sizeof(path), "%s/tallyman.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT m.name, p.name FROM sqlite_schema m,"
		" pragma_table_info(m.name) p WHERE m.type = 'table'"
		" AND m.name NOT IN ('orders', 'order_lines', 'parties')",
		-1, &stmt, NULL),
	    SQLITE_OK);
	for (; sqlite3_step(stmt) == SQLITE_ROW; columns++)
		for (int i = 0; i < 2; i++) {
			const char *name =
			    (const char *)sqlite3_column_text(stmt, i);

			if (strstr(text, name) == NULL)
				fail_msg("the page lacks %s", name);
		}
	assert_true(columns > 100);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	test_free(text);
}

static const struct {
	int64_t ms;
	const char *text;
} instants[] = {
	{ 0, "" },
	{ 1, "1970-01-01T00:00:00.001Z" },
	{ -1, "1969-12-31T23:59:59.999Z" },
	{ 951782400000, "2000-02-29T00:00:00.000Z" },
	{ 1764000000000, "2025-11-24T16:00:00.000Z" },
	{ 4107542399999, "2100-02-28T23:59:59.999Z" },
	{ 4107542400000, "2100-03-01T00:00:00.000Z" },
	{ 253402300799999, "9999-12-31T23:59:59.999Z" },
};

static void
instants_are_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
		assert_string_equal(
		    store_instant(instants[i].ms).text, instants[i].text);
		assert_true(
		    store_instant_ms(instants[i].text) == instants[i].ms);
	}
	assert_string_equal(
	    store_instant(INT64_MAX).text, "9999-12-31T23:59:59.999Z");
	assert_string_equal(
	    store_instant(INT64_MIN).text, "0000-01-01T00:00:00.000Z");
	assert_true(store_instant_ms(NULL) == 0);
	assert_true(store_instant_ms("soon") == 0);
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(a_store_is_not_made_twice),
		T(what_is_prepared_works_as_ever),
		T(a_failed_creation_leaves_no_file),
		T(a_dead_attempt_is_taken_up),
		T(a_new_store_has_its_shape),
		T(commits_are_synced),
		T(others_are_waited_for_and_then_not),
		T(readers_read_while_one_writes),
		T(strangers_are_refused),
		T(new_columns_and_tables_are_added),
		T(bad_names_are_refused),
		T(a_full_disk_undoes_the_work),
		T(a_lost_transaction_is_noticed),
		T(the_manual_names_every_column),
		cmocka_unit_test(instants_are_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
