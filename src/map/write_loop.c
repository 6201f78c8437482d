/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces of a row into the order of the grammar; see write.h.
 *
 * Calls are as deep as the grammar's loops are nested, and blocks in the map.
 */
#include <stdlib.h>

#include "map/write.h"

static enum tally_rc put(struct write *, const struct write_frame *,
    uint16_t loop, uint32_t from, uint32_t to);

static int
by_place(const void *a, const void *b)
{
	const struct write_piece *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int
by_segment(const void *a, const void *b)
{
	const struct write_piece *x = a, *y = b;

	return x->raw->segment < y->raw->segment
	    ? -1
	    : x->raw->segment > y->raw->segment;
}

static void
sort_pieces(struct write *w, uint32_t from, uint32_t to)
{
	bool sorted = true;

	for (uint32_t i = from; i < to; i++) {
		w->piece[i].order = i;
		sorted &=
		    i == from || w->piece[i - 1].place <= w->piece[i].place;
	}
	if (!sorted)
		qsort(w->piece + from, to - from, sizeof(*w->piece), by_place);
}

/* A copy on top of the stack. */
static enum tally_rc
push(struct write *w, uint32_t piece)
{
	struct write_piece copy = w->piece[piece];
	uint32_t to;
	enum tally_rc rc = write_piece_new(w, PIECE_RAW, copy.place, &to);

	if (rc == TALLY_OK)
		w->piece[to] = copy;
	return rc;
}

static enum tally_rc
push_all(struct write *w, uint32_t from, uint32_t to)
{
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = from; i < to && rc == TALLY_OK; i++)
		rc = push(w, i);
	return rc;
}

/* The pieces on top of the stack from mark on, with [from, to) among them. */
static enum tally_rc
put_with(struct write *w, const struct write_frame *f, uint16_t loop,
    uint32_t mark, uint32_t from, uint32_t to)
{
	enum tally_rc rc = push_all(w, from, to);

	if (rc != TALLY_OK)
		return rc;
	sort_pieces(w, mark, w->npiece);
	return put(w, f, loop, mark, w->npiece);
}

static void
drop(struct write *w, uint32_t npiece, uint32_t nvalue)
{
	w->npiece = npiece;
	w->nvalue = nvalue;
}

/* --- rows --- */

static enum tally_rc
put_where(struct write *w, const struct map_block *b, uint32_t main)
{
	const struct map_condition *c = b->condition;
	enum tally_rc rc = TALLY_OK;

	for (uint8_t i = 0; i < b->n && rc == TALLY_OK; i++)
		if (write_is_free(w, main, c[i].element, c[i].component))
			rc = write_put_from(w, main, c[i].element,
			    c[i].component, c[i].value[0], PLAN_FIXED, NULL);
	return rc;
}

/* All pieces of a frame; *main is the one that its row stands for. */
static enum tally_rc
collect(struct write *w, const struct write_frame *f, uint16_t place)
{
	uint32_t first = w->npiece, main = NO_PIECE;
	enum tally_rc rc = TALLY_OK;

	if (place != TALLY_NOWHERE)
		rc = write_piece_new(w, PIECE_SEGMENT, place, &main);
	if (rc == TALLY_OK)
		rc = write_feed(w, f, main, first);
	if (rc == TALLY_OK && f->block->ncompute > 0)
		rc = write_compute(w, f, main, first, true);
	if (rc == TALLY_OK && f->block->n > 0 && main != NO_PIECE)
		rc = put_where(w, f->block, main);
	if (rc == TALLY_OK && f->block->kind == BLOCK_LEVEL)
		rc = write_level_numbers(w, f, main);
	if (rc == TALLY_OK && w->rows[f->block->table].residue != NULL)
		rc = write_residue(w, f, main, first);
	if (rc == TALLY_OK && f->block->ncompute > 0)
		rc = write_compute(w, f, main, first, false);
	return rc;
}

/* A row that is watched, or none; rows inside are not part of that. */
static struct plan_learn *
watch(struct write *w, struct plan_learn *learn)
{
	struct plan_learn *outer = w->learn;

	w->learn = learn;
	return outer;
}

