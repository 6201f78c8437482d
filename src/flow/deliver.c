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
 * is there or was taken already: sent, as is inferred.  Where a partner takes
 * no renaming, it is done as deliver_direct.c says.
 *
 * Files go in groups, one for each mailbox, and what is noted of all that are
 * on their way is one commit: most partners have few files, and a hundred of
 * them cost no more waits for the disk than one.  Work in the mailboxes is an
 * errand, so they can be on their way while the run goes on with other things.
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
	*more = g->n < g->most && g->total < GROUP_BYTES;
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

void
deliver_tell_sent(
    struct deliver_group *g, const struct deliver_parcel *p, const char *how)
{
	g->f->count[FLOW_SENT]++;
	log_line(&g->f->log, LOG_EVENT, "file", tally_cstr(p->name),
	    "delivered to mailbox %s%s", g->box->name, how);
}

static void
drop(struct flow *f, size_t i)
{
	struct deliver_group *g = f->box[i].delivery;

	f->box[i].delivery = NULL;
	if (g == NULL)
		return;
	flow_box_disconnect(f, i, g->mb);
	tally_arena_free(&g->room);
	tally_arena_free(&g->bytes);
	tally_free(g);
}

void
flow_deliver_drop(struct flow *f)
{
	for (size_t i = 0; f->box != NULL && i < f->site->nmailbox; i++)
		drop(f, i);
	tally_free(f->convoy);
	f->convoy = NULL;
}

void
flow_deliver_leave(struct flow *f)
{
	f->convoy = NULL;
	for (size_t i = 0; i < f->site->nmailbox; i++)
		f->box[i].delivery = NULL;
}

/* For at most so many files; what was in the room is gone. */
static enum tally_rc
make_room(struct deliver_group *g, size_t most, struct tally_err *err)
{
	struct tally_arena *a = &g->room;

	tally_arena_reset(a);
	g->most = most;
	g->p = tally_arena_alloc(a, most * sizeof(*g->p));
	g->result = tally_arena_alloc(a, most * sizeof(*g->result));
	g->view = tally_arena_alloc(a, most * sizeof(*g->view));
	g->upload = tally_arena_alloc(a, most * sizeof(*g->upload));
	g->rename = tally_arena_alloc(a, most * sizeof(*g->rename));
	g->which = tally_arena_alloc(a, most * sizeof(*g->which));
	return g->p != NULL && g->result != NULL && g->view != NULL &&
		g->upload != NULL && g->rename != NULL && g->which != NULL
	    ? TALLY_OK
	    : tally_err_set(err, TALLY_NOMEM, "out of memory");
}

/* It goes where the convoy goes next. */
static enum tally_rc
begin(struct flow *f, size_t i, struct tally_err *err)
{
	struct deliver_group *g = tally_calloc(1, sizeof(*g));

	if (f->convoy == NULL)
		f->convoy = tally_calloc(1, sizeof(*f->convoy));
	if (g == NULL || f->convoy == NULL) {
		tally_free(g);
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	}
	g->f = f;
	g->index = i;
	g->box = &f->site->mailbox[i];
	tally_arena_init(&g->room, 64u << 20);
	tally_arena_init(&g->bytes, 256u << 20);
	f->box[i].delivery = g;
	return make_room(g,
	    f->box[i].many || AT_ONCE < DELIVER_FEW ? AT_ONCE : DELIVER_FEW,
	    err);
}

/* Trouble with the mailbox, which is kept to that. */
static enum tally_rc
fail(struct flow *f, size_t i, const struct tally_err *why,
    struct tally_err *err)
{
	const struct tally_err kept = *why; /* it may be the delivery's */

	if (why->rc == TALLY_NOMEM) {
		*err = *why;
		return TALLY_NOMEM;
	}
	drop(f, i);
	flow_box_failed(f, i, &kept);
	return TALLY_OK;
}

/* Calls one for each delivery, in one transaction. */
static enum tally_rc
commit(struct flow *f,
    enum tally_rc (*one)(struct deliver_group *, struct tally_err *),
    struct tally_err *err)
{
	enum tally_rc rc = store_begin(f->store, err);

	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++)
		if (f->box[i].delivery != NULL)
			rc = one(f->box[i].delivery, err);
	return store_settle(f->store, rc, err);
}

/* The next group of rows that are due; n is 0 behind the last. */
static enum tally_rc
next_group(struct deliver_group *g, bool *down, struct tally_err *err)
{
	int64_t after = g->n > 0 ? g->p[g->n - 1].id : 0;
	enum tally_rc rc = gather(g, after, err);

	if (rc == TALLY_OK && g->n == g->most && g->most < AT_ONCE) {
		g->f->box[g->index].many = true;
		rc = make_room(g, AT_ONCE, err);
		if (rc == TALLY_OK)
			rc = gather(g, after, err);
	}
	g->step = 0;
	if (rc != TALLY_OK || g->n == 0 || g->mb != NULL)
		return rc;
	*down = true;
	rc = flow_box_connect(g->f, g->index, &g->mb, err);
	*down = rc != TALLY_OK;
	return rc;
}

/* Makes the next requests there are, of this group or the next; n is 0 when
 * there are none. */
