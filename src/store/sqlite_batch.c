/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches into SQLite: read-only virtual tables over the memory of a load.
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
 *
 * One module serves all tables: a source says which rows a table shows, and
 * every source reads the loads that are set while a statement runs, one after
 * the other.  Texts are handed over without a copy unless they need escaping.
 * A row's id is its document's id with its number in the document behind it; of
 * a head table it is the document's.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <stdio.h>

#include "base/text.h"
#include "base/word.h"
#include "store/load.h"

#define SQL_MAX (64 * 1024) /* of one statement; the model is ours */

struct source {
	struct sqlite_batch *batch;
	const struct tally_table *table; /* null: the documents */
	uint16_t index;                  /* of the table */
	bool *used;      /* of the model's columns: named in insert; owned */
	uint16_t *shown; /* the numbers of those; owned */
	sqlite3_stmt *insert;
};

struct sqlite_batch {
	const struct tally_model *model; /* borrowed */
	sqlite3 *db;                     /* attached to; borrowed */
	const struct engine_load *load;  /* nload, while a statement runs */
	size_t nload;
	struct sqlite_keys keys;
	uint32_t at; /* row in hand, to be named when it fails */
	struct tally_buf escaped;
	struct source *source; /* ntable + 1; the last: the documents */
	size_t nsource;
};

struct table {
	sqlite3_vtab base;
	struct source *source;
};

struct cursor {
	sqlite3_vtab_cursor base;
	const struct engine_load *load, *end; /* the one in hand, the last */
	uint32_t i, n;                        /* of its rows */
	uint32_t at;                          /* of all loads' rows */
	/* of row i of a table's rows */
	const struct tally_rows *rows;
	int64_t document;
	const struct tally_cell *cell;
	int own; /* columns before the model's */
};

static struct source *
source_of(sqlite3_vtab_cursor *c)
{
	return ((struct table *)c->pVtab)->source;
}

static const char *
name_of(const struct source *s)
{
	return s->table != NULL ? s->table->name : "documents";
}

static void
give_text(sqlite3_context *ctx, struct source *s, const char *p, size_t n)
{
	struct tally_buf *b = &s->batch->escaped;

	if (word_plain(p, n) || tally_utf8_ok(tally_str(p, n))) {
		sqlite3_result_text(ctx, p, (int)n, SQLITE_STATIC);
		return;
	}
	tally_buf_reset(b);
	tally_text_utf8(b, tally_str(p, n));
	if (b->failed)
		sqlite3_result_error_nomem(ctx);
	else
		sqlite3_result_text(ctx, b->p, (int)b->n, SQLITE_TRANSIENT);
}

static void
give_integer(sqlite3_context *ctx, const struct tally_cell *c)
{
	int64_t v;

	if (load_integer(&v, c))
		sqlite3_result_int64(ctx, v);
	else
		sqlite3_result_error(ctx, "not an integer of 64 bits", -1);
}

static void
give_document(
    sqlite3_context *ctx, struct source *s, const struct cursor *c, int column)
{
	const struct engine_load *l = c->load;
	const struct store_document *d = &l->document[c->i];

	switch (column) {
	case 0:
		sqlite3_result_int64(ctx, d->id);
		break;
	case 1:
		sqlite3_result_int64(ctx, d->group);
		break;
	case 2:
		give_text(ctx, s, l->partner, strlen(l->partner));
		break;
	case 3:
		give_text(ctx, s, d->set, strlen(d->set));
		break;
	case 4:
		give_text(ctx, s, d->control, strlen(d->control));
		break;
	case 5:
		sqlite3_result_int64(ctx, d->ordinal);
		break;
	case 6:
		sqlite3_result_int64(ctx, (int64_t)d->offset);
		break;
	case 7:
		sqlite3_result_int64(ctx, (int64_t)d->length);
		break;
	case 8:
		sqlite3_result_text(
		    ctx, load_verdict(d->verdict), 1, SQLITE_STATIC);
		break;
	case 9:
		give_text(ctx, s, d->state, strlen(d->state));
		break;
	case 10:
		if (l->map != NULL && l->map[c->i] != 0)
			sqlite3_result_int64(ctx, l->map[c->i]);
		break;
	case 11:
		sqlite3_result_blob(ctx, d->body, 32, SQLITE_STATIC);
		break;
	default:
		if (d->key.n != 0)
			give_text(ctx, s, d->key.p, d->key.n);
	}
}

