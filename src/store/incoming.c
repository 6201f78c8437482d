/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files on their way in, and where large ones stay.
 *
 * Up to STORE_SMALL bytes are kept in memory and become a row: then receipt
 * is one commit.  More go to a file in spool/, which is synced, made
 * read-only and renamed to archive/YYYY/MM/SHA256 before the commit that
 * names it, each folder synced after a name in it was made.  After a failed
 * sync the file is thrown away, never synced again: the kernel may have
 * dropped its pages.
 *
 * A spool file is locked as long as its process lives, so that a later run
 * can tell what a dead one left.  Its name begins with the process's number,
 * because a process does not see its own locks.
 */
#include "store/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL         64
#define INTERRUPTS   1000 /* in a row, then it is an error */
#define SPOOL_TRIES  1000 /* names that a dead run of our number left */
#define SPOOL_PREFIX "in-"

struct store_incoming {
	struct store *st;        /* borrowed */
	struct tally_hash *hash; /* owned */
	struct tally_buf memory; /* all bytes, while there is no file */
	int fd;                  /* of the spool file, or -1 */
	char spool[64];          /* its place; empty when there is none */
	char archive[128];       /* where it is kept; empty: not yet */
	uint64_t size;
	unsigned char digest[32];
	bool digested; /* complete: nothing more can come */
	bool large;    /* went over to a file */
	bool broken;   /* that could not be made durable */
	char tail[TAIL];
};

