/* SPDX-License-Identifier: Apache-2.0 */
/* Interchanges and groups that are judged; see judge_parts.h. */
#include "x12/judge_parts.h"

static void
set_aside(struct aside *a, const struct tally_finding *f)
{
	a->errors += f->severity == TALLY_ERROR;
	a->warnings += f->severity == TALLY_WARNING;
	if (a->n < ASIDE_MAX)
		a->v[a->n++] = *f;
}

void
judge_sort_out(struct tally_judge *j, size_t from)
{
	struct tally_findings *fs = &j->findings;
	size_t keep = from;

	for (size_t i = from; i < fs->n; i++)
		switch (tally_finding_info(fs->v[i].kind)->level) {
		case TALLY_LEVEL_INTERCHANGE:
			set_aside(&j->of_interchange, &fs->v[i]);
			break;
		case TALLY_LEVEL_GROUP:
			set_aside(&j->of_group, &fs->v[i]);
			break;
		default:
			fs->v[keep++] = fs->v[i];
		}
	fs->n = keep;
}

/* Puts what was set aside back, as the span of what has ended. */
static struct tally_span
put_back(struct tally_judge *j, struct aside *a)
{
	struct tally_findings *fs = &j->findings;
	struct tally_span span = { fs->n, 0 };

	/* They were in the list before, so there is room for them. */
	for (size_t i = 0; i < a->n && fs->n < fs->cap; i++) {
		fs->v[fs->n++] = a->v[i];
		span.n++;
	}
	a->n = a->errors = a->warnings = 0;
	return span;
}

void
judge_add_finding(struct tally_judge *j, enum tally_finding_kind kind,
    uint64_t offset, uint16_t element, struct tally_str value,
    const char *expected)
{
	size_t from = j->findings.n;

	tally_findings_add(&j->findings,
	    &(struct tally_finding){ .kind = kind,
		.offset = offset,
		.element = element,
		.tag = "GS",
		.loop = "",
		.id = "",
		.name = "",
		.value = value,
		.expected = tally_cstr(expected) });
	judge_sort_out(j, from);
}

void
judge_copy(char *to, size_t size, struct tally_str s)
{
	size_t n;

	s = tally_str_rtrim(s);
	n = s.n < size - 1 ? s.n : size - 1;
	memcpy(to, s.p, n);
	to[n] = '\0';
}

#define COPY(field, k) \
	judge_copy(field, sizeof(field), tally_element(set, s, k))

void
judge_begin_interchange(struct tally_judge *j, const struct tally_unit *u)
{
	struct tally_interchange_judged *ic = &j->ic;
	const struct tally_set *set = u->set;
	const struct tally_segment *s = &set->segment[0];
	struct tally_str e;

	*ic = (struct tally_interchange_judged){ .offset = u->offset,
		.separators = set->separators };
	COPY(ic->sender_qualifier, 5);
	COPY(ic->sender, 6);
	COPY(ic->receiver_qualifier, 7);
	COPY(ic->receiver, 8);
	COPY(ic->date, 9);
	COPY(ic->time, 10);
	COPY(ic->version, 12);
	COPY(ic->control, 13);
	e = tally_element(set, s, 14);
	ic->ack_requested = tally_str_eq(e, TALLY_STR("1"));
	e = tally_element(set, s, 15);
	ic->usage = e.n == 1 ? e.p[0] : ' ';
	ic->readable = ic->sender[0] != '\0' && ic->receiver[0] != '\0' &&
	    ic->control[0] != '\0';
	for (size_t i = 0; i < j->of_interchange.n; i++)
		if (j->of_interchange.v[i].kind == TALLY_F_isa_separators)
			ic->readable = false;
	j->nset = 0;
	j->seen_any = true;
}

