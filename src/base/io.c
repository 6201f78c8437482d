/* SPDX-License-Identifier: Apache-2.0 */
/* See io.h. */
#include "base/io.h"

#include <errno.h>
#include <unistd.h>

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
