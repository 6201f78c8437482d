/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema leaves free, so that a validator need not be asked. */
#ifndef TALLYMAN_BASE_XML_OPTIONAL_H
#define TALLYMAN_BASE_XML_OPTIONAL_H

#include <stdbool.h>

#include "base/xml.h"

/*
 * The pattern of elements of a name in a schema's tree (RELAX NG in XML, one
 * grammar with named definitions); null when there is none or more than one.
 */
const struct tally_xml *tally_xml_pattern(
    const struct tally_xml *grammar, const char *element);

/* Whether an element of that pattern may have the attribute, with any value,
 * whatever else it has. */
bool tally_xml_optional(const struct tally_xml *grammar,
    const struct tally_xml *pattern, const char *attribute);

#endif
