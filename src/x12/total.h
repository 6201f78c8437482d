/* SPDX-License-Identifier: Apache-2.0 */
/* Control totals of a checked set, as CTT01 and CTT02. */
#ifndef TALLYMAN_X12_TOTAL_H
#define TALLYMAN_X12_TOTAL_H

#include "x12/checker.h"

/* Of the set that the checker has in hand, of which all segments have been
 * looked at. */
void total_check(struct tally_checker *);

/*
 * How many segments with the tag have a place in that set, if the checker has
 * counted them: each begins an instance of a loop that stands in no other.
 */
bool tally_total_counted(
    const struct tally_checker *, uint32_t tag, int64_t *n);

#endif
