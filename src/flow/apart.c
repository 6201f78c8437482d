/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process runs that works beside another; see apart.h. */
/* For cpu_set_t and sched_getcpu. */
#define _GNU_SOURCE
#include "flow/apart.h"

#include <assert.h>
#include <sched.h>

void
apart_begin(pid_t pid)
{
	cpu_set_t set;
	int here = sched_getcpu();

	assert(pid > 0); /* 0 would be the caller */
	if (here < 0 || here >= CPU_SETSIZE ||
	    sched_getaffinity(0, sizeof(set), &set) != 0)
		return;
	CPU_CLR(here, &set);
	if (CPU_COUNT(&set) > 0)
		(void)sched_setaffinity(pid, sizeof(set), &set);
}

void
apart_end(pid_t pid)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		(void)sched_setaffinity(pid, sizeof(set), &set);
}
