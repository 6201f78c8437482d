/* SPDX-License-Identifier: Apache-2.0 */
/* Designators and places; see designator.h. */
#include "x12/designator.h"

#include <stdio.h>
#include <string.h>

bool
tally_tag_ok(const char *p, size_t n)
{
	if (n < 2 || n > 3)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((p[i] < 'A' || p[i] > 'Z') && (p[i] < '0' || p[i] > '9'))
			return false;
	return true;
}

/* One or two digits, or -1. */
static int
number(const char *p, size_t n)
{
	int v = 0;

	if (n == 0 || n > 2)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

bool
tally_designator_split(
    const char *ref, char tag[4], int *element, int *component)
{
	const char *dash = strchr(ref, '-');
	size_t n = dash != NULL ? (size_t)(dash - ref) : strlen(ref);

	*component = 0;
	if (n < 4 || n > 5 || !tally_tag_ok(ref, n - 2))
		return false;
	if (dash != NULL)
		*component = number(dash + 1, strlen(dash + 1));
	*element = number(ref + n - 2, 2);
	memcpy(tag, ref, n - 2);
	tag[n - 2] = '\0';
	return *element > 0 && (dash == NULL || *component > 0);
}

const char *
tally_loop_name(const struct tally_set_spec *set, uint16_t loop)
{
	return loop == 0 ? "the set itself" : set->loop[loop].path;
}

int
tally_loop_distance(
    const struct tally_set_spec *set, uint16_t loop, uint16_t from)
{
	int n = 0;

	for (; loop != from; n++) {
		if (loop == 0)
			return -1;
		loop = set->loop[loop].parent;
	}
	return n;
}

static bool
has_tag(const struct tally_place *p, const char *tag)
{
	return p->segment->tag[0] == tag[0] &&
	    strcmp(p->segment->tag, tag) == 0;
}

void
tally_places_find(struct tally_places *f, const struct tally_set_spec *set,
    uint16_t loop, const char *tag)
{
	int best = -1, d;
	uint16_t l;

	*f = (struct tally_places){ .n = 0 };
	for (uint16_t i = set->loop[loop].first; i <= set->loop[loop].last;
	     i++) {
		l = set->place[i].loop;
		if (!has_tag(&set->place[i], tag))
			continue;
		d = tally_loop_distance(set, l, loop);
		if (d < 0 || (best >= 0 && d > best))
			continue;
		if (best < 0 || d < best) {
			f->n = f->other = 0;
			best = d;
		}
		if (f->n > 0 && l != f->loop)
			f->other = f->other != 0 ? f->other : l;
		else if (f->n < TALLY_PLACES_MAX) {
			f->place[f->n++] = i;
			f->loop = l;
		}
	}
}

bool
tally_places_list(
    const struct tally_set_spec *set, const char *tag, char *to, size_t size)
{
	size_t n = 0;

	to[0] = '\0';
	for (uint16_t i = 0; i < set->nplace && n + 50 < size; i++)
		if (has_tag(&set->place[i], tag))
			n += (size_t)snprintf(to + n, size - n, "%s%.40s",
			    n > 0 ? ", " : "",
			    tally_loop_name(set, set->place[i].loop));
	return n > 0;
}
