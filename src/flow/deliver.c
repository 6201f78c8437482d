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
	*more = g->n < DELIVER_FILES && g->total < GROUP_BYTES;
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

/* One per row, so that what an attempt that died has left is found again. */
static void
name_temporary(struct deliver_parcel *p)
{
	snprintf(p->temporary, sizeof(p->temporary), ".%.200s.%llx.tmp",
	    p->name, (unsigned long long)p->id);
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

static enum tally_rc
note_uploaded(struct deliver_group *g, size_t i, struct tally_err *err)
{
	struct deliver_parcel *p = &g->p[g->which[i]];

	p->there = g->result[i].rc == TALLY_OK;
	if (!p->there)
		return deliver_put_off(g, p, &g->result[i].err, err);
	if (PLANTED(UPLOADED))
		return TALLY_OK;
	return deliver_state(g, p, "uploaded", p->temporary, NULL, 0, err);
}

/* Temporary names that are taken were left by an attempt that died. */
static enum tally_rc
put_again(struct deliver_group *g, size_t n, struct tally_err *err)
{
	const char *to = g->box->push->temporary;
	struct mailbox_result gone;
	struct tally_str name;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < n && rc == TALLY_OK; i++) {
		if (g->result[i].rc != TALLY_CREATE)
			continue;
		name = tally_cstr(g->upload[i].name);
		rc = mailbox_remove(g->mb, to, &name, 1, &gone, err);
		if (rc == TALLY_OK && gone.rc == TALLY_OK)
			rc = mailbox_put(
			    g->mb, to, &g->upload[i], 1, &g->result[i], err);
	}
	return rc;
}

/* Puts what is queued; the rows of what is there are uploaded. */
static enum tally_rc
upload(struct deliver_group *g, bool *down, struct tally_err *err)
{
	size_t n = 0;
	enum tally_rc rc;

	for (size_t i = 0; i < g->n; i++) {
		if (g->p[i].uploaded)
			continue;
		name_temporary(&g->p[i]);
		g->upload[n] = (struct mailbox_upload){ g->p[i].temporary,
			g->p[i].bytes, false };
		g->which[n++] = i;
	}
	*down = true;
	rc = n == 0 ? TALLY_OK
		    : mailbox_put(g->mb, g->box->push->temporary, g->upload, n,
			  g->result, err);
	if (rc == TALLY_OK)
		rc = put_again(g, n, err);
	if (rc != TALLY_OK)
		return rc;
	*down = false;
	return deliver_commit(g, n, note_uploaded, err);
}

void
deliver_tell_sent(
    struct deliver_group *g, const struct deliver_parcel *p, const char *how)
{
	g->f->count[FLOW_SENT]++;
	log_line(&g->f->log, LOG_EVENT, "file", tally_cstr(p->name),
	    "delivered to mailbox %s%s", g->box->name, how);
}

/* What an earlier run had uploaded, where it is now. */
static enum tally_rc
note_found(struct deliver_group *g, size_t i, struct tally_err *err)
{
	struct deliver_parcel *p = &g->p[g->which[i]];

	p->there = g->result[i].rc == TALLY_OK;
	if (p->there)
		return TALLY_OK;
	if (g->result[i].rc != TALLY_NOINPUT)
		return deliver_leave(g, p, "uploaded to",
		    "it cannot be looked up", &g->result[i]);
	deliver_tell_sent(g, p, ", as its vanished temporary name tells");
	return deliver_state(
	    g, p, "sent", NULL, "inferred: the temporary name is gone", 0, err);
}

static enum tally_rc
look_up(struct deliver_group *g, bool *down, struct tally_err *err)
{
	size_t n = 0;
	enum tally_rc rc;

	for (size_t i = 0; i < g->n; i++) {
		if (!g->p[i].uploaded)
			continue;
		g->view[n] = tally_cstr(g->p[i].temporary);
		g->which[n++] = i;
	}
	if (n == 0)
		return TALLY_OK;
	*down = true;
	rc = mailbox_stat(
	    g->mb, g->box->push->temporary, g->view, n, g->result, err);
	if (rc != TALLY_OK)
		return rc;
	*down = false;
	return deliver_commit(g, n, note_found, err);
}

/*
 * A final name that is taken: by the same answer, sent before and asked for
 * again while it is still there, or by a file that is none of ours.
 */
static enum tally_rc
settle_taken(struct deliver_group *g, size_t n, struct tally_err *err)
{
	const char *to = g->box->push->to;
	struct mailbox_result is, gone;
	struct tally_str name;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < n && rc == TALLY_OK; i++) {
		struct deliver_parcel *p = &g->p[g->which[i]];

		if (g->result[i].rc != TALLY_CREATE)
			continue;
		name = tally_cstr(p->name);
		rc = mailbox_stat(g->mb, to, &name, 1, &is, err);
		name = tally_cstr(p->temporary);
		if (rc == TALLY_OK)
			rc = mailbox_remove(g->mb, g->box->push->temporary,
			    &name, 1, &gone, err);
		if (rc == TALLY_OK && is.rc == TALLY_OK &&
		    is.now.size == p->bytes.n)
			g->result[i].rc = TALLY_OK;
	}
	return rc;
}

