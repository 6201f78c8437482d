/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection, made within a time and never blocking afterwards. */
#ifndef TALLYMAN_MAILBOX_TCP_H
#define TALLYMAN_MAILBOX_TCP_H

#include <sys/socket.h>

#include "mailbox/link.h"

/* Some time from now, by link_now(), and what it was made of for messages. */
struct tcp_limit {
	int64_t end;
	unsigned ms;
};
/* The settings' connect_ms, from now on. */
struct tcp_limit tcp_limit(const struct mailbox_settings *);

/* The addresses of a host: those of IPv6 and IPv4, best first. */
#define TCP_ADDRESSES 16
struct tcp_addresses {
	size_t n;
	struct {
		socklen_t n;
		struct sockaddr_storage a;
	} v[TCP_ADDRESSES];
};

/*
 * Looks a name up, by a child process: the resolver knows no limit but its
 * own.  TALLY_UNAVAILABLE when there is none, or the time is over.
 */
enum tally_rc tcp_resolve(struct tcp_addresses *, const char *host,
    const char *port, const struct tcp_limit *, const struct mailbox_settings *,
    struct tally_err *) TALLY_MUST_USE;

/* Tries all addresses of the host.  TALLY_UNAVAILABLE, or *fd is owned. */
enum tally_rc tcp_connect(int *fd, const char *host, const char *port,
    const struct tcp_limit *, const struct mailbox_settings *,
    struct tally_err *) TALLY_MUST_USE;

/* Waits for poll events of a socket; false when the time is over. */
bool tcp_wait(int fd, short events, const struct tcp_limit *);

#endif
