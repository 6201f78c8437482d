/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a proxy for a connection: HTTP CONNECT (RFC 9110, section 9.3.6) and
 * SOCKS 5 (RFC 1928, RFC 1929).  Both hand the server's name on: it is the
 * proxy that looks it up.
 *
 * Answers are read byte by byte, or by their length: what follows them is the
 * server's, and must stay in the socket.
 */
#define _GNU_SOURCE /* explicit_bzero */
#include "mailbox/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "mailbox/kind.h"
#include "mailbox/pins.h"
#include "mailbox/secret.h"

#define ANSWER_MAX 8192 /* of an HTTP proxy, headers included */
#define REQUEST    2048

struct talk {
	int fd;
	const struct dial_proxy *p;
	const struct tcp_limit *limit;
	const struct mailbox_settings *s;
};

static enum tally_rc
lost(const struct talk *t, const char *how, struct tally_err *err)
{
	return tally_err_set(err, TALLY_UNAVAILABLE,
	    "mailbox %s: the proxy %s port %s %s; see that it is a %s proxy"
	    " and well",
	    t->s->name, t->p->at.host, t->p->at.port, how,
	    t->p->socks ? "SOCKS 5" : "HTTP");
}

static enum tally_rc
say(const struct talk *t, const void *p, size_t n, struct tally_err *err)
{
	const char *at = p;
	ssize_t done;

	while (n > 0) {
		done = send(t->fd, at, n, MSG_NOSIGNAL);
		if (done < 0 && errno == EAGAIN &&
		    !tcp_wait(t->fd, POLLOUT, t->limit))
			return lost(t, "takes nothing in time", err);
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return lost(t, "closed the connection", err);
		at += done > 0 ? done : 0;
		n -= done > 0 ? (size_t)done : 0;
	}
	return TALLY_OK;
}

static enum tally_rc
hear(const struct talk *t, void *p, size_t n, struct tally_err *err)
{
	char *at = p;
	ssize_t got;

	while (n > 0) {
		got = recv(t->fd, at, n, 0);
		if (got < 0 && errno == EAGAIN &&
		    !tcp_wait(t->fd, POLLIN, t->limit))
			return lost(t, "does not answer in time", err);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return lost(t, "closed the connection", err);
		at += got > 0 ? got : 0;
		n -= got > 0 ? (size_t)got : 0;
	}
	return TALLY_OK;
}

static enum tally_rc
refused(const struct talk *t, enum tally_rc rc, const char *why,
    struct tally_err *err)
{
	return tally_err_set(err, rc,
	    "mailbox %s: the proxy %s port %s does not let us through: %s",
	    t->s->name, t->p->at.host, t->p->at.port, why);
}

static enum tally_rc
login_refused(const struct talk *t, struct tally_err *err)
{
	return refused(t, TALLY_PERM,
	    t->p->at.user[0] == '\0'
		? "it wants a user; write user@ into its URL and give"
		  " password-file"
		: "user or password is wrong",
	    err);
}

static enum tally_rc
add_authorization(struct tally_buf *b, const struct dial_proxy *p,
    const struct mailbox_settings *s, struct tally_err *err)
{
	struct secret *pass = NULL;
	struct tally_buf pair;
	enum tally_rc rc;

	if (p->at.user[0] == '\0')
		return TALLY_OK;
	rc = secret_line(&pass, s, "proxy password", &s->proxy.password, err);
	if (rc != TALLY_OK)
		return rc;
	tally_buf_init(&pair, REQUEST / 2);
	tally_buf_puts(&pair, p->at.user);
	tally_buf_putc(&pair, ':');
	if (pass != NULL)
		tally_buf_add(&pair, pass->p, pass->n);
	tally_buf_puts(b, "Proxy-Authorization: Basic ");
	pins_encode(b, pair.p, pair.n);
	tally_buf_puts(b, "\r\n");
	b->failed = b->failed || pair.failed;
	if (pair.p != NULL)
		explicit_bzero(pair.p, pair.cap);
	tally_buf_free(&pair);
	secret_free(pass);
	return TALLY_OK;
}

