/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partners answer to what was sent: TA1, 997, 999 and 824.
 *
 * It is stored as evidence in the transaction that records the set, and also
 * when the set is rejected: an answer with a mistake in it is still one.
 */
#include "flow/translate.h"

static enum tally_rc
store(struct translate *t, const struct store_answered *from,
    const struct tally_set *set, struct tally_err *err)
{
	enum tally_rc rc = tally_answers_read(&t->answers, set, err);

	/* The transaction after the one that may still be on its way. */
	if (rc == TALLY_OK)
		rc = translate_wait(t, err);
	if (rc == TALLY_OK)
		rc = store_answers_put(t->f->store, from, &t->answers, err);
	return rc;
}

enum tally_rc
translate_answered(
    struct translate *t, const struct tally_visit *v, struct tally_err *err)
{
	const struct store_answered from = { .interchange = t->in.id,
		.offset = v->judged->offset,
		.partner = t->in.label,
		.sender_qualifier = v->interchange->sender_qualifier,
		.sender = v->group->sender,
		.receiver = v->group->receiver };

	if (v->set == NULL || !tally_answers_is(v->judged->id))
		return TALLY_OK;
	return store(t, &from, v->set, err);
}

enum tally_rc
translate_answered_ta1(void *ctx, const struct tally_interchange_judged *ic,
    const struct tally_set *set, struct tally_err *err)
{
	struct translate *t = ctx;
	const struct store_answered from = { .interchange = t->in.id,
		.offset = set->start,
		.partner = t->in.label,
		.sender_qualifier = ic->sender_qualifier,
		.sender = ic->sender,
		.receiver = ic->receiver };

	return store(t, &from, set, err);
}
