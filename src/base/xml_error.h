/* SPDX-License-Identifier: Apache-2.0 */
/* What libxml2 says is wrong, as an error of ours. */
#ifndef TALLYMAN_BASE_XML_ERROR_H
#define TALLYMAN_BASE_XML_ERROR_H

#include <libxml/xmlerror.h>
#include <libxml/xmlversion.h>

#include <stdbool.h>

#include "tallyman/err.h"

/* libxml2 declares the error const from 2.12 on. */
#if LIBXML_VERSION >= 21200
typedef const xmlError *tally_xml_error;
#else
typedef xmlError *tally_xml_error;
#endif

/* Fills *err with the message, printable and without its line feed, and where
 * in the file name it was; not for a warning, and then it says false. */
bool tally_xml_error_note(
    const xmlError *, const char *name, struct tally_err *err);

/* An error at a line, or 0. */
void tally_xml_error_at(
    struct tally_err *, const char *name, long line, const char *text);

#endif
