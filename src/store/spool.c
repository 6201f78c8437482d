/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of spool/; see spool.h.
 *
 * Bytes are gathered in blocks of a ring, which a thread of the file's own
 * empties: the full ones, from first on, are the thread's, and so are the file
 * and the hash as long as it lives; the next block is the caller's.  What both
 * change is changed under the lock.
 *
 * A file is locked as long as its process lives, so that a later run can tell
 * what a dead one left.  Its name begins with the process's number, because a
 * process does not see its own locks.
 */
#define _GNU_SOURCE /* sync_file_range */

#include "store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define BLOCK  ((size_t)256 * 1024)
#define BLOCKS 16   /* of the ring, each made when it is first used */
#define TRIES  1000 /* names that a dead run of our number left */
#define PREFIX "in-"

struct spool {
	struct store *st;        /* borrowed */
	struct tally_hash *hash; /* borrowed */
	int fd;
	char name[SPOOL_NAME]; /* its place; empty when it is elsewhere */
	off_t written;
	struct tally_hash *before; /* of the block that is newest; owned */
	unsigned newest;
	size_t nnewest;      /* its bytes */
	char *block[BLOCKS]; /* BLOCK bytes each, owned, or null */
	size_t n[BLOCKS];    /* bytes in them */
	unsigned at;         /* the caller's */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* full, or ended */
	unsigned first, full;
	uint64_t there; /* bytes that are written */
	bool ended;
	enum tally_rc rc; /* the first trouble, and the last */
	struct tally_err err;
};

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
	snprintf(ours, sizeof(ours), PREFIX "%ld-", (long)getpid());
	while ((e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, PREFIX, sizeof(PREFIX) - 1) != 0 ||
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

static enum tally_rc
make(struct spool *sp, struct tally_err *err)
{
	char name[sizeof(sp->name)];

	for (int i = 0; sp->fd < 0 && i < TRIES; i++) {
		snprintf(name, sizeof(name), "spool/" PREFIX "%ld-%u",
		    (long)getpid(), ++sp->st->spooled);
		sp->fd = openat(sp->st->dir, name,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (sp->fd < 0 && errno != EEXIST)
			break;
	}
	if (sp->fd < 0)
		return tally_err_errno(
		    err, TALLY_CREATE, "cannot make %s", name);
	memcpy(sp->name, name, sizeof(sp->name));
	if (lock(sp->fd) != 0)
		return tally_err_errno(err, TALLY_IO, "cannot lock %s", name);
	return TALLY_OK;
}

enum tally_rc
spool_new(struct spool **out, struct store *st, struct tally_hash *hash,
    struct tally_err *err)
{
	struct spool *sp = tally_calloc(1, sizeof(*sp));
	enum tally_rc rc;

	if (sp == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	sp->st = st;
	sp->hash = hash;
	sp->fd = -1;
	pthread_mutex_init(&sp->lock, NULL);
	pthread_cond_init(&sp->changed, NULL);
	rc = make(sp, err);
	if (rc == TALLY_OK)
		*out = sp;
	else
		spool_free(sp);
	return rc;
}

static enum tally_rc
put(struct spool *sp, const char *p, size_t n, struct tally_err *err)
{
	if (tally_write_all(sp->fd, p, n))
		return TALLY_OK;
	return tally_err_errno(err,
	    errno == ENOSPC || errno == EDQUOT ? TALLY_TEMP : TALLY_IO,
	    "cannot write %s", sp->name);
}

/* Writes and hashes a block. */
static enum tally_rc
empty(struct spool *sp, unsigned i, struct tally_err *err)
{
	struct tally_err ignored;
	enum tally_rc rc = put(sp, sp->block[i], sp->n[i], err);

	tally_hash_free(sp->before);
	sp->before = NULL;
	if (tally_hash_copy(&sp->before, sp->hash, &ignored) != TALLY_OK)
		sp->before = NULL;
	sp->newest = i;
	sp->nnewest = sp->n[i];
	tally_hash_add(sp->hash, sp->block[i], sp->n[i]);
	/* Only a beginning, so that the sync at the end has little to do; what
	 * fails here fails there too. */
	(void)sync_file_range(
	    sp->fd, sp->written, (off_t)sp->n[i], SYNC_FILE_RANGE_WRITE);
	sp->written += (off_t)sp->n[i];
	return rc;
}

/* The thread: empties blocks until there are none and none will come. */
static void *
work(void *ctx)
{
	struct spool *sp = ctx;
	struct tally_err err;
	enum tally_rc rc;
	bool well;

	pthread_mutex_lock(&sp->lock);
	for (;;) {
		while (sp->full == 0 && !sp->ended)
			pthread_cond_wait(&sp->changed, &sp->lock);
		if (sp->full == 0)
			break;
		well = sp->rc == TALLY_OK;
		pthread_mutex_unlock(&sp->lock);
		rc = well ? empty(sp, sp->first, &err) : TALLY_OK;
		pthread_mutex_lock(&sp->lock);
		if (rc != TALLY_OK) {
			sp->rc = rc;
			sp->err = err;
		} else if (well)
			sp->there += sp->n[sp->first];
		sp->first = (sp->first + 1) % BLOCKS;
		sp->full--;
		pthread_cond_signal(&sp->changed);
	}
	pthread_mutex_unlock(&sp->lock);
	return NULL;
}

static enum tally_rc
trouble(const struct spool *sp, struct tally_err *err)
{
	if (sp->rc != TALLY_OK && err != NULL)
		*err = sp->err;
	return sp->rc;
}

/* Gives the caller's block to the thread, and waits for another one. */
static enum tally_rc
turn(struct spool *sp, struct tally_err *err)
{
	enum tally_rc rc;

	if (!sp->running)
		sp->running = pthread_create(&sp->thread, NULL, work, sp) == 0;
	if (!sp->running) {
		/* No thread to be had: one after the other, then. */
		if (sp->rc == TALLY_OK)
			sp->rc = empty(sp, sp->at, &sp->err);
		if (sp->rc == TALLY_OK)
			sp->there += sp->n[sp->at];
		sp->n[sp->at] = 0;
		return trouble(sp, err);
	}
	pthread_mutex_lock(&sp->lock);
	sp->full++;
	pthread_cond_signal(&sp->changed);
	while (sp->full == BLOCKS)
		pthread_cond_wait(&sp->changed, &sp->lock);
	rc = trouble(sp, err);
	pthread_mutex_unlock(&sp->lock);
	sp->at = (sp->at + 1) % BLOCKS;
	sp->n[sp->at] = 0;
	return rc;
}

enum tally_rc
spool_add(struct spool *sp, const void *p, size_t n, struct tally_err *err)
{
	const char *from = p;
	enum tally_rc rc = TALLY_OK;
	size_t some;

	while (n > 0 && rc == TALLY_OK) {
		if (sp->block[sp->at] == NULL)
			sp->block[sp->at] = tally_alloc(BLOCK);
		if (sp->block[sp->at] == NULL)
			return tally_err_set(err, TALLY_NOMEM, "no memory");
		some = BLOCK - sp->n[sp->at] < n ? BLOCK - sp->n[sp->at] : n;
		memcpy(sp->block[sp->at] + sp->n[sp->at], from, some);
		sp->n[sp->at] += some;
		from += some;
		n -= some;
		if (sp->n[sp->at] == BLOCK)
			rc = turn(sp, err);
	}
	return rc;
}

/* Has the thread end what it was given, if there is one. */
static void
join(struct spool *sp)
{
	if (!sp->running)
		return;
	pthread_mutex_lock(&sp->lock);
	sp->ended = true;
	pthread_cond_signal(&sp->changed);
	pthread_mutex_unlock(&sp->lock);
	pthread_join(sp->thread, NULL);
	sp->running = false;
}

enum tally_rc
spool_end(struct spool *sp, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (sp->n[sp->at] > 0)
		rc = turn(sp, err);
	join(sp);
	return rc == TALLY_OK ? trouble(sp, err) : rc;
}

uint64_t
spool_there(struct spool *sp)
{
	uint64_t there;

	pthread_mutex_lock(&sp->lock);
	there = sp->there;
	pthread_mutex_unlock(&sp->lock);
	return there;
}

enum tally_rc
spool_read(struct spool *sp, uint64_t at, void *to, size_t max, size_t *got,
    struct tally_err *err)
{
	uint64_t there = spool_there(sp);
	ssize_t n = 0;

	if (at < there && max > there - at)
		max = (size_t)(there - at);
	for (int i = 0; at < there && i < TALLY_INTERRUPTS; i++) {
		n = pread(sp->fd, to, max, (off_t)at);
		if (n >= 0 || errno != EINTR)
			break;
	}
	if (n < 0)
		return tally_err_errno(
		    err, TALLY_IO, "cannot read %s", sp->name);
	*got = (size_t)n;
	return TALLY_OK;
}

struct tally_str
spool_last(struct spool *sp, struct tally_hash **before)
{
	*before = sp->before;
	sp->before = NULL;
	return tally_str(sp->block[sp->newest], sp->nnewest);
}

enum tally_rc
spool_keep(struct spool *sp, const char *place, struct tally_err *err)
{
	if (sp->rc != TALLY_OK)
		return trouble(sp, err);
	/* A failed sync is the end: the kernel may have dropped the pages. */
	if (fchmod(sp->fd, 0440) != 0 || fsync(sp->fd) != 0) {
		sp->rc = tally_err_errno(
		    &sp->err, TALLY_IO, "cannot make %s durable", sp->name);
		return trouble(sp, err);
	}
	if (renameat(sp->st->dir, sp->name, sp->st->dir, place) != 0) {
		sp->rc = tally_err_errno(&sp->err, TALLY_IO,
		    "cannot rename %s to %s", sp->name, place);
		return trouble(sp, err);
	}
	sp->name[0] = '\0';
	return TALLY_OK;
}

void
spool_free(struct spool *sp)
{
	if (sp == NULL)
		return;
	join(sp);
	if (sp->fd >= 0)
		close(sp->fd);
	if (sp->name[0] != '\0')
		unlinkat(sp->st->dir, sp->name, 0);
	tally_hash_free(sp->before);
	for (int k = 0; k < BLOCKS; k++)
		tally_free(sp->block[k]);
	pthread_cond_destroy(&sp->changed);
	pthread_mutex_destroy(&sp->lock);
	tally_free(sp);
}
