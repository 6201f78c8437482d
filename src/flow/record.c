/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of an interchange: the second pass.
 *
 * The interchange was judged whole before; now it is read again, and each set
 * runs through its map into a batch.  A full batch is recorded at once; where
 * the file has its transactions to itself it is committed too, with a mark
 * from which a later run goes on.  Verdicts on groups come from the first
 * pass: only at a group's end it is known whether its sets count.
 */
#include "flow/translate.h"

#include <string.h>

#define ACKNOWLEDGEMENT "997"

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "out of memory while documents were gathered");
}

/* The set's row in its group, which is made with the first one. */
static enum tally_rc
group_row(struct translate *t, const struct tally_visit *v,
    const struct tally_group_judged **out, struct tally_err *err)
{
	struct interchange *in = &t->in;
	const struct tally_group_judged *g = in->judged.group;
	uint32_t i = in->group;

	while (i < in->judged.ngroup && g[i].offset != v->group->offset)
		i++;
	if (i == in->judged.ngroup)
		return tally_err_set(err, TALLY_IO,
		    "the file reads differently the second time; restore it "
		    "from a backup");
	*out = &g[i];
	if (i == in->group && in->group_id != 0)
		return TALLY_OK;
	in->group = i;
	return store_group_put(t->f->store, in->id, &g[i], &in->group_id, err);
}

/* SHA-256 from behind ST to SE, exclusive: the same document under another
 * control number has the same. */
static void
hash_body(struct translate *t, const struct tally_set *set,
    unsigned char digest[TALLY_HASH_SIZE])
{
	const struct tally_segment *first, *last;
	size_t from, to;

	if (set != NULL && set->nsegment > 0) {
		first = &set->segment[0];
		last = &set->segment[set->nsegment - 1];
		from = set->pos[first->pos + first->n] + 1;
		to = last->tag == tally_tag("SE")
		    ? last->start
		    : (size_t)(set->start - set->offset + set->length);
		if (to > from)
			tally_hash_add(t->hash, set->bytes + from, to - from);
	}
	tally_hash_end(t->hash, digest);
}

static void
find(struct translate *t, const struct store_document *d,
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
	tally_findings_add(&t->found, &f);
}

/* The value of the column that the model calls the document's key. */
static struct tally_str
business_key(const struct tally_batch *b, uint32_t document)
{
	const struct tally_table *table;
	const struct tally_rows *r;
	const struct tally_cell *c;

	for (uint16_t i = 0; i < b->model->ntable; i++) {
		table = &b->model->table[i];
		r = &b->rows[i];
		if (!table->head || table->key < 0 || r->n == 0 ||
		    r->row[r->n - 1].document != document)
			continue;
		c = &r->cell[(size_t)(r->n - 1) * table->ncolumn +
		    (size_t)table->key];
		if (c->p != NULL)
			return tally_str(c->p, c->n);
	}
	return tally_str("", 0);
}

static enum tally_rc
keep_residue(struct translate *t, struct pending *p, struct tally_err *err)
{
	size_t n = t->residues.n;
	struct tally_residue *r;

	p->nresidue = 0;
	p->residue = NULL;
	if (n == 0)
		return TALLY_OK;
	r = tally_arena_alloc(&t->copies, n * sizeof(*r));
	if (r == NULL)
		return no_memory(err);
	for (size_t i = 0; i < n; i++) {
		r[i] = t->residues.v[i];
		r[i].text = tally_arena_str(&t->copies, r[i].text);
		if (r[i].text.p == NULL)
			return no_memory(err);
	}
	p->residue = r;
	p->nresidue = n;
	return TALLY_OK;
}

/* Runs the set through its map; what a person has to see holds it. */
static enum tally_rc
map(struct translate *t, const struct tally_set *set, struct store_document *d,
    struct pending *p, struct tally_err *err)
{
	const struct site_agreement *a =
	    site_receive(t->partner, d->set, set->spec->version);
	struct tally_map *m;
	bool test = t->in.judged.usage == 'T' && (a == NULL || !a->test);
	enum tally_rc rc = maps_for(t->f->maps, a, set->spec, &m, err);

	if (rc != TALLY_OK)
		return rc;
	if (a != NULL && !a->store)
		return TALLY_OK;
	if (test)
		find(t, d, TALLY_F_document_test);
	if (m == NULL) {
		find(t, d, TALLY_F_map_missing);
		d->state = "held";
		return TALLY_OK;
	}
	d->map = tally_map_name(m);
	d->map_hash = tally_map_hash(m);
	d->batch = t->batch.ndocument;
	rc = tally_map_read(m, set, &t->batch, &t->residues, &t->found, err);
	if (rc != TALLY_OK)
		return rc;
	d->key = business_key(&t->batch, d->batch);
	if (t->found.n > p->found.first)
		d->state = "held";
	return keep_residue(t, p, err);
}

static enum tally_rc
fill(struct translate *t, const struct tally_visit *v,
    const struct tally_group_judged *g, struct tally_err *err)
{
	struct store_document *d = &t->doc[t->n];
	struct pending *p = &t->pending[t->n];
	enum tally_rc rc = TALLY_OK;

	memset(d, 0, sizeof(*d));
	memset(p, 0, sizeof(*p));
	d->group = t->in.group_id;
	memcpy(d->set, v->judged->id, sizeof(d->set));
	memcpy(d->control, v->judged->control, sizeof(d->control));
	d->ordinal = v->judged->ordinal;
	d->offset = v->judged->offset;
	d->length = v->set != NULL ? v->set->length : 0;
	d->verdict =
	    g->verdict == TALLY_REJECTED ? TALLY_REJECTED : v->judged->verdict;
	d->state = d->verdict == TALLY_ACCEPTED ? "accepted"
	    : d->verdict == TALLY_REJECTED      ? "rejected"
						: "accepted_with_errors";
	d->batch = UINT32_MAX;
	d->key = tally_str("", 0);
	hash_body(t, v->set, d->body);
	p->judged = v->judged->findings;
	p->spec = v->set != NULL ? v->set->spec : NULL;
	p->found.first = t->found.n;
	if (d->verdict != TALLY_REJECTED && v->checked && p->spec != NULL &&
	    strcmp(d->set, ACKNOWLEDGEMENT) != 0)
		rc = map(t, v->set, d, p, err);
	p->found.n = t->found.n - p->found.first;
	if (rc == TALLY_OK)
		t->n++;
	return rc;
}

