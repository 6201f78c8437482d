/* SPDX-License-Identifier: Apache-2.0 */
/* The allocation door, the arena and the buffer; see tallyman/mem.h. */
#include "tallyman/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ALIGN     16
#define CHUNK_MIN 8192
#define BUF_MIN   64

static struct tally_allocator door = { malloc, realloc, free };

void
tally_allocator_set(const struct tally_allocator *a)
{
	static const struct tally_allocator libc = { malloc, realloc, free };

	door = a != NULL ? *a : libc;
}

void *
tally_alloc(size_t n)
{
	return door.alloc(n != 0 ? n : 1);
}

void *
tally_calloc(size_t count, size_t size)
{
	size_t n;
	void *p;

	if (!tally_mul_ok(&n, count, size))
		return NULL;
	/* libc leaves alone what it knows to be all zeros */
	if (door.alloc == malloc)
		return calloc(1, n != 0 ? n : 1);
	p = tally_alloc(n);
	if (p != NULL)
		memset(p, 0, n);
	return p;
}

void *
tally_realloc(void *p, size_t n)
{
	return door.realloc(p, n != 0 ? n : 1);
}

void
tally_free(void *p)
{
	if (p != NULL)
		door.free(p);
}

bool
tally_add_ok(size_t *sum, size_t a, size_t b)
{
	*sum = a + b;
	return *sum >= a;
}

bool
tally_mul_ok(size_t *product, size_t a, size_t b)
{
	*product = a * b;
	return a == 0 || *product / a == b;
}

struct tally_chunk {
	struct tally_chunk *next; /* older */
	size_t size;              /* of the data behind this header */
};

static char *
chunk_data(struct tally_chunk *c)
{
	return (char *)c + (sizeof(*c) + ALIGN - 1) / ALIGN * ALIGN;
}

void
tally_arena_init(struct tally_arena *a, size_t max)
{
	*a = (struct tally_arena){ .max = max };
}

static bool
arena_grow(struct tally_arena *a, size_t n)
{
	struct tally_chunk *c;
	size_t head = (sizeof(*c) + ALIGN - 1) / ALIGN * ALIGN;
	size_t size = a->used > CHUNK_MIN ? a->used : CHUNK_MIN;

	if (size < n)
		size = n;
	if (size > a->max - a->used)
		size = a->max - a->used;
	if (size < n)
		return false;
	c = tally_alloc(head + size);
	if (c == NULL)
		return false;
	*c = (struct tally_chunk){ a->chunk, size };
	a->chunk = c;
	a->used += size;
	a->p = chunk_data(c);
	a->end = a->p + size;
	return true;
}

void *
tally_arena_alloc(struct tally_arena *a, size_t n)
{
	char *p;

	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (a->p == NULL || (size_t)(a->end - a->p) < n)
		if (!arena_grow(a, n))
			return NULL;
	p = a->p;
	a->p += n;
	return p;
}

char *
tally_arena_cstr(struct tally_arena *a, struct tally_str s)
{
	char *p = tally_arena_alloc(a, s.n + 1);

	if (p == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

struct tally_str
tally_arena_str(struct tally_arena *a, struct tally_str s)
{
	char *p = tally_arena_cstr(a, s);

	return tally_str(p, p != NULL ? s.n : 0);
}

struct tally_str
tally_arena_newest(const struct tally_arena *a)
{
	const char *data = a->chunk != NULL ? chunk_data(a->chunk) : "";

	return tally_str(data, a->chunk != NULL ? (size_t)(a->p - data) : 0);
}

void
tally_arena_reset(struct tally_arena *a)
{
	struct tally_chunk *c, *next;

	for (c = a->chunk; c != NULL && c->next != NULL; c = next) {
		next = c->next;
		a->used -= c->size;
		tally_free(c);
	}
	a->chunk = c;
	a->p = c != NULL ? chunk_data(c) : NULL;
	a->end = c != NULL ? a->p + c->size : NULL;
}

void
tally_arena_free(struct tally_arena *a)
{
	tally_arena_reset(a);
	tally_free(a->chunk);
	tally_arena_init(a, a->max);
}

void
tally_buf_init(struct tally_buf *b, size_t max)
{
	*b = (struct tally_buf){ .max = max };
}

static bool
buf_reserve(struct tally_buf *b, size_t n)
{
	size_t cap = b->cap != 0 ? b->cap : BUF_MIN;
	char *p;

	if (b->failed || n > b->max || b->n > b->max - n) {
		b->failed = true;
		return false;
	}
	if (b->p != NULL && b->cap - b->n > n)
		return true;
	while (cap - b->n <= n)
		cap *= 2;
	p = tally_realloc(b->p, cap);
	if (p == NULL) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

char *
tally_buf_grow(struct tally_buf *b, size_t n)
{
	if (!buf_reserve(b, n))
		return NULL;
	b->p[b->n + n] = '\0';
	return b->p + b->n;
}

void
tally_buf_add(struct tally_buf *b, const void *p, size_t n)
{
	if (!buf_reserve(b, n))
		return;
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
tally_buf_str(struct tally_buf *b, struct tally_str s)
{
	tally_buf_add(b, s.p, s.n);
}

void
tally_buf_puts(struct tally_buf *b, const char *s)
{
	tally_buf_add(b, s, strlen(s));
}

void
tally_buf_putc(struct tally_buf *b, char c)
{
	if (!buf_reserve(b, 1))
		return;
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
}

void
tally_buf_printf(struct tally_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	if (!buf_reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void
tally_buf_reset(struct tally_buf *b)
{
	b->n = 0;
	b->failed = false;
}

void
tally_buf_free(struct tally_buf *b)
{
	tally_free(b->p);
	tally_buf_init(b, b->max);
}
