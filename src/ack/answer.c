/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading acknowledgements; see tallyman/answer.h.
 *
 * The tags of 997 and 999 are those by which they are written: kind.c.
 */
#include "tallyman/answer.h"

#include "ack/parts.h"

#define GROW_MIN  16
#define CODES_MAX 5

struct reading {
	struct tally_answers *out;
	const struct tally_set *set;
	const struct tally_segment *segment;
	const struct tally_ack_kind *kind;           /* null: TA1 or 824 */
	struct tally_str functional, group, version; /* of AK1 */
	struct tally_str tag, loop, ordinal;         /* of the newest AK3 */
	bool open; /* the newest answer takes notes */
};

/* --- growing lists --- */

static enum tally_rc
grow(void **v, size_t n, size_t *max, size_t size, struct tally_err *err)
{
	size_t more = *max != 0 ? 2 * *max : GROW_MIN, bytes;
	void *p;

	if (n < *max)
		return TALLY_OK;
	p = tally_mul_ok(&bytes, more, size) ? tally_realloc(*v, bytes) : NULL;
	if (p == NULL)
		return tally_err_set(err, TALLY_NOMEM,
		    "there is no memory to read an acknowledgement");
	*v = p;
	*max = more;
	return TALLY_OK;
}

static enum tally_rc
add_answer(struct reading *r, struct tally_answer **a, const char *kind,
    enum tally_answer_level level, struct tally_err *err)
{
	struct tally_answers *out = r->out;
	void *v = out->v;
	enum tally_rc rc = grow(&v, out->n, &out->max, sizeof(*out->v), err);

	out->v = v;
	if (rc != TALLY_OK)
		return rc;
	*a = &out->v[out->n++];
	**a = (struct tally_answer){ .kind = kind,
		.level = level,
		.functional = r->functional,
		.group = r->group,
		.version = r->version,
		.note = out->nnote };
	return TALLY_OK;
}

/* A note on the newest answer, which is one about a set. */
static enum tally_rc
add_note(struct reading *r, const struct tally_answer_note *note,
    struct tally_err *err)
{
	struct tally_answers *out = r->out;
	void *v = out->note;
	enum tally_rc rc;

	if (!r->open)
		return TALLY_OK;
	rc = grow(&v, out->nnote, &out->notes_max, sizeof(*out->note), err);
	out->note = v;
	if (rc != TALLY_OK)
		return rc;
	out->note[out->nnote++] = *note;
	out->v[out->n - 1].nnote++;
	return TALLY_OK;
}

/* --- segments --- */

static struct tally_str
element(const struct reading *r, uint32_t k)
{
	return tally_str_rtrim(tally_element(r->set, r->segment, k));
}

static void
codes(struct tally_answer *a, const struct reading *r, uint32_t first)
{
	for (uint32_t i = 0; i < CODES_MAX; i++)
		a->code[i] = element(r, first + i);
}

static char
verdict(const struct reading *r, uint32_t k)
{
	struct tally_str s = element(r, k);

	return s.n == 1 && s.p[0] >= 'A' && s.p[0] <= 'Z' ? s.p[0] : '\0';
}

static enum tally_rc
read_ta1(struct reading *r, struct tally_err *err)
{
	struct tally_answer *a;
	enum tally_rc rc =
	    add_answer(r, &a, "TA1", TALLY_ANSWER_INTERCHANGE, err);

	if (rc != TALLY_OK)
		return rc;
	a->control = element(r, 1);
	a->date = element(r, 2);
	a->time = element(r, 3);
	a->verdict = verdict(r, 4);
	a->code[0] = element(r, 5);
	return TALLY_OK;
}

/* A segment in error; its elements in error are notes of their own. */
static enum tally_rc
read_segment(struct reading *r, struct tally_err *err)
{
	struct tally_answer_note note = { .code = element(r, 4) };

	r->tag = note.tag = element(r, 1);
	r->ordinal = note.segment = element(r, 2);
	r->loop = note.loop = element(r, 3);
	return add_note(r, &note, err);
}

static enum tally_rc
read_element(struct reading *r, struct tally_err *err)
{
	struct tally_answer_note note = {
		.tag = r->tag, .loop = r->loop, .segment = r->ordinal
	};

	note.position = element(r, 1);
	note.code = element(r, 3);
	note.value = element(r, 4);
	return add_note(r, &note, err);
}

