/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a program backwards: what its files share.
 *
 *   write.c          the document: ST to SE
 *   write_index.c    which block writes which row, and rows by the row around
 *   write_feed.c     a row's columns into segments that are being made
 *   write_compute.c  counts, sums, sequences and literals into them
 *   write_value.c    a column's value to an element's
 *   write_odd.c      bytes that cannot be sent as they are
 *   write_piece.c    segments that are being made
 *   write_loop.c     pieces of a row into the order of the grammar
 *   write_level.c    rows of hierarchical levels as a tree
 *   write_residue.c  what nobody had claimed, back in its place
 *   write_plan.h     rows that are like one before
 *
 * Data goes one way: rows are hung on the rows around them; a row's frame
 * collects pieces, each at its place of the grammar; pieces are put out in the
 * order of the grammar, and where one stands for rows, each of these is a
 * frame in its turn.
 */
#ifndef TALLYMAN_MAP_WRITE_H
#define TALLYMAN_MAP_WRITE_H

#include "base/decimal.h"
#include "map/write_plan.h"

#define NO_PIECE UINT32_MAX
#define NO_LINK  UINT16_MAX /* the row around is the record's */

/* A segment in the making, or rows or residue that make segments. */
enum piece_kind {
	PIECE_SEGMENT,
	PIECE_ROWS,   /* of a block, from one row on */
	PIECE_LEVELS, /* the tree of all levels */
	PIECE_RAW     /* a segment that is residue */
};

struct write_piece {
	uint8_t kind;    /* enum piece_kind */
	bool one;        /* ROWS: the first row only */
	bool paired;     /* SEGMENT: rows of pairs share what is not a pair */
	uint16_t place;  /* in the grammar */
	uint8_t last;    /* SEGMENT: the last element that has been put */
	uint16_t block;  /* ROWS */
	uint32_t row;    /* ROWS: the first, of the document, from 1 */
	uint32_t order;  /* among pieces at the same place */
	uint32_t value;  /* SEGMENT: its elements, in write->value */
	uint64_t groups; /* SEGMENT: that it is made from */
	const struct tally_residue *raw; /* RAW */
};

/* A row that is being written. */
struct write_frame {
	const struct map_block *block;
	uint32_t row;     /* in the batch */
	uint32_t seq;     /* in the document */
	uint32_t ordinal; /* of the loop's instance, from 1 */
	uint32_t level;   /* LEVEL: node in the tree */
};

/* A frame at one place. */
struct write_at {
	struct write *w;
	const struct write_frame *frame;
	const struct map_own *own;
	uint32_t main;  /* the only piece here, or NO_PIECE */
	uint32_t first; /* of the frame's pieces */
	/* of feeding */
	const struct tally_cell *cell; /* of the frame's row */
	const uint8_t *slot;           /* of its columns */
	uint8_t shift;                 /* of the pair that is fed */
	enum tally_rc rc;              /* of what values have needed */
};

/* A node of the tree of levels; 0 is none, so that indexes can be zeroed. */
struct write_level {
	uint16_t block;
	uint16_t rank; /* in the hierarchy */
	uint32_t seq;
	uint32_t up;
	uint32_t first, last, next; /* children, and the next sibling */
	uint32_t below;             /* a node whose row refers to it … */
	bool several;               /* … and there are more */
	uint32_t number;            /* HL01 */
};

/* The rows of a table that the document has. */
struct write_rows {
	uint32_t from, n;  /* in the batch */
	uint16_t *writer;  /* block that writes each row; UINT16_MAX: none */
	uint32_t *next;    /* row of the same block and row around */
	uint32_t *level;   /* node of each row, or null */
	uint32_t *residue; /* of each row, from 1; 0: none */

	/* Kept from document to document: where the rows ended; and the first
	 * block that sets the references that the newest row set, bit i for
	 * reference i. */
	uint32_t end;
	const uint16_t *maker; /* or null */
	uint64_t set;
	bool alike;      /* it makes all rows that do, below rows … */
	uint16_t around; /* … that this reference names; or NO_LINK */
};

/* As map_fill, with the column's slot, and its bit in the shapes of rows. */
struct write_fill {
	uint8_t slot;
	uint8_t bit;
	uint8_t key;
};

/* What a document has for a block; kept from one to the next, as most blocks
 * have nothing. */
