/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of SQLite's.  To read the schema, whenever a store is opened, it asks
 * for tens of thousands of small blocks, and gives them back when it is closed:
 * a fifth of what an empty run does, if the C library is to find each of them.
 *
 * Small blocks are cut from large ones, and what is given back is kept for the
 * next of its size, for ever: that is as much as was needed at one time.  Every
 * thread has its own, so there is nothing to lock; a block may be given back by
 * another one.  In front of each stands its size.
 */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite.h"

#define HEAD   sizeof(uint64_t) /* the size; SQLite wants no more alignment */
#define STEP   ((size_t)16)     /* sizes are multiples, with the head */
#define STEPS  40               /* so many and more are no small block */
#define LARGE  (STEPS * STEP)
#define CUT_UP ((size_t)64 << 10) /* into small ones */

#if defined(__SANITIZE_ADDRESS__) || (defined(SANDBOX) && !SANDBOX)
#define WATCHED true /* whether blocks of the C library's are used well */
#else
#define WATCHED false
#endif

static _Thread_local struct {
	char *kept[STEPS]; /* of each size; the next stands behind the head */
	char *p, *end;     /* what is not cut up yet */
} pool;

static size_t
size_for(int n)
{
	return ((size_t)n + HEAD + STEP - 1) / STEP * STEP;
}

static size_t
size_of(const char *block)
{
	uint64_t n;

	memcpy(&n, block, sizeof(n));
	return (size_t)n;
}

/* What SQLite is given of a block, or null. */
static void *
give(char *block, uint64_t n)
{
	if (block == NULL)
		return NULL;
	memcpy(block, &n, sizeof(n));
	return block + HEAD;
}

static char *
block_of(void *given)
{
	return (char *)given - HEAD;
}

static void *
x_malloc(int n)
{
	size_t size = size_for(n);
	char **kept = &pool.kept[size / STEP % STEPS], *block = *kept;

	if (size >= LARGE)
		return give(malloc(size), size);
	if (block != NULL) {
		memcpy(kept, block + HEAD, sizeof(*kept));
		return block + HEAD;
	}
	if ((size_t)(pool.end - pool.p) < size) {
		block = malloc(CUT_UP);
		if (block == NULL)
			return NULL;
		pool.p = block;
		pool.end = block + CUT_UP;
	}
	block = pool.p;
	pool.p += size;
	return give(block, size);
}

static void
x_free(void *given)
{
	char *block = block_of(given), **kept;
	size_t size = size_of(block);

	if (size >= LARGE) {
		free(block);
		return;
	}
	kept = &pool.kept[size / STEP];
	memcpy(given, kept, sizeof(*kept));
	*kept = block;
}

static int
x_size(void *given)
{
	return (int)(size_of(block_of(given)) - HEAD);
}

static void *
x_realloc(void *given, int n)
{
	size_t had = size_of(block_of(given)), size = size_for(n);
	void *p;

	if (had >= LARGE && size >= LARGE)
		return give(realloc(block_of(given), size), size);
	if (had >= size && had < LARGE)
		return given;
	p = x_malloc(n);
	if (p == NULL)
		return NULL;
	memcpy(p, given, (had < size ? had : size) - HEAD);
	x_free(given);
	return p;
}

static int
x_roundup(int n)
{
	return (int)(size_for(n) - HEAD);
}

static int
x_init(void *ctx)
{
	(void)ctx;
	return SQLITE_OK;
}

static void
x_shutdown(void *ctx)
{
	(void)ctx;
}

bool
sqlite_memory(void)
{
	static const sqlite3_mem_methods methods = { x_malloc, x_free,
		x_realloc, x_size, x_roundup, x_init, x_shutdown, NULL };

	return !WATCHED &&
	    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK;
}
