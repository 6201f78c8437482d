/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetch stage: what is in the mailboxes becomes files of the store.
 *
 * The mailboxes are listed, some of them at a time; each name that matches is
 * looked at, in one transaction; what has settled, or what is whole already, is
 * taken in groups that share a commit; and only after that commit is it removed
 * or moved in the mailbox.  Commits are shared by mailboxes, too, for most have
 * few files, or none.  A listing is worked in its order, which is that of time
 * and name, so records appear in the order of receipt.
 *
 * Death between commit and disposal: the next look says "taken", and only
 * the disposal is done.  Trouble with one mailbox is kept to that mailbox.
 */
#include "flow/fetch.h"

#include <inttypes.h>

#include "flow/worker.h"

/* Entries that are looked at before they are taken, and listed before that, but
 * for one listing with more; and names made for them: folder and name. */
#define LOOKED_AT 8192
#define NAMES_MAX (16u << 20)

/* The name by which the store knows a file.  Folders of one mailbox may hold
 * the same name, so it is told apart where there are several. */
static enum tally_rc
object_name(struct haul *h, const struct pass *p, struct tally_str name,
    struct tally_str *out, struct tally_err *err)
{
	size_t n = strlen(p->pull->from);
	char *z;

	*out = name;
	if (p->visit->box->npull == 1)
		return TALLY_OK;
	z = tally_arena_alloc(&h->names, n + 1 + name.n);
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
too_large(struct flow *f, const struct candidate *c)
{
	f->count[FLOW_UNFIT]++;
	log_line(&f->log, LOG_ALARM, "file", c->entry->name,
	    "%" PRIu64 " bytes in mailbox %s, more than the limit of %" PRIu64
	    "; it is left there: raise file-bytes or ask the partner to "
	    "split it",
	    c->entry->size, fetch_box(c)->name, f->site->file_bytes);
}

/* Looks at one entry and appends it when there is something to do. */
static enum tally_rc
look(struct haul *h, const struct pass *p, const struct mailbox_entry *e,
    struct tally_err *err)
{
	struct flow *f = h->f;
	struct candidate *c = &h->c[h->n];
	int64_t now = flow_clock_now(&f->clock);
	enum store_seen seen;
	enum tally_rc rc;

	*c = (struct candidate){ .pass = p, .entry = e };
	c->object.mailbox = p->visit->box->name;
	c->object.size = e->size;
	c->object.mtime = e->mtime;
	rc = object_name(h, p, e->name, &c->object.name, err);
	if (rc == TALLY_OK)
		rc = store_object_look(f->store, &c->object, p->pull->settle_ms,
		    now, &c->look, err);
	if (rc != TALLY_OK)
		return rc;
	seen = c->look.seen;
	c->file = c->look.file;
	if (seen == STORE_TAKEN && p->pull->then == SITE_KEEP)
		return TALLY_OK;
	/* What does not say its size is counted while it comes. */
	if (e->size != MAILBOX_SIZE_UNKNOWN && e->size > f->site->file_bytes) {
		too_large(f, c);
		return store_object_note(
		    f->store, &c->object, &c->look, now, err);
	}
	/* Moving needs the row's hash: such a file is read once more. */
	c->recorded = seen == STORE_TAKEN && p->pull->then == SITE_DELETE;
	c->whole = seen != STORE_SETTLED && seen != STORE_TAKEN &&
	    p->pull->settle_ms > 0;
	if (c->whole && !p->pull->complete) {
		f->count[FLOW_WAITING]++;
		log_line(&f->log, LOG_DETAIL, "file", e->name,
		    "not yet unchanged for %" PRId64 " s in mailbox %s",
		    p->pull->settle_ms / 1000, p->visit->box->name);
		return store_object_note(
		    f->store, &c->object, &c->look, now, err);
	}
	h->n++;
	return TALLY_OK;
}

/* Those from the first on, as many as there is room for; end is behind them. */
static enum tally_rc
look_at_some(struct haul *h, size_t *end, struct tally_err *err)
{
	const struct pass *p = h->pass;
	size_t i = h->first, most = h->first + LOOKED_AT;
	enum tally_rc rc;

	h->n = 0;
	tally_arena_reset(&h->names);
	*end = most < h->entries ? most : h->entries;
	rc = store_begin(h->f->store, err);
	if (rc != TALLY_OK)
		return rc;
	for (size_t k = h->first; k < *end && rc == TALLY_OK; k++, i++) {
		for (; i >= p->listing.n; p++)
			i -= p->listing.n;
		if (site_takes(p->pull, p->listing.entry[i].name))
			rc = look(h, p, &p->listing.entry[i], err);
	}
	return store_settle(h->f->store, rc, err);
}

static void
tell_refused(struct flow *f, const struct pass *p)
{
	struct log *log = &f->log;
	const char *name = p->visit->box->name;

	for (size_t i = 0; i < p->listing.nrefused; i++)
		log_line(log, LOG_ALARM, "file", p->listing.refused[i],
		    "this name in mailbox %s is never opened; ask the "
		    "partner to rename or remove the file",
		    name);
	f->count[FLOW_UNFIT] += p->listing.nrefused;
	if (p->listing.truncated)
		log_line(log, LOG_ALARM, "mailbox", tally_cstr(name),
		    "folder %s has more than %d files; the rest comes with "
		    "later runs",
		    p->pull->from, MAILBOX_ENTRIES_MAX);
}

static enum tally_rc
add_pass(struct haul *h, struct visit *v, const struct site_pull *pull,
    struct tally_err *err)
{
	struct pass p = { .visit = v, .pull = pull }, *more;
	size_t room = h->room > 0 ? 2 * h->room : FETCH_VISITS;

