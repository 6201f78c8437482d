/* SPDX-License-Identifier: Apache-2.0 */
/* See message.h. */
#include "support/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct tally_buf message;
static struct tally_arena arena;

int
message_setup(void **state)
{
	(void)state;
	tally_buf_init(&message, 64u << 20);
	tally_arena_init(&arena, 64u << 20);
	return 0;
}

int
message_teardown(void **state)
{
	(void)state;
	tally_arena_free(&arena);
	tally_buf_free(&message);
	return 0;
}

struct tally_str
message_content(void)
{
	struct wire_head head;

	assert_false(message.failed);
	assert_true(message.n >= sizeof(head));
	memcpy(&head, message.p, sizeof(head));
	assert_int_equal(head.n, message.n - sizeof(head));
	return tally_str(message.p + sizeof(head), head.n);
}

void
message_open(struct wire *w, struct tally_str s)
{
	tally_arena_reset(&arena);
	wire_open(w, s);
	w->arena = &arena;
	w->dictionary = &tally_builtin;
}

char *
message_damaged(struct tally_str s, struct rnd *rnd, size_t *n)
{
	static const unsigned char odd[] = { 0, 1, 0x7f, 0x80, 0xff, '-', 'A' };
	unsigned changes = rnd_below(rnd, 4);
	char *copy;

	*n = rnd_below(rnd, 8) == 0 ? rnd_below(rnd, (uint32_t)s.n + 1) : s.n;
	copy = malloc(*n + 1);
	assert_non_null(copy);
	memcpy(copy, s.p, *n);
	copy = realloc(copy, *n > 0 ? *n : 1);
	for (unsigned i = 0; i <= changes && *n > 0; i++) {
		size_t at = rnd_below(rnd, (uint32_t)*n);

		copy[at] = rnd_below(rnd, 2) == 0
		    ? (char)odd[rnd_below(rnd, sizeof(odd))]
		    : (char)(copy[at] ^ 1 << rnd_below(rnd, 8));
	}
	return copy;
}
