/* SPDX-License-Identifier: Apache-2.0 */
/* <mailbox> of tallyman.xml, with what is in it; see site_read.h. */
#include "flow/site_read.h"

#include <stdio.h>
#include <string.h>

static enum tally_rc
pull(struct site_reader *r, const struct tally_xml *x,
    const struct site_settings *above, struct site_pull *p)
{
	const char *then = tally_xml_get(x, "then");
	struct site_settings s = *above;
	int complete = 0;
	enum tally_rc rc;

	rc = site_read_text(r, x, "from", "", &p->from);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "match", "*", &p->match);
	if (rc == TALLY_OK)
		rc = site_read_settings(r, x, &s);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "complete", site_word_yes, &complete);
	if (rc != TALLY_OK)
		return rc;
	if (strchr(p->match, '/') != NULL)
		return site_read_wrong(
		    r, x, "match", "a name pattern without '/'");
	p->settle_ms = s.settle_s * 1000;
	p->complete = complete;
	p->then = SITE_DELETE;
	if (then == NULL || strcmp(then, "delete") == 0)
		return TALLY_OK;
	if (strcmp(then, "keep") == 0) {
		p->then = SITE_KEEP;
		return TALLY_OK;
	}
	if (strncmp(then, "move:", 5) != 0 || then[5] == '\0')
		return site_read_wrong(
		    r, x, "then", "delete, keep or move:FOLDER");
	if (strcmp(then + 5, p->from) == 0)
		return site_read_wrong(
		    r, x, "then", "another folder than from");
	p->then = SITE_MOVE;
	p->move = tally_arena_cstr(&r->site->arena, tally_cstr(then + 5));
	return p->move != NULL ? TALLY_OK : site_read_no_memory(r);
}

static enum tally_rc
pulls(struct site_reader *r, const struct tally_xml *parent,
    const struct site_settings *above, struct site_mailbox *m)
{
	size_t n = site_read_children(parent, "pull");
	struct site_pull *p = site_read_many(r, n, sizeof(*p));
	const struct tally_xml *x = parent->child;
	enum tally_rc rc;

	if (p == NULL)
		return site_read_no_memory(r);
	m->pull = p;
	m->npull = n;
	for (size_t i = 0; i < n; i++, x = x->next) {
		x = site_read_named(x, "pull");
		rc = pull(r, x, above, &p[i]);
		if (rc != TALLY_OK)
			return rc;
	}
	return TALLY_OK;
}

static const char *const word_upload[3] = { "rename", "direct", "trigger" };

/* How files get their names there. */
static enum tally_rc
upload(struct site_reader *r, const struct tally_xml *x, struct site_push *p)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "._-";
	int how = SITE_UPLOAD_RENAME;
	enum tally_rc rc = site_read_word(r, x, "upload", word_upload, &how);

	p->upload = (enum site_upload)how;
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "temporary", p->to, &p->temporary);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "trigger", ".done", &p->trigger);
	if (rc != TALLY_OK)
		return rc;
	if (p->upload != SITE_UPLOAD_RENAME &&
	    tally_xml_get(x, "temporary") != NULL)
		return site_read_wrong(r, x, "temporary",
		    "upload=\"rename\" with it: nothing else has temporary "
		    "names");
	if (p->upload != SITE_UPLOAD_TRIGGER &&
	    tally_xml_get(x, "trigger") != NULL)
		return site_read_wrong(
		    r, x, "trigger", "upload=\"trigger\" with it");
	if (strlen(p->trigger) > 16 ||
	    strspn(p->trigger, plain) != strlen(p->trigger))
		return site_read_wrong(r, x, "trigger",
		    "1 to 16 letters, digits, '.', '-' or '_'");
	return TALLY_OK;
}

/* Each pair of an id of ours and one of theirs has numbers of its own. */
static const char *
usual_pattern(const struct site_reader *r, const struct site_partner *p)
{
	static const char *const pattern[2][2] = {
		{ "{set}-{partner}-{control}.edi",
		    "{set}-{qualifier}-{id}-{control}.edi" },
		{ "{set}-{self}-{partner}-{control}.edi",
		    "{set}-{self}-{qualifier}-{id}-{control}.edi" }
	};

	return pattern[r->site->nself != 1][p->any || p->nid > 1];
}

