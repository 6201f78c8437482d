/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damages of parts of elements, of loops and of hierarchical levels, and
 * those that come to a note; see damage.h.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "damage_parts.h"

#define TRIES 400

/* Segments that nothing counts, between ST and SE. */
static struct made_segment *
some_segment(struct made_set *s, struct maker *m, uint32_t *at)
{
	struct made_segment *g;

	if (s->n < 3)
		return NULL;
	*at = 1 + rnd_below(&m->rnd, s->n - 2);
	g = &s->segment[*at];
	/* Levels have damages of their own. */
	return made_counted(s->spec, g->tag) || strcmp(g->tag, "HL") == 0 ? NULL
									  : g;
}

/* An element of one that has a value. */
static struct made_segment *
some_element(struct made_set *s, struct maker *m, uint32_t *at, uint32_t *k)
{
	struct made_segment *g = some_segment(s, m, at);

	if (g == NULL || g->n == 0)
		return NULL;
	*k = 1 + rnd_below(&m->rnd, g->n);
	return *k <= g->spec->nuse && g->element[*k - 1].n > 0 ? g : NULL;
}

static struct tally_str
joined(struct made_set *s, struct tally_str v, unsigned char c, uint32_t n,
    const char *last)
{
	char *p = tally_arena_alloc(&s->arena, v.n + n + strlen(last) + 1);

	assert(p != NULL);
	memcpy(p, v.p, v.n);
	memset(p + v.n, c, n);
	memcpy(p + v.n + n, last, strlen(last) + 1);
	return tally_str(p, v.n + n + strlen(last));
}

static bool
component_excess(struct made_set *s, struct maker *m, struct expected *x)
{
	for (uint32_t i = 0; i < TRIES; i++) {
		const struct tally_element *e;
		uint32_t at, k, have = 0;
		struct made_segment *g = some_element(s, m, &at, &k);
		struct tally_str v;

		if (g == NULL)
			continue;
		e = g->spec->use[k - 1].element;
		v = g->element[k - 1];
		if (e->type == TALLY_B)
			continue;
		for (size_t j = 0; j < v.n; j++)
			have += (unsigned char)v.p[j] == m->sep.component;
		have = e->type == TALLY_COMPOSITE ? e->nuse - have : 1;
		g->element[k - 1] = joined(s, v, m->sep.component, have, "1");
		*x = (struct expected){ TALLY_F_component_excess, at + 1, k,
			g->tag };
		return true;
	}
	return false;
}

static bool
repetition_excess(struct made_set *s, struct maker *m, struct expected *x)
{
	if (m->sep.repetition == 0)
		return false;
	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t at, k;
		struct made_segment *g = some_element(s, m, &at, &k);
		const struct tally_use *u =
		    g != NULL ? &g->spec->use[k - 1] : NULL;
		struct tally_str v;

		if (u == NULL || u->element->type == TALLY_B ||
		    u->repeat == TALLY_UNBOUNDED || u->repeat > 20)
			continue;
		v = g->element[k - 1];
		for (uint16_t n = 1; n < u->repeat; n++)
			v = joined(s, v, m->sep.repetition, 1,
			    tally_arena_cstr(&s->arena, g->element[k - 1]));
		g->element[k - 1] = joined(s, v, m->sep.repetition, 1,
		    tally_arena_cstr(&s->arena, g->element[k - 1]));
		*x = (struct expected){ TALLY_F_repetition_excess, at + 1, k,
			g->tag };
		return true;
	}
	return false;
}

static bool
code_unlisted(struct made_set *s, struct maker *m, struct expected *x)
{
	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t at, k;
		struct made_segment *g = some_element(s, m, &at, &k);
		const struct tally_element *e =
		    g != NULL ? g->spec->use[k - 1].element : NULL;
		struct tally_str v;

		if (e == NULL || e->type != TALLY_ID || e->ncode == 0 ||
		    !e->open)
			continue;
		v = joined(s, tally_str("", 0), 'Q', e->max, "");
		if (tally_code_find(e, v) != NULL)
			continue;
		g->element[k - 1] = v;
		*x = (struct expected){ TALLY_F_code_unlisted, at + 1, k,
			g->tag };
		return true;
	}
	return false;
}

/* Another last digit of a number that has a check digit. */
static bool
check_digit(struct made_set *s, struct maker *m, struct expected *x)
{
	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t at, k;
		struct made_segment *g = some_element(s, m, &at, &k);
		const struct tally_element *e =
		    g != NULL ? g->spec->use[k - 1].element : NULL;
		const struct tally_code *code;
		struct tally_str v;
		char *p;

		if (e == NULL || !e->checks || k >= g->n)
			continue;
		code = tally_code_find(e, g->element[k - 1]);
		v = g->element[k];
		if (code == NULL || code->check == TALLY_CHECK_NONE || v.n == 0)
			continue;
		p = tally_arena_cstr(&s->arena, v);
		p[v.n - 1] = p[v.n - 1] == '9' ? '0' : (char)(p[v.n - 1] + 1);
		g->element[k] = tally_str(p, v.n);
		*x = (struct expected){ TALLY_F_check_digit, at + 1, k + 1,
			g->tag };
		return true;
	}
	return false;
}