static enum tally_rc
end_watch(struct write *w, struct plan_learn *outer, enum tally_rc rc)
{
	rc = plan_end(w, w->learn, rc);
	w->learn = outer;
	return rc;
}

enum tally_rc
write_frame(struct write *w, const struct write_frame *f, uint16_t loop,
    uint32_t from, uint32_t to)
{
	uint32_t npiece = w->npiece, nvalue = w->nvalue;
	struct plan_learn *learn = NULL, *outer;
	enum tally_rc rc;

	if (from == to && plan_put(w, f, loop, &learn, &rc))
		return rc;
	outer = watch(w, learn);
	rc = collect(w, f,
	    f->block->kind == BLOCK_RECORD ? TALLY_NOWHERE
					   : w->map->set->loop[loop].first);
	if (rc == TALLY_OK)
		rc = put_with(w, f, loop, npiece, from, to);
	rc = end_watch(w, outer, rc);
	drop(w, npiece, nvalue);
	return rc;
}

static bool
is_empty(const struct write *w, const struct write_piece *p)
{
	for (uint8_t i = 0; i < p->last; i++)
		if (w->value[p->value + i].n > 0)
			return false;
	return true;
}

/* A row of a block of segments: one segment, and no more; that of residue when
 * no column has anything of it. */
static enum tally_rc
put_row(struct write *w, const struct write_frame *f, uint16_t place)
{
	uint32_t npiece = w->npiece, nvalue = w->nvalue, raw;
	struct plan_learn *learn, *outer;
	enum tally_rc rc;

	if (plan_put(w, f, place, &learn, &rc))
		return rc;
	outer = watch(w, learn);
	rc = collect(w, f, place);
	for (raw = npiece + 1; raw < w->npiece; raw++)
		if (w->piece[raw].kind == PIECE_RAW)
			break;
	if (rc == TALLY_OK && raw < w->npiece && is_empty(w, &w->piece[npiece]))
		write_raw(w, w->piece[raw].raw);
	else if (rc == TALLY_OK)
		write_made(w, npiece);
	rc = end_watch(w, outer, rc);
	drop(w, npiece, nvalue);
	return rc;
}

/* The row of a block from which on the next one is another row below. */
static enum tally_rc
put_one(struct write *w, const struct map_block *b, uint32_t row,
    uint16_t place, uint16_t loop, uint32_t *ordinal, uint32_t from,
    uint32_t to)
{
	struct write_frame f = { .block = b,
		.seq = row - 1,
		.row = w->rows[b->table].from + row - 1,
		.ordinal = ++*ordinal };

	return b->kind == BLOCK_SEGMENT ? put_row(w, &f, place)
					: write_frame(w, &f, loop, from, to);
}

/* The rows of a piece; the first of them takes pieces [from, to) along. */
static enum tally_rc
put_rows(struct write *w, uint32_t piece, uint16_t loop, uint32_t *ordinal,
    uint32_t from, uint32_t to)
{
	const struct write_piece p = w->piece[piece];
	const struct map_block *b = &w->map->block[p.block];
	enum tally_rc rc = TALLY_OK;

	if (w->learn != NULL)
		plan_rows(w, piece, loop, from<to, *ordinal> 0);
	for (uint32_t i = p.row; i != 0 && rc == TALLY_OK;
	     i = p.one ? 0 : w->rows[b->table].next[i - 1]) {
		rc = put_one(w, b, i, p.place, loop, ordinal, from, to);
		from = to;
	}
	return rc;
}

enum tally_rc
write_rows(struct write *w, const struct plan_part *part, uint32_t seq,
    uint32_t *ordinal)
{
	const struct map_block *b = &w->map->block[part->block];
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = write_first(w, part->block, seq);
	     i != 0 && rc == TALLY_OK; i = w->rows[b->table].next[i - 1])
		rc = put_one(w, b, i, part->place, part->loop, ordinal, 0, 0);
	return rc;
}

/* --- loops --- */

