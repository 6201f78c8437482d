/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that are being made; see write.h. */
#include "base/check_digit.h"
#include "map/write.h"

#define COMPONENTS_MAX 31

static enum tally_rc
make_room(struct write *w, uint32_t elements)
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
	uint32_t n =
	    kind == PIECE_SEGMENT ? w->map->set->place[place].segment->nuse : 0;
	enum tally_rc rc = make_room(w, n);

	if (rc != TALLY_OK)
		return rc;
	w->piece[w->npiece] = (struct write_piece){
		.kind = (uint8_t)kind, .place = place, .value = w->nvalue
	};
	memset(w->value + w->nvalue, 0, n * sizeof(*w->value));
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
write_fits(const struct write *w, uint32_t piece, uint8_t element,
    uint8_t component, struct tally_str s)
{
	struct tally_str v = w->value[w->piece[piece].value + element - 1];

	if (component > 0)
		v = component_of(w, v, component);
	return v.n == 0 || tally_str_eq(v, s);
}

/* The composite with one component exchanged. */
static enum tally_rc
put_component(
    struct write *w, struct tally_str *v, uint8_t component, struct tally_str s)
{
	struct tally_str part[COMPONENTS_MAX];
	size_t n = v->n + s.n + COMPONENTS_MAX;
	char *p = tally_arena_alloc(&w->map->scratch.writing, n), *o = p;
	unsigned last = 0;

	if (p == NULL || component > COMPONENTS_MAX)
		return write_nomem(w);
	for (uint8_t k = 1; k <= COMPONENTS_MAX; k++) {
		part[k - 1] = k == component ? s : component_of(w, *v, k);
		if (part[k - 1].n > 0)
			last = k;
	}
	for (unsigned k = 0; k < last; k++) {
		if (k > 0)
			*o++ = (char)w->how->separators.component;
		if (part[k].n > 0)
			memcpy(o, part[k].p, part[k].n);
		o += part[k].n;
	}
	*v = tally_str(p, (size_t)(o - p));
	return TALLY_OK;
}

enum tally_rc
write_put(struct write *w, uint32_t piece, uint8_t element, uint8_t component,
    struct tally_str s)
{
	struct tally_str *v = write_element(w, piece, element);

	if (component > 0)
		return put_component(w, v, component, s);
	*v = s;
	return TALLY_OK;
}

void
write_line(
    struct write *w, const char *tag, const struct tally_str *value, size_t n)
{
	struct tally_buf *out = w->out;

	while (n > 0 && value[n - 1].n == 0)
		n--;
	tally_buf_puts(out, tag);
	for (size_t i = 0; i < n; i++) {
		tally_buf_putc(out, (char)w->how->separators.element);
		tally_buf_str(out, value[i]);
	}
	tally_buf_putc(out, (char)w->how->separators.segment);
	tally_buf_puts(out, w->how->line_end);
	w->nsegment++;
}

/* Tells of a number that stands behind its qualifier and has another check
 * digit than it can have; it is written all the same. */
static void
check_digits(struct write *w, uint16_t place,
    const struct tally_segment_spec *s, const struct tally_str *value)
{
	char expected[CHECK_DIGIT_WORDS];
	const struct tally_code *code;

	for (uint8_t k = 1; k < s->nuse; k++) {
		if (!s->use[k - 1].element->checks || value[k - 1].n == 0 ||
		    value[k].n == 0)
			continue;
		code = tally_code_find(s->use[k - 1].element, value[k - 1]);
		if (code != NULL && code->check != TALLY_CHECK_NONE &&
		    !tally_check_digit_right(code->check, value[k], expected))
			write_report(w, TALLY_F_check_digit, place,
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

	check_digits(w, p->place, s, w->value + p->value);
	write_line(w, s->tag, w->value + p->value, s->nuse);
}
