/* SPDX-License-Identifier: Apache-2.0 */
/* A column's value to an element's; see write.h. */
#include <stdio.h>

#include "base/date.h"
#include "base/decimal.h"
#include "map/write.h"

const struct tally_element *
write_element_of(const struct write *w, const struct map_op *op, uint16_t place,
    uint8_t element)
{
	const struct tally_element *e =
	    w->map->set->place[place].segment->use[element - 1].element;

	return op->component > 0 ? e->use[op->component - 1].element : e;
}

const struct map_code *
write_code_find(const struct map_codes *codes, struct tally_str word)
{
	const uint64_t order = map_order(word);
	const struct map_code *c;
	size_t at = 0;

	/* the last one whose order is not greater … */
	for (size_t n = codes->n, half; n > 1; n -= half) {
		half = n / 2;
		if (codes->code[codes->by_value[at + half]].order <= order)
			at += half;
	}
	/* … or one before it that begins with the same bytes */
	for (size_t i = at + 1; i-- > 0;) {
		c = &codes->code[codes->by_value[i]];
		if (c->order != order)
			break;
		if (tally_str_eq(c->value, word))
			return c;
	}
	return NULL;
}

/* The code for a word; a word that is no word is a code. */
static struct tally_str
code_of(const struct map_codes *codes, struct tally_str word)
{
	const struct map_code *c = write_code_find(codes, word);

	return c != NULL ? c->x12 : word;
}

/* The partner's value for ours. */
static enum tally_rc
look_up(struct write *w, const struct map_op *op, uint16_t place,
    uint8_t element, struct tally_str *s)
{
	const char *table = w->map->lookup[op->lookup];
	struct tally_str theirs;
	enum tally_rc rc = map_look_up(w->map, op, true, *s, &theirs, w->err);

	if (rc != TALLY_OK || theirs.p == s->p)
		return rc;
	if (theirs.p == NULL) {
		write_report(
		    w, TALLY_F_map_lookup, place, element, table, *s, table);
		return TALLY_OK;
	}
	*s = tally_arena_str(&w->map->scratch.writing, theirs);
	return s->p != NULL ? TALLY_OK : write_nomem(w);
}

/* Zeros behind the sign, up to the element's minimum; the one before the point
 * goes where it would be a digit too many. */
static size_t
fit_number(char *p, size_t n, size_t min, size_t max)
{
	size_t sign = n > 0 && *p == '-', digits = 0, missing;

	for (size_t i = 0; i < n; i++)
		digits += p[i] >= '0' && p[i] <= '9';
	if (digits > max && n > sign + 2 && p[sign] == '0' &&
	    p[sign + 1] == '.') {
		memmove(p + sign, p + sign + 1, n - sign - 1);
		return n - 1;
	}
	if (digits >= min || n + min > TALLY_DECIMAL_MAX)
		return n;
	missing = min - digits;
	memmove(p + sign + missing, p + sign, n - sign);
	memset(p + sign, '0', missing);
	return n + missing;
}

static size_t
number(char *room, const struct tally_element *e, struct tally_str s)
{
	size_t n;

	if (e->type == TALLY_N)
		n = tally_decimal_to_n(room, s, e->decimals);
	else
		n = tally_decimal_r(room, s);
	return n > 0 ? fit_number(room, n, e->min, e->max) : 0;
}

size_t
write_convert(char room[TALLY_DECIMAL_MAX], const struct tally_element *e,
    struct tally_str s)
{
	switch ((enum tally_type)e->type) {
	case TALLY_DT:
		return tally_date_x12(room, s, e->max);
	case TALLY_TM:
		return tally_time_x12(room, s, e->max);
	case TALLY_R:
	case TALLY_N:
		return number(room, e, s);
	default:
		return 0;
	}
}

/* Blanks at the end, up to the element's minimum. */
static bool
pad(struct write *w, const struct tally_element *e, struct tally_str *s)
{
	char *p;

	if (s->n >= e->min || s->n == 0)
		return true;
	p = tally_arena_alloc(&w->map->scratch.writing, e->min);
	if (p == NULL) {
		w->out->failed = true;
		return false;
	}
	memcpy(p, s->p, s->n);
	memset(p + s->n, ' ', e->min - s->n);
	*s = tally_str(p, e->min);
	return true;
}

static const char *
name_of(const struct write *w, const struct map_op *op, uint16_t table)
{
	return w->map->model->table[table].column[op->column].name;
}

static bool
text_value(struct write *w, const struct map_op *op, uint16_t place,
    uint8_t element, uint16_t table, struct tally_str s, struct tally_str *out,
    enum tally_rc *rc)
{
	if (op->codes != MAP_NO_CODE)
		s = code_of(&w->map->codes[op->codes], s);
	if (op->lookup != MAP_NO_LOOKUP)
		*rc = look_up(w, op, place, element, &s);
	return *rc == TALLY_OK &&
	    write_text(w, place, element, name_of(w, op, table), s, out) &&
	    pad(w, write_element_of(w, op, place, element), out);
}

static bool
converted_value(struct write *w, const struct map_op *op, uint16_t place,
    uint8_t element, uint16_t table, struct tally_str s, struct tally_str *out,
    enum tally_rc *rc)
{
	const struct tally_element *e = write_element_of(w, op, place, element);
	char room[TALLY_DECIMAL_MAX], words[48];
	size_t n = write_convert(room, e, s);

	if (n == 0) {
		snprintf(words, sizeof(words), "a value for element %.10s (%s)",
		    e->id,
		    e->type == TALLY_DT       ? "a date"
			: e->type == TALLY_TM ? "a time"
					      : "a number");
		write_report(w, TALLY_F_write_value, place, element,
		    name_of(w, op, table), s, words);
		return false;
	}
	*out = tally_arena_str(&w->map->scratch.writing, tally_str(room, n));
	if (out->p == NULL)
		*rc = write_nomem(w);
	return out->p != NULL;
}

bool
write_value(struct write *w, const struct map_op *op, uint16_t place,
    uint8_t element, uint16_t table, struct tally_str s, struct tally_str *out,
    enum tally_rc *rc)
{
	*rc = TALLY_OK;
	*out = s;
	if (op->type == TALLY_AN || op->type == TALLY_ID)
		return text_value(w, op, place, element, table, s, out, rc);
	if (write_is_plain(op, s))
		return true;
	return converted_value(w, op, place, element, table, s, out, rc);
}
