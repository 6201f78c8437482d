/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting, over IPv6 or IPv4, with one deadline for all addresses: each
 * gets its share of what is left.  Looking up the name is the resolver's and
 * bounded by its own settings only.
 *
 * Without TCP_NODELAY small requests wait for acknowledgements, and a third
 * of the speed is lost.  A peer that is gone is noticed by the kernel
 * (SO_KEEPALIVE, TCP_USER_TIMEOUT) besides our own deadlines.
 */
#define _GNU_SOURCE /* TCP_USER_TIMEOUT */
#include "mailbox/tcp.h"

#include <errno.h>
#include <netdb.h>
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

/* Waits for a connection under way; 0 or an errno. */
static int
finish(int fd, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(int);
	int64_t left;
	int e, rc;

	for (;;) {
		left = end - link_now();
		if (left <= 0)
			return ETIMEDOUT;
		rc = poll(&p, 1, left < 1000 ? (int)left : 1000);
		if (rc < 0 && errno != EINTR)
			return errno;
		if (rc > 0)
			break;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) != 0)
		return errno;
	return e;
}

/* A connected socket, or -1 and errno. */
static int
try_address(const struct addrinfo *a, int64_t end)
{
	int fd = socket(a->ai_family,
	    a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	int e = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0)
		e = errno == EINPROGRESS || errno == EINTR ? finish(fd, end)
							   : errno;
	if (e == 0)
		return fd;
	close(fd);
	errno = e;
	return -1;
}

enum tally_rc
tcp_connect(int *out, const struct link_target *t,
    const struct mailbox_settings *s, struct tally_err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *a;
	unsigned ms = s->connect_ms != 0 ? s->connect_ms : MAILBOX_CONNECT_MS;
	int64_t end, now, n = 0;
	int rc, fd = -1;

	rc = getaddrinfo(t->host, t->port, &hints, &list);
	if (rc != 0)
		return tally_err_set(err, TALLY_UNAVAILABLE,
		    "mailbox %s: the address of host %s is not found: %s",
		    s->name, t->host,
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	for (a = list; a != NULL; a = a->ai_next)
		n++;
	end = link_now() + ms;
	errno = ETIMEDOUT;
	for (a = list; a != NULL && fd < 0; a = a->ai_next) {
		now = link_now();
		fd = try_address(a, now + (end - now) / n--);
	}
	if (fd < 0)
		rc = errno;
	freeaddrinfo(list);
	if (fd < 0) {
		errno = rc;
		return tally_err_errno(err, TALLY_UNAVAILABLE,
		    "mailbox %s: cannot connect to %s port %s within %u ms",
		    s->name, t->host, t->port, ms);
	}
	set_options(fd, s->reply_ms != 0 ? s->reply_ms : MAILBOX_REPLY_MS);
	*out = fd;
	return TALLY_OK;
}
