/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope of an acknowledgement: ISA, GS, GE, IEA.
 *
 * Sender and receiver of the interchange come from the caller, those of the
 * group are the acknowledged group's, turned round.  Versions follow what
 * was received, where an acknowledgement can be written in it.
 */
#include <stdio.h>

#include "ack/parts.h"

#define ISA_VERSION   "00401"
#define ISA_REPEATING "00402" /* from here on ISA11 is a separator */

/* Where ISA is to be padded, nothing but two bytes will do. */
static const char *
qualifier(const char *q)
{
	return strlen(q) == 2 ? q : "ZZ";
}

static const char *
isa_version(const struct tally_interchange_judged *ic)
{
	return tally_ack_digits(ic->version, 5, 5) &&
		strncmp(ic->version, "00", 2) == 0
	    ? ic->version
	    : ISA_VERSION;
}

void
tally_ack_open(struct tally_writer *w,
    const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e)
{
	const char *version = isa_version(ic);
	bool repeats = strcmp(version, ISA_REPEATING) >= 0 &&
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
	tally_write_cstr(w, version);
	tally_write_number(w, e->interchange_control, 9);
	tally_write_cstr(w, "0");
	tally_write_char(w, e->usage);
	tally_write_raw(w, w->separators.component);
	tally_write_end(w);
}

void
tally_ack_close(
    struct tally_writer *w, const struct tally_ack_envelope *e, uint32_t groups)
{
	tally_write_begin(w, "IEA");
	tally_write_number(w, groups, 1);
	tally_write_number(w, e->interchange_control, 9);
	tally_write_end(w);
}

/* An application code has two bytes at least: 142 and 124 are AN 2/15. */
static void
application(struct tally_writer *w, const char *code, const char *isa_qualifier,
    const char *isa_id)
{
	struct tally_str s = tally_str_rtrim(tally_cstr(code));
	char from_isa[16];

	if (s.n >= 2 && s.n <= 15 && tally_write_fits(w, s)) {
		tally_write_str(w, s);
		return;
	}
	s = tally_str_rtrim(tally_cstr(isa_id));
	if (s.n < 2) {
		snprintf(from_isa, sizeof(from_isa), "%.2s%s",
		    qualifier(isa_qualifier), isa_id);
		s = tally_str_rtrim(tally_cstr(from_isa));
	}
	tally_write_str(w, tally_str(s.p, s.n < 15 ? s.n : 15));
}

/* Whether GS08 is of a version that is compiled in, or that a site's own
 * dictionary has. */
static bool
known(const struct tally_group_judged *g, struct tally_str version)
{
	size_t n = strlen(g->read_as);

	return tally_version_find(&tally_builtin, version) != NULL ||
	    (n > 0 && version.n >= n && memcmp(version.p, g->read_as, n) == 0);
}

/*
 * The group's version where we know it, so that what we send is what our own
 * checker accepts; else one that partners read.
 */
static void
version(struct tally_writer *w, const struct tally_group_judged *g)
{
	struct tally_str v = tally_str_rtrim(tally_cstr(g->version));

	if (v.n <= 12 && tally_write_fits(w, v) && known(g, v))
		tally_write_str(w, v);
	else
		tally_write_cstr(w, tally_ack_version(g)->version);
}

void
tally_ack_group_open(struct tally_writer *w, const struct tally_group_judged *g,
    const struct tally_ack_envelope *e, uint32_t control)
{
	tally_write_begin(w, "GS");
	tally_write_cstr(w, "FA");
	application(w, g->receiver, e->sender_qualifier, e->sender);
	application(w, g->sender, e->receiver_qualifier, e->receiver);
	tally_write_cstr(w, e->date);
	tally_write_cstr(w, e->time);
	tally_write_number(w, control, 1);
	tally_write_cstr(w, "X");
	version(w, g);
	tally_write_end(w);
}

void
tally_ack_group_close(struct tally_writer *w, uint32_t control, uint32_t sets)
{
	tally_write_begin(w, "GE");
	tally_write_number(w, sets, 1);
	tally_write_number(w, control, 1);
	tally_write_end(w);
}
