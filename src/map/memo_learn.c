/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that are not like one before, and what they come to; see memo.h. */
#include "map/read.h"

#include <string.h>

/* --- what a list depends on --- */

static bool
learn_conditions(struct memo_list *s, const struct map_condition *c, uint8_t n)
{
	for (; n > 0; n--, c++) {
		if (c->component > 0)
			return false;
		s->tests |= (uint64_t)1 << c->element;
	}
	return true;
}

/* The operations that a TAKE or a CHOOSE holds. */
static bool
learn_held(const struct map_op *op)
{
	for (const struct map_op *end = op + op->next; ++op < end;)
		if (op->component > 0 || op->code == MAP_ATTRIBUTE)
			return false;
	return true;
}

static bool
learn_op(struct memo_list *s, const struct map_op *op)
{
	switch (op->code) {
	case MAP_TAKE:
		s->groups |= (uint64_t)1 << op->group->bit;
		return learn_held(op) &&
		    learn_conditions(s, op->group->condition, op->group->n);
	case MAP_CHOOSE:
		for (uint16_t i = 1; i < op->next; i++)
			s->groups |= (uint64_t)1 << op[i].group->bit;
		s->tests |= op->wants;
		return learn_held(op);
	case MAP_LITERAL:
		return op->component == 0 &&
		    learn_conditions(s, op->group->condition, op->group->n);
	case MAP_COUNT:
	case MAP_SUM:
		return op->component == 0;
	case MAP_PAIRS:
		return true; /* what they make is not remembered */
	default:
		return false;
	}
}

/* The list of a row that the segment makes; it makes no other one. */
static bool
learn_inner(struct memo_list *s, const struct map_list *list)
{
	struct memo_list inner = { .tests = 0 };

	for (const struct map_op *op = list->op; op < list->end; op += op->next)
		if (op->code != MAP_ROWS &&
		    (op->up > 0 || !learn_op(&inner, op)))
			return false;
	s->tests |= inner.tests; /* its row has taken nothing yet */
	return true;
}

static bool
learn_list(
    const struct read *r, struct memo_list *s, const struct map_list *list)
{
	const struct map_block *b;

	for (const struct map_op *op = list->op; op < list->end;
	     op += op->next) {
		if (op->up > 0)
			return false;
		if (op->code != MAP_ROWS) {
			if (!learn_op(s, op))
				return false;
			continue;
		}
		b = &r->map->block[op->arg];
		if (!learn_conditions(s, b->condition, b->n) ||
		    !learn_inner(s,
			&r->map->list[b->list + r->segment->place - b->first]))
			return false;
	}
	return true;
}

static void
learn(const struct read *r, struct memo_list *s, const struct map_list *list)
{
	s->ability = learn_list(r, s, list) ? MEMO_ABLE : MEMO_NOT_ABLE;
}

/* --- remembering --- */

void
memo_forget(struct read *r)
{
	r->memo->list = MEMO_NONE;
	r->memo = NULL;
}

void
memo_add(struct read *r, const struct map_op *op, enum map_form form,
    uint32_t frame, uint16_t column, unsigned element)
{
	struct memo *m = r->memo;
	struct memo_step *at;

	if (m->end == m->step + MEMO_STEPS || !(r->claimed >> element & 1) ||
	    frame != (m->rows != NULL ? r->made : r->current)) {
		memo_forget(r);
		return;
	}
	at = m->end;
	if (form == MAP_AS_IS || form == MAP_PLAIN) {
		at = m->as_is++;
		m->coded++;
	} else if (form == MAP_CODED && m->coded < m->as_is + MEMO_CODED) {
		at = m->coded++;
	}
	memmove(at + 1, at, (size_t)(m->end++ - at) * sizeof(*at));
	*at = (struct memo_step){ .column = column,
		.element = (uint8_t)element,
		.form = (uint8_t)form,
		.op = (uint32_t)(op - r->map->op) };
	m->takes |= (uint64_t)1 << op->group->bit;
	if (form != MAP_OTHER)
		m->plain |= (uint64_t)1 << element;
}

void
memo_count(struct read *r, const struct map_op *op)
{
	if (op == NULL || r->memo->count != NULL || r->memo->rows != NULL)
		memo_forget(r);
	else
		r->memo->count = op;
}

void
memo_row(struct read *r, const struct map_op *op)
{
	const struct map_block *b = &r->map->block[op->arg];
	struct memo *m = r->memo;

	m->rows = op;
	m->ends = b->kind == BLOCK_SEGMENT;
	m->fills = b->nlink + b->nconstant > 0;
	m->loop = b->loop;
	m->frame = (struct map_frame){
		.block = op->arg, .table = b->table, .list = b->list - b->first
	};
	if (r->made == READ_NO_FRAME || b->rowless || m->count != NULL)
		memo_forget(r);
}

/* Whether the dictionary lists codes for an element: where it does, segments
 * with the same number have the same ones. */
static bool
is_listed(const struct read *r, unsigned k)
{
	const struct tally_segment_spec *spec =
	    r->map->set->place[r->segment->place].segment;
	const struct tally_element *e;

	if (k > spec->nuse)
		return false;
	e = spec->use[k - 1].element;
	return e->type == TALLY_ID && e->ncode > 0;
}

