/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share; nobody else includes it. */
#ifndef TALLYMAN_STORE_INTERNAL_H
#define TALLYMAN_STORE_INTERNAL_H

#include "base/hash.h"
#include "store/ask.h"
#include "store/engine.h"

#define STORE_SMALL (1024 * 1024) /* bytes of a payload kept as a row */
/* Bytes of one that waits in memory, and is not looked for among those that
 * are there: an index of hashes is written all over.  As in schema.c. */
#define STORE_TINY 65536

/* The newest hash of a stream of events. */
struct store_chain {
	char stream[1100]; /* a name of 255 bytes, each of them escaped */
	bool any;          /* there is an event, and its hash */
	unsigned char hash[TALLY_HASH_SIZE];
};
#define STORE_CHAINS 16

/* An event of the transaction in hand that may stand for more: see events.c. */
struct store_run {
	unsigned chain;                     /* its stream's place */
	char subject[16], from[24], to[24]; /* from: empty for what is new */
	int64_t id, n, at;
	bool content, summing; /* it has one; it is summed up from several */
	unsigned char first[TALLY_HASH_SIZE]; /* the one there is, else */
};
#define STORE_RUNS 8

/* The number drawn last, of a pair of sender and receiver. */
struct store_sequence {
	char level[16], sender[80], receiver[80];
	int64_t number, epoch;
	bool changed; /* since it was read or written */
};
#define STORE_SEQUENCES 8

/* Tables whose new rows wait, and changes of rows, in the order in which they
 * are written: none has a reference to a later one. */
enum held {
	HELD_PAYLOADS,
	HELD_FILES,
	HELD_FILE_STATES,
	HELD_INTERCHANGES,
	HELD_GROUPS,
	HELD_OUTBOX,
	HELD_OUTBOX_STATES,
	HELD_EVENTS,
	HELDS
};

/* Rows of values, the first of which is the id, but of events. */
struct store_rows {
	struct engine_value *v; /* owned */
	uint32_t *chain;        /* by their keys, see held.c; owned */
	size_t n;
	int64_t last; /* the highest id; -1: not asked yet */
};

/*
 * What the transaction in hand keeps in memory, since nobody else writes
 * meanwhile: what it has asked, and what it writes many at once, before it is
 * committed and before a savepoint.  Forgotten where any of it may be undone.
 */
struct store_held {
	struct store_chain chain[STORE_CHAINS]; /* see events.c */
	unsigned nchain, oldest;
	struct store_run run[STORE_RUNS]; /* as they began */
	struct tally_hash
	    *sum[STORE_RUNS]; /* of these; made when needed; owned */
	unsigned nrun;
	struct store_rows rows[HELDS];
	struct tally_arena texts; /* of these */
	struct store_sequence sequence[STORE_SEQUENCES];
	unsigned nsequence, next; /* next: the one to be replaced */
	int64_t document;         /* the highest id; -1: not asked yet */
	int64_t map; /* the row of the map that was asked for last; 0: none */
	unsigned char map_hash[TALLY_HASH_SIZE];
	char map_name[256];
	char unseen[64]; /* a mailbox in which nothing had been seen */
	bool lost; /* rows that were held are gone: it is to be taken back */
};

/* A large file that this process has summed up and archived itself. */
#define STORE_RECEIVED 4
struct store_received {
	unsigned char sha256[TALLY_HASH_SIZE];
	struct tally_hash *before; /* of all but the last bytes; owned, null */
	struct tally_buf last;     /* where nothing is in it */
};

/* A small one, with its bytes, which wait to be translated. */
#define STORE_RECENT       512
#define STORE_RECENT_BYTES (4u << 20)
struct store_recent {
	unsigned char sha256[TALLY_HASH_SIZE];
	struct tally_buf bytes; /* owned */
};

