/* SPDX-License-Identifier: Apache-2.0 */
/* Death at the n-th use of memory, which stands for any instruction. */
#ifndef TALLYMAN_TESTS_DYING_H
#define TALLYMAN_TESTS_DYING_H

#include "support/workspace.h"

/* How often a run that nothing disturbs uses memory in its stages; its exit
 * status is in *status. */
long dying_uses(struct workspace *, int *status);

/* A run, in a child, that dies at use n; true when it came to its end. */
bool dying_run(struct workspace *, long n);

/* A run whose first parsers, so many, die at their use n of memory.  *lived:
 * there was only one.  Returns the exit status. */
int dying_parsers(struct workspace *, long n, unsigned deaths, bool *lived);

#endif
