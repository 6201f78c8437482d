/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of documents goes into the store. */
#include "flow/translate.h"

#include <string.h>

/* What is committed at a time of a file that is alone; a sync is paid for with
 * each. */
#define COMMIT_DOCUMENTS 1000
#define COMMIT_BYTES     ((size_t)16 << 20)

/* Holds those whose key another document has already. */
static enum tally_rc
hold_repeated(struct translate *t, struct tally_err *err)
{
	struct gathered *g = &t->g;
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
translate_put_findings(struct translate *t, size_t i, struct tally_err *err)
{
	struct gathered *g = &t->g;
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
	gathered_find(g, d,
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
put(struct translate *t, struct tally_err *err)
{
	struct gathered *g = &t->g;
	struct store *st = t->f->store;
	enum tally_rc rc;

	if (g->n == 0)
		return TALLY_OK;
	rc = hold_repeated(t, err);
	if (rc == TALLY_OK)
		rc = store_documents_put(st, t->in.label, g->doc, g->n,
		    &g->batch, flow_clock_now(&t->f->clock), err);
	for (size_t i = 0; i < g->n && rc == TALLY_OK; i++) {
		rc = translate_put_findings(t, i, err);
		if (rc == TALLY_OK && g->pending[i].nresidue > 0)
			rc = store_residue_put(st, g->doc[i].id,
			    g->pending[i].spec, g->pending[i].residue,
			    g->pending[i].nresidue, err);
		t->count[count_of(g->doc[i].state)]++;
	}
	return rc;
}

enum tally_rc
translate_put(struct translate *t, struct tally_err *err)
{
	enum tally_rc rc = t->replay != NULL ? replay_put(t, err) : put(t, err);

	if (rc == TALLY_OK && t->g.found.failed)
		rc = tally_err_set(err, TALLY_NOMEM,
		    "out of memory while documents were gathered");
	return rc;
}

/* A file that got further than before is not what a run died of. */
enum tally_rc
translate_put_on_the_way(struct translate *t, struct tally_err *err)
{
	struct store *st = t->f->store;
	enum tally_rc rc = translate_put(t, err);

	t->waiting += t->g.n;
	t->waiting_bytes += t->g.batch.used;
	if (rc != TALLY_OK || parser_supposed(t->parser) ||
	    (t->waiting < COMMIT_DOCUMENTS && t->waiting_bytes < COMMIT_BYTES))
		return rc;
	rc = store_interchange_mark(
	    st, t->in.id, t->in.seen, NULL, flow_clock_now(&t->f->clock), err);
	if (rc == TALLY_OK && t->file.attempts > 0)
		rc = store_file_advanced(st, t->file.id, err);
	if (rc == TALLY_OK)
		rc = store_commit(st, err);
	if (rc != TALLY_OK)
		return rc;
	memcpy(t->kept, t->count, sizeof(t->kept));
	t->waiting = t->waiting_bytes = 0;
	return store_begin(st, err);
}
