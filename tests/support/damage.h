/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known damages: each spoils one thing in a made set and says which finding
 * must come of it, and where.
 */
#ifndef TALLYMAN_TESTS_DAMAGE_H
#define TALLYMAN_TESTS_DAMAGE_H

#include "generate.h"
#include "tallyman/finding.h"

struct expected {
	enum tally_finding_kind kind;
	uint32_t segment; /* ordinal, ST is 1; 0: not looked at */
	uint32_t element; /* 0: not looked at */
	const char *tag;  /* null: not looked at */
};

struct damage {
	const char *name;
	/* False when the set has nothing that could be spoilt so. */
	bool (*spoil)(struct made_set *, struct maker *, struct expected *);
};

/* By number from 0; null behind the last. */
const struct damage *damage_nth(size_t);
/* By name, among rare ones, too: some of those come to a note only, and some
 * need a repetition separator in the maker.  It must be there. */
const struct damage *damage_find(const char *name);

#endif
