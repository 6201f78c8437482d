/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's columns into segments that are being made; see write.h.
 *
 * What reading takes from one segment goes into one segment: fields under one
 * condition together, and whatever else fits beside them without contradiction.
 * A frame's main piece is the segment that its row stands for; there is one of
 * it, while at other places as many are begun as are needed.
 */
#include "map/write.h"

static const struct tally_cell *
cells_of(const struct write *w, const struct write_frame *frame)
{
	const struct tally_rows *rows = &w->batch->rows[frame->block->table];

	return rows->cell + (size_t)frame->row * rows->width;
}

static inline const struct tally_cell *
cell_of(const struct write_at *f, uint16_t column)
{
	uint8_t slot = f->slot[column];

	return slot != TALLY_NO_SLOT ? &f->cell[slot] : &tally_no_cell;
}

static uint8_t
moved(const struct write_at *f, const struct map_op *op)
{
	return op->flags & MAP_MOVES ? (uint8_t)(op->element + f->shift)
				     : op->element;
}

static void
no_room(struct write_at *f, const struct map_op *op, const char *name)
{
	write_report(f->w, TALLY_F_write_room, f->own->place, op->element, name,
	    tally_str("", 0), "room for one more value in the segment");
}

static const char *
column_name(const struct write_at *f, const struct map_op *op)
{
	return f->w->map->model->table[f->frame->block->table]
	    .column[op->column]
	    .name;
}

/* --- fields --- */

/* A value that is not sent as it is; an empty view where it cannot be. */
static struct tally_str
convert(struct write_at *f, const struct map_op *op, uint16_t table,
    struct tally_str v)
{
	enum tally_rc rc;

	if (!write_value(
		f->w, op, f->own->place, moved(f, op), table, v, &v, &rc))
		v = tally_str("", 0);
	if (rc != TALLY_OK)
		f->rc = rc;
	return v;
}

/* What one field gives; an empty view when its column is null. */
static inline struct tally_str
field_value(struct write_at *f, const struct map_op *op)
{
	const struct tally_cell *c = cell_of(f, op->column);
	struct tally_str v = tally_str(c->p, c->n);

	if (v.p == NULL)
		return tally_str("", 0);
	if (op->form == MAP_PLAIN ? write_is_plain(op, v)
				  : op->form == MAP_AS_IS && v.n >= op->min &&
		    !write_is_odd(f->w, v))
		return v;
	return convert(f, op, f->frame->block->table, v);
}

/* The same for an attribute, whose row is in a table of its own. */
static struct tally_str
attribute_value(struct write_at *f, const struct map_op *op)
{
	struct write *w = f->w;
	uint16_t table = w->map->block[op->arg].table;
	uint32_t row = write_first(w, op->arg, f->frame->seq);
	struct tally_str v;

	if (row == 0)
		return tally_str("", 0);
	v = write_cell(w, table, w->rows[table].from + row - 1, op->column);
	return v.p != NULL ? convert(f, op, table, v) : tally_str("", 0);
}

#define FIELDS_MAX 255

/* What a group's fields give, prepared once and then fitted. */
struct given {
	const struct map_op *op;
	struct tally_str value;
};

static bool
has_element(const struct write_at *f, const struct given *g, size_t n,
    uint8_t element, uint8_t component)
{
	for (size_t i = 0; i < n; i++)
		if (moved(f, g[i].op) == element &&
		    g[i].op->component == component)
			return true;
	return false;
}

