/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partners got, judged; see oracle.h.  An acknowledgement is read here
 * as far as is needed to tell what it answers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fault/oracle_inside.h"

#define NUMBERS_MAX 1000
#define GROUPS_MAX  64 /* more than any workload has */

/* What is said of an interchange or a group: A, E, P or R; 0: nothing. */
struct said {
	unsigned control;
	char code;
};

/* What a file that a partner got says. */
struct answer {
	bool whole;
	unsigned number; /* ISA13 */
	struct said ta1;
	struct said group[GROUPS_MAX];
	size_t n; /* groups: of as many interchanges, in workloads */
};

/* Element i of a segment: where it begins, and its bytes until the next. */
static struct tally_str
element(const char *segment, const char *end, unsigned i)
{
	const char *p = segment, *q;

	for (; i > 0 && p < end; i--) {
		while (p < end && *p != '*')
			p++;
		p += p < end;
	}
	for (q = p; q < end && *q != '*'; q++)
		;
	return tally_str(p, (size_t)(q - p));
}

static unsigned
number_of(struct tally_str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		n = n * 10 + (unsigned)(s.p[i] - '0');
	return n;
}

static void
read_segment(struct answer *a, const char *p, const char *end)
{
	struct tally_str tag = element(p, end, 0);

	if (tally_str_eq(tag, TALLY_STR("ISA"))) {
		a->number = number_of(element(p, end, 13));
	} else if (tally_str_eq(tag, TALLY_STR("TA1"))) {
		a->ta1.control = number_of(element(p, end, 1));
		a->ta1.code = *element(p, end, 4).p;
	} else if (tally_str_eq(tag, TALLY_STR("AK1"))) {
		if (a->n == GROUPS_MAX)
			die("a file that a partner got answers too much");
		a->group[a->n++].control = number_of(element(p, end, 2));
	} else if (tally_str_eq(tag, TALLY_STR("AK9")) && a->n > 0) {
		a->group[a->n - 1].code = *element(p, end, 1).p;
	} else if (tally_str_eq(tag, TALLY_STR("IEA"))) {
		a->whole = a->number != 0 &&
		    number_of(element(p, end, 2)) == a->number;
	}
}

static struct answer
read_answer(const struct tree_file *f)
{
	struct answer a = { .whole = false };
	const char *p = f->bytes, *end = f->bytes + f->n, *q;

	while (p < end && (q = memchr(p, '~', (size_t)(end - p))) != NULL) {
		read_segment(&a, p, q);
		p = q + 1;
	}
	/* Nothing stands behind its end. */
	a.whole = a.whole && p == end;
	return a;
}

/* How many interchanges it is to answer: a TA1 alone is about one. */
static size_t
size_of(const struct answer *a)
{
	return a->n > 0 ? a->n : 1;
}

static bool
group_is(const struct answer *a, unsigned control, char code)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->group[i].control == control && a->group[i].code == code)
			return true;
	return false;
}

static bool
ta1_is(const struct answer *a, unsigned control, char code)
{
	return a->ta1.control == control && a->ta1.code == code;
}

/* What asks for a TA1 has a file of its own. */
static bool
answers(const struct answer *a, const struct offered *o)
{
	switch (o->fate) {
	case FATE_ORDERS:
	case FATE_BROKEN:
		return group_is(
			   a, o->control, o->fate == FATE_ORDERS ? 'A' : 'R') &&
		    (o->ta1 ? a->n == 1 && ta1_is(a, o->control, 'A')
			    : ta1_is(a, 0, 0));
	case FATE_REFUSED:
	case FATE_CONFLICT:
		return a->n == 0 && ta1_is(a, o->control, 'R');
	default:
		return false;
	}
}

/* Of interchanges that a file answers, by the store. */
#define ABOUT \
	" FROM outbox o JOIN payloads p ON p.id = o.payload_id" \
	" JOIN interchanges i ON i.id = o.interchange_id" \
	" OR i.answered_in = o.id" \
	" WHERE o.mailbox = %Q AND o.name = %Q AND p.sha256 = x'%s'"

