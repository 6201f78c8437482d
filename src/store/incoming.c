/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files on their way in, and where large ones stay.
 *
 * Up to STORE_SMALL bytes are kept in memory and become a row: then receipt
 * is one commit.  More go to a file in spool/, which is synced, made
 * read-only and renamed to archive/YYYY/MM/SHA256 before the commit that
 * names it, each folder synced after a name in it was made.
 */
#include "store/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TAIL   64
#define BESIDE (1024 * 1024) /* bytes for the rows of some files */

struct store_incoming {
	struct store *st;        /* borrowed */
	struct tally_hash *hash; /* owned */
	struct tally_buf memory; /* all bytes, while there is no file */
	struct spool *spool;     /* the file, or null; owned */
	char archive[128];       /* where it is kept; empty: not yet */
	uint64_t size;
	unsigned char digest[32];
	bool digested; /* complete: nothing more can come */
	bool kept;     /* in the store, as a row */
	bool broken;   /* could not be made durable */
	char tail[TAIL];
	uint64_t read; /* up to there, by its source */
};

enum tally_rc
store_room(struct store *st, uint64_t bytes, struct tally_err *err)
{
	struct statvfs fs;
	uint64_t there;

	/* Where it cannot be told, it is seen when something is written. */
	if (fstatvfs(st->dir, &fs) != 0)
		return TALLY_OK;
	there = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (there >= BESIDE && bytes <= there - BESIDE)
		return TALLY_OK;
	return tally_err_set(err, TALLY_TEMP,
	    "the disk of the workspace has %" PRIu64 " KiB left, and %" PRIu64
	    " are needed for the next files; make room: nothing is taken until"
	    " then",
	    there >> 10, (bytes + BESIDE) >> 10);
}

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

enum tally_rc
store_incoming_new(
    struct store_incoming **out, struct store *st, struct tally_err *err)
{
	struct store_incoming *in = tally_calloc(1, sizeof(*in));
	enum tally_rc rc;

	if (in == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	in->st = st;
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
	spool_free(in->spool);
	if (in->kept)
		store_recent(in->st, in->digest, &in->memory);
	else
		tally_buf_free(&in->memory);
	tally_hash_free(in->hash);
	tally_free(in);
}

/* Goes over from memory to a file. */
static enum tally_rc
spill(struct store_incoming *in, struct tally_err *err)
{
	enum tally_rc rc = spool_new(&in->spool, in->st, in->hash, err);

	if (rc == TALLY_OK)
		rc = spool_add(in->spool, in->memory.p, in->memory.n, err);
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
	if (in->spool == NULL && in->size + n > STORE_SMALL)
		rc = spill(in, err);
	if (rc == TALLY_OK && in->spool != NULL) {
		rc = spool_add(in->spool, p, n, err);
	} else if (rc == TALLY_OK) {
		tally_buf_add(&in->memory, p, n);
		if (in->memory.failed)
			rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	if (rc != TALLY_OK)
		return rc;
	keep_tail(in, p, n);
	in->size += n;
	return TALLY_OK;
}

uint64_t
store_incoming_size(const struct store_incoming *in)
{
	return in->size;
}

uint64_t
store_incoming_there(const struct store_incoming *in)
{
	return in->spool != NULL ? spool_there(in->spool) : 0;
}

static enum tally_rc
read_on(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct store_incoming *in = ctx;
	enum tally_rc rc;

	*got = 0;
	if (in->spool == NULL)
		return TALLY_OK;
	rc = spool_read(in->spool, in->read, buf, max, got, err);
	in->read += *got;
	return rc;
}

struct tally_source
store_incoming_source(struct store_incoming *in, uint64_t from)
{
	in->read = from;
	return (struct tally_source){ read_on, in };
}

struct tally_str
store_incoming_bytes(const struct store_incoming *in)
{
	return in->spool == NULL ? tally_buf_view(&in->memory)
				 : tally_str(NULL, 0);
}

struct tally_str
store_incoming_tail(const struct store_incoming *in)
{
	return tally_str(in->tail, in->size < TAIL ? (size_t)in->size : TAIL);
}

enum tally_rc
store_incoming_end(struct store_incoming *in, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (in->digested)
		return TALLY_OK;
	if (in->spool != NULL)
		rc = spool_end(in->spool, err);
	else if (in->memory.n > 0)
		tally_hash_add(in->hash, in->memory.p, in->memory.n);
	if (rc != TALLY_OK)
		return rc;
	tally_hash_end(in->hash, in->digest);
	in->digested = true;
	return TALLY_OK;
}

const unsigned char *
store_incoming_hash(const struct store_incoming *in)
{
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
	rc = spool_keep(in->spool, place, err);
	if (rc == TALLY_OK)
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
	const struct engine_value v[] = { v_blob(in->digest, TALLY_HASH_SIZE),
		v_integer(false) };
	struct tally_hash *before;
	struct tally_str last;
	bool known;
	enum tally_rc rc;

	assert(in->digested);
	if (in->spool == NULL) {
		in->kept = true;
		return store_payload_hold(in->st, in->digest,
		    tally_buf_view(&in->memory), payload, err);
	}
	rc = store_number(
	    in->st, Q_PAYLOAD_FIND, v, COUNT(v), payload, &known, err);
	if (rc != TALLY_OK || known)
		return rc;
	rc = archive(in, now, err);
	if (rc != TALLY_OK)
		return rc;
	last = spool_last(in->spool, &before);
	store_received(in->st, in->digest, before, last);
	return store_payload_add(
	    in->st, in->digest, in->size, NULL, in->archive, payload, err);
}
