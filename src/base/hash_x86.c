/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 of blocks with the instructions that x86-64 has for it.  They keep
 * the state as two vectors, of a, b, e, f and of c, d, g, h, and do two rounds
 * at a time.
 */
#include "base/hash_kernel.h"

#if HASH_X86

#include <immintrin.h>

/* Set per function: the program runs on machines without it. */
#define HASH_SHA \
	static inline __attribute__((target("sha,sse4.1"), always_inline))

struct state {
	__m128i abef, cdgh;
};

/* Four rounds, with four words of the message. */
HASH_SHA void
rounds(struct state *s, __m128i w, const uint32_t *k)
{
	w = _mm_add_epi32(w, _mm_loadu_si128((const __m128i *)k));
	s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, w);
	w = _mm_shuffle_epi32(w, 0x0e);
	s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, w);
}

/* The next four words, of the sixteen before them, the oldest first. */
HASH_SHA __m128i
next(__m128i a, __m128i b, __m128i c, __m128i d)
{
	a = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));
	return _mm_sha256msg2_epu32(a, d);
}

HASH_SHA __m128i
words(const unsigned char *p)
{
	const __m128i swap =
	    _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p), swap);
}

HASH_SHA void
block(struct state *s, const unsigned char *p)
{
	__m128i a = words(p), b = words(p + 16), c = words(p + 32),
		d = words(p + 48);

	for (unsigned i = 0; i < 64; i += 16) {
		if (i > 0) {
			a = next(a, b, c, d);
			b = next(b, c, d, a);
			c = next(c, d, a, b);
			d = next(d, a, b, c);
		}
		rounds(s, a, tally_hash_round + i);
		rounds(s, b, tally_hash_round + i + 4);
		rounds(s, c, tally_hash_round + i + 8);
		rounds(s, d, tally_hash_round + i + 12);
	}
}

__attribute__((target("sha,sse4.1"))) void
tally_hash_x86(uint32_t state[8], const unsigned char *p, size_t nblock)
{
	__m128i *at = (__m128i *)state;
	__m128i low = _mm_shuffle_epi32(_mm_loadu_si128(at), 0xb1);
	__m128i high = _mm_shuffle_epi32(_mm_loadu_si128(at + 1), 0x1b);
	struct state s = { _mm_alignr_epi8(low, high, 8),
		_mm_blend_epi16(high, low, 0xf0) },
		     old;

	for (; nblock > 0; nblock--, p += HASH_BLOCK) {
		old = s;
		block(&s, p);
		s.abef = _mm_add_epi32(s.abef, old.abef);
		s.cdgh = _mm_add_epi32(s.cdgh, old.cdgh);
	}
	low = _mm_shuffle_epi32(s.abef, 0x1b);
	high = _mm_shuffle_epi32(s.cdgh, 0xb1);
	_mm_storeu_si128(at, _mm_blend_epi16(low, high, 0xf0));
	_mm_storeu_si128(at + 1, _mm_alignr_epi8(high, low, 8));
}

#endif
