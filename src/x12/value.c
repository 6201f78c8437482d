/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element values against the dictionary (X12.6, 3.5): see value.h.
 *
 * One value has at most one fault: length first, then characters and form,
 * then codes.
 */
#include "x12/value.h"

#include "base/word.h"
#include "tallyman/x12.h"

/* Codes longer than eight bytes do not exist in X12's ID elements. */
static const struct tally_code_set *
make_codes(struct tally_arena *a, const struct tally_element *e)
{
	struct tally_code_set *c = tally_arena_alloc(a, sizeof(*c));
	uint32_t bits = 2;
	uint64_t *slot, key;
	uint8_t *check = NULL;
	uint32_t i;

	while ((UINT32_C(1) << bits) < 2 * e->ncode)
		bits++;
	slot = tally_arena_alloc(a, sizeof(*slot) << bits);
	if (e->checks)
		check = tally_arena_alloc(a, UINT32_C(1) << bits);
	if (c == NULL || slot == NULL || (e->checks && check == NULL))
		return NULL;
	memset(slot, 0, sizeof(*slot) << bits);
	if (check != NULL)
		memset(check, TALLY_CHECK_NONE, UINT32_C(1) << bits);
	*c = (struct tally_code_set){ slot, 64 - bits,
		(UINT32_C(1) << bits) - 1, check };
	for (uint32_t k = 0; k < e->ncode; k++) {
		key = word_of(e->code[k].code, strlen(e->code[k].code));
		i = tally_code_slot(c, key);
		slot[i] = key;
		if (check != NULL)
			check[i] = e->code[k].check;
	}
	return c;
}

static const struct tally_code_set *
codes_of(struct tally_value_specs *vs, const struct tally_element *e)
{
	const struct tally_code_set *c;

	for (size_t i = 0; i < vs->nknown; i++)
		if (vs->known[i].element == e)
			return vs->known[i].codes;
	c = make_codes(vs->arena, e);
	if (c == NULL)
		return NULL;
	if (vs->nknown == vs->cap) {
		size_t cap = vs->cap != 0 ? 2 * vs->cap : 32;
		void *p = tally_realloc(vs->known, cap * sizeof(*vs->known));

		if (p == NULL)
			return NULL;
		vs->known = p;
		vs->cap = cap;
	}
	vs->known[vs->nknown].element = e;
	vs->known[vs->nknown++].codes = c;
	return c;
}

static bool
fill(struct tally_value_specs *vs, struct tally_value_spec *v,
    const struct tally_use *u)
{
	const struct tally_element *e = u->element;

	*v = (struct tally_value_spec){
		.element = e,
		.min = e->min,
		.max = e->max,
		.type = e->type,
		.repeat = u->repeat,
	};
	if (e->ncode > 0) {
		v->codes = codes_of(vs, e);
		if (v->codes == NULL)
			return false;
	}
	return true;
}

const struct tally_value_spec *
tally_value_specs_make(
    struct tally_value_specs *vs, const struct tally_use *use, size_t n)
{
	struct tally_value_spec *v, *c;

	v = tally_arena_alloc(vs->arena, (n + 1) * sizeof(*v));
	if (v == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const struct tally_element *e = use[i].element;

		if (!fill(vs, &v[i], &use[i]))
			return NULL;
		if (e->type != TALLY_COMPOSITE)
			continue;
		c = tally_arena_alloc(vs->arena, (e->nuse + 1u) * sizeof(*c));
		if (c == NULL)
			return NULL;
		for (size_t k = 0; k < e->nuse; k++)
			if (!fill(vs, &c[k], &e->use[k]))
				return NULL;
		v[i].component = c;
	}
	return v;
}

void
tally_value_specs_free(struct tally_value_specs *vs)
{
	tally_free(vs->known);
}

static enum tally_finding_kind
length(size_t n, uint32_t min, uint32_t max)
{
	if (n < min)
		return TALLY_F_element_too_short;
	if (n > max)
		return TALLY_F_element_too_long;
	return TALLY_FINDING_NONE;
}

static bool
digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* Characters of a text, not bytes: UTF-8 continuation bytes do not count.
 * Bytes that are no UTF-8 count one each, as in one-byte character sets. */
static size_t
characters(struct tally_str v)
{
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += ((unsigned char)v.p[i] & 0xc0) != 0x80;
	return n;
}

/* A mask with the top bit of each byte of x that is a control character or
 * not ASCII.  Carries cross bytes only behind one that is marked already. */
static uint64_t
odd_bytes(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	return ((x - ones * 0x20) | (x + ones) | x) & (ones * 0x80);
}

/* Whether every byte is printable ASCII. */
static bool
plain(struct tally_str v, bool padded)
{
	uint64_t x;
	size_t i = 0;

	for (; i + 8 <= v.n; i += 8) {
		memcpy(&x, v.p + i, 8);
		if (odd_bytes(x) != 0)
			return false;
	}
	if (i == v.n)
		return true;
	if (padded && WORD_LITTLE_ENDIAN) {
		memcpy(&x, v.p + i, 8);
		/* The value's bytes are the low ones: fill up with blanks. */
		x = x << 8 * (8 - (v.n - i)) |
		    (UINT64_C(0x2020202020202020) >> 8 * (v.n - i));
		return odd_bytes(x) == 0;
	}
	for (; i < v.n; i++)
		if ((unsigned char)v.p[i] < 0x20 ||
		    (unsigned char)v.p[i] > 0x7e)
			return false;
	return true;
}

