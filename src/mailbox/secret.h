/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets: read from files that nobody else may read, from what a command
 * says, or from the credentials that systemd hands over; wiped when freed; and
 * never part of a message.
 */
#ifndef TALLYMAN_MAILBOX_SECRET_H
#define TALLYMAN_MAILBOX_SECRET_H

#include "mailbox/mailbox.h"

#define SECRET_MAX ((size_t)65536) /* the longest key files have 13 KiB */

struct secret {
	size_t n;
	char p[SECRET_MAX]; /* with a NUL behind it: libssh2 looks for that */
};

bool secret_given(const struct mailbox_secret *);

/*
 * A whole file, relative to the settings' base; or the first line of what is
 * given (*out is null when nothing is).  what: "password", for messages.
 * TALLY_PERM: others may read it; TALLY_CONFIG: it cannot be had.
 */
enum tally_rc secret_file(struct secret **out, const struct mailbox_settings *,
    const char *what, const char *path, struct tally_err *) TALLY_MUST_USE;
enum tally_rc secret_line(struct secret **out, const struct mailbox_settings *,
    const char *what, const struct mailbox_secret *, struct tally_err *)
    TALLY_MUST_USE;

/* Whether secret_line can work, as far as is known without a command. */
enum tally_rc secret_check(const struct mailbox_settings *, const char *what,
    const struct mailbox_secret *, struct tally_err *) TALLY_MUST_USE;

/* Wipes it.  Accepts null. */
void secret_free(struct secret *);

#endif
