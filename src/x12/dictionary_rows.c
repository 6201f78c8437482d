/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and words of dictionary text; see dictionary_rows.h. */
#include "dictionary_rows.h"

#include <stdio.h>

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum tally_rc
tally_rows_open(struct dictionary_rows *r,
    const struct tally_dictionary_file *file, bool continued,
    struct tally_err *err)
{
	const char *p;

	*r = (struct dictionary_rows){ .path = file->path,
		.p = file->text.p,
		.continued = continued,
		.line = 1,
		.next = 1,
		.err = err };
	r->end = r->p != NULL ? r->p + file->text.n : NULL;
	for (p = r->p; p != r->end; p++) {
		if (!blank(*p) && (*p < ' ' || *p > '~'))
			return tally_rows_error(r,
			    "byte 0x%02x found: dictionary text is ASCII",
			    (unsigned char)*p);
		if (*p == '\n')
			r->line++;
	}
	r->line = 0;
	return TALLY_OK;
}

static const char *
line_end(const struct dictionary_rows *r, const char *p)
{
	const char *nl = memchr(p, '\n', (size_t)(r->end - p));

	return nl != NULL ? nl : r->end;
}

/* Where the comment of the line p … end begins, or end. */
static const char *
comment(const char *p, const char *end)
{
	const char *start = p;

	for (; p < end; p++)
		if (*p == '#' && (p == start || blank(p[-1])))
			return p;
	return end;
}

bool
tally_rows_next(struct dictionary_rows *r, struct tally_str *row)
{
	const char *end, *stop;

	while (r->p != r->end) {
		*row = tally_str(r->p, 0);
		r->line = r->next;
		do {
			end = line_end(r, r->p);
			stop = comment(r->p, end);
			row->n = (size_t)(stop - row->p);
			r->p = end != r->end ? end + 1 : end;
			r->next++;
			/* A comment cannot lie inside a view: it ends the
			 * row. */
		} while (r->continued && stop == end && r->p != r->end &&
		    (*r->p == ' ' || *r->p == '\t'));
		while (row->n > 0 && blank(row->p[row->n - 1]))
			row->n--;
		if (row->n > 0)
			return true;
	}
	return false;
}

bool
tally_rows_word(struct tally_str *row, struct tally_str *word)
{
	size_t i = 0, n = 0;

	while (i < row->n && blank(row->p[i]))
		i++;
	while (i + n < row->n && !blank(row->p[i + n]))
		n++;
	*word = tally_str(row->p + i, n);
	*row = tally_str(row->p + i + n, row->n - i - n);
	return n > 0;
}

enum tally_rc
tally_rows_error(const struct dictionary_rows *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return tally_err_at(r->err, TALLY_CONFIG, r->path, r->line, "%s", text);
}

enum tally_rc
tally_rows_nomem(const struct dictionary_rows *r)
{
	return tally_err_at(r->err, TALLY_NOMEM, r->path, r->line,
	    "no memory left for the dictionary");
}

bool
tally_rows_number(struct tally_str word, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;

	if (word.n == 0 || word.n > 9)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(word.p[i] - '0');
	}
	*out = (uint32_t)v;
	return v <= max;
}

bool
tally_rows_maximum(struct tally_str word, uint32_t max, uint32_t *out)
{
	if (tally_str_eq(word, TALLY_STR("-"))) {
		*out = TALLY_UNBOUNDED;
		return true;
	}
	return tally_rows_number(word, max, out) && *out > 0;
}

bool
tally_rows_id(struct tally_str word, size_t max)
{
	for (size_t i = 0; i < word.n; i++)
		if (!(word.p[i] >= '0' && word.p[i] <= '9') &&
		    !(word.p[i] >= 'A' && word.p[i] <= 'Z'))
			return false;
	return word.n > 0 && word.n <= max;
}

char *
tally_rows_rest(struct tally_arena *a, struct tally_str row)
{
	char *s = tally_arena_alloc(a, row.n + 1), *p = s;
	struct tally_str word;

	if (s == NULL)
		return NULL;
	while (tally_rows_word(&row, &word)) {
		if (p != s)
			*p++ = ' ';
		memcpy(p, word.p, word.n);
		p += word.n;
	}
	*p = '\0';
	return s;
}
