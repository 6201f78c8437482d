/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The elements of one segment: presence, number, values, relational notes;
 * see segment.h.
 *
 * The ordinary element is one call of tally_value_test.  Composites and
 * repetitions take the long way, which is only open when the set holds their
 * separators at all.
 */
#include "x12/segment.h"

#include <stdio.h>

#include "base/check_digit.h"
#include "x12/characters.h"

#define BIT(k) (UINT64_C(1) << (k))

struct tally_finding
segment_finding(const struct segment_check *c, enum tally_finding_kind kind)
{
	return (struct tally_finding){
		.kind = kind,
		.offset = c->set->offset + c->segment->start,
		.segment = (uint32_t)(c->segment - c->set->segment) + 1,
		.tag = c->class->spec->tag,
		.loop = c->loop->path,
		.id = "",
		.name = c->class->spec->name,
	};
}

/* Place of a value in its segment; 0 where it does not apply. */
struct where {
	unsigned element, component, repetition;
	unsigned trigger; /* what calls for it under a relational note */
};

static bool
worded(unsigned type)
{
	return type == TALLY_AN || type == TALLY_ID;
}

/* Two texts as one, cut where the room ends: findings are many. */
static const char *
join(char *to, size_t size, const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	n = n < size - 1 ? n : size - 1;
	m = m < size - 1 - n ? m : size - 1 - n;
	memcpy(to, a, n);
	memcpy(to + n, b, m);
	to[n + m] = '\0';
	return to;
}

/* What was expected of a value; to: room for the words. */
static const char *
expectation(char *to, size_t size, enum tally_finding_kind kind,
    const struct tally_element *e)
{
	static const char *const form[] = {
		[TALLY_DT] = "digits",
		[TALLY_TM] = "digits",
		[TALLY_R] = "digits, with a sign in front and one point",
		[TALLY_N] = "digits, with a sign in front and no point",
		[TALLY_B] = "any byte",
		[TALLY_COMPOSITE] = "components",
	};

	switch (kind) {
	case TALLY_F_element_too_short:
	case TALLY_F_element_too_long:
		if (e->min == e->max)
			snprintf(to, size, "%u characters", e->min);
		else
			snprintf(
			    to, size, "%u to %u characters", e->min, e->max);
		return to;
	case TALLY_F_element_character:
		return form[e->type];
	case TALLY_F_element_code:
		return join(to, size, "a code of element ", e->id);
	case TALLY_F_code_unlisted:
		return join(to, size, "a listed code of element ", e->id);
	case TALLY_F_element_date:
		return e->max == 6 ? "YYMMDD" : "CCYYMMDD";
	case TALLY_F_element_time:
		return "HHMM, HHMMSS or HHMMSSd";
	default:
		return "";
	}
}

static void
report(const struct segment_check *c, enum tally_finding_kind kind,
    struct where at, const struct tally_element *e, struct tally_str value,
    const char *expected)
{
	struct tally_finding f = segment_finding(c, kind);
	char words[80];

	if (expected == NULL && e != NULL &&
	    kind == TALLY_F_element_character && worded(e->type))
		expected = characters_name(c->characters);
	if (expected == NULL && e != NULL)
		expected = expectation(words, sizeof(words), kind, e);
	if (value.n > 0)
		f.offset = c->set->offset +
		    (uint64_t)(value.p - (const char *)c->set->bytes);
	f.element = (uint16_t)at.element;
	f.component = (uint16_t)at.component;
	f.repetition = (uint16_t)at.repetition;
	f.trigger = (uint16_t)at.trigger;
	f.id = e != NULL ? e->id : "";
	f.name = e != NULL ? e->name : f.name;
	f.value = value;
	f.expected = tally_cstr(expected);
	c->report(c->ctx, &f);
}

/* A value at fault, which the use calls for; notes are told once in a set. */
static void
report_value(const struct segment_check *c, enum tally_finding_kind kind,
    struct where at, const struct tally_use *use, struct tally_str value)
{
	struct segment_noted *noted = c->noted;

	if (kind == TALLY_F_code_unlisted) {
		for (uint32_t i = 0; i < noted->n; i++)
			if (noted->unlisted[i] == use)
				return;
		if (noted->n == SEGMENT_UNLISTED_MAX)
			return;
		noted->unlisted[noted->n++] = use;
	}
	report(c, kind, at, use->element, value, NULL);
}

static unsigned
lowest(uint64_t mask)
{
	return (unsigned)__builtin_ctzll(mask);
}

