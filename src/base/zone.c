/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zones of time; see zone.h.
 *
 * Seconds have no leap seconds.
 */
#include "base/zone.h"

#include <stdio.h>
#include <string.h>

#include "base/days.h"
#include "base/zone_parts.h"

#define DAY  86400
#define HOUR 3600

/* --- days --- */

static int64_t
day_of(int64_t seconds)
{
	return seconds >= 0 ? seconds / DAY : (seconds - DAY + 1) / DAY;
}

static int
year_of(int64_t seconds)
{
	unsigned month, day;
	int year;

	tally_days_date(day_of(seconds), &year, &month, &day);
	return year;
}

/* --- offsets --- */

/* When a day of a rule is in a year, as seconds of local time. */
static int64_t
rule_time(const struct zone_day *r, int year)
{
	int64_t first, day;
	bool leap = tally_days_of(year, 3, 1) - tally_days_of(year, 2, 1) == 29;

	if (r->kind != 'M') {
		day = tally_days_of(year, 1, 1) + r->day;
		if (r->kind == 'J')
			day += (leap && r->day >= 60) - 1;
		return day * DAY + r->time;
	}
	first = tally_days_of(year, r->month, 1);
	/* 1970-01-01 was a Thursday */
	day =
	    first + (r->weekday + 7 - (first + 4) % 7) % 7 + (r->week - 1) * 7;
	if (day >= tally_days_of(year + r->month / 12, r->month % 12u + 1, 1))
		day -= 7;
	return day * DAY + r->time;
}

static int32_t
offset_by_rule(const struct tally_zone *z, int64_t at)
{
	int64_t begin, end;
	int year;

	if (z->standard == z->summer)
		return z->standard;
	year = year_of(at + z->standard);
	begin = rule_time(&z->begin, year) - z->standard;
	end = rule_time(&z->end, year) - z->summer;
	if (begin < end)
		return at >= begin && at < end ? z->summer : z->standard;
	return at >= end && at < begin ? z->standard : z->summer;
}

static int32_t
offset_at(const struct tally_zone *z, int64_t at)
{
	size_t low = 0, high = z->nchange, mid;

	if (z->nchange == 0 || at >= z->change[z->nchange - 1].at)
		return offset_by_rule(z, at);
	while (low < high) {
		mid = low + (high - low) / 2;
		if (z->change[mid].at <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? z->change[low - 1].offset : z->first;
}

/* The instant of a local time; clocks are not changed twice in two days. */
static int64_t
instant_of(const struct tally_zone *z, int64_t local)
{
	int32_t before = offset_at(z, local - DAY - z->standard);
	int32_t after = offset_at(z, local + DAY - z->standard);

	if (before == after || offset_at(z, local - before) == before)
		return local - before;
	if (offset_at(z, local - after) == after)
		return local - after;
	return local - before;
}

/* --- texts --- */

static bool
number(const char *p, size_t n, unsigned *v)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*v = *v * 10 + (unsigned)(p[i] - '0');
	}
	return true;
}

static bool
read_date(struct tally_str s, int64_t *days)
{
	unsigned y, m, d;

	if (s.n != TALLY_DATE_MAX || s.p[4] != '-' || s.p[7] != '-' ||
	    !number(s.p, 4, &y) || !number(s.p + 5, 2, &m) ||
	    !number(s.p + 8, 2, &d) || m < 1 || m > 12 || d < 1 || d > 31)
		return false;
	*days = tally_days_of(y, m, d);
	return true;
}

/* HH:MM with or without seconds, of which only whole ones count; what is
 * behind them is left in *s. */
static bool
read_time(struct tally_str *s, unsigned *seconds, bool *exact)
{
	unsigned h, m, sec = 0;

	if (s->n < 5 || s->p[2] != ':' || !number(s->p, 2, &h) ||
	    !number(s->p + 3, 2, &m) || h > 23 || m > 59)
		return false;
	*exact = s->n >= 8 && s->p[5] == ':';
	if (*exact && (!number(s->p + 6, 2, &sec) || sec > 59))
		return false;
	*s = tally_str(s->p + (*exact ? 8 : 5), s->n - (*exact ? 8 : 5));
	*seconds = h * HOUR + m * 60 + sec;
	return true;
}

/* What may stand behind seconds: a point and up to two digits. */
static bool
is_fraction(struct tally_str s)
{
	unsigned v;

	return s.n == 0 ||
	    (s.n >= 2 && s.n <= 3 && s.p[0] == '.' &&
		number(s.p + 1, s.n - 1, &v));
}

static size_t
put_date(char *out, int64_t days)
{
	unsigned month, day;
	char text[24];
	int year;

	tally_days_date(days, &year, &month, &day);
	if (year < 1 || year > 9999)
		return 0;
	snprintf(
	    text, sizeof(text), "%04d-%02u-%02u", year, month % 100, day % 100);
	memcpy(out, text, TALLY_DATE_MAX);
	return TALLY_DATE_MAX;
}

