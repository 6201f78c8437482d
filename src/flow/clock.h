/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time as a value that is passed along, so that a run can be repeated
 * byte for byte.  Instants are milliseconds since 1970, UTC.
 */
#ifndef TALLYMAN_FLOW_CLOCK_H
#define TALLYMAN_FLOW_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct flow_clock {
	int64_t fixed; /* always this, when it is not 0 */
};

int64_t flow_clock_now(const struct flow_clock *);

/* "2026-01-31T23:59:59Z" to an instant; false when it is no such thing. */
bool flow_clock_parse(const char *text, int64_t *ms);

/* CCYYMMDD and HHMM, as an envelope has them. */
void flow_clock_x12(int64_t ms, char date[9], char time[5]);
/* "2026-01-31T23:59:59Z" */
void flow_clock_iso(int64_t ms, char text[32]);

/* Milliseconds that only ever go on, whatever anybody sets; for waiting. */
int64_t flow_clock_steady(void);

/* Waits, whatever the clock says. */
void flow_clock_sleep(unsigned seconds);

#endif
