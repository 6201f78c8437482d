/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of control numbers, for finding repeated ones.  Numbers that follow
 * one another take no room, so an honest file of any size takes little; a
 * wild one is followed up to a ceiling and no further.
 */
#ifndef TALLYMAN_X12_NUMBERS_H
#define TALLYMAN_X12_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/str.h"

#define NUMBERS_RANGES_MAX 4096

struct numbers {
	struct {
		uint64_t first, last;
	} * range; /* sorted; owned */
	uint32_t n, cap;
};

/* Adds a control number; true when it was there already.  Want of memory and
 * the ceiling make it forget, not fail. */
bool numbers_add(struct numbers *, struct tally_str);
void numbers_clear(struct numbers *);
void numbers_free(struct numbers *);

#endif
