/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the database holds: the tables of evidence, which are fixed, and the
 * tables of records, which the model declares.  tallyman-store(5) describes
 * them to those who query them.
 *
 * A store has the version of its evidence, and remembers the hash of the
 * model it was last opened with; with another model, tables and columns that
 * it lacks are added.  No table and no column is ever taken away.
 *
 * Foreign keys are declared where rows are few.  Documents, findings, residue
 * and records have none: looking up each parent would cost a third of the
 * speed, and the verbs make parent and child in one transaction.  For the
 * same reason nothing is indexed but what is looked up by a run or by people,
 * and what is still to be done has partial indexes, which do not grow with
 * history.  Checks compare one word after the other: for a list of more than
 * two SQLite makes a table in memory, with each row that is written.
 */
#include "store/internal.h"

#include <stdio.h>

#include "base/plant.h"
#include "store/load.h"

#define VERSION    8
#define NAME_BYTES 63           /* of a table or column; PostgreSQL's limit */
#define SQL_MAX    (256 * 1024) /* of one definition */

/* What makes a file the same file. */
#if PLANT == PLANT_DUPLICATE
#define FILE_KEY "id"
#else
#define FILE_KEY "mailbox, name, sha256"
#endif

static const char *const evidence[] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
	" STRICT, WITHOUT ROWID",

	"CREATE TABLE payloads (id INTEGER PRIMARY KEY,"
	" sha256 BLOB NOT NULL, size INTEGER NOT NULL, bytes BLOB,"
	" archive TEXT, CHECK ((bytes IS NULL) <> (archive IS NULL))) STRICT",
	"CREATE INDEX payloads_by_hash ON payloads (sha256)",

	"CREATE TABLE files (id INTEGER PRIMARY KEY, mailbox TEXT NOT NULL,"
	" name TEXT NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,"
	" sha256 BLOB NOT NULL,"
	" payload_id INTEGER NOT NULL REFERENCES payloads (id),"
	" received_at TEXT NOT NULL, state TEXT NOT NULL CHECK"
	" (state = 'received' OR state = 'translated'"
	" OR state = 'quarantined' OR state = 'duplicate'),"
	" state_at TEXT NOT NULL, reason TEXT, attempts INTEGER NOT NULL,"
	" UNIQUE (" FILE_KEY ")) STRICT",
	"CREATE INDEX files_to_do ON files (state) WHERE state = 'received'",
	"CREATE INDEX files_bad ON files (state) WHERE state = 'quarantined'",

	"CREATE TABLE objects (mailbox TEXT NOT NULL, name TEXT NOT NULL,"
	" size INTEGER NOT NULL, mtime INTEGER NOT NULL,"
	" since_at TEXT NOT NULL, seen_at TEXT NOT NULL,"
	" file_id INTEGER, PRIMARY KEY (mailbox, name)) STRICT, WITHOUT ROWID",

	"CREATE TABLE interchanges (id INTEGER PRIMARY KEY,"
	" file_id INTEGER REFERENCES files (id),"
	" direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),"
	" partner TEXT NOT NULL, sender_qualifier TEXT NOT NULL,"
	" sender_id TEXT NOT NULL, receiver_qualifier TEXT NOT NULL,"
	" receiver_id TEXT NOT NULL, control_number TEXT NOT NULL,"
	" date TEXT NOT NULL, time TEXT NOT NULL, version TEXT NOT NULL,"
	" usage TEXT, ack_requested INTEGER NOT NULL,"
	" separators TEXT NOT NULL, byte_offset INTEGER NOT NULL,"
	" byte_length INTEGER NOT NULL, groups INTEGER NOT NULL,"
	" sha256 BLOB NOT NULL, verdict TEXT NOT NULL,"
	" state TEXT NOT NULL CHECK"
	" (state = 'recording' OR state = 'translated' OR state = 'rejected'"
	" OR state = 'duplicate' OR state = 'quarantined'),"
	" state_at TEXT NOT NULL, recorded_at TEXT NOT NULL,"
	" recorded INTEGER NOT NULL, UNIQUE (file_id, byte_offset)) STRICT",
	"CREATE INDEX interchanges_by_number ON interchanges"
	" (sender_id, receiver_id, control_number)",
	"CREATE INDEX interchanges_bad ON interchanges (state)"
	" WHERE state IN ('rejected', 'quarantined')",

	"CREATE TABLE functional_groups (id INTEGER PRIMARY KEY,"
	" interchange_id INTEGER NOT NULL REFERENCES interchanges (id),"
	" functional_id TEXT NOT NULL, sender_id TEXT NOT NULL,"
	" receiver_id TEXT NOT NULL, control_number TEXT NOT NULL,"
	" version TEXT NOT NULL, byte_offset INTEGER NOT NULL,"
	" included INTEGER NOT NULL, received INTEGER NOT NULL,"
	" accepted INTEGER NOT NULL, verdict TEXT NOT NULL,"
	" UNIQUE (interchange_id, byte_offset)) STRICT",

	"CREATE TABLE maps (id INTEGER PRIMARY KEY, hash BLOB NOT NULL,"
	" name TEXT NOT NULL, UNIQUE (hash, name)) STRICT",

	"CREATE TABLE documents (id INTEGER PRIMARY KEY,"
	" group_id INTEGER NOT NULL, partner TEXT NOT NULL,"
	" set_id TEXT NOT NULL, control_number TEXT NOT NULL,"
	" ordinal INTEGER NOT NULL, byte_offset INTEGER NOT NULL,"
	" byte_length INTEGER NOT NULL, verdict TEXT NOT NULL,"
	" state TEXT NOT NULL, map_id INTEGER, body BLOB NOT NULL,"
	" \"key\" TEXT) STRICT",
	"CREATE INDEX documents_by_key ON documents (\"key\", set_id, partner)"
	" WHERE \"key\" IS NOT NULL AND state <> 'rejected'",
	"CREATE INDEX documents_bad ON documents (state)"
	" WHERE state IN ('held', 'rejected')",

	"CREATE TABLE findings (id INTEGER PRIMARY KEY, file_id INTEGER,"
	" interchange_id INTEGER, group_id INTEGER, document_id INTEGER,"
	" severity TEXT NOT NULL, kind TEXT NOT NULL, level TEXT NOT NULL,"
	" code TEXT, byte_offset INTEGER NOT NULL, segment INTEGER,"
	" element INTEGER, component INTEGER, repetition INTEGER, tag TEXT,"
	" loop TEXT, element_id TEXT, name TEXT, value TEXT, expected TEXT,"
	" message TEXT NOT NULL) STRICT",
	"CREATE INDEX findings_by_file ON findings (file_id)",
	"CREATE INDEX findings_by_interchange ON findings (interchange_id)"
	" WHERE document_id IS NULL",
	"CREATE INDEX findings_by_document ON findings (document_id)"
	" WHERE document_id IS NOT NULL",

	"CREATE TABLE residue (id INTEGER PRIMARY KEY,"
	" document_id INTEGER NOT NULL, segment INTEGER NOT NULL, place TEXT,"
	" tag TEXT NOT NULL, element INTEGER NOT NULL, text TEXT NOT NULL)"
	" STRICT",
	"CREATE INDEX residue_by_document ON residue (document_id)",

	"CREATE TABLE outbox (id INTEGER PRIMARY KEY, partner TEXT NOT NULL,"
	" mailbox TEXT NOT NULL, name TEXT NOT NULL,"
	" payload_id INTEGER NOT NULL REFERENCES payloads (id),"
	" interchange_id INTEGER REFERENCES interchanges (id),"
	" state TEXT NOT NULL CHECK (state = 'queued' OR state = 'uploaded'"
	" OR state = 'sent' OR state = 'failed'),"
	" attempts INTEGER NOT NULL, temporary TEXT, next_at TEXT, reason TEXT,"
	" queued_at TEXT NOT NULL, state_at TEXT NOT NULL) STRICT",
	"CREATE INDEX outbox_to_do ON outbox (mailbox) WHERE state <> 'sent'",
	"CREATE INDEX outbox_about ON outbox (interchange_id)"
	" WHERE interchange_id IS NOT NULL",

	"CREATE TABLE expected_acks (id INTEGER PRIMARY KEY,"
	" document_id INTEGER NOT NULL, due_at TEXT NOT NULL,"
	" state TEXT NOT NULL CHECK (state = 'waiting' OR state = 'overdue'"
	" OR state = 'accepted' OR state = 'accepted_with_errors'"
	" OR state = 'rejected' OR state = 'waived'),"
	" interchange_id INTEGER REFERENCES interchanges (id)) STRICT",

	"CREATE TABLE control_numbers (level TEXT NOT NULL,"
	" sender TEXT NOT NULL, receiver TEXT NOT NULL,"
	" number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 999999999),"
	" epoch INTEGER NOT NULL, PRIMARY KEY (level, sender, receiver))"
	" STRICT, WITHOUT ROWID",

	"CREATE TABLE mailboxes (name TEXT PRIMARY KEY,"
	" failures INTEGER NOT NULL, last_ok_at TEXT, next_try_at TEXT,"
	" reason TEXT) STRICT, WITHOUT ROWID",

	"CREATE TABLE events (id INTEGER PRIMARY KEY, stream TEXT NOT NULL,"
	" at TEXT NOT NULL, subject TEXT NOT NULL, subject_id INTEGER NOT NULL,"
	" subjects INTEGER NOT NULL, from_state TEXT, to_state TEXT NOT NULL,"
	" reason TEXT, content BLOB, hash BLOB NOT NULL) STRICT",
	"CREATE INDEX events_by_stream ON events (stream)",
};

