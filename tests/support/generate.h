/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seeded generator of X12 for tests and benches.
 *
 * Sets are made from nothing but the tables of the dictionary: segments in
 * the order of the grammar, optional ones and loops by chance, values of the
 * right type, length and code list, relational notes kept.  The same seed
 * makes the same bytes on every machine.  A made set stays a structure until
 * it is written, so that a test can damage one thing in it.
 *
 * Memory that ends is an abort: these are tests.
 */
#ifndef TALLYMAN_TESTS_GENERATE_H
#define TALLYMAN_TESTS_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/dictionary.h"
#include "tallyman/mem.h"
#include "tallyman/x12.h"

/* Random numbers (xorshift64*). */
struct rnd {
	uint64_t state;
};
void rnd_seed(struct rnd *, uint64_t seed);
uint32_t rnd_below(struct rnd *, uint32_t n); /* 0 … n - 1; n > 0 */
uint32_t rnd_between(struct rnd *, uint32_t lo, uint32_t hi);
bool rnd_chance(struct rnd *, uint32_t percent);

/* SEED= and ROUNDS= of the environment, or what is given. */
uint64_t rnd_env(const char *name, uint64_t otherwise);

struct maker {
	struct rnd rnd;
	struct tally_separators sep;
	const char *after; /* behind each terminator: "", "\n", "\r\n" */
	uint32_t fullness; /* percent of what is optional that is there */
	uint32_t wordy;    /* longest text, where the element allows more */
};
/* Usual separators, a line feed behind each segment. */
void maker_init(struct maker *, uint64_t seed);
/* Separators and fullness by chance. */
void maker_vary(struct maker *);

/* One of the versions that are compiled in. */
const struct tally_version *maker_version(struct maker *);

struct made_segment {
	uint16_t place; /* in the grammar */
	const struct tally_segment_spec *spec;
	char tag[4];
	uint32_t n;                /* elements */
	struct tally_str *element; /* room for four more than the spec has */
};

struct made_set {
	struct tally_arena arena;
	const struct tally_set_spec *spec;
	struct made_segment *segment; /* ST … SE; in the arena */
	uint32_t n, cap;
};

void made_init(struct made_set *);
void made_free(struct made_set *);

/* Makes a valid set with that control number, in place of what was there. */
void made_fill(struct made_set *, struct maker *, const struct tally_set_spec *,
    uint32_t control);
/* Makes SE01, the control totals and the numbers of levels right again. */
void made_count(struct made_set *);

/* A valid value of an element. */
struct tally_str made_value(
    struct maker *, struct tally_arena *, const struct tally_element *);

/* A filled segment of a place, not yet in the set. */
struct made_segment made_new(struct made_set *, struct maker *, uint16_t place);

/* Puts a segment in; takes one out; an independent copy of one. */
void made_insert(struct made_set *, uint32_t at, const struct made_segment *);
void made_remove(struct made_set *, uint32_t at);
struct made_segment made_copy(struct made_set *, const struct made_segment *);

/* Writing.  Numbers are those that X12 puts into header and trailer. */
void write_isa(struct tally_buf *, const struct maker *, uint32_t control);
void write_iea(struct tally_buf *, const struct maker *, uint32_t groups,
    uint32_t control);
void write_gs(struct tally_buf *, const struct maker *,
    const struct tally_set_spec *, uint32_t control);
void write_ge(
    struct tally_buf *, const struct maker *, uint32_t sets, uint32_t control);
void write_segment(
    struct tally_buf *, const struct maker *, const struct made_segment *);
void write_set(
    struct tally_buf *, const struct maker *, const struct made_set *);

/* A whole valid interchange: groups of sets, their kinds by chance. */
void write_interchange(struct tally_buf *, struct maker *,
    const struct tally_version *, uint32_t groups, uint32_t sets);

/*
 * A purchase order as trading partners send it: 33 segments, 10 lines, about
 * 1.1 KB.  The number is in BEG03 and in ST02; orders differ in all values
 * that differ in practice.
 */
void write_order(struct tally_buf *, struct maker *, uint32_t number);

#endif
