/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine under the store: a SQL database behind a few functions.
 *
 * The verbs of store.h are written once over this.  Statements are known by
 * number; their texts stand in statements.def.  A statement is started with
 * its arguments, gives rows one by one, and is finished; different statements
 * may be under way together.  Text arguments are valid UTF-8 without NUL: the
 * door is in store.c, and for batches in the engine.
 *
 * TALLY_TEMP: another process holds the database, or there is no room.
 */
#ifndef TALLYMAN_STORE_ENGINE_H
#define TALLYMAN_STORE_ENGINE_H

#include "store/store.h"

enum statement {
#define S(name, text) Q_##name,
#include "store/statements.def"
#undef S
	STATEMENTS
};

enum engine_kind { ENGINE_NULL, ENGINE_INTEGER, ENGINE_TEXT, ENGINE_BLOB };

struct engine_value {
	enum engine_kind kind;
	bool fleeting; /* the bytes do not last until finish */
	int64_t integer;
	const void *p;
	size_t n;
};

/* What load and prior take, one or several of them. */
struct engine_load {
	const char *partner;
	const struct store_document *document;
	const int64_t *map; /* of each document: id in maps, 0 */
	size_t ndocument;
	const struct tally_batch *batch; /* null: no records */
	const int64_t *id; /* of each document of the batch, 0: leave out */
	/* Null, or the one document of the batch that is taken, whose id is
	 * the only one. */
	const uint32_t *only;
};

struct engine_methods;
struct engine {
	const struct engine_methods *m;
};

struct engine_methods {
	void (*close)(struct engine *);
	void (*patience)(struct engine *, int ms); /* with a busy database */

	enum tally_rc (*begin)(struct engine *, struct tally_err *);
	enum tally_rc (*commit)(struct engine *, struct tally_err *);
	void (*rollback)(struct engine *);
	bool (*active)(struct engine *); /* within a transaction */
	enum tally_rc (*savepoint)(struct engine *, struct tally_err *);
	enum tally_rc (*release)(struct engine *, struct tally_err *);
	void (*undo)(struct engine *);

	/* A copy of all as it is now, into an empty file at path. */
	enum tally_rc (*copy)(
	    struct engine *, const char *path, struct tally_err *);

	/* Data definition; and the version of what it defined. */
	enum tally_rc (*define)(
	    struct engine *, const char *sql, struct tally_err *);
	enum tally_rc (*version)(struct engine *, int *, struct tally_err *);
	enum tally_rc (*stamp)(struct engine *, int, struct tally_err *);

	/* Gets a statement ready to be started; STATEMENTS: those for the
	 * documents of load and prior.  Trouble is told when it is. */
	void (*prepare)(struct engine *, enum statement);
	enum tally_rc (*start)(struct engine *, enum statement,
	    const struct engine_value *, size_t n, struct tally_err *);
	enum tally_rc (*next)(
	    struct engine *, enum statement, bool *row, struct tally_err *);
	void (*finish)(struct engine *, enum statement);
	/* A statement without arguments over n rows of values, width of each:
	 * they are its table held_rows, with columns c1, c2, … */
	enum tally_rc (*many)(struct engine *, enum statement,
	    const struct engine_value *, size_t width, size_t n,
	    struct tally_err *);

	/* Of the row that next gave; views live until the following next. */
	int64_t (*integer)(struct engine *, enum statement, int column);
	struct tally_str (*bytes)(struct engine *, enum statement, int column);
	const char *(*text)(struct engine *, enum statement, int column);
	const char *(*name)(struct engine *, enum statement, int column);
	int (*width)(struct engine *, enum statement);

	/* All documents of n loads, and all rows of their records. */
	enum tally_rc (*load)(struct engine *, const struct engine_load *,
	    size_t n, struct tally_err *);
	/* The records of a document: removes them; appends them to a buffer,
	 * a line for each row, in the model's order. */
	enum tally_rc (*unload)(
	    struct engine *, int64_t document, struct tally_err *);
	enum tally_rc (*read)(struct engine *, int64_t document,
	    struct tally_buf *, struct tally_err *);
	/* The records of a document as JSON, or those that a script makes in
	 * tables of its own; see store_document_line. */
	enum tally_rc (*json)(struct engine *, int64_t document,
	    const struct store_script *, struct tally_buf *,
	    struct tally_err *);
	/* prior[i]: the newest document with the key of document i, or 0; they
	 * are counted through all loads. */
	enum tally_rc (*prior)(struct engine *, const struct engine_load *,
	    size_t n, int64_t *prior, struct tally_err *);
};

/* Opens tallyman.db at path; it exists (empty when mode is STORE_CREATE).
 * Path and model are borrowed. */
enum tally_rc engine_sqlite_open(struct engine **, const char *path,
    enum store_mode, const struct tally_model *, struct tally_err *)
    TALLY_MUST_USE;

#endif