/* Id, document, or reference: the columns before the model's. */
static void
give_own(
    sqlite3_context *ctx, struct source *s, const struct cursor *c, int column)
{
	const struct tally_rows *r = c->rows;
	int64_t id = c->document;

	if (column == 0)
		id = load_row_id(s->table, c->document, r->row[c->i].seq);
	else if (column > 1)
		id = load_reference(
		    s->batch->model, r, c->i, column - 2, c->document);
	if (id != 0)
		sqlite3_result_int64(ctx, id);
}

static void
give_record(
    sqlite3_context *ctx, struct source *s, const struct cursor *c, int column)
{
	const struct tally_cell *cell;
	uint16_t k;
	uint8_t slot;

	if (column < c->own) {
		give_own(ctx, s, c, column);
		return;
	}
	k = s->shown[column - c->own];
	slot = c->rows->slot[k];
	if (slot == TALLY_NO_SLOT)
		return;
	cell = &c->cell[slot];
	if (cell->p == NULL)
		return; /* a result that is not set is NULL */
	if (s->table->column[k].type == TALLY_INTEGER)
		give_integer(ctx, cell);
	else
		give_text(ctx, s, cell->p, cell->n);
}

static int
x_column(sqlite3_vtab_cursor *base, sqlite3_context *ctx, int column)
{
	struct cursor *c = (struct cursor *)base;
	struct source *s = source_of(base);

	if (s->table == NULL)
		give_document(ctx, s, c, column);
	else
		give_record(ctx, s, c, column);
	return SQLITE_OK;
}

/* The rows of a table in a load; null: none. */
static const struct tally_rows *
rows_of(const struct source *s, const struct engine_load *l)
{
	return l->batch != NULL && l->batch->rows[s->index].n != 0
	    ? &l->batch->rows[s->index]
	    : NULL;
}

/* To the first row of a load. */
static void
begin(struct cursor *c, const struct source *s)
{
	c->i = c->n = 0;
	c->rows = NULL;
	if (c->load == c->end)
		return;
	if (s->table == NULL) {
		c->n = (uint32_t)c->load->ndocument;
		return;
	}
	c->rows = rows_of(s, c->load);
	if (c->rows != NULL)
		c->n = c->rows->n;
}

/* Passes over rows of documents that are to be left out, and to the next load
 * that has some. */
static void
settle(struct cursor *c, struct source *s)
{
	for (; c->load < c->end; c->load++, begin(c, s)) {
		if (s->table != NULL)
			while (c->i < c->n &&
			    c->load->id[c->rows->row[c->i].document] == 0)
				c->i++;
		if (c->i < c->n)
			break;
	}
	s->batch->at = c->at;
	if (c->load == c->end || s->table == NULL)
		return;
	assert(c->rows != NULL);
	c->document = c->load->id[c->rows->row[c->i].document];
	c->cell = &c->rows->cell[(size_t)c->i * c->rows->width];
	c->own = 2 + s->table->nreference;
}

static int
x_filter(sqlite3_vtab_cursor *base, int n, const char *text, int argc,
    sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;
	struct source *s = source_of(base);

	(void)n, (void)text, (void)argc, (void)argv;
	/* Somebody may ask while no load is under way: there is nothing. */
	c->at = 0;
	c->load = s->batch->load;
	c->end = c->load + s->batch->nload;
	begin(c, s);
	settle(c, s);
	return SQLITE_OK;
}

static int
x_next(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	c->i++;
	c->at++;
	settle(c, source_of(base));
	return SQLITE_OK;
}

static int
x_eof(sqlite3_vtab_cursor *base)
{
	const struct cursor *c = (const struct cursor *)base;

	return c->load == c->end;
}

static int
x_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	*id = ((struct cursor *)base)->at;
	return SQLITE_OK;
}

static int
x_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	(void)t;
	return sqlite_table_open(out, sizeof(struct cursor));
}

