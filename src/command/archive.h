/* SPDX-License-Identifier: Apache-2.0 */
/* Interchanges that were received and kept, read again. */
#ifndef TALLYMAN_COMMAND_ARCHIVE_H
#define TALLYMAN_COMMAND_ARCHIVE_H

#include "command/sets.h"
#include "store/store.h"

/*
 * Gives the interchanges that are recorded and chosen by the filter, and their
 * sets, in the order in which they came.  Each is judged by the agreements of
 * the partner whose mailbox it came from; site and maps of the sets' judging
 * are loaded, and its partner is changed.  Those whose bytes were purged are
 * only counted.
 */
enum tally_rc archive_read(struct sets *, const struct store_filter *,
    uint64_t *purged, struct tally_err *) TALLY_MUST_USE;

#endif
