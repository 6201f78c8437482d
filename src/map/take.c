/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations that take values of a segment to columns.
 *
 * Most values are kept as they are spelled: the cell points at them and that is
 * all.  What has another canonical form, or may have, goes the longer way.
 */
#include "map/read.h"

#include <stdio.h>

#include "base/decimal.h"

/* A value that is none of its type.  The checker has said so already, unless
 * it is one that X12 allows and columns cannot hold. */
static void
refuse(struct read *r, const struct map_op *op, uint16_t table, uint8_t element,
    uint8_t component, struct tally_str sent)
{
	const struct tally_table *t = &r->map->model->table[table];
	const struct tally_element *e = r->map->set->place[r->segment->place]
					    .segment->use[element - 1]
					    .element;
	enum tally_finding_kind kind;
	char words[96];

	if (component > 0)
		e = e->use[component - 1].element;
	kind = tally_value_check(e, sent);
	if (kind != TALLY_FINDING_NONE && kind != TALLY_F_code_unlisted)
		return;
	snprintf(words, sizeof(words), "a value for %.40s.%.40s", t->name,
	    t->column[op->column].name);
	read_report(r, TALLY_F_map_value, r->index, r->segment->place, element,
	    sent, words);
}

/* Our value for the partner's; one that is not in the table stays as it is,
 * and is told. */
static enum tally_rc
look_up(struct read *r, const struct map_op *op, uint8_t element,
    struct tally_str *v, enum read_form *form)
{
	const struct tally_lookups *l = r->map->lookups;
	const char *table = r->map->lookup[op->lookup];
	struct tally_str ours;
	bool found;
	enum tally_rc rc;

	if (l == NULL)
		return TALLY_OK;
	rc = l->find(l->ctx, table, false, *v, &ours, &found, r->err);
	if (rc != TALLY_OK)
		return rc;
	if (found) {
		*v = ours;
		*form = READ_ELSEWHERE;
	} else {
		read_report(r, TALLY_F_map_lookup, r->index, r->segment->place,
		    element, *v, table);
	}
	return TALLY_OK;
}

/* A value into a column; one that has no canonical form stays residue. */
static enum tally_rc
store_converted(struct read *r, const struct map_op *op, uint16_t table,
    uint32_t row, uint8_t element, uint8_t component, struct tally_str sent)
{
	struct tally_str v = sent;
	char room[TALLY_DECIMAL_MAX];
	enum read_form form;
	enum tally_rc rc;

	form = read_convert(r, op, &v, room);
	if (form != READ_NONE && op->lookup != MAP_NO_LOOKUP) {
		rc = look_up(r, op, element, &v, &form);
		if (rc != TALLY_OK)
			return rc;
	}
	if (form == READ_NONE) {
		refuse(r, op, table, element, component, sent);
		return TALLY_OK;
	}
	read_claim(r, element, component);
	if (v.n == 0)
		return TALLY_OK;
	if (form == READ_ELSEWHERE)
		return tally_batch_set(
		    r->batch, table, row, op->column, v, r->err);
	tally_batch_point(r->batch, table, row, op->column, v);
	return TALLY_OK;
}

/* The same; r->found says whether there was one that nothing had claimed. */
static enum tally_rc
store(struct read *r, const struct map_op *op, uint16_t table, uint32_t row,
    uint8_t element)
{
	struct tally_str v;

	r->found = false;
	if (!read_free(r, element, op->component))
		return TALLY_OK;
	v = read_value(r, element, op->component);
	if (v.n == 0)
		return TALLY_OK;
	r->found = true;
	return store_converted(r, op, table, row, element, op->component, v);
}

static inline unsigned
moved(const struct read *r, const struct map_op *op)
{
	return op->element + (r->shift & -(op->flags & MAP_MOVES));
}

static enum tally_rc
run_attribute(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_block *b = &r->map->block[op->arg];
	uint32_t row;
	enum tally_rc rc;

	if (!read_free(r, op->element, op->component) ||
	    read_value(r, op->element, op->component).n == 0 ||
	    read_full(r, b->table))
		return TALLY_OK;
	rc = read_make_row(r, b, frame, &row);
	if (rc == TALLY_OK)
		rc = store(r, op, b->table, row, op->element);
	return rc;
}

/* One field, or attribute, that needs more than its characters; r->found says
 * whether there was a value. */
static enum tally_rc
take_other(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_frame *at = &r->map->scratch.frame[frame];
	enum tally_rc rc;

	r->found = false;
	if (op->code == MAP_ATTRIBUTE)
		return run_attribute(r, op, frame);
	rc = store(r, op, at->table, at->row, (uint8_t)moved(r, op));
	if (r->found)
		read_own(r, frame, op->column);
	return rc;
}

/* A value that is there, and free, into its column, if it is kept as it is
 * spelled. */
