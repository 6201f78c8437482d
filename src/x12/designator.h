/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference designators (BEG03, SV101-2) and where a segment stands in a set:
 * what maps and guides name things by.
 */
#ifndef TALLYMAN_X12_DESIGNATOR_H
#define TALLYMAN_X12_DESIGNATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tallyman/dictionary.h"

/* Two or three upper-case letters and digits. */
bool tally_tag_ok(const char *p, size_t n);

/* "SV101-2" to tag, element and component (0: none); false when it has no
 * such form. */
bool tally_designator_split(
    const char *ref, char tag[4], int *element, int *component);

/* The loop's path, or words for the set itself. */
const char *tally_loop_name(const struct tally_set_spec *, uint16_t loop);

/* Loops to go up from loop to reach from; -1 when it is not inside. */
int tally_loop_distance(
    const struct tally_set_spec *, uint16_t loop, uint16_t from);

#define TALLY_PLACES_MAX 8 /* of one segment in one loop; sets have two */

/* Where a segment stands in a loop, or else in the loops below, nearest
 * first.  All places are of one loop; other is another one as near, 0: none. */
struct tally_places {
	uint16_t place[TALLY_PLACES_MAX];
	uint16_t n;
	uint16_t loop, other;
};
void tally_places_find(struct tally_places *, const struct tally_set_spec *,
    uint16_t loop, const char *tag);

/* The loops in which a segment stands, for a message; false: in none. */
bool tally_places_list(
    const struct tally_set_spec *, const char *tag, char *to, size_t size);

#endif
