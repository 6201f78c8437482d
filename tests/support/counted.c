/* SPDX-License-Identifier: Apache-2.0 */
/* See counted.h. */
#include "support/counted.h"

#include <stdlib.h>

long counted_left = -1;
long counted_blocks;

static bool
fails(void)
{
	return counted_left >= 0 && counted_left-- == 0;
}

static void *
counted_alloc(size_t n)
{
	void *p = fails() ? NULL : malloc(n);

	counted_blocks += p != NULL;
	return p;
}

static void *
counted_realloc(void *old, size_t n)
{
	void *p = fails() ? NULL : realloc(old, n);

	counted_blocks += p != NULL && old == NULL;
	return p;
}

static void
counted_free(void *p)
{
	counted_blocks -= p != NULL;
	free(p);
}

const struct tally_allocator counted = { counted_alloc, counted_realloc,
	counted_free };
