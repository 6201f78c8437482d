/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many things of one kind, done by several processes at a time; what they
 * print appears in order, as if one had done them all.
 *
 * Processes and not threads: what is lazily made while judging is each one's
 * own, and nothing has to be locked.
 */
#ifndef TALLYMAN_COMMAND_CREW_H
#define TALLYMAN_COMMAND_CREW_H

#include <stddef.h>

struct crew {
	void *ctx;
	/* Does thing i, printing to stdout and stderr; what it changes in
	 * memory may be lost. */
	int (*work)(void *ctx, size_t i);
	/* Takes what work returned of the next thing, in order. */
	void (*done)(void *ctx, int result);
};

/* How many processes can work at a time here. */
size_t crew_size(void);

/*
 * Does things 0 … n - 1 by at most size processes.  Where no process can be
 * started, or one dies, the caller's own does what is left to do.
 */
void crew_work(const struct crew *, size_t n, size_t size);

#endif
