/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partners got, judged; see oracle.h.  An acknowledgement is read here
 * as far as is needed to tell what it answers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fault/oracle_inside.h"

#define NUMBERS_MAX 1000

/* What a file that a partner got says.  0: nothing of that. */
struct answer {
	bool whole;
	unsigned number;           /* ISA13 */
	unsigned ta1, group;       /* what is answered */
	char ta1_code, group_code; /* A, E or R; P and E of groups are A */
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
		a->ta1 = number_of(element(p, end, 1));
		a->ta1_code = *element(p, end, 4).p;
	} else if (tally_str_eq(tag, TALLY_STR("AK1"))) {
		a->group = number_of(element(p, end, 2));
	} else if (tally_str_eq(tag, TALLY_STR("AK9"))) {
		a->group_code = *element(p, end, 1).p;
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

static bool
answers(const struct answer *a, const struct offered *o)
{
	switch (o->fate) {
	case FATE_ORDERS:
		return a->group == o->control && a->group_code == 'A' &&
		    (!o->ta1 || (a->ta1 == o->control && a->ta1_code == 'A'));
	case FATE_BROKEN:
		return a->group == o->control && a->group_code == 'R';
	case FATE_REFUSED:
	case FATE_CONFLICT:
		return a->group == 0 && a->ta1 == o->control &&
		    a->ta1_code == 'R';
	default:
		return false;
	}
}

/* That the store knows it, as it is, and what it answers is recorded. */
static bool
is_recorded(struct look *k, const struct got *g)
{
	char hex[65];

	look_hash(g->file.bytes, g->file.n, hex);
	return look_number(k,
		   "SELECT count(*) FROM outbox o"
		   " JOIN payloads p ON p.id = o.payload_id"
		   " JOIN interchanges i ON i.id = o.interchange_id"
		   " WHERE o.mailbox = %Q AND o.name = %Q"
		   " AND p.sha256 = x'%s' AND i.state <> 'recording'",
		   box_id[g->box], g->file.path, hex) == 1;
}

void
answers_moment(struct verdict *v, const struct scene *s, struct look *k)
{
	for (size_t i = 0; i < s->ngot; i++) {
		const struct got *g = &s->got[i];

		if (!read_answer(&g->file).whole)
			verdict_add(v, WRONG_HALF,
			    "%s got %zu bytes of %s, not the whole",
			    box_id[g->box], g->file.n, g->file.path);
		else if (!is_recorded(k, g))
			verdict_add(v, WRONG_EARLY,
			    "%s got %s about what is not recorded",
			    box_id[g->box], g->file.path);
	}
}

/* How often others may ask for the answer to it again. */
static size_t
askers(const struct scene *s, size_t of)
{
	size_t n = 0;

	for (size_t i = 0; i < s->w->n; i++)
		n +=
		    s->w->v[i].fate == FATE_DUPLICATE && s->w->v[i].other == of;
	return n;
}

static void
one_answered(
    struct verdict *v, const struct scene *s, const struct answer *a, size_t of)
{
	const struct offered *o = &s->w->v[of];
	size_t got = 0, again = askers(s, of);

	for (size_t i = 0; i < s->ngot; i++)
		got += s->got[i].box == o->box && answers(&a[i], o);
	if (got < 1 || got > 1 + again)
		verdict_add(v, got < 1 ? WRONG_LOST : WRONG_DOUBLED,
		    "%s got %zu answers to %s, expected 1 and at most %zu "
		    "again",
		    box_id[o->box], got, o->name, again);
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
	bool known;

	if (a == NULL)
		die("memory");
	for (size_t i = 0; i < s->ngot; i++) {
		a[i] = read_answer(&s->got[i].file);
		known = false;
		for (size_t n = 0; n < s->w->n; n++)
			known = known ||
			    (s->w->v[n].box == s->got[i].box &&
				answers(&a[i], &s->w->v[n]));
		if (!known)
			verdict_add(v, WRONG_DOUBLED,
			    "%s got %s, which answers nothing that it sent",
			    box_id[s->got[i].box], s->got[i].file.path);
		as_often_as_sent(v, s, k, i);
	}
	answers_moment(v, s, k);
	for (size_t n = 0; n < s->w->n; n++)
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
