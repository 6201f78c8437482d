/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps that a group takes to its final names, one row each of the table
 * below: what was uploaded by an earlier run is looked up, what is queued is
 * uploaded, what is there is renamed.  A step makes requests, has them done in
 * the mailbox, by an errand, and commits what came of them.
 */
#include <stdio.h>

#include "base/plant.h"
#include "flow/deliver.h"

/* Mailboxes that wait for the disk together: for fewer, only what they have
 * written themselves is waited for.  In the build for tests few are many. */
#define SHARED (PLANTED(POISON) ? 2 : 4)

/* One per row, so that what an attempt that died has left is found again. */
static void
name_temporary(struct deliver_parcel *p)
{
	snprintf(p->temporary, sizeof(p->temporary), ".%.200s.%llx.tmp",
	    p->name, (unsigned long long)p->id);
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

/* What is queued. */
static size_t
ask_upload(struct deliver_group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (g->p[i].uploaded)
			continue;
		name_temporary(&g->p[i]);
		g->upload[n] = (struct mailbox_upload){ g->p[i].temporary,
			g->p[i].bytes, false };
		g->which[n++] = i;
	}
	return n;
}

static enum tally_rc
upload(struct deliver_group *g, size_t n, struct tally_err *err)
{
	return mailbox_put(
	    g->mb, g->box->push->temporary, g->upload, n, g->result, err);
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

/* What an earlier run had uploaded. */
static size_t
ask_stat(struct deliver_group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (!g->p[i].uploaded)
			continue;
		g->view[n] = tally_cstr(g->p[i].temporary);
		g->which[n++] = i;
	}
	return n;
}

static enum tally_rc
look_up(struct deliver_group *g, size_t n, struct tally_err *err)
{
	return mailbox_stat(
	    g->mb, g->box->push->temporary, g->view, n, g->result, err);
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

/* What is there under its temporary name. */
static size_t
ask_rename(struct deliver_group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (!g->p[i].there)
			continue;
		g->rename[n] = (struct mailbox_rename){ g->box->push->temporary,
			tally_cstr(g->p[i].temporary), g->box->push->to,
			tally_cstr(g->p[i].name) };
		g->which[n++] = i;
	}
	return n;
}

static enum tally_rc
rename_all(struct deliver_group *g, size_t n, struct tally_err *err)
{
	return mailbox_rename(g->mb, g->rename, n, g->result, err);
}

static enum tally_rc
settle_names(struct deliver_group *g, size_t n, struct tally_err *err)
{
	enum tally_rc rc = settle_taken(g, n, err);

	return rc == TALLY_OK ? settle_unsure(g, n, err) : rc;
}

typedef enum tally_rc act_fn(
    struct deliver_group *, size_t n, struct tally_err *);

static const struct step {
	/* How many requests there are; they are made in the group. */
	size_t (*ask)(struct deliver_group *);
	/* In the mailbox, as an errand; trouble is that of the connection.
	 * What act has done is on the disk when settle, if any, looks into what
	 * became of it. */
	act_fn *act, *settle;
	/* In a transaction: what came of request i. */
	enum tally_rc (*note)(
	    struct deliver_group *, size_t i, struct tally_err *);
} step[] = {
	{ ask_stat, look_up, NULL, note_found },
	{ ask_upload, upload, put_again, note_uploaded },
	{ ask_rename, rename_all, settle_names, note_renamed },
};
#define STEPS (sizeof(step) / sizeof(step[0]))

/* What is not on the disk is not done. */
static void
spoil(struct deliver_group *g, const struct tally_err *why)
{
	for (size_t i = 0; i < g->asked; i++) {
		if (g->result[i].rc != TALLY_OK)
			continue;
		g->result[i].rc = why->rc;
		g->result[i].err = *why;
	}
}

void
deliver_go(void *ctx)
{
	struct deliver_convoy *c = ctx;
	struct mailbox_synced synced = { .n = 0 };
	struct deliver_group *g;
	struct tally_err why;

	for (size_t i = 0; i < c->n; i++) {
		g = c->g[i];
		mailbox_defer(g->mb, c->n >= SHARED);
		g->rc = step[g->step].act(g, g->asked, &g->lost);
		mailbox_defer(g->mb, false);
	}
	for (size_t i = 0; i < c->n; i++) {
		g = c->g[i];
		if (g->rc != TALLY_OK)
			continue;
		if (mailbox_sync(g->mb, &synced, &why) != TALLY_OK)
			spoil(g, &why);
		if (step[g->step].settle != NULL)
			g->rc = step[g->step].settle(g, g->asked, &g->lost);
	}
}

void
deliver_ask(struct deliver_group *g)
{
	for (g->asked = 0; g->step < STEPS; g->step++) {
		g->asked = step[g->step].ask(g);
		if (g->asked > 0)
			break;
	}
}

enum tally_rc
deliver_note(struct deliver_group *g, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < g->asked && rc == TALLY_OK; i++)
		rc = step[g->step].note(g, i, err);
	g->step += g->asked > 0;
	g->asked = 0;
	return rc;
}
