/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a segment, claims on them, and their canonical form. */
#include "map/read.h"

#include <assert.h>

#include "base/date.h"
#include "base/decimal.h"

#define INTEGER_DIGITS 18 /* always fit 64 bits */

/*
 * Of an element that repeats the first value is taken; the element stays
 * unclaimed then, so that the others are kept.
 */
struct tally_str
read_value(const struct read *r, uint8_t element, uint8_t component)
{
	const struct tally_separators *sep = &r->set->separators;
	struct tally_str v = tally_element(r->set, r->segment, element);

	if (v.n == 0)
		return v;
	if (sep->repetition != 0)
		(void)tally_part(v, sep->repetition, 0, &v);
	if (component > 0 && !tally_part(v, sep->component, component - 1u, &v))
		return tally_str("", 0);
	return v;
}

static bool
repeats(const struct read *r, uint8_t element)
{
	unsigned char sep = r->set->separators.repetition;
	struct tally_str v;

	if (sep == 0)
		return false;
	v = tally_element(r->set, r->segment, element);
	return v.n > 0 && memchr(v.p, sep, v.n) != NULL;
}

static bool
is_one_of(const struct map_condition *c, struct tally_str v)
{
	for (uint16_t i = 0; i < c->n; i++)
		if (tally_str_eq(c->value[i], v))
			return true;
	return false;
}

bool
read_meets(const struct read *r, const struct map_condition *v, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++)
		if (!is_one_of(&v[i],
			tally_str_rtrim(
			    read_value(r, v[i].element, v[i].component))))
			return false;
	return true;
}

static const struct read_part *
find_part(const struct read *r, uint8_t element)
{
	for (unsigned i = 0; i < r->npart; i++)
		if (r->part[i].element == element)
			return &r->part[i];
	return NULL;
}

bool
read_free(const struct read *r, uint8_t element, uint8_t component)
{
	const struct read_part *p;

	if (r->taken >> element & 1)
		return false;
	if (component == 0 || component > 31)
		return true;
	p = find_part(r, element);
	return p == NULL || !(p->claimed >> component & 1);
}

static void
claim_component(struct read *r, uint8_t element, uint8_t component)
{
	unsigned i = 0;

	if (component > 31)
		return;
	while (i < r->npart && r->part[i].element != element)
		i++;
	if (i == PARTS_MAX)
		return;
	if (i == r->npart)
		r->part[r->npart++] = (struct read_part){ element, 0 };
	r->part[i].claimed |= (uint32_t)1 << component;
}

void
read_claim(struct read *r, uint8_t element, uint8_t component)
{
	if (repeats(r, element))
		return;
	if (component > 0)
		claim_component(r, element, component);
	else
		r->claimed |= (uint64_t)1 << element;
}

void
read_claim_conditions(struct read *r, const struct map_condition *v, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++)
		read_claim(r, v[i].element, v[i].component);
}

/* Bytes that are not plain ASCII text. */
static bool
is_foreign(struct tally_str s)
{
	unsigned char all = 0, nul = 0;

	for (size_t i = 0; i < s.n; i++) {
		all |= (unsigned char)s.p[i];
		nul |= s.p[i] == '\0';
	}
	return (all & 0x80) != 0 || nul != 0;
}

static bool
convert_text(struct read *r, const struct map_op *op, struct tally_str *s)
{
	const struct map_codes *codes;
	struct tally_buf *text = &r->map->scratch.text;
	size_t low = 0, high, mid;
	int d;

	if (op->codes != MAP_NO_CODE) {
		codes = &r->map->codes[op->codes];
		for (high = codes->n; low < high;) {
			const struct map_code *c;

			mid = low + (high - low) / 2;
			c = &codes->code[mid];
			d = memcmp(
			    c->x12.p, s->p, c->x12.n < s->n ? c->x12.n : s->n);
			if (d == 0 && c->x12.n == s->n) {
				*s = c->value;
				return true;
			}
			if (d < 0 || (d == 0 && c->x12.n < s->n))
				low = mid + 1;
			else
				high = mid;
		}
	}
	if (!is_foreign(*s))
		return true;
	tally_buf_reset(text);
	tally_charset_utf8(r->map->charset, text, *s);
	*s = tally_buf_view(text);
	return !text->failed;
}

bool
read_convert(
    struct read *r, const struct map_op *op, struct tally_str *s, char *room)
{
	size_t n = 0;

	*s = tally_str_rtrim(*s);
	switch (op->type) {
	case TALLY_AN:
	case TALLY_ID:
		return convert_text(r, op, s);
	case TALLY_DT:
		n = tally_date_iso(room, *s);
		break;
	case TALLY_TM:
		n = tally_time_iso(room, *s);
		break;
	case TALLY_R:
		n = tally_decimal_r(room, *s);
		break;
	case TALLY_N:
		n = tally_decimal_n(room, *s, op->decimals);
		if ((op->flags & MAP_INTEGER) && n > INTEGER_DIGITS)
			n = 0;
		break;
	default:
		assert(!"a type that compiling refuses");
	}
	*s = tally_str(room, n);
	return n > 0;
}
