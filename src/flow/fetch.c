/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetch stage: what is in the mailboxes becomes files of the store.
 *
 * For each pull: list; look at each name that matches (in one transaction);
 * take what has settled, or what is whole already, in groups that share a
 * commit; and only after that commit remove or move it in the mailbox.  A
 * listing is worked in its order, which is that of time and name, so records
 * appear in the order of receipt.
 *
 * Death between commit and disposal: the next look says "taken", and only
 * the disposal is done.  Trouble with one mailbox is kept to that mailbox.
 */
#include "flow/fetch.h"

#include <inttypes.h>

#include "flow/worker.h"

/* Files of a listing that are looked at before they are taken; and names that
 * are made for them: folder and name. */
#define LOOKED_AT 8192
#define NAMES_MAX (16u << 20)

/* The name by which the store knows a file.  Folders of one mailbox may hold
 * the same name, so it is told apart where there are several. */
static enum tally_rc
object_name(struct pass *p, struct tally_str name, struct tally_str *out,
    struct tally_err *err)
{
	size_t n = strlen(p->pull->from);
	char *z;

	*out = name;
	if (p->box->npull == 1)
		return TALLY_OK;
	z = tally_arena_alloc(&p->arena, n + 1 + name.n);
	if (z == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for the names of a listing");
	memcpy(z, p->pull->from, n);
	z[n] = '/';
	memcpy(z + n + 1, name.p, name.n);
	*out = tally_str(z, n + 1 + name.n);
	return TALLY_OK;
}

static void
too_large(struct pass *p, const struct mailbox_entry *e)
{
	p->f->count[FLOW_UNFIT]++;
	log_line(&p->f->log, LOG_ALARM, "file", e->name,
	    "%" PRIu64 " bytes in mailbox %s, more than the limit of %" PRIu64
	    "; it is left there: raise file-bytes or ask the partner to "
	    "split it",
	    e->size, p->box->name, p->f->site->file_bytes);
}

/* Looks at one entry and appends it when there is something to do. */
static enum tally_rc
look(struct pass *p, const struct mailbox_entry *e, struct tally_err *err)
{
	struct candidate *c = &p->c[p->n];
	int64_t now = flow_clock_now(&p->f->clock);
	enum store_seen seen;
	enum tally_rc rc;

	*c = (struct candidate){ .entry = e };
	c->object.mailbox = p->box->name;
	c->object.size = e->size;
	c->object.mtime = e->mtime;
	rc = object_name(p, e->name, &c->object.name, err);
	if (rc == TALLY_OK)
		rc = store_object_look(p->f->store, &c->object,
		    p->pull->settle_ms, now, &c->look, err);
	if (rc != TALLY_OK)
		return rc;
	seen = c->look.seen;
	c->file = c->look.file;
	if (seen == STORE_TAKEN && p->pull->then == SITE_KEEP)
		return TALLY_OK;
	/* What does not say its size is counted while it comes. */
	if (e->size != MAILBOX_SIZE_UNKNOWN &&
	    e->size > p->f->site->file_bytes) {
		too_large(p, e);
		return store_object_note(
		    p->f->store, &c->object, &c->look, now, err);
	}
	/* Moving needs the row's hash: such a file is read once more. */
	c->recorded = seen == STORE_TAKEN && p->pull->then == SITE_DELETE;
	c->whole = seen != STORE_SETTLED && seen != STORE_TAKEN &&
	    p->pull->settle_ms > 0;
	if (c->whole && !p->pull->complete) {
		p->f->count[FLOW_WAITING]++;
		log_line(&p->f->log, LOG_DETAIL, "file", e->name,
		    "not yet unchanged for %" PRId64 " s in mailbox %s",
		    p->pull->settle_ms / 1000, p->box->name);
		return store_object_note(
		    p->f->store, &c->object, &c->look, now, err);
	}
	p->n++;
	return TALLY_OK;
}

/* Those from entry i on, as many as there is room for. */
static enum tally_rc
look_at_some(struct pass *p, size_t i, struct tally_err *err)
{
	size_t left = p->listing.n - i, end = i;
	enum tally_rc rc;

	end += left < LOOKED_AT ? left : LOOKED_AT;
	p->first = i;
	p->n = 0;
	tally_arena_reset(&p->arena);
	rc = store_begin(p->f->store, err);
	if (rc != TALLY_OK)
		return rc;
	for (; i < end && rc == TALLY_OK; i++)
		if (site_takes(p->pull, p->listing.entry[i].name))
			rc = look(p, &p->listing.entry[i], err);
	if (rc == TALLY_OK)
		rc = store_commit(p->f->store, err);
	if (rc != TALLY_OK)
		store_rollback(p->f->store);
	return rc;
}

static void
tell_refused(struct pass *p)
{
	struct log *log = &p->f->log;

	for (size_t i = 0; i < p->listing.nrefused; i++)
		log_line(log, LOG_ALARM, "file", p->listing.refused[i],
		    "this name in mailbox %s is never opened; ask the "
		    "partner to rename or remove the file",
		    p->box->name);
	p->f->count[FLOW_UNFIT] += p->listing.nrefused;
	if (p->listing.truncated)
		log_line(log, LOG_ALARM, "mailbox", tally_cstr(p->box->name),
		    "folder %s has more than %d files; the rest comes with "
		    "later runs",
		    p->pull->from, MAILBOX_ENTRIES_MAX);
}

static enum tally_rc
one_pull(struct pass *p, bool *down, struct tally_err *err)
{
	enum tally_rc rc;

	*down = true;
	rc = mailbox_list(p->mb, p->pull->from, &p->listing, err);
	if (rc != TALLY_OK)
		return rc;
	*down = false;
	tally_arena_init(&p->arena, NAMES_MAX);
	tell_refused(p);
	p->c = tally_alloc(LOOKED_AT * sizeof(*p->c));
	if (p->c == NULL)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory for a listing");
	for (size_t i = 0; i < p->listing.n && rc == TALLY_OK; i += LOOKED_AT) {
		rc = look_at_some(p, i, err);
		if (rc == TALLY_OK)
			rc = fetch_take(p, down, err);
	}
	log_progress_end(&p->f->log);
	tally_free(p->c);
	p->c = NULL;
	tally_arena_free(&p->arena);
	mailbox_listing_free(&p->listing);
	return rc;
}

enum tally_rc
flow_fetch_mailbox(struct flow *f, size_t i, struct tally_err *err)
{
	struct pass p = { .f = f, .index = i, .box = &f->site->mailbox[i] };
	struct tally_err why;
	bool down = true;
	enum tally_rc rc;

	rc = flow_box_connect(f, i, &p.mb, &why);
	for (size_t k = 0; k < p.box->npull && rc == TALLY_OK; k++) {
		p.pull = &p.box->pull[k];
		rc = one_pull(&p, &down, &why);
	}
	flow_box_disconnect(f, i, p.mb);
	if (rc == TALLY_OK)
		return flow_box_well(f, i, err);
	if (down && rc != TALLY_NOMEM) {
		flow_box_failed(f, i, &why);
		return TALLY_OK;
	}
	*err = why;
	return rc;
}

static bool
takes(const void *ctx, struct tally_str name)
{
	return site_takes(ctx, name);
}

/* What a pull leaves in its folder has mostly been taken already. */
static bool
has_some(const struct site_mailbox *box)
{
	struct mailbox *mb = NULL;
	struct tally_err err;
	bool some = false;

	if (mailbox_open(&mb, &box->settings, &err) != TALLY_OK)
		return false;
	for (size_t i = 0; i < box->npull && !some; i++)
		some = box->pull[i].then != SITE_KEEP &&
		    mailbox_has(mb, box->pull[i].from, takes, &box->pull[i]);
	mailbox_close(mb);
	return some;
}

bool
flow_fetch_expects(const struct flow *f)
{
	for (size_t i = 0; i < f->site->nmailbox; i++)
		if (!worker_for(f, i) && has_some(&f->site->mailbox[i]))
			return true;
	return false;
}

enum tally_rc
flow_fetch(struct flow *f, struct tally_err *err)
{
	bool ready;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++) {
		if (f->site->mailbox[i].npull == 0 || !f->box[i].again)
			continue;
		rc = flow_box_ready(f, i, &ready, err);
		if (rc != TALLY_OK || !ready)
			continue;
		if (worker_for(f, i))
			worker_want(f, i, FLOW_FETCH);
		else
			rc = flow_fetch_mailbox(f, i, err);
	}
	return rc;
}
