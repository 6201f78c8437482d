/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transaction holds back; see internal.h.
 *
 * A statement for each row takes two or three times as long as one for all of
 * them, and a row that is changed before it is written need not be written
 * twice.  Rows have their ids at once: nobody else makes any meanwhile.
 */
#include "store/internal.h"

#include "base/fnv.h"

#define TEXTS_MAX (64u << 20)
#define TEXTS     (8u << 20) /* bytes, with which rows are written */

/* Of each table: how its highest id is asked for, unless ids are given to it;
 * what its rows do, and what they do then; how many values they have, and which
 * of these they are looked for by, if any, from 1 on; and, a power of two, how
 * many of them wait at most. */
#define NOTHING STATEMENTS
static const struct {
	enum statement last, add, then;
	size_t width, key, most;
} table[HELDS] = {
	[HELD_PAYLOADS] = { Q_PAYLOAD_LAST, Q_PAYLOADS_ADD, NOTHING, 4, 0,
	    1024 },
	[HELD_FILES] = { Q_FILE_LAST, Q_FILES_ADD, NOTHING, 8, 5, 1024 },
	[HELD_FILE_STATES] = { NOTHING, Q_FILES_STATE, NOTHING, 4, 0, 1024 },
	[HELD_INTERCHANGES] = { Q_INTERCHANGE_LAST, Q_INTERCHANGES_ADD, NOTHING,
	    25, 8, 1024 },
	[HELD_GROUPS] = { Q_GROUP_LAST, Q_GROUPS_ADD, NOTHING, 12, 0, 1024 },
	[HELD_OUTBOX] = { Q_OUTBOX_LAST, Q_OUTBOX_ADD, NOTHING, 8, 0, 1024 },
	[HELD_OUTBOX_STATES] = { NOTHING, Q_OUTBOX_STATES, Q_EXPECTED_SENT, 4,
	    0, 1024 },
	[HELD_EVENTS] = { NOTHING, Q_EVENTS_ADD, NOTHING, 10, 0, 4096 },
};

/* What neither sees nor refers to rows that wait, or is asked once these were
 * looked through; or sees files only. */
enum { BLIND = 1, SEES_FILES };
static const unsigned char sight[STATEMENTS] = {
	[Q_PAYLOAD_LAST] = BLIND,
	[Q_FILE_LAST] = BLIND,
	[Q_FILE_FIND] = BLIND,
	[Q_OBJECT_ANY] = BLIND,
	[Q_OBJECT_GET] = BLIND,
	[Q_OBJECT_NEW] = BLIND,
	[Q_OBJECT_SEEN] = BLIND,
	[Q_OBJECT_TAKEN] = BLIND,
	[Q_OBJECT_GONE] = BLIND,
	[Q_INTERCHANGE_LAST] = BLIND,
	[Q_GROUP_LAST] = BLIND,
	[Q_OUTBOX_LAST] = BLIND,
	[Q_PAYLOAD_FIND] = BLIND,
	[Q_PAYLOAD_OF_FILE] = SEES_FILES,
	[Q_INTERCHANGE_PRIOR] = BLIND,
	[Q_INTERCHANGE_OLD] = BLIND,
	[Q_INTERCHANGE_FIND] = BLIND,
	[Q_EVENT_LAST] = BLIND,
	[Q_CONTROL_GET] = BLIND,
	[Q_CONTROL_NEW] = BLIND,
	[Q_CONTROL_SET] = BLIND,
	[Q_LOOKUP_OF] = BLIND,
	[Q_MAP_FIND] = BLIND,
	[Q_MAP_ADD] = BLIND,
	[Q_DOCUMENT_LAST] = BLIND,
	[Q_DOCUMENT_RESENT] = BLIND,
	[Q_FINDING_ADD] = BLIND,
	[Q_RESIDUE_ADD] = BLIND,
};

