/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of rows; see tallyman/record.h.
 *
 * Each table's rows lie in three parallel arrays that grow by doubling.  Texts
 * go end to end into the arena, which holds nothing else, so that no byte is
 * lost to alignment.  Reset keeps all memory: a batch that is used again does
 * not allocate.
 */
#include "tallyman/record.h"

#include <assert.h>

#include "record/rows.h"

#define KEPT_MAX (16u << 20) /* bytes of one array, kept by a reset */

enum tally_rc
tally_batch_init(struct tally_batch *b, const struct tally_model *model,
    size_t max, struct tally_err *err)
{
	*b = (struct tally_batch){ .model = model, .max = max };
	tally_arena_init(&b->text, max);
	b->rows = tally_calloc(model->ntable, sizeof(*b->rows));
	if (b->rows == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for a batch of records");
	for (uint16_t i = 0; i < model->ntable; i++)
		if (!rows_init(&b->rows[i], &model->table[i])) {
			tally_batch_free(b);
			return tally_err_set(err, TALLY_NOMEM,
			    "no memory for a batch of records");
		}
	return TALLY_OK;
}

void
tally_batch_free(struct tally_batch *b)
{
	for (uint16_t i = 0; b->rows != NULL && i < b->model->ntable; i++) {
		rows_free(&b->rows[i]);
		tally_free(b->rows[i].slot);
	}
	tally_free(b->rows);
	tally_arena_free(&b->text);
	*b = (struct tally_batch){ 0 };
}

/* What one extraordinary document needed is given back. */
void
tally_batch_reset(struct tally_batch *b)
{
	size_t used = b->text.used;

	for (uint16_t i = 0; i < b->model->ntable; i++) {
		if (b->rows[i].cap * b->rows[i].size > KEPT_MAX)
			rows_free(&b->rows[i]);
		b->rows[i].n = 0;
	}
	b->ndocument = 0;
	b->utf8 = false;
	b->used = b->begun = 0;
	tally_arena_reset(&b->text);
	if (used > KEPT_MAX) {
		tally_arena_free(&b->text);
	} else if (b->text.used < used) {
		/* One chunk as large as all of them, for the next time. */
		tally_arena_free(&b->text);
		if (tally_arena_alloc(&b->text, used) != NULL)
			tally_arena_reset(&b->text);
	}
}

uint32_t
tally_batch_document(struct tally_batch *b)
{
	b->begun = b->used;
	return b->ndocument++;
}

void
tally_batch_undo(struct tally_batch *b)
{
	struct tally_rows *r;

	assert(b->ndocument > 0);
	b->ndocument--;
	for (uint16_t i = 0; i < b->model->ntable; i++) {
		r = &b->rows[i];
		while (r->n > 0 && r->row[r->n - 1].document == b->ndocument) {
			r->n--;
			b->used -= r->size;
		}
	}
	/* its text stays until the batch is emptied */
	b->begun = b->used;
}

uint32_t
tally_batch_add(struct tally_batch *b, uint16_t table)
{
	uint32_t seq;

	assert(b->ndocument > 0);
	return rows_add(b, &b->rows[table], rows_limit(b), &seq);
}

uint32_t
tally_batch_add_many(struct tally_batch *b, uint16_t table, uint32_t n)
{
	struct tally_rows *r = &b->rows[table];
	uint32_t seq = tally_batch_count(b, table), first = r->n;
	size_t size;

	assert(b->ndocument > 0 && n > 0);
	if (n > TALLY_ROWS_MAX - seq || !tally_mul_ok(&size, n, r->size) ||
	    !tally_batch_fits(b, size) || size > b->max - b->used)
		return TALLY_NO_ROW;
	while (r->cap - first < n)
		if (!rows_grow(r))
			return TALLY_NO_ROW;
	for (uint32_t i = 0; i < n; i++)
		r->row[first + i] =
		    (struct tally_row){ b->ndocument - 1, seq + i };
	b->used += size;
	r->n = first + n;
	return first;
}

enum tally_rc
tally_batch_row(
    struct tally_batch *b, uint16_t table, uint32_t *row, struct tally_err *err)
{
	*row = tally_batch_add(b, table);
	if (*row != TALLY_NO_ROW)
		return TALLY_OK;
	if (tally_batch_room(b, table) &&
	    b->used + b->rows[table].size <= b->max)
		return tally_err_set(err, TALLY_NOMEM,
		    "no memory for more rows of %s",
		    b->model->table[table].name);
	return tally_err_set(err, TALLY_NOMEM,
	    "a document has no room for more than %u rows of %s",
	    tally_batch_count(b, table), b->model->table[table].name);
}

enum tally_rc
tally_batch_keep(struct tally_batch *b, struct tally_str s, const char **copy,
    struct tally_err *err)
{
	struct tally_arena *a = &b->text;
	char *p = a->p;

	if (s.n > UINT32_MAX)
		return tally_err_set(
		    err, TALLY_NOMEM, "a value has more than 4 GiB");
	if (p != NULL && s.n <= (size_t)(a->end - p))
		a->p += s.n;
	else if ((p = tally_arena_alloc(a, s.n)) != NULL)
		a->p = p + s.n;
	if (p == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no room for more text in this batch");
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	b->used += s.n;
	*copy = p;
	return TALLY_OK;
}

enum tally_rc
tally_batch_set(struct tally_batch *b, uint16_t table, uint32_t row,
    uint16_t column, struct tally_str s, struct tally_err *err)
{
	const struct tally_rows *r = &b->rows[table];
	enum tally_rc rc;

	assert(row < r->n && column < r->table->ncolumn);
	rc = tally_batch_keep(b, s, &s.p, err);
	if (rc == TALLY_OK)
		tally_batch_point(b, table, row, column, s);
	return rc;
}

/* The first row of the document or behind it; rows are sorted by document.
 * Documents are alike, so it is looked for around the document's share of the
 * rows, in growing steps, until halving is quicker. */
static uint32_t
first_row(
    const struct tally_batch *b, const struct tally_rows *r, uint32_t document)
{
	uint64_t at = (uint64_t)r->n * document / b->ndocument, step = 1;
	uint32_t low = 0, high = r->n, half;
	bool up;

	while (low < high) {
		up = r->row[at].document < document;
		if (up)
			low = (uint32_t)at + 1;
		else
			high = (uint32_t)at;
		half = (high - low) / 2;
		at = low + half;
		if (step < half)
			at = up ? low + step : high - 1 - step;
		step *= 2;
	}
	return low;
}

/* A document has few rows, so they are counted. */
void
tally_batch_rows(const struct tally_batch *b, uint16_t table, uint32_t document,
    uint32_t *from, uint32_t *n)
{
	const struct tally_rows *r = &b->rows[table];
	uint32_t end = first_row(b, r, document);

	*from = end;
	while (end < r->n && r->row[end].document == document)
		end++;
	*n = end - *from;
}

struct tally_str
tally_batch_key(const struct tally_batch *b, uint32_t document)
{
	const struct tally_table *table;
	const struct tally_cell *c;
	uint32_t row, n;

	for (uint16_t i = 0; i < b->model->ntable; i++) {
		table = &b->model->table[i];
		if (!table->head || b->rows[i].n == 0)
			continue;
		tally_batch_rows(b, i, document, &row, &n);
		for (uint16_t k = 0; n > 0 && k < table->nkey; k++) {
			c = tally_rows_cell(&b->rows[i], row, table->key[k]);
			if (c->p != NULL)
				return tally_str(c->p, c->n);
		}
	}
	return tally_str("", 0);
}
