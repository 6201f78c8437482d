/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in mailboxes and files received.
 *
 * An object is known by mailbox and name; what was seen of it is size and
 * time, and since when both have been so.  Where it stays there once it is
 * taken its file is noted, until it is gone from the mailbox: a name may come
 * again.  A file is known by mailbox, name and content.
 */
#include "store/internal.h"

#include "base/plant.h"

/* Whether nothing was seen in the mailbox before this transaction; asked once
 * for all that is looked at, since most mailboxes are emptied. */
static enum tally_rc
unseen(struct store *st, const char *mailbox, bool *out, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(mailbox) };
	struct store_held *h = &st->held;
	int64_t one;
	bool any;
	enum tally_rc rc;

	*out = *mailbox != '\0' && strcmp(h->unseen, mailbox) == 0;
	if (*out || !st->engine->m->active(st->engine))
		return TALLY_OK;
	rc = store_number(st, Q_OBJECT_ANY, v, COUNT(v), &one, &any, err);
	*out = rc == TALLY_OK && !any;
	if (*out)
		store_copy(h->unseen, sizeof(h->unseen), mailbox);
	return rc;
}

/* What was noted of it, if anything. */
static enum tally_rc
noted(struct store *st, const struct store_object *o, struct store_look *look,
    int64_t *since, int64_t *file, struct tally_err *err)
{
	const struct engine_value get[] = { v_cstr(o->mailbox),
		v_text(o->name) };
	const struct engine_methods *m = st->engine->m;
	const enum statement q = Q_OBJECT_GET;
	enum tally_rc rc = store_one(st, q, get, COUNT(get), &look->known, err);

	if (rc != TALLY_OK || !look->known)
		return rc;
	look->again = (uint64_t)m->integer(st->engine, q, 0) == o->size &&
	    m->integer(st->engine, q, 1) == o->mtime;
	*since = store_instant_ms(m->text(st->engine, q, 2));
	*file = m->integer(st->engine, q, 3);
	store_end(st, q);
	return TALLY_OK;
}

enum tally_rc
store_object_look(struct store *st, const struct store_object *o,
    int64_t settle, int64_t now, struct store_look *look, struct tally_err *err)
{
	int64_t since = 0, file = 0;
	bool nothing;
	enum tally_rc rc = unseen(st, o->mailbox, &nothing, err);

	*look = (struct store_look){ .seen = STORE_NEW };
	if (rc == TALLY_OK && !nothing)
		rc = noted(st, o, look, &since, &file, err);
	look->file = look->again ? file : 0;
	if (look->file != 0)
		look->seen = STORE_TAKEN;
	else if (settle <= 0)
		look->seen = STORE_SETTLED;
	else if (look->again)
		look->seen = since <= now && now - since >= settle
		    ? STORE_SETTLED
		    : STORE_UNSETTLED;
	/* A clock that was set back begins the wait again. */
	look->again = look->again && since <= now;
	return rc;
}

enum tally_rc
store_object_note(struct store *st, const struct store_object *o,
    const struct store_look *look, int64_t now, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	const struct engine_value add[] = { v_cstr(o->mailbox), v_text(o->name),
		v_integer((int64_t)o->size), v_integer(o->mtime),
		v_instant(&at) };
	const struct engine_value again[] = { add[4], add[0], add[1] };

	return look->again
	    ? store_do(st, Q_OBJECT_SEEN, again, COUNT(again), err)
	    : store_do(st, Q_OBJECT_NEW, add, COUNT(add), err);
}

enum tally_rc
store_object_gone(
    struct store *st, const struct store_object *o, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(o->mailbox), v_text(o->name) };

	return store_do(st, Q_OBJECT_GONE, v, COUNT(v), err);
}

enum tally_rc
store_object_taken(struct store *st, const struct store_object *o, int64_t file,
    int64_t now, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	const struct engine_value v[] = { v_cstr(o->mailbox), v_text(o->name),
		v_integer((int64_t)o->size), v_integer(o->mtime),
		v_instant(&at), v_integer(file) };

	return store_do(st, Q_OBJECT_TAKEN, v, COUNT(v), err);
}

/* Where one with this content waits all are written, to be found. */
static enum tally_rc
write_same(
    struct store *st, const unsigned char sha256[32], struct tally_err *err)
{
	return store_held_find(st, HELD_FILES, sha256, TALLY_HASH_SIZE) != NULL
	    ? store_held_write(st, err)
	    : TALLY_OK;
}

enum tally_rc
store_file_find(struct store *st, const struct store_object *o,
    const unsigned char sha256[32], int64_t *id, bool *known,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(o->mailbox), v_text(o->name),
		v_blob(sha256, TALLY_HASH_SIZE) };
	enum tally_rc rc = write_same(st, sha256, err);

	return rc == TALLY_OK
	    ? store_number(st, Q_FILE_FIND, v, COUNT(v), id, known, err)
	    : rc;
}

enum tally_rc
store_file_add(struct store *st, const struct store_object *o,
    struct store_incoming *in, int64_t now, int64_t *id, bool *known,
    struct tally_err *err)
{
	enum tally_rc rc = store_incoming_end(in, err);
	const unsigned char *sha256 = store_incoming_hash(in);
	const struct store_instant at = store_instant(now);
	struct engine_value add[] = { v_cstr(o->mailbox), v_text(o->name),
		v_integer((int64_t)store_incoming_size(in)),
		v_integer(o->mtime), v_blob(sha256, TALLY_HASH_SIZE),
		v_integer(0), v_instant(&at) };
	struct store_event e = { .stream = "mailbox",
		.name = o->mailbox,
		.subject = "file",
		.n = 1,
		.to = "received",
		.content = sha256 };
	int64_t payload;

