/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was gathered goes into the store.
 *
 * A large interchange is recorded by a thread of its own, a batch at a time,
 * while the caller reads and maps the next: the store takes about as long as
 * all else.  There is one such thread at most, it lives for one batch, and
 * the store is its own until translate_wait has joined it; the two share
 * nothing else but constant tables and the allocator.
 */
#include "flow/translate.h"

#include <pthread.h>
#include <string.h>

struct recording {
	pthread_t thread;
	bool joinable;
	struct translate *t;
	struct gathered *g;
	uint64_t count[FLOW_COUNTS];
	enum tally_rc rc;
	struct tally_err err;
};

void
translate_find(struct gathered *g, const struct store_document *d,
    enum tally_finding_kind kind)
{
	struct tally_finding f = { .kind = kind,
		.severity = tally_finding_info(kind)->severity,
		.offset = d->offset,
		.segment = 1,
		.tag = "ST",
		.loop = "",
		.id = "",
		.name = "" };

	f.value = TALLY_STR("");
	f.expected = TALLY_STR("");
	tally_findings_add(&g->found, &f);
}

void
translate_empty(struct gathered *g)
{
	g->n = 0;
	tally_batch_reset(&g->batch);
	tally_findings_reset(&g->found);
	tally_arena_reset(&g->copies);
}

/* Holds those whose key another document has already. */
static enum tally_rc
hold_repeated(struct translate *t, struct gathered *g, struct tally_err *err)
{
	enum tally_rc rc = store_documents_prior(
	    t->f->store, t->in.label, g->doc, g->n, g->duplicate, err);

	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < g->n && rc == TALLY_OK; i++) {
		g->pending[i].repeated =
		    g->duplicate[i] != 0 && !g->pending[i].repeats;
		if (g->pending[i].repeated)
			g->doc[i].state = "held";
	}
	return rc;
}

enum tally_rc
translate_put_findings(
    struct translate *t, struct gathered *g, size_t i, struct tally_err *err)
{
	struct pending *p = &g->pending[i];
	struct store_document *d = &g->doc[i];
	struct store_subject about = { .file = t->file.id,
		.interchange = t->in.id,
		.group = d->group,
		.document = d->id };
	struct store *st = t->f->store;
	size_t at = g->found.n;
	bool resent;
	enum tally_rc rc = TALLY_OK;

	if (p->found.n > 0)
		rc = store_findings_put(
		    st, &about, g->found.v + p->found.first, p->found.n, err);
	if (rc != TALLY_OK || !p->repeated)
		return rc;
	rc = store_document_resent(st, t->in.label, d, &resent, err);
	if (rc != TALLY_OK)
		return rc;
	translate_find(g, d,
	    resent ? TALLY_F_document_resent : TALLY_F_document_duplicate);
	return store_findings_put(
	    st, &about, g->found.v + at, g->found.n - at, err);
}

static enum flow_count
count_of(const char *state)
{
	return strcmp(state, "accepted") == 0 ? FLOW_ACCEPTED
	    : strcmp(state, "rejected") == 0  ? FLOW_REJECTED
	    : strcmp(state, "held") == 0      ? FLOW_HELD
					      : FLOW_WITH_ERRORS;
}

static enum tally_rc
put(struct translate *t, struct gathered *g, uint64_t count[FLOW_COUNTS],
    struct tally_err *err)
{
	struct store *st = t->f->store;
	enum tally_rc rc;

	if (g->n == 0)
		return TALLY_OK;
	if (g->found.failed)
		return tally_err_set(err, TALLY_NOMEM,
		    "out of memory while documents were gathered");
	rc = hold_repeated(t, g, err);
	if (rc == TALLY_OK)
		rc = store_documents_put(st, t->in.label, g->doc, g->n,
		    &g->batch, flow_clock_now(&t->f->clock), err);
	for (size_t i = 0; i < g->n && rc == TALLY_OK; i++) {
		rc = translate_put_findings(t, g, i, err);
		if (rc == TALLY_OK && g->pending[i].nresidue > 0)
			rc = store_residue_put(st, g->doc[i].id,
			    g->pending[i].spec, g->pending[i].residue,
			    g->pending[i].nresidue, err);
		count[count_of(g->doc[i].state)]++;
	}
	translate_empty(g);
	return rc;
}

enum tally_rc
translate_put(struct translate *t, struct gathered *g, struct tally_err *err)
{
	return t->replay != NULL ? replay_put(t, g, err)
				 : put(t, g, t->count, err);
}

/* A commit on the way; the next transaction begins where it ended.  A file
 * that got further than before is not what a run died of. */
static enum tally_rc
commit_so_far(struct translate *t, uint64_t seen, struct tally_err *err)
{
	struct store *st = t->f->store;
	enum tally_rc rc;

	rc = store_interchange_mark(
	    st, t->in.id, seen, NULL, flow_clock_now(&t->f->clock), err);
	if (rc == TALLY_OK && t->file.attempts > 0)
		rc = store_file_advanced(st, t->file.id, err);
	if (rc == TALLY_OK)
		rc = store_commit(st, err);
	if (rc == TALLY_OK)
		rc = store_begin(st, err);
	return rc;
}

static void *
record(void *ctx)
{
	struct recording *r = ctx;
	uint64_t seen = r->g->seen;

	r->rc = put(r->t, r->g, r->count, &r->err);
	if (r->rc == TALLY_OK)
		r->rc = commit_so_far(r->t, seen, &r->err);
	return NULL;
}

enum tally_rc
translate_wait(struct translate *t, struct tally_err *err)
{
	struct recording *r = t->recording;
	enum tally_rc rc;

	if (r == NULL)
		return TALLY_OK;
	if (r->joinable)
		pthread_join(r->thread, NULL);
	rc = r->rc;
	if (rc != TALLY_OK)
		*err = r->err;
	for (int i = 0; i < FLOW_COUNTS; i++)
		t->count[i] += r->count[i];
	tally_free(r);
	t->recording = NULL;
	return rc;
}

enum tally_rc
translate_put_aside(struct translate *t, struct tally_err *err)
{
	struct recording *r;
	enum tally_rc rc = translate_wait(t, err);

	if (rc != TALLY_OK)
		return rc;
	r = tally_calloc(1, sizeof(*r));
	if (r == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	r->t = t;
	r->g = t->g;
	t->recording = r;
	if (pthread_create(&r->thread, NULL, record, r) == 0) {
		r->joinable = true;
		t->g = &t->gathered[t->g == &t->gathered[0]];
		return TALLY_OK;
	}
	/* No thread to be had: one after the other, then. */
	record(r);
	return translate_wait(t, err);
}
