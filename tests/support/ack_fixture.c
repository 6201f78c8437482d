/* SPDX-License-Identifier: Apache-2.0 */
/* See ack_fixture.h. */
#include "ack_fixture.h"

const struct tally_ack_envelope envelope = {
	.sender_qualifier = "ZZ",
	.sender = "US",
	.receiver_qualifier = "01",
	.receiver = "THEM",
	.date = "20261123",
	.time = "1707",
	.interchange_control = 42,
	.group_control = 7,
	.usage = 'P',
	.separators = { '*', '~', ':', 0 },
	.newline = true,
	.bytes_max = MAX,
};

const struct tally_interchange_judged interchange = {
	.sender_qualifier = "01",
	.sender = "THEM",
	.receiver_qualifier = "ZZ",
	.receiver = "US",
	.date = "261122",
	.time = "0815",
	.version = "00401",
	.control = "000000905",
	.usage = 'P',
	.separators = { '*', '~', '>', 0 },
	.readable = true,
	.complete = true,
	.included = 1,
	.verdict = TALLY_ACCEPTED,
};

const struct tally_group_judged group = {
	.functional = "PO",
	.sender = "THEYGS",
	.receiver = "WEGS",
	.control = "17",
	.version = "004010",
	.included = 1,
	.received = 1,
	.accepted = 1,
	.verdict = TALLY_ACCEPTED,
};

const struct tally_set_judged set = {
	.id = "850", .control = "0001", .ordinal = 1, .verdict = TALLY_ACCEPTED
};

unsigned
occurrences(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}
