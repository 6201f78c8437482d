/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator to be loaded before the C library's: of a whole program, its
 * libraries included, the n-th request for memory fails, and with
 * FAULT_FOREVER all after it.  FAULT_ALLOC is n; FAULT_COUNT names a file
 * that is told how many requests there were.
 *
 * Only requests of libxml2 itself never fail: version 2.9 follows a null
 * pointer when its RELAX NG reader gets no memory.
 */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The C library's own; only there under these names. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static _Atomic long asked;
static long at = -1;
static bool forever;

/* Before main, so that the program's own work is what is counted. */
__attribute__((constructor)) static void
begin(void)
{
	const char *n = getenv("FAULT_ALLOC");

	asked = 0;
	at = n != NULL ? strtol(n, NULL, 10) : -1;
	forever = getenv("FAULT_FOREVER") != NULL;
}

__attribute__((destructor)) static void
tell(void)
{
	const char *path = getenv("FAULT_COUNT");
	char text[32];
	long n = asked;
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return;
	snprintf(text, sizeof(text), "%ld", n);
	if (write(fd, text, strlen(text)) < 0)
		_exit(124);
	close(fd);
}

static bool
is_spared(const void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
	    strstr(info.dli_fname, "libxml2") != NULL;
}

static bool
fails(const void *caller)
{
	long n = ++asked;

	if (at < 0 || n < at || (n > at && !forever) || is_spared(caller))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t count, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL
						  : __libc_calloc(count, size);
}

void *
realloc(void *p, size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}
