/* SPDX-License-Identifier: Apache-2.0 */
/* What a zone is made of: zone.c works with it, zone_read.c makes it. */
#ifndef TALLYMAN_BASE_ZONE_PARTS_H
#define TALLYMAN_BASE_ZONE_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "tallyman/zone.h"

/* A day of each year, and a time on it, as POSIX writes them in TZ. */
struct zone_day {
	char kind; /* 'M': month, week, day; 'J': day 1 … 365 without 29
		      February; 'N': day 0 … 365 */
	uint8_t month, week, weekday;
	uint16_t day;
	int32_t time; /* seconds of local time; may be negative or over a day */
};

/* Offsets are seconds east. */
struct zone_change {
	int64_t at;
	int32_t offset; /* from then on */
};

struct tally_zone {
	int32_t standard, summer;   /* the same: no change of clocks */
	struct zone_day begin, end; /* of summer */
	/* Before the last of these, they count instead. */
	const struct zone_change *change;
	size_t nchange;
	int32_t first; /* before the first of them */
};

#endif
