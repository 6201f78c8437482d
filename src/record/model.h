/* SPDX-License-Identifier: Apache-2.0 */
/* The model from its text, and the one that is compiled in. */
#ifndef TALLYMAN_RECORD_MODEL_H
#define TALLYMAN_RECORD_MODEL_H

#include "tallyman/record.h"

/* As tally_model_load, but any text is read. */
enum tally_rc tally_model_read(struct tally_model **, const char *name,
    struct tally_str text, struct tally_err *) TALLY_MUST_USE;

/* The reference of a name, or -1. */
int tally_table_reference(const struct tally_table *, struct tally_str name);

/* What the embedded records.xml comes to, made by src/tool/model.c; its arena
 * owns nothing. */
extern const struct tally_model tally_model_built_in;

#endif
