/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SFTP kind share: sftp.c and sftp_*.c. */
#ifndef TALLYMAN_MAILBOX_SFTP_H
#define TALLYMAN_MAILBOX_SFTP_H

#include "mailbox/sftp_client.h"

struct sftp {
	struct sftp_client *client; /* owned */
	struct link_target target;
	unsigned files; /* that may be open at once; some servers say: 1 */
};

/* A handle, copied out of its reply. */
struct sftp_handle {
	size_t n;
	char p[SFTP_HANDLE_MAX];
};
static inline struct tally_str
sftp_handle_view(const struct sftp_handle *h)
{
	return tally_str(h->p, h->n);
}
void sftp_handle_copy(struct sftp_handle *, struct tally_str);

/*
 * The items of a call, of which several are in hand at a time, each in an entry
 * of the caller's array that begins with a turn.
 */
struct sftp_turn {
	bool busy;
	size_t item; /* index */
};
struct sftp_turns {
	size_t n, begun;
	unsigned slots, busy; /* entries */
};
/* For n items and that many requests on their way. */
struct sftp_turns sftp_turns(size_t n, unsigned depth);
/* An entry that was free, all zero but its turn, which is that of the next
 * item; null: there is none.  Entries have that size. */
void *sftp_turn_begin(struct sftp_turns *, void *entries, size_t size);
void sftp_turn_end(struct sftp_turns *, struct sftp_turn *);

/* The path of a name in a folder; of the folder when the name is empty. */
enum tally_rc sftp_path(char out[SFTP_PATH_MAX + 1], struct mailbox *,
    const char *folder, struct tally_str name, struct tally_err *)
    TALLY_MUST_USE;

/* A status that is not OK, as an error about a name in a folder. */
enum tally_rc sftp_trouble(struct tally_err *, struct mailbox *,
    const char *what, const char *folder, struct tally_str name,
    const struct sftp_reply *);

/*
 * Whether an OPEN may have failed only because others are open, so that it is
 * to be tried again, alone.  Some servers say so, then files is 1 from here
 * on; others have a limit, and no other word for it than "failure".
 */
bool sftp_crowded(struct sftp *, const struct sftp_reply *);

/* The methods of the kind that are not in sftp.c. */
enum tally_rc sftp_list(struct mailbox *, const char *folder,
    struct mailbox_listing *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc sftp_stat(struct mailbox *, const char *folder,
    const struct tally_str *, size_t, struct mailbox_result *,
    struct tally_err *) TALLY_MUST_USE;
enum tally_rc sftp_remove(struct mailbox *, const char *folder,
    const struct tally_str *, size_t, struct mailbox_result *,
    struct tally_err *) TALLY_MUST_USE;
enum tally_rc sftp_rename(struct mailbox *, const struct mailbox_rename *,
    size_t, struct mailbox_result *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc sftp_get(struct mailbox *, const char *folder,
    const struct mailbox_entry *, size_t, const struct mailbox_sink *,
    struct tally_err *) TALLY_MUST_USE;
enum tally_rc sftp_put(struct mailbox *, const char *folder,
    const struct mailbox_upload *, size_t, struct mailbox_result *,
    struct tally_err *) TALLY_MUST_USE;

#endif
