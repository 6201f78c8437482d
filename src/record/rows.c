/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a table's rows; see rows.h. */
#include "record/rows.h"

#define ROWS_MIN 16

bool
rows_init(struct tally_rows *r, const struct tally_table *t)
{
	r->table = t;
	r->size = sizeof(struct tally_row) + t->nreference * sizeof(uint32_t) +
	    t->ncolumn * sizeof(struct tally_cell);
	r->null = tally_calloc(t->ncolumn, sizeof(*r->null));
	r->used = tally_calloc(t->ncolumn, sizeof(*r->used));
	for (uint16_t i = 0; r->null != NULL && i < t->ncolumn; i++)
		r->null[i].type = (uint32_t)t->column[i].type;
	return r->null != NULL && r->used != NULL;
}

void
rows_free(struct tally_rows *r)
{
	tally_free(r->row);
	tally_free(r->reference);
	tally_free(r->cell);
	r->row = NULL;
	r->reference = NULL;
	r->cell = NULL;
	r->n = r->cap = 0;
}

static void *
resized(void *p, size_t count, size_t size)
{
	size_t n;

	return tally_mul_ok(&n, count, size) ? tally_realloc(p, n) : NULL;
}

bool
rows_grow(struct tally_rows *r)
{
	const struct tally_table *t = r->table;
	uint32_t cap = r->cap < ROWS_MIN ? ROWS_MIN : r->cap * 2;
	void *row, *reference, *cell;

	if (cap <= r->cap)
		return false;
	row = resized(r->row, cap, sizeof(*r->row));
	r->row = row != NULL ? row : r->row;
	reference =
	    resized(r->reference, cap, t->nreference * sizeof(*r->reference));
	r->reference = reference != NULL ? reference : r->reference;
	cell = resized(r->cell, cap, t->ncolumn * sizeof(*r->cell));
	r->cell = cell != NULL ? cell : r->cell;
	if (row == NULL || reference == NULL || cell == NULL)
		return false;
	r->cap = cap;
	return true;
}
