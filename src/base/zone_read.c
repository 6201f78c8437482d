/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zones from names of offsets and from files of the tz database.
 *
 * A file (RFC 8536) has a header and a block of data with times of 32 bits,
 * then, from version 2 on, both once more with 64 bits and the rule for all
 * times behind the last, as POSIX writes it in TZ.
 */
#include <stdbool.h>
#include <string.h>

#include "base/zone_parts.h"
#include "tallyman/mem.h"

#define HEADER      44
#define CHANGES_MAX 65536
#define HOUR        3600
#define OFFSET_MAX  (26 * HOUR)

/* What is left to be read. */
struct cursor {
	const unsigned char *p;
	size_t n;
};

static bool
skip(struct cursor *c, size_t n)
{
	if (n > c->n)
		return false;
	c->p += n;
	c->n -= n;
	return true;
}

/* A number of that many bytes, the highest first. */
static int64_t
number(const unsigned char *p, size_t size)
{
	uint64_t v = size == 4 && *p >= 0x80 ? UINT32_MAX : 0;

	for (size_t i = 0; i < size; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

/* --- rules --- */

/* Digits, at most three. */
static bool
digits(struct cursor *c, int *v)
{
	size_t n = 0;

	for (*v = 0; n < 3 && n < c->n && c->p[n] >= '0' && c->p[n] <= '9'; n++)
		*v = *v * 10 + (c->p[n] - '0');
	return n > 0 && skip(c, n);
}

static bool
takes(struct cursor *c, char want)
{
	return c->n > 0 && *c->p == (unsigned char)want && skip(c, 1);
}

/* [+-]HH[:MM[:SS]] in seconds. */
static bool
duration(struct cursor *c, int32_t *seconds)
{
	bool minus = takes(c, '-');
	int h, m = 0, s = 0;

	if (!minus)
		(void)takes(c, '+');
	if (!digits(c, &h) || (takes(c, ':') && !digits(c, &m)) ||
	    (takes(c, ':') && !digits(c, &s)) || h > 167 || m > 59 || s > 59)
		return false;
	*seconds = h * HOUR + m * 60 + s;
	if (minus)
		*seconds = -*seconds;
	return true;
}

/* "EST" or "<-03>". */
static bool
name(struct cursor *c)
{
	bool quoted = takes(c, '<');
	size_t n = 0;

	while (n < c->n &&
	    (quoted ? c->p[n] != '>'
		    : (c->p[n] >= 'A' && c->p[n] <= 'Z') ||
			(c->p[n] >= 'a' && c->p[n] <= 'z')))
		n++;
	return n >= 3 && skip(c, n) && (!quoted || takes(c, '>'));
}

/* ",M3.2.0/2", ",J60" or ",59". */
static bool
day(struct cursor *c, struct zone_day *d)
{
	int month, week, weekday, n;

	*d = (struct zone_day){ .kind = 'N', .time = 2 * HOUR };
	if (!takes(c, ','))
		return false;
	if (takes(c, 'M')) {
		if (!digits(c, &month) || !takes(c, '.') || !digits(c, &week) ||
		    !takes(c, '.') || !digits(c, &weekday) || month < 1 ||
		    month > 12 || week < 1 || week > 5 || weekday > 6)
			return false;
		d->kind = 'M';
		d->month = (uint8_t)month;
		d->week = (uint8_t)week;
		d->weekday = (uint8_t)weekday;
	} else {
		if (takes(c, 'J'))
			d->kind = 'J';
		if (!digits(c, &n) || n > 365 || (d->kind == 'J' && n == 0))
			return false;
		d->day = (uint16_t)n;
	}
	return !takes(c, '/') || duration(c, &d->time);
}

/* "EST5EDT,M3.2.0,M11.1.0": offsets are west there. */
static bool
rule(struct tally_zone *z, struct cursor c)
{
	if (!name(&c) || !duration(&c, &z->standard) ||
	    z->standard < -OFFSET_MAX || z->standard > OFFSET_MAX)
		return false;
	z->summer = z->standard = -z->standard;
	if (c.n == 0)
		return true;
	if (!name(&c))
		return false;
	z->summer = z->standard + HOUR;
	if (c.n > 0 && *c.p != ',') {
		if (!duration(&c, &z->summer) || z->summer < -OFFSET_MAX ||
		    z->summer > OFFSET_MAX)
			return false;
		z->summer = -z->summer;
	}
	return day(&c, &z->begin) && day(&c, &z->end) && c.n == 0;
}

/* --- files --- */

struct counts {
	size_t utc, standard, leap, time, type, character;
};

static bool
header(struct cursor *c, unsigned char *version, struct counts *n)
{
	const unsigned char *p = c->p;

	if (c->n < HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	*version = p[4];
	n->utc = (size_t)number(p + 20, 4);
	n->standard = (size_t)number(p + 24, 4);
	n->leap = (size_t)number(p + 28, 4);
	n->time = (size_t)number(p + 32, 4);
	n->type = (size_t)number(p + 36, 4);
	n->character = (size_t)number(p + 40, 4);
	return n->utc <= 256 && n->standard <= 256 && n->leap <= 4096 &&
	    n->time <= CHANGES_MAX && n->type >= 1 && n->type <= 256 &&
	    n->character <= 4096 && skip(c, HEADER);
}

/* Bytes of a block of data whose times have that many. */
static size_t
block(const struct counts *n, size_t size)
{
	return n->time * (size + 1) + n->type * 6 + n->character +
	    n->leap * (size + 4) + n->standard + n->utc;
}

static bool
offset_of(const unsigned char *types, size_t n, size_t type, int32_t *offset)
{
	if (type >= n)
		return false;
	*offset = (int32_t)number(types + 6 * type, 4);
	return *offset >= -OFFSET_MAX && *offset <= OFFSET_MAX;
}

/* The changes of a block; what holds behind the last is its offset. */
static enum tally_rc
changes(struct tally_zone *z, struct tally_arena *a, const unsigned char *p,
    const struct counts *n, size_t size, bool *right)
{
	const unsigned char *type = p + n->time * size;
	const unsigned char *types = type + n->time;
	struct zone_change *v;

	*right = offset_of(types, n->type, 0, &z->first);
	z->standard = z->summer = z->first;
	if (n->time == 0 || !*right)
		return TALLY_OK;
	v = tally_arena_alloc(a, n->time * sizeof(*v));
	if (v == NULL)
		return TALLY_NOMEM;
	z->change = v;
	z->nchange = n->time;
	for (size_t i = 0; i < n->time && *right; i++) {
		v[i].at = number(p + i * size, size);
		*right = offset_of(types, n->type, type[i], &v[i].offset) &&
		    (i == 0 || v[i].at > v[i - 1].at);
		z->standard = z->summer = v[i].offset;
	}
	return TALLY_OK;
}

/* The text between two line feeds that is behind the second block. */
static bool
footer(struct tally_zone *z, struct cursor c)
{
	const unsigned char *end;

	if (!takes(&c, '\n'))
		return false;
	end = memchr(c.p, '\n', c.n);
	if (end == NULL)
		return false;
	c.n = (size_t)(end - c.p);
	return c.n == 0 || rule(z, c);
}

static enum tally_rc
read_file(
    struct tally_zone *z, struct tally_arena *a, struct cursor c, bool *right)
{
	struct counts n;
	unsigned char version;
	size_t size = 4;
	enum tally_rc rc;

	*right = header(&c, &version, &n);
	if (*right && version >= '2') {
		*right = skip(&c, block(&n, 4)) && header(&c, &version, &n);
		size = 8;
	}
	*right = *right && block(&n, size) <= c.n;
	if (!*right)
		return TALLY_OK;
	rc = changes(z, a, c.p, &n, size, right);
	if (rc != TALLY_OK || !*right || size == 4)
		return rc;
	*right = skip(&c, block(&n, size)) && footer(z, c);
	return TALLY_OK;
}

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(err, TALLY_NOMEM, "no memory for a zone");
}

enum tally_rc
tally_zone_file(const struct tally_zone **out, struct tally_arena *a,
    const char *zone, struct tally_str content, struct tally_err *err)
{
	struct tally_zone *z = tally_arena_alloc(a, sizeof(*z));
	struct cursor c = { (const unsigned char *)content.p, content.n };
	bool right;

	if (z == NULL)
		return no_memory(err);
	*z = (struct tally_zone){ 0 };
	if (read_file(z, a, c, &right) != TALLY_OK)
		return no_memory(err);
	if (!right)
		return tally_err_set(err, TALLY_CONFIG,
		    "%s is no file of the tz database", zone);
	*out = z;
	return TALLY_OK;
}

/* "UTC", "Z", "+05:30" or "-08". */
static bool
fixed(const char *text, int32_t *offset)
{
	struct cursor c = { (const unsigned char *)text, strlen(text) };

	if (strcmp(text, "UTC") == 0 || strcmp(text, "Z") == 0) {
		*offset = 0;
		return true;
	}
	return (*text == '+' || *text == '-') && duration(&c, offset) &&
	    c.n == 0 && *offset >= -14 * HOUR && *offset <= 14 * HOUR;
}

enum tally_rc
tally_zone_offset(const struct tally_zone **out, struct tally_arena *a,
    const char *text, struct tally_err *err)
{
	struct tally_zone *z;
	int32_t offset;

	if (!fixed(text, &offset))
		return tally_err_set(err, TALLY_CONFIG,
		    "\"%.40s\" is neither UTC nor an offset such as -05:00",
		    text);
	z = tally_arena_alloc(a, sizeof(*z));
	if (z == NULL)
		return no_memory(err);
	*z = (struct tally_zone){ .standard = offset, .summer = offset };
	*out = z;
	return TALLY_OK;
}
