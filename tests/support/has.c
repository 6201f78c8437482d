/* SPDX-License-Identifier: Apache-2.0 */
/* See has.h. */
#include "support/has.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void
buf_has(const struct tally_buf *b, const char *what, const char *part)
{
	if (b->p == NULL || strstr(b->p, part) == NULL)
		fail_msg("%s: \"%s\" is not in:\n%s", what, part,
		    b->p != NULL ? b->p : "");
}

void
buf_has_answers(const struct tally_buf *b, unsigned n, unsigned step)
{
	char name[32], group[32];
	const char *at;

	for (unsigned i = 1; i <= n; i += step) {
		snprintf(name, sizeof(name), "997-them-%09u.edi", i);
		snprintf(group, sizeof(group), "AK1*PO*%u~", i);
		at = strstr(b->p, name);
		assert_non_null(at);
		assert_non_null(strstr(at, group));
		assert_true(strstr(at, group) - at < 400);
	}
}
