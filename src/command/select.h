/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing rows of the store on the command line: filters, and numbers. */
#ifndef TALLYMAN_COMMAND_SELECT_H
#define TALLYMAN_COMMAND_SELECT_H

#include "flow/clock.h"
#include "store/ask.h"

#define SELECT_OPTIONS \
	"[--state=S] [--partner=NAME] [--set=ID] [--mailbox=NAME]\n" \
	"    [--file=N] [--since=TIME] [--before=TIME]"

struct select {
	struct store_filter filter;
	unsigned by;   /* enum store_filter_by: those that were given */
	bool filtered; /* any was */
	char since[32], before[32];
};

/*
 * Takes argv[*i] when it is one of SELECT_OPTIONS, and its value, which may
 * be the next argument; *i is then at the last that was taken.  *why is set,
 * to a static text, when its value is wrong.
 */
bool select_option(struct select *, const struct flow_clock *, int argc,
    char **argv, int *i, const char **why);

/*
 * The value of option name at argv[*i], as "--name=value" or in the next
 * argument; null when it is another or has none.
 */
const char *select_value(int argc, char **argv, int *i, const char *name);

/* A time as the store has them: a day, an instant, or "90d" for that many
 * days ago; false when it is none. */
bool select_time(char out[32], const struct flow_clock *, const char *text);

/* A number of a row, from 1. */
bool select_number(const char *text, int64_t *);

#endif
