/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of documents for a store's tables, loaded by sqlite_direct.h. */
#ifndef TALLYMAN_TESTS_DIRECT_H
#define TALLYMAN_TESTS_DIRECT_H

#include "store/sqlite.h"
#include "store/sqlite_direct.h"
#include "support/generate.h"
#include "support/store_fixture.h"

#define DOCUMENTS 300
#define FIRST     1000 /* id of the first document */

struct direct {
	struct fixture *f;
	sqlite3 *db;
	struct sqlite_direct *d;
	struct tally_batch b;
	struct store_document document[DOCUMENTS];
	int64_t id[DOCUMENTS];
};

/* A test's state: made before it and gone after. */
int direct_setup(void **state);
int direct_teardown(void **state);

/* By the connection that loads.  What it asks is for the caller to finalize. */
void direct_execute(struct direct *, const char *sql);
sqlite3_stmt *direct_ask(struct direct *, const char *sql);
/* A value of a row of the batch. */
void direct_set(struct direct *, uint16_t table, uint32_t row, uint16_t column,
    struct tally_str text);
/* Loads one table's rows, in a transaction; whether that was done. */
bool direct_load(struct direct *, uint16_t table);
/* The table holds what the batch does, in the documents that count. */
void direct_is_there(struct direct *, uint16_t table);

/* Letters by chance. */
void direct_fill(char *, size_t n, struct rnd *);

#endif
