/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value into its column the long way: it has another canonical form there, or
 * may have.
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
	struct tally_str ours;
	enum tally_rc rc = map_look_up(r->map, op, false, *v, &ours, r->err);

	if (rc != TALLY_OK)
		return rc;
	if (ours.p == NULL) {
		read_report(r, TALLY_F_map_lookup, r->index, r->segment->place,
		    element, *v, r->map->lookup[op->lookup]);
	} else if (ours.p != v->p) {
		*v = ours;
		*form = READ_ELSEWHERE;
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

enum tally_rc
read_store(struct read *r, const struct map_op *op, uint16_t table,
    uint32_t row, uint8_t element)
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
