/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers an interchange: a TA1, 997s or 999s, or both, in one file.
 *
 * It is made and queued in the transaction that ends the interchange, its
 * control numbers drawn there, so it is never sent before the records are
 * durable and never numbered twice.  A duplicate gets what was answered the
 * first time, byte for byte.
 */
#include "flow/translate.h"

#include <stdio.h>
#include <string.h>

#include "base/plant.h"
#include "mailbox/mailbox.h"
#include "x12/write.h"

/* An answer is not larger than what it answers, but for very small ones. */
#define ANSWER_MIN (64u << 10)
#define ANSWER_MAX (32u << 20)
/* What the verdicts on groups need, however small the limit is set. */
#define ANSWER_LEAST 512u
#define ANSWER_GROUP 256u

/* Where answers to the partner go: back where the file came from, or to the
 * first of its mailboxes that takes any. */
static const struct site_mailbox *
where(const struct translate *t)
{
	const struct site *s = t->f->site;

	if (t->box->push != NULL)
		return t->box;
	for (size_t i = 0; i < s->nmailbox; i++)
		if (s->mailbox[i].partner == t->partner &&
		    s->mailbox[i].push != NULL)
			return &s->mailbox[i];
	return NULL;
}

/* What the agreements say of the groups' answers. */
static void
agree(struct translate *t)
{
	const struct site_agreement *a;
	struct tally_group_judged *g;

	for (uint32_t i = 0; i < t->in.judged.ngroup; i++) {
		g = &t->in.judged.group[i];
		a = g->nset > 0
		    ? site_receive(t->partner, g->set[0].id, g->read_as)
		    : NULL;
		if (a == NULL)
			continue;
		g->silent = a->acknowledge == SITE_ACKNOWLEDGE_NONE;
		g->form = a->acknowledge == SITE_ACKNOWLEDGE_999
		    ? TALLY_ACK_999
		    : TALLY_ACK_997;
		g->errors_only = a->list == SITE_LIST_ERRORS;
	}
}

/* What the partner wants of TA1s, put as the interchange's own wish; false
 * when it is to get nothing at all. */
static bool
settle_ta1(struct translate *t)
{
	struct tally_interchange_judged *j = &t->in.judged;

	if (t->partner->ta1 == SITE_TA1_ALWAYS)
		j->ack_requested = true;
	if (t->partner->ta1 != SITE_TA1_NEVER)
		return true;
	if (j->verdict == TALLY_REJECTED)
		return false;
	j->ack_requested = false;
	j->verdict = TALLY_ACCEPTED;
	return true;
}

static void
envelope(struct translate *t, struct tally_ack_envelope *e, char date[9],
    char time[5])
{
	static const struct tally_separators usual = { '*', '~', '>', 0 };
	const struct tally_interchange_judged *j = &t->in.judged;
	const struct site *s = t->f->site;
	uint64_t bytes = j->length;

	memset(e, 0, sizeof(*e));
	e->sender_qualifier = j->receiver_qualifier;
	e->sender = j->receiver;
	if (!site_is_self(s, j->receiver_qualifier, j->receiver)) {
		e->sender_qualifier = s->self[0].qualifier;
		e->sender = s->self[0].id;
	}
	e->receiver_qualifier = j->sender_qualifier;
	e->receiver = j->sender;
	flow_clock_x12(flow_clock_now(&t->f->clock), date, time);
	e->date = date;
	e->time = time;
	e->group_control = 1;
	e->usage = j->usage == 'T' || j->usage == 'I' ? j->usage : 'P';
	e->separators =
	    tally_separators_ok(&j->separators) ? j->separators : usual;
	if (bytes < ANSWER_MIN)
		bytes = ANSWER_MIN;
	e->bytes_max = (uint32_t)(bytes < ANSWER_MAX ? bytes : ANSWER_MAX);
	if (t->partner->ack_bytes != 0)
		e->bytes_max = t->partner->ack_bytes;
	if (e->bytes_max < ANSWER_LEAST + ANSWER_GROUP * j->ngroup)
		e->bytes_max = ANSWER_LEAST + ANSWER_GROUP * j->ngroup;
}

