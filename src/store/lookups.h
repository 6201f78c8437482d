/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-references of partners: their values and ours. */
#ifndef TALLYMAN_STORE_LOOKUPS_H
#define TALLYMAN_STORE_LOOKUPS_H

#include "store/ask.h"

/* One entry; partner "*" is for all that have none of their own. */
struct store_lookup {
	const char *partner, *name; /* of the table */
	struct tally_str theirs, ours;
};
/* Adds or changes one, in a transaction; *changed is false when it is there
 * already.  Removes one; *found is false when there was none. */
enum tally_rc store_lookup_put(struct store *, const struct store_lookup *,
    bool *changed, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_lookup_remove(struct store *, const struct store_lookup *,
    bool *found, struct tally_err *) TALLY_MUST_USE;
/* Removes all of a table of a partner. */
enum tally_rc store_lookup_clear(struct store *, const char *partner,
    const char *name, struct tally_err *) TALLY_MUST_USE;
/* That so many entries of a table were put or removed, as an event. */
enum tally_rc store_lookup_changed(struct store *, const char *partner,
    const char *name, uint64_t n, int64_t now, struct tally_err *)
    TALLY_MUST_USE;

/* Entries: partner, name, theirs, ours; "" is any. */
enum tally_rc store_lookup_list(struct store *, const char *partner,
    const char *name, store_row_fn *, void *ctx, struct tally_err *)
    TALLY_MUST_USE;
/* Tables: partner, name, entries. */
enum tally_rc store_lookup_tables(struct store *, store_row_fn *, void *ctx,
    struct tally_err *) TALLY_MUST_USE;
/* What documents are held for: partner, value, todo, documents. */
enum tally_rc store_lookup_missing(struct store *, store_row_fn *, void *ctx,
    struct tally_err *) TALLY_MUST_USE;
/* The documents that are held for an entry, by what their findings expect; ""
 * for any: id. */
enum tally_rc store_lookup_waiting(struct store *, const char *expected,
    store_row_fn *, void *ctx, struct tally_err *) TALLY_MUST_USE;

/* All that holds for a partner, in no order.  Views live for the call. */
struct store_lookup_row {
	struct tally_str name, theirs, ours;
	bool any;   /* of "*" */
	int64_t id; /* in the order of adding */
};
enum tally_rc store_lookup_each(struct store *, const char *partner,
    enum tally_rc (*row)(
	void *ctx, const struct store_lookup_row *, struct tally_err *),
    void *ctx, struct tally_err *) TALLY_MUST_USE;

#endif