/* Whether a piece makes instances of the loop by itself. */
static bool
makes_instances(const struct write *w, uint32_t piece, uint16_t loop)
{
	const struct write_piece *p = &w->piece[piece];
	const struct map_block *b = &w->map->block[p->block];

	return p->kind == PIECE_LEVELS ||
	    (p->kind == PIECE_ROWS && b->kind == BLOCK_LOOP && b->loop == loop);
}

static bool
begins(const struct write *w, uint32_t piece, uint16_t loop)
{
	return w->piece[piece].place == w->map->set->loop[loop].first;
}

static bool
is_raw(const struct write *w, uint32_t piece)
{
	return w->piece[piece].kind == PIECE_RAW;
}

/* One instance of which the pieces are [from, to) and perhaps one more. */
static enum tally_rc
put_instance(struct write *w, const struct write_frame *f, uint16_t loop,
    uint32_t head, uint32_t from, uint32_t to)
{
	uint32_t npiece = w->npiece, nvalue = w->nvalue;
	enum tally_rc rc = TALLY_OK;

	if (head != NO_PIECE)
		rc = push(w, head);
	if (rc == TALLY_OK)
		rc = put_with(w, f, loop, npiece, from, to);
	drop(w, npiece, nvalue);
	return rc;
}

/* What a piece begins: one instance, or one for each of its rows; [from, to)
 * belong to the first. */
static enum tally_rc
put_head(struct write *w, const struct write_frame *f, uint16_t loop,
    uint32_t head, uint32_t *ordinal, uint32_t from, uint32_t to)
{
	uint32_t row = w->piece[head].row, only;
	enum tally_rc rc = TALLY_OK;

	if (w->piece[head].kind == PIECE_LEVELS)
		return write_levels(w, loop, from, to);
	if (makes_instances(w, head, loop))
		return put_rows(w, head, loop, ordinal, from, to);
	if (w->piece[head].kind == PIECE_SEGMENT)
		return put_instance(w, f, loop, head, from, to);
	only = w->npiece;
	rc = push(w, head);
	while (row != 0 && rc == TALLY_OK) {
		w->piece[only].one = true;
		w->piece[only].row = row;
		rc = put_instance(w, f, loop, only, from, to);
		from = to;
		row = w->rows[w->map->block[w->piece[only].block].table]
			  .next[row - 1];
	}
	w->npiece = only;
	return rc;
}

/* Residue of the loop in the order in which it was sent: each first segment
 * begins an instance, [from, to) belong to the first. */
static enum tally_rc
put_raw_instances(struct write *w, const struct write_frame *f, uint16_t loop,
    uint32_t raw, uint32_t end, uint32_t from, uint32_t to)
{
	uint32_t next;
	enum tally_rc rc = TALLY_OK;

	for (; raw < end && rc == TALLY_OK; raw = next) {
		uint32_t mark = w->npiece;

		for (next = raw + 1; next < end && !begins(w, next, loop);)
			next++;
		rc = push_all(w, from, to);
		if (rc == TALLY_OK)
			rc = push_all(w, raw, next);
		if (rc == TALLY_OK)
			rc =
			    put_instance(w, f, loop, NO_PIECE, mark, w->npiece);
		w->npiece = mark;
		from = to;
	}
	return rc;
}

/*
 * A loop that the frame has pieces of which no rows stand for: fields of a row
 * further out, or residue.  What begins no instance belongs to the first.
 */
