/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Character sets that partners agree on; see characters.h.
 *
 * X12 names characters, not bytes, so the letters with accents of its extended
 * set are taken in ISO 8859-1 and in UTF-8: those that it names are letters
 * from U+00C0 on, and the two marks that open questions and exclamations.
 */
#include "x12/characters.h"

#include <string.h>

#include "base/text.h"

static bool
basic(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != 0 && strchr(" !\"&'()*+,-./:;?=", c) != NULL);
}

/* Of ISO 8859-1, which is the code point. */
static bool
accented(unsigned char c)
{
	return c == 0xa1 || c == 0xbf || (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

/* How many bytes the character at p has, 0 when it is not of the set. */
static size_t
extended(const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[0];
	size_t len;

	if (c < 0x80)
		return c >= ' ' && c != 0x7f;
	len = tally_utf8_length(p, n);
	if (len == 2 && (c == 0xc2 || c == 0xc3)) {
		c = (unsigned char)((c << 6) | ((unsigned char)p[1] & 0x3f));
		return accented(c) ? 2 : 0;
	}
	return len == 0 && accented(c);
}

bool
characters_ok(enum tally_characters set, struct tally_str v)
{
	size_t len;

	switch (set) {
	case TALLY_CHARACTERS_BASIC:
		for (size_t i = 0; i < v.n; i++)
			if (!basic((unsigned char)v.p[i]))
				return false;
		return true;
	case TALLY_CHARACTERS_EXTENDED:
		for (size_t i = 0; i < v.n; i += len) {
			len = extended(v.p + i, v.n - i);
			if (len == 0)
				return false;
		}
		return true;
	case TALLY_CHARACTERS_UTF8:
		return tally_utf8_ok(v);
	case TALLY_CHARACTERS_ANY:
		break;
	}
	return true;
}

const char *
characters_name(enum tally_characters set)
{
	static const char *const name[] = {
		[TALLY_CHARACTERS_ANY] = "printable characters",
		[TALLY_CHARACTERS_BASIC] =
		    "characters of the basic set, no small letters",
		[TALLY_CHARACTERS_EXTENDED] = "characters of the extended set",
		[TALLY_CHARACTERS_UTF8] = "characters in UTF-8",
	};

	return name[set];
}
