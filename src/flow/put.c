/* SPDX-License-Identifier: Apache-2.0 */
/* A batch of documents goes into the store. */
#include "flow/translate.h"

#include <string.h>

/* What is committed at a time of a file that is alone; a sync is paid for with
 * each. */
#define COMMIT_DOCUMENTS 1000
#define COMMIT_BYTES     ((size_t)16 << 20)

/* Documents that are put together, all of one partner. */
struct putting {
	struct gathered *g[WAITING];
	const struct origin *of[WAITING];
	struct store_part part[WAITING];
	size_t n, ndocument;
};

static void
add(struct putting *p, struct gathered *g, const struct origin *of)
{
	p->g[p->n] = g;
	p->of[p->n] = of;
	p->part[p->n++] = (struct store_part){ g->doc, g->n, &g->batch };
	p->ndocument += g->n;
}

/* Holds those whose key another document has already. */
static enum tally_rc
hold_repeated(
    struct translate *t, const struct putting *p, struct tally_err *err)
{
	int64_t *duplicate = tally_calloc(p->ndocument, sizeof(*duplicate));
	size_t at = 0;
	enum tally_rc rc;

	if (duplicate == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	rc = store_parts_prior(
	    t->f->store, p->of[0]->partner, p->part, p->n, duplicate, err);
	for (size_t k = 0; k < p->n && rc == TALLY_OK; k++) {
		struct gathered *g = p->g[k];

		for (size_t i = 0; i < g->n; i++, at++) {
			g->pending[i].repeated =
			    duplicate[at] != 0 && !g->pending[i].repeats;
			if (g->pending[i].repeated)
				g->doc[i].state = "held";
		}
	}
	tally_free(duplicate);
	return rc;
}

enum tally_rc
translate_put_findings(struct translate *t, struct gathered *g, size_t i,
    const struct origin *of, struct tally_err *err)
{
	struct pending *p = &g->pending[i];
	struct store_document *d = &g->doc[i];
	struct store_subject about = { .file = of->file,
		.interchange = of->interchange,
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
	rc = store_document_resent(st, of->partner, d, &resent, err);
	if (rc != TALLY_OK)
		return rc;
	gathered_find(g, d,
	    resent ? TALLY_F_document_resent : TALLY_F_document_duplicate);
	rc = store_findings_put(
	    st, &about, g->found.v + at, g->found.n - at, err);
	if (rc == TALLY_OK && g->found.failed)
		rc = tally_err_set(err, TALLY_NOMEM,
		    "out of memory while documents were gathered");
	return rc;
}

static enum flow_count
count_of(const char *state)
{
	return strcmp(state, "accepted") == 0 ? FLOW_ACCEPTED
	    : strcmp(state, "rejected") == 0  ? FLOW_REJECTED
	    : strcmp(state, "held") == 0      ? FLOW_HELD
					      : FLOW_WITH_ERRORS;
}

/* What belongs to the documents, once they have their ids. */
static enum tally_rc
put_beside(struct translate *t, struct gathered *g, const struct origin *of,
    struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < g->n && rc == TALLY_OK; i++) {
		rc = translate_put_findings(t, g, i, of, err);
		if (rc == TALLY_OK && g->pending[i].nresidue > 0)
			rc = store_residue_put(t->f->store, g->doc[i].id,
			    g->pending[i].spec, g->pending[i].residue,
			    g->pending[i].nresidue, err);
		t->count[count_of(g->doc[i].state)]++;
	}
	return rc;
}

static enum tally_rc
put(struct translate *t, const struct putting *p, struct tally_err *err)
{
	enum tally_rc rc;

	if (p->ndocument == 0)
		return TALLY_OK;
	rc = hold_repeated(t, p, err);
	if (rc == TALLY_OK)
		rc = store_parts_put(t->f->store, p->of[0]->partner, p->part,
		    p->n, flow_clock_now(&t->f->clock), err);
	for (size_t k = 0; k < p->n && rc == TALLY_OK; k++)
		rc = put_beside(t, p->g[k], p->of[k], err);
	return rc;
}

struct origin
translate_origin(const struct translate *t)
{
	return (struct origin){ t->in.label, t->file.id, t->in.id };
}

enum tally_rc
translate_put_waiting(struct translate *t, struct tally_err *err)
{
	struct putting p = { .n = 0 };

	for (size_t i = 0; i < t->nwait; i++)
		add(&p, &t->wait[i].g, &t->wait[i].of);
	t->nwait = 0;
	return put(t, &p, err);
}

/* Puts what is gathered to what waits, of which there is only what is of one
 * partner. */
static enum tally_rc
wait(struct translate *t, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	struct waiting *w;

	if (t->nwait > 0 && strcmp(t->waits_for, t->in.label) != 0)
		rc = translate_put_waiting(t, err);
	if (rc == TALLY_OK && t->nwait == t->nopen)
		rc = gathered_open_few(
		    &t->wait[t->nopen++].g, t->g.batch.model, err);
	if (rc != TALLY_OK)
		return rc;
	memcpy(t->waits_for, t->in.label, sizeof(t->waits_for));
	w = &t->wait[t->nwait++];
	w->of = translate_origin(t);
	w->of.partner = t->waits_for;
	gathered_move(&w->g, &t->g);
	return t->nwait == WAITING ? translate_put_waiting(t, err) : rc;
}

/* Behind what waits, which was there before. */
static enum tally_rc
put_at_once(struct translate *t, struct tally_err *err)
{
	const struct origin of = translate_origin(t);
	struct putting p = { .n = 0 };
	enum tally_rc rc = translate_put_waiting(t, err);

	add(&p, &t->g, &of);
	return rc == TALLY_OK ? put(t, &p, err) : rc;
}

enum tally_rc
translate_put(struct translate *t, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (t->g.found.failed)
		return tally_err_set(err, TALLY_NOMEM,
		    "out of memory while documents were gathered");
	if (t->replay != NULL)
		rc = replay_put(t, err);
	else if (t->g.n > 0 && t->g.last && translate_hurries(t) &&
	    gathered_is_few(&t->g))
		rc = wait(t, err);
	else if (t->g.n > 0)
		rc = put_at_once(t, err);
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
		rc = translate_commit(t, err);
	if (rc != TALLY_OK)
		return rc;
	memcpy(t->kept, t->count, sizeof(t->kept));
	t->waiting = t->waiting_bytes = 0;
	return store_begin(st, err);
}