	if (rc == TALLY_OK)
		rc = store_file_find(st, o, sha256, id, known, err);
	if (rc != TALLY_OK)
		return rc;
	if (*known && !PLANTED(DUPLICATE))
		return TALLY_OK;
	rc = store_incoming_keep(in, now, &payload, err);
	if (rc != TALLY_OK)
		return rc;
	add[5] = v_integer(payload);
	rc = store_hold(st, HELD_FILES, add, id, err);
	e.id = *id;
	if (rc == TALLY_OK)
		rc = store_event(st, &e, now, err);
	return rc;
}

/* The row that FILE_NEXT or FILE_GET is at. */
static enum tally_rc
file_row(struct store *st, enum statement q, struct store_file *f,
    struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;
	struct tally_str sha256;

	memset(f, 0, sizeof(*f));
	f->id = m->integer(st->engine, q, 0);
	store_copy(f->mailbox, sizeof(f->mailbox), m->text(st->engine, q, 1));
	tally_buf_reset(&st->name);
	tally_buf_str(&st->name, m->bytes(st->engine, q, 2));
	f->name = tally_buf_view(&st->name);
	f->size = (uint64_t)m->integer(st->engine, q, 3);
	sha256 = m->bytes(st->engine, q, 4);
	memcpy(f->sha256, sha256.p,
	    sha256.n < sizeof(f->sha256) ? sha256.n : sizeof(f->sha256));
	f->attempts = (uint32_t)m->integer(st->engine, q, 5);
	store_copy(f->state, sizeof(f->state), m->text(st->engine, q, 6));
	if (st->name.failed)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	return TALLY_OK;
}

struct each {
	store_file_fn *fn;
	void *ctx;
};

static enum tally_rc
each(struct store *st, void *ctx, bool *more, struct tally_err *err)
{
	const struct each *e = ctx;
	struct store_file f;
	enum tally_rc rc = file_row(st, Q_FILE_NEXT, &f, err);

	return rc == TALLY_OK ? e->fn(e->ctx, &f, more, err) : rc;
}

enum tally_rc
store_file_each(struct store *st, int64_t after, store_file_fn *fn, void *ctx,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(after) };
	struct each e = { fn, ctx };

	return store_each(st, Q_FILE_NEXT, v, COUNT(v), each, &e, err);
}

/* The first file of a statement whose one argument is an id. */
static enum tally_rc
first_file(struct store *st, enum statement q, int64_t id, struct store_file *f,
    bool *found, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };
	enum tally_rc rc = store_one(st, q, v, COUNT(v), found, err);

	if (rc != TALLY_OK || !*found)
		return rc;
	rc = file_row(st, q, f, err);
	store_end(st, q);
	return rc;
}

enum tally_rc
store_file_next(struct store *st, int64_t after, struct store_file *f,
    bool *found, struct tally_err *err)
{
	return first_file(st, Q_FILE_NEXT, after, f, found, err);
}

enum tally_rc
store_file_get(struct store *st, int64_t id, struct store_file *f, bool *found,
    struct tally_err *err)
{
	return first_file(st, Q_FILE_GET, id, f, found, err);
}

enum tally_rc
store_file_attempt(
    struct store *st, int64_t id, uint32_t *attempts, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };
	bool own = !st->engine->m->active(st->engine);
	int64_t n;
	enum tally_rc rc = own ? store_begin(st, err) : TALLY_OK;

	if (rc != TALLY_OK)
		return rc;
	rc = store_number(st, Q_FILE_ATTEMPT, v, COUNT(v), &n, NULL, err);
	if (rc == TALLY_OK && own)
		rc = store_commit(st, err);
	if (rc != TALLY_OK) {
		if (own)
			store_rollback(st);
		return rc;
	}
	*attempts = (uint32_t)n;
	return TALLY_OK;
}

enum tally_rc
store_file_advanced(struct store *st, int64_t id, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };

	return store_do(st, Q_FILE_ADVANCED, v, COUNT(v), err);
}

enum tally_rc
store_file_change(struct store *st, const struct store_file *had,
    const char *state, const char *reason, int64_t now, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	const struct engine_value v[] = { v_integer(had->id), v_cstr(state),
		v_cstr(reason), v_instant(&at) };
	const struct store_event e = { .stream = "mailbox",
		.name = had->mailbox,
		.subject = "file",
		.id = had->id,
		.n = 1,
		.from = had->state,
		.to = state,
		.reason = reason };
	enum tally_rc rc = store_hold_change(st, HELD_FILE_STATES, v, err);

	return rc == TALLY_OK ? store_event(st, &e, now, err) : rc;
}

enum tally_rc
store_file_state(struct store *st, int64_t id, const char *state,
    const char *reason, int64_t now, struct tally_err *err)
{
	struct store_file had;
	enum tally_rc rc;
	bool found;

	rc = store_file_get(st, id, &had, &found, err);
	if (rc == TALLY_OK && !found)
		rc = tally_err_set(err, TALLY_USAGE,
		    "there is no file %lld in the store", (long long)id);
	return rc == TALLY_OK
	    ? store_file_change(st, &had, state, reason, now, err)
	    : rc;
}
