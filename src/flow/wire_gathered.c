/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents with their rows; see wire.h.
 *
 * Of a document comes what it is, how many rows it has in each table, and what
 * these refer to, which is one of them; what all rows hold comes behind the
 * last document, table by table: see wire_cells.c.  Most tables have no rows:
 * those that do come first, and only they are spoken of.
 */
#include "flow/wire.h"

#include <string.h>

#define NAME_SIZE      256         /* of a map */
#define RESIDUE_MAX    (16u << 20) /* no segment can be longer */
#define DOCUMENT_LEAST 85
#define RESIDUE_LEAST  24

/* --- rows --- */

/* The tables that have rows, n of them, and the rows of a document in each. */
struct tables {
	uint16_t n;
	uint16_t *v;     /* in rising order */
	uint32_t *count; /* in each of them */
	uint32_t *at;    /* written: those of documents before */
	uint32_t *all;   /* read: count, by number in the model */
};

static bool
tables_open(struct tables *t, const struct tally_model *m)
{
	size_t each = 3 * sizeof(*t->all) + sizeof(*t->v);

	*t = (struct tables){ .all = tally_calloc(m->ntable, each) };
	if (t->all == NULL)
		return false;
	t->count = t->all + m->ntable;
	t->at = t->count + m->ntable;
	t->v = (uint16_t *)(t->at + m->ntable);
	return true;
}

static void
put_tables(struct wire *w, struct tables *t, const struct tally_batch *b)
{
	for (uint16_t i = 0; i < b->model->ntable; i++)
		if (b->rows[i].n > 0)
			t->v[t->n++] = i;
	wire_u16(w, &t->n);
	wire_raw(w, t->v, t->n * sizeof(*t->v));
}

static void
read_tables(struct wire *w, struct tables *t, const struct tally_model *m)
{
	uint32_t next = 0;

	wire_u16(w, &t->n);
	w->bad |= t->n > m->ntable;
	if (w->bad)
		t->n = 0;
	wire_raw(w, t->v, t->n * sizeof(*t->v));
	for (uint16_t k = 0; k < t->n && !w->bad; k++) {
		w->bad = t->v[k] < next || t->v[k] >= m->ntable;
		next = t->v[k] + 1u;
	}
}

/* How many rows of the document there are behind those of the ones before, and
 * what they refer to. */
static void
put_rows(struct wire *w, const struct tally_batch *b, uint32_t document,
    struct tables *t)
{
	const struct tally_rows *r;
	size_t n;

	for (uint16_t k = 0; k < t->n; k++) {
		r = &b->rows[t->v[k]];
		t->count[k] = 0;
		while (t->at[k] + t->count[k] < r->n &&
		    r->row[t->at[k] + t->count[k]].document == document)
			t->count[k]++;
	}
	wire_raw(w, t->count, t->n * sizeof(*t->count));
	for (uint16_t k = 0; k < t->n; k++) {
		r = &b->rows[t->v[k]];
		n = r->table->nreference;
		if (t->count[k] > 0 && n > 0)
			wire_raw(w, r->reference + t->at[k] * n,
			    t->count[k] * n * sizeof(uint32_t));
		t->at[k] += t->count[k];
	}
}

/* Each is to a row that the document has, or to none. */
static void
read_references(struct wire *w, const struct tally_model *model,
    struct tally_rows *r, uint32_t row, const uint32_t *count)
{
	const struct tally_table *t = r->table;
	uint32_t *seq = r->reference + (size_t)row * t->nreference;
	uint32_t *end = r->reference + (size_t)r->n * t->nreference;

	if (seq == end)
		return;
	wire_raw(w, seq, (size_t)(end - seq) * sizeof(*seq));
	while (seq < end)
		for (uint16_t k = 0; k < t->nreference; k++, seq++)
			if (*seq != TALLY_NO_ROW &&
			    (t->reference[k].table >= model->ntable ||
				*seq >= count[t->reference[k].table]))
				w->bad = true;
}

static void
read_rows(struct wire *w, struct tally_batch *b, struct tables *t)
{
	const struct tally_model *model = b->model;
	uint32_t row;

	(void)tally_batch_document(b);
	wire_raw(w, t->count, t->n * sizeof(*t->count));
	for (uint16_t k = 0; k < t->n; k++) {
		w->bad |= (t->count[k] > 1 && model->table[t->v[k]].head) ||
		    t->count[k] > (size_t)(w->end - w->p) / WIRE_CELL;
		t->all[t->v[k]] = t->count[k];
	}
	for (uint16_t k = 0; k < t->n && !w->bad; k++) {
		if (t->count[k] == 0)
			continue;
		row = tally_batch_add_many(b, t->v[k], t->count[k]);
		if (row == TALLY_NO_ROW)
			w->bad = true;
		else
			read_references(
			    w, model, &b->rows[t->v[k]], row, t->all);
	}
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
put_documents(struct wire *w, struct gathered *g, struct tables *t)
{
	const struct tally_model *m = g->batch.model;
	bool rows;

	put_tables(w, t, &g->batch);
	for (size_t i = 0; i < g->n; i++) {
		rows = g->doc[i].batch != UINT32_MAX;
		document(w, &g->doc[i], &g->pending[i], i == 0, &rows, m);
		if (rows)
			put_rows(w, &g->batch, g->doc[i].batch, t);
	}
}

static void
read_documents(struct wire *w, struct gathered *g, size_t n, struct tables *t)
{
	const struct tally_model *m = g->batch.model;
	struct store_document *d;
	struct pending *p;
	size_t found = 0;
	bool rows;

	read_tables(w, t, m);
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
			read_rows(w, &g->batch, t);
		}
		g->n = i + 1;
	}
	w->bad |= found != g->found.n;
}

void
wire_gathered(struct wire *w, struct gathered *g)
{
	struct tables t;
	size_t n;

	if (!tables_open(&t, g->batch.model)) {
		w->bad = true;
		return;
	}
	w->arena = &g->copies;
	wire_u64(w, &g->seen);
	wire_bool(w, &g->last);
	wire_findings(w, &g->found);
	n = wire_count(w, g->n, DOCUMENT_LEAST);
	if (w->out != NULL)
		put_documents(w, g, &t);
	else if (n <= GATHERED_DOCUMENTS)
		read_documents(w, g, n, &t);
	else
		w->bad = true;
	tally_free(t.all);
	wire_cells(w, &g->batch);
	for (size_t i = 0; i < g->n && w->out == NULL && !w->bad; i++)
		g->doc[i].key = gathered_key(g, g->doc[i].batch);
}
