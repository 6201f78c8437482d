/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element values against the dictionary (X12.6, 3.5): see value.h.
 *
 * One value has at most one fault: length first, then characters and form,
 * then codes.
 */
#include "x12/value.h"

#include "base/check_digit.h"
#include "base/word.h"
#include "tallyman/x12.h"

static uint32_t
hash(uint64_t key, uint32_t shift)
{
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> shift);
}

/* The slot that has the code, or else an empty one. */
static uint32_t
code_slot(const struct tally_code_set *c, uint64_t key)
{
	uint32_t i = hash(key, c->shift);

	while (c->slot[i] != 0 && c->slot[i] != key)
		i = (i + 1) & c->mask;
	return i;
}

static bool
code_known(const struct tally_code_set *c, uint64_t key)
{
	return c->slot[code_slot(c, key)] != 0;
}

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
		i = code_slot(c, key);
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
	    code_known(s->codes, word_of(v.p, v.n)))
		return TALLY_FINDING_NONE;
	/* Blanks at the right only fill up (X12.6, 3.5.1.4). */
	while (v.n > s->min && v.p[v.n - 1] == ' ')
		v.n--;
	kind = text(s, v, padded);
	if (kind != TALLY_FINDING_NONE || s->codes == NULL ||
	    (v.n <= 8 && code_known(s->codes, word_of(v.p, v.n))))
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

/* --- the quick way: up to eight bytes as one word --- */

#define ONES UINT64_C(0x0101010101010101)

static bool
within(size_t n, const struct tally_value_spec *s)
{
	return n >= s->min && n <= s->max;
}

/* Numbers, dates and times: n digits, of which x has '0' taken off. */
static bool
digits_right(const struct tally_value_spec *s, uint64_t x, size_t n)
{
	uint64_t twos = x * 10 + (x >> 8); /* of each byte and the next one */
	unsigned month, day;

	switch ((enum tally_type)s->type) {
	case TALLY_R:
	case TALLY_N:
		return true;
	case TALLY_DT:
		if (n != 6 && n != 8)
			return false;
		month = twos >> 8 * (n - 4) & 0xff;
		day = twos >> 8 * (n - 2) & 0xff;
		return month - 1 < 12 && day - 1 < 28; /* every month has it */
	case TALLY_TM:
		return (twos & 0xff) < 24 && (twos >> 16 & 0xff) < 60 &&
		    (n == 4 || (n >= 6 && (twos >> 32 & 0xff) < 60));
	default:
		return false;
	}
}

/* What is seen at once of a value. */
enum looks { DOUBTFUL, RIGHT, RIGHT_BUT_ODD };

static enum looks
looks(bool right, bool odd)
{
	return !right ? DOUBTFUL : odd ? RIGHT_BUT_ODD : RIGHT;
}

static enum looks
numeric_looks(const struct tally_value_spec *s, const char *p, uint32_t n)
{
	uint64_t x, odd;
	unsigned behind; /* the point */

	if (n > 8 || !WORD_LITTLE_ENDIAN)
		return DOUBTFUL;
	memcpy(&x, p, 8);
	x ^= ONES * '0';
	odd = word_no_digits(x) << (64 - 8 * n);
	if (odd == 0)
		return looks(
		    within(n, s) && digits_right(s, x, n), *p == '0' && n > 1);
	/* a decimal with its point */
	behind = (unsigned)__builtin_clzll(odd) / 8;
	return looks(s->type == TALLY_R && (odd & (odd - 1)) == 0 &&
		p[n - 1 - behind] == '.' && n > 1 && within(n - 1, s),
	    behind == 0 || *p == '.' || (*p == '0' && p[1] != '.'));
}

static enum looks
value_looks(const struct tally_value_spec *s, const char *p, uint32_t n,
    bool plain_text)
{
	switch ((enum tally_type)s->type) {
	case TALLY_ID:
		if (s->codes != NULL)
			return looks(n <= 8 &&
				code_known(s->codes, word_of_padded(p, n)),
			    false);
		/* fall through */
	case TALLY_AN:
		return looks(plain_text && within(n, s), p[n - 1] == ' ');
	case TALLY_DT:
	case TALLY_TM:
	case TALLY_R:
	case TALLY_N:
		return numeric_looks(s, p, n);
	case TALLY_B:
	case TALLY_COMPOSITE:
		break;
	}
	return DOUBTFUL;
}

uint64_t
tally_values_look(const struct tally_value_spec *spec, unsigned nspec,
    const char *bytes, const uint32_t *pos, uint32_t n, bool plain_text,
    uint64_t *doubtful, uint64_t *odd)
{
	uint64_t present = 0, wrong = 0, other = 0, bit = 2;
	uint32_t from = pos[0] + 1, len;
	enum looks seen;

	if (n > nspec)
		n = nspec;
	for (uint32_t k = 1; k <= n; k++, spec++, bit <<= 1) {
		len = pos[k] - from;
		if (len > 0) {
			present |= bit;
			seen = value_looks(spec, bytes + from, len, plain_text);
			if (seen != RIGHT)
				other |= bit;
			if (seen == DOUBTFUL)
				wrong |= bit;
		}
		from = pos[k] + 1;
	}
	*doubtful = wrong;
	*odd = other;
	return present;
}

enum tally_check
tally_value_check_behind(
    const struct tally_value_spec *s, struct tally_str qualifier)
{
	const struct tally_code_set *c = s->codes;

	if (qualifier.n == 0 || qualifier.n > WORD_MAX)
		return TALLY_CHECK_NONE;
	return (enum tally_check)
	    c->check[code_slot(c, word_of_padded(qualifier.p, qualifier.n))];
}

uint64_t
tally_values_check(const struct tally_value_spec *spec, const char *bytes,
    const uint32_t *pos, uint64_t qualifiers)
{
	uint64_t wrong = 0;
	enum tally_check check;
	uint32_t from, to;
	unsigned k;

	for (; qualifiers != 0; qualifiers &= qualifiers - 1) {
		k = (unsigned)__builtin_ctzll(qualifiers);
		from = pos[k - 1] + 1;
		to = pos[k];
		check = tally_value_check_behind(
		    &spec[k - 1], tally_str(bytes + from, to - from));
		if (check != TALLY_CHECK_NONE &&
		    !tally_check_digit_plain(
			check, tally_str(bytes + to + 1, pos[k + 1] - to - 1)))
			wrong |= UINT64_C(1) << k;
	}
	return wrong;
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
