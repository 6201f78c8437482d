/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partners answered: verdicts of inbound acknowledgements, each matched
 * with what was sent, or parked as unmatched.
 *
 * A TA1 is matched with the file of the outbox that has its number and went
 * to its sender.  The others name no interchange: they are matched by the
 * group's sender and receiver, turned round, its functional id and number, the
 * newest first: among what was sent to whom the answer's interchange is from,
 * and where it is not there, for a partner may have another name in each
 * direction, among all that was sent.
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
	/* The group that was looked for last, and its row; null: none. */
	const struct tally_answer *last;
	int64_t found;
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
match_file(struct putting *p, const struct tally_answer *a)
{
	const struct store_answered *f = p->from;
	const struct engine_value v[] = { v_integer(number(a->control)),
		v_cstr(f->sender), v_cstr(f->sender_qualifier),
		v_cstr(f->receiver) };
	bool found;

	return store_number(
	    p->st, Q_ANSWER_TO_FILE, v, COUNT(v), &p->outbox, &found, p->err);
}

static enum tally_rc
look_for_group(struct putting *p, const struct tally_answer *a, int64_t after)
{
	const struct store_answered *f = p->from;
	const struct engine_value v[] = { v_cstr(f->isa_sender),
		v_integer(after), v_cstr(f->sender), v_cstr(f->receiver),
		v_text(a->functional), v_text(a->group) };
	bool found;
	enum tally_rc rc = store_number(
	    p->st, Q_ANSWER_TO_GROUP, v, COUNT(v), &p->group, &found, p->err);

	return rc != TALLY_OK || found
	    ? rc
	    : store_number(p->st, Q_ANSWER_TO_ANY_GROUP, v + 1, COUNT(v) - 1,
		  &p->group, &found, p->err);
}

/* Once for a group and the sets that are named behind it. */
static enum tally_rc
match_group(struct putting *p, const struct tally_answer *a, int64_t after)
{
	enum tally_rc rc = TALLY_OK;

	if (p->last != NULL &&
	    tally_str_eq(p->last->functional, a->functional) &&
	    tally_str_eq(p->last->group, a->group)) {
		p->group = p->found;
		return rc;
	}
	rc = look_for_group(p, a, after);
	p->last = a;
	p->found = p->group;
	return rc;
}

/* With what was sent as an interchange behind the one whose row is after. */
static enum tally_rc
match(struct putting *p, const struct tally_answer *a, int64_t after)
{
	p->outbox = p->group = 0;
	return a->level == TALLY_ANSWER_INTERCHANGE ? match_file(p, a)
						    : match_group(p, a, after);
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

	/* Of a file that was refused no set is going to be answered. */
	if (p->outbox != 0 && strcmp(state, "rejected") == 0) {
		const struct engine_value of_file[] = { of_set[0], of_set[1],
			v_integer(p->outbox) };

		return store_do(p->st, Q_ANSWER_SETTLES_FILE, of_file,
		    COUNT(of_file), p->err);
	}
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
	enum tally_rc rc = match(p, a, 0);
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

/* An answer that was not matched, and where it stands. */
struct parked {
	int64_t id;
	struct tally_answer answer;
	struct store_answered from;
};

static enum tally_rc
next_parked(struct store *st, int64_t after, const char *since,
    struct tally_buf *texts, struct parked *p, bool *row, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(after), v_cstr(since) };
	const struct engine_methods *m = st->engine->m;
	enum { FIRST = 1, LAST = 11, OF = 7 };
	struct tally_str text[LAST + 1];
	size_t at[LAST + 1];
	enum tally_rc rc =
	    store_one(st, Q_ANSWER_PARKED, v, COUNT(v), row, err);

	if (rc != TALLY_OK || !*row)
		return rc;
	memset(p, 0, sizeof(*p));
	p->id = m->integer(st->engine, Q_ANSWER_PARKED, 0);
	p->from.interchange = m->integer(st->engine, Q_ANSWER_PARKED, OF);
	tally_buf_reset(texts);
	for (int i = FIRST; i <= LAST; i++) {
		text[i] = i == OF ? TALLY_STR("")
				  : m->bytes(st->engine, Q_ANSWER_PARKED, i);
		at[i] = texts->n;
		tally_buf_str(texts, text[i]);
		tally_buf_putc(texts, '\0');
	}
	store_end(st, Q_ANSWER_PARKED);
	if (texts->failed)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	for (int i = FIRST; i <= LAST; i++)
		text[i].p = texts->p + at[i];
	p->answer.level = text[1].p[0] == 'i' ? TALLY_ANSWER_INTERCHANGE
	    : text[1].p[0] == 'g'             ? TALLY_ANSWER_GROUP
					      : TALLY_ANSWER_SET;
	p->answer.functional = text[2];
	p->answer.group = text[3];
	p->answer.set = text[4];
	p->answer.control = text[5];
	p->answer.verdict = *text[6].p;
	p->from.sender_qualifier = text[8].p;
	p->from.sender = text[9].p;
	p->from.receiver = text[10].p;
	p->from.isa_sender = text[11].p;
	return TALLY_OK;
}

static enum tally_rc
match_again(struct store *st, const struct parked *parked, bool *matched,
    struct tally_err *err)
{
	struct putting p = { .st = st, .from = &parked->from, .err = err };
	/* What was there before it was looked at when it came. */
	enum tally_rc rc = match(&p, &parked->answer, parked->from.interchange);

	*matched = p.outbox != 0 || p.group != 0;
	if (rc != TALLY_OK || !*matched)
		return rc;

	const struct engine_value v[] = { v_id(p.outbox), v_id(p.group),
		v_integer(parked->id) };

	rc = store_do(st, Q_ANSWER_MATCHED, v, COUNT(v), err);
	return rc == TALLY_OK ? settle(&p, &parked->answer) : rc;
}

static enum tally_rc
all_parked(struct store *st, const char *since, uint64_t *matched,
    struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr("answers_parked_since"),
		v_cstr(since) };
	struct parked p = { .id = 0 };
	struct tally_buf texts;
	bool row = true, yes;
	enum tally_rc rc = store_do(st, Q_META_PUT, v, COUNT(v), err);

	tally_buf_init(&texts, 64 * 1024);
	while (rc == TALLY_OK && row) {
		rc = next_parked(st, p.id, since, &texts, &p, &row, err);
		if (rc != TALLY_OK || !row)
			break;
		rc = match_again(st, &p, &yes, err);
		*matched += yes;
	}
	tally_buf_free(&texts);
	return rc;
}

enum tally_rc
store_answers_again(
    struct store *st, int64_t since, uint64_t *matched, struct tally_err *err)
{
	const struct store_instant from = store_instant(since);
	const struct engine_value v[] = { v_integer(0), v_cstr("") };
	enum tally_rc rc;
	bool row;

	*matched = 0;
	/* Most runs find none, and write nothing. */
	rc = store_one(st, Q_ANSWER_PARKED, v, COUNT(v), &row, err);
	if (rc != TALLY_OK || !row)
		return rc;
	store_end(st, Q_ANSWER_PARKED);
	rc = store_begin(st, err);
	if (rc == TALLY_OK)
		rc = all_parked(st, from.text, matched, err);
	return store_settle(st, rc, err);
}
