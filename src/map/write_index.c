/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which block writes which row, and rows hung on the rows around them; see
 * write.h.
 *
 * A row is written by the first block of its table that has its constants, sets
 * its references as they are set, and stands in the block that writes the row
 * around it.
 */
#include <stdio.h>

#include "map/write.h"

#define UNKNOWN   UINT16_MAX
#define NO_WRITER (UINT16_MAX - 1)
#define LINKS_MAX 64 /* references of a table that are bits */
#define DEPTH_MAX 32 /* rows around a row; as deep as maps are */

static bool
has_constants(const struct write *w, const struct map_block *b, uint32_t row)
{
	for (uint16_t i = 0; i < b->nconstant; i++)
		if (!tally_str_eq(
			write_cell(w, b->table, row, b->constant[i].column),
			b->constant[i].value))
			return false;
	return true;
}

static uint32_t
reference(const struct write *w, uint16_t table, uint32_t row, uint16_t i)
{
	const struct tally_rows *r = &w->batch->rows[table];

	return r->reference[(size_t)row * r->table->nreference + i];
}

/* References that the block sets, and no others.  Those of a level depend on
 * the levels above it. */
static bool
has_references(const struct write *w, const struct map_block *b, uint32_t row)
{
	const struct tally_rows *r = &w->batch->rows[b->table];
	uint16_t n = r->table->nreference;
	const uint32_t *ref = r->reference + (size_t)row * n;
	uint16_t set = 0;

	if (b->kind == BLOCK_LEVEL)
		return true;
	for (uint16_t i = 0; i < n; i++)
		set += ref[i] != TALLY_NO_ROW;
	for (uint16_t i = 0; i < b->nlink; i++)
		if (ref[b->link[i].reference] == TALLY_NO_ROW)
			return false;
	return set == b->nlink;
}

/* Whether the row around is that of the record, the only one. */
static inline bool
is_below_record(const struct write *w, const struct map_block *b)
{
	const struct map_block *around = &w->map->block[b->parent];

	return around->kind == BLOCK_RECORD || around->rowless;
}

/* The reference that names the row around; NO_LINK where that is the record's,
 * the table's number of them where none does. */
static uint16_t
link_around(const struct write *w, const struct map_block *b)
{
	if (is_below_record(w, b))
		return NO_LINK;
	for (uint16_t i = 0; i < b->nlink; i++)
		if (b->link[i].up == 0)
			return b->link[i].reference;
	return w->batch->rows[b->table].table->nreference;
}

static uint32_t
row_around(const struct write *w, const struct map_block *b, uint32_t row)
{
	uint16_t link = link_around(w, b);

	if (link == NO_LINK)
		return 0;
	return link < w->batch->rows[b->table].table->nreference
	    ? reference(w, b->table, row, link)
	    : TALLY_NO_ROW;
}

/* Which references a row sets, of LINKS_MAX at most.  Mostly they are few. */
static inline uint64_t
links_of(const uint32_t *ref, uint16_t n)
{
	uint64_t set = 0, two;
	uint16_t i = 0;

	for (; i + 1 < n; i += 2) {
		memcpy(&two, ref + i, sizeof(two));
		if (two != UINT64_MAX)
			set |= (uint64_t)(ref[i] != TALLY_NO_ROW) << i |
			    (uint64_t)(ref[i + 1] != TALLY_NO_ROW) << (i + 1);
	}
	if (i < n)
		set |= (uint64_t)(ref[i] != TALLY_NO_ROW) << i;
	return set;
}

static uint16_t find_writer(
    struct write *, uint16_t table, uint32_t seq, unsigned depth);

static inline uint16_t
writer_of(struct write *w, uint16_t table, uint32_t seq, unsigned depth)
{
	uint16_t known = w->rows[table].writer[seq];

	return known != UNKNOWN || depth > DEPTH_MAX
	    ? known
	    : find_writer(w, table, seq, depth);
}

/* Whether the row around is one that the block around writes. */
static bool
has_around(
    struct write *w, const struct map_block *b, uint32_t row, unsigned depth)
{
	uint16_t table = w->map->block[b->parent].table;
	uint32_t seq;

