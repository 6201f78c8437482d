/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Up to eight bytes as a number, so that comparing texts is one instruction:
 * two texts of the same length, up to eight, are equal if their numbers are;
 * and what is found out of eight bytes at a time.
 */
#ifndef TALLYMAN_BASE_WORD_H
#define TALLYMAN_BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD_MAX           8
#define WORD_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* The first byte is the highest; n is at most WORD_MAX. */
static inline uint64_t
word_of(const char *p, size_t n)
{
	uint64_t w = 0;

	for (size_t i = 0; i < n; i++)
		w = w << 8 | (unsigned char)p[i];
	return w;
}

/* The same where WORD_MAX bytes can be read at p; n is at least 1. */
static inline uint64_t
word_of_padded(const char *p, size_t n)
{
	uint64_t w;

	if (!WORD_LITTLE_ENDIAN)
		return word_of(p, n);
	memcpy(&w, p, WORD_MAX);
	return __builtin_bswap64(w) >> (64 - 8 * n);
}

/* The top bit of each byte of a word of digits less '0' that is none.  Carries
 * go from bytes that are none, to those behind them. */
static inline uint64_t
word_no_digits(uint64_t x)
{
	return (x | (x + 0x7676767676767676)) & 0x8080808080808080;
}

/* Whether text is ASCII without NUL: the high bits of all bytes are looked at,
 * and those of each less one. */
static inline bool
word_plain(const char *p, size_t n)
{
	const uint64_t ones = 0x0101010101010101, tops = ones << 7;
	uint64_t all = 0, w;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		all |= w | (w - ones);
	}
	for (; n > 0; p++, n--)
		if ((unsigned char)(*p - 1) >= 0x7f)
			return false;
	return (all & tops) == 0;
}

#endif
