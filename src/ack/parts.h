/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the acknowledgement writer share. */
#ifndef TALLYMAN_ACK_PARTS_H
#define TALLYMAN_ACK_PARTS_H

#include "tallyman/ack.h"
#include "x12/write.h"

/* How much is written; see fit in ack.c. */
struct tally_ack_detail {
	size_t bytes;  /* that AK3 and AK4 may use, all together */
	bool accepted; /* whether accepted sets have their AK2 and AK5 */
	size_t sets;   /* bytes that AK2 loops may use, all together */
};

struct tally_ack_answer;

/* A kind of functional acknowledgement; the rows are in kind.c. */
struct tally_ack_kind {
	const char *set;     /* ST01 */
	const char *version; /* the oldest that has it */
	/* Tags: a segment in error, an element in error, a set's verdict. */
	const char *segment, *element, *verdict;
	bool implementation; /* names version and guide of what it answers */
	/* Writes what surrounds an error; null: nothing. */
	void (*context)(struct tally_writer *, const struct tally_ack_answer *,
	    const struct tally_finding *);
};

/* Null when the set acknowledges nothing. */
const struct tally_ack_kind *tally_ack_kind_find(struct tally_str set);
/* What answers the group, and the version that it is written in. */
const struct tally_ack_kind *tally_ack_kind_of(
    const struct tally_group_judged *);
const struct tally_version *tally_ack_version(
    const struct tally_group_judged *);

/* The answer to one group while it is written. */
struct tally_ack_answer {
	const struct tally_ack_kind *kind;
	const struct tally_version *version;
	const struct tally_group_judged *group;
	const struct tally_findings *list;
	struct tally_ack_detail *detail;
};

#define TALLY_ACK_CONTROL_MAX 999999999 /* nine digits, X12.5 */

/* The groups of an interchange of answers, as far as they are written. */
struct tally_ack_groups {
	uint32_t n;    /* groups, of which the last is open */
	uint32_t next; /* number of the next one */
	/* Of the one that is open. */
	char version[16], sender[16], receiver[16];
	uint32_t control, sets;
	size_t end; /* where it goes on */
};

/* How many would be opened by what answers the interchange. */
uint32_t tally_ack_groups_more(
    struct tally_ack_groups, const struct tally_interchange_judged *);
/* Writes what answers the interchange, and leaves the last group open; what
 * closes it and the interchange.  TALLY_NOMEM when there is no memory. */
enum tally_rc tally_ack_groups_add(struct tally_ack_groups *,
    struct tally_writer *, const struct tally_interchange_judged *,
    const struct tally_findings *, const struct tally_ack_envelope *,
    struct tally_ack_detail *, struct tally_err *) TALLY_MUST_USE;
void tally_ack_groups_end(const struct tally_ack_groups *,
    struct tally_writer *, const struct tally_interchange_judged *,
    const struct tally_ack_envelope *);

/* The whole of what answers an interchange, within bytes_max, as
 * tally_ack_write has it, into a buffer with room for tally_ack_work. */
enum tally_rc tally_ack_fit(struct tally_buf *,
    const struct tally_interchange_judged *, const struct tally_findings *,
    const struct tally_ack_envelope *, struct tally_ack_groups *,
    struct tally_err *) TALLY_MUST_USE;
/* An AK3 loop is written before it is known whether it fits. */
size_t tally_ack_work(const struct tally_ack_envelope *);
/* Far below its ceiling a buffer can only have failed for memory. */
bool tally_ack_memory_ended(const struct tally_buf *);

bool tally_ack_wants_functional(
    const struct tally_interchange_judged *, const struct tally_group_judged *);

/* ISA, and IEA with the number of groups. */
void tally_ack_open(struct tally_writer *,
    const struct tally_interchange_judged *, const struct tally_ack_envelope *);
void tally_ack_close(struct tally_writer *,
    const struct tally_interchange_judged *, const struct tally_ack_envelope *,
    uint32_t groups);

/* GS, addressed to who sent the group given; GE with the number of sets. */
void tally_ack_group_open(struct tally_writer *,
    const struct tally_group_judged *, const struct tally_ack_envelope *,
    uint32_t control);
void tally_ack_group_close(
    struct tally_writer *, uint32_t control, uint32_t sets);

void tally_ack_ta1(struct tally_writer *,
    const struct tally_interchange_judged *, const struct tally_findings *);

/*
 * One functional acknowledgement, ST to SE.  What it uses is taken off
 * detail->bytes; an AK3 that does not fit ends the details of this and every
 * later set.  TALLY_NOMEM when there is no memory.
 */
enum tally_rc tally_ack_functional(struct tally_writer *,
    const struct tally_group_judged *, const struct tally_findings *,
    uint32_t control, struct tally_ack_detail *detail, struct tally_err *)
    TALLY_MUST_USE;

/* What a finding is told as; "" when it is not. */
const char *tally_ack_code(
    const struct tally_ack_answer *, const struct tally_finding *);

/* Tag, ordinal and loop of the segment, the next three elements. */
void tally_ack_place(struct tally_writer *, const struct tally_ack_answer *,
    const struct tally_finding *);
/* CTX, for those that have it. */
void tally_ack_context(struct tally_writer *, const struct tally_ack_answer *,
    const struct tally_finding *);

bool tally_ack_letter_or_digit(char);

/* How many letters and digits s begins with. */
size_t tally_ack_plain(const char *s);

/* Whether the answer to the group can hold an identifier, whatever its
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
