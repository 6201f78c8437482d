/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox: where a partner's files are taken from and put to.  One small
 * interface over kinds that are chosen by the URL's scheme: sftp: and dir:.
 *
 * Names are bytes of the other side and never trusted: a kind reports names
 * that hold '/', NUL, control bytes, are "." or "..", or are over 255 bytes,
 * and never opens them.  Everything has a deadline; after one the connection
 * is dead and every call returns TALLY_UNAVAILABLE until it is closed.
 *
 * Many small requests are given at once, so that a kind with a long round
 * trip can have several on their way; results come in any order.
 */
#ifndef TALLYMAN_MAILBOX_H
#define TALLYMAN_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"

/* Where a secret comes from: one of the three, or all null. */
struct mailbox_secret {
	const char *file;       /* that only we may read */
	const char *command;    /* whose first line of output it is */
	const char *credential; /* a name in CREDENTIALS_DIRECTORY */
};

/* What is between us and the server: one of the two, or both null. */
struct mailbox_proxy {
	const char *url;     /* http://user@host:port  socks5://… */
	const char *command; /* its input and output lead to %h, port %p */
	struct mailbox_secret password;
};

/* On the way to a server; which one opening is at when it fails. */
enum mailbox_step {
	MAILBOX_SETTINGS, /* what can be known without the server */
	MAILBOX_LOOK_UP,
	MAILBOX_CONNECT,
	MAILBOX_KEY_EXCHANGE,
	MAILBOX_HOST_KEY,
	MAILBOX_LOGIN,
	MAILBOX_SFTP,
	MAILBOX_PROGRAM /* all of these at once, by the program ssh */
};

/* All that is needed to reach one; strings borrowed until close. */
struct mailbox_settings {
	const char *name; /* for messages */
	const char *url;  /* sftp://user@host:port  dir:/path */
	const char *base; /* folder that relative local paths start from */
	const char *key;  /* private key file, or null */
	struct mailbox_secret passphrase, password;
	struct mailbox_proxy proxy;
	bool agent;                  /* use SSH_AUTH_SOCK */
	const char *const *host_key; /* "ssh-ed25519 AAAA…", "SHA256:…" */
	size_t nhost_key;
	bool legacy;    /* weak algorithms allowed */
	bool openssh;   /* by the program ssh, not the library at hand */
	unsigned depth; /* files open at once, 0: as many as the server lets */
	unsigned connect_ms, login_ms, reply_ms; /* 0: 15 s, 30 s, 60 s */
	unsigned run_ms;         /* from opening to the last reply; 0: 15 min */
	enum mailbox_step *step; /* filled by mailbox_open, or null */
};

struct mailbox_entry {
	struct tally_str name;
	uint64_t size; /* MAILBOX_SIZE_UNKNOWN when the server does not say */
	int64_t mtime; /* seconds since 1970; 0 when it does not say */
};
#define MAILBOX_SIZE_UNKNOWN UINT64_MAX

/* What to do with names that are not fit to be opened. */
struct mailbox_listing {
	struct mailbox_entry *entry; /* sorted by mtime, then name; owned */
	size_t n;
	struct tally_str *refused; /* raw names that were refused; owned */
	size_t nrefused;
	bool truncated;           /* more entries than MAILBOX_ENTRIES_MAX */
	struct tally_arena arena; /* of the names */
};
#define MAILBOX_ENTRIES_MAX 100000
#define MAILBOX_NAME_MAX    255

struct mailbox;

/* What is known to be wrong without connecting, or running a command: the
 * URL, pins, keys, secrets, what the transport cannot do. */
enum tally_rc mailbox_check(const struct mailbox_settings *, struct tally_err *)
    TALLY_MUST_USE;

/*
 * Connects and logs in.  TALLY_UNAVAILABLE: try again later.  TALLY_PERM: the
 * host key is not one that is pinned, or the login was refused; not to be
 * retried in this run.  TALLY_CONFIG: the settings cannot work.
 */
enum tally_rc mailbox_open(struct mailbox **, const struct mailbox_settings *,
    struct tally_err *) TALLY_MUST_USE;
void mailbox_close(struct mailbox *);

/* Only regular files, symbolic links not followed. */
enum tally_rc mailbox_list(struct mailbox *, const char *folder,
    struct mailbox_listing *, struct tally_err *) TALLY_MUST_USE;
void mailbox_listing_free(struct mailbox_listing *);

/* Whether a folder of this machine has a file whose name is wanted.  It is no
 * more than looked at: what cannot be read has none. */
bool mailbox_has(struct mailbox *, const char *folder,
    bool (*wanted)(const void *ctx, struct tally_str name), const void *ctx)
    TALLY_MUST_USE;

/* One result per request; what is not TALLY_OK has a reason. */
struct mailbox_result {
	enum tally_rc rc;         /* NOINPUT: gone; PERM; CREATE: target exists;
	                     TEMP: changed while it was read; … */
	struct mailbox_entry now; /* get: size and mtime after reading */
	struct tally_err err;
};

