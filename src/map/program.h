/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a map compiles to.
 *
 * A map is a tree of blocks: the record, and below it each <rows>.  A block
 * has, for each place of the grammar that it covers, a list of operations in
 * the order of the map's text.  Reading looks the list up by block and place
 * and runs it over the segment; a writer asks the same lists what feeds a
 * place.  So no operation may be one that only reading could carry out: each
 * names element, column and constants, and none names a procedure.
 *
 * At the first place of its own loop a block's list holds its own operations
 * only, because the enclosing block's list is running then; at other places
 * the operations of enclosing blocks are merged in, with the number of blocks
 * to go up.
 */
#ifndef TALLYMAN_MAP_PROGRAM_H
#define TALLYMAN_MAP_PROGRAM_H

#include "base/charset.h"
#include "base/word.h"
#include "tallyman/map.h"
#include "x12/hierarchy.h"

/* The operations, one row each: name, and what it does when reading. */
#define MAP_OPS \
	MAP_OP(TAKE, "choose this segment for the next n operations") \
	MAP_OP(FIELD, "element to column") \
	MAP_OP(CHOOSE, "offer each pair to the next n operations") \
	MAP_OP(PAIR, "element behind a qualifier to column") \
	MAP_OP(ATTRIBUTE, "element to a row of attributes") \
	MAP_OP(LITERAL, "claim an element that has one fixed value") \
	MAP_OP(COUNT, "compare an element with a number of rows") \
	MAP_OP(SUM, "compare an element with a sum over rows") \
	MAP_OP(SEQUENCE, "compare an element with the loop's ordinal") \
	MAP_OP(ROWS, "begin a row for the segment or the loop's instance") \
	MAP_OP(LEVEL, "begin a hierarchical level, with a row or without") \
	MAP_OP(PAIRS, "begin a row for each pair of elements")

enum map_opcode {
#define MAP_OP(name, what) MAP_##name,
	MAP_OPS
#undef MAP_OP
};

#define MAP_BYTES (16u << 20) /* a compiled map and what it keeps to write */

#define MAP_MOVES     1 /* flag: the element moves with the pair */
#define MAP_INTEGER   2 /* flag: the column is one */
#define MAP_NO_CODE   UINT16_MAX
#define MAP_NO_COLUMN TALLY_NO_COLUMN
#define MAP_NO_LOOKUP UINT16_MAX
#define MAP_NO_UP     UINT8_MAX

/* What plain ASCII of the element is to the column. */
enum map_form {
	MAP_OTHER, /* it is converted, or may be */
	MAP_AS_IS, /* its value */
	MAP_PLAIN, /* the same, if it is a plain decimal */
	MAP_CODED, /* the same, or a word for it */
	MAP_DATE   /* a date, which has another form there */
};

struct map_group;
struct map_choices;

struct map_op {
	uint64_t wants; /* elements of which one has to be there and free,
	                     bit k for element k */
	union {
		const struct map_group *group;     /* TAKE, PAIR, LITERAL */
		const struct map_choices *choices; /* CHOOSE */
	};
	uint8_t code;      /* enum map_opcode */
	uint8_t up;        /* blocks to go up to the one that it belongs to */
	uint8_t element;   /* from 1 */
	uint8_t component; /* from 1; 0: the whole element */
	uint8_t type;      /* enum tally_type of element or component */
	uint8_t decimals;
	uint8_t flags;
	uint8_t n;        /* CHOOSE, PAIR: last qualifier */
	uint8_t form;     /* FIELD, PAIR: enum map_form */
	uint16_t next;    /* how far the next one is: TAKE and CHOOSE hold
	                      others */
	uint16_t arg;     /* ROWS, LEVEL, PAIRS, ATTRIBUTE: block; COUNT, SUM:
	                      table */
	uint16_t column;  /* of the block's table; SUM: of the table summed */
	uint16_t codes;   /* table of codes, or MAP_NO_CODE */
	uint16_t column2; /* PAIR: of the qualifier, or MAP_NO_COLUMN */
	uint16_t lookup;  /* name of a cross-reference, or MAP_NO_LOOKUP */
	uint16_t min;     /* characters that the element has at least … */
	uint16_t max;     /* … and at most */
};

