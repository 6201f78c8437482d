/* SPDX-License-Identifier: Apache-2.0 */
/* Hierarchical levels of a checked set: the HL segments among themselves. */
#ifndef TALLYMAN_X12_HIERARCHY_H
#define TALLYMAN_X12_HIERARCHY_H

#include "tallyman/x12.h"

#define HIERARCHY_NONE UINT32_MAX

struct hierarchy_level {
	struct tally_str id; /* HL01 */
	uint32_t segment;    /* index in the set */
	uint32_t above;      /* level that HL02 names, or HIERARCHY_NONE */
	bool repeated;       /* an earlier level has the same HL01 */
	bool below;          /* another level names it */
};

/* The levels of one set; the room is kept from set to set. */
struct hierarchy {
	struct hierarchy_level *level; /* owned */
	uint32_t n, cap;
	uint32_t *slot; /* hash of HL01 to level + 1; owned */
	uint32_t slots; /* a power of two */
};
void hierarchy_free(struct hierarchy *);

/* The levels of a set in order, and which is above which.  Takes time and room
 * in proportion to their number. */
enum tally_rc hierarchy_read(struct hierarchy *, const struct tally_set *,
    struct tally_err *) TALLY_MUST_USE;

/*
 * HL01 new in the set and counting up by one, HL02 an earlier HL01, HL04
 * saying whether others follow below (X12.59, HL semantic notes).
 */
enum tally_rc hierarchy_check(struct hierarchy *, const struct tally_set *,
    void (*report)(void *ctx, const struct tally_finding *), void *ctx,
    struct tally_err *) TALLY_MUST_USE;

#endif
