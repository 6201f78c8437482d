/* SPDX-License-Identifier: Apache-2.0 */
/* A file after the other, and of each its interchanges; see parse.h. */
#include "flow/parse.h"

#include <string.h>

#define SCRATCH_MAX ((size_t)256 << 20)

/* Sends one message, which put writes. */
static enum tally_rc
say(struct parse *p, enum wire_kind kind, struct tally_findings *list,
    struct tally_err *err)
{
	struct tally_interchange_judged ic;
	struct wire w;
	size_t begun = wire_begin(&w, &p->out, kind);

	wire_findings(&w, list);
	if (kind == WIRE_JUDGED) {
		ic = *p->ic;
		wire_interchange(&w, &ic, list);
	}
	wire_finish(&w, begun);
	return parse_send(p, err);
}

static void
say_trouble(struct parse *p, struct tally_err *why)
{
	struct tally_err err;
	struct wire w;
	size_t begun;

	if (why->rc == TALLY_NOMEM && sandbox_is_full(&p->box))
		tally_err_set(why, TALLY_DATA,
		    "it takes more memory than the %zu MiB that one file may "
		    "take",
		    p->box.memory >> 20);
	tally_buf_reset(&p->out);
	begun = wire_begin(&w, &p->out, WIRE_TROUBLE);
	wire_trouble(&w, why);
	wire_finish(&w, begun);
	if (parse_send(p, &err) != TALLY_OK)
		sandbox_exit(1);
}

/* What was said of the interchange does not hold. */
static void
say_otherwise(struct parse *p)
{
	struct tally_err err;
	struct wire w;

	tally_buf_reset(&p->out);
	wire_finish(&w, wire_begin(&w, &p->out, WIRE_OTHERWISE));
	if (parse_send(p, &err) != TALLY_OK)
		sandbox_exit(1);
}

/* Whether the group's number was there in an interchange before this one. */
static enum tally_rc
group_used(void *ctx, const struct tally_interchange_judged *ic,
    const struct tally_group_judged *g, bool *used, struct tally_err *err)
{
	struct parse *p = ctx;
	struct tally_interchange_judged of = *ic;
	struct tally_group_judged group = *g;
	struct wire w;
	size_t begun = wire_begin(&w, &p->out, WIRE_ASK);
	enum tally_rc rc;

	group.verdict = TALLY_ACCEPTED;
	wire_envelope(&w, &of);
	wire_group(&w, &group);
	wire_finish(&w, begun);
	rc = parse_send(p, err);
	if (rc != TALLY_OK)
		return rc;
	(void)parse_receive(p, &w);
	wire_bool(&w, used);
	return TALLY_OK;
}

void
parse_judging(struct parse *p, struct tally_judge_options *options)
{
	*options = (struct tally_judge_options){ .limits = &p->site->limits,
		.dictionary = p->dictionary,
		.grammars = &p->grammars };
	if (p->partner != NULL)
		site_judging(options, p->partner);
	p->choice = (struct guides_choice){ .guides = p->guides,
		.partner = p->partner };
	guides_judging(options, &p->choice);
}

enum tally_rc
parse_judge(struct parse *p, struct tally_judge **out, int reader,
    uint64_t from, uint64_t end, const struct tally_judge_options *options,
    struct tally_err *err)
{
	struct tally_source source = parse_source(p, reader, from, end);

	/* One for a large file may have taken much, and is not kept. */
	*out = p->file.whole ? p->judge[reader] : NULL;
	if (*out == NULL)
		return tally_judge_new(out, source, from, options, err);
	tally_judge_again(*out, source, from, options);
	return TALLY_OK;
}

void
parse_judged(struct parse *p, struct tally_judge *judge, int reader)
{
	if (p->file.whole)
		p->judge[reader] = judge;
	else
		tally_judge_free(judge);
}

/* Cross-references, in as many pieces as it takes. */
static enum tally_rc
take_lookups(struct parse *p, struct wire *w, struct tally_err *err)
{
	struct store_lookup_row l = { .id = 0 };
	bool first = false;
	size_t n;
	enum tally_rc rc = TALLY_OK;

	wire_bool(w, &first);
	if (first) {
		lookups_free(p->lookups);
		p->lookups = NULL;
		rc = lookups_new(&p->lookups, err);
	}
	n = wire_count(w, 0, 1);
	for (; n > 0 && rc == TALLY_OK && !w->bad; n--) {
		wire_lookup(w, &l);
		rc = lookups_add(p->lookups, &l, err);
	}
	tally_arena_reset(&p->scratch);
	if (rc == TALLY_OK && w->bad)
		rc = tally_err_set(
		    err, TALLY_NOMEM, "no memory for the cross-references");
	return rc;
}

/* The next frame that is not about cross-references. */
static enum wire_kind
receive(
    struct parse *p, struct wire *w, enum tally_rc *rc, struct tally_err *err)
{
	struct tally_err ignored;
	enum wire_kind kind;
	enum tally_rc late;

