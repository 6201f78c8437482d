/* SPDX-License-Identifier: Apache-2.0 */
/* What was sent to partners, and the acknowledgements of it. */
#ifndef TALLYMAN_STORE_SENT_H
#define TALLYMAN_STORE_SENT_H

#include "store/store.h"

/*
 * An interchange of ours that a file of the outbox carries, as evidence: by it
 * answers are matched.  Offsets count from its first byte.  Its groups and
 * documents are put as those that come in are, the documents in state "sent".
 */
enum tally_rc store_interchange_sent(struct store *, int64_t outbox,
    const char *partner, const struct tally_interchange_judged *,
    const unsigned char sha256[32], int64_t now, int64_t *id,
    struct tally_err *) TALLY_MUST_USE;

/* An acknowledgement of a document is waited for, so long from the time on
 * when the file that has it is sent. */
enum tally_rc store_expect(struct store *, int64_t document, int64_t outbox,
    int64_t wait_ms, struct tally_err *) TALLY_MUST_USE;

/* Those that should have come before now are overdue; how many became so. */
enum tally_rc store_expected_overdue(struct store *, int64_t now, uint64_t *n,
    struct tally_err *) TALLY_MUST_USE;

#endif
