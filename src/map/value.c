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

/* What a condition is about, without blanks at its right: where the reader has
 * it, so that eight bytes can be read. */
static inline struct tally_str
tested(const struct read *r, uint8_t element, uint8_t component)
{
	struct tally_str v = tally_element(r->set, r->segment, element);

	if (component > 0 || r->repeats)
		v = read_part_of(r, v, component);
	return tally_str_rtrim(v);
}

static inline bool
is_value(
    const struct map_condition *c, uint16_t i, struct tally_str v, uint64_t key)
{
	return c->value[i].n == v.n && c->key[i] == key &&
	    (v.n <= WORD_MAX || memcmp(c->value[i].p, v.p, v.n) == 0);
}

static inline uint64_t
key_of(struct tally_str v)
{
	return v.n > 0 ? word_of_padded(v.p, v.n < WORD_MAX ? v.n : WORD_MAX)
		       : 0;
}

bool
read_is_one_of(
    const struct read *r, const struct map_condition *c, uint8_t element)
{
	struct tally_str v = tested(r, element, c->component);
	uint64_t key = key_of(v);

	for (uint16_t i = 0; i < c->n; i++)
		if (is_value(c, i, v, key))
			return true;
	return false;
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

/* The first alternative is the one that would be written; of another one the
 * element is left to be kept by a field, or as residue. */
void
read_claim_conditions(struct read *r, const struct map_condition *c, uint8_t n)
{
	struct tally_str v;

	for (; n > 0; n--, c++) {
		v = tested(r, c->element, c->component);
		if (is_value(c, 0, v, key_of(v)))
			read_claim(r, c->element, c->component);
	}
}

/* The word for a code; null when it is not listed. */
static const struct tally_str *
word(const struct map_codes *codes, struct tally_str s)
{
	uint64_t key = map_key(s);
	size_t low = 0, high = codes->n, mid;

	if (s.n > 8)
		return NULL;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (codes->code[mid].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low < codes->n && tally_str_eq(codes->code[low].x12, s)
	    ? &codes->code[low].value
	    : NULL;
}

static enum read_form
convert_text(struct read *r, const struct map_op *op, struct tally_str *s)
{
	struct tally_buf *text = &r->map->scratch.text;
	const struct tally_str *w = NULL;

	if (op->codes != MAP_NO_CODE)
		w = word(&r->map->codes[op->codes], *s);
	if (w != NULL) {
		*s = *w;
		return READ_KEPT;
	}
	if (!r->foreign)
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
