/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line of the configuration, taken apart by rules of our own, for
 * no shell is ever asked: words stand between blanks; what is in '…' or "…"
 * is taken as it is; a backslash takes the next character as it is, but in
 * '…' it is itself.
 */
#ifndef TALLYMAN_MAILBOX_WORDS_H
#define TALLYMAN_MAILBOX_WORDS_H

#include "tallyman/mem.h"

#define WORDS_MAX 64

/* What %x stands for.  It is put in after the line is taken apart, so that it
 * is never more than a part of one word. */
struct words_value {
	char letter;
	const char *value;
};

/*
 * Null, and argv of WORDS_MAX + 1 places ends in null; or what is wrong with
 * the line.  With values, %% is a percent sign and any other %x is wrong;
 * without, '%' is like other characters.
 */
const char *words_split(char **argv, struct tally_arena *, const char *line,
    const struct words_value *, size_t nvalues) TALLY_MUST_USE;

#endif