static bool
group_fits(const struct write_at *f, uint32_t piece,
    const struct map_group *group, const struct given *g, size_t n)
{
	const struct map_condition *c;

	if (f->w->piece[piece].last == 0)
		return true;
	for (uint8_t i = 0; i < group->n; i++) {
		c = &group->condition[i];
		if (!has_element(f, g, n, c->element, c->component) &&
		    !write_fits(f->w, piece, c->element, c->component,
			c->value[0], PLAN_FIXED))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (!write_fits(f->w, piece, moved(f, g[i].op),
			g[i].op->component, g[i].value, PLAN_FIELD))
			return false;
	return true;
}

static enum tally_rc
put_conditions(struct write_at *f, uint32_t piece,
    const struct map_condition *v, uint8_t n)
{
	enum tally_rc rc = TALLY_OK;

	for (uint8_t i = 0; i < n && rc == TALLY_OK; i++)
		if (write_element(f->w, piece, v[i].element).n == 0 ||
		    v[i].component > 0)
			rc = write_put_from(f->w, piece, v[i].element,
			    v[i].component, v[i].value[0], PLAN_FIXED, NULL);
	return rc;
}

/* What a column of the row gives; an attribute is in a row of its own. */
static enum plan_source
source_of(const struct map_op *op)
{
	return op->code == MAP_FIELD ? PLAN_FIELD : PLAN_UNKNOWN;
}

static enum tally_rc
put_group(struct write_at *f, uint32_t piece, const struct map_group *group,
    const struct given *g, size_t n)
{
	enum tally_rc rc;

	f->w->piece[piece].groups |= (uint64_t)1 << group->bit;
	rc = put_conditions(f, piece, group->condition, group->n);
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		rc = write_put_from(f->w, piece, moved(f, g[i].op),
		    g[i].op->component, g[i].value, source_of(g[i].op),
		    g[i].op);
	return rc;
}

/* A group that gives something into a piece that has room for it. */
static enum tally_rc
fit_group(struct write_at *f, const struct map_group *group,
    const struct given *g, size_t n)
{
	uint32_t piece = f->main;
	enum tally_rc rc;

	if (piece != NO_PIECE) {
		if (group_fits(f, piece, group, g, n))
			return put_group(f, piece, group, g, n);
		no_room(f, g[0].op, column_name(f, g[0].op));
		return TALLY_OK;
	}
	for (piece = f->first; piece < f->w->npiece; piece++)
		if (write_is_at(f->w, piece, f->own->place) &&
		    group_fits(f, piece, group, g, n))
			return put_group(f, piece, group, g, n);
	rc = write_piece_new(f->w, PIECE_SEGMENT, f->own->place, &piece);
	return rc == TALLY_OK ? put_group(f, piece, group, g, n) : rc;
}

/* What one of a group's operations gives. */
static inline struct tally_str
given_value(struct write_at *f, const struct map_op *op)
{
	return op->code == MAP_ATTRIBUTE ? attribute_value(f, op)
					 : field_value(f, op);
}

/* A group whose fields may have to go beside others. */
static enum tally_rc
feed_beside(struct write_at *f, const struct map_op *take)
{
	struct given g[FIELDS_MAX];
	const struct map_op *op = take + 1, *end = take + take->next;
	size_t n = 0;

	for (; op < end; op++) {
		g[n].op = op;
		g[n].value = given_value(f, op);
		n += g[n].value.n > 0;
	}
	return f->rc == TALLY_OK && n > 0 ? fit_group(f, take->group, g, n)
					  : f->rc;
}

/* Whether there is nothing at the place that others could stand beside. */
static bool
is_first_here(const struct write_at *f)
{
	if (f->main != NO_PIECE)
		return f->w->piece[f->main].last == 0;
	for (uint32_t i = f->first; i < f->w->npiece; i++)
		if (write_is_at(f->w, i, f->own->place))
			return false;
	return true;
}

/* The piece of a group that is the first at its place. */
static enum tally_rc
begin_group(struct write_at *f, const struct map_group *group, uint32_t *piece)
{
	enum tally_rc rc = TALLY_OK;

	*piece = f->main;
	if (*piece == NO_PIECE)
		rc = write_piece_new(f->w, PIECE_SEGMENT, f->own->place, piece);
	if (rc != TALLY_OK)
		return rc;
	f->w->piece[*piece].groups |= (uint64_t)1 << group->bit;
	return put_conditions(f, *piece, group->condition, group->n);
}

static enum tally_rc
feed_group(struct write_at *f, const struct map_op *take)
{
	const struct map_op *op = take + 1, *end = take + take->next;
	uint32_t piece = NO_PIECE;
	struct tally_str v;
	enum tally_rc rc = TALLY_OK;

	if (!is_first_here(f))
		return feed_beside(f, take);
	for (; op < end && rc == TALLY_OK; op++) {
		v = given_value(f, op);
		if (v.n == 0)
			continue;
		if (piece == NO_PIECE)
			rc = begin_group(f, take->group, &piece);
		if (rc == TALLY_OK)
			rc = write_put_from(f->w, piece, moved(f, op),
			    op->component, v, source_of(op), op);
	}
	return rc == TALLY_OK ? f->rc : rc;
}

/* --- pairs --- */

/* The first pair without anything from a qualifier's element on; 0 when all
 * are taken. */
static uint8_t
free_pair(struct write_at *f, uint32_t piece, uint8_t first, uint8_t last)
{
	for (uint8_t k = first; k <= last; k = (uint8_t)(k + 2))
		if (write_element(f->w, piece, k).n == 0 &&
		    write_element(f->w, piece, (uint8_t)(k + 1)).n == 0)
			return k;
	return 0;
}

/* A piece at the place with a free pair, which may be a new one. */
static enum tally_rc
find_pair(struct write_at *f, uint8_t first, uint8_t last, uint32_t *piece,
    uint8_t *k)
{
	*piece = f->main;
	*k = 0;
	if (f->main != NO_PIECE) {
		*k = free_pair(f, f->main, first, last);
		return TALLY_OK;
	}
	for (uint32_t i = f->first; i < f->w->npiece; i++)
		if (write_is_at(f->w, i, f->own->place) &&
		    (*k = free_pair(f, i, first, last)) != 0) {
			*piece = i;
			return TALLY_OK;
		}
	*k = first;
	return write_piece_new(f->w, PIECE_SEGMENT, f->own->place, piece);
}

/* A column whose qualifier is in another column, or always the same. */
static enum tally_rc
feed_pair(struct write_at *f, const struct map_op *op)
{
	const struct map_group *group = op->group;
	struct tally_str v, q = tally_str("", 0);
	enum plan_source from = PLAN_QUALIFIER;
	uint32_t piece;
	uint8_t k;
	enum tally_rc rc;

	v = field_value(f, op);
	if (v.n == 0)
		return f->rc;
	if (op->column2 != MAP_NO_COLUMN)
		q = tally_str(
		    cell_of(f, op->column2)->p, cell_of(f, op->column2)->n);
	if (q.n == 0) {
		q = group->condition[0].value[0];
		from = PLAN_FIXED;
	} else if (!write_text(f->w, f->own->place, op->element,
		       column_name(f, op), q, &q)) {
		return TALLY_OK;
	}
	rc = find_pair(f, op->element, op->n, &piece, &k);
	if (rc != TALLY_OK)
		return rc;
	if (k == 0) {
		no_room(f, op, column_name(f, op));
		return TALLY_OK;
	}
	f->w->piece[piece].groups |= (uint64_t)1 << group->bit;
	rc = write_put_from(f->w, piece, k, 0, q, from, op);
	if (rc != TALLY_OK)
		return rc;
	return write_put_from(
	    f->w, piece, (uint8_t)(k + 1), 0, v, PLAN_FIELD, op);
}

static enum tally_rc
feed_choices(struct write_at *f, const struct map_op *choose)
{
	enum tally_rc rc = TALLY_OK;

	for (const struct map_op *op = choose + 1;
	     op < choose + choose->next && rc == TALLY_OK; op++)
		rc = feed_pair(f, op);
	return rc;
}

/*
 * Whether a row of pairs fits a piece: its pair's elements move, and are free
 * there; others are shared by all rows of the piece, with or without a value.
 */
static bool
pair_row_fits(
    const struct write_at *f, uint32_t piece, const struct given *g, size_t n)
{
	const struct map_op *op;
	bool empty;

	for (size_t i = 0; i < n; i++) {
		op = g[i].op;
		if (!write_fits(f->w, piece, moved(f, op), op->component,
			g[i].value, PLAN_FIELD))
			return false;
		empty = write_is_free(f->w, piece, op->element, op->component);
		if (f->w->piece[piece].paired && !(op->flags & MAP_MOVES) &&
		    empty != (g[i].value.n == 0))
			return false;
	}
	return true;
}

static enum tally_rc
put_pair_row(
    struct write_at *f, uint32_t piece, const struct given *g, size_t n)
{
	enum tally_rc rc = TALLY_OK;

	f->w->piece[piece].paired = true;
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		if (g[i].value.n > 0)
			rc = write_put(f->w, piece, moved(f, g[i].op),
			    g[i].op->component, g[i].value);
	return rc;
}

/* What the fields of a row of pairs give, empty ones included. */
static enum tally_rc
give_pair_row(struct write_at *f, const struct write_frame *row,
    struct given g[FIELDS_MAX], size_t *n)
{
	struct write_at of = *f;
	const struct map_own *own = row->block->own;
	const struct map_op *op = f->w->map->op + own->first;

	of.frame = row;
	of.cell = cells_of(f->w, row);
	of.slot = f->w->batch->rows[row->block->table].slot;
	*n = 0;
	for (const struct map_op *end = op + own->n;
	     op < end && *n < FIELDS_MAX; op++) {
		if (op->code != MAP_FIELD)
			continue;
		g[*n].op = op;
		g[*n].value = field_value(&of, op);
		++*n;
	}
	return of.rc;
}

/* Whether a row has anything of the pair that it stands for. */
static bool
has_pair(const struct given *g, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (g[i].op->flags & MAP_MOVES && g[i].value.n > 0)
			return true;
	return false;
}

/* The newest piece at the place, to which rows of pairs are added until it is
 * full. */
static uint32_t
newest_here(const struct write_at *f)
{
	if (f->main != NO_PIECE)
		return f->main;
	for (uint32_t i = f->w->npiece; i-- > f->first;)
		if (write_is_at(f->w, i, f->own->place))
			return i;
	return NO_PIECE;
}

static enum tally_rc
feed_pair_row(
    struct write_at *f, const struct map_op *op, const struct write_frame *row)
{
	const struct map_block *b = row->block;
	struct given g[FIELDS_MAX];
	uint32_t piece = newest_here(f);
	size_t n;
	uint8_t k = 0;
	enum tally_rc rc = give_pair_row(f, row, g, &n);

	if (rc != TALLY_OK)
		return rc;
	if (!has_pair(g, n)) {
		write_report(f->w, TALLY_F_write_row, f->own->place, 0,
		    f->w->map->model->table[b->table].name, tally_str("", 0),
		    "a pair in the row");
		return TALLY_OK;
	}
	if (piece != NO_PIECE)
		k = free_pair(f, piece, b->first_pair, b->last_pair);
	f->shift = (uint8_t)(k - b->first_pair);
	if (k != 0 && pair_row_fits(f, piece, g, n))
		return put_pair_row(f, piece, g, n);
	if (f->main != NO_PIECE) {
		no_room(f, op, f->w->map->model->table[b->table].name);
		return TALLY_OK;
	}
	f->shift = 0;
	rc = write_piece_new(f->w, PIECE_SEGMENT, f->own->place, &piece);
	return rc == TALLY_OK ? put_pair_row(f, piece, g, n) : rc;
}

static enum tally_rc
feed_pairs(struct write_at *f, const struct map_op *op)
{
	struct write *w = f->w;
	struct write_frame row = { .block = &w->map->block[op->arg] };
	const struct write_rows *rows = &w->rows[row.block->table];
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = write_first(w, op->arg, f->frame->seq);
	     i != 0 && rc == TALLY_OK; i = rows->next[i - 1]) {
		row.seq = i - 1;
		row.row = rows->from + i - 1;
		rc = feed_pair_row(f, op, &row);
	}
	f->shift = 0;
	return rc;
}