struct store {
	struct engine *engine; /* owned */
	const struct tally_model *model;
	enum store_mode mode;
	char *path;              /* of tallyman.db; owned */
	int dir;                 /* the workspace's folder */
	struct tally_hash *hash; /* for events and payloads */
	struct tally_arena door; /* escaped texts of the last statement */
	struct tally_buf name;   /* of the file that was given last */
	struct tally_buf bytes;  /* of the outgoing file given last */
	unsigned spooled;        /* files made in spool/ so far */
	unsigned prepared;       /* statements: see prepare.c */
	struct store_held held;
	struct tally_buf chained; /* what an event's hash covers */
	/* Large files that came last: see payload.c. */
	struct store_received received[STORE_RECEIVED];
	unsigned nreceived;                       /* so far */
	struct store_recent recent[STORE_RECENT]; /* a ring, as they came */
	size_t nrecent, first_recent, recent_bytes;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Arguments of statements. */
static inline struct engine_value
v_integer(int64_t i)
{
	return (struct engine_value){ .kind = ENGINE_INTEGER, .integer = i };
}

/* 0 is NULL. */
static inline struct engine_value
v_id(int64_t i)
{
	return i != 0 ? v_integer(i) : (struct engine_value){ 0 };
}

static inline struct engine_value
v_text(struct tally_str s)
{
	return (struct engine_value){ .kind = ENGINE_TEXT, .p = s.p, .n = s.n };
}

/* Null is NULL. */
static inline struct engine_value
v_cstr(const char *s)
{
	return s != NULL ? v_text(tally_cstr(s)) : (struct engine_value){ 0 };
}

/* Empty is NULL. */
static inline struct engine_value
v_some(struct tally_str s)
{
	return s.n != 0 ? v_text(s) : (struct engine_value){ 0 };
}

static inline struct engine_value
v_blob(const void *p, size_t n)
{
	return (struct engine_value){ .kind = ENGINE_BLOB, .p = p, .n = n };
}

/*
 * Starts a statement and asks for its first row; where there is one, the
 * caller reads it and calls store_end.
 */
enum tally_rc store_one(struct store *, enum statement,
    const struct engine_value *, size_t n, bool *row, struct tally_err *)
    TALLY_MUST_USE;
/* The row after it. */
enum tally_rc store_more(struct store *, enum statement, bool *row,
    struct tally_err *) TALLY_MUST_USE;
void store_end(struct store *, enum statement);
/* Calls fn for each row, until it fails or wants no more; it reads the row and
 * starts no statement. */
typedef enum tally_rc store_each_fn(
    struct store *, void *ctx, bool *more, struct tally_err *);
enum tally_rc store_each(struct store *, enum statement,
    const struct engine_value *, size_t n, store_each_fn *fn, void *ctx,
    struct tally_err *) TALLY_MUST_USE;
/* A statement whose rows do not matter. */
enum tally_rc store_do(struct store *, enum statement,
    const struct engine_value *, size_t n, struct tally_err *) TALLY_MUST_USE;
/* A statement that gives one integer in one row; *found may be null, then
 * there has to be a row. */
enum tally_rc store_number(struct store *, enum statement,
    const struct engine_value *, size_t n, int64_t *out, bool *found,
    struct tally_err *) TALLY_MUST_USE;

/* A statement over rows of values, width of each, which are c1, c2, … of the
 * table held_rows there.  Texts have passed the door before: store_pass. */
enum tally_rc store_many(struct store *, enum statement,
    const struct engine_value *, size_t width, size_t n, struct tally_err *)
    TALLY_MUST_USE;
/* A copy of an argument in an arena, as the door lets it in. */
enum tally_rc store_pass(struct tally_arena *, struct engine_value *,
    struct tally_err *) TALLY_MUST_USE;

/* All rows of a statement. */
enum tally_rc store_rows(struct store *, enum statement,
    const struct engine_value *, size_t n, store_row_fn *, void *ctx,
    struct tally_err *) TALLY_MUST_USE;

/* A text in a field of that size, cut where it has no room; null is "". */
void store_copy(char *to, size_t size, const char *from);

/* Instants as text, "2026-11-23T17:05:36.123Z"; 0 as NULL. */
struct store_instant {
	char text[25];
};
struct store_instant store_instant(int64_t ms);
int64_t store_instant_ms(const char *text); /* null or bad text: 0 */
/* The argument; 0 in the instant's text is the empty string: NULL. */
static inline struct engine_value
v_instant(const struct store_instant *at)
{
	return v_some(tally_cstr(at->text));
}

/* schema.c */
enum tally_rc store_schema_create(struct store *, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc store_schema_migrate(struct store *, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc store_schema_check(struct store *, struct tally_err *)
    TALLY_MUST_USE;

/* A copy of the store as it is, named after what is going to change it; none
 * of a store in which nothing has happened yet. */
enum tally_rc store_backup_before(
    struct store *, const char *what, struct tally_err *) TALLY_MUST_USE;

/*
 * A change of state, in the transaction that makes it.  Streams, each with a
 * chain of hashes: "mailbox:NAME" for files, "partner:NAME" for the rest.  One
 * that goes on with the last of its kind, without a reason, is part of it.
 */
struct store_event {
	const char *stream; /* "mailbox" or "partner" */
	const char *name;   /* of it; null as the empty name */
	const char *subject;
	int64_t id;
	int64_t n;        /* that many subjects from id on */
	const char *from; /* state; null: it is new */
	const char *to;
	const char *reason;           /* or null */
	const unsigned char *content; /* 32 bytes, or null */
	struct tally_str over;        /* or what the content is the hash of */
};
enum tally_rc store_event(struct store *, const struct store_event *,
    int64_t now, struct tally_err *) TALLY_MUST_USE;
/*
 * Adds a row to a table, of all its values but the id, which is given; id may
 * be null.  It is written with others, and before any statement that may see
 * or refer to rows that wait, but of events; without a transaction at once.
 */
enum tally_rc store_hold(struct store *, enum held, const struct engine_value *,
    int64_t *id, struct tally_err *) TALLY_MUST_USE;
/* Changes a row, whose id comes first; the same, but that it is there. */
enum tally_rc store_hold_change(struct store *, enum held,
    const struct engine_value *, struct tally_err *) TALLY_MUST_USE;
/* The values of row i of those of a table that wait; of one by its id; of one
 * by what they are looked for, null where there is none. */
struct engine_value *store_held_at(const struct store *, enum held, size_t i);
struct engine_value *store_held_row(struct store *, enum held, int64_t id);
struct engine_value *store_held_find(
    const struct store *, enum held, const void *key, size_t n);
/* The rows that wait of one table, which refer to no other that does. */
enum tally_rc store_rows_write(struct store *, enum held, struct tally_err *)
    TALLY_MUST_USE;
/* Before this statement runs, what it may see or refer to. */
enum tally_rc store_rows_before(
    struct store *, enum statement, struct tally_err *) TALLY_MUST_USE;
/* A row was added to a table in another way. */
void store_rows_made(struct store *, enum held);
/* outbox.c: the numbers that were drawn. */
enum tally_rc store_sequences_write(struct store *, struct tally_err *)
    TALLY_MUST_USE;

/* events.c: what was begun there is a row, or forgotten. */
enum tally_rc store_events_end(struct store *, struct tally_err *)
    TALLY_MUST_USE;
void store_events_forget(struct store *);

/* held.c: what a transaction holds is to be in the store, or forgotten. */
void store_held_init(struct store_held *);
void store_held_free(struct store_held *);
enum tally_rc store_held_write(struct store *, struct tally_err *)
    TALLY_MUST_USE;
void store_held_forget(struct store *);

/* The row of a map by hash and name; made when it is new. */
enum tally_rc store_map(struct store *, const struct engine_value hash_name[2],
    int64_t *id, struct tally_err *) TALLY_MUST_USE;

/* Bytes as a payload, new or, where they are not tiny, known before; or, of a
 * payload that is not there yet, these or a place in archive/. */
enum tally_rc store_payload_hold(struct store *, const unsigned char sha256[32],
    struct tally_str bytes, int64_t *id, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_payload_add(struct store *, const unsigned char sha256[32],
    uint64_t size, const void *bytes, const char *archive, int64_t *id,
    struct tally_err *) TALLY_MUST_USE;

/* One that is in archive/, from this process: what is left of summing it up,
 * the hash of all but its last bytes, which is owned then, and these, makes its
 * first reading do without. */
void store_received(struct store *, const unsigned char sha256[32],
    struct tally_hash *before, struct tally_str last);
void store_received_free(struct store *);
/* Of one that is a row: its bytes, which are taken over, are not read again
 * either.  Where there is no room they are let go. */
void store_recent(
    struct store *, const unsigned char sha256[32], struct tally_buf *bytes);

/* incoming.c: what files.c needs of one. */
enum tally_rc store_incoming_end(struct store_incoming *, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc store_incoming_keep(struct store_incoming *, int64_t now,
    int64_t *payload, struct tally_err *) TALLY_MUST_USE;
/* spool.c: removes what dead processes have left there. */
void store_spool_clean(struct store *);

/* A folder below the workspace, made where missing, its name durable. */
enum tally_rc store_folder(struct store *, const char *path, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc store_folder_sync(
    struct store *, const char *path, struct tally_err *) TALLY_MUST_USE;

/* How long to wait for another process; tests do not wait 30 s. */
void store_patience(struct store *, int ms);

/* Runs a statement that changes the schema; the buffer may have failed. */
enum tally_rc store_define(
    struct store *, struct tally_buf *sql, struct tally_err *) TALLY_MUST_USE;

/* Makes the views for an ERP anew, as the model's tables are. */
enum tally_rc views_make(
    struct store *, struct tally_buf *sql, struct tally_err *) TALLY_MUST_USE;

/* Appends the definition of a temporary view "found" of all values that are
 * searched for, and the documents that have them: value, place, document_id. */
void store_found(const struct tally_model *, struct tally_buf *);

#endif
