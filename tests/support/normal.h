/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The normal form of a transaction set under a map: two sets that mean the
 * same to it have the same one.
 *
 * Left open are spelling of numbers, blanks at the end, the order of segments
 * at one place of the grammar, of instances of one loop, of qualifier pairs in
 * a segment, how lists of pairs are spread over segments, and what the map
 * computes (totals, numbers of loops and levels).
 */
#ifndef TALLYMAN_TESTS_NORMAL_H
#define TALLYMAN_TESTS_NORMAL_H

#include "tallyman/map.h"

/* Appends the form of a checked set, a line per segment. */
void normal_form(
    struct tally_buf *, const struct tally_map *, const struct tally_set *);

#endif
