/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator that counts its blocks and fails when it is told to. */
#ifndef TALLYMAN_TESTS_COUNTED_H
#define TALLYMAN_TESTS_COUNTED_H

#include "tallyman/mem.h"

extern long counted_left;   /* allocations until one fails; negative: never */
extern long counted_blocks; /* not freed yet */
extern const struct tally_allocator counted; /* for tally_allocator_set */

#endif
