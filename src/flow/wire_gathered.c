/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents with their rows; see wire.h.
 *
 * First come the texts of the batch, as they lie in it: mostly the sets as the
 * partner wrote them.  Of a document then comes how many rows it has in each
 * table, so that references can be compared as they are read, and the rows, of
 * each only the cells that hold something: a place in the texts.  They are most
 * of what is said at all, so nothing is copied for a cell, and what is read
 * stays where it is.
 */
#include "flow/wire.h"

#include <string.h>

#include "base/date.h"
#include "base/decimal.h"
#include "base/text.h"
#include "base/word.h"
#include "store/load.h"

#define NAME_SIZE      256         /* of a map */
#define RESIDUE_MAX    (16u << 20) /* no segment can be longer */
#define DOCUMENT_LEAST 85
#define RESIDUE_LEAST  24
#define CELL_OWN       UINT16_MAX /* its text follows; at is its length */

/* A cell as it is said. */
struct cell {
	uint16_t column, n;
	uint32_t at; /* in the texts */
};

/* The columns of a table of a batch that hold anything. */
struct columns {
	uint16_t *v;
	uint16_t n;
};

/* --- cells --- */

/* As a pattern has it, whose 0 is any digit. */
static bool
is_like(const char *p, size_t n, const char *pattern)
{
	for (size_t i = 0; i < n; i++)
		if (pattern[i] == '0' ? p[i] < '0' || p[i] > '9'
				      : p[i] != pattern[i])
			return false;
	return true;
}

static bool
is_time(const char *p, size_t n)
{
	static const char pattern[] = "00:00:00.00";

	return n < sizeof(pattern) && n != 9 && (n >= 8 || n == 5) &&
	    is_like(p, n, pattern);
}

static size_t
digits(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= '0' && p[i] <= '9')
		i++;
	return i;
}

static bool
is_decimal(const char *p, size_t n)
{
	size_t i = n > 0 && p[0] == '-', whole = digits(p + i, n - i);

	i += whole;
	if (i < n && p[i] == '.') {
		whole += digits(p + i + 1, n - i - 1);
		i += 1 + digits(p + i + 1, n - i - 1);
	}
	return whole > 0 && i == n && n <= TALLY_DECIMAL_MAX;
}

static bool
fits(const struct wire *w, enum tally_column_type type, const struct cell *c,
    struct tally_str s)
{
	const struct tally_cell cell = { .p = s.p, .n = (uint32_t)s.n };
	int64_t number;

	switch (type) {
	case TALLY_TEXT:
		return (w->plain && c->n != CELL_OWN) || tally_utf8_ok(s);
	case TALLY_INTEGER:
		return load_integer(&number, &cell);
	case TALLY_DECIMAL:
		return is_decimal(s.p, s.n);
	case TALLY_DATE:
		return s.n == TALLY_DATE_MAX && is_like(s.p, s.n, "0000-00-00");
	case TALLY_TIME:
		return is_time(s.p, s.n);
	}
	return false;
}

/* --- rows --- */

static void
texts(struct wire *w, const struct tally_batch *b)
{
	size_t n;

	if (w->out != NULL) {
		w->texts = tally_arena_newest(&b->text);
		n = w->texts.n;
		wire_size(w, &n);
		tally_buf_str(w->out, w->texts);
		return;
	}
	n = wire_count(w, 0, 1);
	w->texts = tally_str(w->p, n);
	w->p += n;
	w->plain = word_plain(w->texts.p, n);
}

/* One for each table; null: there is no memory. */
static struct columns *
columns_of(const struct tally_batch *b)
{
	const struct tally_model *m = b->model;
	size_t most = 0;
	struct columns *c;
	uint16_t *v;

	for (uint16_t i = 0; i < m->ntable; i++)
		most += m->table[i].ncolumn;
	c = tally_alloc(m->ntable * sizeof(*c) + most * sizeof(*v));
	if (c == NULL)
		return NULL;
	v = (uint16_t *)(void *)(c + m->ntable);
	for (uint16_t i = 0; i < m->ntable; i++) {
		c[i] = (struct columns){ v, 0 };
		for (uint16_t k = 0;
		     b->rows[i].n > 0 && k < m->table[i].ncolumn; k++)
			if (b->rows[i].slot[k] != TALLY_NO_SLOT)
				c[i].v[c[i].n++] = k;
		v += c[i].n;
	}
	return c;
}

