/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a file in its mailbox once its bytes are committed: removed,
 * moved or left, as the pull says.
 *
 * Right before that its size and time are looked at again: a file that was
 * changed in between is another one, and stays.  One that the partner writes
 * anew in the moment after that look is seen once it is moved, and moved back;
 * a removal cannot be looked at.
 *
 * Work in the mailbox is an errand, beside the run: what there is to tell of it
 * is gathered, and told when it is done.
 */
#include "flow/fetch.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define HASH_DIGITS 12

/* What a person may want to know of a file. */
enum fate {
	STUCK,   /* it cannot be looked at, removed or moved */
	CHANGED, /* it is another one now, and stays */
	BACK,    /* it was another one, and is back in its place */
	ASTRAY   /* it was another one, and cannot be put back */
};
struct news {
	const struct candidate *c;
	enum fate fate;
	const char *moved; /* the name it was given, or null */
	struct mailbox_result result;
	struct news *next;
};

struct disposal {
	struct flow *f;
	const struct pass *p;
	struct candidate **c; /* those that are disposed of */
	struct tally_str *name;
	struct mailbox_rename *rename;
	struct mailbox_result *result;
	char (*moved)[MAILBOX_NAME_MAX + 1];
	struct mailbox_result *there; /* of the moved ones */
	size_t n;
	struct news *first, **last;
	struct tally_arena arena;
	struct errand errand;
	bool down; /* what failed is the mailbox */
	enum tally_rc rc;
	struct tally_err err;
};

static enum tally_rc
room(struct disposal *d, size_t n, struct tally_err *err)
{
	struct tally_arena *a = &d->arena;

	d->c = tally_arena_alloc(a, n * sizeof(*d->c));
	d->name = tally_arena_alloc(a, n * sizeof(*d->name));
	d->rename = tally_arena_alloc(a, n * sizeof(*d->rename));
	d->result = tally_arena_alloc(a, n * sizeof(*d->result));
	d->moved = tally_arena_alloc(a, n * sizeof(*d->moved));
	d->there = tally_arena_alloc(a, n * sizeof(*d->there));
	if (d->c == NULL || d->name == NULL || d->rename == NULL ||
	    d->result == NULL || d->moved == NULL || d->there == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	return TALLY_OK;
}

static enum tally_rc
note(struct disposal *d, const struct candidate *c, enum fate fate,
    const char *moved, const struct mailbox_result *r, struct tally_err *err)
{
	struct news *news = tally_arena_alloc(&d->arena, sizeof(*news));

	if (news == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	*news = (struct news){ .c = c, .fate = fate, .moved = moved };
	news->result = *r;
	*d->last = news;
	d->last = &news->next;
	return TALLY_OK;
}

/* The others' fault or rights: told, and tried again by the next run. */
static void
tell_stuck(const struct disposal *d, const struct candidate *c,
    const struct mailbox_result *r)
{
	log_line(&d->f->log, LOG_ALARM, "file", c->entry->name,
	    "recorded, but it stays in mailbox %s: %s", fetch_box(c)->name,
	    r->err.text);
	flow_worse(d->f, r->rc);
}

static void
tell(const struct disposal *d, const struct news *news)
{
	struct log *log = &d->f->log;
	struct tally_str name = news->c->entry->name;
	const char *box = fetch_box(news->c)->name;

	switch (news->fate) {
	case STUCK:
		tell_stuck(d, news->c, &news->result);
		break;
	case CHANGED:
		log_line(log, LOG_EVENT, "file", name,
		    "changed in mailbox %s after it was taken; it is left "
		    "there",
		    box);
		break;
	case BACK:
		log_line(log, LOG_EVENT, "file", name,
		    "written anew in mailbox %s in the moment it was moved; "
		    "it is back in its place, and comes with the next run",
		    box);
		break;
	case ASTRAY:
		log_line(log, LOG_ALARM, "file", name,
		    "written anew in mailbox %s in the moment it was moved; "
		    "what was not taken is %s/%s now, move it back: %s",
		    box, d->p->pull->move, news->moved, news->result.err.text);
		flow_worse(d->f, news->result.rc);
		break;
	}
}

/* Keeps those that are as they were when they were read. */
static enum tally_rc
keep_unchanged(struct disposal *d, struct tally_err *err)
{
	size_t n = 0;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < d->n && rc == TALLY_OK; i++) {
		const struct mailbox_result *r = &d->result[i];
		const struct mailbox_entry *e = d->c[i]->entry;

		if (r->rc == TALLY_NOINPUT)
			continue;
		if (r->rc != TALLY_OK) {
			rc = note(d, d->c[i], STUCK, NULL, r, err);
			continue;
		}
		if (r->now.size != e->size || r->now.mtime != e->mtime) {
			rc = note(d, d->c[i], CHANGED, NULL, r, err);
			continue;
		}
		d->c[n] = d->c[i];
		d->name[n++] = e->name;
	}
	d->n = n;
	return rc;
}

/* NAME.HASH, the name cut where both would be too long. */
static void
name_moved(struct disposal *d, size_t i)
{
	struct tally_str name = d->name[i];
	char hex[TALLY_HASH_HEX];

	tally_hash_hex(d->c[i]->sha256, hex);
	if (name.n > MAILBOX_NAME_MAX - 1 - HASH_DIGITS)
		name.n = MAILBOX_NAME_MAX - 1 - HASH_DIGITS;
	memcpy(d->moved[i], name.p, name.n);
	d->moved[i][name.n] = '.';
	memcpy(d->moved[i] + name.n + 1, hex, HASH_DIGITS);
	d->rename[i] =
	    (struct mailbox_rename){ d->p->pull->from, name, d->p->pull->move,
		    tally_str(d->moved[i], name.n + 1 + HASH_DIGITS) };
	d->rename[i].from = d->name[i];
}

/* A target that exists has the same content: only the source is removed. */
static enum tally_rc
remove_moved(struct disposal *d, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < d->n && rc == TALLY_OK; i++)
		if (d->result[i].rc == TALLY_CREATE)
			rc = mailbox_remove(d->p->visit->mb, d->p->pull->from,
			    &d->name[i], 1, &d->result[i], err);
	return rc;
}

