/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What segments came to when a list was run over them, so that for a segment
 * of the same shape it need not be run again.  Documents say the same things
 * in the same way again and again.
 *
 * All that decides what a list does is part of the shape: which elements there
 * are, what those are that conditions and qualifiers speak of, and what the
 * row has taken before.  What values the others have only decides how they are
 * converted, which a memo leaves open.  Lists for which that is not all are not
 * remembered: those that count, that fill rows further out, or that look at
 * components.
 */
#ifndef TALLYMAN_MAP_MEMO_H
#define TALLYMAN_MAP_MEMO_H

#include "map/program.h"

#define MEMO_BITS  7 /* of a slot's number; an order has some 15 shapes */
#define MEMO_TESTS 8
#define MEMO_STEPS 32

struct memo;

/* What a list depends on. */
struct memo_list {
	uint64_t tests;    /* elements that are tested, bit k for element k */
	uint64_t groups;   /* of the frame that matter */
	struct memo *last; /* that was like a segment; of any list */
	enum {
		MEMO_UNKNOWN,
		MEMO_ABLE,
		MEMO_NOT_ABLE /* there is more to it */
	} ability;
};

/* What an element is that is tested: WORD_MAX bytes from its first on, as they
 * lie in memory, and those of them that are its own. */
struct memo_test {
	uint64_t word, mask;
	uint32_t n; /* its bytes */
	uint8_t element;
};

/* An element to a column of the row. */
struct memo_step {
	uint16_t column;
	uint8_t element;
	uint8_t form; /* enum map_form */
	uint32_t op;  /* in map->op */
};

#define MEMO_NONE UINT32_MAX

struct memo {
	uint32_t list;  /* in map->list, or MEMO_NONE */
	uint16_t owner; /* column, where no row is made */
	uint8_t ntest;
	bool ends;              /* the row, with the segment */
	uint16_t nstep, nas_is; /* those of MAP_AS_IS come first */
	uint64_t present;
	uint64_t groups, taken; /* of groups that matter, those taken */
	uint64_t claimed;
	uint64_t takes;            /* bits of the row's frame */
	const struct map_op *rows; /* makes a row for the steps; or null */
	struct memo_test test[MEMO_TESTS];
	struct memo_step step[MEMO_STEPS];
};

struct read;

/* Room for what is remembered, kept from document to document. */
enum tally_rc memo_begin(struct read *) TALLY_MUST_USE;

/* The list of the frame's block over the present segment of a simple set. */
enum tally_rc memo_run(struct read *, uint32_t frame) TALLY_MUST_USE;

/* memo_learn.c: where the present segment is remembered, or is to be, which
 * becomes the last of its list; null when that cannot be. */
struct memo *memo_find(struct read *, uint32_t list);
/* Runs the list and remembers it. */
enum tally_rc memo_make(
    struct read *, struct memo *, uint32_t list, uint32_t frame) TALLY_MUST_USE;

/* What is told while a list is run that is to be remembered (r->memo): a row
 * has been made, or could not be; an element has gone to a column; something
 * was done that cannot be repeated. */
void memo_row(struct read *, const struct map_op *);
void memo_add(struct read *, const struct map_op *, enum map_form,
    uint32_t frame, uint16_t column, unsigned element);
void memo_forget(struct read *);

#endif
