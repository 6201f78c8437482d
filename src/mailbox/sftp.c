/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox on an SFTP server: opening, listing, and what is done to names.
 * Whole files are read in sftp_get.c and written in sftp_put.c.
 *
 * Renaming: version 3 does not say what happens to a target that exists.
 * OpenSSH refuses, servers built on Go write over it.  So the target is
 * looked for first, and posix-rename, which writes over, is never used.
 */
#include "mailbox/sftp.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mailbox/kind.h"
#include "mailbox/pins.h"

#define READDIRS 8  /* on their way at once; more gained nothing */
#define STATS    64 /* files whose size is asked for in one go */

void
sftp_handle_copy(struct sftp_handle *h, struct tally_str s)
{
	assert(s.n <= sizeof(h->p));
	h->n = s.n;
	if (s.n > 0)
		memcpy(h->p, s.p, s.n);
}

/* A folder from the mailbox's own start, unless it is absolute. */
enum tally_rc
sftp_path(char out[SFTP_PATH_MAX + 1], struct mailbox *m, const char *folder,
    struct tally_str name, struct tally_err *err)
{
	const struct sftp *s = m->state;
	struct tally_str part[3] = { tally_cstr(s->target.path),
		tally_cstr(folder), name };
	size_t n = 0;

	if (part[1].n > 0 && part[1].p[0] == '/')
		part[0].n = 0;
	for (int i = 0; i < 3; i++) {
		if (part[i].n == 0)
			continue;
		if (part[i].n + 1 > SFTP_PATH_MAX - n)
			return tally_err_set(err, TALLY_USAGE,
			    "mailbox %s: a path is longer than %d bytes",
			    m->settings->name, SFTP_PATH_MAX);
		if (n > 0 && out[n - 1] != '/')
			out[n++] = '/';
		memcpy(out + n, part[i].p, part[i].n);
		n += part[i].n;
	}
	if (n == 0)
		out[n++] = '.';
	out[n] = '\0';
	return TALLY_OK;
}

static enum tally_rc
rc_of_status(uint32_t status)
{
	switch (status) {
	case SFTP_STATUS_OK:
		return TALLY_OK;
	case SFTP_STATUS_NO_SUCH_FILE:
	case 10: /* no such path, of later versions */
		return TALLY_NOINPUT;
	case SFTP_STATUS_PERMISSION_DENIED:
	case SFTP_STATUS_UNSUPPORTED:
	case 12: /* write protected */
		return TALLY_PERM;
	case SFTP_STATUS_EXISTS:
		return TALLY_CREATE;
	case 14: /* no space */
	case 15: /* quota */
		return TALLY_TEMP;
	default:
		return TALLY_IO;
	}
}

enum tally_rc
sftp_trouble(struct tally_err *err, struct mailbox *m, const char *what,
    const char *folder, struct tally_str name, const struct sftp_reply *r)
{
	char f[MAILBOX_SHOWN], s[MAILBOX_SHOWN], text[MAILBOX_SHOWN];
	enum tally_rc rc = rc_of_status(r->status);

	if (rc == TALLY_OK)
		rc = TALLY_IO; /* an OK where something else was due */
	mailbox_shown(f, tally_cstr(folder));
	mailbox_shown(s, name);
	mailbox_shown(text, r->text);
	return tally_err_set(err, rc,
	    "mailbox %s: the server does not %s %s%s%s: %s (%lu)%s%s",
	    m->settings->name, what, f, f[0] != '\0' && s[0] != '\0' ? "/" : "",
	    s, sftp_status_words(r->status), (unsigned long)r->status,
	    text[0] != '\0' ? ", in its words: " : "", text);
}

bool
sftp_crowded(struct sftp *s, const struct sftp_reply *r)
{
	static const char word[] = "in progress";
	const size_t n = sizeof(word) - 1;

	for (size_t i = 0; r->text.n >= n && i <= r->text.n - n; i++) {
		if (memcmp(r->text.p + i, word, n) == 0) {
			s->files = 1;
			return true;
		}
	}
	return r->status == SFTP_STATUS_FAILURE;
}

