/* SPDX-License-Identifier: Apache-2.0 */
/* What two texts differ in, line by line. */
#ifndef TALLYMAN_COMMAND_DIFFERENCE_H
#define TALLYMAN_COMMAND_DIFFERENCE_H

#include "tallyman/mem.h"
#include "tallyman/str.h"

/*
 * Appends the lines that differ, for a person: each with "- " when only the
 * first text has it and "+ " when only the second has, below the nearest line
 * before them that opens something (ends in a bracket), escaped.  False when
 * memory ends.
 */
bool difference_text(
    struct tally_buf *, struct tally_str before, struct tally_str after);

#endif
