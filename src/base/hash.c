/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by libcrypto; see hash.h. */
#include "base/hash.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tallyman/mem.h"

struct tally_hash {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

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
tally_hash_end_without_memory(int status)
{
	status_without_memory = status;
	(void)CRYPTO_set_mem_functions(
	    crypto_alloc, crypto_realloc, crypto_free);
}

static void
start(struct tally_hash *h)
{
	int ok = EVP_DigestInit_ex(h->ctx, h->md, NULL);

	assert(ok == 1);
}

enum tally_rc
tally_hash_new(struct tally_hash **out, struct tally_err *err)
{
	struct tally_hash *h = tally_calloc(1, sizeof(*h));

	if (h == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->ctx = EVP_MD_CTX_new();
	if (h->md == NULL || h->ctx == NULL) {
		tally_hash_free(h);
		return tally_err_set(err, TALLY_NOMEM,
		    "libcrypto gives no SHA-256; check its configuration");
	}
	start(h);
	*out = h;
	return TALLY_OK;
}

enum tally_rc
tally_hash_copy(
    struct tally_hash **out, const struct tally_hash *of, struct tally_err *err)
{
	struct tally_hash *h = NULL;
	enum tally_rc rc = tally_hash_new(&h, err);

	if (rc == TALLY_OK && EVP_MD_CTX_copy_ex(h->ctx, of->ctx) != 1) {
		tally_hash_free(h);
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	if (rc == TALLY_OK)
		*out = h;
	return rc;
}

void
tally_hash_free(struct tally_hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	tally_free(h);
}

void
tally_hash_add(struct tally_hash *h, const void *p, size_t n)
{
	int ok = EVP_DigestUpdate(h->ctx, p, n);

	assert(ok == 1);
}

void
tally_hash_end(struct tally_hash *h, unsigned char digest[32])
{
	int ok = EVP_DigestFinal_ex(h->ctx, digest, NULL);

	assert(ok == 1);
	start(h);
}

void
tally_hash_hex(const unsigned char digest[32], char hex[65])
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < TALLY_HASH_SIZE; i++) {
		hex[2 * i] = digit[digest[i] >> 4];
		hex[2 * i + 1] = digit[digest[i] & 15];
	}
	hex[64] = '\0';
}
