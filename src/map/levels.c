/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hierarchical levels while reading: HL loops stand side by side in the set,
 * and HL02 says which is above which.
 */
#include "map/read.h"

#include "base/decimal.h"

enum tally_rc
read_begin_levels(struct read *r)
{
	struct map_scratch *s = &r->map->scratch;
	uint32_t *p;
	enum tally_rc rc;

	r->nlevel = 0;
	if (!r->map->levels)
		return TALLY_OK;
	rc = hierarchy_read(&s->levels, r->set, r->err);
	if (rc != TALLY_OK)
		return rc;
	if (s->levels.n > s->level_cap) {
		p = tally_realloc(
		    s->level_frame, (size_t)s->levels.n * 2 * sizeof(*p));
		if (p == NULL)
			return tally_err_set(
			    r->err, TALLY_NOMEM, "no memory to map a set");
		s->level_frame = p;
		s->level_cap = s->levels.n * 2;
	}
	for (uint32_t i = 0; i < s->levels.n; i++)
		s->level_frame[i] = UINT32_MAX;
	return TALLY_OK;
}

/* The row of a table that is nearest above a level, or TALLY_NO_ROW. */
static uint32_t
nearest(const struct read *r, uint32_t level, uint16_t table)
{
	const struct map_scratch *s = &r->map->scratch;
	const struct map_block *b;
	uint32_t frame;

	for (unsigned n = 0; n < MAP_ABOVE_MAX; n++) {
		level = s->levels.level[level].above;
		if (level == HIERARCHY_NONE)
			break;
		frame = s->level_frame[level];
		if (frame == UINT32_MAX)
			continue;
		b = &r->map->block[s->frame[frame].block];
		if (!b->rowless && b->table == table)
			return s->frame[frame].seq;
	}
	return TALLY_NO_ROW;
}

void
read_enter_level(struct read *r, uint32_t frame)
{
	struct map_scratch *s = &r->map->scratch;
	const struct map_frame *f = &s->frame[frame];
	const struct map_block *b = &r->map->block[f->block];
	struct tally_rows *rows = &r->batch->rows[b->table];
	const struct tally_table *t = rows->table;
	uint32_t level = r->nlevel - 1;

	s->level_frame[level] = frame;
	for (uint16_t i = 0; !b->rowless && i < t->nreference; i++)
		rows->reference[(size_t)f->row * t->nreference + i] =
		    nearest(r, level, t->reference[i].table);
}

/* Whether HL01 of a level is what writing would give. */
static bool
numbered(struct tally_str id, uint32_t level)
{
	char text[TALLY_DECIMAL_MAX];
	size_t n = tally_decimal_count(text, level + 1u);

	return tally_str_eq(id, tally_str(text, n));
}

void
read_claim_level(struct read *r)
{
	const struct hierarchy_level *level = r->map->scratch.levels.level;
	const struct hierarchy_level *l = &level[r->nlevel - 1];
	struct tally_str child = read_value(r, 4, 0);

	if (numbered(l->id, r->nlevel - 1))
		read_claim(r, 1, 0);
	if (l->above != HIERARCHY_NONE &&
	    numbered(level[l->above].id, l->above))
		read_claim(r, 2, 0);
	if (tally_str_eq(child, tally_cstr(l->below ? "1" : "0")))
		read_claim(r, 4, 0);
}