static enum tally_rc
grow_groups(struct tally_judge *j, struct tally_err *err)
{
	size_t max = j->groups_max != 0 ? 2 * j->groups_max : 8;
	void *p;

	if (j->ic.ngroup < j->groups_max)
		return TALLY_OK;
	p = tally_realloc(j->group, max * sizeof(*j->group));
	if (p == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory to judge");
	j->group = p;
	p = tally_realloc(j->first_set, max * sizeof(*j->first_set));
	if (p == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory to judge");
	j->first_set = p;
	j->groups_max = max;
	return TALLY_OK;
}

/* The version that reads a group. */
static void
choose_version(struct tally_judge *j, struct tally_group_judged *g,
    struct tally_str version)
{
	const struct tally_version *v =
	    tally_version_find(j->options.dictionary, version);

	if (v == NULL && j->options.nearest != NULL)
		v = tally_version_nearest(j->options.nearest, version);
	j->version = v;
	tally_reader_version(j->reader,
	    v != NULL ? v
		      : tally_version_nearest(j->options.dictionary, version));
	if (v != NULL)
		judge_copy(
		    g->read_as, sizeof(g->read_as), tally_cstr(v->version));
	if (v == NULL && j->of_group.errors == 0)
		judge_add_finding(j, TALLY_F_group_version, g->offset, 8,
		    version, "a version whose dictionary is there");
	else if (v != NULL && version.n > 0 &&
	    strncmp(v->version, g->version, strlen(v->version)) != 0)
		judge_add_finding(j, TALLY_F_version_nearest, g->offset, 8,
		    version, v->version);
}

/* A number that another interchange had, where somebody knows. */
static enum tally_rc
ask_number(struct tally_judge *j, const struct tally_group_judged *g,
    struct tally_str number, struct tally_err *err)
{
	const struct tally_judge_options *o = &j->options;
	bool used = false;
	enum tally_rc rc;

	if (o->group_used == NULL || j->of_group.errors > 0)
		return TALLY_OK;
	rc = o->group_used(o->group_ctx, &j->ic, g, &used, err);
	if (rc == TALLY_OK && used)
		judge_add_finding(j, TALLY_F_group_number_used, g->offset, 6,
		    number, "a number that no interchange of the partner had");
	return rc;
}

enum tally_rc
judge_begin_group(
    struct tally_judge *j, const struct tally_unit *u, struct tally_err *err)
{
	const struct tally_set *set = u->set;
	const struct tally_segment *s = &set->segment[0];
	struct tally_group_judged *g;
	struct tally_str version = tally_element(set, s, 8);
	enum tally_rc rc;

	if (j->ic.ngroup == TALLY_JUDGE_GROUPS) {
		/* Its room is used again: the interchange is rejected. */
		j->ic.ngroup--;
		if (j->of_interchange.errors == 0)
			judge_add_finding(j, TALLY_F_too_many_groups, u->offset,
			    0, tally_str("", 0), "at most 10000 groups");
	}
	rc = grow_groups(j, err);
	if (rc != TALLY_OK)
		return rc;
	g = &j->group[j->ic.ngroup];
	j->first_set[j->ic.ngroup] = j->nset;
	*g = (struct tally_group_judged){ .offset = u->offset };
	COPY(g->functional, 1);
	COPY(g->sender, 2);
	COPY(g->receiver, 3);
	COPY(g->control, 6);
	COPY(g->version, 8);
	j->functional_told = false;
	choose_version(j, g, version);
	return ask_number(j, g, tally_element(set, s, 6), err);
}

enum tally_verdict
judge_verdict(size_t errors, size_t warnings)
{
	return errors > 0  ? TALLY_REJECTED
	    : warnings > 0 ? TALLY_ACCEPTED_WITH_ERRORS
			   : TALLY_ACCEPTED;
}

/* A group that is rejected takes its sets with it. */
static void
reject_sets(struct tally_judge *j, uint32_t group)
{
	j->group[group].accepted = 0;
	for (size_t i = j->first_set[group]; i < j->nset; i++)
		j->set[i].verdict = TALLY_REJECTED;
}

/* The verdict on a group whose own envelope is accepted. */
static enum tally_verdict
from_sets(const struct tally_judge *j, const struct tally_group_judged *g)
{
	if (g->accepted == 0 && g->received > 0)
		return TALLY_REJECTED;
	if (g->accepted < g->received)
		return TALLY_PARTIAL;
	for (size_t i = j->first_set[j->ic.ngroup]; i < j->nset; i++)
		if (j->set[i].verdict != TALLY_ACCEPTED)
			return TALLY_ACCEPTED_WITH_ERRORS;
	return g->verdict;
}

void
judge_end_group(struct tally_judge *j, const struct tally_unit *u)
{
	struct tally_group_judged *g = &j->group[j->ic.ngroup];
	struct tally_str said;

	g->verdict = judge_verdict(
	    j->of_group.errors + !u->complete, j->of_group.warnings);
	g->included = g->received;
	if (u->set != NULL) {
		uint32_t n = 0;

		said = tally_element(u->set, &u->set->segment[0], 1);
		for (size_t i = 0; i < said.n && i < 6; i++)
			if (said.p[i] >= '0' && said.p[i] <= '9')
				n = n * 10 + (uint32_t)(said.p[i] - '0');
		g->included = n;
	}
	if (j->group_taken)
		g->verdict = TALLY_REJECTED;
	j->group_taken = false;
	if (g->verdict == TALLY_REJECTED)
		reject_sets(j, j->ic.ngroup);
	else
		g->verdict = from_sets(j, g);
	g->findings = put_back(j, &j->of_group);
	g->nset = (uint32_t)(j->nset - j->first_set[j->ic.ngroup]);
	j->ic.ngroup++;
}

void
judge_end_interchange(struct tally_judge *j, const struct tally_unit *u)
{
	struct tally_interchange_judged *ic = &j->ic;

	ic->length = u->end - ic->offset;
	ic->complete = u->complete;
	ic->included = u->count;
	ic->verdict = judge_verdict(j->of_interchange.errors + !u->complete,
	    j->of_interchange.warnings);
	ic->findings = put_back(j, &j->of_interchange);
	ic->group = j->group;
	if (j->interchange_taken && ic->ngroup > 0)
		reject_sets(j, 0);
	for (uint32_t i = 0; j->interchange_taken && i < ic->ngroup; i++) {
		j->group[i].verdict = TALLY_REJECTED;
		j->group[i].accepted = 0;
	}
	j->interchange_taken = false;
	for (uint32_t i = 0; i < ic->ngroup; i++)
		j->group[i].set =
		    j->group[i].nset > 0 ? j->set + j->first_set[i] : NULL;
}