/* Whether it gives what is in no column of the row. */
static inline bool
map_is_computed(const struct map_op *op)
{
	return op->code == MAP_LITERAL || op->code == MAP_COUNT ||
	    op->code == MAP_SUM || op->code == MAP_SEQUENCE;
}

struct map_list {
	const struct map_op *op, *end;
};

/* The operations of a block itself at a place, for writing. */
struct map_own {
	uint32_t first, n; /* in map->op */
	uint16_t place;
};

/* An operation that a row feeds when it is written, and where. */
struct map_feed {
	const struct map_op *op;
	const struct map_own *own;
};

/* Which of the block's operations a column concerns: the bits of a mask, of
 * which the last stands for all that come then. */
struct map_fill {
	uint16_t column;
	uint8_t bit;
};
#define MAP_FEED_REST 63

/* An element that has one of some values. */
struct map_condition {
	uint8_t element, component;
	uint16_t n;
	const struct tally_str *value; /* the first is written */
	const uint64_t *key;           /* of each value */
};

/* A value's first eight bytes as a number; two values of at most eight are
 * equal if they have the same length and key. */
static inline uint64_t
map_key(struct tally_str s)
{
	return word_of(s.p, s.n < WORD_MAX ? s.n : WORD_MAX);
}

/* A text's first eight bytes as a number that is in the order of texts. */
static inline uint64_t
map_order(struct tally_str s)
{
	if (s.n >= WORD_MAX)
		return word_of_padded(s.p, WORD_MAX);
	return s.n > 0 ? word_of(s.p, s.n) << (64 - 8 * s.n) : 0;
}

/* What fields of one segment have in common: a condition, and the bit of
 * their row that says that the segment has been found. */
struct map_group {
	const struct map_condition *condition;
	uint8_t n;
	uint8_t bit;
};
#define MAP_GROUPS_MAX 64 /* of a block: bits of a frame */

/* What qualifiers the operations behind a CHOOSE want, in their order. */
struct map_choice {
	uint64_t key;   /* of the qualifier */
	uint64_t bit;   /* of the operation's group */
	uint16_t n;     /* its bytes */
	uint16_t which; /* of the alternatives of the operation */
	uint16_t op;    /* how far behind the CHOOSE it is */
};
struct map_choices {
	const struct map_choice *v;
	size_t n;
};

struct map_constant {
	uint16_t column;
	struct tally_str value;
};

/* A reference of the block's table to the row of an enclosing block. */
struct map_link {
	uint16_t reference;
	uint8_t up; /* from the block's parent */
};

struct map_required {
	uint16_t column, place;
	uint8_t element;
};

enum map_kind {
	BLOCK_RECORD,
	BLOCK_LOOP,
	BLOCK_LEVEL,
	BLOCK_SEGMENT,
	BLOCK_PAIR,
	BLOCK_NAMED
};

#define NO_BLOCK UINT16_MAX

struct map_block {
	uint8_t kind;  /* enum map_kind; NAMED: of an attribute */
	uint8_t n;     /* conditions */
	uint8_t bit;   /* LEVEL without rows: of the record's frame */
	bool rowless;  /* LEVEL: its fields are the record's */
	uint8_t feeds; /* bit of the operation that its rows concern, of those
	                  of the block around */
	uint8_t first_pair, last_pair; /* qualifier elements */
	uint16_t table;
	uint16_t loop;        /* of RECORD, LOOP and LEVEL */
	uint16_t first, last; /* places that its lists cover */
	uint32_t list;        /* list of place first */
	const struct map_condition *condition;
	const struct map_constant *constant;
	const struct map_link *link;
	const struct map_required *required;
	const struct map_own *own; /* in order of place */
	/* The operations of own, those apart that give what is in no column. */
	const struct map_feed *feed, *compute;
	const struct map_fill *fill;
	uint64_t always;      /* bits of those that no column and row decides */
	const uint16_t *left; /* columns that no rule of its rows has */
	uint16_t nconstant, nlink, nrequired, nown, nleft;
	uint16_t nfeed, ncompute, nfill;
	uint16_t parent; /* the block around */
};

/* The blocks that make rows of a table, in the order of the text. */
struct map_makers {
	const uint16_t *block;
	uint16_t n;
};

