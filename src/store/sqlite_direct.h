/* SPDX-License-Identifier: Apache-2.0 */
/* Many rows of a table at once into SQLite; see sqlite_direct.c. */
#ifndef TALLYMAN_STORE_SQLITE_DIRECT_H
#define TALLYMAN_STORE_SQLITE_DIRECT_H

#include <sqlite3.h>

#include "store/engine.h"
#include "store/sqlite_image.h"

#define DIRECT_ROWS 128 /* fewer are not worth it */

/* The model is borrowed; detach before the connection is closed. */
struct sqlite_direct;
enum tally_rc sqlite_direct_new(struct sqlite_direct **,
    const struct tally_model *, struct tally_err *) TALLY_MUST_USE;
void sqlite_direct_free(struct sqlite_direct *);
void sqlite_direct_detach(struct sqlite_direct *);

/* The rows of a table in all loads, within a transaction; not done: as if it
 * had not been called. */
enum tally_rc sqlite_direct_load(struct sqlite_direct *, sqlite3 *,
    uint16_t table, const struct engine_load *, size_t n, bool *done,
    struct tally_err *) TALLY_MUST_USE;

#endif
