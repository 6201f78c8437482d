/* SPDX-License-Identifier: Apache-2.0 */
/* The scan kernel for every x86-64: SSE2, 16 bytes at a time. */
#include "x12/scan_mask.h"

#if SCAN_X86

#include <emmintrin.h>

struct keys {
	__m128i element, segment;
};

SCAN_INLINE uint64_t
bits(__m128i v)
{
	return (uint32_t)_mm_movemask_epi8(v);
}

SCAN_INLINE struct scan_bits
block(const unsigned char *p, const struct keys *k)
{
	struct scan_bits b = { 0, 0 };

	for (unsigned i = 0; i < SCAN_BLOCK; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + i));
		__m128i t = _mm_cmpeq_epi8(v, k->segment);
		__m128i e = _mm_cmpeq_epi8(v, k->element);

		b.sep |= bits(_mm_or_si128(e, t)) << i;
		b.term |= bits(t) << i;
	}
	return b;
}

void
tally_scan_sse2(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, struct tally_index *ix)
{
	struct keys k = { _mm_set1_epi8((char)element),
		_mm_set1_epi8((char)segment) };
	struct tally_index x = *ix;
	uint32_t i = from;

	for (; to - i >= SCAN_BLOCK; i += SCAN_BLOCK) {
		scan_fetch(base, i);
		scan_emit(&x, i, block(base + i, &k), false);
	}
	if (i < to)
		scan_emit(&x, i, scan_cut(block(base + i, &k), to - i), false);
	*ix = x;
}

#else
/* A translation unit must not be empty. */
typedef int tally_scan_sse2_absent;
#endif
