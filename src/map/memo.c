/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that are like one before; see memo.h. */
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

	if (m->nstep == MEMO_STEPS || !(r->claimed >> element & 1) ||
	    frame != (m->rows != NULL ? r->made : r->current)) {
		memo_forget(r);
		return;
	}
	m->step[m->nstep++] = (struct memo_step){ column, (uint8_t)element,
		(uint8_t)form, (uint32_t)(op - r->map->op) };
	m->takes |= (uint64_t)1 << op->group->bit;
}

void
memo_row(struct read *r, const struct map_op *op)
{
	r->memo->rows = op;
	r->memo->ends = r->map->block[op->arg].kind == BLOCK_SEGMENT;
	if (r->made == READ_NO_FRAME)
		memo_forget(r);
}

static enum tally_rc
remember(struct read *r, struct memo *m, uint32_t frame)
{
	enum tally_rc rc;

	m->rows = NULL;
	m->ends = false;
	m->takes = 0;
	m->nstep = 0;
	r->memo = m;
	rc = read_run(r, frame);
	if (rc != TALLY_OK && r->memo != NULL)
		memo_forget(r);
	if (r->memo == NULL)
		return rc;
	r->memo = NULL;
	m->owner = r->owner.column;
	m->claimed = r->claimed;
	return TALLY_OK;
}

/* --- doing it again --- */

/* A value that has to be converted.  One that is none of its type is not
 * claimed, and others may get it. */
static enum tally_rc
store(struct read *r, const struct memo_step *s, const struct map_frame *f)
{
	uint64_t bit = (uint64_t)1 << s->element;
	enum tally_rc rc;

	r->free = bit;
	r->claimed &= ~bit;
	rc = read_store(r, r->map->op + s->op, f->table, f->row, s->element);
	r->refused |= !(r->claimed & bit);
	return rc;
}

static enum tally_rc
take_steps(struct read *r, const struct memo *m, struct map_frame *f)
{
	const struct memo_step *s = m->step, *end = s + m->nstep;
	const unsigned char *kept = r->kept.bytes;
	struct read_row row = read_row_of(r, f);
	const uint32_t *pos = r->pos;
	struct tally_str v;
	enum tally_rc rc;
	uint32_t from;

	r->claimed = m->claimed;
	f->taken |= m->takes;
	for (; s < end; s++) {
		from = pos[s->element - 1] + 1;
		v = tally_str(kept + from, pos[s->element] - from);
		if (s->form == MAP_AS_IS && v.p[v.n - 1] != ' ') {
			read_point(row, s->column, v);
			continue;
		}
		if (read_keep(
			r, r->map->op + s->op, s->form, row, s->column, v))
			continue;
		rc = store(r, s, f);
		if (rc != TALLY_OK)
			return rc;
	}
	return TALLY_OK;
}

/* Where a value was refused, lists are run after that: what has had its turn
 * does nothing then. */
static enum tally_rc
run_rest(struct read *r, uint32_t frame, uint32_t at)
{
	enum tally_rc rc = TALLY_OK;

	if (at != frame)
		rc = read_run(r, at);
	if (at != frame && rc == TALLY_OK)
		read_end_rows(r, at);
	return rc == TALLY_OK ? read_run(r, frame) : rc;
}

static inline enum tally_rc
repeat(struct read *r, const struct memo *m, uint32_t frame)
{
	uint32_t at = frame; /* what the steps speak of */
	enum tally_rc rc;

	r->refused = false;
	if (m->rows != NULL) {
		rc = read_begin_rows(r, m->rows, frame, frame);
		if (rc != TALLY_OK)
			return rc;
		at = r->made;
		if (at == READ_NO_FRAME)
			return read_run(r, frame);
	} else if (m->nstep > 0) {
		read_own(r, &r->map->scratch.frame[frame], m->owner);
	}
	rc = take_steps(r, m, &r->map->scratch.frame[at]);
	if (rc != TALLY_OK)
		return rc;
	if (r->refused)
		return run_rest(r, frame, at);
	if (m->ends)
		read_end_rows(r, at);
	return TALLY_OK;
}

/* --- which it is --- */

/* What is tested of the present segment, to r->test, and the slot that it
 * leads to; null when that is too much to be remembered.  Blanks at the right
 * make another shape. */
static inline struct memo *
slot(struct read *r, uint32_t list, uint64_t tests)
{
	const uint64_t odd = 0x9e3779b97f4a7c15;
	uint64_t h = r->present ^ list, w;
	uint32_t from, size;
	unsigned k, n = 0;

	for (; tests != 0; tests &= tests - 1) {
		k = (unsigned)__builtin_ctzll(tests);
		from = r->pos[k - 1] + 1;
		size = r->pos[k] - from;
		if (size > WORD_MAX || n == MEMO_TESTS)
			return NULL;
		memcpy(&w, r->set->bytes + from, WORD_MAX);
		w <<= 64 - 8 * size;
		r->test[n++] = w;
		h = h * odd ^ w;
	}
	r->ntest = n;
	return &r->map->scratch.memo[h * odd >> (64 - MEMO_BITS)];
}

static inline bool
is_like(
    const struct read *r, const struct memo *m, uint32_t list, uint64_t taken)
{
	if (m->list != list || m->present != r->present || m->taken != taken)
		return false;
	for (unsigned i = 0; i < r->ntest; i++)
		if (m->test[i] != r->test[i])
			return false;
	return true;
}

enum tally_rc
memo_run(struct read *r, uint32_t frame)
{
	const struct map_frame *f = &r->map->scratch.frame[frame];
	uint32_t list = f->list + r->segment->place;
	struct memo_list *s = &r->map->scratch.memo_list[list];
	uint64_t taken = f->taken & s->groups;
	struct memo *m;

	if (s->ability == MEMO_UNKNOWN)
		learn(r, s, &r->map->list[list]);
	m = s->ability == MEMO_ABLE ? slot(r, list, s->tests & r->present)
				    : NULL;
	if (m == NULL)
		return read_run(r, frame);
	if (is_like(r, m, list, taken))
		return repeat(r, m, frame);
	m->list = list;
	m->present = r->present;
	m->taken = f->taken & s->groups;
	memcpy(m->test, r->test, sizeof(m->test));
	return remember(r, m, frame);
}

enum tally_rc
memo_begin(struct read *r)
{
	struct map_scratch *s = &r->map->scratch;
	size_t n = (size_t)1 << MEMO_BITS;

	if (s->memo != NULL)
		return TALLY_OK;
	s->memo_list = tally_calloc(r->map->nlist, sizeof(*s->memo_list));
	s->memo = tally_calloc(n, sizeof(*s->memo));
	if (s->memo == NULL || s->memo_list == NULL)
		return tally_err_set(
		    r->err, TALLY_NOMEM, "no memory to map a set");
	for (size_t i = 0; i < n; i++)
		s->memo[i].list = MEMO_NONE;
	return TALLY_OK;
}
