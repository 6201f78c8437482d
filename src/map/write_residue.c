/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nobody had claimed, back in its place: whole segments beside the row
 * that they belong to, elements into the segment that this row makes; see
 * write.h.
 */
#include <assert.h>
#include <stdio.h>

#include "map/write.h"

enum tally_rc
write_residue_index(struct write *w)
{
	const struct tally_residues *all = w->residues;
	const struct tally_residue *r;
	struct write_rows *rows;

	if (all == NULL || all->n == 0)
		return TALLY_OK;
	w->residue_next = write_alloc(w, all->n + 1, sizeof(*w->residue_next));
	if (w->residue_next == NULL)
		return write_nomem(w);
	for (size_t i = all->n; i > 0; i--) {
		r = &all->v[i - 1];
		rows = r->table < w->map->model->ntable ? &w->rows[r->table]
							: NULL;
		if (rows == NULL || r->row >= rows->n ||
		    r->place >= w->map->set->nplace) {
			write_report(w, TALLY_F_write_residue, 0, 0, "residue",
			    r->text, "the row and the place that it was at");
			continue;
		}
		if (rows->residue == NULL)
			rows->residue =
			    write_alloc(w, rows->n, sizeof(*rows->residue));
		if (rows->residue == NULL)
			return write_nomem(w);
		w->residue_next[i] = rows->residue[r->row];
		rows->residue[r->row] = (uint32_t)i;
	}
	return TALLY_OK;
}

/* The group of the frame's block whose field or pair fills a column. */
static uint64_t
group_of(const struct write *w, const struct map_block *b, uint16_t place,
    uint16_t column)
{
	const struct map_op *op, *end;
	const struct map_group *group = NULL;

	for (uint16_t i = 0; i < b->nown; i++) {
		if (b->own[i].place != place)
			continue;
		op = w->map->op + b->own[i].first;
		for (end = op + b->own[i].n; op < end; op++) {
			if (op->code == MAP_TAKE || op->code == MAP_PAIR)
				group = op->group;
			if ((op->code == MAP_FIELD || op->code == MAP_PAIR) &&
			    op->column == column && group != NULL)
				return (uint64_t)1 << group->bit;
		}
	}
	return 0;
}

/* The segment that an element belongs to. */
static uint32_t
find_piece(const struct write *w, const struct write_frame *f,
    const struct tally_residue *r, uint32_t main, uint32_t first)
{
	uint64_t group = UINT64_MAX;

	if (main != NO_PIECE && w->piece[main].place == r->place)
		return main;
	if (r->column != TALLY_NO_COLUMN)
		group = group_of(w, f->block, r->place, r->column);
	for (uint32_t i = first; i < w->npiece; i++)
		if (w->piece[i].kind == PIECE_SEGMENT &&
		    w->piece[i].place == r->place &&
		    (r->column == TALLY_NO_COLUMN ||
			w->piece[i].groups & group))
			return i;
	return NO_PIECE;
}

/* One value of residue with our separators for those it was read with. */
static struct tally_str
translate(struct write *w, uint16_t place, struct tally_str s)
{
	const struct tally_separators *from = &w->how->residue;
	const struct tally_separators *to = &w->how->separators;
	struct tally_arena *a = &w->map->scratch.writing;
	char *p = tally_arena_alloc(a, s.n + 1);
	struct tally_str part;
	size_t at = 0, end;
	unsigned char c;

	if (p == NULL) {
		w->out->failed = true;
		return tally_str("", 0);
	}
	for (; at < s.n; at = end) {
		for (end = at; end < s.n; end++) {
			c = (unsigned char)s.p[end];
			if (c == from->component ||
			    (from->repetition != 0 && c == from->repetition))
				break;
		}
		if (!write_text(w, place, 0, "residue",
			tally_str(s.p + at, end - at), &part) ||
		    part.n != end - at)
			return tally_str("", 0);
		memcpy(p + at, part.p, part.n);
		if (end < s.n) {
			c = (unsigned char)s.p[end];
			p[end] = (char)(c == from->component ? to->component
							     : to->repetition);
			end++;
		}
	}
	return tally_str(p, s.n);
}

