/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities in eaches, as SQL of the views for an ERP. */
#ifndef TALLYMAN_STORE_EACHES_H
#define TALLYMAN_STORE_EACHES_H

#include "tallyman/mem.h"
#include "tallyman/record.h"

/*
 * Columns eaches_per_unit and eaches_rule, which says where it is from, of a
 * table t with a column "unit"; and what they need joined behind it and the
 * documents d.
 */
void eaches_columns(struct tally_buf *, const struct tally_table *);
void eaches_join(struct tally_buf *);

/* The view of units that they refer to. */
#define EACHES_UNITS "erp_units"
void eaches_units(struct tally_buf *);

/* A quantity in eaches; r has the column and eaches_per_unit. */
void eaches_of(struct tally_buf *, const char *quantity);

#endif
