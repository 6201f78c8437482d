/* SPDX-License-Identifier: Apache-2.0 */
/* See keep.h: a temporary name, a sync, a rename, a sync of the folder. */
#include "flow/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"

enum tally_rc
keep_write(const char *dir, const char *name, struct tally_str content,
    struct tally_err *err)
{
	char temporary[64];
	int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	enum tally_rc rc = TALLY_OK;

	snprintf(temporary, sizeof(temporary), ".%s.tmp", name);
	if (folder >= 0)
		fd = openat(folder, temporary,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0640);
	if (fd < 0)
		rc = tally_err_errno(
		    err, TALLY_CREATE, "%s/%s cannot be made", dir, name);
	if (rc == TALLY_OK &&
	    (!tally_write_all(fd, content.p, content.n) || fsync(fd) != 0))
		rc = tally_err_errno(err, TALLY_IO, "writing %s", name);
	if (fd >= 0)
		close(fd);
	if (rc == TALLY_OK &&
	    (renameat(folder, temporary, folder, name) != 0 ||
		fsync(folder) != 0))
		rc = tally_err_errno(
		    err, TALLY_CREATE, "%s/%s cannot be made", dir, name);
	if (folder >= 0)
		close(folder);
	return rc;
}

enum tally_rc
keep_read(struct tally_buf *b, const char *dir, const char *name,
    struct tally_err *err)
{
	char path[PATH_MAX], block[4096];
	ssize_t n = 0;
	int fd;

	tally_buf_reset(b);
	tally_buf_puts(b, "");
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return TALLY_OK;
	while (fd >= 0 &&
	    ((n = read(fd, block, sizeof(block))) > 0 ||
		(n < 0 && errno == EINTR)))
		if (n > 0)
			tally_buf_add(b, block, (size_t)n);
	if (fd < 0 || n < 0)
		tally_err_errno(err, TALLY_IO, "%s cannot be read", path);
	if (fd >= 0)
		close(fd);
	if (fd < 0 || n < 0)
		return TALLY_IO;
	return b->failed ? tally_err_set(err, TALLY_NOMEM, "out of memory")
			 : TALLY_OK;
}