static int
x_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    sqlite3_vtab **out, char **message)
{
	struct source *s = aux;
	struct table *t;
	struct tally_buf b;
	int result = SQLITE_NOMEM;

	(void)argc, (void)argv, (void)message;
	tally_buf_init(&b, SQL_MAX);
	if (s->table == NULL) {
		tally_buf_puts(
		    &b, "CREATE TABLE x (" LOAD_DOCUMENT_COLUMNS ")");
	} else {
		tally_buf_puts(&b, "CREATE TABLE x (");
		load_columns(&b, s->table, s->used);
		tally_buf_putc(&b, ')');
	}
	t = tally_calloc(1, sizeof(*t));
	if (t != NULL && !b.failed)
		result = sqlite3_declare_vtab(db, b.p);
	tally_buf_free(&b);
	if (result != SQLITE_OK) {
		tally_free(t);
		return result;
	}
	t->source = s;
	*out = &t->base;
	return SQLITE_OK;
}

/* No xCreate: each is there under its name, without being made. */
static const sqlite3_module module = {
	.xConnect = x_connect,
	.xBestIndex = sqlite_table_plan,
	.xDisconnect = sqlite_table_disconnect,
	.xOpen = x_open,
	.xClose = sqlite_table_close,
	.xFilter = x_filter,
	.xNext = x_next,
	.xEof = x_eof,
	.xColumn = x_column,
	.xRowid = x_rowid,
};

enum tally_rc
sqlite_batch_new(struct sqlite_batch **out, const struct tally_model *model,
    struct tally_err *err)
{
	struct sqlite_batch *b = tally_calloc(1, sizeof(*b));

