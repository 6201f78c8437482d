/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting, over IPv6 or IPv4, with one deadline for all addresses: each
 * gets its share of what is left.
 *
 * Without TCP_NODELAY small requests wait for acknowledgements, and a third
 * of the speed is lost.  A peer that is gone is noticed by the kernel
 * (SO_KEEPALIVE, TCP_USER_TIMEOUT) besides our own deadlines.
 */
#define _GNU_SOURCE /* TCP_USER_TIMEOUT */
#include "mailbox/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mailbox/kind.h"

static void
set_options(int fd, unsigned reply_ms)
{
	int on = 1;

	/* None of these is needed for correctness. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
#ifdef TCP_USER_TIMEOUT
	(void)setsockopt(
	    fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &reply_ms, sizeof(reply_ms));
#else
	(void)reply_ms;
#endif
}

struct tcp_limit
tcp_limit(const struct mailbox_settings *s)
{
	unsigned ms = s->connect_ms != 0 ? s->connect_ms : MAILBOX_CONNECT_MS;

	return (struct tcp_limit){ link_now() + ms, ms };
}

bool
tcp_wait(int fd, short events, const struct tcp_limit *limit)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;

	for (;;) {
		left = limit->end - link_now();
		if (left <= 0)
			return false;
		if (poll(&p, 1, left < 1000 ? (int)left : 1000) > 0)
			return true;
	}
}

/* Waits for a connection under way; 0 or an errno. */
static int
finish(int fd, int64_t end)
{
	socklen_t n = sizeof(int);
	int e;

	if (!tcp_wait(fd, POLLOUT, &(struct tcp_limit){ end, 0 }))
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) != 0)
		return errno;
	return e;
}

/* A connected socket, or -1 and errno. */
static int
try_address(const struct tcp_addresses *a, size_t i, int64_t end)
{
	const struct sockaddr *to = (const struct sockaddr *)&a->v[i].a;
	int fd = socket(
	    to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int e = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, to, a->v[i].n) != 0)
		e = errno == EINPROGRESS || errno == EINTR ? finish(fd, end)
							   : errno;
	if (e == 0)
		return fd;
	close(fd);
	errno = e;
	return -1;
}

enum tally_rc
tcp_connect(int *out, const char *host, const char *port,
    const struct tcp_limit *limit, const struct mailbox_settings *s,
    struct tally_err *err)
{
	struct tcp_addresses a;
	enum tally_rc rc = tcp_resolve(&a, host, port, limit, s, err);
	int64_t now;
	int fd = -1;

	if (rc != TALLY_OK)
		return rc;
	link_at(s, MAILBOX_CONNECT);
	errno = ETIMEDOUT;
	for (size_t i = 0; i < a.n && fd < 0; i++) {
		now = link_now();
		fd = try_address(
		    &a, i, now + (limit->end - now) / (int64_t)(a.n - i));
	}
	if (fd < 0)
		return tally_err_errno(err, TALLY_UNAVAILABLE,
		    "mailbox %s: cannot connect to %s port %s within %u ms",
		    s->name, host, port, limit->ms);
	set_options(fd, s->reply_ms != 0 ? s->reply_ms : MAILBOX_REPLY_MS);
	*out = fd;
	return TALLY_OK;
}