static struct cell
cell_of(const struct wire *w, uint16_t column, const struct tally_cell *c)
{
	/* It may be in another object. */
	uintptr_t at = (uintptr_t)c->p - (uintptr_t)w->texts.p;

	if (at <= w->texts.n && c->n <= w->texts.n - at && c->n < CELL_OWN)
		return (struct cell){ column, (uint16_t)c->n, (uint32_t)at };
	return (struct cell){ column, CELL_OWN, c->n };
}

/* A text behind its cell, and room for what follows; null: there is none. */
static char *
put_own(
    struct tally_buf *out, char *at, const struct tally_cell *c, size_t room)
{
	out->n = (size_t)(at - out->p);
	at = tally_buf_room(out, c->n + room);
	if (at == NULL)
		return NULL;
	memcpy(at, c->p, c->n);
	return at + c->n;
}

static void
put_row(struct wire *w, const struct tally_rows *r, uint32_t row,
    const struct columns *columns)
{
	const struct tally_table *t = r->table;
	const struct tally_cell *of = r->cell + (size_t)row * r->width, *c;
	struct tally_buf *out = w->out;
	struct cell cell;
	uint16_t n = 0;
	size_t begun;
	char *at;

	tally_buf_add(out, r->reference + (size_t)row * t->nreference,
	    t->nreference * sizeof(*r->reference));
	begun = out->n;
	at = tally_buf_room(out, sizeof(n) + columns->n * sizeof(cell));
	if (at == NULL)
		return;
	at += sizeof(n);
	for (uint16_t i = 0; i < columns->n; i++) {
		c = &of[r->slot[columns->v[i]]];
		if (c->p == NULL)
			continue;
		cell = cell_of(w, columns->v[i], c);
		memcpy(at, &cell, sizeof(cell));
		at += sizeof(cell);
		n++;
		if (cell.n == CELL_OWN)
			at = put_own(
			    out, at, c, (columns->n - i) * sizeof(cell));
		if (at == NULL)
			return;
	}
	out->n = (size_t)(at - out->p);
	out->p[out->n] = '\0';
	memcpy(out->p + begun, &n, sizeof(n));
}

static void
read_references(struct wire *w, const struct tally_model *model,
    struct tally_rows *r, uint32_t row, const uint32_t *count)
{
	const struct tally_table *t = r->table;
	uint32_t *seq = r->reference + (size_t)row * t->nreference;

	wire_raw(w, seq, t->nreference * sizeof(*seq));
	for (uint16_t k = 0; k < t->nreference; k++)
		if (seq[k] != TALLY_NO_ROW &&
		    (t->reference[k].table >= model->ntable ||
			seq[k] >= count[t->reference[k].table]))
			w->bad = true;
}

/* Its text, which may follow at *at; false where it is not there. */
static bool
text_of(const struct wire *w, const struct cell *c, const char **at,
    struct tally_str *text)
{
	if (c->n != CELL_OWN) {
		*text = tally_str(w->texts.p + c->at, c->n);
		return c->at <= w->texts.n && c->n <= w->texts.n - c->at;
	}
	*text = tally_str(*at, c->at);
	if (c->at > (size_t)(w->end - *at))
		return false;
	*at += c->at;
	return true;
}

/* The n cells of a row; false at the first that does not fit. */
static bool
read_cells(struct wire *w, struct tally_batch *b, uint16_t table, uint32_t row,
    unsigned n)
{
	const struct tally_table *t = b->rows[table].table;
	const char *at = w->p;
	uint64_t viewed = 0;
	uint32_t next = 0;
	struct tally_str text;
	struct cell c;

	for (; n > 0; n--) {
		if ((size_t)(w->end - at) < sizeof(c))
			return false;
		memcpy(&c, at, sizeof(c));
		at += sizeof(c);
		if (c.column < next || c.column >= t->ncolumn ||
		    !text_of(w, &c, &at, &text) ||
		    !fits(w, t->column[c.column].type, &c, text))
			return false;
		tally_batch_point(b, table, row, c.column, text);
		viewed += text.n;
		next = c.column + 1u;
	}
	w->p = at;
	w->viewed += viewed;
	return true;
}

static void
read_row(struct wire *w, struct tally_batch *b, uint16_t table,
    const uint32_t *count)
{
	uint32_t row = tally_batch_add(b, table);
	uint16_t n = 0;

	if (row == TALLY_NO_ROW) {
		w->bad = true;
		return;
	}
	read_references(w, b->model, &b->rows[table], row, count);
	wire_u16(w, &n);
	w->bad |= w->bad || !read_cells(w, b, table, row, n);
}

