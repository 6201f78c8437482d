/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shipped maps that are compiled when the program is built, for each version of
 * the dictionary that they are for: reading their texts in each run would take
 * longer than all else that is done for a small file.
 *
 * An image is a struct tally_map and what it points to, in one piece and as in
 * memory, so it is of the machine that the program was built for.  A pointer in
 * it is how far behind the image's beginning it points.  What stands outside,
 * the model and the set, is left null.
 */
#ifndef TALLYMAN_MAP_IMAGE_H
#define TALLYMAN_MAP_IMAGE_H

#include "tallyman/map.h"

struct tally_map_image {
	const char *name;    /* "850" */
	const char *version; /* "004010" */
	const char *set;
	const uint64_t *word;
	size_t nword;
	const uint32_t *pointer; /* where there are some, in bytes */
	size_t npointer;
};

/* Made by src/tool/maps.c from maps/. */
extern const struct tally_map_image tally_map_images[];
extern const size_t tally_map_nimage;

/* The image of a map for a version; null where there is none, or the version is
 * not the one that is compiled in. */
const struct tally_map_image *tally_map_image_find(
    const char *name, const struct tally_version *);

/* What tally_map_load would give for its text, with the model that is compiled
 * in. */
enum tally_rc tally_map_image_load(struct tally_map **,
    const struct tally_map_image *, const struct tally_version *,
    struct tally_err *) TALLY_MUST_USE;

/* Makes the image of a map that was not used yet: appends its bytes, a multiple
 * of eight, and the uint32_t of its pointers.  A buffer without room says so
 * itself. */
void tally_map_image_make(
    const struct tally_map *, struct tally_buf *bytes, struct tally_buf *at);

#endif
