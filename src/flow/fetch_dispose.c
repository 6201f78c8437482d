/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a file in its mailbox once its bytes are committed: removed,
 * moved or left, as the pull says.
 *
 * Right before that its size and time are looked at again: a file that was
 * changed in between is another one, and stays.  One that the partner writes
 * anew in the moment after that look is seen once it is moved, and moved back;
 * a removal cannot be looked at.
 */
#include "flow/fetch.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define HASH_DIGITS 12

struct disposal {
	struct pass *p;
	struct candidate **c; /* those that are disposed of */
	struct tally_str *name;
	struct mailbox_rename *rename;
	struct mailbox_result *result;
	char (*moved)[MAILBOX_NAME_MAX + 1];
	struct mailbox_result *there; /* of the moved ones */
	size_t n;
	struct tally_arena arena;
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

/* The others' fault or rights: told, and tried again by the next run. */
static void
stuck(struct disposal *d, size_t i)
{
	log_line(&d->p->f->log, LOG_ALARM, "file", d->c[i]->entry->name,
	    "recorded, but it stays in mailbox %s: %s", d->p->box->name,
	    d->result[i].err.text);
	flow_worse(d->p->f, d->result[i].rc);
}

/* Keeps those that are as they were when they were read. */
static void
keep_unchanged(struct disposal *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct mailbox_result *r = &d->result[i];
		const struct mailbox_entry *e = d->c[i]->entry;

		if (r->rc == TALLY_NOINPUT)
			continue;
		if (r->rc != TALLY_OK) {
			stuck(d, i);
			continue;
		}
		if (r->now.size != e->size || r->now.mtime != e->mtime) {
			log_line(&d->p->f->log, LOG_EVENT, "file", e->name,
			    "changed in mailbox %s after it was taken; it is "
			    "left there",
			    d->p->box->name);
			continue;
		}
		d->c[n] = d->c[i];
		d->name[n++] = e->name;
	}
	d->n = n;
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
			rc = mailbox_remove(d->p->mb, d->p->pull->from,
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
	rc = mailbox_get(d->p->mb, d->p->pull->move, &e, 1, &sink, err);
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
	struct log *log = &d->p->f->log;
	struct mailbox_result r = { .rc = TALLY_OK };
	char name[MAILBOX_NAME_MAX + 1];
	enum tally_rc rc = mailbox_rename(d->p->mb, &back, 1, &r, err);

	if (rc != TALLY_OK)
		return rc;
	if (r.rc == TALLY_OK) {
		log_line(log, LOG_EVENT, "file", to->from,
		    "written anew in mailbox %s in the moment it was moved; "
		    "it is back in its place, and comes with the next run",
		    d->p->box->name);
		return TALLY_OK;
	}
	memcpy(name, to->to.p, to->to.n);
	name[to->to.n] = '\0';
	log_line(log, LOG_ALARM, "file", to->from,
	    "written anew in mailbox %s in the moment it was moved; what was "
	    "not taken is %s/%s now, move it back: %s",
	    d->p->box->name, to->to_folder, name, r.err.text);
	flow_worse(d->p->f, r.rc);
	return TALLY_OK;
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
	rc =
	    mailbox_stat(d->p->mb, d->p->pull->move, name, d->n, d->there, err);
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

static enum tally_rc
act(struct disposal *d, bool *down, struct tally_err *err)
{
	struct pass *p = d->p;
	enum tally_rc rc = TALLY_OK;

	if (p->pull->then == SITE_DELETE) {
		*down = true;
		return mailbox_remove(
		    p->mb, p->pull->from, d->name, d->n, d->result, err);
	}
	for (size_t i = 0; i < d->n; i++)
		name_moved(d, i);
	*down = true;
	rc = mailbox_rename(p->mb, d->rename, d->n, d->result, err);
	if (rc == TALLY_OK)
		rc = remove_moved(d, err);
	return rc == TALLY_OK ? look_at_moved(d, err) : rc;
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
 * is recorded. */
static enum tally_rc
forget(struct disposal *d, struct tally_err *err)
{
	struct store *st = d->p->f->store;
	int64_t now = flow_clock_now(&d->p->f->clock);
	enum tally_rc rc = store_begin(st, err);

	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < d->n && rc == TALLY_OK; i++) {
		const struct candidate *c = d->c[i];

		if (!is_gone(d, i)) {
			stuck(d, i);
			rc = store_object_taken(
			    st, &c->object, c->file, now, err);
		} else if (c->look.known) {
			rc = store_object_gone(st, &c->object, err);
		}
	}
	if (rc == TALLY_OK)
		rc = store_commit(st, err);
	if (rc != TALLY_OK)
		store_rollback(st);
	return rc;
}

enum tally_rc
fetch_dispose(struct pass *p, struct candidate *c, size_t n, bool *down,
    struct tally_err *err)
{
	struct disposal d = { .p = p };
	enum tally_rc rc;

	if (p->pull->then == SITE_KEEP)
		return TALLY_OK;
	tally_arena_init(&d.arena, 16u << 20);
	rc = room(&d, n, err);
	for (size_t i = 0; i < n && rc == TALLY_OK; i++) {
		if (!c[i].recorded)
			continue;
		d.c[d.n] = &c[i];
		d.name[d.n++] = c[i].entry->name;
	}
	if (rc != TALLY_OK || d.n == 0)
		goto out;
	*down = true;
	rc = mailbox_stat(p->mb, p->pull->from, d.name, d.n, d.result, err);
	if (rc != TALLY_OK)
		goto out;
	*down = false;
	keep_unchanged(&d);
	if (d.n > 0)
		rc = act(&d, down, err);
	if (rc != TALLY_OK)
		goto out;
	*down = false;
	if (d.n > 0)
		rc = forget(&d, err);
out:
	tally_arena_free(&d.arena);
	return rc;
}