/* What version 2 has over version 1. */
static const char *const evidence2[] = {
	"ALTER TABLE outbox ADD COLUMN control_number INTEGER",
	"CREATE INDEX outbox_by_number ON outbox (control_number)"
	" WHERE control_number IS NOT NULL",
	"CREATE INDEX interchanges_out ON interchanges (receiver_id)"
	" WHERE direction = 'out'",
	"CREATE INDEX expected_acks_to_do ON expected_acks (state)"
	" WHERE state IN ('waiting', 'overdue')",

	"CREATE TABLE answers (id INTEGER PRIMARY KEY,"
	" interchange_id INTEGER NOT NULL REFERENCES interchanges (id),"
	" byte_offset INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
	" partner TEXT NOT NULL, kind TEXT NOT NULL, level TEXT NOT NULL CHECK"
	" (level = 'interchange' OR level = 'group' OR level = 'set'),"
	" functional_id TEXT, group_control TEXT, version TEXT, set_id TEXT,"
	" control_number TEXT, date TEXT, time TEXT, verdict TEXT, codes TEXT,"
	" included TEXT, received TEXT, accepted TEXT,"
	" state TEXT NOT NULL CHECK (state IN ('matched', 'unmatched')),"
	" outbox_id INTEGER REFERENCES outbox (id),"
	" group_id INTEGER REFERENCES functional_groups (id),"
	" UNIQUE (interchange_id, byte_offset, ordinal)) STRICT",
	"CREATE INDEX answers_bad ON answers (verdict)"
	" WHERE verdict NOT IN ('A', 'E', 'P')",

	"CREATE TABLE answer_notes (id INTEGER PRIMARY KEY,"
	" answer_id INTEGER NOT NULL REFERENCES answers (id),"
	" tag TEXT, segment TEXT, loop TEXT, position TEXT, code TEXT,"
	" value TEXT, text TEXT) STRICT",
	"CREATE INDEX answer_notes_by_answer ON answer_notes (answer_id)",
};

