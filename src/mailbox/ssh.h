/* SPDX-License-Identifier: Apache-2.0 */
/* What ssh.c and ssh_*.c share; only they name libssh2. */
#ifndef TALLYMAN_MAILBOX_SSH_H
#define TALLYMAN_MAILBOX_SSH_H

#include <libssh2.h>

#include "mailbox/dial.h"
#include "mailbox/key.h"
#include "mailbox/link.h"
#include "mailbox/secret.h"

#define SSH_BLOCK    ((size_t)32768)
#define SSH_RSA_SHA2 0x010b00 /* the first version with RSA by SHA-2 */

enum ssh_stuck { SSH_FREE, SSH_SENDING, SSH_RECEIVING };

struct ssh {
	struct link link; /* first: a link is the beginning of an ssh */
	const struct mailbox_settings *set;
	struct dial dial;
	bool begun; /* libssh2_init was called */
	bool in;    /* logged in: what libssh2 frees needs no wiping */
	LIBSSH2_SESSION *session;
	LIBSSH2_CHANNEL *channel;
	size_t ration;           /* bytes that libssh2 may read yet */
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

/* libssh2's allocator: what it frees before the login is over is wiped. */
void *ssh_alloc(size_t, void **ctx);

/* Offers host keys of these types, and all else that the settings allow. */
enum tally_rc ssh_offer(struct ssh *, const char *types, struct tally_err *)
    TALLY_MUST_USE;

/* Why no keys could be exchanged: asks the server for its lists, for libssh2
 * keeps them to itself.  The session is over. */
enum tally_rc ssh_no_common(
    struct ssh *, const struct link_target *, struct tally_err *);

/* An error of libssh2 as a sentence that says what to do. */
enum tally_rc ssh_trouble(
    struct ssh *, int rc, const char *doing, struct tally_err *);

/* The same without a session: any code, known or not. */
#define SSH_SENTENCE 400
enum tally_rc ssh_sentence(char out[SSH_SENTENCE], int code, const char *doing);

/* What is needed to log in, read before anybody is connected to. */
struct ssh_secrets {
	struct secret *key, *passphrase, *password; /* owned; null: not given */
	enum key_kind kind;
};
enum tally_rc ssh_secrets_read(struct ssh_secrets *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;
void ssh_secrets_free(struct ssh_secrets *);

/* Logs in by what there is: key, agent, password. */
enum tally_rc ssh_login(struct ssh *, const char *user,
    const struct ssh_secrets *, struct tally_err *) TALLY_MUST_USE;

/* Whether a login can work, as far as is known here; runs no command. */
enum tally_rc ssh_login_check(
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

/* Whether the transport of the settings can use such a key. */
enum tally_rc ssh_key_fits(const struct mailbox_settings *,
    const struct key_look *, struct tally_err *) TALLY_MUST_USE;

#endif
