/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical model: the tables and typed columns that records have, and
 * batches of rows for them.
 *
 * A model is read from maps/records.xml; maps, store, exports and manual all
 * take tables and columns from it.  A batch holds the rows of up to some
 * thousand documents, table by table, as cells that point into the batch's
 * arena: the store takes it whole.
 */
#ifndef TALLYMAN_RECORD_H
#define TALLYMAN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"
#include "tallyman/zone.h"

enum tally_column_type {
	TALLY_TEXT,    /* UTF-8 */
	TALLY_INTEGER, /* 64 bits */
	TALLY_DECIMAL, /* exact: canonical spelling as text */
	TALLY_DATE,    /* YYYY-MM-DD */
	TALLY_TIME     /* HH:MM or HH:MM:SS[.d] */
};

/* Columns of a table that together are a local time. */
struct tally_local {
	uint16_t date, time;
	uint16_t zone; /* or TALLY_NO_COLUMN */
};

struct tally_column {
	const char *name;
	enum tally_column_type type;
	bool search;      /* indexed: people look it up */
	const char *note; /* what it holds, in our words */
	/* Null, or what it is computed from: the same as an instant in UTC. */
	const struct tally_local *local;
};

/* A reference to the nearest enclosing row of another table, or null. */
struct tally_reference {
	const char *name; /* column: "order_line_id" */
	uint16_t table;   /* index in model->table */
};

#define TALLY_KEYS_MAX 4

/*
 * Every table has, before its references and columns, "id" and
 * "document_id", which a batch does not hold: the store makes id from the
 * document's id and the row's seq, and references likewise.
 */
struct tally_table {
	const char *name;
	const char *note;
	bool
	    head; /* at most one row per document, whose id is the document's */
	const struct tally_reference *reference;
	uint16_t nreference;
	const struct tally_column *column;
	uint16_t ncolumn;
	/* Columns, of which the first with a value is the business key. */
	uint16_t key[TALLY_KEYS_MAX];
	uint16_t nkey;
	const uint16_t *instant; /* columns that are computed */
	uint16_t ninstant;
};

struct tally_model {
	struct tally_arena arena; /* owns everything below */
	const struct tally_table *table;
	uint16_t ntable;
	const uint16_t *timed; /* the tables that have instants */
	uint16_t ntimed;
	unsigned char hash[32]; /* SHA-256 of the text it was read from */
};

/* Reads records.xml from memory; name is for messages. */
enum tally_rc tally_model_load(struct tally_model **, const char *name,
    struct tally_str text, struct tally_err *) TALLY_MUST_USE;
void tally_model_free(struct tally_model *);
int tally_model_table(const struct tally_model *, struct tally_str name);
int tally_table_column(const struct tally_table *, struct tally_str name);

/* A value; p null is SQL NULL.  Integers are held as text, too. */
struct tally_cell {
	const char *p;
	uint32_t n;
};

#define TALLY_NO_ROW    UINT32_MAX /* a reference to nothing */
#define TALLY_NO_COLUMN UINT16_MAX
#define TALLY_ROW_BITS  20 /* of an id that number the rows */
#define TALLY_ROWS_MAX  (1u << TALLY_ROW_BITS) /* per document and table */

struct tally_row {
	uint32_t document; /* ordinal in the batch, from 0 */
	uint32_t seq;      /* in its document and table, from 0 */
};

/*
 * The rows of one table.  Most columns are never used: one has a slot in each
 * row from its first value on, and rows lie as close as the slots allow.
 */
struct tally_rows {
	const struct tally_table *table;
	struct tally_row *row;   /* n */
	uint32_t *reference;     /* n * nreference: seq of the row meant */
	struct tally_cell *cell; /* n * width */
	uint8_t *slot;           /* ncolumn: or TALLY_NO_SLOT */
	uint16_t nslot, width;   /* that rows have, and have room for */
	size_t size; /* bytes of a row in which all columns have a value */
	uint32_t n, cap;
};
#define TALLY_NO_SLOT UINT8_MAX /* no row has had a value in the column */

/* A null cell, for columns without a slot. */
extern const struct tally_cell tally_no_cell;

static inline const struct tally_cell *
tally_rows_cell(const struct tally_rows *r, uint32_t row, uint16_t column)
{
	uint8_t slot = r->slot[column];

	return slot != TALLY_NO_SLOT ? &r->cell[(size_t)row * r->width + slot]
				     : &tally_no_cell;
}

struct tally_batch {
	const struct tally_model *model; /* borrowed */
	struct tally_rows *rows;         /* one per table; owned */
	struct tally_arena text;         /* bytes of cells */
	uint32_t ndocument;
	bool timed;   /* a local time has a slot */
	bool utf8;    /* known: its texts are UTF-8 without NUL; till reset */
	size_t max;   /* bytes of rows and texts that it may have */
	size_t used;  /* bytes that it has */
	size_t begun; /* bytes that it had when the newest document began */
	const void *known; /* to whom its slots are; or null */
};

enum tally_rc tally_batch_init(struct tally_batch *, const struct tally_model *,
    size_t max, struct tally_err *) TALLY_MUST_USE;
