/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256; see hash.h.
 *
 * Our own, for a run with one small file would else wait longer for libcrypto
 * to be loaded than for its own work.  The tests compare it with libcrypto's.
 */
#include "base/hash.h"

#include <stdint.h>
#include <string.h>

#include "base/hash_kernel.h"
#include "tallyman/mem.h"

#if HASH_X86
#include <cpuid.h>
#endif

struct tally_hash {
	tally_hash_fn *blocks;
	uint32_t state[8];
	uint64_t size; /* of all that was added; what is over a block is kept */
	unsigned char kept[HASH_BLOCK];
};

static const struct tally_hash_kernel kernels[] = {
	{ "portable", tally_hash_portable },
#if HASH_X86
	{ "x86", tally_hash_x86 },
#endif
};

#if HASH_X86
/* Leaf 7 of CPUID has a bit for SHA; leaf 1 for SSE4.1, which is used too. */
static bool
has_sha(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_1) != 0 &&
	    __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}
#endif

const struct tally_hash_kernel *
tally_hash_kernels(size_t *n)
{
	*n = 1;
#if HASH_X86
	if (has_sha())
		*n = 2;
#endif
	return kernels;
}

static void
begin(struct tally_hash *h)
{
	static const uint32_t first[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
		0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(h->state, first, sizeof(first));
	h->size = 0;
}

enum tally_rc
tally_hash_new(struct tally_hash **out, struct tally_err *err)
{
	struct tally_hash *h = tally_calloc(1, sizeof(*h));
	const struct tally_hash_kernel *k;
	size_t n;

	if (h == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	k = tally_hash_kernels(&n);
	h->blocks = k[n - 1].blocks;
	begin(h);
	*out = h;
	return TALLY_OK;
}

enum tally_rc
tally_hash_copy(
    struct tally_hash **out, const struct tally_hash *of, struct tally_err *err)
{
	struct tally_hash *h = tally_alloc(sizeof(*h));

	if (h == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	*h = *of;
	*out = h;
	return TALLY_OK;
}

void
tally_hash_free(struct tally_hash *h)
{
	tally_free(h);
}

void
tally_hash_add(struct tally_hash *h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t has = h->size % HASH_BLOCK, more;

	if (n == 0)
		return;
	h->size += n;
	if (has > 0) {
		more = n < HASH_BLOCK - has ? n : HASH_BLOCK - has;
		memcpy(h->kept + has, p, more);
		if (has + more < HASH_BLOCK)
			return;
		h->blocks(h->state, h->kept, 1);
		p += more;
		n -= more;
	}
	if (n >= HASH_BLOCK)
		h->blocks(h->state, p, n / HASH_BLOCK);
	if (n % HASH_BLOCK > 0)
		memcpy(h->kept, p + n - n % HASH_BLOCK, n % HASH_BLOCK);
}

static void
put(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

/* Behind the last byte a bit, zeros, and at the end of a block the size. */
void
tally_hash_end(struct tally_hash *h, unsigned char digest[32])
{
	unsigned char tail[2 * HASH_BLOCK] = { 0 };
	size_t has = h->size % HASH_BLOCK;
	size_t nblock = has < HASH_BLOCK - 8 ? 1 : 2;

	memcpy(tail, h->kept, has);
	tail[has] = 0x80;
	put(tail + nblock * HASH_BLOCK - 8, (uint32_t)(h->size >> 29));
	put(tail + nblock * HASH_BLOCK - 4, (uint32_t)(h->size << 3));
	h->blocks(h->state, tail, nblock);
	for (size_t i = 0; i < 8; i++)
		put(digest + 4 * i, h->state[i]);
	begin(h);
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
