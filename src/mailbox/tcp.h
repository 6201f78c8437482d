/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection, made within a time and never blocking afterwards. */
#ifndef TALLYMAN_MAILBOX_TCP_H
#define TALLYMAN_MAILBOX_TCP_H

#include "mailbox/link.h"

/* Tries all addresses of the host.  TALLY_UNAVAILABLE, or *fd is owned. */
enum tally_rc tcp_connect(int *fd, const struct link_target *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

#endif