static enum tally_rc
put_mixed(struct write *w, const struct write_frame *f, uint16_t loop,
    uint32_t from, uint32_t to)
{
	uint32_t raw = w->npiece, end, rest, ordinal = 0, headed;
	bool first = true;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = from; i < to && rc == TALLY_OK; i++)
		if (is_raw(w, i))
			rc = push(w, i);
	end = w->npiece;
	if (end - raw > 1)
		qsort(w->piece + raw, end - raw, sizeof(*w->piece), by_segment);
	for (headed = raw; headed < end && !begins(w, headed, loop);)
		headed++;
	for (uint32_t i = from; i < to && rc == TALLY_OK; i++)
		if (!is_raw(w, i) && !begins(w, i, loop))
			rc = push(w, i);
	if (rc == TALLY_OK)
		rc = push_all(w, raw, headed);
	rest = w->npiece;
	for (uint32_t i = from; i < to && rc == TALLY_OK; i++) {
		if (is_raw(w, i) || !begins(w, i, loop))
			continue;
		rc =
		    put_head(w, f, loop, i, &ordinal, first ? end : rest, rest);
		first = false;
	}
	if (rc == TALLY_OK && headed < end)
		rc = put_raw_instances(
		    w, f, loop, headed, end, first ? end : rest, rest);
	else if (rc == TALLY_OK && first)
		rc = put_instance(w, f, loop, NO_PIECE, end, rest);
	w->npiece = raw;
	return rc;
}

/* Whether pieces are those of one instance, which begins with the first, if it
 * has one that begins it: they can be put out as they are. */
static bool
is_instance(const struct write *w, uint16_t loop, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		if (is_raw(w, i) || w->piece[i].kind == PIECE_LEVELS ||
		    (begins(w, i, loop) &&
			(i > from || w->piece[i].kind != PIECE_SEGMENT)))
			return false;
	return true;
}

static enum tally_rc
put_loop(struct write *w, const struct write_frame *f, uint16_t loop,
    uint32_t from, uint32_t to)
{
	uint32_t ordinal = 0;
	enum tally_rc rc = TALLY_OK;

	if (is_instance(w, loop, from, to))
		return put(w, f, loop, from, to);
	for (uint32_t i = from; i < to; i++)
		if (!makes_instances(w, i, loop))
			return put_mixed(w, f, loop, from, to);
	for (uint32_t i = from; i < to && rc == TALLY_OK; i++)
		rc = put_head(w, f, loop, i, &ordinal, to, to);
	return rc;
}

/* The loop directly inside one that is, or has in it, another. */
static uint16_t
loop_towards(const struct tally_set_spec *set, uint16_t outer, uint16_t inner)
{
	while (set->loop[inner].parent != outer)
		inner = set->loop[inner].parent;
	return inner;
}

static enum tally_rc
put_piece(struct write *w, uint32_t piece, uint16_t loop)
{
	const struct write_piece *p = &w->piece[piece];
	uint32_t ordinal = 0;

	switch ((enum piece_kind)p->kind) {
	case PIECE_SEGMENT:
		/* a loop's first segment may be one that need not be there */
		if (w->map->set->place[p->place].requirement == 'M' ||
		    !is_empty(w, p))
			write_made(w, piece);
		return TALLY_OK;
	case PIECE_RAW:
		write_raw(w, p->raw);
		return TALLY_OK;
	default:
		return put_rows(w, piece, loop, &ordinal, 0, 0);
	}
}

/* Whether a segment is all that there is of the loop inside this one. */
static inline bool
is_alone(const struct write *w, uint32_t piece, uint32_t to, uint16_t loop)
{
	const struct write_piece *p = &w->piece[piece];

	return p->kind == PIECE_SEGMENT &&
	    (piece + 1 == to || w->map->set->place[p[1].place].loop == loop);
}

/* Pieces [from, to) of one instance of a loop, in order of place. */
static enum tally_rc
put(struct write *w, const struct write_frame *f, uint16_t loop, uint32_t from,
    uint32_t to)
{
	const struct tally_set_spec *set = w->map->set;
	uint16_t at, inner;
	uint32_t next;
	enum tally_rc rc = TALLY_OK;

	for (; from < to && rc == TALLY_OK; from = next) {
		at = set->place[w->piece[from].place].loop;
		next = from + 1;
		if (at == loop || is_alone(w, from, to, loop)) {
			rc = put_piece(w, from, loop);
			continue;
		}
		inner = loop_towards(set, loop, at);
		while (
		    next < to && w->piece[next].place <= set->loop[inner].last)
			next++;
		rc = put_loop(w, f, inner, from, next);
	}
	return rc;
}
