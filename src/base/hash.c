/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by libcrypto; see hash.h.
 *
 * By its functions for this one digest and not by those for any: to find one of
 * any, libcrypto reads its configuration and gets all of them ready, which
 * takes more than everything else that a run with nothing to do does itself.
 */
#define OPENSSL_API_COMPAT 10101 /* they are for programs of that version */

#include "base/hash.h"

#include <assert.h>
#include <openssl/sha.h>

#include "tallyman/mem.h"

struct tally_hash {
	SHA256_CTX ctx;
};

enum tally_rc
tally_hash_new(struct tally_hash **out, struct tally_err *err)
{
	struct tally_hash *h = tally_calloc(1, sizeof(*h));
	int ok;

	if (h == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	ok = SHA256_Init(&h->ctx);
	assert(ok == 1);
	*out = h;
	return TALLY_OK;
}

enum tally_rc
tally_hash_copy(
    struct tally_hash **out, const struct tally_hash *of, struct tally_err *err)
{
	struct tally_hash *h = NULL;
	enum tally_rc rc = tally_hash_new(&h, err);

	if (rc == TALLY_OK) {
		*h = *of;
		*out = h;
	}
	return rc;
}

void
tally_hash_free(struct tally_hash *h)
{
	tally_free(h);
}

void
tally_hash_add(struct tally_hash *h, const void *p, size_t n)
{
	int ok = SHA256_Update(&h->ctx, p, n);

	assert(ok == 1);
}

void
tally_hash_end(struct tally_hash *h, unsigned char digest[32])
{
	int ok = SHA256_Final(digest, &h->ctx) && SHA256_Init(&h->ctx);

	assert(ok == 1);
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
