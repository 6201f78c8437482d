/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of spool/; see spool.h.
 *
 * Bytes are gathered in one half while a thread empties the other.  There is
 * one such thread at most for a file and it lives for one half, so joining it
 * is all the locking there is: meanwhile the file, the hash, and rc and err
 * are the thread's.
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

#define HALF       ((size_t)512 * 1024)
#define INTERRUPTS 1000 /* in a row, then it is an error */
#define TRIES      1000 /* names that a dead run of our number left */
#define PREFIX     "in-"

struct spool {
	struct store *st;        /* borrowed */
	struct tally_hash *hash; /* borrowed */
	int fd;
	char name[SPOOL_NAME]; /* its place; empty when it is elsewhere */
	char *half[2];         /* HALF bytes each, owned */
	size_t n, emptied;     /* bytes: in half[0]; in half[1], the thread's */
	off_t at;              /* bytes written */
	pthread_t thread;
	bool running;
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
	sp->half[0] = tally_alloc(HALF);
	sp->half[1] = tally_alloc(HALF);
	if (sp->half[0] == NULL || sp->half[1] == NULL)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	else
		rc = make(sp, err);
	if (rc == TALLY_OK)
		*out = sp;
	else
		spool_free(sp);
	return rc;
}

static enum tally_rc
put(struct spool *sp, const char *p, size_t n)
{
	unsigned interrupts = 0;
	ssize_t done;

	while (n > 0) {
		done = write(sp->fd, p, n);
		if (done < 0 && errno == EINTR && ++interrupts < INTERRUPTS)
			continue;
		if (done < 0)
			return tally_err_errno(&sp->err,
			    errno == ENOSPC || errno == EDQUOT ? TALLY_TEMP
							       : TALLY_IO,
			    "cannot write %s", sp->name);
		interrupts = 0;
		p += done;
		n -= (size_t)done;
	}
	return TALLY_OK;
}

/* Empties the other half. */
static void *
empty(void *ctx)
{
	struct spool *sp = ctx;

	sp->rc = put(sp, sp->half[1], sp->emptied);
	tally_hash_add(sp->hash, sp->half[1], sp->emptied);
	/* Only a beginning, so that the sync at the end has little to do; what
	 * fails here fails there too. */
	(void)sync_file_range(
	    sp->fd, sp->at, (off_t)sp->emptied, SYNC_FILE_RANGE_WRITE);
	sp->at += (off_t)sp->emptied;
	return NULL;
}

static enum tally_rc
wait_for(struct spool *sp, struct tally_err *err)
{
	if (sp->running)
		pthread_join(sp->thread, NULL);
	sp->running = false;
	if (sp->rc != TALLY_OK && err != NULL)
		*err = sp->err;
	return sp->rc;
}

/* Has the full half emptied, once the other one is. */
static enum tally_rc
turn(struct spool *sp, struct tally_err *err)
{
	enum tally_rc rc = wait_for(sp, err);
	char *full = sp->half[0];

	if (rc != TALLY_OK)
		return rc;
	sp->half[0] = sp->half[1];
	sp->half[1] = full;
	sp->emptied = sp->n;
	sp->n = 0;
	sp->running = pthread_create(&sp->thread, NULL, empty, sp) == 0;
	if (sp->running)
		return TALLY_OK;
	/* No thread to be had: one after the other, then. */
	empty(sp);
	return wait_for(sp, err);
}

enum tally_rc
spool_add(struct spool *sp, const void *p, size_t n, struct tally_err *err)
{
	const char *at = p;
	enum tally_rc rc = TALLY_OK;
	size_t some;

	while (n > 0 && rc == TALLY_OK) {
		some = HALF - sp->n < n ? HALF - sp->n : n;
		memcpy(sp->half[0] + sp->n, at, some);
		sp->n += some;
		at += some;
		n -= some;
		if (sp->n == HALF)
			rc = turn(sp, err);
	}
	return rc;
}

enum tally_rc
spool_end(struct spool *sp, struct tally_err *err)
{
	enum tally_rc rc = turn(sp, err);

	return rc == TALLY_OK ? wait_for(sp, err) : rc;
}

enum tally_rc
spool_keep(struct spool *sp, const char *place, struct tally_err *err)
{
	enum tally_rc rc = wait_for(sp, err);

	if (rc != TALLY_OK)
		return rc;
	/* A failed sync is the end: the kernel may have dropped the pages. */
	if (fchmod(sp->fd, 0440) != 0 || fsync(sp->fd) != 0) {
		sp->rc = tally_err_errno(
		    &sp->err, TALLY_IO, "cannot make %s durable", sp->name);
		return wait_for(sp, err);
	}
	if (renameat(sp->st->dir, sp->name, sp->st->dir, place) != 0) {
		sp->rc = tally_err_errno(&sp->err, TALLY_IO,
		    "cannot rename %s to %s", sp->name, place);
		return wait_for(sp, err);
	}
	sp->name[0] = '\0';
	return TALLY_OK;
}

void
spool_free(struct spool *sp)
{
	if (sp == NULL)
		return;
	(void)wait_for(sp, NULL);
	if (sp->fd >= 0)
		close(sp->fd);
	if (sp->name[0] != '\0')
		unlinkat(sp->st->dir, sp->name, 0);
	tally_free(sp->half[0]);
	tally_free(sp->half[1]);
	tally_free(sp);
}
