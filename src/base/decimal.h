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

/* Whether a value is spelled canonically already, as most are. */
bool tally_decimal_plain(struct tally_str);

#endif
