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
	/* The least length, with the separator, and how much more it can be. */
	uint32_t least, range;
	uint8_t element;
	uint8_t span;   /* bytes of the code, with the separator */
	uint8_t check;  /* enum tally_check: of the number behind the code */
	bool qualifies; /* a number may stand behind it */
};

/* Where it leads, if it passes over nothing that has to be there, and begins
 * the innermost loop that it is in, or none. */
struct shape_way {
	const struct tally_step *row; /* from there */
	uint16_t place, loop;         /* and the loop that is in */
	uint16_t around;              /* the loop around that, if it begins */
	bool begins;
	uint32_t over; /* the first that is one too many; 0: none is */
	uint32_t loop_over;
};

struct shape {
	const struct tally_step *row; /* from the place before; null: none */
	uint32_t tag, n;
	uint64_t present;
	uint32_t absent; /* elements that are empty */
	uint16_t style;  /* of the set, see shape_style */
	/* Those that the segment behind had: first, and last when not that. */
	struct shape *next, *other;
	/* Ends of the values that are codes of a list, texts, numbers, dates of
	 * eight digits, and of all. */
	struct shape_value *codes, *texts, *numbers, *dates, *end;
	struct shape_way way;
	uint16_t like; /* see tally_segment: of it with those codes; 0: none */
	uint8_t class;
	bool straight; /* it has that way */
	bool sound;    /* nothing is wrong with it but for its values */
	bool quick;    /* both */
	const struct tally_step *step;
	struct shape_value value[SHAPE_VALUES];
};

struct shapes {
	struct shape *newest; /* of the segments that had one */
	struct shape *all;    /* owned; in the order of their making */
	uint32_t n;           /* that are made, of all the slots */
	uint32_t turn;        /* of the shapes of a slot to go */
	uint16_t likes;       /* the last number that was given */
	const void *known;    /* who remembers them, see tally_set */
	bool none;            /* make none: tests compare with that */
	struct shape *slot[SHAPE_WAYS << SHAPE_BITS]; /* SHAPE_WAYS each */
};

/* False when memory ends. */
bool tally_shapes_init(struct shapes *) TALLY_MUST_USE;
void tally_shapes_free(struct shapes *);
/* There are none any more, and numbers begin anew. */
void tally_shapes_forget(struct shapes *);

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
	bool others;  /* codes are others than the last time */
	bool strange; /* or are none of the list, so not remembered */
	bool unlike;  /* one is empty that is not in the shape */
};

/* Whether the number behind a qualifier has the check digit that it should
 * have, as is seen at once. */
CHECK_INLINE bool
shape_checks(
    const struct shape_value *v, const char *bytes, const uint32_t *pos)
{
	const uint32_t *at = pos + v->element;

	return v->check == TALLY_CHECK_NONE ||
	    tally_check_digit_plain((enum tally_check)v->check,
		tally_str(bytes + at[0] + 1, at[1] - at[0] - 1));
}

/* Whether a text that ends there has a length that it may have, and no blank at
 * the right; span: with the separator behind it. */
CHECK_INLINE bool
shape_text_right(const struct shape_value *v, const char *end, uint32_t span)
{
	return span - v->least <= v->range && end[-1] != ' ';
}

/* Whether a value has digits and no more, or a decimal one point among them,
 * and no zero at the left that says nothing. */
CHECK_INLINE bool
shape_number_right(const struct shape_value *v, const char *p, uint32_t span)
{
	uint32_t n = span - 1;
	uint64_t x, other, point;

	if (n - 1 >= WORD_MAX || !WORD_LITTLE_ENDIAN)
		return false;
	memcpy(&x, p, WORD_MAX);
	x = (x ^ UINT64_C(0x3030303030303030)) << (64 - 8 * n);
	other = word_no_digits(x);
	if (other != 0) {
		point = other >> 7;
		if (v->spec->type != TALLY_R ||
		    (x & point * 0xff) != point * ('.' ^ '0') ||
		    (other & (other - 1)) != 0 || p[n - 1] == '.')
			return false;
		span--; /* digits count, see least */
	}
	if ((unsigned char)(p[0] - '1') >= 9 &&
	    (p[0] != '0' || (n > 1 && p[1] != '.')))
		return false;
	return span - v->least <= v->range;
}

/* Whether a month has that day, as far as it has it in every year; nearly all
 * dates are of such. */
CHECK_INLINE bool
shape_day_right(unsigned month, unsigned day)
{
	return month - 1 < 12 && day - 1 < (month == 2 ? 28u : 30u);
}

/* Whether a value is a date of eight digits, of which the first is no zero. */
CHECK_INLINE bool
shape_date_right(const char *p, uint32_t span)
{
	uint64_t x, twos;

	if (span != WORD_MAX + 1 || !WORD_LITTLE_ENDIAN)
		return false;
	memcpy(&x, p, WORD_MAX);
	x ^= UINT64_C(0x3030303030303030);
	twos = x * 10 + (x >> 8); /* of each byte and the next one */
	return word_no_digits(x) == 0 && (x & 0xff) != 0 &&
	    shape_day_right(twos >> 32 & 0xff, twos >> 48 & 0xff);
}

/*
 * Values of a segment with the place, tag and number of elements of the shape,
 * of a set of printable ASCII alone: the first that is not as most are, and in
 * *end where the last element has to end if there are as many as the shape has
 * and those before that value are.  Value k lies in bytes between pos[k - 1]
 * and pos[k]; eight bytes behind each one's first can be read.
 */
CHECK_INLINE struct shape_value *
tally_shape_glance(
    struct shape *m, const char *bytes, const uint32_t *pos, uint32_t *end)
{
	struct shape_value *v = m->value;
	uint32_t span, to = pos[0] + m->absent;
	uint64_t word;

	for (; v < m->codes; v++) {
		memcpy(&word, bytes + pos[v->element - 1] + 1, WORD_MAX);
		if ((word & v->mask) != v->word || !shape_checks(v, bytes, pos))
			goto out;
		to += v->span;
	}
	for (; v < m->texts; v++, to += span) {
		span = pos[v->element] - pos[v->element - 1];
		if (!shape_text_right(v, bytes + pos[v->element], span))
			goto out;
	}
	for (; v < m->numbers; v++, to += span) {
		span = pos[v->element] - pos[v->element - 1];
		if (!shape_number_right(
			v, bytes + pos[v->element - 1] + 1, span))
			goto out;
	}
	for (; v < m->dates; v++, to += span) {
		span = pos[v->element] - pos[v->element - 1];
		if (!shape_date_right(bytes + pos[v->element - 1] + 1, span))
			goto out;
	}
out:
	*end = to;
	return v;
}

/*
 * A look at the values of a segment from v on; end: as the glance has it, or
 * where none was taken as tally_shape_end says.  False if others are empty than
 * the shape says.  Where codes are others than the last time, the shape has
 * another number.
 */
bool tally_shape_look(struct shapes *, struct shape *, struct shape_value *v,
    uint32_t end, const struct tally_set *, const struct tally_segment *,
    struct shape_seen *);
static inline uint32_t
tally_shape_end(const struct shape *m, const uint32_t *pos)
{
	return pos[0] + m->absent;
}

#endif
