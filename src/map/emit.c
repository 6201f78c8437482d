/* SPDX-License-Identifier: Apache-2.0 */
/* Rules to lists of operations, one per block and place; see program.h. */
#include "map/compile.h"

#include <assert.h>
#include <string.h>

#define OPS_MAX 1000000 /* of a program; the shipped maps have some 2000 */

struct emit {
	struct compile *c;
	uint32_t *first; /* of each place in here: its rules, in order */
	uint16_t *here;
	struct map_op *op; /* null while counting */
	size_t nop;
	struct map_list *list;
	size_t nlist;
	bool failed; /* no memory */
};

/* Blocks to go up from one to another; MAP_NO_UP when it does not enclose. */
static uint8_t
levels(const struct compile *c, uint16_t from, uint16_t to)
{
	uint8_t n = 0;

	for (; from != to; n++) {
		from = c->scope[from].parent;
		if (from == NO_BLOCK)
			return MAP_NO_UP;
	}
	return n;
}

static void
put(struct emit *e, const struct map_op *op)
{
	if (e->op != NULL)
		e->op[e->nop] = *op;
	e->nop++;
}

/* Elements by which reading sees at once that an operation finds nothing. */
static uint64_t
wants(const struct map_op *op)
{
	switch ((enum map_opcode)op->code) {
	case MAP_CHOOSE:
	case MAP_PAIR:
		return UINT64_C(0x5555555555555555) << op->element &
		    ~(~UINT64_C(1) << op->n);
	case MAP_FIELD:
	case MAP_ATTRIBUTE:
		/* those of pair rows move, so they could be any */
		return op->flags & MAP_MOVES ? UINT64_MAX
					     : UINT64_C(1) << op->element;
	case MAP_LITERAL:
	case MAP_COUNT:
	case MAP_SUM:
	case MAP_SEQUENCE:
		return UINT64_C(1) << op->element;
	default:
		return UINT64_MAX;
	}
}

static uint8_t
form(const struct map_op *op)
{
	if (op->component > 0 || op->lookup != MAP_NO_LOOKUP)
		return MAP_OTHER;
	if (op->type == TALLY_AN || op->type == TALLY_ID)
		return op->codes != MAP_NO_CODE ? MAP_CODED : MAP_AS_IS;
	if (op->type == TALLY_DT)
		return MAP_DATE;
	return op->type == TALLY_R ? MAP_PLAIN : MAP_OTHER;
}

static uint16_t
narrow(size_t n)
{
	return n < UINT16_MAX ? (uint16_t)n : UINT16_MAX;
}

/* The operation of one rule, without what TAKE holds. */
static struct map_op
operation(const struct compile *c, const struct rule *r, uint8_t up)
{
	static const uint8_t codes[] = { [RULE_FIELD] = MAP_FIELD,
		[RULE_PAIR] = MAP_PAIR,
		[RULE_ATTRIBUTE] = MAP_ATTRIBUTE,
		[RULE_LITERAL] = MAP_LITERAL,
		[RULE_COUNT] = MAP_COUNT,
		[RULE_SUM] = MAP_SUM,
		[RULE_SEQUENCE] = MAP_SEQUENCE,
		[RULE_LEVEL] = MAP_LEVEL,
		[RULE_ROWS] = MAP_ROWS,
		[RULE_PAIRS] = MAP_PAIRS };
	const struct tally_element *leaf = r->target.leaf;
	uint16_t table = c->block[r->block].table;
	struct map_op op = { .code = codes[r->kind],
		.up = up,
		.element = r->target.element,
		.component = r->target.component,
		.column = r->column,
		.codes = r->codes,
		.column2 = r->column2,
		.lookup = r->lookup,
		.next = 1,
		.flags = r->moves ? MAP_MOVES : 0,
		.n = r->kind == RULE_PAIR ? r->last_pair : 0 };

	if (leaf != NULL) {
		op.type = leaf->type;
		op.decimals = leaf->decimals;
		op.min = narrow(leaf->min);
		op.max = narrow(leaf->max);
	}
	op.wants = wants(&op);
	op.form = form(&op);
	if (r->kind == RULE_FIELD || r->kind == RULE_PAIR)
		if (c->model->table[table].column[r->column].type ==
		    TALLY_INTEGER)
			op.flags |= MAP_INTEGER;
	if (r->child != NO_BLOCK)
		op.arg = r->child;
	else if (r->kind == RULE_COUNT || r->kind == RULE_SUM)
		op.arg = r->table;
	else if (r->group != NO_GROUP)
		op.group = &c->group[r->group];
	return op;
}

