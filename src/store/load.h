/* SPDX-License-Identifier: Apache-2.0 */
/* How the rows of a load look, whatever the engine. */
#ifndef TALLYMAN_STORE_LOAD_H
#define TALLYMAN_STORE_LOAD_H

#include "store/engine.h"

#define LOAD_DOCUMENT_COLUMNS \
	"id, group_id, partner, set_id, control_number, ordinal," \
	" byte_offset, byte_length, verdict, state, map_id, body, \"key\""

/* The columns of a model's table, quoted, divided by commas; of the model's
 * own only those that are used, or all for null. */
void load_columns(
    struct tally_buf *, const struct tally_table *, const bool *used);

/* The index of a column that people search: its name, and its definition. */
void load_index_name(struct tally_buf *, const struct tally_table *,
    const struct tally_column *);
void load_index(struct tally_buf *, const struct tally_table *,
    const struct tally_column *);

/* Which rows of a table of the batch a load has: from one on, before another;
 * and the id of the document that one of them belongs to, or 0. */
void load_rows(
    const struct engine_load *, uint16_t table, uint32_t *from, uint32_t *to);
int64_t load_document(
    const struct engine_load *, const struct tally_rows *, uint32_t i);

int64_t load_row_id(const struct tally_table *, int64_t document, uint32_t seq);
/* The id that reference k of row i means; 0: none. */
int64_t load_reference(const struct tally_model *, const struct tally_rows *,
    uint32_t i, int k, int64_t document);

/* A text as UTF-8: itself, or where it is not that as tally_text_utf8 has it,
 * in the buffer; look whether that has failed. */
struct tally_str load_text(struct tally_buf *escaped, struct tally_str);

/* False when the cell does not hold an integer of 64 bits. */
bool load_integer(int64_t *, const struct tally_cell *);

/* The keys of documents: how many have one, and the least and the greatest in
 * order of bytes. */
struct load_keys {
	size_t n;
	struct tally_str least, greatest;
	bool
	    plain; /* all are ASCII without NUL: the store has them like that */
};
struct load_keys load_keys(const struct engine_load *, size_t n);

/* The verdict's letter, a static string of one character. */
const char *load_verdict(enum tally_verdict);

#endif
