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
	const struct tally_loop *loop;
	enum tally_characters characters;
	/* The set holds a component or repetition separator, or characters are
	 * agreed on: values go the long way. */
	bool composed;
	struct segment_noted *noted;
	void (*report)(void *ctx, const struct tally_finding *);
	void *ctx;
};

/*
 * The elements, after a look at them: see shape_seen.  Whether none was
 * missing: a segment with the same ones present is complete, too.
 */
bool segment_check(
    const struct segment_check *, uint64_t present, uint64_t doubtful);

/* Numbers with check digits that are not plainly right, behind those
 * qualifiers. */
void segment_check_digits(const struct segment_check *, uint64_t qualifiers);

/* The elements from that one on: of ST and SE, whose first two are the
 * reader's. */
void segment_check_from(const struct segment_check *, unsigned k);

/* The kind's finding with the segment's place filled in. */
struct tally_finding segment_finding(
    const struct segment_check *, enum tally_finding_kind);

#endif
