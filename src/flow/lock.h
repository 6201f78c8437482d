/* SPDX-License-Identifier: Apache-2.0 */
/* One run at a time in a workspace; the lock dies with its process. */
#ifndef TALLYMAN_FLOW_LOCK_H
#define TALLYMAN_FLOW_LOCK_H

#include "tallyman/err.h"

/*
 * Takes the workspace's lock.  *fd holds it until lock_release, or until the
 * process ends however it ends.  TALLY_TEMP when another run has it.
 */
enum tally_rc lock_take(int *fd, const char *dir, struct tally_err *)
    TALLY_MUST_USE;
void lock_release(int fd);

#endif
