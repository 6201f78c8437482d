/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments one after the other.  Nearly all of them are like one before, see
 * memo.h: what is done for these is counted in instructions here, and nothing
 * is written down that only others need.
 */
#include "map/read.h"

#include "base/date.h"
#include "record/rows.h"

#define HASH      UINT64_C(0x9e3779b97f4a7c15)
#define LIKE_BITS 16 /* of the number of a segment */

/* --- values --- */

/* Gets to know the slots of the columns of those that are put. */
READ_APART static void
know_slots(struct read *r, struct memo *m, uint16_t table)
{
	const uint8_t *slot = r->batch->rows[table].slot;
	uint8_t k;

	for (struct memo_step *s = m->step; s < m->coded; s++) {
		k = slot[s->column];
		if (k == TALLY_NO_SLOT)
			k = tally_slot_open(r->batch, table, s->column);
		s->cell = (uint16_t)(k * sizeof(struct tally_cell));
	}
	m->slots = r->map->scratch.memos->slots;
}

/* A code of at most seven bytes, without blanks at its right, or the word for
 * it. */
static struct tally_str
take_code(struct read *r, uint16_t table, struct tally_str v,
    const unsigned char *sent)
{
	uint64_t key = word_of_padded((const char *)sent, v.n) << 8 | v.n;
	uint64_t hash = (key ^ (uint64_t)table << 56) * HASH;
	struct memo_word *w = r->map->scratch.memos->word;

	hash = (hash ^ hash >> 32) * HASH;
	w += hash >> (64 - MEMO_WORDS);
	if (w->key != key || w->table != table) {
		w->key = key;
		w->table = table;
		w->word = read_word(&r->map->codes[table], v, sent);
		if (w->word.p == v.p)
			w->word.p = NULL;
	}
	return w->word.p != NULL ? w->word : v;
}

/* A date; empty when it is none. */
READ_APART static enum tally_rc
take_date(struct read *r, struct tally_str *v)
{
	char iso[TALLY_DATE_MAX];

	v->n = tally_date_iso(iso, *v);
	return v->n == 0
	    ? TALLY_OK
	    : tally_batch_keep(r->batch, tally_str(iso, v->n), &v->p, r->err);
}

/* One that has to be converted, or may be.  If it is none of its type it is not
 * claimed, and others may get it. */
READ_APART static enum tally_rc
store(struct read *r, const struct memo_step *s, const struct map_frame *f)
{
	uint64_t bit = (uint64_t)1 << s->element;
	enum tally_rc rc;

	r->free = bit;
	r->claimed &= ~bit;
	rc = read_store(r, r->map->op + s->op, f->table, f->row, s->element);
	r->refused |= !(r->claimed & bit);
	return rc;
}

/* What a column can have at once for a value; empty if that is not so. */
static inline enum tally_rc
look(struct read *r, const struct memo_step *s, struct tally_str *v,
    const unsigned char *sent)
{
	bool blank = sent[v->n - 1] == ' ';

	switch ((enum map_form)s->form) {
	case MAP_DATE:
		return take_date(r, v);
	case MAP_CODED:
		if (blank || v->n >= WORD_MAX)
			break;
		*v = take_code(r, r->map->op[s->op].codes, *v, sent);
		return TALLY_OK;
	case MAP_AS_IS:
		if (blank)
			break;
		return TALLY_OK;
	case MAP_PLAIN:
		if (!read_plain(sent, v->n))
			break;
		return TALLY_OK;
	case MAP_OTHER:
		break;
	}
	v->n = 0;
	return TALLY_OK;
}

/* Remembers a code of at most seven bytes and the word for it, in place of the
 * one that was met longer ago. */
static void
note_code(const struct read *r, struct memo_code *c, const uint32_t *at,
    struct tally_str v)
{
	uint32_t from = at[-1] + 1;

	memset(&c->mask, 0xff, at[0] + 1 - from);
	c->word = read_bytes(r, from) & c->mask;
	c->value = v;
	if (v.p == (const char *)r->kept.bytes + from)
		c->value.p = NULL;
}

