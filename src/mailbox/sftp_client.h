/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipelined SFTP client: many requests on their way at once, each with the
 * ticket of its sender, one deadline for the next reply.  Operations on whole
 * files are in sftp.c and its kin.
 */
#ifndef TALLYMAN_MAILBOX_SFTP_CLIENT_H
#define TALLYMAN_MAILBOX_SFTP_CLIENT_H

#include "mailbox/link.h"
#include "mailbox/sftp_codec.h"

/* What the sender of a request wants to find again with the reply. */
struct sftp_ticket {
	size_t item;     /* which file */
	unsigned step;   /* which step of its work */
	uint64_t offset; /* READ, WRITE */
	uint32_t length;
};

struct sftp_client;

/*
 * Says INIT, waits for VERSION.  Owns the link from here on, also when it
 * fails.  The settings are borrowed.  At end, by link_now(), the connection is
 * given up, however well it does.
 */
enum tally_rc sftp_client_open(struct sftp_client **, struct link *,
    const struct mailbox_settings *, int64_t end, struct tally_err *)
    TALLY_MUST_USE;
void sftp_client_close(struct sftp_client *);

/* Files that may be open at once, and blocks or names asked for at once; both
 * 1 where there is to be one request at a time. */
unsigned sftp_client_depth(const struct sftp_client *);
unsigned sftp_client_ahead(const struct sftp_client *);
/*
 * Blocks of a file to be asked for at once, ahead at most: those that the line
 * may carry in a round trip to this server, as far as that is known by now.
 */
unsigned sftp_client_blocks(const struct sftp_client *);
/* Whether the server has announced fsync@openssh.com. */
bool sftp_client_fsync(const struct sftp_client *);

/*
 * Whether one more request may go; how many are on their way.  The callers
 * keep to depth and ahead; there is room for some more, so that what begins
 * and ends a file does not wait for blocks.
 */
bool sftp_client_room(const struct sftp_client *);
unsigned sftp_client_pending(const struct sftp_client *);

/* Queues a request; there must be room.  It goes with the next wait. */
void sftp_client_send(struct sftp_client *, const struct sftp_request *,
    const struct sftp_ticket *);

/*
 * The next reply of those that are on their way (at least one must be), in
 * any order; its views live until the next call.  The type is one that
 * answers the request, or STATUS.  TALLY_UNAVAILABLE: the connection is dead,
 * now and for ever.
 */
enum tally_rc sftp_client_next(struct sftp_client *, struct sftp_reply *,
    struct sftp_ticket *, struct tally_err *) TALLY_MUST_USE;

/* The error of a dead connection, or TALLY_OK. */
enum tally_rc sftp_client_state(const struct sftp_client *, struct tally_err *)
    TALLY_MUST_USE;

/* Declares the connection dead: the server does what no server may. */
enum tally_rc sftp_client_fail(struct sftp_client *, struct tally_err *,
    const char *fmt, ...) TALLY_PRINTF(3, 4);

#endif
