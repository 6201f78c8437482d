/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check digits; see check_digit.h.
 *
 * GS1's: the digits from the right, the check digit left out, count three
 * times and once in turn; with the check digit they come to a multiple of ten.
 * ISBN's of ten digits: they count once, twice and so on from the right, and
 * come to a multiple of eleven; ten is the letter X.
 *
 * Most numbers are right, which is seen a word at a time from the right, with
 * what is left in front as the end of a word; others are looked at digit by
 * digit.
 */
#include "base/check_digit.h"

#include <stdio.h>

#include "base/word.h"

/* A length that numbers of a kind have, and what stands in front of them. */
struct form {
	size_t digits;
	const char *prefix;
	unsigned modulus;
};

#define FORMS_MAX 4

/* Kinds of numbers: name, what is expected of their digits, forms. */
static const struct {
	const char *name, *expected;
	struct form form[FORMS_MAX];
} kinds[] = {
	[TALLY_CHECK_NONE] = { "none", "", { { 0, "", 0 } } },
	[TALLY_CHECK_GTIN] = { "gtin", "8, 12, 13 or 14 digits",
	    { { 8, "", 10 }, { 12, "", 10 }, { 13, "", 10 }, { 14, "", 10 } } },
	[TALLY_CHECK_SSCC] = { "sscc", "18 digits, or 00 and 18 digits",
	    { { 18, "", 10 }, { 20, "00", 10 } } },
	[TALLY_CHECK_ISBN] = { "isbn",
	    "13 digits, or 10 of which X can be last",
	    { { 10, "", 11 }, { 13, "", 10 } } },
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

bool
tally_check_digit_find(struct tally_str name, enum tally_check *check)
{
	for (size_t k = 0; k < NKINDS; k++)
		if (tally_str_eq(tally_cstr(kinds[k].name), name)) {
			*check = (enum tally_check)k;
			return true;
		}
	return false;
}

bool
tally_check_digit_plain(enum tally_check kind, struct tally_str number)
{
	/* lengths of numbers that have nothing else to them */
	static const uint32_t plain[] = {
		[TALLY_CHECK_NONE] = 0,
		[TALLY_CHECK_GTIN] = 1u << 8 | 1u << 12 | 1u << 13 | 1u << 14,
		[TALLY_CHECK_SSCC] = 1u << 18,
		[TALLY_CHECK_ISBN] = 1u << 13,
	};
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t other = UINT64_C(0x00ff00ff00ff00ff);
	uint64_t x, sums = 0, odd = 0;
	size_t left;

	if (kind == TALLY_CHECK_SSCC && number.n == 20 && number.p[0] == '0' &&
	    number.p[1] == '0')
		number = tally_str(number.p + 2, 18);
	left = number.n;
	if (!WORD_LITTLE_ENDIAN || left > 31 || !(plain[kind] >> left & 1))
		return false;
	for (; left > 0; left -= WORD_MAX) {
		if (left < WORD_MAX) {
			memcpy(&x, number.p, WORD_MAX);
			x = (x ^ ones * '0') << 8 * (WORD_MAX - left);
			left = WORD_MAX;
		} else {
			memcpy(&x, number.p + left - WORD_MAX, WORD_MAX);
			x ^= ones * '0';
		}
		odd |= x | (x + ones * 0x76); /* bytes that are no digits */
		sums += (x & other) * 3 + (x >> 8 & other);
	}
	return (odd & ones * 0x80) == 0 &&
	    (sums * UINT64_C(0x0001000100010001) >> 48) % 10 == 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct form *
form_of(enum tally_check kind, struct tally_str number)
{
	const struct form *f = kinds[kind].form;
	char last = number.n > 0 ? number.p[number.n - 1] : '\0';

	for (size_t i = 0; i + 1 < number.n; i++)
		if (!is_digit(number.p[i]))
			return NULL;
	for (size_t i = 0; i < FORMS_MAX && f[i].digits > 0; i++)
		if (f[i].digits == number.n &&
		    strncmp(number.p, f[i].prefix, strlen(f[i].prefix)) == 0 &&
		    (is_digit(last) || (last == 'X' && f[i].modulus == 11)))
			return &f[i];
	return NULL;
}

/* What the last digit has to be; ten is X. */
static unsigned
last_digit(const struct form *f, struct tally_str number)
{
	unsigned sum = 0, weight = f->modulus == 11 ? 2 : 3;

	for (size_t i = number.n - 1; i-- > 0;) {
		sum += weight * (unsigned)(number.p[i] - '0');
		weight = f->modulus == 11 ? weight + 1 : 4 - weight;
	}
	return (f->modulus - sum % f->modulus) % f->modulus;
}

bool
tally_check_digit_right(enum tally_check kind, struct tally_str number,
    char expected[CHECK_DIGIT_WORDS])
{
	const struct form *f = form_of(kind, number);
	char last;

	if (f == NULL) {
		snprintf(
		    expected, CHECK_DIGIT_WORDS, "%s", kinds[kind].expected);
		return false;
	}
	last = "0123456789X"[last_digit(f, number)];
	if (number.p[number.n - 1] == last)
		return true;
	snprintf(
	    expected, CHECK_DIGIT_WORDS, "the check digit %c at the end", last);
	return false;
}
