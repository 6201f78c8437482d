/* SPDX-License-Identifier: Apache-2.0 */
/* A table as a database in memory; see sqlite_image.h. */
#include "store/sqlite_image.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>

#define PAGE      IMAGE_PAGE
#define FIRST     ((size_t)8) /* pages to begin with */
#define FILE_HEAD ((size_t)100)
#define LEAF_HEAD ((size_t)8)
#define ROOT_HEAD ((size_t)12)
#define VARINT    9 /* bytes at most */
/* Bytes of a cell: more of them would have to be elsewhere. */
#define ROW_MAX (PAGE - 35)
#define KEY_MAX ((PAGE - 12) * 64 / 255 - 23)

/* What kind of page it is. */
enum kind {
	INDEX_ROOT = 0x02,
	TABLE_ROOT = 0x05,
	INDEX_LEAF = 0x0a,
	TABLE_LEAF = 0x0d
};

static void
put(uint8_t *to, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--, v >>= 8)
		to[i] = (uint8_t)v;
}

static size_t
put_varint(uint8_t *to, uint64_t v)
{
	uint8_t turned[VARINT];
	size_t n = 0;

	if (v < 0x80) {
		to[0] = (uint8_t)v;
		return 1;
	}
	if (v >> 56 != 0) {
		to[8] = (uint8_t)v;
		v >>= 8;
		for (int i = 7; i >= 0; i--, v >>= 7)
			to[i] = (uint8_t)(v & 0x7f) | 0x80;
		return VARINT;
	}
	for (; v != 0; v >>= 7)
		turned[n++] = (uint8_t)(v & 0x7f) | 0x80;
	turned[0] &= 0x7f;
	for (size_t i = 0; i < n; i++)
		to[i] = turned[n - 1 - i];
	return n;
}

static bool
page_add(struct image *m)
{
	size_t cap = m->cap == 0 ? FIRST : 2 * m->cap;
	uint8_t *p;

	if (m->npage == m->cap) {
		p = sqlite3_realloc64(m->p, cap * PAGE);
		if (p == NULL)
			return false;
		m->p = p;
		m->cap = cap;
	}
	m->npage++;
	return true;
}

static uint8_t *
page_at(const struct image *m, size_t number)
{
	assert(m->p != NULL && number > 0 && number <= m->npage);
	return m->p + (number - 1) * PAGE;
}

static void
page_end(struct image *m, const struct image_page *g, enum kind kind)
{
	uint8_t *p = page_at(m, g->number);

	p += g->number == 1 ? FILE_HEAD : 0;
	p[0] = (uint8_t)kind;
	put(p + 1, 0, 2); /* no free block */
	put(p + 3, g->ncell, 2);
	put(p + 5, g->bottom, 2);
	p[7] = 0; /* no bytes between cells */
}

/* Room for a cell of n bytes; null: the page is full. */
static uint8_t *
cell_add(struct image *m, struct image_page *g, size_t n)
{
	uint8_t *p = page_at(m, g->number);

	if (g->head + 2 * (g->ncell + 1) + n > g->bottom)
		return NULL;
	g->bottom -= n;
	put(p + g->head + 2 * g->ncell++, g->bottom, 2);
	return p + g->bottom;
}

/* The row in hand, behind the page on its left and its id; 0: it has none. */
static bool
row_cell(struct image *m, struct image_page *g, uint32_t left, int64_t id)
{
	const struct image_row *r = &m->row;
	const size_t own = r->ntrim + 1 < 0x80 ? 1 : 2;
	uint8_t head[4 + 3 * VARINT], *to;
	size_t n = 0;

	if (left != 0) {
		put(head, left, 4);
		n = 4;
	}
	n += put_varint(head + n, own + r->ntrim + r->n);
	if (id != 0)
		n += put_varint(head + n, (uint64_t)id);
	n += put_varint(head + n, own + r->ntrim);
	to = cell_add(m, g, n + r->ntrim + r->n);
	if (to == NULL)
		return false;
	memcpy(to, head, n);
	memcpy(to + n, r->type, r->ntrim);
	memcpy(to + n + r->ntrim, r->body, r->n);
	return true;
}

static bool
leaf_begin(struct image *m)
{
	if (!page_add(m))
		return false;
	m->hand = (struct image_page){ m->npage, LEAF_HEAD, 0, PAGE };
	return true;
}

