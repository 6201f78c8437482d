/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rows of a table at once.
 *
 * They are written into a database in memory, as SQLite would have them in a
 * file, and "INSERT INTO t SELECT * FROM load.t" copies them from there: with
 * two tables of one definition SQLite copies rows as they lie, which is three
 * to four times as fast as when it is told the values one by one.  The table
 * in memory is defined by the words that define the store's.
 *
 * Whatever stands against that leaves it undone, and the caller does it in the
 * ordinary way: a column that is not the model's, a row longer than a page, a
 * number that is none, a row that is there already.  An index or a trigger does
 * not: then SQLite itself goes through the columns.
 */
#include "store/sqlite_direct.h"

#include <stdio.h>
#include <string.h>

#include "store/load.h"
#include "store/sqlite.h"

#define SCHEMA "load" /* the database in memory */

/* The store's table. */
struct shape {
	bool known;    /* it has been looked at */
	char *sql;     /* its definition; null: it is not ours; owned */
	uint16_t *own; /* of each of its columns: which of ours; owned */
	uint16_t n;
	struct index {
		char *name, *sql; /* owned */
		uint16_t column;  /* of the model's */
	} index[IMAGE_INDEXES];
	int nindex;
};

/* A column with values, and where they are: in a row's cells, or in what each
 * row has. */
enum kind { DOCUMENT, REFERENCE, TEXT, INTEGER };
struct field {
	enum kind kind;
	int nulls; /* columns without any, before it */
	int at;
	int index; /* that has it; -1: none */
};

struct sqlite_direct {
	const struct tally_model *model; /* borrowed */
	struct shape *shape;             /* ntable; owned */
	uint16_t ntable;
	struct image image;
	struct tally_buf escaped;
	bool utf8; /* the texts of the load in hand are */
	bool attached;
};

enum tally_rc
sqlite_direct_new(struct sqlite_direct **out, const struct tally_model *model,
    struct tally_err *err)
{
	struct sqlite_direct *d = tally_calloc(1, sizeof(*d));

