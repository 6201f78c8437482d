/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run at a time in a workspace; the lock dies with its process.
 *
 * What does not die with it is a note of the file in hand, so that the next
 * run knows what a run died of.  It costs no sync: a power cut may lose it,
 * and no file is the cause of that.
 */
#ifndef TALLYMAN_FLOW_LOCK_H
#define TALLYMAN_FLOW_LOCK_H

#include <stdint.h>

#include "tallyman/err.h"

/*
 * Takes the workspace's lock.  *fd holds it until lock_release, or until the
 * process ends however it ends; *left is the newest note of the run before, 0
 * when that had no file in hand.  A process that is made while it is held holds
 * it, too.  TALLY_TEMP when another run has it.
 */
enum tally_rc lock_take(
    int *fd, int64_t *left, const char *dir, struct tally_err *) TALLY_MUST_USE;
/* Notes the file in hand, 0: none.  Nothing happens when fd is -1. */
enum tally_rc lock_note(int fd, int64_t file, struct tally_err *)
    TALLY_MUST_USE;
void lock_release(int fd);

#endif
