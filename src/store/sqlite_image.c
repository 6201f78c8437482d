/* SPDX-License-Identifier: Apache-2.0 */
/* A table as a database in memory; see sqlite_image.h. */
#include "store/sqlite_image.h"

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

/* A page that is being filled: cells from its end on, and behind its head
 * where each of them begins. */
struct page {
	uint8_t *p;
	size_t head; /* bytes before the places of cells */
	size_t ncell, bottom;
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
	return m->p + (number - 1) * PAGE;
}

static void
page_head(uint8_t *p, enum kind kind, size_t ncell, size_t bottom)
{
	p[0] = (uint8_t)kind;
	put(p + 1, 0, 2); /* no free block */
	put(p + 3, ncell, 2);
	put(p + 5, bottom, 2);
	p[7] = 0; /* no bytes between cells */
}

/* Room for a cell of n bytes; null: the page is full. */
static uint8_t *
cell_add(struct page *g, size_t n)
{
	if (g->head + 2 * (g->ncell + 1) + n > g->bottom)
		return NULL;
	g->bottom -= n;
	put(g->p + g->head + 2 * g->ncell++, g->bottom, 2);
	return g->p + g->bottom;
}

static bool
row_cell(struct page *g, const struct image_row *r, int64_t id)
{
	uint8_t head[3 * VARINT];
	size_t own = r->ntrim + 1 < 0x80 ? 1 : 2, n;
	uint8_t *to;

	n = put_varint(head, own + r->ntrim + r->n);
	n += put_varint(head + n, (uint64_t)id);
	n += put_varint(head + n, own + r->ntrim);
	to = cell_add(g, n + r->ntrim + r->n);
	if (to == NULL)
		return false;
	memcpy(to, head, n);
	memcpy(to + n, r->type, r->ntrim);
	memcpy(to + n + r->ntrim, r->body, r->n);
	return true;
}

/* The newest page is the next leaf. */
static bool
leaf_begin(struct image *m)
{
	m->ncell = 0;
	m->bottom = PAGE;
	return page_add(m);
}

static struct page
leaf(const struct image *m)
{
	return (struct page){ .p = page_at(m, m->npage),
		.head = LEAF_HEAD,
		.ncell = m->ncell,
		.bottom = m->bottom };
}

static void
leaf_end(struct image *m, enum kind kind)
{
	page_head(page_at(m, m->npage), kind, m->ncell, m->bottom);
}

