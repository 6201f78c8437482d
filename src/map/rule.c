/* SPDX-License-Identifier: Apache-2.0 */
/* One element of a map's text to a rule; see compile.h. */
#include "map/compile.h"

#define WORD "abcdefghijklmnopqrstuvwxyz0123456789-_"

static const struct tally_table *
table_of(const struct compile *c, uint16_t block)
{
	return &c->model->table[c->block[block].table];
}

struct rule *
rule_new(struct compile *c, enum rule_kind kind, const struct tally_xml *x,
    uint16_t block)
{
	struct rule *r = &c->rule[c->nrule++];
	struct scope *s = &c->scope[block];

	*r = (struct rule){ .kind = kind, .at = x, .block = block };
	r->child = NO_BLOCK;
	r->group = NO_GROUP;
	r->codes = MAP_NO_CODE;
	r->lookup = MAP_NO_LOOKUP;
	r->column2 = MAP_NO_COLUMN;
	if (s->last != NULL)
		s->last->next = r;
	else
		s->first = r;
	s->last = r;
	return r;
}

enum tally_rc
rule_group(struct compile *c, struct rule *r, const struct map_block *where)
{
	struct scope *s = &c->scope[r->block];

	if (s->ngroup == MAP_GROUPS_MAX)
		return compile_mistake(c, r->at,
		    "one row has more than %d fields with conditions of their "
		    "own; put some of them into a <rows> of their own",
		    MAP_GROUPS_MAX);
	c->group[c->ngroup] = (struct map_group){ .condition = where->condition,
		.n = where->n,
		.bit = (uint8_t)s->ngroup++ };
	c->group_block[c->ngroup] = r->block;
	r->group = (uint16_t)c->ngroup++;
	return TALLY_OK;
}

static bool
same_value(const struct map_condition *a, const struct map_condition *b)
{
	if (a->element != b->element || a->component != b->component ||
	    a->n != b->n)
		return false;
	for (uint16_t i = 0; i < a->n; i++)
		if (!tally_str_eq(a->value[i], b->value[i]))
			return false;
	return true;
}

static bool
same_where(const struct map_group *g, const struct map_block *where)
{
	if (g->n != where->n)
		return false;
	for (uint8_t i = 0; i < g->n; i++)
		if (!same_value(&g->condition[i], &where->condition[i]))
			return false;
	return true;
}

/* Fields of the same segment with the same condition share a group. */
static enum tally_rc
join_group(struct compile *c, struct rule *r, const char *text)
{
	struct map_block where = { 0 };
	const struct rule *o;
	enum tally_rc rc;

	if (text != NULL) {
		rc = resolve_where(c, &where, r->at, &r->target, text);
		if (rc != TALLY_OK)
			return rc;
	}
	for (o = c->scope[r->block].first; o != NULL; o = o->next) {
		if (o != r && o->group != NO_GROUP &&
		    (o->kind == RULE_FIELD || o->kind == RULE_ATTRIBUTE) &&
		    o->target.at.place[0] == r->target.at.place[0] &&
		    same_where(&c->group[o->group], &where)) {
			r->group = o->group;
			return TALLY_OK;
		}
	}
	return rule_group(c, r, &where);
}

static enum tally_rc
find_codes(struct compile *c, struct rule *r, const char *name)
{
	enum tally_rc rc;

	if (name == NULL)
		return TALLY_OK;
	rc = compile_codes(c, name, &r->codes);
	if (rc == TALLY_NOINPUT)
		return compile_mistake(c, r->at,
		    "there is no <codes name=\"%s\"> in this map or in what "
		    "it uses",
		    name);
	if (rc != TALLY_OK)
		return rc;
	if (r->target.leaf->type != TALLY_ID &&
	    r->target.leaf->type != TALLY_AN)
		return compile_mistake(c, r->at,
		    "codes need an element that is a code, and element %s is "
		    "a number or a date",
		    r->target.leaf->id);
	return TALLY_OK;
}

