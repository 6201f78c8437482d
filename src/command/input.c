/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what the command line names; see input.h. */
#include "command/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define BLOCK 65536

enum tally_rc
input_open(struct input *in, const char *name, struct tally_err *err)
{
	*in = (struct input){ STDIN_FILENO, name };
	if (strcmp(name, "-") == 0)
		return TALLY_OK;
	in->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return tally_err_errno(
		    err, TALLY_NOINPUT, "%s cannot be opened", name);
	return TALLY_OK;
}

void
input_close(struct input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
}

static enum tally_rc
read_some(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct input *in = ctx;
	ssize_t n;

	do
		n = read(in->fd, buf, max);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return tally_err_errno(
		    err, TALLY_NOINPUT, "%s cannot be read", in->name);
	*got = (size_t)n;
	return TALLY_OK;
}

struct tally_source
input_source(struct input *in)
{
	return (struct tally_source){ read_some, in };
}

static enum tally_rc
no_room(const struct input *in, struct tally_err *err)
{
	return tally_err_errno(err, TALLY_IO,
	    "%s cannot be copied into a temporary file", in->name);
}

static enum tally_rc
copy(struct input *in, int to, struct tally_err *err)
{
	char block[BLOCK];
	size_t n = 1;
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && n > 0) {
		rc = read_some(in, block, sizeof(block), &n, err);
		if (rc == TALLY_OK && !tally_write_all(to, block, n))
			rc = no_room(in, err);
	}
	return rc;
}

enum tally_rc
input_keep(struct input *in, struct tally_err *err)
{
	struct stat sb;
	enum tally_rc rc;
	FILE *f;
	int fd = -1;

	if (fstat(in->fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    lseek(in->fd, 0, SEEK_CUR) == 0)
		return TALLY_OK;
	f = tmpfile(); /* has no name, so it goes with the last descriptor */
	if (f == NULL)
		return no_room(in, err);
	rc = copy(in, fileno(f), err);
	if (rc == TALLY_OK) {
		fd = dup(fileno(f));
		if (fd < 0)
			rc = no_room(in, err);
	}
	fclose(f);
	if (rc == TALLY_OK) {
		input_close(in);
		in->fd = fd;
	}
	return rc;
}

static enum tally_rc
read_from(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct input_from *from = ctx;
	ssize_t n;

	do
		n = pread(from->input->fd, buf, max, (off_t)from->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return tally_err_errno(
		    err, TALLY_NOINPUT, "%s cannot be read", from->input->name);
	from->at += (uint64_t)n;
	*got = (size_t)n;
	return TALLY_OK;
}

struct tally_source
input_source_from(struct input_from *from)
{
	return (struct tally_source){ read_from, from };
}

enum tally_rc
input_slurp(struct input *in, struct tally_buf *b, struct tally_err *err)
{
	char block[BLOCK];
	size_t n = 1;
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && n > 0 && !b->failed) {
		rc = read_some(in, block, sizeof(block), &n, err);
		if (rc == TALLY_OK)
			tally_buf_add(b, block, n);
	}
	if (rc == TALLY_OK && b->failed)
		rc = tally_err_set(err, TALLY_DATA,
		    "%s has more than the limit of %zu bytes; split it",
		    in->name, b->max);
	return rc;
}
