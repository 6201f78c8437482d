/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox on an SFTP server: opening, closing, and what the rest of the kind
 * uses.  Folders are listed in sftp_list.c, names looked at, renamed and
 * removed in sftp_names.c, files read in sftp_get.c and written in sftp_put.c.
 */
#include "mailbox/sftp.h"

#include <assert.h>
#include <string.h>

#include "mailbox/kind.h"
#include "mailbox/pins.h"

void
sftp_handle_copy(struct sftp_handle *h, struct tally_str s)
{
	assert(s.n <= sizeof(h->p));
	h->n = s.n;
	if (s.n > 0)
		memcpy(h->p, s.p, s.n);
}

struct sftp_turns
sftp_turns(size_t n, unsigned depth)
{
	return (
	    struct sftp_turns){ .n = n, .slots = depth > 1 ? 2 * depth : 1 };
}

void *
sftp_turn_begin(struct sftp_turns *all, void *entries, size_t size)
{
	struct sftp_turn *t;

	if (all->begun == all->n)
		return NULL;
	for (unsigned i = 0; i < all->slots; i++) {
		t = (struct sftp_turn *)((char *)entries + i * size);
		if (t->busy)
			continue;
		memset(t, 0, size);
		t->busy = true;
		t->item = all->begun++;
		all->busy++;
		return t;
	}
	return NULL;
}

void
sftp_turn_end(struct sftp_turns *all, struct sftp_turn *t)
{
	t->busy = false;
	all->busy--;
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
