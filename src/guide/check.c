/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checked set against a guide: one pass over the segments, in which a place
 * without rules costs one look-up, then one over the instances of loops that
 * something is counted in.
 *
 * What the standard's check has reported already is not reported again.
 */
#include "guide/guide.h"

struct checking {
	struct tally_guide *g;
	const struct tally_set *set;
	tally_report_fn *report;
	void *ctx;
};

void *
guide_room(void *array, size_t *have, size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (n <= *have && array != NULL)
		return array;
	n += n / 2 + 1;
	if (!tally_mul_ok(&bytes, n, size))
		return NULL;
	p = tally_realloc(array, bytes);
	if (p != NULL)
		*have = n;
	return p;
}

struct tally_str
guide_value(const struct tally_set *set, const struct tally_segment *s,
    unsigned element, unsigned component)
{
	struct tally_str v = tally_element(set, s, element);

	if (component > 0 &&
	    !tally_part(v, set->separators.component, component - 1, &v))
		return tally_str("", 0);
	return v;
}

/* The segment that a condition speaks of; null: the loop has not begun with
 * its first segment. */
static const struct tally_segment *
first_of(const struct tally_set *set, uint32_t instance, unsigned up)
{
	const struct tally_instance *in = &set->instance[instance];
	const struct tally_segment *s;

	for (; up > 0; up--)
		in = &set->instance[in->parent];
	s = &set->segment[in->first];
	return s->place == set->spec->loop[in->loop].first ? s : NULL;
}

static bool
condition_holds(const struct guide_condition *c, const struct tally_set *set,
    const struct tally_segment *s)
{
	struct tally_str v;

	if (s == NULL)
		return false;
	v = tally_str_rtrim(guide_value(set, s, c->element, c->component));
	for (uint16_t i = 0; i < c->n; i++)
		if (tally_str_eq(v, c->value[i]))
			return true;
	return false;
}

bool
guide_holds(const struct guide_where *w, const struct tally_set *set,
    const struct tally_segment *s, uint32_t instance)
{
	for (uint8_t i = 0; i < w->n; i++) {
		const struct guide_condition *c = &w->condition[i];

		if (c->up == GUIDE_OWN && s == NULL)
			continue;
		if (!condition_holds(c, set,
			c->up == GUIDE_OWN ? s
					   : first_of(set, instance, c->up)))
			return false;
	}
	return true;
}

struct tally_finding
guide_finding(const struct tally_set *set, const struct tally_segment *s,
    enum tally_finding_kind kind, const char *rule, const char *expected)
{
	const struct tally_place *p = &set->spec->place[s->place];

	return (struct tally_finding){ .kind = kind,
		.offset = set->offset + s->start,
		.segment = (uint32_t)(s - set->segment) + 1,
		.tag = p->segment->tag,
		.loop = set->spec->loop[p->loop].path,
		.id = "",
		.name = p->segment->name,
		.rule = rule,
		.expected = tally_cstr(expected) };
}

/* --- elements --- */

static void
report_element(const struct checking *c, const struct tally_segment *s,
    const struct guide_element *r, enum tally_finding_kind kind,
    struct tally_str value, unsigned repetition, const char *expected)
{
	struct tally_finding f =
	    guide_finding(c->set, s, kind, r->rule, expected);

	if (value.n > 0)
		f.offset = c->set->offset +
		    (uint64_t)(value.p - (const char *)c->set->bytes);
	f.element = r->element;
	f.component = r->component;
	f.repetition = (uint16_t)repetition;
	f.id = r->standard->id;
	f.name = r->standard->name;
	f.value = value;
	c->report(c->ctx, &f);
}

static bool
code_listed(const struct guide_element *r, struct tally_str v)
{
	if (r->standard->type == TALLY_ID)
		v = tally_str_rtrim(v);
	return tally_code_find(&r->narrow, v) != NULL;
}

