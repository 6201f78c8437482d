/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ISA segment: fixed widths, and the separators of all that follows
 * (X12.5, ISA; X12.6, 3.4.4).
 */
#ifndef TALLYMAN_X12_ISA_H
#define TALLYMAN_X12_ISA_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/finding.h"
#include "tallyman/x12.h"

#define ISA_LENGTH   106 /* with its terminator */
#define ISA_ELEMENTS 16

struct isa {
	struct tally_separators separators;
	uint32_t pos[ISA_ELEMENTS + 1]; /* separators and terminator */
	bool usable; /* separators are sound: the interchange can be read */
};

enum isa_found { ISA_NO, ISA_YES, ISA_DAMAGED };

/*
 * Looks at n bytes for an ISA at the first of them.  ISA_DAMAGED: it begins
 * like one, but its 16 elements cannot be told.
 */
enum isa_found isa_parse(struct isa *, const unsigned char *p, uint32_t n);

/* Reports what is wrong with the ISA at p, whose offset in the file is given:
 * one finding per fault. */
void isa_check(const struct isa *, const unsigned char *p, uint64_t offset,
    struct tally_findings *);

#endif
