/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of the SSH file transfer protocol, version 3
 * (draft-ietf-secsh-filexfer-02): requests to bytes and bytes to replies.
 *
 * Pure functions of bytes: no input or output, no state, no clock.  What a
 * server sends is hostile until decoded here: every length is checked against
 * the packet, and a reply that decodes has nothing left to fail.
 */
#ifndef TALLYMAN_MAILBOX_SFTP_CODEC_H
#define TALLYMAN_MAILBOX_SFTP_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"

/* Limits on what a server may send, and why. */
#define SFTP_PACKET_MAX ((uint32_t)256 * 1024) /* OpenSSH's own */
#define SFTP_PATH_MAX   4096  /* Linux's PATH_MAX; no file system has more */
#define SFTP_HANDLE_MAX 256   /* the protocol's */
#define SFTP_BLOCK      32768 /* of READ and WRITE: all servers take it */

enum sftp_type {
	SFTP_INIT = 1,
	SFTP_VERSION = 2,
	SFTP_OPEN = 3,
	SFTP_CLOSE = 4,
	SFTP_READ = 5,
	SFTP_WRITE = 6,
	SFTP_LSTAT = 7,
	SFTP_FSTAT = 8,
	SFTP_OPENDIR = 11,
	SFTP_READDIR = 12,
	SFTP_REMOVE = 13,
	SFTP_RENAME = 18,
	SFTP_STATUS = 101,
	SFTP_HANDLE = 102,
	SFTP_DATA = 103,
	SFTP_NAME = 104,
	SFTP_ATTRS = 105,
	SFTP_EXTENDED = 200
};

enum sftp_status {
	SFTP_STATUS_OK = 0,
	SFTP_STATUS_EOF = 1,
	SFTP_STATUS_NO_SUCH_FILE = 2,
	SFTP_STATUS_PERMISSION_DENIED = 3,
	SFTP_STATUS_FAILURE = 4,
	SFTP_STATUS_UNSUPPORTED = 8,
	SFTP_STATUS_EXISTS = 11 /* of later versions; some send it in 3 */
};

/* Flags of OPEN. */
#define SFTP_FLAG_READ  0x01u
#define SFTP_FLAG_WRITE 0x02u
#define SFTP_FLAG_CREAT 0x08u
#define SFTP_FLAG_EXCL  0x20u

#define SFTP_HAS_SIZE        0x01u
#define SFTP_HAS_PERMISSIONS 0x04u
#define SFTP_HAS_TIMES       0x08u

struct sftp_attrs {
	uint32_t has; /* which of these the server said */
	uint64_t size;
	uint32_t permissions; /* with the file's type, as in POSIX */
	uint32_t mtime;
};

/* Whether attributes and the line of a listing say: a regular file. */
bool sftp_regular(const struct sftp_attrs *, struct tally_str line);

/*
 * A request.  Which members count depends on the type: path for OPEN, LSTAT,
 * OPENDIR, REMOVE and RENAME (to: the new one); handle for CLOSE, READ, WRITE,
 * FSTAT, READDIR and EXTENDED, which is always fsync@openssh.com.
 */
struct sftp_request {
	enum sftp_type type;
	struct tally_str path, to, handle, data;
	uint64_t offset;
	uint32_t length;
	uint32_t flags;
};

/* Appends the packet with its length.  INIT has no id. */
void sftp_encode(struct tally_buf *, uint32_t id, const struct sftp_request *);

enum sftp_framing {
	SFTP_FRAME_SHORT, /* more bytes are needed */
	SFTP_FRAME_READY,
	SFTP_FRAME_BAD /* no length of a packet */
};
/* The first packet of in, without its length. */
enum sftp_framing sftp_frame(struct tally_str *packet, struct tally_str in);

/* The names of a NAME reply, or the extensions of VERSION: a cursor. */
struct sftp_names {
	const unsigned char *p, *end;
	uint32_t left;
};
struct sftp_name {
	struct tally_str name, line;
	struct sftp_attrs attrs;
};

/* A reply; its views point into the packet. */
struct sftp_reply {
	enum sftp_type type;
	uint32_t id;           /* not of VERSION */
	uint32_t version;      /* VERSION */
	bool fsync;            /* VERSION: fsync@openssh.com is announced */
	uint32_t status;       /* STATUS */
	struct tally_str text; /* STATUS, may be empty */
	struct tally_str data; /* DATA; HANDLE */
	struct sftp_names names;
	struct sftp_attrs attrs;
};

/* TALLY_DATA: not a reply of version 3, with the reason. */
enum tally_rc sftp_decode(struct sftp_reply *, struct tally_str packet,
    struct tally_err *) TALLY_MUST_USE;

/* The next name of a NAME reply; false after the last. */
bool sftp_name_next(struct sftp_names *, struct sftp_name *);

/* What a status means, in words. */
const char *sftp_status_words(uint32_t status);

#endif