struct reading {
	struct tally_hash *hash;
	struct mailbox_result result;
};

static enum tally_rc
read_data(void *ctx, size_t i, const void *p, size_t n, struct tally_err *err)
{
	struct reading *r = ctx;

	(void)i;
	(void)err;
	tally_hash_add(r->hash, p, n);
	return TALLY_OK;
}

static void
read_done(void *ctx, size_t i, const struct mailbox_result *result)
{
	struct reading *r = ctx;

	(void)i;
	r->result = *result;
}

/* Some servers copy what they should rename, and so change its time: then only
 * the bytes tell whether what was moved is what was taken. */
static enum tally_rc
same_bytes(struct disposal *d, size_t i, bool *same, struct tally_err *err)
{
	struct reading r = { .hash = NULL };
	struct mailbox_sink sink = { read_data, read_done, &r };
	struct mailbox_entry e = d->there[i].now;
	unsigned char sha256[TALLY_HASH_SIZE];
	enum tally_rc rc = tally_hash_new(&r.hash, err);

	*same = false;
	if (rc != TALLY_OK)
		return rc;
	e.name = d->rename[i].to;
	rc = mailbox_get(d->p->visit->mb, d->p->pull->move, &e, 1, &sink, err);
	if (rc == TALLY_OK && r.result.rc == TALLY_OK) {
		tally_hash_end(r.hash, sha256);
		*same = memcmp(sha256, d->c[i]->sha256, sizeof(sha256)) == 0;
	}
	tally_hash_free(r.hash);
	return rc;
}

/* To where the next run takes it. */
static enum tally_rc
move_back(struct disposal *d, size_t i, struct tally_err *err)
{
	const struct mailbox_rename *to = &d->rename[i];
	const struct mailbox_rename back = { to->to_folder, to->to,
		to->from_folder, to->from };
	struct mailbox_result r = { .rc = TALLY_OK };
	enum tally_rc rc = mailbox_rename(d->p->visit->mb, &back, 1, &r, err);

	if (rc != TALLY_OK)
		return rc;
	d->moved[i][to->to.n] = '\0';
	return note(
	    d, d->c[i], r.rc == TALLY_OK ? BACK : ASTRAY, d->moved[i], &r, err);
}

static bool
differs(const struct disposal *d, size_t i)
{
	const struct mailbox_result *r = &d->there[i];
	const struct mailbox_entry *e = d->c[i]->entry;

	return r->rc == TALLY_OK &&
	    (r->now.size != e->size || r->now.mtime != e->mtime);
}

/* Keeps those that are under their new names what they were before. */
static enum tally_rc
look_at_moved(struct disposal *d, struct tally_err *err)
{
	struct tally_str *name = d->name;
	size_t n = 0;
	bool same;
	enum tally_rc rc;

	for (size_t i = 0; i < d->n; i++)
		name[i] = d->rename[i].to;
	rc = mailbox_stat(
	    d->p->visit->mb, d->p->pull->move, name, d->n, d->there, err);
	for (size_t i = 0; i < d->n && rc == TALLY_OK; i++) {
		same = d->result[i].rc != TALLY_OK || !differs(d, i);
		if (!same)
			rc = same_bytes(d, i, &same, err);
		if (rc == TALLY_OK && !same)
			rc = move_back(d, i, err);
		if (rc != TALLY_OK || !same)
			continue;
		d->c[n] = d->c[i];
		d->result[n++] = d->result[i];
	}
	d->n = n;
	return rc;
}

