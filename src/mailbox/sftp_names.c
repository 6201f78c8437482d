/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to names over SFTP, many at once: per item a few requests, one
 * after the other.  step() looks at the reply to the step before (null at the
 * beginning) and either sends the next request or sets the result.
 *
 * Renaming: version 3 does not say what happens to a target that exists.
 * OpenSSH refuses, servers built on Go write over it.  So the target is
 * looked for first, and posix-rename, which writes over, is never used.
 */
#include "mailbox/sftp.h"

#include "mailbox/kind.h"

struct names;
typedef void step_fn(
    struct names *, size_t i, unsigned step, const struct sftp_reply *);

struct names {
	struct mailbox *m;
	struct sftp_client *client;
	const char *folder;
	const struct tally_str *name;
	const struct mailbox_rename *rename;
	struct mailbox_result *result;
	step_fn *step;
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

/* Names of one folder. */
static enum tally_rc
each_of(struct mailbox *m, const char *folder, const struct tally_str *name,
    size_t n, struct mailbox_result *r, step_fn *step, struct tally_err *err)
{
	struct sftp *s = m->state;
	struct names op = { .m = m,
		.client = s->client,
		.folder = folder,
		.name = name,
		.result = r,
		.step = step };

	return run(&op, n, err);
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

enum tally_rc
sftp_stat(struct mailbox *m, const char *folder, const struct tally_str *name,
    size_t n, struct mailbox_result *r, struct tally_err *err)
{
	return each_of(m, folder, name, n, r, stat_step, err);
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

enum tally_rc
sftp_remove(struct mailbox *m, const char *folder, const struct tally_str *name,
    size_t n, struct mailbox_result *r, struct tally_err *err)
{
	return each_of(m, folder, name, n, r, remove_step, err);
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

enum tally_rc
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
