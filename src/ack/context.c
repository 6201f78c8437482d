/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CTX, what a 999 says about the circumstances of an error.
 *
 * A relational note is broken because of an element that is there: CTX names
 * it as the situational trigger.  Other errors of ours have no trigger.
 */
#include "ack/parts.h"

#define TRIGGER      "SITUATIONAL TRIGGER"
#define POSITION_MAX 99 /* two digits: C030-01 */

void
tally_ack_context(struct tally_writer *w, const struct tally_ack_answer *a,
    const struct tally_finding *f)
{
	if (f->trigger == 0 || f->trigger > POSITION_MAX)
		return;
	tally_write_begin(w, "CTX");
	tally_write_cstr(w, TRIGGER);
	tally_ack_place(w, a, f);
	tally_write_position(w, f->trigger, 0, 0);
	tally_write_end(w);
}
