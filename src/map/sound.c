/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only shows when all rules are there: that counts count something, and
 * that everything the standard makes mandatory has a source when the map is
 * written, for a map is to run both ways.
 */
#include "map/compile.h"

static bool
stands_at(const struct target *t, uint16_t place)
{
	for (uint8_t i = 0; i < t->at.n; i++)
		if (t->at.place[i] == place)
			return true;
	return false;
}

/* Rows of segments and loops say themselves what fills a segment. */
static bool
makes_rows(const struct rule *r)
{
	return r->kind == RULE_ROWS || r->kind == RULE_LEVEL;
}

static uint64_t
bit(unsigned element)
{
	return (uint64_t)1 << element;
}

static uint64_t
conditions(const struct map_condition *v, uint8_t n)
{
	uint64_t mask = 0;

	for (uint8_t i = 0; i < n; i++)
		mask |= bit(v[i].element);
	return mask;
}

/* Elements that the rules of a pair block fill. */
static uint64_t
covered_by_pairs(const struct compile *c, uint16_t block)
{
	uint64_t mask = 0;

	for (const struct rule *r = c->scope[block].first; r != NULL;
	     r = r->next)
		mask |= bit(r->target.element);
	return mask;
}

/* Elements that one rule fills. */
static uint64_t
covered_by(const struct compile *c, const struct rule *r)
{
	uint64_t mask = 0;

	if (r->kind == RULE_PAIRS)
		return covered_by_pairs(c, r->child);
	if (makes_rows(r) || r->kind >= RULE_CONSTANT)
		return 0;
	mask = bit(r->target.element);
	if (r->kind == RULE_PAIR)
		mask |= bit(r->target.element + 1u);
	return mask;
}

static bool
has_condition(const struct compile *c, const struct rule *r)
{
	return (r->kind == RULE_FIELD || r->kind == RULE_ATTRIBUTE) &&
	    c->group[r->group].n > 0;
}

static enum tally_rc
check_mask(struct compile *c, const struct tally_xml *at,
    const struct tally_segment_spec *s, uint64_t mask)
{
	for (uint8_t k = 0; k < s->nuse; k++)
		if (s->use[k].requirement == 'M' && !(mask & bit(k + 1u)))
			return compile_mistake(c, at,
			    "%s%02u (%s) is mandatory, but nothing in the map "
			    "could write it; add a field or a literal for it",
			    s->tag, k + 1u, s->use[k].element->name);
	return TALLY_OK;
}

/* A segment of a block: what all its instances have, and what the instances
 * of each condition have. */
static enum tally_rc
check_segment(struct compile *c, uint16_t block, const struct rule *first,
    uint64_t common)
{
	const struct target *t = &first->target;
	const struct rule *r;
	bool conditional = false;
	uint64_t mask;
	enum tally_rc rc = TALLY_OK;

	for (r = c->scope[block].first; r != NULL; r = r->next) {
		if (r->target.segment == t->segment && r->target.at.n > 0 &&
		    stands_at(t, r->target.at.place[0]) && !has_condition(c, r))
			common |= covered_by(c, r);
	}
	for (size_t g = 0; g < c->ngroup && rc == TALLY_OK; g++) {
		mask = 0;
		if (c->group_block[g] != block || c->group[g].n == 0)
			continue;
		for (r = c->scope[block].first; r != NULL; r = r->next) {
			if (r->group == g && r->target.segment == t->segment &&
			    has_condition(c, r) &&
			    stands_at(t, r->target.at.place[0]))
				mask |= covered_by(c, r);
		}
		if (mask == 0)
			continue;
		conditional = true;
		rc = check_mask(c, first->at, t->segment,
		    common | mask |
			conditions(c->group[g].condition, c->group[g].n));
	}
	if (rc == TALLY_OK && !conditional && common != 0)
		rc = check_mask(c, first->at, t->segment, common);
	return rc;
}

/* Each segment that rules of the block name, once: at its first rule. */
static enum tally_rc
check_elements(struct compile *c, uint16_t block)
{
	const struct map_block *b = &c->block[block];
	const struct rule *r, *o;
	uint64_t own;
	bool seen;
	enum tally_rc rc = TALLY_OK;

	for (r = c->scope[block].first; r != NULL && rc == TALLY_OK;
	     r = r->next) {
		if (r->kind >= RULE_CONSTANT || makes_rows(r))
			continue;
		seen = false;
		for (o = c->scope[block].first; o != r && !seen; o = o->next) {
			seen = o->kind < RULE_CONSTANT && !makes_rows(o) &&
			    o->target.at.place[0] == r->target.at.place[0];
		}
		own = b->n > 0 &&
			r->target.at.place[0] ==
			    c->scope[block].target.at.place[0]
		    ? conditions(b->condition, b->n)
		    : 0;
		if (!seen)
			rc = check_segment(c, block, r, own);
	}
	return rc;
}

static bool
addressed(const struct compile *c, uint16_t block, uint16_t place)
{
	for (const struct rule *r = c->scope[block].first; r != NULL;
	     r = r->next)
		if (stands_at(&r->target, place))
			return true;
	return false;
}

