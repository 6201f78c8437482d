/* SPDX-License-Identifier: Apache-2.0 */
/* Why a document is not valid, in words that say what was expected. */
#ifndef TALLYMAN_BASE_XML_EXPLAIN_H
#define TALLYMAN_BASE_XML_EXPLAIN_H

#include "base/xml.h"

#define XML_SCHEMA_MAX (8u << 20) /* memory for a schema's tree */

/*
 * Fills *err for a document that the schema (RELAX NG in XML, one grammar
 * with named definitions) refuses.  complaint is the validator's own message,
 * used when the names of elements and attributes are all right.  Returns
 * TALLY_CONFIG, or TALLY_NOMEM.
 */
enum tally_rc tally_xml_explain(const struct tally_xml *, const char *name,
    const char *schema, const struct tally_err *complaint, struct tally_err *);

#endif
