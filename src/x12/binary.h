/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments whose last element is binary and stands behind a number: its
 * length.  Their data may hold any bytes, separators and terminators too, so
 * that the reader has to know them.  Part of the reader.
 */
#ifndef TALLYMAN_X12_BINARY_H
#define TALLYMAN_X12_BINARY_H

#include "tallyman/x12.h"
#include "x12/window.h"

/* Of a version; the dictionary refuses more. */
#define BINARY_MAX WINDOW_STOPS

struct binary_segments {
	const struct tally_version *version; /* that they are of; or null */
	unsigned known;                      /* of it */
	unsigned n;                          /* these, or 0: none is asked */
	struct {
		uint32_t tag;
		const struct tally_segment_spec *spec;
	} v[BINARY_MAX];
};

static inline bool
binary_is(const struct tally_segment_spec *s)
{
	return s->nuse >= 2 && s->use[s->nuse - 1].element->type == TALLY_B &&
	    s->use[s->nuse - 2].element->type == TALLY_N;
}

/* Those of a version; null: none. */
void binary_of(struct binary_segments *, const struct tally_version *);
const struct tally_segment_spec *binary_find(
    const struct binary_segments *, uint32_t tag);

/* What is wrong with the length of a segment's data, to be told once it is
 * known that the set goes on. */
struct binary_fault {
	enum window_binary found; /* WINDOW_BINARY: nothing */
	const struct tally_segment_spec *spec;
	uint64_t offset;  /* of the length */
	uint32_t ordinal; /* of the segment */
	char value[32];   /* of the length */
	uint8_t n;        /* bytes of it */
};
/* Of the segment that the window stands at. */
void binary_fault(struct binary_fault *, enum window_binary,
    const struct window *, const struct tally_segment_spec *, uint32_t ordinal);
void binary_report(const struct binary_fault *, struct tally_findings *);

#endif
