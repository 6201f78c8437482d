/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a segment, claims on them, and their canonical form. */
#include "map/read.h"

#include <assert.h>

#include "base/date.h"
#include "base/decimal.h"
#include "base/word.h"

#define INTEGER_DIGITS 18 /* always fit 64 bits */

/*
 * Of an element that repeats the first value is taken; the element stays
 * unclaimed then, so that the others are kept.
 */
struct tally_str
read_part_of(const struct read *r, struct tally_str v, uint8_t component)
{
	const struct tally_separators *sep = &r->set->separators;

	if (sep->repetition != 0)
		(void)tally_part(v, sep->repetition, 0, &v);
	if (component > 0 && !tally_part(v, sep->component, component - 1u, &v))
		return tally_str("", 0);
	return v;
}

static bool
repeats(const struct read *r, uint8_t element)
{
	struct tally_str v = tally_element(r->set, r->segment, element);

	return v.n > 0 &&
	    memchr(v.p, r->set->separators.repetition, v.n) != NULL;
}

bool
read_free_part(const struct read *r, uint8_t element, uint8_t component)
{
	for (unsigned i = 0; i < r->npart; i++)
		if (r->part[i].element == element)
			return component > 31 ||
			    !(r->part[i].claimed >> component & 1);
	return true;
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
read_claim_part(struct read *r, uint8_t element, uint8_t component)
{
	if (r->repeats && repeats(r, element))
		return;
	if (component > 0)
		claim_component(r, element, component);
	else
		r->claimed |= (uint64_t)1 << element;
}

bool
read_conditions(const struct read *r, const struct map_condition *c, uint8_t n,
    uint64_t *met)
{
	struct read_tested t;
	uint16_t i;

	for (; n > 0; n--, c++) {
		t = read_test(r, c->element, c->component);
		i = read_which(&t, c);
		if (i == c->n)
			return false;
		if (i == 0)
			*met |= c->component > 0 || r->repeats
			    ? READ_MET_PARTS
			    : (uint64_t)1 << c->element;
	}
	return true;
}

void
read_claim_conditions(struct read *r, const struct map_condition *c, uint8_t n)
{
	struct read_tested t;

	for (; n > 0; n--, c++) {
		t = read_test(r, c->element, c->component);
		if (read_which(&t, c) == 0)
			read_claim(r, c->element, c->component);
	}
}

struct tally_str
read_word(const struct map_codes *codes, struct tally_str s,
    const unsigned char *padded)
{
	const struct map_code *c = codes->code;
	size_t n = codes->n, half;
	uint64_t key;

	if (s.n == 0 || s.n > WORD_MAX)
		return s;
	key = word_of_padded((const char *)padded, s.n);
	for (; n > 1; n -= half) {
		half = n / 2;
		if (c[half].key <= key)
			c += half;
	}
	return c->key == key && c->x12.n == s.n ? c->value : s;
}

static enum read_form
convert_text(struct read *r, const struct map_op *op, struct tally_str *s)
{
	struct tally_buf *text = &r->map->scratch.text;
	struct tally_str sent = *s;

	if (op->codes != MAP_NO_CODE)
		*s = read_word(&r->map->codes[op->codes], *s, read_sent(r, *s));
	if (s->p != sent.p || !r->foreign)
		return READ_KEPT;
	tally_buf_reset(text);
	tally_charset_utf8(r->map->charset, text, *s);
	*s = tally_buf_view(text);
	return text->failed ? READ_NONE : READ_ELSEWHERE;
}

enum read_form
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
		if (tally_decimal_plain(*s))
			return READ_KEPT;
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
	return n > 0 ? READ_ELSEWHERE : READ_NONE;
}
