/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transaction set's table compiled for the checker: from each place, where
 * each tag leads, which loops that begins anew, and which mandatory places it
 * passes over.
 *
 * X12 order only moves forward inside an instance of a loop, so where a tag
 * leads and what it skips depends on the place alone: one table look-up per
 * segment, no backtracking.
 */
#ifndef TALLYMAN_X12_GRAMMAR_H
#define TALLYMAN_X12_GRAMMAR_H

#include <stdint.h>

#include "tallyman/dictionary.h"
#include "tallyman/mem.h"
#include "tallyman/x12.h"
#include "x12/value.h"

#define GRAMMAR_CLASSES_MAX 255 /* different tags of a set; 850 has 75 */
#define GRAMMAR_CLASS_NONE  255

/* Where a tag leads from a place. */
struct tally_step {
	uint16_t to;   /* place, TALLY_NOWHERE: not from here */
	uint16_t loop; /* outermost loop that begins a new instance, or 0 */
	uint32_t
	    missing; /* index of the places passed over, in grammar->passed */
	uint16_t nmissing;
};

/* A segment spec as the checker wants it. */
struct tally_class {
	uint32_t tag;
	const struct tally_segment_spec *spec;
	const struct tally_value_spec *value; /* nuse of them */
	uint64_t required;                    /* mask of mandatory elements */
	uint64_t checks; /* mask of qualifiers of numbers with check digits */
	uint16_t first, last; /* places that have this tag: the outer two */
};

struct tally_grammar {
	struct tally_arena arena;
	const struct tally_version *version;
	const struct tally_set_spec *spec;
	struct tally_class *class;
	uint32_t nclass;
	uint32_t slot_shift;
	uint8_t *slot;           /* tag hash to class */
	uint8_t *place_class;    /* class of each place */
	unsigned ends_loop;      /* class of LE, or GRAMMAR_CLASS_NONE */
	struct tally_step *step; /* nplace * nclass */
	uint16_t *passed;        /* mandatory places passed over */
	/* the outermost loop that a place can begin, or 0 */
	uint16_t *begins;
	struct tally_value_specs values;
};

/* The class of a tag, or GRAMMAR_CLASS_NONE. */
static inline unsigned
tally_grammar_class(const struct tally_grammar *g, uint32_t tag)
{
	uint32_t mask = (UINT32_C(1) << (32 - g->slot_shift)) - 1;
	uint32_t i = (tag * UINT32_C(2654435769)) >> g->slot_shift;

	while (g->slot[i] != GRAMMAR_CLASS_NONE) {
		if (g->class[g->slot[i]].tag == tag)
			return g->slot[i];
		i = (i + 1) & mask;
	}
	return GRAMMAR_CLASS_NONE;
}

static inline const struct tally_step *
tally_grammar_step(
    const struct tally_grammar *g, uint32_t place, unsigned class)
{
	return &g->step[place * g->nclass + class];
}

#endif
