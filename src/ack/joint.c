/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interchange that answers several; see tallyman/ack.h.
 *
 * It is whole at any time: to add to it, its end is written over.
 */
#include "ack/parts.h"

#define ID_ROOM 40 /* of a qualifier, a code, a date */

struct tally_ack_joint {
	struct tally_buf out; /* owned */
	struct tally_ack_groups groups;
	struct tally_ack_envelope e;        /* of the texts below */
	struct tally_interchange_judged as; /* whose ISA12 it has; no groups */
	char text[6][ID_ROOM];
};

/* Copies what the envelope borrows; false where it is longer than any. */
static bool
own(struct tally_ack_joint *j)
{
	const char **const s[6] = { &j->e.sender_qualifier, &j->e.sender,
		&j->e.receiver_qualifier, &j->e.receiver, &j->e.date,
		&j->e.time };

	for (size_t i = 0; i < 6; i++) {
		if (strlen(*s[i]) >= ID_ROOM)
			return false;
		memcpy(j->text[i], *s[i], strlen(*s[i]) + 1);
		*s[i] = j->text[i];
	}
	return true;
}

enum tally_rc
tally_ack_joint_new(struct tally_ack_joint **out,
    const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e, struct tally_err *err)
{
	struct tally_ack_joint *j = tally_calloc(1, sizeof(*j));

	*out = NULL;
	if (j == NULL)
		return tally_err_set(err, TALLY_NOMEM,
		    "there is no memory for an acknowledgement");
	j->e = *e;
	j->e.ta1 = TALLY_ACK_NEVER;
	j->e.functional = TALLY_ACK_WANTED;
	memcpy(j->as.version, ic->version, sizeof(j->as.version));
	tally_buf_init(&j->out, 0);
	if (!own(j)) {
		tally_ack_joint_free(j);
		return tally_err_set(err, TALLY_USAGE,
		    "an acknowledgement has a sender or receiver of more than "
		    "%d bytes",
		    ID_ROOM - 1);
	}
	*out = j;
	return TALLY_OK;
}

void
tally_ack_joint_free(struct tally_ack_joint *j)
{
	if (j == NULL)
		return;
	tally_buf_free(&j->out);
	tally_free(j);
}

const struct tally_ack_envelope *
tally_ack_joint_envelope(const struct tally_ack_joint *j)
{
	return &j->e;
}

/* Whether what answers the interchange can be in it under its envelope. */
static bool
fits_in(
    const struct tally_ack_joint *j, const struct tally_interchange_judged *ic)
{
	return tally_ack_groups(ic) > 0 && !tally_ack_wants_ta1(ic) &&
	    strcmp(j->as.version, ic->version) == 0;
}

bool
tally_ack_joint_takes(const struct tally_ack_joint *j,
    const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e)
{
	const struct tally_separators *a = &j->e.separators;
	const struct tally_separators *b = &e->separators;

	return strcmp(j->e.sender_qualifier, e->sender_qualifier) == 0 &&
	    strcmp(j->e.sender, e->sender) == 0 &&
	    strcmp(j->e.receiver_qualifier, e->receiver_qualifier) == 0 &&
	    strcmp(j->e.receiver, e->receiver) == 0 && j->e.usage == e->usage &&
	    j->e.newline == e->newline && a->element == b->element &&
	    a->segment == b->segment && a->component == b->component &&
	    a->repetition == b->repetition && fits_in(j, ic);
}

uint32_t
tally_ack_joint_envelopes(
    const struct tally_ack_joint *j, const struct tally_interchange_judged *ic)
{
	return tally_ack_groups_more(j->groups, ic);
}

static enum tally_rc
begin(struct tally_ack_joint *j, const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, uint32_t bytes_max,
    struct tally_err *err)
{
	struct tally_ack_envelope e = j->e;

	e.group_control = j->groups.next;
	e.bytes_max = bytes_max;
	tally_buf_init(&j->out,
	    bytes_max > j->e.bytes_max ? tally_ack_work(&e)
				       : tally_ack_work(&j->e));
	return tally_ack_fit(&j->out, ic, findings, &e, &j->groups, err);
}

/* Behind what is there, all of it; where there is no room nothing. */
static enum tally_rc
go_on(struct tally_ack_joint *j, const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, uint32_t bytes_max, bool *added,
    struct tally_err *err)
{
	const struct tally_ack_groups before = j->groups;
	struct tally_ack_detail all = { SIZE_MAX, true, SIZE_MAX };
	struct tally_writer w;
	enum tally_rc rc;

	tally_writer_init(
	    &w, &j->out, &j->e.separators, j->e.newline ? "\n" : "");
	j->out.n = before.end;
	rc = tally_ack_groups_add(
	    &j->groups, &w, ic, findings, &j->e, &all, err);
	if (rc != TALLY_OK)
		return rc;
	tally_ack_groups_end(&j->groups, &w, &j->as, &j->e);
	if (tally_ack_memory_ended(&j->out))
		return tally_err_set(err, TALLY_NOMEM,
		    "there is no memory for an acknowledgement");
	*added = !j->out.failed && j->out.n <= j->e.bytes_max &&
	    j->groups.end - before.end <= bytes_max;
	if (*added)
		return TALLY_OK;
	j->groups = before;
	j->out.n = before.end;
	j->out.failed = false;
	tally_ack_groups_end(&j->groups, &w, &j->as, &j->e);
	return TALLY_OK;
}

enum tally_rc
tally_ack_joint_add(struct tally_ack_joint *j,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, uint32_t group_control,
    uint32_t bytes_max, bool *added, struct tally_err *err)
{
	enum tally_rc rc;

	*added = false;
	if (!fits_in(j, ic))
		return tally_err_set(err, TALLY_USAGE,
		    "what answers the interchange cannot be with others");
	j->groups.next = group_control;
	if (j->groups.n > 0)
		return go_on(j, ic, findings, bytes_max, added, err);
	rc = begin(j, ic, findings, bytes_max, err);
	*added = rc == TALLY_OK;
	return rc;
}

struct tally_str
tally_ack_joint_bytes(const struct tally_ack_joint *j)
{
	return tally_buf_view(&j->out);
}
