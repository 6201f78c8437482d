/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to servers, by whatever is between; see dial.h. */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "mailbox/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/child.h"
#include "mailbox/kind.h"
#include "mailbox/secret.h"
#include "mailbox/words.h"

#define WORDS_BYTES ((size_t)1 << 19)
#define WORDS_MS    1000 /* for the last words of a command that ends */

void
dial_init(struct dial *d)
{
	*d = (struct dial){ .fd = -1 };
}

const char *
dial_proxy_parse(struct dial_proxy *p, const char *url)
{
	static const char http[] = "http://", socks[] = "socks5://";
	const char *port;
	size_t n;

	memset(p, 0, sizeof(*p));
	if (strncmp(url, http, sizeof(http) - 1) == 0)
		n = sizeof(http) - 1;
	else if (strncmp(url, socks, sizeof(socks) - 1) == 0)
		n = sizeof(socks) - 1;
	else
		return "http://[USER@]HOST:PORT or socks5://[USER@]HOST:PORT";
	p->socks = url[0] == 's';
	port = strrchr(url + n, ':'); /* none is a proxy's own */
	if (port == NULL || strchr(port, ']') != NULL ||
	    !link_target_host(&p->at, url + n) || p->at.path[0] != '\0')
		return "USER@HOST:PORT or HOST:PORT behind the scheme, and"
		       " nothing else";
	if (strchr(p->at.user, ':') != NULL)
		return "no password in it; use password-file,"
		       " password-command or password-credential";
	return NULL;
}

void
dial_values(struct words_value v[DIAL_VALUES], const struct link_target *t)
{
	v[0] = (struct words_value){ 'h', t->host };
	v[1] = (struct words_value){ 'p', t->port };
	v[2] = (struct words_value){ 'r', t->user };
}

struct command {
	struct tally_arena arena;
	char *argv[WORDS_MAX + 1];
	char program[PATH_MAX];
};

static enum tally_rc
parse_command(struct command *c, const struct link_target *t,
    const struct mailbox_settings *s, struct tally_err *err)
{
	struct words_value v[DIAL_VALUES];
	const char *wrong;

	dial_values(v, t);
	wrong =
	    words_split(c->argv, &c->arena, s->proxy.command, v, DIAL_VALUES);
	if (wrong != NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the proxy command cannot be read: %s", s->name,
		    wrong);
	if (child_command(c->program, s->base, c->argv[0]) == NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the proxy command %s cannot be run; give its"
		    " whole path, and check that it is executable",
		    s->name, c->argv[0]);
	return TALLY_OK;
}

/* Its standard error stays ours: nothing else tells why it ended. */
static enum tally_rc
start(struct dial *d, const struct command *c, const struct mailbox_settings *s,
    struct tally_err *err)
{
	struct child_how how = { .program = c->program,
		.argv = c->argv,
		.err = 2,
		.surroundings = true };
	int io[2] = { -1, -1 }, e = 0;

	/* A pair of pipes would not do: libssh2 wants a socket. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, io) != 0)
		e = errno;
	how.in = how.out = io[1];
	if (e == 0)
		e = child_start(&d->pid, &how);
	if (io[1] >= 0)
		close(io[1]);
	d->fd = io[0];
	if (e == 0 && fcntl(d->fd, F_SETFL, O_NONBLOCK) != 0)
		e = errno;
	if (e == 0)
		return TALLY_OK;
	errno = e;
	return tally_err_errno(err, TALLY_TEMP,
	    "mailbox %s: cannot start the proxy command %s", s->name,
	    c->program);
}

static enum tally_rc
by_command(struct dial *d, const struct link_target *t,
    const struct mailbox_settings *s, struct tally_err *err)
{
	struct command *c = tally_alloc(sizeof(*c));
	enum tally_rc rc;

	if (c == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->name);
	tally_arena_init(&c->arena, WORDS_BYTES);
	rc = parse_command(c, t, s, err);
	if (rc == TALLY_OK && d != NULL)
		rc = start(d, c, s, err);
	tally_arena_free(&c->arena);
	tally_free(c);
	return rc;
}

static enum tally_rc
by_proxy(struct dial *d, const struct link_target *t,
    const struct mailbox_settings *s, struct tally_err *err)
{
	struct tcp_limit limit = tcp_limit(s);
	struct dial_proxy p;
	struct tally_err why;
	const char *wrong = dial_proxy_parse(&p, s->proxy.url);
	enum tally_rc rc;

	if (wrong != NULL)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the proxy's URL is wrong; expected %s",
		    s->name, wrong);
	if (d == NULL)
		return TALLY_OK;
	rc = tcp_connect(&d->fd, p.at.host, p.at.port, &limit, s, &why);
	if (rc != TALLY_OK)
		tally_err_set(err, rc, "%s (this is the proxy)", why.text);
	else
		rc = p.socks ? proxy_socks(d->fd, &p, t, &limit, s, err)
			     : proxy_http(d->fd, &p, t, &limit, s, err);
	if (rc != TALLY_OK)
		dial_close(d);
	return rc;
}

enum tally_rc
dial_open(struct dial *d, const struct link_target *t,
    const struct mailbox_settings *s, struct tally_err *err)
{
	struct tcp_limit limit = tcp_limit(s);

	dial_init(d);
	if (s->proxy.command != NULL)
		return by_command(d, t, s, err);
	if (s->proxy.url != NULL)
		return by_proxy(d, t, s, err);
	return tcp_connect(&d->fd, t->host, t->port, &limit, s, err);
}

void
dial_close(struct dial *d)
{
	if (d->fd >= 0)
		close(d->fd);
	if (d->pid > 0)
		child_end(d->pid, SIGKILL);
	dial_init(d);
}

enum tally_rc
dial_check(const struct mailbox_settings *s, struct tally_err *err)
{
	static const struct link_target any = {
		.user = "u", .host = "h", .port = "22"
	};
	enum tally_rc rc = TALLY_OK;

	if (s->proxy.command != NULL)
		rc = by_command(NULL, &any, s, err);
	else if (s->proxy.url != NULL)
		rc = by_proxy(NULL, &any, s, err);
	if (rc == TALLY_OK)
		rc = secret_check(s, "proxy password", &s->proxy.password, err);
	return rc;
}