/* What a planted fault does: the number is drawn whatever becomes of it. */
static enum tally_rc
commit_number(struct translate *t, struct tally_err *err)
{
	enum tally_rc rc = store_commit(t->f->store, err);

	if (rc == TALLY_OK)
		rc = store_begin(t->f->store, err);
	if (rc == TALLY_OK && t->careful && !t->solo)
		rc = store_savepoint(t->f->store, err);
	return rc;
}

enum tally_rc
translate_draw(struct translate *t, const char *level,
    const struct tally_ack_envelope *e, uint32_t n, uint32_t *first,
    struct tally_err *err)
{
	char from[64], to[64];
	uint32_t number;
	enum tally_rc rc = TALLY_OK;

	snprintf(from, sizeof(from), "%s:%s", e->sender_qualifier, e->sender);
	snprintf(to, sizeof(to), "%s:%s", e->receiver_qualifier, e->receiver);
	for (uint32_t i = 0; i < n && rc == TALLY_OK; i++) {
		rc = store_control_next(
		    t->f->store, level, from, to, &number, err);
		if (rc == TALLY_OK && PLANTED(NUMBER))
			rc = commit_number(t, err);
		if (i == 0)
			*first = number;
	}
	return rc;
}

/* What a planted fault does: the partner sees it before the commit. */
static enum tally_rc
deliver_early(struct translate *t, const struct reply *r, const char *name,
    struct tally_err *err)
{
	struct mailbox_upload up = { .name = name, .bytes = r->bytes };
	size_t i = (size_t)(r->to - t->f->site->mailbox);
	struct mailbox_result result;
	struct mailbox *mb = NULL;
	enum tally_rc rc = flow_box_connect(t->f, i, &mb, err);

	if (rc == TALLY_OK)
		rc = mailbox_put(mb, r->to->push->to, &up, 1, &result, err);
	flow_box_disconnect(t->f, i, mb);
	return rc;
}

enum tally_rc
translate_queue(struct translate *t, const struct reply *r, int64_t *id,
    struct tally_err *err)
{
	struct site_naming naming = { .set = r->set,
		.control = r->e->interchange_control,
		.partner = r->to->partner->name,
		.qualifier = r->e->receiver_qualifier,
		.id = r->e->receiver,
		.self = r->e->sender };
	char name[256];
	enum tally_rc rc;

	rc = site_outgoing_name(name, r->to->push->name, &naming, err);
	if (rc == TALLY_OK)
		rc = store_outbox_add(t->f->store, r->label, r->to->name, name,
		    r->e->interchange_control, r->bytes, r->about,
		    flow_clock_now(&t->f->clock), id, err);
	if (rc == TALLY_OK) {
		t->count[FLOW_ACKS]++;
		t->f->box[r->to - t->f->site->mailbox].queued++;
	}
	if (rc == TALLY_OK && PLANTED(ANSWER))
		rc = deliver_early(t, r, name, err);
	return rc;
}

/* The set that the outgoing file is named after: the first one in it. */
static const char *
named_after(const struct tally_interchange_judged *j)
{
	struct tally_interchange_judged one = *j;

	one.ngroup = 1;
	for (uint32_t i = 0; i < j->ngroup; i++) {
		one.group = &j->group[i];
		if (tally_ack_groups(&one) > 0)
			return tally_ack_set(one.group);
	}
	return "TA1";
}

/* Brings the judgement into the form that is answered; false when nothing
 * answers it. */
static bool
settle(struct translate *t)
{
	struct interchange *in = &t->in;

	if (in->extra.errors > 0) {
		/* Refused for what is not in the bytes: only that is told. */
		in->list = &in->extra;
		in->judged.findings = (struct tally_span){ 0, in->extra.n };
		in->judged.ngroup = 0;
	}
	agree(t);
	return settle_ta1(t) &&
	    (tally_ack_groups(&in->judged) > 0 ||
		tally_ack_wants_ta1(&in->judged));
}

static enum tally_rc
write_and_queue(
    struct translate *t, const struct site_mailbox *to, struct tally_err *err)
{
	struct interchange *in = &t->in;
	struct tally_ack_envelope e;
	char date[9], time[5];
	enum tally_rc rc;