/* That the store knows it, as it is, and what it answers is recorded. */
static bool
is_recorded(struct look *k, const struct got *g, const struct answer *a)
{
	const unsigned ta1 = a->ta1.control;
	char hex[65];

	look_hash(g->file.bytes, g->file.n, hex);
	for (size_t i = 0; i < size_of(a); i++)
		if (look_number(k,
			"SELECT count(*)" ABOUT " AND i.state <> 'recording'"
			" AND CAST(i.control_number AS INTEGER) = %u",
			box_id[g->box], g->file.path, hex,
			a->n > 0 ? a->group[i].control : ta1) < 1)
			return false;
	return true;
}

/* That the store says of as many interchanges as it is about that it answers
 * them: of one in its own row, of several in theirs. */
static bool
is_about_as_many(struct look *k, const struct got *g, const struct answer *a)
{
	const int64_t n = (int64_t)size_of(a);
	char hex[65];

	look_hash(g->file.bytes, g->file.n, hex);
	return look_number(k, "SELECT count(*)" ABOUT, box_id[g->box],
		   g->file.path, hex) == n &&
	    look_number(k, "SELECT sum(i.answered_in = o.id)" ABOUT,
		box_id[g->box], g->file.path, hex) == (n > 1 ? n : 0);
}

void
answers_moment(struct verdict *v, const struct scene *s, struct look *k)
{
	for (size_t i = 0; i < s->ngot; i++) {
		const struct got *g = &s->got[i];
		const struct answer a = read_answer(&g->file);

		if (!a.whole)
			verdict_add(v, WRONG_HALF,
			    "%s got %zu bytes of %s, not the whole",
			    box_id[g->box], g->file.n, g->file.path);
		else if (!is_recorded(k, g, &a))
			verdict_add(v, WRONG_EARLY,
			    "%s got %s about what is not recorded",
			    box_id[g->box], g->file.path);
		else if (!is_about_as_many(k, g, &a))
			verdict_add(v, WRONG_DATABASE,
			    "%s got %s, which answers %zu; the store says"
			    " otherwise",
			    box_id[g->box], g->file.path, size_of(&a));
	}
}

/* How many of the things that its partner offered it answers. */
static size_t
answered(const struct scene *s, unsigned box, const struct answer *a)
{
	size_t n = 0;

	for (size_t i = 0; i < s->w->n; i++)
		n += s->w->v[i].box == box && answers(a, &s->w->v[i]);
	return n;
}

/* How often others may ask for the file again: for what answers any of what
 * it answers. */
static size_t
askers(const struct scene *s, const struct answer *a, unsigned box)
{
	size_t n = 0;

	for (size_t i = 0; i < s->w->n; i++) {
		const struct offered *o = &s->w->v[i];

		n += o->fate == FATE_DUPLICATE && o->box == box &&
		    answers(a, &s->w->v[o->other]);
	}
	return n;
}

/* By one file, which comes once, and as often again as it is asked for. */
static void
one_answered(
    struct verdict *v, const struct scene *s, const struct answer *a, size_t of)
{
	const struct offered *o = &s->w->v[of];
	const struct answer *first = NULL;
	size_t got = 0, others = 0, again;

	for (size_t i = 0; i < s->ngot; i++) {
		if (s->got[i].box != o->box || !answers(&a[i], o))
			continue;
		if (first == NULL)
			first = &a[i];
		got++;
		others += a[i].number != first->number;
	}
	again = first != NULL ? askers(s, first, o->box) : 0;
	if (got < 1 || got > 1 + again || others > 0)
		verdict_add(v, got < 1 ? WRONG_LOST : WRONG_DOUBLED,
		    "%s got %zu answers to %s, %zu of them in another file,"
		    " expected 1 and at most %zu again",
		    box_id[o->box], got, o->name, others, again);
}

/*
 * What the store says was sent so often has arrived so often.  Partners take
 * files between runs, while time passes: what is asked for and sent again in a
 * run is still there of the first time.
 */
