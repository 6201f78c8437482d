/* SPDX-License-Identifier: Apache-2.0 */
/* Listing a folder over SFTP, with several requests on their way. */
#include "mailbox/sftp.h"

#include <assert.h>
#include <string.h>

#include "mailbox/kind.h"

#define READDIRS 8  /* on their way at once; more gained nothing */
#define STATS    64 /* files whose size is asked for in one go */

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
 * Some servers' listings come without sizes or times; those are asked for.
 * A file that is gone by then, or turns out to be none, leaves the listing.
 */
static enum tally_rc
complete(struct mailbox *m, const char *folder, struct mailbox_listing *l,
    struct tally_err *err)
{
	struct mailbox_result *r = NULL;
	struct tally_str name[STATS];
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
		rc = sftp_stat(m, folder, name, n, r, err);
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

enum tally_rc
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
