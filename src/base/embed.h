/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are compiled in: shipped maps, the model, the schemas. */
#ifndef TALLYMAN_BASE_EMBED_H
#define TALLYMAN_BASE_EMBED_H

#include "tallyman/str.h"

struct tally_embedded {
	const char *name;      /* "850.xml", without the folder */
	struct tally_str text; /* terminated by a NUL that is not counted */
};

/* Sorted by name; made by src/tool/embed.c from maps/. */
extern const struct tally_embedded tally_embedded[];
extern const size_t tally_nembedded;

/* The text, or null p when there is no such file. */
struct tally_str tally_embedded_find(const char *name);

/*
 * The schema of that name for a text; null where the text is one of those
 * compiled in, to the byte: a test has held it against its schema, and that
 * takes most of the time of reading it.
 */
const char *tally_embedded_schema(const char *name, struct tally_str text);

#endif
