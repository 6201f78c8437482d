/* SPDX-License-Identifier: Apache-2.0 */
/* Control totals of a checked set, as CTT01 and CTT02. */
#ifndef TALLYMAN_X12_TOTAL_H
#define TALLYMAN_X12_TOTAL_H

#include "tallyman/x12.h"

void total_check(const struct tally_set *,
    void (*report)(void *ctx, const struct tally_finding *), void *ctx);

#endif
