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
	enum tally_rc rc;

	while (i < in->judged.ngroup && g[i].offset != v->group->offset)
		i++;
	if (i == in->judged.ngroup)
		return tally_err_set(err, TALLY_IO,
		    "the file reads differently the second time; restore it "
		    "from a backup");
	*out = &g[i];
	if (i == in->group && in->group_id != 0)
		return TALLY_OK;
	rc = translate_wait(t, err);
	if (rc != TALLY_OK)
		return rc;
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

/* The first value of the columns that the model calls the document's key. */
static struct tally_str
business_key(const struct tally_batch *b, uint32_t document)
{
	const struct tally_table *table;
	const struct tally_rows *r;
	const struct tally_cell *c;

	for (uint16_t i = 0; i < b->model->ntable; i++) {
		table = &b->model->table[i];
		r = &b->rows[i];
		if (!table->head || r->n == 0 ||
		    r->row[r->n - 1].document != document)
			continue;
		c = r->cell + (size_t)(r->n - 1) * table->ncolumn;
		for (uint16_t k = 0; k < table->nkey; k++)
			if (c[table->key[k]].p != NULL)
				return tally_str(
				    c[table->key[k]].p, c[table->key[k]].n);
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
	r = tally_arena_alloc(&t->g->copies, n * sizeof(*r));
	if (r == NULL)
		return no_memory(err);
	for (size_t i = 0; i < n; i++) {
		r[i] = t->residues.v[i];
		r[i].text = tally_arena_str(&t->g->copies, r[i].text);
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
	size_t judged = t->g->found.n, mapped;
	bool test = t->in.judged.usage == 'T' && (a == NULL || !a->test);
	enum tally_rc rc = maps_for(t->f->maps, a, set->spec, &m, err);

	if (rc != TALLY_OK)
		return rc;
	if (a != NULL && !a->store)
		return TALLY_OK;
	if (test)
		translate_find(t->g, d, TALLY_F_document_test);
	if (m == NULL) {
		translate_find(t->g, d, TALLY_F_map_missing);
		d->state = "held";
		return TALLY_OK;
	}
	p->repeats = tally_map_repeats(m);
	d->map = tally_map_name(m);
	d->map_hash = tally_map_hash(m);
	d->batch = t->g->batch.ndocument;
	lookups_use(m, t->lookups);
	tally_map_zone(m, t->partner != NULL ? t->partner->zone : NULL);
	mapped = t->g->found.n;
	rc = tally_map_read(
	    m, set, &t->g->batch, &t->residues, &t->g->found, err);
	if (rc != TALLY_OK)
		return rc;
	lookups_explain(&t->g->found, mapped, t->lookups);
	d->key = business_key(&t->g->batch, d->batch);
	if (t->g->found.n > judged)
		d->state = "held";
	return keep_residue(t, p, err);
}

/* What the judge found about the set: its list goes on with the next one. */
static void
keep_judged(struct translate *t, const struct tally_set_judged *s)
{
	const struct tally_findings *list = tally_judge_findings(t->second);

	for (size_t i = s->findings.first;
	     i < s->findings.first + s->findings.n && i < list->n; i++)
		tally_findings_copy(&t->g->found, &list->v[i]);
}

/* Answers are evidence; they become records only where that is agreed on. */
static bool
is_mapped(const struct translate *t, const struct tally_set *set)
{
	const struct site_agreement *a;

	if (!tally_answers_is(set->spec->id))
		return true;
	a = site_receive(t->partner, set->spec->id, set->spec->version);
	return a != NULL && a->map != NULL;
}

static enum tally_rc
fill(struct translate *t, const struct tally_visit *v,
    const struct tally_group_judged *g, struct tally_err *err)
{
	struct store_document *d = &t->g->doc[t->g->n];
	struct pending *p = &t->g->pending[t->g->n];
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
	p->spec = v->set != NULL ? v->set->spec : NULL;
	p->found.first = t->g->found.n;
	keep_judged(t, v->judged);
	if (d->verdict != TALLY_REJECTED && v->checked && p->spec != NULL &&
	    is_mapped(t, v->set))
		rc = map(t, v->set, d, p, err);
	p->found.n = t->g->found.n - p->found.first;
	if (rc == TALLY_OK)
		t->g->n++;
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
	if (t->replay != NULL && !replay_wants(t->replay, v->judged->offset))
		return TALLY_OK;
	rc = group_row(t, v, &g, err);
	if (rc == TALLY_OK && t->replay == NULL)
		rc = translate_answered(t, v, err);
	if (rc == TALLY_OK)
		rc = fill(t, v, g, err);
	t->g->seen = t->in.seen;
	if (rc != TALLY_OK ||
	    (t->g->n < TRANSLATE_DOCUMENTS &&
		t->g->batch.used < TRANSLATE_BYTES))
		return rc;
	rc =
	    t->solo ? translate_put_aside(t, err) : translate_put(t, t->g, err);
	log_progress(&t->f->log, "translate: documents", t->in.seen, 0);
	return rc;
}

/* Before documents are gathered: nobody else uses the store now. */
static enum tally_rc
load_lookups(struct translate *t, struct tally_err *err)
{
	if (t->lookups_of == t->partner)
		return TALLY_OK;
	lookups_free(t->lookups);
	t->lookups = NULL;
	t->lookups_of = NULL;
	if (t->partner == NULL)
		return TALLY_OK;
	t->lookups_of = t->partner;
	return lookups_load(&t->lookups, t->f->store, t->partner, err);
}

enum tally_rc
translate_record(struct translate *t, struct tally_err *err)
{
	const struct tally_interchange_judged *again;
	struct tally_judge_options options;
	uint64_t offset = t->in.judged.offset;
	struct tally_err late;
	enum tally_rc rc = load_lookups(t, err), waited;

	if (rc != TALLY_OK)
		return rc;
	translate_judging(t, &options);
	options.visit = visit;
	options.visit_ta1 = t->replay == NULL ? translate_answered_ta1 : NULL;
	options.ctx = t;
	options.clean = t->in.list->n == 0 && t->in.list->dropped == 0;
	translate_empty(t->g);
	rc = tally_judge_new(&t->second,
	    translate_source(t, READ_SECOND, offset), offset, &options, err);
	if (rc == TALLY_OK)
		rc = tally_judge_next(t->second, &again, err);
	waited = translate_wait(t, &late);
	if (rc == TALLY_OK && waited != TALLY_OK) {
		*err = late;
		rc = waited;
	}
	if (rc == TALLY_OK)
		rc = translate_put(t, t->g, err);
	tally_judge_free(t->second);
	t->second = NULL;
	return rc;
}
