/* SPDX-License-Identifier: Apache-2.0 */
/* libxml2's messages; see xml_error.h. */
#include "base/xml_error.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "tallyman/mem.h"

#define MESSAGE_MAX 800 /* bytes of it that are told */

void
tally_xml_error_at(
    struct tally_err *err, const char *name, long line, const char *text)
{
	tally_err_at(err, TALLY_CONFIG, name,
	    line > 0 && line < INT_MAX ? (unsigned)line : 0, "%s", text);
}

bool
tally_xml_error_note(const xmlError *e, const char *name, struct tally_err *err)
{
	struct tally_buf b;
	size_t n = e->message != NULL ? strlen(e->message) : 0;

	if (e->level == XML_ERR_WARNING)
		return false;
	while (n > 0 && e->message[n - 1] == '\n')
		n--;
	tally_buf_init(&b, 4096);
	tally_text_safe(
	    &b, tally_str(e->message, n < MESSAGE_MAX ? n : MESSAGE_MAX));
	tally_xml_error_at(
	    err, name, e->line, b.n > 0 ? b.p : "the XML cannot be read");
	tally_buf_free(&b);
	return true;
}
