/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing envelopes: ISA and IEA, GS and GE.
 *
 * Whoever calls has seen to the values; what a fixed field cannot hold is cut
 * off, and what is no separator's business is replaced by the writer.
 */
#ifndef TALLYMAN_X12_ENCLOSE_H
#define TALLYMAN_X12_ENCLOSE_H

#include "x12/write.h"

#define TALLY_ISA_REPEATING "00402" /* from here on ISA11 is a separator */

struct tally_enclosure {
	const char *sender_qualifier, *sender;     /* ISA05, 06 */
	const char *receiver_qualifier, *receiver; /* ISA07, 08 */
	const char *date, *time;                   /* CCYYMMDD, HHMM */
	const char *version;                       /* ISA12 */
	uint32_t control;
	bool ta1; /* is asked for */
	char usage;
};
/* ISA; IEA with the number of groups. */
void tally_enclose_open(struct tally_writer *, const struct tally_enclosure *);
void tally_enclose_close(
    struct tally_writer *, const struct tally_enclosure *, uint32_t groups);

/* GS with the interchange's date and time; GE with the number of sets. */
struct tally_group_enclosure {
	const char *functional;            /* GS01 */
	struct tally_str sender, receiver; /* GS02, 03 */
	struct tally_str version;          /* GS08 */
	uint32_t control;
};
void tally_enclose_group_open(struct tally_writer *,
    const struct tally_enclosure *, const struct tally_group_enclosure *);
void tally_enclose_group_close(
    struct tally_writer *, const struct tally_group_enclosure *, uint32_t sets);

#endif
