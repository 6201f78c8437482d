/* SPDX-License-Identifier: Apache-2.0 */
/* The segments of a transaction set, ST to SE: part of the reader. */
#ifndef TALLYMAN_X12_COLLECT_H
#define TALLYMAN_X12_COLLECT_H

#include "x12/binary.h"

struct collect {
	struct window *w;                  /* borrowed */
	const struct tally_limits *limits; /* borrowed */
	struct tally_segment *segment;     /* owned */
	uint32_t cap;
	struct binary_segments binary;
};

void collect_init(
    struct collect *, struct window *, const struct tally_limits *);
void collect_free(struct collect *);
/* The version of the sets that come; null: unknown. */
void collect_version(struct collect *, const struct tally_version *);

/* Makes room for n segments. */
enum tally_rc collect_reserve(struct collect *, uint32_t n, struct tally_err *)
    TALLY_MUST_USE;

/* What ended the reading of a set. */
enum collect_end {
	COLLECT_SE,
	COLLECT_OTHER, /* a segment that cannot stand in a set; not taken */
	COLLECT_ISA,   /* likewise; an interchange begins */
	COLLECT_INPUT, /* the end of the input */
	COLLECT_LONG   /* a segment without end */
};

/*
 * Reads from st, the newest segment, to SE: *n segments.  What is over a limit
 * is passed over, and *n is 0 then.  So are, but for SE, the segments behind
 * one whose binary data has a wrong length, which *fault tells.
 */
enum tally_rc collect_set(struct collect *, const struct tally_segment *st,
    uint32_t *n, enum collect_end *, struct binary_fault *fault,
    struct tally_err *) TALLY_MUST_USE;

bool collect_is_isa(const struct tally_segment *);

#endif