	if (is_below_record(w, b))
		return true;
	seq = row_around(w, b, row);
	return seq < w->rows[table].n &&
	    writer_of(w, table, seq, depth + 1) == b->parent;
}

/* Whether all rows are its that set the same references, below the rows of the
 * block around. */
static bool
can_be_alike(const struct map_block *b)
{
	return b->nconstant == 0 && b->kind != BLOCK_LEVEL;
}

/* The first block that sets a row's references; where they are too many to be
 * told apart at a glance, the first that may. */
static inline const uint16_t *
first_maker(const struct write *w, uint16_t table, uint32_t row)
{
	const struct map_makers *m = &w->map->makers[table];
	const struct tally_rows *rows = &w->batch->rows[table];
	struct write_rows *r = &w->rows[table];
	uint16_t n = rows->table->nreference;
	const uint16_t *block = m->block;
	uint64_t set;

	if (n > LINKS_MAX)
		return block;
	set = links_of(rows->reference + (size_t)row * n, n);
	if (r->maker != NULL && r->set == set)
		return r->maker;
	while (block < m->block + m->n &&
	    !has_references(w, &w->map->block[*block], row))
		block++;
	r->set = set;
	r->maker = block;
	r->alike = block < m->block + m->n && *block != 0 &&
	    can_be_alike(&w->map->block[*block]);
	if (r->alike)
		r->around = link_around(w, &w->map->block[*block]);
	return block;
}

/* The block that writes a row, or NO_WRITER.  Rows that enclose one another in
 * a circle have none. */
static uint16_t
find_writer(struct write *w, uint16_t table, uint32_t seq, unsigned depth)
{
	const struct map_makers *m = &w->map->makers[table];
	uint32_t row = w->rows[table].from + seq;
	const uint16_t *block = first_maker(w, table, row);
	const uint16_t *end = m->block + m->n;
	uint16_t *writer = &w->rows[table].writer[seq];
	const struct map_block *b;

	for (; block < end && *writer == UNKNOWN; block++) {
		b = &w->map->block[*block];
		if ((block == w->rows[table].maker ||
			has_references(w, b, row)) &&
		    has_constants(w, b, row) &&
		    (*block == 0 || has_around(w, b, row, depth)))
			*writer = *block;
	}
	if (*writer == UNKNOWN && depth == 0)
		*writer = NO_WRITER;
	return *writer;
}

static void
no_writer(struct write *w, uint16_t table, uint32_t seq)
{
	const struct tally_table *t = &w->map->model->table[table];
	char words[96];

	snprintf(words, sizeof(words),
	    "a rule that makes row %u of %.40s as it is", seq, t->name);
	write_report(
	    w, TALLY_F_write_row, 0, 0, t->name, tally_str("", 0), words);
}

/* Room for what is known of a block: of no column, at first. */
static bool
make_block(struct write *w, struct write_block *to, const struct map_block *b)
{
	size_t n = w->batch->rows[b->table].table->ncolumn;

	to->fill = tally_arena_alloc(
	    &w->map->arena, (b->nfill + 1u) * sizeof(*to->fill));
	to->key = tally_arena_alloc(&w->map->arena, n);
	to->slot = tally_arena_alloc(&w->map->arena, n);
	if (to->fill == NULL || to->key == NULL || to->slot == NULL) {
		to->slot = NULL;
		return false;
	}
	memset(to->slot, TALLY_NO_SLOT, n);
	memset(to->key, PLAN_NO_BIT, n);
	to->bit = PLAN_NO_BIT;
	return true;
}

/* A bit for what the shapes of a block's rows tell apart. */
static void
give_bit(struct write_block *b, uint8_t *bit)
{
	if (*bit != PLAN_NO_BIT)
		return;
	if (b->nkey == PLAN_BITS) {
		b->crowded = true;
		return;
	}
	*bit = b->nkey++;
}

