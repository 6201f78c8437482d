/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maxima of what a partner controls, each with its reason.
 */
#include "tallyman/x12.h"

const struct tally_limits tally_limits_default = {
	/* The longest segment of the sets that are read has some 2,000 bytes;
	 * longer ones are lost terminators. */
	.segment_bytes = 64u << 10,
	/* A purchase order of 100,000 lines. */
	.set_bytes = 64u << 20,
	.set_segments = 2u << 20,
	/* More than anybody reads; the rest is counted. */
	.findings = 10000,
	.findings_set = 100,
};
