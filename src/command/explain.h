/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What explain prints: each thing of the dictionary, and each kind of
 * finding, as text for people or as one JSON object on a line.
 */
#ifndef TALLYMAN_COMMAND_EXPLAIN_H
#define TALLYMAN_COMMAND_EXPLAIN_H

#include "tallyman/dictionary.h"
#include "tallyman/finding.h"

struct explain {
	struct tally_buf *out;
	bool json;
	const struct tally_dictionary *dictionary;
	const struct tally_version *version; /* that is explained */
};

/* An element where a segment has it, as N103; segment null: by itself. */
struct explain_element {
	const struct tally_element *element;
	const struct tally_segment_spec *segment;
	unsigned position; /* from 1 */
};

void explain_version(const struct explain *);
void explain_set(const struct explain *, const struct tally_set_spec *);
void explain_segment(const struct explain *, const struct tally_segment_spec *);
void explain_element(const struct explain *, const struct explain_element *);
void explain_code(const struct explain *, const struct explain_element *,
    const struct tally_code *);
void explain_finding(const struct explain *, enum tally_finding_kind);

/* The same in JSON. */
void explain_json_version(const struct explain *);
void explain_json_set(const struct explain *, const struct tally_set_spec *);
void explain_json_segment(
    const struct explain *, const struct tally_segment_spec *);
void explain_json_element(
    const struct explain *, const struct explain_element *);
void explain_json_code(const struct explain *, const struct explain_element *,
    const struct tally_code *);
void explain_json_finding(const struct explain *, enum tally_finding_kind);

#endif
