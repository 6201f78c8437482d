/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a table's rows; see rows.h. */
#include "record/rows.h"

#include <string.h>

#define ROWS_MIN 16

const struct tally_cell tally_no_cell = { .p = NULL };

bool
rows_init(struct tally_rows *r, const struct tally_table *t)
{
	r->table = t;
	r->size = sizeof(struct tally_row) + t->nreference * sizeof(uint32_t) +
	    t->ncolumn * sizeof(struct tally_cell);
	r->slot = tally_calloc(t->ncolumn, sizeof(*r->slot));
	if (r->slot == NULL)
		return false;
	memset(r->slot, TALLY_NO_SLOT, t->ncolumn);
	return true;
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

/* The widest rows. */
static size_t
width_max(const struct tally_rows *r)
{
	return (r->table->ncolumn + ROWS_CELLS - 1u) / ROWS_CELLS * ROWS_CELLS;
}

/* Room for the cells of so many rows, were all columns used; what lies behind
 * those that are is not touched. */
static bool
grow_cells(struct tally_rows *r, uint32_t cap)
{
	struct tally_cell *cell;
	size_t n;

	if (!tally_mul_ok(&n, cap, width_max(r) * sizeof(*cell)))
		return false;
	cell = tally_alloc(n);
	if (cell == NULL)
		return false;
	if (r->n > 0)
		memcpy(cell, r->cell, (size_t)r->n * r->width * sizeof(*cell));
	tally_free(r->cell);
	r->cell = cell;
	return true;
}

bool
rows_grow(struct tally_rows *r)
{
	const struct tally_table *t = r->table;
	uint32_t cap = r->cap < ROWS_MIN ? ROWS_MIN : r->cap * 2;
	void *row, *reference;

	if (cap <= r->cap)
		return false;
	row = resized(r->row, cap, sizeof(*r->row));
	r->row = row != NULL ? row : r->row;
	reference =
	    resized(r->reference, cap, t->nreference * sizeof(*r->reference));
	r->reference = reference != NULL ? reference : r->reference;
	if (row == NULL || reference == NULL || !grow_cells(r, cap))
		return false;
	r->cap = cap;
	return true;
}

/* Rows move away from the first, the last of them at first. */
static void
widen(struct tally_rows *r)
{
	const struct tally_cell *from = r->cell + (size_t)r->n * r->width;
	uint16_t width = r->width + ROWS_CELLS;
	struct tally_cell *to = r->cell + (size_t)r->n * width;

	for (uint32_t i = r->n; i > 0; i--) {
		from -= r->width;
		to -= width;
		memmove(to, from, r->width * sizeof(*to));
		memset(to + r->width, 0, (width - r->width) * sizeof(*to));
	}
	r->width = width;
}

static bool
is_time(const struct tally_table *t, uint16_t column)
{
	for (uint16_t i = 0; i < t->ninstant; i++)
		if (t->column[t->instant[i]].local->time == column)
			return true;
	return false;
}

uint8_t
tally_slot_open(struct tally_batch *b, uint16_t table, uint16_t column)
{
	struct tally_rows *r = &b->rows[table];

	if (r->nslot == r->width)
		widen(r);
	b->timed |= is_time(r->table, column);
	r->slot[column] = (uint8_t)r->nslot;
	return (uint8_t)r->nslot++;
}
