/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partners put into their mailboxes, and what must become of it: the
 * truth that the oracle judges by.  The same seed makes the same files.
 *
 * Files of phase 0 are there from the beginning; those of phase 1 come, and
 * halves are completed, after the disturbance.
 */
#ifndef TESTS_FAULT_WORKLOAD_H
#define TESTS_FAULT_WORKLOAD_H

#include <stdint.h>

#include "tallyman/mem.h"

enum fate {
	FATE_ORDERS,    /* recorded once, a 997 accepts it */
	FATE_BROKEN,    /* its set is rejected by a 997 */
	FATE_REFUSED,   /* its interchange is rejected by a TA1 */
	FATE_CONFLICT,  /* likewise: the number of another, other bytes */
	FATE_DUPLICATE, /* another's bytes: answered as that was, or not yet */
	FATE_REPEAT,    /* another's name and bytes: nothing more happens */
	FATE_SET_ASIDE, /* in quarantine, unanswered */
	FATES
};

#define NO_OTHER SIZE_MAX
struct offered {
	unsigned box;
	char name[64];
	char early[64]; /* its name while it is half; empty: name */
	size_t half;    /* bytes that are there in phase 0; 0: whole */
	struct tally_buf bytes;
	int64_t mtime;
	enum fate fate;
	unsigned phase;
	size_t other;                  /* index of the other one; NO_OTHER */
	unsigned control, docs, lines; /* docs of lines lines each */
	bool ta1;                      /* asks for one */
};

#define BOXES 2 /* the first deletes what is taken, the second moves it */
extern const char *const box_id[BOXES];

enum workload_kind {
	WORKLOAD_MIXED,  /* small files of all fates */
	WORKLOAD_PLAIN,  /* none whose fate is another's, or the clock's */
	WORKLOAD_LARGE,  /* one for the archive, committed on the way */
	WORKLOAD_POISON, /* one that kills a program that is built so */
	WORKLOAD_KINDS
};
extern const char *const workload_name[WORKLOAD_KINDS];

struct workload {
	enum workload_kind kind;
	struct offered *v; /* owned */
	size_t n;
};
void workload_make(struct workload *, enum workload_kind, uint64_t seed);
void workload_free(struct workload *);

/* The number of an order: unique for box, control number and ordinal. */
void workload_po(char po[32], const struct offered *, unsigned ordinal);

#endif
