/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that were kept, read back.
 *
 * A small payload is copied from its row, a large one is read from archive/
 * as needed; either can have several sources at different places.  What comes
 * back is compared with its SHA-256: a small one when it is opened, a large
 * one while it is read, from the beginning on as far as readers get; but not
 * the first time where this process has just written it, and then tiny ones are
 * still there.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/* Where one source stands. */
struct place {
	struct store_payload *payload; /* null: there was no memory for it */
	struct place *next;
	uint64_t at;
};

struct store_payload {
	struct tally_buf bytes; /* of a small one */
	int fd;                 /* of a large one, or -1 */
	uint64_t size;
	unsigned char sha256[32];
	struct tally_hash *hash;   /* owned */
	uint64_t hashed;           /* bytes from the beginning */
	uint64_t forgotten;        /* likewise */
	struct tally_hash *before; /* the last block; null: not read; owned */
	struct tally_buf last;
	struct place *place; /* all sources; owned */
};

enum tally_rc
store_payload_add(struct store *st, const unsigned char sha256[32],
    uint64_t size, const void *bytes, const char *archive, int64_t *id,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_blob(sha256, TALLY_HASH_SIZE),
		v_integer((int64_t)size),
		archive == NULL ? v_blob(bytes, (size_t)size) : v_cstr(NULL),
		v_cstr(archive) };
	enum tally_rc rc =
	    store_number(st, Q_PAYLOAD_ADD, v, COUNT(v), id, NULL, err);

	store_rows_made(st, HELD_PAYLOADS);
	return rc;
}

enum tally_rc
store_payload_hold(struct store *st, const unsigned char sha256[32],
    struct tally_str bytes, int64_t *id, struct tally_err *err)
{
	const struct engine_value v[] = { v_blob(sha256, TALLY_HASH_SIZE),
		v_integer((int64_t)bytes.n), v_blob(bytes.p, bytes.n) };
	const struct engine_value find[] = { v[0], v_integer(true) };
	bool known;
	enum tally_rc rc;

	if (bytes.n <= STORE_TINY)
		return store_hold(st, HELD_PAYLOADS, v, id, err);
	rc = store_number(
	    st, Q_PAYLOAD_FIND, find, COUNT(find), id, &known, err);
	return rc == TALLY_OK && !known
	    ? store_payload_add(st, sha256, bytes.n, bytes.p, NULL, id, err)
	    : rc;
}

/* Hashes what follows the bytes hashed before; at the end, compares. */
static enum tally_rc
verify(struct store_payload *p, uint64_t at, const void *bytes, size_t n,
    struct tally_err *err)
{
	unsigned char digest[TALLY_HASH_SIZE];

	if (at != p->hashed || (n == 0 && p->size != 0))
		return TALLY_OK;
	tally_hash_add(p->hash, bytes, n);
	p->hashed += n;
	if (p->hashed < p->size)
		return TALLY_OK;
	tally_hash_end(p->hash, digest);
	p->hashed = UINT64_MAX;
	if (memcmp(digest, p->sha256, sizeof(digest)) != 0)
		return tally_err_set(err, TALLY_IO,
		    "a file that was kept is not as it was received: its "
		    "SHA-256 differs; restore it from a backup");
	return TALLY_OK;
}

/* A block of a large one, which may be its last. */
static enum tally_rc
verify_block(struct store_payload *p, uint64_t at, const void *bytes, size_t n,
    struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (at == p->hashed && p->size - at == n) {
		rc = tally_hash_copy(&p->before, p->hash, err);
		tally_buf_add(&p->last, bytes, n);
	}
	return rc == TALLY_OK ? verify(p, at, bytes, n, err) : rc;
}

bool
store_payload_digest(
    struct store_payload *p, uint64_t n, unsigned char digest[32])
{
	uint64_t before = p->size - p->last.n;

	if (p->before == NULL || p->last.failed || n < before || n > p->size)
		return false;
	tally_hash_add(p->before, p->last.p, (size_t)(n - before));
	tally_hash_end(p->before, digest);
	tally_hash_free(p->before);
	p->before = NULL;
	return true;
}

/* --- what this process has received itself --- */

static void
forget_received(struct store_received *r)
{
	tally_hash_free(r->before);
	tally_buf_free(&r->last);
	*r = (struct store_received){ .before = NULL };
}

void
store_received(struct store *st, const unsigned char sha256[32],
    struct tally_hash *before, struct tally_str last)
{
	struct store_received *r =
	    &st->received[st->nreceived++ % STORE_RECEIVED];

