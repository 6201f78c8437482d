/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The portable scan kernel: eight bytes at a time in a 64-bit word.
 *
 * Every test answers in the highest bit of each byte and carries nothing
 * from one byte into the next.  What is done to the words of a block is
 * written as loops over arrays, of which compilers make instructions for
 * several words at once where the machine has them.
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

/* Of a block, bit i of byte k is that of byte k of word i. */
struct gathered {
	uint64_t sep, term, dark;
};

SCAN_INLINE uint64_t
gather(const uint64_t word[8])
{
	uint64_t four[4], two[2];

	for (unsigned i = 0; i < 4; i++)
		four[i] = word[i] >> 4 | word[i + 4];
	for (unsigned i = 0; i < 2; i++)
		two[i] = four[i] >> 2 | four[i + 2];
	return two[0] >> 1 | two[1];
}

SCAN_INLINE struct gathered
block(const unsigned char *p, uint64_t element, uint64_t segment)
{
	uint64_t inside[8], on[8], dark[8];

	for (unsigned i = 0; i < 8; i++) {
		uint64_t w = load(p + (size_t)i * 8);
		uint64_t t = nonzeros(w ^ segment);

		on[i] = t & EACH(0x80);
		inside[i] = nonzeros(w ^ element) & t & EACH(0x80);
		dark[i] = darks(w) & EACH(0x80);
	}
	return (struct gathered){ ~gather(inside), ~gather(on), gather(dark) };
}

/* The bytes behind those; before: whether the first is behind one. */
SCAN_INLINE uint64_t
behind(uint64_t m, uint64_t before)
{
	return m << 8 | (m >> 55 & 0xfe) | before;
}

/* What scan_odd does, of bits that need not be put in order for that: hardly
 * any block has an odd byte. */
SCAN_INLINE void
note_odd(
    struct tally_index *ix, uint32_t at, struct gathered g, struct scan_line *l)
{
	uint64_t dark = g.dark & ~g.sep;
	uint64_t first = behind(g.term, l->first);
	uint64_t ends = dark & first;
	uint64_t odd = dark & ~(first | behind(ends, l->second));

	l->first = g.term >> 63;
	l->second = ends >> 63;
	if (odd != 0)
		ix->odd = at + scan_highest(transpose(odd)) + 1;
}

void
tally_scan_swar(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, struct tally_index *ix)
{
	uint64_t e = EACH(element), t = EACH(segment);
	struct scan_line line = scan_line_at(base, from, element, segment);
	struct tally_index x = *ix;
	struct gathered g;
	struct scan_bits b;
	uint32_t i = from;

	for (; to - i >= SCAN_BLOCK; i += SCAN_BLOCK) {
		g = block(base + i, e, t);
		b = (struct scan_bits){ transpose(g.sep), transpose(g.term),
			0 };
		scan_emit(&x, i, b, false);
		note_odd(&x, i, g, &line);
	}
	if (i < to) {
		g = block(base + i, e, t);
		b = (struct scan_bits){ transpose(g.sep), transpose(g.term),
			transpose(g.dark) };
		b = scan_cut(b, to - i);
		scan_emit(&x, i, b, false);
		scan_odd(&x, i, b, &line);
	}
	*ix = x;
}
