/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The health of mailboxes, within a run and across runs; see flow.h.
 *
 * A run tries a mailbox that cannot be reached up to four times.  The first
 * five runs that fail are followed at once by the next one; then the mailbox
 * is tried every quarter of an hour, and after some hours of that hourly.
 * One that refuses us, or is not who it should be, is tried once in a run and
 * hourly from the first time on: servers lock out who knocks too often.  But
 * when the configuration or a secret has changed, the next run tries it.
 *
 * That one is well is written down when it was not, and once a quarter of an
 * hour: a run with nothing to do waits for no disk.
 */
#include "flow/flow.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MINUTE  60000
#define PATIENT 5  /* failed runs before runs leave it out */
#define RARE    13 /* two hours of quarters later */
#define LONGEST (60 * MINUTE)
#define QUARTER (15 * MINUTE)

/* Whether a file was written, replaced, or given other rights since then. */
static bool
changed(const struct flow *f, const char *name, int64_t since)
{
	char path[PATH_MAX];
	struct stat sb;
	int n;

	if (name == NULL)
		return false;
	n = snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : f->dir,
	    name[0] == '/' ? "" : "/", name);
	return n > 0 && (size_t)n < sizeof(path) && stat(path, &sb) == 0 &&
	    (int64_t)sb.st_ctim.tv_sec * 1000 + sb.st_ctim.tv_nsec / 1000000 >
	    since;
}

/* Whether earlier runs have put it off, and nothing was done about that.  A
 * time that is further away than any comes of a clock that was set back. */
static bool
is_put_off(const struct flow *f, size_t i, const struct store_mailbox *m)
{
	const struct mailbox_settings *s = &f->site->mailbox[i].settings;
	int64_t now = flow_clock_now(&f->clock), since = m->next_try - LONGEST;

	return m->next_try > now && since <= now &&
	    !changed(f, SITE_FILE, since) && !changed(f, s->key, since) &&
	    !changed(f, s->password.file, since) &&
	    !changed(f, s->passphrase.file, since) &&
	    !changed(f, s->proxy.password.file, since);
}

enum tally_rc
flow_box_ready(struct flow *f, size_t i, bool *ready, struct tally_err *err)
{
	const char *name = f->site->mailbox[i].name;
	struct store_mailbox m;
	char at[32];
	enum tally_rc rc;

	*ready = !f->box[i].skip;
	if (f->box[i].skip || f->round > 0)
		return TALLY_OK;
	rc = store_mailbox_get(f->store, name, &m, err);
	f->box[i].ill = m.failures > 0;
	if (rc != TALLY_OK || !is_put_off(f, i, &m))
		return rc;
	flow_clock_iso(m.next_try, at);
	log_line(&f->log, LOG_EVENT, "mailbox", tally_cstr(name),
	    "left out until %s after %u failed runs", at, m.failures);
	f->box[i].skip = true;
	*ready = false;
	f->count[FLOW_MAILBOXES_DOWN]++;
	flow_worse(f, TALLY_UNAVAILABLE);
	return TALLY_OK;
}

/* Folders of this machine have no limit: nobody can make them slow. */
static bool
is_spent(const struct flow *f, size_t i)
{
	unsigned limit = f->site->mailbox[i].settings.run_ms;

	return limit != 0 && f->box[i].spent_ms >= limit;
}

enum tally_rc
flow_box_connect(
    struct flow *f, size_t i, struct mailbox **mb, struct tally_err *err)
{
	struct flow_box *b = &f->box[i];
	enum tally_rc rc;

	*mb = NULL;
	if (b->connected > 0) {
		rc = mailbox_open(mb, &b->settings, err);
		b->connected += rc == TALLY_OK;
		return rc;
	}
	if (is_spent(f, i))
		return tally_err_set(err, TALLY_UNAVAILABLE,
		    "mailbox %s: the time that a run may take with it "
		    "(run-timeout) is over",
		    f->site->mailbox[i].name);
	b->settings = f->site->mailbox[i].settings;
	if (b->settings.run_ms != 0)
		b->settings.run_ms -= (unsigned)b->spent_ms;
	b->since = flow_clock_steady();
	rc = mailbox_open(mb, &b->settings, err);
	b->refused = rc == TALLY_PERM;
	b->connected = rc == TALLY_OK;
	return rc;
}

void
flow_box_disconnect(struct flow *f, size_t i, struct mailbox *mb)
{
	struct flow_box *b = &f->box[i];

	mailbox_close(mb);
	if (mb != NULL && --b->connected > 0)
		return;
	if (b->since != 0)
		b->spent_ms += (uint64_t)(flow_clock_steady() - b->since);
	b->since = 0;
}

void
flow_box_failed(struct flow *f, size_t i, const struct tally_err *why)
{
	struct flow_box *b = &f->box[i];

	b->why = *why;
	b->failed = true;
	if (why->rc == TALLY_UNAVAILABLE && !is_spent(f, i)) {
		b->waiting = true;
		log_line(&f->log, LOG_EVENT, NULL, TALLY_STR(""),
		    "%s; tried again later in this run", why->text);
		return;
	}
	b->skip = true;
}

/* That it is, and of late; not in a future that comes of another clock. */
static bool
is_known_well(const struct store_mailbox *m, int64_t now)
{
	return m->failures == 0 && m->next_try == 0 && m->reason[0] == '\0' &&
	    m->last_ok <= now && now - m->last_ok < QUARTER;
}

enum tally_rc
flow_box_well(struct flow *f, size_t i, struct tally_err *err)
{
	int64_t now = flow_clock_now(&f->clock);
	struct store_mailbox m;
	enum tally_rc rc;

	/* What another stage met meanwhile stands. */
	if (f->box[i].skip)
		return TALLY_OK;
	f->box[i].failed = false;
	rc = store_mailbox_get(f->store, f->site->mailbox[i].name, &m, err);
	if (rc != TALLY_OK || is_known_well(&m, now))
		return rc;
	m.failures = 0;
	m.next_try = 0;
	m.last_ok = now;
	m.reason[0] = '\0';
	return store_mailbox_put(f->store, &m, err);
}

static enum tally_rc
note_down(struct flow *f, size_t i, struct tally_err *err)
{
	const struct flow_box *b = &f->box[i];
	const char *name = f->site->mailbox[i].name;
	int64_t now = flow_clock_now(&f->clock);
	struct store_mailbox m;
	enum tally_rc rc;

	/* What a mailbox says of itself begins with its name. */
	log_trouble(&f->log, NULL, TALLY_STR(""), &b->why);
	f->count[FLOW_MAILBOXES_DOWN]++;
	flow_worse(f, b->why.rc);
	rc = store_mailbox_get(f->store, name, &m, err);
	if (rc != TALLY_OK)
		return rc;
	m.failures++;
	m.next_try = b->refused || m.failures >= RARE ? now + LONGEST
	    : m.failures >= PATIENT                   ? now + QUARTER
						      : 0;
	snprintf(m.reason, sizeof(m.reason), "%.500s", b->why.text);
	return store_mailbox_put(f->store, &m, err);
}

enum tally_rc
flow_box_close(struct flow *f, struct tally_err *err)
{
	enum tally_rc rc = store_begin(f->store, err);

	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < f->site->nmailbox && rc == TALLY_OK; i++)
		if (f->box[i].failed)
			rc = note_down(f, i, err);
	return store_settle(f->store, rc, err);
}
