/* SPDX-License-Identifier: Apache-2.0 */
/* Control numbers seen; see numbers.h. */
#include "x12/numbers.h"

#include "tallyman/mem.h"

/* Digits as their value; other texts as a hash beyond all such values. */
static uint64_t
key_of(struct tally_str s)
{
	uint64_t h = UINT64_C(14695981039346656037), v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i >= 18) {
			for (i = 0; i < s.n; i++)
				h = (h ^ (unsigned char)s.p[i]) *
				    UINT64_C(1099511628211);
			return h | UINT64_C(1) << 63;
		}
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	return v;
}

/* The first range whose last is not below key. */
static uint32_t
lower(const struct numbers *x, uint64_t key)
{
	uint32_t lo = 0, hi = x->n;

	if (x->n > 0 && x->range[x->n - 1].last < key)
		return x->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (x->range[mid].last < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
room(struct numbers *x)
{
	uint32_t cap = x->cap != 0 ? 2 * x->cap : 16;
	void *p;

	if (x->n < x->cap)
		return true;
	if (cap > NUMBERS_RANGES_MAX)
		return false;
	p = tally_realloc(x->range, cap * sizeof(*x->range));
	if (p == NULL)
		return false;
	x->range = p;
	x->cap = cap;
	return true;
}

bool
numbers_add(struct numbers *x, struct tally_str s)
{
	uint64_t key = key_of(s);
	uint32_t i = lower(x, key);

	if (i < x->n && x->range[i].first <= key)
		return true;
	if (i > 0 && x->range[i - 1].last + 1 == key) {
		x->range[i - 1].last = key;
		return false;
	}
	if (i < x->n && x->range[i].first == key + 1) {
		x->range[i].first = key;
		return false;
	}
	if (!room(x))
		return false;
	memmove(&x->range[i + 1], &x->range[i], (x->n - i) * sizeof(*x->range));
	x->range[i].first = x->range[i].last = key;
	x->n++;
	return false;
}

void
numbers_clear(struct numbers *x)
{
	x->n = 0;
}

void
numbers_free(struct numbers *x)
{
	tally_free(x->range);
	*x = (struct numbers){ 0 };
}