/* Mandatory segments and loops of the block's own loop. */
static enum tally_rc
check_segments(struct compile *c, uint16_t block)
{
	const struct map_block *b = &c->block[block];
	const struct tally_set_spec *set = c->set;
	const struct tally_place *p;
	const struct tally_loop *l;

	for (uint16_t i = b->first; i <= b->last; i++) {
		p = &set->place[i];
		if (p->loop != b->loop || p->requirement != 'M' ||
		    (b->kind == BLOCK_LEVEL && i == b->first) ||
		    strcmp(p->segment->tag, "ST") == 0 ||
		    strcmp(p->segment->tag, "SE") == 0)
			continue;
		if (!addressed(c, block, i))
			return compile_mistake(c, c->scope[block].at,
			    "segment %s is mandatory in %s, but nothing in "
			    "the map could write it; add a field or a "
			    "literal for it",
			    p->segment->tag,
			    b->loop == 0 ? "the set" : set->loop[b->loop].path);
	}
	for (uint16_t i = 1; i < set->nloop; i++) {
		l = &set->loop[i];
		if (l->parent == b->loop && l->requirement == 'M' &&
		    !addressed(c, block, l->first))
			return compile_mistake(c, c->scope[block].at,
			    "loop %s is mandatory, but nothing in the map "
			    "could write it; add a <rows loop=\"…\"> for it",
			    l->path);
	}
	return TALLY_OK;
}

static enum tally_rc
check_counts(struct compile *c)
{
	bool found;

	for (size_t i = 0; i < c->nrule; i++) {
		if (c->rule[i].kind != RULE_COUNT &&
		    c->rule[i].kind != RULE_SUM)
			continue;
		found = false;
		for (size_t b = 0; b < c->nblock; b++)
			found |= c->block[b].table == c->rule[i].table;
		if (!found)
			return compile_mistake(c, c->rule[i].at,
			    "nothing in the map makes rows of %s, so there is "
			    "nothing to count",
			    c->model->table[c->rule[i].table].name);
	}
	return TALLY_OK;
}

static bool
told_apart(const struct compile *c, uint16_t a, uint16_t b)
{
	const struct rule *x, *y;

	for (x = c->scope[a].first; x != NULL; x = x->next) {
		if (x->kind != RULE_CONSTANT)
			continue;
		for (y = c->scope[b].first; y != NULL; y = y->next) {
			if (y->kind == RULE_CONSTANT &&
			    y->column == x->column &&
			    strcmp(y->value, x->value) != 0)
				return true;
		}
	}
	return false;
}

/* Which block writes a row has to be seen from the row. */
static enum tally_rc
check_told_apart(struct compile *c, uint16_t block)
{
	const struct map_block *b = &c->block[block], *o;

	if (b->kind == BLOCK_RECORD || b->rowless)
		return TALLY_OK;
	for (uint16_t i = 1; i < block; i++) {
		o = &c->block[i];
		if (o->table != b->table || o->rowless ||
		    c->scope[i].parent != c->scope[block].parent ||
		    told_apart(c, i, block))
			continue;
		return compile_mistake(c, c->scope[block].at,
		    "rows of %s are also made in %s, and nothing tells them "
		    "apart when they are written; give each a <constant> of "
		    "the same column with a value of its own",
		    c->model->table[b->table].name,
		    compile_place(c, c->scope[i].at, c->scope[block].at));
	}
	return TALLY_OK;
}

/* A row has to say below which row it is written. */
static enum tally_rc
check_around(struct compile *c, uint16_t block)
{
	const struct tally_table *t = &c->model->table[c->block[block].table];
	uint16_t parent = c->scope[block].parent;
	const struct map_block *around;

	if (parent == NO_BLOCK)
		return TALLY_OK;
	around = &c->block[parent];
	if (around->kind == BLOCK_RECORD || around->rowless)
		return TALLY_OK;
	for (uint16_t i = 0; i < t->nreference; i++)
		if (t->reference[i].table == around->table)
			return TALLY_OK;
	return compile_mistake(c, c->scope[block].at,
	    "rows of %s stand inside rows of %s, and do not say of which; add "
	    "a <reference> to %s to the table in records.xml",
	    t->name, c->model->table[around->table].name,
	    c->model->table[around->table].name);
}

/* What places the lists of a block cover. */
static void
set_range(struct compile *c, uint16_t block)
{
	struct map_block *b = &c->block[block];
	const struct target *t = &c->scope[block].target;

	if (compile_has_loop(b)) {
		b->first = c->set->loop[b->loop].first;
		b->last = c->set->loop[b->loop].last;
	} else if (b->kind != BLOCK_NAMED) {
		b->first = t->at.place[0];
		b->last = t->at.place[t->at.n - 1];
	}
}

enum tally_rc
sound_check(struct compile *c)
{
	enum tally_rc rc = check_counts(c);

	for (uint16_t b = 0; b < c->nblock && rc == TALLY_OK; b++) {
		set_range(c, b);
		if (compile_has_loop(&c->block[b]))
			rc = check_segments(c, b);
		if (rc == TALLY_OK && c->block[b].kind != BLOCK_PAIR)
			rc = check_elements(c, b);
		if (rc == TALLY_OK)
			rc = check_told_apart(c, b);
		if (rc == TALLY_OK)
			rc = check_around(c, b);
	}
	return rc;
}