/* Rules by place, so that a list looks only at those that stand there. */
static bool
index_rules(struct emit *e)
{
	struct tally_arena *a = &e->c->scratch;
	const struct compile *c = e->c;
	const struct rule *r;
	uint32_t n = 0, at = 0;

	for (size_t i = 0; i < c->nrule; i++)
		n += c->rule[i].target.at.n;
	e->first =
	    tally_arena_alloc(a, (c->set->nplace + 1u) * sizeof(*e->first));
	e->here = tally_arena_alloc(a, n * sizeof(*e->here));
	if (e->first == NULL || e->here == NULL)
		return false;
	memset(e->first, 0, (c->set->nplace + 1u) * sizeof(*e->first));
	for (size_t i = 0; i < c->nrule; i++) {
		r = &c->rule[i];
		for (uint8_t k = 0;
		     r->kind < RULE_CONSTANT && k < r->target.at.n; k++)
			e->first[r->target.at.place[k]]++;
	}
	for (uint16_t p = 0; p <= c->set->nplace; p++)
		e->first[p] = at += e->first[p];
	/* backwards, so that each place's count goes down to its first */
	for (size_t i = c->nrule; i-- > 0;) {
		r = &c->rule[i];
		for (uint8_t k = 0;
		     r->kind < RULE_CONSTANT && k < r->target.at.n; k++)
			e->here[--e->first[r->target.at.place[k]]] =
			    (uint16_t)i;
	}
	return true;
}

/* A group where its first rule stands, with all that belong to it. */
static void
put_group(struct emit *e, uint32_t i, uint16_t place, uint8_t up)
{
	const struct compile *c = e->c;
	const struct rule *first = &c->rule[e->here[i]], *r;
	struct map_op take = {
		.code = MAP_TAKE, .up = up, .group = &c->group[first->group]
	};
	struct map_op op;
	size_t at = e->nop;

	put(e, &take);
	for (; i < e->first[place + 1]; i++) {
		r = &c->rule[e->here[i]];
		if (r->group == first->group &&
		    (r->kind == RULE_FIELD || r->kind == RULE_ATTRIBUTE)) {
			op = operation(c, r, up);
			put(e, &op);
			take.wants |= op.wants;
		}
	}
	assert(e->nop - at <= UINT16_MAX);
	take.next = (uint16_t)(e->nop - at);
	if (e->op != NULL)
		e->op[at] = take;
}

static bool
first_of_group(const struct emit *e, uint32_t i, uint16_t place)
{
	uint16_t group = e->c->rule[e->here[i]].group;

	for (uint32_t k = e->first[place]; k < i; k++)
		if (e->c->rule[e->here[k]].group == group)
			return false;
	return true;
}

/* Whether a rule is of the same pairs as one before it. */
static bool
same_pairs(const struct rule *a, const struct rule *b)
{
	return b->kind == RULE_PAIR && a->block == b->block &&
	    a->target.at.place[0] == b->target.at.place[0] &&
	    a->target.element == b->target.element &&
	    a->last_pair == b->last_pair;
}

