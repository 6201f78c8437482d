/* SPDX-License-Identifier: Apache-2.0 */
/* A scratch folder, with one named archive in it, as an open mailbox. */
#ifndef TALLYMAN_TESTS_BOX_H
#define TALLYMAN_TESTS_BOX_H

#include "mailbox/mailbox.h"

struct box {
	char dir[256], url[300];
	struct mailbox_settings settings;
	struct mailbox *m;
	struct tally_err err;
};

/* A test's state: such a box, made before it and gone after. */
int box_setup(void **state);
int box_teardown(void **state);

#endif
