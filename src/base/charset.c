/* SPDX-License-Identifier: Apache-2.0 */
/* Legacy charsets to UTF-8; see charset.h. */
#include "base/charset.h"

#include <errno.h>
#include <iconv.h>

#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

struct tally_charset {
	iconv_t cd;
	iconv_t ascii; /* from UTF-8; opened when it is needed */
};

enum tally_rc
tally_charset_new(
    struct tally_charset **out, const char *name, struct tally_err *err)
{
	struct tally_charset *c = tally_alloc(sizeof(*c));

	if (c == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for the charset %s", name);
	c->ascii = (iconv_t)-1;
	c->cd = iconv_open("UTF-8", name);
	if (c->cd == (iconv_t)-1) {
		tally_free(c);
		return tally_err_set(err, TALLY_CONFIG,
		    "this system cannot convert from the charset %s; "
		    "\"iconv -l\" lists those that it knows",
		    name);
	}
	*out = c;
	return TALLY_OK;
}

void
tally_charset_free(struct tally_charset *c)
{
	if (c == NULL)
		return;
	iconv_close(c->cd);
	if (c->ascii != (iconv_t)-1)
		iconv_close(c->ascii);
	tally_free(c);
}

static void
convert(struct tally_charset *c, struct tally_buf *out, struct tally_str s)
{
	char block[256], *to;
	/* iconv's prototype wants a pointer that it does not write through */
	union {
		const char *in;
		char *p;
	} from = { .in = s.p };
	size_t left = s.n, room, rc;

	while (left > 0) {
		to = block;
		room = sizeof(block);
		errno = 0;
		rc = iconv(c->cd, &from.p, &left, &to, &room);
		tally_buf_add(out, block, sizeof(block) - room);
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		tally_buf_puts(out, REPLACEMENT);
		from.p++;
		left--;
		iconv(c->cd, NULL, NULL, NULL, NULL);
	}
}

void
tally_charset_utf8(
    struct tally_charset *c, struct tally_buf *out, struct tally_str s)
{
	const char *nul;
	struct tally_str part;

	while (s.n > 0) {
		nul = memchr(s.p, '\0', s.n);
		part = tally_str(s.p, nul != NULL ? (size_t)(nul - s.p) : s.n);
		if (tally_utf8_ok(part))
			tally_buf_str(out, part);
		else
			convert(c, out, part);
		if (nul == NULL)
			return;
		tally_buf_puts(out, REPLACEMENT);
		s = tally_str(nul + 1, s.n - part.n - 1);
	}
}

/* Letters from U+00C0 on without their accents: iconv's own ways depend on the
 * locale, which is nobody's business here.  A blank: iconv may know. */
static const char latin[] =
    "AAAAAA CEEEEIIIIDNOOOOO OUUUUY  aaaaaa ceeeeiiiidnooooo ouuuuy y"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi  JjKk LlLlLl "
    " LlNnNnNn   OoOoOo  RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
#define LATIN 0xc0

/* The plain letter of a sequence of two bytes; '\0' when there is none. */
static char
plain(const char *p)
{
	unsigned c =
	    ((unsigned char)p[0] & 0x1fu) << 6 | ((unsigned char)p[1] & 0x3fu);

	if (c < LATIN || c - LATIN >= sizeof(latin) - 1)
		return '\0';
	return latin[c - LATIN] != ' ' ? latin[c - LATIN] : '\0';
}

/* What iconv makes of one character. */
static void
transliterate(
    struct tally_charset *c, struct tally_buf *out, const char *p, size_t n)
{
	char block[16], *to = block;
	size_t room = sizeof(block), rc;
	union {
		const char *in;
		char *p;
	} from = { .in = p };

	if (c->ascii == (iconv_t)-1)
		c->ascii = iconv_open("ASCII//TRANSLIT", "UTF-8");
	rc = c->ascii != (iconv_t)-1 ? iconv(c->ascii, &from.p, &n, &to, &room)
				     : (size_t)-1;
	if (rc == (size_t)-1 || room == sizeof(block) ||
	    (room == sizeof(block) - 1 && block[0] == '?'))
		tally_buf_putc(out, '\0');
	else
		tally_buf_add(out, block, sizeof(block) - room);
}

void
tally_charset_ascii(
    struct tally_charset *c, struct tally_buf *out, struct tally_str s)
{
	size_t n;
	char letter;

	for (; s.n > 0; s.p += n, s.n -= n) {
		n = tally_utf8_length(s.p, s.n);
		letter = n == 2 ? plain(s.p) : n == 1 ? *s.p : '\0';
		if (letter != '\0' || n == 0)
			tally_buf_putc(out, letter);
		else
			transliterate(c, out, s.p, n);
		n = n > 0 ? n : 1;
	}
}