/* --- all --- */

static enum tally_rc
feed_rows(struct write_at *f, const struct map_op *op)
{
	uint32_t row = write_first(f->w, op->arg, f->frame->seq), piece;
	enum tally_rc rc;

	if (row == 0)
		return TALLY_OK;
	rc = write_piece_new(f->w, PIECE_ROWS, f->own->place, &piece);
	if (rc != TALLY_OK)
		return rc;
	f->w->piece[piece].block = op->arg;
	f->w->piece[piece].row = row;
	return TALLY_OK;
}

/* All levels are one piece, whichever of their blocks comes first. */
static enum tally_rc
feed_levels(struct write_at *f)
{
	uint32_t piece;

	if (f->w->learn != NULL)
		f->w->learn->failed = true;
	if (f->w->nlevel == 0)
		return TALLY_OK;
	for (piece = f->first; piece < f->w->npiece; piece++)
		if (f->w->piece[piece].kind == PIECE_LEVELS)
			return TALLY_OK;
	return write_piece_new(f->w, PIECE_LEVELS, f->own->place, &piece);
}

static enum tally_rc
feed_op(struct write_at *f, const struct map_op *op)
{
	switch (op->code) {
	case MAP_CHOOSE:
		return feed_choices(f, op);
	case MAP_PAIRS:
		return feed_pairs(f, op);
	case MAP_ROWS:
		return feed_rows(f, op);
	case MAP_LEVEL:
		return feed_levels(f);
	default:
		return TALLY_OK;
	}
}

