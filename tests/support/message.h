/* SPDX-License-Identifier: Apache-2.0 */
/* One message between the run and the parser: its bytes, whole and damaged. */
#ifndef TALLYMAN_TESTS_MESSAGE_H
#define TALLYMAN_TESTS_MESSAGE_H

#include "flow/wire.h"
#include "support/generate.h"

#define MESSAGE_ROUNDS 20000 /* damages that a kind of message is tried with */

/* Where a test writes its message. */
extern struct tally_buf message;

/* Of a group of tests. */
int message_setup(void **state);
int message_teardown(void **state);

/* What is in the one frame that was written. */
struct tally_str message_content(void);

/* To read such a content; what the last one was read into is gone. */
void message_open(struct wire *, struct tally_str content);

/* A copy of a content, cut or with some bytes changed, that ends where its
 * memory ends; owned by the caller, who frees it. */
char *message_damaged(struct tally_str content, struct rnd *, size_t *n);

#endif
