/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control numbers, the outbox, and mailboxes' health.
 *
 * A row of the outbox goes queued -> uploaded -> sent; what fails goes to
 * failed and is due again at next_at, in the place it has.  Name and bytes
 * never change.  attempts counts the uploads begun.
 */
#include "store/internal.h"

#define CONTROL_MAX 999999999

static enum tally_rc
write_sequence(
    struct store *st, struct store_sequence *s, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(s->number),
		v_integer(s->epoch), v_cstr(s->level), v_cstr(s->sender),
		v_cstr(s->receiver) };

	if (!s->changed)
		return TALLY_OK;
	s->changed = false;
	return store_do(st, Q_CONTROL_SET, v, COUNT(v), err);
}

enum tally_rc
store_sequences_write(struct store *st, struct tally_err *err)
{
	struct store_held *h = &st->held;
	enum tally_rc rc = TALLY_OK;

	for (unsigned i = 0; i < h->nsequence && rc == TALLY_OK; i++)
		rc = write_sequence(st, &h->sequence[i], err);
	return rc;
}

/* What the store has of a sequence takes the place of one that is held. */
static enum tally_rc
read_sequence(struct store *st, const struct store_sequence *key,
    struct store_sequence **out, struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;
	const struct engine_value v[] = { v_cstr(key->level),
		v_cstr(key->sender), v_cstr(key->receiver) };
	struct store_held *h = &st->held;
	struct store_sequence *s = &h->sequence[h->next % STORE_SEQUENCES];
	enum tally_rc rc = TALLY_OK;
	bool row;

	if (h->nsequence == STORE_SEQUENCES)
		rc = write_sequence(st, s, err);
	if (rc == TALLY_OK)
		rc = store_one(st, Q_CONTROL_GET, v, COUNT(v), &row, err);
	if (rc != TALLY_OK)
		return rc;
	*s = *key;
	if (row) {
		s->number = m->integer(st->engine, Q_CONTROL_GET, 0);
		s->epoch = m->integer(st->engine, Q_CONTROL_GET, 1);
		store_end(st, Q_CONTROL_GET);
	} else {
		rc = store_do(st, Q_CONTROL_NEW, v, COUNT(v), err);
	}
	if (h->nsequence < STORE_SEQUENCES)
		h->nsequence++;
	h->next++;
	*out = s;
	return rc;
}

static struct store_sequence *
held(struct store_held *h, const struct store_sequence *key)
{
	for (unsigned i = 0; i < h->nsequence; i++) {
		struct store_sequence *s = &h->sequence[i];

		if (strcmp(s->level, key->level) == 0 &&
		    strcmp(s->sender, key->sender) == 0 &&
		    strcmp(s->receiver, key->receiver) == 0)
			return s;
	}
	return NULL;
}

/* The transaction has the store for itself, so what is read stays, and what is
 * drawn is written once, at its end. */
enum tally_rc
store_control_next(struct store *st, const char *level, const char *sender,
    const char *receiver, uint32_t *number, struct tally_err *err)
{
	const bool alone = !st->engine->m->active(st->engine);
	struct store_sequence key = { .changed = false }, *s;
	enum tally_rc rc = TALLY_OK;

	if (strlen(level) >= sizeof(key.level) ||
	    strlen(sender) >= sizeof(key.sender) ||
	    strlen(receiver) >= sizeof(key.receiver))
		return tally_err_set(err, TALLY_USAGE,
		    "no sequence of control numbers has a name as long as %s "
		    "of %s to %s",
		    level, sender, receiver);
	memcpy(key.level, level, strlen(level));
	memcpy(key.sender, sender, strlen(sender));
	memcpy(key.receiver, receiver, strlen(receiver));
	if (alone)
		store_held_forget(st);
	s = held(&st->held, &key);
	if (s == NULL)
		rc = read_sequence(st, &key, &s, err);
	if (rc != TALLY_OK)
		return rc;
	s->epoch += s->number == CONTROL_MAX;
	s->number = s->number == CONTROL_MAX ? 1 : s->number + 1;
	s->changed = true;
	*number = (uint32_t)s->number;
	return alone ? write_sequence(st, s, err) : TALLY_OK;
}