/* What version 3 has over version 2. */
static const char *const evidence3[] = {
	"CREATE TABLE decisions (id INTEGER PRIMARY KEY, subject TEXT NOT NULL"
	" CHECK (subject IN ('document', 'file', 'interchange', 'answer')),"
	" subject_id INTEGER NOT NULL, decision TEXT NOT NULL"
	" CHECK (decision IN ('released', 'rejected')), at TEXT NOT NULL,"
	" who TEXT NOT NULL, reason TEXT) STRICT",
	"CREATE INDEX answers_parked ON answers (id) WHERE state = 'unmatched'",
	"CREATE INDEX decisions_by_subject ON decisions (subject_id, subject)",
};

/* What version 4 has over version 3. */
static const char *const evidence4[] = {
	"CREATE TABLE lookups (id INTEGER PRIMARY KEY, partner TEXT NOT NULL,"
	" name TEXT NOT NULL, theirs TEXT NOT NULL, ours TEXT NOT NULL,"
	" UNIQUE (partner, name, theirs)) STRICT",
};

/* What version 5 has over version 4. */
static const char *const evidence5[] = {
	"ALTER TABLE residue ADD COLUMN path TEXT",
	"ALTER TABLE residue ADD COLUMN record_table TEXT",
	"ALTER TABLE residue ADD COLUMN record_row INTEGER",
	"ALTER TABLE residue ADD COLUMN record_column TEXT",
};

