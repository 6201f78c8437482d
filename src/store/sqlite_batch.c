/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches into SQLite: many rows of a table go as they lie, see
 * sqlite_direct.c; few of them, and documents, by a virtual table.
 *
 * "INSERT INTO t SELECT * FROM batch_t" takes all rows of a table in one
 * statement: nothing is parsed or bound per row, and the cursor on the table
 * stays where it is, at the right edge of the tree, since ids rise.  This is
 * a third to a half faster than binding and stepping.
 *
 * "OR FAIL" spares a copy of every page that is written, which SQLite would
 * keep in order to undo a statement that fails half-way: then the caller takes
 * back all of the transaction, or to a savepoint.
 *
 * Only columns that have had a value so far are in the table and the statement:
 * most rows leave most columns out, and each one is read when the two are made,
 * and asked for in every row.
 */
#include "store/sqlite.h"

#include <stdio.h>

#include "store/load.h"
#include "store/sqlite_direct.h"
#include "store/sqlite_source.h"

#define SQL_MAX (64 * 1024) /* of one statement; the model is ours */

struct taken {
	struct sqlite_source source;
	sqlite3_stmt *insert;
};

struct sqlite_batch {
	struct sqlite_shown shown;
	sqlite3 *db; /* attached to; borrowed */
	struct sqlite_keys keys;
	struct sqlite_direct *direct; /* owned */
	struct taken *records;        /* ntable; owned */
	uint16_t ntable;
	struct taken documents;
};

enum tally_rc
sqlite_batch_new(struct sqlite_batch **out, const struct tally_model *model,
    struct tally_err *err)
{
	struct sqlite_batch *b = tally_calloc(1, sizeof(*b));
	bool ok;

	if (b == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	tally_buf_init(&b->shown.escaped, SIZE_MAX);
	b->shown.model = model;
	b->documents.source.all = &b->shown;
	b->records = tally_calloc(model->ntable, sizeof(*b->records));
	ok = b->records != NULL;
	b->ntable = ok ? model->ntable : 0;
	for (uint16_t i = 0; ok && i < b->ntable; i++)
		ok = sqlite_source_init(
		    &b->records[i].source, &b->shown, &model->table[i]);
	if (!ok || sqlite_direct_new(&b->direct, model, err) != TALLY_OK) {
		sqlite_batch_free(b);
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	*out = b;
	return TALLY_OK;
}

void
sqlite_batch_free(struct sqlite_batch *b)
{
	if (b == NULL)
		return;
	for (uint16_t i = 0; i < b->ntable; i++)
		sqlite_source_free(&b->records[i].source);
	sqlite_direct_free(b->direct);
	tally_buf_free(&b->shown.escaped);
	tally_free(b->records);
	tally_free(b);
}

enum tally_rc
sqlite_batch_attach(struct sqlite_batch *b, sqlite3 *db, struct tally_err *err)
{
	b->db = db;
	/* Those of records when there are some. */
	return sqlite_source_show(&b->documents.source, db, err);
}

static void
forget(struct taken *t)
{
	sqlite3_finalize(t->insert);
	t->insert = NULL;
}

void
sqlite_batch_detach(struct sqlite_batch *b)
{
	for (uint16_t i = 0; i < b->ntable; i++)
		forget(&b->records[i]);
	forget(&b->documents);
	sqlite_keys_detach(&b->keys);
	sqlite_direct_detach(b->direct);
	b->db = NULL;
}

static enum tally_rc
prepare(struct sqlite_batch *b, struct taken *t, struct tally_err *err)
{
	struct tally_buf sql;
	enum tally_rc rc = TALLY_OK;
	int result;

	if (sqlite_source_widen(&t->source))
		forget(t);
	if (t->insert != NULL)
		return TALLY_OK;
	if (t != &b->documents)
		rc = sqlite_source_show(&t->source, b->db, err);
	if (rc != TALLY_OK)
		return rc;
	tally_buf_init(&sql, SQL_MAX);
	sqlite_source_insert(&sql, &t->source);
	if (sql.failed) {
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	} else {
		result = sqlite3_prepare_v3(b->db, sql.p, -1,
		    SQLITE_PREPARE_PERSISTENT, &t->insert, NULL);
		if (result != SQLITE_OK)
			rc = sqlite_fail(
			    b->db, result, sqlite_source_name(&t->source), err);
	}
	tally_buf_free(&sql);
	return rc;
}

void
sqlite_batch_prepare(struct sqlite_batch *b)
{
	struct tally_err ignored;

	(void)sqlite_keys_prepare(&b->keys, b->db);
	(void)prepare(b, &b->documents, &ignored);
}

/* Runs one source's INSERT; a failure names the row that was in hand. */
static enum tally_rc
take(struct sqlite_batch *b, struct taken *t, struct tally_err *err)
{
	char doing[160];
	enum tally_rc rc = prepare(b, t, err);
	int result;

	if (rc != TALLY_OK)
		return rc;
	result = sqlite3_step(t->insert);
	if (result != SQLITE_DONE) {
		snprintf(doing, sizeof(doing), "storing row %lu of %s",
		    (unsigned long)b->shown.at + 1,
		    sqlite_source_name(&t->source));
		rc = sqlite_fail(b->db, result, doing, err);
	}
	sqlite3_reset(t->insert);
	return rc;
}

static enum tally_rc
take_records(struct sqlite_batch *b, uint16_t table, struct tally_err *err)
{
	struct taken *t = &b->records[table];
	const size_t n = sqlite_source_count(&t->source);
	enum tally_rc rc = TALLY_OK;
	bool done = n == 0;

	if (n >= DIRECT_ROWS)
		rc = sqlite_direct_load(b->direct, b->db, table, b->shown.load,
		    b->shown.nload, &done, err);
	return rc == TALLY_OK && !done ? take(b, t, err) : rc;
}

enum tally_rc
sqlite_batch_load(struct sqlite_batch *b, const struct engine_load *l, size_t n,
    struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	b->shown.load = l;
	b->shown.nload = n;
	if (sqlite_source_count(&b->documents.source) > 0)
		rc = take(b, &b->documents, err);
	for (uint16_t i = 0; rc == TALLY_OK && i < b->ntable; i++)
		rc = take_records(b, i, err);
	b->shown.load = NULL;
	b->shown.nload = 0;
	return rc;
}

enum tally_rc
sqlite_batch_prior(struct sqlite_batch *b, const struct engine_load *l,
    size_t n, int64_t *prior, struct tally_err *err)
{
	const struct load_keys keys = load_keys(l, n);
	int result;

	b->shown.load = l;
	b->shown.nload = n;
	result = sqlite_keys_prior(&b->keys, b->db, &keys, prior);
	b->shown.load = NULL;
	b->shown.nload = 0;
	return result == SQLITE_OK
	    ? TALLY_OK
	    : sqlite_fail(b->db, result, "looking for keys", err);
}
