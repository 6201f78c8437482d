/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run has done beside it: work that waits for a file system, while the
 * run itself has the store.  There are two lanes, each a thread that does one
 * errand after the other in the order in which they are given: what is fetched
 * does not wait behind what is delivered.
 *
 * An errand reads, writes and renames files.  It has no store, it logs nothing
 * and counts nothing: what it found is told, counted and committed by the run
 * when it has come back.  Until then what its ctx leads to is the thread's.
 * There are never many, for whoever gives one waits for it before the next.
 * Those of two lanes may have to do with the same folder at the same time, but
 * never with the same names or the same connection.
 */
#ifndef TALLYMAN_FLOW_ERRAND_H
#define TALLYMAN_FLOW_ERRAND_H

#include <stdbool.h>

enum errand_lane { ERRAND_FETCH, ERRAND_DELIVER, ERRAND_LANES };

struct errand {
	void (*go)(void *ctx);
	void *ctx;
	enum errand_lane lane;
	struct errand *next; /* this and the following: of errand.c */
	bool away;
};

struct errands;

/* Null when there can be none; all below accept that, and then an errand is
 * done at once by who gives it. */
struct errands *errands_new(void);
/* Waits for all that were given. */
void errands_free(struct errands *);

/* Not while it is away. */
void errand_give(struct errands *, struct errand *);
/* Whether it is given and not done.  One that is all zero is not. */
bool errand_is_away(struct errands *, const struct errand *);
void errand_await(struct errands *, const struct errand *);

/* Waits until nothing is away: before a fork, so that nothing which is open
 * for an errand goes over into the other process. */
void errands_rest(struct errands *);

#endif