/* The operations that the row's columns, and rows below, concern. */
static inline uint64_t
concerned(
    const struct write_block *b, uint64_t always, const struct tally_cell *cell)
{
	uint64_t mask = always | b->active;

	for (const struct write_fill *f = b->fill, *end = f + b->nfill; f < end;
	     f++)
		mask |= (uint64_t)(cell[f->slot].p != NULL) << f->bit;
	return mask;
}

static enum tally_rc
feed_one(struct write_at *f, const struct map_feed *feed, uint32_t main)
{
	f->own = feed->own;
	f->main = write_main(f->w, main, feed->own->place);
	return feed->op->code == MAP_TAKE ? feed_group(f, feed->op)
					  : feed_op(f, feed->op);
}

enum tally_rc
write_feed(struct write *w, const struct write_frame *frame, uint32_t main,
    uint32_t first)
{
	const struct map_block *b = frame->block;
	struct write_at f = { .w = w,
		.frame = frame,
		.cell = cells_of(w, frame),
		.slot = w->batch->rows[b->table].slot,
		.first = first };
	const struct write_block *has =
	    write_block_of(w, (uint16_t)(b - w->map->block));
	enum tally_rc rc = TALLY_OK;
	uint64_t mask;
	unsigned i;

	if (has == NULL)
		return write_nomem(w);
	mask = concerned(has, b->always, f.cell);
	for (; mask != 0 && rc == TALLY_OK; mask &= mask - 1) {
		i = (unsigned)__builtin_ctzll(mask);
		rc = feed_one(&f, &b->feed[i], main);
		if (i < MAP_FEED_REST)
			continue;
		while (++i < b->nfeed && rc == TALLY_OK)
			rc = feed_one(&f, &b->feed[i], main);
	}
	return rc;
}
