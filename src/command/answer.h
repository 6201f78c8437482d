/* SPDX-License-Identifier: Apache-2.0 */
/* The acknowledgement that the receiver of a file would send back. */
#ifndef TALLYMAN_COMMAND_ANSWER_H
#define TALLYMAN_COMMAND_ANSWER_H

#include "flow/clock.h"
#include "tallyman/ack.h"

enum answer { ANSWER_NONE, ANSWER_TA1, ANSWER_997, ANSWER_999, ANSWERS };

struct answer_time {
	char date[9], time[5]; /* CCYYMMDD, HHMM */
};
struct answer_time answer_time(const struct flow_clock *);

/* "ta1", "997" or "999"; ANSWER_NONE for another word. */
enum answer answer_find(const char *word);

/* Appends what answers an interchange, if anything does.  The numbers are 1:
 * there is no workspace to draw them from. */
enum tally_rc answer_write(struct tally_buf *,
    const struct tally_interchange_judged *, const struct tally_findings *,
    enum answer, const struct answer_time *, struct tally_err *) TALLY_MUST_USE;

#endif
