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

/* Where 0x20 … 0x7e stand: one more is above 0x20, as signed numbers. */
SCAN_INLINE __m128i
printable(__m128i v)
{
	return _mm_cmpgt_epi8(
	    _mm_add_epi8(v, _mm_set1_epi8(1)), _mm_set1_epi8(0x20));
}

SCAN_INLINE void
part(struct scan_bits *b, const unsigned char *p, const struct keys *k,
    unsigned at)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	__m128i t = _mm_cmpeq_epi8(v, k->segment);
	__m128i e = _mm_cmpeq_epi8(v, k->element);

	b->sep |= bits(_mm_or_si128(e, t)) << at;
	b->term |= bits(t) << at;
	b->dark |= bits(printable(v)) << at;
}

SCAN_INLINE struct scan_bits
block(const unsigned char *p, const struct keys *k)
{
	struct scan_bits b = { 0, 0, 0 };

	part(&b, p, k, 0);
	part(&b, p + 16, k, 16);
	part(&b, p + 32, k, 32);
	part(&b, p + 48, k, 48);
	b.dark = ~b.dark;
	return b;
}

void
tally_scan_sse2(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, struct tally_index *ix)
{
	struct keys k = { _mm_set1_epi8((char)element),
		_mm_set1_epi8((char)segment) };
	struct scan_line line = scan_line_at(base, from, element, segment);
	struct tally_index x = *ix;
	struct scan_bits b;
	uint32_t i = from;

	for (; to - i >= SCAN_BLOCK; i += SCAN_BLOCK) {
		scan_fetch(base, i);
		b = block(base + i, &k);
		scan_emit(&x, i, b, false);
		scan_odd(&x, i, b, &line);
	}
	if (i < to) {
		b = scan_cut(block(base + i, &k), to - i);
		scan_emit(&x, i, b, false);
		scan_odd(&x, i, b, &line);
	}
	*ix = x;
}

#else
/* A translation unit must not be empty. */
typedef int tally_scan_sse2_absent;
#endif
