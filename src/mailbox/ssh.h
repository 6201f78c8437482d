/* SPDX-License-Identifier: Apache-2.0 */
/* What ssh.c and ssh_login.c share; only they name libssh2. */
#ifndef TALLYMAN_MAILBOX_SSH_H
#define TALLYMAN_MAILBOX_SSH_H

#include <libssh2.h>

#include "mailbox/link.h"

#define SSH_BLOCK    ((size_t)32768)
#define SSH_RSA_SHA2 0x010b00 /* the first version with RSA by SHA-2 */

enum ssh_stuck { SSH_FREE, SSH_SENDING, SSH_RECEIVING };

struct ssh {
	struct link link; /* first: a link is the beginning of an ssh */
	const struct mailbox_settings *set;
	int fd;
	bool begun; /* libssh2_init was called */
	LIBSSH2_SESSION *session;
	LIBSSH2_CHANNEL *channel;
	int64_t deadline;        /* of the step that is going on */
	unsigned limit_ms;       /* what it was made of, for messages */
	struct tally_str secret; /* for keyboard-interactive */
	char offered[4][512];    /* key exchange, host key, cipher, mac */
	/*
	 * A call of libssh2 that stopped in the middle of a packet must be
	 * repeated before any other: stuck says which one, block holds what
	 * was being sent.
	 */
	enum ssh_stuck stuck;
	size_t block_at, block_n;
	char block[SSH_BLOCK];
};

/*
 * do rc = libssh2_...(); while (ssh_again(s, rc)): waits, if rc says so and
 * there is time left.
 */
bool ssh_again(struct ssh *, int rc);

/* An error of libssh2 as a sentence that says what to do. */
enum tally_rc ssh_trouble(
    struct ssh *, int rc, const char *doing, struct tally_err *);

/* Logs in by what the settings have: key, agent, password. */
enum tally_rc ssh_login(struct ssh *, const char *user, struct tally_err *)
    TALLY_MUST_USE;

/* Refuses key and password files that others may read; before connecting. */
enum tally_rc ssh_login_check(
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

#endif
