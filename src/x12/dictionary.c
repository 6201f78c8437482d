/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in the dictionary; see tallyman/dictionary.h. */
#include "tallyman/dictionary.h"

#include <stdio.h>

#define VERSION_SIGNIFICANT 6 /* of GS08: "004010" of "004010VICS" */

/* Order of a view and a C string, by byte. */
static int
compare(struct tally_str a, const char *b)
{
	size_t n = strlen(b);
	int d = memcmp(a.p, b, a.n < n ? a.n : n);

	return d != 0 ? d : (a.n > n) - (a.n < n);
}

/*
 * Finds key among n rows of the given size, sorted by the string that name
 * gives for a row.
 */
static const void *
find(const void *rows, size_t n, size_t size, struct tally_str key,
    const char *(*name)(const void *))
{
	const char *base = rows;
	size_t lo = 0, hi = n, mid;
	int d;

	if (key.n == 0)
		return NULL;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		d = compare(key, name(base + mid * size));
		if (d == 0)
			return base + mid * size;
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static const char *
version_name(const void *row)
{
	return (*(const struct tally_version *const *)row)->version;
}

static const char *
set_name(const void *row)
{
	return ((const struct tally_set_spec *)row)->id;
}

static const char *
segment_name(const void *row)
{
	return ((const struct tally_segment_spec *)row)->tag;
}

static const char *
element_name(const void *row)
{
	return ((const struct tally_element *)row)->id;
}

static const char *
code_name(const void *row)
{
	return ((const struct tally_code *)row)->code;
}

const struct tally_version *
tally_version_find(const struct tally_dictionary *d, struct tally_str version)
{
	const struct tally_version *const *row;

	if (version.n > VERSION_SIGNIFICANT)
		version.n = VERSION_SIGNIFICANT;
	row = find(d->version, d->nversion, sizeof(d->version[0]), version,
	    version_name);
	return row != NULL ? *row : NULL;
}

/* "004010" as a number, or -1. */
static long
version_number(struct tally_str s)
{
	long n = 0;

	if (s.n < VERSION_SIGNIFICANT)
		return -1;
	for (size_t i = 0; i < VERSION_SIGNIFICANT; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		n = n * 10 + (s.p[i] - '0');
	}
	return n;
}

const struct tally_version *
tally_version_nearest(
    const struct tally_dictionary *d, struct tally_str version)
{
	const struct tally_version *nearest = NULL;
	long asked = version_number(version), least = 0, distance;

	for (size_t i = 0; asked >= 0 && i < d->nversion; i++) {
		distance =
		    version_number(tally_cstr(d->version[i]->version)) - asked;
		if (distance < 0)
			distance = -distance;
		if (nearest == NULL || distance <= least) {
			nearest = d->version[i];
			least = distance;
		}
	}
	return nearest;
}

const struct tally_set_spec *
tally_set_find(const struct tally_version *v, struct tally_str id)
{
	return find(v->set, v->nset, sizeof(v->set[0]), id, set_name);
}

const struct tally_segment_spec *
tally_segment_find(const struct tally_version *v, struct tally_str tag)
{
	return find(
	    v->segment, v->nsegment, sizeof(v->segment[0]), tag, segment_name);
}

const struct tally_element *
tally_element_find(const struct tally_version *v, struct tally_str id)
{
	return find(
	    v->element, v->nelement, sizeof(v->element[0]), id, element_name);
}

const struct tally_code *
tally_code_find(const struct tally_element *e, struct tally_str code)
{
	return find(e->code, e->ncode, sizeof(e->code[0]), code, code_name);
}

void
tally_note_words(const struct tally_note *n, char *to, size_t size)
{
	static const struct {
		char kind;
		const char *text;
	} word[] = {
		{ 'P', "all or none" },
		{ 'R', "at least one" },
		{ 'E', "at most one" },
		{ 'C', "if the first, then all others" },
		{ 'L', "if the first, then at least one other" },
	};
	size_t used = 0;

	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (word[i].kind == n->kind)
			used = (size_t)snprintf(
			    to, size, "%s of elements", word[i].text);
	if (n->kind == 'C' || n->kind == 'L')
		used +=
		    (size_t)snprintf(to + used, size - used, " %02u", n->first);
	for (unsigned k = 1; k < 64 && used < size; k++)
		if ((n->mask >> k & 1) != 0 &&
		    !((n->kind == 'C' || n->kind == 'L') && k == n->first))
			used += (size_t)snprintf(
			    to + used, size - used, " %02u", k);
}
