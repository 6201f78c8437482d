/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a, for tables that are looked into by a text. */
#ifndef TALLYMAN_BASE_FNV_H
#define TALLYMAN_BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t
fnv_of(const void *p, size_t n)
{
	const unsigned char *c = p;
	uint32_t h = UINT32_C(2166136261);

	for (size_t i = 0; i < n; i++)
		h = (h ^ c[i]) * UINT32_C(16777619);
	return h;
}

#endif
