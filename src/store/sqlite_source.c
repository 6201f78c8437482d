/* SPDX-License-Identifier: Apache-2.0 */
/* A table of a load as a virtual table of SQLite's; see sqlite_source.h. */
#include "store/sqlite_source.h"

#include <assert.h>
#include <stdio.h>

#include "store/load.h"
#include "store/sqlite.h"

#define SQL_MAX (64 * 1024) /* of one statement; the model is ours */

struct table {
	sqlite3_vtab base;
	struct sqlite_source *source;
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

static struct sqlite_source *
source_of(sqlite3_vtab_cursor *c)
{
	return ((struct table *)c->pVtab)->source;
}

bool
sqlite_source_init(struct sqlite_source *s, struct sqlite_shown *all,
    const struct tally_table *t)
{
	s->all = all;
	s->table = t;
	s->used = tally_calloc(t->ncolumn, sizeof(*s->used));
	s->column = tally_calloc(t->ncolumn, sizeof(*s->column));
	return s->used != NULL && s->column != NULL;
}

void
sqlite_source_free(struct sqlite_source *s)
{
	tally_free(s->used);
	tally_free(s->column);
}

const char *
sqlite_source_name(const struct sqlite_source *s)
{
	return s->table != NULL ? s->table->name : "documents";
}

static void
give_text(
    sqlite3_context *ctx, struct sqlite_source *s, const char *p, size_t n)
{
	struct tally_buf *b = &s->all->escaped;
	const struct tally_str text = load_text(b, tally_str(p, n));

	if (text.p == p)
		sqlite3_result_text(ctx, p, (int)n, SQLITE_STATIC);
	else if (b->failed)
		sqlite3_result_error_nomem(ctx);
	else
		sqlite3_result_text(ctx, text.p, (int)text.n, SQLITE_TRANSIENT);
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
give_document(sqlite3_context *ctx, struct sqlite_source *s,
    const struct cursor *c, int column)
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
give_own(sqlite3_context *ctx, struct sqlite_source *s, const struct cursor *c,
    int column)
{
	const struct tally_rows *r = c->rows;
	int64_t id = c->document;

	if (column == 0)
		id = load_row_id(s->table, c->document, r->row[c->i].seq);
	else if (column > 1)
		id = load_reference(
		    s->all->model, r, c->i, column - 2, c->document);
	if (id != 0)
		sqlite3_result_int64(ctx, id);
}

static void
give_record(sqlite3_context *ctx, struct sqlite_source *s,
    const struct cursor *c, int column)
{
	const struct tally_cell *cell;
	uint16_t k;
	uint8_t slot;

	if (column < c->own) {
		give_own(ctx, s, c, column);
		return;
	}
	k = s->column[column - c->own];
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
	struct sqlite_source *s = source_of(base);

	if (s->table == NULL)
		give_document(ctx, s, c, column);
	else
		give_record(ctx, s, c, column);
	return SQLITE_OK;
}

static uint16_t
table_of(const struct sqlite_source *s)
{
	return (uint16_t)(s->table - s->all->model->table);
}

/* To the first row of a load. */
static void
begin(struct cursor *c, const struct sqlite_source *s)
{
	c->i = c->n = 0;
	c->rows = NULL;
	if (c->load == c->end)
		return;
	if (s->table == NULL) {
		c->n = (uint32_t)c->load->ndocument;
		return;
	}
	load_rows(c->load, table_of(s), &c->i, &c->n);
	if (c->i < c->n)
		c->rows = &c->load->batch->rows[table_of(s)];
}

/* Passes over rows of documents that are to be left out, and to the next load
 * that has some. */
static void
settle(struct cursor *c, struct sqlite_source *s)
{
	for (; c->load < c->end; c->load++, begin(c, s)) {
		if (s->table != NULL)
			while (c->i < c->n &&
			    load_document(c->load, c->rows, c->i) == 0)
				c->i++;
		if (c->i < c->n)
			break;
	}
	s->all->at = c->at;
	if (c->load == c->end || s->table == NULL)
		return;
	assert(c->rows != NULL);
	c->document = load_document(c->load, c->rows, c->i);
	c->cell = &c->rows->cell[(size_t)c->i * c->rows->width];
	c->own = 2 + s->table->nreference;
}

static int
x_filter(sqlite3_vtab_cursor *base, int n, const char *text, int argc,
    sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;
	struct sqlite_source *s = source_of(base);

	(void)n, (void)text, (void)argc, (void)argv;
	/* Somebody may ask while no load is under way: there is nothing. */
	c->at = 0;
	c->load = s->all->load;
	c->end = c->load + s->all->nload;
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

/* Those that it has, with the ones that all rows have, divided by commas. */
static void
columns(struct tally_buf *sql, const struct sqlite_source *s)
{
	if (s->table == NULL)
		tally_buf_puts(sql, LOAD_DOCUMENT_COLUMNS);
	else
		load_columns(sql, s->table, s->used);
}

static int
x_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    sqlite3_vtab **out, char **message)
{
	struct sqlite_source *s = aux;
	struct table *t;
	struct tally_buf b;
	int result = SQLITE_NOMEM;

	(void)argc, (void)argv, (void)message;
	tally_buf_init(&b, SQL_MAX);
	tally_buf_puts(&b, "CREATE TABLE x (");
	columns(&b, s);
	tally_buf_putc(&b, ')');
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
sqlite_source_show(struct sqlite_source *s, sqlite3 *db, struct tally_err *err)
{
	char name[128];
	uint16_t n = 0;
	int result;

	snprintf(name, sizeof(name), "batch_%s", sqlite_source_name(s));
	for (uint16_t k = 0; s->table != NULL && k < s->table->ncolumn; k++)
		if (s->used[k])
			s->column[n++] = k;
	result = sqlite3_create_module(db, name, &module, s);
	return result == SQLITE_OK ? TALLY_OK
				   : sqlite_fail(db, result, name, err);
}

void
sqlite_source_insert(struct tally_buf *sql, const struct sqlite_source *s)
{
	const char *name = sqlite_source_name(s);

	tally_buf_printf(sql, "INSERT OR FAIL INTO \"%s\" (", name);
	columns(sql, s);
	tally_buf_puts(sql, ") SELECT ");
	columns(sql, s);
	tally_buf_printf(sql, " FROM \"batch_%s\"", name);
}

size_t
sqlite_source_count(const struct sqlite_source *s)
{
	uint32_t from, to;
	size_t n = 0;

	for (size_t i = 0; i < s->all->nload; i++) {
		if (s->table == NULL) {
			n += s->all->load[i].ndocument;
			continue;
		}
		load_rows(&s->all->load[i], table_of(s), &from, &to);
		n += to - from;
	}
	return n;
}

bool
sqlite_source_widen(struct sqlite_source *s)
{
	const struct tally_batch *b;
	const uint8_t *slot;
	bool wider = false;

	for (size_t i = 0; s->table != NULL && i < s->all->nload; i++) {
		b = s->all->load[i].batch;
		if (b == NULL || b->rows[table_of(s)].n == 0)
			continue;
		slot = b->rows[table_of(s)].slot;
		for (uint16_t k = 0; k < s->table->ncolumn; k++)
			if (slot[k] != TALLY_NO_SLOT && !s->used[k])
				s->used[k] = wider = true;
	}
	return wider;
}
