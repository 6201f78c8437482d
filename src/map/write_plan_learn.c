/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are not like one before, and how they are written; see
 * write_plan.h. */
#include "map/write_plan.h"

#include <string.h>

#include "map/write.h"

/* --- who is watched --- */

enum tally_rc
plan_watch(struct write *w, struct plan *plan, const struct write_frame *f,
    struct plan_learn **learn)
{
	struct map_scratch *s = &w->map->scratch;
	struct plan_learn *l = s->learn;

	if (l != NULL)
		s->learn = l->next;
	else
		l = tally_alloc(sizeof(*l));
	if (l == NULL)
		return write_nomem(w);
	l->plan = plan;
	l->frame = f;
	l->failed = false;
	l->value = w->nvalue;
	l->npart = l->nfield = l->segments = 0;
	l->nrows = 0;
	l->rows = NULL;
	l->ntext = l->begun = l->room = 0;
	*learn = l;
	return TALLY_OK;
}

void
plan_free(struct map_scratch *s)
{
	struct plan_learn *next;

	for (struct plan_learn *l = s->learn; l != NULL; l = next) {
		next = l->next;
		tally_free(l);
	}
	tally_free(s->style);
	tally_arena_free(&s->plans);
}

/* --- what is told --- */

void
plan_note(struct write *w, uint32_t piece, uint8_t element,
    enum plan_source source, const struct map_op *op)
{
	struct plan_learn *l = w->learn;
	uint32_t i = w->piece[piece].value + element - 1u - l->value;

	if (i >= PLAN_VALUES) {
		l->failed = true;
		return;
	}
	l->origin[i].source = (uint8_t)source;
	l->origin[i].op = op;
}

static enum plan_source
source_of(const struct write *w, uint32_t piece, uint8_t element)
{
	uint32_t i = w->piece[piece].value + element - 1u - w->learn->value;

	return i < PLAN_VALUES ? w->learn->origin[i].source : PLAN_UNKNOWN;
}

void
plan_compare(
    struct write *w, uint32_t piece, uint8_t element, enum plan_source source)
{
	if (source != PLAN_FIXED || source_of(w, piece, element) != PLAN_FIXED)
		w->learn->failed = true;
}

/* --- parts --- */

static void
add_text(struct plan_learn *l, struct tally_str s)
{
	if (s.n > PLAN_TEXT - l->ntext) {
		l->failed = true;
		return;
	}
	if (s.n > 0)
		memcpy(l->text + l->ntext, s.p, s.n);
	l->ntext += (uint32_t)s.n;
}

static void
add_byte(struct plan_learn *l, unsigned char c)
{
	add_text(l, tally_str(&c, 1));
}

/* The part that ends the text so far; null when there are too many. */
static struct plan_part *
end_part(struct plan_learn *l, enum plan_kind kind)
{
	struct plan_part *part = &l->part[l->npart];

	if (l->npart == PLAN_PARTS || l->failed) {
		l->failed = true;
		return NULL;
	}
	l->npart++;
	*part = (struct plan_part){ .kind = (uint8_t)kind,
		.text = l->text + l->begun,
		.n = (uint16_t)(l->ntext - l->begun) };
	l->begun = l->ntext;
	if (kind >= PLAN_ROWS_OF) {
		part->segments = l->segments;
		l->segments = 0;
	}
	return part;
}

static uint16_t
at_least_one(uint32_t min)
{
	return min > 0 ? (uint16_t)min : 1;
}

/* A column's value. */
static void
add_field(struct write *w, uint16_t place, const struct map_op *op)
{
	struct plan_learn *l = w->learn;
	const struct tally_element *e =
	    write_element_of(w, op, place, op->element);
	struct plan_part *part = end_part(l, PLAN_NUMBER);

	if (part == NULL)
		return;
	l->nfield++;
	l->plan->lookups |= op->lookup != MAP_NO_LOOKUP;
	part->op = op;
	part->element = e;
	part->column = op->column;
	if (op->form == MAP_AS_IS) {
		part->kind = PLAN_AS_IS;
		part->min = at_least_one(op->min);
	} else if (op->type == TALLY_AN || op->type == TALLY_ID) {
		part->kind = PLAN_TEXT_OF;
		part->min = at_least_one(e->min);
		l->room += WORD_MAX;
	} else {
		l->room += TALLY_DECIMAL_MAX;
	}
}

static void
add_qualifier(struct plan_learn *l, const struct map_op *op)
{
	struct plan_part *part = end_part(l, PLAN_AS_IS);

	if (part == NULL)
		return;
	l->nfield++;
	part->column = op->column2;
	part->min = 1;
}

static void
add_computed(struct write *w, uint32_t piece, uint8_t element)
{
	struct plan_learn *l = w->learn;
	uint32_t i = w->piece[piece].value + element - 1u - l->value;
	struct plan_part *part = end_part(l, PLAN_COMPUTED);

	if (part == NULL)
		return;
	part->source = l->origin[i].source;
	part->op = l->origin[i].op;
	part->element = w->map->set->place[w->piece[piece].place]
			    .segment->use[element - 1]
			    .element;
	l->room += TALLY_DECIMAL_MAX;
}

