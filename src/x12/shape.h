/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What segments came to when they were checked, so that of one like them only
 * the values need be looked at.  Documents say the same things in the same way
 * again and again: part of the checker.
 *
 * A shape is a tag at a place of a grammar, with so many elements of which
 * certain ones are not empty.  That decides where the segment leads and what
 * is wrong with it but for its values.  What a shape has to remember of values
 * is the code that each element had last, as what most of them have again.
 * Shapes are not for segments with more elements than the dictionary has, nor
 * with more than SHAPE_VALUES that are not empty.
 */
#ifndef TALLYMAN_X12_SHAPE_H
#define TALLYMAN_X12_SHAPE_H

#include "base/check_digit.h"
#include "base/word.h"
#include "x12/grammar.h"

#define SHAPE_BITS   7 /* of a slot's number; an order has some 15 shapes */
#define SHAPE_WAYS   4 /* shapes with the same number */
#define SHAPE_VALUES 24

/* For what is done to each segment, and would be called for it; and for what is
 * seldom done in between. */
#define CHECK_INLINE static inline __attribute__((always_inline))
#define CHECK_APART  __attribute__((noinline))

/* An element that is not empty. */
struct shape_value {
	/* The code it had last, as its bytes lie in memory with the separator
	 * behind it, and which of WORD_MAX bytes these are. */
	uint64_t word, mask;
	const struct tally_value_spec *spec;
	uint8_t element;
	uint8_t n;      /* bytes of the code */
	uint8_t check;  /* enum tally_check: of the number behind the code */
	bool qualifies; /* a number may stand behind it */
};

struct shape {
	const struct tally_step *row; /* from the place before; null: none */
	uint32_t tag, n;
	uint64_t present;
	uint16_t style; /* of the set, see shape_style */
	/* Those that the segment behind had: first, and last when not that. */
	struct shape *next, *other;
	const struct tally_step *step;
	/* Ends of the values that are codes of a list, texts, numbers, and of
	 * all. */
	struct shape_value *codes, *texts, *numbers, *end;
	uint8_t class;
	bool sound; /* nothing is wrong with it but for its values */
	struct shape_value value[SHAPE_VALUES];
};

struct shapes {
	struct shape *newest; /* of the segments that had one */
	struct shape *all;    /* owned; in the order of their making */
	uint32_t n;           /* that are made, of all the slots */
	uint32_t turn;        /* of the shapes of a slot to go */
	bool none;            /* make none: tests compare with that */
	struct shape *slot[SHAPE_WAYS << SHAPE_BITS]; /* SHAPE_WAYS each */
};

/* False when memory ends. */
bool tally_shapes_init(struct shapes *) TALLY_MUST_USE;
void tally_shapes_free(struct shapes *);

/* What ends elements, as a number: codes are known with that. */
static inline uint16_t
shape_style(const struct tally_separators *s)
{
	return (uint16_t)(s->element << 8 | s->segment);
}

/* The shape of a segment, which may be new; null where there is none for it.
 * row: steps from the place before; class: of the segment. */
struct shape *tally_shape_of(struct shapes *, const struct tally_grammar *,
    const struct tally_step *row, unsigned class, uint16_t style,
    const struct tally_segment *, const uint32_t *pos);

/* What was seen of the values of a segment: bit k for element k. */
struct shape_seen {
	uint64_t doubtful; /* not plainly right: tally_value_test says what */
	/* These, and those that have a blank at the right, or are numbers with
	 * a zero at the left, or a point at either end. */
	uint64_t odd;
	/* Qualifiers of numbers whose check digit is not plainly right. */
	uint64_t qualifiers;
	bool unlike; /* one is empty that is not in the shape */
};

/* One value, if it is not as most are. */
void tally_shape_look_closely(struct shape_value *, const char *bytes,
    const uint32_t *pos, bool plain, struct shape_seen *);

/* The number behind a qualifier. */
CHECK_INLINE void
shape_look_behind(const struct shape_value *v, const char *bytes,
    const uint32_t *pos, struct shape_seen *seen)
{
	const uint32_t *at = pos + v->element;

	if (v->check != TALLY_CHECK_NONE &&
	    !tally_check_digit_plain((enum tally_check)v->check,
		tally_str(bytes + at[0] + 1, at[1] - at[0] - 1)))
		seen->qualifiers |= UINT64_C(1) << v->element;
}

/* Whether a text has a length that it may have, and no blank at the right. */
CHECK_INLINE bool
shape_text_right(const struct tally_value_spec *s, const char *p, uint32_t n)
{
	return n >= s->min && n <= s->max && p[n - 1] != ' ';
}

/* Whether a value has digits and no more, or a decimal one point among them,
 * and no zero at the left that says nothing. */
CHECK_INLINE bool
shape_number_right(const struct tally_value_spec *s, const char *p, uint32_t n)
{
	uint64_t x, other, point;
	uint32_t digits = n;

	if (n - 1 >= WORD_MAX || !WORD_LITTLE_ENDIAN)
		return false;
	memcpy(&x, p, WORD_MAX);
	x = (x ^ UINT64_C(0x3030303030303030)) << (64 - 8 * n);
	other = word_no_digits(x);
	if (other != 0) {
		point = other >> 7;
		if (s->type != TALLY_R ||
		    (x & point * 0xff) != point * ('.' ^ '0') ||
		    (other & (other - 1)) != 0 || p[n - 1] == '.')
			return false;
		digits--;
	}
	if ((unsigned char)(p[0] - '1') >= 9 &&
	    (p[0] != '0' || (n > 1 && p[1] != '.')))
		return false;
	return digits >= s->min && digits <= s->max;
}

/*
 * Looks at the values of a segment with the place, tag and number of elements
 * of the shape: value k lies in bytes between pos[k - 1] and pos[k].  False if
 * others are empty than the shape says.  plain says that all have printable
 * ASCII only.  Eight bytes behind each value's first can be read.
 */
CHECK_INLINE bool
tally_shape_look(struct shape *m, const char *bytes, const uint32_t *pos,
    bool plain, struct shape_seen *seen)
{
	struct shape_value *v = m->value;
	uint32_t from, n, total = pos[0] + m->n;
	uint64_t word;

	*seen = (struct shape_seen){ .unlike = false };
	for (; v < m->codes; v++) {
		memcpy(&word, bytes + pos[v->element - 1] + 1, WORD_MAX);
		if ((word & v->mask) == v->word)
			shape_look_behind(v, bytes, pos, seen);
		else
			tally_shape_look_closely(v, bytes, pos, plain, seen);
		total += v->n;
	}
	for (; v < m->texts; v++) {
		from = pos[v->element - 1] + 1;
		n = pos[v->element] - from;
		if (!plain || !shape_text_right(v->spec, bytes + from, n))
			tally_shape_look_closely(v, bytes, pos, plain, seen);
		total += n;
	}
	for (; v < m->numbers; v++) {
		from = pos[v->element - 1] + 1;
		n = pos[v->element] - from;
		if (!shape_number_right(v->spec, bytes + from, n))
			tally_shape_look_closely(v, bytes, pos, plain, seen);
		total += n;
	}
	for (; v < m->end; v++) {
		tally_shape_look_closely(v, bytes, pos, plain, seen);
		total += pos[v->element] - pos[v->element - 1] - 1;
	}
	return total == pos[m->n] && !seen->unlike;
}

#endif
