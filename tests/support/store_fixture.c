/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a temporary folder; see store_fixture.h. */
#define _XOPEN_SOURCE 700 /* nftw */

#include "support/store_fixture.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

static const struct tally_column order_columns[] = {
	{ "po_number", TALLY_TEXT, true, "their number", NULL },
	{ "ordered_on", TALLY_DATE, false, "", NULL },
	{ "total", TALLY_DECIMAL, false, "", NULL },
};
static const struct tally_column line_columns[] = {
	{ "line_number", TALLY_TEXT, false, "", NULL },
	{ "position", TALLY_INTEGER, false, "", NULL },
	{ "quantity", TALLY_DECIMAL, false, "", NULL },
	{ "description", TALLY_TEXT, false, "", NULL },
};
static const struct tally_column party_columns[] = {
	{ "role", TALLY_TEXT, false, "", NULL },
	{ "name", TALLY_TEXT, false, "", NULL },
};
static const struct tally_reference party_reference[] = {
	{ "order_line_id", FIXTURE_LINES },
	{ "order_id", FIXTURE_ORDERS },
};
static const struct tally_table tables[] = {
	{ "orders", "", true, NULL, 0, order_columns, 3, { 0 }, 1, NULL, 0 },
	{ "order_lines", "", false, NULL, 0, line_columns, 4, { 0 }, 0, NULL,
	    0 },
	{ "parties", "", false, party_reference, 2, party_columns, 2, { 0 }, 0,
	    NULL, 0 },
};

void
fixture_model(struct tally_model *m)
{
	memset(m, 0, sizeof(*m));
	m->table = tables;
	m->ntable = 3;
	m->hash[0] = 1;
}

