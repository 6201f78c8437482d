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

/* What of a row's shape is not in its columns: which blocks have rows below it,
 * and whether there is a level above. */
static inline uint64_t
below(const struct write *w, const struct write_block *b,
    const struct write_frame *f)
{
	uint64_t shape = 0;

	for (uint16_t i = b->inner; i != NO_BLOCK; i = w->block[i].beside)
		shape |= (uint64_t)(w->block[i].head[f->seq] != 0)
		    << w->block[i].bit;
	if (f->block->kind == BLOCK_LEVEL)
		shape |= (uint64_t)(w->level[f->level].up != 0) << PLAN_BITS;
	return shape;
}

/* A row, and its values. */
struct row {
	const struct write_frame *frame;
	const struct tally_cell *cell;
};

/* A row's shape, and the bytes of its values. */
static uint64_t
look(const struct write *w, const struct write_block *b, const struct row *row,
    size_t *size)
{
	const struct tally_cell *c;
	uint64_t shape = 0;

	*size = 0;
	for (const struct write_fill *v = b->fill, *end = v + b->nfill; v < end;
	     v++) {
		c = &row->cell[v->slot];
		shape |= (uint64_t)(c->p != NULL) << v->key;
		*size += c->p != NULL ? c->n : 0;
	}
	return shape | below(w, b, row->frame);
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

/* The slots that a plan's columns have now, and those of all others. */
static void
renew(const struct write_block *b, struct plan *plan)
{
	uint64_t none = ~plan->shape;

	plan->slots = b->slots;
	plan->nabsent = 0;
	plan->fits = true;
	for (const struct write_fill *v = b->fill; v < b->fill + b->nfill; v++)
		if (none >> v->key & 1) {
			plan->absent[plan->nabsent++] = v->slot;
			none &= ~((uint64_t)1 << v->key);
		}
	for (uint16_t i = 0; i < plan->npart; i++)
		if (plan->part[i].kind < PLAN_COMPUTED) {
			plan->part[i].slot = b->slot[plan->part[i].column];
			plan->fits &= plan->part[i].slot != TALLY_NO_SLOT;
		}
}

/* Whether a row can be of a plan's shape: all of it is, but for columns that
 * have no value. */
static inline bool
can_be(const struct write *w, const struct write_block *b, struct plan *plan,
    const struct row *row, uint16_t at)
{
	const uint8_t *none = plan->absent, *end;
	uintptr_t any = 0;

	if (plan->at != at || plan->style != w->style)
		return false;
	if (plan->slots != b->slots)
		renew(b, plan);
	for (end = none + plan->nabsent; none < end; none++)
		any |= (uintptr_t)row->cell[*none].p;
	return any == 0 && plan->fits &&
	    below(w, b, row->frame) == (plan->shape & ~b->columns);
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

/* The code for a value, which is mostly the one of a row or two before. */
static struct tally_str
code_for(struct write *w, struct plan_part *part, struct tally_str v)
{
	const struct map_code **c = part->code, *newest = c[0];

	if (part->op->codes == MAP_NO_CODE)
		return v;
	if (newest == NULL || !tally_str_eq(newest->value, v)) {
		newest = c[1];
		if (newest == NULL || !tally_str_eq(newest->value, v))
			newest =
			    write_code_find(&w->map->codes[part->op->codes], v);
		if (newest == NULL)
			return v;
		c[1] = c[0];
		c[0] = newest;
	}
	return newest->x12;
}

/* What a column's value is sent as, which ends before end if it is put at to;
 * nothing where there is no value, or it is not sent in silence. */
static inline struct tally_str
value_of(struct write *w, struct plan_part *part, struct tally_cell c,
    char room[TALLY_DECIMAL_MAX], const char *to, const char *end)
{
	const struct tally_str none = { NULL, 0 };
	struct tally_str v = tally_str(c.p, c.n);

	if (v.p == NULL)
		return none;
	if (part->kind == PLAN_NUMBER)
		return write_is_plain(part->op, v)
		    ? v
		    : tally_str(room, write_convert(room, part->element, v));
	if (part->kind == PLAN_TEXT_OF)
		v = code_for(w, part, v);
	return v.n >= part->min && to + v.n <= end ? v : none;
}

/* How the code before a value, which stands in the text that is being filled
 * in, says that it is checked. */
static enum tally_check
check_said(struct write *w, struct plan_part *part, struct tally_str code)
{
	uint64_t key = code.n <= WORD_MAX ? word_of_padded(code.p, code.n) : 0;

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
 * given up.  Values as they are end before end; behind it there is room for all
 * else. */
static size_t
fill(struct write *w, const struct plan *plan, const struct row *row,
    struct stop *stop, char *const text, const char *end)
{
	char room[TALLY_DECIMAL_MAX], *to = text, *before = text;
	const struct tally_cell *cell = row->cell;
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
		v = part->kind == PLAN_COMPUTED
		    ? tally_str(room, compute(w, row->frame, part, room))
		    : value_of(w, part, cell[part->slot], room, to, end);
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
		w->nodd += stop[i].part->odd;
		if (stop[i].part->kind == PLAN_END || rc != TALLY_OK)
			return rc;
		if (!stop[i].part->goes_on)
			ordinal = 0;
		rc = write_rows(w, stop[i].part, row->frame->seq, &ordinal);
		tally_buf_add(out, rest.p + (stop[i].at - at),
		    stop[i + 1].at - stop[i].at);
	}
}

/* With values in so many bytes at most. */
static bool
put(struct write *w, const struct plan *plan, const struct row *row,
    size_t size, enum tally_rc *rc)
{
	struct tally_buf *out = w->out;
	struct stop stop[PLAN_ROWS + 1];
	size_t room = plan->room + size, n;
	char *text;

	if (out->failed || out->max - out->n < room ||
	    (plan->lookups && w->map->lookups != NULL))
		return false;
	text = tally_buf_room(out, room);
	if (text == NULL)
		return false;
	n = fill(w, plan, row, stop, text, text + size);
	if (n == 0 ||
	    (w->careful && write_count_odd(w->odd, text, n) != plan->odd)) {
		text[0] = '\0';
		return false;
	}
	*rc = put_stops(w, plan, row, stop, n);
	return true;
}

/* A row that has no plan. */
static enum tally_rc
watch(struct write *w, struct write_block *b, struct plan *plan,
    const struct row *row, uint64_t shape, uint16_t at,
    struct plan_learn **learn)
{
	enum tally_rc rc = TALLY_OK;

	if (plan == NULL)
		rc = add(w, b, shape, at, &plan);
	if (plan == NULL || plan->tries == PLAN_TRIES)
		return rc;
	plan->tries++;
	return plan_watch(w, plan, row->frame, learn);
}

/* A row that is not as was guessed. */
static bool
put_other(struct write *w, struct write_block *b, struct row *row, uint16_t at,
    struct plan_learn **learn, enum tally_rc *rc)
{
	size_t size;
	uint64_t shape = look(w, b, row, &size);
	struct plan *plan = find(w, b, shape, at);

	if (plan == NULL || plan->part == NULL) {
		*rc = watch(w, b, plan, row, shape, at, learn);
		return *rc != TALLY_OK;
	}
	if (plan->slots != b->slots)
		renew(b, plan);
	if (b->used != NULL)
		b->used->then = plan;
	b->used = plan;
	return put(w, plan, row, size + plan->room, rc);
}

/*
 * Mostly the plan is the one that came after the newest before; whether the
 * row has the columns of its shape is seen when they are filled in.
 */
bool
plan_put(struct write *w, const struct write_frame *f, uint16_t at,
    struct plan_learn **learn, enum tally_rc *rc)
{
	struct write_block *b =
	    write_block_of(w, (uint16_t)(f->block - w->map->block));
	const struct tally_rows *rows = &w->batch->rows[f->block->table];
	const uint32_t *residue = w->rows[f->block->table].residue;
	struct row row = { .frame = f,
		.cell = rows->cell + (size_t)f->row * rows->width };
	struct plan *guess;

	*learn = NULL;
	if (b == NULL || w->style == PLAN_STYLES || b->crowded ||
	    (residue != NULL && residue[f->seq] != 0))
		return false;
	guess = b->used != NULL ? b->used->then : NULL;
	if (guess != NULL && can_be(w, b, guess, &row, at) &&
	    put(w, guess, &row, PLAN_GUESS, rc)) {
		b->used = guess;
		return true;
	}
	return put_other(w, b, &row, at, learn, rc);
}
