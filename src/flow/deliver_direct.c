/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivering to partners whose servers rename nothing: a file is written
 * under its final name, and where a trigger is agreed on, an empty file
 * follows that says it is whole.
 *
 *   queued                  commit, before a byte is sent
 *   uploaded, as the name   write the file; commit
 *   uploaded, as trigger    write the trigger; commit       (trigger only)
 *   sent
 *
 * What is in the column temporary is the name that is being made.  A row
 * found uploaded when a run begins:
 *
 *   name is there, whole    written before the death: on with it
 *   name is there, cut      ours, for it was committed before: remove, write
 *   name is not there       with a trigger nobody takes it before: write.
 *                           Without: nobody can tell whether it was taken;
 *                           it is written again, because a partner knows an
 *                           acknowledgement that comes twice by its number,
 *                           but misses one that never comes
 *   trigger is there        sent
 *   trigger is not there    the name is: write it; is not: taken, so sent
 */
#include <stdio.h>
#include <string.h>

#include "flow/deliver.h"

enum { DO_WRITE, DO_TRIGGER, DO_NOTHING };

static bool
has_trigger(const struct deliver_group *g)
{
	return g->box->push->upload == SITE_UPLOAD_TRIGGER;
}

/* Makes the trigger's name the one that is being made; false when it is too
 * long. */
static bool
name_trigger(const struct deliver_group *g, struct deliver_parcel *p)
{
	const char *behind = g->box->push->trigger;
	size_t n = strlen(p->name), more = strlen(behind);

	if (n + more >= sizeof(p->temporary))
		return false;
	memcpy(p->temporary, p->name, n);
	memcpy(p->temporary + n, behind, more + 1);
	return true;
}

/* Whether the trigger was being written when the earlier run died. */
static bool
at_trigger(const struct deliver_group *g, const struct deliver_parcel *p)
{
	return has_trigger(g) && strcmp(p->temporary, p->name) != 0;
}

static enum tally_rc
one_stat(struct deliver_group *g, const char *name, struct mailbox_result *r,
    struct tally_err *err)
{
	struct tally_str view = tally_cstr(name);

	return mailbox_stat(g->mb, g->box->push->to, &view, 1, r, err);
}

static enum tally_rc
note_sent(struct deliver_group *g, struct deliver_parcel *p, const char *how,
    const char *reason, struct tally_err *err)
{
	p->todo = DO_NOTHING;
	deliver_tell_sent(g, p, how);
	return deliver_state(g, p, "sent", NULL, reason, 0, err);
}

/* What is to be done about a row that an earlier run began. */
static enum tally_rc
resume(struct deliver_group *g, struct deliver_parcel *p, bool triggered,
    bool *down, struct tally_err *err)
{
	struct mailbox_result file, trigger, gone;
	struct tally_str name = tally_cstr(p->name);
	enum tally_rc rc;

	*down = true;
	rc = one_stat(g, p->name, &file, err);
	if (rc == TALLY_OK && triggered)
		rc = one_stat(g, p->temporary, &trigger, err);
	if (rc == TALLY_OK && file.rc == TALLY_OK && !triggered &&
	    file.now.size != p->bytes.n) {
		rc = mailbox_remove(
		    g->mb, g->box->push->to, &name, 1, &gone, err);
		file.rc = TALLY_NOINPUT;
	}
	if (rc != TALLY_OK)
		return rc;
	*down = false;
	if (file.rc != TALLY_OK && file.rc != TALLY_NOINPUT) {
		p->todo = DO_NOTHING;
		return deliver_leave(
		    g, p, "begun in", "it cannot be looked up", &file);
	}
	if (triggered && (trigger.rc == TALLY_OK || file.rc != TALLY_OK))
		return note_sent(g, p, ", as its trigger tells",
		    "inferred: the trigger was written", err);
	if (file.rc != TALLY_OK)
		p->todo = DO_WRITE;
	else if (has_trigger(g))
		p->todo = DO_TRIGGER;
	else
		return note_sent(g, p, ", whole before the last run ended",
		    "inferred: the file is there, whole", err);
	return TALLY_OK;
}

static enum tally_rc
note_begun(struct deliver_group *g, size_t i, struct tally_err *err)
{
	struct deliver_parcel *p = &g->p[g->which[i]];

	return deliver_state(g, p, "uploaded", p->name, NULL, 0, err);
}

static enum tally_rc
note_written(struct deliver_group *g, size_t i, struct tally_err *err)
{
	struct deliver_parcel *p = &g->p[g->which[i]];

	if (g->result[i].rc != TALLY_OK) {
		p->todo = DO_NOTHING;
		return deliver_put_off(g, p, &g->result[i].err, err);
	}
	if (!has_trigger(g))
		return note_sent(g, p, "", NULL, err);
	p->todo = DO_TRIGGER;
	(void)name_trigger(g, p); /* it fits: see begin */
	return deliver_state(g, p, "uploaded", p->temporary, NULL, 0, err);
}

