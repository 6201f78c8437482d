/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are like one before; see write_plan.h. */
#include "map/write_plan.h"

#include <string.h>

#include "base/check_digit.h"
#include "map/write.h"

/* --- which it is --- */

static bool
is_style(const struct plan_style *a, const struct plan_style *b)
{
	return a->characters == b->characters &&
	    memcmp(&a->separators, &b->separators, sizeof(a->separators)) ==
	    0 &&
	    memcmp(a->line_end, b->line_end, sizeof(a->line_end)) == 0;
}

enum tally_rc
plan_begin(struct write *w)
{
	struct map_scratch *s = &w->map->scratch;
	struct plan_style style = { .characters = w->how->characters,
		.separators = w->how->separators };

	w->style = PLAN_STYLES;
	if (w->line_end.n >= sizeof(style.line_end))
		return TALLY_OK;
	memcpy(style.line_end, w->line_end.p, w->line_end.n);
	if (s->style == NULL) {
		s->style = tally_calloc(PLAN_STYLES, sizeof(*s->style));
		tally_arena_init(&s->plans, PLANS_BYTES);
	}
	if (s->style == NULL)
		return write_nomem(w);
	for (w->style = 0; w->style < s->nstyle; w->style++)
		if (is_style(&s->style[w->style], &style))
			return TALLY_OK;
	if (w->style < PLAN_STYLES)
		s->style[s->nstyle++] = style;
	return TALLY_OK;
}

/* A row's shape, and its values. */
struct row {
	const struct write_frame *frame;
	uint64_t shape;
	size_t size; /* of its values */
	const struct tally_cell *cell;
	const uint8_t *slot;
};

/* Whether the row is one that a plan can be for. */
static inline bool
look(struct write *w, const struct write_block *b, struct row *row)
{
	const struct write_frame *f = row->frame;
	const struct tally_rows *rows = &w->batch->rows[f->block->table];
	const uint32_t *residue = w->rows[f->block->table].residue;
	const struct tally_cell *c;
	uint64_t shape = 0;
	size_t size = 0;

	if (b->crowded || (residue != NULL && residue[f->seq] != 0))
		return false;
	row->cell = rows->cell + (size_t)f->row * rows->width;
	row->slot = rows->slot;
	for (const struct write_fill *v = b->fill, *end = v + b->nfill; v < end;
	     v++) {
		c = &row->cell[v->slot];
		shape |= (uint64_t)(c->p != NULL) << v->key;
		size += c->p != NULL ? c->n : 0;
	}
	for (uint16_t i = b->inner; i != NO_BLOCK; i = w->block[i].beside)
		shape |= (uint64_t)(w->block[i].head[f->seq] != 0)
		    << w->block[i].bit;
	if (f->block->kind == BLOCK_LEVEL)
		shape |= (uint64_t)(w->level[f->level].up != 0) << PLAN_BITS;
	row->shape = shape;
	row->size = size;
	return true;
}

/* The plan for a shape, known or not, which becomes the first of its block;
 * null when there is none. */
static inline struct plan *
find(const struct write *w, struct write_block *b, uint64_t shape, uint16_t at)
{
	struct plan *p, **from = &b->plan;

	for (; (p = *from) != NULL; from = &p->next) {
		if (p->shape != shape || p->at != at || p->style != w->style)
			continue;
		*from = p->next;
		p->next = b->plan;
		b->plan = p;
		return p;
	}
	return NULL;
}

/* One that is not known yet; null when there are too many. */
static enum tally_rc
add(struct write *w, struct write_block *b, uint64_t shape, uint16_t at,
    struct plan **plan)
{
	struct map_scratch *s = &w->map->scratch;
	struct plan *p;

	*plan = NULL;
	if (b->nplan == PLAN_SHAPES || s->nplan == PLANS_MAX)
		return TALLY_OK;
	p = tally_arena_alloc(&s->plans, sizeof(*p));
	if (p == NULL)
		return write_nomem(w);
	*p = (struct plan){
		.next = b->plan, .shape = shape, .at = at, .style = w->style
	};
	b->plan = *plan = p;
	b->nplan++;
	s->nplan++;
	return TALLY_OK;
}

/* --- values --- */

static size_t
compute(struct write *w, const struct write_frame *f,
    const struct plan_part *part, char room[TALLY_DECIMAL_MAX])
{
	const struct write_level *l = &w->level[f->level];

	switch (part->source) {
	case PLAN_ORDINAL:
		return tally_decimal_count(room, f->ordinal);
	case PLAN_TOTAL:
		return write_total(w, part->op, part->element, room);
	case PLAN_LEVEL:
		return tally_decimal_count(room, l->number);
	case PLAN_ABOVE:
		return tally_decimal_count(room, w->level[l->up].number);
	default: /* PLAN_BELOW */
		return tally_decimal_count(room, l->first != 0);
	}
}

/* The code for a value, which is mostly the one of the row before. */
static struct tally_str
code_for(struct write *w, struct plan_part *part, struct tally_str v)
{
	if (part->op->codes == MAP_NO_CODE)
		return v;
	if (part->code == NULL || !tally_str_eq(part->code->value, v))
		part->code =
		    write_code_find(&w->map->codes[part->op->codes], v);
	return part->code != NULL ? part->code->x12 : v;
}

/* What comes behind a part's text; nothing where it is not sent in silence. */
static inline struct tally_str
value_of(struct write *w, const struct row *row, struct plan_part *part,
    char room[TALLY_DECIMAL_MAX])
{
	const struct tally_cell *c;
	struct tally_str v;

	if (part->kind == PLAN_COMPUTED)
		return tally_str(room, compute(w, row->frame, part, room));
	c = &row->cell[row->slot[part->column]];
	v = tally_str(c->p, c->n);
	if (part->kind == PLAN_NUMBER)
		return write_is_plain(part->op, v)
		    ? v
		    : tally_str(room, write_convert(room, part->element, v));
	if (part->kind == PLAN_TEXT_OF)
		v = code_for(w, part, v);
	return v.n >= part->min ? v : tally_str("", 0);
}

