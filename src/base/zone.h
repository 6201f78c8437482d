/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local dates and times to instants, and back.
 *
 * A local time that comes twice,
 * when clocks go back, is the earlier one; one that is left out, when they go
 * forward, is counted with the offset before, as a clock that was not put
 * forward shows it.
 */
#ifndef TALLYMAN_BASE_ZONE_H
#define TALLYMAN_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/date.h"
#include "tallyman/zone.h"

#define TALLY_INSTANT_MAX 23 /* YYYY-MM-DDTHH:MM:SS.ddZ */

/* The zone that a code of element 623 means; null for a code that means none,
 * such as LT, local time. */
const struct tally_zone *tally_zone_code(struct tally_str code);

/*
 * The bytes written, not terminated, 0 or false when what is given is no
 * date and time of a record, or no instant.  A local time has seconds where
 * they are not 0.
 */
size_t tally_zone_instant(char out[TALLY_INSTANT_MAX],
    const struct tally_zone *, struct tally_str date, struct tally_str time);
bool tally_zone_local(char date[TALLY_DATE_MAX], char time[TALLY_TIME_MAX],
    size_t *ntime, const struct tally_zone *, struct tally_str instant);

#endif