static enum tally_rc
note_triggered(struct deliver_group *g, size_t i, struct tally_err *err)
{
	struct deliver_parcel *p = &g->p[g->which[i]];

	if (g->result[i].rc == TALLY_OK || g->result[i].rc == TALLY_CREATE)
		return note_sent(g, p, "", NULL, err);
	return deliver_put_off(g, p, &g->result[i].err, err);
}

/* Files that were there before: the same answer, sent and asked for again;
 * or none of ours. */
static enum tally_rc
settle(struct deliver_group *g, size_t n, struct tally_err *err)
{
	struct mailbox_result is;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < n && rc == TALLY_OK; i++) {
		struct deliver_parcel *p = &g->p[g->which[i]];

		if (g->result[i].rc != TALLY_CREATE)
			continue;
		rc = one_stat(g, p->name, &is, err);
		if (rc == TALLY_OK && is.rc == TALLY_OK &&
		    is.now.size == p->bytes.n)
			g->result[i].rc = TALLY_OK;
		else
			tally_err_set(&g->result[i].err, TALLY_CREATE,
			    "the name is taken by another file there; the "
			    "pattern in <push name> must make unique names");
	}
	return rc;
}

/* Lists the requests of a kind. */
static size_t
gather(struct deliver_group *g, int todo)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct deliver_parcel *p = &g->p[i];

		if (p->todo != todo)
			continue;
		g->upload[n] = todo == DO_WRITE
		    ? (struct mailbox_upload){ p->name, p->bytes,
			      !has_trigger(g) }
		    : (struct mailbox_upload){ p->temporary, TALLY_STR(""),
			      true };
		g->which[n++] = i;
	}
	return n;
}

/* Calls one for each of n requests, all in one transaction; none for 0. */
static enum tally_rc
commit(struct deliver_group *g, size_t n,
    enum tally_rc (*one)(struct deliver_group *, size_t i, struct tally_err *),
    struct tally_err *err)
{
	struct store *st = g->f->store;
	enum tally_rc rc;

	if (n == 0)
		return TALLY_OK;
	rc = store_begin(st, err);
	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		rc = one(g, i, err);
	return store_settle(st, rc, err);
}

static enum tally_rc
write_files(struct deliver_group *g, bool *down, struct tally_err *err)
{
	size_t n = gather(g, DO_WRITE);
	enum tally_rc rc = commit(g, n, note_begun, err);

	if (rc != TALLY_OK || n == 0)
		return rc;
	*down = true;
	rc = mailbox_put(g->mb, g->box->push->to, g->upload, n, g->result, err);
	if (rc == TALLY_OK)
		rc = settle(g, n, err);
	if (rc != TALLY_OK)
		return rc;
	*down = false;
	return commit(g, n, note_written, err);
}

static enum tally_rc
write_triggers(struct deliver_group *g, bool *down, struct tally_err *err)
{
	size_t n = gather(g, DO_TRIGGER);
	enum tally_rc rc;

	if (n == 0)
		return TALLY_OK;
	*down = true;
	rc = mailbox_put(g->mb, g->box->push->to, g->upload, n, g->result, err);
	if (rc != TALLY_OK)
		return rc;
	*down = false;
	return commit(g, n, note_triggered, err);
}

static enum tally_rc
begin(struct deliver_group *g, struct deliver_parcel *p, bool *down,
    struct tally_err *err)
{
	bool triggered = p->uploaded && at_trigger(g, p);
	struct tally_err why;

	p->todo = DO_WRITE;
	if (has_trigger(g) && !name_trigger(g, p)) {
		p->todo = DO_NOTHING;
		tally_err_set(&why, TALLY_CONFIG,
		    "its trigger's name is longer than 255 bytes; shorten "
		    "<push name> or trigger");
		return deliver_put_off(g, p, &why, err);
	}
	if (!p->uploaded)
		return TALLY_OK;
	return resume(g, p, triggered, down, err);
}

enum tally_rc
deliver_direct(struct deliver_group *g, bool *down, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < g->n && rc == TALLY_OK; i++) {
		struct deliver_parcel *p = &g->p[i];

		rc = store_begin(g->f->store, err);
		if (rc == TALLY_OK)
			rc = begin(g, p, down, err);
		rc = store_settle(g->f->store, rc, err);
	}
	if (rc == TALLY_OK)
		rc = write_files(g, down, err);
	if (rc == TALLY_OK)
		rc = write_triggers(g, down, err);
	return rc;
}
