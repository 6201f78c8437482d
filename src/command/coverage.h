/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What coverage gathers of documents, and tells.
 *
 * Sets are gathered twice where codes are to be compared: first those that
 * came before, of which only the codes count, then those that are reported.
 */
#ifndef TALLYMAN_COMMAND_COVERAGE_H
#define TALLYMAN_COMMAND_COVERAGE_H

#include "command/sets.h"

#define COVERAGE_SAMPLES 3  /* shapes that are shown of an element */
#define COVERAGE_SHAPE   24 /* bytes of a shape */
#define COVERAGE_SETS    200
#define COVERAGE_CELLS   (TALLY_ELEMENTS_MAX + 1)

struct code {
	struct tally_str value;
	uint64_t seen;
	bool before; /* it occurred before */
	bool listed; /* by the dictionary */
	struct code *next;
};

/* An element at a place of the grammar. */
struct cell {
	uint64_t seen, unread;
	char shape[COVERAGE_SAMPLES][COVERAGE_SHAPE + 1];
	struct tally_str first; /* value that all have, unless it varies */
	bool varies;
	struct code *code; /* in the order in which they came */
	unsigned ncode;
};

struct covered {
	const struct tally_set_spec *spec;
	const char *map;   /* null: none */
	struct cell *cell; /* owned: nplace * COVERAGE_CELLS */
	uint64_t documents, elements, read;
};

struct coverage {
	struct judging *judging; /* borrowed */
	const char *map;         /* that is asked for, or null */
	const char *set;         /* only those, or null */
	bool compare;            /* codes with those before */
	bool before;             /* what is gathered now came before */
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings;
	struct tally_arena arena; /* of values that are kept */
	struct covered covered[COVERAGE_SETS];
	size_t n;
	uint64_t rejected, purged;
};

enum tally_rc coverage_begin(struct coverage *, struct tally_err *)
    TALLY_MUST_USE;
void coverage_end(struct coverage *);

/* A set with its verdict: see struct sets. */
enum tally_rc coverage_set(void *ctx, const char *file,
    const struct tally_visit *, enum tally_verdict, struct tally_err *);

/* Letters and digits as one of their kind, the rest as it is. */
void coverage_shape(char to[COVERAGE_SHAPE + 1], struct tally_str);

/* The report, as lines for people or of JSON. */
void coverage_tell(struct coverage *, struct tally_buf *, bool json);

#endif
