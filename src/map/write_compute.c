/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is computed into the segments of a row: counts, sums, sequences and
 * literals; see write.h.
 */
#include <string.h>

#include "base/decimal.h"
#include "map/write.h"

static struct tally_str
keep(struct write *w, const char *p, size_t n)
{
	return tally_arena_str(&w->map->scratch.writing, tally_str(p, n));
}

static struct tally_str
count(struct write *w, const struct map_op *op, bool always)
{
	const struct write_rows *r = &w->rows[op->arg];
	char text[TALLY_DECIMAL_MAX];

	if (r->n == 0 && !always)
		return tally_str("", 0);
	return keep(w, text, tally_decimal_count(text, r->n));
}

static struct tally_str
sum(struct write *w, const struct map_op *op, bool always)
{
	const struct write_rows *r = &w->rows[op->arg];
	struct tally_sum total = { .scale = 0 };
	char text[TALLY_DECIMAL_MAX];
	struct tally_str v;
	bool any = false;
	size_t n;

	for (uint32_t i = 0; i < r->n; i++) {
		v = write_cell(w, op->arg, r->from + i, op->column);
		if (v.p == NULL)
			continue;
		any = true;
		tally_sum_add(&total, v);
	}
	if (!any && !always)
		return tally_str("", 0);
	n = tally_sum_text(&total, text);
	if (op->type == TALLY_N)
		n = tally_decimal_to_n(text, keep(w, text, n), op->decimals);
	return keep(w, text, n);
}

/* Where that is from. */
static enum plan_source
source_of(const struct write_at *f, const struct map_op *op)
{
	if (op->code == MAP_COUNT || op->code == MAP_SUM)
		return PLAN_TOTAL;
	return op->code == MAP_SEQUENCE && f->main != NO_PIECE ? PLAN_ORDINAL
							       : PLAN_FIXED;
}

/* nth of the pieces at the place: the loop's instance, where the frame is that
 * of a loop further out. */
static struct tally_str
computed(struct write_at *f, const struct map_op *op, uint32_t nth, bool always)
{
	char text[TALLY_DECIMAL_MAX];

	switch (op->code) {
	case MAP_LITERAL:
		return op->group->condition[0].value[0];
	case MAP_COUNT:
		return count(f->w, op, always);
	case MAP_SUM:
		return sum(f->w, op, always);
	default: /* MAP_SEQUENCE */
		return keep(f->w, text,
		    tally_decimal_count(
			text, f->main != NO_PIECE ? f->frame->ordinal : nth));
	}
}

/* Whether the standard wants the segment: in a loop that is not the frame's,
 * if there is more of the loop. */
static bool
is_wanted(const struct write_at *f)
{
	const struct tally_set_spec *set = f->w->map->set;
	const struct tally_place *p = &set->place[f->own->place];
	const struct tally_loop *l = &set->loop[p->loop];

	if (p->requirement != 'M')
		return false;
	if (p->loop == f->frame->block->loop)
		return true;
	for (uint32_t i = f->first; i < f->w->npiece; i++)
		if (f->w->piece[i].place >= l->first &&
		    f->w->piece[i].place <= l->last)
			return true;
	return false;
}

/* Whether a number fits the element, sign and point not counted. */
static bool
has_room(const struct tally_element *e, struct tally_str v)
{
	size_t n = v.n - (memchr(v.p, '-', v.n) != NULL) -
	    (memchr(v.p, '.', v.n) != NULL);

	return n <= e->max;
}

size_t
write_total(struct write *w, const struct map_op *op,
    const struct tally_element *e, char room[TALLY_DECIMAL_MAX])
{
	struct tally_str v =
	    op->code == MAP_COUNT ? count(w, op, false) : sum(w, op, false);

	if (v.n == 0 || !has_room(e, v))
		return 0;
	memcpy(room, v.p, v.n);
	return v.n;
}

/* A total makes a segment by itself if the element can hold it, and where one
 * is wanted, anything does. */
static enum tally_rc
begin_segment(struct write_at *f, const struct map_op *op)
{
	const struct tally_element *e = f->w->map->set->place[f->own->place]
					    .segment->use[op->element - 1]
					    .element;
	bool wanted = is_wanted(f);
	struct tally_str v;
	uint32_t piece;
	enum tally_rc rc;

	if (!wanted && op->code != MAP_COUNT && op->code != MAP_SUM)
		return TALLY_OK;
	v = computed(f, op, 1, wanted);
	if (v.p == NULL)
		return write_nomem(f->w);
	if (v.n == 0 || (!wanted && !has_room(e, v))) {
		if (f->w->learn != NULL)
			f->w->learn->failed = true;
		return TALLY_OK;
	}
	rc = write_piece_new(f->w, PIECE_SEGMENT, f->own->place, &piece);
	if (rc == TALLY_OK)
		rc = write_put_from(f->w, piece, op->element, op->component, v,
		    source_of(f, op), op);
	return rc;
}

static enum tally_rc
feed_computed(struct write_at *f, const struct map_op *op, bool alone)
{
	struct tally_str v;
	uint32_t piece, n = 0;
	enum tally_rc rc = TALLY_OK;

	for (piece = f->main != NO_PIECE ? f->main : f->first;
	     piece < f->w->npiece && rc == TALLY_OK; piece++) {
		if (!write_is_at(f->w, piece, f->own->place))
			continue;
		v = computed(f, op, ++n, true);
		if (v.p == NULL)
			return write_nomem(f->w);
		if (v.n > 0 &&
		    write_is_free(f->w, piece, op->element, op->component))
			rc = write_put_from(f->w, piece, op->element,
			    op->component, v, source_of(f, op), op);
		if (f->main != NO_PIECE)
			break;
	}
	if (n > 0 || rc != TALLY_OK || !alone)
		return rc;
	return begin_segment(f, op);
}

enum tally_rc
write_compute(struct write *w, const struct write_frame *frame, uint32_t main,
    uint32_t first, bool alone)
{
	const struct map_feed *c = frame->block->compute;
	const struct map_feed *end = c + frame->block->ncompute;
	struct write_at f = { .w = w, .frame = frame, .first = first };
	enum tally_rc rc = TALLY_OK;

	for (; c < end && rc == TALLY_OK; c++) {
		f.own = c->own;
		f.main = write_main(w, main, f.own->place);
		rc = feed_computed(&f, c->op, alone);
	}
	return rc;
}
