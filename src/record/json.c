/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document as a line of JSON: an object with an array per table that has
 * rows, in the model's order.  A row has its number in the table as "id",
 * references as such numbers, and its columns; what is null is left out.
 * Integers are numbers, decimals strings, so that no reader rounds them.
 */
#include "tallyman/record.h"

#include "base/text.h"

static void
put_row(struct tally_buf *out, const struct tally_rows *r, uint32_t i)
{
	const struct tally_table *t = r->table;
	const uint32_t *reference = r->reference + (size_t)i * t->nreference;
	const struct tally_cell *cell;

	tally_buf_printf(out, "{\"id\":%u", r->row[i].seq);
	for (uint16_t k = 0; k < t->nreference; k++)
		if (reference[k] != TALLY_NO_ROW) {
			tally_text_key(out, t->reference[k].name);
			tally_buf_printf(out, "%u", reference[k]);
		}
	for (uint16_t k = 0; k < t->ncolumn; k++) {
		cell = tally_rows_cell(r, i, k);
		if (cell->p == NULL)
			continue;
		tally_text_key(out, t->column[k].name);
		if (t->column[k].type == TALLY_INTEGER)
			tally_buf_add(out, cell->p, cell->n);
		else
			tally_text_json(out, tally_str(cell->p, cell->n));
	}
	tally_buf_putc(out, '}');
}

void
tally_batch_json(
    const struct tally_batch *b, uint32_t document, struct tally_buf *out)
{
	const struct tally_rows *r;
	uint32_t from, n;
	bool any = false;

	tally_buf_putc(out, '{');
	for (uint16_t t = 0; t < b->model->ntable; t++) {
		r = &b->rows[t];
		tally_batch_rows(b, t, document, &from, &n);
		if (n == 0)
			continue;
		tally_buf_puts(out, any ? ",\"" : "\"");
		tally_buf_puts(out, r->table->name);
		tally_buf_puts(out, "\":[");
		for (uint32_t i = from; i < from + n; i++) {
			if (i > from)
				tally_buf_putc(out, ',');
			put_row(out, r, i);
		}
		tally_buf_putc(out, ']');
		any = true;
	}
	tally_buf_puts(out, "}\n");
}
