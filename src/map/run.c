/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations over the present segment, one after the other; see memo.c for
 * segments that are like one before.
 */
#include "map/read.h"

#include "base/decimal.h"

/* --- values --- */

static enum tally_rc
take_attribute(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_block *b = &r->map->block[op->arg];
	uint32_t row;
	enum tally_rc rc;

	r->found = false;
	if (!read_free(r, op->element, op->component) ||
	    read_value(r, op->element, op->component).n == 0)
		return TALLY_OK;
	rc = read_make_row(r, b, frame, &row);
	if (rc == TALLY_OK && row != TALLY_NO_ROW)
		rc = read_store(r, op, b->table, row, op->element);
	return rc;
}

/* A value into its column; r->found says whether there was one that nothing had
 * claimed. */
static enum tally_rc
take_value(struct read *r, const struct map_op *op, const struct map_frame *at,
    unsigned element)
{
	const uint32_t *pos = r->pos + element;
	struct read_row row = read_row_of(r, at);

	r->found = true;
	if (!r->simple || !(r->free >> element & 1) ||
	    !read_keep(r, op, op->form, at, &row, op->column,
		read_kept(r, element, pos[0] - pos[-1] - 1)))
		return read_store(r, op, at->table, at->row, (uint8_t)element);
	r->claimed |= (uint64_t)1 << element;
	return TALLY_OK;
}

/* The fields of a group; *found when any had a value. */
static enum tally_rc
take_fields(
    struct read *r, const struct map_op *take, uint32_t frame, bool *found)
{
	const struct map_frame *at = &r->map->scratch.frame[frame];
	unsigned element;
	enum tally_rc rc;

	for (const struct map_op *op = take + 1; op < take + take->next; op++) {
		element = op->element;
		if (op->flags & MAP_MOVES)
			element += r->shift;
		if (!(r->free >> element & 1))
			continue;
		if (op->code == MAP_ATTRIBUTE)
			rc = take_attribute(r, op, frame);
		else
			rc = take_value(r, op, at, element);
		if (rc != TALLY_OK)
			return rc;
		*found |= r->found;
		if (!r->found || op->code == MAP_ATTRIBUTE)
			continue;
		read_own(r, at, op->column);
		if (r->memo != NULL)
			memo_add(r, op, op->form, frame, op->column, element);
	}
	return TALLY_OK;
}

/* The same, if this is the segment that they are waiting for. */
static enum tally_rc
run_take(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_group *g = op->group;
	struct map_frame *at = &r->map->scratch.frame[frame];
	bool found = false;
	uint64_t met;
	enum tally_rc rc;

	if ((at->taken >> g->bit & 1) ||
	    !read_meets(r, g->condition, g->n, &met))
		return TALLY_OK;
	rc = take_fields(r, op, frame, &found);
	if (found) {
		at->taken |= (uint64_t)1 << g->bit;
		read_claim_met(r, met, g->condition, g->n);
	}
	return rc;
}

/* The qualifier of a pair.  Where there is no column for it, only the first
 * alternative is claimed, which is the one that would be written. */
static void
claim_qualifier(struct read *r, const struct map_op *op, uint32_t frame,
    const struct map_choice *c, uint8_t k)
{
	const struct map_frame *at = &r->map->scratch.frame[frame];

	if (op->column2 == MAP_NO_COLUMN && c->which != 0)
		return;
	read_claim(r, k, 0);
	if (op->column2 == MAP_NO_COLUMN)
		return;
	tally_batch_point(
	    r->batch, at->table, at->row, op->column2, read_kept(r, k, c->n));
	if (r->memo != NULL)
		memo_add(r, op, MAP_AS_IS, frame, op->column2, k);
}

/* The pair at element k to the first column that wants it; *first: of the
 * operations that have taken any. */
