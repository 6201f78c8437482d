/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scan kernels share: from the bits of a block of 64 bytes to the
 * lists of a tally_index.  A kernel is a loop that makes the bits.
 *
 * Bit i stands for byte i of the block.  Lists are written in runs of eight
 * without asking how many are left, which is why callers give TALLY_SCAN_PAD
 * of extra room: a branch per separator costs more than the stores do.
 */
#ifndef TALLYMAN_X12_SCAN_MASK_H
#define TALLYMAN_X12_SCAN_MASK_H

#include <stdbool.h>

#include "x12/scan.h"

#if defined(__GNUC__) && defined(__x86_64__)
#define SCAN_X86 1
#else
#define SCAN_X86 0
#endif

#define SCAN_BLOCK 64
/* How far ahead to ask for memory; half and twice of it were slower. */
#define SCAN_AHEAD 4096

#if defined(__GNUC__)
#define SCAN_INLINE static inline __attribute__((always_inline))
#else
#define SCAN_INLINE static inline
#endif

tally_scan_fn tally_scan_swar;
#if SCAN_X86
tally_scan_fn tally_scan_sse2;
tally_scan_fn tally_scan_avx2;
tally_scan_fn tally_scan_vbmi2;
#endif

/* The bits of a block. */
struct scan_bits {
	uint64_t sep;  /* separators of both kinds */
	uint64_t term; /* terminators */
	uint64_t dark; /* no printable ASCII */
};

/* Asks for memory that the loop will come to.  The address may lie behind
 * the buffer: it is a number, and asking in vain is harmless. */
SCAN_INLINE void
scan_fetch(const unsigned char *base, uint32_t i)
{
#if defined(__GNUC__)
	__builtin_prefetch((const void *)((uintptr_t)base + i + SCAN_AHEAD));
#else
	(void)base;
	(void)i;
#endif
}

/* Index of the lowest bit that is set; of 0 some number below 64. */
SCAN_INLINE uint32_t
scan_lowest(uint64_t m)
{
#if defined(__GNUC__)
	return (uint32_t)__builtin_ctzll(m | (uint64_t)1 << 63);
#else
	uint32_t n = 0;

	while (n < 63 && (m >> n & 1) == 0)
		n++;
	return n;
#endif
}

/* Index of the highest bit that is set, of at least one. */
SCAN_INLINE uint32_t
scan_highest(uint64_t m)
{
#if defined(__GNUC__)
	return 63 - (uint32_t)__builtin_clzll(m);
#else
	uint32_t n = 63;

	while ((m >> n & 1) == 0)
		n--;
	return n;
#endif
}

/* How many bits are set.  native: the kernel may use the instruction. */
SCAN_INLINE uint32_t
scan_ones(uint64_t m, bool native)
{
#if defined(__GNUC__)
	if (native)
		return (uint32_t)__builtin_popcountll(m);
#else
	(void)native;
#endif
	m -= m >> 1 & 0x5555555555555555U;
	m = (m & 0x3333333333333333U) + (m >> 2 & 0x3333333333333333U);
	m = (m + (m >> 4)) & 0x0f0f0f0f0f0f0f0fU;
	return (uint32_t)(m * 0x0101010101010101U >> 56);
}

/* Writes eight list entries and returns m without their bits. */
SCAN_INLINE uint64_t
scan_eight(uint32_t *out, uint32_t at, uint64_t m)
{
	out[0] = at + scan_lowest(m);
	m &= m - 1;
	out[1] = at + scan_lowest(m);
	m &= m - 1;
	out[2] = at + scan_lowest(m);
	m &= m - 1;
	out[3] = at + scan_lowest(m);
	m &= m - 1;
	out[4] = at + scan_lowest(m);
	m &= m - 1;
	out[5] = at + scan_lowest(m);
	m &= m - 1;
	out[6] = at + scan_lowest(m);
	m &= m - 1;
	out[7] = at + scan_lowest(m);
	return m & (m - 1);
}

/* Appends the terminators of the block, of whose separators the list has those
 * before.  Four are written without asking where counting is cheap: most blocks
 * have fewer, and how many is not to be foreseen. */
SCAN_INLINE void
scan_ends(struct tally_index *ix, struct scan_bits b, bool native)
{
	uint32_t *out = ix->end + ix->nend;
	uint64_t t = b.term;

	for (unsigned k = 0; native && k < 4; k++, t &= t - 1)
		*out++ = ix->npos + scan_ones(b.sep & ((t & -t) - 1), native);
	for (; t != 0; t &= t - 1)
		*out++ = ix->npos + scan_ones(b.sep & ((t & -t) - 1), native);
	ix->nend = native ? ix->nend + scan_ones(b.term, native)
			  : (uint32_t)(out - ix->end);
}

/* Appends the separators of the block that begins at offset at. */
SCAN_INLINE void
scan_emit(struct tally_index *ix, uint32_t at, struct scan_bits b, bool native)
{
	uint32_t n = scan_ones(b.sep, native);
	uint32_t *out = ix->pos + ix->npos;
	uint64_t m = scan_eight(out, at, b.sep);

	m = scan_eight(out + 8, at, m);
	for (uint32_t k = 16; k < n; k += 8)
		m = scan_eight(out + k, at, m);
	scan_ends(ix, b, native);
	ix->npos += n;
}

/* Only the first n bytes of the block count (0 < n ≤ 64). */
SCAN_INLINE struct scan_bits
scan_cut(struct scan_bits b, uint32_t n)
{
	uint64_t keep = ~(uint64_t)0 >> (SCAN_BLOCK - n);

	return (struct scan_bits){ b.sep & keep, b.term & keep, b.dark & keep };
}

/* What the block before tells about the first byte of the next one. */
struct scan_line {
	uint64_t first;  /* 1: it stands behind a terminator */
	uint64_t second; /* 1: behind a dark byte that does */
};

SCAN_INLINE struct scan_line
scan_line_at(const unsigned char *base, uint32_t from, unsigned char element,
    unsigned char segment)
{
	struct scan_line l = { 0, 0 };

	if (from > 0)
		l.first = base[from - 1] == segment;
	if (from > 1 && base[from - 2] == segment && !l.first &&
	    base[from - 1] != element)
		l.second = base[from - 1] < 0x20 || base[from - 1] > 0x7e;
	return l;
}

/* Notes the last odd byte of the block that begins at offset at. */
SCAN_INLINE void
scan_odd(struct tally_index *ix, uint32_t at, struct scan_bits b,
    struct scan_line *l)
{
	uint64_t dark = b.dark & ~b.sep;
	uint64_t first = b.term << 1 | l->first;
	uint64_t ends = dark & first;
	uint64_t odd = dark & ~(first | ends << 1 | l->second);

	l->first = b.term >> 63;
	l->second = ends >> 63;
	if (odd != 0)
		ix->odd = at + scan_highest(odd) + 1;
}

#endif
