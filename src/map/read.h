/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program forwards: what its files share. */
#ifndef TALLYMAN_MAP_READ_H
#define TALLYMAN_MAP_READ_H

#include "base/decimal.h"
#include "map/memo.h"
#include "map/program.h"

#define READ_MET_PARTS \
	1u /* claims on parts of elements: there is no element 0 */
/* For what is done to each value, and would be called for it. */
#define READ_INLINE static inline __attribute__((always_inline))
/* For what is seldom done where much is. */
#define READ_APART    __attribute__((noinline))
#define READ_NO_FRAME UINT32_MAX
/* Composites of a segment whose components are claimed. */
#define PARTS_MAX 8

struct read_part {
	uint8_t element;
	uint32_t claimed; /* components, bit k for component k */
};

/* The row that what is left of a segment belongs to. */
struct read_owner {
	uint16_t table, column;
	uint32_t seq;
};

struct read_count {
	const struct map_op *op;
	uint32_t segment;
	struct read_owner owner;
	struct tally_str sent;
};

/* The cells of a row. */
struct read_row {
	struct tally_cell *cell;
	const uint8_t *slot; /* of each column */
};

/* A document being read; the middle part is about the present segment. */
struct read {
	struct tally_map *map;
	const struct tally_set *set;
	struct tally_batch *batch;
	struct tally_residues *residues;
	struct tally_findings *findings;
	struct tally_err *err;

	const unsigned char *bytes; /* of the set */
	/* The same as the batch keeps them: cells point into them. */
	struct tally_set kept;

	const struct tally_segment *segment;
	const uint32_t *pos; /* of the segment: its separators */
	uint32_t index;      /* of the segment */
	uint64_t present;    /* elements that are not empty; as claimed */
	uint64_t claimed;    /* elements, bit k for element k */
	uint64_t free;       /* present and not claimed; for pair rows, not
	                        claimed before them */
	bool found;          /* there was a value */
	uint32_t made;       /* frame of the segment's row, or READ_NO_FRAME */
	bool refused;        /* a value of a memo's steps */
	struct memo *memo;   /* what is done is told to it; or null */
	uint8_t shift;       /* of the pair that is read */
	uint32_t current;    /* frame that the present list speaks of */
	bool rowed;          /* it has made a row */
	bool owned;          /* owner is known */
	struct read_owner owner;
	struct read_part part[PARTS_MAX];
	unsigned npart;

	uint32_t nlevel;          /* HL segments up to the present one */
	struct read_count *count; /* MAP_COUNTS_MAX */
	unsigned ncount;
	size_t limit;  /* bytes of the batch, with its rows */
	bool numbered; /* the instances are, see run.c */
	bool foreign;  /* the set is not plain ASCII */
	bool repeats;  /* the set holds repetition separators */
	bool simple;   /* it is neither */
	bool full;     /* a table has all the rows that it can have */
};

/* value.c: elements of the present segment and what columns hold of them. */
struct tally_str read_part_of(
    const struct read *, struct tally_str, uint8_t component);
bool read_free_part(const struct read *, uint8_t element, uint8_t component);
void read_claim_part(struct read *, uint8_t element, uint8_t component);
void read_claim_conditions(
    struct read *, const struct map_condition *, uint8_t n);
/* The word for a code, or the same when it is not listed; padded: its bytes
 * where WORD_MAX can be read. */
struct tally_str read_word(
    const struct map_codes *, struct tally_str, const unsigned char *padded);

/* The value of an element or a component; empty when it is not there.  It
 * points into the batch. */
static inline struct tally_str
read_value(const struct read *r, uint8_t element, uint8_t component)
{
	struct tally_str v = tally_element(&r->kept, r->segment, element);

	if (v.n == 0 || (component == 0 && !r->repeats))
		return v;
	return read_part_of(r, v, component);
}

/* So many bytes from the beginning of an element that is there, as the batch
 * keeps them. */
static inline struct tally_str
read_kept(const struct read *r, unsigned element, size_t n)
{
	return tally_str(r->kept.bytes + r->pos[element - 1] + 1, n);
}

/* Where the reader has what the batch keeps: WORD_MAX bytes can be read. */
static inline const unsigned char *
read_sent(const struct read *r, struct tally_str kept)
{
	return r->set->bytes + ((uintptr_t)kept.p - (uintptr_t)r->kept.bytes);
}

/* WORD_MAX bytes as they lie in memory. */
static inline uint64_t
read_bytes(const struct read *r, uint32_t from)
{
	uint64_t w;

	memcpy(&w, r->bytes + from, WORD_MAX);
	return w;
}

/* Whether there is a value that nothing has claimed yet. */
static inline bool
read_free(const struct read *r, uint8_t element, uint8_t component)
{
	if (!(r->free >> element & 1))
		return false;
	return component == 0 || read_free_part(r, element, component);
}

