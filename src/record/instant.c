/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that are computed from a local time, and the inverse; see
 * tallyman/record.h. */
#include "base/zone.h"
#include "tallyman/record.h"

/* A row of the newest document, in the batch. */
struct place {
	struct tally_batch *b;
	uint16_t table;
	uint32_t row;
	const struct tally_zone *otherwise; /* or null */
};

static struct tally_str
cell(const struct place *p, uint16_t column)
{
	const struct tally_rows *r = &p->b->rows[p->table];
	const struct tally_cell *c;

	if (column == TALLY_NO_COLUMN)
		return tally_str("", 0);
	c = tally_rows_cell(r, p->row, column);
	return tally_str(c->p != NULL ? c->p : "", c->p != NULL ? c->n : 0);
}

/* The zone of a row; LT is the local time that is agreed on. */
static const struct tally_zone *
zone_of(const struct place *p, const struct tally_local *local)
{
	struct tally_str code = cell(p, local->zone);

	if (code.n == 0 || tally_str_eq(code, TALLY_STR("LT")))
		return p->otherwise;
	return tally_zone_code(code);
}

static enum tally_rc
compute(const struct place *p, uint16_t column, const struct tally_local *local,
    struct tally_err *err)
{
	struct tally_str time = cell(p, local->time);
	const struct tally_zone *z = time.n > 0 ? zone_of(p, local) : NULL;
	char out[TALLY_INSTANT_MAX];
	size_t n;

	if (z == NULL)
		return TALLY_OK;
	n = tally_zone_instant(out, z, cell(p, local->date), time);
	if (n == 0)
		return TALLY_OK;
	return tally_batch_set(
	    p->b, p->table, p->row, column, tally_str(out, n), err);
}

/* One column of all rows that the newest document has of the table. */
static enum tally_rc
compute_column(struct place *p, uint16_t column, struct tally_err *err)
{
	const struct tally_rows *r = &p->b->rows[p->table];
	const struct tally_local *local = r->table->column[column].local;
	enum tally_rc rc = TALLY_OK;

	p->row = r->n - tally_batch_count(p->b, p->table);
	for (; p->row < r->n && rc == TALLY_OK; p->row++)
		rc = compute(p, column, local, err);
	return rc;
}

static enum tally_rc
compute_table(
    struct place *p, const struct tally_rows *r, struct tally_err *err)
{
	const struct tally_table *t = r->table;
	enum tally_rc rc = TALLY_OK;
	uint16_t column;

	for (uint16_t i = 0; i < t->ninstant && rc == TALLY_OK; i++) {
		column = t->instant[i];
		if (r->slot[t->column[column].local->time] != TALLY_NO_SLOT)
			rc = compute_column(p, column, err);
	}
	return rc;
}

enum tally_rc
tally_batch_instants(
    struct tally_batch *b, const struct tally_zone *zone, struct tally_err *err)
{
	struct place p = { .b = b, .otherwise = zone };
	const uint16_t *t = b->model->timed, *end = t + b->model->ntimed;
	enum tally_rc rc = TALLY_OK;

	for (; b->timed && t < end && rc == TALLY_OK; t++) {
		p.table = *t;
		rc = compute_table(&p, &b->rows[*t], err);
	}
	return rc;
}

/* What was an instant alone, as a date and a time. */
static enum tally_rc
fill(const struct place *p, uint16_t column, const struct tally_local *local,
    bool *right, struct tally_err *err)
{
	const struct tally_zone *z = zone_of(p, local);
	char date[TALLY_DATE_MAX], time[TALLY_TIME_MAX];
	size_t n;
	enum tally_rc rc;
	bool universal = z == NULL && cell(p, local->zone).n == 0 &&
	    local->zone != TALLY_NO_COLUMN;

	if (universal)
		z = tally_zone_code(TALLY_STR("UT"));
	*right =
	    z != NULL && tally_zone_local(date, time, &n, z, cell(p, column));
	if (!*right)
		return TALLY_OK;
	rc = tally_batch_set(p->b, p->table, p->row, local->date,
	    tally_str(date, sizeof(date)), err);
	if (rc == TALLY_OK)
		rc = tally_batch_set(p->b, p->table, p->row, local->time,
		    tally_str(time, n), err);
	if (rc == TALLY_OK && universal)
		rc = tally_batch_set(
		    p->b, p->table, p->row, local->zone, TALLY_STR("UT"), err);
	return rc;
}

static enum tally_rc
fill_row(const struct place *p, tally_instant_fn *wrong, void *ctx,
    struct tally_err *err)
{
	const struct tally_table *t = &p->b->model->table[p->table];
	const struct tally_local *local;
	enum tally_rc rc = TALLY_OK;
	bool right;
	uint16_t c;

	for (uint16_t i = 0; i < t->ninstant && rc == TALLY_OK; i++) {
		c = t->instant[i];
		local = t->column[c].local;
		if (cell(p, c).n == 0 || cell(p, local->date).n > 0 ||
		    cell(p, local->time).n > 0)
			continue;
		rc = fill(p, c, local, &right, err);
		if (rc == TALLY_OK && !right)
			wrong(ctx, t, c, cell(p, c));
	}
	return rc;
}

enum tally_rc
tally_batch_locals(struct tally_batch *b, const struct tally_zone *zone,
    tally_instant_fn *wrong, void *ctx, struct tally_err *err)
{
	struct place p = { .b = b, .otherwise = zone };
	enum tally_rc rc = TALLY_OK;
	uint32_t n;

	for (; p.table < b->model->ntable && rc == TALLY_OK; p.table++) {
		if (b->model->table[p.table].ninstant == 0)
			continue;
		n = tally_batch_count(b, p.table);
		for (p.row = b->rows[p.table].n - n;
		     p.row < b->rows[p.table].n && rc == TALLY_OK; p.row++)
			rc = fill_row(&p, wrong, ctx, err);
	}
	return rc;
}
