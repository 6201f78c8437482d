/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements whose values are computed: counts, sums, sequences.  Reading
 * compares them, writing computes them.
 */
#include "map/compile.h"

static enum tally_rc
new_total(struct compile *c, struct rule *r, uint16_t block, const char *ref)
{
	size_t n = 0;
	enum tally_rc rc = resolve_ref(c, &r->target, r->at, block, ref);

	for (size_t i = 0; i < c->nrule; i++)
		n += c->rule[i].kind == RULE_COUNT ||
		    c->rule[i].kind == RULE_SUM;
	if (rc == TALLY_OK && n > MAP_COUNTS_MAX)
		rc = compile_mistake(c, r->at,
		    "a map has at most %d counts and sums", MAP_COUNTS_MAX);
	return rc;
}

enum tally_rc
total_count(struct compile *c, const struct tally_xml *x, uint16_t block)
{
	struct rule *r = rule_new(c, RULE_COUNT, x, block);
	const char *ref = tally_xml_get(x, "ref");
	enum tally_rc rc = new_total(c, r, block, ref);

	if (rc == TALLY_OK)
		rc = resolve_table(c, &r->table, x, tally_xml_get(x, "of"));
	if (rc == TALLY_OK &&
	    (r->target.leaf->type != TALLY_N || r->target.leaf->decimals > 0))
		rc = compile_mistake(c, x,
		    "%s is no whole number, so it cannot be a count", ref);
	return rc;
}

/* Of "order_lines.quantity". */
static enum tally_rc
summed(struct compile *c, struct rule *r, const char *of)
{
	const char *dot = strchr(of, '.');
	enum tally_column_type type;
	char *table;
	enum tally_rc rc;

	if (dot == NULL)
		return compile_mistake(c, r->at,
		    "\"%s\" names no column; write table and column, as in "
		    "order_lines.quantity",
		    of);
	table =
	    tally_arena_cstr(&c->scratch, tally_str(of, (size_t)(dot - of)));
	if (table == NULL)
		return compile_nomem(c);
	rc = resolve_table(c, &r->table, r->at, table);
	if (rc == TALLY_OK)
		rc = resolve_column(c, &r->column, r->at, r->table, dot + 1);
	if (rc != TALLY_OK)
		return rc;
	type = c->model->table[r->table].column[r->column].type;
	if (type != TALLY_DECIMAL && type != TALLY_INTEGER)
		return compile_mistake(
		    c, r->at, "%s is no number, so it has no sum", of);
	return TALLY_OK;
}

enum tally_rc
total_sum(struct compile *c, const struct tally_xml *x, uint16_t block)
{
	struct rule *r = rule_new(c, RULE_SUM, x, block);
	const char *ref = tally_xml_get(x, "ref");
	enum tally_rc rc = new_total(c, r, block, ref);

	if (rc == TALLY_OK)
		rc = summed(c, r, tally_xml_get(x, "of"));
	if (rc == TALLY_OK && r->target.leaf->type != TALLY_N &&
	    r->target.leaf->type != TALLY_R)
		rc = compile_mistake(
		    c, x, "%s is no number, so it cannot be a sum", ref);
	return rc;
}

enum tally_rc
total_sequence(struct compile *c, const struct tally_xml *x, uint16_t block)
{
	struct rule *r = rule_new(c, RULE_SEQUENCE, x, block);
	const struct tally_set_spec *set = c->set;
	const char *ref = tally_xml_get(x, "ref");
	enum tally_rc rc = resolve_ref(c, &r->target, x, block, ref);
	uint16_t place = r->target.at.place[0];

	if (rc != TALLY_OK)
		return rc;
	if (set->place[place].loop == 0 ||
	    set->loop[set->place[place].loop].first != place)
		return compile_mistake(c, x,
		    "a sequence numbers the instances of a loop, and %s does "
		    "not stand in the first segment of one",
		    ref);
	if ((r->target.leaf->type != TALLY_N || r->target.leaf->decimals > 0) &&
	    r->target.leaf->type != TALLY_AN)
		return compile_mistake(c, x,
		    "%s can hold no whole number, so it cannot be a sequence",
		    ref);
	return TALLY_OK;
}
