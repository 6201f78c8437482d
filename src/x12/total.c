/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control totals: counts of segments and hash totals; see total.h.
 *
 * Sums are exact, in units of 10^-6; a value beyond that, or a sum that
 * overflows, ends the comparison: it cannot prove anything then.
 */
#include "x12/total.h"

#include <inttypes.h>
#include <stdio.h>

#define SCALE       6
#define SCALE_UNITS 1000000

/* A plain decimal as millionths; false when it is none or too large. */
static bool
to_units(struct tally_str s, int64_t *units)
{
	size_t i = s.n > 0 && s.p[0] == '-';
	int64_t v = 0;
	int after = -1; /* digits behind the point */

	if (i == s.n)
		return false;
	for (; i < s.n; i++) {
		if (s.p[i] == '.' && after < 0) {
			after = 0;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9' || after == SCALE ||
		    v > INT64_MAX / 10 - 1)
			return false;
		v = v * 10 + (s.p[i] - '0');
		after += after >= 0;
	}
	for (int k = after < 0 ? 0 : after; k < SCALE; k++) {
		if (v > INT64_MAX / 10)
			return false;
		v *= 10;
	}
	*units = s.p[0] == '-' ? -v : v;
	return true;
}

bool
tally_total_counted(const struct tally_checker *c, uint32_t tag, int64_t *n)
{
	const struct tally_set_spec *s = checker_spec(c);
	unsigned k = tally_grammar_class(c->g, tag), p, l;

	if (k == GRAMMAR_CLASS_NONE || c->displaced)
		return false;
	p = c->g->class[k].first;
	l = s->place[p].loop;
	if (c->g->class[k].last != p || s->place[p].max != 1 || l == 0 ||
	    s->loop[l].first != p || s->loop[l].parent != 0)
		return false;
	*n = c->iterations[l].when == c->begun ? c->iterations[l].n : 0;
	return true;
}

static bool
add_up(const struct tally_set *set, const struct tally_total *t, int64_t *sum)
{
	uint32_t tag = tally_tag_of(t->of, strlen(t->of));
	int64_t v;

	*sum = 0;
	for (uint32_t i = 0; i < set->nsegment; i++) {
		const struct tally_segment *s = &set->segment[i];
		struct tally_str e;

		if (s->tag != tag || s->place == TALLY_NOWHERE)
			continue;
		v = SCALE_UNITS;
		if (t->of_element != 0) {
			e = tally_element(set, s, t->of_element);
			v = 0;
			if (e.n > 0 && !to_units(e, &v))
				return false;
		}
		if (__builtin_add_overflow(*sum, v, sum))
			return false;
	}
	return true;
}

/* Whether a value is the count that the checker has, in plain digits. */
static bool
is_counted(const struct tally_checker *c, const struct tally_total *t,
    struct tally_str v)
{
	int64_t said = 0, n;

	for (size_t i = 0; i < v.n; i++) {
		if (i == 9 || v.p[i] < '0' || v.p[i] > '9')
			return false;
		said = said * 10 + (v.p[i] - '0');
	}
	return t->of_element == 0 &&
	    tally_total_counted(c, tally_tag_of(t->of, strlen(t->of)), &n) &&
	    said == n;
}

static void
say(char *to, size_t size, const struct tally_total *t, int64_t sum)
{
	if (t->of_element == 0)
		snprintf(to, size, "%" PRId64 ", the number of %s segments",
		    sum / SCALE_UNITS, t->of);
	else
		snprintf(to, size,
		    "%s%" PRId64 ".%06" PRId64 ", the sum of %s%02u",
		    sum < 0 ? "-" : "", (sum < 0 ? -sum : sum) / SCALE_UNITS,
		    (sum < 0 ? -sum : sum) % SCALE_UNITS, t->of, t->of_element);
}

/* The last segment with the tag that has a place, or null. */
static const struct tally_segment *
bearer(const struct tally_set *set, const char *tag)
{
	uint32_t t = tally_tag_of(tag, strlen(tag));

	for (uint32_t i = set->nsegment; i-- > 0;)
		if (set->segment[i].tag == t &&
		    set->segment[i].place != TALLY_NOWHERE)
			return &set->segment[i];
	return NULL;
}

void
total_check(struct tally_checker *c)
{
	const struct tally_set *set = c->set;

	for (unsigned k = 0; k < checker_spec(c)->ntotal; k++) {
		const struct tally_total *t = &checker_spec(c)->total[k];
		const struct tally_segment *s = bearer(set, t->tag);
		struct tally_str v;
		int64_t said, sum;
		char words[80];

		if (s == NULL)
			continue;
		v = tally_element(set, s, t->element);
		if (v.n == 0 || is_counted(c, t, v) || !to_units(v, &said) ||
		    !add_up(set, t, &sum) || said == sum)
			continue;
		say(words, sizeof(words), t, sum);
		checker_keep(c,
		    &(struct tally_finding){ .kind = TALLY_F_total_wrong,
			.offset = set->offset +
			    (uint64_t)(v.p - (const char *)set->bytes),
			.segment = (uint32_t)(s - set->segment) + 1,
			.element = t->element,
			.tag = t->tag,
			.loop = "",
			.id = "",
			.name = "control total",
			.value = v,
			.expected = tally_cstr(words) });
	}
}
