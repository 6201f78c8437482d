/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be done with an interchange as a whole.
 *
 * In this order: is it to be read at all; may its sender send through this
 * mailbox (a partner must not speak for another); are we its receiver; did
 * it come whole; was its control number there before, as far back as numbers
 * count.  A number that was there with the same bytes is a duplicate, which is
 * answered with what was answered then; with other bytes it is a conflict.
 * The same documents under a new number are told one by one, as they are
 * recorded.
 */
#include "flow/translate.h"

#include <stdio.h>
#include <string.h>

#define BLOCK (64u << 10)

/* Adds what deciding found, which also settles the verdict. */
static void
find(struct translate *t, enum tally_finding_kind kind, const char *number)
{
	struct tally_finding f = { .kind = kind,
		.offset = t->in.judged.offset,
		.tag = "ISA",
		.loop = "",
		.id = "",
		.name = "" };
	size_t errors = t->in.extra.errors;

	f.element = *number != '\0' ? 13 : 0;
	f.value = tally_cstr(number);
	f.expected = TALLY_STR("");
	tally_findings_add(&t->in.extra, &f);
	if (t->in.extra.errors > errors)
		t->in.judged.verdict = TALLY_REJECTED;
}

int64_t
translate_numbers_since(const struct translate *t)
{
	const struct site_partner *p = t->partner;
	int64_t since = 0;

	if (p == NULL)
		return 0;
	if (p->number_ms != 0)
		since = flow_clock_now(&t->f->clock) - p->number_ms;
	return since > p->numbers_from ? since : p->numbers_from;
}

/* The partner's name; where it is anybody, the sender's own id, so that the
 * numbers and keys of different senders stay apart. */
static void
name_partner(struct translate *t)
{
	struct interchange *in = &t->in;

	if (t->partner == NULL)
		snprintf(in->label, sizeof(in->label), "unknown");
	else if (!t->partner->any)
		snprintf(in->label, sizeof(in->label), "%s", t->partner->name);
	else
		snprintf(in->label, sizeof(in->label), "%s:%s",
		    in->judged.sender_qualifier, in->judged.sender);
}

/* The SHA-256 of the interchange's own bytes. */
static enum tally_rc
digest(struct translate *t, struct tally_err *err)
{
	struct interchange *in = &t->in;
	uint64_t left = in->judged.length;
	struct tally_source source;
	size_t got = 0;
	char *block;
	enum tally_rc rc = TALLY_OK;

	if (in->judged.offset == 0 && left == t->file.size) {
		memcpy(in->sha256, t->file.sha256, sizeof(in->sha256));
		return TALLY_OK;
	}
	if (in->judged.offset == 0 &&
	    store_payload_digest(t->payload, left, in->sha256))
		return TALLY_OK;
	block = tally_alloc(BLOCK);
	if (block == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	source = translate_source(t, READ_DIGEST, in->judged.offset);
	while (left > 0 && rc == TALLY_OK) {
		rc = source.read(source.ctx, block,
		    left < BLOCK ? (size_t)left : BLOCK, &got, err);
		if (rc != TALLY_OK || got == 0)
			break;
		tally_hash_add(t->hash, block, got);
		left -= got;
	}
	tally_hash_end(t->hash, in->sha256);
	tally_free(block);
	return rc;
}

static enum decision
by_envelope(struct translate *t)
{
	const struct tally_interchange_judged *j = &t->in.judged;

	if (!j->readable) {
		t->in.judged.verdict = TALLY_REJECTED;
		return DECIDE_QUARANTINE;
	}
	if (t->partner == NULL ||
	    !site_partner_sends(t->partner, j->sender_qualifier, j->sender)) {
		find(t, TALLY_F_sender_unknown, "");
		return DECIDE_QUARANTINE;
	}
	if (!site_is_self(t->f->site, j->receiver_qualifier, j->receiver))
		find(t, TALLY_F_receiver_unknown, "");
	return t->in.judged.verdict == TALLY_REJECTED ? DECIDE_REJECT
						      : DECIDE_RECORD;
}

static enum tally_rc
by_number(struct translate *t, struct tally_err *err)
{
	struct interchange *in = &t->in;
	int64_t since = translate_numbers_since(t);
	struct store_prior prior;
	enum tally_rc rc;

	rc = store_interchange_prior(
	    t->f->store, &in->judged, in->sha256, since, &prior, err);
	if (rc == TALLY_OK && prior.old && since == t->partner->numbers_from)
		find(t, TALLY_F_interchange_reset, in->judged.control);
	if (rc != TALLY_OK || !prior.key_seen)
		return rc;
	in->original = prior.interchange;
	in->decision = prior.bytes_seen ? DECIDE_DUPLICATE : DECIDE_REJECT;
	find(t,
	    prior.bytes_seen ? TALLY_F_interchange_duplicate
			     : TALLY_F_interchange_conflict,
	    in->judged.control);
	return TALLY_OK;
}

enum tally_rc
translate_decide(struct translate *t, struct tally_err *err)
{
	struct interchange *in = &t->in;
	enum tally_rc rc;

	tally_findings_reset(&in->extra);
	in->extra.treatment =
	    t->partner != NULL ? t->partner->terms.treatment : NULL;
	in->original = 0;
	in->seen = 0;
	in->group = 0;
	in->group_id = 0;
	name_partner(t);
	in->decision = by_envelope(t);
	rc = digest(t, err);
	if (rc == TALLY_OK && in->decision == DECIDE_RECORD)
		rc = by_number(t, err);
	if (rc == TALLY_OK)
		rc = store_interchange_begin(t->f->store, t->file.id, in->label,
		    &in->judged, in->sha256, flow_clock_now(&t->f->clock),
		    &in->id, &in->recorded, err);
	if (rc == TALLY_OK && in->recorded == STORE_ENDED)
		in->decision = DECIDE_DONE;
	if (rc == TALLY_OK && in->extra.failed)
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	return rc;
}
