/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256: what the standard gives, and what libcrypto says of anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>

#include "base/hash.h"
#include "base/hash_kernel.h"
#include "support/generate.h"

#define MOST 1000

/* Of FIPS 180-4's examples; a text is repeated. */
static const struct {
	const char *text;
	unsigned times;
	const char *hex;
} rows[] = {
	{ "", 1,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"
	    "5" },
	{ "abc", 1,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a"
	    "d" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c"
	    "1" },
	{ "a", 1000000,
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd"
	    "0" },
};

static struct tally_hash *
new_hash(void)
{
	struct tally_hash *h = NULL;
	struct tally_err err;

	assert_int_equal(tally_hash_new(&h, &err), TALLY_OK);
	return h;
}

static void
gives_what_the_standard_gives(void **state)
{
	struct tally_hash *h = new_hash();
	unsigned char digest[TALLY_HASH_SIZE];
	char hex[TALLY_HASH_HEX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned k = 0; k < rows[i].times; k++)
			tally_hash_add(h, rows[i].text, strlen(rows[i].text));
		tally_hash_end(h, digest);
		tally_hash_hex(digest, hex);
		assert_string_equal(hex, rows[i].hex);
	}
	tally_hash_free(h);
}

static void
fill(struct rnd *r, unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)rnd_below(r, 256);
}

/* Any number of bytes, in pieces, the rest of them by a copy. */
static void
gives_what_libcrypto_gives(void **state)
{
	struct tally_hash *h = new_hash(), *copy;
	unsigned char text[MOST], ours[TALLY_HASH_SIZE],
	    theirs[TALLY_HASH_SIZE];
	struct tally_err err;
	struct rnd r;

	(void)state;
	rnd_seed(&r, 1);
	fill(&r, text, sizeof(text));
	for (size_t n = 0; n <= MOST; n++) {
		size_t at = 0, piece;

		while (at < n / 2) {
			piece = rnd_below(&r, 150);
			if (piece > n / 2 - at)
				piece = n / 2 - at;
			tally_hash_add(h, text + at, piece);
			at += piece;
		}
		assert_int_equal(tally_hash_copy(&copy, h, &err), TALLY_OK);
		tally_hash_add(copy, text + at, n - at);
		tally_hash_end(copy, ours);
		tally_hash_free(copy);
		assert_int_equal(
		    EVP_Digest(text, n, theirs, NULL, EVP_sha256(), NULL), 1);
		assert_memory_equal(ours, theirs, sizeof(ours));
		/* What the copy had, the other one has not. */
		tally_hash_end(h, ours);
		assert_int_equal(
		    EVP_Digest(text, at, theirs, NULL, EVP_sha256(), NULL), 1);
		assert_memory_equal(ours, theirs, sizeof(ours));
	}
	tally_hash_free(h);
}

/* All that can run here, on any state. */
static void
kernels_agree(void **state)
{
	unsigned char text[5 * HASH_BLOCK + 1];
	uint32_t before[8], want[8], got[8];
	struct rnd r;
	size_t n;
	const struct tally_hash_kernel *k = tally_hash_kernels(&n);

	(void)state;
	assert_true(n >= 1);
	rnd_seed(&r, 2);
	for (unsigned round = 0; round < 1000; round++) {
		size_t nblock = rnd_below(&r, 6), at = rnd_below(&r, 2);

		fill(&r, text, sizeof(text));
		fill(&r, (unsigned char *)before, sizeof(before));
		memcpy(want, before, sizeof(want));
		k[0].blocks(want, text + at, nblock);
		for (size_t i = 1; i < n; i++) {
			memcpy(got, before, sizeof(got));
			k[i].blocks(got, text + at, nblock);
			assert_memory_equal(got, want, sizeof(got));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_what_the_standard_gives),
		cmocka_unit_test(gives_what_libcrypto_gives),
		cmocka_unit_test(kernels_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
