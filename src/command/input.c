/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what the command line names; see input.h. */
#include "command/input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