/* Codes sorted by key; none has more than eight bytes. */
struct map_code {
	uint64_t key;   /* of x12 */
	uint64_t order; /* of value */
	struct tally_str x12, value;
};
struct map_codes {
	const char *name;
	const struct map_code *code;
	const uint16_t *by_value; /* in order of the words */
	size_t n;
};

#define MAP_COUNTS_MAX 16

/* Levels, or rows that refer to one another, that are followed upwards; real
 * documents have five, and a hostile one shall not cost more than its size. */
#define MAP_ABOVE_MAX 32

/* A row in the making: the nearest one of a block. */
struct map_frame {
	uint64_t taken; /* groups that have found their segment */
	uint32_t outer; /* frame of the block around */
	uint32_t row;   /* in the batch */
	uint32_t seq;
	uint32_t segment; /* that it began with */
	uint16_t block;
	uint16_t table; /* of the block */
	uint32_t list;  /* of the block and place 0, as it were */
};

struct memos;
struct plan_learn;
struct plan_style;
struct write_block;
struct write_piece;
struct write_rows;

/* Bytes that cannot be written as they are, for one way of writing. */
#define ODD_SEPARATORS 4
#define ODD_WIDTH      16
struct map_odd {
	bool known;
	enum tally_characters characters;
	struct tally_separators separators;
	unsigned char byte[256]; /* 2: not at all; 1: they want a look */
	/* For looking at many at once: */
	unsigned char separator[ODD_SEPARATORS][ODD_WIDTH];
	unsigned char
	    high[ODD_WIDTH]; /* 0xff: those from 0x80 on are not odd */
};

/* What reading and writing need, kept between documents. */
struct map_scratch {
	struct map_frame *frame; /* owned */
	uint32_t nframe, frame_cap;
	uint32_t *frame_of; /* instance to frame; owned */
	uint32_t *ordinal;  /* of each instance within its parent; owned */
	uint32_t *youngest; /* child of each instance; owned */
	uint32_t instance_cap;
	struct hierarchy levels;
	uint32_t *level_frame; /* of each level, or UINT32_MAX; owned */
	uint32_t level_cap;
	struct memos *memos;   /* owned */
	struct tally_buf text; /* of a converted value */
	/* of writing */
	struct map_odd odd;
	struct tally_arena writing; /* of one document; owned */
	uint64_t written;           /* documents so far */
	struct write_block *block;  /* of each block; owned */
	struct write_rows *rows;    /* of each table; owned */
	uint16_t *level_block;      /* the blocks that are levels; in arena */
	uint16_t nlevel_block;
	struct write_piece *piece; /* owned */
	struct tally_str *value;   /* owned */
	uint32_t piece_cap, value_cap;
	struct plan_style *style; /* owned */
	struct plan_learn *learn; /* those that are not used; owned */
	struct tally_arena plans; /* owned */
	uint8_t careful; /* documents to come that are settled row by row */
	uint16_t nplan;
	uint8_t nstyle;
};

/*
 * What the cross-reference of an operation has for a value: *out, which lives
 * until the next call, with a null p where it has none.  Without any
 * cross-references it is the value itself.
 */
enum tally_rc map_look_up(const struct tally_map *, const struct map_op *,
    bool inverse, struct tally_str value, struct tally_str *out,
    struct tally_err *) TALLY_MUST_USE;

struct tally_map {
	struct tally_arena arena; /* owns what is below */
	const char *name;
	unsigned char hash[32];
	const struct tally_set_spec *set;
	const struct tally_model *model;
	const struct map_op *op;
	const struct map_list *list;
	const struct map_block *block; /* 0 is the record */
	const struct map_group *group;
	const struct map_codes *codes;
	const struct map_makers *makers; /* of each table */
	/* Of each place: elements whose code says how the next one is checked,
	 * bit k for element k. */
	const uint64_t *checked;
	const char *const *lookup;
	size_t nop, nlist, nblock, ngroup, ncodes, nlookup;
	bool levels;                         /* it has such operations */
	bool repeats;                        /* keys may come again */
	const struct tally_lookups *lookups; /* borrowed; or null */
	const struct tally_zone *zone;       /* likewise */
	struct tally_charset *charset;       /* owned */
	struct map_scratch scratch;
};

#endif