static size_t
put_time(char *out, unsigned seconds, bool exact, struct tally_str fraction)
{
	char text[24];
	size_t n = exact ? 8 : 5;

	snprintf(text, sizeof(text), "%02u:%02u:%02u", seconds / HOUR % 100,
	    seconds / 60 % 60, seconds % 60);
	memcpy(out, text, n);
	memcpy(out + n, fraction.p, fraction.n);
	return n + fraction.n;
}

size_t
tally_zone_instant(char out[TALLY_INSTANT_MAX], const struct tally_zone *z,
    struct tally_str date, struct tally_str time)
{
	unsigned seconds;
	int64_t days, at;
	bool exact;
	size_t n;

	if (!read_date(date, &days) || !read_time(&time, &seconds, &exact) ||
	    !is_fraction(time) || (time.n > 0 && !exact))
		return 0;
	at = instant_of(z, days * DAY + seconds);
	days = day_of(at);
	n = put_date(out, days);
	if (n == 0)
		return 0;
	out[n++] = 'T';
	n += put_time(out + n, (unsigned)(at - days * DAY), true, time);
	out[n++] = 'Z';
	return n;
}

bool
tally_zone_local(char date[TALLY_DATE_MAX], char time[TALLY_TIME_MAX],
    size_t *ntime, const struct tally_zone *z, struct tally_str s)
{
	struct tally_str rest;
	unsigned seconds;
	int64_t days, at;
	bool exact;

	if (s.n < TALLY_DATE_MAX + 7 || s.p[TALLY_DATE_MAX] != 'T' ||
	    s.p[s.n - 1] != 'Z')
		return false;
	rest = tally_str(s.p + TALLY_DATE_MAX + 1, s.n - TALLY_DATE_MAX - 2);
	if (!read_date(tally_str(s.p, TALLY_DATE_MAX), &days) ||
	    !read_time(&rest, &seconds, &exact) || !is_fraction(rest) ||
	    (rest.n > 0 && !exact))
		return false;
	at = days * DAY + seconds;
	at += offset_at(z, at);
	days = day_of(at);
	seconds = (unsigned)(at - days * DAY);
	exact = seconds % 60 != 0 || rest.n > 0;
	*ntime = put_time(time, seconds, exact, rest);
	return put_date(date, days) > 0;
}

/* --- codes of element 623 --- */

#define US_SUMMER \
	{ 'M', 3, 2, 0, 0, 2 * HOUR }, \
	{ \
		'M', 11, 1, 0, 0, 2 * HOUR \
	}
#define MINUTES(n) ((n)*60)
#define FIXED(n) \
	{ \
		.standard = MINUTES(n), .summer = MINUTES(n) \
	}
#define WITH_SUMMER(n) \
	{ \
		MINUTES(n), MINUTES((n) + 60), US_SUMMER, NULL, 0, 0 \
	}

static const struct {
	char code[3];
	struct tally_zone zone;
} codes[] = {
	{ "UT", FIXED(0) },
	{ "GM", FIXED(0) },
	/* what the clock shows, standard time, daylight time */
	{ "ET", WITH_SUMMER(-300) },
	{ "ES", FIXED(-300) },
	{ "ED", FIXED(-240) },
	{ "CT", WITH_SUMMER(-360) },
	{ "CS", FIXED(-360) },
	{ "CD", FIXED(-300) },
	{ "MT", WITH_SUMMER(-420) },
	{ "MS", FIXED(-420) },
	{ "MD", FIXED(-360) },
	{ "PT", WITH_SUMMER(-480) },
	{ "PS", FIXED(-480) },
	{ "PD", FIXED(-420) },
	{ "AT", WITH_SUMMER(-540) },
	{ "AS", FIXED(-540) },
	{ "AD", FIXED(-480) },
	{ "HT", FIXED(-600) }, /* Hawaii's; Adak has HS and HD */
	{ "HS", FIXED(-600) },
	{ "HD", FIXED(-540) },
	{ "TT", WITH_SUMMER(-240) },
	{ "TS", FIXED(-240) },
	{ "TD", FIXED(-180) },
	{ "NT", WITH_SUMMER(-210) },
	{ "NS", FIXED(-210) },
	{ "ND", FIXED(-150) },
	/* hours east, then, from 13 on, west, the farthest first */
	{ "01", FIXED(60) },
	{ "02", FIXED(120) },
	{ "03", FIXED(180) },
	{ "04", FIXED(240) },
	{ "05", FIXED(300) },
	{ "06", FIXED(360) },
	{ "07", FIXED(420) },
	{ "08", FIXED(480) },
	{ "09", FIXED(540) },
	{ "10", FIXED(600) },
	{ "11", FIXED(660) },
	{ "12", FIXED(720) },
	{ "13", FIXED(-720) },
	{ "14", FIXED(-660) },
	{ "15", FIXED(-600) },
	{ "16", FIXED(-540) },
	{ "17", FIXED(-480) },
	{ "18", FIXED(-420) },
	{ "19", FIXED(-360) },
	{ "20", FIXED(-300) },
	{ "21", FIXED(-240) },
	{ "22", FIXED(-180) },
	{ "23", FIXED(-120) },
	{ "24", FIXED(-60) },
};

const struct tally_zone *
tally_zone_code(struct tally_str code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (tally_str_eq(tally_cstr(codes[i].code), code))
			return &codes[i].zone;
	return NULL;
}
