/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replaying documents.
 *
 * An interchange is judged and mapped as by a run, by the same functions, and
 * what is gathered comes here instead of being added.  Each document is put in
 * the place of what there is of it, within a savepoint, and read back: where
 * that is the same text as before nothing has happened, and it is undone.  So
 * what is told and what is done cannot differ.
 *
 * Only the acknowledgement that was sent tells what the partner knows: verdict
 * and findings of groups and interchange stay as they are until a new one is
 * queued.
 */
#include "flow/translate.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX (256u << 20)

struct replay {
	const struct flow_replay *asked;
	const struct store_had *had; /* of the interchange in hand, rising */
	size_t n;
	struct tally_buf before, after;
};

static const struct store_had *
find(const struct replay *r, uint64_t offset)
{
	size_t low = 0, high = r->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (r->had[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->n && r->had[low].offset == offset ? &r->had[low] : NULL;
}

enum tally_rc
replay_choose(const struct replay *r, struct wire_record *how,
    struct tally_arena *a, struct tally_err *err)
{
	how->chosen = true;
	how->n = r->n;
	how->offset = tally_arena_alloc(a, r->n * sizeof(*how->offset));
	if (how->offset == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	for (size_t i = 0; i < r->n; i++)
		how->offset[i] = r->had[i].offset;
	return TALLY_OK;
}

static void
tell(const struct replay *r, int64_t interchange, int64_t document,
    const char *why, bool mapped)
{
	const struct tally_str before = tally_buf_view(&r->before);
	const struct tally_str after = tally_buf_view(&r->after);
	const struct flow_replayed told = { .interchange = interchange,
		.document = document,
		.changed = why == NULL && !tally_str_eq(before, after),
		.why = why,
		.mapped = mapped,
		.before = before,
		.after = after };

	r->asked->tell(r->asked->ctx, &told);
}

/* The state that it has when what a person decided on it still holds. */
static enum tally_rc
settle_state(struct translate *t, size_t i, const struct store_had *had,
    struct tally_err *err)
{
	struct gathered *g = &t->g;
	struct store_document *d = &g->doc[i];
	enum tally_rc rc;

	rc = store_document_repeats(
	    t->f->store, t->in.label, d, &g->pending[i].repeated, err);
	if (rc != TALLY_OK)
		return rc;
	if (g->pending[i].repeats)
		g->pending[i].repeated = false;
	if (g->pending[i].repeated)
		d->state = "held";
	if (strcmp(had->decision, "rejected") == 0)
		d->state = "rejected";
	else if (strcmp(had->decision, "released") == 0 &&
	    strcmp(d->state, "held") == 0 && d->map != NULL)
		d->state = d->verdict == TALLY_ACCEPTED
		    ? "accepted"
		    : "accepted_with_errors";
	return TALLY_OK;
}

static enum tally_rc
put_anew(struct translate *t, size_t i, struct tally_err *err)
{
	struct gathered *g = &t->g;
	const struct store_document *d = &g->doc[i];
	const struct pending *p = &g->pending[i];
	const struct origin of = translate_origin(t);
	struct store *st = t->f->store;
	enum tally_rc rc = store_document_replace(st, d, &g->batch, err);

	if (rc == TALLY_OK)
		rc = translate_put_findings(t, g, i, &of, err);
	if (rc == TALLY_OK && p->nresidue > 0 &&
	    strcmp(d->state, "rejected") != 0)
		rc = store_residue_put(
		    st, d->id, p->spec, p->residue, p->nresidue, err);
	return rc;
}

static enum tally_rc
one(struct translate *t, size_t i, const struct store_had *had,
    struct tally_err *err)
{
	struct replay *r = t->replay;
	struct store *st = t->f->store;
	struct store_document *d = &t->g.doc[i];
	enum tally_rc rc;
	bool same;

	d->id = had->id;
	tally_buf_reset(&r->before);
	tally_buf_reset(&r->after);
	rc = settle_state(t, i, had, err);
	if (rc == TALLY_OK)
		rc = store_document_read(st, d->id, &r->before, err);
	if (rc == TALLY_OK)
		rc = store_savepoint(st, err);
	if (rc == TALLY_OK)
		rc = put_anew(t, i, err);
	if (rc == TALLY_OK)
		rc = store_document_read(st, d->id, &r->after, err);
	if (rc != TALLY_OK)
		return rc;
	same =
	    tally_str_eq(tally_buf_view(&r->before), tally_buf_view(&r->after));
	tell(r, t->in.id, d->id, NULL, d->map != NULL);
	if (same || !r->asked->apply) {
		store_undo(st);
		return TALLY_OK;
	}
	rc = store_document_replaced(
	    st, t->in.label, had->state, d, flow_clock_now(&t->f->clock), err);
	return rc == TALLY_OK ? store_release(st, err) : rc;
}

enum tally_rc
replay_put(struct translate *t, struct tally_err *err)
{
	const struct store_had *had;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < t->g.n && rc == TALLY_OK; i++) {
		had = find(t->replay, t->g.doc[i].offset);
		if (had != NULL)
			rc = one(t, i, had, err);
	}
	return rc;
}

/* The verdicts that the partner is going to be told. */
static enum tally_rc
renew_evidence(struct translate *t, struct tally_err *err)
{
	struct store *st = t->f->store;
	const struct tally_interchange_judged *j = &t->in.judged;
	enum tally_rc rc = store_interchange_renew(st, t->in.id, err);
	int64_t id;

	for (uint32_t i = 0; i < j->ngroup && rc == TALLY_OK; i++) {
		rc = store_group_put(st, t->in.id, &j->group[i], &id, err);
		if (rc == TALLY_OK)
			rc = store_group_renew(st, id, &j->group[i], err);
	}
	return rc == TALLY_OK ? translate_evidence(t, err) : rc;
}

/* What is told: all of both, or what is about the interchange of both. */
static enum tally_rc
compare(struct translate *t, const struct store_outgoing *sent,
    struct tally_err *err)
{
	const struct tally_str now = tally_buf_view(&t->answer);
	struct replay *r = t->replay;
	enum tally_rc rc;

	if (!sent->together) {
		tally_buf_str(&r->before, sent->bytes);
		tally_buf_str(&r->after, now);
		return TALLY_OK;
	}
	rc = translate_own_part(t, sent->bytes, true, &r->before, err);
	return rc == TALLY_OK
	    ? translate_own_part(t, now, false, &r->after, err)
	    : rc;
}

/* Compares what would answer it now with what did, and sends either the same
 * again or, where it differs, a new one, if that is asked for. */
static enum tally_rc
answer(struct translate *t, struct tally_err *err)
{
	struct replay *r = t->replay;
	struct store_outgoing sent = { .id = 0 };
	struct store *st = t->f->store;
	bool found, same;
	enum tally_rc rc = store_outbox_about(st, t->in.id, &sent, &found, err);

	tally_buf_reset(&r->before);
	tally_buf_reset(&r->after);
	if (rc == TALLY_OK)
		rc = translate_answer_as(t, sent.bytes, err);
	if (rc == TALLY_OK)
		rc = compare(t, &sent, err);
	if (rc != TALLY_OK)
		return rc;
	same =
	    tally_str_eq(tally_buf_view(&r->before), tally_buf_view(&r->after));
	if (found || !same)
		tell(r, t->in.id, 0, NULL, false);
	if (!r->asked->acknowledge || !r->asked->apply)
		return TALLY_OK;
	if (same)
		return store_outbox_again(
		    st, t->in.id, flow_clock_now(&t->f->clock), err);
	rc = renew_evidence(t, err);
	return rc == TALLY_OK ? translate_answer(t, err) : rc;
}

/* Why the interchange in hand cannot be replayed; null when it can. */
static const char *
cannot(const struct translate *t, const struct store_interchange *ic)
{
	const struct tally_interchange_judged *j = &t->in.judged;

	if (strcmp(ic->state, "translated") != 0)
		return "its interchange was not recorded to its end";
	if (!j->readable || j->verdict == TALLY_REJECTED)
		return "its interchange would be rejected as a whole now";
	if (!site_partner_sends(t->partner, j->sender_qualifier, j->sender))
		return "its sender is no longer one of the mailbox's partner";
	return NULL;
}

static void
refuse(struct translate *t, const char *why)
{
	struct replay *r = t->replay;

	tally_buf_reset(&r->before);
	tally_buf_reset(&r->after);
	for (size_t i = 0; i < r->n; i++)
		tell(r, r->had[i].interchange, r->had[i].id, why, false);
}

static enum tally_rc
judged(struct translate *t, const struct store_interchange *ic,
    const struct tally_findings *list, struct tally_err *err)
{
	struct interchange *in = &t->in;
	const char *why = cannot(t, ic);
	enum tally_rc rc;

	if (why != NULL) {
		refuse(t, why);
		parser_skip(t->parser);
		return TALLY_OK;
	}
	tally_findings_reset(&in->extra);
	in->list = list;
	in->decision = DECIDE_RECORD;
	in->id = ic->id;
	in->original = 0;
	in->recorded = in->seen = 0;
	in->group = 0;
	in->group_id = 0;
	memcpy(in->label, ic->partner, sizeof(in->label));
	rc = translate_record(t, err);
	return rc == TALLY_OK ? answer(t, err) : rc;
}

/* Has the interchange judged from its first byte on. */
static enum tally_rc
judge(struct translate *t, const struct store_interchange *ic,
    struct tally_err *err)
{
	struct tally_interchange_judged *j = NULL;
	const struct tally_findings *list;
	enum tally_rc rc = translate_read(t, ic->offset, true, err);

	if (rc == TALLY_OK)
		rc = parser_judged(t->parser, &j, &list, err);
	if (rc == TALLY_OK && (j == NULL || j->offset != ic->offset))
		rc = tally_err_set(err, TALLY_IO,
		    "the bytes of file %lld are not as they were; restore a "
		    "backup",
		    (long long)ic->file);
	if (rc != TALLY_OK)
		return rc;
	t->in.judged = *j;
	rc = judged(t, ic, list, err);
	/* The end that is behind a single one. */
	return rc == TALLY_OK ? parser_judged(t->parser, &j, &list, err) : rc;
}

static enum tally_rc
read_again(struct translate *t, const struct store_interchange *ic,
    struct tally_err *err)
{
	enum tally_rc rc =
	    store_payload_open(&t->payload, t->f->store, ic->file, err);

	if (rc == TALLY_NOINPUT) {
		refuse(t, "its bytes were purged");
		return TALLY_OK;
	}
	if (rc != TALLY_OK)
		return rc;
	t->file.id = ic->file;
	rc = judge(t, ic, err);
	store_payload_close(t->payload);
	t->payload = NULL;
	return rc;
}

/* All documents of one interchange, in a transaction. */
static enum tally_rc
interchange(struct translate *t, struct tally_err *err)
{
	struct replay *r = t->replay;
	struct store *st = t->f->store;
	struct store_interchange ic;
	struct store_file file;
	char number[32];
	bool found;
	enum tally_rc rc;

	rc = store_interchange_get(st, r->had[0].interchange, &ic, &found, err);
	if (rc == TALLY_OK)
		rc = store_file_get(st, ic.file, &file, &found, err);
	if (rc != TALLY_OK)
		return rc;
	if (found)
		translate_take(t, &file);
	if (!found || t->partner == NULL) {
		refuse(t,
		    found ? "its mailbox is no longer configured"
			  : "it did not come in a file");
		return TALLY_OK;
	}
	rc = store_begin(st, err);
	if (rc != TALLY_OK)
		return rc;
	rc = read_again(t, &ic, err);
	if (rc == TALLY_OK && r->asked->apply)
		rc = store_commit(st, err);
	if (rc != TALLY_OK || !r->asked->apply)
		store_rollback(st);
	if (rc != TALLY_DATA || !parser_died(t->parser))
		return rc;
	/* Others can be read. */
	snprintf(number, sizeof(number), "%lld", (long long)ic.id);
	log_trouble(&t->f->log, "interchange", tally_cstr(number), err);
	refuse(t, "it brings down the process that reads it");
	return TALLY_OK;
}

/* What there is of the documents that are asked for. */
static enum tally_rc
look_up(struct flow *f, const struct flow_replay *asked, struct store_had *had,
    size_t *n, struct tally_err *err)
{
	bool found;
	enum tally_rc rc = TALLY_OK;

	*n = 0;
	for (size_t i = 0; i < asked->n && rc == TALLY_OK; i++) {
		rc = store_document_get(
		    f->store, asked->id[i], &had[*n], &found, err);
		if (rc == TALLY_OK && !found)
			rc = tally_err_set(err, TALLY_NOINPUT,
			    "there is no document %lld",
			    (long long)asked->id[i]);
		++*n;
	}
	return rc;
}

static enum tally_rc
all(struct translate *t, const struct store_had *had, size_t n,
    struct tally_err *err)
{
	struct replay *r = t->replay;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < n && rc == TALLY_OK; i += r->n) {
		r->had = &had[i];
		r->n = 1;
		while (i + r->n < n &&
		    had[i + r->n].interchange == had[i].interchange)
			r->n++;
		rc = interchange(t, err);
		log_progress(&t->f->log, "replay: documents", i + r->n, n);
	}
	log_progress_end(&t->f->log);
	return rc;
}

enum tally_rc
flow_replay(
    struct flow *f, const struct flow_replay *asked, struct tally_err *err)
{
	struct translate *t = tally_calloc(1, sizeof(*t));
	struct store_had *had = tally_calloc(asked->n + 1, sizeof(*had));
	struct replay r = { .asked = asked };
	size_t n = 0;
	enum tally_rc rc;

	if (asked->acknowledge && asked->apply && f->behind) {
		tally_free(t);
		tally_free(had);
		flow_mark_tell(f);
		return tally_err_set(err, TALLY_TEMP,
		    "nothing is acknowledged by a store that was restored");
	}
	tally_buf_init(&r.before, TEXT_MAX);
	tally_buf_init(&r.after, TEXT_MAX);
	if (t == NULL || had == NULL) {
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	} else {
		rc = translate_open(t, f, err);
		t->replay = &r;
		if (rc == TALLY_OK)
			rc = look_up(f, asked, had, &n, err);
		if (rc == TALLY_OK)
			rc = all(t, had, n, err);
		translate_close(t);
	}
	tally_buf_free(&r.before);
	tally_buf_free(&r.after);
	tally_free(had);
	tally_free(t);
	return rc;
}