	forget_received(r);
	memcpy(r->sha256, sha256, sizeof(r->sha256));
	r->before = before;
	tally_buf_init(&r->last, SIZE_MAX);
	tally_buf_str(&r->last, last);
	if (r->last.failed)
		forget_received(r);
}

static void
drop_recent(struct store *st)
{
	struct store_recent *r = &st->recent[st->first_recent];

	st->recent_bytes -= r->bytes.n;
	tally_buf_free(&r->bytes);
	st->first_recent = (st->first_recent + 1) % STORE_RECENT;
	st->nrecent--;
}

void
store_recent(
    struct store *st, const unsigned char sha256[32], struct tally_buf *bytes)
{
	struct store_recent *r;

	if (bytes->n > STORE_TINY) {
		tally_buf_free(bytes);
		return;
	}
	while (st->nrecent == STORE_RECENT ||
	    (st->nrecent > 0 &&
		st->recent_bytes + bytes->n > STORE_RECENT_BYTES))
		drop_recent(st);
	r = &st->recent[(st->first_recent + st->nrecent++) % STORE_RECENT];
	memcpy(r->sha256, sha256, sizeof(r->sha256));
	r->bytes = *bytes;
	st->recent_bytes += bytes->n;
	*bytes = (struct tally_buf){ 0 };
}

/* They are taken in hand as they came; what is passed over does not come. */
static bool
take_recent(struct store *st, const struct store_file *f, struct tally_buf *out)
{
	struct store_recent *r;

	for (size_t i = 0; i < st->nrecent; i++) {
		r = &st->recent[(st->first_recent + i) % STORE_RECENT];
		if (memcmp(r->sha256, f->sha256, sizeof(r->sha256)) != 0)
			continue;
		while (i-- > 0)
			drop_recent(st);
		*out = r->bytes;
		st->recent_bytes -= r->bytes.n;
		r->bytes = (struct tally_buf){ 0 };
		drop_recent(st);
		return true;
	}
	return false;
}

void
store_received_free(struct store *st)
{
	for (size_t i = 0; i < STORE_RECEIVED; i++)
		forget_received(&st->received[i]);
	while (st->nrecent > 0)
		drop_recent(st);
}

/* What was left over when it came is what reading it would leave. */
static void
recall(struct store *st, struct store_payload *p)
{
	for (size_t i = 0; i < STORE_RECEIVED; i++) {
		struct store_received *r = &st->received[i];

		if (r->before == NULL ||
		    memcmp(r->sha256, p->sha256, sizeof(r->sha256)) != 0)
			continue;
		p->hashed = UINT64_MAX;
		p->before = r->before;
		p->last = r->last;
		*r = (struct store_received){ .before = NULL };
		return;
	}
}

static enum tally_rc
open_archived(struct store *st, struct store_payload *p, const char *path,
    struct tally_err *err)
{
	struct stat sb;

	p->fd = openat(st->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (p->fd < 0)
		return tally_err_errno(err, TALLY_IO, "cannot open %s", path);
	if (fstat(p->fd, &sb) != 0)
		return tally_err_errno(
		    err, TALLY_IO, "cannot look at %s", path);
	if (!S_ISREG(sb.st_mode) || (uint64_t)sb.st_size != p->size)
		return tally_err_set(err, TALLY_IO,
		    "%s is not the file that was archived: its size differs; "
		    "restore it from a backup",
		    path);
	recall(st, p);
	return TALLY_OK;
}

/* One without bytes. */
static struct store_payload *
payload_new(struct tally_err *err)
{
	struct store_payload *p = tally_calloc(1, sizeof(*p));

	if (p == NULL) {
		tally_err_set(err, TALLY_NOMEM, "no memory");
		return NULL;
	}
	p->fd = -1;
	tally_buf_init(&p->bytes, SIZE_MAX);
	tally_buf_init(&p->last, SIZE_MAX);
	return p;
}

enum tally_rc
store_payload_of(struct store_payload **out, struct store *st,
    const struct store_file *f, struct tally_err *err)
{
	struct store_payload *p;
	struct tally_buf bytes;

	if (!take_recent(st, f, &bytes))
		return store_payload_open(out, st, f->id, err);
	p = payload_new(err);
	if (p == NULL) {
		tally_buf_free(&bytes);
		return TALLY_NOMEM;
	}
	p->size = bytes.n;
	p->bytes = bytes;
	p->hashed = UINT64_MAX;
	*out = p;
	return TALLY_OK;
}

enum tally_rc
store_payload_open(struct store_payload **out, struct store *st, int64_t file,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(file) };
	const struct engine_methods *m = st->engine->m;
	struct store_payload *p = payload_new(err);
	struct tally_str sha256;
	const char *archive;
	enum tally_rc rc;
	bool row = false;

