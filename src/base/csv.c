/* SPDX-License-Identifier: Apache-2.0 */
/* Comma-separated values; see csv.h. */
#include "base/csv.h"

#include "base/text.h"

#define BOM "\xef\xbb\xbf"

void
tally_csv_begin(struct tally_csv *c, const char *file, struct tally_str text)
{
	*c = (struct tally_csv){ .file = file, .text = text, .next = 1 };
	if (text.n >= 3 && memcmp(text.p, BOM, 3) == 0) {
		c->text.p += 3;
		c->text.n -= 3;
	}
}

static void
advance(struct tally_csv *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		c->next += c->text.p[i] == '\n';
	c->text.p += n;
	c->text.n -= n;
}

/* Bytes of the line end that is next; 0: there is none. */
static size_t
line_end(const struct tally_csv *c)
{
	if (c->text.n > 0 && c->text.p[0] == '\n')
		return 1;
	return c->text.n > 1 && c->text.p[0] == '\r' && c->text.p[1] == '\n'
	    ? 2
	    : 0;
}

static enum tally_rc
wrong(const struct tally_csv *c, struct tally_err *err, const char *what)
{
	return tally_err_at(err, TALLY_DATA, c->file, c->next, "%s", what);
}

static enum tally_rc
read_plain(struct tally_csv *c, struct tally_str *field, struct tally_err *err)
{
	const char *start = c->text.p;

	while (c->text.n > 0 && *c->text.p != ',' && line_end(c) == 0) {
		if (*c->text.p == '"')
			return wrong(c, err,
			    "a quotation mark inside a field that has none at "
			    "its beginning; quote the field and double the "
			    "mark");
		advance(c, 1);
	}
	*field = tally_str(start, (size_t)(c->text.p - start));
	return TALLY_OK;
}

/* The mark that begins it is next. */
static enum tally_rc
read_quoted(struct tally_csv *c, struct tally_arena *a, struct tally_str *field,
    struct tally_err *err)
{
	const unsigned begun = c->next;
	const char *p = c->text.p + 1, *end = c->text.p + c->text.n;
	size_t n = 0;
	char *to;

	for (; p < end && (*p != '"' || (p + 1 < end && p[1] == '"')); n++)
		p += *p == '"' ? 2 : 1;
	if (p == end)
		return tally_err_at(err, TALLY_DATA, c->file, begun,
		    "a field begins with a quotation mark, but none ends it");
	to = tally_arena_alloc(a, n);
	if (to == NULL)
		return tally_err_at(err, TALLY_NOMEM, c->file, begun,
		    "no memory for a field of this size");
	*field = tally_str(to, n);
	for (const char *from = c->text.p + 1; from < p; from++) {
		*to++ = *from;
		from += *from == '"';
	}
	advance(c, (size_t)(p + 1 - c->text.p));
	if (c->text.n > 0 && *c->text.p != ',' && line_end(c) == 0)
		return wrong(c, err,
		    "a field goes on behind its closing quotation mark; "
		    "expected a comma or the end of the line");
	return TALLY_OK;
}

enum tally_rc
tally_csv_next(struct tally_csv *c, struct tally_arena *a,
    struct tally_str *field, size_t max, size_t *n, struct tally_err *err)
{
	size_t end;
	enum tally_rc rc = TALLY_OK;

	*n = 0;
	while ((end = line_end(c)) > 0)
		advance(c, end);
	c->line = c->next;
	if (c->text.n == 0)
		return TALLY_OK;
	for (;;) {
		if (*n == max)
			return tally_err_at(err, TALLY_DATA, c->file, c->line,
			    "more than %zu fields; expected at most %zu", max,
			    max);
		if (c->text.n > 0 && *c->text.p == '"')
			rc = read_quoted(c, a, &field[*n], err);
		else
			rc = read_plain(c, &field[*n], err);
		if (rc != TALLY_OK)
			return rc;
		if (field[*n].n > 0 && !tally_utf8_ok(field[*n]))
			return wrong(c, err,
			    "a field is not UTF-8; save the file as UTF-8");
		++*n;
		if (c->text.n == 0 || *c->text.p != ',')
			break;
		advance(c, 1);
	}
	advance(c, line_end(c));
	return TALLY_OK;
}

static bool
is_formula(struct tally_str s)
{
	return s.n > 0 && memchr("=+-@\t\r", *s.p, 6) != NULL;
}

void
tally_csv_put(struct tally_buf *b, struct tally_str s, bool defuse)
{
	bool quote = defuse && is_formula(s);

	for (size_t i = 0; i < s.n && !quote; i++)
		quote = memchr(",\"\r\n", s.p[i], 4) != NULL;
	if (!quote) {
		tally_buf_str(b, s);
		return;
	}
	tally_buf_putc(b, '"');
	if (defuse && is_formula(s))
		tally_buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			tally_buf_putc(b, '"');
		tally_buf_putc(b, s.p[i]);
	}
	tally_buf_putc(b, '"');
}
