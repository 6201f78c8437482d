/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a temporary folder, with a small model made by hand. */
#ifndef TALLYMAN_TESTS_STORE_FIXTURE_H
#define TALLYMAN_TESTS_STORE_FIXTURE_H

#include "store/store.h"

#define FIXTURE_NOW INT64_C(1764000000000) /* 2025-11-24T16:00:00.000Z */

/* Tables: orders (head), order_lines, parties. */
enum { FIXTURE_ORDERS, FIXTURE_LINES, FIXTURE_PARTIES };

struct fixture {
	char dir[64];
	struct tally_model model;
	struct store *store;
};

/* An open new store; reopen closes it and opens it for writing. */
void fixture_open(struct fixture *);
void fixture_reopen(struct fixture *);
/* Closes the store and removes the folder. */
void fixture_close(struct fixture *);

/* A test's state: such a store, made before it and gone after. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The model that the fixtures have. */
void fixture_model(struct tally_model *);

/* A connection of its own to the folder's database, for the caller to close. */
struct sqlite3 *fixture_connection(const struct fixture *);

/* The first column of the first row of a query on the folder's database, by
 * a connection of its own; "" when there is none, "NULL" for NULL. */
const char *fixture_sql(const struct fixture *, const char *sql);
void fixture_execute(const struct fixture *, const char *sql);

/* A file received with one interchange and one group, committed; ids. */
struct fixture_ids {
	int64_t file, interchange, group;
};
struct fixture_ids fixture_group(struct fixture *);

/* A file on its way into the store: n bytes, which are told by their place,
 * in pieces.  Then added as what an object holds, committed; its id. */
unsigned char fixture_byte(size_t at);
struct store_incoming *fixture_incoming(
    struct fixture *, size_t n, size_t piece);
int64_t fixture_add(struct fixture *, const struct store_object *,
    struct store_incoming *, bool *known);

/* A batch of n documents, each an order with two lines and a party; numbers
 * count from first.  Documents stand for the batch, all accepted. */
void fixture_batch(const struct fixture *, struct tally_batch *,
    struct store_document *, size_t n, unsigned first, int64_t group);

/* store_parts_prior of one part. */
enum tally_rc fixture_prior(struct store *, const char *partner,
    struct store_document *, size_t n, int64_t *duplicate, struct tally_err *)
    TALLY_MUST_USE;

/* Removes a folder and all in it. */
void fixture_remove(const char *dir);

#endif