/* The names of cross-references are looked up when documents are read. */
static enum tally_rc
find_lookup(struct compile *c, struct rule *r, const char *name)
{
	if (name == NULL)
		return TALLY_OK;
	if (r->target.leaf->type != TALLY_ID &&
	    r->target.leaf->type != TALLY_AN)
		return compile_mistake(c, r->at,
		    "a lookup needs an element that is a code or text, and "
		    "element %s is a number or a date",
		    r->target.leaf->id);
	if (r->codes != MAP_NO_CODE)
		return compile_mistake(c, r->at,
		    "a field has either codes, which are the same for all "
		    "partners, or a lookup; remove one of the two");
	if (name[0] == '\0' || name[strspn(name, WORD)] != '\0')
		return compile_mistake(c, r->at,
		    "\"%s\" is no name of a cross-reference table; use lower "
		    "case letters, digits, - and _",
		    name);
	for (r->lookup = 0; r->lookup < c->nlookup; r->lookup++)
		if (strcmp(c->lookup[r->lookup], name) == 0)
			return TALLY_OK;
	c->lookup[c->nlookup] =
	    tally_arena_cstr(&c->map->arena, tally_cstr(name));
	return c->lookup[c->nlookup++] != NULL ? TALLY_OK : compile_nomem(c);
}

static const char *const type_names[] = { "text", "integer", "decimal", "date",
	"time" };

static bool
fits(const struct tally_element *e, enum tally_column_type type)
{
	switch (type) {
	case TALLY_TEXT:
		return true;
	case TALLY_INTEGER:
		return e->type == TALLY_N && e->decimals == 0;
	case TALLY_DECIMAL:
		return e->type == TALLY_N || e->type == TALLY_R;
	case TALLY_DATE:
		return e->type == TALLY_DT;
	case TALLY_TIME:
		return e->type == TALLY_TM;
	}
	return false;
}

/* Nothing may set one column of a row from two places. */
static enum tally_rc
claim_column(struct compile *c, struct rule *r, const char *name)
{
	uint16_t table = c->block[r->block].table;
	enum tally_rc rc = resolve_column(c, &r->column, r->at, table, name);
	const struct rule *o;

	if (rc != TALLY_OK)
		return rc;
	for (o = c->scope[r->block].first; o != NULL; o = o->next)
		if (o != r && o->column == r->column &&
		    (o->kind == RULE_FIELD || o->kind == RULE_PAIR ||
			o->kind == RULE_CONSTANT || o->kind == RULE_QUALIFIER))
			return compile_mistake(c, r->at,
			    "column %s of these rows has its value from %s "
			    "already; remove one of the two",
			    name, compile_place(c, o->at, r->at));
	return TALLY_OK;
}

static enum tally_rc
check_type(struct compile *c, const struct rule *r)
{
	const struct tally_column *column =
	    &table_of(c, r->block)->column[r->column];

	if (fits(r->target.leaf, column->type))
		return TALLY_OK;
	return compile_mistake(c, r->at,
	    "column %s is of type %s, and element %s (%s) has another one; "
	    "choose a column that can hold it",
	    column->name, type_names[column->type], r->target.leaf->id,
	    r->target.leaf->name);
}

/* The qualifier elements of the pairs that begin at t. */
enum tally_rc
rule_pairs(struct compile *c, struct target *t, uint8_t *last,
    const struct tally_xml *at, const char *ref)
{
	const struct tally_use *use = t->segment->use;
	uint8_t k = t->element;

	if (t->component != 0 || k + 1 > t->segment->nuse)
		return compile_mistake(c, at,
		    "no pair begins at %s: there is no element behind it", ref);
	while (k + 3 <= t->segment->nuse &&
	    use[k + 1].element == use[t->element - 1].element &&
	    use[k + 2].element == use[t->element].element)
		k += 2;
	if (k == t->element &&
	    (use[k - 1].element->type != TALLY_ID ||
		use[k].element->type != TALLY_AN))
		return compile_mistake(c, at,
		    "no pair begins at %s: it is no qualifier of the element "
		    "behind it",
		    ref);
	*last = k;
	return TALLY_OK;
}

/* Two fields of one group cannot have one element. */
static enum tally_rc
claim_element(struct compile *c, const struct rule *r, const char *ref)
{
	const struct rule *o;

	for (o = c->scope[r->block].first; o != NULL; o = o->next) {
		if (o != r && o->group == r->group &&
		    o->target.segment == r->target.segment &&
		    o->target.element == r->target.element &&
		    o->target.component == r->target.component)
			return compile_mistake(c, r->at,
			    "%s is claimed by %s already, so that this could "
			    "never have a value",
			    ref, compile_place(c, o->at, r->at));
	}
	return TALLY_OK;
}

