/* SPDX-License-Identifier: Apache-2.0 */
/* See io.h. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define LARGE (UINT64_C(32) << 20)
#define STEP  (UINT64_C(4) << 20)

bool
tally_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	unsigned interrupts = 0;
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done < 0 && errno == EINTR &&
		    ++interrupts < TALLY_INTERRUPTS)
			continue;
		if (done < 0)
			return false;
		interrupts = 0;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

void
tally_forget_read(int fd, uint64_t size, uint64_t *forgotten, uint64_t upto)
{
	if (size <= LARGE || upto < *forgotten + STEP)
		return;
	(void)posix_fadvise(fd, (off_t)*forgotten, (off_t)(upto - *forgotten),
	    POSIX_FADV_DONTNEED);
	*forgotten = upto;
}