static enum tally_rc
sftp_check(const struct mailbox_settings *set, struct tally_err *err)
{
	struct link_target t;
	struct pins pins;
	enum tally_rc rc = link_target_parse(&t, set, err);

	if (rc == TALLY_OK)
		rc = pins_parse(&pins, set, err);
	if (rc != TALLY_OK)
		return rc;
	rc = set->openssh ? link_check_openssh(set, &pins, err)
			  : link_check_ssh(set, &pins, err);
	pins_free(&pins);
	return rc;
}

static enum tally_rc
sftp_open(struct mailbox *m, struct tally_err *err)
{
	const struct mailbox_settings *set = m->settings;
	struct sftp *s = tally_calloc(1, sizeof(*s));
	struct link *link = NULL;
	int64_t end =
	    link_now() + (set->run_ms != 0 ? set->run_ms : MAILBOX_RUN_MS);
	enum tally_rc rc;

	if (s == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", set->name);
	rc = link_target_parse(&s->target, set, err);
	if (rc == TALLY_OK)
		rc = set->openssh
		    ? link_open_openssh(&link, &s->target, set, err)
		    : link_open_ssh(&link, &s->target, set, err);
	if (rc == TALLY_OK)
		rc = sftp_client_open(&s->client, link, set, end, err);
	if (rc != TALLY_OK) {
		tally_free(s);
		return rc;
	}
	s->files = sftp_client_depth(s->client);
	m->state = s;
	return TALLY_OK;
}

static void
sftp_close(struct mailbox *m)
{
	struct sftp *s = m->state;

	sftp_client_close(s->client);
	tally_free(s);
}

/* Sends one request that has an answer of its own and waits for it. */
static enum tally_rc
ask(struct sftp_client *c, const struct sftp_request *q, struct sftp_reply *r,
    struct tally_err *err)
{
	struct sftp_ticket t = { 0 };
	enum tally_rc rc = sftp_client_state(c, err);

	if (rc != TALLY_OK)
		return rc;
	assert(sftp_client_pending(c) == 0);
	sftp_client_send(c, q, &t);
	return sftp_client_next(c, r, &t, err);
}

static enum tally_rc
take_names(
    struct mailbox_gather *g, struct sftp_reply *r, struct tally_err *err)
{
	struct sftp_name e;
	enum tally_rc rc;

	/* A reply without names counts too, or it could go on for ever. */
	if (r->names.left == 0 && !mailbox_gather_more(g))
		return TALLY_OK;
	while (sftp_name_next(&r->names, &e)) {
		if (!mailbox_gather_more(g))
			return TALLY_OK;
		if (!sftp_regular(&e.attrs, e.line))
			continue;
		/* Without a type these two may pass for files. */
		if (!(e.attrs.has & SFTP_HAS_PERMISSIONS) &&
		    (tally_str_eq(e.name, TALLY_STR(".")) ||
			tally_str_eq(e.name, TALLY_STR(".."))))
			continue;
		rc = mailbox_gather_file(g, e.name,
		    e.attrs.has & SFTP_HAS_SIZE ? e.attrs.size
						: MAILBOX_SIZE_UNKNOWN,
		    e.attrs.has & SFTP_HAS_TIMES ? e.attrs.mtime : 0, err);
		if (rc != TALLY_OK)
			return rc;
	}
	return TALLY_OK;
}

/*
 * Reads an open folder to its end with several requests on their way.  What
 * was asked is always waited for, so that the handle can be closed.
 */
static enum tally_rc
read_folder(struct mailbox *m, const char *folder,
    const struct sftp_handle *handle, struct mailbox_listing *l,
    struct tally_err *err)
{
	struct sftp *s = m->state;
	struct sftp_request q = { .type = SFTP_READDIR,
		.handle = sftp_handle_view(handle) };
	struct sftp_ticket t = { 0 };
	struct mailbox_gather g;
	struct sftp_reply r;
	enum tally_rc rc = TALLY_OK, lost;
	bool end = false;

	mailbox_gather_init(&g, l);
	for (;;) {
		while (!end && sftp_client_room(s->client) &&
		    sftp_client_pending(s->client) < READDIRS)
			sftp_client_send(s->client, &q, &t);
		if (sftp_client_pending(s->client) == 0)
			return rc;
		lost = sftp_client_next(s->client, &r, &t, err);
		if (lost != TALLY_OK)
			return lost;
		if (rc != TALLY_OK || l->truncated)
			continue;
		if (r.type == SFTP_NAME)
			rc = take_names(&g, &r, err);
		else if (r.status != SFTP_STATUS_EOF && !end)
			rc = sftp_trouble(
			    err, m, "list", folder, tally_cstr(NULL), &r);
		end = end || r.type != SFTP_NAME || rc != TALLY_OK ||
		    l->truncated;
	}
}

/*
 * Operations on names: per item a few requests, one after the other, many
 * items at once.  step() looks at the reply to the step before (null at the
 * beginning) and either sends the next request or sets the result.
 */
struct names {
	struct mailbox *m;
	struct sftp_client *client;
	const char *folder;
	const struct tally_str *name;
	const struct mailbox_rename *rename;
	struct mailbox_result *result;
	void (*step)(
	    struct names *, size_t i, unsigned step, const struct sftp_reply *);
};

static enum tally_rc
run(struct names *op, size_t n, struct tally_err *err)
{
	struct sftp_reply r;
	struct sftp_ticket t;
	enum tally_rc rc = sftp_client_state(op->client, err);
	size_t next = 0;

	while (rc == TALLY_OK) {
		while (next < n &&
		    sftp_client_pending(op->client) <
			sftp_client_ahead(op->client))
			op->step(op, next++, 0, NULL);
		if (sftp_client_pending(op->client) == 0)
			break;
		rc = sftp_client_next(op->client, &r, &t, err);
		if (rc == TALLY_OK)
			op->step(op, t.item, t.step, &r);
	}
	return rc;
}

/* Sends step of item i; a path that is too long is the result instead. */
static void
send_step(struct names *op, size_t i, unsigned step, enum sftp_type type,
    const char *folder, struct tally_str name, const char *to_folder,
    struct tally_str to)
{
	struct sftp_request q = { .type = type };
	struct sftp_ticket t = { .item = i, .step = step };
	struct mailbox_result *r = &op->result[i];
	char path[SFTP_PATH_MAX + 1], target[SFTP_PATH_MAX + 1];
	enum tally_rc rc = sftp_path(path, op->m, folder, name, &r->err);

	if (rc == TALLY_OK && type == SFTP_RENAME)
		rc = sftp_path(target, op->m, to_folder, to, &r->err);
	if (rc != TALLY_OK) {
		r->rc = rc;
		return;
	}
	q.path = tally_cstr(path);
	if (type == SFTP_RENAME)
		q.to = tally_cstr(target);
	sftp_client_send(op->client, &q, &t);
}

static void
set_now(
    struct mailbox_result *r, struct tally_str name, const struct sftp_attrs *a)
{
	r->now.name = name;
	r->now.size = a->has & SFTP_HAS_SIZE ? a->size : MAILBOX_SIZE_UNKNOWN;
	r->now.mtime = a->has & SFTP_HAS_TIMES ? a->mtime : 0;
}

static void
stat_step(struct names *op, size_t i, unsigned step, const struct sftp_reply *r)
{
	struct mailbox_result *res = &op->result[i];
	char shown[MAILBOX_SHOWN];

	if (r == NULL) {
		send_step(op, i, step + 1, SFTP_LSTAT, op->folder, op->name[i],
		    NULL, tally_cstr(NULL));
		return;
	}
	if (r->type != SFTP_ATTRS) {
		res->rc = sftp_trouble(
		    &res->err, op->m, "stat", op->folder, op->name[i], r);
		return;
	}
	set_now(res, op->name[i], &r->attrs);
	res->rc = TALLY_OK;
	if (!sftp_regular(&r->attrs, tally_cstr(NULL)))
		res->rc = tally_err_set(&res->err, TALLY_PERM,
		    "mailbox %s: %s is not a regular file",
		    op->m->settings->name, mailbox_shown(shown, op->name[i]));
}

static enum tally_rc
sftp_stat(struct mailbox *m, const char *folder, const struct tally_str *name,
    size_t n, struct mailbox_result *r, struct tally_err *err)
{
	struct sftp *s = m->state;
	struct names op = { .m = m,
		.client = s->client,
		.folder = folder,
		.name = name,
		.result = r,
		.step = stat_step };

	return run(&op, n, err);
}

/*
 * Some servers' listings come without sizes or times; those are asked for.
 * A file that is gone by then, or turns out to be none, leaves the listing.
 */
static enum tally_rc
complete(struct mailbox *m, const char *folder, struct mailbox_listing *l,
    struct tally_err *err)
{
	struct sftp *s = m->state;
	struct mailbox_result *r = NULL;
	struct tally_str name[STATS];
	struct names op = { .m = m,
		.client = s->client,
		.folder = folder,
		.name = name,
		.step = stat_step };
	size_t at[STATS], n, i = 0, kept = 0;
	enum tally_rc rc = TALLY_OK;

	while (i < l->n && rc == TALLY_OK) {
		for (n = 0; i < l->n && n < STATS; i++) {
			struct mailbox_entry *e = &l->entry[i];

			if (e->size != MAILBOX_SIZE_UNKNOWN && e->mtime != 0)
				continue;
			at[n] = i;
			name[n++] = e->name;
		}
		if (n == 0)
			break;
		if (r == NULL)
			r = tally_alloc(STATS * sizeof(*r));
		if (r == NULL)
			return tally_err_set(err, TALLY_NOMEM,
			    "mailbox %s: no memory", m->settings->name);
		memset(r, 0, STATS * sizeof(*r));
		op.result = r;
		rc = run(&op, n, err);
		for (size_t k = 0; k < n && rc == TALLY_OK; k++) {
			if (r[k].rc == TALLY_OK)
				l->entry[at[k]] = r[k].now;
			else if (r[k].rc == TALLY_NOINPUT ||
			    r[k].now.name.p != NULL)
				l->entry[at[k]].name.n = 0;
		}
	}
	tally_free(r);
	for (i = 0; i < l->n; i++)
		if (l->entry[i].name.n > 0)
			l->entry[kept++] = l->entry[i];
	l->n = kept;
	return rc;
}

static enum tally_rc
sftp_list(struct mailbox *m, const char *folder, struct mailbox_listing *l,
    struct tally_err *err)
{
	struct sftp *s = m->state;
	struct sftp_request q = { .type = SFTP_OPENDIR };
	char path[SFTP_PATH_MAX + 1];
	struct sftp_handle handle;
	struct sftp_reply r;
	enum tally_rc rc, lost;

	rc = sftp_path(path, m, folder, tally_cstr(NULL), err);
	if (rc != TALLY_OK)
		return rc;
	q.path = tally_cstr(path);
	rc = ask(s->client, &q, &r, err);
	if (rc != TALLY_OK)
		return rc;
	if (r.type != SFTP_HANDLE)
		return sftp_trouble(
		    err, m, "open the folder", path, tally_cstr(NULL), &r);
	sftp_handle_copy(&handle, r.data);
	rc = read_folder(m, path, &handle, l, err);
	if (sftp_client_state(s->client, NULL) != TALLY_OK)
		return rc;
	q = (struct sftp_request){ .type = SFTP_CLOSE,
		.handle = sftp_handle_view(&handle) };
	lost = ask(s->client, &q, &r, rc == TALLY_OK ? err : NULL);
	if (rc == TALLY_OK)
		rc = lost;
	return rc == TALLY_OK ? complete(m, folder, l, err) : rc;
}

static void
remove_step(
    struct names *op, size_t i, unsigned step, const struct sftp_reply *r)
{
	struct mailbox_result *res = &op->result[i];

	if (r == NULL) {
		send_step(op, i, step + 1, SFTP_REMOVE, op->folder, op->name[i],
		    NULL, tally_cstr(NULL));
		return;
	}
	res->now.name = op->name[i];
	res->rc = TALLY_OK;
	if (r->status != SFTP_STATUS_OK)
		res->rc = sftp_trouble(
		    &res->err, op->m, "remove", op->folder, op->name[i], r);
}

static enum tally_rc
sftp_remove(struct mailbox *m, const char *folder, const struct tally_str *name,
    size_t n, struct mailbox_result *r, struct tally_err *err)
{
	struct sftp *s = m->state;
	struct names op = { .m = m,
		.client = s->client,
		.folder = folder,
		.name = name,
		.result = r,
		.step = remove_step };

	return run(&op, n, err);
}

enum { RENAME_BEGIN, RENAME_LOOK, RENAME_MOVE, RENAME_AFTER, RENAME_SOURCE };

static void
target_exists(struct names *op, size_t i)
{
	struct mailbox_result *res = &op->result[i];
	char shown[MAILBOX_SHOWN];

	res->rc = tally_err_set(&res->err, TALLY_CREATE,
	    "mailbox %s: %s exists and is not written over; move it away",
	    op->m->settings->name, mailbox_shown(shown, op->rename[i].to));
}

/* Whether a look at a name says, more or less, that it is not there. */
static bool
absent(const struct sftp_reply *r)
{
	return r->type == SFTP_STATUS &&
	    r->status != SFTP_STATUS_PERMISSION_DENIED;
}

/*
 * Looks for the target, renames; a rename that fails is ambiguous (OpenSSH
 * says "failure" for a target that exists), so that afterwards both ends are
 * looked at.
 */
static void
rename_step(
    struct names *op, size_t i, unsigned step, const struct sftp_reply *r)
{
	const struct mailbox_rename *ren = &op->rename[i];
	struct mailbox_result *res = &op->result[i];
	struct tally_err why;
	enum tally_rc rc;

	switch (step) {
	case RENAME_BEGIN:
		res->now.name = ren->to;
		send_step(op, i, RENAME_LOOK, SFTP_LSTAT, ren->to_folder,
		    ren->to, NULL, tally_cstr(NULL));
		return;
	case RENAME_LOOK:
		if (r->type == SFTP_ATTRS)
			target_exists(op, i);
		else if (!absent(r))
			res->rc = sftp_trouble(&res->err, op->m, "stat",
			    ren->to_folder, ren->to, r);
		else
			send_step(op, i, RENAME_MOVE, SFTP_RENAME,
			    ren->from_folder, ren->from, ren->to_folder,
			    ren->to);
		return;
	case RENAME_MOVE:
		res->rc = TALLY_OK;
		if (r->status == SFTP_STATUS_OK)
			return;
		rc = sftp_trouble(
		    &why, op->m, "rename", ren->from_folder, ren->from, r);
		/* Whether the source is gone is found out below. */
		res->rc = rc == TALLY_NOINPUT ? TALLY_IO : rc;
		res->err = why;
		res->err.rc = res->rc;
		send_step(op, i, RENAME_AFTER, SFTP_LSTAT, ren->to_folder,
		    ren->to, NULL, tally_cstr(NULL));
		return;
	case RENAME_AFTER:
		if (r->type == SFTP_ATTRS)
			target_exists(op, i);
		else
			send_step(op, i, RENAME_SOURCE, SFTP_LSTAT,
			    ren->from_folder, ren->from, NULL,
			    tally_cstr(NULL));
		return;
	default:
		if (r->type == SFTP_STATUS &&
		    r->status == SFTP_STATUS_NO_SUCH_FILE)
			res->rc = sftp_trouble(&res->err, op->m, "find",
			    ren->from_folder, ren->from, r);
	}
}

static enum tally_rc
sftp_rename(struct mailbox *m, const struct mailbox_rename *ren, size_t n,
    struct mailbox_result *r, struct tally_err *err)
{
	struct sftp *s = m->state;
	struct names op = { .m = m,
		.client = s->client,
		.rename = ren,
		.result = r,
		.step = rename_step };

	return run(&op, n, err);
}

const struct mailbox_kind mailbox_sftp = {
	.scheme = "sftp",
	.check = sftp_check,
	.open = sftp_open,
	.close = sftp_close,
	.list = sftp_list,
	.get = sftp_get,
	.put = sftp_put,
	.rename = sftp_rename,
	.remove = sftp_remove,
	.stat = sftp_stat,
};
