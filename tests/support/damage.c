/* SPDX-License-Identifier: Apache-2.0 */
/* One damage at a time; see damage.h. */
#include "damage.h"

#include <assert.h>
#include <string.h>

static uint64_t
bit(uint32_t k)
{
	return (uint64_t)1 << k;
}

static bool
present(const struct made_segment *g, uint32_t k)
{
	return k <= g->n && g->element[k - 1].n > 0;
}

static uint64_t
all_present(const struct made_segment *g)
{
	uint64_t m = 0;

	for (uint32_t k = 1; k <= g->n; k++)
		if (present(g, k))
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

static void
put(struct made_segment *g, uint32_t k, struct tally_str v)
{
	g->element[k - 1] = v;
	if (g->n < k)
		g->n = k;
	while (g->n > 0 && g->element[g->n - 1].n == 0)
		g->n--;
}

/* Segments that a set may have more or less of without other findings. */
static bool
counted(const struct tally_set_spec *spec, const char *tag)
{
	for (uint16_t i = 0; i < spec->ntotal; i++)
		if (strcmp(spec->total[i].tag, tag) == 0 ||
		    strcmp(spec->total[i].of, tag) == 0)
			return true;
	return false;
}

static uint32_t
places_of(const struct tally_set_spec *spec, const char *tag)
{
	uint32_t n = 0;

	for (uint16_t i = 0; i < spec->nplace; i++)
		n += strcmp(spec->place[i].segment->tag, tag) == 0;
	return n;
}

static bool
begins_loop(const struct tally_set_spec *spec, uint16_t place)
{
	return spec->loop[spec->place[place].loop].first == place;
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

			if (counted(s->spec, g->tag))
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
	return present(g, k) && element_of(g, k)->type == TALLY_ID &&
	    !free_code(element_of(g, k));
}

static bool
is_text(const struct made_segment *g, uint32_t k)
{
	return present(g, k) && element_of(g, k)->type == TALLY_AN;
}

static bool
is_bounded(const struct made_segment *g, uint32_t k)
{
	return is_text(g, k) && element_of(g, k)->max < 400;
}

static bool
has_minimum(const struct made_segment *g, uint32_t k)
{
	return present(g, k) && element_of(g, k)->min > 1 &&
	    (element_of(g, k)->type == TALLY_AN ||
		(element_of(g, k)->type == TALLY_ID &&
		    free_code(element_of(g, k))));
}

static bool
is_date(const struct made_segment *g, uint32_t k)
{
	return present(g, k) && element_of(g, k)->type == TALLY_DT &&
	    element_of(g, k)->max >= 8;
}

static bool
is_time(const struct made_segment *g, uint32_t k)
{
	return present(g, k) && element_of(g, k)->type == TALLY_TM;
}

static bool
is_number(const struct made_segment *g, uint32_t k)
{
	return present(g, k) &&
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
	put(g, k, v);
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
			put(g, k, v);
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
	put(g, k, repeated(s, 'X', element_of(g, k)->max + 1));
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
	put(g, k, repeated(s, 'X', element_of(g, k)->min - 1));
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
	put(g, k,
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
	put(g, k, tally_str(p, v.n));
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
	put(g, k, tally_cstr("X"));
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

		if (g->spec->nnote == 0 || counted(s->spec, g->tag))
			continue;
		note = &g->spec->note[rnd_below(&m->rnd, g->spec->nnote)];
		two = note->mask;
		if (note->kind != kind || (two & noted(g->spec, note)) != 0 ||
		    (kind == 'R' && (all_present(g) & ~two) == 0))
			continue;
		for (uint32_t k = 1; k <= g->spec->nuse; k++) {
			bool keep =
			    kind == 'E' || (kind != 'R' && k == note->first);

			if ((two & bit(k)) != 0 && keep && !present(g, k))
				put(g, k,
				    made_value(m, &s->arena, element_of(g, k)));
		}
		for (uint32_t k = g->spec->nuse; k >= 1; k--)
			if ((two & bit(k)) != 0 && kind != 'E' &&
			    (kind == 'R' || k != note->first) && k <= g->n)
				put(g, k, tally_str("", 0));
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
		    begins_loop(s->spec, g->place) ||
		    strcmp(g->tag, "LE") == 0 || counted(s->spec, g->tag) ||
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
		    begins_loop(s->spec, g->place) ||
		    counted(s->spec, g->tag) || places_of(s->spec, g->tag) != 1)
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
		    begins_loop(s->spec, g->place) ||
		    counted(s->spec, g->tag) ||
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
		    begins_loop(spec, place) || places_of(spec, tag) != 1)
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
			put(&s->segment[i], total->element, tally_cstr("777"));
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

const struct damage damages[] = {
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
const size_t ndamages = sizeof(damages) / sizeof(damages[0]);
