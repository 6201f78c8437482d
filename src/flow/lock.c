/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock; see lock.h.  An open file description lock on a file that is
 * never removed: removing it would let two runs hold two files of one name.
 * Its content: a line with the holder's process id, which only serves
 * messages, and a line with the file in hand.  Both have a fixed width, so
 * that one write changes them and never the length.
 */
/* For F_OFD_SETLK. */
#define _GNU_SOURCE

#include "flow/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/plant.h"

#define LINE        20   /* bytes, the line end included */
#define DEATH_TRIES 1000 /* of 10 ms, for what a dead run leaves to end */

static bool
put_line(int fd, off_t at, int64_t number)
{
	char line[LINE + 1];

	snprintf(line, sizeof(line), "%-19" PRId64 "\n", number);
	return pwrite(fd, line, LINE, at) == LINE;
}

/* Digits at an offset; 0 for anything else. */
static int64_t
get_line(int fd, off_t at)
{
	char line[LINE + 1] = "";
	int64_t n = 0;
	ssize_t got = pread(fd, line, LINE, at);

	if (got != LINE || line[LINE - 1] != '\n')
		return 0;
	for (const char *p = line; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (*p - '0');
	return n;
}

static enum tally_rc
busy(int fd, const char *path, struct tally_err *err)
{
	int64_t pid = get_line(fd, 0);

	if (pid == 0)
		return tally_err_set(err, TALLY_TEMP,
		    "another run holds %s; try again when it is done", path);
	return tally_err_set(err, TALLY_TEMP,
	    "another run holds %s (process %" PRId64
	    "); try again when it is done",
	    path, pid);
}

/*
 * Takes the lock.  Processes that a run has made hold it with the run, and are
 * ended by its death, but not in the same moment: that is waited for.
 */
static bool
hold(int fd)
{
	const struct timespec pause = { 0, 10000000 };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int64_t pid;

	for (int i = 0; fcntl(fd, F_OFD_SETLK, &lock) != 0; i++) {
		if ((errno != EAGAIN && errno != EACCES) || i == DEATH_TRIES)
			return false;
		pid = get_line(fd, 0);
		if (pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH) {
			errno = EAGAIN;
			return false;
		}
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

enum tally_rc
lock_take(int *out, int64_t *left, const char *dir, struct tally_err *err)
{
	char path[PATH_MAX + 16];
	int fd;
	enum tally_rc rc;

	snprintf(path, sizeof(path), "%s/tallyman.lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return tally_err_errno(
		    err, TALLY_CREATE, "the lock %s cannot be opened", path);
	if (!PLANTED(LOCK) && !hold(fd)) {
		if (errno == EAGAIN || errno == EACCES)
			rc = busy(fd, path, err);
		else
			rc = tally_err_errno(
			    err, TALLY_IO, "%s cannot be locked", path);
		close(fd);
		return rc;
	}
	*left = get_line(fd, LINE);
	if (ftruncate(fd, 0) != 0 || !put_line(fd, 0, getpid()) ||
	    !put_line(fd, LINE, 0)) {
		rc = tally_err_errno(
		    err, TALLY_IO, "%s cannot be written", path);
		close(fd);
		return rc;
	}
	*out = fd;
	return TALLY_OK;
}

enum tally_rc
lock_note(int fd, int64_t file, struct tally_err *err)
{
	if (fd < 0 || put_line(fd, LINE, file))
		return TALLY_OK;
	return tally_err_errno(
	    err, TALLY_IO, "the lock of the workspace cannot be written");
}

void
lock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