/* All that is done in the mailbox. */
static enum tally_rc
act(struct disposal *d, struct tally_err *err)
{
	const struct pass *p = d->p;
	struct mailbox *mb = p->visit->mb;
	enum tally_rc rc;

	d->down = true;
	rc = mailbox_stat(mb, p->pull->from, d->name, d->n, d->result, err);
	d->down = rc != TALLY_OK;
	if (rc == TALLY_OK)
		rc = keep_unchanged(d, err);
	if (rc != TALLY_OK || d->n == 0)
		return rc;
	d->down = true;
	if (p->pull->then == SITE_DELETE) {
		rc = mailbox_remove(
		    mb, p->pull->from, d->name, d->n, d->result, err);
	} else {
		for (size_t i = 0; i < d->n; i++)
			name_moved(d, i);
		rc = mailbox_rename(mb, d->rename, d->n, d->result, err);
		if (rc == TALLY_OK)
			rc = remove_moved(d, err);
		if (rc == TALLY_OK)
			rc = look_at_moved(d, err);
	}
	d->down = rc != TALLY_OK;
	return rc;
}

static void
go(void *ctx)
{
	struct disposal *d = ctx;

	d->rc = act(d, &d->err);
}

/* A file that a removal does not find is gone, too; a move that does not find
 * something lacks the folder, for the file was there a moment ago. */
static bool
is_gone(const struct disposal *d, size_t i)
{
	return d->result[i].rc == TALLY_OK ||
	    (d->result[i].rc == TALLY_NOINPUT &&
		d->p->pull->then == SITE_DELETE);
}

/* Of what is gone nothing is to be known any more; of what is stuck, that it
 * is recorded.  In a transaction. */
static enum tally_rc
forget(struct disposal *d, struct tally_err *err)
{
	struct store *st = d->f->store;
	int64_t now = flow_clock_now(&d->f->clock);
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < d->n && rc == TALLY_OK; i++) {
		const struct candidate *c = d->c[i];

		if (!is_gone(d, i)) {
			tell_stuck(d, c, &d->result[i]);
			rc = store_object_taken(
			    st, &c->object, c->file, now, err);
		} else if (c->look.known) {
			rc = store_object_gone(st, &c->object, err);
		}
	}
	return rc;
}

static void
disposal_free(struct disposal *d)
{
	if (d != NULL)
		tally_arena_free(&d->arena);
	tally_free(d);
}

enum tally_rc
fetch_dispose_begin(struct disposal **out, struct flow *f, struct candidate *c,
    size_t n, struct tally_err *err)
{
	struct disposal *d;
	enum tally_rc rc;

	*out = NULL;
	if (c->pass->pull->then == SITE_KEEP)
		return TALLY_OK;
	d = tally_calloc(1, sizeof(*d));
	if (d == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	d->f = f;
	d->p = c->pass;
	d->last = &d->first;
	tally_arena_init(&d->arena, 16u << 20);
	rc = room(d, n, err);
	for (size_t i = 0; i < n && rc == TALLY_OK; i++) {
		if (!c[i].recorded)
			continue;
		d->c[d->n] = &c[i];
		d->name[d->n++] = c[i].entry->name;
	}
	if (rc != TALLY_OK || d->n == 0) {
		disposal_free(d);
		return rc;
	}
	d->errand = (struct errand){ .go = go, .ctx = d };
	errand_give(f->errands, &d->errand);
	*out = d;
	return TALLY_OK;
}

/* Waits for it, and tells what there is to tell. */
static enum tally_rc
come_back(struct disposal *d, struct tally_err *err)
{
	errand_await(d->f->errands, &d->errand);
	for (const struct news *news = d->first; news != NULL;
	     news = news->next)
		tell(d, news);
	if (d->rc == TALLY_OK)
		return TALLY_OK;
	d->n = 0;
	if (d->down)
		return fetch_lose(d->p->visit, d->rc, &d->err, err);
	*err = d->err;
	return d->rc;
}

/* All in one transaction. */
static enum tally_rc
forget_all(struct flow *f, struct disposal **d, size_t n, struct tally_err *err)
{
	enum tally_rc rc = store_begin(f->store, err);

	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		if (d[i] != NULL)
			rc = forget(d[i], err);
	return store_settle(f->store, rc, err);
}

enum tally_rc
fetch_dispose_end(
    struct flow *f, struct disposal **d, size_t n, struct tally_err *err)
{
	struct tally_err why;
	enum tally_rc rc = TALLY_OK;
	bool some = false;

	for (size_t i = 0; i < n; i++) {
		if (d[i] == NULL)
			continue;
		some = true;
		if (come_back(d[i], &why) != TALLY_OK && rc == TALLY_OK) {
			*err = why;
			rc = why.rc;
		}
	}
	if (rc == TALLY_OK && some)
		rc = forget_all(f, d, n, err);
	for (size_t i = 0; i < n; i++)
		disposal_free(d[i]);
	return rc;
}
