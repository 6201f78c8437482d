/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled map for a person who debugs one; see tallyman/map.h. */
#include "map/program.h"
#include "x12/designator.h"

struct dump {
	const struct tally_map *map;
	struct tally_buf *out;
	const struct map_block *block; /* whose lists are shown */
	const char *tag;               /* of the place */
};

static const char *const op_name[] = {
#define MAP_OP(name, what) #name,
	MAP_OPS
#undef MAP_OP
};

static const char *const kind_name[] = { [BLOCK_RECORD] = "record",
	[BLOCK_LOOP] = "loop",
	[BLOCK_LEVEL] = "level",
	[BLOCK_SEGMENT] = "segment",
	[BLOCK_PAIR] = "pair",
	[BLOCK_NAMED] = "attribute" };

static const struct tally_table *
table_of(const struct dump *d, uint16_t table)
{
	return &d->map->model->table[table];
}

static unsigned
number_of(const struct dump *d, const struct map_block *b)
{
	return (unsigned)(b - d->map->block);
}

static const struct map_block *
up(const struct dump *d, const struct map_block *b, uint8_t n)
{
	while (n-- > 0)
		b = &d->map->block[b->parent];
	return b;
}

static void
put_element(struct dump *d, const char *tag, uint8_t element, uint8_t component)
{
	if (element == 0)
		return;
	tally_buf_printf(d->out, " %s%02u", tag, (unsigned)element);
	if (component != 0)
		tally_buf_printf(d->out, "-%u", (unsigned)component);
}

static void
put_conditions(
    struct dump *d, const char *tag, const struct map_condition *v, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++) {
		put_element(d, tag, v[i].element, v[i].component);
		for (uint16_t k = 0; k < v[i].n; k++) {
			tally_buf_putc(d->out, k == 0 ? '=' : '|');
			tally_buf_str(d->out, v[i].value[k]);
		}
	}
}

static void
put_column(struct dump *d, uint16_t table, uint16_t column)
{
	tally_buf_printf(d->out, " %s.%s", table_of(d, table)->name,
	    table_of(d, table)->column[column].name);
}

/* The element to a column, with what is done to its value. */
static void
put_value(struct dump *d, const struct map_op *op)
{
	const struct tally_map *m = d->map;
	uint16_t table = up(d, d->block, op->up)->table;

	put_element(d, d->tag, op->element, op->component);
	tally_buf_puts(d->out, " ->");
	put_column(d, table, op->column);
	if (op->codes != MAP_NO_CODE)
		tally_buf_printf(
		    d->out, ", codes %s", m->codes[op->codes].name);
	if (op->lookup != MAP_NO_LOOKUP)
		tally_buf_printf(d->out, ", lookup %s", m->lookup[op->lookup]);
}

static void
put_op(struct dump *d, const struct map_op *op)
{
	const struct map_group *g = op->group;

	tally_buf_printf(d->out, "    %-9s", op_name[op->code]);
	switch ((enum map_opcode)op->code) {
	case MAP_TAKE:
		put_conditions(d, d->tag, g->condition, g->n);
		tally_buf_printf(d->out, "%s, for %u, bit %u",
		    g->n == 0 ? " any" : "", op->next - 1u, (unsigned)g->bit);
		break;
	case MAP_FIELD:
		put_value(d, op);
		break;
	case MAP_CHOOSE:
		put_element(d, d->tag, op->element, 0);
		tally_buf_printf(d->out, " to %s%02u, for %u", d->tag,
		    (unsigned)op->n, op->next - 1u);
		break;
	case MAP_PAIR:
		put_value(d, op);
		put_conditions(d, d->tag, g->condition, g->n);
		if (op->column2 != MAP_NO_COLUMN) {
			tally_buf_puts(d->out, ", qualifier ->");
			put_column(
			    d, up(d, d->block, op->up)->table, op->column2);
		}
		break;
	case MAP_LITERAL:
		put_conditions(d, d->tag, g->condition, g->n);
		break;
	case MAP_COUNT:
		put_element(d, d->tag, op->element, op->component);
		tally_buf_printf(d->out, " of %s", table_of(d, op->arg)->name);
		break;
	case MAP_SUM:
		put_element(d, d->tag, op->element, op->component);
		tally_buf_puts(d->out, " of");
		put_column(d, op->arg, op->column);
		break;
	case MAP_SEQUENCE:
		put_element(d, d->tag, op->element, op->component);
		break;
	case MAP_ATTRIBUTE:
	case MAP_ROWS:
	case MAP_LEVEL:
	case MAP_PAIRS:
		put_element(d, d->tag, op->element, op->component);
		tally_buf_printf(d->out, " block %u", (unsigned)op->arg);
		break;
	}
	if (op->up > 0)
		tally_buf_printf(d->out, " (of block %u)",
		    number_of(d, up(d, d->block, op->up)));
	tally_buf_putc(d->out, '\n');
}