/* The position at fault under a note, or 0; *kind says how. */
static unsigned
broken_note(
    const struct tally_note *n, uint64_t present, enum tally_finding_kind *kind)
{
	uint64_t there = n->mask & present, rest = n->mask & ~present;
	uint64_t others = n->mask & ~BIT(n->first);

	*kind = TALLY_F_element_needed;
	switch (n->kind) {
	case 'P':
		return there != 0 && rest != 0 ? lowest(rest) : 0;
	case 'R':
		return there == 0 ? n->first : 0;
	case 'E':
		*kind = TALLY_F_element_excluded;
		there &= there - 1;
		return there != 0 ? lowest(there) : 0;
	case 'C':
		return (present & BIT(n->first)) != 0 && rest != 0
		    ? lowest(rest)
		    : 0;
	default: /* L */
		return (present & BIT(n->first)) != 0 && (others & present) == 0
		    ? lowest(others)
		    : 0;
	}
}

/* The element that calls for another one, or excludes it; 0: none does. */
static unsigned
trigger(const struct tally_note *n, uint64_t present)
{
	if (n->kind == 'C' || n->kind == 'L')
		return n->first;
	return (n->mask & present) != 0 ? lowest(n->mask & present) : 0;
}

/* Relational notes of a segment (element 0) or of a composite; whether one is
 * broken. */
static bool
check_notes(const struct segment_check *c, const struct tally_note *note,
    unsigned nnote, const struct tally_use *use, uint64_t present,
    uint64_t missing, struct where at)
{
	bool broken = false;

	for (unsigned i = 0; i < nnote; i++) {
		enum tally_finding_kind kind;
		unsigned k = broken_note(&note[i], present, &kind);
		struct tally_str value = { "", 0 };
		char words[256];

		broken = broken || k != 0;
		if (k == 0 || (missing & BIT(k)) != 0)
			continue;
		tally_note_words(&note[i], words, sizeof(words));
		if (kind == TALLY_F_element_excluded && at.element == 0)
			value = tally_element(c->set, c->segment, k);
		report(c, kind,
		    at.element == 0
			? (struct where){ k, 0, 0, trigger(&note[i], present) }
			: (struct where){ at.element, k, at.repetition, 0 },
		    use[k - 1].element, value, words);
	}
	return broken;
}

/* A value on the long way: with the characters that are agreed on. */
static enum tally_finding_kind
test(const struct segment_check *c, const struct tally_value_spec *spec,
    struct tally_str v)
{
	enum tally_finding_kind kind = tally_value_test(spec, v, true);

	if ((kind == TALLY_FINDING_NONE || kind == TALLY_F_code_unlisted) &&
	    worded(spec->type) && !characters_ok(c->characters, v))
		return TALLY_F_element_character;
	return kind;
}

static bool
contains(struct tally_str v, unsigned char sep)
{
	return sep != 0 && memchr(v.p, sep, v.n) != NULL;
}

static void
check_composite(const struct segment_check *c,
    const struct tally_value_spec *spec, struct tally_str value,
    struct where at)
{
	const struct tally_element *e = spec->element;
	unsigned char sep = c->set->separators.component;
	uint64_t present = 0, missing = 0;
	enum tally_finding_kind kind;
	struct tally_str v;
	unsigned k = 0;

	for (; k < e->nuse && tally_part(value, sep, k, &v); k++) {
		if (v.n == 0)
			continue;
		present |= BIT(k + 1);
		kind = test(c, &spec->component[k], v);
		if (kind != TALLY_FINDING_NONE)
			report_value(c, kind,
			    (struct where){
				at.element, k + 1, at.repetition, 0 },
			    &e->use[k], v);
	}
	if (k == e->nuse && tally_part(value, sep, k, &v))
		report(c, TALLY_F_component_excess,
		    (struct where){ at.element, k + 1, at.repetition, 0 }, e, v,
		    "no more components");
	for (k = 0; k < e->nuse; k++)
		if (e->use[k].requirement == 'M' &&
		    (present & BIT(k + 1)) == 0) {
			missing |= BIT(k + 1);
			report(c, TALLY_F_element_missing,
			    (struct where){
				at.element, k + 1, at.repetition, 0 },
			    e->use[k].element, tally_str("", 0), "a value");
		}
	check_notes(c, e->note, e->nnote, e->use, present, missing, at);
}

/* One repetition of an element, not empty. */
static void
check_one(const struct segment_check *c, const struct tally_value_spec *spec,
    struct tally_str value, struct where at)
{
	enum tally_finding_kind kind;

	if (spec->type == TALLY_COMPOSITE) {
		check_composite(c, spec, value, at);
		return;
	}
	if (spec->type != TALLY_B &&
	    contains(value, c->set->separators.component)) {
		at.component = 2;
		report(c, TALLY_F_component_excess, at, spec->element, value,
		    "a simple element, without component separators");
		return;
	}
	kind = test(c, spec, value);
	if (kind != TALLY_FINDING_NONE)
		report_value(
		    c, kind, at, &c->class->spec->use[at.element - 1], value);
}