/*
 * A renaming that failed may have been done all the same: the folder could not
 * be synced, or a server says so.  Then the temporary name is gone, and the
 * partner may have taken the file already.
 */
static enum tally_rc
settle_unsure(struct deliver_group *g, size_t n, struct tally_err *err)
{
	struct mailbox_result is;
	struct tally_str name;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < n && rc == TALLY_OK; i++) {
		struct deliver_parcel *p = &g->p[g->which[i]];

		if (g->result[i].rc == TALLY_OK ||
		    g->result[i].rc == TALLY_CREATE)
			continue;
		name = tally_cstr(p->temporary);
		rc = mailbox_stat(
		    g->mb, g->box->push->temporary, &name, 1, &is, err);
		if (rc == TALLY_OK)
			p->there = is.rc != TALLY_NOINPUT;
	}
	return rc;
}

static enum tally_rc
note_renamed(struct deliver_group *g, size_t i, struct tally_err *err)
{
	struct deliver_parcel *p = &g->p[g->which[i]];

	if (!p->there)
		return deliver_leave(g, p, "renamed in",
		    "not surely; the next run looks", &g->result[i]);
	if (g->result[i].rc == TALLY_OK) {
		deliver_tell_sent(g, p, "");
		return deliver_state(g, p, "sent", NULL, NULL, 0, err);
	}
	if (g->result[i].rc == TALLY_CREATE)
		tally_err_set(&g->result[i].err, TALLY_CREATE,
		    "the name is taken by another file there; the pattern in "
		    "<push name> must make unique names");
	return deliver_put_off(g, p, &g->result[i].err, err);
}

static enum tally_rc
rename_all(struct deliver_group *g, bool *down, struct tally_err *err)
{
	const char *to = g->box->push->to;
	size_t n = 0;
	enum tally_rc rc;

	for (size_t i = 0; i < g->n; i++) {
		if (!g->p[i].there)
			continue;
		g->rename[n] = (struct mailbox_rename){ g->box->push->temporary,
			tally_cstr(g->p[i].temporary), to,
			tally_cstr(g->p[i].name) };
		g->which[n++] = i;
	}
	if (n == 0)
		return TALLY_OK;
	*down = true;
	rc = mailbox_rename(g->mb, g->rename, n, g->result, err);
	if (rc == TALLY_OK)
		rc = settle_taken(g, n, err);
	if (rc == TALLY_OK)
		rc = settle_unsure(g, n, err);
	if (rc != TALLY_OK)
		return rc;
	*down = false;
	return deliver_commit(g, n, note_renamed, err);
}

static enum tally_rc
one_group(struct deliver_group *g, bool *down, struct tally_err *err)
{
	enum tally_rc rc;

	if (g->mb == NULL) {
		*down = true;
		rc = flow_box_connect(g->f, g->index, &g->mb, err);
		if (rc != TALLY_OK)
			return rc;
		*down = false;
	}
	if (g->box->push->upload != SITE_UPLOAD_RENAME)
		return deliver_direct(g, down, err);
	rc = look_up(g, down, err);
	if (rc == TALLY_OK)
		rc = upload(g, down, err);
	if (rc == TALLY_OK)
		rc = rename_all(g, down, err);
	return rc;
}

static enum tally_rc
one_mailbox(struct deliver_group *g, struct tally_err *err)
{
	struct tally_err why;
	int64_t after = 0;
	bool down = false;
	enum tally_rc rc;

	for (;;) {
		rc = gather(g, after, &why);
		if (rc != TALLY_OK || g->n == 0)
			break;
		after = g->p[g->n - 1].id;
		rc = one_group(g, &down, &why);
		if (rc != TALLY_OK)
			break;
		log_progress(
		    &g->f->log, "deliver: files", g->f->count[FLOW_SENT], 0);
	}
	if (rc == TALLY_OK && g->mb != NULL &&
	    (g->box->npull == 0 || g->f->box[g->index].failed))
		rc = flow_box_well(g->f, g->index, &why);
	flow_box_disconnect(g->f, g->index, g->mb);
	g->mb = NULL;
	if (rc != TALLY_OK && down && rc != TALLY_NOMEM) {
		flow_box_failed(g->f, g->index, &why);
		return TALLY_OK;
	}
	if (rc != TALLY_OK)
		*err = why;
	return rc;
}

enum tally_rc
flow_deliver_mailbox(struct flow *f, size_t i, struct tally_err *err)
{
	struct deliver_group *g = tally_alloc(sizeof(*g));
	enum tally_rc rc;

	if (g == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	g->f = f;
	g->index = i;
	g->box = &f->site->mailbox[i];
	g->mb = NULL;
	tally_arena_init(&g->bytes, 256u << 20);
	rc = one_mailbox(g, err);
	log_progress_end(&f->log);
	tally_arena_free(&g->bytes);
	tally_free(g);
	return rc;
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
