/* SPDX-License-Identifier: Apache-2.0 */
/* One edit of an interchange that is written, by segment and element. */
#ifndef TALLYMAN_TESTS_EDIT_H
#define TALLYMAN_TESTS_EDIT_H

#include "generate.h"

/* An element of the nth segment with the tag gets another value, in which * is
 * the separator; with element EDIT_INSERT that segment is put before it, with
 * EDIT_REMOVE it is taken away. */
enum { EDIT_INSERT = 0, EDIT_REMOVE = -1 };
struct edit {
	const char *tag;
	int nth, element;
	const char *value;
};

/* The segment must be there; separators are those of the maker. */
void edit_apply(struct tally_buf *, const struct maker *, const struct edit *);

#endif
