/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging: reader and checker joined; see tallyman/judge.h.
 *
 * The reader adds findings of any level on its way to the next unit.  After
 * each call they are sorted out: those of the interchange and of the group
 * are set aside until it ends, so that the findings of each thing stand
 * together and a span can name them.
 */
#include "tallyman/judge.h"

#include <assert.h>

/* Findings set aside; few, since each kind occurs once or twice. */
#define ASIDE_MAX 64
struct aside {
	struct tally_finding v[ASIDE_MAX];
	size_t n;
	size_t errors, warnings;
};

struct tally_judge {
	struct tally_judge_options options;
	struct tally_reader *reader;
	struct tally_checker *checker;
	struct tally_findings findings;
	struct tally_interchange_judged ic;
	struct tally_group_judged *group; /* owned */
	size_t *first_set; /* of each group, index in set; owned */
	size_t groups_max;
	struct tally_set_judged *set; /* of all groups; owned */
	size_t nset, sets_max;
	struct tally_grammars *grammars, own_grammars;
	const struct tally_version *version; /* of the group; null: unknown */
	struct aside of_interchange, of_group;
	bool functional_told, seen_any, seen_bytes;
	bool group_taken, interchange_taken; /* with a set that is rejected */
};

enum tally_rc
tally_judge_new(struct tally_judge **out, struct tally_source source,
    uint64_t offset, const struct tally_judge_options *options,
    struct tally_err *err)
{
	struct tally_judge *j = tally_calloc(1, sizeof(*j));
	enum tally_rc rc;

	if (j == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory to judge");
	j->options = *options;
	j->grammars =
	    options->grammars != NULL ? options->grammars : &j->own_grammars;
	tally_findings_init(&j->findings, options->limits->findings);
	if (options->terms != NULL)
		j->findings.treatment = options->terms->treatment;
	rc = tally_reader_new(
	    &j->reader, source, offset, options->limits, &j->findings, err);
	if (rc == TALLY_OK)
		rc = tally_checker_new(&j->checker, options->limits, err);
	if (rc == TALLY_OK)
		tally_checker_characters(j->checker, options->characters);
	if (rc == TALLY_OK && options->clean)
		tally_checker_trust(j->checker);
	if (rc == TALLY_OK)
		*out = j;
	else
		tally_judge_free(j);
	return rc;
}

void
tally_judge_free(struct tally_judge *j)
{
	if (j == NULL)
		return;
	tally_reader_free(j->reader);
	tally_checker_free(j->checker);
	tally_findings_free(&j->findings);
	tally_grammars_free(&j->own_grammars);
	tally_free(j->group);
	tally_free(j->first_set);
	tally_free(j->set);
	tally_free(j);
}

const struct tally_findings *
tally_judge_findings(const struct tally_judge *j)
{
	return &j->findings;
}

/* --- findings --- */

static void
set_aside(struct aside *a, const struct tally_finding *f)
{
	a->errors += f->severity == TALLY_ERROR;
	a->warnings += f->severity == TALLY_WARNING;
	if (a->n < ASIDE_MAX)
		a->v[a->n++] = *f;
}

/* Takes the findings of envelopes out of those from `from` on. */
static void
sort_out(struct tally_judge *j, size_t from)
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

/* A finding about the group's header, set aside at once. */
static void
add_finding(struct tally_judge *j, enum tally_finding_kind kind,
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
	sort_out(j, from);
}

/* --- envelopes --- */

static void
copy(char *to, size_t size, struct tally_str s)
{
	size_t n;

	s = tally_str_rtrim(s);
	n = s.n < size - 1 ? s.n : size - 1;
	memcpy(to, s.p, n);
	to[n] = '\0';
}

#define COPY(field, k) copy(field, sizeof(field), tally_element(set, s, k))

static void
begin_interchange(struct tally_judge *j, const struct tally_unit *u)
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
		copy(g->read_as, sizeof(g->read_as), tally_cstr(v->version));
	if (v == NULL && j->of_group.errors == 0)
		add_finding(j, TALLY_F_group_version, g->offset, 8, version,
		    "a version whose dictionary is there");
	else if (v != NULL && version.n > 0 &&
	    strncmp(v->version, g->version, strlen(v->version)) != 0)
		add_finding(j, TALLY_F_version_nearest, g->offset, 8, version,
		    v->version);
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
		add_finding(j, TALLY_F_group_number_used, g->offset, 6, number,
		    "a number that no interchange of the partner had");
	return rc;
}

