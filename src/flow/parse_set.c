/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of an interchange: the second pass.
 *
 * The interchange was judged whole before; now it is read again, and each set
 * runs through its map into a batch, which is sent when it is full.  Verdicts
 * on groups come from the first pass: only at a group's end it is known
 * whether its sets count.
 */
#include "flow/parse.h"

#include <string.h>

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "out of memory while documents were gathered");
}

/* The group as the first pass judged it. */
static enum tally_rc
find_group(struct parse *p, const struct tally_visit *v,
    const struct tally_group_judged **out, struct tally_err *err)
{
	const struct tally_group_judged *g = p->ic->group;
	uint32_t i = p->group;

	while (i < p->ic->ngroup && g[i].offset != v->group->offset)
		i++;
	if (i == p->ic->ngroup)
		return tally_err_set(err, TALLY_IO,
		    "the file reads differently the second time; restore it "
		    "from a backup");
	p->group = i;
	*out = &g[i];
	return TALLY_OK;
}

static enum tally_rc
keep_residue(struct parse *p, struct pending *doc, struct tally_err *err)
{
	size_t n = p->residues.n;
	struct tally_residue *r;

	if (n == 0)
		return TALLY_OK;
	r = tally_arena_alloc(&p->g.copies, n * sizeof(*r));
	if (r == NULL)
		return no_memory(err);
	for (size_t i = 0; i < n; i++) {
		r[i] = p->residues.v[i];
		r[i].text = tally_arena_str(&p->g.copies, r[i].text);
		if (r[i].text.p == NULL)
			return no_memory(err);
	}
	doc->residue = r;
	doc->nresidue = n;
	return TALLY_OK;
}

/* Runs the set through its map; what a person has to see holds it. */
static enum tally_rc
map(struct parse *p, const struct tally_set *set, struct store_document *d,
    struct pending *doc, struct tally_err *err)
{
	const struct site_agreement *a =
	    site_receive(p->partner, d->set, set->spec->version);
	struct gathered *g = &p->g;
	struct tally_map *m;
	size_t judged = g->found.n;
	bool test = p->ic->usage == 'T' && (a == NULL || !a->test);
	enum tally_rc rc = maps_for(p->maps, a, set->spec, &m, err);

	if (rc != TALLY_OK)
		return rc;
	if (a != NULL && !a->store)
		return TALLY_OK;
	if (test)
		gathered_find(g, d, TALLY_F_document_test);
	if (m == NULL) {
		gathered_find(g, d, TALLY_F_map_missing);
		d->state = "held";
		return TALLY_OK;
	}
	doc->repeats = tally_map_repeats(m);
	d->map = tally_map_name(m);
	d->map_hash = tally_map_hash(m);
	d->batch = g->batch.ndocument;
	lookups_use(m, p->lookups);
	tally_map_zone(m, p->partner != NULL ? p->partner->zone : NULL);
	rc = tally_map_read(m, set, &g->batch, &p->residues, &g->found, err);
	if (rc != TALLY_OK)
		return rc;
	if (g->found.n > judged)
		d->state = "held";
	return keep_residue(p, doc, err);
}

/* What the judge found about the set: its list goes on with the next one. */
static void
keep_judged(struct parse *p, const struct tally_set_judged *s)
{
	const struct tally_findings *list = tally_judge_findings(p->second);

	for (size_t i = s->findings.first;
	     i < s->findings.first + s->findings.n && i < list->n; i++)
		if (p->g.found.n < GATHERED_FOUND)
			tally_findings_copy(&p->g.found, &list->v[i]);
}

/* Answers are evidence; they become records only where that is agreed on. */
static bool
is_mapped(const struct parse *p, const struct tally_set *set)
{
	const struct site_agreement *a;

	if (!tally_answers_is(set->spec->id))
		return true;
	a = site_receive(p->partner, set->spec->id, set->spec->version);
	return a != NULL && a->map != NULL;
}

static enum tally_rc
fill(struct parse *p, const struct tally_visit *v,
    const struct tally_group_judged *group, struct tally_err *err)
{
	struct gathered *g = &p->g;
	struct store_document *d = &g->doc[g->n];
	struct pending *doc = &g->pending[g->n];
	struct tally_str body;
	enum tally_rc rc = TALLY_OK;

	memset(d, 0, sizeof(*d));
	memset(doc, 0, sizeof(*doc));
	memcpy(d->set, v->judged->id, sizeof(d->set));
	memcpy(d->control, v->judged->control, sizeof(d->control));
	d->ordinal = v->judged->ordinal;
	d->offset = v->judged->offset;
	d->length = v->set != NULL ? v->set->length : 0;
	d->verdict = group->verdict == TALLY_REJECTED ? TALLY_REJECTED
						      : v->judged->verdict;
	d->state = gathered_state(d->verdict);
	d->batch = UINT32_MAX;
	body = gathered_body(v->set);
	tally_hash_add(p->hash, body.p, body.n);
	tally_hash_end(p->hash, d->body);
	doc->group = p->group;
	doc->spec = v->set != NULL ? v->set->spec : NULL;
	doc->found.first = g->found.n;
	keep_judged(p, v->judged);
	if (d->verdict != TALLY_REJECTED && v->checked && doc->spec != NULL &&
	    is_mapped(p, v->set))
		rc = map(p, v->set, d, doc, err);
	doc->found.n = g->found.n - doc->found.first;
	if (rc == TALLY_OK)
		g->n++;
	return rc;
}