static enum tally_rc
push(struct site_reader *r, const struct tally_xml *parent,
    struct site_mailbox *m)
{
	const struct tally_xml *x = site_read_named(parent->child, "push");
	struct site_push *p;
	const char *why;
	enum tally_rc rc;

	if (x == NULL)
		return TALLY_OK;
	p = site_read_many(r, 1, sizeof(*p));
	if (p == NULL)
		return site_read_no_memory(r);
	m->push = p;
	rc = site_read_text(r, x, "to", "", &p->to);
	if (rc == TALLY_OK)
		rc = upload(r, x, p);
	if (rc == TALLY_OK)
		rc = site_read_text(
		    r, x, "name", usual_pattern(r, m->partner), &p->name);
	if (rc != TALLY_OK)
		return rc;
	why = site_pattern_wrong(p->name, r->site, m->partner);
	return why == NULL ? TALLY_OK : site_read_wrong(r, x, "name", why);
}

static enum tally_rc
host_keys(struct site_reader *r, const struct tally_xml *parent,
    struct mailbox_settings *s)
{
	size_t n = site_read_children(parent, "host-key");
	const char **key = site_read_many(r, n, sizeof(*key));
	const struct tally_xml *x = parent->child;

	if (key == NULL)
		return site_read_no_memory(r);
	s->host_key = key;
	s->nhost_key = n;
	for (size_t i = 0; i < n; i++, x = x->next) {
		x = site_read_named(x, "host-key");
		if (*x->text == '\0')
			return tally_err_at(r->err, TALLY_CONFIG, r->site->file,
			    x->line,
			    "<host-key> is empty; expected the server's key, "
			    "\"ssh-ed25519 AAAA...\" or \"SHA256:...\"");
		key[i] = tally_arena_cstr(&r->site->arena, tally_cstr(x->text));
		if (key[i] == NULL)
			return site_read_no_memory(r);
	}
	return TALLY_OK;
}

static bool
pinned_by_fingerprint(const struct mailbox_settings *s)
{
	for (size_t i = 0; i < s->nhost_key; i++)
		if (strncmp(s->host_key[i], "SHA256:", 7) == 0)
			return true;
	return false;
}

static bool
is_given(const struct mailbox_secret *s)
{
	return s->file != NULL || s->command != NULL || s->credential != NULL;
}

/* What must be there, and must not, for the kind of URL. */
static enum tally_rc
mailbox_fits(struct site_reader *r, const struct tally_xml *x,
    const struct mailbox_settings *s)
{
	const char *what = NULL;

	if (strncmp(s->url, "dir:", 4) == 0) {
		if (s->url[4] == '\0')
			return site_read_wrong(r, x, "url", "dir:FOLDER");
		if (s->key != NULL || is_given(&s->password) ||
		    is_given(&s->passphrase) || s->agent || s->nhost_key > 0 ||
		    s->openssh)
			what = "is a local folder; drop its keys, agent, "
			       "password, transport and host-key";
	} else if (strncmp(s->url, "sftp://", 7) != 0) {
		return site_read_wrong(r, x, "url",
		    "sftp://USER@HOST[:PORT] or "
		    "dir:FOLDER");
	} else if (s->nhost_key == 0) {
		what = "has no <host-key>; 'tallyman host-key URL' shows the "
		       "server's keys: add the one that the partner confirms";
	} else if (s->key == NULL && !is_given(&s->password) && !s->agent) {
		what = "has nothing to log in with; add key=, password-file= "
		       "or agent=\"yes\"";
	} else if (s->openssh &&
	    (is_given(&s->password) || is_given(&s->passphrase))) {
		what = "has transport=\"openssh\", which takes no password and "
		       "no passphrase; log in by a key without one, or by an "
		       "agent";
	} else if (s->openssh && s->proxy.url != NULL) {
		what = "has transport=\"openssh\", which takes no HTTP or "
		       "SOCKS proxy; give <proxy command=> instead";
	} else if (s->openssh && pinned_by_fingerprint(s)) {
		what = "has transport=\"openssh\", which cannot compare "
		       "fingerprints; write the whole key into <host-key>";
	}
	if (what == NULL)
		return TALLY_OK;
	return tally_err_at(r->err, TALLY_CONFIG, r->site->file, x->line,
	    "<mailbox url=\"%.80s\"> %s", s->url, what);
}