/* The qualifiers that the operations behind a CHOOSE want. */
static const struct map_choices *
choices(struct emit *e, const struct map_op *choose)
{
	const struct map_op *op, *end = choose + choose->next;
	struct tally_arena *a = &e->c->map->arena;
	struct map_choices *all = tally_arena_alloc(a, sizeof(*all));
	const struct map_condition *q;
	struct map_choice *v;
	size_t n = 0;

	for (op = choose + 1; op < end; op++)
		n += op->group->condition->n;
	v = tally_arena_alloc(a, n * sizeof(*v));
	if (all == NULL || v == NULL) {
		e->failed = true;
		return NULL;
	}
	*all = (struct map_choices){ v, n };
	for (op = choose + 1; op < end; op++) {
		q = op->group->condition;
		for (uint16_t i = 0; i < q->n; i++)
			*v++ = (struct map_choice){ q->key[i],
				(uint64_t)1 << op->group->bit,
				(uint16_t)q->value[i].n, i,
				(uint16_t)(op - choose) };
	}
	return all;
}

/* Rules of the same pairs that follow one another; gives the last of them. */
static uint32_t
put_choices(struct emit *e, uint32_t i, uint16_t place, uint8_t up)
{
	const struct compile *c = e->c;
	const struct rule *first = &c->rule[e->here[i]];
	struct map_op op = operation(c, first, up);
	struct map_op choose = { .code = MAP_CHOOSE,
		.up = up,
		.element = op.element,
		.wants = op.wants,
		.n = op.n };
	size_t at = e->nop;

	put(e, &choose);
	for (;;) {
		put(e, &op);
		if (i + 1 == e->first[place + 1] ||
		    !same_pairs(first, &c->rule[e->here[i + 1]]))
			break;
		op = operation(c, &c->rule[e->here[++i]], up);
	}
	if (e->op == NULL)
		return i;
	e->op[at].next = (uint16_t)(e->nop - at);
	e->op[at].choices = choices(e, &e->op[at]);
	return i;
}

/* What a rule that stands at the place comes to; gives the last rule that was
 * put along. */
static uint32_t
put_rule(struct emit *e, uint32_t i, uint16_t place, uint8_t up)
{
	const struct rule *r = &e->c->rule[e->here[i]];
	struct map_op op;

	switch (r->kind) {
	case RULE_FIELD:
	case RULE_ATTRIBUTE:
		if (first_of_group(e, i, place))
			put_group(e, i, place, up);
		return i;
	case RULE_PAIR:
		return put_choices(e, i, place, up);
	default:
		op = operation(e->c, r, up);
		put(e, &op);
		return i;
	}
}

static void
put_list(struct emit *e, uint16_t block, uint16_t place)
{
	const struct compile *c = e->c;
	const struct map_block *b = &c->block[block];
	bool own = (b->kind != BLOCK_LOOP && b->kind != BLOCK_LEVEL) ||
	    place == b->first;
	size_t at = e->nop;
	const struct rule *r;
	uint8_t up;

	for (uint32_t i = e->first[place]; i < e->first[place + 1]; i++) {
		r = &c->rule[e->here[i]];
		up = levels(c, block, r->block);
		if (up == MAP_NO_UP || (own && up > 0))
			continue;
		i = put_rule(e, i, place, up);
	}
	if (e->list != NULL)
		e->list[e->nlist] =
		    (struct map_list){ e->op + at, e->op + e->nop };
	e->nlist++;
}

static void
put_lists(struct emit *e)
{
	struct map_block *b;

	e->nop = e->nlist = 0;
	for (uint16_t i = 0; i < e->c->nblock; i++) {
		b = &e->c->block[i];
		b->list = (uint32_t)e->nlist;
		if (b->kind == BLOCK_NAMED)
			continue;
		for (uint16_t p = b->first; p <= b->last; p++)
			put_list(e, i, p);
	}
}

/* What a block itself says of a place, where a rule stands first. */
static size_t
put_own(struct emit *e, uint16_t block, uint16_t place)
{
	const struct compile *c = e->c;
	size_t before = e->nop;
	const struct rule *r;

	for (uint32_t i = e->first[place]; i < e->first[place + 1]; i++) {
		r = &c->rule[e->here[i]];
		if (r->block != block || r->target.at.place[0] != place)
			continue;
		i = put_rule(e, i, place, 0);
	}
	return e->nop - before;
}

