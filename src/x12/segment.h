/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of one segment against its spec: part of the checker. */
#ifndef TALLYMAN_X12_SEGMENT_H
#define TALLYMAN_X12_SEGMENT_H

#include "x12/grammar.h"

/*
 * What was noted in a set already: a sender's habit is one note, not one for
 * each line.  When unlisted is full, further elements are not noted.
 */
#define SEGMENT_UNLISTED_MAX 16
struct segment_noted {
	bool trailing;
	uint32_t n;
	const struct tally_use *unlisted[SEGMENT_UNLISTED_MAX];
};

/* Where findings about a segment go, and what they have in common. */
struct segment_check {
	const struct tally_set *set;
	const struct tally_segment *segment;
	const struct tally_class *class;
	uint32_t ordinal; /* of the segment, ST is 1 */
	const struct tally_loop *loop;
	enum tally_characters characters;
	/* The set holds a component or repetition separator, or characters are
	 * agreed on: values go the long way. */
	bool composed;
	/* Elements present in a segment of the class where none was missing:
	 * the next one is likely to have the same.  0: not known. */
	uint64_t *complete;
	struct segment_noted *noted;
	void (*report)(void *ctx, const struct tally_finding *);
	void *ctx;
};

void segment_check(const struct segment_check *);
/* The elements from that one on: of ST and SE, whose first two are the
 * reader's. */
void segment_check_from(const struct segment_check *, unsigned k);

/* The kind's finding with the segment's place filled in. */
struct tally_finding segment_finding(
    const struct segment_check *, enum tally_finding_kind);

#endif