/* To the next leaf; last is what stands above it of the one before. */
static bool
leaf_next(struct image *m, enum kind kind, int64_t last)
{
	if (m->nleaf == IMAGE_LEAVES)
		return false;
	page_end(m, &m->hand, kind);
	m->leaf[m->nleaf].page = (uint32_t)m->hand.number;
	m->leaf[m->nleaf++].last = last;
	return leaf_begin(m);
}

static bool
tree_begin(struct image *m)
{
	m->nleaf = 0;
	return leaf_begin(m);
}

bool
image_begin(struct image *m, size_t nindex)
{
	m->npage = 0;
	m->last = 0;
	m->nindex = nindex;
	for (size_t i = 0; i < nindex; i++)
		m->keys[i].n = 0;
	if (m->row.body == NULL)
		m->row.body = sqlite3_malloc64(PAGE);
	/* The first page is for the definitions. */
	return m->row.body != NULL && page_add(m) && tree_begin(m);
}

void
image_free(struct image *m)
{
	sqlite3_free(m->p);
	sqlite3_free(m->row.body);
	for (size_t i = 0; i < IMAGE_INDEXES; i++)
		sqlite3_free(m->keys[i].key);
	memset(m, 0, sizeof(*m));
}

void
image_integer(struct image *m, int64_t v)
{
	static const uint8_t bytes[] = { 0, 1, 2, 3, 4, 6, 8 };
	struct image_row *r = &m->row;
	uint8_t type = 1;

	if (v == 0 || v == 1) {
		r->type[r->ntype++] = (uint8_t)(8 + v);
		r->ntrim = r->ntype;
		return;
	}
	while (bytes[type] < 8 &&
	    (v < -((int64_t)1 << (8 * bytes[type] - 1)) ||
		v >= (int64_t)1 << (8 * bytes[type] - 1)))
		type++;
	r->type[r->ntype++] = type;
	r->ntrim = r->ntype;
	if (r->n + 8 <= PAGE)
		put(r->body + r->n, (uint64_t)v, bytes[type]);
	r->n += bytes[type];
}

void
image_long_text(struct image *m, const char *p, size_t n)
{
	struct image_row *r = &m->row;

	r->ntype += put_varint(r->type + r->ntype, 13 + 2 * (uint64_t)n);
	r->ntrim = r->ntype;
	if (r->n <= PAGE && n <= PAGE - r->n)
		memcpy(r->body + r->n, p, n);
	r->n += n;
}

static bool
row_fits(const struct image_row *r)
{
	return 2 + r->ntrim + r->n <= ROW_MAX;
}

bool
image_row_end(struct image *m, int64_t id)
{
	if (m->row.ntrim == 0)
		m->row.ntrim = 1; /* the id: no cell is shorter than 4 bytes */
	if (id <= m->last || !row_fits(&m->row))
		return false;
	if (!row_cell(m, &m->hand, 0, id) &&
	    (!leaf_next(m, TABLE_LEAF, m->last) ||
		!row_cell(m, &m->hand, 0, id)))
		return false;
	m->last = id;
	return true;
}

bool
image_key(struct image *m, size_t index, struct image_key key)
{
	struct image_keys *k = &m->keys[index];
	size_t cap = k->cap == 0 ? 64 : 2 * k->cap;
	struct image_key *p;

	if (k->n == k->cap) {
		p = sqlite3_realloc64(k->key, cap * sizeof(*p));
		if (p == NULL)
			return false;
		k->key = p;
		k->cap = cap;
	}
	k->key[k->n++] = key;
	return true;
}

