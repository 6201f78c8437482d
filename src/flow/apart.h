/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a process runs that works beside the one that made it.
 *
 * A kernel likes to run a process on the processor of the one that wakes it,
 * which is taken to rest then; in virtual machines, where a processor at rest
 * looks as if it were not there, it does so while others have nothing to do.
 * Then neither works beside the other: the one waits until the other does.
 */
#ifndef TALLYMAN_FLOW_APART_H
#define TALLYMAN_FLOW_APART_H

#include <sys/types.h>

/*
 * Between the two calls a child of the caller that is made to run does so on
 * another processor than the caller's, where there is one; behind them it may
 * go where the caller may, but has no reason to.  It is no fault where that
 * cannot be had.
 */
void apart_begin(pid_t);
void apart_end(pid_t);

#endif
