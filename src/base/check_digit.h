/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers whose last digit follows from the others: GTIN, SSCC, ISBN. */
#ifndef TALLYMAN_BASE_CHECK_DIGIT_H
#define TALLYMAN_BASE_CHECK_DIGIT_H

#include "tallyman/dictionary.h"
#include "tallyman/str.h"

/* The kind of a name in dictionary text; false where there is none. */
bool tally_check_digit_find(struct tally_str name, enum tally_check *);
#define CHECK_DIGIT_NAMES "gtin, sscc, isbn or none"

/* Whether a number is plainly right: of those that are not, the other function
 * says more. */
bool tally_check_digit_plain(enum tally_check, struct tally_str number);

/*
 * Whether a number, without blanks at its end, has as many digits as its kind
 * and the last one is right.  If not, what was expected is put in words.
 */
#define CHECK_DIGIT_WORDS 64
bool tally_check_digit_right(enum tally_check, struct tally_str number,
    char expected[CHECK_DIGIT_WORDS]);

#endif