/* The shape of the present segment. */
static void
note_shape(const struct read *r, struct memo *m, uint32_t list, uint64_t taken)
{
	const struct memo_list *s = &r->map->scratch.memos->list[list];
	struct memo_test *t = m->test;
	uint32_t from;
	unsigned k;

	m->list = list;
	m->style = memo_style(r->set);
	m->present = r->present;
	m->groups = s->groups;
	m->taken = taken & s->groups;
	m->alike = true;
	for (uint64_t at = s->tests & r->present; at != 0; at &= at - 1, t++) {
		k = (unsigned)__builtin_ctzll(at);
		from = r->pos[k - 1] + 1;
		*t = (struct memo_test){ .before = k - 1 };
		memset(&t->mask, 0xff, r->pos[k] + 1 - from);
		t->word = read_bytes(r, from) & t->mask;
		m->alike = m->alike && is_listed(r, k);
	}
	m->tests = t;
	m->like = m->also = 0;
}

/* That no element has. */
static const struct memo_code no_code = { .word = 1, .mask = 0 };

/* Nothing is remembered of what it does. */
static void
clear(struct memo *m)
{
	m->rows = m->count = NULL;
	m->ends = m->fills = false;
	m->takes = m->plain = m->slots = 0;
	m->as_is = m->coded = m->end = m->step;
	for (unsigned i = 0; i < MEMO_CODED; i++)
		m->code[i][0] = m->code[i][1] = no_code;
}

enum tally_rc
memo_make(struct read *r, struct memo *m, uint32_t list, uint32_t frame)
{
	enum tally_rc rc;

	note_shape(r, m, list, r->map->scratch.frame[frame].taken);
	clear(m);
	r->memo = m;
	rc = read_whole(r, frame);
	if (rc != TALLY_OK && r->memo != NULL)
		memo_forget(r);
	if (r->memo == NULL)
		return rc;
	r->memo = NULL;
	m->owner = r->owner.column;
	m->claimed = r->claimed;
	m->rests = r->claimed == 0 || (r->present & ~r->claimed) != 0;
	m->finishes = m->ends || m->rests || m->count != NULL;
	m->simple = !m->finishes && m->as_is == m->end;
	return TALLY_OK;
}

/* --- where it is --- */

/* A number for the shape of the present segment; false when what is tested is
 * too much to be remembered.  Blanks at the right make another shape. */
static bool
number(const struct read *r, const struct memo_list *s, uint32_t list,
    uint64_t taken, uint64_t *shape)
{
	const uint64_t odd = 0x9e3779b97f4a7c15;
	uint64_t h = (list * odd ^ r->present) * odd ^ (taken & s->groups);
	uint32_t size;
	unsigned k, n = 0;

	h = h * odd ^ memo_style(r->set);
	for (uint64_t at = s->tests & r->present; at != 0; at &= at - 1) {
		k = (unsigned)__builtin_ctzll(at);
		size = r->pos[k] - r->pos[k - 1] - 1;
		if (size >= WORD_MAX || n++ == MEMO_TESTS)
			return false;
		h = h * odd ^
		    word_of_padded(
			(const char *)r->set->bytes + r->pos[k - 1] + 1, size);
	}
	h *= odd;
	*shape = (h ^ h >> 32) * odd;
	return true;
}

/* One that was not used: all zero, as its memory came. */
static void
begin(struct memos *all, struct memo *m)
{
	m->list = MEMO_NONE;
	m->next = m->other = all->memo;
}

/* The memo of a shape; else one that makes room for it. */
static struct memo *
place(struct memos *all, uint64_t shape)
{
	struct memo *m = &all->memo[(shape >> (64 - MEMO_BITS)) * MEMO_WAYS];
	struct memo *end = m + MEMO_WAYS, *to = NULL;

	for (; m < end; m++) {
		if (m->shape == shape && m->next != NULL)
			return m;
		if (to == NULL && (m->list == MEMO_NONE || m->next == NULL))
			to = m;
	}
	if (to == NULL)
		to = end - 1 - all->turn++ % MEMO_WAYS;
	if (to->next == NULL)
		begin(all, to);
	to->shape = shape;
	to->list = MEMO_NONE;
	return to;
}

struct memo *
memo_find(struct read *r, uint32_t list, uint64_t taken)
{
	struct memos *all = r->map->scratch.memos;
	struct memo_list *s = &all->list[list];
	uint64_t shape;

	if (s->ability == MEMO_UNKNOWN)
		learn(r, s, &r->map->list[list]);
	if (s->ability == MEMO_NOT_ABLE || !number(r, s, list, taken, &shape))
		return NULL;
	return place(all, shape);
}

static enum tally_rc
make(struct read *r)
{
	struct memos *all;

	all = tally_calloc(
	    1, sizeof(*all) + r->map->nlist * sizeof(all->list[0]));
	if (all == NULL)
		return tally_err_set(
		    r->err, TALLY_NOMEM, "no memory to map a set");
	/* Others when they are used: one document has few shapes. */
	begin(all, all->memo);
	all->newest = all->memo;
	r->map->scratch.memos = all;
	return TALLY_OK;
}

enum tally_rc
memo_begin(struct read *r)
{
	struct memos *all = r->map->scratch.memos;
	enum tally_rc rc;

	if (all == NULL) {
		rc = make(r);
		if (rc != TALLY_OK)
			return rc;
		all = r->map->scratch.memos;
	}
	if (all->batch != r->batch || r->batch->known != all) {
		all->batch = r->batch;
		r->batch->known = all;
		all->slots++;
		all->numbered = NULL;
	}
	if (all->numbered == NULL || all->numbered != r->set->known ||
	    *all->numbered != all) {
		all->numbered = r->set->known;
		all->times++;
		if (all->numbered != NULL)
			*all->numbered = all;
	}
	return TALLY_OK;
}
