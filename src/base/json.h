/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON of the user's (RFC 8259), read strictly and within bounds.
 *
 * A text holds any number of values one after the other, with blanks between
 * them: a file of JSON lines as well as one whose objects go over many lines.
 * Refused are what the standard refuses, and also strings that are not UTF-8,
 * halves of surrogate pairs, names that an object has twice, and what exceeds
 * the limits below.  A byte order mark in front of the first value is passed
 * over.
 */
#ifndef TALLYMAN_BASE_JSON_H
#define TALLYMAN_BASE_JSON_H

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"

#define TALLY_JSON_DEPTH   64   /* arrays and objects inside one another */
#define TALLY_JSON_MEMBERS 1000 /* of an object: all are compared */

enum tally_json_kind {
	TALLY_JSON_NULL,
	TALLY_JSON_FALSE,
	TALLY_JSON_TRUE,
	TALLY_JSON_NUMBER,
	TALLY_JSON_STRING,
	TALLY_JSON_ARRAY,
	TALLY_JSON_OBJECT
};

struct tally_json {
	enum tally_json_kind kind;
	unsigned line, column; /* of its first byte, in bytes, from 1 */
	struct tally_str name; /* as a member of an object */
	struct tally_str text; /* of a string; of a number as it is spelled */
	const struct tally_json *child; /* first; null */
	const struct tally_json *next;  /* sibling; null */
	size_t n;                       /* children */
};

struct tally_json_reader {
	const char *file;      /* for messages; borrowed, as the text */
	struct tally_str text; /* what is left of it */
	const char *line_start;
	unsigned line;
	bool begun;
};
void tally_json_begin(
    struct tally_json_reader *, const char *file, struct tally_str text);

/*
 * The next value, in the arena; its strings may point into the text.  *out is
 * null at the end.  TALLY_DATA with file and line when the text is no JSON:
 * nothing behind that place can be read then.
 */
enum tally_rc tally_json_next(struct tally_json_reader *, struct tally_arena *,
    const struct tally_json **out, struct tally_err *) TALLY_MUST_USE;

/* The member of an object, or null. */
const struct tally_json *tally_json_get(
    const struct tally_json *object, const char *name);

/* "a string", for messages. */
const char *tally_json_called(enum tally_json_kind);

/* TALLY_DATA at a value: "FILE:LINE: column N: …". */
enum tally_rc tally_json_wrong(struct tally_err *, const char *file,
    const struct tally_json *, const char *fmt, ...) TALLY_PRINTF(4, 5);

#endif