static void
as_often_as_sent(
    struct verdict *v, const struct scene *s, struct look *k, size_t of)
{
	static const char sent[] = "SELECT count(%s) FROM outbox o"
				   " JOIN events e ON e.subject = 'outbox'"
				   " AND o.id BETWEEN e.subject_id"
				   " AND e.subject_id + e.subjects - 1"
				   " AND e.to_state = 'sent'"
				   " AND ifnull(e.reason, '') NOT LIKE %Q"
				   " WHERE o.mailbox = %Q AND o.name = %Q";
	const struct got *g = &s->got[of];
	const char *box = box_id[g->box], *name = g->file.path;
	int64_t most = look_number(k, sent, "*", "none", box, name);
	int64_t least =
	    look_number(k, sent, "DISTINCT e.at", "inferred%", box, name);
	int64_t n = 0;

	for (size_t i = 0; i < s->ngot; i++)
		n += s->got[i].box == g->box &&
		    strcmp(s->got[i].file.path, name) == 0;
	if (n > most || n < least)
		verdict_add(v, n > most ? WRONG_DOUBLED : WRONG_LOST,
		    "%s got %s %lld times, it was sent %lld times, %lld of"
		    " them in runs of their own",
		    box, name, (long long)n, (long long)most, (long long)least);
}

/* A name has one content, a content one number, a number one name. */
static void
names_and_numbers(
    struct verdict *v, const struct scene *s, const struct answer *a)
{
	for (size_t i = 0; i < s->ngot; i++)
		for (size_t k = 0; k < i; k++) {
			const struct got *g = &s->got[i], *h = &s->got[k];
			bool name = strcmp(g->file.path, h->file.path) == 0;
			bool bytes = g->file.n == h->file.n &&
			    memcmp(g->file.bytes, h->file.bytes, g->file.n) ==
				0;

			if (g->box != h->box)
				continue;
			if (name != bytes ||
			    name != (a[i].number == a[k].number))
				verdict_add(v, WRONG_NUMBER,
				    "%s got %s and %s: one number or name, two"
				    " files",
				    box_id[g->box], h->file.path, g->file.path);
		}
}

/* The numbers that a partner saw are 1, 2, 3 …, to the last that is drawn. */
static void
no_gap(struct verdict *v, const struct scene *s, const struct answer *a,
    struct look *k, unsigned box)
{
	bool seen[NUMBERS_MAX] = { false };
	unsigned last = 0;
	int64_t drawn = look_number(k,
	    "SELECT coalesce(max(number), 0) FROM control_numbers"
	    " WHERE level = 'interchange' AND receiver = 'ZZ:%q'",
	    box_id[box]);

	for (size_t i = 0; i < s->ngot; i++) {
		if (s->got[i].box != box || a[i].number >= NUMBERS_MAX)
			continue;
		seen[a[i].number] = true;
		if (a[i].number > last)
			last = a[i].number;
	}
	for (unsigned i = 1; i <= last; i++)
		if (!seen[i])
			verdict_add(v, WRONG_NUMBER,
			    "number %u was never used for %s", i, box_id[box]);
	if (drawn != (int64_t)last)
		verdict_add(v, WRONG_NUMBER,
		    "the last number that %s got is %u, drawn were %lld",
		    box_id[box], last, (long long)drawn);
}

void
answers_end(struct verdict *v, const struct scene *s, struct look *k)
{
	struct answer *a = calloc(s->ngot + 1, sizeof(*a));
	size_t n;

	if (a == NULL)
		die("memory");
	for (size_t i = 0; i < s->ngot; i++) {
		a[i] = read_answer(&s->got[i].file);
		n = answered(s, s->got[i].box, &a[i]);
		if (n != size_of(&a[i]))
			verdict_add(v, WRONG_DOUBLED,
			    "%s got %s, which answers %zu and is about %zu of"
			    " what it sent",
			    box_id[s->got[i].box], s->got[i].file.path,
			    size_of(&a[i]), n);
		as_often_as_sent(v, s, k, i);
	}
	answers_moment(v, s, k);
	for (n = 0; n < s->w->n; n++)
		switch (s->w->v[n].fate) {
		case FATE_DUPLICATE:
		case FATE_REPEAT:
		case FATE_SET_ASIDE:
			break;
		default:
			if (!look_given_up(k, s, &s->w->v[n]))
				one_answered(v, s, a, n);
		}
	names_and_numbers(v, s, a);
	for (unsigned box = 0; box < BOXES; box++)
		no_gap(v, s, a, k, box);
	free(a);
}