/* Those from a step on. */
READ_APART static enum tally_rc
take(struct read *r, struct memo *m, const struct memo_step *s,
    const struct map_frame *f)
{
	struct read_row row = read_row_of(r, f);
	const uint32_t *at;
	struct tally_str v;
	size_t from;
	enum tally_rc rc = TALLY_OK;

	for (; s < m->end && rc == TALLY_OK; s++) {
		at = r->pos + s->element;
		from = (size_t)at[-1] + 1;
		v = tally_str(r->kept.bytes + from, at[0] - from);
		rc = look(r, s, &v, r->set->bytes + from);
		if (s >= m->as_is && s < m->coded && v.n > 0)
			note_code(r, m->code[s - m->as_is], at, v);
		if (rc == TALLY_OK && v.n > 0) {
			read_point(r, f, &row, s->column, v);
		} else if (rc == TALLY_OK) {
			rc = store(r, s, f);
			row = read_row_of(r, f);
		}
	}
	return rc;
}

/* --- a segment that is like one before --- */

/* The row that it makes; null where that needs a closer look.  There is room
 * for the frame of each segment. */
READ_APART static struct map_frame *
begin_row(struct read *r, const struct memo *m, uint32_t instance,
    uint32_t index, uint32_t frame)
{
	struct map_scratch *s = &r->map->scratch;
	const struct tally_instance *v = &r->set->instance[instance];
	struct map_frame *f = &s->frame[s->nframe];

	if (!m->ends && (v->first != index || v->loop != m->loop))
		return NULL;
	*f = m->frame;
	f->outer = frame;
	f->segment = index;
	f->row = rows_add(
	    r->batch, &r->batch->rows[m->frame.table], r->limit, &f->seq);
	if (f->row == TALLY_NO_ROW)
		return NULL;
	if (!m->ends)
		s->frame_of[instance] = s->nframe;
	s->nframe++;
	return f;
}

/* Where a value was refused, lists are run after that: what has had its turn
 * does nothing then. */
static enum tally_rc
run_again(struct read *r, uint32_t frame, uint32_t at)
{
	enum tally_rc rc = TALLY_OK;

	if (at != frame)
		rc = read_run(r, at);
	if (at != frame && rc == TALLY_OK)
		read_end_rows(r, at);
	if (rc == TALLY_OK)
		rc = read_run(r, frame);
	return rc == TALLY_OK ? read_rest(r) : rc;
}

/* What is to be done when the values have been taken. */
READ_APART static enum tally_rc
finish(struct read *r, const struct memo *m, uint32_t frame,
    const struct map_frame *f)
{
	uint32_t at = (uint32_t)(f - r->map->scratch.frame);

	r->rowed = m->rows != NULL;
	r->owned = r->rowed || m->step < m->end;
	r->owner = read_owner_of(f);
	if (!r->rowed)
		r->owner.column = m->owner;
	r->npart = 0;
	if (m->count != NULL && !read_count(r, m->count, f)) {
		r->claimed &= ~((uint64_t)1 << m->count->element);
		r->refused = true;
	}
	if (r->refused)
		return run_again(r, frame, at);
	if (m->ends)
		read_end_rows(r, at);
	return m->rests ? read_rest(r) : TALLY_OK;
}

/* The segment that the interpreter speaks of. */
static inline void
turn_to(struct read *r, const struct tally_segment *s)
{
	r->segment = s;
	r->index = (uint32_t)(s - r->set->segment);
	r->pos = r->set->pos + s->pos;
	r->present = s->present;
}

READ_APART static enum tally_rc
run_whole(struct read *r, const struct tally_segment *s, uint32_t frame)
{
	turn_to(r, s);
	return read_whole(r, frame);
}

/* Puts words for codes that were there before into a row's cells; the step
 * whose code is another one, or the end. */
