/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rows came to when they were written, so that for a row of the same shape
 * it need not be found out again: the texts that are always the same, and
 * between them the columns and rows to put.
 *
 * The shape is which columns of the row have a value, and which blocks have
 * rows below it.  What it is written as depends on nothing else as long as each
 * value is one that is sent as it is, or can be converted in silence.  A plan
 * whose row has another one, or has residue, is given up before anything is put
 * out, and the row written as any other.
 *
 * Which plan a row has is guessed: the one that came after the newest before,
 * unless the row has columns or rows below that it has not; those that the row
 * has not are missed when the plan is filled in.
 *
 * A plan is learned by watching how a row is written: where each element is
 * from, what is put out in which order.  Rows for which that is not all are not
 * learned: of pairs and attributes, with components, that compare values or
 * have something told of them.
 */
#ifndef TALLYMAN_MAP_WRITE_PLAN_H
#define TALLYMAN_MAP_WRITE_PLAN_H

#include "map/program.h"

#define PLAN_BITS   63 /* of a shape; one more stands for a level above */
#define PLAN_NO_BIT UINT8_MAX
#define PLAN_STYLES 8  /* ways of writing whose plans are kept apart */
#define PLAN_SHAPES 32 /* of a block; an order's lines have a few */
#define PLAN_TRIES  4  /* rows of a shape that it is tried to learn from */
#define PLAN_PARTS  96
#define PLAN_ROWS   16   /* parts that are rows */
#define PLAN_TEXT   1024 /* bytes of a plan's texts */
#define PLAN_VALUES 768  /* elements of the segments that are watched */
#define PLANS_MAX   512  /* of a map; of a few KiB each */
#define PLANS_BYTES (64u << 20)
#define PLAN_COPIED 16   /* bytes that are copied at once */
#define PLAN_GUESS  1024 /* bytes of a row's values for which room is made */

struct write;
struct write_frame;

/* Where an element is from. */
enum plan_source {
	PLAN_UNKNOWN,   /* what has one is not learned */
	PLAN_FIXED,     /* always the same */
	PLAN_FIELD,     /* a column of the row */
	PLAN_QUALIFIER, /* the column of an operation's qualifier */
	PLAN_ORDINAL,   /* of the loop's instance */
	PLAN_TOTAL,     /* a count or a sum */
	PLAN_LEVEL,     /* the number of a level, … */
	PLAN_ABOVE,     /* … of the one above, … */
	PLAN_BELOW      /* … and whether there is one below */
};

/* What comes behind a part's text. */
enum plan_kind {
	PLAN_AS_IS,   /* a column's value, which has min bytes at least */
	PLAN_TEXT_OF, /* … or the code for it */
	PLAN_NUMBER,  /* … or what it is converted to */
	PLAN_COMPUTED,
	PLAN_ROWS_OF, /* rows of a block; the text ends with a segment */
	PLAN_END      /* nothing */
};

struct plan_part {
	const char *text; /* PLAN_COPIED bytes more can be read behind it */
	uint16_t n;
	uint8_t kind;   /* enum plan_kind */
	uint8_t source; /* enum plan_source */
	bool checked;   /* the value, as … */
	uint8_t check;  /* … enum tally_check, … */
	bool goes_on;   /* ROWS: the ordinals of rows of another block */
	uint16_t column;
	uint8_t slot; /* of the column, as of plan->slots */
	uint16_t min;
	uint16_t segments; /* that end in the text, up to ROWS and END … */
	uint16_t odd;      /* … and bytes of it that are odd */
	uint16_t block, loop, place; /* ROWS */
	const struct map_op *op;
	const struct tally_element *element;
	/* … or as the code before says, which is one of this element: the
	 * newest is kept with what it says. */
	const struct tally_element *qualifier;
	uint64_t said;                  /* its key */
	const struct map_code *code[2]; /* TEXT: of the newest two values */
};

struct plan {
	struct plan *next; /* of the block */
	uint64_t shape;
	uint16_t at; /* the loop, or the place, that the row is written in */
	uint8_t style, tries;
	bool lookups; /* it has columns that cross-references are asked for */
	uint8_t nrows;
	uint16_t npart;
	struct plan *then; /* by which the row behind was written; or null */
	/* As of the block's slots when they had changed so often: */
	uint32_t slots;
	bool fits; /* all columns of the shape have one */
	uint8_t nabsent, absent[PLAN_BITS]; /* those of all others */
	uint32_t room;          /* bytes of all but values as they are */
	uint32_t odd;           /* bytes of the texts that are odd */
	struct plan_part *part; /* null: it is not known */
};

/* A way of writing. */
struct plan_style {
	enum tally_characters characters;
	struct tally_separators separators;
	char line_end[3];
};

/* A row that is being written and watched. */
struct plan_learn {
	struct plan_learn *next; /* of those that are not used */
	struct plan *plan;
	const struct write_frame *frame;
	bool failed;
	uint32_t value; /* the first in write->value */
	struct {
		const struct map_op *op;
		uint8_t source; /* enum plan_source */
	} origin[PLAN_VALUES];
	struct plan_part part[PLAN_PARTS];
	uint16_t npart, nfield;
	char text[PLAN_TEXT];
	uint32_t ntext, begun; /* … of which the part begins there */
	uint16_t segments;
	uint8_t nrows;
	const struct plan_part *rows; /* the newest such part; or null */
	uint32_t room;
};

/* Finds the document's way of writing. */
enum tally_rc plan_begin(struct write *) TALLY_MUST_USE;
void plan_free(struct map_scratch *);

/*
 * Writes a row by its plan: true, and what has come of it.  Otherwise nothing
 * has been done, and *learn is what the row has to be watched with, or null.
 */
bool plan_put(struct write *, const struct write_frame *, uint16_t at,
    struct plan_learn **learn, enum tally_rc *);

/* write_plan_learn.c: begins to watch a row, and ends it, with what came of
 * writing it; null: it has not been watched. */
enum tally_rc plan_watch(struct write *, struct plan *,
    const struct write_frame *, struct plan_learn **) TALLY_MUST_USE;
enum tally_rc plan_end(struct write *, struct plan_learn *, enum tally_rc)
    TALLY_MUST_USE;

/* What is told while a row is watched (write->learn): an element has been put;
 * a segment, or rows of a piece, are put out; what cannot be done again. */
void plan_note(struct write *, uint32_t piece, uint8_t element,
    enum plan_source, const struct map_op *);
void plan_segment(struct write *, uint32_t piece);
/* with: they take pieces along; goes_on: their ordinals do. */
void plan_rows(
    struct write *, uint32_t piece, uint16_t loop, bool with, bool goes_on);
/* An element is compared with a value: what comes of that is not always the
 * same, unless both are. */
void plan_compare(
    struct write *, uint32_t piece, uint8_t element, enum plan_source);

#endif
