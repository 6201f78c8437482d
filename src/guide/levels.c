/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hierarchical level may stand below which.  Levels are sorted by their
 * number, so that a parent is found quickly however many there are; what is
 * wrong with the numbers themselves the standard's check has said.
 */
#include <stdlib.h>

#include "guide/guide.h"

struct guide_hl {
	struct tally_str id, parent;
	uint32_t segment;
	int level; /* -1: none of the guide's */
};

static int
by_id(const void *a, const void *b)
{
	const struct guide_hl *x = a, *y = b;
	int d;

	if (x->id.n != y->id.n)
		return x->id.n < y->id.n ? -1 : 1;
	d = x->id.n > 0 ? memcmp(x->id.p, y->id.p, x->id.n) : 0;
	if (d == 0)
		d = (x->segment > y->segment) - (x->segment < y->segment);
	return d;
}

static int
id_order(const void *key, const void *member)
{
	const struct tally_str *k = key;
	const struct guide_hl *m = member;

	if (k->n != m->id.n)
		return k->n < m->id.n ? -1 : 1;
	return memcmp(k->p, m->id.p, k->n);
}

static int
level_of(const struct tally_guide *g, struct tally_str code)
{
	code = tally_str_rtrim(code);
	for (int i = 0; i < g->nlevel; i++)
		if (tally_str_eq(g->level[i].code, code))
			return i;
	return -1;
}

static struct guide_hl
level_at(const struct tally_guide *g, const struct tally_set *set, uint32_t i)
{
	const struct tally_segment *s = &set->segment[i];

	return (struct guide_hl){
		.id = tally_str_rtrim(tally_element(set, s, 1)),
		.parent = tally_str_rtrim(tally_element(set, s, 2)),
		.segment = i,
		.level = level_of(g, tally_element(set, s, 3)),
	};
}

/* Whether a level may stand where it does. */
static bool
stands_right(const struct tally_guide *g, const struct guide_hl *hl, size_t n)
{
	const struct guide_level *l = &g->level[hl->level];
	const struct guide_hl *above;

	if (hl->parent.n == 0)
		return l->top;
	above = bsearch(&hl->parent, g->hl, n, sizeof(*g->hl), id_order);
	if (above == NULL || above->level < 0)
		return true;
	return (l->below & UINT64_C(1) << above->level) != 0;
}

static void
report_level(const struct tally_guide *g, const struct tally_set *set,
    const struct guide_hl *hl, tally_report_fn *report, void *ctx)
{
	const struct tally_segment *s = &set->segment[hl->segment];
	const struct guide_level *l = &g->level[hl->level < 0 ? 0 : hl->level];
	struct tally_finding f = guide_finding(set, s, TALLY_F_hierarchy_order,
	    hl->level < 0 ? g->level_rule : l->rule,
	    hl->level < 0 ? g->level_expected : l->expected);
	const struct tally_element *e =
	    set->spec->place[s->place].segment->use[2].element;

	f.value = tally_element(set, s, 3);
	f.offset =
	    set->offset + (uint64_t)(f.value.p - (const char *)set->bytes);
	f.element = 3;
	f.id = e->id;
	f.name = e->name;
	report(ctx, &f);
}

enum tally_rc
guide_check_levels(struct tally_guide *g, const struct tally_set *set,
    tally_report_fn *report, void *ctx, struct tally_err *err)
{
	struct guide_hl hl;
	size_t n = 0;
	void *p;

	for (uint32_t i = 0; i < set->nsegment; i++)
		n += set->segment[i].place == g->level_place;
	p = guide_room(g->hl, &g->nhl, n, sizeof(*g->hl));
	if (p == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory to check a guide");
	g->hl = p;
	n = 0;
	for (uint32_t i = 0; i < set->nsegment; i++)
		if (set->segment[i].place == g->level_place)
			g->hl[n++] = level_at(g, set, i);
	qsort(g->hl, n, sizeof(*g->hl), by_id);
	for (uint32_t i = 0; i < set->nsegment; i++) {
		if (set->segment[i].place != g->level_place)
			continue;
		hl = level_at(g, set, i);
		if (tally_element(set, &set->segment[i], 3).n > 0 &&
		    (hl.level < 0 || !stands_right(g, &hl, n)))
			report_level(g, set, &hl, report, ctx);
	}
	return TALLY_OK;
}