static const struct memo_step *
put_coded(const struct read *r, struct memo *m, const uint32_t *pos, char *row)
{
	const struct memo_step *s = m->as_is;
	struct memo_code *c = m->code[0], last;
	struct tally_cell *cell;
	const char *kept;
	uint64_t word;

	for (; s < m->coded; s++, c += 2) {
		word = read_bytes(r, pos[s->element - 1] + 1);
		if ((word & c->mask) != c->word) {
			last = c[0];
			c[0] = c[1];
			c[1] = last;
			if ((word & c->mask) != c->word)
				break;
		}
		kept = (const char *)r->kept.bytes + pos[s->element - 1] + 1;
		cell = (struct tally_cell *)(row + s->cell);
		cell->p = c->value.p != NULL ? c->value.p : kept;
		cell->n = (uint32_t)c->value.n;
	}
	return s;
}

/* From a step on; put: those that lie as they are have been. */
READ_APART static enum tally_rc
take_rest(struct read *r, struct memo *m, const struct tally_segment *g,
    uint32_t frame, const struct map_frame *f, bool put)
{
	const struct memo_step *s = m->step;
	struct read_row row;
	enum tally_rc rc = TALLY_OK;

	if (put) {
		row = read_row_of(r, f);
		s = put_coded(r, m, r->kept.pos + g->pos, (char *)row.cell);
		if (s == m->end && !m->finishes)
			return TALLY_OK;
	}
	turn_to(r, g);
	r->claimed = m->claimed;
	r->refused = false;
	if (s < m->end)
		rc = take(r, m, s, f);
	if (rc == TALLY_OK && (m->finishes || r->refused))
		rc = finish(r, m, frame, f);
	return rc;
}

/* What stays the same from segment to segment. */
struct pass {
	struct read *r;
	struct memos *all;
	struct map_frame *frame;
	struct tally_rows *rows;
	const unsigned char *bytes; /* of the set, */
	const char *kept;           /* and as the batch keeps them */
	const uint32_t *pos;
	uint64_t times; /* that numbers hold for, or none */
	uint16_t style;
};

static inline struct pass
pass_of(struct read *r)
{
	const struct map_scratch *s = &r->map->scratch;

	return (struct pass){ r, s->memos, s->frame, r->batch->rows, r->bytes,
		(const char *)r->kept.bytes, r->kept.pos,
		(r->simple ? s->memos->times : UINT64_MAX) << LIKE_BITS,
		memo_style(r->set) };
}

/* Puts values that lie as they are into a row's cells; first: the second byte
 * of the set. */
READ_APART static void
put(const struct memo_step *s, const struct memo_step *end, const char *first,
    const uint32_t *pos, char *row)
{
	const uint32_t *at;
	struct tally_cell *cell;
	uint32_t before, behind;

	do {
		at = pos + s->element;
		cell = (struct tally_cell *)(row + s->cell);
		before = at[-1];
		behind = at[0];
		cell->p = first + before;
		cell->n = behind - before - 1;
	} while (++s < end);
}

READ_INLINE enum tally_rc
repeat(const struct pass *p, struct memo *m, const struct tally_segment *g,
    uint32_t index, uint32_t frame, bool known)
{
	struct map_frame *f = p->frame + frame;
	bool plain = (g->odd & m->plain) == 0;
	const struct tally_rows *rows;

	p->all->newest = m;
	if (m->rows != NULL) {
		f = begin_row(p->r, m, g->loop, index, frame);
		if (f == NULL)
			return run_whole(p->r, g, frame);
		if (m->fills)
			read_fill_row(p->r, f);
	}
	f->taken |= m->takes;
	if (plain) {
		if (!known && m->slots != p->all->slots)
			know_slots(p->r, m, f->table);
		rows = p->rows + f->table;
		if (m->step < m->as_is)
			put(m->step, m->as_is, p->kept + 1, p->pos + g->pos,
			    (char *)(rows->cell +
				(size_t)f->row * rows->width));
		if (m->simple)
			return TALLY_OK;
	}
	return take_rest(p->r, m, g, frame, f, plain);
}

/* --- which it is --- */

/* Whether a segment is of the memo's shape, as its number says. */
READ_INLINE bool
is_known(const struct pass *p, const struct memo *m,
    const struct tally_segment *s, uint32_t list, uint64_t taken)
{
	uint64_t like = p->times | s->like;

	return (m->like == like || m->also == like) && m->list == list &&
	    (taken & m->groups) == m->taken;
}

