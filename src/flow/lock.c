/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock; see lock.h.  An open file description lock on a file that is
 * never removed: removing it would let two runs hold two files of one name.
 * The file's content, the holder's process id, only serves messages.
 */
/* For F_OFD_SETLK. */
#define _GNU_SOURCE

#include "flow/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum tally_rc
busy(int fd, const char *path, struct tally_err *err)
{
	char pid[16] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	return tally_err_set(err, TALLY_TEMP,
	    "another run holds %s (process %s); try again when it is done",
	    path, pid[0] != '\0' ? pid : "unknown");
}

enum tally_rc
lock_take(int *out, const char *dir, struct tally_err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX + 16], pid[16];
	int fd, n;
	enum tally_rc rc;

	snprintf(path, sizeof(path), "%s/tallyman.lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return tally_err_errno(
		    err, TALLY_CREATE, "the lock %s cannot be opened", path);
	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		if (errno == EAGAIN || errno == EACCES)
			rc = busy(fd, path, err);
		else
			rc = tally_err_errno(
			    err, TALLY_IO, "%s cannot be locked", path);
		close(fd);
		return rc;
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
		rc = tally_err_errno(
		    err, TALLY_IO, "%s cannot be written", path);
		close(fd);
		return rc;
	}
	*out = fd;
	return TALLY_OK;
}

void
lock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