static inline void
read_claim(struct read *r, uint8_t element, uint8_t component)
{
	if (component > 0 || r->repeats)
		read_claim_part(r, element, component);
	else
		r->claimed |= (uint64_t)1 << element;
}

/* What conditions are about: a value without blanks at its right, and its first
 * WORD_MAX bytes as a number. */
struct read_tested {
	struct tally_str value;
	uint64_t key;
};

/* An element or a component of it, where the reader has it, so that eight bytes
 * can be read. */
static inline struct read_tested
read_test(const struct read *r, unsigned element, uint8_t component)
{
	struct read_tested t = { .key = 0 };
	uint32_t from;

	if (!(r->present >> element & 1))
		return t;
	from = r->pos[element - 1] + 1;
	t.value = tally_str(r->set->bytes + from, r->pos[element] - from);
	if (component > 0 || r->repeats)
		t.value = read_part_of(r, t.value, component);
	t.value = tally_str_rtrim(t.value);
	if (t.value.n > 0)
		t.key = word_of_padded(
		    t.value.p, t.value.n < WORD_MAX ? t.value.n : WORD_MAX);
	return t;
}

/* Whether it is the ith of the values that a condition has: its length and key
 * are. */
static inline bool
read_has(const struct read_tested *t, const struct map_condition *c, uint16_t i)
{
	return t->value.n <= WORD_MAX || tally_str_eq(t->value, c->value[i]);
}

/* Which of the values it is; c->n: none. */
static inline uint16_t
read_which(const struct read_tested *t, const struct map_condition *c)
{
	uint16_t i;

	for (i = 0; i < c->n; i++)
		if (c->key[i] == t->key && c->value[i].n == t->value.n &&
		    read_has(t, c, i))
			break;
	return i;
}

/* Whether all conditions hold.  What is to be claimed of them then is *met,
 * elements, or READ_MET_PARTS: the first alternative is the one that would be
 * written; of another one the element is left to be kept by a field, or as
 * residue. */
bool read_conditions(const struct read *, const struct map_condition *,
    uint8_t n, uint64_t *met);
READ_INLINE bool
read_meets(const struct read *r, const struct map_condition *c, uint8_t n,
    uint64_t *met)
{
	struct read_tested t;
	uint16_t which;

	*met = 0;
	if (n == 0)
		return true;
	if (n > 1 || c->component > 0 || r->repeats)
		return read_conditions(r, c, n, met);
	t = read_test(r, c->element, 0);
	which = read_which(&t, c);
	if (which == 0)
		*met = (uint64_t)1 << c->element;
	return which < c->n;
}

static inline void
read_claim_met(
    struct read *r, uint64_t met, const struct map_condition *c, uint8_t n)
{
	r->claimed |= met & ~READ_MET_PARTS;
	if (met & READ_MET_PARTS)
		read_claim_conditions(r, c, n);
}

/* Where the canonical form of a value is. */
enum read_form {
	READ_NONE,     /* it has none */
	READ_KEPT,     /* in the batch or the program */
	READ_ELSEWHERE /* in room (TALLY_DECIMAL_MAX bytes) or the scratch
			  text */
};
enum read_form read_convert(
    struct read *, const struct map_op *, struct tally_str *, char *room);

/* The frame so many blocks further out. */
static inline uint32_t
read_outer(const struct map_scratch *s, uint32_t frame, uint8_t up)
{
	for (; up > 0; up--)
		frame = s->frame[frame].outer;
	return frame;
}

/* The row of a frame, as owner of what is left. */
static inline struct read_owner
read_owner_of(const struct map_frame *f)
{
	return (struct read_owner){ f->table, TALLY_NO_COLUMN, f->seq };
}

/* The first column of a frame's row that the segment fills is the owner. */
static inline void
read_own(struct read *r, const struct map_frame *f, uint16_t column)
{
	if (r->owned)
		return;
	r->owned = true;
	r->owner = read_owner_of(f);
	r->owner.column = column;
}

/* Where the values of a frame's row go, until another row is made or a column
 * gets a slot. */
static inline struct read_row
read_row_of(const struct read *r, const struct map_frame *f)
{
	const struct tally_rows *rows = &r->batch->rows[f->table];

	return (struct read_row){ rows->cell + (size_t)f->row * rows->width,
		rows->slot };
}

READ_INLINE void
read_point(const struct read *r, const struct map_frame *f,
    struct read_row *row, uint16_t column, struct tally_str kept)
{
	uint8_t slot = row->slot[column];

	if (slot == TALLY_NO_SLOT) {
		slot = tally_slot_open(r->batch, f->table, column);
		*row = read_row_of(r, f);
	}
	row->cell[slot].p = kept.p;
	row->cell[slot].n = (uint32_t)kept.n;
}

