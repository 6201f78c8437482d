/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a table's rows in a batch: arrays that grow by doubling. */
#ifndef TALLYMAN_RECORD_ROWS_H
#define TALLYMAN_RECORD_ROWS_H

#include "tallyman/record.h"

/* Rows of a table, none yet; false without memory.  rows_free takes back the
 * rows alone. */
bool rows_init(struct tally_rows *, const struct tally_table *);
void rows_free(struct tally_rows *);
/* Room for one more row at least; false without memory. */
bool rows_grow(struct tally_rows *);

#endif