static enum tally_rc
offer(struct read *r, const struct map_op *op, uint32_t frame, uint8_t k,
    const struct map_op **first)
{
	struct map_frame *at = &r->map->scratch.frame[frame];
	const struct map_choice *c = op->choices->v;
	const struct map_choice *end = c + op->choices->n;
	struct read_tested q = read_test(r, k, 0);
	const struct map_op *p;
	enum tally_rc rc;

	for (; c < end; c++) {
		if (c->key != q.key || c->n != q.value.n ||
		    (at->taken & c->bit))
			continue;
		p = op + c->op;
		if (!read_has(&q, p->group->condition, c->which))
			continue;
		rc = take_value(r, p, at, k + 1u);
		if (rc != TALLY_OK)
			return rc;
		if (!r->found)
			continue;
		if (r->memo != NULL)
			memo_add(r, p, p->form, frame, p->column, k + 1u);
		at->taken |= c->bit;
		claim_qualifier(r, p, frame, c, k);
		if (p < *first)
			*first = p;
		if (r->claimed >> (k + 1) & 1)
			break;
	}
	return TALLY_OK;
}

/* Each column takes the first pair with one of its qualifiers that no column
 * before it has taken: so each pair goes to the first column that wants it. */
static enum tally_rc
run_choose(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_frame *at = &r->map->scratch.frame[frame];
	uint64_t here = r->free & r->free >> 1 & op->wants;
	const struct map_op *none = op + op->next, *first = none;
	enum tally_rc rc = TALLY_OK;

	for (; here != 0 && rc == TALLY_OK; here &= here - 1)
		rc =
		    offer(r, op, frame, (uint8_t)__builtin_ctzll(here), &first);
	if (first < none)
		read_own(r, at, first->column);
	return rc;
}

static enum tally_rc
run_literal(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_group *g = op->group;
	uint64_t met;

	(void)frame;
	if (read_free(r, op->element, op->component) &&
	    read_meets(r, g->condition, g->n, &met))
		read_claim(r, op->element, op->component);
	return TALLY_OK;
}

/* What it has to be is known at the end; see read_counts. */
bool
read_count(struct read *r, const struct map_op *op, const struct map_frame *f)
{
	if (r->ncount == MAP_COUNTS_MAX)
		return false;
	r->count[r->ncount++] = (struct read_count){ op, r->index,
		read_owner_of(f),
		tally_str_rtrim(read_value(r, op->element, op->component)) };
	return true;
}

static enum tally_rc
run_count(struct read *r, const struct map_op *op, uint32_t frame)
{
	bool counted;

	if (!read_free(r, op->element, op->component))
		return TALLY_OK;
	counted = read_count(r, op, &r->map->scratch.frame[frame]);
	if (counted)
		read_claim(r, op->element, op->component);
	if (r->memo != NULL)
		memo_count(r, counted ? op : NULL);
	return TALLY_OK;
}

/* The number of each instance among those of its loop, which follow one another
 * within the one around them. */
static void
number(struct read *r)
{
	const struct tally_instance *v = r->set->instance;
	struct map_scratch *s = &r->map->scratch;
	uint32_t before;

	s->youngest[0] = 0;
	for (uint32_t i = 1; i < r->set->ninstance; i++) {
		before = s->youngest[v[i].parent];
		s->ordinal[i] = 1;
		if (before != 0 && v[before].loop == v[i].loop)
			s->ordinal[i] += s->ordinal[before];
		s->youngest[v[i].parent] = i;
		s->youngest[i] = 0;
	}
	r->numbered = true;
}

static enum tally_rc
run_sequence(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct tally_str v = read_value(r, op->element, op->component);
	char text[TALLY_DECIMAL_MAX];
	size_t n;

	(void)frame;
	if (!read_free(r, op->element, op->component))
		return TALLY_OK;
	if (!r->numbered)
		number(r);
	n = tally_decimal_count(
	    text, r->map->scratch.ordinal[r->segment->loop]);
	if (tally_str_eq(tally_str_rtrim(v), tally_str(text, n)))
		read_claim(r, op->element, op->component);
	return TALLY_OK;
}

/* --- rows --- */

static enum tally_rc run(struct read *, uint32_t frame, bool pair);

static enum tally_rc
run_rows(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_block *b = &r->map->block[op->arg];
	uint32_t made;
	uint64_t met;
	enum tally_rc rc;

	if (r->rowed || r->claimed != 0 || r->npart > 0 ||
	    !read_meets(r, b->condition, b->n, &met))
		return TALLY_OK;
	rc = read_begin_rows(r, op, frame, r->current);
	made = r->made;
	if (rc == TALLY_OK && r->memo != NULL)
		memo_row(r, op);
	if (rc != TALLY_OK || made == READ_NO_FRAME)
		return rc;
	rc = run(r, made, false);
	read_claim_met(r, met, b->condition, b->n);
	read_end_rows(r, made);
	return rc;
}

