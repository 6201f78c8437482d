/* SPDX-License-Identifier: Apache-2.0 */
/* <proxy> of tallyman.xml, and where secrets come from; see site_read.h. */
#include <stdio.h>
#include <string.h>

#include "flow/site_read.h"
#include "mailbox/dial.h"
#include "mailbox/words.h"

/* Null, or what is wrong with a command line. */
static const char *
command_wrong(const char *line, bool proxy)
{
	static const struct link_target any = { .host = "" };
	struct words_value v[DIAL_VALUES];
	char *argv[WORDS_MAX + 1];
	struct tally_arena a;
	const char *wrong;

	dial_values(v, &any);
	tally_arena_init(&a, 1u << 19);
	wrong = words_split(argv, &a, line, v, proxy ? DIAL_VALUES : 0);
	tally_arena_free(&a);
	return wrong;
}

static enum tally_rc
command(struct site_reader *r, const struct tally_xml *x, const char *name,
    bool proxy, const char **out)
{
	enum tally_rc rc = site_read_text(r, x, name, NULL, out);
	const char *wrong;

	if (rc != TALLY_OK || *out == NULL)
		return rc;
	wrong = command_wrong(*out, proxy);
	if (wrong == NULL)
		return TALLY_OK;
	return tally_err_at(r->err, TALLY_CONFIG, r->site->file, x->line,
	    "<%s %s=> cannot be read: %s; write words with blanks between "
	    "them%s, those with blanks in quotes",
	    x->name, name, wrong,
	    proxy ? ", %h for the host, %p for its port" : "");
}

enum tally_rc
site_read_secret(struct site_reader *r, const struct tally_xml *x,
    const char *name, struct mailbox_secret *s)
{
	char attribute[64];
	enum tally_rc rc;

	memset(s, 0, sizeof(*s));
	snprintf(attribute, sizeof(attribute), "%s-file", name);
	rc = site_read_text(r, x, attribute, NULL, &s->file);
	snprintf(attribute, sizeof(attribute), "%s-command", name);
	if (rc == TALLY_OK)
		rc = command(r, x, attribute, false, &s->command);
	snprintf(attribute, sizeof(attribute), "%s-credential", name);
	if (rc == TALLY_OK)
		rc = site_read_text(r, x, attribute, NULL, &s->credential);
	if (rc != TALLY_OK)
		return rc;
	if (s->credential != NULL && strchr(s->credential, '/') != NULL)
		return site_read_wrong(r, x, attribute,
		    "the name of a credential, which has no '/'");
	if ((s->file != NULL) + (s->command != NULL) + (s->credential != NULL) >
	    1)
		return tally_err_at(r->err, TALLY_CONFIG, r->site->file,
		    x->line,
		    "<%s> has more than one of %s-file, %s-command and "
		    "%s-credential; keep one",
		    x->name, name, name, name);
	return TALLY_OK;
}

static enum tally_rc
check_url(
    struct site_reader *r, const struct tally_xml *x, struct mailbox_proxy *p)
{
	struct dial_proxy parsed;
	const char *wrong = dial_proxy_parse(&parsed, p->url);
	bool password = p->password.file != NULL ||
	    p->password.command != NULL || p->password.credential != NULL;

	if (wrong != NULL)
		return site_read_wrong(r, x, "url", wrong);
	if (password == (parsed.at.user[0] != '\0'))
		return TALLY_OK;
	return tally_err_at(r->err, TALLY_CONFIG, r->site->file, x->line,
	    password
		? "<proxy> has a password and no user; write USER@ into url="
		: "<proxy> has a user and no password; add password-file=, "
		  "password-command= or password-credential=");
}

enum tally_rc
site_read_proxy(struct site_reader *r, const struct tally_xml *parent,
    struct mailbox_proxy *p)
{
	const struct tally_xml *x = site_read_named(parent->child, "proxy");
	enum tally_rc rc;

	if (x == NULL)
		return TALLY_OK;
	memset(p, 0, sizeof(*p));
	rc = site_read_text(r, x, "url", NULL, &p->url);
	if (rc == TALLY_OK)
		rc = command(r, x, "command", true, &p->command);
	if (rc == TALLY_OK)
		rc = site_read_secret(r, x, "password", &p->password);
	if (rc != TALLY_OK)
		return rc;
	if ((p->url == NULL) == (p->command == NULL))
		return tally_err_at(r->err, TALLY_CONFIG, r->site->file,
		    x->line,
		    "<proxy> needs one of url= and command=, not both");
	/* For a mailbox that needs none of what the defaults have. */
	if (p->url != NULL && strcmp(p->url, "none") == 0) {
		memset(p, 0, sizeof(*p));
		return TALLY_OK;
	}
	if (p->url != NULL)
		return check_url(r, x, p);
	return p->password.file == NULL && p->password.command == NULL &&
		p->password.credential == NULL
	    ? TALLY_OK
	    : tally_err_at(r->err, TALLY_CONFIG, r->site->file, x->line,
		  "<proxy command=> takes no password; the command must have "
		  "it from elsewhere");
}