/* What version 6 has over version 5, beside the views. */
static const char *const evidence6[] = {
	"ALTER TABLE outbox ADD COLUMN carries_id INTEGER"
	" REFERENCES interchanges (id)",
	"CREATE INDEX outbox_carries ON outbox (carries_id)"
	" WHERE carries_id IS NOT NULL",
	"ALTER TABLE expected_acks ADD COLUMN outbox_id INTEGER"
	" REFERENCES outbox (id)",
	"ALTER TABLE expected_acks ADD COLUMN wait_ms INTEGER",
	"CREATE INDEX expected_acks_of_file ON expected_acks (outbox_id)"
	" WHERE state IN ('waiting', 'overdue')",
	"CREATE INDEX expected_acks_by_document ON expected_acks (document_id)",
};

/* What version 7 has over version 6: hashes of tiny payloads, of which there
 * are most, had pages all over the index written. */
static const char *const evidence7[] = {
	"DROP INDEX payloads_by_hash",
	"CREATE INDEX payloads_by_hash ON payloads (sha256)"
	" WHERE size > 65536",
};

/* What version 8 has over version 7: answers that are in a file with others.
 * As of documents, the parent is not looked up with each row. */
static const char *const evidence8[] = {
	"ALTER TABLE interchanges ADD COLUMN answered_in INTEGER",
	"CREATE INDEX interchanges_answered ON interchanges (answered_in)"
	" WHERE answered_in IS NOT NULL",
};

/* The way from one version to the next. */
static const struct {
	const char *const *sql;
	size_t n;
} step[VERSION] = {
	{ evidence, COUNT(evidence) },
	{ evidence2, COUNT(evidence2) },
	{ evidence3, COUNT(evidence3) },
	{ evidence4, COUNT(evidence4) },
	{ evidence5, COUNT(evidence5) },
	{ evidence6, COUNT(evidence6) },
	{ evidence7, COUNT(evidence7) },
	{ evidence8, COUNT(evidence8) },
};

/* Names that a model may not use. */
static const char *const reserved[] = {
	"meta",
	"payloads",
	"files",
	"objects",
	"interchanges",
	"functional_groups",
	"maps",
	"documents",
	"findings",
	"residue",
	"outbox",
	"expected_acks",
	"control_numbers",
	"mailboxes",
	"events",
	"answers",
	"answer_notes",
	"decisions",
	"lookups",
};

static bool
name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789");

	return n > 0 && n <= NAME_BYTES && name[n] == '\0' && name[0] >= 'a';
}

static bool
table_name_ok(const char *name)
{
	for (size_t i = 0; i < COUNT(reserved); i++)
		if (strcmp(name, reserved[i]) == 0)
			return false;
	return name_ok(name) && strncmp(name, "sqlite_", 7) != 0 &&
	    strncmp(name, "batch_", 6) != 0 && strncmp(name, "erp_", 4) != 0;
}

