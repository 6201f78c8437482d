/* SPDX-License-Identifier: Apache-2.0 */
/* Loading libssh2 and libcrypto; see library.h and mailbox.h. */
#include "mailbox/library.h"

#include <assert.h>
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/mailbox.h"

#define TEXT(x)     TEXT_OF(x)
#define TEXT_OF(x)  #x
#define SSH2_NAME   "libssh2.so.1"
#define CRYPTO_NAME "libcrypto.so." TEXT(OPENSSL_SHLIB_VERSION)

/* Where each function belongs. */
static const struct {
	const char *name;
	size_t at;
	bool ssh2;
} entries[] = {
#define SSH2(name)   { #name, offsetof(struct library, name), true },
#define CRYPTO(name) { #name, offsetof(struct library, name), false },
#include "mailbox/library.def"
#undef SSH2
#undef CRYPTO
};

static struct library loaded;
static bool is_loaded;

/* --- memory --- */

static bool ends_without_memory;
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
	ends_without_memory = true;
	status_without_memory = status;
}

/* --- loading --- */

static enum tally_rc
trouble(const char *mailbox, const char *name, struct tally_err *err)
{
	const char *why = dlerror();

	return tally_err_set(err, TALLY_CONFIG,
	    "mailbox %s: %s, which SFTP needs, cannot be loaded; install the"
	    " package that has it (%s)",
	    mailbox, name, why != NULL ? why : "no reason is given");
}

/* Fills in what one of them has. */
static enum tally_rc
find(struct library *l, bool ssh2, const char *mailbox, struct tally_err *err)
{
	const char *name = ssh2 ? SSH2_NAME : CRYPTO_NAME;
	void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL), *p;

	if (handle == NULL)
		return trouble(mailbox, name, err);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		if (entries[i].ssh2 != ssh2)
			continue;
		p = dlsym(handle, entries[i].name);
		if (p == NULL)
			return trouble(mailbox, name, err);
		memcpy((char *)l + entries[i].at, &p, sizeof(p));
	}
	return TALLY_OK;
}

enum tally_rc
library_load(const char *mailbox, struct tally_err *err)
{
	struct library l = { 0 };
	enum tally_rc rc;

	if (is_loaded)
		return TALLY_OK;
	rc = find(&l, false, mailbox, err);
	/* Before it, or libssh2 for it, asks for any. */
	if (rc == TALLY_OK && ends_without_memory)
		(void)l.CRYPTO_set_mem_functions(
		    crypto_alloc, crypto_realloc, crypto_free);
	if (rc == TALLY_OK)
		rc = find(&l, true, mailbox, err);
	if (rc != TALLY_OK)
		return rc;
	loaded = l;
	is_loaded = true;
	return TALLY_OK;
}

const struct library *
library(void)
{
	assert(is_loaded);
	return &loaded;
}
