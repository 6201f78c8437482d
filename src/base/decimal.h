/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact decimals: X12 spellings to the canonical one.
 *
 * Canonical is: a minus where the value is below zero, digits without zeros
 * in front (but one before the point), and a point only before digits.  Zeros
 * at the end are kept, for they say how exact a value is.  No binary floating
 * point anywhere.
 */
#ifndef TALLYMAN_BASE_DECIMAL_H
#define TALLYMAN_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tallyman/str.h"

/* X12 numbers have at most 35 digits (005010); an exponent may move the
 * point a little further. */
#define TALLY_DECIMAL_MAX 80

/*
 * Both write at most TALLY_DECIMAL_MAX bytes, not terminated, and return
 * their number; 0 when the value is no number, or has too many digits.
 *
 * Type R: sign, zeros in front, point at either end, exponent (1.5E2).
 */
size_t tally_decimal_r(char out[TALLY_DECIMAL_MAX], struct tally_str);
/* Type Nn: the point is put in before the last n digits. */
size_t tally_decimal_n(
    char out[TALLY_DECIMAL_MAX], struct tally_str, unsigned n);

/* A canonical decimal to type Nn: without its point, with n digits behind
 * where it was; 0 when it has more, other than zeros. */
size_t tally_decimal_to_n(
    char out[TALLY_DECIMAL_MAX], struct tally_str, unsigned n);

/* A count as a decimal. */
size_t tally_decimal_count(char out[TALLY_DECIMAL_MAX], uint64_t);

/* An exact sum of canonical decimals: digits above and below zero, from the
 * 10^-SCALE on. */
#define TALLY_SUM_DIGITS 128
#define TALLY_SUM_SCALE  44
struct tally_sum {
	unsigned char digit[2][TALLY_SUM_DIGITS];
	unsigned scale; /* digits behind the point, the most of all */
	size_t top;     /* from here on all digits are zero */
	bool failed;    /* a value has more digits than there is room for */
};
void tally_sum_add(struct tally_sum *, struct tally_str canonical);
/* The sum, canonical; 0 when it has failed. */
size_t tally_sum_text(const struct tally_sum *, char out[TALLY_DECIMAL_MAX]);

/* Whether two canonical decimals are the same number: 1.50 is 1.5. */
bool tally_decimal_same(struct tally_str, struct tally_str);

/* Whether a value is spelled canonically already, as most are. */
bool tally_decimal_plain(struct tally_str);

#endif
