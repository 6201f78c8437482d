/* SPDX-License-Identifier: Apache-2.0 */
/* Documents held against a schema by libxml2's validator. */
#ifndef TALLYMAN_BASE_XML_VALIDATE_H
#define TALLYMAN_BASE_XML_VALIDATE_H

#include <stdbool.h>

#include "base/xml.h"

/*
 * Whether a text is valid that was read before, so that it is known to be well
 * formed and harmless; name is the file's.  Otherwise *complaint may have the
 * validator's first message.
 */
bool tally_xml_validate(const char *name, struct tally_str text,
    const struct tally_xml_schema *, struct tally_err *complaint);

#endif