/* How the code before a value says that it is checked. */
static enum tally_check
check_said(struct write *w, struct plan_part *part, struct tally_str code)
{
	uint64_t key = code.n <= WORD_MAX ? word_of(code.p, code.n) : 0;

	if (key == 0 || key != part->said) {
		part->check = (uint8_t)write_check_of(w, part->qualifier, code);
		part->said = key;
	}
	return (enum tally_check)part->check;
}

/* Whether a number is right, where the code before it says what it is. */
static bool
is_right(struct write *w, struct plan_part *part, struct tally_str before,
    struct tally_str v)
{
	enum tally_check check = part->qualifier != NULL
	    ? check_said(w, part, before)
	    : (enum tally_check)part->check;
	char expected[CHECK_DIGIT_WORDS];

	return check == TALLY_CHECK_NONE || tally_check_digit_plain(check, v) ||
	    tally_check_digit_right(check, v, expected);
}

/* --- writing --- */

/* Where rows come, or the end. */
struct stop {
	const struct plan_part *part;
	size_t at; /* in the text of the row's own segments */
};

static inline char *
put_text(char *to, const struct plan_part *part)
{
	memcpy(to, part->text, PLAN_COPIED);
	if (part->n > PLAN_COPIED)
		memcpy(to + PLAN_COPIED, part->text + PLAN_COPIED,
		    part->n - PLAN_COPIED);
	return to + part->n;
}

/* All of the row's own segments; how many bytes, or 0 where the plan is to be
 * given up. */
static size_t
fill(struct write *w, const struct plan *plan, const struct row *row,
    struct stop *stop, char *const text)
{
	char room[TALLY_DECIMAL_MAX], *to = text, *before = text;
	struct plan_part *part = plan->part;
	struct tally_str v;

	for (;; part++) {
		to = put_text(to, part);
		if (part->kind >= PLAN_ROWS_OF) {
			*stop++ = (struct stop){ part, (size_t)(to - text) };
			if (part->kind == PLAN_END)
				return (size_t)(to - text);
			continue;
		}
		v = value_of(w, row, part, room);
		if (v.n == 0)
			return 0;
		if (part->checked &&
		    !is_right(w, part,
			tally_str(before, (size_t)(to - part->n - before)), v))
			return 0;
		before = to;
		to = write_append(to, v);
	}
}

/* Puts out what has been filled in behind the buffer's end, and rows between
 * it. */
static enum tally_rc
put_stops(struct write *w, const struct plan *plan, const struct row *row,
    const struct stop *stop, size_t n)
{
	struct tally_buf *out = w->out;
	size_t at = stop->at;
	struct tally_str rest = tally_str("", 0);
	uint32_t ordinal = 0;
	enum tally_rc rc = TALLY_OK;

	if (n > at && plan->nrows > 0) {
		rest = tally_arena_str(&w->map->scratch.writing,
		    tally_str(out->p + out->n + at, n - at));
		if (rest.p == NULL)
			return write_nomem(w);
	}
	out->n += at;
	out->p[out->n] = '\0';
	for (unsigned i = 0;; i++) {
		w->nsegment += stop[i].part->segments;
		if (stop[i].part->kind == PLAN_END || rc != TALLY_OK)
			return rc;
		if (!stop[i].part->goes_on)
			ordinal = 0;
		rc = write_rows(w, stop[i].part, row->frame->seq, &ordinal);
		tally_buf_add(out, rest.p + (stop[i].at - at),
		    stop[i + 1].at - stop[i].at);
	}
}

static bool
put(struct write *w, const struct plan *plan, const struct row *row,
    enum tally_rc *rc)
{
	struct tally_buf *out = w->out;
	struct stop stop[PLAN_ROWS + 1];
	size_t room = plan->room + row->size, n;
	char *text;

	if (out->failed || out->max - out->n < room ||
	    (plan->lookups && w->map->lookups != NULL))
		return false;
	text = tally_buf_room(out, room);
	if (text == NULL)
		return false;
	n = fill(w, plan, row, stop, text);
	if (n == 0 || write_count_odd(w->odd, text, n) != plan->odd) {
		text[0] = '\0';
		return false;
	}
	*rc = put_stops(w, plan, row, stop, n);
	return true;
}

/* A row that has no plan. */
static enum tally_rc
watch(struct write *w, struct write_block *b, struct plan *plan,
    const struct row *row, uint16_t at, struct plan_learn **learn)
{
	enum tally_rc rc = TALLY_OK;

	if (plan == NULL)
		rc = add(w, b, row->shape, at, &plan);
	if (plan == NULL || plan->tries == PLAN_TRIES)
		return rc;
	plan->tries++;
	return plan_watch(w, plan, row->frame, learn);
}

bool
plan_put(struct write *w, const struct write_frame *f, uint16_t at,
    struct plan_learn **learn, enum tally_rc *rc)
{
	struct write_block *b =
	    write_block_of(w, (uint16_t)(f->block - w->map->block));
	struct row row = { .frame = f };
	struct plan *plan;

	*learn = NULL;
	if (b == NULL || w->style == PLAN_STYLES || !look(w, b, &row))
		return false;
	plan = find(w, b, row.shape, at);
	if (plan != NULL && plan->part != NULL)
		return put(w, plan, &row, rc);
	*rc = watch(w, b, plan, &row, at, learn);
	return *rc != TALLY_OK;
}
