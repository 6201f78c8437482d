/* SPDX-License-Identifier: Apache-2.0 */
/* Damages of one element, and of those that a note relates; see damage.h. */
#include "damage_parts.h"

#include <assert.h>
#include <string.h>

static uint64_t
bit(uint32_t k)
{
	return (uint64_t)1 << k;
}

static uint64_t
all_present(const struct made_segment *g)
{
	uint64_t m = 0;

	for (uint32_t k = 1; k <= g->n; k++)
		if (made_present(g, k))
			m |= bit(k);
	return m;
}

/* Positions that some relational note of the segment names. */
static uint64_t
noted(const struct tally_segment_spec *spec, const struct tally_note *but)
{
	uint64_t m = 0;

	for (uint8_t i = 0; i < spec->nnote; i++)
		if (&spec->note[i] != but)
			m |= spec->note[i].mask;
	return m;
}

/* --- elements --- */

/* What an element must be like to be spoilt in some way. */
typedef bool suits_fn(const struct made_segment *, uint32_t k);

/* Some element behind ST and before SE that suits, by chance. */
static struct made_segment *
find(struct made_set *s, struct maker *m, suits_fn *suits, uint32_t *at,
    uint32_t *k)
{
	uint32_t n = 0, wanted;

	for (int pass = 0; pass < 2; pass++) {
		wanted = pass == 1 ? rnd_below(&m->rnd, n) : 0;
		n = 0;
		for (*at = 1; *at + 1 < s->n; ++*at) {
			struct made_segment *g = &s->segment[*at];

			if (made_counted(s->spec, g->tag))
				continue;
			for (*k = 1; *k <= g->spec->nuse; ++*k)
				if (suits(g, *k) && n++ == wanted && pass == 1)
					return g;
		}
		if (n == 0)
			return NULL;
	}
	assert(0);
	return NULL;
}

static const struct tally_element *
element_of(const struct made_segment *g, uint32_t k)
{
	return g->spec->use[k - 1].element;
}

static bool
free_code(const struct tally_element *e)
{
	return e->ncode == 0 || e->open;
}

static bool
is_mandatory(const struct made_segment *g, uint32_t k)
{
	return g->spec->use[k - 1].requirement == 'M' &&
	    (noted(g->spec, NULL) & bit(k)) == 0;
}

static bool
is_coded(const struct made_segment *g, uint32_t k)
{
	return made_present(g, k) && element_of(g, k)->type == TALLY_ID &&
	    !free_code(element_of(g, k));
}

static bool
is_text(const struct made_segment *g, uint32_t k)
{
	return made_present(g, k) && element_of(g, k)->type == TALLY_AN;
}

static bool
is_bounded(const struct made_segment *g, uint32_t k)
{
	return is_text(g, k) && element_of(g, k)->max < 400;
}

static bool
has_minimum(const struct made_segment *g, uint32_t k)
{
	return made_present(g, k) && element_of(g, k)->min > 1 &&
	    (element_of(g, k)->type == TALLY_AN ||
		(element_of(g, k)->type == TALLY_ID &&
		    free_code(element_of(g, k))));
}

static bool
is_date(const struct made_segment *g, uint32_t k)
{
	return made_present(g, k) && element_of(g, k)->type == TALLY_DT &&
	    element_of(g, k)->max >= 8;
}

static bool
is_time(const struct made_segment *g, uint32_t k)
{
	return made_present(g, k) && element_of(g, k)->type == TALLY_TM;
}

static bool
is_number(const struct made_segment *g, uint32_t k)
{
	return made_present(g, k) &&
	    (element_of(g, k)->type == TALLY_R ||
		element_of(g, k)->type == TALLY_N);
}

static struct tally_str
repeated(struct made_set *s, char c, size_t n)
{
	char *p = tally_arena_alloc(&s->arena, n + 1);

	assert(p != NULL);
	memset(p, c, n);
	p[n] = '\0';
	return tally_str(p, n);
}

static bool
replace(struct made_set *s, struct maker *m, struct expected *x,
    suits_fn *suits, struct tally_str v, enum tally_finding_kind kind)
{
	uint32_t at, k;
	struct made_segment *g = find(s, m, suits, &at, &k);

	if (g == NULL)
		return false;
	made_put(g, k, v);
	*x = (struct expected){ kind, at + 1, k, g->tag };
	return true;
}

static bool
missing(struct made_set *s, struct maker *m, struct expected *x)
{
	return replace(
	    s, m, x, is_mandatory, tally_str("", 0), TALLY_F_element_missing);
}

static bool
code(struct made_set *s, struct maker *m, struct expected *x)
{
	uint32_t at, k;
	struct made_segment *g = find(s, m, is_coded, &at, &k);
	const struct tally_element *e;
	struct tally_str v;

	if (g == NULL)
		return false;
	e = element_of(g, k);
	for (char c = 'Z'; c >= 'A'; c--) {
		v = repeated(s, c, e->min > 0 ? e->min : 1);
		if (tally_code_find(e, v) == NULL) {
			made_put(g, k, v);
			*x = (struct expected){ TALLY_F_element_code, at + 1, k,
				g->tag };
			return true;
		}
	}
	return false;
}

static bool
too_long(struct made_set *s, struct maker *m, struct expected *x)
{
	uint32_t at, k;
	struct made_segment *g = find(s, m, is_bounded, &at, &k);

	if (g == NULL)
		return false;
	made_put(g, k, repeated(s, 'X', element_of(g, k)->max + 1));
	*x = (struct expected){ TALLY_F_element_too_long, at + 1, k, g->tag };
	return true;
}

