/* SPDX-License-Identifier: Apache-2.0 */
/* See box.h. */
#include "support/box.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "support/mailbox_sink.h"

int
box_setup(void **state)
{
	struct box *b = calloc(1, sizeof(*b));
	char sub[300];

	assert_non_null(b);
	scratch_make(b->dir);
	snprintf(sub, sizeof(sub), "%s/archive", b->dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	snprintf(b->url, sizeof(b->url), "dir:%s", b->dir);
	b->settings = (struct mailbox_settings){ .name = "t", .url = b->url };
	assert_int_equal(mailbox_open(&b->m, &b->settings, &b->err), TALLY_OK);
	*state = b;
	return 0;
}

int
box_teardown(void **state)
{
	struct box *b = *state;

	mailbox_close(b->m);
	scratch_remove(b->dir);
	free(b);
	return 0;
}
