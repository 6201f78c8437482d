/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of hierarchical levels as a tree, which HL segments tell by numbers;
 * see write.h.
 *
 * A row refers to rows of levels that it stood below when it was read, or that
 * whoever made it thought of.  An agreed hierarchy says which level is above
 * which: a row stands below the nearest level above its own among the rows
 * that it refers to, those these refer to, and those that refer to it, so that
 * items in packs can be written as packs of items.  Without a hierarchy it
 * stands below what it refers to.
 */
#include "base/decimal.h"
#include "map/words.h"
#include "map/write.h"

static uint32_t
node_of(const struct write *w, uint16_t table, uint32_t seq)
{
	const struct write_rows *r = &w->rows[table];

	return r->level != NULL && seq < r->n ? r->level[seq] : 0;
}

/* The node that the ith reference of a node's row names; 0: none. */
static uint32_t
named(const struct write *w, uint32_t node, uint16_t i)
{
	const struct write_level *l = &w->level[node];
	const struct map_block *b = &w->map->block[l->block];
	const struct tally_rows *r = &w->batch->rows[b->table];
	uint32_t seq;

	if (b->rowless)
		return 0;
	seq = r->reference[(size_t)(w->rows[b->table].from + l->seq) *
		r->table->nreference +
	    i];
	return seq == TALLY_NO_ROW
	    ? 0
	    : node_of(w, r->table->reference[i].table, seq);
}

static uint16_t
references(const struct write *w, uint32_t node)
{
	const struct map_block *b = &w->map->block[w->level[node].block];

	return b->rowless ? 0 : w->map->model->table[b->table].nreference;
}

/* --- nodes --- */

/* The code of a row's level: of a field that keeps it, else the block's. */
static struct tally_str
code_of(const struct write *w, uint32_t node)
{
	const struct map_block *b = &w->map->block[w->level[node].block];
	const struct map_op *op;
	struct tally_str v;

	for (uint16_t i = 0; i < b->nown && !b->rowless; i++) {
		op = w->map->op + b->own[i].first;
		for (const struct map_op *end = op + b->own[i].n; op < end;
		     op++)
			if (b->own[i].place == b->first &&
			    op->code == MAP_FIELD && op->element == 3) {
				v = write_cell(w, b->table,
				    w->rows[b->table].from + w->level[node].seq,
				    op->column);
				if (v.n > 0)
					return v;
			}
	}
	return b->n > 0 ? b->condition[0].value[0] : tally_str("", 0);
}

/* The place of a code in the hierarchy, from 1; 0: it is not there. */
static uint16_t
rank_of(const char *hierarchy, struct tally_str code)
{
	struct tally_str word;

	for (uint16_t n = 1; (word = words_next(&hierarchy, ' ')).p != NULL;
	     n++)
		if (tally_str_eq(code, word))
			return n;
	return 0;
}

static uint32_t
add_node(struct write *w, uint16_t block, uint32_t seq)
{
	struct write_level *l = &w->level[++w->nlevel];

	*l = (struct write_level){ .block = block, .seq = seq };
	if (w->how->hierarchy != NULL)
		l->rank = rank_of(w->how->hierarchy, code_of(w, w->nlevel));
	return w->nlevel;
}

static void
complain(struct write *w, uint32_t node, const char *expected)
{
	const struct map_block *b = &w->map->block[w->level[node].block];
	struct tally_str code = code_of(w, node);

	write_report(w, TALLY_F_write_level, b->first, 3,
	    w->map->model->table[b->table].name, code, expected);
}

/* Whether the record has anything that the level without rows would say. */
static bool
says_something(const struct write *w, uint16_t block)
{
	const struct map_block *b = &w->map->block[block];
	uint32_t row = w->rows[b->table].from;
	const struct map_op *op, *end;

	for (uint16_t i = 0; i < b->nown; i++) {
		op = w->map->op + b->own[i].first;
		for (end = op + b->own[i].n; op < end; op++) {
			if ((op->code == MAP_FIELD || op->code == MAP_PAIR) &&
			    w->rows[b->table].n > 0 &&
			    write_cell(w, b->table, row, op->column).n > 0)
				return true;
			if ((op->code == MAP_ROWS || op->code == MAP_PAIRS ||
				op->code == MAP_ATTRIBUTE) &&
			    write_first(w, op->arg, 0) != 0)
				return true;
		}
	}
	return false;
}

/* Whether it is there even if it says nothing: unless a hierarchy leaves it
 * out. */
static bool
is_wanted(const struct write *w, uint16_t block)
{
	return w->how->hierarchy == NULL ||
	    rank_of(w->how->hierarchy,
		w->map->block[block].condition[0].value[0]) != 0;
}

