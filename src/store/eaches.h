/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities in eaches, as SQL of the views for an ERP. */
#ifndef TALLYMAN_STORE_EACHES_H
#define TALLYMAN_STORE_EACHES_H

#include "tallyman/mem.h"
#include "tallyman/record.h"

/*
 * In three steps, each a selection from the one before, so that nothing is said
 * twice; names that begin with "eaches_" are theirs.
 *
 * What is said of the unit of a table t with a column "unit"; and what that
 * needs joined behind it and the documents d.
 */
void eaches_says(struct tally_buf *, const struct tally_table *);
void eaches_join(struct tally_buf *);

/* Columns eaches_per_unit and eaches_rule, which says where it is from; and the
 * parts of a quantity, which are named after what is made of them. */
void eaches_per_unit(struct tally_buf *);
void eaches_parts(struct tally_buf *, const char *as, const char *quantity);

/* A quantity in eaches. */
void eaches_of(struct tally_buf *, const char *as, const char *quantity);

/* The view of units that they refer to. */
#define EACHES_UNITS "erp_units"
void eaches_units(struct tally_buf *);

#endif
