/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that are being made; see write.h. */
#include "base/check_digit.h"
#include "map/write.h"

#define COMPONENTS_MAX 31

static enum tally_rc
grow(struct write *w, uint32_t elements)
{
	struct map_scratch *s = &w->map->scratch;
	size_t n;
	void *p;

	if (w->npiece == s->piece_cap) {
		n = s->piece_cap != 0 ? s->piece_cap * 2u : 64;
		p = tally_realloc(s->piece, n * sizeof(*s->piece));
		if (p == NULL)
			return write_nomem(w);
		w->piece = s->piece = p;
		s->piece_cap = (uint32_t)n;
	}
	if (w->nvalue + elements > s->value_cap) {
		n = s->value_cap != 0 ? s->value_cap * 2u : 1024;
		p = tally_realloc(s->value, n * sizeof(*s->value));
		if (p == NULL)
			return write_nomem(w);
		w->value = s->value = p;
		s->value_cap = (uint32_t)n;
	}
	return TALLY_OK;
}

enum tally_rc
write_piece_new(
    struct write *w, enum piece_kind kind, uint16_t place, uint32_t *piece)
{
	const struct map_scratch *s = &w->map->scratch;
	uint32_t n =
	    kind == PIECE_SEGMENT ? w->map->set->place[place].segment->nuse : 0;
	enum tally_rc rc;

	if (w->npiece == s->piece_cap || w->nvalue + n > s->value_cap) {
		rc = grow(w, n);
		if (rc != TALLY_OK)
			return rc;
	}
	w->piece[w->npiece] = (struct write_piece){
		.kind = (uint8_t)kind, .place = place, .value = w->nvalue
	};
	w->nvalue += n;
	*piece = w->npiece++;
	return TALLY_OK;
}

/* Component k of a composite that is being made; empty when there is none. */
static struct tally_str
component_of(const struct write *w, struct tally_str composite, uint8_t k)
{
	struct tally_str v;

	if (composite.n == 0 ||
	    !tally_part(composite, w->how->separators.component, k - 1u, &v))
		return tally_str("", 0);
	return v;
}

bool
write_component_fits(const struct write *w, struct tally_str composite,
    uint8_t component, struct tally_str s)
{
	struct tally_str v = component_of(w, composite, component);

	return v.n == 0 || tally_str_eq(v, s);
}

enum tally_rc
write_component(struct write *w, uint32_t piece, uint8_t element,
    uint8_t component, struct tally_str s)
{
	struct tally_str part[COMPONENTS_MAX];
	struct tally_str v = write_element(w, piece, element);
	size_t n = v.n + s.n + COMPONENTS_MAX;
	char *p = tally_arena_alloc(&w->map->scratch.writing, n), *o = p;
	unsigned last = 0;

	if (p == NULL || component > COMPONENTS_MAX)
		return write_nomem(w);
	for (uint8_t k = 1; k <= COMPONENTS_MAX; k++) {
		part[k - 1] = k == component ? s : component_of(w, v, k);
		if (part[k - 1].n > 0)
			last = k;
	}
	for (unsigned k = 0; k < last; k++) {
		if (k > 0)
			*o++ = (char)w->how->separators.component;
		o = write_append(o, part[k]);
	}
	write_whole(w, piece, element, tally_str(p, (size_t)(o - p)));
	return TALLY_OK;
}

void
write_line(
    struct write *w, const char *tag, const struct tally_str *value, size_t n)
{
	const char element = (char)w->how->separators.element;
	const struct tally_str *end;
	struct tally_str name = tally_str(tag, tag[2] != '\0' ? 3 : 2);
	size_t size = name.n + 1 + w->line_end.n;
	char *p;

	while (n > 0 && value[n - 1].n == 0)
		n--;
	end = value + n;
	for (const struct tally_str *v = value; v < end; v++)
		size += 1 + v->n;
	write_settle(w);
	w->nsegment++;
	p = tally_buf_room(w->out, size);
	if (p == NULL)
		return;
	p = write_append(p, name);
	for (const struct tally_str *v = value; v < end; v++) {
		*p++ = element;
		p = write_append(p, *v);
	}
	*p++ = (char)w->how->separators.segment;
	write_append(p, w->line_end);
	w->out->n += size;
	w->unsettled = w->out->n;
}

/* The code that a qualifier is; those of a document are few. */
static const struct tally_code *
code_of(struct write *w, const struct tally_element *e, struct tally_str s)
{
	uint64_t key = s.n <= WORD_MAX ? word_of(s.p, s.n) : 0;
	struct write_code *c = &w->code[key % WRITE_CODES];

	if (key == 0)
		return tally_code_find(e, s);
	if (c->element != e || c->key != key)
		*c = (struct write_code){ e, key, tally_code_find(e, s) };
	return c->code;
}

enum tally_check
write_check_of(
    struct write *w, const struct tally_element *e, struct tally_str code)
{
	const struct tally_code *c = code_of(w, e, code);

	return c != NULL ? (enum tally_check)c->check : TALLY_CHECK_NONE;
}

/* Tells of a number that stands behind its qualifier and has another check
 * digit than it can have; it is written all the same. */
static void
check_digits(struct write *w, const struct write_piece *p,
    const struct tally_segment_spec *s)
{
	const struct tally_str *value = w->value + p->value;
	char expected[CHECK_DIGIT_WORDS];
	uint64_t at = w->map->checked[p->place];
	enum tally_check check;
	unsigned k;

	for (; at != 0; at &= at - 1) {
		k = (unsigned)__builtin_ctzll(at);
		if (k >= p->last)
			break;
		if (value[k - 1].n == 0 || value[k].n == 0)
			continue;
		check = write_check_of(w, s->use[k - 1].element, value[k - 1]);
		if (check != TALLY_CHECK_NONE &&
		    !tally_check_digit_plain(check, value[k]) &&
		    !tally_check_digit_right(check, value[k], expected))
			write_report(w, TALLY_F_check_digit, p->place,
			    (uint8_t)(k + 1), s->use[k].element->name, value[k],
			    expected);
	}
}

void
write_made(struct write *w, uint32_t piece)
{
	const struct write_piece *p = &w->piece[piece];
	const struct tally_segment_spec *s =
	    w->map->set->place[p->place].segment;

	check_digits(w, p, s);
	if (w->learn != NULL)
		plan_segment(w, piece);
	write_line(w, s->tag, w->value + p->value, p->last);
}
