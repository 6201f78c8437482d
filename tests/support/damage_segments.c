/* SPDX-License-Identifier: Apache-2.0 */
/* Damages of one segment: its place, or the set's own envelope: damage.h. */
#include "damage_parts.h"

#include <string.h>

/* --- segments --- */

/* But LE: without it, what follows may belong to the loop that it ends. */
static bool
segment_missing(struct made_set *s, struct maker *m, struct expected *x)
{
	for (uint32_t tries = 0; tries < 4 * s->n; tries++) {
		uint32_t at = 1 + rnd_below(&m->rnd, s->n - 1);
		const struct made_segment *g = &s->segment[at];
		const struct tally_place *p = &s->spec->place[g->place];

		if (at == s->n - 1 || p->requirement != 'M' ||
		    made_begins_loop(s->spec, g->place) ||
		    strcmp(g->tag, "LE") == 0 ||
		    made_counted(s->spec, g->tag) ||
		    s->segment[at - 1].place == g->place ||
		    s->segment[at + 1].place == g->place)
			continue;
		*x = (struct expected){ TALLY_F_segment_missing, 0, 0,
			p->segment->tag };
		made_remove(s, at);
		made_count(s);
		return true;
	}
	return false;
}

static bool
segment_unknown(struct made_set *s, struct maker *m, struct expected *x)
{
	static const struct tally_segment_spec spec = { .tag = "QQ7",
		.name = "none" };
	static struct tally_str value = { "1", 1 };
	struct made_segment g = {
		.spec = &spec, .tag = "QQ7", .n = 1, .element = &value
	};
	uint32_t at = 1 + rnd_below(&m->rnd, s->n - 1);

	made_insert(s, at, &g);
	made_count(s);
	*x = (struct expected){ TALLY_F_segment_unknown, at + 1, 0, NULL };
	return true;
}

static bool
segment_too_often(struct made_set *s, struct maker *m, struct expected *x)
{
	for (uint32_t tries = 0; tries < 4 * s->n; tries++) {
		uint32_t at = 1 + rnd_below(&m->rnd, s->n - 1);
		const struct made_segment *g = &s->segment[at];
		struct made_segment copy;

		if (at == s->n - 1 || s->spec->place[g->place].max != 1 ||
		    made_begins_loop(s->spec, g->place) ||
		    made_counted(s->spec, g->tag) ||
		    made_places_of(s->spec, g->tag) != 1)
			continue;
		copy = made_copy(s, g);
		made_insert(s, at + 1, &copy);
		made_count(s);
		*x = (struct expected){ TALLY_F_segment_too_often, at + 2, 0,
			s->segment[at].tag };
		return true;
	}
	return false;
}

/* Whether no place of that tag can follow place p any more. */
static bool
over(const struct tally_set_spec *spec, const char *tag, uint16_t p)
{
	uint16_t loop = spec->place[p].loop, first = p;

	for (; loop != 0; loop = spec->loop[loop].parent)
		first = spec->loop[loop].first;
	for (uint16_t i = first; i < spec->nplace; i++)
		if (strcmp(spec->place[i].segment->tag, tag) == 0)
			return false;
	return true;
}

/* An optional segment, put before SE. */
static bool
segment_late(struct made_set *s, struct maker *m, struct expected *x)
{
	for (uint32_t tries = 0; tries < 4 * s->n; tries++) {
		uint32_t at = 1 + rnd_below(&m->rnd, s->n - 1);
		const struct made_segment *g = &s->segment[at];
		const struct tally_place *p = &s->spec->place[g->place];
		struct made_segment copy;

		if (at >= s->n - 2 || p->requirement == 'M' ||
		    made_begins_loop(s->spec, g->place) ||
		    made_counted(s->spec, g->tag) ||
		    !over(s->spec, g->tag, s->segment[s->n - 2].place))
			continue;
		copy = made_copy(s, g);
		made_remove(s, at);
		made_insert(s, s->n - 1, &copy);
		made_count(s);
		*x = (struct expected){ TALLY_F_segment_out_of_order, s->n - 1,
			0, p->segment->tag };
		return true;
	}
	return false;
}

/* A segment of a loop that has not begun, where the loop could begin. */
static bool
segment_outside(struct made_set *s, struct maker *m, struct expected *x)
{
	const struct tally_set_spec *spec = s->spec;

	for (uint32_t tries = 0; tries < 200; tries++) {
		uint16_t place = (uint16_t)rnd_below(&m->rnd, spec->nplace);
		uint16_t loop = spec->place[place].loop;
		const char *tag = spec->place[place].segment->tag;
		struct made_segment g;
		uint32_t at = 1;
		bool begun = false;

		if (loop == 0 || spec->loop[loop].parent != 0 ||
		    made_begins_loop(spec, place) ||
		    made_places_of(spec, tag) != 1)
			continue;
		for (uint32_t i = 1; i + 1 < s->n; i++) {
			if (s->segment[i].place < spec->loop[loop].first)
				at = i + 1;
			else if (s->segment[i].place <= spec->loop[loop].last)
				begun = true;
		}
		if (begun)
			continue;
		g = made_new(s, m, place);
		made_insert(s, at, &g);
		made_count(s);
		*x = (struct expected){ TALLY_F_segment_unexpected, at + 1, 0,
			tag };
		return true;
	}
	return false;
}

/* --- the set's own envelope --- */

static bool
count_wrong(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	s->segment[s->n - 1].element[0] = tally_cstr("9999");
	*x = (struct expected){ TALLY_F_se_count, s->n, 1, "SE" };
	return true;
}

static bool
number_wrong(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	s->segment[s->n - 1].element[1] = tally_cstr("8888");
	*x = (struct expected){ TALLY_F_se_number, s->n, 2, "SE" };
	return true;
}

static bool
trailer_missing(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	made_remove(s, s->n - 1);
	*x = (struct expected){ TALLY_F_se_missing, 0, 0, "SE" };
	return true;
}

static bool
total_wrong(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	for (uint32_t i = 1; i + 1 < s->n; i++)
		for (uint16_t t = 0; t < s->spec->ntotal; t++) {
			const struct tally_total *total = &s->spec->total[t];

			if (total->of_element != 0 ||
			    strcmp(s->segment[i].tag, total->tag) != 0)
				continue;
			made_put(
			    &s->segment[i], total->element, tally_cstr("777"));
			*x = (struct expected){ TALLY_F_total_wrong, i + 1, 0,
				total->tag };
			return true;
		}
	return false;
}

static bool
set_unknown(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	s->segment[0].element[0] = tally_cstr("002");
	*x = (struct expected){ TALLY_F_set_unsupported, 0, 0, NULL };
	return true;
}

static const struct damage damages[] = {
	{ "a mandatory segment left out", segment_missing },
	{ "an unknown segment", segment_unknown },
	{ "a segment twice", segment_too_often },
	{ "a segment too late", segment_late },
	{ "a segment outside its loop", segment_outside },
	{ "a wrong SE01", count_wrong },
	{ "a wrong SE02", number_wrong },
	{ "no SE", trailer_missing },
	{ "a wrong total", total_wrong },
	{ "an unknown set", set_unknown },
};
const struct damages damages_of_segments = { damages,
	sizeof(damages) / sizeof(damages[0]) };