static enum tally_rc
ask(struct deliver_group *g, struct tally_err *err)
{
	struct tally_err why;
	bool down = false;
	enum tally_rc rc = TALLY_OK;

	deliver_ask(g);
	while (rc == TALLY_OK && g->asked == 0) {
		log_progress(
		    &g->f->log, "deliver: files", g->f->count[FLOW_SENT], 0);
		rc = next_group(g, &down, &why);
		if (rc != TALLY_OK || g->n == 0)
			break;
		if (g->box->push->upload != SITE_UPLOAD_RENAME)
			rc = deliver_direct(g, &down, &why);
		else
			deliver_ask(g);
	}
	if (rc != TALLY_OK && down)
		return fail(g->f, g->index, &why, err);
	if (rc != TALLY_OK)
		*err = why;
	return rc;
}

/* Of what has come to its end.  A mailbox from which files are taken was noted
 * then, unless it failed since. */
static enum tally_rc
note_well(struct deliver_group *g, struct tally_err *err)
{
	if (g->n > 0 || g->mb == NULL ||
	    (g->box->npull > 0 && !g->f->box[g->index].failed))
		return TALLY_OK;
	return flow_box_well(g->f, g->index, err);
}

static bool
is_away(const struct flow *f)
{
	return f->convoy != NULL &&
	    errand_is_away(f->errands, &f->convoy->errand);
}

/* With all that have requests; those that have none are at their end. */
static void
send_off(struct flow *f)
{
	struct deliver_convoy *c = f->convoy;
	struct deliver_group *g;

	c->n = 0;
	for (size_t i = 0; i < f->site->nmailbox; i++) {
		g = f->box[i].delivery;
		if (g != NULL && g->asked > 0)
			c->g[c->n++] = g;
		else
			drop(f, i);
	}
	c->errand = (struct errand){
		.go = deliver_go, .ctx = c, .lane = ERRAND_DELIVER
	};
	if (c->n > 0)
		errand_give(f->errands, &c->errand);
}

/* Takes the deliveries further, while the convoy is not away. */
static enum tally_rc
advance(struct flow *f, struct tally_err *err)
{
	struct deliver_group *g;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++) {
		g = f->box[i].delivery;
		if (g != NULL && g->asked > 0 && g->rc != TALLY_OK)
			rc = fail(f, i, &g->lost, err);
	}
	if (rc == TALLY_OK)
		rc = commit(f, deliver_note, err);
	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++)
		if (f->box[i].delivery != NULL)
			rc = ask(f->box[i].delivery, err);
	if (rc == TALLY_OK)
		rc = commit(f, note_well, err);
	if (rc == TALLY_OK)
		send_off(f);
	return rc;
}

static size_t
on_their_way(const struct flow *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->site->nmailbox; i++)
		n += f->box[i].delivery != NULL;
	return n;
}

/* Takes all to their end. */
static enum tally_rc
finish(struct flow *f, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && on_their_way(f) > 0) {
		errand_await(f->errands, &f->convoy->errand);
		rc = advance(f, err);
	}
	log_progress_end(&f->log);
	return rc;
}

enum tally_rc
flow_deliver_mailbox(struct flow *f, size_t i, struct tally_err *err)
{
	enum tally_rc rc = begin(f, i, err);

	return rc == TALLY_OK ? finish(f, err) : rc;
}

/* Grows with each file that is queued for the mailbox; never 0. */
static uint64_t
to_do(const struct flow *f, size_t i)
{
	return 1 + f->box[i].queued + f->again;
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
	    f->box[i].delivered != to_do(f, i);
	if (!*due)
		return TALLY_OK;
	rc = flow_box_ready(f, i, due, err);
	if (rc != TALLY_OK || !*due)
		return rc;
	f->box[i].delivered = to_do(f, i);
	return store_outbox_next(f->store, box->name, 0, now, &o, due, err);
}

/* From mailbox *from on, as many as there may be on their way. */
static enum tally_rc
begin_some(struct flow *f, size_t *from, bool workers, struct tally_err *err)
{
	size_t n = on_their_way(f);
	bool due;
	enum tally_rc rc = TALLY_OK;

	for (; *from < f->site->nmailbox && n < DELIVER_MAILBOXES; ++*from) {
		if (f->box[*from].delivery != NULL ||
		    (worker_for(f, *from) && !workers))
			continue;
		rc = is_due(f, *from, &due, err);
		if (rc == TALLY_OK && due && worker_for(f, *from)) {
			worker_want(f, *from, FLOW_DELIVER);
		} else if (rc == TALLY_OK && due) {
			rc = begin(f, *from, err);
			n++;
		}
		if (rc != TALLY_OK)
			return rc;
	}
	return rc;
}

enum tally_rc
flow_deliver(struct flow *f, struct tally_err *err)
{
	size_t from = 0;
	enum tally_rc rc = finish(f, err);

	while (rc == TALLY_OK && from < f->site->nmailbox) {
		rc = begin_some(f, &from, true, err);
		if (rc == TALLY_OK)
			rc = finish(f, err);
	}
	return rc;
}

enum tally_rc
flow_deliver_on(struct flow *f, struct tally_err *err)
{
	return on_their_way(f) == 0 || is_away(f) ? TALLY_OK : advance(f, err);
}

enum tally_rc
flow_deliver_begin(struct flow *f, struct tally_err *err)
{
	size_t from = 0;
	enum tally_rc rc;

	if (is_away(f))
		return TALLY_OK;
	rc = begin_some(f, &from, false, err);
	return rc == TALLY_OK && on_their_way(f) > 0 ? advance(f, err) : rc;
}