static void
put_lists(struct dump *d)
{
	const struct tally_map *m = d->map;
	const struct map_block *b = d->block;
	const struct tally_place *place;
	const struct map_list *list;

	for (uint16_t p = b->first; p <= b->last; p++) {
		list = &m->list[b->list + (p - b->first)];
		if (list->op == list->end)
			continue;
		place = &m->set->place[p];
		d->tag = place->segment->tag;
		tally_buf_printf(d->out, "  %s at %s in %s\n", d->tag,
		    place->pos, tally_loop_name(m->set, place->loop));
		for (const struct map_op *op = list->op; op < list->end; op++)
			put_op(d, op);
	}
}

static void
put_links(struct dump *d)
{
	const struct map_block *b = d->block, *around = up(d, b, 1);
	const struct tally_table *table = table_of(d, b->table);

	for (uint16_t i = 0; i < b->nlink; i++)
		tally_buf_printf(d->out, "  %s is the row of block %u\n",
		    table->reference[b->link[i].reference].name,
		    number_of(d, up(d, around, b->link[i].up)));
}

static void
put_block(struct dump *d)
{
	const struct tally_map *m = d->map;
	const struct map_block *b = d->block;
	const struct tally_table *table = table_of(d, b->table);
	const char *tag = m->set->place[b->first].segment->tag;

	tally_buf_printf(
	    d->out, "\nblock %u, %s", number_of(d, b), kind_name[b->kind]);
	if (b->kind == BLOCK_LOOP || b->kind == BLOCK_LEVEL)
		tally_buf_printf(
		    d->out, " %s", tally_loop_name(m->set, b->loop));
	else if (b->kind != BLOCK_RECORD)
		tally_buf_printf(d->out, " %s", tag);
	if (b != m->block)
		tally_buf_printf(d->out, ", in block %u", (unsigned)b->parent);
	tally_buf_printf(d->out, ": %s %s\n",
	    b->rowless ? "fills the row of" : "rows of", table->name);
	if (b->n > 0) {
		tally_buf_puts(d->out, "  where");
		put_conditions(d, tag, b->condition, b->n);
		tally_buf_putc(d->out, '\n');
	}
	for (uint16_t i = 0; i < b->nconstant; i++) {
		tally_buf_printf(d->out, "  %s is \"",
		    table->column[b->constant[i].column].name);
		tally_buf_str(d->out, b->constant[i].value);
		tally_buf_puts(d->out, "\"\n");
	}
	put_links(d);
	for (uint16_t i = 0; i < b->nrequired; i++)
		tally_buf_printf(d->out, "  %s is required, from %s%02u\n",
		    table->column[b->required[i].column].name,
		    m->set->place[b->required[i].place].segment->tag,
		    (unsigned)b->required[i].element);
}

void
tally_map_dump(const struct tally_map *m, struct tally_buf *out)
{
	struct dump d = { .map = m, .out = out };

	tally_buf_printf(out,
	    "map %s of set %s in %s: %zu blocks, %zu operations in %zu "
	    "lists\n",
	    m->name, m->set->id, m->set->version, m->nblock, m->nop, m->nlist);
	for (size_t i = 0; i < m->nblock; i++) {
		d.block = &m->block[i];
		put_block(&d);
		put_lists(&d);
	}
}
