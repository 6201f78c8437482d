/* SPDX-License-Identifier: Apache-2.0 */
/* libcrypto and memory; see mailbox.h. */
#include "mailbox/mailbox.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <unistd.h>

static int status_without_memory;

static void *
insist(void *p)
{
	static const char said[] = "tallyman: no memory for libcrypto\n";

	if (p != NULL)
		return p;
	(void)!write(STDERR_FILENO, said, sizeof(said) - 1);
	_exit(status_without_memory);
}

static void *
crypto_alloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n > 0 ? insist(malloc(n)) : NULL;
}

static void *
crypto_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n > 0)
		return insist(realloc(p, n));
	free(p);
	return NULL;
}

static void
crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

void
mailbox_end_without_memory(int status)
{
	status_without_memory = status;
	(void)CRYPTO_set_mem_functions(
	    crypto_alloc, crypto_realloc, crypto_free);
}