static enum tally_finding_kind
text(const struct tally_value_spec *s, struct tally_str v, bool padded)
{
	if (plain(v, padded))
		return length(v.n, s->min, s->max);
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
			return TALLY_F_element_character;
	return length(characters(v), s->min, s->max);
}

/* What a value is that the list of e has not. */
static enum tally_finding_kind
missing_code(const struct tally_element *e)
{
	return e->open ? TALLY_F_code_unlisted : TALLY_F_element_code;
}

static enum tally_finding_kind
code(const struct tally_value_spec *s, struct tally_str v, bool padded)
{
	enum tally_finding_kind kind;

	/* A code of the list is right in every other way, too. */
	if (s->codes != NULL && v.n <= 8 &&
	    tally_code_known(s->codes, word_of(v.p, v.n)))
		return TALLY_FINDING_NONE;
	/* Blanks at the right only fill up (X12.6, 3.5.1.4). */
	while (v.n > s->min && v.p[v.n - 1] == ' ')
		v.n--;
	kind = text(s, v, padded);
	if (kind != TALLY_FINDING_NONE || s->codes == NULL ||
	    (v.n <= 8 && tally_code_known(s->codes, word_of(v.p, v.n))))
		return kind;
	return missing_code(s->element);
}

/* Nn: digits with a sign in front; the sign does not count (3.5.1.1). */
static enum tally_finding_kind
number(const struct tally_value_spec *s, struct tally_str v)
{
	size_t i = v.n > 0 && v.p[0] == '-';
	size_t n = v.n - i;

	for (; i < v.n; i++)
		if (!digit(v.p[i]))
			return TALLY_F_element_character;
	if (n == 0)
		return TALLY_F_element_character;
	return length(n, s->min, s->max);
}

/* R: sign, digits with at most one point, exponent; only digits count
 * (3.5.1.2). */
static enum tally_finding_kind
decimal(const struct tally_value_spec *s, struct tally_str v)
{
	size_t i = v.n > 0 && v.p[0] == '-';
	size_t n = 0, mantissa;
	bool point = false;

	for (; i < v.n && (digit(v.p[i]) || (v.p[i] == '.' && !point)); i++) {
		if (v.p[i] == '.')
			point = true;
		else
			n++;
	}
	mantissa = n;
	if (mantissa > 0 && i < v.n && v.p[i] == 'E') {
		i++;
		if (i < v.n && v.p[i] == '-')
			i++;
		if (i == v.n)
			return TALLY_F_element_character;
		for (; i < v.n && digit(v.p[i]); i++)
			n++;
	}
	if (i < v.n || mantissa == 0)
		return TALLY_F_element_character;
	return length(n, s->min, s->max);
}

static unsigned
two(const char *p)
{
	return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

static bool
digits(struct tally_str v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!digit(v.p[i]))
			return false;
	return true;
}

static enum tally_finding_kind
date(const struct tally_value_spec *s, struct tally_str v)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31,
		30, 31, 30, 31 };
	enum tally_finding_kind kind = length(v.n, s->min, s->max);
	unsigned year, month, day;

	if (kind != TALLY_FINDING_NONE)
		return kind;
	if (!digits(v) || (v.n != 6 && v.n != 8))
		return TALLY_F_element_date;
	year = v.n == 8 ? two(v.p) * 100 + two(v.p + 2) : 2000 + two(v.p);
	month = two(v.p + v.n - 4);
	day = two(v.p + v.n - 2);
	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return TALLY_F_element_date;
	if (month == 2 && day == 29 &&
	    (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return TALLY_F_element_date;
	return TALLY_FINDING_NONE;
}

static enum tally_finding_kind
time_of_day(const struct tally_value_spec *s, struct tally_str v)
{
	enum tally_finding_kind kind = length(v.n, s->min, s->max);

	if (kind != TALLY_FINDING_NONE)
		return kind;
	if (!digits(v) || v.n < 4 || v.n == 5 || two(v.p) > 23 ||
	    two(v.p + 2) > 59 || (v.n >= 6 && two(v.p + 4) > 59))
		return TALLY_F_element_time;
	return TALLY_FINDING_NONE;
}

enum tally_finding_kind
tally_value_test(
    const struct tally_value_spec *s, struct tally_str v, bool padded)
{
	switch ((enum tally_type)s->type) {
	case TALLY_AN:
		return text(s, v, padded);
	case TALLY_ID:
		return code(s, v, padded);
	case TALLY_DT:
		return date(s, v);
	case TALLY_TM:
		return time_of_day(s, v);
	case TALLY_R:
		return decimal(s, v);
	case TALLY_N:
		return number(s, v);
	case TALLY_B:
	case TALLY_COMPOSITE:
		break;
	}
	return length(v.n, s->min, s->max);
}

enum tally_check
tally_value_check_behind(
    const struct tally_value_spec *s, struct tally_str qualifier)
{
	const struct tally_code_set *c = s->codes;

	if (qualifier.n == 0 || qualifier.n > WORD_MAX)
		return TALLY_CHECK_NONE;
	return (enum tally_check)c->check[tally_code_slot(
	    c, word_of_padded(qualifier.p, qualifier.n))];
}

enum tally_finding_kind
tally_value_check(const struct tally_element *e, struct tally_str value)
{
	struct tally_value_spec s = {
		.element = e, .min = e->min, .max = e->max, .type = e->type
	};
	enum tally_finding_kind kind = tally_value_test(&s, value, false);

	if (kind == TALLY_FINDING_NONE && e->type == TALLY_ID && e->ncode > 0 &&
	    tally_code_find(e, tally_str_rtrim(value)) == NULL)
		kind = missing_code(e);
	return kind;
}
