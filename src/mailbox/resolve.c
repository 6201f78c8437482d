/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking up a host's name within a time; see tcp.h.
 *
 * Addresses that are written as such need no resolver.  Else a child does
 * it, which is killed when the time is over: it inherits everything and
 * touches nothing but the resolver and its end of a pipe.
 */
#define _GNU_SOURCE /* pipe2 */
#include "mailbox/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "mailbox/child.h"
#include "mailbox/kind.h"

/* What the child says: its trouble, or addresses.  Fits into a pipe. */
struct answer {
	int rc; /* of getaddrinfo */
	int e;  /* errno, for EAI_SYSTEM */
	struct tcp_addresses found;
};

static void
ask(struct answer *a, const char *host, const char *port, int flags)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = flags };
	struct addrinfo *list = NULL;

	memset(a, 0, sizeof(*a));
	a->rc = getaddrinfo(host, port, &hints, &list);
	a->e = errno;
	if (a->rc != 0)
		return;
	for (struct addrinfo *i = list; i != NULL; i = i->ai_next) {
		if (a->found.n == TCP_ADDRESSES ||
		    i->ai_addrlen > sizeof(a->found.v[0].a))
			continue;
		memcpy(&a->found.v[a->found.n].a, i->ai_addr, i->ai_addrlen);
		a->found.v[a->found.n++].n = i->ai_addrlen;
	}
	freeaddrinfo(list);
	if (a->found.n == 0)
		a->rc = EAI_NONAME;
}

/* In the child. */
static void
look_up(int to, const char *host, const char *port)
{
	struct answer a;

	ask(&a, host, port, 0);
	_exit(tally_write_all(to, &a, sizeof(a)) ? 0 : 1);
}

/* All of it; false when it ends before, or the time is over. */
static bool
hear(int from, struct answer *a, const struct tcp_limit *limit)
{
	char *p = (char *)a;
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(*a)) {
		if (!tcp_wait(from, POLLIN, limit))
			return false;
		got = read(from, p + n, sizeof(*a) - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	return true;
}

static enum tally_rc
by_child(struct answer *a, const char *host, const char *port,
    const struct tcp_limit *limit, const struct mailbox_settings *s,
    struct tally_err *err)
{
	int to[2];
	bool heard;
	pid_t pid;

	if (pipe2(to, O_CLOEXEC) != 0)
		return tally_err_errno(
		    err, TALLY_TEMP, "mailbox %s: cannot make a pipe", s->name);
	pid = fork();
	if (pid == 0)
		look_up(to[1], host, port);
	close(to[1]);
	if (pid < 0) {
		close(to[0]);
		return tally_err_errno(err, TALLY_TEMP,
		    "mailbox %s: cannot start a process", s->name);
	}
	heard = hear(to[0], a, limit);
	close(to[0]);
	child_end(pid, SIGKILL);
	if (heard)
		return TALLY_OK;
	return tally_err_set(err, TALLY_UNAVAILABLE,
	    "mailbox %s: the address of host %s was not found within %u ms;"
	    " see that the name servers of this machine answer (getent hosts"
	    " %s)",
	    s->name, host, limit->ms, host);
}

enum tally_rc
tcp_resolve(struct tcp_addresses *out, const char *host, const char *port,
    const struct tcp_limit *limit, const struct mailbox_settings *s,
    struct tally_err *err)
{
	struct answer a;
	enum tally_rc rc;

	ask(&a, host, port, AI_NUMERICHOST | AI_NUMERICSERV);
	if (a.rc != 0) {
		rc = by_child(&a, host, port, limit, s, err);
		if (rc != TALLY_OK)
			return rc;
	}
	if (a.rc != 0)
		return tally_err_set(err, TALLY_UNAVAILABLE,
		    "mailbox %s: the address of host %s is not found: %s",
		    s->name, host,
		    a.rc == EAI_SYSTEM ? strerror(a.e) : gai_strerror(a.rc));
	*out = a.found;
	return TALLY_OK;
}