/* The list of the frame's block at the present segment's place. */
static inline const struct map_list *
read_list(const struct read *r, uint32_t frame)
{
	return &r->map->list[r->map->scratch.frame[frame].list +
	    r->segment->place];
}

/* run.c: that list, over what is free of the segment. */
enum tally_rc read_run(struct read *, uint32_t frame);
/* run.c: the same from the beginning, where the segment has a place, and what
 * is left of it then. */
enum tally_rc read_whole(struct read *, uint32_t frame);
/* run.c: an element is to be compared with a count, or a sum, at the end of the
 * set; false if there are too many. */
bool read_count(struct read *, const struct map_op *, const struct map_frame *);

/* tally_decimal_plain, where WORD_MAX bytes can be read. */
static inline bool
read_plain(const unsigned char *p, size_t n)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7f;
	uint64_t w, other;
	unsigned point;

	if (!WORD_LITTLE_ENDIAN || n == 0 || n > WORD_MAX)
		return tally_decimal_plain(tally_str(p, n));
	memcpy(&w, p, WORD_MAX);
	w ^= 0x3030303030303030;
	/* the high bit of each byte that is no digit */
	other = ((w & low) + 0x7676767676767676) | w;
	other &= ~low & (UINT64_MAX >> (64 - 8 * n));
	if (other == 0)
		return n == 1 || p[0] != '0';
	point = (unsigned)__builtin_ctzll(other) / 8;
	return (other & (other - 1)) == 0 && p[point] == '.' && point > 0 &&
	    point + 1u < n && (point == 1 || p[0] != '0');
}

/* A value of a simple set into a column, if the cell can point at it, or at a
 * word for it, as it is. */
READ_INLINE bool
read_keep(const struct read *r, const struct map_op *op, uint8_t form,
    const struct map_frame *f, struct read_row *row, uint16_t column,
    struct tally_str v)
{
	const unsigned char *sent = read_sent(r, v);

	if (form == MAP_OTHER || form == MAP_DATE ||
	    (form == MAP_PLAIN && !read_plain(sent, v.n)))
		return false;
	if (form != MAP_PLAIN && v.p[v.n - 1] == ' ')
		v = tally_str_rtrim(v);
	if (form == MAP_CODED)
		v = read_word(&r->map->codes[op->codes], v, sent);
	if (v.n > 0)
		read_point(r, f, row, column, v);
	return true;
}

/* store.c: a value of the present segment into a column; r->found says whether
 * there was one that nothing had claimed. */
enum tally_rc read_store(struct read *, const struct map_op *, uint16_t table,
    uint32_t row, uint8_t element);

/* rows.c: appends a row of the block, with constants and references; outer is
 * the frame of the block around.  TALLY_NO_ROW where the table has all the rows
 * that it can have: told once per document; what would have made the row is
 * residue then. */
enum tally_rc read_make_row(
    struct read *, const struct map_block *, uint32_t outer, uint32_t *row);
/* The same, and a frame for it: r->made, or READ_NO_FRAME. */
enum tally_rc read_push_frame(struct read *, uint16_t block, uint32_t outer);
/* Room for so many frames: a segment makes at most one that stays. */
enum tally_rc read_frame_room(struct read *, uint32_t n);
/* References and constants of the row of a frame that is new. */
void read_fill_row(struct read *, const struct map_frame *);
/* The same for the present segment of a block of a segment, a loop or a level,
 * where it can begin one: a level without rows gets the row around it.  current
 * is the frame that the list speaks of. */
enum tally_rc read_begin_rows(
    struct read *, const struct map_op *, uint32_t frame, uint32_t current);
/* After the list of its block. */
void read_end_rows(struct read *, uint32_t made);
/* Reports required columns that a finished row has no value for. */
void read_tell_required(struct read *, const struct map_frame *);
static inline void
read_check_required(struct read *r, const struct map_frame *f)
{
	if (r->map->block[f->block].nrequired > 0)
		read_tell_required(r, f);
}

/* levels.c: room for the levels of a set, if the map has any. */
enum tally_rc read_begin_levels(struct read *);
/* The present level has a frame: its row refers to rows above. */
void read_enter_level(struct read *, uint32_t frame);
/* Claims the numbers of the present level where writing would give the same. */
void read_claim_level(struct read *);

/* residue.c: what is left of a segment, and what people should see. */
enum tally_rc read_residue(struct read *);
static inline enum tally_rc
read_rest(struct read *r)
{
	if ((r->present & ~r->claimed) == 0 && r->claimed != 0 &&
	    r->npart == 0 && r->segment->n <= 63)
		return TALLY_OK;
	return read_residue(r);
}
enum tally_rc read_counts(struct read *);
/* No room for a row of a table: told once per document. */
void read_say_full(struct read *, uint16_t table);
void read_report(struct read *, enum tally_finding_kind, uint32_t segment,
    uint16_t place, uint8_t element, struct tally_str value,
    const char *expected);

#endif
