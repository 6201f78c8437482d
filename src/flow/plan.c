/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run would do now, without doing it: the store is only read, and
 * mailboxes are only listed.
 *
 * What a stage would find because of the stage before it cannot be known
 * without doing it, so each is told what there is already.
 */
#include "flow/flow.h"

#include <stdio.h>
#include <string.h>

struct planning {
	struct flow *f;
	flow_plan_fn *tell;
	void *ctx;
};

static void
tell(struct planning *p, int stage, struct tally_str name,
    const struct site_mailbox *box, const char *note)
{
	p->tell(p->ctx,
	    &(struct flow_action){ flow_stage[stage].name, name,
		box != NULL ? box->name : "", note });
}

static void
plan_pull(struct planning *p, const struct site_mailbox *box,
    const struct site_pull *pull, const struct mailbox_listing *l)
{
	char note[80] = "";

	if (pull->settle_ms > 0)
		snprintf(note, sizeof(note),
		    "%sonce it has not changed for %lld s",
		    pull->complete ? "when it is complete, or " : "",
		    (long long)(pull->settle_ms / 1000));
	for (size_t i = 0; i < l->n; i++)
		if (site_takes(pull, l->entry[i].name))
			tell(p, 0, l->entry[i].name, box, note);
	for (size_t i = 0; i < l->nrefused; i++)
		tell(p, 0, l->refused[i], box, "never: the name is not fit");
}

/* Trouble is part of the plan: the run would meet it, too. */
static void
plan_mailbox(struct planning *p, const struct site_mailbox *box)
{
	struct mailbox_listing l;
	struct mailbox *mb = NULL;
	struct tally_err why;
	enum tally_rc rc;

	rc = mailbox_open(&mb, &box->settings, &why);
	for (size_t i = 0; i < box->npull && rc == TALLY_OK; i++) {
		rc = mailbox_list(mb, box->pull[i].from, &l, &why);
		if (rc != TALLY_OK)
			break;
		plan_pull(p, box, &box->pull[i], &l);
		mailbox_listing_free(&l);
	}
	mailbox_close(mb);
	if (rc != TALLY_OK) {
		flow_worse(p->f, rc);
		tell(p, 0, TALLY_STR(""), box, why.text);
	}
}

static enum tally_rc
plan_file(
    void *ctx, const struct store_file *file, bool *more, struct tally_err *err)
{
	struct planning *p = ctx;

	(void)more, (void)err;
	tell(p, 1, file->name, site_mailbox_find(p->f->site, file->mailbox),
	    file->attempts > 0 ? "tried before" : "");
	return TALLY_OK;
}

static enum tally_rc
plan_translate(struct planning *p, struct tally_err *err)
{
	return store_file_each(p->f->store, 0, plan_file, p, err);
}

static enum tally_rc
plan_deliver(
    struct planning *p, const struct site_mailbox *box, struct tally_err *err)
{
	struct store_outgoing o;
	int64_t after = 0;
	bool found;
	enum tally_rc rc;

	for (;;) {
		rc = store_outbox_next(p->f->store, box->name, after,
		    flow_clock_now(&p->f->clock), &o, &found, err);
		if (rc != TALLY_OK || !found)
			return rc;
		after = o.id;
		tell(p, 2, tally_cstr(o.name), box, o.state);
	}
}

enum tally_rc
flow_plan(struct flow *f, int stage, flow_plan_fn *fn, void *ctx,
    struct tally_err *err)
{
	struct planning p = { f, fn, ctx };
	const struct site *s = f->site;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < s->nmailbox && stage != 1 && stage != 2; i++)
		if (s->mailbox[i].npull > 0)
			plan_mailbox(&p, &s->mailbox[i]);
	if (stage == 1 || stage == FLOW_STAGES)
		rc = plan_translate(&p, err);
	for (size_t i = 0; i < s->nmailbox && rc == TALLY_OK; i++)
		if ((stage == 2 || stage == FLOW_STAGES) &&
		    s->mailbox[i].push != NULL)
			rc = plan_deliver(&p, &s->mailbox[i], err);
	return rc;
}
