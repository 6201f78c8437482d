/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acknowledgements: TA1, 997 and 999 as a function of what was found.
 *
 * A judgement is the verdict on one interchange: its envelope, its groups,
 * and of each group the sets that an acknowledgement lists.  It is made by
 * tally_judge and read by tally_ack_write.
 */
#ifndef TALLYMAN_ACK_H
#define TALLYMAN_ACK_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/err.h"
#include "tallyman/finding.h"
#include "tallyman/mem.h"
#include "tallyman/x12.h"

/* Verdicts, spelled as AK501 and AK901 are. */
enum tally_verdict {
	TALLY_ACCEPTED = 'A',
	TALLY_ACCEPTED_WITH_ERRORS = 'E',
	TALLY_PARTIAL = 'P', /* groups only */
	TALLY_REJECTED = 'R'
};

/* Findings of one thing: v[first] … v[first + n - 1] of the list. */
struct tally_span {
	size_t first, n;
};

/* The kinds of functional acknowledgement. */
enum tally_ack_form { TALLY_ACK_997, TALLY_ACK_999, TALLY_ACK_FORMS };

struct tally_set_judged {
	char id[8];          /* ST01, shortened */
	char control[16];    /* ST02, shortened */
	char convention[36]; /* ST03: the guide it was written by */
	uint32_t ordinal;    /* in the group, from 1 */
	uint64_t offset;
	enum tally_verdict verdict;
	struct tally_span findings;
};

struct tally_group_judged {
	char functional[4];            /* GS01 */
	char sender[16], receiver[16]; /* GS02, GS03 */
	char control[16];              /* GS06 */
	char version[16];              /* GS08 */
	char read_as[8]; /* version of the dictionary; empty: none */
	uint64_t offset;
	uint32_t included; /* GE01, or the sets seen where GE is missing */
	uint32_t received; /* sets that are there */
	uint32_t accepted; /* with or without errors */
	enum tally_verdict verdict;
	/* Agreed on, so the caller's to set. */
	bool silent;                /* not to be answered */
	bool errors_only;           /* sets without errors are not listed */
	enum tally_ack_form form;   /* where the version has it; else 997 */
	struct tally_span findings; /* of the group itself */
	struct tally_set_judged
	    *set; /* those that are listed; see tally_judge */
	uint32_t nset;
};

struct tally_interchange_judged {
	/* ISA, blanks at the right removed; empty when not readable */
	char sender_qualifier[4], sender[16];
	char receiver_qualifier[4], receiver[16];
	char date[8], time[8]; /* ISA09 YYMMDD, ISA10 HHMM */
	char version[8];       /* ISA12 */
	char control[12];      /* ISA13 as sent */
	bool ack_requested;    /* ISA14 is 1 */
	char usage;            /* ISA15: T P I */
	struct tally_separators separators;
	uint64_t offset, length; /* in the file */
	bool readable;     /* ISA could be read, so there is somebody to tell */
	bool complete;     /* IEA is there */
	uint32_t included; /* groups that are there */
	enum tally_verdict verdict; /* of the envelope: A E R */
	struct tally_span findings; /* of the envelope */
	struct tally_group_judged *group;
	uint32_t ngroup;
};

/* Which parts are written; 0 leaves it to the interchange. */
enum tally_ack_when {
	TALLY_ACK_WANTED, /* TA1: tally_ack_wants_ta1; 997: every group */
	TALLY_ACK_ALWAYS, /* even where nothing asks for it */
	TALLY_ACK_NEVER
};

/*
 * What an acknowledgement needs beside the judgement.  Time and numbers are
 * values passed in, so that replay gives the same bytes.
 */
struct tally_ack_envelope {
	const char *sender_qualifier, *sender;     /* ISA05, 06: us */
	const char *receiver_qualifier, *receiver; /* ISA07, 08 */
	const char *date, *time;                   /* CCYYMMDD, HHMM */
	uint32_t interchange_control;
	uint32_t group_control; /* of the first group; others count on */
	char usage;
	struct tally_separators separators;
	bool newline;       /* a line feed behind each terminator */
	uint32_t bytes_max; /* of the whole acknowledgement */
	/* An acknowledgement (GS01 FA, or TA1 alone) is never answered, not
	 * even by ALWAYS. */
	enum tally_ack_when ta1, functional;
};

/*
 * Whether the interchange is to be answered at all, and with what: TA1 when
 * ISA14 asks for it, when the envelope has findings, or when a group is so
 * bad that AK1 cannot name it; 997 unless the interchange is rejected.
 */
bool tally_ack_wants_ta1(const struct tally_interchange_judged *);
/* Groups that want a 997 or 999: all but those of acknowledgements. */
uint32_t tally_ack_groups(const struct tally_interchange_judged *);
/* Groups that answers are written in, so control numbers that are needed. */
uint32_t tally_ack_envelopes(const struct tally_interchange_judged *);
/* What answers the group: "997" or "999". */
const char *tally_ack_set(const struct tally_group_judged *);

/*
 * Writes one interchange: TA1 when wanted, and groups of 997s or 999s, one
 * for each group that wants one.  Each goes back under the group's own
 * version, receiver and sender; answers for which these are the same, one
 * after the other, share a group.  Control numbers of sets count from 0001.
 * Writes nothing when nothing is wanted.  What bytes_max does not hold is
 * left out, details first, then sets; TALLY_NOMEM when it does not even hold
 * the verdicts on the groups.
 */
enum tally_rc tally_ack_write(struct tally_buf *,
    const struct tally_interchange_judged *, const struct tally_findings *,
    const struct tally_ack_envelope *, struct tally_err *) TALLY_MUST_USE;

/*
 * One interchange that answers several: what they want of 997s and 999s, as
 * tally_ack_write has it.  No TA1, since that answers one interchange.
 *
 * It is under the envelope and ISA12 of the first: what is borrowed there is
 * copied.  takes tells whether what answers another one can be in it: that has
 * groups that want an answer, wants no TA1, and its envelope has the same
 * parties, usage and separators, and its ISA the same version.
 */
struct tally_ack_joint;
enum tally_rc tally_ack_joint_new(struct tally_ack_joint **,
    const struct tally_interchange_judged *, const struct tally_ack_envelope *,
    struct tally_err *) TALLY_MUST_USE;
void tally_ack_joint_free(struct tally_ack_joint *);
const struct tally_ack_envelope *tally_ack_joint_envelope(
    const struct tally_ack_joint *);
bool tally_ack_joint_takes(const struct tally_ack_joint *,
    const struct tally_interchange_judged *, const struct tally_ack_envelope *);
/* Groups that adding it would open, so control numbers that are needed. */
uint32_t tally_ack_joint_envelopes(
    const struct tally_ack_joint *, const struct tally_interchange_judged *);
/*
 * Adds what answers the interchange; the number is that of the first group that
 * is opened for it, others count on.  The first is cut to bytes_max, as
 * tally_ack_write does.  Of a later one all is added, or nothing, where it is
 * larger than bytes_max, or the whole than that of the envelope would be.
 * After a failure it cannot be used any more.
 */
enum tally_rc tally_ack_joint_add(struct tally_ack_joint *,
    const struct tally_interchange_judged *, const struct tally_findings *,
    uint32_t group_control, uint32_t bytes_max, bool *added, struct tally_err *)
    TALLY_MUST_USE;
/* The interchange, whole; live until something is added. */
struct tally_str tally_ack_joint_bytes(const struct tally_ack_joint *);

#endif
