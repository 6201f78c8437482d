/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a map's text that make blocks; see compile.h. */
#include "map/compile.h"

uint16_t
block_new(struct compile *c, enum map_kind kind, const struct tally_xml *x,
    uint16_t parent)
{
	uint16_t i = (uint16_t)c->nblock++;

	c->block[i] = (struct map_block){ .kind = (uint8_t)kind };
	c->scope[i] = (struct scope){ .at = x, .parent = parent };
	return i;
}

enum tally_rc
block_record(struct compile *c, const struct tally_xml *x)
{
	const char *name = tally_xml_get(x, "table");
	uint16_t i = block_new(c, BLOCK_RECORD, x, NO_BLOCK);
	enum tally_rc rc = resolve_table(c, &c->block[i].table, x, name);

	if (rc == TALLY_OK && !c->model->table[c->block[i].table].head)
		rc = compile_mistake(c, x,
		    "table %s can have many rows per document; a record goes "
		    "to a table with head=\"yes\"",
		    name);
	return rc;
}

/* The loop of hierarchical levels; 0 when the set has none. */
static uint16_t
level_loop(const struct tally_set_spec *set)
{
	for (uint16_t i = 1; i < set->nloop; i++)
		if (strcmp(set->place[set->loop[i].first].segment->tag, "HL") ==
		    0)
			return i;
	return 0;
}

/* The levels that have one of some codes in HL03, or any ("*"). */
static enum tally_rc
level_from(struct compile *c, struct rule *r, const struct tally_xml *x,
    const char *codes)
{
	struct map_block *b = &c->block[r->child];
	struct map_condition *v;

	if (c->block[r->block].kind != BLOCK_RECORD)
		return compile_mistake(c, x,
		    "levels stand side by side in <record>, for how they are "
		    "nested is in the data; move this there");
	if (tally_xml_get(x, "where") != NULL)
		return compile_mistake(c, x,
		    "levels are selected by their code alone; leave out "
		    "where");
	b->loop = level_loop(c->set);
	if (b->loop == 0)
		return compile_absent(
		    c, x, "set %s has no hierarchical levels", c->set->id);
	b->kind = BLOCK_LEVEL;
	r->kind = RULE_LEVEL;
	r->target.at.place[0] = c->set->loop[b->loop].first;
	r->target.at.n = 1;
	r->target.segment = c->set->place[r->target.at.place[0]].segment;
	c->map->levels = true;
	if (strcmp(codes, "*") == 0 && !b->rowless)
		return TALLY_OK;
	v = tally_arena_alloc(&c->map->arena, sizeof(*v));
	if (v == NULL)
		return compile_nomem(c);
	*v = (struct map_condition){ .element = 3 };
	b->condition = v;
	b->n = 1;
	return resolve_values(
	    c, v, x, r->target.segment->use[2].element, codes, ' ', "HL03");
}

/* Which of its kinds a <rows> is, and where it takes its rows from. */
static enum tally_rc
rows_from(struct compile *c, struct rule *r, const struct tally_xml *x)
{
	const char *loop = tally_xml_get(x, "loop");
	const char *segment = tally_xml_get(x, "segment");
	const char *pair = tally_xml_get(x, "pair"), *slash;
	const char *level = tally_xml_get(x, "level");
	struct map_block *b = &c->block[r->child];
	enum tally_rc rc;

	if ((loop != NULL) + (segment != NULL) + (pair != NULL) +
		(level != NULL) !=
	    1)
		return compile_mistake(c, r->at,
		    "rows have one of the attributes loop, segment, pair and "
		    "level, which says what each row is made from");
	if (level != NULL)
		return level_from(c, r, x, level);
	if (loop != NULL) {
		b->kind = BLOCK_LOOP;
		rc = resolve_loop(c, &b->loop, r->at, r->block, loop);
		r->target.at.place[0] = c->set->loop[b->loop].first;
		r->target.at.n = 1;
		r->target.segment =
		    c->set->place[r->target.at.place[0]].segment;
		return rc;
	}
	if (segment != NULL) {
		b->kind = BLOCK_SEGMENT;
		if (c->block[r->block].kind == BLOCK_SEGMENT ||
		    c->block[r->block].kind == BLOCK_PAIR)
			return compile_mistake(c, r->at,
			    "only rows of pairs can stand inside rows of a "
			    "segment; move this outside");
		slash = strrchr(segment, '/');
		return resolve_segment(c, &r->target, r->at, r->block, segment,
		    slash != NULL ? slash + 1 : segment);
	}
	b->kind = BLOCK_PAIR;
	r->kind = RULE_PAIRS;
	if (c->block[r->block].kind == BLOCK_PAIR)
		return compile_mistake(
		    c, r->at, "rows of pairs cannot stand inside one another");
	if (tally_xml_get(x, "where") != NULL)
		return compile_mistake(
		    c, r->at, "rows of pairs have no where; leave it out");
	rc = resolve_ref(c, &r->target, r->at, r->block, pair);
	if (rc == TALLY_OK)
		rc = rule_pairs(c, &r->target, &b->last_pair, r->at, pair);
	b->first_pair = r->target.element;
	return rc;
}

static enum tally_rc
rows_table(struct compile *c, struct map_block *b, const struct tally_xml *x)
{
	const char *name = tally_xml_get(x, "table");
	enum tally_rc rc = resolve_table(c, &b->table, x, name);

	if (rc == TALLY_OK && c->model->table[b->table].head)
		rc = compile_mistake(c, x,
		    "table %s has one row per document, so only <record> can "
		    "make it",
		    name);
	return rc;
}

enum tally_rc
block_rows(struct compile *c, const struct tally_xml *x, uint16_t block,
    uint16_t *child)
{
	struct rule *r = rule_new(c, RULE_ROWS, x, block);
	const char *where = tally_xml_get(x, "where");
	struct map_block *b;
	enum tally_rc rc;

	*child = r->child = block_new(c, BLOCK_LOOP, x, block);
	b = &c->block[*child];
	rc = rows_table(c, b, x);
	if (rc == TALLY_OK)
		rc = rows_from(c, r, x);
	if (rc != TALLY_OK)
		return rc;
	c->scope[*child].target = r->target;
	if (where == NULL)
		return TALLY_OK;
	return resolve_where(c, b, r->at, &r->target, where);
}

/* A level without rows of its own: its fields are those of the record. */
enum tally_rc
block_level(struct compile *c, const struct tally_xml *x, uint16_t block,
    uint16_t *child)
{
	const struct map_block none = { 0 };
	struct rule *r = rule_new(c, RULE_LEVEL, x, block);
	struct map_block *b;
	enum tally_rc rc;

	*child = r->child = block_new(c, BLOCK_LEVEL, x, block);
	b = &c->block[*child];
	b->table = c->block[block].table;
	b->rowless = true;
	rc = level_from(c, r, x, tally_xml_get(x, "code"));
	if (rc == TALLY_OK)
		rc = rule_group(c, r, &none);
	if (rc != TALLY_OK)
		return rc;
	b->bit = c->group[r->group].bit;
	c->scope[*child].target = r->target;
	return TALLY_OK;
}
