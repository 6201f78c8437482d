/* SPDX-License-Identifier: Apache-2.0 */
/* What people decide about what waits for them; see store_decide. */
#include "store/internal.h"

#include <stdio.h>

#include "base/text.h"

const char *const store_subject_name[STORE_SUBJECTS] = {
	[STORE_DOCUMENT] = "document",
	[STORE_FILE] = "file",
	[STORE_INTERCHANGE] = "interchange",
	[STORE_ANSWER] = "answer",
};

/* The subject as it is: what the rules of each kind look at. */
struct subject {
	char state[24];
	char verdict[2];
	bool mapped;
	struct tally_buf name; /* of its stream */
};

/* Statement, and its columns of name, state and verdict (-1: none). */
static const struct {
	enum statement get;
	int name, state, verdict;
} shape[STORE_SUBJECTS] = {
	[STORE_DOCUMENT] = { Q_DOCUMENT_GET, 0, 1, 2 },
	[STORE_FILE] = { Q_FILE_GET, 1, 6, -1 },
	[STORE_INTERCHANGE] = { Q_INTERCHANGE_GET, 1, 0, -1 },
	[STORE_ANSWER] = { Q_ANSWER_GET, 1, 0, 0 },
};

static enum tally_rc
get(struct store *st, const struct store_verdict *d, struct subject *s,
    bool *found, struct tally_err *err)
{
	const enum statement q = shape[d->subject].get;
	const struct engine_methods *m = st->engine->m;
	const struct engine_value v[] = { v_integer(d->id) };
	enum tally_rc rc = store_one(st, q, v, COUNT(v), found, err);

	if (rc != TALLY_OK || !*found)
		return rc;
	tally_buf_str(
	    &s->name, m->bytes(st->engine, q, shape[d->subject].name));
	store_copy(s->state, sizeof(s->state),
	    m->text(st->engine, q, shape[d->subject].state));
	s->verdict[0] = '\0';
	if (shape[d->subject].verdict >= 0)
		store_copy(s->verdict, sizeof(s->verdict),
		    m->text(st->engine, q, shape[d->subject].verdict));
	s->mapped =
	    d->subject == STORE_DOCUMENT && m->text(st->engine, q, 3) != NULL;
	store_end(st, q);
	return s->name.failed ? tally_err_set(err, TALLY_NOMEM, "no memory")
			      : TALLY_OK;
}

/* The state that the decision gives it; null with a reason when it waits for
 * no such decision. */
static const char *
becomes(const struct store_verdict *d, const struct subject *s, char why[256])
{
	const bool release = d->decision == STORE_RELEASED;

	switch (d->subject) {
	case STORE_DOCUMENT:
		if (release && strcmp(s->state, "held") == 0 && s->mapped)
			return s->verdict[0] == 'A' ? "accepted"
						    : "accepted_with_errors";
		if (release && strcmp(s->state, "held") == 0) {
			snprintf(
			    why, 256, "no map has read it; put one into maps/");
			return NULL;
		}
		if (!release &&
		    (strcmp(s->state, "held") == 0 ||
			strcmp(s->state, "rejected") == 0))
			return "rejected";
		if (!release && strcmp(s->state, "sent") == 0)
			return "sent";
		break;
	case STORE_FILE:
		if (strcmp(s->state, "quarantined") == 0)
			return release ? "received" : "quarantined";
		break;
	case STORE_INTERCHANGE:
		if (!release && strcmp(s->state, "rejected") == 0)
			return "rejected";
		break;
	default:
		if (!release && strchr("AEP", s->verdict[0]) == NULL)
			return s->state;
		snprintf(why, 256, "it does not reject what was sent");
		return NULL;
	}
	snprintf(why, 256, "it is %s, which needs no such decision", s->state);
	return NULL;
}

static enum tally_rc
note(struct store *st, const struct store_verdict *d,
    const struct store_instant *at, struct tally_err *err)
{
	const struct engine_value v[] = {
		v_cstr(store_subject_name[d->subject]), v_integer(d->id),
		v_cstr(d->decision == STORE_RELEASED ? "released" : "rejected"),
		v_instant(at), v_cstr(d->who), v_cstr(d->reason)
	};

	return store_do(st, Q_DECISION_ADD, v, COUNT(v), err);
}

