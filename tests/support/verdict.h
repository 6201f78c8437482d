/* SPDX-License-Identifier: Apache-2.0 */
/* What a judge says of some bytes, as a short text that a table can hold. */
#ifndef TALLYMAN_TESTS_VERDICT_H
#define TALLYMAN_TESTS_VERDICT_H

#include "tallyman/mem.h"
#include "tallyman/str.h"

/*
 * "I=A(G=P(S=A S=R)) kind tag03 @5 ; …": verdicts nested, then each finding
 * that is no note: its kind, segment tag, element, component, and the
 * ordinal of its segment.  Bytes come chunk at a time (0: all at once).
 */
void verdict_of(struct tally_buf *out, struct tally_str bytes, size_t chunk);
/* The same by a judge that has read something else before; null: it is made,
 * and is the caller's. */
struct tally_judge;
void verdict_by(struct tally_judge **, struct tally_buf *out,
    struct tally_str bytes, size_t chunk);

#endif
