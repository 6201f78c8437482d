/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-references of a partner in memory; see lookups.h. */
#include "flow/lookups.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BYTES_MAX ((size_t)512 << 20)
#define WORDS_MAX 4096

struct entry {
	struct tally_str name, key, value;
	bool any;
	int64_t id;
};

struct lookups {
	struct tally_lookups hook;
	struct tally_arena arena;
	struct entry *by[2]; /* by theirs, by ours; owned, n of each */
	size_t n, cap;
	bool sorted;
};

static int
compare(struct tally_str a, struct tally_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/* Of equal keys the one that counts comes first. */
static int
by_key(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int c = compare(a->name, b->name);

	if (c == 0)
		c = compare(a->key, b->key);
	if (c == 0)
		c = a->any - b->any;
	return c != 0 ? c : (a->id > b->id) - (a->id < b->id);
}

static enum tally_rc
find(void *ctx, const char *table, bool inverse, struct tally_str value,
    struct tally_str *out, bool *found, struct tally_err *err)
{
	const struct lookups *l = ctx;
	const struct entry *e = l->by[inverse];
	const struct entry wanted = { tally_cstr(table), value, { NULL, 0 },
		false, INT64_MIN };
	size_t low = 0, high = l->n, mid;

	(void)err;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (by_key(&e[mid], &wanted) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*found = low < l->n && compare(e[low].name, wanted.name) == 0 &&
	    compare(e[low].key, value) == 0;
	if (*found)
		*out = e[low].value;
	return TALLY_OK;
}

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "no memory for the cross-references");
}

static bool
grow(struct lookups *l)
{
	size_t cap = l->cap != 0 ? l->cap * 2 : 256, bytes;
	void *p;

	if (!tally_mul_ok(&bytes, cap, sizeof(**l->by)))
		return false;
	for (int i = 0; i < 2; i++) {
		p = tally_realloc(l->by[i], bytes);
		if (p == NULL)
			return false;
		l->by[i] = p;
	}
	l->cap = cap;
	return true;
}

enum tally_rc
lookups_add(
    struct lookups *l, const struct store_lookup_row *r, struct tally_err *err)
{
	struct entry e = { tally_arena_str(&l->arena, r->name),
		tally_arena_str(&l->arena, r->theirs),
		tally_arena_str(&l->arena, r->ours), r->any, r->id };

	if (e.name.p == NULL || e.key.p == NULL || e.value.p == NULL ||
	    (l->n == l->cap && !grow(l)))
		return no_memory(err);
	l->by[0][l->n] = e;
	l->by[1][l->n] = (struct entry){ e.name, e.value, e.key, e.any, e.id };
	l->n++;
	l->sorted = false;
	return TALLY_OK;
}

enum tally_rc
lookups_new(struct lookups **out, struct tally_err *err)
{
	struct lookups *l = tally_calloc(1, sizeof(*l));

	if (l == NULL)
		return no_memory(err);
	l->hook = (struct tally_lookups){ l, find };
	tally_arena_init(&l->arena, BYTES_MAX);
	*out = l;
	return TALLY_OK;
}

void
lookups_sort(struct lookups *l)
{
	if (l == NULL || l->sorted)
		return;
	for (int i = 0; i < 2 && l->n > 0; i++)
		qsort(l->by[i], l->n, sizeof(*l->by[i]), by_key);
	l->sorted = true;
}

static enum tally_rc
add(void *ctx, const struct store_lookup_row *r, struct tally_err *err)
{
	return lookups_add(ctx, r, err);
}

enum tally_rc
lookups_load(struct lookups **out, struct store *st,
    const struct site_partner *partner, struct tally_err *err)
{
	struct lookups *l = NULL;
	enum tally_rc rc = lookups_new(&l, err);

	if (rc == TALLY_OK)
		rc = store_lookup_each(st, partner->name, add, l, err);
	if (rc == TALLY_OK) {
		lookups_sort(l);
		*out = l;
		l = NULL;
	}
	lookups_free(l);
	return rc;
}

void
lookups_free(struct lookups *l)
{
	if (l == NULL)
		return;
	tally_arena_free(&l->arena);
	tally_free(l->by[0]);
	tally_free(l->by[1]);
	tally_free(l);
}

void
lookups_use(struct tally_map *map, const struct lookups *l)
{
	tally_map_lookups(map, l != NULL ? &l->hook : NULL);
}

/* A word of a command line, quoted for the shell where it has to be. */
static void
put_word(struct tally_buf *b, struct tally_str s)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "._/:+-";
	bool quote = s.n == 0 || *s.p == '-';

	for (size_t i = 0; i < s.n && !quote; i++)
		quote = memchr(plain, s.p[i], sizeof(plain) - 1) == NULL;
	if (quote)
		tally_buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\'')
			tally_buf_puts(b, "'\\''");
		else
			tally_buf_putc(b, s.p[i]);
	if (quote)
		tally_buf_putc(b, '\'');
}

void
lookups_command(struct tally_buf *b, const char *partner, const char *table,
    struct tally_str theirs)
{
	tally_buf_puts(b, "an entry: tallyman lookup set ");
	put_word(b, tally_cstr(partner));
	tally_buf_putc(b, ' ');
	put_word(b, tally_cstr(table));
	tally_buf_putc(b, ' ');
	put_word(b, theirs);
	tally_buf_puts(b, " OURS");
}

void
lookups_explain(struct tally_findings *list, size_t first, const char *partner)
{
	struct tally_finding *f;
	struct tally_buf words;
	struct tally_str copy;
	char table[64];

	tally_buf_init(&words, WORDS_MAX);
	for (size_t i = first; i < list->n; i++) {
		f = &list->v[i];
		if (f->kind != TALLY_F_map_lookup ||
		    f->expected.n >= sizeof(table))
			continue;
		memcpy(table, f->expected.p, f->expected.n);
		table[f->expected.n] = '\0';
		tally_buf_reset(&words);
		lookups_command(&words, partner, table, f->value);
		copy = tally_arena_str(&list->arena, tally_buf_view(&words));
		if (copy.p != NULL && !words.failed)
			f->expected = copy;
	}
	tally_buf_free(&words);
}
