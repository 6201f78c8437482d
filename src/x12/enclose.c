/* SPDX-License-Identifier: Apache-2.0 */
/* Writing envelopes; see enclose.h. */
#include "x12/enclose.h"

#include <string.h>

/* Where ISA is to be padded, nothing but two bytes will do. */
static const char *
qualifier(const char *q)
{
	return strlen(q) == 2 ? q : "ZZ";
}

void
tally_enclose_open(struct tally_writer *w, const struct tally_enclosure *e)
{
	bool repeats = strcmp(e->version, TALLY_ISA_REPEATING) >= 0 &&
	    w->separators.repetition != 0;

	tally_write_begin(w, "ISA");
	tally_write_cstr(w, "00");
	tally_write_fixed(w, "", 10);
	tally_write_cstr(w, "00");
	tally_write_fixed(w, "", 10);
	tally_write_fixed(w, qualifier(e->sender_qualifier), 2);
	tally_write_fixed(w, e->sender, 15);
	tally_write_fixed(w, qualifier(e->receiver_qualifier), 2);
	tally_write_fixed(w, e->receiver, 15);
	tally_write_cstr(w, e->date + 2);
	tally_write_cstr(w, e->time);
	tally_write_raw(w, repeats ? w->separators.repetition : 'U');
	tally_write_cstr(w, e->version);
	tally_write_number(w, e->control, 9);
	tally_write_cstr(w, e->ta1 ? "1" : "0");
	tally_write_char(w, e->usage);
	tally_write_raw(w, w->separators.component);
	tally_write_end(w);
}

void
tally_enclose_close(
    struct tally_writer *w, const struct tally_enclosure *e, uint32_t groups)
{
	tally_write_begin(w, "IEA");
	tally_write_number(w, groups, 1);
	tally_write_number(w, e->control, 9);
	tally_write_end(w);
}

void
tally_enclose_group_open(struct tally_writer *w,
    const struct tally_enclosure *e, const struct tally_group_enclosure *g)
{
	tally_write_begin(w, "GS");
	tally_write_cstr(w, g->functional);
	tally_write_str(w, g->sender);
	tally_write_str(w, g->receiver);
	tally_write_cstr(w, e->date);
	tally_write_cstr(w, e->time);
	tally_write_number(w, g->control, 1);
	tally_write_cstr(w, "X");
	tally_write_str(w, g->version);
	tally_write_end(w);
}

void
tally_enclose_group_close(struct tally_writer *w,
    const struct tally_group_enclosure *g, uint32_t sets)
{
	tally_write_begin(w, "GE");
	tally_write_number(w, sets, 1);
	tally_write_number(w, g->control, 1);
	tally_write_end(w);
}