static enum tally_rc
read_group_verdict(struct reading *r, struct tally_err *err)
{
	struct tally_answer *a;
	enum tally_rc rc =
	    add_answer(r, &a, r->kind->set, TALLY_ANSWER_GROUP, err);

	r->open = false;
	if (rc != TALLY_OK)
		return rc;
	a->verdict = verdict(r, 1);
	a->included = element(r, 2);
	a->received = element(r, 3);
	a->accepted = element(r, 4);
	codes(a, r, 5);
	return TALLY_OK;
}

static bool
tagged(const struct reading *r, const char *tag)
{
	return tally_str_eq(
	    tally_segment_tag(r->set, r->segment), tally_cstr(tag));
}

/* A segment of a 997 or 999. */
static enum tally_rc
read_functional(struct reading *r, struct tally_err *err)
{
	struct tally_answer *a;
	enum tally_rc rc;

	if (tagged(r, "AK1")) {
		r->functional = element(r, 1);
		r->group = element(r, 2);
		r->version = element(r, 3);
	} else if (tagged(r, "AK2")) {
		rc = add_answer(r, &a, r->kind->set, TALLY_ANSWER_SET, err);
		if (rc != TALLY_OK)
			return rc;
		a->set = element(r, 1);
		a->control = element(r, 2);
		r->open = true;
	} else if (tagged(r, r->kind->segment)) {
		return read_segment(r, err);
	} else if (tagged(r, r->kind->element)) {
		return read_element(r, err);
	} else if (tagged(r, r->kind->verdict) && r->open) {
		a = &r->out->v[r->out->n - 1];
		a->verdict = verdict(r, 1);
		codes(a, r, 2);
		r->open = false;
	} else if (tagged(r, "AK9")) {
		return read_group_verdict(r, err);
	}
	return TALLY_OK;
}

/* OTI01: the first letter says about what, the second what of it. */
static void
application_verdict(struct tally_answer *a, struct tally_str code)
{
	if (code.n != 2 || code.p[1] < 'A' || code.p[1] > 'Z')
		return;
	if (code.p[0] == 'G')
		a->level = TALLY_ANSWER_GROUP;
	/* With changes, or with data that was corrected: accepted, but not
	 * as it was sent. */
	a->verdict = code.p[1] == 'C' ? TALLY_ACCEPTED_WITH_ERRORS : code.p[1];
}

/* A segment of an 824. */
static enum tally_rc
read_application(struct reading *r, struct tally_err *err)
{
	struct tally_answer_note note = { .code = element(r, 1) };
	struct tally_answer *a;
	enum tally_rc rc;

	if (tagged(r, "OTI")) {
		rc = add_answer(r, &a, "824", TALLY_ANSWER_SET, err);
		if (rc != TALLY_OK)
			return rc;
		application_verdict(a, element(r, 1));
		a->group = element(r, 8);
		a->control = element(r, 9);
		a->set = element(r, 10);
		a->version = element(r, 11);
		r->open = true;
	} else if (tagged(r, "TED")) {
		note.text = element(r, 2);
		note.tag = element(r, 3);
		note.segment = element(r, 4);
		note.position = element(r, 5);
		note.value = element(r, 7);
		return add_note(r, &note, err);
	}
	return TALLY_OK;
}

bool
tally_answers_is(const char *set)
{
	return tally_ack_kind_find(tally_cstr(set)) != NULL ||
	    strcmp(set, "824") == 0;
}

enum tally_rc
tally_answers_read(struct tally_answers *out, const struct tally_set *set,
    struct tally_err *err)
{
	struct reading r = { .out = out, .set = set };
	enum tally_rc rc = TALLY_OK;
	bool application = false;

	out->n = out->nnote = 0;
	for (uint32_t i = 0; i < set->nsegment && rc == TALLY_OK; i++) {
		r.segment = &set->segment[i];
		if (i == 0 && tagged(&r, "TA1"))
			return read_ta1(&r, err);
		if (i == 0) {
			r.kind = tally_ack_kind_find(element(&r, 1));
			application =
			    tally_str_eq(element(&r, 1), TALLY_STR("824"));
		} else if (r.kind != NULL) {
			rc = read_functional(&r, err);
		} else if (application) {
			rc = read_application(&r, err);
		}
	}
	return rc;
}

void
tally_answers_free(struct tally_answers *a)
{
	tally_free(a->v);
	tally_free(a->note);
	*a = (struct tally_answers){ .n = 0 };
}