	if (h->npass == h->room) {
		more = tally_realloc(h->pass, room * sizeof(*more));
		if (more == NULL)
			return tally_err_set(
			    err, TALLY_NOMEM, "no memory for a listing");
		h->pass = more;
		h->room = room;
	}
	v->failed =
	    mailbox_list(v->mb, pull->from, &p.listing, &v->why) != TALLY_OK;
	if (v->failed)
		return TALLY_OK;
	tell_refused(h->f, &p);
	h->entries += p.listing.n;
	h->pass[h->npass++] = p;
	return TALLY_OK;
}

/* Connects, and lists what it has; trouble with it is kept in the visit. */
static enum tally_rc
go_to(struct haul *h, size_t i, struct tally_err *err)
{
	struct visit *v = &h->visit[h->nvisit++];
	enum tally_rc rc = TALLY_OK;

	*v = (struct visit){ .index = i, .box = &h->f->site->mailbox[i] };
	v->failed = flow_box_connect(h->f, i, &v->mb, &v->why) != TALLY_OK;
	/* Files that are back after a power cut are known, and go again. */
	if (!v->failed)
		mailbox_defer(v->mb, true);
	for (size_t k = 0; k < v->box->npull; k++)
		if (rc == TALLY_OK && !v->failed)
			rc = add_pass(h, v, &v->box->pull[k], err);
	if (v->failed && v->why.rc == TALLY_NOMEM) {
		*err = v->why;
		return TALLY_NOMEM;
	}
	return rc;
}

/* How the mailboxes do. */
static enum tally_rc
note_health(struct haul *h, struct tally_err *err)
{
	enum tally_rc rc = store_begin(h->f->store, err);

	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < h->nvisit && rc == TALLY_OK; i++)
		if (h->visit[i].failed)
			flow_box_failed(
			    h->f, h->visit[i].index, &h->visit[i].why);
		else
			rc = flow_box_well(h->f, h->visit[i].index, err);
	return store_settle(h->f->store, rc, err);
}

static void
leave(struct haul *h)
{
	for (size_t i = 0; i < h->npass; i++)
		mailbox_listing_free(&h->pass[i].listing);
	for (size_t i = 0; i < h->nvisit; i++)
		flow_box_disconnect(h->f, h->visit[i].index, h->visit[i].mb);
	h->npass = h->entries = 0;
}

/* Takes what there is in the mailboxes that were gone to, and leaves them. */
static enum tally_rc
bring_in(struct haul *h, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	size_t end;

	for (h->first = 0; h->first < h->entries && rc == TALLY_OK;
	     h->first = end) {
		rc = look_at_some(h, &end, err);
		if (rc == TALLY_OK)
			rc = fetch_take(h, err);
	}
	log_progress_end(&h->f->log);
	leave(h);
	if (rc == TALLY_OK && h->nvisit > 0)
		rc = note_health(h, err);
	h->nvisit = 0;
	return rc;
}

static struct haul *
haul_new(struct flow *f, struct tally_err *err)
{
	struct haul *h = tally_calloc(1, sizeof(*h));

	if (h != NULL)
		h->c = tally_alloc(LOOKED_AT * sizeof(*h->c));
	if (h == NULL || h->c == NULL) {
		tally_err_set(err, TALLY_NOMEM, "no memory for a listing");
		tally_free(h);
		return NULL;
	}
	h->f = f;
	tally_arena_init(&h->names, NAMES_MAX);
	return h;
}

static void
haul_free(struct haul *h)
{
	leave(h);
	tally_arena_free(&h->names);
	tally_free(h->pass);
	tally_free(h->c);
	tally_free(h);
}

enum tally_rc
flow_fetch_mailbox(struct flow *f, size_t i, struct tally_err *err)
{
	struct haul *h = haul_new(f, err);
	enum tally_rc rc;

	if (h == NULL)
		return TALLY_NOMEM;
	rc = go_to(h, i, err);
	if (rc == TALLY_OK)
		rc = bring_in(h, err);
	haul_free(h);
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

/* Those of this machine, and wants work on the others. */
static enum tally_rc
go_to_all(struct haul *h, struct tally_err *err)
{
	struct flow *f = h->f;
	bool ready;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++) {
		if (f->site->mailbox[i].npull == 0 || !f->box[i].again)
			continue;
		rc = flow_box_ready(f, i, &ready, err);
		if (rc != TALLY_OK || !ready)
			continue;
		if (worker_for(f, i)) {
			worker_want(f, i, FLOW_FETCH);
			continue;
		}
		rc = go_to(h, i, err);
		if (rc == TALLY_OK &&
		    (h->nvisit == FETCH_VISITS || h->entries >= LOOKED_AT))
			rc = bring_in(h, err);
	}
	return rc == TALLY_OK ? bring_in(h, err) : rc;
}

enum tally_rc
flow_fetch(struct flow *f, struct tally_err *err)
{
	struct haul *h = haul_new(f, err);
	enum tally_rc rc;

	if (h == NULL)
		return TALLY_NOMEM;
	rc = go_to_all(h, err);
	haul_free(h);
	return rc;
}
