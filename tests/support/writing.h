/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows through maps that are run backwards: records as JSON, and what is
 * written of them as text.
 */
#ifndef TALLYMAN_TESTS_WRITING_H
#define TALLYMAN_TESTS_WRITING_H

#include "support/reading.h"

/*
 * Adds a document with these records, whose quotes are apostrophes, to the
 * reading's batch, and writes it to out, which is empty, with a line for each
 * finding of the reading behind it.
 */
void writing_put(struct tally_buf *out, struct reading *, const char *records,
    const struct tally_residues *, const struct tally_map_writing *);

/* So many rules of a map that make rows of reference numbers, of the kinds k0,
 * k1, … */
void writing_rules(struct tally_buf *map, unsigned n);

/* As reading_begin, with a map that does not remember how rows are written:
 * each way of writing is one too many to have plans. */
void writing_begin_unplanned(struct reading *, const char *map);

#endif