static void
add_element(struct write *w, uint32_t piece, uint8_t element)
{
	struct plan_learn *l = w->learn;
	const struct write_piece *p = &w->piece[piece];
	uint32_t i = p->value + element - 1u - l->value;

	switch (source_of(w, piece, element)) {
	case PLAN_UNKNOWN:
		l->failed = true;
		break;
	case PLAN_FIXED:
		add_text(l, write_element(w, piece, element));
		break;
	case PLAN_FIELD:
		add_field(w, p->place, l->origin[i].op);
		break;
	case PLAN_QUALIFIER:
		add_qualifier(l, l->origin[i].op);
		break;
	default:
		add_computed(w, piece, element);
	}
}

/* How the element is checked, if the one before says so. */
static void
add_check(struct write *w, uint32_t piece, uint8_t element)
{
	struct plan_learn *l = w->learn;
	uint16_t place = w->piece[piece].place;
	struct plan_part *part;
	const struct tally_element *e;
	struct tally_str before;

	if (element < 2 || !(w->map->checked[place] >> (element - 1) & 1) ||
	    l->failed || l->npart == 0)
		return;
	before = write_element(w, piece, (uint8_t)(element - 1));
	if (before.n == 0)
		return;
	part = &l->part[l->npart - 1];
	e = w->map->set->place[place].segment->use[element - 2].element;
	if (source_of(w, piece, element) == PLAN_FIXED)
		l->failed = true;
	else if (source_of(w, piece, (uint8_t)(element - 1)) == PLAN_FIXED)
		part->check = (uint8_t)write_check_of(w, e, before);
	else
		part->qualifier = e;
	part->checked =
	    part->check != TALLY_CHECK_NONE || part->qualifier != NULL;
}

void
plan_segment(struct write *w, uint32_t piece)
{
	struct plan_learn *l = w->learn;
	const struct write_piece *p = &w->piece[piece];
	const char *tag = w->map->set->place[p->place].segment->tag;
	uint8_t last = p->last;

	while (last > 0 && write_element(w, piece, last).n == 0)
		last--;
	add_text(l, tally_cstr(tag));
	for (uint8_t k = 1; k <= last && !l->failed; k++) {
		add_byte(l, w->how->separators.element);
		if (write_element(w, piece, k).n == 0)
			continue;
		add_element(w, piece, k);
		add_check(w, piece, k);
	}
	add_byte(l, w->how->separators.segment);
	add_text(l, w->line_end);
	l->segments++;
}

void
plan_rows(
    struct write *w, uint32_t piece, uint16_t loop, bool with, bool goes_on)
{
	const struct write_piece *p = &w->piece[piece];
	struct plan_learn *l = w->learn;
	struct plan_part *part;

	if (p->one || with || l->nrows == PLAN_ROWS ||
	    (goes_on && (l->rows == NULL || l->rows->loop != loop))) {
		l->failed = true;
		return;
	}
	part = end_part(l, PLAN_ROWS_OF);
	if (part == NULL)
		return;
	part->block = p->block;
	part->place = p->place;
	part->loop = loop;
	part->goes_on = goes_on;
	l->rows = part;
	l->nrows++;
}

/* --- the whole --- */

/* The parts, with their texts, where they stay. */
static enum tally_rc
keep(struct write *w, const struct plan_learn *l)
{
	struct tally_arena *a = &w->map->scratch.plans;
	struct plan *plan = l->plan;
	size_t n = l->npart * sizeof(*plan->part), odd = 0;
	char *text = tally_arena_alloc(a, l->ntext + PLAN_COPIED);
	struct plan_part *part = tally_arena_alloc(a, n);

	if (text == NULL || part == NULL)
		return write_nomem(w);
	memcpy(text, l->text, l->ntext);
	memset(text + l->ntext, 0, PLAN_COPIED);
	memcpy(part, l->part, n);
	for (uint16_t i = 0; i < l->npart; i++) {
		part[i].text = text + (l->part[i].text - l->text);
		odd += write_count_odd(w->odd, part[i].text, part[i].n);
		if (part[i].kind < PLAN_ROWS_OF)
			continue;
		part[i].odd = (uint16_t)odd;
		plan->odd += (uint32_t)odd;
		odd = 0;
	}
	plan->nrows = l->nrows;
	plan->npart = l->npart;
	plan->room = l->room + l->ntext + 2 * PLAN_COPIED;
	plan->part = part;
	return TALLY_OK;
}

/* Each column of the shape has to be in it once. */
static bool
is_whole(const struct write *w, struct plan_learn *l)
{
	const struct write_block *b =
	    &w->block[l->frame->block - w->map->block];

	return !l->failed && end_part(l, PLAN_END) != NULL &&
	    l->nfield == __builtin_popcountll(l->plan->shape & b->columns);
}

enum tally_rc
plan_end(struct write *w, struct plan_learn *l, enum tally_rc rc)
{
	if (l == NULL)
		return rc;
	if (rc == TALLY_OK && is_whole(w, l))
		rc = keep(w, l);
	l->next = w->map->scratch.learn;
	w->map->scratch.learn = l;
	return rc;
}