/* Its first line, up to the empty one; text of what it says. */
static enum tally_rc
hear_http(const struct talk *t, char line[200], struct tally_err *err)
{
	size_t n = 0, column = 0;
	bool first = true;
	enum tally_rc rc;
	char c;

	for (size_t i = 0; i < ANSWER_MAX; i++) {
		rc = hear(t, &c, 1, err);
		if (rc != TALLY_OK)
			return rc;
		if (c == '\n') {
			if (!first && column == 0)
				return TALLY_OK;
			first = false;
			column = 0;
		} else if (c != '\r') {
			column++;
			if (first && n < 199)
				line[n++] = c;
			line[n] = '\0';
		}
	}
	return lost(t, "answers with more than it may", err);
}

static enum tally_rc
judge_http(const struct talk *t, const char *line, struct tally_err *err)
{
	char shown[MAILBOX_SHOWN];
	int status = 0;

	if (strncmp(line, "HTTP/1.", 7) != 0 || line[7] == '\0' ||
	    sscanf(line + 8, " %3d", &status) != 1)
		return lost(t, "does not speak HTTP", err);
	if (status >= 200 && status < 300)
		return TALLY_OK;
	if (status == 407)
		return login_refused(t, err);
	return refused(t,
	    status == 403 || status == 405 ? TALLY_PERM : TALLY_UNAVAILABLE,
	    mailbox_shown(shown, tally_cstr(line)), err);
}

enum tally_rc
proxy_http(int fd, const struct dial_proxy *p, const struct link_target *to,
    const struct tcp_limit *limit, const struct mailbox_settings *s,
    struct tally_err *err)
{
	struct talk t = { fd, p, limit, s };
	bool v6 = strchr(to->host, ':') != NULL;
	struct tally_buf b;
	char line[200] = "";
	enum tally_rc rc;

	tally_buf_init(&b, REQUEST);
	for (int i = 0; i < 2; i++)
		tally_buf_printf(&b, "%s%s%s%s:%s%s\r\n",
		    i == 0 ? "CONNECT " : "Host: ", v6 ? "[" : "", to->host,
		    v6 ? "]" : "", to->port, i == 0 ? " HTTP/1.1" : "");
	rc = add_authorization(&b, p, s, err);
	tally_buf_puts(&b, "\r\n");
	if (rc == TALLY_OK && b.failed)
		rc = tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: user and password of the proxy are too long",
		    s->name);
	if (rc == TALLY_OK)
		rc = say(&t, b.p, b.n, err);
	if (b.p != NULL)
		explicit_bzero(b.p, b.cap);
	tally_buf_free(&b);
	if (rc == TALLY_OK)
		rc = hear_http(&t, line, err);
	return rc == TALLY_OK ? judge_http(&t, line, err) : rc;
}

/* RFC 1929: user and password, each with its length before it. */
static enum tally_rc
socks_login(const struct talk *t, struct tally_err *err)
{
	struct secret *pass = NULL;
	unsigned char q[3 + 255 + 255], answer[2];
	size_t user_n = strlen(t->p->at.user), n = 0;
	enum tally_rc rc = secret_line(
	    &pass, t->s, "proxy password", &t->s->proxy.password, err);

	if (rc == TALLY_OK && (pass == NULL || pass->n > 255))
		rc = tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the SOCKS proxy wants a password of 1 to 255"
		    " bytes; give password-file",
		    t->s->name);
	if (rc != TALLY_OK)
		goto out;
	q[n++] = 1;
	q[n++] = (unsigned char)user_n; /* a target's user fits */
	memcpy(q + n, t->p->at.user, user_n);
	n += user_n;
	q[n++] = (unsigned char)pass->n;
	memcpy(q + n, pass->p, pass->n);
	n += pass->n;
	rc = say(t, q, n, err);
	explicit_bzero(q, sizeof(q));
	if (rc == TALLY_OK)
		rc = hear(t, answer, sizeof(answer), err);
	if (rc == TALLY_OK && answer[1] != 0)
		rc = login_refused(t, err);
out:
	secret_free(pass);
	return rc;
}