static inline bool
store_as_is(const struct read *r, const struct map_op *op, struct read_row row,
    unsigned element)
{
	uint8_t as_is = op->flags & r->as_is;
	uint32_t from = r->pos[element - 1] + 1;
	struct tally_str v;

	if (as_is == 0)
		return false;
	v = tally_str_rtrim(
	    tally_str(r->kept.bytes + from, r->pos[element] - from));
	if (as_is == MAP_PLAIN && !read_plain(r->set->bytes + from, v.n))
		return false;
	if (v.n > 0)
		read_point(row, op->column, v);
	return true;
}

/* The fields of a group; whether there were any that had a value. */
static inline enum tally_rc
take_fields(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct read_row row = read_row_of(r, &r->map->scratch.frame[frame]);
	const struct map_op *f = op + 1, *end = op + op->next;
	uint64_t free = r->free, stored = 0;
	enum tally_rc rc = TALLY_OK;
	bool found = false;
	unsigned element;

	for (; f < end; f++) {
		element = moved(r, f);
		if (!(free >> element & 1))
			continue;
		if (store_as_is(r, f, row, element)) {
			stored |= (uint64_t)1 << element;
			if (!r->owned)
				read_own(r, frame, f->column);
			continue;
		}
		rc = take_other(r, f, frame);
		if (rc != TALLY_OK)
			break;
		found |= r->found;
		row = read_row_of(r, &r->map->scratch.frame[frame]);
	}
	r->claimed |= stored;
	r->found = found || stored != 0;
	return rc;
}

/* The same, if this is the segment that they are waiting for. */
enum tally_rc
read_take(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_group *g = &r->map->group[op->arg];
	struct map_frame *at = &r->map->scratch.frame[frame];
	uint64_t bit = (uint64_t)1 << g->bit;
	enum tally_rc rc;

	if ((at->taken & bit) || !read_meets(r, g->condition, g->n))
		return TALLY_OK;
	rc = take_fields(r, op, frame);
	if (r->found) {
		at->taken |= bit;
		read_claim_met(r, r->met, g->condition, g->n);
	}
	return rc;
}

/* Behind the value of a pair: the qualifier, in its column.  Without one, only
 * the first alternative is claimed, which is the one that would be written. */
static void
store_qualifier(struct read *r, const struct map_op *op, struct read_row row,
    uint8_t element, uint16_t which)
{
	if (op->column2 != MAP_NO_COLUMN || which == 0)
		read_claim(r, element, 0);
	if (op->column2 != MAP_NO_COLUMN)
		read_point(row, op->column2,
		    tally_str_rtrim(read_value(r, element, 0)));
}

/* The value of the first pair with one of the qualifiers. */
enum tally_rc
read_pair(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct map_frame *f = &r->map->scratch.frame[frame];
	const struct map_group *g = &r->map->group[op->arg];
	uint64_t bit = (uint64_t)1 << g->bit;
	uint64_t here = f->taken & bit ? 0 : r->free & r->free >> 1 & op->wants;
	struct read_row row = read_row_of(r, f);
	uint16_t which;
	enum tally_rc rc;
	uint8_t k;

	for (; here != 0; here &= here - 1) {
		k = (uint8_t)__builtin_ctzll(here);
		which = read_which(r, g->condition, k);
		if (which == g->condition->n)
			continue;
		if (store_as_is(r, op, row, k + 1u)) {
			r->claimed |= (uint64_t)2 << k;
		} else {
			rc = store(r, op, f->table, f->row, (uint8_t)(k + 1));
			if (rc != TALLY_OK)
				return rc;
			if (!r->found)
				continue;
		}
		f->taken |= bit;
		read_own(r, frame, op->column);
		store_qualifier(r, op, row, k, which);
		break;
	}
	return TALLY_OK;
}

enum tally_rc
read_literal(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_group *g = &r->map->group[op->arg];

	(void)frame;
	if (read_free(r, op->element, op->component) &&
	    read_meets(r, g->condition, g->n))
		read_claim(r, op->element, op->component);
	return TALLY_OK;
}

/* What it has to be is known at the end; see read_counts. */
enum tally_rc
read_count(struct read *r, const struct map_op *op, uint32_t frame)
{
	if (r->ncount == MAP_COUNTS_MAX ||
	    !read_free(r, op->element, op->component))
		return TALLY_OK;
	r->count[r->ncount++] = (struct read_count){ op, r->index,
		read_owner_of(r, frame),
		tally_str_rtrim(read_value(r, op->element, op->component)) };
	read_claim(r, op->element, op->component);
	return TALLY_OK;
}

enum tally_rc
read_sequence(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct tally_str v = read_value(r, op->element, op->component);
	char text[16];
	int n;

	(void)frame;
	if (!read_free(r, op->element, op->component))
		return TALLY_OK;
	n = snprintf(text, sizeof(text), "%u",
	    r->map->scratch.ordinal[r->segment->loop]);
	if (tally_str_eq(tally_str_rtrim(v), tally_str(text, (size_t)n)))
		read_claim(r, op->element, op->component);
	return TALLY_OK;
}