/* The rows of the document from those of *at on, which it moves on. */
static void
put_rows(struct wire *w, const struct tally_batch *b, uint32_t document,
    uint32_t *at, uint32_t *count, const struct columns *columns)
{
	const struct tally_rows *r;

	for (uint16_t i = 0; i < b->model->ntable; i++) {
		r = &b->rows[i];
		count[i] = 0;
		while (at[i] + count[i] < r->n &&
		    r->row[at[i] + count[i]].document == document)
			count[i]++;
	}
	wire_raw(w, count, b->model->ntable * sizeof(*count));
	for (uint16_t i = 0; i < b->model->ntable; i++)
		for (; count[i] > 0; count[i]--, at[i]++)
			put_row(w, &b->rows[i], at[i], &columns[i]);
}

static void
read_rows(struct wire *w, struct tally_batch *b, uint32_t *count)
{
	const struct tally_model *model = b->model;

	(void)tally_batch_document(b);
	wire_raw(w, count, model->ntable * sizeof(*count));
	for (uint16_t i = 0; i < model->ntable; i++)
		w->bad |= count[i] >
		    (model->table[i].head ? 1u : (uint32_t)TALLY_ROWS_MAX);
	for (uint16_t i = 0; i < model->ntable; i++)
		for (uint32_t n = count[i]; n > 0 && !w->bad; n--)
			read_row(w, b, i, count);
}

/* --- documents --- */

static void
specification(struct wire *w, const struct tally_set_spec **spec)
{
	bool known = *spec != NULL;
	const char *version = known ? (*spec)->version : "";
	const char *id = known ? (*spec)->id : "";
	const struct tally_version *v;

	wire_bool(w, &known);
	if (!known)
		return;
	wire_cstr(w, &version, NAME_SIZE);
	wire_cstr(w, &id, NAME_SIZE);
	if (w->out != NULL)
		return;
	v = tally_version_find(w->dictionary, tally_cstr(version));
	*spec = v != NULL ? tally_set_find(v, tally_cstr(id)) : NULL;
	w->bad |= *spec == NULL;
}

static void
map(struct wire *w, struct store_document *d)
{
	bool known = d->map != NULL;
	unsigned char hash[32] = { 0 };
	char *copy;

	wire_bool(w, &known);
	if (!known)
		return;
	if (w->out != NULL)
		memcpy(hash, d->map_hash, sizeof(hash));
	wire_cstr(w, &d->map, NAME_SIZE);
	wire_raw(w, hash, sizeof(hash));
	if (w->out != NULL)
		return;
	copy = tally_arena_alloc(w->arena, sizeof(hash));
	if (copy == NULL)
		w->bad = true;
	else
		memcpy(copy, hash, sizeof(hash));
	d->map_hash = (const unsigned char *)copy;
}

/* What a document was made with, mostly what the one before it was: then
 * pointers are the same, too. */
static void
made_with(
    struct wire *w, struct store_document *d, struct pending *p, bool first)
{
	bool same = w->out != NULL && !first && d->map == d[-1].map &&
	    d->map_hash == d[-1].map_hash && p->spec == p[-1].spec;

	wire_bool(w, &same);
	w->bad |= same && first;
	if (!same) {
		map(w, d);
		specification(w, &p->spec);
	} else if (w->out == NULL && !first) {
		d->map = d[-1].map;
		d->map_hash = d[-1].map_hash;
		p->spec = p[-1].spec;
	}
}

static void
residue(struct wire *w, struct tally_residue *r, const struct tally_model *m)
{
	wire_u32(w, &r->segment);
	wire_u16(w, &r->place);
	wire_u16(w, &r->element);
	wire_u32(w, &r->tag);
	wire_u16(w, &r->table);
	wire_u16(w, &r->column);
	wire_u32(w, &r->row);
	wire_view(w, &r->text, RESIDUE_MAX);
	if (w->out == NULL &&
	    (r->table >= m->ntable || r->row >= TALLY_ROWS_MAX ||
		(r->column != TALLY_NO_COLUMN &&
		    r->column >= m->table[r->table].ncolumn)))
		w->bad = true;
}

