/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing what an X12 file tells about people and business. */
#ifndef TALLYMAN_COMMAND_REDACT_H
#define TALLYMAN_COMMAND_REDACT_H

#include "base/hash.h"
#include "tallyman/dictionary.h"
#include "tallyman/x12.h"

/* A source that reads bytes in memory; lives as long as its place does. */
struct redact_place {
	const char *p;
	size_t n;
};
struct tally_source redact_source(struct redact_place *);

/*
 * Replaces values within n bytes, in place; no length changes.  The same value
 * and the same key give the same replacement.
 *
 * Kept are what makes a file X12, codes, numbers, dates and times that are
 * valid, and what refers within the file: control numbers, hierarchical ids,
 * line numbers, versions.  Any other text has its letters and digits replaced
 * by letters and digits, a check digit by a right one if it was right; ISA02
 * and ISA04 by X.  TALLY_DATA when a part cannot
 * be taken apart.
 */
enum tally_rc redact_bytes(char *bytes, size_t n,
    const struct tally_dictionary *, struct tally_hash *,
    const unsigned char key[32], struct tally_err *) TALLY_MUST_USE;

#endif
