/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A large file on its way in: its bytes go to a file of spool/ and into a
 * hash.  Both, and pushing them out to the disk, are done by a thread beside
 * the caller's, who has the network or another file to attend to.
 *
 * Only files of store/ include this.
 */
#ifndef TALLYMAN_STORE_SPOOL_H
#define TALLYMAN_STORE_SPOOL_H

#include "store/internal.h"

#define SPOOL_NAME 64

struct spool;

/* Makes the file.  The hash is borrowed, and the spool's until its end. */
enum tally_rc spool_new(struct spool **, struct store *, struct tally_hash *,
    struct tally_err *) TALLY_MUST_USE;

/* Takes bytes.  What fails may be told by a later call; then all fail. */
enum tally_rc spool_add(
    struct spool *, const void *, size_t, struct tally_err *) TALLY_MUST_USE;

/* All bytes are written and hashed, not yet durable; nothing more can come. */
enum tally_rc spool_end(struct spool *, struct tally_err *) TALLY_MUST_USE;

/* How many bytes can be read already, and bytes of them from an offset on. */
uint64_t spool_there(struct spool *);
enum tally_rc spool_read(struct spool *, uint64_t at, void *, size_t max,
    size_t *got, struct tally_err *) TALLY_MUST_USE;

/* After the end: what was added last, which lives as long as the spool, and the
 * hash of all before it, the caller's then; null: there was no memory. */
struct tally_str spool_last(struct spool *, struct tally_hash **before);

/* After the end: durable and read-only, under that name of the workspace. */
enum tally_rc spool_keep(struct spool *, const char *place, struct tally_err *)
    TALLY_MUST_USE;

/* Removes what was not kept. */
void spool_free(struct spool *);

#endif
