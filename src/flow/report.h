/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings and verdicts for a person, and as JSON lines for a program.
 *
 * Every byte that came from outside is escaped.  For a person:
 *
 *	interchange 000000905 from 01/THEM to ZZ/US at byte 0: accepted
 *	  group 17 PO 004010 at byte 106: rejected, 0 of 1 sets accepted
 *	    set 1 850 0001 at byte 150: rejected
 *	      error at byte 311: the value is not in the element's code list
 *	        file      orders.edi
 *	        where     segment 5 PO1, loop PO1
 *	        element   PO103 unit of measure (355)
 *	        found     "QQ"
 *	        expected  one of 5 codes
 *	        matters   the set is rejected: it makes no record until it is
 *	                  sent again
 *	        who acts  the sender uses a listed code
 *	        codes     element_code AK403=7
 *
 * As JSON, one object a line, each with "type" first and "file" second:
 *
 *	type "interchange": offset, length, control, sender_qualifier, sender,
 *	    receiver_qualifier, receiver, date, time, version, usage, verdict,
 *	    groups, complete
 *	type "group": interchange, offset, control, functional, version,
 *	    sender, receiver, verdict, included, received, accepted
 *	type "set": interchange, group, offset, set, control, ordinal, verdict
 *	type "finding": severity (note, warning, error), level (file,
 *	    interchange, group, set, segment, element), kind, offset; what it
 *	    belongs to, as far as it goes: interchange, group, set,
 *	    set_control; what applies of segment, tag, loop, element,
 *	    component, repetition, id, name, value, expected; what, matters,
 *	    todo; and
 *	    where the partner is told: told_in (TA105, AK905, AK502, AK304,
 *	    AK403) and code
 *	type "dropped": count of findings that were not kept
 *
 * Verdicts are those of X12: A, E, P, R.  Offsets are bytes of the file, from
 * 0; positions count from 1.
 */
#ifndef TALLYMAN_FLOW_REPORT_H
#define TALLYMAN_FLOW_REPORT_H

#include <stdbool.h>

#include "tallyman/ack.h"
#include "tallyman/finding.h"

/* How, and of which file; null or "-" is standard input. */
struct report {
	const char *file;
	bool json;
	bool color; /* for a person only */
};

/* What follows from a finding: why it matters. */
const char *report_matters(const struct tally_finding *);

/* What a finding belongs to; null where there is no such thing. */
struct report_place {
	const struct tally_interchange_judged *interchange;
	const struct tally_group_judged *group;
	const struct tally_set_judged *set;
};

void report_finding(struct tally_buf *, const struct report *,
    const struct report_place *, const struct tally_finding *);

/* The interchange, its groups and listed sets, with the findings of each. */
void report_interchange(struct tally_buf *, const struct report *,
    const struct tally_interchange_judged *, const struct tally_findings *);

/*
 * Findings that belong to no interchange, and how many were not kept.  The
 * list is that of the interchange given, or, with null, of the input's end:
 * an ISA so broken that it begins no interchange is told of here.
 */
void report_outside(struct tally_buf *, const struct report *,
    const struct tally_interchange_judged *, const struct tally_findings *);

/* "accepted with errors", for E. */
const char *report_verdict(enum tally_verdict);

#endif
