/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte stream to an SFTP server, never blocking but in wait().  The client
 * (sftp_client.c) knows only this; implementations: a channel of libssh2
 * (ssh.c), a child process ssh (openssh.c).
 */
#ifndef TALLYMAN_MAILBOX_LINK_H
#define TALLYMAN_MAILBOX_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "mailbox/mailbox.h"

enum link_io {
	LINK_DONE,  /* *done bytes went, at least one */
	LINK_AGAIN, /* nothing now: wait() */
	LINK_END,   /* the other side has closed the stream */
	LINK_BROKEN /* with a reason in *err, that names the mailbox */
};

struct link;
struct link_methods {
	enum link_io (*send)(struct link *, const void *, size_t, size_t *done,
	    struct tally_err *);
	enum link_io (*recv)(
	    struct link *, void *, size_t, size_t *done, struct tally_err *);
	/* Until something may be received, or sent if sending; at most ms. */
	void (*wait)(struct link *, bool sending, int ms);
	/* Polite only when all went well: else the stream is cut at once. */
	void (*close)(struct link *, bool polite);
};
struct link {
	const struct link_methods *methods;
	/* Not 0: the login goes on until the first bytes come, for so long. */
	unsigned login_ms;
};

/* Where an sftp: URL leads. */
struct link_target {
	char user[256], host[256], port[8];
	char path[1024]; /* folder that others start from; "" the login's */
};
/* [user@]host[:port][/folder] alone; false when it is not like that. */
bool link_target_host(struct link_target *, const char *text);
enum tally_rc link_target_parse(struct link_target *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

/* What is known to be wrong before a link is opened; opening relies on it. */
struct pins;
enum tally_rc link_check_ssh(const struct mailbox_settings *,
    const struct pins *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc link_check_openssh(const struct mailbox_settings *,
    const struct pins *, struct tally_err *) TALLY_MUST_USE;

/* Connects, checks the host's key, logs in, starts the subsystem. */
enum tally_rc link_open_ssh(struct link **, const struct link_target *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

/*
 * The key that a server shows when it is asked for one of these types, and
 * nothing more: no login, no trust.  *n: room, then its bytes.
 */
enum tally_rc link_host_key(unsigned char *key, size_t *n,
    const struct link_target *, const struct mailbox_settings *,
    const char *types, struct tally_err *) TALLY_MUST_USE;

/* Whether the library can check a key of a type without SHA-1. */
bool link_checks_host_key(const char *type);

/*
 * What link_open_ssh does, by the program ssh of OpenSSH.  It returns at once:
 * a login that fails is told by the first send or recv that is LINK_BROKEN,
 * with its rc.
 */
enum tally_rc link_open_openssh(struct link **, const struct link_target *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

/* Notes the step that opening is at now, for who asked. */
void link_at(const struct mailbox_settings *, enum mailbox_step);

/* Milliseconds of the monotonic clock. */
int64_t link_now(void);

#endif