/* Holds those whose key another document has already. */
static enum tally_rc
hold_repeated(struct translate *t, struct tally_err *err)
{
	enum tally_rc rc = store_documents_prior(
	    t->f->store, t->in.label, t->doc, t->n, t->duplicate, err);

	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < t->n; i++) {
		t->pending[i].repeated = t->duplicate[i] != 0;
		if (t->pending[i].repeated)
			t->doc[i].state = "held";
	}
	return TALLY_OK;
}

static enum tally_rc
put_findings(struct translate *t, size_t i, struct tally_err *err)
{
	const struct tally_findings *list = tally_judge_findings(t->second);
	struct pending *p = &t->pending[i];
	struct store_document *d = &t->doc[i];
	struct store_subject about = { .file = t->file.id,
		.interchange = t->in.id,
		.group = d->group,
		.document = d->id };
	struct store *st = t->f->store;
	size_t at = t->found.n;
	enum tally_rc rc = TALLY_OK;

	if (p->judged.first < list->n)
		rc = store_findings_put(st, &about, list->v + p->judged.first,
		    p->judged.n < list->n - p->judged.first
			? p->judged.n
			: list->n - p->judged.first,
		    err);
	if (rc == TALLY_OK && p->found.n > 0)
		rc = store_findings_put(
		    st, &about, t->found.v + p->found.first, p->found.n, err);
	if (rc != TALLY_OK || !p->repeated)
		return rc;
	find(t, d, TALLY_F_document_duplicate);
	return store_findings_put(
	    st, &about, t->found.v + at, t->found.n - at, err);
}

static void
count(struct translate *t, const char *state)
{
	t->count[strcmp(state, "accepted") == 0  ? FLOW_ACCEPTED
		: strcmp(state, "rejected") == 0 ? FLOW_REJECTED
		: strcmp(state, "held") == 0     ? FLOW_HELD
						 : FLOW_WITH_ERRORS]++;
}

static void
empty(struct translate *t)
{
	t->n = 0;
	tally_batch_reset(&t->batch);
	tally_findings_reset(&t->found);
	tally_arena_reset(&t->copies);
}

/* Records what is gathered. */
static enum tally_rc
flush(struct translate *t, struct tally_err *err)
{
	struct store *st = t->f->store;
	enum tally_rc rc;

	if (t->n == 0)
		return TALLY_OK;
	if (t->found.failed)
		return no_memory(err);
	rc = hold_repeated(t, err);
	if (rc == TALLY_OK)
		rc = store_documents_put(st, t->in.label, t->doc, t->n,
		    &t->batch, flow_clock_now(&t->f->clock), err);
	for (size_t i = 0; i < t->n && rc == TALLY_OK; i++) {
		rc = put_findings(t, i, err);
		if (rc == TALLY_OK && t->pending[i].nresidue > 0)
			rc = store_residue_put(st, t->doc[i].id,
			    t->pending[i].spec, t->pending[i].residue,
			    t->pending[i].nresidue, err);
		count(t, t->doc[i].state);
	}
	empty(t);
	return rc;
}

/* A commit on the way; the next transaction begins where it ended. */
static enum tally_rc
commit_so_far(struct translate *t, struct tally_err *err)
{
	struct store *st = t->f->store;
	enum tally_rc rc;

	rc = store_interchange_mark(
	    st, t->in.id, t->in.seen, NULL, flow_clock_now(&t->f->clock), err);
	if (rc == TALLY_OK)
		rc = store_commit(st, err);
	if (rc == TALLY_OK)
		rc = store_begin(st, err);
	return rc;
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct translate *t = ctx;
	const struct tally_group_judged *g = NULL;
	enum tally_rc rc;

	if (++t->in.seen <= t->in.recorded)
		return TALLY_OK;
	rc = group_row(t, v, &g, err);
	if (rc == TALLY_OK)
		rc = fill(t, v, g, err);
	if (rc != TALLY_OK ||
	    (t->n < TRANSLATE_DOCUMENTS && t->batch.used < TRANSLATE_BYTES))
		return rc;
	rc = flush(t, err);
	if (rc == TALLY_OK && t->solo)
		rc = commit_so_far(t, err);
	log_progress(&t->f->log, "translate: documents", t->in.seen, 0);
	return rc;
}

enum tally_rc
translate_record(struct translate *t, struct tally_err *err)
{
	const struct tally_interchange_judged *again;
	struct tally_judge_options options = { .limits = &t->f->site->limits,
		.grammars = &t->grammars,
		.visit = visit,
		.ctx = t,
		.clean = t->in.list->n == 0 && t->in.list->dropped == 0 };
	uint64_t offset = t->in.judged.offset;
	enum tally_rc rc;

	site_judging(&options, t->partner);
	empty(t);
	rc = tally_judge_new(&t->second,
	    translate_source(t, READ_SECOND, offset), offset, &options, err);
	if (rc == TALLY_OK)
		rc = tally_judge_next(t->second, &again, err);
	if (rc == TALLY_OK)
		rc = flush(t, err);
	tally_judge_free(t->second);
	t->second = NULL;
	return rc;
}