/* The columns that its rows can have a value in at all. */
static void
note_columns(struct write_block *to, const struct map_block *b)
{
	const struct map_fill *f = b->fill, *end = f + b->nfill;
	uint8_t *key;

	to->slots++;
	to->nfill = to->nleft = 0;
	for (; f < end; f++) {
		if (to->slot[f->column] == TALLY_NO_SLOT)
			continue;
		key = &to->key[f->column];
		give_bit(to, key);
		if (*key != PLAN_NO_BIT)
			to->columns |= (uint64_t)1 << *key;
		to->fill[to->nfill++] =
		    (struct write_fill){ to->slot[f->column], f->bit, *key };
	}
	for (uint16_t i = 0; i < b->nleft; i++)
		to->nleft += to->slot[b->left[i]] != TALLY_NO_SLOT;
}

/* The columns are mostly those of the document before. */
struct write_block *
write_block_begin(struct write *w, uint16_t block)
{
	const struct map_block *b = &w->map->block[block];
	const struct tally_rows *rows = &w->batch->rows[b->table];
	struct write_block *to = &w->block[block];

	if (to->slot == NULL && !make_block(w, to, b))
		return NULL;
	to->document = w->document;
	to->head = NULL;
	to->active = 0;
	to->inner = NO_BLOCK;
	if (memcmp(to->slot, rows->slot, rows->table->ncolumn) != 0) {
		memcpy(to->slot, rows->slot, rows->table->ncolumn);
		note_columns(to, b);
	}
	return to;
}

/* Tells what of a row no rule of its block writes. */
static void
tell_left(struct write *w, uint16_t block, uint16_t table, uint32_t seq)
{
	const struct map_block *b = &w->map->block[block];
	const struct tally_rows *rows = &w->batch->rows[table];
	uint32_t row = w->rows[table].from + seq;
	struct tally_str value;

	for (uint16_t i = 0; i < b->nleft; i++) {
		value = write_cell(w, table, row, b->left[i]);
		if (value.n > 0)
			write_report(w, TALLY_F_write_column, b->first, 0,
			    rows->table->column[b->left[i]].name, value,
			    "a rule that writes the column");
	}
}

/* Hangs a row on the row around, before those that are there. */
static enum tally_rc
hang(struct write *w, struct write_block *to, const struct map_block *b,
    uint32_t seq)
{
	struct write_rows *r = &w->rows[b->table];
	uint32_t around = row_around(w, b, r->from + seq);
	struct write_block *outer;

	if (to->head == NULL) {
		outer = write_block_of(w, b->parent);
		if (outer == NULL)
			return write_nomem(w);
		outer->active |= (uint64_t)1 << b->feeds;
		give_bit(outer, &to->bit);
		to->beside = outer->inner;
		outer->inner = (uint16_t)(b - w->map->block);
		to->head =
		    write_alloc(w, w->rows[w->map->block[b->parent].table].n,
			sizeof(*to->head));
		if (to->head == NULL)
			return write_nomem(w);
	}
	r->next[seq] = to->head[around];
	to->head[around] = seq + 1;
	return TALLY_OK;
}

/* The document's rows of a table, which are mostly those behind the rows of
 * the document before. */
static void
find_rows(const struct write *w, uint16_t table, uint32_t document)
{
	const struct tally_rows *rows = &w->batch->rows[table];
	struct write_rows *r = &w->rows[table];
	const struct tally_row *row = rows->row;
	uint32_t end = r->end;

	if (end < rows->n && row[end].document == document &&
	    row[end].seq == 0) {
		r->from = end;
		while (end < rows->n && row[end].document == document)
			end++;
		r->n = end - r->from;
	} else {
		tally_batch_rows(w->batch, table, document, &r->from, &r->n);
	}
	r->end = r->from + r->n;
}

static enum tally_rc
make_room(struct write *w, uint16_t table, uint32_t document)
{
	struct write_rows *r = &w->rows[table];

	find_rows(w, table, document);
	if (r->n == 0)
		return TALLY_OK;
	r->next = tally_arena_alloc(&w->map->scratch.writing,
	    r->n * (sizeof(*r->next) + sizeof(*r->writer)));
	if (r->next == NULL)
		return write_nomem(w);
	r->writer = (uint16_t *)(r->next + r->n);
	memset(r->writer, 0xff, r->n * sizeof(*r->writer));
	return TALLY_OK;
}

