/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be loaded before the C library: every wait for the disk takes SLOW_DISK
 * microseconds more, as on a disk of that kind; all else is as fast as it is.
 */
#define _GNU_SOURCE /* syscall, syncfs */

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int
late(long result)
{
	const char *us = getenv("SLOW_DISK");
	long n = us != NULL ? strtol(us, NULL, 10) : 0;
	struct timespec t = { n / 1000000, n % 1000000 * 1000 };
	int e = errno;

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
	errno = e;
	return (int)result;
}

int
fsync(int fd)
{
	return late(syscall(SYS_fsync, fd));
}

int
fdatasync(int fd)
{
	return late(syscall(SYS_fdatasync, fd));
}

int
syncfs(int fd)
{
	return late(syscall(SYS_syncfs, fd));
}