struct write_block {
	uint64_t document; /* that it is about; older: there is nothing */
	uint32_t *head;    /* by seq of the row around: the first row, from 1;
	                    null: there are none */
	uint64_t active;   /* operations that rows of blocks inside concern */
	uint8_t *slot;     /* of the table's columns, when this was made: */
	struct write_fill *fill; /* of columns that have a slot */
	uint16_t nfill;
	uint32_t slots; /* how often they have changed */
	uint16_t nleft; /* columns of the kind that no rule writes */

	/* Of the shapes of its rows (write_plan.h); bits once given stay. */
	uint8_t *key;     /* of each column; or PLAN_NO_BIT */
	uint64_t columns; /* the bits of columns */
	uint8_t nkey;
	bool crowded;    /* there are not enough bits */
	uint8_t bit;     /* that it has itself, in those of the block around */
	uint16_t inner;  /* a block inside that has rows, … */
	uint16_t beside; /* … and the next one in the block around */
	uint8_t nplan;
	struct plan *plan; /* the newest that was looked for */
	struct plan *used; /* the newest that was used; or null */
};

/* A code of an element that has been looked up. */
struct write_code {
	const struct tally_element *element;
	uint64_t key;
	const struct tally_code *code; /* or null */
};
#define WRITE_CODES 8

struct write {
	struct tally_map *map;
	const struct tally_batch *batch;
	const struct tally_residues *residues; /* or null */
	const struct tally_map_writing *how;
	struct tally_buf *out; /* failed: something had no memory */
	struct tally_findings *findings;
	struct tally_err *err;
	uint32_t nsegment;
	struct write_code code[WRITE_CODES];
	uint8_t style;            /* of plans */
	struct plan_learn *learn; /* the row that is watched; or null */
	const struct map_odd *odd;
	struct tally_str line_end;

	/* What rows by plan have put out from a point of the text on, with so
	 * many odd bytes as there should be, until it is settled. */
	size_t unsettled;
	size_t nodd;
	bool careful; /* each such row is settled before it is put out */
	bool wrong;   /* there were others: all is to be written again */

	struct write_rows *rows;   /* of each table */
	uint16_t *table, ntable;   /* those of which the batch has rows */
	uint64_t document;         /* its number */
	struct write_block *block; /* of each block */
	uint32_t *residue_next;    /* from 1 */
	struct write_level *level;
	uint32_t nlevel;

	/* Stacks: a frame's are dropped when it has been put out. */
	struct write_piece *piece;
	uint32_t npiece;
	struct tally_str *value;
	uint32_t nvalue;
};

/* Room for the document's own structures; zeroed. */
void *write_alloc(struct write *, size_t n, size_t size);
enum tally_rc write_nomem(struct write *);
/* name is the column or the table that it is about. */
void write_report(struct write *, enum tally_finding_kind, uint16_t place,
    uint8_t element, const char *name, struct tally_str value,
    const char *expected);

/* write_index.c */
enum tally_rc write_index(struct write *, uint32_t document) TALLY_MUST_USE;
/* Leaves nothing for the next document. */
void write_index_end(struct write *);
/* A block of which the document has rows; null without memory. */
struct write_block *write_block_begin(struct write *, uint16_t block);
static inline struct write_block *
write_block_of(struct write *w, uint16_t block)
{
	struct write_block *b = &w->block[block];

	return b->document == w->document ? b : write_block_begin(w, block);
}
/* The first row, of the document and from 1, that a block makes below a row. */
static inline uint32_t
write_first(const struct write *w, uint16_t block, uint32_t seq)
{
	const struct write_block *b = &w->block[block];

	return b->document == w->document && b->head != NULL ? b->head[seq] : 0;
}

static inline struct tally_str
write_cell(const struct write *w, uint16_t table, uint32_t row, uint16_t column)
{
	const struct tally_cell *c =
	    tally_rows_cell(&w->batch->rows[table], row, column);

	return tally_str(c->p, c->p != NULL ? c->n : 0);
}

/* write_value.c: the form that an element of a place wants; false when there
 * is none, which has been told. */
bool write_value(struct write *, const struct map_op *, uint16_t place,
    uint8_t element, uint16_t table, struct tally_str, struct tally_str *out,
    enum tally_rc *);
/* write_odd.c: the bytes that want a look in this way of writing. */
const struct map_odd *write_odd(
    struct tally_map *, const struct tally_map_writing *);
