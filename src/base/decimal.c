/* SPDX-License-Identifier: Apache-2.0 */
/* Exact decimals; see decimal.h. */
#include "base/decimal.h"

#include "base/word.h"

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

/* Up to eight bytes, the first of them lowest, with zeros behind them. */
static inline uint64_t
load_digits(const char *p, size_t n)
{
	const uint64_t zeros = UINT64_C(0x3030303030303030);
	uint32_t head, tail;
	uint64_t x;

	if (n < sizeof(head)) {
		x = (unsigned char)p[0] |
		    (uint64_t)(unsigned char)p[n / 2] << 8 * (n / 2) |
		    (uint64_t)(unsigned char)p[n - 1] << 8 * (n - 1);
	} else {
		memcpy(&head, p, sizeof(head));
		memcpy(&tail, p + n - sizeof(tail), sizeof(tail));
		x = head | (uint64_t)tail << 8 * (n - sizeof(tail));
	}
	return x | zeros << 4 * n << 4 * n;
}

/* The same as below of up to eight bytes, of which the point, if there is one,
 * is the only one that is no digit. */
static bool
is_plain_word(const char *p, size_t n)
{
	uint64_t x = load_digits(p, n);
	uint64_t other = word_no_digits(x ^ UINT64_C(0x3030303030303030));
	unsigned point = 8 * WORD_MAX;

	if (other != 0) {
		point = (unsigned)__builtin_ctzll(other) & ~7u;
		if ((other & (other - 1)) != 0 || point == 0 ||
		    point == 8 * (n - 1) || (x >> point & 0xff) != '.')
			return false;
	}
	return (x & 0xff) != '0' || n == 1 || point == 8;
}

bool
tally_decimal_plain(struct tally_str s)
{
	size_t i = 0;

	if (WORD_LITTLE_ENDIAN && s.n > 0 && s.n <= WORD_MAX)
		return is_plain_word(s.p, s.n);

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

size_t
tally_decimal_to_n(char out[TALLY_DECIMAL_MAX], struct tally_str s, unsigned n)
{
	struct number x = { .n = 0 };
	const char *p = s.p, *end = s.p + s.n;
	bool negative = s.n > 0 && *p == '-';

	p += negative;
	if (s.n > DIGITS_MAX || !read_digits(&x, &p, end) || p < end)
		return 0;
	for (; x.scale > (int)n && x.n > 0 && x.digit[x.n - 1] == '0'; x.n--)
		x.scale--;
	if (x.n > 0 && x.scale > (int)n)
		return 0;
	x.negative = negative;
	x.scale -= (int)n;
	if (x.n == 0)
		x.scale = 0;
	return write_number(out, &x);
}

/* Adds one digit at a place, and what it carries to the places above. */
static bool
add_digit(unsigned char *d, size_t at, unsigned v)
{
	for (; v > 0; at++) {
		if (at == TALLY_SUM_DIGITS)
			return false;
		v += d[at];
		d[at] = (unsigned char)(v % 10);
		v /= 10;
	}
	return true;
}

void
tally_sum_add(struct tally_sum *sum, struct tally_str s)
{
	size_t sign = s.n > 0 && *s.p == '-';
	const char *point = memchr(s.p, '.', s.n);
	size_t scale = point != NULL ? (size_t)(s.p + s.n - point - 1) : 0;
	size_t at = TALLY_SUM_SCALE - scale;

	if (scale > TALLY_SUM_SCALE) {
		sum->failed = true;
		return;
	}
	if (scale > sum->scale)
		sum->scale = (unsigned)scale;
	for (size_t i = s.n; i-- > sign;)
		if (s.p[i] != '.' &&
		    !add_digit(
			sum->digit[sign], at++, (unsigned)(s.p[i] - '0')))
			sum->failed = true;
	if (at > sum->top)
		sum->top = at < TALLY_SUM_DIGITS ? at : TALLY_SUM_DIGITS;
	while (sum->top < TALLY_SUM_DIGITS && sum->digit[sign][sum->top] != 0)
		sum->top++;
}

/* The larger less the smaller; true when that is below zero. */
static bool
subtract(unsigned char out[TALLY_SUM_DIGITS], const struct tally_sum *sum)
{
	const unsigned char *a = sum->digit[0], *b = sum->digit[1], *t;
	size_t i = sum->top;
	bool negative;
	int borrow = 0, v;

	while (i > 0 && a[i - 1] == b[i - 1])
		i--;
	negative = i > 0 && a[i - 1] < b[i - 1];
	if (negative) {
		t = a;
		a = b;
		b = t;
	}
	memset(out, 0, TALLY_SUM_DIGITS);
	for (i = TALLY_SUM_SCALE - sum->scale; i < sum->top; i++) {
		v = a[i] - b[i] - borrow;
		borrow = v < 0;
		out[i] = (unsigned char)(borrow ? v + 10 : v);
	}
	return negative;
}

size_t
tally_sum_text(const struct tally_sum *sum, char out[TALLY_DECIMAL_MAX])
{
	unsigned char digit[TALLY_SUM_DIGITS];
	bool negative = subtract(digit, sum);
	size_t last = TALLY_SUM_SCALE - sum->scale, top = sum->top;
	char *o = out;

	if (top < TALLY_SUM_SCALE + 1)
		top = TALLY_SUM_SCALE + 1;
	while (top > TALLY_SUM_SCALE + 1 && digit[top - 1] == 0)
		top--;
	if (sum->failed || top - last + 2 > TALLY_DECIMAL_MAX)
		return 0;
	if (negative)
		*o++ = '-';
	while (top-- > last) {
		*o++ = (char)('0' + digit[top]);
		if (top == TALLY_SUM_SCALE && last < top)
			*o++ = '.';
	}
	return (size_t)(o - out);
}

bool
tally_decimal_same(struct tally_str a, struct tally_str b)
{
	struct tally_str *v[2] = { &a, &b };

	for (int i = 0; i < 2; i++) {
		if (memchr(v[i]->p, '.', v[i]->n) == NULL)
			continue;
		while (v[i]->p[v[i]->n - 1] == '0')
			v[i]->n--;
		if (v[i]->p[v[i]->n - 1] == '.')
			v[i]->n--;
	}
	return tally_str_eq(a, b);
}

size_t
tally_decimal_count(char out[TALLY_DECIMAL_MAX], uint64_t n)
{
	size_t digits = 1;

	for (uint64_t rest = n; rest > 9; rest /= 10)
		digits++;
	for (size_t i = digits; i > 0; n /= 10)
		out[--i] = (char)('0' + n % 10);
	return digits;
}
