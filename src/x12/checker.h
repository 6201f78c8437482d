/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checker's state, and what its parts tell one another: check.c goes
 * through the segments of a set that stand where they can; misfit.c says what
 * is wrong where they do not, and total.c what is wrong with control totals.
 */
#ifndef TALLYMAN_X12_CHECKER_H
#define TALLYMAN_X12_CHECKER_H

#include "x12/grammar.h"
#include "x12/hierarchy.h"
#include "x12/shape.h"

/* Marks a place in `seen` that was reported as missing. */
#define MISSED UINT32_C(0x80000000)

/*
 * How often something was seen, and when that was counted last.  Time is the
 * number of the newest instance of a loop, which goes on from set to set.  A
 * count of what stands in a loop ends when the loop, or one around it, begins
 * anew: it holds if it is not older than the newest instance of each of these,
 * and nothing has to be cleared.
 */
struct checker_count {
	uint64_t when; /* 0: never */
	uint32_t n;
};

struct tally_checker {
	const struct tally_limits *limits;
	enum tally_characters characters;
	const struct tally_rules *rules;  /* over the standard's; or null */
	struct checker_count *seen;       /* of each place; owned */
	struct checker_count *iterations; /* of each loop, in its parent */
	uint64_t *newest;                 /* of each loop: when it began */
	uint32_t capacity;                /* of the three */
	uint64_t begun;                   /* when the set did */
	struct shapes shapes;
	struct tally_instance *instance;
	uint32_t ninstance, instances_max;
	struct hierarchy hierarchy;
	/* the set in hand */
	const struct tally_grammar *g;
	struct tally_set *set;
	struct tally_findings *findings;
	size_t from;    /* first of its findings in the list */
	uint32_t left;  /* findings that may still be kept */
	bool displaced; /* a segment of the set could not stand where it did */
	bool foreign;   /* there was one that is none of the set's */
	uint32_t place;
	const struct tally_step *row; /* the steps from it */
	uint16_t style;               /* of the set, for shapes */
};

static inline const struct tally_set_spec *
checker_spec(const struct tally_checker *c)
{
	return c->g->spec;
}

/* The path of the loop that a place stands in. */
static inline const char *
checker_path(const struct tally_checker *c, unsigned place)
{
	const struct tally_set_spec *s = checker_spec(c);

	return s->loop[s->place[place].loop].path;
}

/* The newest instance of a loop that is open. */
static inline uint32_t
checker_open(const struct tally_checker *c, unsigned l)
{
	return (uint32_t)(c->newest[l] - c->begun);
}

/* What was seen of a place, or loop, that stands in loop l, which is open; to
 * be changed. */
static inline uint32_t *
checker_count(
    const struct tally_checker *c, struct checker_count *count, unsigned l)
{
	if (count->when < c->newest[l])
		count->n = 0;
	count->when = c->newest[l];
	return &count->n;
}

/* check.c.  Appends a finding, or only counts it when the set has enough. */
void checker_keep(void *checker, const struct tally_finding *);
/* Begins loop l and those inside it that place stands in, with segment i. */
enum tally_rc checker_begin_loops(struct tally_checker *, unsigned l,
    unsigned place, uint32_t i, struct tally_err *) TALLY_MUST_USE;
/* Segment i stands at a place whose loops have begun. */
void checker_take(struct tally_checker *, unsigned place, uint32_t i);

/* misfit.c.  Segment i, or the loop that it begins, is one too many. */
void checker_too_often(struct tally_checker *, enum tally_finding_kind,
    uint32_t i, unsigned place, const char *loop, uint32_t max);
/* Mandatory places that a step passes over and that were not seen. */
void checker_missing(
    struct tally_checker *, const struct tally_step *, uint32_t i);
/* A segment of the set that cannot stand here. */
enum tally_rc checker_displaced(struct tally_checker *, unsigned class,
    uint32_t i, struct tally_err *) TALLY_MUST_USE;
/* A segment that is none of the set's. */
void checker_foreign(struct tally_checker *, uint32_t i);

#endif