enum tally_rc
store_folder_sync(struct store *st, const char *path, struct tally_err *err)
{
	int fd = openat(st->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int bad = fd < 0 || fsync(fd) != 0;
	enum tally_rc rc = TALLY_OK;

	if (bad)
		rc = tally_err_errno(
		    err, TALLY_IO, "cannot sync the folder %s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

enum tally_rc
store_folder(struct store *st, const char *path, struct tally_err *err)
{
	char part[256], above[256] = ".";
	size_t n = strlen(path);

	if (n >= sizeof(part))
		return tally_err_set(err, TALLY_CREATE, "path is too long");
	for (size_t i = 0; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(st->dir, part, 0750) == 0) {
			enum tally_rc rc = store_folder_sync(st, above, err);

			if (rc != TALLY_OK)
				return rc;
		} else if (errno != EEXIST) {
			return tally_err_errno(err, TALLY_CREATE,
			    "cannot make the folder %s", part);
		}
		memcpy(above, part, i + 1);
	}
	return TALLY_OK;
}

static int
lock(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_SETLK, &l);
}

void
store_spool_clean(struct store *st)
{
	int dir = openat(st->dir, "spool", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char ours[32];
	struct dirent *e;
	DIR *d;
	int fd;

	d = dir >= 0 ? fdopendir(dir) : NULL;
	if (d == NULL) {
		if (dir >= 0)
			close(dir);
		return;
	}
	snprintf(ours, sizeof(ours), SPOOL_PREFIX "%ld-", (long)getpid());
	while ((e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, SPOOL_PREFIX,
			sizeof(SPOOL_PREFIX) - 1) != 0 ||
		    strncmp(e->d_name, ours, strlen(ours)) == 0)
			continue;
		fd = openat(dir, e->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (lock(fd) == 0)
			unlinkat(dir, e->d_name, 0);
		close(fd);
	}
	closedir(d);
}

enum tally_rc
store_incoming_new(
    struct store_incoming **out, struct store *st, struct tally_err *err)
{
	struct store_incoming *in = tally_calloc(1, sizeof(*in));
	enum tally_rc rc;

	if (in == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	in->st = st;
	in->fd = -1;
	tally_buf_init(&in->memory, STORE_SMALL + 1);
	rc = tally_hash_new(&in->hash, err);
	if (rc != TALLY_OK) {
		store_incoming_free(in);
		return rc;
	}
	*out = in;
	return TALLY_OK;
}

void
store_incoming_free(struct store_incoming *in)
{
	if (in == NULL)
		return;
	if (in->fd >= 0)
		close(in->fd);
	if (in->spool[0] != '\0')
		unlinkat(in->st->dir, in->spool, 0);
	tally_buf_free(&in->memory);
	tally_hash_free(in->hash);
	tally_free(in);
}

static enum tally_rc
put(struct store_incoming *in, const char *p, size_t n, struct tally_err *err)
{
	unsigned interrupts = 0;
	ssize_t done;

	while (n > 0) {
		done = write(in->fd, p, n);
		if (done < 0 && errno == EINTR && ++interrupts < INTERRUPTS)
			continue;
		if (done < 0)
			return tally_err_errno(err,
			    errno == ENOSPC || errno == EDQUOT ? TALLY_TEMP
							       : TALLY_IO,
			    "cannot write %s", in->spool);
		interrupts = 0;
		p += done;
		n -= (size_t)done;
	}
	return TALLY_OK;
}

/* Goes over from memory to a file. */
static enum tally_rc
spill(struct store_incoming *in, struct tally_err *err)
{
	char name[sizeof(in->spool)];
	enum tally_rc rc;

	for (int i = 0; in->fd < 0 && i < SPOOL_TRIES; i++) {
		snprintf(name, sizeof(name), "spool/" SPOOL_PREFIX "%ld-%u",
		    (long)getpid(), ++in->st->spooled);
		in->fd = openat(in->st->dir, name,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (in->fd < 0 && errno != EEXIST)
			break;
	}
	if (in->fd < 0)
		return tally_err_errno(
		    err, TALLY_CREATE, "cannot make %s", name);
	memcpy(in->spool, name, sizeof(in->spool));
	in->large = true;
	if (lock(in->fd) != 0)
		return tally_err_errno(
		    err, TALLY_IO, "cannot lock %s", in->spool);
	rc = put(in, in->memory.p, in->memory.n, err);
	tally_buf_free(&in->memory);
	return rc;
}

static void
keep_tail(struct store_incoming *in, const char *p, size_t n)
{
	size_t had = in->size < TAIL ? (size_t)in->size : TAIL;
	size_t stay;

	if (n >= TAIL) {
		memcpy(in->tail, p + n - TAIL, TAIL);
		return;
	}
	stay = had + n > TAIL ? TAIL - n : had;
	memmove(in->tail, in->tail + had - stay, stay);
	if (n > 0)
		memcpy(in->tail + stay, p, n);
}

enum tally_rc
store_incoming_add(
    struct store_incoming *in, const void *p, size_t n, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (in->digested)
		return tally_err_set(
		    err, TALLY_USAGE, "the file is complete already");
	if (!in->large && in->size + n > STORE_SMALL)
		rc = spill(in, err);
	if (rc == TALLY_OK && in->large) {
		rc = put(in, p, n, err);
	} else if (rc == TALLY_OK) {
		tally_buf_add(&in->memory, p, n);
		if (in->memory.failed)
			rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	if (rc != TALLY_OK)
		return rc;
	tally_hash_add(in->hash, p, n);
	keep_tail(in, p, n);
	in->size += n;
	return TALLY_OK;
}

uint64_t
store_incoming_size(const struct store_incoming *in)
{
	return in->size;
}

struct tally_str
store_incoming_tail(const struct store_incoming *in)
{
	return tally_str(in->tail, in->size < TAIL ? (size_t)in->size : TAIL);
}

const unsigned char *
store_incoming_hash(struct store_incoming *in)
{
	if (!in->digested)
		tally_hash_end(in->hash, in->digest);
	in->digested = true;
	return in->digest;
}

/* Makes the spool file durable under its name in archive/, once. */
static enum tally_rc
archive(struct store_incoming *in, int64_t now, struct tally_err *err)
{
	struct store_instant at = store_instant(now != 0 ? now : 1);
	char folder[32], hex[TALLY_HASH_HEX], place[sizeof(in->archive)];
	enum tally_rc rc;

	if (in->broken)
		return tally_err_set(err, TALLY_IO,
		    "a file could not be made durable before; fetch it again");
	if (in->archive[0] != '\0')
		return TALLY_OK;
	snprintf(
	    folder, sizeof(folder), "archive/%.4s/%.2s", at.text, at.text + 5);
	tally_hash_hex(in->digest, hex);
	snprintf(place, sizeof(place), "%s/%s", folder, hex);
	rc = store_folder(in->st, folder, err);
	if (rc != TALLY_OK)
		return rc;
	in->broken = true;
	if (fchmod(in->fd, 0440) != 0 || fsync(in->fd) != 0)
		return tally_err_errno(
		    err, TALLY_IO, "cannot make %s durable", in->spool);
	if (renameat(in->st->dir, in->spool, in->st->dir, place) != 0)
		return tally_err_errno(
		    err, TALLY_IO, "cannot rename %s to %s", in->spool, place);
	in->spool[0] = '\0';
	rc = store_folder_sync(in->st, folder, err);
	if (rc != TALLY_OK)
		return rc;
	memcpy(in->archive, place, sizeof(place));
	in->broken = false;
	return TALLY_OK;
}

enum tally_rc
store_incoming_keep(struct store_incoming *in, int64_t now, int64_t *payload,
    struct tally_err *err)
{
	const unsigned char *sha256 = store_incoming_hash(in);
	const struct engine_value v[] = { v_blob(sha256, TALLY_HASH_SIZE),
		v_integer(!in->large) };
	bool known;
	enum tally_rc rc = store_number(
	    in->st, Q_PAYLOAD_FIND, v, COUNT(v), payload, &known, err);

	if (rc != TALLY_OK || known)
		return rc;
	if (!in->large)
		return store_payload_add(in->st, sha256, in->size,
		    in->memory.p != NULL ? in->memory.p : "", NULL, payload,
		    err);
	rc = archive(in, now, err);
	if (rc != TALLY_OK)
		return rc;
	return store_payload_add(
	    in->st, sha256, in->size, NULL, in->archive, payload, err);
}
