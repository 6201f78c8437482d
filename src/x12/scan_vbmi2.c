/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan kernel for x86-64 with AVX-512 VBMI2, which packs the offsets of a
 * block's separators by one instruction instead of a loop over bits.
 */
#include "x12/scan_mask.h"

#if SCAN_X86

#include <immintrin.h>

/* Set per function: the program runs on machines without it. */
#define SCAN_VBMI2 \
	__attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,bmi2," \
			      "popcnt")))

static const unsigned char ordinals[SCAN_BLOCK] = { 0, 1, 2, 3, 4, 5, 6, 7, 8,
	9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
	27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
	45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	63 };

/* Writes at + i for each bit i of m: n of them, sixteen at a time. */
SCAN_VBMI2 SCAN_INLINE void
unpack(uint32_t *out, uint32_t at, uint64_t m, uint32_t n)
{
	__m512i all = _mm512_loadu_si512(ordinals);
	__m512i packed = _mm512_maskz_compress_epi8(m, all);
	__m512i base = _mm512_set1_epi32((int)at);
	__m512i lane = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(packed));

	_mm512_storeu_si512(out, _mm512_add_epi32(base, lane));
	if (n <= 16)
		return;
	lane = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 1));
	_mm512_storeu_si512(out + 16, _mm512_add_epi32(base, lane));
	if (n <= 32)
		return;
	lane = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 2));
	_mm512_storeu_si512(out + 32, _mm512_add_epi32(base, lane));
	lane = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 3));
	_mm512_storeu_si512(out + 48, _mm512_add_epi32(base, lane));
}

SCAN_VBMI2 SCAN_INLINE void
emit(struct tally_index *ix, uint32_t i, struct scan_bits b)
{
	uint32_t n = (uint32_t)_mm_popcnt_u64(b.sep);
	uint32_t nterm = (uint32_t)_mm_popcnt_u64(b.term);

	unpack(ix->pos + ix->npos, i, b.sep, n);
	unpack(ix->end + ix->nend, ix->npos, _pext_u64(b.term, b.sep), nterm);
	ix->npos += n;
	ix->nend += nterm;
}

SCAN_VBMI2 SCAN_INLINE struct scan_bits
block(const unsigned char *p, __m512i element, __m512i segment)
{
	__m512i v = _mm512_loadu_si512(p);
	__m512i up = _mm512_add_epi8(v, _mm512_set1_epi8(1));
	uint64_t t = _mm512_cmpeq_epi8_mask(v, segment);

	/* One more than 0x20 … 0x7e is above 0x20, as a signed number. */
	return (struct scan_bits){ _mm512_cmpeq_epi8_mask(v, element) | t, t,
		_mm512_cmple_epi8_mask(up, _mm512_set1_epi8(0x20)) };
}

SCAN_VBMI2 void
tally_scan_vbmi2(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, struct tally_index *ix)
{
	__m512i e = _mm512_set1_epi8((char)element);
	__m512i t = _mm512_set1_epi8((char)segment);
	struct scan_line line = scan_line_at(base, from, element, segment);
	struct tally_index x = *ix;
	struct scan_bits b;
	uint32_t i = from;

	for (; to - i >= SCAN_BLOCK; i += SCAN_BLOCK) {
		scan_fetch(base, i);
		b = block(base + i, e, t);
		emit(&x, i, b);
		scan_odd(&x, i, b, &line);
	}
	if (i < to) {
		b = scan_cut(block(base + i, e, t), to - i);
		emit(&x, i, b);
		scan_odd(&x, i, b, &line);
	}
	*ix = x;
}

#else
/* A translation unit must not be empty. */
typedef int tally_scan_vbmi2_absent;
#endif