static void
residues(struct wire *w, struct pending *p, const struct tally_model *m)
{
	size_t n = wire_count(w, p->nresidue, RESIDUE_LEAST);
	struct tally_residue *v = NULL, copy;

	if (w->out == NULL && n > 0) {
		v = tally_arena_alloc(w->arena, n * sizeof(*v));
		w->bad |= v == NULL;
	}
	for (size_t i = 0; i < n && !w->bad; i++)
		if (w->out != NULL) {
			copy = p->residue[i];
			residue(w, &copy, m);
		} else if (v != NULL) {
			v[i] = (struct tally_residue){ 0 };
			residue(w, &v[i], m);
		}
	if (w->out == NULL) {
		p->residue = v;
		p->nresidue = w->bad ? 0 : n;
	}
}

/* What is said of a document without its rows; *rows: it has some. */
static void
document(struct wire *w, struct store_document *d, struct pending *p,
    bool first, bool *rows, const struct tally_model *m)
{
	bool held =
	    w->out != NULL && d->state != NULL && strcmp(d->state, "held") == 0;

	wire_field(w, d->set, sizeof(d->set));
	wire_field(w, d->control, sizeof(d->control));
	wire_u32(w, &d->ordinal);
	wire_u64(w, &d->offset);
	wire_u64(w, &d->length);
	wire_verdict(w, &d->verdict);
	wire_bool(w, &held);
	wire_raw(w, d->body, sizeof(d->body));
	made_with(w, d, p, first);
	wire_bool(w, rows);
	wire_u32(w, &p->group);
	wire_bool(w, &p->repeats);
	wire_size(w, &p->found.n);
	residues(w, p, m);
	if (w->out != NULL)
		return;
	d->state = held ? "held" : gathered_state(d->verdict);
	w->bad |= d->verdict == TALLY_PARTIAL ||
	    (held && d->verdict == TALLY_REJECTED) ||
	    (*rows && (d->map == NULL || d->verdict == TALLY_REJECTED)) ||
	    d->offset > INT64_MAX || d->length > INT64_MAX;
}

static void
put_documents(struct wire *w, struct gathered *g, uint32_t *count)
{
	const struct tally_model *m = g->batch.model;
	struct columns *columns = columns_of(&g->batch);
	uint32_t *at = count + m->ntable;
	bool rows;

	w->bad |= columns == NULL;
	for (size_t i = 0; i < g->n && columns != NULL; i++) {
		rows = g->doc[i].batch != UINT32_MAX;
		document(w, &g->doc[i], &g->pending[i], i == 0, &rows, m);
		if (rows)
			put_rows(
			    w, &g->batch, g->doc[i].batch, at, count, columns);
	}
	tally_free(columns);
}

static void
read_documents(struct wire *w, struct gathered *g, size_t n, uint32_t *count)
{
	const struct tally_model *m = g->batch.model;
	struct store_document *d;
	struct pending *p;
	size_t found = 0;
	bool rows;

	for (size_t i = 0; i < n && !w->bad; i++) {
		d = &g->doc[i];
		p = &g->pending[i];
		*d = (struct store_document){ .batch = UINT32_MAX };
		*p = (struct pending){ .spec = NULL };
		rows = false;
		document(w, d, p, i == 0, &rows, m);
		w->bad |= p->found.n > g->found.n - found;
		if (w->bad)
			return;
		p->found.first = found;
		found += p->found.n;
		if (rows) {
			d->batch = g->batch.ndocument;
			read_rows(w, &g->batch, count);
		}
		d->key = gathered_key(g, d->batch);
		g->n = i + 1;
	}
	w->bad |= found != g->found.n;
}

void
wire_gathered(struct wire *w, struct gathered *g)
{
	const struct tally_model *m = g->batch.model;
	/* Rows of the document in each table, and of all before it. */
	uint32_t *count = tally_calloc(2u * m->ntable, sizeof(*count));
	size_t n;

	if (count == NULL) {
		w->bad = true;
		return;
	}
	w->arena = &g->copies;
	wire_u64(w, &g->seen);
	wire_bool(w, &g->last);
	texts(w, &g->batch);
	wire_findings(w, &g->found);
	n = wire_count(w, g->n, DOCUMENT_LEAST);
	if (w->out != NULL)
		put_documents(w, g, count);
	else if (n <= GATHERED_DOCUMENTS)
		read_documents(w, g, n, count);
	else
		w->bad = true;
	tally_free(count);
}
