/* SPDX-License-Identifier: Apache-2.0 */
/* A walk to a mailbox; see probe.h. */
#include "flow/probe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct probe {
	struct mailbox_settings settings; /* of the mailbox, and a step */
	enum mailbox_step at;
	struct mailbox *mb;
	probe_fn *tell;
	void *ctx;
};

/* In the order of enum mailbox_step. */
static const char *const way[] = { "settings", "look-up", "connect",
	"key exchange", "host key", "login", "sftp", "ssh" };

static void
tell(struct probe *p, const char *name, const char *folder,
    const struct tally_err *err, size_t files)
{
	struct probe_step s = {
		.name = name, .folder = folder, .files = files
	};

	if (err != NULL)
		s.err = *err;
	p->tell(p->ctx, &s);
}

/* A local folder has no way to it. */
static bool
arrive(struct probe *p)
{
	struct tally_err err;
	enum tally_rc rc;

	p->settings.step = &p->at;
	rc = mailbox_open(&p->mb, &p->settings, &err);
	for (unsigned i = MAILBOX_LOOK_UP;
	     !p->settings.openssh && i < (unsigned)p->at; i++)
		tell(p, way[i], NULL, NULL, 0);
	if (rc != TALLY_OK)
		tell(p, way[p->at], NULL, &err, 0);
	else if (p->at != MAILBOX_SETTINGS)
		tell(p, way[p->at], NULL, NULL, 0);
	return rc == TALLY_OK;
}

static bool
list(struct probe *p, const char *folder)
{
	struct mailbox_listing l;
	struct tally_err err;
	enum tally_rc rc = mailbox_list(p->mb, folder, &l, &err);

	tell(p, "list", folder, rc == TALLY_OK ? NULL : &err,
	    rc == TALLY_OK ? l.n : 0);
	if (rc == TALLY_OK)
		mailbox_listing_free(&l);
	return rc == TALLY_OK;
}

/* Tells how a request went; what failed with the connection, too. */
static bool
went_well(struct probe *p, const char *name, const char *folder,
    enum tally_rc rc, const struct tally_err *err,
    const struct mailbox_result *r)
{
	if (rc != TALLY_OK)
		tell(p, name, folder, err, 0);
	else
		tell(p, name, folder, r->rc != TALLY_OK ? &r->err : NULL, 0);
	return rc == TALLY_OK && r->rc == TALLY_OK;
}

/* Puts, renames to another folder or in the same, and removes.  must: putting
 * is agreed on. */
static void
try_writing(struct probe *p, const char *folder, const char *to, bool must)
{
	char name[64], other[64];
	struct mailbox_upload up = { .name = name,
		.bytes = TALLY_STR("tallyman check\n") };
	struct mailbox_rename ren = { folder, { 0 }, to, { 0 } };
	struct tally_str left;
	struct mailbox_result r;
	struct tally_err err;
	enum tally_rc rc;
	bool moved;

	snprintf(
	    name, sizeof(name), ".tallyman-check.%ld.1.tmp", (long)getpid());
	snprintf(
	    other, sizeof(other), ".tallyman-check.%ld.2.tmp", (long)getpid());
	rc = mailbox_put(p->mb, folder, &up, 1, &r, &err);
	if (rc == TALLY_OK && r.rc == TALLY_PERM && !must)
		return;
	if (!went_well(p, "put", folder, rc, &err, &r))
		return;
	ren.from = left = tally_cstr(name);
	ren.to = tally_cstr(other);
	rc = mailbox_rename(p->mb, &ren, 1, &r, &err);
	moved = went_well(p, "rename", to, rc, &err, &r);
	if (moved)
		left = ren.to;
	rc = mailbox_remove(p->mb, moved ? to : folder, &left, 1, &r, &err);
	(void)went_well(p, "remove", moved ? to : folder, rc, &err, &r);
}

void
probe_mailbox(
    const struct site_mailbox *box, bool write, probe_fn *fn, void *ctx)
{
	struct probe p = { .settings = box->settings, .tell = fn, .ctx = ctx };
	const struct site_pull *pull;

	if (!arrive(&p))
		return;
	for (size_t i = 0; i < box->npull; i++) {
		pull = &box->pull[i];
		if (list(&p, pull->from) && write && pull->then != SITE_KEEP)
			try_writing(&p, pull->from,
			    pull->then == SITE_MOVE ? pull->move : pull->from,
			    false);
	}
	if (box->push != NULL && list(&p, box->push->to) && write)
		try_writing(&p, box->push->to, box->push->to, true);
	mailbox_close(p.mb);
}
