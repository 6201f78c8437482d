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
#include "x12/enclose.h"

#define ISA_VERSION "00401"

static const char *
isa_version(const struct tally_interchange_judged *ic)
{
	return tally_ack_digits(ic->version, 5, 5) &&
		strncmp(ic->version, "00", 2) == 0
	    ? ic->version
	    : ISA_VERSION;
}

static struct tally_enclosure
enclosure(const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e)
{
	return (
	    struct tally_enclosure){ .sender_qualifier = e->sender_qualifier,
		.sender = e->sender,
		.receiver_qualifier = e->receiver_qualifier,
		.receiver = e->receiver,
		.date = e->date,
		.time = e->time,
		.version = isa_version(ic),
		.control = e->interchange_control,
		.usage = e->usage };
}

void
tally_ack_open(struct tally_writer *w,
    const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e)
{
	struct tally_enclosure x = enclosure(ic, e);

	tally_enclose_open(w, &x);
}

void
tally_ack_close(struct tally_writer *w,
    const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e, uint32_t groups)
{
	struct tally_enclosure x = enclosure(ic, e);

	tally_enclose_close(w, &x, groups);
}

/* An application code has two bytes at least: 142 and 124 are AN 2/15.  Where
 * it is made of the interchange's id, that is written into room. */
static struct tally_str
application(const struct tally_writer *w, char room[16], const char *code,
    const char *isa_qualifier, const char *isa_id)
{
	struct tally_str s = tally_str_rtrim(tally_cstr(code));

	if (s.n >= 2 && s.n <= 15 && tally_write_fits(w, s))
		return s;
	s = tally_str_rtrim(tally_cstr(isa_id));
	if (s.n < 2) {
		snprintf(room, 16, "%.2s%s",
		    strlen(isa_qualifier) == 2 ? isa_qualifier : "ZZ", isa_id);
		s = tally_str_rtrim(tally_cstr(room));
	}
	return tally_str(s.p, s.n < 15 ? s.n : 15);
}

/* Whether GS08 is of a version that is compiled in, or that a site's own
 * dictionary has. */
static bool
known(const struct tally_group_judged *g, struct tally_str version)
{
	struct tally_str own = tally_cstr(g->read_as);

	return tally_version_find(&tally_builtin, version) != NULL ||
	    (own.n > 0 && version.n >= own.n &&
		memcmp(version.p, own.p, own.n) == 0);
}

/*
 * The group's version where we know it, so that what we send is what our own
 * checker accepts; else one that partners read.
 */
static struct tally_str
version(const struct tally_writer *w, const struct tally_group_judged *g)
{
	struct tally_str v = tally_str_rtrim(tally_cstr(g->version));

	if (v.n <= 12 && tally_write_fits(w, v) && known(g, v))
		return v;
	return tally_cstr(tally_ack_version(g)->version);
}

void
tally_ack_group_open(struct tally_writer *w, const struct tally_group_judged *g,
    const struct tally_ack_envelope *e, uint32_t control)
{
	const struct tally_enclosure when = { .date = e->date,
		.time = e->time };
	char from[16], to[16];
	const struct tally_group_enclosure x = { .functional = "FA",
		.sender = application(
		    w, from, g->receiver, e->sender_qualifier, e->sender),
		.receiver = application(
		    w, to, g->sender, e->receiver_qualifier, e->receiver),
		.version = version(w, g),
		.control = control };

	tally_enclose_group_open(w, &when, &x);
}

void
tally_ack_group_close(struct tally_writer *w, uint32_t control, uint32_t sets)
{
	const struct tally_group_enclosure x = { .control = control };

	tally_enclose_group_close(w, &x, sets);
}
