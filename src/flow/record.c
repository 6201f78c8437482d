/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of an interchange, as the parser reads it again, and what it
 * says of what was sent.
 *
 * Where the file has its transactions to itself a batch is committed as soon as
 * it is recorded, with a mark from which a later run goes on.
 *
 * What partners answer to what was sent, TA1, 997, 999 and 824, is stored as
 * evidence in the transaction that records the set, and also when the set is
 * rejected: an answer with a mistake in it is still one.
 */
#include "flow/translate.h"

#include "flow/lookups.h"

/* Of each document the row of its group, which is made with the first one. */
static enum tally_rc
group_rows(struct translate *t, struct tally_err *err)
{
	struct interchange *in = &t->in;
	uint32_t k;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < t->g.n && rc == TALLY_OK; i++) {
		k = t->g.pending[i].group;
		if (k != in->group || in->group_id == 0)
			rc = store_group_put(t->f->store, in->id,
			    &in->judged.group[k], &in->group_id, err);
		in->group = k;
		t->g.doc[i].group = in->group_id;
	}
	return rc;
}

static enum tally_rc
batch(struct translate *t, struct tally_err *err)
{
	enum tally_rc rc = group_rows(t, err);

	if (rc != TALLY_OK)
		return rc;
	t->in.seen = t->g.seen;
	if (t->partner != NULL)
		lookups_explain(&t->g.found, 0, t->partner->name);
	if (t->g.last || !t->solo)
		rc = translate_put(t, err);
	else
		rc = translate_put_on_the_way(t, err);
	log_progress(&t->f->log, "translate: documents", t->in.seen, 0);
	return rc;
}

static enum tally_rc
answers(struct translate *t, struct tally_err *err)
{
	const struct tally_interchange_judged *j = &t->in.judged;
	const struct wire_answers *a = &t->answers;
	struct store_answered from = { .interchange = t->in.id,
		.offset = a->offset,
		.partner = t->in.label,
		.sender_qualifier = j->sender_qualifier,
		.sender = j->sender,
		.isa_sender = j->sender,
		.receiver = j->receiver };

	if (a->group != UINT32_MAX) {
		from.sender = j->group[a->group].sender;
		from.receiver = j->group[a->group].receiver;
	}
	return store_answers_put(t->f->store, &from, &a->answers, err);
}

static enum tally_rc
ask(struct translate *t, struct tally_err *err)
{
	struct wire_record how = { .recorded = t->in.recorded };
	struct tally_arena scratch;
	enum tally_rc rc;

	tally_arena_init(&scratch, SIZE_MAX);
	rc = parser_lookups(t->parser, t->f->store, err);
	if (rc == TALLY_OK && t->replay != NULL)
		rc = replay_choose(t->replay, &how, &scratch, err);
	if (rc == TALLY_OK)
		parser_record(t->parser, &how);
	tally_arena_free(&scratch);
	return rc;
}

enum tally_rc
translate_record(struct translate *t, struct tally_err *err)
{
	enum wire_kind kind;
	enum tally_rc rc, own = TALLY_OK;

	if (!parser_is_ahead(t->parser))
		rc = ask(t, err);
	else if (t->in.recorded == 0)
		rc = TALLY_OK;
	else
		/* What is recorded of it was not known: once more, alone. */
		rc = tally_err_set(err, TALLY_DATA,
		    "a part of it was recorded by an earlier run");
	gathered_empty(&t->g);
	while (rc == TALLY_OK && !t->g.last) {
		rc = parser_next(t->parser, &t->g, &t->answers, &kind, err);
		if (rc == TALLY_OK)
			rc = own = kind == WIRE_BATCH ? batch(t, err)
						      : answers(t, err);
	}
	parser_stop(t->parser);
	/* What was met while reading on is not why. */
	if (own != TALLY_OK)
		t->unreadable = false;
	return rc;
}