/* Sends what is gathered. */
static enum tally_rc
put(struct parse *p, bool last, struct tally_err *err)
{
	struct wire w;
	size_t begun;

	if (p->g.found.failed)
		return no_memory(err);
	p->g.seen = p->seen;
	p->g.last = last;
	begun = wire_begin(&w, &p->out, WIRE_BATCH);
	wire_gathered(&w, &p->g);
	wire_finish(&w, begun);
	gathered_empty(&p->g);
	return w.bad ? no_memory(err) : parse_send(p, err);
}

/* What a set, or a TA1, says of what was sent. */
static enum tally_rc
answered(struct parse *p, const struct tally_set *set, uint32_t group,
    uint64_t offset, struct tally_err *err)
{
	struct wire w;
	size_t begun;
	enum tally_rc rc = tally_answers_read(&p->answers.answers, set, err);

	if (rc != TALLY_OK)
		return rc;
	p->answers.group = group;
	p->answers.offset = offset;
	begun = wire_begin(&w, &p->out, WIRE_ANSWERS);
	wire_answers(&w, &p->answers);
	wire_finish(&w, begun);
	return parse_send(p, err);
}

/* Whether the set at that offset is asked for; they rise, as what is asked. */
static bool
is_asked(struct parse *p, uint64_t offset)
{
	const struct wire_record *r = &p->asked;

	if (!r->chosen)
		return true;
	while (p->chosen < r->n && r->offset[p->chosen] < offset)
		p->chosen++;
	return p->chosen < r->n && r->offset[p->chosen] == offset;
}

bool
parse_is_clean(const struct tally_judge *judge)
{
	const struct tally_findings *list = tally_judge_findings(judge);

	return list->n == 0 && list->dropped == 0;
}

enum tally_rc
parse_not_so(struct parse *p, struct tally_err *err)
{
	p->otherwise = true;
	return tally_err_set(err, TALLY_DATA, "it is not as it was supposed");
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct parse *p = ctx;
	const struct tally_group_judged *g = NULL;
	enum tally_rc rc;

	if (p->file.suppose && !parse_is_clean(p->second))
		return parse_not_so(p, err);
	if (++p->seen <= p->asked.recorded || !is_asked(p, v->judged->offset))
		return TALLY_OK;
	rc = find_group(p, v, &g, err);
	if (rc == TALLY_OK && !p->asked.chosen && v->set != NULL &&
	    tally_answers_is(v->judged->id))
		rc = answered(p, v->set, p->group, v->judged->offset, err);
	if (rc == TALLY_OK)
		rc = fill(p, v, g, err);
	if (rc != TALLY_OK ||
	    (p->g.n < GATHERED_DOCUMENTS && p->g.batch.used < GATHERED_BYTES))
		return rc;
	return put(p, false, err);
}

static enum tally_rc
visit_ta1(void *ctx, const struct tally_interchange_judged *ic,
    const struct tally_set *set, struct tally_err *err)
{
	(void)ic;
	return answered(ctx, set, UINT32_MAX, set->start, err);
}

enum tally_rc
parse_record(struct parse *p, struct tally_err *err)
{
	const struct tally_interchange_judged *again, *ic = p->ic;
	struct tally_judge_options options;
	enum tally_rc rc;

	parse_judging(p, &options);
	options.visit = visit;
	options.visit_ta1 = p->asked.chosen ? NULL : visit_ta1;
	options.ctx = p;
	p->seen = 0;
	p->chosen = 0;
	p->group = 0;
	gathered_empty(&p->g);
	rc = parse_judge(p, &p->second, PARSE_SECOND, ic->offset,
	    ic->offset + ic->length, &options, err);
	if (rc == TALLY_OK)
		rc = tally_judge_next(p->second, &again, err);
	if (rc == TALLY_OK && p->file.suppose && !parse_is_clean(p->second))
		rc = parse_not_so(p, err);
	if (rc == TALLY_OK)
		rc = put(p, true, err);
	parse_judged(p, p->second, PARSE_SECOND);
	p->second = NULL;
	return rc;
}
