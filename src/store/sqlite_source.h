/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read-only virtual tables over the memory of a load: batch_T has the rows of
 * table T, of all loads that are shown while a statement runs, one after the
 * other.
 *
 * One module serves all tables: a source says which rows one shows.  Texts are
 * handed over without a copy unless they need escaping.  A row's id is its
 * document's id with its number in the document behind it; of a head table it
 * is the document's.
 */
#ifndef TALLYMAN_STORE_SQLITE_SOURCE_H
#define TALLYMAN_STORE_SQLITE_SOURCE_H

#include <sqlite3.h>

#include "store/engine.h"

/* What all sources of a batch show. */
struct sqlite_shown {
	const struct tally_model *model; /* borrowed */
	const struct engine_load *load;  /* nload, while a statement runs */
	size_t nload;
	uint32_t at; /* row in hand, to be named when it fails */
	struct tally_buf escaped;
};

struct sqlite_source {
	struct sqlite_shown *all;        /* borrowed */
	const struct tally_table *table; /* null: the documents */
	bool *used;       /* of the model's columns: it has them; owned */
	uint16_t *column; /* the numbers of those; owned */
};

/* Of a table of the model; one of documents is all zero but for what it shows.
 * False: no memory. */
bool sqlite_source_init(struct sqlite_source *, struct sqlite_shown *,
    const struct tally_table *) TALLY_MUST_USE;
void sqlite_source_free(struct sqlite_source *);

const char *sqlite_source_name(const struct sqlite_source *);
/* How many rows the loads have for it. */
size_t sqlite_source_count(const struct sqlite_source *);

/* Gives it the columns that rows have values in; true when one is new. */
bool sqlite_source_widen(struct sqlite_source *);
/* The statement that puts all it shows into the store's table. */
void sqlite_source_insert(struct tally_buf *, const struct sqlite_source *);
/* Makes the table known, in place of one with fewer columns. */
enum tally_rc sqlite_source_show(
    struct sqlite_source *, sqlite3 *, struct tally_err *) TALLY_MUST_USE;

#endif
