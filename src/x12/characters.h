/* SPDX-License-Identifier: Apache-2.0 */
/* Character sets that partners agree on (X12.6, 3.3): part of the checker. */
#ifndef TALLYMAN_X12_CHARACTERS_H
#define TALLYMAN_X12_CHARACTERS_H

#include "tallyman/str.h"
#include "tallyman/x12.h"

/* Whether a text, which has no control character, is within the set. */
bool characters_ok(enum tally_characters, struct tally_str);

/* In words, for what was expected. */
const char *characters_name(enum tally_characters);

#endif
