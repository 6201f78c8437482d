/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The portable scan kernel: eight bytes at a time in a 64-bit word.
 *
 * Every test answers in the highest bit of each byte and carries nothing
 * from one byte into the next.
 */
#include "x12/scan_mask.h"

#include <string.h>

#define EACH(c) ((uint64_t)0x0101010101010101U * (c))

/* Byte 0 of memory is the lowest byte of the word on every machine. */
SCAN_INLINE uint64_t
load(const unsigned char *p)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
#else
	uint64_t w = 0;

	for (int i = 7; i >= 0; i--)
		w = w << 8 | p[i];
	return w;
#endif
}

/* 0x80 where the byte is not 0; the other bits are noise. */
SCAN_INLINE uint64_t
nonzeros(uint64_t w)
{
	return ((w & EACH(0x7f)) + EACH(0x7f)) | w;
}

/* 0x80 where the byte is no printable ASCII; the other bits are noise. */
SCAN_INLINE uint64_t
darks(uint64_t w)
{
	uint64_t low = w & EACH(0x7f);

	return w | (low + EACH(0x01)) | ~(low + EACH(0x60));
}

/* Swaps rows and columns of the 8 x 8 bits that a word is. */
SCAN_INLINE uint64_t
transpose(uint64_t x)
{
	uint64_t t;

	t = (x ^ x >> 7) & 0x00aa00aa00aa00aaU;
	x ^= t ^ t << 7;
	t = (x ^ x >> 14) & 0x0000cccc0000ccccU;
	x ^= t ^ t << 14;
	t = (x ^ x >> 28) & 0x00000000f0f0f0f0U;
	return x ^ t ^ t << 28;
}

/*
 * Word i leaves its eight bits in bit i of the eight bytes, which one
 * transposition at the end puts in order.
 */
SCAN_INLINE struct scan_bits
block(const unsigned char *p, uint64_t element, uint64_t segment)
{
	uint64_t sep = 0, term = 0, dark = 0;

	for (unsigned i = 0; i < 8; i++) {
		uint64_t w = load(p + (size_t)i * 8);
		uint64_t t = nonzeros(w ^ segment);
		uint64_t s = nonzeros(w ^ element) & t;

		sep |= (~s & EACH(0x80)) >> (7 - i);
		term |= (~t & EACH(0x80)) >> (7 - i);
		dark |= (darks(w) & EACH(0x80)) >> (7 - i);
	}
	return (struct scan_bits){ transpose(sep), transpose(term),
		transpose(dark) };
}

void
tally_scan_swar(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, struct tally_index *ix)
{
	uint64_t e = EACH(element), t = EACH(segment);
	struct scan_line line = scan_line_at(base, from, element, segment);
	struct tally_index x = *ix;
	struct scan_bits b;
	uint32_t i = from;

	for (; to - i >= SCAN_BLOCK; i += SCAN_BLOCK) {
		b = block(base + i, e, t);
		scan_emit(&x, i, b, false);
		scan_odd(&x, i, b, &line);
	}
	if (i < to) {
		b = scan_cut(block(base + i, e, t), to - i);
		scan_emit(&x, i, b, false);
		scan_odd(&x, i, b, &line);
	}
	*ix = x;
}