/* The blocks of a map that are levels are the same for all documents. */
static bool
find_blocks(struct write *w)
{
	struct map_scratch *s = &w->map->scratch;

	if (s->level_block != NULL)
		return true;
	s->level_block = tally_arena_alloc(
	    &w->map->arena, w->map->nblock * sizeof(*s->level_block));
	if (s->level_block == NULL)
		return false;
	for (uint16_t i = 0; i < w->map->nblock; i++)
		if (w->map->block[i].kind == BLOCK_LEVEL)
			s->level_block[s->nlevel_block++] = i;
	return true;
}

static enum tally_rc
add_nodes(struct write *w, uint16_t block)
{
	struct write_rows *r = &w->rows[w->map->block[block].table];

	if (r->n == 0)
		return TALLY_OK;
	if (r->level == NULL)
		r->level = write_alloc(w, r->n, sizeof(*r->level));
	if (r->level == NULL)
		return write_nomem(w);
	for (uint32_t k = 0; k < r->n; k++)
		if (r->writer[k] == block)
			r->level[k] = add_node(w, block, k);
	return TALLY_OK;
}

/* Nodes for the rows of levels, of which there are so many, and before them
 * for levels without rows. */
static enum tally_rc
make_nodes(struct write *w, uint32_t n)
{
	struct map_scratch *s = &w->map->scratch;
	const uint16_t *block, *end;
	enum tally_rc rc = TALLY_OK;

	if (!find_blocks(w))
		return write_nomem(w);
	block = s->level_block;
	end = block + s->nlevel_block;
	w->nlevel = 0;
	w->level = write_alloc(w, n + s->nlevel_block + 1u, sizeof(*w->level));
	if (w->level == NULL)
		return write_nomem(w);
	for (const uint16_t *i = block; i < end; i++)
		if (w->map->block[*i].rowless &&
		    (says_something(w, *i) || is_wanted(w, *i)))
			add_node(w, *i, 0);
	for (const uint16_t *i = block; i < end && rc == TALLY_OK; i++)
		if (!w->map->block[*i].rowless)
			rc = add_nodes(w, *i);
	return rc;
}

/* --- what is above what --- */

/* Notes, at each node, whose row refers to it from a level above. */
static void
note_below(struct write *w)
{
	struct write_level *l;
	uint32_t to;

	for (uint32_t n = 1; n <= w->nlevel; n++)
		for (uint16_t i = 0; i < references(w, n); i++) {
			to = named(w, n, i);
			if (to == 0 || w->level[n].rank >= w->level[to].rank)
				continue;
			l = &w->level[to];
			l->several = l->below != 0;
			l->below = n;
		}
}

/* The better of two nodes to stand below: the one whose level is nearer. */
static uint32_t
nearer(const struct write *w, uint32_t node, uint32_t a, uint32_t b)
{
	if (b == 0 || w->level[b].rank >= w->level[node].rank)
		return a;
	return a == 0 || w->level[b].rank > w->level[a].rank ? b : a;
}

/* Among the rows that a row refers to, directly and further up. */
static uint32_t
nearest_named(const struct write *w, uint32_t node)
{
	uint32_t todo[MAP_ABOVE_MAX], n = 0, seen = 0, best = 0, to;

	todo[n++] = node;
	while (seen < n) {
		for (uint16_t i = 0; i < references(w, todo[seen]); i++) {
			to = named(w, todo[seen], i);
			if (to == 0 || n == MAP_ABOVE_MAX)
				continue;
			best = nearer(w, node, best, to);
			todo[n++] = to;
		}
		seen++;
	}
	return best;
}

/* The level without rows that is nearest above, where a row has none. */
static uint32_t
rowless_above(const struct write *w, uint32_t node)
{
	uint32_t best = 0;

	for (uint32_t n = 1; n <= w->nlevel; n++)
		if (n != node && w->map->block[w->level[n].block].rowless)
			best = w->how->hierarchy == NULL
			    ? n
			    : nearer(w, node, best, n);
		else if (!w->map->block[w->level[n].block].rowless)
			break;
	return best;
}

static uint32_t
above_agreed(struct write *w, uint32_t node)
{
	const struct write_level *l = &w->level[node];
	uint32_t best = nearest_named(w, node);

	if (l->below == 0 || nearer(w, node, best, l->below) == best)
		return best;
	if (l->several)
		complain(w, node,
		    "one row of the level above that it belongs to; it "
		    "belongs to several");
	return l->below;
}