	*rc = TALLY_OK;
	while ((kind = parse_receive(p, w)) == WIRE_LOOKUPS) {
		late = take_lookups(p, w, *rc == TALLY_OK ? err : &ignored);
		*rc = *rc == TALLY_OK ? late : *rc;
	}
	return kind;
}

/* What is to become of the interchange that was judged. */
static enum tally_rc
decision(struct parse *p, bool *record, struct tally_err *err)
{
	struct wire w;
	enum tally_rc rc;

	if (p->file.ahead) {
		*record = wire_is_recorded(p->ic);
		p->asked = (struct wire_record){ .recorded = 0 };
		return TALLY_OK;
	}
	*record = receive(p, &w, &rc, err) == WIRE_RECORD;
	if (!*record || rc != TALLY_OK)
		return rc;
	tally_arena_reset(&p->scratch);
	wire_record(&w, &p->asked);
	if (w.bad)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	lookups_sort(p->lookups);
	return TALLY_OK;
}

static enum tally_rc
interchange(struct parse *p, struct tally_judge *judge, struct tally_err *err)
{
	/* Only written from. */
	struct tally_findings list = *tally_judge_findings(judge);
	bool record;
	enum tally_rc rc;

	rc = say(p, p->ic != NULL ? WIRE_JUDGED : WIRE_END, &list, err);
	if (rc != TALLY_OK || p->ic == NULL)
		return rc;
	rc = decision(p, &record, err);
	if (rc == TALLY_OK && record)
		rc = parse_record(p, err);
	if (rc == TALLY_OK && p->file.single) {
		list.n = list.dropped = list.errors = list.warnings = 0;
		p->ic = NULL;
		parse_forget(p);
		rc = say(p, WIRE_END, &list, err);
	}
	return rc;
}

/* The next interchange; where envelopes alone are read, without a mistake. */
static enum tally_rc
next_judged(struct parse *p, struct tally_judge *judge, struct tally_err *err)
{
	enum tally_rc rc = tally_judge_next(judge, &p->ic, err);

	return rc == TALLY_OK && p->file.suppose && p->ic != NULL &&
		!parse_is_clean(judge)
	    ? parse_not_so(p, err)
	    : rc;
}

static enum tally_rc
file(struct parse *p, struct tally_err *err)
{
	struct tally_judge_options options;
	struct tally_judge *judge = NULL;
	enum tally_rc rc;

	parse_judging(p, &options);
	options.envelopes = p->file.suppose;
	if (p->partner != NULL && p->partner->unique_groups) {
		options.group_used = group_used;
		options.group_ctx = p;
	}
	p->otherwise = false;
	rc = parse_judge(
	    p, &judge, PARSE_FIRST, p->file.from, p->file.size, &options, err);
	do {
		if (rc == TALLY_OK)
			rc = next_judged(p, judge, err);
		if (rc == TALLY_OK)
			rc = interchange(p, judge, err);
	} while (rc == TALLY_OK && p->ic != NULL);
	parse_judged(p, judge, PARSE_FIRST);
	return rc;
}

static void
begin(struct parse *p)
{
	struct tally_err err;
	enum tally_rc rc;

	tally_buf_init(&p->in, WIRE_FRAME_MAX);
	tally_buf_init(&p->out, WIRE_FRAME_MAX);
	tally_buf_init(&p->whole, WIRE_SMALL);
	tally_arena_init(&p->scratch, SCRATCH_MAX);
	for (int i = 0; i < PARSE_READERS; i++)
		p->feed[i].ring = p->shared + i * WIRE_AHEAD;
	rc = gathered_open(&p->g, maps_model(p->maps), &err);
	if (rc != TALLY_OK)
		sandbox_exit(1);
}

void
parse_refuse(struct parse *p, struct tally_err *err)
{
	tally_buf_init(&p->out, WIRE_FRAME_MAX);
	say_trouble(p, err);
	sandbox_exit(1);
}

void
parse_work(struct parse *p)
{
	struct tally_err err;
	struct wire w;
	enum tally_rc rc;

	maps_close(p->maps);
	begin(p);
	wire_finish(&w, wire_begin(&w, &p->out, WIRE_READY));
	if (parse_send(p, &err) != TALLY_OK)
		sandbox_exit(1);
	for (;;) {
		p->file.whole = false;
		if (receive(p, &w, &rc, &err) != WIRE_FILE)
			sandbox_exit(1);
		wire_file(&w, &p->file);
		p->partner = p->file.partner < p->site->npartner
		    ? &p->site->partner[p->file.partner]
		    : NULL;
		if (p->file.whole)
			parse_take(p);
		if (p->file.ahead)
			lookups_sort(p->lookups);
		if (rc == TALLY_OK)
			rc = file(p, &err);
		parse_forget(p);
		if (rc != TALLY_OK && p->otherwise)
			say_otherwise(p);
		else if (rc != TALLY_OK)
			say_trouble(p, &err);
	}
}