static enum tally_rc
gone(struct store *st, enum statement q, int64_t id, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };

	return store_do(st, q, v, COUNT(v), err);
}

/* The document's state; what is rejected has no records. */
static enum tally_rc
put_document(
    struct store *st, int64_t id, const char *to, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(to), v_integer(id) };
	enum tally_rc rc = store_do(st, Q_DOCUMENT_STATE, v, COUNT(v), err);

	if (rc == TALLY_OK && strcmp(to, "rejected") == 0)
		rc = st->engine->m->unload(st->engine, id, err);
	if (rc == TALLY_OK && strcmp(to, "rejected") == 0)
		rc = gone(st, Q_RESIDUE_GONE, id, err);
	return rc;
}

/* As if it had just come: what it was found to be is found anew. */
static enum tally_rc
file_again(struct store *st, const struct store_verdict *d, int64_t now,
    struct tally_err *err)
{
	enum tally_rc rc = gone(st, Q_FILE_AGAIN_FINDINGS, d->id, err);

	if (rc == TALLY_OK)
		rc = gone(st, Q_FILE_AGAIN_INTERCHANGES, d->id, err);
	if (rc == TALLY_OK)
		rc = store_file_advanced(st, d->id, err);
	if (rc == TALLY_OK)
		rc = store_file_state(
		    st, d->id, "received", d->reason, now, err);
	return rc;
}

static enum tally_rc
put(struct store *st, const struct store_verdict *d, const struct subject *s,
    const char *to, int64_t now, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	struct store_event e = { .stream = d->subject == STORE_FILE ? "mailbox"
								    : "partner",
		.name = s->name.p,
		.subject = d->subject == STORE_DOCUMENT
		    ? "documents"
		    : store_subject_name[d->subject],
		.id = d->id,
		.n = 1,
		.from = s->state,
		.to = to,
		.reason = d->reason };
	enum tally_rc rc = note(st, d, &at, err);

	if (rc == TALLY_OK && d->subject == STORE_FILE &&
	    d->decision == STORE_RELEASED)
		return file_again(st, d, now, err);
	if (rc == TALLY_OK && d->subject == STORE_DOCUMENT &&
	    strcmp(s->state, to) != 0)
		rc = put_document(st, d->id, to, err);
	return rc == TALLY_OK ? store_event(st, &e, now, err) : rc;
}

/* Nobody waits for the acknowledgement of what was sent any longer. */
static enum tally_rc
waive(struct store *st, const struct store_verdict *d, const char **to,
    char why[256], struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(d->id) };
	int64_t id;
	bool waited;
	enum tally_rc rc =
	    store_number(st, Q_EXPECTED_WAIVE, v, COUNT(v), &id, &waited, err);

	if (rc == TALLY_OK && !waited) {
		snprintf(why, 256, "no acknowledgement of it is waited for");
		*to = NULL;
	}
	return rc;
}

enum tally_rc
store_decide(struct store *st, const struct store_verdict *d, int64_t now,
    bool *done, char why[256], struct tally_err *err)
{
	struct subject s = { .mapped = false };
	const char *to = NULL;
	bool found;
	enum tally_rc rc;

	*done = false;
	tally_buf_init(&s.name, 64 * 1024);
	rc = get(st, d, &s, &found, err);
	if (rc == TALLY_OK && !found)
		snprintf(why, 256, "there is none of that number");
	else if (rc == TALLY_OK)
		to = becomes(d, &s, why);
	if (to != NULL && d->subject == STORE_DOCUMENT &&
	    strcmp(s.state, "sent") == 0)
		rc = waive(st, d, &to, why, err);
	if (rc == TALLY_OK && to != NULL)
		rc = put(st, d, &s, to, now, err);
	*done = rc == TALLY_OK && to != NULL;
	tally_buf_free(&s.name);
	return rc;
}
