/* SPDX-License-Identifier: Apache-2.0 */
/* See site_text.h. */
#include "support/site_text.h"

#include <string.h>

enum tally_rc
site_read(struct site **s, const char *text, struct tally_err *err)
{
	memset(err, 0, sizeof(*err));
	*s = NULL;
	return site_parse(
	    s, "/w", "t.xml", tally_cstr(text), &tally_builtin, err);
}
