/* SPDX-License-Identifier: Apache-2.0 */
/* The scan kernel for x86-64 with AVX2: 32 bytes at a time. */
#include "x12/scan_mask.h"

#if SCAN_X86

#include <immintrin.h>

/* Set per function: the program runs on machines without it. */
#define SCAN_AVX2 __attribute__((target("avx2,bmi,popcnt")))

struct keys {
	__m256i element, segment;
};

SCAN_AVX2 SCAN_INLINE uint64_t
bits(__m256i v)
{
	return (uint32_t)_mm256_movemask_epi8(v);
}

/* Where 0x20 … 0x7e stand: one more is above 0x20, as signed numbers. */
SCAN_AVX2 SCAN_INLINE __m256i
printable(__m256i v)
{
	return _mm256_cmpgt_epi8(
	    _mm256_add_epi8(v, _mm256_set1_epi8(1)), _mm256_set1_epi8(0x20));
}

SCAN_AVX2 SCAN_INLINE void
part(struct scan_bits *b, const unsigned char *p, const struct keys *k,
    unsigned at)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)p);
	__m256i t = _mm256_cmpeq_epi8(v, k->segment);
	__m256i e = _mm256_cmpeq_epi8(v, k->element);

	b->sep |= bits(_mm256_or_si256(e, t)) << at;
	b->term |= bits(t) << at;
	b->dark |= bits(printable(v)) << at;
}

SCAN_AVX2 SCAN_INLINE struct scan_bits
block(const unsigned char *p, const struct keys *k)
{
	struct scan_bits b = { 0, 0, 0 };

	part(&b, p, k, 0);
	part(&b, p + 32, k, 32);
	b.dark = ~b.dark;
	return b;
}

SCAN_AVX2 void
tally_scan_avx2(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, struct tally_index *ix)
{
	struct keys k = { _mm256_set1_epi8((char)element),
		_mm256_set1_epi8((char)segment) };
	struct scan_line line = scan_line_at(base, from, element, segment);
	struct tally_index x = *ix;
	struct scan_bits b;
	uint32_t i = from;

	for (; to - i >= SCAN_BLOCK; i += SCAN_BLOCK) {
		scan_fetch(base, i);
		b = block(base + i, &k);
		scan_emit(&x, i, b, true);
		scan_odd(&x, i, b, &line);
	}
	if (i < to) {
		b = scan_cut(block(base + i, &k), to - i);
		scan_emit(&x, i, b, true);
		scan_odd(&x, i, b, &line);
	}
	*ix = x;
}

#else
/* A translation unit must not be empty. */
typedef int tally_scan_avx2_absent;
#endif
