/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and times of X12 to ISO 8601, and back.
 *
 * A year of two digits from 70 on is in the 1900s, others are in the 2000s:
 * X12 began in the seventies, and no document with a short year speaks of
 * the time after 2069.
 */
#ifndef TALLYMAN_BASE_DATE_H
#define TALLYMAN_BASE_DATE_H

#include <stddef.h>

#include "tallyman/str.h"

#define TALLY_DATE_MAX 10 /* YYYY-MM-DD */
#define TALLY_TIME_MAX 11 /* HH:MM:SS.dd */

/* Both return the bytes written, not terminated; 0 when the value is none. */
size_t tally_date_iso(char out[TALLY_DATE_MAX], struct tally_str);
size_t tally_time_iso(char out[TALLY_TIME_MAX], struct tally_str);

/* The inverse, in six digits or eight, at most max; 0 also when the value
 * cannot be said in so many. */
size_t tally_date_x12(char out[8], struct tally_str, size_t max);
size_t tally_time_x12(char out[8], struct tally_str, size_t max);

#endif
