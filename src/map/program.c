/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a compiled map; see tallyman/map.h. */
#include "map/write_plan.h"

void
tally_map_free(struct tally_map *m)
{
	if (m == NULL)
		return;
	tally_charset_free(m->charset);
	tally_free(m->scratch.frame);
	tally_free(m->scratch.frame_of);
	tally_free(m->scratch.ordinal);
	tally_free(m->scratch.youngest);
	tally_free(m->scratch.level_frame);
	hierarchy_free(&m->scratch.levels);
	tally_free(m->scratch.memos);
	tally_arena_free(&m->scratch.writing);
	tally_free(m->scratch.block);
	tally_free(m->scratch.rows);
	tally_free(m->scratch.piece);
	tally_free(m->scratch.value);
	plan_free(&m->scratch);
	tally_buf_free(&m->scratch.text);
	tally_arena_free(&m->arena);
	tally_free(m);
}

const char *
tally_map_name(const struct tally_map *m)
{
	return m->name;
}

const char *
tally_map_set(const struct tally_map *m)
{
	return m->set->id;
}

bool
tally_map_repeats(const struct tally_map *m)
{
	return m->repeats;
}

/* A dictionary that leaves sets out has copies of the specs, of one table of
 * places. */
bool
tally_map_fits(const struct tally_map *m, const struct tally_set_spec *spec)
{
	return spec != NULL && spec->place == m->set->place;
}

const unsigned char *
tally_map_hash(const struct tally_map *m)
{
	return m->hash;
}

void
tally_map_lookups(struct tally_map *m, const struct tally_lookups *lookups)
{
	m->lookups = lookups;
}

enum tally_rc
map_look_up(const struct tally_map *m, const struct map_op *op, bool inverse,
    struct tally_str value, struct tally_str *out, struct tally_err *err)
{
	const struct tally_lookups *l = m->lookups;
	bool found;
	enum tally_rc rc;

	*out = value;
	if (l == NULL)
		return TALLY_OK;
	rc = l->find(
	    l->ctx, m->lookup[op->lookup], inverse, value, out, &found, err);
	if (rc == TALLY_OK && !found)
		*out = tally_str(NULL, 0);
	else if (rc == TALLY_OK && out->p == NULL)
		*out = tally_str("", 0);
	return rc;
}

void
tally_map_zone(struct tally_map *m, const struct tally_zone *zone)
{
	m->zone = zone;
}

void
tally_residues_free(struct tally_residues *r)
{
	tally_free(r->v);
	*r = (struct tally_residues){ 0 };
}