static enum tally_rc
bad_name(const char *table, const char *column, struct tally_err *err)
{
	return tally_err_set(err, TALLY_CONFIG,
	    "the model's name %s%s%s cannot be used: names have up to %d small "
	    "letters, digits and underscores, and are not the store's own",
	    table, column != NULL ? "." : "", column != NULL ? column : "",
	    NAME_BYTES);
}

static const char *
column_type(enum tally_column_type type)
{
	return type == TALLY_INTEGER ? "INTEGER" : "TEXT";
}

enum tally_rc
store_define(struct store *st, struct tally_buf *sql, struct tally_err *err)
{
	if (sql->failed)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	return st->engine->m->define(st->engine, sql->p, err);
}

/* Adds a column unless it is there. */
static enum tally_rc
add_column(struct store *st, struct tally_buf *sql, const char *table,
    const char *column, const char *type, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(column), v_cstr(table) };
	enum tally_rc rc;
	bool row;

	rc = store_one(st, Q_HAS_COLUMN, v, COUNT(v), &row, err);
	if (rc != TALLY_OK)
		return rc;
	row = st->engine->m->integer(st->engine, Q_HAS_COLUMN, 1) != 0;
	store_end(st, Q_HAS_COLUMN);
	if (row)
		return TALLY_OK;
	tally_buf_reset(sql);
	tally_buf_printf(sql, "ALTER TABLE \"%s\" ADD COLUMN \"%s\" %s", table,
	    column, type);
	return store_define(st, sql, err);
}

static bool
column_name_ok(const char *name)
{
	return name_ok(name) && strcmp(name, "id") != 0 &&
	    strcmp(name, "document_id") != 0;
}

static enum tally_rc
check_names(const struct tally_table *t, struct tally_err *err)
{
	if (!table_name_ok(t->name))
		return bad_name(t->name, NULL, err);
	for (int i = 0; i < t->nreference; i++)
		if (!column_name_ok(t->reference[i].name))
			return bad_name(t->name, t->reference[i].name, err);
	for (int i = 0; i < t->ncolumn; i++)
		if (!column_name_ok(t->column[i].name))
			return bad_name(t->name, t->column[i].name, err);
	return TALLY_OK;
}

/* With all its columns at once: to add one makes SQLite read all there is. */
static enum tally_rc
make_table(struct store *st, struct tally_buf *sql, const struct tally_table *t,
    struct tally_err *err)
{
	tally_buf_reset(sql);
	tally_buf_printf(sql,
	    "CREATE TABLE IF NOT EXISTS \"%s\" (\"id\" INTEGER PRIMARY KEY,"
	    " \"document_id\" INTEGER NOT NULL",
	    t->name);
	for (int i = 0; i < t->nreference; i++)
		tally_buf_printf(sql, ", \"%s\" INTEGER", t->reference[i].name);
	for (int i = 0; i < t->ncolumn; i++)
		tally_buf_printf(sql, ", \"%s\" %s", t->column[i].name,
		    column_type(t->column[i].type));
	tally_buf_puts(sql, ") STRICT");
	return store_define(st, sql, err);
}

static enum tally_rc
add_table(struct store *st, struct tally_buf *sql, const struct tally_table *t,
    struct tally_err *err)
{
	enum tally_rc rc = check_names(t, err);

	if (rc == TALLY_OK)
		rc = make_table(st, sql, t, err);
	/* One that was there before may lack some. */
	for (int i = 0; rc == TALLY_OK && i < t->nreference; i++)
		rc = add_column(
		    st, sql, t->name, t->reference[i].name, "INTEGER", err);
	for (int i = 0; rc == TALLY_OK && i < t->ncolumn; i++)
		rc = add_column(st, sql, t->name, t->column[i].name,
		    column_type(t->column[i].type), err);
	for (int i = 0; rc == TALLY_OK && i < t->ncolumn; i++) {
		if (!t->column[i].search)
			continue;
		tally_buf_reset(sql);
		load_index(sql, t, &t->column[i]);
		rc = store_define(st, sql, err);
	}
	return rc;
}

