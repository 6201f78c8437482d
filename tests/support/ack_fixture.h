/* SPDX-License-Identifier: Apache-2.0 */
/* A judgement without findings, and an envelope to answer it in. */
#ifndef TALLYMAN_TESTS_ACK_FIXTURE_H
#define TALLYMAN_TESTS_ACK_FIXTURE_H

#include "tallyman/ack.h"

#define MAX (1u << 20)

#define ISA \
	"ISA*00*          *00*          *ZZ*US             *01*THEM          " \
	" *261123*1707*U*00401*000000042*0*P*:~\n"
#define GS "GS*FA*WEGS*THEYGS*20261123*1707*7*X*004010~\n"

extern const struct tally_ack_envelope envelope;
extern const struct tally_interchange_judged interchange;
extern const struct tally_group_judged group;
extern const struct tally_set_judged set;

/* How often what stands in text. */
unsigned occurrences(const char *text, const char *what);

#endif
