/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differing lines; see difference.h.
 *
 * What is equal at the beginning and at the end is set aside; of the rest the
 * longest common subsequence is kept, or, where that would be too much work,
 * nothing.
 */
#include "command/difference.h"

#include <stdint.h>

#include "base/text.h"

#define TABLE_MAX ((size_t)8 << 20) /* entries of the table of lengths */

struct lines {
	struct tally_str *v; /* owned */
	size_t n;
};

static bool
split(struct lines *l, struct tally_str s)
{
	const char *p, *end = s.p + s.n;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	l->n = 0;
	l->v = tally_calloc(n + 1, sizeof(*l->v));
	if (l->v == NULL)
		return false;
	for (; s.n > 0; s = tally_str(p, (size_t)(end - p))) {
		p = memchr(s.p, '\n', s.n);
		p = p != NULL ? p : end;
		l->v[l->n++] = tally_str(s.p, (size_t)(p - s.p));
		p += p < end;
	}
	return true;
}

static bool
opens(struct tally_str line)
{
	return line.n > 0 &&
	    (line.p[line.n - 1] == '[' || line.p[line.n - 1] == '{');
}

static struct tally_str
trim(struct tally_str s)
{
	while (s.n > 0 && *s.p == ' ') {
		s.p++;
		s.n--;
	}
	return s;
}

struct telling {
	struct tally_buf *b;
	const struct lines *before;
	size_t told; /* line of before, from 1, whose heading was told */
};

static void
heading(struct telling *t, size_t at)
{
	while (at > 0 && !opens(t->before->v[at - 1]))
		at--;
	if (at == 0 || at == t->told)
		return;
	t->told = at;
	tally_buf_puts(t->b, "  ");
	tally_text_safe(t->b, trim(t->before->v[at - 1]));
	tally_buf_putc(t->b, '\n');
}

static void
line(struct telling *t, char sign, struct tally_str s, size_t at)
{
	heading(t, at);
	tally_buf_printf(t->b, "  %c ", sign);
	tally_text_safe(t->b, trim(s));
	tally_buf_putc(t->b, '\n');
}

/* Lengths of common subsequences from each pair of lines on. */
static uint32_t *
lengths(
    const struct tally_str *a, size_t n, const struct tally_str *b, size_t m)
{
	uint32_t *t, *row, *below;

	if (n >= TABLE_MAX || m >= TABLE_MAX || (n + 1) * (m + 1) > TABLE_MAX)
		return NULL;
	t = tally_calloc((n + 1) * (m + 1), sizeof(*t));
	if (t == NULL)
		return NULL;
	for (size_t i = n; i-- > 0;) {
		row = t + i * (m + 1);
		below = row + m + 1;
		for (size_t k = m; k-- > 0;)
			if (tally_str_eq(a[i], b[k]))
				row[k] = below[k + 1] + 1;
			else
				row[k] = below[k] > row[k + 1] ? below[k]
							       : row[k + 1];
	}
	return t;
}

static void
tell(struct telling *t, size_t from, const struct tally_str *a, size_t n,
    const struct tally_str *b, size_t m)
{
	uint32_t *table = lengths(a, n, b, m);
	size_t i = 0, k = 0;

	while (i < n || k < m) {
		if (i < n && k < m && table != NULL &&
		    tally_str_eq(a[i], b[k])) {
			i++;
			k++;
		} else if (i < n &&
		    (k == m || table == NULL ||
			table[(i + 1) * (m + 1) + k] >=
			    table[i * (m + 1) + k + 1])) {
			line(t, '-', a[i], from + i);
			i++;
		} else {
			line(t, '+', b[k], from + i);
			k++;
		}
	}
	tally_free(table);
}

bool
difference_text(
    struct tally_buf *b, struct tally_str before, struct tally_str after)
{
	struct lines x = { NULL, 0 }, y = { NULL, 0 };
	struct telling t = { b, &x, 0 };
	size_t from = 0, behind = 0;
	bool ok = split(&x, before) && split(&y, after);

	if (ok) {
		while (from < x.n && from < y.n &&
		    tally_str_eq(x.v[from], y.v[from]))
			from++;
		while (behind < x.n - from && behind < y.n - from &&
		    tally_str_eq(x.v[x.n - 1 - behind], y.v[y.n - 1 - behind]))
			behind++;
		tell(&t, from, x.v + from, x.n - from - behind, y.v + from,
		    y.n - from - behind);
	}
	tally_free(x.v);
	tally_free(y.v);
	return ok && !b->failed;
}
