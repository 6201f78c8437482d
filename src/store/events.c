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
 */
#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

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

static void
chain(struct store *st, struct tally_str s)
{
	tally_hash_add(st->hash, s.p, s.n);
	tally_hash_add(st->hash, "", 1);
}

static void
chain_number(struct store *st, int64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, n);
	chain(st, tally_cstr(text));
}

static enum tally_rc
last_hash(struct store *st, struct tally_str stream, unsigned char hash[32],
    bool *found, struct tally_err *err)
{
	const struct engine_value v[] = { v_text(stream) };
	struct tally_str had;
	enum tally_rc rc;

	rc = store_one(st, Q_EVENT_LAST, v, COUNT(v), found, err);
	if (rc != TALLY_OK || !*found)
		return rc;
	had = st->engine->m->bytes(st->engine, Q_EVENT_LAST, 0);
	if (had.n == TALLY_HASH_SIZE)
		memcpy(hash, had.p, TALLY_HASH_SIZE);
	else
		*found = false;
	store_end(st, Q_EVENT_LAST);
	return TALLY_OK;
}

enum tally_rc
store_event(struct store *st, const struct store_event *e, int64_t now,
    struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	unsigned char hash[TALLY_HASH_SIZE];
	struct tally_buf stream, why;
	struct tally_str reason;
	enum tally_rc rc;
	bool found;

	tally_buf_init(&stream, 64 * 1024);
	tally_buf_init(&why, 64 * 1024);
	tally_buf_printf(&stream, "%s:", e->stream);
	tally_text_utf8(&stream, tally_cstr(e->name));
	reason = clean(&why, e->reason);
	rc = stream.failed || why.failed
	    ? tally_err_set(err, TALLY_NOMEM, "no memory")
	    : last_hash(st, tally_buf_view(&stream), hash, &found, err);
	if (rc != TALLY_OK)
		goto out;
	if (found)
		tally_hash_add(st->hash, hash, sizeof(hash));
	chain(st, tally_buf_view(&stream));
	chain(st, tally_cstr(at.text));
	chain(st, tally_cstr(e->subject));
	chain_number(st, e->id);
	chain_number(st, e->n);
	chain(st, tally_cstr(e->from));
	chain(st, tally_cstr(e->to));
	chain(st, reason);
	if (e->content != NULL)
		tally_hash_add(st->hash, e->content, TALLY_HASH_SIZE);
	tally_hash_end(st->hash, hash);
	{
		const struct engine_value v[] = { v_text(
						      tally_buf_view(&stream)),
			v_cstr(at.text), v_cstr(e->subject), v_integer(e->id),
			v_integer(e->n), v_cstr(e->from), v_cstr(e->to),
			e->reason != NULL ? v_text(reason) : v_cstr(NULL),
			e->content != NULL ? v_blob(e->content, TALLY_HASH_SIZE)
					   : v_cstr(NULL),
			v_blob(hash, sizeof(hash)) };

		rc = store_do(st, Q_EVENT_ADD, v, COUNT(v), err);
	}
out:
	tally_buf_free(&stream);
	tally_buf_free(&why);
	return rc;
}
