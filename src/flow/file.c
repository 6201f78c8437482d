/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file: judged interchange by interchange, each decided on and recorded
 * before the next is read; then the file gets its state.
 */
#include "flow/translate.h"

#include <stdio.h>

bool
translate_lacks(enum tally_rc rc)
{
	return rc != TALLY_OK && rc != TALLY_NOMEM && rc != TALLY_TEMP;
}

static enum tally_rc
read_from(struct translate *t, enum reader r, void *buf, size_t max,
    size_t *got, struct tally_err *err)
{
	enum tally_rc rc =
	    t->source[r].read(t->source[r].ctx, buf, max, got, err);

	t->unreadable |= translate_lacks(rc);
	return rc;
}

static enum tally_rc
read_first(void *t, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	return read_from(t, READ_FIRST, buf, max, got, err);
}

/* What is read the second time is not read again. */
static enum tally_rc
read_second(
    void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct translate *t = ctx;
	enum tally_rc rc = read_from(t, READ_SECOND, buf, max, got, err);

	t->at_second += *got;
	store_payload_forget(t->payload, t->at_second);
	return rc;
}

static enum tally_rc
read_digest(void *t, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	return read_from(t, READ_DIGEST, buf, max, got, err);
}

struct tally_source
translate_source(struct translate *t, enum reader r, uint64_t from)
{
	struct tally_source s = { .ctx = t };

	t->source[r] = store_payload_source(t->payload, from);
	if (r == READ_SECOND)
		t->at_second = from;
	s.read = r == READ_FIRST ? read_first
	    : r == READ_SECOND   ? read_second
				 : read_digest;
	return s;
}

/* Findings that are about the file, not about an interchange of it; all of
 * them where there is none. */
static void
keep_outside(struct translate *t, const struct tally_findings *list, bool all)
{
	for (size_t i = 0; i < list->n; i++)
		if (all ||
		    tally_finding_info(list->v[i].kind)->level ==
			TALLY_LEVEL_FILE)
			tally_findings_copy(&t->outside, &list->v[i]);
}

static enum tally_rc
put_span(struct translate *t, const struct tally_findings *list,
    struct tally_span s, const struct store_subject *about,
    struct tally_err *err)
{
	if (s.first > list->n)
		s.first = list->n;
	if (s.n > list->n - s.first)
		s.n = list->n - s.first;
	return store_findings_put(
	    t->f->store, about, list->v + s.first, s.n, err);
}

/* Evidence of the interchange and of its groups, once it is all recorded. */
enum tally_rc
translate_evidence(struct translate *t, struct tally_err *err)
{
	struct interchange *in = &t->in;
	struct store_subject about = { .file = t->file.id,
		.interchange = in->id };
	const struct tally_group_judged *g = in->judged.group;
	enum tally_rc rc;

	rc = put_span(t, in->list, in->judged.findings, &about, err);
	if (rc == TALLY_OK)
		rc = store_findings_put(
		    t->f->store, &about, in->extra.v, in->extra.n, err);
	if (in->decision != DECIDE_RECORD)
		return rc;
	for (uint32_t i = 0; i < in->judged.ngroup && rc == TALLY_OK; i++) {
		about.group = in->group_id;
		if (i != in->group || in->group_id == 0)
			rc = store_group_put(
			    t->f->store, in->id, &g[i], &about.group, err);
		if (rc == TALLY_OK)
			rc = put_span(t, in->list, g[i].findings, &about, err);
	}
	return rc;
}

static const char *
final_state(enum decision d)
{
	switch (d) {
	case DECIDE_RECORD:
		return "translated";
	case DECIDE_DUPLICATE:
		return "duplicate";
	case DECIDE_REJECT:
		return "rejected";
	default:
		return "quarantined";
	}
}

static void
count(struct translate *t)
{
	struct interchange *in = &t->in;
	const struct tally_finding *f = NULL;

	if (in->extra.n > 0)
		f = in->extra.v;
	else if (in->judged.findings.n > 0 &&
	    in->judged.findings.first < in->list->n)
		f = &in->list->v[in->judged.findings.first];
	switch (in->decision) {
	case DECIDE_RECORD:
		t->count[FLOW_INTERCHANGES]++;
		t->fresh = true;
		break;
	case DECIDE_REJECT:
		t->count[FLOW_REFUSED]++;
		t->fresh = true;
		break;
	case DECIDE_QUARANTINE:
		if (!t->quarantined)
			snprintf(t->reason, sizeof(t->reason), "%s",
			    f != NULL ? tally_finding_info(f->kind)->what
				      : "an interchange cannot be read");
		t->quarantined = true;
		break;
	default:
		break;
	}
}