static enum tally_rc
column_of_qualifier(
    struct compile *c, struct rule *pair, const struct tally_xml *x)
{
	const char *name = tally_xml_get(x, "qualifier-column");
	struct rule *r = rule_new(c, RULE_QUALIFIER, x, pair->block);
	enum tally_rc rc = claim_column(c, r, name);

	pair->column2 = r->column;
	if (rc == TALLY_OK &&
	    table_of(c, r->block)->column[r->column].type != TALLY_TEXT)
		rc = compile_mistake(c, r->at,
		    "a qualifier is text, and column %s is not", name);
	return rc;
}

static enum tally_rc
field_of_pair(struct compile *c, struct rule *r, const struct tally_xml *x)
{
	const char *ref = tally_xml_get(x, "pair");
	const char *qualifier = tally_xml_get(x, "qualifier");
	struct map_condition *v;
	struct map_block where = { .n = 1 };
	enum tally_rc rc;

	if (qualifier == NULL || tally_xml_get(x, "ref") != NULL ||
	    tally_xml_get(x, "where") != NULL)
		return compile_mistake(c, r->at,
		    "a field of a pair has the attributes pair and qualifier, "
		    "and neither ref nor where");
	rc = resolve_ref(c, &r->target, r->at, r->block, ref);
	if (rc == TALLY_OK)
		rc = rule_pairs(c, &r->target, &r->last_pair, r->at, ref);
	if (rc != TALLY_OK)
		return rc;
	v = tally_arena_alloc(&c->map->arena, sizeof(*v));
	if (v == NULL)
		return compile_nomem(c);
	*v = (struct map_condition){ .element = r->target.element };
	rc = resolve_values(c, v, r->at, r->target.leaf, qualifier, ' ', ref);
	where.condition = v;
	if (rc == TALLY_OK)
		rc = rule_group(c, r, &where);
	/* the value is what the column gets */
	r->target.leaf = r->target.segment->use[r->target.element].element;
	if (rc == TALLY_OK && tally_xml_get(x, "qualifier-column") != NULL)
		rc = column_of_qualifier(c, r, x);
	return rc;
}

/* An element of the pair that pair rows are made from moves along. */
static void
mark_moving(const struct compile *c, struct rule *r)
{
	const struct map_block *b = &c->block[r->block];

	r->moves = b->kind == BLOCK_PAIR &&
	    r->target.element >= b->first_pair &&
	    r->target.element <= b->first_pair + 1;
}

static enum tally_rc
field_of_ref(struct compile *c, struct rule *r, const struct tally_xml *x)
{
	const char *ref = tally_xml_get(x, "ref");
	const char *where = tally_xml_get(x, "where");
	enum tally_rc rc;

	if (ref == NULL || tally_xml_get(x, "qualifier") != NULL ||
	    tally_xml_get(x, "qualifier-column") != NULL)
		return compile_mistake(c, r->at,
		    "a field has either ref, or pair and qualifier, and only "
		    "with these a qualifier-column");
	if (where != NULL && c->block[r->block].kind == BLOCK_PAIR)
		return compile_mistake(c, r->at,
		    "rows of pairs cannot have fields with a where; select "
		    "the pair by a field outside");
	rc = resolve_ref(c, &r->target, r->at, r->block, ref);
	if (rc != TALLY_OK)
		return rc;
	mark_moving(c, r);
	rc = join_group(c, r, where);
	if (rc == TALLY_OK)
		rc = claim_element(c, r, ref);
	return rc;
}

static enum tally_rc
read_field(struct compile *c, const struct tally_xml *x, uint16_t block)
{
	const char *required = tally_xml_get(x, "required");
	struct rule *r;
	enum tally_rc rc;
	bool pair = tally_xml_get(x, "pair") != NULL;

	r = rule_new(c, pair ? RULE_PAIR : RULE_FIELD, x, block);
	r->required = required != NULL && strcmp(required, "yes") == 0;
	rc = claim_column(c, r, tally_xml_get(x, "column"));
	if (rc == TALLY_OK)
		rc = pair ? field_of_pair(c, r, x) : field_of_ref(c, r, x);
	if (rc == TALLY_OK)
		rc = check_type(c, r);
	if (rc == TALLY_OK)
		rc = find_codes(c, r, tally_xml_get(x, "codes"));
	if (rc == TALLY_OK)
		rc = find_lookup(c, r, tally_xml_get(x, "lookup"));
	return rc;
}

