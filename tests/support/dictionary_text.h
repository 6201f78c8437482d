/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a small version that is right, and reading it with one of them
 * replaced. */
#ifndef TALLYMAN_TESTS_DICTIONARY_TEXT_H
#define TALLYMAN_TESTS_DICTIONARY_TEXT_H

#include "tallyman/dictionary.h"
#include "tallyman/mem.h"

enum { ELEMENTS, COMPOSITES, CODES, SEGMENTS, SET, FILES };
extern const char *const dictionary_names[FILES];
extern const char dictionary_segments[];

/* What a file of set 100 begins and ends with. */
#define HEAD "set 100 QQ s\n1.010 ST M 1\n"
#define TAIL "3.010 SE M 1\n"

/* Version 001000 with that text in place of that file's (FILES: none). */
enum tally_rc dictionary_read(const struct tally_version **,
    struct tally_arena *, int which, const char *text, struct tally_err *);

#endif
