/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of functional acknowledgement, a row each: what the writer and
 * the reader of acknowledgements have to know of a kind.
 */
#include <assert.h>

#include "ack/parts.h"

static const struct tally_ack_kind kind[TALLY_ACK_FORMS] = {
	[TALLY_ACK_997] = {
		.set = "997",
		.version = "004010",
		.segment = "AK3",
		.element = "AK4",
		.verdict = "AK5",
	},
	[TALLY_ACK_999] = {
		.set = "999",
		.version = "005010",
		.segment = "IK3",
		.element = "IK4",
		.verdict = "IK5",
		.implementation = true,
		.context = tally_ack_context,
	},
};

const struct tally_ack_kind *
tally_ack_kind_find(struct tally_str set)
{
	for (size_t i = 0; i < TALLY_ACK_FORMS; i++)
		if (tally_str_eq(tally_cstr(kind[i].set), set))
			return &kind[i];
	return NULL;
}

/* A group is answered in its own version, or, where that is not known, in
 * the one that read it, or in one that every partner reads. */
const struct tally_version *
tally_ack_version(const struct tally_group_judged *g)
{
	const struct tally_version *v =
	    tally_version_find(&tally_builtin, tally_cstr(g->version));

	if (v == NULL)
		v = tally_version_find(&tally_builtin, tally_cstr(g->read_as));
	if (v == NULL)
		v = tally_version_find(
		    &tally_builtin, tally_cstr(kind[TALLY_ACK_997].version));
	assert(v != NULL);
	return v;
}

const struct tally_ack_kind *
tally_ack_kind_of(const struct tally_group_judged *g)
{
	const struct tally_ack_kind *k = &kind[g->form];

	assert((unsigned)g->form < TALLY_ACK_FORMS);
	return tally_set_find(tally_ack_version(g), tally_cstr(k->set)) != NULL
	    ? k
	    : &kind[TALLY_ACK_997];
}

const char *
tally_ack_set(const struct tally_group_judged *g)
{
	return tally_ack_kind_of(g)->set;
}
