/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that reading makes, and the frames that stand for them. */
#include "map/read.h"

#include <stdio.h>

/* Why there is no row. */
static enum tally_rc
no_row(struct read *r, uint16_t table)
{
	if (tally_batch_room(r->batch, table))
		return tally_err_set(
		    r->err, TALLY_NOMEM, "no memory to map a set");
	read_say_full(r, table);
	return TALLY_OK;
}

/* References and constants of a row. */
static inline void
fill_row(
    struct read *r, const struct map_block *b, uint32_t outer, uint32_t row)
{
	struct tally_rows *rows = &r->batch->rows[b->table];
	const struct map_scratch *s = &r->map->scratch;
	const struct map_link *l = b->link, *lend = l + b->nlink;
	const struct map_constant *c = b->constant, *cend = c + b->nconstant;
	size_t reference = (size_t)row * rows->table->nreference;

	for (; l < lend; l++)
		rows->reference[reference + l->reference] =
		    s->frame[read_outer(s, outer, l->up)].seq;
	for (; c < cend; c++)
		tally_batch_point(r->batch, b->table, row, c->column, c->value);
}

void
read_fill_row(struct read *r, const struct map_frame *f)
{
	fill_row(r, &r->map->block[f->block], f->outer, f->row);
}

enum tally_rc
read_make_row(
    struct read *r, const struct map_block *b, uint32_t outer, uint32_t *row)
{
	*row = tally_batch_add(r->batch, b->table);
	if (*row == TALLY_NO_ROW)
		return no_row(r, b->table);
	fill_row(r, b, outer, *row);
	return TALLY_OK;
}

enum tally_rc
read_frame_room(struct read *r, uint32_t n)
{
	struct map_scratch *s = &r->map->scratch;
	uint32_t cap = n < UINT32_MAX / 2 ? n * 2 : UINT32_MAX;
	void *p;

	if (n <= s->frame_cap)
		return TALLY_OK;
	p = tally_realloc(s->frame, cap * sizeof(*s->frame));
	if (p == NULL)
		return tally_err_set(
		    r->err, TALLY_NOMEM, "no memory to map a set");
	s->frame = p;
	s->frame_cap = cap;
	return TALLY_OK;
}

/* A frame whose row is that of the frame around it. */
static enum tally_rc
share_frame(struct read *r, uint16_t block, uint32_t outer)
{
	const struct map_block *b = &r->map->block[block];
	struct map_scratch *s = &r->map->scratch;
	struct map_frame *f;
	enum tally_rc rc = TALLY_OK;

	r->made = READ_NO_FRAME;
	if (s->nframe == s->frame_cap)
		rc = read_frame_room(r, s->nframe + 1);
	if (rc != TALLY_OK)
		return rc;
	r->made = s->nframe++;
	f = &s->frame[r->made];
	*f = s->frame[outer];
	f->outer = outer;
	f->taken = 0;
	f->segment = r->index;
	f->block = block;
	f->list = b->list - b->first;
	return TALLY_OK;
}

READ_INLINE enum tally_rc
push_frame(struct read *r, uint16_t block, uint32_t outer)
{
	struct map_scratch *s = &r->map->scratch;
	const struct map_block *b = &r->map->block[block];
	const struct tally_rows *rows = &r->batch->rows[b->table];
	struct map_frame *f;
	uint32_t row;
	enum tally_rc rc;

	r->made = READ_NO_FRAME;
	if (s->nframe == s->frame_cap) {
		rc = read_frame_room(r, s->nframe + 1);
		if (rc != TALLY_OK)
			return rc;
	}
	row = tally_batch_add(r->batch, b->table);
	if (row == TALLY_NO_ROW)
		return no_row(r, b->table);
	if (b->nlink + b->nconstant > 0)
		fill_row(r, b, outer, row);
	r->made = s->nframe++;
	f = &s->frame[r->made];
	f->taken = 0;
	f->outer = outer;
	f->row = row;
	f->seq = rows->row[row].seq;
	f->segment = r->index;
	f->block = block;
	f->table = b->table;
	f->list = b->list - b->first;
	return TALLY_OK;
}

enum tally_rc
read_push_frame(struct read *r, uint16_t block, uint32_t outer)
{
	return push_frame(r, block, outer);
}

/* --- rows of segments, loops and levels --- */

/* The instance of the block's loop that begins with this segment, and has
 * no row yet; UINT32_MAX when there is none. */
static inline uint32_t
beginning(const struct read *r, const struct map_block *b, uint32_t frame)
{
	const struct tally_instance *v = r->set->instance;
	uint32_t i = r->segment->loop;

	while (i > 0 && v[i].first == r->index) {
		if (v[i].loop == b->loop)
			return r->map->scratch.frame_of[i] == frame
			    ? i
			    : UINT32_MAX;
		i = v[i].parent;
	}
	return UINT32_MAX;
}

/* Instances from the present one out to that one have a frame. */
static inline void
take_instances(struct read *r, uint32_t instance, uint32_t frame)
{
	uint32_t i = r->segment->loop;

	while (i != instance) {
		r->map->scratch.frame_of[i] = frame;
		i = r->set->instance[i].parent;
	}
	r->map->scratch.frame_of[instance] = frame;
}

enum tally_rc
read_begin_rows(
    struct read *r, const struct map_op *op, uint32_t frame, uint32_t current)
{
	const struct map_block *b = &r->map->block[op->arg];
	uint32_t instance = UINT32_MAX;
	enum tally_rc rc;

	r->made = READ_NO_FRAME;
	if (b->kind != BLOCK_SEGMENT) {
		instance = beginning(r, b, current);
		if (instance == UINT32_MAX)
			return TALLY_OK;
	}
	rc = b->rowless ? share_frame(r, op->arg, frame)
			: push_frame(r, op->arg, frame);
	if (rc != TALLY_OK || r->made == READ_NO_FRAME)
		return rc;
	r->rowed = r->owned = true;
	r->owner = read_owner_of(&r->map->scratch.frame[r->made]);
	if (instance != UINT32_MAX)
		take_instances(r, instance, r->made);
	return TALLY_OK;
}

void
read_end_rows(struct read *r, uint32_t made)
{
	struct map_scratch *s = &r->map->scratch;

	if (r->map->block[s->frame[made].block].kind != BLOCK_SEGMENT)
		return;
	read_check_required(r, &s->frame[made]);
	s->nframe = made;
}

/* --- values that there have to be --- */

/* What the standard requires itself, the checker has missed already. */
static bool
is_mandatory(const struct read *r, const struct map_block *b,
    const struct map_required *q)
{
	const struct tally_place *p = &r->map->set->place[q->place];

	if (p->segment->use[q->element - 1].requirement != 'M')
		return false;
	return b->kind == BLOCK_SEGMENT || b->kind == BLOCK_PAIR ||
	    (p->requirement == 'M' && p->loop == b->loop);
}

void
read_tell_required(struct read *r, const struct map_frame *f)
{
	const struct map_block *b = &r->map->block[f->block];
	const struct tally_rows *rows = &r->batch->rows[b->table];
	const struct tally_table *t = rows->table;
	const struct map_required *q;
	char words[128];

	for (uint16_t i = 0; i < b->nrequired; i++) {
		q = &b->required[i];
		if (tally_rows_cell(rows, f->row, q->column)->p != NULL ||
		    is_mandatory(r, b, q))
			continue;
		snprintf(words, sizeof(words), "a value for %.40s.%.40s",
		    t->name, t->column[q->column].name);
		read_report(r, TALLY_F_map_required, f->segment, q->place,
		    q->element, tally_str("", 0), words);
	}
}