enum tally_rc
store_outbox_add(struct store *st, const char *partner, const char *mailbox,
    const char *name, uint32_t control, struct tally_str bytes, int64_t about,
    int64_t now, int64_t *id, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	unsigned char sha256[TALLY_HASH_SIZE];
	struct engine_value v[] = { v_text(tally_cstr(partner)),
		v_cstr(mailbox), v_cstr(name), v_integer(0), v_id(about),
		v_id(control), v_instant(&at) };
	struct store_event e = { .stream = "partner",
		.name = partner,
		.subject = "outbox",
		.n = 1,
		.to = "queued",
		.content = sha256 };
	int64_t payload;
	enum tally_rc rc;

	tally_hash_add(st->hash, bytes.p, bytes.n);
	tally_hash_end(st->hash, sha256);
	rc = store_payload_hold(st, sha256, bytes, &payload, err);
	if (rc != TALLY_OK)
		return rc;
	v[3] = v_integer(payload);
	rc = store_hold(st, HELD_OUTBOX, v, &e.id, err);
	if (rc == TALLY_OK)
		rc = store_event(st, &e, now, err);
	if (id != NULL)
		*id = e.id;
	return rc;
}

enum tally_rc
store_outbox_again(
    struct store *st, int64_t about, int64_t now, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	int64_t id = 0;
	bool found = true;

	while (rc == TALLY_OK && found) {
		const struct engine_value v[] = { v_integer(about),
			v_integer(id) };

		rc = store_number(
		    st, Q_OUTBOX_ABOUT, v, COUNT(v), &id, &found, err);
		if (rc == TALLY_OK && found)
			rc = store_outbox_state(
			    st, id, "queued", NULL, NULL, 0, now, err);
	}
	return rc;
}

/* The row that OUTBOX_NEXT or OUTBOX_FIRST is at. */
static enum tally_rc
take_row(struct store *st, enum statement q, struct store_outgoing *o,
    struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;

	memset(o, 0, sizeof(*o));
	o->id = m->integer(st->engine, q, 0);
	store_copy(o->partner, sizeof(o->partner), m->text(st->engine, q, 1));
	store_copy(o->mailbox, sizeof(o->mailbox), m->text(st->engine, q, 2));
	store_copy(o->name, sizeof(o->name), m->text(st->engine, q, 3));
	store_copy(
	    o->temporary, sizeof(o->temporary), m->text(st->engine, q, 4));
	store_copy(o->state, sizeof(o->state), m->text(st->engine, q, 5));
	o->attempts = (uint32_t)m->integer(st->engine, q, 6);
	o->together = q == Q_OUTBOX_FIRST && m->integer(st->engine, q, 8) != 0;
	tally_buf_reset(&st->bytes);
	tally_buf_str(&st->bytes, m->bytes(st->engine, q, 7));
	if (st->bytes.failed) {
		tally_buf_free(&st->bytes);
		return tally_err_set(err, TALLY_NOMEM,
		    "no memory for the outgoing file %s", o->name);
	}
	o->bytes = tally_buf_view(&st->bytes);
	return TALLY_OK;
}

struct each {
	store_outbox_fn *fn;
	void *ctx;
};

static enum tally_rc
each(struct store *st, void *ctx, bool *more, struct tally_err *err)
{
	const struct each *e = ctx;
	struct store_outgoing o;
	enum tally_rc rc = take_row(st, Q_OUTBOX_NEXT, &o, err);

	return rc == TALLY_OK ? e->fn(e->ctx, &o, more, err) : rc;
}

enum tally_rc
store_outbox_each(struct store *st, const char *mailbox, int64_t after,
    int64_t now, store_outbox_fn *fn, void *ctx, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	const struct engine_value v[] = { v_cstr(mailbox), v_integer(after),
		v_instant(&at) };
	struct each e = { fn, ctx };

	return store_each(st, Q_OUTBOX_NEXT, v, COUNT(v), each, &e, err);
}

/* The first row of a statement. */
static enum tally_rc
first_row(struct store *st, enum statement q, const struct engine_value *v,
    size_t n, struct store_outgoing *o, bool *found, struct tally_err *err)
{
	enum tally_rc rc = store_one(st, q, v, n, found, err);

	if (rc != TALLY_OK || !*found)
		return rc;
	rc = take_row(st, q, o, err);
	store_end(st, q);
	return rc;
}

enum tally_rc
store_outbox_next(struct store *st, const char *mailbox, int64_t after,
    int64_t now, struct store_outgoing *o, bool *found, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	const struct engine_value v[] = { v_cstr(mailbox), v_integer(after),
		v_instant(&at) };

	return first_row(st, Q_OUTBOX_NEXT, v, COUNT(v), o, found, err);
}

