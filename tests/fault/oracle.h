/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be true of a scene, judged by what partners offered and got, the
 * database and the folders.  The program is not asked, and none of its code
 * is used: the database is read by SQLite, acknowledgements by a reader of
 * its own.
 */
#ifndef TESTS_FAULT_ORACLE_H
#define TESTS_FAULT_ORACLE_H

#include "fault/scene.h"

enum wrong {
	WRONG_LOST,     /* a file, order or answer that is nowhere */
	WRONG_DOUBLED,  /* one that is there, or arrived, twice */
	WRONG_EARLY,    /* an answer to what is not recorded (yet) */
	WRONG_STUCK,    /* not in the state that it must end in */
	WRONG_HALF,     /* a partner saw, or we took, a part of a file */
	WRONG_LEFT,     /* a temporary or spoilt thing stays behind */
	WRONG_ORDER,    /* not in the order of receipt */
	WRONG_NUMBER,   /* control numbers: a gap, or one for two files */
	WRONG_DATABASE, /* not whole, or says what is not so */
	WRONG_EXIT,     /* a crash, a hang, a status that is none */
	WRONGS
};
extern const char *const wrong_name[WRONGS];

struct verdict {
	unsigned n[WRONGS];
	struct tally_buf text; /* a line for each */
};
void verdict_init(struct verdict *);
void verdict_free(struct verdict *);
unsigned verdict_sum(const struct verdict *);
void verdict_add(struct verdict *, enum wrong, const char *fmt, ...)
    TALLY_PRINTF(3, 4);

/* While the scene stands still: what has left a mailbox is in the store, and
 * what a partner got is about what is recorded.  What partners see in inbound
 * counts as got. */
void oracle_moment(struct verdict *, struct scene *);
/* At the end, when runs have nothing left to do. */
void oracle_end(struct verdict *, const struct scene *);
/* Likewise, where nothing kept files from being read: those that were there
 * together were received in the order of time, and of names. */
void oracle_receipt(struct verdict *, const struct scene *);

#endif
