/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a server: straight, by a proxy (HTTP CONNECT or SOCKS 5),
 * or by a command whose standard input and output lead there.
 */
#ifndef TALLYMAN_MAILBOX_DIAL_H
#define TALLYMAN_MAILBOX_DIAL_H

#include <sys/types.h>

#include "mailbox/tcp.h"
#include "mailbox/words.h"

struct dial {
	int fd;    /* a socket that does not block; -1: none */
	pid_t pid; /* of the command; 0: none */
};

void dial_init(struct dial *);
/* TALLY_UNAVAILABLE; TALLY_PERM: the proxy refuses us; TALLY_CONFIG. */
enum tally_rc dial_open(struct dial *, const struct link_target *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;
void dial_close(struct dial *);

/* What is wrong with the settings' proxy, as far as is known here. */
enum tally_rc dial_check(const struct mailbox_settings *, struct tally_err *)
    TALLY_MUST_USE;

/* A proxy's URL: http://[user@]host:port or socks5://[user@]host:port.  Null,
 * or what is wrong with it. */
struct dial_proxy {
	bool socks;
	struct link_target at; /* user "": none; no path */
};
const char *dial_proxy_parse(struct dial_proxy *, const char *url);

/* What a command of a proxy may have in it: %h %p %r %%. */
#define DIAL_VALUES 3
void dial_values(struct words_value v[DIAL_VALUES], const struct link_target *);

/* Through a proxy that fd is connected to, to the target. */
enum tally_rc proxy_http(int fd, const struct dial_proxy *,
    const struct link_target *, const struct tcp_limit *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc proxy_socks(int fd, const struct dial_proxy *,
    const struct link_target *, const struct tcp_limit *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

#endif
