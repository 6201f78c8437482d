/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory: one door for every allocation, an arena for what dies together, and
 * a growing buffer.  Both are born with a ceiling, so that no input can make
 * them grow without bound.
 */
#ifndef TALLYMAN_MEM_H
#define TALLYMAN_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tallyman/err.h"
#include "tallyman/str.h"

/* The door.  Null when there is no memory.  tally_free accepts null. */
void *tally_alloc(size_t n) TALLY_MUST_USE;
void *tally_calloc(size_t count, size_t size) TALLY_MUST_USE;
void *tally_realloc(void *p, size_t n) TALLY_MUST_USE;
void tally_free(void *p);

/*
 * Replaces the three functions behind the door (tests count and fail
 * allocations so).  Null restores the C library's.  Not thread safe: call it
 * before anything else.
 */
struct tally_allocator {
	void *(*alloc)(size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
};
void tally_allocator_set(const struct tally_allocator *);

/* Sums and products of sizes that come from outside: false on overflow. */
bool tally_add_ok(size_t *sum, size_t a, size_t b) TALLY_MUST_USE;
bool tally_mul_ok(size_t *product, size_t a, size_t b) TALLY_MUST_USE;

/*
 * An arena: allocations are aligned to 16 and live until reset or free.
 * reset keeps the first chunk, so a reused arena stops allocating.
 */
struct tally_chunk;
struct tally_arena {
	struct tally_chunk *chunk; /* newest first; owned */
	char *p, *end;             /* what is left of it */
	size_t used;               /* bytes of all chunks */
	size_t max;                /* ceiling for used */
};
void tally_arena_init(struct tally_arena *a, size_t max);
void *tally_arena_alloc(struct tally_arena *a, size_t n) TALLY_MUST_USE;
/* A copy of s, terminated by a NUL that the view does not count. */
struct tally_str tally_arena_str(struct tally_arena *a, struct tally_str s);
char *tally_arena_cstr(struct tally_arena *a, struct tally_str s);
/* What was given of its newest chunk, end to end. */
struct tally_str tally_arena_newest(const struct tally_arena *a);
void tally_arena_reset(struct tally_arena *a);
void tally_arena_free(struct tally_arena *a);

/*
 * A growing buffer.  An append that fails sets failed and leaves the content
 * as it was; later appends do nothing, so a writer checks once at the end.
 * p is terminated by a NUL (not counted) whenever it is not null.
 */
struct tally_buf {
	char *p;  /* owned */
	size_t n; /* bytes in use */
	size_t cap;
	size_t max;  /* ceiling */
	bool failed; /* out of memory or ceiling reached */
};
void tally_buf_init(struct tally_buf *b, size_t max);
void tally_buf_add(struct tally_buf *b, const void *p, size_t n);
void tally_buf_str(struct tally_buf *b, struct tally_str s);
void tally_buf_puts(struct tally_buf *b, const char *s);
void tally_buf_putc(struct tally_buf *b, char c);
void tally_buf_printf(struct tally_buf *b, const char *fmt, ...)
    TALLY_PRINTF(2, 3);
/* Room for n bytes behind those in use, for whoever adds to b->n what it writes
 * there; null when an append of them would fail. */
char *tally_buf_grow(struct tally_buf *b, size_t n);
static inline char *
tally_buf_room(struct tally_buf *b, size_t n)
{
	if (b->cap - b->n <= n || b->n + n > b->max || b->failed)
		return tally_buf_grow(b, n);
	b->p[b->n + n] = '\0';
	return b->p + b->n;
}
void tally_buf_reset(struct tally_buf *b); /* keeps the memory */
void tally_buf_free(struct tally_buf *b);
static inline struct tally_str
tally_buf_view(const struct tally_buf *b)
{
	return tally_str(b->p, b->n);
}

#endif