void
store_held_init(struct store_held *h)
{
	tally_arena_init(&h->texts, TEXTS_MAX);
	h->document = -1;
	for (int i = 0; i < HELDS; i++)
		h->rows[i].last = -1;
}

void
store_held_free(struct store_held *h)
{
	tally_arena_free(&h->texts);
	for (int i = 0; i < STORE_RUNS; i++)
		tally_hash_free(h->sum[i]);
	for (int i = 0; i < HELDS; i++) {
		tally_free(h->rows[i].v);
		tally_free(h->rows[i].chain);
	}
}

static void
take_out(struct store_rows *r, enum held t)
{
	if (r->n > 0 && r->chain != NULL)
		memset(r->chain, 0, table[t].most * sizeof(*r->chain));
	r->n = 0;
}

void
store_held_forget(struct store *st)
{
	struct store_held *h = &st->held;

	store_events_forget(st);
	h->nchain = h->oldest = 0;
	for (int i = 0; i < HELDS; i++) {
		take_out(&h->rows[i], (enum held)i);
		h->rows[i].last = -1;
	}
	tally_arena_reset(&h->texts);
	h->nsequence = h->next = 0;
	h->document = -1;
	h->map = 0;
	h->unseen[0] = '\0';
	h->lost = false;
}

enum tally_rc
store_rows_write(struct store *st, enum held t, struct tally_err *err)
{
	struct store_rows *r = &st->held.rows[t];
	enum tally_rc rc = TALLY_OK;

	if (r->n > 0)
		rc = store_many(
		    st, table[t].add, r->v, table[t].width, r->n, err);
	if (rc == TALLY_OK && r->n > 0 && table[t].then != NOTHING)
		rc = store_many(
		    st, table[t].then, r->v, table[t].width, r->n, err);
	take_out(r, t);
	st->held.lost |= rc != TALLY_OK;
	return rc;
}

static enum tally_rc
write_all(struct store *st, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (st->held.lost)
		return tally_err_set(err, TALLY_IO,
		    "an earlier error has lost rows of the transaction");
	for (int i = 0; i < HELDS && rc == TALLY_OK; i++)
		rc = store_rows_write(st, (enum held)i, err);
	if (rc == TALLY_OK)
		tally_arena_reset(&st->held.texts);
	return rc;
}

enum tally_rc
store_held_write(struct store *st, struct tally_err *err)
{
	enum tally_rc rc = store_events_end(st, err);

	if (rc == TALLY_OK)
		rc = write_all(st, err);
	return rc == TALLY_OK ? store_sequences_write(st, err) : rc;
}

enum tally_rc
store_rows_before(struct store *st, enum statement id, struct tally_err *err)
{
	const struct store_held *h = &st->held;
	size_t n = 0;

	if (sight[id] == BLIND ||
	    (sight[id] == SEES_FILES && h->rows[HELD_FILES].n == 0))
		return TALLY_OK;
	for (int i = 0; i < HELD_EVENTS; i++)
		n += h->rows[i].n;
	return n > 0 ? write_all(st, err) : TALLY_OK;
}

void
store_rows_made(struct store *st, enum held t)
{
	st->held.rows[t].last = -1;
}

struct engine_value *
store_held_at(const struct store *st, enum held t, size_t i)
{
	return &st->held.rows[t].v[i * table[t].width];
}

struct engine_value *
store_held_row(struct store *st, enum held t, int64_t id)
{
	struct store_rows *r = &st->held.rows[t];

	/* Ids rise by one. */
	if (r->n == 0 || id < r->v[0].integer ||
	    id - r->v[0].integer >= (int64_t)r->n)
		return NULL;
	return store_held_at(st, t, (size_t)(id - r->v[0].integer));
}

/* Where rows with the same key begin in a table's chain: its first part has
 * the newest row of each, its second part the one before each row; both are
 * numbered from 1, 0 is none. */
static uint32_t *
place_of(const struct store *st, enum held t, const void *key, size_t n)
{
	uint32_t h = fnv_of(key, n);

	return &st->held.rows[t].chain[(h ^ h >> 15) & (table[t].most - 1)];
}

