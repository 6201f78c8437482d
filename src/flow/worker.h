/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on mailboxes of the network, several at a time, so that one that is
 * down or slow delays nobody else.
 *
 * Each piece of work, a stage of one mailbox, is done by a process of its own,
 * which is made by fork and ends with it.  What flows where:
 *
 *   the run     has the lock, decides which mailboxes are worked on, does all
 *               local mailboxes and all translating itself
 *   a worker    has one mailbox, reads its keys and passwords itself, and has
 *               a connection to the store of its own, through which it records
 *               and commits exactly as the run would do
 *   a pipe      brings what the worker has counted, and how the mailbox does,
 *               in one piece when it ends
 *
 * So files go from the partner into the store by one way only, a commit is
 * made by the process that will act on it, and writers wait for each other
 * where SQLite has them wait.  A connection to the store never lives through a
 * fork: the run has none while it makes workers, and opens its own again.
 *
 * A worker that crashes, or does not come to an end, has failed its mailbox
 * for this run; what it had committed stays, and its mailbox goes on from
 * there in the next run.  A run that dies takes its workers with it.  They
 * share its lock until they have ended.
 */
#ifndef TALLYMAN_FLOW_WORKER_H
#define TALLYMAN_FLOW_WORKER_H

#include "flow/flow.h"

/* Whether a mailbox is worked on by a worker. */
bool worker_for(const struct flow *, size_t i);

/* Asks for a stage's work on mailbox i; not while it has work. */
void worker_want(struct flow *, size_t i, int stage);
/* Whether mailbox i is being worked on, or is to be. */
bool worker_has(const struct flow *, size_t i);

/*
 * Makes as many workers as may be at work at a time.  Mailboxes that failed
 * before, in this run or the last, come last, and leave one place to others.
 * TALLY_OK too when none was to be made.
 */
enum tally_rc worker_start(struct flow *, struct tally_err *) TALLY_MUST_USE;

/* How many are at work. */
unsigned worker_running(const struct flow *);

/*
 * Waits until at least one has ended, and takes over what it reports.  Trouble
 * with the store or memory is that of the run, as if it had done the work.
 */
enum tally_rc worker_wait(struct flow *, struct tally_err *) TALLY_MUST_USE;

/* Ends those that are at work, at once. */
void worker_stop(struct flow *);

#endif
