/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deliver stage: what is queued becomes files in partners' mailboxes.
 *
 *   queued    put under a temporary name of the row's own; commit
 *   uploaded  rename to the final name; commit
 *   sent
 *
 * A partner sees a file whole or not at all, and once: a row found uploaded
 * when a run begins is looked up at the partner.  The temporary name is there:
 * rename.  It is not, so it was renamed before the death, and the final name
 * is there or was taken already: sent, as is inferred.  Files go in groups,
 * which share the commits.  Where a partner takes no renaming, it is done as
 * deliver_direct.c says.
 *
 * Work in the mailbox is an errand, so a delivery can be on its way while the
 * run goes on with other things.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plant.h"
#include "flow/deliver.h"
#include "flow/worker.h"

/* Why the next attempt waits longer: 1, 2, 4 … 64 minutes. */
#define DOUBLINGS_MAX 6
#define MINUTE        60000
#define GROUP_BYTES   (8u << 20)
/* Few have many groups in the build for tests. */
#define AT_ONCE (PLANTED(POISON) ? 4 : DELIVER_FILES)

static enum tally_rc
add(void *ctx, const struct store_outgoing *o, bool *more,
    struct tally_err *err)
{
	struct deliver_group *g = ctx;
	struct deliver_parcel *p = &g->p[g->n++];

	p->id = o->id;
	p->attempts = o->attempts;
	p->uploaded = strcmp(o->state, "uploaded") == 0;
	p->there = false;
	memcpy(p->partner, o->partner, sizeof(p->partner));
	memcpy(p->state, o->state, sizeof(p->state));
	memcpy(p->name, o->name, sizeof(p->name));
	memcpy(p->temporary, o->temporary, sizeof(p->temporary));
	p->bytes = tally_arena_str(&g->bytes, o->bytes);
	if (p->bytes.p == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for what is sent");
	g->total += o->bytes.n;
	*more = g->n < AT_ONCE && g->total < GROUP_BYTES;
	return TALLY_OK;
}

/* The next rows that are due, as many as a group can have. */
static enum tally_rc
gather(struct deliver_group *g, int64_t after, struct tally_err *err)
{
	int64_t now = flow_clock_now(&g->f->clock);

	g->n = 0;
	g->total = 0;
	tally_arena_reset(&g->bytes);
	return store_outbox_each(
	    g->f->store, g->box->name, after, now, add, g, err);
}

enum tally_rc
deliver_state(struct deliver_group *g, struct deliver_parcel *p,
    const char *state, const char *temporary, const char *reason, int64_t next,
    struct tally_err *err)
{
	enum tally_rc rc =
	    store_outbox_change(g->f->store, p->id, p->partner, p->state, state,
		temporary, reason, next, flow_clock_now(&g->f->clock), err);

	snprintf(p->state, sizeof(p->state), "%s", state);
	return rc;
}

/* The row is tried again later; told, because a person may have to help. */
enum tally_rc
deliver_put_off(struct deliver_group *g, struct deliver_parcel *p,
    const struct tally_err *why, struct tally_err *err)
{
	unsigned shift =
	    p->attempts < DOUBLINGS_MAX ? p->attempts : DOUBLINGS_MAX;
	int64_t now = flow_clock_now(&g->f->clock);

	log_line(&g->f->log, LOG_ALARM, "file", tally_cstr(p->name),
	    "not delivered to mailbox %s, tried again later: %s", g->box->name,
	    why->text);
	g->f->count[FLOW_FAILED]++;
	flow_worse(g->f, why->rc);
	return deliver_state(g, p, "failed", NULL, why->text,
	    now + ((int64_t)MINUTE << shift), err);
}

enum tally_rc
deliver_leave(struct deliver_group *g, const struct deliver_parcel *p,
    const char *done, const char *but, const struct mailbox_result *r)
{
	log_line(&g->f->log, LOG_ALARM, "file", tally_cstr(p->name),
	    "%s mailbox %s, but %s: %s", done, g->box->name, but, r->err.text);
	flow_worse(g->f, r->rc);
	return TALLY_OK;
}

enum tally_rc
deliver_commit(struct deliver_group *g, size_t n,
    enum tally_rc (*one)(struct deliver_group *, size_t i, struct tally_err *),
    struct tally_err *err)
{
	struct store *st = g->f->store;
	enum tally_rc rc;

