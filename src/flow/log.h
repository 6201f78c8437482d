/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run says while it works: one line per event on standard error, and
 * progress where that is a terminal.
 *
 * No value of an element is ever logged.  Bytes of the other side (names,
 * texts of servers) are passed as views and escaped here.
 */
#ifndef TALLYMAN_FLOW_LOG_H
#define TALLYMAN_FLOW_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tallyman/err.h"
#include "tallyman/str.h"

enum log_level {
	LOG_ALARM, /* a person should know */
	LOG_EVENT, /* what was done to which file */
	LOG_DETAIL /* why nothing was done, what is tried again */
};

struct log {
	FILE *to;      /* null: silent */
	int level;     /* the highest that is shown */
	bool progress; /* to is a terminal */
	bool journal;  /* to is systemd's: each line has a priority */
	bool shown;    /* a progress line stands there */
	int64_t since; /* progress is shown a second after this (monotonic) */
};

/* To standard error; quiet shows alarms alone, verbose adds levels. */
void log_begin(struct log *, bool quiet, int verbose);

/* "tallyman: WHAT NAME: text"; what may be null, name is escaped. */
void log_line(struct log *, enum log_level, const char *what,
    struct tally_str name, const char *fmt, ...) TALLY_PRINTF(5, 6);
/* The same for trouble of the environment, as an alarm. */
void log_trouble(struct log *, const char *what, struct tally_str name,
    const struct tally_err *);

/* Shows "what: done of all" when a second has passed; all 0: not known. */
void log_progress(struct log *, const char *what, uint64_t done, uint64_t all);
void log_progress_end(struct log *);

#endif
