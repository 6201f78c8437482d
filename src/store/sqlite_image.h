/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table as a database of SQLite's, in memory: what a load copies into the
 * store row by row as it lies, with no column looked at.
 *
 * What is written is SQLite's file format (sqlite.org/fileformat2.html,
 * sections 1.3, 1.6, 2.1 and 2.3 to 2.6), and of it the least that holds rows
 * in rising order of their ids and indexes of single columns: a tree has one
 * page above its leaves, and nothing is longer than a page.  What cannot be
 * told in that is refused; the caller has another way.
 */
#ifndef TALLYMAN_STORE_SQLITE_IMAGE_H
#define TALLYMAN_STORE_SQLITE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define IMAGE_PAGE    ((size_t)32768)
#define IMAGE_COLUMNS 256  /* that a row may have */
#define IMAGE_INDEXES 8    /* that a table may have */
#define IMAGE_LEAVES  1024 /* of a tree, before the newest one */

/* What a table of definitions says of one thing. */
struct image_definition {
	const char *name, *sql;
};

/* A row on its way into an image: types and values of its columns. */
struct image_row {
	uint8_t type[9 * IMAGE_COLUMNS];
	size_t ntype;  /* bytes of them */
	size_t ntrim;  /* those up to the last value that is not null */
	uint8_t *body; /* IMAGE_PAGE; owned */
	size_t n; /* bytes; more than there is room for: not all are there */
};

struct image_key {
	const char *p; /* the caller's, until image_end */
	size_t n;
	int64_t id; /* of its row */
};

struct image_keys {
	struct image_key *key; /* owned */
	size_t n, cap;
};

/* A page that is being filled: cells from its end on, and behind its head where
 * each of them begins. */
struct image_page {
	size_t number; /* from 1 */
	size_t head;   /* bytes before the places of cells */
	size_t ncell, bottom;
};

struct image {
	uint8_t *p;   /* npage pages; owned */
	size_t npage; /* in use */
	size_t cap;   /* that there is room for */
	struct image_row row;
	struct image_keys keys[IMAGE_INDEXES];
	size_t nindex;
	struct image_page hand; /* newest leaf of the tree that grows */
	size_t nleaf;           /* before it */
	int64_t last;           /* id of the newest row; 0: none yet */
	struct {
		uint32_t page;
		int64_t last; /* id in it; of an index: key behind it */
	} leaf[IMAGE_LEAVES];
};

/* False, here and below: no memory, or no place for it. */
bool image_begin(struct image *, size_t nindex);
void image_free(struct image *);

/* The next row, and its columns; the first one is its id: a null. */
static inline void
image_row(struct image *m)
{
	m->row.ntype = m->row.ntrim = m->row.n = 0;
}
void image_integer(struct image *, int64_t);
void image_long_text(struct image *, const char *, size_t n);
static inline void
image_nulls(struct image *m, size_t n)
{
	struct image_row *r = &m->row;

	for (; n > 0; n--)
		r->type[r->ntype++] = 0;
}

static inline void
image_text(struct image *m, const char *p, size_t n)
{
	struct image_row *r = &m->row;

	if (n >= 58 || r->n + n > IMAGE_PAGE) {
		image_long_text(m, p, n);
		return;
	}
	r->type[r->ntype++] = (uint8_t)(13 + 2 * n);
	r->ntrim = r->ntype;
	memcpy(r->body + r->n, p, n);
	r->n += n;
}

/* The id is greater than those before. */
bool image_row_end(struct image *, int64_t id);
/* What an index has of a row. */
bool image_key(struct image *, size_t index, struct image_key);

/* The database: a table, and its indexes behind it.  It is the caller's, to be
 * freed by sqlite3_free, or null. */
uint8_t *image_end(
    struct image *, const struct image_definition *, size_t *bytes);

#endif