	if (n == 0)
		return TALLY_OK;
	rc = store_begin(st, err);
	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		rc = one(g, i, err);
	if (rc == TALLY_OK)
		rc = store_commit(st, err);
	if (rc != TALLY_OK)
		store_rollback(st);
	return rc;
}

void
deliver_tell_sent(
    struct deliver_group *g, const struct deliver_parcel *p, const char *how)
{
	g->f->count[FLOW_SENT]++;
	log_line(&g->f->log, LOG_EVENT, "file", tally_cstr(p->name),
	    "delivered to mailbox %s%s", g->box->name, how);
}

/* The next group of rows that are due; n is 0 behind the last. */
static enum tally_rc
next_group(struct deliver_group *g, bool *down, struct tally_err *err)
{
	enum tally_rc rc;

	rc = gather(g, g->n > 0 ? g->p[g->n - 1].id : 0, err);
	g->step = 0;
	if (rc != TALLY_OK || g->n == 0 || g->mb != NULL)
		return rc;
	*down = true;
	rc = flow_box_connect(g->f, g->index, &g->mb, err);
	*down = rc != TALLY_OK;
	return rc;
}

/* Takes a delivery that is not away further, until it is away again, or
 * nothing is left: then n is 0. */
static enum tally_rc
further(struct deliver_group *g, bool *down, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (g->asked > 0)
		rc = deliver_next_step(g, down, err);
	while (rc == TALLY_OK && g->asked == 0) {
		log_progress(
		    &g->f->log, "deliver: files", g->f->count[FLOW_SENT], 0);
		rc = next_group(g, down, err);
		if (rc != TALLY_OK || g->n == 0)
			break;
		if (g->box->push->upload != SITE_UPLOAD_RENAME)
			rc = deliver_direct(g, down, err);
		else
			rc = deliver_next_step(g, down, err);
	}
	return rc;
}

static void
drop(struct flow *f, size_t i)
{
	struct deliver_group *g = f->box[i].delivery;

	f->box[i].delivery = NULL;
	if (g == NULL)
		return;
	flow_box_disconnect(f, i, g->mb);
	tally_arena_free(&g->bytes);
	tally_free(g);
}

void
flow_deliver_drop(struct flow *f)
{
	for (size_t i = 0; f->box != NULL && i < f->site->nmailbox; i++)
		drop(f, i);
}

/* The same, and ends it; trouble with the mailbox is kept to that. */
static enum tally_rc
take_further(struct flow *f, size_t i, struct tally_err *err)
{
	struct deliver_group *g = f->box[i].delivery;
	struct tally_err why;
	bool down = false;
	enum tally_rc rc = further(g, &down, &why);

	if (rc == TALLY_OK && g->n > 0)
		return rc;
	if (rc == TALLY_OK && g->mb != NULL &&
	    (g->box->npull == 0 || f->box[i].failed))
		rc = flow_box_well(f, i, &why);
	drop(f, i);
	log_progress_end(&f->log);
	if (rc != TALLY_OK && down && rc != TALLY_NOMEM) {
		flow_box_failed(f, i, &why);
		return TALLY_OK;
	}
	if (rc != TALLY_OK)
		*err = why;
	return rc;
}

static enum tally_rc
begin(struct flow *f, size_t i, struct tally_err *err)
{
	struct deliver_group *g = tally_alloc(sizeof(*g));

	if (g == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	g->f = f;
	g->index = i;
	g->box = &f->site->mailbox[i];
	g->mb = NULL;
	g->n = g->asked = 0;
	g->errand = (struct errand){
		.go = deliver_step_go, .ctx = g, .lane = ERRAND_DELIVER
	};
	tally_arena_init(&g->bytes, 256u << 20);
	f->box[i].delivery = g;
	return take_further(f, i, err);
}

/* To its end. */
static enum tally_rc
finish(struct flow *f, size_t i, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && f->box[i].delivery != NULL) {
		errand_await(f->errands, &f->box[i].delivery->errand);
		rc = take_further(f, i, err);
	}
	return rc;
}

enum tally_rc
flow_deliver_mailbox(struct flow *f, size_t i, struct tally_err *err)
{
	enum tally_rc rc = begin(f, i, err);

	return rc == TALLY_OK ? finish(f, i, err) : rc;
}

/* Grows with each file that may have been answered; never 0. */
static uint64_t
progress(const struct flow *f)
{
	return 1 + f->count[FLOW_TRANSLATED] + f->count[FLOW_DUPLICATE] +
	    f->count[FLOW_QUARANTINED];
}

/* A mailbox into which something is to be put, and that nobody has in hand. */
static enum tally_rc
is_due(struct flow *f, size_t i, bool *due, struct tally_err *err)
{
	const struct site_mailbox *box = &f->site->mailbox[i];
	int64_t now = flow_clock_now(&f->clock);
	struct store_outgoing o;
	enum tally_rc rc;

	*due = box->push != NULL && !f->box[i].waiting && !worker_has(f, i) &&
	    f->box[i].delivered != progress(f);
	if (!*due)
		return TALLY_OK;
	rc = flow_box_ready(f, i, due, err);
	if (rc != TALLY_OK || !*due)
		return rc;
	return store_outbox_next(f->store, box->name, 0, now, &o, due, err);
}

enum tally_rc
flow_deliver(struct flow *f, struct tally_err *err)
{
	bool due;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++) {
		rc = finish(f, i, err);
		if (rc == TALLY_OK)
			rc = is_due(f, i, &due, err);
		if (rc != TALLY_OK || !due)
			continue;
		f->box[i].delivered = progress(f);
		if (worker_for(f, i))
			worker_want(f, i, FLOW_DELIVER);
		else
			rc = flow_deliver_mailbox(f, i, err);
	}
	return rc;
}

enum tally_rc
flow_deliver_on(struct flow *f, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++) {
		struct deliver_group *g = f->box[i].delivery;

		if (g != NULL && !errand_is_away(f->errands, &g->errand))
			rc = take_further(f, i, err);
	}
	return rc;
}

enum tally_rc
flow_deliver_begin(struct flow *f, struct tally_err *err)
{
	bool due;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++) {
		if (f->box[i].delivery != NULL || worker_for(f, i))
			continue;
		rc = is_due(f, i, &due, err);
		if (rc != TALLY_OK || !due)
			continue;
		f->box[i].delivered = progress(f);
		rc = begin(f, i, err);
	}
	return rc;
}