/* The same for each place of each block; behind all lists. */
static enum tally_rc
put_owns(struct emit *e)
{
	struct map_own *own;
	struct map_block *b;
	size_t n;

	for (uint16_t i = 0; i < e->c->nblock; i++) {
		b = &e->c->block[i];
		if (b->kind == BLOCK_NAMED)
			continue;
		n = b->last - b->first + 1u;
		own = tally_arena_alloc(&e->c->map->arena, n * sizeof(*own));
		if (own == NULL)
			return compile_nomem(e->c);
		b->own = own;
		for (uint16_t p = b->first; p <= b->last; p++) {
			n = put_own(e, i, p);
			if (n == 0)
				continue;
			own[b->nown++] =
			    (struct map_own){ (uint32_t)(e->nop - n),
				    (uint32_t)n, p };
		}
	}
	return TALLY_OK;
}

static enum tally_rc
emit_makers(struct compile *c)
{
	struct tally_arena *a = &c->map->arena;
	size_t n = c->model->ntable, at = 0;
	struct map_makers *m = tally_arena_alloc(a, n * sizeof(*m));
	uint16_t *block = tally_arena_alloc(a, c->nblock * sizeof(*block));

	if (m == NULL || block == NULL)
		return compile_nomem(c);
	for (uint16_t t = 0; t < n; t++) {
		m[t] = (struct map_makers){ block + at, 0 };
		for (uint16_t i = 0; i < c->nblock; i++)
			if (c->block[i].table == t && !c->block[i].rowless) {
				block[at++] = i;
				m[t].n++;
			}
	}
	c->map->makers = m;
	return TALLY_OK;
}

static enum tally_rc
emit_checked(struct compile *c)
{
	const struct tally_set_spec *set = c->set;
	const struct tally_segment_spec *s;
	uint64_t *v =
	    tally_arena_alloc(&c->map->arena, set->nplace * sizeof(*v));

	if (v == NULL)
		return compile_nomem(c);
	for (uint16_t p = 0; p < set->nplace; p++) {
		s = set->place[p].segment;
		v[p] = 0;
		for (uint8_t k = 1; k < s->nuse; k++)
			if (s->use[k - 1].element->checks)
				v[p] |= UINT64_C(1) << k;
	}
	c->map->checked = v;
	return TALLY_OK;
}

static enum tally_rc
emit_constants(struct compile *c, uint16_t block)
{
	struct map_block *b = &c->block[block];
	struct map_constant *v;
	const struct rule *r;
	size_t n = 0;

	for (r = c->scope[block].first; r != NULL; r = r->next)
		n += r->kind == RULE_CONSTANT;
	v = tally_arena_alloc(&c->map->arena, n * sizeof(*v));
	if (v == NULL)
		return compile_nomem(c);
	b->constant = v;
	for (r = c->scope[block].first; r != NULL; r = r->next)
		if (r->kind == RULE_CONSTANT)
			v[b->nconstant++] = (struct map_constant){ r->column,
				tally_cstr(r->value) };
	return TALLY_OK;
}

static enum tally_rc
emit_required(struct compile *c, uint16_t block)
{
	struct map_block *b = &c->block[block];
	struct map_required *v;
	const struct rule *r;
	size_t n = 0;

	for (r = c->scope[block].first; r != NULL; r = r->next)
		n += r->required;
	v = tally_arena_alloc(&c->map->arena, n * sizeof(*v));
	if (v == NULL)
		return compile_nomem(c);
	b->required = v;
	for (r = c->scope[block].first; r != NULL; r = r->next)
		if (r->required)
			v[b->nrequired++] = (struct map_required){ r->column,
				r->target.at.place[0], r->target.element };
	return TALLY_OK;
}

/* Marks the columns that rules of a block give. */
static void
mark_given(const struct compile *c, uint16_t block, bool *given)
{
	const struct rule *r;

	for (r = c->scope[block].first; r != NULL; r = r->next) {
		if (r->kind == RULE_SUM || r->kind == RULE_ATTRIBUTE)
			continue;
		if (r->column != MAP_NO_COLUMN)
			given[r->column] = true;
		if (r->column2 != MAP_NO_COLUMN)
			given[r->column2] = true;
	}
}