	if (b == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	tally_buf_init(&b->escaped, SIZE_MAX);
	b->model = model;
	b->nsource = (size_t)model->ntable + 1;
	b->source = tally_calloc(b->nsource, sizeof(*b->source));
	if (b->source == NULL) {
		sqlite_batch_free(b);
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	for (size_t i = 0; i < b->nsource; i++) {
		b->source[i].batch = b;
		b->source[i].index = (uint16_t)i;
		if (i == model->ntable)
			break;
		b->source[i].table = &model->table[i];
		b->source[i].used = tally_calloc(
		    model->table[i].ncolumn, sizeof(*b->source[i].used));
		b->source[i].shown = tally_calloc(
		    model->table[i].ncolumn, sizeof(*b->source[i].shown));
		if (b->source[i].used == NULL || b->source[i].shown == NULL) {
			sqlite_batch_free(b);
			return tally_err_set(err, TALLY_NOMEM, "no memory");
		}
	}
	*out = b;
	return TALLY_OK;
}

void
sqlite_batch_free(struct sqlite_batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; b->source != NULL && i < b->nsource; i++) {
		tally_free(b->source[i].used);
		tally_free(b->source[i].shown);
	}
	tally_buf_free(&b->escaped);
	tally_free(b->source);
	tally_free(b);
}

/* Makes the table known, in place of one with fewer columns. */
static enum tally_rc
show(struct source *s, sqlite3 *db, struct tally_err *err)
{
	char name[128];
	uint16_t n = 0;
	int result;

	snprintf(name, sizeof(name), "batch_%s", name_of(s));
	for (uint16_t k = 0; s->table != NULL && k < s->table->ncolumn; k++)
		if (s->used[k])
			s->shown[n++] = k;
	result = sqlite3_create_module(db, name, &module, s);
	return result == SQLITE_OK ? TALLY_OK
				   : sqlite_fail(db, result, name, err);
}

enum tally_rc
sqlite_batch_attach(struct sqlite_batch *b, sqlite3 *db, struct tally_err *err)
{
	b->db = db;
	/* Those of records when there are some. */
	return show(&b->source[b->nsource - 1], db, err);
}

void
sqlite_batch_detach(struct sqlite_batch *b)
{
	for (size_t i = 0; i < b->nsource; i++) {
		sqlite3_finalize(b->source[i].insert);
		b->source[i].insert = NULL;
	}
	sqlite_keys_detach(&b->keys);
	b->db = NULL;
}

/* Marks the columns that rows have had values in; true when one is new. */
static bool
widen(struct source *s)
{
	const struct sqlite_batch *b = s->batch;
	const struct tally_rows *r;
	bool wider = false;

	for (size_t i = 0; i < b->nload; i++) {
		r = rows_of(s, &b->load[i]);
		for (uint16_t k = 0; r != NULL && k < s->table->ncolumn; k++)
			if (r->slot[k] != TALLY_NO_SLOT && !s->used[k])
				s->used[k] = wider = true;
	}
	return wider;
}

static void
name_columns(struct tally_buf *sql, const struct source *s)
{
	const struct tally_table *t = s->table;

	if (t == NULL) {
		tally_buf_puts(sql, LOAD_DOCUMENT_COLUMNS);
		return;
	}
	load_columns(sql, t, s->used);
}

static enum tally_rc
prepare(struct sqlite_batch *b, struct source *s, struct tally_err *err)
{
	const char *name = name_of(s);
	struct tally_buf sql;
	enum tally_rc rc = TALLY_OK;
	int result;

	if (s->table != NULL && widen(s)) {
		sqlite3_finalize(s->insert);
		s->insert = NULL;
	}
	if (s->insert != NULL)
		return TALLY_OK;
	if (s->table != NULL)
		rc = show(s, b->db, err);
	if (rc != TALLY_OK)
		return rc;
	tally_buf_init(&sql, SQL_MAX);
	tally_buf_printf(&sql, "INSERT OR FAIL INTO \"%s\" (", name);
	name_columns(&sql, s);
	tally_buf_puts(&sql, ") SELECT ");
	name_columns(&sql, s);
	tally_buf_printf(&sql, " FROM \"batch_%s\"", name);
	if (sql.failed) {
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	} else {
		result = sqlite3_prepare_v3(b->db, sql.p, -1,
		    SQLITE_PREPARE_PERSISTENT, &s->insert, NULL);
		if (result != SQLITE_OK)
			rc = sqlite_fail(b->db, result, name, err);
	}
	tally_buf_free(&sql);
	return rc;
}

void
sqlite_batch_prepare(struct sqlite_batch *b)
{
	struct tally_err ignored;

	(void)sqlite_keys_prepare(&b->keys, b->db);
	(void)prepare(b, &b->source[b->nsource - 1], &ignored);
}

/* Runs one source's INSERT; a failure names the row that was in hand. */
static enum tally_rc
take(struct sqlite_batch *b, struct source *s, struct tally_err *err)
{
	char doing[160];
	enum tally_rc rc = prepare(b, s, err);
	int result;

	if (rc != TALLY_OK)
		return rc;
	result = sqlite3_step(s->insert);
	if (result != SQLITE_DONE) {
		snprintf(doing, sizeof(doing), "storing row %lu of %s",
		    (unsigned long)b->at + 1, name_of(s));
		rc = sqlite_fail(b->db, result, doing, err);
	}
	sqlite3_reset(s->insert);
	return rc;
}

/* Whether any of the loads has something for it. */
static bool
has_rows(const struct source *s)
{
	const struct sqlite_batch *b = s->batch;

	for (size_t i = 0; i < b->nload; i++)
		if (s->table == NULL ? b->load[i].ndocument != 0
				     : rows_of(s, &b->load[i]) != NULL)
			return true;
	return false;
}

enum tally_rc
sqlite_batch_load(struct sqlite_batch *b, const struct engine_load *l, size_t n,
    struct tally_err *err)
{
	/* The documents first; theirs is the last source. */
	const size_t last = b->nsource - 1;
	enum tally_rc rc = TALLY_OK;
	struct source *s;

	b->load = l;
	b->nload = n;
	for (size_t i = 0; rc == TALLY_OK && i < b->nsource; i++) {
		s = &b->source[i == 0 ? last : i - 1];
		if (has_rows(s))
			rc = take(b, s, err);
	}
	b->load = NULL;
	b->nload = 0;
	return rc;
}

enum tally_rc
sqlite_batch_prior(struct sqlite_batch *b, const struct engine_load *l,
    size_t n, int64_t *prior, struct tally_err *err)
{
	const struct load_keys keys = load_keys(l, n);
	int result;

	b->load = l;
	b->nload = n;
	result = sqlite_keys_prior(&b->keys, b->db, &keys, prior);
	b->load = NULL;
	b->nload = 0;
	return result == SQLITE_OK
	    ? TALLY_OK
	    : sqlite_fail(b->db, result, "looking for keys", err);
}
