/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-references of partners. */
#include "store/lookups.h"

#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>

enum tally_rc
store_lookup_put(struct store *st, const struct store_lookup *l, bool *changed,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(l->partner), v_cstr(l->name),
		v_text(l->theirs), v_text(l->ours) };
	int64_t id;

	return store_number(st, Q_LOOKUP_PUT, v, COUNT(v), &id, changed, err);
}

enum tally_rc
store_lookup_remove(struct store *st, const struct store_lookup *l, bool *found,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(l->partner), v_cstr(l->name),
		v_text(l->theirs) };
	int64_t id;

	return store_number(st, Q_LOOKUP_REMOVE, v, COUNT(v), &id, found, err);
}

enum tally_rc
store_lookup_clear(struct store *st, const char *partner, const char *name,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(partner), v_cstr(name) };

	return store_do(st, Q_LOOKUP_CLEAR, v, COUNT(v), err);
}

enum tally_rc
store_lookup_changed(struct store *st, const char *partner, const char *name,
    uint64_t n, int64_t now, struct tally_err *err)
{
	char reason[128];
	const struct store_event e = { .stream = "partner",
		.name = partner,
		.subject = "lookup",
		.n = (int64_t)n,
		.to = "changed",
		.reason = reason };

	snprintf(
	    reason, sizeof(reason), "%" PRIu64 " entries of %.80s", n, name);
	return store_event(st, &e, now, err);
}

enum tally_rc
store_lookup_list(struct store *st, const char *partner, const char *name,
    store_row_fn *row, void *ctx, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(partner), v_cstr(name) };

	return store_rows(st, Q_LOOKUP_LIST, v, COUNT(v), row, ctx, err);
}

enum tally_rc
store_lookup_tables(
    struct store *st, store_row_fn *row, void *ctx, struct tally_err *err)
{
	return store_rows(st, Q_LOOKUP_TABLES, NULL, 0, row, ctx, err);
}

enum tally_rc
store_lookup_missing(
    struct store *st, store_row_fn *row, void *ctx, struct tally_err *err)
{
	return store_rows(st, Q_LOOKUP_MISSING, NULL, 0, row, ctx, err);
}

enum tally_rc
store_lookup_waiting(struct store *st, const char *expected, store_row_fn *row,
    void *ctx, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(expected) };

	return store_rows(st, Q_LOOKUP_WAITING, v, COUNT(v), row, ctx, err);
}

enum tally_rc
store_lookup_each(struct store *st, const char *partner,
    enum tally_rc (*row)(
	void *ctx, const struct store_lookup_row *, struct tally_err *),
    void *ctx, struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;
	const struct engine_value v[] = { v_cstr(partner) };
	enum tally_rc rc;
	bool more;

	rc = store_one(st, Q_LOOKUP_OF, v, COUNT(v), &more, err);
	while (rc == TALLY_OK && more) {
		const struct store_lookup_row r = {
			tally_cstr(m->text(st->engine, Q_LOOKUP_OF, 0)),
			tally_cstr(m->text(st->engine, Q_LOOKUP_OF, 1)),
			tally_cstr(m->text(st->engine, Q_LOOKUP_OF, 2)),
			m->integer(st->engine, Q_LOOKUP_OF, 3) != 0,
			m->integer(st->engine, Q_LOOKUP_OF, 4)
		};

		rc = row(ctx, &r, err);
		if (rc == TALLY_OK)
			rc = store_more(st, Q_LOOKUP_OF, &more, err);
		else
			store_end(st, Q_LOOKUP_OF);
	}
	if (rc == TALLY_OK)
		store_end(st, Q_LOOKUP_OF);
	return rc;
}
