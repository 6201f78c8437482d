/* SPDX-License-Identifier: Apache-2.0 */
/* Why a document is not valid, in words that say what was expected. */
#ifndef TALLYMAN_BASE_XML_EXPLAIN_H
#define TALLYMAN_BASE_XML_EXPLAIN_H

#include "base/xml.h"

/*
 * Fills *err for a document that the schema refuses: the tree of RELAX NG in
 * XML, one grammar with named definitions.  complaint is the validator's own
 * message, used when the names of elements and attributes are all right.
 * Returns TALLY_CONFIG.
 */
enum tally_rc tally_xml_explain(const struct tally_xml *, const char *name,
    const struct tally_xml *grammar, const struct tally_err *complaint,
    struct tally_err *);

#endif
