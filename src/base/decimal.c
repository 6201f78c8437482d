/* SPDX-License-Identifier: Apache-2.0 */
/* Exact decimals; see decimal.h. */
#include "base/decimal.h"

#define DIGITS_MAX   64
#define EXPONENT_MAX 40

/* A number taken apart: digits, and how many of them are behind the point
 * (negative: zeros to be put behind the digits). */
struct number {
	bool negative;
	char digit[DIGITS_MAX];
	int n, scale;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits with at most one point among them; moves *p behind them. */
static bool
read_digits(struct number *x, const char **p, const char *end)
{
	bool point = false, any = false;

	for (; *p < end; ++*p) {
		if (**p == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(**p))
			break;
		any = true;
		if (point)
			x->scale++;
		if (x->n == 0 && **p == '0')
			continue;
		if (x->n == DIGITS_MAX)
			return false;
		x->digit[x->n++] = **p;
	}
	return any;
}

static bool
read_exponent(struct number *x, const char *p, const char *end)
{
	int exponent = 0;
	bool negative = false;

	if (p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	if (p == end)
		return false;
	for (; p < end; p++) {
		if (!is_digit(*p))
			return false;
		exponent = exponent * 10 + (*p - '0');
		if (exponent > EXPONENT_MAX)
			return false;
	}
	x->scale += negative ? exponent : -exponent;
	return true;
}

static size_t
write_number(char *out, const struct number *x)
{
	char *o = out;
	int whole = x->n - x->scale; /* digits before the point */

	if (whole > TALLY_DECIMAL_MAX - 4 || x->scale > TALLY_DECIMAL_MAX - 4)
		return 0;
	if (x->negative && x->n > 0)
		*o++ = '-';
	if (x->n == 0 || whole <= 0)
		*o++ = '0';
	for (int i = 0; x->n > 0 && i < whole; i++)
		*o++ = i < x->n ? x->digit[i] : '0';
	if (x->scale > 0) {
		*o++ = '.';
		for (int i = x->n - x->scale; i < x->n; i++)
			*o++ = i < 0 ? '0' : x->digit[i];
	}
	return (size_t)(o - out);
}

size_t
tally_decimal_r(char out[TALLY_DECIMAL_MAX], struct tally_str s)
{
	struct number x = { .n = 0 };
	const char *p = s.p, *end = s.p + s.n;

	if (s.n == 0 || s.n > DIGITS_MAX)
		return 0;
	if (*p == '-' || *p == '+')
		x.negative = *p++ == '-';
	if (!read_digits(&x, &p, end))
		return 0;
	if (p < end && (*p == 'E' || *p == 'e')) {
		if (!read_exponent(&x, p + 1, end))
			return 0;
	} else if (p < end) {
		return 0;
	}
	return write_number(out, &x);
}

size_t
tally_decimal_n(char out[TALLY_DECIMAL_MAX], struct tally_str s, unsigned n)
{
	struct number x = { .n = 0 };
	const char *p = s.p, *end = s.p + s.n;

	if (s.n == 0 || s.n > DIGITS_MAX)
		return 0;
	if (*p == '-' || *p == '+')
		x.negative = *p++ == '-';
	if (!read_digits(&x, &p, end) || p < end || x.scale > 0 ||
	    end[-1] == '.')
		return 0;
	x.scale = (int)n;
	return write_number(out, &x);
}

bool
tally_decimal_plain(struct tally_str s)
{
	size_t i = 0;

	if (s.n == 0 || s.n > DIGITS_MAX ||
	    (s.p[0] == '0' && s.n > 1 && s.p[1] != '.'))
		return false;
	while (i < s.n && is_digit(s.p[i]))
		i++;
	if (i == s.n)
		return true;
	if (i == 0 || s.p[i] != '.' || i + 1 == s.n)
		return false;
	for (i++; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}