/* A row of the record is also filled by levels without rows. */
static enum tally_rc
emit_left(struct compile *c, uint16_t block)
{
	struct map_block *b = &c->block[block];
	const struct tally_table *t = &c->model->table[b->table];
	bool *given = tally_arena_alloc(&c->scratch, t->ncolumn);
	uint16_t *v =
	    tally_arena_alloc(&c->map->arena, t->ncolumn * sizeof(*v));

	if (v == NULL || given == NULL)
		return compile_nomem(c);
	b->left = v;
	if (b->kind == BLOCK_NAMED)
		return TALLY_OK;
	memset(given, 0, t->ncolumn);
	mark_given(c, block, given);
	for (uint16_t i = 1; block == 0 && i < c->nblock; i++)
		if (c->block[i].rowless)
			mark_given(c, i, given);
	for (uint16_t i = 0; i < t->ncolumn; i++)
		if (!given[i] && t->column[i].local == NULL)
			v[b->nleft++] = i;
	return TALLY_OK;
}

/* References of the block's table to the nearest blocks around it. */
static enum tally_rc
emit_links(struct compile *c, uint16_t block)
{
	struct map_block *b = &c->block[block];
	const struct tally_table *t = &c->model->table[b->table];
	struct map_link *v =
	    tally_arena_alloc(&c->map->arena, t->nreference * sizeof(*v));
	uint16_t at;
	uint8_t up;

	if (v == NULL)
		return compile_nomem(c);
	b->link = v;
	for (uint16_t i = 0; i < t->nreference; i++) {
		at = c->scope[block].parent;
		for (up = 0; at != NO_BLOCK; up++) {
			if (c->block[at].table == t->reference[i].table)
				break;
			at = c->scope[at].parent;
		}
		if (at != NO_BLOCK)
			v[b->nlink++] = (struct map_link){ i, up };
	}
	return TALLY_OK;
}

static enum tally_rc
emit_lists(struct compile *c)
{
	struct tally_arena *a = &c->map->arena;
	struct emit e = { .c = c };
	enum tally_rc rc;

	if (!index_rules(&e))
		return compile_nomem(c);
	put_lists(&e);
	/* a block's own: each rule once, and a TAKE for each group, or a
	 * CHOOSE */
	e.nop += c->nrule * 2 + c->ngroup;
	if (e.nop > OPS_MAX)
		return compile_mistake(c, c->scope[0].at,
		    "the map makes more than %d operations", OPS_MAX);
	e.op = tally_arena_alloc(a, e.nop * sizeof(*e.op));
	e.list = tally_arena_alloc(a, e.nlist * sizeof(*e.list));
	if (e.op == NULL || e.list == NULL)
		return compile_nomem(c);
	put_lists(&e);
	c->map->op = e.op;
	c->map->list = e.list;
	c->map->nlist = e.nlist;
	rc = put_owns(&e);
	c->map->nop = e.nop;
	return e.failed ? compile_nomem(c) : rc;
}

enum tally_rc
emit_program(struct compile *c)
{
	enum tally_rc rc = emit_lists(c);

	for (uint16_t b = 0; b < c->nblock && rc == TALLY_OK; b++) {
		rc = emit_constants(c, b);
		if (rc == TALLY_OK)
			rc = emit_required(c, b);
		if (rc == TALLY_OK)
			rc = emit_links(c, b);
		if (rc == TALLY_OK)
			rc = emit_left(c, b);
		if (rc == TALLY_OK)
			rc = emit_feeds(c, b);
		c->block[b].parent = c->scope[b].parent;
	}
	if (rc == TALLY_OK)
		rc = emit_makers(c);
	if (rc == TALLY_OK)
		rc = emit_checked(c);
	c->map->block = c->block;
	c->map->nblock = c->nblock;
	c->map->group = c->group;
	c->map->ngroup = c->ngroup;
	c->map->codes = c->codes;
	c->map->ncodes = c->ncodes;
	c->map->lookup = c->lookup;
	c->map->nlookup = c->nlookup;
	return rc;
}
