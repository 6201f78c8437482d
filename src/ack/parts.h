/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the acknowledgement writer share. */
#ifndef TALLYMAN_ACK_PARTS_H
#define TALLYMAN_ACK_PARTS_H

#include "tallyman/ack.h"
#include "x12/write.h"

/* For groups of versions that we do not know. */
#define TALLY_ACK_VERSION "004010"

/* How much of a 997 is written; see fit in ack.c. */
struct tally_ack_detail {
	size_t bytes;  /* that AK3 and AK4 may use, all together */
	bool accepted; /* whether accepted sets have their AK2 and AK5 */
};

/* ISA, and IEA with the number of groups. */
void tally_ack_open(struct tally_writer *,
    const struct tally_interchange_judged *, const struct tally_ack_envelope *);
void tally_ack_close(
    struct tally_writer *, const struct tally_ack_envelope *, uint32_t groups);

/* GS, addressed to who sent the group given; GE with the number of sets. */
void tally_ack_group_open(struct tally_writer *,
    const struct tally_group_judged *, const struct tally_ack_envelope *);
void tally_ack_group_close(
    struct tally_writer *, const struct tally_ack_envelope *, uint32_t sets);

void tally_ack_ta1(struct tally_writer *,
    const struct tally_interchange_judged *, const struct tally_findings *);

/*
 * One 997, ST to SE.  What it uses is taken off detail->bytes; an AK3 that
 * does not fit ends the details of this and every later set.  TALLY_NOMEM
 * when there is no memory.
 */
enum tally_rc tally_ack_functional(struct tally_writer *,
    const struct tally_group_judged *, const struct tally_findings *,
    uint32_t control, struct tally_ack_detail *detail, struct tally_err *)
    TALLY_MUST_USE;

bool tally_ack_letter_or_digit(char);

/* How many letters and digits s begins with. */
size_t tally_ack_plain(const char *s);

/* Whether a 997 of the group's version can hold an identifier, whatever its
 * separators are, in an element. */
bool tally_ack_holds(
    const struct tally_group_judged *, const char *element, const char *value);

/* Whether AK1 can name the group. */
bool tally_ack_nameable(const struct tally_group_judged *);

/* Digits only, and between min and max of them. */
bool tally_ack_digits(const char *, size_t min, size_t max);

/* The span, cut to what the list kept. */
struct tally_span tally_ack_span(
    const struct tally_findings *, struct tally_span);

#endif