void
fixture_open(struct fixture *f)
{
	struct tally_err err = { .text = "" };

	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/tallyman-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	fixture_model(&f->model);
	if (store_open(&f->store, f->dir, STORE_CREATE, &f->model, &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
}

void
fixture_reopen(struct fixture *f)
{
	struct tally_err err = { .text = "" };

	store_close(f->store);
	f->store = NULL;
	if (store_open(&f->store, f->dir, STORE_WRITE, &f->model, &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
}

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb, (void)type, (void)ftw;
	return remove(path);
}

void
fixture_remove(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
fixture_close(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
	fixture_remove(f->dir);
}

int
fixture_setup(void **state)
{
	/* Not cmocka's, which gives what is inside of a block: valgrind takes
	 * all behind it for possibly lost in a child that a test forks. */
	struct fixture *f = malloc(sizeof(*f));

	assert_non_null(f);
	fixture_open(f);
	*state = f;
	return 0;
}

int
fixture_teardown(void **state)
{
	fixture_close(*state);
	free(*state);
	return 0;
}

sqlite3 *
fixture_connection(const struct fixture *f)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/tallyman.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	return db;
}

const char *
fixture_sql(const struct fixture *f, const char *sql)
{
	static char value[4096];
	sqlite3 *db = fixture_connection(f);
	sqlite3_stmt *stmt;
	const char *text;
	int rc;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	rc = sqlite3_step(stmt);
	value[0] = '\0';
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(stmt, 0);
		snprintf(
		    value, sizeof(value), "%s", text != NULL ? text : "NULL");
	} else if (rc != SQLITE_DONE) {
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

void
fixture_execute(const struct fixture *f, const char *sql)
{
	sqlite3 *db = fixture_connection(f);

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

struct fixture_ids
fixture_group(struct fixture *f)
{
	static unsigned count;
	const unsigned char sha[32] = { 7 };
	struct tally_err err = { .text = "" };
	struct store_object o = { "drop", tally_str("", 0), 3, 1 };
	struct tally_interchange_judged ic = { .sender_qualifier = "ZZ",
		.sender = "ACME",
		.receiver_qualifier = "ZZ",
		.receiver = "US",
		.control = "000000001",
		.verdict = TALLY_ACCEPTED,
		.usage = 'P',
		.separators = { '*', '~', '>', 0 },
		.length = 3 };
	struct tally_group_judged g = { .functional = "PO",
		.control = "1",
		.version = "004010",
		.verdict = TALLY_ACCEPTED };
	struct store_incoming *in;
	struct fixture_ids ids;
	char name[32];
	uint64_t recorded;
	bool known;

	snprintf(name, sizeof(name), "file-%u.edi", count++);
	o.name = tally_cstr(name);
	assert_int_equal(store_incoming_new(&in, f->store, &err), TALLY_OK);
	assert_int_equal(store_incoming_add(in, "ISA", 3, &err), TALLY_OK);
	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	assert_int_equal(store_file_add(f->store, &o, in, FIXTURE_NOW,
			     &ids.file, &known, &err),
	    TALLY_OK);
	assert_int_equal(
	    store_interchange_begin(f->store, ids.file, "acme", &ic, sha,
		FIXTURE_NOW, &ids.interchange, &recorded, &err),
	    TALLY_OK);
	assert_int_equal(
	    store_group_put(f->store, ids.interchange, &g, &ids.group, &err),
	    TALLY_OK);
	assert_int_equal(store_commit(f->store, &err), TALLY_OK);
	store_incoming_free(in);
	return ids;
}

static void
set(struct tally_batch *b, uint16_t table, uint32_t row, uint16_t column,
    const char *value)
{
	assert_int_equal(
	    tally_batch_set(b, table, row, column, tally_cstr(value), NULL),
	    TALLY_OK);
}

void
fixture_batch(const struct fixture *f, struct tally_batch *b,
    struct store_document *d, size_t n, unsigned first, int64_t group)
{
	char text[64];
	uint32_t row;
	const struct tally_cell *key;

	assert_int_equal(
	    tally_batch_init(b, &f->model, 64 << 20, NULL), TALLY_OK);
	for (size_t i = 0; i < n; i++) {
		memset(&d[i], 0, sizeof(d[i]));
		d[i].group = group;
		snprintf(d[i].set, sizeof(d[i].set), "850");
		snprintf(d[i].control, sizeof(d[i].control), "%04u",
		    (unsigned)i + 1);
		d[i].ordinal = (uint32_t)i + 1;
		d[i].offset = 100 * i;
		d[i].length = 100;
		d[i].verdict = TALLY_ACCEPTED;
		d[i].state = "accepted";
		d[i].batch = tally_batch_document(b);
		assert_int_equal(
		    tally_batch_row(b, FIXTURE_ORDERS, &row, NULL), TALLY_OK);
		snprintf(text, sizeof(text), "PO-%06u", first + (unsigned)i);
		set(b, FIXTURE_ORDERS, row, 0, text);
		set(b, FIXTURE_ORDERS, row, 1, "2026-11-23");
		set(b, FIXTURE_ORDERS, row, 2, "1.50");
		for (int k = 0; k < 2; k++) {
			assert_int_equal(
			    tally_batch_row(b, FIXTURE_LINES, &row, NULL),
			    TALLY_OK);
			snprintf(text, sizeof(text), "%d", k + 1);
			set(b, FIXTURE_LINES, row, 0, text);
			set(b, FIXTURE_LINES, row, 1, k == 0 ? "-7" : "42");
			set(b, FIXTURE_LINES, row, 2, "0.000001");
		}
		assert_int_equal(
		    tally_batch_row(b, FIXTURE_PARTIES, &row, NULL), TALLY_OK);
		set(b, FIXTURE_PARTIES, row, 0, "ship_to");
		set(b, FIXTURE_PARTIES, row, 1, "Dock 4");
		b->rows[FIXTURE_PARTIES].reference[2 * row + 1] = 0;
	}
	/* Cells do not move any more. */
	for (size_t i = 0; i < n; i++) {
		key = tally_rows_cell(&b->rows[FIXTURE_ORDERS], (uint32_t)i, 0);
		d[i].key = tally_str(key->p, key->n);
	}
}

unsigned char
fixture_byte(size_t i)
{
	return (unsigned char)(i * 31 + i / 251);
}

/* A file of n bytes, in pieces. */
struct store_incoming *
fixture_incoming(struct fixture *f, size_t n, size_t piece)
{
	struct store_incoming *in;
	struct tally_err err;
	unsigned char *p = test_malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = fixture_byte(i);
	assert_int_equal(store_incoming_new(&in, f->store, &err), TALLY_OK);
	for (size_t i = 0; i < n; i += piece)
		assert_int_equal(store_incoming_add(in, p + i,
				     n - i < piece ? n - i : piece, &err),
		    TALLY_OK);
	test_free(p);
	return in;
}

int64_t
fixture_add(struct fixture *f, const struct store_object *o,
    struct store_incoming *in, bool *known)
{
	struct tally_err err = { .text = "" };
	int64_t id;

	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	if (store_file_add(f->store, o, in, FIXTURE_NOW, &id, known, &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(store_commit(f->store, &err), TALLY_OK);
	return id;
}

enum tally_rc
fixture_prior(struct store *st, const char *partner, struct store_document *d,
    size_t n, int64_t *duplicate, struct tally_err *err)
{
	const struct store_part part = { d, n, NULL };

	return store_parts_prior(st, partner, &part, 1, duplicate, err);
}