/* Whether the standard leaves a value to the guide. */
static bool
left_to_us(enum tally_finding_kind standard)
{
	return standard == TALLY_FINDING_NONE ||
	    standard == TALLY_F_element_code ||
	    standard == TALLY_F_code_unlisted;
}

static void
check_value(const struct checking *c, const struct tally_segment *s,
    const struct guide_element *r, struct tally_str v, unsigned repetition)
{
	struct tally_element plain = r->narrow;
	enum tally_finding_kind kind;

	if (!left_to_us(tally_value_check(r->standard, v)))
		return;
	if (r->length != NULL) {
		plain.code = NULL;
		plain.ncode = 0;
		kind = tally_value_check(&plain, v);
		if (kind != TALLY_FINDING_NONE) {
			report_element(c, s, r, kind, v, repetition, r->length);
			return;
		}
	}
	if (r->codes != NULL && !code_listed(r, v))
		report_element(
		    c, s, r, TALLY_F_element_code, v, repetition, r->codes);
}

/* A value of the element, or its repetition. */
static void
check_one(const struct checking *c, const struct tally_segment *s,
    const struct guide_element *r, struct tally_str whole, unsigned repetition)
{
	unsigned char sep = c->set->separators.component;
	struct tally_str v = whole;

	if (r->component > 0 && !tally_part(whole, sep, r->component - 1u, &v))
		v = tally_str("", 0);
	if (r->use == GUIDE_FORBIDDEN && v.n > 0)
		report_element(c, s, r, TALLY_F_element_not_used, v, repetition,
		    "no value");
	else if (v.n > 0 && r->use != GUIDE_FORBIDDEN)
		check_value(c, s, r, v, repetition);
	/* A component is required of a composite that is there. */
	else if (v.n == 0 && r->use == GUIDE_REQUIRED && !r->mandatory &&
	    (r->component == 0 || whole.n > 0))
		report_element(
		    c, s, r, TALLY_F_element_missing, v, repetition, "a value");
}

static void
check_element(const struct checking *c, const struct tally_segment *s,
    const struct guide_element *r)
{
	struct tally_str v = tally_element(c->set, s, r->element), part;
	unsigned char sep = c->set->separators.repetition;

	if (!guide_holds(&r->where, c->set, s, s->loop))
		return;
	if (sep == 0 || v.n == 0 || r->standard->type == TALLY_B ||
	    memchr(v.p, sep, v.n) == NULL) {
		check_one(c, s, r, v, 0);
		return;
	}
	for (unsigned i = 0; tally_part(v, sep, i, &part); i++)
		if (part.n > 0)
			check_one(c, s, r, part, i + 1);
}

bool
tally_guide_withdraws(const struct tally_guide *g, const struct tally_set *set,
    const struct tally_finding *f)
{
	const struct tally_segment *s;
	const struct guide_element *r;
	const struct guide_at *at;

	if (f->kind != TALLY_F_element_code && f->kind != TALLY_F_code_unlisted)
		return false;
	s = &set->segment[f->segment - 1];
	if (s->place == TALLY_NOWHERE)
		return false;
	at = &g->at[s->place];
	for (uint16_t i = 0; i < at->nelement; i++) {
		r = &g->element[g->index[at->element + i]];
		if (r->codes != NULL && r->element == f->element &&
		    r->component == f->component &&
		    guide_holds(&r->where, set, s, s->loop))
			return true;
	}
	return false;
}

/* --- how often --- */

static uint32_t
scope_of(const struct checking *c, const struct tally_segment *s,
    const struct guide_count *r)
{
	return r->is_loop ? c->set->instance[s->loop].parent : s->loop;
}

static void
count_one(const struct checking *c, const struct tally_segment *s,
    const struct guide_count *r)
{
	uint32_t in = scope_of(c, s, r);
	struct tally_finding f;
	uint32_t *n;

	if (!guide_holds(&r->where, c->set, s, in))
		return;
	n = &c->g->counted[c->g->base[in] + r->slot];
	if (++*n != r->max + 1 || r->max == UINT32_MAX)
		return;
	f = guide_finding(c->set, s,
	    r->max == 0      ? TALLY_F_segment_not_used
		: r->is_loop ? TALLY_F_loop_too_often
			     : TALLY_F_segment_too_often,
	    r->rule, r->many);
	c->report(c->ctx, &f);
}