/* The same, by a look at it. */
static bool
is_like(const struct pass *p, struct memo *m, const struct tally_segment *s,
    uint32_t list, uint64_t taken)
{
	const struct memo_test *end = m->tests;
	const uint32_t *pos = p->pos + s->pos;
	uint64_t word;

	if (m->list != list || m->style != p->style ||
	    m->present != s->present || (taken & m->groups) != m->taken)
		return false;
	for (const struct memo_test *t = m->test; t < end; t++) {
		memcpy(&word, p->bytes + pos[t->before] + 1, WORD_MAX);
		if ((word & t->mask) != t->word)
			return false;
	}
	if (m->alike && s->like != 0 && m->slots == p->all->slots) {
		m->also = m->like;
		m->like = p->times | s->like;
	}
	return true;
}

/* A segment whose number is not that of what came next the first time: it is of
 * the same shape all the same, or of that of what came next the last time, or
 * of one that its list has seen, perhaps. */
READ_APART static enum tally_rc
recall(struct read *r, const struct tally_segment *s, uint32_t index,
    uint32_t list, uint32_t frame)
{
	const struct pass p = pass_of(r);
	uint64_t taken = p.frame[frame].taken;
	struct memo *m = p.all->newest->other;

	if (is_known(&p, m, s, list, taken))
		return repeat(&p, m, s, index, frame, true);
	if (!is_like(&p, m, s, list, taken))
		m = p.all->newest->next;
	if (is_like(&p, m, s, list, taken))
		return repeat(&p, m, s, index, frame, false);
	turn_to(r, s);
	m = memo_find(r, list, taken);
	if (m == NULL)
		return read_whole(r, frame);
	if (p.all->newest->next == p.all->memo)
		p.all->newest->next = m;
	p.all->newest->other = m;
	if (is_like(&p, m, s, list, taken))
		return repeat(&p, m, s, index, frame, false);
	p.all->newest = m;
	return memo_make(r, m, list, frame);
}

/* One that is not known by its number; most: places between the first and the
 * last, where memos serve. */
READ_APART static enum tally_rc
read_other(struct read *r, const struct tally_segment *s, uint32_t index,
    uint32_t frame, uint16_t most)
{
	uint16_t last = (uint16_t)(r->map->set->nplace - 1);

	if ((uint16_t)(s->place - 1u) < most && s->n <= 63)
		return recall(r, s, index,
		    r->map->scratch.frame[frame].list + s->place, frame);
	if (s->place != 0 && s->place != last)
		return run_whole(r, s, frame);
	return TALLY_OK;
}

/* Instances that begin with a segment take the frame around them. */
enum tally_rc
memo_segments(struct read *r)
{
	const struct tally_set *set = r->set;
	const struct tally_segment *s = set->segment;
	/* instance 0 is the set */
	const struct tally_instance *v = set->instance + 1;
	const struct tally_instance *end = set->instance + set->ninstance;
	uint32_t *frame_of = r->map->scratch.frame_of, *begun = frame_of + 1;
	uint32_t begins = v < end ? v->first : UINT32_MAX; /* the next one */
	uint16_t most = (uint16_t)(r->simple ? r->map->set->nplace - 2 : 0);
	bool levels = r->map->levels;
	const struct pass p = pass_of(r);
	const struct map_frame *f;
	struct memo *m;
	uint32_t frame;
	enum tally_rc rc;

	for (uint32_t i = 0; i < set->nsegment; i++, s++) {
		while (begins <= i) {
			*begun++ = frame_of[v++->parent];
			begins = v < end ? v->first : UINT32_MAX;
		}
		if (levels && s->tag == tally_tag("HL"))
			r->nlevel++;
		frame = frame_of[s->loop];
		f = p.frame + frame;
		m = p.all->newest->next;
		if (is_known(&p, m, s, f->list + s->place, f->taken))
			rc = repeat(&p, m, s, i, frame, true);
		else
			rc = read_other(r, s, i, frame, most);
		if (rc != TALLY_OK)
			return rc;
	}
	return TALLY_OK;
}