	if (!settle(t))
		return TALLY_OK;
	envelope(t, &e, date, time);
	if (t->partner->acks_together && t->replay == NULL &&
	    !tally_ack_wants_ta1(&in->judged))
		return translate_join(t, to, &e, named_after(&in->judged), err);
	rc = translate_draw(
	    t, "interchange", &e, 1, &e.interchange_control, err);
	/* The first one is kept, since the others count on from it. */
	if (rc == TALLY_OK)
		rc = translate_draw(t, "group", &e,
		    tally_ack_envelopes(&in->judged), &e.group_control, err);
	tally_buf_reset(&t->answer);
	if (rc == TALLY_OK)
		rc =
		    tally_ack_write(&t->answer, &in->judged, in->list, &e, err);
	if (rc == TALLY_OK)
		rc = translate_queue(t,
		    &(struct reply){ .label = in->label,
			.to = to,
			.set = named_after(&in->judged),
			.e = &e,
			.bytes = tally_buf_view(&t->answer),
			.about = in->id },
		    NULL, err);
	return rc;
}

/* Digits as a number. */
static uint32_t
number(struct tally_str s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		n = n * 10 + (uint32_t)(s.p[i] - '0');
	return n;
}

enum tally_rc
translate_units(struct tally_str file, translate_unit_fn *fn, void *ctx,
    struct tally_err *err)
{
	struct tally_source source = tally_source_str(&file);
	struct tally_reader *reader = NULL;
	struct tally_findings found;
	struct tally_unit u;
	enum tally_rc rc;

	tally_findings_init(&found, 16);
	rc = tally_reader_new(
	    &reader, source, 0, &tally_limits_default, &found, err);
	while (rc == TALLY_OK) {
		rc = tally_reader_next(reader, &u, err);
		if (rc != TALLY_OK || u.kind == TALLY_UNIT_END || !fn(ctx, &u))
			break;
	}
	tally_reader_free(reader);
	tally_findings_free(&found);
	return rc;
}

/* What an answer has of its own, from its ISA and its first GS. */
struct own {
	struct tally_ack_envelope *e;
	char *date, *time;
};

static bool
as_it_was(void *ctx, const struct tally_unit *u)
{
	struct own *own = ctx;
	struct tally_str s;

	if (u->kind == TALLY_UNIT_INTERCHANGE) {
		s = tally_element(u->set, u->set->segment, 9);
		snprintf(own->date, 9, "20%.6s", s.n == 6 ? s.p : "000101");
		s = tally_element(u->set, u->set->segment, 10);
		snprintf(own->time, 5, "%.4s", s.n == 4 ? s.p : "0000");
		own->e->interchange_control =
		    number(tally_element(u->set, u->set->segment, 13));
	} else if (u->kind == TALLY_UNIT_GROUP) {
		own->e->group_control =
		    number(tally_element(u->set, u->set->segment, 6));
	}
	return u->kind != TALLY_UNIT_GROUP &&
	    u->kind != TALLY_UNIT_INTERCHANGE_END;
}

enum tally_rc
translate_answer_as(
    struct translate *t, struct tally_str answer, struct tally_err *err)
{
	struct tally_ack_envelope e;
	char date[9], time[5];
	struct own own = { &e, date, time };
	enum tally_rc rc;

	tally_buf_reset(&t->answer);
	if (where(t) == NULL || !settle(t))
		return TALLY_OK;
	envelope(t, &e, date, time);
	e.interchange_control = 1;
	rc = translate_units(answer, as_it_was, &own, err);
	return rc == TALLY_OK
	    ? tally_ack_write(&t->answer, &t->in.judged, t->in.list, &e, err)
	    : rc;
}

enum tally_rc
translate_answer(struct translate *t, struct tally_err *err)
{
	const struct site_mailbox *to;

	if (t->in.decision == DECIDE_DUPLICATE) {
		t->f->again++;
		return store_outbox_again(t->f->store, t->in.original,
		    flow_clock_now(&t->f->clock), err);
	}
	if (t->in.decision == DECIDE_QUARANTINE)
		return TALLY_OK;
	to = where(t);
	if (to != NULL)
		return write_and_queue(t, to, err);
	log_line(&t->f->log, LOG_DETAIL, "file", t->file.name,
	    "partner %s has no mailbox with a <push>: nothing is answered",
	    t->partner->name);
	return TALLY_OK;
}
