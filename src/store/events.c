/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: every change of state, chained.
 *
 * An event's hash is the SHA-256 of the hash before it in its stream (nothing
 * for the first), then stream, at, subject, id, number of subjects, state
 * before, state after, reason, each ended by a NUL, numbers in decimal, what
 * is not there empty; then the content's hash where there is one.  Changing or
 * removing a row breaks the chain from there on.  There is one chain per
 * mailbox and per partner, so that writers do not wait for one another.
 *
 * The newest hash of a few streams is known for the rest of a transaction,
 * into which nobody else writes; its events are written many at once, of which
 * each takes a third of what a statement for it alone does.
 */
#include "store/internal.h"

#include "base/text.h"

#define REASON_MAX (64u << 10)

/* As the door would let it in, so that the hash is that of the row. */
static struct tally_str
clean(struct tally_buf *b, const char *s)
{
	if (s == NULL || tally_utf8_ok(tally_cstr(s)))
		return tally_cstr(s);
	tally_buf_reset(b);
	tally_text_utf8(b, tally_cstr(s));
	return tally_buf_view(b);
}

static struct store_chain *
known(struct store *st, const struct store_event *e)
{
	const char *name = e->name != NULL ? e->name : "";
	size_t n = strlen(e->stream);

	for (unsigned i = 0; i < st->held.nchain; i++) {
		const char *had = st->held.chain[i].stream;

		if (strncmp(had, e->stream, n) == 0 && had[n] == ':' &&
		    strcmp(had + n + 1, name) == 0)
			return &st->held.chain[i];
	}
	return NULL;
}

/* What the store has of a stream takes the place of the oldest that is known.
 * A name that the door changes is not known again, and asked for each time. */
static enum tally_rc
learn(struct store *st, const struct store_event *e, struct store_chain **out,
    struct tally_err *err)
{
	struct store_chain *c;
	struct engine_value v;
	struct tally_str had;
	bool found;
	enum tally_rc rc;

	tally_buf_reset(&st->chained);
	tally_buf_printf(&st->chained, "%s:", e->stream);
	tally_text_utf8(&st->chained, tally_cstr(e->name));
	if (st->chained.failed)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	if (st->chained.n >= sizeof(c->stream))
		return tally_err_set(err, TALLY_USAGE,
		    "the stream of an event has a name of more than %zu bytes",
		    sizeof(c->stream) - 1);
	v = v_text(tally_buf_view(&st->chained));
	/* Among them may be the newest of this stream. */
	rc = store_rows_write(st, HELD_EVENTS, err);
	if (rc == TALLY_OK)
		rc = store_one(st, Q_EVENT_LAST, &v, 1, &found, err);
	if (rc != TALLY_OK)
		return rc;
	c = &st->held.chain[st->held.oldest++ % STORE_CHAINS];
	c->any = false;
	if (found) {
		had = st->engine->m->bytes(st->engine, Q_EVENT_LAST, 0);
		c->any = had.n == TALLY_HASH_SIZE;
		if (c->any)
			memcpy(c->hash, had.p, TALLY_HASH_SIZE);
		store_end(st, Q_EVENT_LAST);
	}
	memcpy(c->stream, st->chained.p, st->chained.n);
	c->stream[st->chained.n] = '\0';
	if (st->held.nchain < STORE_CHAINS)
		st->held.nchain++;
	*out = c;
	return TALLY_OK;
}

static void
put(struct tally_buf *b, struct tally_str s)
{
	tally_buf_str(b, s);
	tally_buf_putc(b, '\0');
}

static void
put_number(struct tally_buf *b, int64_t n)
{
	uint64_t v = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char text[24], *p = text + sizeof(text);

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	if (n < 0)
		*--p = '-';
	put(b, tally_str(p, (size_t)(text + sizeof(text) - p)));
}

/* The hash of an event becomes that of its chain. */
static enum tally_rc
chain(struct store *st, struct store_chain *c, const struct store_event *e,
    const char *at, struct tally_str reason, struct tally_err *err)
{
	struct tally_buf *b = &st->chained;

	tally_buf_reset(b);
	if (c->any)
		tally_buf_add(b, c->hash, TALLY_HASH_SIZE);
	put(b, tally_cstr(c->stream));
	put(b, tally_cstr(at));
	put(b, tally_cstr(e->subject));
	put_number(b, e->id);
	put_number(b, e->n);
	put(b, tally_cstr(e->from));
	put(b, tally_cstr(e->to));
	put(b, reason);
	if (e->content != NULL)
		tally_buf_add(b, e->content, TALLY_HASH_SIZE);
	if (b->failed)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	tally_hash_add(st->hash, b->p, b->n);
	tally_hash_end(st->hash, c->hash);
	c->any = true;
	return TALLY_OK;
}

enum tally_rc
store_event(struct store *st, const struct store_event *e, int64_t now,
    struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	bool alone = !st->engine->m->active(st->engine);
	struct store_chain *c;
	struct tally_buf why;
	struct tally_str reason;
	enum tally_rc rc = TALLY_OK;

	if (alone)
		store_held_forget(st);
	tally_buf_init(&why, REASON_MAX);
	reason = clean(&why, e->reason);
	if (why.failed)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	c = known(st, e);
	if (rc == TALLY_OK && c == NULL)
		rc = learn(st, e, &c, err);
	if (rc == TALLY_OK)
		rc = chain(st, c, e, at.text, reason, err);
	if (rc == TALLY_OK) {
		const struct engine_value v[] = { v_cstr(c->stream),
			v_cstr(at.text), v_cstr(e->subject), v_integer(e->id),
			v_integer(e->n), v_cstr(e->from), v_cstr(e->to),
			e->reason != NULL ? v_text(reason) : v_cstr(NULL),
			e->content != NULL ? v_blob(e->content, TALLY_HASH_SIZE)
					   : v_cstr(NULL),
			v_blob(c->hash, TALLY_HASH_SIZE) };

		rc = store_hold(st, HELD_EVENTS, v, NULL, err);
	}
	/* A chain may have been given a hash that no row has: with the events
	 * before it the transaction is to be taken back. */
	if (rc != TALLY_OK) {
		store_held_forget(st);
		st->held.lost = !alone;
	}
	tally_buf_free(&why);
	return rc;
}