static enum tally_rc
index_row(struct write *w, uint16_t table, uint32_t seq)
{
	uint16_t block = writer_of(w, table, seq, 0);
	struct write_block *to;

	if (block == NO_WRITER) {
		no_writer(w, table, seq);
		return TALLY_OK;
	}
	to = write_block_of(w, block);
	if (to == NULL)
		return write_nomem(w);
	if (to->nleft > 0)
		tell_left(w, block, table, seq);
	if (w->map->block[block].kind == BLOCK_LEVEL)
		w->nlevel++;
	else if (block != 0)
		return hang(w, to, &w->map->block[block], seq);
	return TALLY_OK;
}

/* Hangs rows before one that are made like it; the first of these. */
static uint32_t
hang_alike(struct write *w, uint16_t table, uint32_t seq)
{
	const struct tally_rows *rows = &w->batch->rows[table];
	const uint16_t n = rows->table->nreference;
	const struct write_rows *r = &w->rows[table];
	const struct map_block *b = &w->map->block[*r->maker];
	const struct write_block *to = &w->block[*r->maker];
	const struct write_rows *above =
	    &w->rows[w->map->block[b->parent].table];
	const uint32_t *ref = rows->reference + (size_t)(r->from + seq) * n;
	uint32_t at = 0;

	if (to->document != w->document || to->head == NULL || to->nleft > 0)
		return seq;
	for (; seq > 0 && links_of(ref - n, n) == r->set; ref -= n) {
		if (r->around != NO_LINK) {
			at = *(ref - n + r->around);
			if (at >= above->n || above->writer[at] != b->parent)
				break;
		}
		seq--;
		r->writer[seq] = *r->maker;
		r->next[seq] = to->head[at];
		to->head[at] = seq + 1;
	}
	return seq;
}

/* From the last row on, so that each is put before those behind it. */
static enum tally_rc
index_table(struct write *w, uint16_t table)
{
	const struct write_rows *r = &w->rows[table];
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = r->n; i > 0 && rc == TALLY_OK;) {
		rc = index_row(w, table, --i);
		if (r->alike)
			i = hang_alike(w, table, i);
	}
	return rc;
}

/* Room that is kept from document to document. */
static bool
begin(struct write *w)
{
	struct map_scratch *s = &w->map->scratch;
	uint16_t ntable = w->map->model->ntable;

	if (s->block == NULL)
		s->block = tally_calloc(w->map->nblock, sizeof(*s->block));
	if (s->rows == NULL)
		s->rows = tally_calloc(ntable, sizeof(*s->rows));
	w->block = s->block;
	w->document = ++s->written;
	w->rows = s->rows;
	w->table = tally_arena_alloc(&s->writing, ntable * sizeof(*w->table));
	return w->block != NULL && w->rows != NULL && w->table != NULL;
}

enum tally_rc
write_index(struct write *w, uint32_t document)
{
	const struct tally_rows *rows = w->batch->rows;
	uint16_t ntable = w->map->model->ntable;
	enum tally_rc rc = TALLY_OK;

	if (!begin(w))
		return write_nomem(w);
	for (const struct tally_rows *t = rows; t < rows + ntable; t++)
		if (t->n > 0)
			w->table[w->ntable++] = (uint16_t)(t - rows);
	for (uint16_t i = 0; i < w->ntable && rc == TALLY_OK; i++)
		rc = make_room(w, w->table[i], document);
	for (uint16_t i = 0; i < w->ntable && rc == TALLY_OK; i++)
		rc = index_table(w, w->table[i]);
	return rc;
}

void
write_index_end(struct write *w)
{
	struct write_rows *r;

	for (uint16_t i = 0; i < w->ntable; i++) {
		r = &w->rows[w->table[i]];
		r->n = 0;
		r->level = r->residue = NULL;
	}
}