/* To the next leaf; last is what stands above it of the one before. */
static bool
leaf_next(struct image *m, enum kind kind, int64_t last)
{
	if (m->nleaf == IMAGE_LEAVES)
		return false;
	leaf_end(m, kind);
	m->leaf[m->nleaf].page = (uint32_t)m->npage;
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

/* Behind the newest cell of the leaf in hand. */
static bool
leaf_row(struct image *m, int64_t id)
{
	struct page g = leaf(m);

	if (!row_cell(&g, &m->row, id))
		return false;
	m->ncell = g.ncell;
	m->bottom = g.bottom;
	m->last = id;
	return true;
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
	return leaf_row(m, id) ||
	    (leaf_next(m, TABLE_LEAF, m->last) && leaf_row(m, id));
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

/* A key's cell, behind so many bytes. */
static bool
key_cell(struct image *m, struct page *g, const struct image_key *k,
    const uint8_t *before, size_t nbefore)
{
	struct image_row *r = &m->row;
	uint8_t head[2 * VARINT];
	size_t n;
	uint8_t *to;

	image_row(m);
	image_text(m, k->p, k->n);
	image_integer(m, k->id);
	if (1 + r->ntype + r->n > KEY_MAX)
		return false;
	n = put_varint(head, 1 + r->ntype + r->n);
	n += put_varint(head + n, 1 + r->ntype);
	to = cell_add(g, nbefore + n + r->ntype + r->n);
	if (to == NULL)
		return false;
	if (nbefore > 0)
		memcpy(to, before, nbefore);
	memcpy(to + nbefore, head, n);
	memcpy(to + nbefore + n, r->type, r->ntype);
	memcpy(to + nbefore + n + r->ntype, r->body, r->n);
	return true;
}

/* The newest cell of the leaf is to stand above it. */
static void
leaf_less(struct image *m, size_t bottom)
{
	m->ncell--;
	m->bottom = bottom;
}

/* The leaves of an index; the key between two of them is in none. */
static bool
keys_put(struct image *m, struct image_keys *k)
{
	struct page g;
	size_t before = PAGE; /* where cells began without the newest */

	if (k->n > 0)
		qsort(k->key, k->n, sizeof(*k->key), key_order);
	if (!tree_begin(m))
		return false;
	for (size_t i = 0; i < k->n; i++) {
		g = leaf(m);
		if (!key_cell(m, &g, &k->key[i], NULL, 0)) {
			if (m->ncell < 2)
				return false;
			leaf_less(m, before);
			if (!leaf_next(m, INDEX_LEAF, (int64_t)i - 1))
				return false;
			g = leaf(m);
			if (!key_cell(m, &g, &k->key[i], NULL, 0))
				return false;
		}
		before = m->bottom;
		m->ncell = g.ncell;
		m->bottom = g.bottom;
	}
	return true;
}

/* A page above the leaves, if there are more than one; keys: of an index. */
static bool
tree_end(struct image *m, const struct image_keys *keys, size_t *root)
{
	struct page g = { .head = ROOT_HEAD, .bottom = PAGE };
	uint8_t cell[4 + VARINT], *to;
	const size_t newest = m->npage;
	size_t n;

	leaf_end(m, keys != NULL ? INDEX_LEAF : TABLE_LEAF);
	*root = newest;
	if (m->nleaf == 0)
		return true;
	if (!page_add(m))
		return false;
	*root = m->npage;
	g.p = page_at(m, m->npage);
	for (size_t i = 0; i < m->nleaf; i++) {
		put(cell, m->leaf[i].page, 4);
		if (keys != NULL) {
			if (!key_cell(
				m, &g, &keys->key[m->leaf[i].last], cell, 4))
				return false;
			continue;
		}
		n = 4 + put_varint(cell + 4, (uint64_t)m->leaf[i].last);
		to = cell_add(&g, n);
		if (to == NULL)
			return false;
		memcpy(to, cell, n);
	}
	page_head(
	    g.p, keys != NULL ? INDEX_ROOT : TABLE_ROOT, g.ncell, g.bottom);
	put(g.p + LEAF_HEAD, newest, 4);
	return true;
}

static bool
definition_put(struct image *m, struct page *g, const char *type,
    const char *table, const struct image_definition *d, size_t root)
{
	image_row(m);
	image_text(m, type, strlen(type));
	image_text(m, d->name, strlen(d->name));
	image_text(m, table, strlen(table));
	image_integer(m, (int64_t)root);
	image_text(m, d->sql, strlen(d->sql));
	return row_fits(&m->row) && row_cell(g, &m->row, (int64_t)g->ncell + 1);
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
	struct page g = { .head = FILE_HEAD + LEAF_HEAD, .bottom = PAGE };
	size_t root[1 + IMAGE_INDEXES];
	uint8_t *p;

	if (!tree_end(m, NULL, &root[0]))
		return NULL;
	for (size_t i = 0; i < m->nindex; i++)
		if (!keys_put(m, &m->keys[i]) ||
		    !tree_end(m, &m->keys[i], &root[1 + i]))
			return NULL;
	g.p = p = m->p;
	for (size_t i = 0; i <= m->nindex; i++)
		if (!definition_put(m, &g, i == 0 ? "table" : "index",
			d[0].name, &d[i], root[i]))
			return NULL;
	page_head(p + FILE_HEAD, TABLE_LEAF, g.ncell, g.bottom);
	file_head(m);
	*bytes = m->npage * PAGE;
	m->p = NULL;
	m->cap = 0;
	return p;
}
