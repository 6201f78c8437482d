/* SPDX-License-Identifier: Apache-2.0 */
/* As the receiver would answer; see answer.h. */
#include "command/answer.h"

#include <string.h>

#include "x12/write.h"

#define ACK_MAX (64u << 20)

struct answer_time
answer_time(const struct flow_clock *clock)
{
	struct answer_time when = { "", "" };

	flow_clock_x12(flow_clock_now(clock), when.date, when.time);
	return when;
}

enum answer
answer_find(const char *word)
{
	static const char *const words[ANSWERS] = { "", "ta1", "997", "999" };

	for (unsigned i = ANSWER_TA1; i < ANSWERS; i++)
		if (strcmp(words[i], word) == 0)
			return (enum answer)i;
	return ANSWER_NONE;
}

enum tally_rc
answer_write(struct tally_buf *out, const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, enum answer answer,
    const struct answer_time *when, struct tally_err *err)
{
	static const struct tally_separators usual = { '*', '~', '>', 0 };
	struct tally_ack_envelope e = {
		.sender_qualifier = ic->receiver_qualifier,
		.sender = *ic->receiver != '\0' ? ic->receiver : "UNKNOWN",
		.receiver_qualifier = ic->sender_qualifier,
		.receiver = ic->sender,
		.date = when->date,
		.time = when->time,
		.interchange_control = 1,
		.group_control = 1,
		.usage = ic->usage,
		.separators = ic->separators,
		.newline = true,
		.bytes_max = ACK_MAX,
	};

	if (e.usage != 'T' && e.usage != 'I')
		e.usage = 'P';
	if (!tally_separators_ok(&e.separators))
		e.separators = usual;
	if (answer == ANSWER_TA1) {
		e.ta1 = TALLY_ACK_ALWAYS;
		e.functional = TALLY_ACK_NEVER;
	}
	for (uint32_t i = 0; i < ic->ngroup; i++)
		ic->group[i].form =
		    answer == ANSWER_999 ? TALLY_ACK_999 : TALLY_ACK_997;
	return tally_ack_write(out, ic, findings, &e, err);
}
