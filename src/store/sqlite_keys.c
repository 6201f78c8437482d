/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which earlier documents have the keys of a load: asked while the virtual
 * table of sqlite_batch.c shows its documents.
 */
#include "store/load.h"
#include "store/sqlite.h"

#define MANY 8 /* of which it is worth asking about all at once */

static int
prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *sql)
{
	return *stmt != NULL ? SQLITE_OK
			     : sqlite3_prepare_v3(db, sql, -1,
				   SQLITE_PREPARE_PERSISTENT, stmt, NULL);
}

/* Whether a document may have one of the keys.  Who sends many numbers them in
 * order, mostly: then none is between the least and the greatest. */
static int
are_among(
    struct sqlite_keys *s, sqlite3 *db, const struct load_keys *k, bool *may)
{
	/* All that the index is for, so that it is used. */
	static const char sql[] =
	    "SELECT 1 FROM documents WHERE key BETWEEN ?1 AND ?2"
	    " AND key IS NOT NULL AND state <> 'rejected' LIMIT 1";
	int result;

	*may = k->n > 0;
	if (k->n < MANY || !k->plain)
		return SQLITE_OK;
	result = prepare(db, &s->among, sql);
	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_text(
	    s->among, 1, k->least.p, (int)k->least.n, SQLITE_STATIC);
	sqlite3_bind_text(
	    s->among, 2, k->greatest.p, (int)k->greatest.n, SQLITE_STATIC);
	result = sqlite3_step(s->among);
	*may = result == SQLITE_ROW;
	sqlite3_reset(s->among);
	sqlite3_clear_bindings(s->among);
	return *may || result == SQLITE_DONE ? SQLITE_OK : result;
}

int
sqlite_keys_prepare(struct sqlite_keys *s, sqlite3 *db)
{
	static const char sql[] =
	    "SELECT b.rowid, (SELECT d.id FROM documents d"
	    " WHERE d.key = b.key AND d.set_id = b.set_id"
	    " AND d.partner = b.partner AND d.state <> 'rejected'"
	    " AND d.state <> 'sent'"
	    " ORDER BY d.id DESC LIMIT 1)"
	    " FROM batch_documents b WHERE b.key IS NOT NULL";

	return prepare(db, &s->each, sql);
}

static int
find(struct sqlite_keys *s, sqlite3 *db, int64_t *prior)
{
	int result = sqlite_keys_prepare(s, db);

	if (result != SQLITE_OK)
		return result;
	while ((result = sqlite3_step(s->each)) == SQLITE_ROW)
		prior[sqlite3_column_int64(s->each, 0)] =
		    sqlite3_column_int64(s->each, 1);
	sqlite3_reset(s->each);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

int
sqlite_keys_prior(struct sqlite_keys *s, sqlite3 *db, const struct load_keys *k,
    int64_t *prior)
{
	bool may;
	int result = are_among(s, db, k, &may);

	return result == SQLITE_OK && may ? find(s, db, prior) : result;
}

void
sqlite_keys_detach(struct sqlite_keys *s)
{
	sqlite3_finalize(s->among);
	sqlite3_finalize(s->each);
	*s = (struct sqlite_keys){ .each = NULL };
}
