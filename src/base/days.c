/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days and dates; see days.h.
 *
 * The years of an era of 400 begin in March, so that the odd day is last.
 */
#include "base/days.h"

#define ERA   146097 /* days of 400 years */
#define EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */

int64_t
tally_days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned of_era = (unsigned)(y - era * 400);
	unsigned of_year =
	    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	    EPOCH;
}

void
tally_days_date(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t z = days + EPOCH;
	int64_t era = (z >= 0 ? z : z - (ERA - 1)) / ERA;
	unsigned of_era = (unsigned)(z - era * ERA);
	unsigned y =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * y + y / 4 - y / 100);
	unsigned m = (5 * of_year + 2) / 153;

	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (int)(y + era * 400) + (*month <= 2);
}