static enum tally_rc
begin_group(
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
			add_finding(j, TALLY_F_too_many_groups, u->offset, 0,
			    tally_str("", 0), "at most 10000 groups");
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

static enum tally_verdict
verdict(size_t errors, size_t warnings)
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

static void
end_group(struct tally_judge *j, const struct tally_unit *u)
{
	struct tally_group_judged *g = &j->group[j->ic.ngroup];
	struct tally_str said;

	g->verdict =
	    verdict(j->of_group.errors + !u->complete, j->of_group.warnings);
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

static void
end_interchange(struct tally_judge *j, const struct tally_unit *u)
{
	struct tally_interchange_judged *ic = &j->ic;

	ic->length = u->end - ic->offset;
	ic->complete = u->complete;
	ic->included = u->count;
	ic->verdict = verdict(j->of_interchange.errors + !u->complete,
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

/* --- transaction sets --- */

static void
unsupported(
    struct tally_judge *j, const struct tally_unit *u, struct tally_str id)
{
	for (size_t i = j->findings.n; i-- > 0;)
		if (j->findings.v[i].kind == TALLY_F_st_malformed &&
		    j->findings.v[i].offset >= u->offset)
			return;
	tally_findings_add(&j->findings,
	    &(struct tally_finding){ .kind = TALLY_F_set_unsupported,
		.offset = u->offset,
		.segment = 1,
		.element = 1,
		.tag = "ST",
		.loop = "",
		.id = "143",
		.name = "",
		.value = id,
		.expected = TALLY_STR("a set that a dictionary describes") });
}

/* Checks the set of a unit, if it can be. */
static enum tally_rc
check_set(struct tally_judge *j, const struct tally_unit *u,
    const struct tally_set_judged *judged, bool *checked, struct tally_err *err)
{
	const struct tally_rules *rules = NULL;
	const struct tally_group_judged *group = &j->group[j->ic.ngroup];
	const struct tally_set_spec *spec;
	const struct tally_grammar *g = NULL;
	struct tally_str id;
	enum tally_rc rc;

	*checked = false;
	if (u->set == NULL || u->unreadable || j->version == NULL)
		return TALLY_OK;
	id = tally_element(u->set, &u->set->segment[0], 1);
	spec = tally_set_find(j->version, id);
	if (spec == NULL) {
		unsupported(j, u, id);
		return TALLY_OK;
	}
	if (strcmp(spec->functional, group->functional) != 0 &&
	    !j->functional_told && j->of_group.errors == 0) {
		j->functional_told = true;
		add_finding(j, TALLY_F_group_functional, group->offset, 1,
		    tally_cstr(group->functional), spec->functional);
	}
	rc = tally_grammars_get(j->grammars, j->version, spec, &g, err);
	if (rc == TALLY_OK && j->options.rules_for != NULL)
		rc = j->options.rules_for(
		    j->options.rules_ctx, &rules, spec, group, judged, err);
	tally_checker_rules(j->checker, rules);
	if (rc == TALLY_OK)
		rc = tally_check(j->checker, g, u->set, &j->findings, err);
	*checked = rc == TALLY_OK;
	return rc;
}

static enum tally_rc
list_set(struct tally_judge *j, const struct tally_set_judged *s,
    struct tally_err *err)
{
	if (j->nset >= TALLY_JUDGE_LISTED &&
	    (s->verdict == TALLY_ACCEPTED || s->findings.n == 0))
		return TALLY_OK;
	if (j->nset == j->sets_max) {
		size_t max = j->sets_max != 0 ? 2 * j->sets_max : 64;
		void *p = tally_realloc(j->set, max * sizeof(*j->set));

		if (p == NULL)
			return tally_err_set(
			    err, TALLY_NOMEM, "no memory to judge");
		j->set = p;
		j->sets_max = max;
	}
	j->set[j->nset++] = *s;
	return TALLY_OK;
}

/* Errors and warnings of sets: all but those of envelopes. */
static void
tally_up(const struct tally_judge *j, size_t *errors, size_t *warnings)
{
	*errors =
	    j->findings.errors - j->of_interchange.errors - j->of_group.errors;
	*warnings = j->findings.warnings - j->of_interchange.warnings -
	    j->of_group.warnings;
}

/* From here on findings are treated as the set's agreement says, and so are
 * those that the reader had when it was not yet known which set it is. */
static const struct tally_terms *
begin_terms(struct tally_judge *j, const char *set, size_t from)
{
	const struct tally_judge_options *o = &j->options;
	const struct tally_terms *terms = NULL;

	if (o->set_terms != NULL)
		terms = o->set_terms(o->agreements, set,
		    j->version != NULL ? j->version->version : "");
	if (terms == NULL || terms == o->terms)
		return o->terms;
	tally_findings_treat(&j->findings, from, terms->treatment);
	j->findings.treatment = terms->treatment;
	return terms;
}

static void
end_terms(struct tally_judge *j)
{
	j->findings.treatment =
	    j->options.terms != NULL ? j->options.terms->treatment : NULL;
}

static enum tally_rc
judge_set(struct tally_judge *j, const struct tally_unit *u, size_t from,
    size_t errors, size_t warnings, struct tally_err *err)
{
	struct tally_group_judged *g = &j->group[j->ic.ngroup];
	struct tally_set_judged s = { .ordinal = g->received + 1,
		.offset = u->offset };
	struct tally_visit visit = {
		.interchange = &j->ic, .group = g, .judged = &s, .set = u->set
	};
	const struct tally_terms *terms;
	size_t e, w;
	enum tally_rc rc = TALLY_OK;

	if (u->set != NULL) {
		copy(s.id, sizeof(s.id),
		    tally_element(u->set, &u->set->segment[0], 1));
		copy(s.control, sizeof(s.control),
		    tally_element(u->set, &u->set->segment[0], 2));
		copy(s.convention, sizeof(s.convention),
		    tally_element(u->set, &u->set->segment[0], 3));
	}
	terms = begin_terms(j, s.id, from);
	/* Where the input ends inside a set, the missing IEA says it all. */
	if (u->complete || j->findings.n > from)
		rc = check_set(j, u, &s, &visit.checked, err);
	end_terms(j);
	if (rc != TALLY_OK)
		return rc;
	if (j->findings.failed)
		return tally_err_set(err, TALLY_NOMEM, "no memory to judge");
	tally_up(j, &e, &w);
	s.verdict = verdict(e - errors + !u->complete, w - warnings);
	s.findings = (struct tally_span){ from, j->findings.n - from };
	g->received++;
	g->accepted += s.verdict != TALLY_REJECTED;
	if (s.verdict == TALLY_REJECTED && terms != NULL) {
		j->group_taken |= terms->takes == TALLY_TAKES_GROUP;
		j->interchange_taken |= terms->takes == TALLY_TAKES_INTERCHANGE;
	}
	rc = list_set(j, &s, err);
	if (rc == TALLY_OK && j->options.visit != NULL)
		rc = j->options.visit(j->options.ctx, &visit, err);
	return rc;
}

/* What an input without any interchange is. */
static void
end_input(struct tally_judge *j, const struct tally_unit *u)
{
	struct tally_finding *f = j->findings.v;
	struct tally_finding none = { .tag = "",
		.loop = "",
		.id = "",
		.name = "",
		.value = TALLY_STR(""),
		.expected = TALLY_STR("an interchange, from ISA to IEA") };

	if (j->seen_any || j->findings.errors > 0)
		return;
	j->seen_any = true;
	if (j->findings.n > 0) {
		f->kind = TALLY_F_not_edi;
		f->severity = TALLY_ERROR;
		j->findings.errors++;
		return;
	}
	none.kind = u->offset == 0 ? TALLY_F_empty_file : TALLY_F_not_edi;
	tally_findings_add(&j->findings, &none);
}

enum tally_rc
tally_judge_next(struct tally_judge *j,
    const struct tally_interchange_judged **out, struct tally_err *err)
{
	struct tally_unit u;
	enum tally_rc rc;
	size_t from, errors, warnings;

	*out = NULL;
	tally_findings_reset(&j->findings);
	for (;;) {
		from = j->findings.n;
		tally_up(j, &errors, &warnings);
		rc = tally_reader_next(j->reader, &u, err);
		if (rc != TALLY_OK)
			return rc;
		if (u.kind == TALLY_UNIT_END) {
			end_input(j, &u);
			return TALLY_OK;
		}
		sort_out(j, from);
		switch (u.kind) {
		case TALLY_UNIT_INTERCHANGE:
			begin_interchange(j, &u);
			break;
		case TALLY_UNIT_GROUP:
			rc = begin_group(j, &u, err);
			break;
		case TALLY_UNIT_SET:
			rc = judge_set(j, &u, from, errors, warnings, err);
			break;
		case TALLY_UNIT_GROUP_END:
			end_group(j, &u);
			break;
		case TALLY_UNIT_INTERCHANGE_END:
			end_interchange(j, &u);
			*out = &j->ic;
			return TALLY_OK;
		case TALLY_UNIT_TA1:
			if (j->options.visit_ta1 != NULL)
				rc = j->options.visit_ta1(
				    j->options.ctx, &j->ic, u.set, err);
			break;
		case TALLY_UNIT_END:
			break;
		}
		if (rc != TALLY_OK)
			return rc;
	}
}