static enum tally_rc
run_level(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_scratch *s = &r->map->scratch;
	const struct map_block *b = &r->map->block[op->arg];
	uint64_t bit = (uint64_t)1 << b->bit;
	uint64_t met;
	enum tally_rc rc;

	if (r->rowed || r->claimed != 0 ||
	    !read_meets(r, b->condition, b->n, &met) ||
	    (b->rowless && (s->frame[frame].taken & bit)))
		return TALLY_OK;
	rc = read_begin_rows(r, op, frame, r->current);
	if (rc != TALLY_OK || r->made == READ_NO_FRAME)
		return rc;
	if (b->rowless)
		s->frame[frame].taken |= bit;
	read_enter_level(r, r->made);
	read_claim_level(r);
	r->free = r->present & ~r->claimed;
	rc = run(r, r->made, false);
	read_claim_met(r, met, b->condition, b->n);
	return rc;
}

/* A row for each pair that has something and that nobody has claimed. */
static enum tally_rc
run_pairs(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct map_scratch *s = &r->map->scratch;
	const struct map_block *b = &r->map->block[op->arg];
	uint64_t before = r->claimed;
	uint32_t made;
	uint8_t k = b->first_pair;
	enum tally_rc rc = TALLY_OK;

	if (r->memo != NULL)
		memo_forget(r);
	for (; k <= b->last_pair && k <= r->segment->n && rc == TALLY_OK;
	     k += 2) {
		if ((before >> k & 3) != 0 || (r->present >> k & 3) == 0)
			continue;
		r->shift = (uint8_t)(k - b->first_pair);
		rc = read_push_frame(r, op->arg, frame);
		made = r->made;
		if (rc != TALLY_OK || made == READ_NO_FRAME)
			break;
		/* what all pairs share is read again for each of them */
		r->free = r->present & ~before;
		rc = run(r, made, true);
		read_check_required(r, &s->frame[made]);
		s->nframe = made;
	}
	r->shift = 0;
	return rc;
}

/* --- all --- */

/* FIELD and ATTRIBUTE are run by TAKE, PAIR by CHOOSE. */
static enum tally_rc (*const operations[])(
    struct read *, const struct map_op *, uint32_t frame) = {
	[MAP_TAKE] = run_take,
	[MAP_CHOOSE] = run_choose,
	[MAP_LITERAL] = run_literal,
	[MAP_COUNT] = run_count,
	[MAP_SUM] = run_count,
	[MAP_SEQUENCE] = run_sequence,
	[MAP_ROWS] = run_rows,
	[MAP_LEVEL] = run_level,
	[MAP_PAIRS] = run_pairs,
};

/* The list of the frame's block.  pair: the rows are those of pairs, which read
 * what they share again. */
static enum tally_rc
run(struct read *r, uint32_t frame, bool pair)
{
	const struct map_list *list = read_list(r, frame);
	uint32_t outer = r->current;
	enum tally_rc rc = TALLY_OK;

	r->current = frame;
	for (const struct map_op *op = list->op;
	     op < list->end && r->free != 0 && rc == TALLY_OK; op += op->next) {
		if (!(r->free & op->wants))
			continue;
		rc = operations[op->code](
		    r, op, read_outer(&r->map->scratch, frame, op->up));
		if (!pair)
			r->free = r->present & ~r->claimed;
	}
	r->current = outer;
	return rc;
}

enum tally_rc
read_run(struct read *r, uint32_t frame)
{
	r->free = r->present & ~r->claimed;
	return run(r, frame, false);
}

enum tally_rc
read_whole(struct read *r, uint32_t frame)
{
	enum tally_rc rc = TALLY_OK;

	r->claimed = 0;
	r->rowed = r->owned = false;
	r->npart = 0;
	if (r->segment->place != TALLY_NOWHERE)
		rc = read_run(r, frame);
	return rc == TALLY_OK ? read_rest(r) : rc;
}