/* A composite or an element that repeats has been claimed in part: what a row
 * says stands over what residue says. */
static enum tally_rc
fill_in(struct write *w, uint32_t piece, const struct tally_residue *r)
{
	uint8_t element = (uint8_t)r->element;
	struct tally_str ours = write_element(w, piece, element);
	struct tally_str theirs = translate(w, r->place, r->text), part;
	unsigned char component = w->how->separators.component;
	enum tally_rc rc = TALLY_OK;

	write_whole(w, piece, element, theirs);
	if (ours.n == 0 || memchr(theirs.p, component, theirs.n) == NULL)
		return TALLY_OK;
	for (uint8_t k = 1;
	     rc == TALLY_OK && tally_part(ours, component, k - 1u, &part); k++)
		if (part.n > 0)
			rc = write_put(w, piece, element, k, part);
	return rc;
}

static enum tally_rc
put_back(struct write *w, const struct write_frame *f,
    const struct tally_residue *r, uint32_t main, uint32_t first)
{
	const struct tally_segment_spec *s =
	    w->map->set->place[r->place].segment;
	uint32_t piece;
	enum tally_rc rc;

	if (r->element == 0) {
		rc = write_piece_new(w, PIECE_RAW, r->place, &piece);
		if (rc == TALLY_OK)
			w->piece[piece].raw = r;
		return rc;
	}
	if (r->element > s->nuse) {
		write_report(w, TALLY_F_write_residue, r->place, 0, "residue",
		    r->text, "an element that the segment has");
		return TALLY_OK;
	}
	piece = find_piece(w, f, r, main, first);
	if (piece == NO_PIECE) {
		rc = write_piece_new(w, PIECE_SEGMENT, r->place, &piece);
		if (rc != TALLY_OK)
			return rc;
	}
	return fill_in(w, piece, r);
}

/* Residue of the record within levels: up to the first segment HL that nobody
 * claimed, of the level without rows. */
static bool
is_of(const struct write *w, const struct write_frame *f,
    const struct tally_residue *r, bool unclaimed)
{
	uint16_t first = f->block->first, last = f->block->last;

	if (f->block->rowless)
		return r->place >= first && r->place <= last && !unclaimed;
	if (f->block->kind != BLOCK_RECORD || !w->map->levels || unclaimed)
		return true;
	for (uint16_t i = 0; i < w->map->nblock; i++)
		if (w->map->block[i].rowless)
			return r->place < w->map->block[i].first ||
			    r->place > w->map->block[i].last;
	return true;
}

enum tally_rc
write_residue(
    struct write *w, const struct write_frame *f, uint32_t main, uint32_t first)
{
	const struct write_rows *rows = &w->rows[f->block->table];
	const struct tally_residue *r;
	bool unclaimed = false;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = rows->residue[f->seq]; i != 0 && rc == TALLY_OK;
	     i = w->residue_next[i]) {
		r = &w->residues->v[i - 1];
		unclaimed |= r->element == 0 && r->tag == tally_tag("HL");
		if (is_of(w, f, r, unclaimed))
			rc = put_back(w, f, r, main, first);
	}
	return rc;
}

void
write_raw(struct write *w, const struct tally_residue *r)
{
	assert(w->learn == NULL); /* a row with residue is not watched */
	const struct tally_segment_spec *s =
	    w->map->set->place[r->place].segment;
	struct tally_str value[TALLY_ELEMENTS_MAX], v;
	uint32_t n = 0;

	while (n < s->nuse &&
	    tally_part(r->text, w->how->residue.element, n + 1u, &v))
		value[n++] = translate(w, r->place, v);
	write_line(w, s->tag, value, n);
}
