/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to a document of a batch: what tally_batch_json writes, and what others
 * write who do it by hand.
 */
#ifndef TALLYMAN_RECORD_PARSE_H
#define TALLYMAN_RECORD_PARSE_H

#include "base/json.h"
#include "tallyman/record.h"

/*
 * Appends a document with the rows of an object of tables; file is for
 * messages.  See tally_batch_parse for what may be in it and what is refused.
 */
enum tally_rc tally_record_parse(struct tally_batch *, const char *file,
    const struct tally_json *tables, struct tally_err *) TALLY_MUST_USE;

#endif
