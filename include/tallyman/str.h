/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view of bytes that somebody else owns: pointer and length, not
 * terminated, any byte allowed.  A view is passed by value and lives as long
 * as what it points into.
 */
#ifndef TALLYMAN_STR_H
#define TALLYMAN_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct tally_str {
	const char *p;
	size_t n;
};

/* A view of a string literal. */
#define TALLY_STR(lit) ((struct tally_str){ "" lit, sizeof(lit) - 1 })

static inline struct tally_str
tally_str(const void *p, size_t n)
{
	return (struct tally_str){ p, n };
}

/* A view of a C string; null gives the empty view. */
static inline struct tally_str
tally_cstr(const char *s)
{
	return (struct tally_str){ s, s != NULL ? strlen(s) : 0 };
}

static inline bool
tally_str_eq(struct tally_str a, struct tally_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* In order of bytes; a beginning comes before what it begins. */
static inline int
tally_str_cmp(struct tally_str a, struct tally_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/* Without blanks at the right, as X12 pads ISA fields. */
static inline struct tally_str
tally_str_rtrim(struct tally_str s)
{
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

#endif
