/* SPDX-License-Identifier: Apache-2.0 */
/* Writing segments; see write.h. */
#include "x12/write.h"

#include <assert.h>

static bool
is_separator(const struct tally_separators *s, unsigned char c)
{
	return c == s->element || c == s->segment || c == s->component ||
	    (s->repetition != 0 && c == s->repetition);
}

static bool
writable(const struct tally_writer *w, char c)
{
	return c >= ' ' && c <= '~' &&
	    !is_separator(&w->separators, (unsigned char)c);
}

bool
tally_separators_ok(const struct tally_separators *s)
{
	const unsigned char c[] = { s->element, s->segment, s->component,
		s->repetition };

	for (size_t i = 0; i < sizeof(c); i++) {
		if (c[i] == 0 && i == 3)
			break;
		if (c[i] == 0 || c[i] == ' ' || c[i] >= 0x7f ||
		    (c[i] >= '0' && c[i] <= '9') ||
		    (c[i] >= 'A' && c[i] <= 'Z') ||
		    (c[i] >= 'a' && c[i] <= 'z'))
			return false;
		for (size_t k = 0; k < i; k++)
			if (c[k] == c[i])
				return false;
	}
	return true;
}

void
tally_writer_init(struct tally_writer *w, struct tally_buf *out,
    const struct tally_separators *separators, const char *line_end)
{
	const char *p = "?.-/_";

	assert(tally_separators_ok(separators));
	*w = (struct tally_writer){ .out = out, .separators = *separators };
	w->line_end = separators->segment != '\n' && separators->segment != '\r'
	    ? line_end
	    : "";
	while (!writable(w, *p))
		p++; /* five candidates, four separators */
	w->replacement = *p;
}

bool
tally_write_fits(const struct tally_writer *w, struct tally_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!writable(w, s.p[i]))
			return false;
	return true;
}

void
tally_write_begin(struct tally_writer *w, const char *tag)
{
	tally_buf_puts(w->out, tag);
	w->pending = 0;
}

static void
settle(struct tally_writer *w)
{
	for (; w->pending > 0; w->pending--)
		tally_buf_putc(w->out, (char)w->separators.element);
}

void
tally_write_str(struct tally_writer *w, struct tally_str s)
{
	w->pending++;
	if (s.n == 0)
		return;
	settle(w);
	for (size_t i = 0; i < s.n; i++)
		tally_buf_putc(
		    w->out, writable(w, s.p[i]) ? s.p[i] : w->replacement);
}

void
tally_write_cstr(struct tally_writer *w, const char *s)
{
	tally_write_str(w, tally_cstr(s));
}

void
tally_write_char(struct tally_writer *w, char c)
{
	tally_write_str(w, tally_str(&c, 1));
}

void
tally_write_number(struct tally_writer *w, uint64_t n, int width)
{
	char digits[32], *end = digits + sizeof(digits), *p = end;

	assert(width <= (int)sizeof(digits));
	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	while (end - p < width)
		*--p = '0';
	w->pending++;
	settle(w);
	tally_buf_add(w->out, p, (size_t)(end - p));
}

void
tally_write_fixed(struct tally_writer *w, const char *s, size_t width)
{
	size_t n = strlen(s);

	w->pending++;
	settle(w);
	for (size_t i = 0; i < width; i++) {
		if (i >= n)
			tally_buf_putc(w->out, ' ');
		else
			tally_buf_putc(
			    w->out, writable(w, s[i]) ? s[i] : w->replacement);
	}
}

void
tally_write_position(
    struct tally_writer *w, uint32_t first, uint32_t second, uint32_t third)
{
	w->pending++;
	settle(w);
	tally_buf_printf(w->out, "%u", first);
	if (second != 0)
		tally_buf_printf(
		    w->out, "%c%u", w->separators.component, second);
	else if (third != 0)
		tally_buf_putc(w->out, (char)w->separators.component);
	if (third != 0)
		tally_buf_printf(
		    w->out, "%c%u", w->separators.component, third);
}

void
tally_write_raw(struct tally_writer *w, unsigned char c)
{
	w->pending++;
	settle(w);
	tally_buf_putc(w->out, (char)c);
}

void
tally_write_end(struct tally_writer *w)
{
	tally_buf_putc(w->out, (char)w->separators.segment);
	tally_buf_puts(w->out, w->line_end);
	w->pending = 0;
	w->segments++;
}
