/* SPDX-License-Identifier: Apache-2.0 */
/* Legacy charsets to UTF-8; see charset.h. */
#include "base/charset.h"

#include <errno.h>
#include <iconv.h>

#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

struct tally_charset {
	iconv_t cd;
};

enum tally_rc
tally_charset_new(
    struct tally_charset **out, const char *name, struct tally_err *err)
{
	struct tally_charset *c = tally_alloc(sizeof(*c));

	if (c == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for the charset %s", name);
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
