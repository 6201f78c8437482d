/* SPDX-License-Identifier: Apache-2.0 */
/* The two forms in which show prints a transaction set. */
#ifndef TALLYMAN_COMMAND_SHOW_H
#define TALLYMAN_COMMAND_SHOW_H

#include "flow/report.h"
#include "tallyman/judge.h"

/* A value as small as it gets: an element, a component, a repetition. */
struct show_value {
	struct tally_str text;
	const struct tally_element *spec; /* null: not known */
	uint32_t position;                /* of the element, from 1 */
	uint32_t component;               /* from 1; 0: no composite */
	uint32_t repetition;              /* from 1; 0: does not repeat */
};

/* A set on its way out. */
struct show_set {
	const struct report *report;
	const struct tally_visit *visit;
	const struct tally_version *version; /* null: not known */
	/* Findings of segments and elements, in order of place. */
	const struct tally_finding *const *finding;
	size_t nfinding;
};

/* Segment number i (from 0), with the findings [first, last) at it. */
void show_text_segment(struct tally_buf *, const struct show_set *, uint32_t i,
    size_t first, size_t last);
void show_json_segment(struct tally_buf *, const struct show_set *, uint32_t i);

/* A line that marks a finding. */
void show_text_mark(
    struct tally_buf *, const struct report *, const struct tally_finding *);

/* The values of a segment one after the other; false behind the last. */
struct show_cursor {
	uint32_t position, repetition, component;
};
bool show_next_value(struct show_value *, struct show_cursor *,
    const struct show_set *, const struct tally_segment *);

/* What the dictionary says of it; null when it says nothing. */
const struct tally_segment_spec *show_segment_spec(
    const struct show_set *, const struct tally_segment *);

/* The path of the loop that a segment stands in; "" in none. */
const char *show_loop(const struct show_set *, const struct tally_segment *);

/* The meaning of a code; "" when there is none. */
const char *show_meaning(const struct show_value *);

#endif