/* Whether any byte is one. */
bool write_is_odd(const struct write *, struct tally_str);
/* Whether what has been put out by plans has the odd bytes that it should:
 * before anything else is put out or told. */
void write_settle(struct write *);
/* How many are; behind the text ODD_WIDTH more bytes can be read. */
size_t write_count_odd(const struct map_odd *, const char *p, size_t n);
/* Text in which such bytes are as it can be sent. */
bool write_odd_text(struct write *, uint16_t place, uint8_t element,
    const char *name, struct tally_str, struct tally_str *out);

/* The element, or component, that an operation fills. */
const struct tally_element *write_element_of(const struct write *,
    const struct map_op *, uint16_t place, uint8_t element);
/* A value other than text in the form of an element; 0 when there is none. */
size_t write_convert(char room[TALLY_DECIMAL_MAX], const struct tally_element *,
    struct tally_str);
/* The code for a word; null when it is no word. */
const struct map_code *write_code_find(
    const struct map_codes *, struct tally_str word);

/* Whether it is a number that fits as it is, without zeros to be put in front.
 */
static inline bool
write_is_plain(const struct map_op *op, struct tally_str s)
{
	if (op->type != TALLY_R &&
	    (op->type != TALLY_N || op->decimals > 0 ||
		memchr(s.p, '.', s.n) != NULL))
		return false;
	return op->min <= 1 && s.n <= op->max && tally_decimal_plain(s);
}

/* Text as it can be sent. */
static inline bool
write_text(struct write *w, uint16_t place, uint8_t element, const char *name,
    struct tally_str s, struct tally_str *out)
{
	*out = s;
	return !write_is_odd(w, s) ||
	    write_odd_text(w, place, element, name, s, out);
}

/* write_piece.c */
enum tally_rc write_piece_new(struct write *, enum piece_kind, uint16_t place,
    uint32_t *piece) TALLY_MUST_USE;
/* Behind the last element that has been put there are none yet. */
static inline struct tally_str
write_element(const struct write *w, uint32_t piece, uint8_t element)
{
	const struct write_piece *p = &w->piece[piece];

	return element <= p->last ? w->value[p->value + element - 1]
				  : tally_str("", 0);
}
static inline void
write_whole(
    struct write *w, uint32_t piece, uint8_t element, struct tally_str s)
{
	struct write_piece *p = &w->piece[piece];
	struct tally_str *v = w->value + p->value;

	if (w->learn != NULL)
		plan_note(w, piece, element, PLAN_UNKNOWN, NULL);
	if (element > p->last) {
		for (unsigned k = p->last; k + 1u < element; k++)
			v[k] = tally_str("", 0);
		p->last = element;
	}
	v[element - 1] = s;
}
bool write_component_fits(const struct write *, struct tally_str composite,
    uint8_t component, struct tally_str);
/* Whether an element is empty, or the same already as a value from somewhere.
 */
static inline bool
write_fits(struct write *w, uint32_t piece, uint8_t element, uint8_t component,
    struct tally_str s, enum plan_source source)
{
	struct tally_str v = write_element(w, piece, element);

	if (w->learn != NULL && v.n > 0 && s.n > 0)
		plan_compare(
		    w, piece, element, component == 0 ? source : PLAN_UNKNOWN);
	return v.n == 0 ||
	    (component > 0 ? write_component_fits(w, v, component, s)
			   : tally_str_eq(v, s));
}
/* Whether there is nothing in it yet. */
static inline bool
write_is_free(
    struct write *w, uint32_t piece, uint8_t element, uint8_t component)
{
	return write_fits(
	    w, piece, element, component, tally_str("", 0), PLAN_FIXED);
}
/* The composite with one component exchanged. */
enum tally_rc write_component(struct write *, uint32_t piece, uint8_t element,
    uint8_t component, struct tally_str) TALLY_MUST_USE;
static inline enum tally_rc
write_put(struct write *w, uint32_t piece, uint8_t element, uint8_t component,
    struct tally_str s)
{
	if (component > 0)
		return write_component(w, piece, element, component, s);
	write_whole(w, piece, element, s);
	return TALLY_OK;
}

