/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partners answered: verdicts of inbound acknowledgements, each matched
 * with what was sent, or parked as unmatched.
 *
 * A TA1 is matched with the file of the outbox that has its number and went
 * to its sender.  The others name no interchange: they are matched by the
 * group's sender and receiver, turned round, its functional id and number.
 * Every answer stays; only the first one on a document ends the wait for it.
 */
#include "store/internal.h"

#include "tallyman/answer.h"

#define CODES_MAX 5

struct putting {
	struct store *st;
	const struct store_answered *from;
	struct tally_err *err;
	int64_t outbox, group; /* what it is matched with; 0: nothing */
};

/* The value of up to nine digits, 0 where it is no number. */
static int64_t
number(struct tally_str s)
{
	int64_t n = 0;

	if (s.n == 0 || s.n > 9)
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = n * 10 + (s.p[i] - '0');
	}
	return n;
}

static enum tally_rc
match(struct putting *p, const struct tally_answer *a)
{
	const struct store_answered *f = p->from;
	const struct engine_value sent[] = { v_integer(number(a->control)),
		v_cstr(f->sender), v_cstr(f->sender_qualifier),
		v_cstr(f->receiver) };
	const struct engine_value group[] = { v_cstr(f->sender),
		v_cstr(f->receiver), v_text(a->functional), v_text(a->group) };
	bool found;

	p->outbox = p->group = 0;
	if (a->level == TALLY_ANSWER_INTERCHANGE)
		return store_number(p->st, Q_ANSWER_TO_FILE, sent, COUNT(sent),
		    &p->outbox, &found, p->err);
	return store_number(p->st, Q_ANSWER_TO_GROUP, group, COUNT(group),
	    &p->group, &found, p->err);
}

/* Ends the wait for answers on the documents that it is about. */
static enum tally_rc
settle(struct putting *p, const struct tally_answer *a)
{
	const char *state = a->verdict == TALLY_ACCEPTED ? "accepted"
	    : a->verdict == TALLY_ACCEPTED_WITH_ERRORS ? "accepted_with_errors"
						       : "rejected";
	const struct engine_value of_set[] = { v_cstr(state),
		v_integer(p->from->interchange), v_integer(p->group),
		v_text(a->set), v_text(a->control) };

	if (p->group == 0 || a->verdict == '\0')
		return TALLY_OK;
	if (a->level == TALLY_ANSWER_SET)
		return store_do(
		    p->st, Q_ANSWER_SETTLES_SET, of_set, COUNT(of_set), p->err);
	/* Sets that were not named are as the group is; of one that was
	 * partly accepted, they are those that were. */
	if (a->verdict == TALLY_PARTIAL)
		state = "accepted";

	const struct engine_value of_group[] = { v_cstr(state), of_set[1],
		of_set[2] };

	return store_do(
	    p->st, Q_ANSWER_SETTLES_GROUP, of_group, COUNT(of_group), p->err);
}

static enum tally_rc
put_notes(struct putting *p, int64_t id, const struct tally_answer_note *n,
    size_t count)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < count && rc == TALLY_OK; i++, n++) {
		const struct engine_value v[] = { v_integer(id), v_some(n->tag),
			v_some(n->segment), v_some(n->loop),
			v_some(n->position), v_some(n->code), v_some(n->value),
			v_some(n->text) };

		rc = store_do(p->st, Q_ANSWER_NOTE, v, COUNT(v), p->err);
	}
	return rc;
}

static void
join_codes(struct tally_buf *b, const struct tally_answer *a)
{
	tally_buf_reset(b);
	for (int i = 0; i < CODES_MAX; i++) {
		if (a->code[i].n == 0)
			continue;
		if (b->n > 0)
			tally_buf_putc(b, ' ');
		tally_buf_str(b, a->code[i]);
	}
}

static enum tally_rc
put(struct putting *p, const struct tally_answer *a, size_t ordinal,
    const struct tally_answer_note *notes, struct tally_buf *codes)
{
	static const char *const level[] = { "interchange", "group", "set" };
	const struct store_answered *f = p->from;
	enum tally_rc rc = match(p, a);
	int64_t id;
	bool made;

	join_codes(codes, a);
	if (rc != TALLY_OK)
		return rc;
	if (codes->failed)
		return tally_err_set(p->err, TALLY_NOMEM, "no memory");

	const struct engine_value v[] = { v_integer(f->interchange),
		v_integer((int64_t)f->offset), v_integer((int64_t)ordinal),
		v_cstr(f->partner), v_cstr(a->kind), v_cstr(level[a->level]),
		v_some(a->functional), v_some(a->group), v_some(a->version),
		v_some(a->set), v_some(a->control), v_some(a->date),
		v_some(a->time),
		v_some(tally_str(&a->verdict, a->verdict != '\0')),
		v_some(tally_buf_view(codes)), v_some(a->included),
		v_some(a->received), v_some(a->accepted),
		v_cstr(
		    p->outbox != 0 || p->group != 0 ? "matched" : "unmatched"),
		v_id(p->outbox), v_id(p->group) };

	rc = store_number(p->st, Q_ANSWER_ADD, v, COUNT(v), &id, &made, p->err);
	/* A run before this one may have got as far. */
	if (rc != TALLY_OK || !made)
		return rc;
	rc = put_notes(p, id, notes, a->nnote);
	return rc == TALLY_OK ? settle(p, a) : rc;
}

enum tally_rc
store_answers_put(struct store *st, const struct store_answered *from,
    const struct tally_answers *answers, struct tally_err *err)
{
	struct putting p = { .st = st, .from = from, .err = err };
	enum tally_rc rc = TALLY_OK;
	struct tally_buf codes;

	tally_buf_init(&codes, 64 * 1024);
	for (size_t i = 0; i < answers->n && rc == TALLY_OK; i++)
		rc = put(&p, &answers->v[i], i + 1,
		    answers->note + answers->v[i].note, &codes);
	tally_buf_free(&codes);
	return rc;
}