/* The reference to the row that is itself furthest down. */
static uint32_t
above_named(const struct write *w, uint32_t node)
{
	uint32_t best = 0, to, depth, deepest = 0, at;

	for (uint16_t i = 0; i < references(w, node); i++) {
		to = named(w, node, i);
		depth = 0;
		for (at = to; at != 0 && depth < MAP_ABOVE_MAX; depth++) {
			uint32_t next = 0;

			for (uint16_t k = 0; k < references(w, at) && next == 0;
			     k++)
				next = named(w, at, k);
			at = next;
		}
		if (to != 0 && depth > deepest) {
			best = to;
			deepest = depth;
		}
	}
	return best;
}

static void
hang(struct write *w, uint32_t node, uint32_t up)
{
	struct write_level *above = &w->level[up];

	w->level[node].up = up;
	if (above->last != 0)
		w->level[above->last].next = node;
	else
		above->first = node;
	above->last = node;
}

static uint32_t
above(struct write *w, uint32_t node)
{
	uint32_t up;

	if (w->how->hierarchy == NULL)
		up = above_named(w, node);
	else
		up = above_agreed(w, node);
	if (up == 0 &&
	    (w->how->hierarchy != NULL ||
		!w->map->block[w->level[node].block].rowless))
		up = rowless_above(w, node);
	return up == node ? 0 : up;
}

/* Nodes without one above hang on node 0. */
static void
hang_all(struct write *w)
{
	uint16_t last = 0;

	for (uint32_t n = 1; n <= w->nlevel; n++)
		if (w->level[n].rank > last)
			last = w->level[n].rank;
	/* siblings in the order of levels, then of rows */
	for (uint16_t rank = 0; rank <= last; rank++)
		for (uint32_t n = 1; n <= w->nlevel; n++)
			if (w->level[n].rank == rank)
				hang(w, n, above(w, n));
}

/* That the hierarchy has all levels that there are; each other one is told
 * once, and the tree is not made. */
static bool
are_agreed(struct write *w)
{
	bool all = true;

	for (uint32_t n = 1; n <= w->nlevel; n++) {
		if (w->level[n].rank > 0)
			continue;
		if (w->level[n].block != w->level[n - 1].block || n == 1)
			complain(w, n, w->how->hierarchy);
		all = false;
	}
	return all;
}

enum tally_rc
write_levels_index(struct write *w)
{
	enum tally_rc rc;

	if (!w->map->levels)
		return TALLY_OK;
	rc = make_nodes(w, w->nlevel);
	if (rc != TALLY_OK)
		return rc;
	if (w->how->hierarchy != NULL) {
		if (!are_agreed(w)) {
			w->nlevel = 0;
			return TALLY_OK;
		}
		note_below(w);
	}
	hang_all(w);
	return TALLY_OK;
}

/* --- putting them out --- */

static uint32_t
after(const struct write *w, uint32_t node)
{
	if (w->level[node].first != 0)
		return w->level[node].first;
	while (node != 0 && w->level[node].next == 0)
		node = w->level[node].up;
	return w->level[node].next;
}

enum tally_rc
write_levels(struct write *w, uint16_t loop, uint32_t from, uint32_t to)
{
	struct write_frame f = { .ordinal = 0 };
	const struct map_block *b;
	uint32_t n = 0;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t node = w->level[0].first; node != 0 && rc == TALLY_OK;
	     node = after(w, node)) {
		b = &w->map->block[w->level[node].block];
		w->level[node].number = ++n;
		f.block = b;
		f.seq = w->level[node].seq;
		f.row = w->rows[b->table].from + f.seq;
		f.ordinal = n;
		f.level = node;
		rc = write_frame(w, &f, loop, from, to);
		from = to;
	}
	for (uint32_t node = 1; node <= w->nlevel; node++)
		if (w->level[node].number == 0 && rc == TALLY_OK)
			complain(
			    w, node, "a level above it; it is below itself");
	return rc;
}

static enum tally_rc
put_number(struct write *w, uint32_t main, uint8_t element, uint32_t number,
    enum plan_source source)
{
	char text[TALLY_DECIMAL_MAX];
	size_t n = tally_decimal_count(text, number);
	struct tally_str v =
	    tally_arena_str(&w->map->scratch.writing, tally_str(text, n));

	return v.p == NULL
	    ? write_nomem(w)
	    : write_put_from(w, main, element, 0, v, source, NULL);
}

enum tally_rc
write_level_numbers(struct write *w, const struct write_frame *f, uint32_t main)
{
	const struct write_level *l = &w->level[f->level];
	enum tally_rc rc = put_number(w, main, 1, l->number, PLAN_LEVEL);

	if (rc == TALLY_OK && l->up != 0)
		rc = put_number(w, main, 2, w->level[l->up].number, PLAN_ABOVE);
	if (rc == TALLY_OK)
		rc = put_number(w, main, 4, l->first != 0, PLAN_BELOW);
	return rc;
}
