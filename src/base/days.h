/* SPDX-License-Identifier: Apache-2.0 */
/* Days of the Gregorian calendar, also before it was one: 0 is 1970-01-01. */
#ifndef TALLYMAN_BASE_DAYS_H
#define TALLYMAN_BASE_DAYS_H

#include <stdint.h>

/* A month from 1 to 12; a day beyond its end is one of the next month. */
int64_t tally_days_of(int64_t year, unsigned month, unsigned day);
void tally_days_date(int64_t days, int *year, unsigned *month, unsigned *day);

#endif