/* An empty element behind the last, where there can be one. */
static bool
trailing(struct made_set *s, struct maker *m, struct expected *x)
{
	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t at;
		struct made_segment *g = some_segment(s, m, &at);

		if (g == NULL)
			continue;
		g->n += 1 + rnd_below(&m->rnd, 2);
		*x = (struct expected){ TALLY_F_trailing_separators, at + 1,
			g->n, g->tag };
		return true;
	}
	return false;
}

/* --- parts of elements --- */

static struct tally_str
long_text(struct made_set *s, const struct tally_element *e)
{
	return joined(s, tally_str("", 0), 'X', e->max + 1, "");
}

/* A text in a composite that has several components, one of them. */
static bool
component(struct made_set *s, struct maker *m, struct expected *x,
    enum tally_finding_kind kind)
{
	for (uint32_t i = 0; i < 4 * TRIES; i++) {
		uint32_t at, k, c;
		struct made_segment *g = some_element(s, m, &at, &k);
		const struct tally_element *e =
		    g != NULL ? g->spec->use[k - 1].element : NULL;
		struct tally_str part, v, tail;

		if (e == NULL || e->type != TALLY_COMPOSITE)
			continue;
		v = g->element[k - 1];
		c = rnd_below(&m->rnd, e->nuse);
		if (!tally_part(v, m->sep.component, c, &part) || part.n == 0)
			continue;
		if (kind == TALLY_F_element_missing
			? e->use[c].requirement != 'M' || part.n == v.n
			: e->use[c].element->type != TALLY_AN ||
			    e->use[c].element->max > 400)
			continue;
		tail = tally_str(
		    part.p + part.n, (size_t)(v.p + v.n - part.p) - part.n);
		g->element[k - 1] =
		    joined(s, tally_str(v.p, (size_t)(part.p - v.p)), 0, 0,
			kind == TALLY_F_element_missing
			    ? ""
			    : long_text(s, e->use[c].element).p);
		g->element[k - 1] = joined(s, g->element[k - 1], 0, 0,
		    tally_arena_cstr(&s->arena, tail));
		*x = (struct expected){ kind, at + 1, k, g->tag };
		return true;
	}
	return false;
}

static bool
component_long(struct made_set *s, struct maker *m, struct expected *x)
{
	return component(s, m, x, TALLY_F_element_too_long);
}

static bool
component_missing(struct made_set *s, struct maker *m, struct expected *x)
{
	return component(s, m, x, TALLY_F_element_missing);
}

/* The second of several repetitions, where there can be several. */
static bool
repetition_long(struct made_set *s, struct maker *m, struct expected *x)
{
	if (m->sep.repetition == 0)
		return false;
	for (uint32_t i = 0; i < 4 * TRIES; i++) {
		const struct tally_element *e;
		uint32_t at, k;
		struct made_segment *g = some_element(s, m, &at, &k);

		if (g == NULL || g->spec->use[k - 1].repeat == 1)
			continue;
		e = g->spec->use[k - 1].element;
		if (e->type == TALLY_COMPOSITE)
			e = e->use[0].element;
		if (e->type != TALLY_AN && e->type != TALLY_ID)
			continue;
		g->element[k - 1] = joined(s, g->element[k - 1],
		    m->sep.repetition, 1, long_text(s, e).p);
		*x = (struct expected){ TALLY_F_element_too_long, at + 1, k,
			g->tag };
		return true;
	}
	return false;
}

/* --- segments --- */

static const struct tally_version *
version_of(const struct tally_set_spec *spec)
{
	const struct tally_version *v =
	    tally_version_find(&tally_builtin, tally_cstr(spec->version));

	assert(v != NULL);
	return v;
}

static bool
not_in_set(struct made_set *s, struct maker *m, struct expected *x)
{
	static const char *const envelope[] = { "ISA", "IEA", "GS", "GE", "ST",
		"SE" };
	const struct tally_version *v = version_of(s->spec);

	for (uint32_t i = 0; i < TRIES; i++) {
		const struct tally_segment_spec *spec =
		    &v->segment[rnd_below(&m->rnd, v->nsegment)];
		struct made_segment g = { .spec = spec, .n = 1 };
		uint32_t at = 1 + rnd_below(&m->rnd, s->n - 1);
		bool no = made_places_of(s->spec, spec->tag) > 0;
		size_t bytes;

		for (size_t k = 0; k < sizeof(envelope) / sizeof(*envelope);
		     k++)
			no = no || strcmp(spec->tag, envelope[k]) == 0;
		if (no)
			continue;
		memcpy(g.tag, spec->tag, sizeof(g.tag));
		bytes = (spec->nuse + 4u) * sizeof(*g.element);
		g.element = tally_arena_alloc(&s->arena, bytes);
		assert(g.element != NULL);
		memset(g.element, 0, bytes);
		g.element[0] = tally_cstr("1");
		made_insert(s, at, &g);
		made_count(s);
		*x = (struct expected){ TALLY_F_segment_not_in_set, at + 1, 0,
			spec->tag };
		return true;
	}
	return false;
}

