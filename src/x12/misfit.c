/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that do not stand where they should; see checker.h. */
#include "x12/checker.h"

#include <stdio.h>

static void
report(struct tally_checker *c, enum tally_finding_kind kind, uint32_t i,
    const struct tally_segment_spec *seg, const char *loop,
    const char *expected)
{
	const struct tally_segment *s = &c->set->segment[i];
	struct tally_finding f = {
		.kind = kind,
		.offset = c->set->offset + s->start,
		.segment = i + 1,
		.tag = seg->tag,
		.loop = loop,
		.id = "",
		.name = seg->name,
		.expected = tally_cstr(expected),
	};

	checker_keep(c, &f);
}

void
checker_too_often(struct tally_checker *c, enum tally_finding_kind kind,
    uint32_t i, unsigned place, const char *loop, uint32_t max)
{
	char words[64];

	snprintf(words, sizeof(words), "at most %u times", max);
	report(c, kind, i, checker_spec(c)->place[place].segment, loop, words);
}

/* How often a place was seen, and MISSED, in the newest instance of its loop
 * and of those around it. */
static uint32_t
seen(const struct tally_checker *c, unsigned place)
{
	const struct tally_set_spec *s = checker_spec(c);
	const struct checker_count *count = &c->seen[place];
	unsigned l = s->place[place].loop;

	for (; l != 0 && count->when >= c->newest[l]; l = s->loop[l].parent)
		;
	return count->when >= c->newest[l] ? count->n : 0;
}

static void
set_seen(struct tally_checker *c, unsigned place, uint32_t n)
{
	c->seen[place].when = c->begun + c->ninstance - 1;
	c->seen[place].n = n;
}

void
checker_missing(
    struct tally_checker *c, const struct tally_step *st, uint32_t i)
{
	const struct tally_set_spec *s = checker_spec(c);

	for (unsigned k = 0; k < st->nmissing; k++) {
		unsigned p = c->g->passed[st->missing + k];

		if (seen(c, p) != 0 || p == s->nplace - 1u)
			continue;
		set_seen(c, p, MISSED);
		report(c, TALLY_F_segment_missing, i, s->place[p].segment,
		    checker_path(c, p), "the segment, before this one");
	}
}

static void
nowhere(struct tally_checker *c, uint32_t i)
{
	c->set->segment[i].place = TALLY_NOWHERE;
	c->set->segment[i].loop = checker_open(c, 0);
}

/* The outermost loop around place p that the present place is not in. */
static unsigned
closed_loop(const struct tally_checker *c, unsigned p)
{
	const struct tally_set_spec *s = checker_spec(c);
	unsigned l = s->place[p].loop, best = 0;

	for (; l != 0; l = s->loop[l].parent)
		if (c->place < s->loop[l].first || c->place > s->loop[l].last)
			best = l;
	return best;
}

/*
 * The place that a segment which cannot stand here was meant for: inside the
 * innermost loops now open, ahead; or else behind; or else anywhere ahead.
 */
static unsigned
place_meant(const struct tally_checker *c, unsigned class)
{
	const struct tally_set_spec *s = checker_spec(c);
	unsigned behind = s->nplace, ahead = s->nplace;

	for (unsigned p = c->g->class[class].first;
	     p <= c->g->class[class].last; p++) {
		if (c->g->place_class[p] != class)
			continue;
		if (p <= c->place)
			behind = p;
		else if (s->loop[closed_loop(c, p)].parent != 0)
			return p;
		else if (ahead == s->nplace)
			ahead = p;
	}
	return behind < s->nplace ? behind : ahead;
}

/* Takes back the finding that the segment of place p was missing. */
static void
retract_missing(struct tally_checker *c, unsigned p)
{
	struct tally_findings *fs = c->findings;

	for (size_t i = fs->n; i-- > c->from;) {
		if (fs->v[i].kind != TALLY_F_segment_missing ||
		    strcmp(fs->v[i].tag,
			checker_spec(c)->place[p].segment->tag) != 0)
			continue;
		fs->n--;
		fs->errors -= fs->v[i].severity == TALLY_ERROR;
		fs->warnings -= fs->v[i].severity == TALLY_WARNING;
		memmove(&fs->v[i], &fs->v[i + 1], (fs->n - i) * sizeof(*fs->v));
		c->left++;
		return;
	}
}

/* A segment of a loop whose first segment is not there. */
static enum tally_rc
unexpected(
    struct tally_checker *c, unsigned p, uint32_t i, struct tally_err *err)
{
	const struct tally_set_spec *s = checker_spec(c);
	unsigned l = closed_loop(c, p), first = s->loop[l].first;
	const struct tally_step *st =
	    tally_grammar_step(c->g, c->place, c->g->place_class[first]);
	enum tally_rc rc;

	if (st->to == first)
		checker_missing(c, st, i);
	report(c, TALLY_F_segment_unexpected, i, s->place[p].segment,
	    checker_path(c, p), "the loop's first segment before it");
	/* Go on as if it were there, so that the rest is not reported. */
	rc = checker_begin_loops(c, l, p, i, err);
	if (rc == TALLY_OK)
		checker_take(c, p, i);
	return rc;
}

enum tally_rc
checker_displaced(
    struct tally_checker *c, unsigned class, uint32_t i, struct tally_err *err)
{
	const struct tally_set_spec *s = checker_spec(c);
	unsigned p = place_meant(c, class), l = c->g->begins[p];
	enum tally_rc rc;

	c->displaced = true;
	nowhere(c, i);
	if (p > c->place)
		return unexpected(c, p, i, err);
	if ((seen(c, p) & MISSED) != 0) {
		retract_missing(c, p);
		set_seen(c, p, 1);
	}
	report(c, TALLY_F_segment_out_of_order, i, s->place[p].segment,
	    checker_path(c, p), "the order of the standard");
	if (l == 0 || s->loop[l].parent != 0)
		return TALLY_OK;
	rc = checker_begin_loops(c, l, p, i, err);
	if (rc == TALLY_OK)
		checker_take(c, p, i);
	return rc;
}

void
checker_foreign(struct tally_checker *c, uint32_t i)
{
	struct tally_segment *s = &c->set->segment[i];
	struct tally_str tag = tally_segment_tag(c->set, s);
	const struct tally_segment_spec *seg =
	    tag.n <= 3 && c->g->version != NULL
	    ? tally_segment_find(c->g->version, tag)
	    : NULL;
	struct tally_finding f = {
		.kind = seg != NULL ? TALLY_F_segment_not_in_set
				    : TALLY_F_segment_unknown,
		.offset = c->set->offset + s->start,
		.segment = i + 1,
		.tag = seg != NULL ? seg->tag : "",
		.loop = checker_path(c, c->place),
		.id = "",
		.name = seg != NULL ? seg->name : "",
		.value = tag,
		.expected = tally_cstr("a segment of the set"),
	};

	c->foreign = true;
	nowhere(c, i);
	checker_keep(c, &f);
}
