/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman write --send: interchanges into the outbox.
 *
 * Each is a file for one mailbox.  What it holds is recorded with it, in one
 * transaction, so that the partner's answers find it: the interchange, its
 * groups, its documents, and how long an acknowledgement is waited for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "command/command.h"
#include "command/writing.h"
#include "flow/gathered.h"
#include "store/sent.h"

static enum tally_rc
digest_of(struct tally_str s, unsigned char digest[TALLY_HASH_SIZE],
    struct tally_err *err)
{
	struct tally_hash *h;
	enum tally_rc rc = tally_hash_new(&h, err);

	if (rc != TALLY_OK)
		return rc;
	tally_hash_add(h, s.p, s.n);
	tally_hash_end(h, digest);
	tally_hash_free(h);
	return TALLY_OK;
}

/* Room for one more of each. */
static bool
make_room(struct writing *w, uint32_t group)
{
	size_t cap = w->doc_cap != 0 ? 2 * w->doc_cap : 64;
	size_t groups = 2 * (size_t)group + 8;
	void *p;

	if (w->ndoc == w->doc_cap) {
		p = tally_realloc(w->doc, cap * sizeof(*w->doc));
		if (p == NULL)
			return false;
		w->doc = p;
		w->doc_cap = cap;
	}
	if (group < w->group_cap)
		return true;
	p = tally_realloc(w->group_end, groups * sizeof(*w->group_end));
	if (p == NULL)
		return false;
	w->group_end = p;
	w->group_cap = groups;
	return true;
}

enum tally_rc
writing_sends_set(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	uint32_t group = v->interchange->ngroup; /* those that have ended */
	struct writing *w = ctx;
	struct store_document *d;

	if (!make_room(w, group))
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for what is sent");
	d = &w->doc[w->ndoc++];
	w->group_end[group] = w->ndoc;
	*d = (struct store_document){ .ordinal = v->judged->ordinal,
		.offset = v->judged->offset - v->interchange->offset,
		.length = v->set->length,
		.verdict = v->judged->verdict,
		.state = "sent",
		.key = compose_key(w->compose, w->nset++),
		.batch = UINT32_MAX };
	memcpy(d->set, v->judged->id, sizeof(d->set) - 1);
	memcpy(d->control, v->judged->control, sizeof(d->control) - 1);
	return digest_of(gathered_body(v->set), d->body, err);
}

/* The documents of one group, and what is waited for. */
static enum tally_rc
put_documents(struct writing *w, int64_t outbox, int64_t group, uint32_t nth,
    struct tally_err *err)
{
	const struct site_partner *p = w->judging.partner;
	size_t from = nth > 0 ? w->group_end[nth - 1] : 0;
	size_t to = w->group_end[nth];
	const struct site_sending *agreed;
	enum tally_rc rc;

	for (size_t i = from; i < to; i++)
		w->doc[i].group = group;
	rc = store_documents_put(w->store, p->name, w->doc + from, to - from,
	    NULL, flow_clock_now(&w->in->clock), err);
	for (size_t i = from; i < to && rc == TALLY_OK; i++) {
		agreed = site_send(p, w->doc[i].set);
		if (agreed != NULL && agreed->spelling.expect_ms > 0)
			rc = store_expect(w->store, w->doc[i].id, outbox,
			    agreed->spelling.expect_ms, err);
	}
	return rc;
}

/* The interchange as the file has it, from its first byte on. */
static enum tally_rc
put_evidence(struct writing *w, const struct tally_interchange_judged *sent,
    struct tally_str file, int64_t outbox, struct tally_err *err)
{
	struct tally_interchange_judged ic = *sent;
	struct tally_group_judged g;
	unsigned char digest[TALLY_HASH_SIZE];
	int64_t interchange, group;
	enum tally_rc rc = digest_of(file, digest, err);

	if (rc != TALLY_OK)
		return rc;
	ic.offset = 0;
	rc = store_interchange_sent(w->store, outbox, w->judging.partner->name,
	    &ic, digest, flow_clock_now(&w->in->clock), &interchange, err);
	for (uint32_t i = 0; i < sent->ngroup && rc == TALLY_OK; i++) {
		g = sent->group[i];
		g.offset -= sent->offset;
		rc = store_group_put(w->store, interchange, &g, &group, err);
		if (rc == TALLY_OK)
			rc = put_documents(w, outbox, group, i, err);
	}
	return rc;
}

enum tally_rc
writing_sends(struct writing *w, const struct tally_interchange_judged *ic,
    struct tally_str bytes, struct tally_err *err)
{
	const struct site_partner *p = w->judging.partner;
	const struct site_sending *agreed = site_send(p, w->doc[0].set);
	const struct site_mailbox *m = agreed != NULL && agreed->mailbox != NULL
	    ? agreed->mailbox
	    : w->mailbox;
	struct site_naming naming = { .set = w->doc[0].set,
		.control = (uint32_t)strtoul(ic->control, NULL, 10),
		.partner = p->name,
		.qualifier = ic->receiver_qualifier,
		.id = ic->receiver,
		.self = ic->sender };
	const struct tally_str file =
	    tally_str(bytes.p + ic->offset, ic->length);
	char name[256];
	int64_t id = 0;
	enum tally_rc rc =
	    site_outgoing_name(name, m->push->name, &naming, err);

	if (rc == TALLY_OK)
		rc = store_outbox_add(w->store, p->name, m->name, name,
		    naming.control, file, 0, flow_clock_now(&w->in->clock), &id,
		    err);
	if (rc == TALLY_OK)
		rc = put_evidence(w, ic, file, id, err);
	if (rc == TALLY_OK && !w->in->quiet)
		tally_buf_printf(&w->sent, "%s\n", name);
	w->ndoc = 0;
	return rc;
}
