/* SPDX-License-Identifier: Apache-2.0 */
/* The values of ST, GS and of the trailers SE, GE, IEA: part of the reader. */
#ifndef TALLYMAN_X12_ENVELOPE_H
#define TALLYMAN_X12_ENVELOPE_H

#include "tallyman/x12.h"
#include "x12/numbers.h"

/* The trailer of a level: its tag, and the kinds of its two faults. */
struct envelope_trailer {
	const char *tag;
	enum tally_finding_kind count, number;
	const char *what;   /* that it counts */
	const char *header; /* that has the number */
};
extern const struct envelope_trailer envelope_se, envelope_ge, envelope_iea;

/* What is there, for a trailer to agree with. */
struct envelope_actual {
	uint32_t count;
	bool counted; /* count is to be trusted */
	struct tally_str number;
};

/* Checks a trailer, segment i of the set, with the ordinal to report. */
void envelope_check_trailer(const struct envelope_trailer *,
    const struct tally_set *, uint32_t i, uint32_t ordinal,
    const struct envelope_actual *, struct tally_findings *);

/* Checks the first segment of the set; its number joins those seen. */
void envelope_check_st(
    const struct tally_set *, struct numbers *, struct tally_findings *);
void envelope_check_gs(
    const struct tally_set *, struct numbers *, struct tally_findings *);

/* A finding about an envelope segment; element and ordinal may be 0. */
void envelope_report(struct tally_findings *, enum tally_finding_kind,
    uint64_t offset, const char *tag, uint32_t ordinal, uint16_t element,
    struct tally_str value, const char *expected);

#endif