/* The same, and where it is from. */
static inline enum tally_rc
write_put_from(struct write *w, uint32_t piece, uint8_t element,
    uint8_t component, struct tally_str s, enum plan_source source,
    const struct map_op *op)
{
	enum tally_rc rc = write_put(w, piece, element, component, s);

	if (w->learn != NULL && component == 0)
		plan_note(w, piece, element, source, op);
	return rc;
}

/* Whether a piece is a segment that is being made at a place. */
static inline bool
write_is_at(const struct write *w, uint32_t piece, uint16_t place)
{
	return w->piece[piece].kind == PIECE_SEGMENT &&
	    w->piece[piece].place == place;
}

/* The main piece of a frame if that is at the place, or NO_PIECE. */
static inline uint32_t
write_main(const struct write *w, uint32_t main, uint16_t place)
{
	return main != NO_PIECE && w->piece[main].place == place ? main
								 : NO_PIECE;
}

/* Most texts are a few bytes: two halves, which may overlap. */
static inline char *
write_append(char *to, struct tally_str s)
{
	uint64_t first, last;
	uint32_t head, tail;

	if (s.n > 2 * sizeof(first)) {
		memcpy(to, s.p, s.n);
	} else if (s.n >= sizeof(first)) {
		memcpy(&first, s.p, sizeof(first));
		memcpy(&last, s.p + s.n - sizeof(last), sizeof(last));
		memcpy(to, &first, sizeof(first));
		memcpy(to + s.n - sizeof(last), &last, sizeof(last));
	} else if (s.n >= sizeof(head)) {
		memcpy(&head, s.p, sizeof(head));
		memcpy(&tail, s.p + s.n - sizeof(tail), sizeof(tail));
		memcpy(to, &head, sizeof(head));
		memcpy(to + s.n - sizeof(tail), &tail, sizeof(tail));
	} else if (s.n > 0) {
		to[0] = s.p[0];
		to[s.n / 2] = s.p[s.n / 2];
		to[s.n - 1] = s.p[s.n - 1];
	}
	return to + s.n;
}

/* How the code of an element says that the next one is checked. */
enum tally_check write_check_of(
    struct write *, const struct tally_element *, struct tally_str code);

/* Appends the piece's segment. */
void write_made(struct write *, uint32_t piece);
void write_line(
    struct write *, const char *tag, const struct tally_str *value, size_t n);

/* write_feed.c: the pieces of a frame, which begin with first; main is the one
 * that its row stands for, if it has one. */
enum tally_rc write_feed(struct write *, const struct write_frame *,
    uint32_t main, uint32_t first) TALLY_MUST_USE;

/* write_compute.c: what is computed into the pieces of a frame that lack it;
 * with alone, also where that makes a segment by itself. */
enum tally_rc write_compute(struct write *, const struct write_frame *,
    uint32_t main, uint32_t first, bool alone) TALLY_MUST_USE;
/* A count or sum of what there is, if the element can hold it; or 0. */
size_t write_total(struct write *, const struct map_op *,
    const struct tally_element *, char room[TALLY_DECIMAL_MAX]);

/* write_loop.c: the frame's loop with all that is in it, and with pieces
 * [from, to) of the frame around that belong to its instance. */
enum tally_rc write_frame(struct write *, const struct write_frame *,
    uint16_t loop, uint32_t from, uint32_t to) TALLY_MUST_USE;
/* The rows of a plan's part below one. */
enum tally_rc write_rows(struct write *, const struct plan_part *, uint32_t seq,
    uint32_t *ordinal) TALLY_MUST_USE;

/* write_level.c */
enum tally_rc write_levels_index(struct write *) TALLY_MUST_USE;
/* Pieces [from, to) belong to the first level. */
enum tally_rc write_levels(
    struct write *, uint16_t loop, uint32_t from, uint32_t to) TALLY_MUST_USE;
/* What HL01, HL02 and HL04 of a level are. */
enum tally_rc write_level_numbers(
    struct write *, const struct write_frame *, uint32_t main) TALLY_MUST_USE;

/* write_residue.c */
enum tally_rc write_residue_index(struct write *) TALLY_MUST_USE;
/* Residue of a frame, of whose table there is some: whole segments as pieces,
 * elements into those from first on. */
enum tally_rc write_residue(struct write *, const struct write_frame *,
    uint32_t main, uint32_t first) TALLY_MUST_USE;
void write_raw(struct write *, const struct tally_residue *);

#endif
