/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and times; see date.h. */
#include "base/date.h"

#include "base/word.h"

#define PIVOT 70

static int
digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static int
days(int year, int month)
{
	static const unsigned char of[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return of[month - 1] + (month == 2 && leap);
}

/* YYYYMMDD on a day that each month has, as nearly all dates are. */
static bool
is_plain_date(const char *p)
{
	uint64_t x, twos;

	if (!WORD_LITTLE_ENDIAN)
		return false;
	memcpy(&x, p, sizeof(x));
	x ^= UINT64_C(0x3030303030303030);
	if (word_no_digits(x) != 0)
		return false;
	twos = x * 10 + (x >> 8); /* of each byte and the next one */
	return (uint32_t)x != 0 && (twos >> 32 & 0xff) - 1 < 12 &&
	    (twos >> 48 & 0xff) - 1 < 28;
}

/* The year of a date whose month and day there are; 0 when there is none. */
static int
check_date(const char *p, int width)
{
	int year = digits(p, width), month = digits(p + width, 2);
	int day = digits(p + width + 2, 2);

	if (width == 2 && year >= 0)
		year += year >= PIVOT ? 1900 : 2000;
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
	    day > days(year, month))
		return 0;
	return year;
}

size_t
tally_date_iso(char out[TALLY_DATE_MAX], struct tally_str s)
{
	const char *p = s.p;
	int year;

	if (s.n == 8 && (is_plain_date(p) || check_date(p, 4) > 0)) {
		memcpy(out, p, 4);
		p += 4;
	} else if (s.n == 6 && (year = check_date(p, 2)) > 0) {
		memcpy(out, year < 2000 ? "19" : "20", 2);
		memcpy(out + 2, p, 2);
		p += 2;
	} else {
		return 0;
	}
	out[4] = '-';
	memcpy(out + 5, p, 2);
	out[7] = '-';
	memcpy(out + 8, p + 2, 2);
	return TALLY_DATE_MAX;
}

size_t
tally_time_iso(char out[TALLY_TIME_MAX], struct tally_str s)
{
	const char *p = s.p;
	size_t n = 0;

	if (s.n != 4 && (s.n < 6 || s.n > 8))
		return 0;
	if (digits(p, (int)s.n) < 0 || digits(p, 2) > 23 ||
	    digits(p + 2, 2) > 59 || (s.n > 4 && digits(p + 4, 2) > 59))
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		if (i == 2 || i == 4)
			out[n++] = ':';
		if (i == 6)
			out[n++] = '.';
		out[n++] = p[i];
	}
	return n;
}

/* The digits of a value whose other bytes are as in form; 0 when they are
 * not, or there are too many. */
static size_t
take_digits(char out[8], struct tally_str s, const char *form)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (form[i] == '0' && s.p[i] >= '0' && s.p[i] <= '9')
			out[n++] = s.p[i];
		else if (form[i] == '0' || form[i] != s.p[i])
			return 0;
	}
	return n;
}

size_t
tally_date_x12(char out[8], struct tally_str s, size_t max)
{
	char all[8], iso[TALLY_DATE_MAX];
	size_t n = max < 8 ? 6 : 8;

	if (n == 8 && s.n == TALLY_DATE_MAX && s.p[4] == '-' && s.p[7] == '-') {
		memcpy(out, s.p, 4);
		memcpy(out + 4, s.p + 5, 2);
		memcpy(out + 6, s.p + 8, 2);
		if (is_plain_date(out))
			return n;
	}
	if (s.n != TALLY_DATE_MAX || max < 6 ||
	    take_digits(all, s, "0000-00-00") != 8)
		return 0;
	memcpy(out, all + 8 - n, n);
	return tally_date_iso(iso, tally_str(out, n)) > 0 &&
		memcmp(iso, s.p, sizeof(iso)) == 0
	    ? n
	    : 0;
}

size_t
tally_time_x12(char out[8], struct tally_str s, size_t max)
{
	char iso[TALLY_TIME_MAX];
	size_t n;

	if (s.n > TALLY_TIME_MAX)
		return 0;
	n = take_digits(out, s, "00:00:00.00");
	return n <= max && tally_time_iso(iso, tally_str(out, n)) == s.n ? n
									 : 0;
}
