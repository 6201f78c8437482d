/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comma-separated values (RFC 4180): UTF-8, fields with commas, quotation
 * marks or line ends inside are quoted, a quotation mark is doubled; lines end
 * in CRLF or LF.  A byte order mark in front is passed over.
 */
#ifndef TALLYMAN_BASE_CSV_H
#define TALLYMAN_BASE_CSV_H

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"

struct tally_csv {
	const char *file;      /* for messages; borrowed, as the text */
	struct tally_str text; /* what is left of it */
	unsigned line;         /* on which the last record began */
	unsigned next;         /* on which the next one begins */
};
void tally_csv_begin(
    struct tally_csv *, const char *file, struct tally_str text);

/*
 * The fields of the next record; unquoted ones point into the text, others are
 * in the arena.  *n is 0 at the end; empty lines are passed over.  TALLY_DATA
 * with file and line when it is no such text, or has more than max fields.
 */
enum tally_rc tally_csv_next(struct tally_csv *, struct tally_arena *,
    struct tally_str *field, size_t max, size_t *n, struct tally_err *)
    TALLY_MUST_USE;

/*
 * Appends a field, quoted where it has to be.  With defuse, one that a
 * spreadsheet would take for a formula gets an apostrophe in front.
 */
void tally_csv_put(struct tally_buf *, struct tally_str, bool defuse);

#endif
