/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What segments came to when a list was run over them, so that for a segment
 * of the same shape it need not be run again.  Documents say the same things
 * in the same way again and again.
 *
 * All that decides what a list does is part of the shape: which elements there
 * are, what those are that conditions and qualifiers speak of, and what the
 * row has taken before.  What values the others have only decides how they are
 * converted, which a memo leaves open; those that the checker says are no odd
 * ones mostly lie in the text as they are.  Lists for which that is not all are
 * not remembered: those that fill rows further out, or that look at components.
 */
#ifndef TALLYMAN_MAP_MEMO_H
#define TALLYMAN_MAP_MEMO_H

#include "map/program.h"

#define MEMO_BITS  6 /* of a place's number; an order has some 15 shapes */
#define MEMO_WAYS  4 /* memos of a place */
#define MEMO_TESTS 8
#define MEMO_STEPS 32
#define MEMO_CODED 4 /* of them, with codes that are remembered */
#define MEMO_WORDS 8 /* bits of a slot's number; an order has some 10 codes */

struct memo;

/* What a list depends on. */
struct memo_list {
	uint64_t tests;  /* elements that are tested, bit k for element k */
	uint64_t groups; /* of the frame that matter */
	enum {
		MEMO_UNKNOWN,
		MEMO_ABLE,
		MEMO_NOT_ABLE /* there is more to it */
	} ability;
};

/* What an element is that is tested: WORD_MAX bytes as they lie in memory, and
 * those of them that are meant, which are its own and the separator behind it.
 */
struct memo_test {
	uint64_t word, mask;
	uint32_t before; /* number of the separator before it */
};

/* An element to a column of the row. */
struct memo_step {
	uint16_t column;
	uint16_t cell; /* of the column in a row, in bytes: see memo->slots */
	uint8_t element;
	uint8_t form; /* enum map_form */
	uint32_t op;  /* in map->op */
};

/* A code that an element had before, as in a test, and the word for it; its p
 * is null where the code is it. */
struct memo_code {
	uint64_t word, mask;
	struct tally_str value;
};

#define MEMO_NONE UINT32_MAX

struct memo {
	/* What the segment behind was like: first, and last when not that;
	 * null where the memo was never used. */
	struct memo *next, *other;
	/* Numbers of the newest segments, with the time for which they hold, or
	 * 0: the same thing said behind two others has two numbers.  Slots are
	 * known then. */
	uint64_t like, also;
	uint64_t shape; /* a number for it, that others may have */
	uint64_t slots; /* when it got to know those of its first steps */
	uint32_t list;  /* in map->list, or MEMO_NONE */
	uint16_t style; /* of the set: what ends elements */
	bool alike;     /* segments of the same number pass all its tests */
	bool ends;      /* the row, with the segment */
	bool fills;     /* the row has references or constants */
	bool rests;     /* there is something that nothing claims */
	bool finishes;  /* one of ends, rests, and count */
	bool simple;    /* it does not, and all values lie as they are */
	uint64_t present;
	uint64_t plain;         /* elements that have to be no odd ones */
	uint64_t groups, taken; /* of groups that matter, those taken */
	const struct memo_test *tests;         /* end of test */
	struct memo_step *as_is, *coded, *end; /* ends of those of step */
	const struct map_op *rows; /* makes a row for the steps; or null */
	uint64_t takes;            /* bits of the row's frame */
	uint64_t claimed;
	const struct map_op *count; /* is to be compared; or null */
	struct map_frame frame;     /* of the row, but for what is new */
	uint16_t loop;              /* that the row is for, unless it ends */
	uint16_t owner;             /* column, where no row is made */
	struct memo_test test[MEMO_TESTS];
	/* First those that lie as they are, as_is and plain decimals; then so
	 * many codes. */
	struct memo_step step[MEMO_STEPS];
	struct memo_code code[MEMO_CODED][2]; /* the newest two of each */
};

/* A code that has been looked up: its table, and its bytes and their number;
 * the word for it, or null. */
struct memo_word {
	uint64_t key;
	struct tally_str word;
	uint16_t table; /* in map->codes */
};

/* All that is remembered of a map. */
struct memos {
	/* Slots are those of a batch: this one, of which nobody else knows
	 * them, for the time that it has been so. */
	const struct tally_batch *batch;
	uint64_t slots;
	/* Numbers of segments are those of a checker, likewise, and of no other
	 * batch. */
	const void **numbered;
	uint64_t times;
	struct memo *newest; /* that a segment was like */
	unsigned turn;       /* of the memos of a place to go */
	struct memo memo[MEMO_WAYS << MEMO_BITS];
	struct memo_word word[1 << MEMO_WORDS];
	struct memo_list list[]; /* of each list */
};

/* What ends the elements of a set, as a number. */
static inline uint16_t
memo_style(const struct tally_set *set)
{
	const struct tally_separators *s = &set->separators;

	return (uint16_t)(s->element << 8 | s->segment);
}

struct read;

/* Room for what is remembered, kept from document to document. */
enum tally_rc memo_begin(struct read *) TALLY_MUST_USE;

/* All segments between ST and SE. */
enum tally_rc memo_segments(struct read *) TALLY_MUST_USE;

/* memo_learn.c: where the present segment is remembered, or is to be;
 * null when that cannot be. */
struct memo *memo_find(struct read *, uint32_t list, uint64_t taken);
/* The same as read_whole, and remembers it. */
enum tally_rc memo_make(
    struct read *, struct memo *, uint32_t list, uint32_t frame) TALLY_MUST_USE;

/* What is told while a list is run that is to be remembered (r->memo): a row
 * has been made, or could not be; an element has gone to a column, or is to be
 * compared with a count (null: it is not); something was done that cannot be
 * repeated. */
void memo_row(struct read *, const struct map_op *);
void memo_add(struct read *, const struct map_op *, enum map_form,
    uint32_t frame, uint16_t column, unsigned element);
void memo_count(struct read *, const struct map_op *);
void memo_forget(struct read *);

#endif
