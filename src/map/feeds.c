/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of each block feed when they are written: the operations of its
 * own lists, in order, and which of them a column with a value, or a row below,
 * concerns.  See program.h.
 */
#include "map/compile.h"

struct feeds {
	struct compile *c;
	struct map_block *block;
	struct map_feed *feed;
	struct map_feed *compute;
	struct map_fill *fill; /* all null while counting */
	uint16_t nfeed, ncompute, nfill;
};

static uint8_t
bit_of(const struct feeds *f)
{
	return f->nfeed < MAP_FEED_REST ? (uint8_t)f->nfeed : MAP_FEED_REST;
}

static void
add_fill(struct feeds *f, uint16_t column)
{
	if (f->fill != NULL)
		f->fill[f->nfill] = (struct map_fill){ column, bit_of(f) };
	f->nfill++;
}

/* The rows that feed an operation are those of another block. */
static void
fed_by(struct feeds *f, uint16_t block)
{
	f->c->block[block].feeds = bit_of(f);
}

static void
add_columns(struct feeds *f, const struct map_op *op)
{
	add_fill(f, op->column);
	if (op->code == MAP_PAIR && op->column2 != MAP_NO_COLUMN)
		add_fill(f, op->column2);
}

static void
add_held(struct feeds *f, const struct map_op *op)
{
	for (const struct map_op *end = op + op->next; ++op < end;)
		if (op->code == MAP_ATTRIBUTE)
			fed_by(f, op->arg);
		else
			add_columns(f, op);
}

static void
add_op(struct feeds *f, const struct map_own *own, const struct map_op *op)
{
	struct map_feed feed = { op, own };

	if (map_is_computed(op)) {
		if (f->compute != NULL)
			f->compute[f->ncompute] = feed;
		f->ncompute++;
		return;
	}
	switch (op->code) {
	case MAP_TAKE:
	case MAP_CHOOSE:
		add_held(f, op);
		break;
	case MAP_LEVEL:
		f->block->always |= (uint64_t)1 << bit_of(f);
		break;
	default: /* ROWS, PAIRS */
		fed_by(f, op->arg);
	}
	if (f->feed != NULL)
		f->feed[f->nfeed] = feed;
	f->nfeed++;
}

static void
add_all(struct feeds *f)
{
	const struct map_block *b = f->block;
	const struct map_op *op, *end;

	f->nfeed = f->ncompute = f->nfill = 0;
	for (uint16_t i = 0; i < b->nown; i++) {
		op = f->c->map->op + b->own[i].first;
		for (end = op + b->own[i].n; op < end; op += op->next)
			add_op(f, &b->own[i], op);
	}
}

enum tally_rc
emit_feeds(struct compile *c, uint16_t block)
{
	struct tally_arena *a = &c->map->arena;
	struct map_block *b = &c->block[block];
	struct feeds f = { .c = c, .block = b };

	add_all(&f);
	f.feed = tally_arena_alloc(a, f.nfeed * sizeof(*f.feed));
	f.compute = tally_arena_alloc(a, f.ncompute * sizeof(*f.compute));
	f.fill = tally_arena_alloc(a, f.nfill * sizeof(*f.fill));
	if (f.feed == NULL || f.compute == NULL || f.fill == NULL)
		return compile_nomem(c);
	add_all(&f);
	b->feed = f.feed;
	b->compute = f.compute;
	b->fill = f.fill;
	b->nfeed = f.nfeed;
	b->ncompute = f.ncompute;
	b->nfill = f.nfill;
	return TALLY_OK;
}
