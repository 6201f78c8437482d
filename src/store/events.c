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
 *
 * What a transaction does to many, with ids one behind the other, is one event:
 * a few are kept open, and become rows in the order in which they began, all of
 * them as soon as one cannot go on.
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

	/* Those that are open may be of the chain that is forgotten. */
	rc = store_events_end(st, err);
	if (rc != TALLY_OK)
		return rc;
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

/* A row of a change of state, whose content is that of the event. */
static enum tally_rc
write(struct store *st, struct store_chain *c, const struct store_event *e,
    int64_t now, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	struct tally_buf why;
	struct tally_str reason;
	enum tally_rc rc = TALLY_OK;

	tally_buf_init(&why, REASON_MAX);
	reason = clean(&why, e->reason);
	if (why.failed)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
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
	tally_buf_free(&why);
	return rc;
}

/* --- events that go on --- */

static enum tally_rc
end_run(struct store *st, unsigned i, struct tally_err *err)
{
	struct store_run *r = &st->held.run[i];
	const struct store_event e = { .subject = r->subject,
		.id = r->id,
		.n = r->n,
		.from = r->from[0] != '\0' ? r->from : NULL,
		.to = r->to,
		.content = r->content ? r->first : NULL };

	if (r->summing)
		tally_hash_end(st->held.sum[i], r->first);
	r->summing = false;
	return write(st, &st->held.chain[r->chain], &e, r->at, err);
}

enum tally_rc
store_events_end(struct store *st, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (unsigned i = 0; i < st->held.nrun && rc == TALLY_OK; i++)
		rc = end_run(st, i, err);
	store_events_forget(st);
	return rc;
}

void
store_events_forget(struct store *st)
{
	struct store_held *h = &st->held;
	unsigned char sum[TALLY_HASH_SIZE];

	for (unsigned i = 0; i < h->nrun; i++)
		if (h->run[i].summing)
			tally_hash_end(h->sum[i], sum);
	h->nrun = 0;
}

static bool
has_content(const struct store_event *e)
{
	return e->content != NULL || e->over.n > 0;
}

static bool
same_kind(
    const struct store_run *r, unsigned chain, const struct store_event *e)
{
	return r->chain == chain && strcmp(r->subject, e->subject) == 0 &&
	    strcmp(r->to, e->to) == 0 &&
	    strcmp(r->from, e->from != NULL ? e->from : "") == 0 &&
	    r->content == has_content(e);
}

static bool
fits(const struct store_event *e)
{
	const struct store_run *r = NULL;

	return e->reason == NULL && strlen(e->subject) < sizeof(r->subject) &&
	    strlen(e->to) < sizeof(r->to) &&
	    (e->from == NULL || strlen(e->from) < sizeof(r->from));
}

/* The content of an event after that of those before it. */
static enum tally_rc
sum_up(struct store *st, unsigned i, const struct store_event *e,
    struct tally_err *err)
{
	struct store_run *r = &st->held.run[i];
	struct tally_hash **sum = &st->held.sum[i];
	enum tally_rc rc = TALLY_OK;

	if (e->content != NULL && r->n == 0) {
		memcpy(r->first, e->content, TALLY_HASH_SIZE);
		return TALLY_OK;
	}
	if (*sum == NULL)
		rc = tally_hash_new(sum, err);
	if (rc != TALLY_OK)
		return rc;
	if (!r->summing && r->n > 0)
		tally_hash_add(*sum, r->first, TALLY_HASH_SIZE);
	r->summing = true;
	if (e->content != NULL)
		tally_hash_add(*sum, e->content, TALLY_HASH_SIZE);
	else
		tally_hash_add(*sum, e->over.p, e->over.n);
	return TALLY_OK;
}

static void
begin_run(struct store *st, unsigned chain, const struct store_event *e)
{
	struct store_run *r = &st->held.run[st->held.nrun++];

	*r = (struct store_run){
		.chain = chain, .id = e->id, .content = has_content(e)
	};
	store_copy(r->subject, sizeof(r->subject), e->subject);
	store_copy(r->from, sizeof(r->from), e->from);
	store_copy(r->to, sizeof(r->to), e->to);
}

/* Into the open one of its kind. */
static enum tally_rc
go_on(struct store *st, const struct store_chain *c,
    const struct store_event *e, int64_t now, struct tally_err *err)
{
	struct store_held *h = &st->held;
	const unsigned chain = (unsigned)(c - h->chain);
	enum tally_rc rc = TALLY_OK;
	unsigned i = 0;

	while (i < h->nrun && !same_kind(&h->run[i], chain, e))
		i++;
	if (i == STORE_RUNS ||
	    (i < h->nrun && h->run[i].id + h->run[i].n != e->id)) {
		rc = store_events_end(st, err);
		i = 0;
	}
	if (rc == TALLY_OK && i == h->nrun)
		begin_run(st, chain, e);
	if (rc == TALLY_OK && has_content(e))
		rc = sum_up(st, i, e, err);
	if (rc != TALLY_OK)
		return rc;
	h->run[i].n += e->n;
	h->run[i].at = now;
	return TALLY_OK;
}

/* By itself, behind all that is open. */
static enum tally_rc
apart(struct store *st, struct store_chain *c, const struct store_event *e,
    int64_t now, struct tally_err *err)
{
	unsigned char sum[TALLY_HASH_SIZE];
	struct store_event whole = *e;
	enum tally_rc rc = store_events_end(st, err);

	if (rc != TALLY_OK)
		return rc;
	if (e->over.n > 0) {
		tally_hash_add(st->hash, e->over.p, e->over.n);
		tally_hash_end(st->hash, sum);
		whole.content = sum;
	}
	return write(st, c, &whole, now, err);
}

enum tally_rc
store_event(struct store *st, const struct store_event *e, int64_t now,
    struct tally_err *err)
{
	bool alone = !st->engine->m->active(st->engine);
	struct store_chain *c;
	enum tally_rc rc = TALLY_OK;

	if (alone)
		store_held_forget(st);
	c = known(st, e);
	if (c == NULL)
		rc = learn(st, e, &c, err);
	if (rc == TALLY_OK)
		rc = alone || !fits(e) ? apart(st, c, e, now, err)
				       : go_on(st, c, e, now, err);
	/* A chain may have been given a hash that no row has: with the events
	 * before it the transaction is to be taken back. */
	if (rc != TALLY_OK) {
		store_held_forget(st);
		st->held.lost = !alone;
	}
	return rc;
}
