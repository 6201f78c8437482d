/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the sets of a file with their verdicts; see sets.h. */
#include "command/sets.h"

/* The second reading of an interchange. */
struct again {
	struct sets *sets;
	const char *file;
	const struct tally_interchange_judged *judged;
	uint32_t group; /* index of the one that it is in */
};

void
sets_free(struct sets *s)
{
	tally_grammars_free(&s->grammars);
}

static enum tally_verdict
verdict_of(struct again *a, const struct tally_visit *v)
{
	const struct tally_interchange_judged *ic = a->judged;

	while (a->group < ic->ngroup &&
	    ic->group[a->group].offset != v->group->offset)
		a->group++;
	if (ic->verdict == TALLY_REJECTED || a->group == ic->ngroup ||
	    ic->group[a->group].verdict == TALLY_REJECTED)
		return TALLY_REJECTED;
	return v->judged->verdict;
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct again *a = ctx;

	return a->sets->set(a->sets->ctx, a->file, v, verdict_of(a, v), err);
}

static enum tally_rc
read_again(struct sets *s, const struct sets_origin *o,
    const struct tally_interchange_judged *ic, struct tally_err *err)
{
	struct again a = { s, o->name, ic, 0 };
	struct tally_judge_options options = {
		.visit = visit, .ctx = &a, .grammars = &s->grammars
	};
	const struct tally_interchange_judged *same;
	struct tally_judge *judge = NULL;
	struct input_from room;
	enum tally_rc rc;

	judging_options(s->judging, &options);
	rc = tally_judge_new(&judge, o->from(o->ctx, ic->offset, &room),
	    ic->offset, &options, err);
	if (rc == TALLY_OK)
		rc = tally_judge_next(judge, &same, err);
	tally_judge_free(judge);
	return rc;
}

/* Interchanges from an offset on: all, or the first. */
static enum tally_rc
read_from(struct sets *s, const struct sets_origin *o, uint64_t offset,
    bool all, struct tally_err *err)
{
	struct tally_judge_options options = { .grammars = &s->grammars };
	const struct tally_interchange_judged *ic = NULL;
	const struct tally_findings *findings;
	struct tally_judge *judge = NULL;
	struct input_from room;
	enum tally_rc rc;

	judging_options(s->judging, &options);
	rc = tally_judge_new(
	    &judge, o->from(o->ctx, offset, &room), offset, &options, err);
	while (rc == TALLY_OK) {
		rc = tally_judge_next(judge, &ic, err);
		if (rc != TALLY_OK)
			break;
		findings = tally_judge_findings(judge);
		rc = s->interchange(s->ctx, o->name, ic, findings, err);
		if (ic == NULL)
			break;
		if (rc == TALLY_OK)
			rc = read_again(s, o, ic, err);
		if (!all)
			break;
	}
	tally_judge_free(judge);
	return rc;
}

static struct tally_source
from_input(void *ctx, uint64_t offset, struct input_from *room)
{
	*room = (struct input_from){ ctx, offset };
	return input_source_from(room);
}

enum tally_rc
sets_read(struct sets *s, const char *file, struct tally_err *err)
{
	struct input input;
	struct sets_origin o = { file, from_input, &input };
	enum tally_rc rc = input_open(&input, file, err);

	if (rc != TALLY_OK)
		return rc;
	rc = input_keep(&input, err);
	if (rc == TALLY_OK)
		rc = read_from(s, &o, 0, true, err);
	input_close(&input);
	return rc;
}

enum tally_rc
sets_read_at(struct sets *s, const struct sets_origin *o, uint64_t offset,
    struct tally_err *err)
{
	return read_from(s, o, offset, false, err);
}