struct engine_value *
store_held_find(const struct store *st, enum held t, const void *key, size_t n)
{
	const struct store_rows *r = &st->held.rows[t];
	struct engine_value *v;

	if (r->n == 0)
		return NULL;
	for (uint32_t i = *place_of(st, t, key, n); i != 0;
	     i = r->chain[table[t].most + i - 1]) {
		v = store_held_at(st, t, i - 1);
		if (v[table[t].key].n == n &&
		    memcmp(v[table[t].key].p, key, n) == 0)
			return v;
	}
	return NULL;
}

/* Row i, which is new. */
static void
note(struct store *st, enum held t, size_t i)
{
	const struct engine_value *key = &store_held_at(st, t, i)[table[t].key];
	struct store_rows *r = &st->held.rows[t];
	uint32_t *place;

	if (r->chain == NULL)
		return;
	place = place_of(st, t, key->p, key->n);
	r->chain[table[t].most + i] = *place;
	*place = (uint32_t)i + 1;
}

static enum tally_rc
make_room(struct store_rows *r, enum held t, struct tally_err *err)
{
	if (r->v == NULL)
		r->v =
		    tally_alloc(table[t].most * table[t].width * sizeof(*r->v));
	if (r->chain == NULL && table[t].key != 0)
		r->chain = tally_calloc(2 * table[t].most, sizeof(*r->chain));
	return r->v != NULL && (r->chain != NULL || table[t].key == 0)
	    ? TALLY_OK
	    : tally_err_set(err, TALLY_NOMEM, "no memory");
}

/* Room for one more row, and the highest id. */
static enum tally_rc
get_ready(struct store *st, enum held t, struct tally_err *err)
{
	struct store_rows *r = &st->held.rows[t];
	enum tally_rc rc = TALLY_OK;

	if (r->n == table[t].most || st->held.texts.used > TEXTS)
		rc = write_all(st, err);
	if (rc == TALLY_OK)
		rc = make_room(r, t, err);
	if (rc == TALLY_OK && r->last < 0 && table[t].last != NOTHING)
		rc = store_number(
		    st, table[t].last, NULL, 0, &r->last, NULL, err);
	return rc;
}

enum tally_rc
store_hold(struct store *st, enum held t, const struct engine_value *row,
    int64_t *id, struct tally_err *err)
{
	const bool alone = !st->engine->m->active(st->engine);
	struct store_rows *r = &st->held.rows[t];
	struct engine_value *v;
	size_t own = table[t].last != NOTHING;
	enum tally_rc rc;

	if (alone)
		store_rows_made(st, t);
	rc = get_ready(st, t, err);
	if (rc != TALLY_OK)
		return rc;
	v = store_held_at(st, t, r->n);
	v[0] = v_integer(r->last + 1);
	for (size_t i = own; i < table[t].width && rc == TALLY_OK; i++) {
		v[i] = row[i - own];
		rc = store_pass(&st->held.texts, &v[i], err);
	}
	if (rc != TALLY_OK)
		return rc;
	note(st, t, r->n);
	r->n++;
	r->last += (int64_t)own;
	if (id != NULL)
		*id = r->last;
	if (!alone)
		return TALLY_OK;
	rc = write_all(st, err);
	if (rc != TALLY_OK)
		store_held_forget(st);
	return rc;
}

enum tally_rc
store_hold_change(struct store *st, enum held t, const struct engine_value *row,
    struct tally_err *err)
{
	const struct store_rows *r = &st->held.rows[t];
	enum tally_rc rc = TALLY_OK;

	/* One statement changes a row once. */
	if (r->n > 0 &&
	    row[0].integer <= store_held_at(st, t, r->n - 1)[0].integer)
		rc = write_all(st, err);
	return rc == TALLY_OK ? store_hold(st, t, row, NULL, err) : rc;
}
