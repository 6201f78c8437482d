/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups of an interchange of answers.  One stays open as long as what
 * comes next can stand in it.
 */
#include "ack/parts.h"

static void
begin(struct tally_ack_groups *s, const struct tally_group_judged *g)
{
	memcpy(s->version, g->version, sizeof(s->version));
	memcpy(s->sender, g->sender, sizeof(s->sender));
	memcpy(s->receiver, g->receiver, sizeof(s->receiver));
	s->control = s->next;
	s->next = s->next < TALLY_ACK_CONTROL_MAX ? s->next + 1 : 1;
	s->sets = 0;
	s->n++;
}

/*
 * Whether an answer can stand in the group that is open: it has one version,
 * one sender and one receiver, by which the partner finds what is answered.
 */
static bool
takes(const struct tally_ack_groups *s, const struct tally_group_judged *g)
{
	return s->n > 0 && strcmp(s->version, g->version) == 0 &&
	    strcmp(s->sender, g->sender) == 0 &&
	    strcmp(s->receiver, g->receiver) == 0;
}

uint32_t
tally_ack_groups_more(
    struct tally_ack_groups s, const struct tally_interchange_judged *ic)
{
	const uint32_t had = s.n;

	for (uint32_t i = 0; i < ic->ngroup; i++)
		if (tally_ack_wants_functional(ic, &ic->group[i]) &&
		    !takes(&s, &ic->group[i]))
			begin(&s, &ic->group[i]);
	return s.n - had;
}

uint32_t
tally_ack_envelopes(const struct tally_interchange_judged *ic)
{
	return tally_ack_groups_more((struct tally_ack_groups){ .n = 0 }, ic);
}

enum tally_rc
tally_ack_groups_add(struct tally_ack_groups *s, struct tally_writer *w,
    const struct tally_interchange_judged *ic,
    const struct tally_findings *findings, const struct tally_ack_envelope *e,
    struct tally_ack_detail *detail, struct tally_err *err)
{
	const struct tally_group_judged *g = ic->group;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = 0; i < ic->ngroup && rc == TALLY_OK; i++) {
		if (!tally_ack_wants_functional(ic, &g[i]))
			continue;
		if (!takes(s, &g[i])) {
			if (s->n > 0)
				tally_ack_group_close(w, s->control, s->sets);
			begin(s, &g[i]);
			tally_ack_group_open(w, &g[i], e, s->control);
		}
		rc = tally_ack_functional(
		    w, &g[i], findings, ++s->sets, detail, err);
	}
	s->end = w->out->n;
	return rc;
}

void
tally_ack_groups_end(const struct tally_ack_groups *s, struct tally_writer *w,
    const struct tally_interchange_judged *ic,
    const struct tally_ack_envelope *e)
{
	if (s->n > 0)
		tally_ack_group_close(w, s->control, s->sets);
	tally_ack_close(w, ic, e, s->n);
}