static void
check_long_way(const struct segment_check *c,
    const struct tally_value_spec *spec, struct tally_str value, unsigned k)
{
	unsigned char sep = c->set->separators.repetition;
	struct tally_str v;

	if (spec->type == TALLY_B || !contains(value, sep)) {
		check_one(c, spec, value, (struct where){ k, 0, 0, 0 });
		return;
	}
	for (unsigned i = 0; tally_part(value, sep, i, &v); i++) {
		struct where at = { k, 0, i + 1, 0 };

		if (spec->repeat != TALLY_UNBOUNDED && i == spec->repeat) {
			report(c, TALLY_F_repetition_excess, at, spec->element,
			    v, "no more repetitions");
			return;
		}
		if (v.n > 0)
			check_one(c, spec, v, at);
	}
}

static void
check_excess(const struct segment_check *c, unsigned nuse)
{
	for (uint32_t k = nuse + 1; k <= c->segment->n; k++) {
		struct tally_str v = tally_element(c->set, c->segment, k);
		char words[48];

		if (v.n == 0)
			continue;
		snprintf(words, sizeof(words), "at most %u elements", nuse);
		report(c, TALLY_F_element_excess,
		    (struct where){ k < UINT16_MAX ? k : UINT16_MAX, 0, 0, 0 },
		    NULL, v, words);
		return;
	}
}

static void
check_trailing(const struct segment_check *c)
{
	uint32_t n = c->segment->n;

	if (n == 0 || c->noted->trailing ||
	    tally_element(c->set, c->segment, n).n > 0)
		return;
	c->noted->trailing = true;
	report(c, TALLY_F_trailing_separators,
	    (struct where){ n < UINT16_MAX ? n : UINT16_MAX, 0, 0, 0 }, NULL,
	    tally_str("", 0), "a value, or no separator");
}

static void
check_missing(const struct segment_check *c, uint64_t missing)
{
	for (; missing != 0; missing &= missing - 1) {
		unsigned k = lowest(missing);

		report(c, TALLY_F_element_missing, (struct where){ k, 0, 0, 0 },
		    c->class->spec->use[k - 1].element, tally_str("", 0),
		    "a value");
	}
}

/* A value that is not plainly right. */
static void
check_value(const struct segment_check *c, unsigned k)
{
	const struct tally_value_spec *spec = &c->class->value[k - 1];
	struct tally_str v = tally_element(c->set, c->segment, k);
	enum tally_finding_kind kind;

	if (c->composed || spec->type == TALLY_COMPOSITE) {
		check_long_way(c, spec, v, k);
		return;
	}
	kind = tally_value_test(spec, v, true);
	if (kind != TALLY_FINDING_NONE)
		report_value(c, kind, (struct where){ k, 0, 0, 0 },
		    &c->class->spec->use[k - 1], v);
}

/* What is missing among the elements; whether nothing is. */
static bool
check_presence(const struct segment_check *c, uint64_t present)
{
	const struct tally_segment_spec *spec = c->class->spec;
	uint64_t missing = c->class->required & ~present;

	if (missing != 0)
		check_missing(c, missing);
	return !check_notes(c, spec->note, spec->nnote, spec->use, present,
		   missing, (struct where){ 0, 0, 0, 0 }) &&
	    missing == 0;
}

bool
segment_check(
    const struct segment_check *c, uint64_t present, uint64_t doubtful)
{
	unsigned nuse = c->class->spec->nuse;
	bool complete;

	for (; doubtful != 0; doubtful &= doubtful - 1)
		check_value(c, lowest(doubtful));
	complete = check_presence(c, present);
	if (c->segment->n > nuse)
		check_excess(c, nuse);
	check_trailing(c);
	return complete;
}

void
segment_check_digits(const struct segment_check *c, uint64_t qualifiers)
{
	const struct tally_separators *sep = &c->set->separators;
	char expected[CHECK_DIGIT_WORDS];
	enum tally_check check;
	struct tally_str v;

	for (; qualifiers != 0; qualifiers &= qualifiers - 1) {
		unsigned k = lowest(qualifiers);

		check = tally_value_check_behind(&c->class->value[k - 1],
		    tally_element(c->set, c->segment, k));
		v = tally_str_rtrim(tally_element(c->set, c->segment, k + 1));
		if (check == TALLY_CHECK_NONE || v.n == 0 ||
		    tally_check_digit_right(check, v, expected) ||
		    contains(v, sep->component) ||
		    contains(v, sep->repetition) ||
		    test(c, &c->class->value[k], v) != TALLY_FINDING_NONE)
			continue;
		report(c, TALLY_F_check_digit, (struct where){ k + 1, 0, 0, 0 },
		    c->class->spec->use[k].element, v, expected);
	}
}

void
segment_check_from(const struct segment_check *c, unsigned k)
{
	const struct tally_segment_spec *spec = c->class->spec;

	for (; k <= spec->nuse && k <= c->segment->n; k++) {
		struct tally_str v = tally_element(c->set, c->segment, k);

		if (v.n > 0)
			check_long_way(c, &c->class->value[k - 1], v, k);
	}
	if (c->segment->n > spec->nuse)
		check_excess(c, spec->nuse);
	check_trailing(c);
}
