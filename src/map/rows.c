/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that reading makes, and the frames that stand for them. */
#include "map/read.h"

#include <stdio.h>

void
read_say_full(struct read *r, uint16_t table)
{
	char words[96];

	snprintf(words, sizeof(words), "fewer rows of %.40s",
	    r->map->model->table[table].name);
	if (!r->full)
		read_report(r, TALLY_F_map_limit, r->index, r->segment->place,
		    0, tally_str("", 0), words);
	r->full = true;
}

enum tally_rc
read_make_row(struct read *r, const struct map_block *b, uint32_t outer_frame,
    uint32_t *row)
{
	struct map_scratch *s = &r->map->scratch;
	struct tally_rows *rows = &r->batch->rows[b->table];
	const struct map_link *l;
	enum tally_rc rc;

	rc = tally_batch_row(r->batch, b->table, row, r->err);
	if (rc != TALLY_OK)
		return rc;
	for (uint16_t i = 0; i < b->nlink; i++) {
		l = &b->link[i];
		rows->reference[(size_t)*row * rows->table->nreference +
		    l->reference] =
		    s->frame[read_outer(s, outer_frame, l->up)].seq;
	}
	for (uint16_t i = 0; i < b->nconstant; i++)
		tally_batch_point(r->batch, b->table, *row,
		    b->constant[i].column, b->constant[i].value);
	return TALLY_OK;
}

static enum tally_rc
make_frame_room(struct read *r)
{
	struct map_scratch *s = &r->map->scratch;
	uint32_t cap = s->frame_cap != 0 ? s->frame_cap * 2 : 64;
	void *p;

	if (s->nframe < s->frame_cap)
		return TALLY_OK;
	p = tally_realloc(s->frame, cap * sizeof(*s->frame));
	if (p == NULL)
		return tally_err_set(
		    r->err, TALLY_NOMEM, "no memory to map a set");
	s->frame = p;
	s->frame_cap = cap;
	return TALLY_OK;
}

enum tally_rc
read_share_frame(
    struct read *r, uint16_t block, uint32_t outer_frame, uint32_t *frame)
{
	struct map_scratch *s = &r->map->scratch;
	enum tally_rc rc = make_frame_room(r);

	if (rc != TALLY_OK)
		return rc;
	*frame = s->nframe++;
	s->frame[*frame] = s->frame[outer_frame];
	s->frame[*frame].outer = outer_frame;
	s->frame[*frame].taken = 0;
	s->frame[*frame].segment = r->index;
	s->frame[*frame].block = block;
	return TALLY_OK;
}

enum tally_rc
read_push_frame(
    struct read *r, uint16_t block, uint32_t outer_frame, uint32_t *frame)
{
	struct map_scratch *s = &r->map->scratch;
	const struct map_block *b = &r->map->block[block];
	uint32_t row;
	enum tally_rc rc = make_frame_room(r);

	if (rc == TALLY_OK)
		rc = read_make_row(r, b, outer_frame, &row);
	if (rc != TALLY_OK)
		return rc;
	*frame = s->nframe++;
	s->frame[*frame] = (struct map_frame){ .outer = outer_frame,
		.row = row,
		.seq = r->batch->rows[b->table].row[row].seq,
		.segment = r->index,
		.block = block,
		.table = b->table };
	return TALLY_OK;
}

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
		if (rows->cell[(size_t)f->row * t->ncolumn + q->column].p !=
			NULL ||
		    is_mandatory(r, b, q))
			continue;
		snprintf(words, sizeof(words), "a value for %.40s.%.40s",
		    t->name, t->column[q->column].name);
		read_report(r, TALLY_F_map_required, f->segment, q->place,
		    q->element, tally_str("", 0), words);
	}
}