/*
 * Reads n files to their ends.  data is called with bytes of file i, in
 * order for each file; done once for each.  A sink that fails ends that file
 * only.  A read whose byte count differs from what the server says of the
 * file afterwards, or from entry[i], ends with TALLY_TEMP.  Returns not
 * TALLY_OK only when the connection is lost; files not done by then are not
 * reported.
 */
struct mailbox_sink {
	enum tally_rc (*data)(
	    void *ctx, size_t i, const void *, size_t, struct tally_err *);
	void (*done)(void *ctx, size_t i, const struct mailbox_result *);
	void *ctx;
};
enum tally_rc mailbox_get(struct mailbox *, const char *folder,
    const struct mailbox_entry *entry, size_t n, const struct mailbox_sink *,
    struct tally_err *) TALLY_MUST_USE;

/* Writes bytes under a new name (never over an existing one), synced where
 * the server can, verified by its size.  On trouble removes what it wrote. */
struct mailbox_upload {
	const char *name;
	struct tally_str bytes;
	bool taken; /* it may be gone at once: the other side takes it away */
};
enum tally_rc mailbox_put(struct mailbox *, const char *folder,
    const struct mailbox_upload *, size_t n, struct mailbox_result *,
    struct tally_err *) TALLY_MUST_USE;

/*
 * Renames within the mailbox; a target that exists is TALLY_CREATE, and is
 * never written over.  A local folder is synced before this returns.
 */
struct mailbox_rename {
	const char *from_folder;
	struct tally_str from;
	const char *to_folder;
	struct tally_str to;
};
enum tally_rc mailbox_rename(struct mailbox *, const struct mailbox_rename *,
    size_t n, struct mailbox_result *, struct tally_err *) TALLY_MUST_USE;

enum tally_rc mailbox_remove(struct mailbox *, const char *folder,
    const struct tally_str *name, size_t n, struct mailbox_result *,
    struct tally_err *) TALLY_MUST_USE;

/* Size and time of one file: result NOINPUT when it is not there. */
enum tally_rc mailbox_stat(struct mailbox *, const char *folder,
    const struct tally_str *name, size_t n, struct mailbox_result *,
    struct tally_err *) TALLY_MUST_USE;

/*
 * Waiting for the disk once for many mailboxes.  What is put, renamed or
 * removed while that is deferred need not be on the disk when it is done, where
 * the file system can be synced as a whole; it is there after mailbox_sync,
 * which does that once for all the mailboxes that are given the same synced,
 * zero at first.  It is called behind the last of what it is to cover; where it
 * fails that counts as not done, though it may be there.  For what is on no
 * disk of ours both do nothing.
 */
#define MAILBOX_SYNCED 8
struct mailbox_synced {
	struct {
		uint64_t device;
		int e; /* an errno; 0: it was synced */
	} of[MAILBOX_SYNCED];
	size_t n;
};
void mailbox_defer(struct mailbox *, bool);
enum tally_rc mailbox_sync(struct mailbox *, struct mailbox_synced *,
    struct tally_err *) TALLY_MUST_USE;

/*
 * For programs, before anything else: when libcrypto, in whatever is asked of
 * it, gets no memory, the process ends with that status.  It would follow a
 * null pointer where that happens while it gets ready.
 */
void mailbox_end_without_memory(int status);

/*
 * A kind, one row in the table of mailbox.c.  The methods have the contracts
 * above; mailbox_open checks names and arguments for all of them.
 */
struct mailbox_kind {
	const char *scheme;
	/* May be null: there is nothing to know. */
	enum tally_rc (*check)(
	    const struct mailbox_settings *, struct tally_err *);
	enum tally_rc (*open)(struct mailbox *, struct tally_err *);
	void (*close)(struct mailbox *);
	enum tally_rc (*list)(struct mailbox *, const char *,
	    struct mailbox_listing *, struct tally_err *);
	bool (*has)(struct mailbox *, const char *,
	    bool (*wanted)(const void *, struct tally_str), const void *);
	/* Null: there is no disk to wait for. */
	enum tally_rc (*sync)(
	    struct mailbox *, struct mailbox_synced *, struct tally_err *);
	enum tally_rc (*get)(struct mailbox *, const char *,
	    const struct mailbox_entry *, size_t, const struct mailbox_sink *,
	    struct tally_err *);
	enum tally_rc (*put)(struct mailbox *, const char *,
	    const struct mailbox_upload *, size_t, struct mailbox_result *,
	    struct tally_err *);
	enum tally_rc (*rename)(struct mailbox *, const struct mailbox_rename *,
	    size_t, struct mailbox_result *, struct tally_err *);
	enum tally_rc (*remove)(struct mailbox *, const char *,
	    const struct tally_str *, size_t, struct mailbox_result *,
	    struct tally_err *);
	enum tally_rc (*stat)(struct mailbox *, const char *,
	    const struct tally_str *, size_t, struct mailbox_result *,
	    struct tally_err *);
};

struct mailbox {
	const struct mailbox_kind *kind;
	const struct mailbox_settings *settings;
	void *state;   /* the kind's own */
	bool deferred; /* syncs are */
};

#endif
