/* SPDX-License-Identifier: Apache-2.0 */
/* See has.h. */
#include "support/has.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

void
buf_has(const struct tally_buf *b, const char *what, const char *part)
{
	if (b->p == NULL || strstr(b->p, part) == NULL)
		fail_msg("%s: \"%s\" is not in:\n%s", what, part,
		    b->p != NULL ? b->p : "");
}