	if (p == NULL)
		return TALLY_NOMEM;
	rc = tally_hash_new(&p->hash, err);
	if (rc == TALLY_OK)
		rc = store_one(st, Q_PAYLOAD_OF_FILE, v, COUNT(v), &row, err);
	if (rc == TALLY_OK && !row)
		rc = tally_err_set(err, TALLY_NOINPUT,
		    "there is no file %lld in the store", (long long)file);
	if (rc != TALLY_OK)
		goto out;
	p->size = (uint64_t)m->integer(st->engine, Q_PAYLOAD_OF_FILE, 0);
	sha256 = m->bytes(st->engine, Q_PAYLOAD_OF_FILE, 1);
	memcpy(p->sha256, sha256.p,
	    sha256.n < TALLY_HASH_SIZE ? sha256.n : TALLY_HASH_SIZE);
	archive = m->text(st->engine, Q_PAYLOAD_OF_FILE, 2);
	if (archive != NULL) {
		rc = open_archived(st, p, archive, err);
	} else {
		tally_buf_str(
		    &p->bytes, m->bytes(st->engine, Q_PAYLOAD_OF_FILE, 3));
		if (p->bytes.failed)
			rc = tally_err_set(err, TALLY_NOMEM, "no memory");
		else if (p->bytes.n == 0 && p->size > 0)
			rc = tally_err_set(err, TALLY_NOINPUT,
			    "the bytes of file %lld were purged",
			    (long long)file);
		p->size = p->bytes.n;
	}
	store_end(st, Q_PAYLOAD_OF_FILE);
	if (rc == TALLY_OK && p->fd < 0)
		rc = verify(p, 0, p->bytes.p, p->bytes.n, err);
out:
	if (rc == TALLY_OK) {
		*out = p;
		p = NULL;
	}
	store_payload_close(p);
	return rc;
}

void
store_payload_close(struct store_payload *p)
{
	struct place *next;

	if (p == NULL)
		return;
	for (struct place *i = p->place; i != NULL; i = next) {
		next = i->next;
		tally_free(i);
	}
	if (p->fd >= 0)
		close(p->fd);
	tally_hash_free(p->hash);
	tally_hash_free(p->before);
	tally_buf_free(&p->bytes);
	tally_buf_free(&p->last);
	tally_free(p);
}

static enum tally_rc
read_file(struct store_payload *p, uint64_t at, void *buf, size_t max,
    size_t *got, struct tally_err *err)
{
	ssize_t n = -1;

	for (int i = 0; n < 0 && i < TALLY_INTERRUPTS; i++) {
		n = pread(p->fd, buf, max, (off_t)at);
		if (n < 0 && errno != EINTR)
			break;
	}
	if (n < 0)
		return tally_err_errno(
		    err, TALLY_IO, "cannot read an archived file");
	if (n == 0)
		return tally_err_set(err, TALLY_IO,
		    "an archived file is shorter than it was; restore it from "
		    "a backup");
	*got = (size_t)n;
	return verify_block(p, at, buf, *got, err);
}

static enum tally_rc
read_on(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct place *place = ctx;
	struct store_payload *p = place->payload;
	enum tally_rc rc = TALLY_OK;
	uint64_t left;

	*got = 0;
	if (p == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	left = place->at < p->size ? p->size - place->at : 0;
	if (max > left)
		max = (size_t)left;
	if (max == 0)
		return TALLY_OK;
	if (p->fd >= 0) {
		rc = read_file(p, place->at, buf, max, got, err);
	} else {
		memcpy(buf, p->bytes.p + place->at, max);
		*got = max;
	}
	place->at += *got;
	return rc;
}

void
store_payload_forget(struct store_payload *p, uint64_t upto)
{
	if (p->fd >= 0)
		tally_forget_read(p->fd, p->size, &p->forgotten, upto);
}

struct tally_source
store_payload_source(struct store_payload *p, uint64_t from)
{
	static struct place nowhere; /* never written to */
	struct place *place = tally_calloc(1, sizeof(*place));

	if (place == NULL)
		return (struct tally_source){ read_on, &nowhere };
	*place = (struct place){ p, p->place, from };
	p->place = place;
	return (struct tally_source){ read_on, place };
}