/* The order of an index. */
static int
key_order(const void *a, const void *b)
{
	const struct image_key *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	if (order == 0 && x->n != y->n)
		order = x->n < y->n ? -1 : 1;
	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

/* The same, of a key. */
static bool
key_cell(struct image *m, struct image_page *g, const struct image_key *k,
    uint32_t left)
{
	image_row(m);
	image_text(m, k->p, k->n);
	image_integer(m, k->id);
	return 1 + m->row.ntrim + m->row.n <= KEY_MAX &&
	    row_cell(m, g, left, 0);
}

/* The leaves of an index; the key between two of them is in none. */
static bool
keys_put(struct image *m, struct image_keys *k)
{
	struct image_page before = { 0 }; /* the leaf without its newest key */

	if (k->n > 0)
		qsort(k->key, k->n, sizeof(*k->key), key_order);
	if (!tree_begin(m))
		return false;
	for (size_t i = 0; i < k->n; i++) {
		const struct image_page now = m->hand;

		if (key_cell(m, &m->hand, &k->key[i], 0)) {
			before = now;
			continue;
		}
		if (now.ncell < 2)
			return false;
		m->hand = before;
		if (!leaf_next(m, INDEX_LEAF, (int64_t)i - 1) ||
		    !key_cell(m, &m->hand, &k->key[i], 0))
			return false;
	}
	return true;
}

static bool
root_cell(struct image *m, struct image_page *g, const struct image_keys *keys,
    size_t leaf)
{
	const uint32_t page = m->leaf[leaf].page;
	const int64_t last = m->leaf[leaf].last;
	uint8_t cell[4 + VARINT], *to;
	size_t n;

	if (keys != NULL)
		return key_cell(m, g, &keys->key[last], page);
	put(cell, page, 4);
	n = 4 + put_varint(cell + 4, (uint64_t)last);
	to = cell_add(m, g, n);
	if (to != NULL)
		memcpy(to, cell, n);
	return to != NULL;
}

/* A page above the leaves, if there are more than one; keys: of an index. */
static bool
tree_end(struct image *m, const struct image_keys *keys, size_t *root)
{
	struct image_page g = { 0, ROOT_HEAD, 0, PAGE };

	page_end(m, &m->hand, keys != NULL ? INDEX_LEAF : TABLE_LEAF);
	*root = m->hand.number;
	if (m->nleaf == 0)
		return true;
	if (!page_add(m))
		return false;
	*root = g.number = m->npage;
	for (size_t i = 0; i < m->nleaf; i++)
		if (!root_cell(m, &g, keys, i))
			return false;
	page_end(m, &g, keys != NULL ? INDEX_ROOT : TABLE_ROOT);
	put(page_at(m, g.number) + LEAF_HEAD, m->hand.number, 4);
	return true;
}

static bool
definition_put(struct image *m, struct image_page *g, const char *type,
    const char *table, const struct image_definition *d, size_t root)
{
	image_row(m);
	image_text(m, type, strlen(type));
	image_text(m, d->name, strlen(d->name));
	image_text(m, table, strlen(table));
	image_integer(m, (int64_t)root);
	image_text(m, d->sql, strlen(d->sql));
	return row_fits(&m->row) && row_cell(m, g, 0, (int64_t)g->ncell + 1);
}

static void
file_head(struct image *m)
{
	uint8_t *p = m->p;

	memset(p, 0, FILE_HEAD);
	memcpy(p, "SQLite format 3", 16);
	put(p + 16, PAGE, 2);
	p[18] = p[19] = 1; /* no log */
	p[21] = 64, p[22] = 32, p[23] = 32;
	put(p + 24, 1, 4); /* changes of the file */
	put(p + 28, m->npage, 4);
	put(p + 40, 1, 4); /* of definitions */
	put(p + 44, 4, 4); /* format of definitions */
	put(p + 56, 1, 4); /* UTF-8 */
	put(p + 92, 1, 4); /* pages are counted as of that change */
	put(p + 96, SQLITE_VERSION_NUMBER, 4);
}

uint8_t *
image_end(struct image *m, const struct image_definition *d, size_t *bytes)
{
	struct image_page g = { 1, FILE_HEAD + LEAF_HEAD, 0, PAGE };
	size_t root[1 + IMAGE_INDEXES] = { 0 };
	uint8_t *p;

	if (!tree_end(m, NULL, &root[0]))
		return NULL;
	for (size_t i = 0; i < m->nindex; i++)
		if (!keys_put(m, &m->keys[i]) ||
		    !tree_end(m, &m->keys[i], &root[1 + i]))
			return NULL;
	for (size_t i = 0; i <= m->nindex; i++)
		if (!definition_put(m, &g, i == 0 ? "table" : "index",
			d[0].name, &d[i], root[i]))
			return NULL;
	page_end(m, &g, TABLE_LEAF);
	file_head(m);
	*bytes = m->npage * PAGE;
	p = m->p;
	m->p = NULL;
	m->cap = 0;
	return p;
}