static bool
too_short(struct made_set *s, struct maker *m, struct expected *x)
{
	uint32_t at, k;
	struct made_segment *g = find(s, m, has_minimum, &at, &k);

	if (g == NULL)
		return false;
	made_put(g, k, repeated(s, 'X', element_of(g, k)->min - 1));
	*x = (struct expected){ TALLY_F_element_too_short, at + 1, k, g->tag };
	return true;
}

static bool
no_date(struct made_set *s, struct maker *m, struct expected *x)
{
	static const char *const bad[] = { "20260230", "20261301", "20250229",
		"20260100" };

	return replace(s, m, x, is_date, tally_cstr(bad[rnd_below(&m->rnd, 4)]),
	    TALLY_F_element_date);
}

static bool
no_time(struct made_set *s, struct maker *m, struct expected *x)
{
	return replace(s, m, x, is_time,
	    tally_cstr(rnd_chance(&m->rnd, 50) ? "2460" : "1275"),
	    TALLY_F_element_time);
}

static bool
no_number(struct made_set *s, struct maker *m, struct expected *x)
{
	uint32_t at, k;
	struct made_segment *g = find(s, m, is_number, &at, &k);

	if (g == NULL)
		return false;
	made_put(g, k,
	    repeated(
		s, 'X', element_of(g, k)->min > 0 ? element_of(g, k)->min : 1));
	*x = (struct expected){ TALLY_F_element_character, at + 1, k, g->tag };
	return true;
}

static bool
control_character(struct made_set *s, struct maker *m, struct expected *x)
{
	uint32_t at, k;
	struct made_segment *g = find(s, m, is_text, &at, &k);
	struct tally_str v;
	char *p;

	if (g == NULL)
		return false;
	v = g->element[k - 1];
	p = tally_arena_cstr(&s->arena, v);
	assert(p != NULL);
	p[rnd_below(&m->rnd, (uint32_t)v.n)] = 0x01;
	made_put(g, k, tally_str(p, v.n));
	*x = (struct expected){ TALLY_F_element_character, at + 1, k, g->tag };
	return true;
}

static bool
anything(const struct made_segment *g, uint32_t k)
{
	return k == 1 && g->n > 0;
}

static bool
excess(struct made_set *s, struct maker *m, struct expected *x)
{
	uint32_t at, k;
	struct made_segment *g = find(s, m, anything, &at, &k);

	if (g == NULL)
		return false;
	k = g->spec->nuse + 1u;
	made_put(g, k, tally_cstr("X"));
	*x = (struct expected){ TALLY_F_element_excess, at + 1, k, g->tag };
	return true;
}

/* --- relational notes --- */

/*
 * A segment with a note of that kind over elements which nothing else says
 * anything about; breaks it.
 */
static bool
break_note(struct made_set *s, struct maker *m, struct expected *x, char kind,
    enum tally_finding_kind found)
{
	for (uint32_t tries = 0; tries < 4 * s->n; tries++) {
		uint32_t at = 1 + rnd_below(&m->rnd, s->n - 1);
		struct made_segment *g = &s->segment[at];
		const struct tally_note *note;
		uint64_t two;

		if (g->spec->nnote == 0 || made_counted(s->spec, g->tag))
			continue;
		note = &g->spec->note[rnd_below(&m->rnd, g->spec->nnote)];
		two = note->mask;
		if (note->kind != kind || (two & noted(g->spec, note)) != 0 ||
		    (kind == 'R' && (all_present(g) & ~two) == 0))
			continue;
		for (uint32_t k = 1; k <= g->spec->nuse; k++) {
			bool keep =
			    kind == 'E' || (kind != 'R' && k == note->first);

			if ((two & bit(k)) != 0 && keep && !made_present(g, k))
				made_put(g, k,
				    made_value(m, &s->arena, element_of(g, k)));
		}
		for (uint32_t k = g->spec->nuse; k >= 1; k--)
			if ((two & bit(k)) != 0 && kind != 'E' &&
			    (kind == 'R' || k != note->first) && k <= g->n)
				made_put(g, k, tally_str("", 0));
		*x = (struct expected){ found, at + 1, 0, g->tag };
		return true;
	}
	return false;
}

static bool
unpaired(struct made_set *s, struct maker *m, struct expected *x)
{
	return break_note(s, m, x, 'P', TALLY_F_element_needed);
}

static bool
none_of(struct made_set *s, struct maker *m, struct expected *x)
{
	return break_note(s, m, x, 'R', TALLY_F_element_needed);
}

static bool
both_of(struct made_set *s, struct maker *m, struct expected *x)
{
	return break_note(s, m, x, 'E', TALLY_F_element_excluded);
}

static bool
condition(struct made_set *s, struct maker *m, struct expected *x)
{
	return break_note(s, m, x, 'C', TALLY_F_element_needed);
}

static bool
list_condition(struct made_set *s, struct maker *m, struct expected *x)
{
	return break_note(s, m, x, 'L', TALLY_F_element_needed);
}

static const struct damage damages[] = {
	{ "a mandatory element left out", missing },
	{ "a code that is not listed", code },
	{ "a text that is too long", too_long },
	{ "a text that is too short", too_short },
	{ "a date that does not exist", no_date },
	{ "a time that does not exist", no_time },
	{ "letters in a number", no_number },
	{ "a control character in a text", control_character },
	{ "one element too many", excess },
	{ "half of a pair", unpaired },
	{ "none of those of which one is needed", none_of },
	{ "two that exclude one another", both_of },
	{ "a condition not met", condition },
	{ "a condition of which none is met", list_condition },
};
const struct damages damages_of_elements = { damages,
	sizeof(damages) / sizeof(damages[0]) };
