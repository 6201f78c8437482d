/* SPDX-License-Identifier: Apache-2.0 */
/* Judging: reader and checker joined; see tallyman/judge.h. */
#include "x12/judge_parts.h"

#include <assert.h>

static void
take_options(struct tally_judge *j, const struct tally_judge_options *options)
{
	j->options = *options;
	j->grammars =
	    options->grammars != NULL ? options->grammars : &j->own_grammars;
	j->findings.treatment =
	    options->terms != NULL ? options->terms->treatment : NULL;
}

enum tally_rc
tally_judge_new(struct tally_judge **out, struct tally_source source,
    uint64_t offset, const struct tally_judge_options *options,
    struct tally_err *err)
{
	struct tally_judge *j = tally_calloc(1, sizeof(*j));
	enum tally_rc rc;

	if (j == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory to judge");
	tally_findings_init(&j->findings, options->limits->findings);
	take_options(j, options);
	rc = tally_reader_new(
	    &j->reader, source, offset, options->limits, &j->findings, err);
	if (rc == TALLY_OK)
		rc = tally_checker_new(&j->checker, options->limits, err);
	if (rc == TALLY_OK)
		tally_checker_again(j->checker, options->characters);
	if (rc == TALLY_OK)
		*out = j;
	else
		tally_judge_free(j);
	return rc;
}

void
tally_judge_again(struct tally_judge *j, struct tally_source source,
    uint64_t offset, const struct tally_judge_options *options)
{
	assert(options->limits == j->options.limits);
	take_options(j, options);
	tally_findings_reset(&j->findings);
	tally_reader_again(j->reader, source, offset);
	tally_checker_again(j->checker, options->characters);
	memset(&j->ic, 0, sizeof(j->ic));
	j->nset = 0;
	j->version = NULL;
	j->of_interchange.n = j->of_group.n = 0;
	j->of_interchange.errors = j->of_interchange.warnings = 0;
	j->of_group.errors = j->of_group.warnings = 0;
	j->functional_told = j->seen_any = j->seen_bytes = false;
	j->group_taken = j->interchange_taken = false;
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

/* Mostly that of the set before. */
static const struct tally_set_spec *
find_set(struct tally_judge *j, struct tally_str id)
{
	if (j->spec == NULL || j->spec_of != j->version ||
	    !tally_str_eq(tally_cstr(j->spec->id), id)) {
		j->spec = tally_set_find(j->version, id);
		j->spec_of = j->version;
	}
	return j->spec;
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
	if (u->set == NULL || u->unreadable || j->version == NULL ||
	    j->options.envelopes)
		return TALLY_OK;
	id = tally_element(u->set, &u->set->segment[0], 1);
	spec = find_set(j, id);
	if (spec == NULL) {
		unsupported(j, u, id);
		return TALLY_OK;
	}
	if (strcmp(spec->functional, group->functional) != 0 &&
	    !j->functional_told && j->of_group.errors == 0) {
		j->functional_told = true;
		judge_add_finding(j, TALLY_F_group_functional, group->offset, 1,
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
		judge_copy(s.id, sizeof(s.id),
		    tally_element(u->set, &u->set->segment[0], 1));
		judge_copy(s.control, sizeof(s.control),
		    tally_element(u->set, &u->set->segment[0], 2));
		judge_copy(s.convention, sizeof(s.convention),
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
	s.verdict = judge_verdict(e - errors + !u->complete, w - warnings);
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
		judge_sort_out(j, from);
		switch (u.kind) {
		case TALLY_UNIT_INTERCHANGE:
			judge_begin_interchange(j, &u);
			break;
		case TALLY_UNIT_GROUP:
			rc = judge_begin_group(j, &u, err);
			break;
		case TALLY_UNIT_SET:
			rc = judge_set(j, &u, from, errors, warnings, err);
			break;
		case TALLY_UNIT_GROUP_END:
			judge_end_group(j, &u);
			break;
		case TALLY_UNIT_INTERCHANGE_END:
			judge_end_interchange(j, &u);
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
