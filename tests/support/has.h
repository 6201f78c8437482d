/* SPDX-License-Identifier: Apache-2.0 */
/* That a text has a part, or the answers that it should. */
#ifndef TALLYMAN_TESTS_HAS_H
#define TALLYMAN_TESTS_HAS_H

#include "tallyman/mem.h"

/* Fails the test unless the part stands in the buffer; what: that it holds. */
void buf_has(const struct tally_buf *, const char *what, const char *part);

/* Of answers to the partner "them", as workspace_read gives them: that of each
 * number 1, 1 + step, … up to n answers the group of that number. */
void buf_has_answers(const struct tally_buf *, unsigned n, unsigned step);

#endif