	if (d != NULL)
		d->shape = tally_calloc(model->ntable, sizeof(*d->shape));
	if (d == NULL || d->shape == NULL) {
		tally_free(d);
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	d->model = model;
	d->ntable = model->ntable;
	tally_buf_init(&d->escaped, SIZE_MAX);
	*out = d;
	return TALLY_OK;
}

static void
shape_free(struct shape *s)
{
	sqlite3_free(s->sql);
	tally_free(s->own);
	for (int i = 0; i < s->nindex; i++) {
		sqlite3_free(s->index[i].name);
		sqlite3_free(s->index[i].sql);
	}
	memset(s, 0, sizeof(*s));
}

void
sqlite_direct_detach(struct sqlite_direct *d)
{
	for (size_t i = 0; i < d->ntable; i++)
		shape_free(&d->shape[i]);
	d->attached = false;
}

void
sqlite_direct_free(struct sqlite_direct *d)
{
	if (d == NULL)
		return;
	sqlite_direct_detach(d);
	image_free(&d->image);
	tally_buf_free(&d->escaped);
	tally_free(d->shape);
	tally_free(d);
}

/* Which of ours a column of the store's is: those of load_columns, counted from
 * 0; as many as there are: none of them. */
static uint16_t
own_of(const struct tally_table *t, const char *name)
{
	uint16_t i;
	int k;

	if (strcmp(name, "id") == 0)
		return 0;
	if (strcmp(name, "document_id") == 0)
		return 1;
	for (i = 0; i < t->nreference; i++)
		if (strcmp(name, t->reference[i].name) == 0)
			return (uint16_t)(2 + i);
	k = tally_table_column(t, tally_cstr(name));
	return (uint16_t)(2 + t->nreference + (k >= 0 ? k : t->ncolumn));
}

/* Reads the columns; the first has to be the id, and all have to be ours. */
static bool
columns_read(struct shape *s, const struct tally_table *t, sqlite3_stmt *ask)
{
	const size_t all = 2 + (size_t)t->nreference + t->ncolumn;
	const char *name;

	s->own = tally_calloc(all, sizeof(*s->own));
	if (s->own == NULL || all > IMAGE_COLUMNS)
		return false;
	while (sqlite3_step(ask) == SQLITE_ROW) {
		name = (const char *)sqlite3_column_text(ask, 0);
		if (name == NULL || s->n == all)
			return false;
		s->own[s->n] = own_of(t, name);
		if (s->own[s->n++] == all)
			return false;
		if (s->sql == NULL) {
			name = (const char *)sqlite3_column_text(ask, 1);
			s->sql = sqlite3_mprintf("%s", name);
		}
	}
	return s->n == all && s->own[0] == 0 && s->sql != NULL;
}

/* What a buffer has, which is empty then; null: no memory. */
static char *
taken_from(struct tally_buf *b)
{
	char *copy = b->failed ? NULL : sqlite3_mprintf("%s", b->p);

	tally_buf_reset(b);
	return copy;
}

/* What people search by.  Where one is left out SQLite makes the store's. */
static bool
indexes_name(struct shape *s, const struct tally_table *t)
{
	struct tally_buf b;
	struct index *x;
	bool all = true;

	tally_buf_init(&b, SIZE_MAX);
	for (uint16_t k = 0; k < t->ncolumn && s->nindex < IMAGE_INDEXES; k++) {
		if (!t->column[k].search || t->column[k].type == TALLY_INTEGER)
			continue;
		x = &s->index[s->nindex++];
		x->column = k;
		load_index_name(&b, t, &t->column[k]);
		x->name = taken_from(&b);
		load_index(&b, t, &t->column[k]);
		x->sql = taken_from(&b);
		all = all && x->name != NULL && x->sql != NULL;
	}
	tally_buf_free(&b);
	return all;
}

static bool
shape_look(struct shape *s, sqlite3 *db, const struct tally_table *t)
{
	static const char sql[] =
	    "SELECT p.name, s.sql FROM main.sqlite_schema AS s,"
	    " pragma_table_xinfo(s.name, 'main') AS p"
	    " WHERE s.type = 'table' AND s.name = ? ORDER BY p.cid";
	sqlite3_stmt *ask = NULL;
	bool ok;

	ok = sqlite3_prepare_v2(db, sql, -1, &ask, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(ask, 1, t->name, -1, SQLITE_STATIC) ==
		SQLITE_OK &&
	    columns_read(s, t, ask) && indexes_name(s, t);
	sqlite3_finalize(ask);
	if (!ok)
		shape_free(s);
	s->known = true;
	return ok;
}

static int
index_of(const struct shape *s, int column)
{
	for (int i = 0; i < s->nindex; i++)
		if (s->index[i].column == column)
			return i;
	return -1;
}

/* What the rows of a load have in the table's columns. */
static int
fields(struct field *f, const struct shape *s, const struct tally_rows *r)
{
	const struct tally_table *t = r->table;
	int n = 0, nulls = 0, own;

	for (int i = 0; i < s->n; i++) {
		own = s->own[i] - 2 - t->nreference;
		f[n] = (struct field){ .nulls = nulls, .index = -1 };
		if (s->own[i] == 0 ||
		    (own >= 0 && r->slot[own] == TALLY_NO_SLOT)) {
			nulls++;
			continue;
		}
		nulls = 0;
		if (s->own[i] == 1) {
			f[n++].kind = DOCUMENT;
		} else if (own < 0) {
			f[n].kind = REFERENCE;
			f[n++].at = s->own[i] - 2;
		} else {
			f[n].kind = t->column[own].type == TALLY_INTEGER
			    ? INTEGER
			    : TEXT;
			f[n].at = r->slot[own];
			f[n++].index = index_of(s, own);
		}
	}
	return n;
}

/* An index has texts as they are here: none that is to be written otherwise. */
static bool
text_put(
    struct sqlite_direct *d, const struct tally_cell *c, int index, int64_t id)
{
	const struct tally_str own = tally_str(c->p, c->n);
	const struct tally_str text =
	    d->utf8 ? own : load_text(&d->escaped, own);
	const struct image_key key = { text.p, text.n, id };

	image_text(&d->image, text.p, text.n);
	if (index < 0 || d->escaped.failed)
		return !d->escaped.failed;
	return text.p == c->p && image_key(&d->image, (size_t)index, key);
}

static bool
integer_put(struct sqlite_direct *d, const struct tally_cell *c)
{
	int64_t v;

	if (!load_integer(&v, c))
		return false;
	image_integer(&d->image, v);
	return true;
}

static bool
row_put(struct sqlite_direct *d, const struct tally_rows *r, uint32_t i,
    const struct field *f, int n, int64_t document)
{
	struct image *m = &d->image;
	const struct tally_cell *cell = &r->cell[(size_t)i * r->width];
	const int64_t id = load_row_id(r->table, document, r->row[i].seq);
	int64_t to;
	bool ok = true;

	image_row(m);
	for (const struct field *end = f + n; ok && f < end; f++) {
		image_nulls(m, (size_t)f->nulls);
		if (f->kind == DOCUMENT) {
			image_integer(m, document);
		} else if (f->kind == REFERENCE) {
			to = load_reference(d->model, r, i, f->at, document);
			if (to != 0)
				image_integer(m, to);
			else
				image_nulls(m, 1);
		} else if (cell[f->at].p == NULL) {
			image_nulls(m, 1);
		} else {
			ok = f->kind == TEXT
			    ? text_put(d, &cell[f->at], f->index, id)
			    : integer_put(d, &cell[f->at]);
		}
	}
	return ok && image_row_end(m, id);
}

static bool
rows_put(struct sqlite_direct *d, uint16_t table, const struct engine_load *l)
{
	struct field f[IMAGE_COLUMNS];
	const struct tally_rows *r;
	uint32_t i, to;
	int64_t document;
	int n;

	load_rows(l, table, &i, &to);
	if (i == to)
		return true;
	r = &l->batch->rows[table];
	n = fields(f, &d->shape[table], r);
	d->utf8 = l->batch->utf8;
	for (; i < to; i++) {
		document = load_document(l, r, i);
		if (document != 0 && !row_put(d, r, i, f, n, document))
			return false;
	}
	return true;
}

/* Gives SQLite the image for the database in memory. */
static bool
image_show(struct sqlite_direct *d, sqlite3 *db, const struct tally_table *t,
    const struct shape *s)
{
	struct image_definition what[1 + IMAGE_INDEXES] = { { t->name,
	    s->sql } };
	size_t n;
	uint8_t *p;

	if (!d->attached &&
	    sqlite3_exec(db, "ATTACH ':memory:' AS " SCHEMA, NULL, NULL,
		NULL) != SQLITE_OK)
		return false;
	d->attached = true;
	for (int i = 0; i < s->nindex; i++)
		what[1 + i] = (struct image_definition){ s->index[i].name,
			s->index[i].sql };
	p = image_end(&d->image, what, &n);
	return p != NULL &&
	    sqlite3_deserialize(db, SCHEMA, p, (sqlite3_int64)n,
		(sqlite3_int64)n, SQLITE_DESERIALIZE_FREEONCLOSE) == SQLITE_OK;
}

static sqlite3_stmt *
copy_prepare(sqlite3 *db, const struct tally_table *t)
{
	char sql[256];
	sqlite3_stmt *copy = NULL;

	snprintf(sql, sizeof(sql),
	    "INSERT INTO main.\"%s\" SELECT * FROM " SCHEMA ".\"%s\"", t->name,
	    t->name);
	(void)sqlite3_prepare_v2(db, sql, -1, &copy, NULL);
	return copy;
}

enum tally_rc
sqlite_direct_load(struct sqlite_direct *d, sqlite3 *db, uint16_t table,
    const struct engine_load *l, size_t n, bool *done, struct tally_err *err)
{
	const struct tally_table *t = &d->model->table[table];
	struct shape *s = &d->shape[table];
	sqlite3_stmt *copy = NULL;
	bool ready = s->known ? s->sql != NULL : shape_look(s, db, t);
	char doing[160];
	int result;

	*done = false;
	tally_buf_reset(&d->escaped);
	ready = ready && image_begin(&d->image, (size_t)s->nindex);
	for (size_t i = 0; ready && i < n; i++)
		ready = rows_put(d, table, &l[i]);
	if (ready && image_show(d, db, t, s))
		copy = copy_prepare(db, t);
	if (copy == NULL)
		return TALLY_OK;
	result = sqlite3_step(copy);
	*done = result == SQLITE_DONE;
	sqlite3_finalize(copy);
	if (*done || (result & 0xff) == SQLITE_CONSTRAINT)
		return TALLY_OK;
	snprintf(doing, sizeof(doing), "storing rows of %s", t->name);
	return sqlite_fail(db, result, doing, err);
}
