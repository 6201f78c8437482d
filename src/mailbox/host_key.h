/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What host keys a server shows, for a person to compare with what the
 * partner says.  Nothing is trusted by it, nothing is stored.
 */
#ifndef TALLYMAN_MAILBOX_HOST_KEY_H
#define TALLYMAN_MAILBOX_HOST_KEY_H

#include "mailbox/mailbox.h"

#define HOST_KEYS_MAX 5 /* one of each type that can be pinned */

struct host_key {
	const char *type;
	char fingerprint[64]; /* SHA256:… */
	char line[6000];      /* as it is pinned; "": it could not be read */
	bool pinned;          /* it is one of the settings' */
	bool openssh;         /* only that transport can check it here */
};

struct host_keys {
	char server[300]; /* host:port */
	struct host_key key[HOST_KEYS_MAX];
	size_t n;
};

/* The settings need a url and may have pins; a user may be missing. */
enum tally_rc host_keys_read(struct host_keys *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

#endif