static enum tally_rc
socks_greet(const struct talk *t, struct tally_err *err)
{
	bool user = t->p->at.user[0] != '\0';
	unsigned char hello[4] = { 5, 1, 0, 2 }, answer[2];
	enum tally_rc rc;

	hello[1] = user ? 2 : 1;
	rc = say(t, hello, user ? 4 : 3, err);
	if (rc == TALLY_OK)
		rc = hear(t, answer, sizeof(answer), err);
	if (rc != TALLY_OK)
		return rc;
	if (answer[0] != 5)
		return lost(t, "does not speak SOCKS 5", err);
	if (answer[1] == 0)
		return TALLY_OK;
	if (answer[1] == 2 && user)
		return socks_login(t, err);
	return answer[1] == 0xff ? login_refused(t, err)
				 : lost(t, "wants another login", err);
}

/* What its answer says, by the number of RFC 1928. */
static enum tally_rc
socks_refused(const struct talk *t, unsigned code, struct tally_err *err)
{
	static const struct {
		const char *words;
		enum tally_rc rc;
	} why[] = {
		{ "it failed", TALLY_UNAVAILABLE },
		{ "its rules forbid it; ask whoever runs it to allow the"
		  " server",
		    TALLY_PERM },
		{ "it cannot reach the server's network", TALLY_UNAVAILABLE },
		{ "it cannot reach the server, or does not find its name",
		    TALLY_UNAVAILABLE },
		{ "the server refuses connections", TALLY_UNAVAILABLE },
		{ "the connection took too long", TALLY_UNAVAILABLE },
		{ "it does not connect, only other things", TALLY_CONFIG },
		{ "it does not know such an address", TALLY_CONFIG },
	};

	if (code > sizeof(why) / sizeof(why[0]))
		return lost(t, "answers what is not of SOCKS 5", err);
	return refused(t, why[code - 1].rc, why[code - 1].words, err);
}

static enum tally_rc
socks_answer(const struct talk *t, struct tally_err *err)
{
	unsigned char head[4], rest[255 + 2], n;
	enum tally_rc rc = hear(t, head, sizeof(head), err);

	if (rc != TALLY_OK)
		return rc;
	if (head[0] != 5)
		return lost(t, "does not speak SOCKS 5", err);
	if (head[1] != 0)
		return socks_refused(t, head[1], err);
	switch (head[3]) {
	case 1:
		n = 4;
		break;
	case 3:
		rc = hear(t, &n, 1, err);
		break;
	case 4:
		n = 16;
		break;
	default:
		return lost(t, "answers what is not of SOCKS 5", err);
	}
	return rc == TALLY_OK ? hear(t, rest, (size_t)n + 2, err) : rc;
}

/* The server's address as it is, or its name. */
static size_t
socks_address(unsigned char *q, const char *host)
{
	size_t n = strlen(host);

	if (inet_pton(AF_INET, host, q + 1) == 1) {
		q[0] = 1;
		return 5;
	}
	if (inet_pton(AF_INET6, host, q + 1) == 1) {
		q[0] = 4;
		return 17;
	}
	q[0] = 3;
	q[1] = (unsigned char)n; /* a target's host fits */
	memcpy(q + 2, host, n);
	return 2 + n;
}

enum tally_rc
proxy_socks(int fd, const struct dial_proxy *p, const struct link_target *to,
    const struct tcp_limit *limit, const struct mailbox_settings *s,
    struct tally_err *err)
{
	struct talk t = { fd, p, limit, s };
	unsigned char q[3 + 2 + 255 + 2] = { 5, 1, 0 };
	unsigned port = 0;
	size_t n = 3;
	enum tally_rc rc = socks_greet(&t, err);

	if (rc != TALLY_OK)
		return rc;
	n += socks_address(q + n, to->host);
	for (const char *d = to->port; *d != '\0'; d++)
		port = port * 10 + (unsigned)(*d - '0');
	q[n++] = (unsigned char)(port >> 8);
	q[n++] = (unsigned char)port;
	rc = say(&t, q, n, err);
	return rc == TALLY_OK ? socks_answer(&t, err) : rc;
}
