/* SPDX-License-Identifier: Apache-2.0 */
/* See edit.h. */
#include "edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX (8u << 20)

static void
splice(struct tally_buf *b, size_t at, size_t gone, struct tally_str in)
{
	struct tally_buf out;

	tally_buf_init(&out, BYTES_MAX);
	tally_buf_str(&out, tally_str(b->p, at));
	tally_buf_str(&out, in);
	tally_buf_str(&out, tally_str(b->p + at + gone, b->n - at - gone));
	assert_false(out.failed);
	tally_buf_reset(b);
	tally_buf_str(b, tally_buf_view(&out));
	tally_buf_free(&out);
}

/* The nth segment with the tag: from its first byte to its terminator. */
static void
locate(const struct tally_buf *b, const struct maker *m, const char *tag,
    int nth, size_t *from, size_t *end)
{
	size_t n = strlen(tag);

	*end = 0;
	for (*from = 0; *from < b->n; *from = *end + 1 + strlen(m->after)) {
		const char *p =
		    memchr(b->p + *from, m->sep.segment, b->n - *from);

		assert_non_null(p);
		*end = (size_t)(p - b->p);
		if (*end - *from > n && memcmp(b->p + *from, tag, n) == 0 &&
		    (unsigned char)b->p[*from + n] == m->sep.element &&
		    --nth == 0)
			return;
	}
	fail_msg("there is no %s", tag);
}

void
edit_apply(struct tally_buf *b, const struct maker *m, const struct edit *e)
{
	struct tally_buf in;
	size_t from, end, i;
	int k = e->element;

	locate(b, m, e->tag, e->nth, &from, &end);
	tally_buf_init(&in, BYTES_MAX);
	for (const char *p = e->value; p != NULL && *p != '\0'; p++)
		tally_buf_putc(&in, *p == '*' ? (char)m->sep.element : *p);
	if (k == EDIT_REMOVE) {
		splice(b, from, end + 1 + strlen(m->after) - from,
		    tally_str("", 0));
	} else if (k == EDIT_INSERT) {
		tally_buf_putc(&in, (char)m->sep.segment);
		tally_buf_puts(&in, m->after);
		splice(b, from, 0, tally_buf_view(&in));
	} else {
		for (; k > 0 && from < end; from++)
			k -= (unsigned char)b->p[from] == m->sep.element;
		for (i = from;
		     i < end && (unsigned char)b->p[i] != m->sep.element;)
			i++;
		splice(b, from, i - from, tally_buf_view(&in));
	}
	tally_buf_free(&in);
}