static enum tally_rc
read_constant(struct compile *c, const struct tally_xml *x, uint16_t block)
{
	struct rule *r = rule_new(c, RULE_CONSTANT, x, block);
	const char *value = tally_xml_get(x, "value");
	enum tally_rc rc = claim_column(c, r, tally_xml_get(x, "column"));

	if (rc != TALLY_OK)
		return rc;
	if (table_of(c, block)->column[r->column].type != TALLY_TEXT)
		return compile_mistake(c, r->at,
		    "a constant is text, and column %s is not",
		    tally_xml_get(x, "column"));
	r->value = tally_arena_cstr(&c->map->arena, tally_cstr(value));
	return r->value != NULL ? TALLY_OK : compile_nomem(c);
}

static enum tally_rc
read_attribute(struct compile *c, const struct tally_xml *x, uint16_t block)
{
	struct rule *r = rule_new(c, RULE_ATTRIBUTE, x, block), *name;
	const char *ref = tally_xml_get(x, "ref");
	struct map_block *b;
	enum tally_rc rc;

	if (c->block[block].kind == BLOCK_PAIR)
		return compile_mistake(c, r->at,
		    "rows of pairs cannot have attributes; move this outside");
	rc = resolve_ref(c, &r->target, r->at, block, ref);
	if (rc == TALLY_OK)
		rc = join_group(c, r, tally_xml_get(x, "where"));
	if (rc == TALLY_OK)
		rc = claim_element(c, r, ref);
	if (rc != TALLY_OK)
		return rc;
	r->child = block_new(c, BLOCK_NAMED, x, block);
	b = &c->block[r->child];
	rc = resolve_table(c, &b->table, r->at, "attributes");
	if (rc == TALLY_OK)
		rc = resolve_column(c, &r->column, r->at, b->table, "value");
	if (rc != TALLY_OK)
		return rc;
	name = rule_new(c, RULE_CONSTANT, x, r->child);
	name->value = tally_arena_cstr(
	    &c->map->arena, tally_cstr(tally_xml_get(x, "name")));
	if (name->value == NULL)
		return compile_nomem(c);
	return resolve_column(c, &name->column, r->at, b->table, "name");
}

static enum tally_rc
read_literal(struct compile *c, const struct tally_xml *x, uint16_t block)
{
	struct rule *r = rule_new(c, RULE_LITERAL, x, block);
	const char *ref = tally_xml_get(x, "ref");
	struct map_condition *v;
	struct map_block where = { .n = 1 };
	enum tally_rc rc;

	rc = resolve_ref(c, &r->target, r->at, block, ref);
	if (rc != TALLY_OK)
		return rc;
	v = tally_arena_alloc(&c->map->arena, sizeof(*v));
	if (v == NULL)
		return compile_nomem(c);
	*v = (struct map_condition){ .element = r->target.element,
		.component = r->target.component };
	rc = resolve_values(
	    c, v, r->at, r->target.leaf, tally_xml_get(x, "value"), '\0', ref);
	where.condition = v;
	return rc == TALLY_OK ? rule_group(c, r, &where) : rc;
}

enum tally_rc
rule_read(struct compile *c, const struct tally_xml *x, uint16_t block,
    uint16_t *child)
{
	*child = NO_BLOCK;
	if (tally_xml_is(x, "field"))
		return read_field(c, x, block);
	if (tally_xml_is(x, "constant"))
		return read_constant(c, x, block);
	if (tally_xml_is(x, "attribute"))
		return read_attribute(c, x, block);
	if (tally_xml_is(x, "literal"))
		return read_literal(c, x, block);
	if (tally_xml_is(x, "count"))
		return total_count(c, x, block);
	if (tally_xml_is(x, "sum"))
		return total_sum(c, x, block);
	if (tally_xml_is(x, "sequence"))
		return total_sequence(c, x, block);
	if (tally_xml_is(x, "level"))
		return block_level(c, x, block, child);
	if (tally_xml_is(x, "remove"))
		return compile_mistake(c, x,
		    "only a map that extends another one can remove a rule");
	return block_rows(c, x, block, child);
}
