/* SPDX-License-Identifier: Apache-2.0 */
/* That a text has a part. */
#ifndef TALLYMAN_TESTS_HAS_H
#define TALLYMAN_TESTS_HAS_H

#include "tallyman/mem.h"

/* Fails the test unless the part stands in the buffer; what: that it holds. */
void buf_has(const struct tally_buf *, const char *what, const char *part);

#endif
