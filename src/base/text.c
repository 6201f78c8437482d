/* SPDX-License-Identifier: Apache-2.0 */
/* Escaping; see text.h. */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>

size_t
tally_utf8_length(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

/* Most is ASCII: how much is, eight bytes of which are looked at together. */
static size_t
ascii(struct tally_str s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t v;
	size_t i = 0;

	for (; i + sizeof(v) <= s.n; i += sizeof(v)) {
		memcpy(&v, s.p + i, sizeof(v));
		if (((v | (v - ones)) & high) != 0)
			break;
	}
	return i;
}

bool
tally_utf8_ok(struct tally_str s)
{
	size_t len;

	for (size_t i = ascii(s); i < s.n; i += len) {
		len = tally_utf8_length(s.p + i, s.n - i);
		if (len == 0 || s.p[i] == '\0')
			return false;
	}
	return true;
}

static uint32_t
decode(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	switch (len) {
	case 1:
		return p[0];
	case 2:
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	case 3:
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 |
		    (p[2] & 0x3fu);
	default:
		return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 |
		    (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
	}
}

/* Characters that move the cursor, start a line or turn the text round. */
static bool
unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	    c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Most is ASCII: adds what at the beginning stands for itself everywhere. */
static size_t
plain(struct tally_buf *b, const char *p, size_t n)
{
	size_t i = 0;

	while (
	    i < n && p[i] >= ' ' && p[i] <= '~' && p[i] != '"' && p[i] != '\\')
		i++;
	tally_buf_add(b, p, i);
	return i;
}

static void
hex(struct tally_buf *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tally_buf_printf(b, "\\x%02x", (unsigned char)p[i]);
}

void
tally_text_safe(struct tally_buf *b, struct tally_str s)
{
	size_t len;

	for (size_t i = 0; i < s.n; i += len != 0 ? len : 1) {
		len = plain(b, s.p + i, s.n - i);
		if (len > 0)
			continue;
		len = tally_utf8_length(s.p + i, s.n - i);
		if (len == 0 || unsafe(decode(s.p + i, len)))
			hex(b, s.p + i, len != 0 ? len : 1);
		else if (s.p[i] == '\\')
			tally_buf_puts(b, "\\\\");
		else
			tally_buf_add(b, s.p + i, len);
	}
}

void
tally_text_json(struct tally_buf *b, struct tally_str s)
{
	size_t len;
	uint32_t c;

	tally_buf_putc(b, '"');
	for (size_t i = 0; i < s.n; i += len != 0 ? len : 1) {
		len = plain(b, s.p + i, s.n - i);
		if (len > 0)
			continue;
		len = tally_utf8_length(s.p + i, s.n - i);
		c = len != 0 ? decode(s.p + i, len) : 0xfffd;
		if (len == 0)
			tally_buf_puts(b, "\\ufffd");
		else if (c == '"' || c == '\\')
			tally_buf_printf(b, "\\%c", (int)c);
		else if (unsafe(c))
			tally_buf_printf(b, "\\u%04x", c);
		else
			tally_buf_add(b, s.p + i, len);
	}
	tally_buf_putc(b, '"');
}

void
tally_text_key(struct tally_buf *b, const char *name)
{
	tally_buf_putc(b, ',');
	tally_text_json(b, tally_cstr(name));
	tally_buf_putc(b, ':');
}

void
tally_text_utf8(struct tally_buf *b, struct tally_str s)
{
	size_t len;

	for (size_t i = 0; i < s.n; i += len != 0 ? len : 1) {
		len = tally_utf8_length(s.p + i, s.n - i);
		if (len == 0 || s.p[i] == '\0')
			hex(b, s.p + i, 1);
		else
			tally_buf_add(b, s.p + i, len);
	}
}

void
tally_text_mistake(struct tally_err *err, const char *file, unsigned line,
    const char *fmt, va_list ap)
{
	struct tally_buf safe;
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	tally_buf_init(&safe, 8 * sizeof(text));
	tally_text_safe(&safe, tally_cstr(text));
	tally_err_at(err, TALLY_CONFIG, file, line, "%s",
	    safe.p != NULL ? safe.p : "there is a mistake here");
	tally_buf_free(&safe);
}
