/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that SQLite is given, asked for in every order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/sqlite.h"

#define BLOCKS 300
#define TURNS  200000

struct block {
	unsigned char *p;
	int n;
	unsigned char with;
};

static bool ours;

static uint32_t
draw(uint32_t below)
{
	static uint32_t x = 850;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

/* Mostly small ones, and some about and above the bound. */
static int
draw_size(void)
{
	static const uint32_t below[] = { 40, 200, 700, 700, 5000 };

	return (int)draw(below[draw(5)]) + 1;
}

static void
check(const struct block *b, int n)
{
	for (int i = 0; i < n; i++)
		if (b->p[i] != b->with)
			fail_msg("byte %d of %d has changed", i, b->n);
}

static void
fill(struct block *b, unsigned char *p, int n)
{
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % 8, 0);
	assert_true(sqlite3_msize(p) >= (sqlite3_uint64)n);
	*b = (struct block){ p, n, (unsigned char)draw(256) };
	/* All that there is of it may be used. */
	memset(p, b->with, (size_t)sqlite3_msize(p));
}

static void
test_blocks(void **state)
{
	static struct block b[BLOCKS];
	unsigned char *p;
	int n;

	(void)state;
	for (unsigned i = 0; i < TURNS; i++) {
		struct block *k = &b[draw(BLOCKS)];

		n = draw_size();
		if (k->p == NULL) {
			fill(k, sqlite3_malloc(n), n);
			continue;
		}
		check(k, k->n);
		if (draw(2) == 0) {
			sqlite3_free(k->p);
			k->p = NULL;
			continue;
		}
		p = k->p = sqlite3_realloc(k->p, n);
		check(k, n < k->n ? n : k->n);
		fill(k, p, n);
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		sqlite3_free(b[i].p);
}

/* What was given back is given again; not where another allocator is looked
 * at by a tool. */
static void
test_again(void **state)
{
	void *a = sqlite3_malloc(100), *b = sqlite3_malloc(100);
	uintptr_t had = (uintptr_t)a;

	(void)state;
	sqlite3_free(a);
	a = sqlite3_malloc(101);
	if (!ours)
		had = (uintptr_t)a;
	assert_int_equal((uintptr_t)a, had);
	sqlite3_free(a);
	sqlite3_free(b);
}

static void
test_too_late(void **state)
{
	(void)state;
	assert_int_equal(sqlite3_initialize(), SQLITE_OK);
	assert_false(sqlite_memory());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_too_late),
	};

	ours = sqlite_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
