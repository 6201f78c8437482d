/* SPDX-License-Identifier: Apache-2.0 */
/* Which damages there are, and what they share; see damage.h. */
#include "damage_parts.h"

#include <assert.h>
#include <string.h>

const struct damage *
damage_nth(size_t i)
{
	if (i < damages_of_elements.n)
		return &damages_of_elements.v[i];
	i -= damages_of_elements.n;
	return i < damages_of_segments.n ? &damages_of_segments.v[i] : NULL;
}

static const struct damage *
find(const struct damages *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (strcmp(in->v[i].name, name) == 0)
			return &in->v[i];
	return NULL;
}

const struct damage *
damage_find(const char *name)
{
	const struct damage *d = find(&damages_of_elements, name);

	if (d == NULL)
		d = find(&damages_of_segments, name);
	if (d == NULL)
		d = find(&rare_damages, name);
	assert(d != NULL);
	return d;
}

bool
made_present(const struct made_segment *g, uint32_t k)
{
	return k <= g->n && g->element[k - 1].n > 0;
}

void
made_put(struct made_segment *g, uint32_t k, struct tally_str v)
{
	g->element[k - 1] = v;
	if (g->n < k)
		g->n = k;
	while (g->n > 0 && g->element[g->n - 1].n == 0)
		g->n--;
}

bool
made_counted(const struct tally_set_spec *spec, const char *tag)
{
	for (uint16_t i = 0; i < spec->ntotal; i++)
		if (strcmp(spec->total[i].tag, tag) == 0 ||
		    strcmp(spec->total[i].of, tag) == 0)
			return true;
	return false;
}

uint32_t
made_places_of(const struct tally_set_spec *spec, const char *tag)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < spec->nplace; i++)
		n += strcmp(spec->place[i].segment->tag, tag) == 0;
	return n;
}

bool
made_begins_loop(const struct tally_set_spec *spec, uint16_t place)
{
	return spec->loop[spec->place[place].loop].first == place;
}