static const char *const word_transport[3] = { "builtin", "openssh", NULL };

static enum tally_rc
access_to(struct site_reader *r, const struct tally_xml *x,
    const struct site_settings *above, struct mailbox_settings *s)
{
	struct site_settings own = *above;
	int agent = 0, legacy = 0, openssh = 0;
	enum tally_rc rc;

	rc = site_read_text(r, x, "url", "", &s->url);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, "key", NULL, &s->key);
	if (rc == TALLY_OK)
		rc = site_read_secret(r, x, "passphrase", &s->passphrase);
	if (rc == TALLY_OK)
		rc = site_read_secret(r, x, "password", &s->password);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "agent", site_word_yes, &agent);
	if (rc == TALLY_OK)
		rc = site_read_word(r, x, "legacy", site_word_yes, &legacy);
	if (rc == TALLY_OK)
		rc =
		    site_read_word(r, x, "transport", word_transport, &openssh);
	if (rc == TALLY_OK)
		rc = site_read_settings(r, x, &own);
	if (rc == TALLY_OK)
		rc = site_read_proxy(r, x, &own.proxy);
	if (rc == TALLY_OK)
		rc = host_keys(r, x, s);
	if (strncmp(s->url, "dir:", 4) != 0)
		s->proxy = own.proxy;
	s->agent = agent;
	s->legacy = legacy;
	s->openssh = openssh;
	s->depth = (unsigned)own.depth;
	s->connect_ms = (unsigned)own.connect_s * 1000;
	s->login_ms = (unsigned)own.login_s * 1000;
	s->reply_ms = (unsigned)own.reply_s * 1000;
	/* A folder of this machine is as slow as it is. */
	if (strncmp(s->url, "dir:", 4) != 0)
		s->run_ms = (unsigned)own.run_s * 1000;
	return rc != TALLY_OK ? rc : mailbox_fits(r, x, s);
}

enum tally_rc
site_read_mailbox(struct site_reader *r, const struct tally_xml *x,
    const struct site_settings *above, const struct site_partner *p, size_t nth)
{
	struct site_mailbox *m = r->mailbox;
	char own[SITE_NAME_MAX + 24];
	uint32_t *at;
	enum tally_rc rc;

	m->partner = p;
	m->line = x->line;
	snprintf(
	    own, sizeof(own), nth == 0 ? "%s" : "%s-%zu", p->name, nth + 1);
	rc = site_read_text(r, x, "name", NULL, &m->name);
	if (rc == TALLY_OK && m->name != NULL)
		rc = site_read_name_fits(r, x, m->name);
	if (rc != TALLY_OK)
		return rc;
	if (m->name == NULL)
		m->name = tally_arena_cstr(&r->site->arena, tally_cstr(own));
	if (m->name == NULL)
		return site_read_no_memory(r);
	at = site_name_at(&r->site->mailboxes, m->name);
	if (*at != 0)
		return tally_err_at(r->err, TALLY_CONFIG, r->site->file,
		    x->line,
		    "there are two mailboxes with the name \"%s\"; give this "
		    "one another name=",
		    m->name);
	m->settings.name = m->name;
	m->settings.base = r->site->dir;
	rc = access_to(r, x, above, &m->settings);
	if (rc == TALLY_OK)
		rc = pulls(r, x, above, m);
	if (rc == TALLY_OK)
		rc = push(r, x, m);
	r->mailbox++;
	*at = (uint32_t)++r->site->nmailbox;
	return rc;
}