/* The loop whose first segment that is; 0: none. */
static uint16_t
loop_of(const struct tally_set_spec *spec, uint16_t place)
{
	for (uint16_t l = 1; l < spec->nloop; l++)
		if (spec->loop[l].first == place)
			return l;
	return 0;
}

/* Repeats a loop until it is there once too often. */
static bool
loop_too_often(struct made_set *s, struct maker *m, struct expected *x)
{
	const struct tally_set_spec *spec = s->spec;

	for (uint32_t i = 0; i < TRIES && s->n > 2; i++) {
		uint32_t at = 1 + rnd_below(&m->rnd, s->n - 2), n = 1, have = 1;
		uint16_t first = s->segment[at].place, l = loop_of(spec, first);
		const char *tag = s->segment[at].tag;

		/* The instance that is the last of its run. */
		if (l == 0 || spec->loop[l].max == TALLY_UNBOUNDED ||
		    spec->loop[l].max > 20 || made_places_of(spec, tag) != 1)
			continue;
		while (s->segment[at + n].place > first &&
		    s->segment[at + n].place <= spec->loop[l].last)
			n++;
		if (s->segment[at + n].place == first)
			continue;
		for (uint32_t k = at; k-- > 1 && s->segment[k].place >= first &&
		     s->segment[k].place <= spec->loop[l].last;)
			have += s->segment[k].place == first;
		for (; have <= spec->loop[l].max; have++)
			for (uint32_t k = 0; k < n; k++) {
				struct made_segment g =
				    made_copy(s, &s->segment[at + k]);

				made_insert(s, at + n + k, &g);
				at += k + 1 == n ? n : 0;
			}
		made_count(s);
		*x = (struct expected){ TALLY_F_loop_too_often, at + 1, 0,
			spec->place[first].segment->tag };
		return true;
	}
	return false;
}

static bool
loop_end(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	for (uint32_t i = 1; i + 1 < s->n; i++) {
		struct made_segment *g = &s->segment[i];

		if (strcmp(g->tag, "LE") != 0)
			continue;
		g->element[0] = tally_cstr(g->element[0].n == 1 ? "ZZ" : "Z");
		*x = (struct expected){ TALLY_F_loop_identifier, i + 1, 1,
			g->tag };
		return true;
	}
	return false;
}

/* --- hierarchical levels --- */

/* The last level, and how many there are. */
static struct made_segment *
last_level(struct made_set *s, uint32_t *at, uint32_t *n)
{
	struct made_segment *last = NULL;

	*n = *at = 0;
	for (uint32_t i = 1; i + 1 < s->n; i++)
		if (strcmp(s->segment[i].tag, "HL") == 0) {
			last = &s->segment[i];
			*at = i;
			++*n;
		}
	return last;
}

static bool
level(struct made_set *s, struct expected *x, uint32_t least, uint32_t k,
    const char *value, enum tally_finding_kind kind)
{
	uint32_t at, n;
	struct made_segment *g = last_level(s, &at, &n);

	if (g == NULL || n < least)
		return false;
	/* Of an odd number, the one before has the same level above. */
	if (kind == TALLY_F_hierarchy_parent && n % 2 == 0)
		return false;
	g->element[k - 1] = tally_cstr(value);
	*x = (struct expected){ kind, at + 1, k, "HL" };
	return true;
}

static bool
level_twice(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	return level(s, x, 2, 1, "1", TALLY_F_hierarchy_number);
}

static bool
level_above(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	return level(s, x, 1, 2, "9999", TALLY_F_hierarchy_parent);
}

static bool
level_skipped(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	return level(s, x, 1, 1, "9998", TALLY_F_hierarchy_sequence);
}

static bool
level_below(struct made_set *s, struct maker *m, struct expected *x)
{
	(void)m;
	return level(s, x, 1, 4, "1", TALLY_F_hierarchy_child);
}

static const struct damage damages[] = {
	{ "one component too many", component_excess },
	{ "one repetition too many", repetition_excess },
	{ "a component that is too long", component_long },
	{ "a mandatory component left out", component_missing },
	{ "a repetition that is too long", repetition_long },
	{ "a code that an open list lacks", code_unlisted },
	{ "another check digit", check_digit },
	{ "separators behind the last element", trailing },
	{ "a segment of another set", not_in_set },
	{ "a loop too often", loop_too_often },
	{ "an LE that is not of its LS", loop_end },
	{ "a level with the number of another", level_twice },
	{ "a level below one that is not there", level_above },
	{ "levels that are not numbered in turn", level_skipped },
	{ "a level without those below that it announces", level_below },
};
const struct damages rare_damages = { damages,
	sizeof(damages) / sizeof(damages[0]) };