static enum tally_rc
add_model(struct store *st, struct tally_err *err)
{
	char hex[TALLY_HASH_HEX];
	const struct engine_value v[] = { v_cstr("model"),
		v_text(tally_str(hex, TALLY_HASH_HEX - 1)) };
	struct tally_buf sql;
	enum tally_rc rc = TALLY_OK;

	tally_buf_init(&sql, SQL_MAX);
	for (int i = 0; rc == TALLY_OK && i < st->model->ntable; i++)
		rc = add_table(st, &sql, &st->model->table[i], err);
	if (rc == TALLY_OK)
		rc = views_make(st, &sql, err);
	tally_buf_free(&sql);
	tally_hash_hex(st->model->hash, hex);
	if (rc == TALLY_OK)
		rc = store_do(st, Q_META_PUT, v, COUNT(v), err);
	return rc;
}

/* From a version to this one. */
static enum tally_rc
add_evidence(struct store *st, int version, struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;
	enum tally_rc rc = TALLY_OK;

	for (; version < VERSION; version++)
		for (size_t i = 0; rc == TALLY_OK && i < step[version].n; i++)
			rc = m->define(st->engine, step[version].sql[i], err);
	return rc == TALLY_OK ? m->stamp(st->engine, VERSION, err) : rc;
}

/* All from a version on, and the model, in one transaction. */
static enum tally_rc
bring_up(struct store *st, int version, struct tally_err *err)
{
	enum tally_rc rc = store_begin(st, err);

	if (rc != TALLY_OK)
		return rc;
	if (version < VERSION)
		rc = add_evidence(st, version, err);
	if (rc == TALLY_OK)
		rc = add_model(st, err);
	return store_settle(st, rc, err);
}

enum tally_rc
store_schema_create(struct store *st, struct tally_err *err)
{
	return bring_up(st, 0, err);
}

enum tally_rc
store_schema_check(struct store *st, struct tally_err *err)
{
	int version;
	enum tally_rc rc = st->engine->m->version(st->engine, &version, err);

	if (rc == TALLY_OK && version != VERSION)
		rc = tally_err_set(err, TALLY_CONFIG,
		    "%s has version %d, this program reads version %d: %s",
		    st->path, version, VERSION,
		    version > VERSION ? "use the newer tallyman"
			: version > 0 ? "\"tallyman run\" brings it up to date"
				      : "it was never finished; make it again");
	return rc;
}

/* The hash of the model that the store was last opened with; "" for none. */
static enum tally_rc
had_model(struct store *st, char hex[TALLY_HASH_HEX], struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr("model") };
	enum tally_rc rc;
	bool row;

	hex[0] = '\0';
	rc = store_one(st, Q_META_GET, v, COUNT(v), &row, err);
	if (rc == TALLY_OK && row) {
		snprintf(hex, TALLY_HASH_HEX, "%s",
		    st->engine->m->text(st->engine, Q_META_GET, 0));
		store_end(st, Q_META_GET);
	}
	return rc;
}

enum tally_rc
store_schema_migrate(struct store *st, struct tally_err *err)
{
	char had[TALLY_HASH_HEX], hex[TALLY_HASH_HEX], what[64];
	int version;
	enum tally_rc rc = st->engine->m->version(st->engine, &version, err);

	if (rc == TALLY_OK && (version < 1 || version > VERSION))
		rc = store_schema_check(st, err);
	if (rc == TALLY_OK)
		rc = had_model(st, had, err);
	if (rc != TALLY_OK)
		return rc;
	tally_hash_hex(st->model->hash, hex);
	if (version == VERSION && strcmp(had, hex) == 0)
		return TALLY_OK;
	if (version < VERSION)
		snprintf(what, sizeof(what), "version-%d", VERSION);
	else
		snprintf(what, sizeof(what), "model-%.12s", hex);
	rc = store_backup_before(st, what, err);
	return rc == TALLY_OK ? bring_up(st, version, err) : rc;
}