enum tally_rc
store_outbox_about(struct store *st, int64_t interchange,
    struct store_outgoing *o, bool *found, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(interchange) };

	return first_row(st, Q_OUTBOX_FIRST, v, COUNT(v), o, found, err);
}

/* The statement of a state, by its arguments. */
static enum tally_rc
set_state(struct store *st, int64_t id, const char *state,
    const char *temporary, const char *reason, int64_t next, int64_t now,
    struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	const struct store_instant due = store_instant(next != 0 ? next : 1);
	const bool sent = strcmp(state, "sent") == 0;
	const struct engine_value queued[] = { v_instant(&at), v_integer(id) };
	const struct engine_value on[] = { v_integer(id), v_cstr(state),
		v_instant(&at), v_cstr(sent ? NULL : temporary) };
	const struct engine_value failed[] = { v_instant(&at), v_cstr(reason),
		v_instant(&due), v_integer(id) };

	if (sent || strcmp(state, "uploaded") == 0)
		return store_hold_change(st, HELD_OUTBOX_STATES, on, err);
	if (strcmp(state, "failed") == 0)
		return store_do(
		    st, Q_OUTBOX_FAILED, failed, COUNT(failed), err);
	if (strcmp(state, "queued") == 0)
		return store_do(
		    st, Q_OUTBOX_QUEUED, queued, COUNT(queued), err);
	return tally_err_set(
	    err, TALLY_USAGE, "the outbox has no state \"%s\"", state);
}

enum tally_rc
store_outbox_change(struct store *st, int64_t id, const char *partner,
    const char *had, const char *state, const char *temporary,
    const char *reason, int64_t next, int64_t now, struct tally_err *err)
{
	const struct store_event e = { .stream = "partner",
		.name = partner,
		.subject = "outbox",
		.id = id,
		.n = 1,
		.from = had,
		.to = state,
		.reason = reason };
	enum tally_rc rc =
	    set_state(st, id, state, temporary, reason, next, now, err);

	return rc == TALLY_OK ? store_event(st, &e, now, err) : rc;
}

enum tally_rc
store_outbox_state(struct store *st, int64_t id, const char *state,
    const char *temporary, const char *reason, int64_t next, int64_t now,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };
	char had[16], partner[256];
	enum tally_rc rc;
	bool row;

	rc = store_one(st, Q_OUTBOX_GET, v, COUNT(v), &row, err);
	if (rc != TALLY_OK)
		return rc;
	if (!row)
		return tally_err_set(err, TALLY_USAGE,
		    "there is no outgoing file %lld in the store",
		    (long long)id);
	store_copy(partner, sizeof(partner),
	    st->engine->m->text(st->engine, Q_OUTBOX_GET, 0));
	store_copy(
	    had, sizeof(had), st->engine->m->text(st->engine, Q_OUTBOX_GET, 1));
	store_end(st, Q_OUTBOX_GET);
	return store_outbox_change(
	    st, id, partner, had, state, temporary, reason, next, now, err);
}

enum tally_rc
store_mailbox_get(struct store *st, const char *name, struct store_mailbox *mb,
    struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;
	const struct engine_value v[] = { v_cstr(name) };
	const enum statement q = Q_MAILBOX_GET;
	enum tally_rc rc;
	bool row;

	memset(mb, 0, sizeof(*mb));
	store_copy(mb->name, sizeof(mb->name), name);
	rc = store_one(st, q, v, COUNT(v), &row, err);
	if (rc != TALLY_OK || !row)
		return rc;
	mb->failures = (uint32_t)m->integer(st->engine, q, 0);
	mb->last_ok = store_instant_ms(m->text(st->engine, q, 1));
	mb->next_try = store_instant_ms(m->text(st->engine, q, 2));
	store_copy(mb->reason, sizeof(mb->reason), m->text(st->engine, q, 3));
	store_end(st, q);
	return TALLY_OK;
}

enum tally_rc
store_mailbox_put(
    struct store *st, const struct store_mailbox *mb, struct tally_err *err)
{
	const struct store_instant ok = store_instant(mb->last_ok);
	const struct store_instant next = store_instant(mb->next_try);
	const struct engine_value v[] = { v_cstr(mb->name),
		v_integer(mb->failures), v_instant(&ok), v_instant(&next),
		v_some(tally_cstr(mb->reason)) };

	return store_do(st, Q_MAILBOX_PUT, v, COUNT(v), err);
}