static enum tally_rc
interchange(struct translate *t, const struct tally_interchange_judged *judged,
    const struct tally_findings *list, struct tally_err *err)
{
	struct interchange *in = &t->in;
	enum tally_rc rc;

	in->judged = *judged;
	in->list = list;
	rc = translate_decide(t, err);
	if (rc != TALLY_OK)
		return rc;
	count(t);
	if (in->decision == DECIDE_RECORD)
		rc = translate_record(t, err);
	else
		parser_skip(t->parser);
	if (in->decision == DECIDE_DONE)
		return TALLY_OK;
	if (rc == TALLY_OK)
		rc = translate_evidence(t, err);
	if (rc == TALLY_OK)
		rc = translate_answer(t, err);
	if (rc == TALLY_OK)
		rc = store_interchange_mark(t->f->store, in->id, in->seen,
		    final_state(in->decision), flow_clock_now(&t->f->clock),
		    err);
	return rc;
}

/* Whether the group's number was there in an interchange before this one. */
static enum tally_rc
group_used(void *ctx, const struct tally_interchange_judged *ic,
    const struct tally_group_judged *g, bool *used, struct tally_err *err)
{
	struct translate *t = ctx;

	return store_group_prior(t->f->store, t->file.id, ic, g,
	    translate_numbers_since(t), used, err);
}

static struct tally_source
source(void *t, int reader, uint64_t from)
{
	return translate_source(
	    t, reader == 0 ? READ_FIRST : READ_SECOND, from);
}

static struct tally_source
source_ahead(void *payload, int reader, uint64_t from)
{
	(void)reader;
	return store_payload_source(payload, from);
}

bool
translate_ahead(struct translate *t, const struct store_file *file,
    struct store_payload **payload)
{
	const struct site_mailbox *box =
	    site_mailbox_find(t->f->site, file->mailbox);
	struct parser_file f = { .partner = box != NULL ? box->partner : NULL,
		.id = file->id,
		.size = file->size,
		.source = source_ahead };
	struct tally_err ignored;

	if (*payload == NULL &&
	    store_payload_of(payload, t->f->store, file, &ignored) != TALLY_OK)
		return false;
	f.ctx = *payload;
	return parser_ahead(t->parser, &f, t->f->store);
}

enum tally_rc
translate_read(
    struct translate *t, uint64_t from, bool single, struct tally_err *err)
{
	const struct parser_file f = { .partner = t->partner,
		.id = t->file.id,
		.size = t->file.size,
		.from = from,
		.single = single,
		/* One that comes at once has nothing to gain. */
		.suppose = t->supposing && !single &&
		    t->file.size > WIRE_SMALL && !parser_is_large(t->file.size),
		.source = source,
		.used = group_used,
		.ctx = t };

	return parser_file(t->parser, &f, err);
}

static enum tally_rc
all_interchanges(struct translate *t, uint64_t *n, struct tally_err *err)
{
	struct tally_interchange_judged *judged;
	const struct tally_findings *list;
	enum tally_rc rc = translate_read(t, 0, false, err);

	while (rc == TALLY_OK) {
		rc = parser_judged(t->parser, &judged, &list, err);
		if (rc != TALLY_OK)
			break;
		keep_outside(t, list, judged == NULL);
		if (judged == NULL)
			break;
		++*n;
		rc = interchange(t, judged, list, err);
	}
	return rc;
}

/* Why a file without any interchange is none. */
static const char *
why_not(const struct translate *t)
{
	for (size_t i = 0; i < t->outside.n; i++)
		if (t->outside.v[i].severity == TALLY_ERROR)
			return tally_finding_info(t->outside.v[i].kind)->what;
	return tally_finding_info(TALLY_F_not_edi)->what;
}

static enum tally_rc
close_file(struct translate *t, uint64_t n, struct tally_err *err)
{
	struct store_subject about = { .file = t->file.id };
	int64_t now = flow_clock_now(&t->f->clock);
	enum tally_rc rc;

	rc = store_findings_put(
	    t->f->store, &about, t->outside.v, t->outside.n, err);
	if (rc != TALLY_OK)
		return rc;
	if (n == 0 || t->quarantined) {
		t->count[FLOW_QUARANTINED]++;
		return translate_quarantine(
		    t, n == 0 ? why_not(t) : t->reason, err);
	}
	t->count[t->fresh ? FLOW_TRANSLATED : FLOW_DUPLICATE]++;
	return store_file_change(t->f->store, &t->file,
	    t->fresh ? "translated" : "duplicate", NULL, now, err);
}

enum tally_rc
translate_file(struct translate *t, struct tally_err *err)
{
	uint64_t n = 0;
	enum tally_rc rc = TALLY_OK;

	if (t->payload == NULL)
		rc = store_payload_of(&t->payload, t->f->store, &t->file, err);
	t->unreadable = translate_lacks(rc);
	t->opened = rc == TALLY_OK;
	if (rc != TALLY_OK)
		return rc;
	rc = all_interchanges(t, &n, err);
	if (rc == TALLY_OK)
		rc = close_file(t, n, err);
	store_payload_close(t->payload);
	t->payload = NULL;
	if (rc == TALLY_OK)
		t->outcome = (struct outcome){ n,
			n == 0 || t->quarantined ? "quarantined"
			    : t->fresh           ? "translated"
						 : "duplicate" };
	return rc;
}
