/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a table's rows in a batch: arrays that grow by doubling. */
#ifndef TALLYMAN_RECORD_ROWS_H
#define TALLYMAN_RECORD_ROWS_H

#include "tallyman/record.h"

/* Rows of a table, none yet; false without memory.  rows_free takes back the
 * rows alone. */
bool rows_init(struct tally_rows *, const struct tally_table *);
void rows_free(struct tally_rows *);
/* Room for one more row at least; false without memory. */
bool rows_grow(struct tally_rows *);

/* Cells of a row are made null so many at a time: widths are multiples. */
#define ROWS_CELLS 2

/* How many bytes the batch may have with the newest document. */
static inline size_t
rows_limit(const struct tally_batch *b)
{
	size_t n = b->begun + b->max / 2;

	return n < b->max ? n : b->max;
}

/* tally_batch_add, for those who make many; *seq of the row. */
static inline uint32_t
rows_add(
    struct tally_batch *b, struct tally_rows *r, size_t limit, uint32_t *seq)
{
	uint32_t n = r->n, document = b->ndocument - 1;
	uint16_t nreference = r->table->nreference;
	uint32_t *reference;
	struct tally_cell *cell, *end;

	*seq = 0;
	if (n > 0 && r->row[n - 1].document == document)
		*seq = r->row[n - 1].seq + 1;
	if (b->used + r->size > limit || *seq == TALLY_ROWS_MAX ||
	    (n == r->cap && !rows_grow(r)))
		return TALLY_NO_ROW;
	b->used += r->size;
	r->n = n + 1;
	r->row[n] = (struct tally_row){ document, *seq };
	reference = r->reference + (size_t)n * nreference;
	if (nreference > 0)
		reference[0] = TALLY_NO_ROW;
	if (nreference > 1)
		memset(reference + 1, 0xff,
		    (nreference - 1u) * sizeof(*reference));
	cell = r->cell + (size_t)n * r->width;
	for (end = cell + r->width; cell < end; cell += ROWS_CELLS)
		memset(cell, 0, ROWS_CELLS * sizeof(*cell));
	return n;
}

#endif