void tally_batch_free(struct tally_batch *);
void tally_batch_reset(struct tally_batch *); /* keeps the memory */

/* A slot for a column that has none; the cells of all rows may move. */
uint8_t tally_slot_open(struct tally_batch *, uint16_t table, uint16_t column);

/* Begins the next document and returns its ordinal. */
uint32_t tally_batch_document(struct tally_batch *);
/* Takes back every row of the newest document, and the document. */
void tally_batch_undo(struct tally_batch *);

/* Rows of a table that the newest document has. */
static inline uint32_t
tally_batch_count(const struct tally_batch *b, uint16_t table)
{
	const struct tally_rows *r = &b->rows[table];

	return r->n > 0 && r->row[r->n - 1].document == b->ndocument - 1
	    ? r->row[r->n - 1].seq + 1
	    : 0;
}

/*
 * Whether the newest document can have one more row of a table: it has at most
 * TALLY_ROWS_MAX of each, and at most half the bytes that the batch may have.
 * So it depends on the document alone, as long as whoever fills a batch
 * empties it before half of it is used.
 */
static inline bool
tally_batch_fits(const struct tally_batch *b, size_t size)
{
	return b->used - b->begun + size <= b->max / 2;
}
static inline bool
tally_batch_room(const struct tally_batch *b, uint16_t table)
{
	return tally_batch_fits(b, b->rows[table].size) &&
	    tally_batch_count(b, table) < TALLY_ROWS_MAX;
}

/*
 * Appends a row of the newest document: references TALLY_NO_ROW, cells null.
 * Gives its index in rows; TALLY_NOMEM when there is no room.
 */
enum tally_rc tally_batch_row(struct tally_batch *, uint16_t table,
    uint32_t *row, struct tally_err *) TALLY_MUST_USE;

/* The same; TALLY_NO_ROW where tally_batch_room says that there is no room, or
 * else for want of memory. */
uint32_t tally_batch_add(struct tally_batch *, uint16_t table);

/* So many of them, one or more; the first.  For whoever then fills in all
 * references and all cells, of which nothing is known. */
uint32_t tally_batch_add_many(struct tally_batch *, uint16_t table, uint32_t n);

/* Puts a value into a cell; the bytes are copied. */
enum tally_rc tally_batch_set(struct tally_batch *, uint16_t table,
    uint32_t row, uint16_t column, struct tally_str, struct tally_err *)
    TALLY_MUST_USE;

/*
 * For whoever sets many cells from one text: the text is copied once, and cells
 * then point into the copy.
 */
enum tally_rc tally_batch_keep(struct tally_batch *, struct tally_str text,
    const char **copy, struct tally_err *) TALLY_MUST_USE;
static inline void
tally_batch_point(struct tally_batch *b, uint16_t table, uint32_t row,
    uint16_t column, struct tally_str kept)
{
	struct tally_rows *r = &b->rows[table];
	uint8_t slot = r->slot[column];

	if (slot == TALLY_NO_SLOT)
		slot = tally_slot_open(b, table, column);
	r->cell[(size_t)row * r->width + slot] =
	    (struct tally_cell){ kept.p, (uint32_t)kept.n };
}

/* The first value of the columns that the model calls the key of a document;
 * empty when there is none. */
struct tally_str tally_batch_key(const struct tally_batch *, uint32_t document);

/* The rows of a table that a document of the batch has: the first, and how
 * many. */
void tally_batch_rows(const struct tally_batch *, uint16_t table,
    uint32_t document, uint32_t *from, uint32_t *n);

/*
 * Computes the instants of the newest document: of each row with a date and a
 * time, whose zone the row names, or else is the one given; null: none is.
 * What has no zone, or one that is no code of element 623, has no instant.
 */
enum tally_rc tally_batch_instants(struct tally_batch *,
    const struct tally_zone *, struct tally_err *) TALLY_MUST_USE;

/*
 * The inverse: where a row has an instant, but neither its date nor its time,
 * they are filled in.  Without any zone they are in universal time, and the
 * row says so.  A value that is no instant is told, with its column.
 */
typedef void tally_instant_fn(void *ctx, const struct tally_table *,
    uint16_t column, struct tally_str value);
enum tally_rc tally_batch_locals(struct tally_batch *,
    const struct tally_zone *, tally_instant_fn *, void *ctx,
    struct tally_err *) TALLY_MUST_USE;

/* One document of a batch as a line of JSON, keys in the model's order. */
void tally_batch_json(
    const struct tally_batch *, uint32_t document, struct tally_buf *);

/*
 * The inverse: appends a document for each object of the text, which may hold
 * several.  "id" may be any number that no other row of the table has, and may
 * be left out; references name such numbers; null stands for no value; a
 * decimal may be a number, too, and is taken as it is spelled.
 *
 * TALLY_DATA with file, line and column where the text is no JSON, a table or
 * column is not there, a value is none of its column's type, an id is there
 * twice or a reference goes to a row that is not there, and where a head table
 * has two rows.  Documents before that one are in the batch then.
 */
enum tally_rc tally_batch_parse(struct tally_batch *, const char *file,
    struct tally_str text, struct tally_err *) TALLY_MUST_USE;

#endif
