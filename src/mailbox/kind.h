/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kinds of mailbox share: which names are fit to be opened, how a
 * listing is gathered within its limits, how names are shown in messages.
 * Only files of mailbox/ include this.
 */
#ifndef TALLYMAN_MAILBOX_KIND_H
#define TALLYMAN_MAILBOX_KIND_H

#include "mailbox/mailbox.h"

extern const struct mailbox_kind mailbox_directory;
extern const struct mailbox_kind mailbox_sftp;

#define MAILBOX_CONNECT_MS  15000
#define MAILBOX_LOGIN_MS    30000
#define MAILBOX_REPLY_MS    60000
#define MAILBOX_RUN_MS      900000
#define MAILBOX_DEPTH       64
#define MAILBOX_DEPTH_MAX   64   /* OpenSSH's sftp has as many on their way */
#define MAILBOX_AHEAD       4    /* blocks asked for, for each of depth */
#define MAILBOX_REFUSED_MAX 1000 /* refused names kept of one listing */
#define MAILBOX_SHOWN       512  /* bytes of a name in a message */

/* One plain component of a path, of at most MAILBOX_NAME_MAX bytes. */
bool mailbox_name_ok(struct tally_str);

/* A name or path of the other side, made safe and short for a message. */
const char *mailbox_shown(char out[MAILBOX_SHOWN], struct tally_str);

/*
 * Adds one entry that is a regular file to a listing, or to the names that
 * were refused.  False when the listing is full (then truncated is set) or
 * there is no memory (then *err is filled and *rc set).
 */
struct mailbox_gather {
	struct mailbox_listing *to;
	size_t seen; /* entries of any kind, a bound on endless listings */
	size_t cap, refused_cap;
};
void mailbox_gather_init(struct mailbox_gather *, struct mailbox_listing *);
enum tally_rc mailbox_gather_file(struct mailbox_gather *, struct tally_str,
    uint64_t size, int64_t mtime, struct tally_err *) TALLY_MUST_USE;
/* Counts an entry; false when there are too many, and truncated is set. */
bool mailbox_gather_more(struct mailbox_gather *) TALLY_MUST_USE;

#endif