/* Points at the segment that the loop begins with, for the set at its end. */
static void
report_few(const struct checking *c, const struct guide_count *r, uint32_t in)
{
	const struct tally_set *set = c->set;
	const struct tally_place *p = &set->spec->place[r->place];
	const struct tally_segment *s =
	    &set->segment[in == 0 ? set->nsegment - 1
				  : set->instance[in].first];
	struct tally_finding f = { .kind = TALLY_F_segment_missing,
		.offset = set->offset + s->start,
		.segment = (uint32_t)(s - set->segment) + 1,
		.tag = p->segment->tag,
		.loop = set->spec->loop[p->loop].path,
		.id = "",
		.name = p->segment->name,
		.rule = r->rule,
		.expected = tally_cstr(r->few) };

	c->report(c->ctx, &f);
}

static void
check_few(const struct checking *c)
{
	const struct tally_guide *g = c->g;

	for (uint32_t in = 0; in < c->set->ninstance; in++) {
		const struct guide_at *at =
		    &g->scope[c->set->instance[in].loop];

		for (uint16_t i = 0; i < at->ncount; i++) {
			const struct guide_count *r =
			    &g->count[g->index[at->count + i]];
			uint32_t n = g->counted[g->base[in] + r->slot];

			if (n >= r->min ||
			    (n == 0 && r->mandatory && !r->where.own))
				continue;
			if (guide_holds(&r->where, c->set, NULL, in))
				report_few(c, r, in);
		}
	}
}

/* Gives each instance room for the counts of its rules. */
static enum tally_rc
begin_counts(const struct checking *c, struct tally_err *err)
{
	struct tally_guide *g = c->g;
	size_t n = 0;
	void *p;

	p = guide_room(g->base, &g->nbase, c->set->ninstance, sizeof(*g->base));
	if (p == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory to check a guide");
	g->base = p;
	for (uint32_t in = 0; in < c->set->ninstance; in++) {
		g->base[in] = (uint32_t)n;
		n += g->scope[c->set->instance[in].loop].ncount;
	}
	p = n <= UINT32_MAX
	    ? guide_room(g->counted, &g->ncounted, n, sizeof(*g->counted))
	    : NULL;
	if (p == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory to check a guide");
	g->counted = p;
	memset(g->counted, 0, n * sizeof(*g->counted));
	return TALLY_OK;
}

static void
check_segment(const struct checking *c, const struct tally_segment *s)
{
	const struct tally_guide *g = c->g;
	const struct guide_at *at = &g->at[s->place];

	for (uint16_t k = 0; k < at->ncount; k++)
		count_one(c, s, &g->count[g->index[at->count + k]]);
	for (uint16_t k = 0; k < at->nelement; k++)
		check_element(c, s, &g->element[g->index[at->element + k]]);
}

enum tally_rc
tally_guide_check(struct tally_guide *g, const struct tally_set *set,
    tally_report_fn *report, void *ctx, struct tally_err *err)
{
	struct checking c = { g, set, report, ctx };
	enum tally_rc rc = TALLY_OK;

	if (g->ncount > 0)
		rc = begin_counts(&c, err);
	if (rc != TALLY_OK)
		return rc;
	for (uint32_t i = 0; i < set->nsegment; i++) {
		const struct tally_segment *s = &set->segment[i];

		if (s->place != TALLY_NOWHERE &&
		    (g->at[s->place].nelement | g->at[s->place].ncount) != 0)
			check_segment(&c, s);
	}
	if (g->ncount > 0)
		check_few(&c);
	return g->nlevel > 0 ? guide_check_levels(g, set, report, ctx, err)
			     : TALLY_OK;
}
