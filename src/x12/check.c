/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checker: a transaction set against its grammar.
 *
 * One pass over the segments.  The state is the place of the last segment
 * that fitted, how often each place of the loops now open has been seen, and
 * the instances of those loops.  A segment that fits nowhere is reported,
 * checked by itself, and leaves the state as it was; only the first segment
 * of a loop moves it back, so that one displaced loop is one finding.
 */
#include <assert.h>
#include <stdio.h>

#include "tallyman/mem.h"
#include "x12/grammar.h"
#include "x12/hierarchy.h"
#include "x12/segment.h"
#include "x12/total.h"

/* Marks a place in `seen` that was reported as missing. */
#define MISSED UINT32_C(0x80000000)

struct tally_checker {
	const struct tally_limits *limits;
	enum tally_characters characters;
	bool trust;                      /* place segments, check no values */
	const struct tally_rules *rules; /* over the standard's; or null */
	uint32_t *seen;       /* of each place, in the open instance */
	uint32_t *iterations; /* of each loop, in the open parent */
	uint32_t *open;       /* of each loop: its newest instance */
	uint32_t capacity;    /* of the three */
	uint32_t far, inmost; /* beyond this place and loop, seen and iterations
				 are 0 */
	const struct tally_grammar *complete_of;
	uint64_t complete[GRAMMAR_CLASSES_MAX]; /* see segment.h */
	struct tally_instance *instance;
	uint32_t ninstance, instances_max;
	struct hierarchy hierarchy;
	/* the set in hand */
	const struct tally_grammar *g;
	struct tally_set *set;
	struct tally_findings *findings;
	size_t from;   /* first of its findings in the list */
	uint32_t left; /* findings that may still be kept */
	uint32_t place;
};

enum tally_rc
tally_checker_new(struct tally_checker **out, const struct tally_limits *limits,
    struct tally_err *err)
{
	struct tally_checker *c = tally_calloc(1, sizeof(*c));

	if (c == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory to check");
	c->limits = limits;
	*out = c;
	return TALLY_OK;
}

void
tally_checker_free(struct tally_checker *c)
{
	if (c == NULL)
		return;
	tally_free(c->seen);
	tally_free(c->instance);
	hierarchy_free(&c->hierarchy);
	tally_free(c);
}

void
tally_checker_trust(struct tally_checker *c)
{
	c->trust = true;
}

void
tally_checker_characters(
    struct tally_checker *c, enum tally_characters characters)
{
	c->characters = characters;
}

void
tally_checker_rules(struct tally_checker *c, const struct tally_rules *rules)
{
	c->rules = rules;
}

/* Appends a finding, or only counts it when the set has enough. */
static void
keep(void *ctx, const struct tally_finding *f)
{
	struct tally_checker *c = ctx;

	if (c->left > 0) {
		c->left--;
		tally_findings_add(c->findings, f);
		return;
	}
	tally_findings_count(c->findings, f);
}

static const struct tally_set_spec *
spec_of(const struct tally_checker *c)
{
	return c->g->spec;
}

/* Shows the set as far as it has been checked. */
static void
show(const struct tally_checker *c)
{
	c->set->spec = c->g->spec;
	c->set->instance = c->instance;
	c->set->ninstance = c->ninstance;
}

/* Keeps a finding about a value, unless other rules take it back. */
static void
keep_value(void *ctx, const struct tally_finding *f)
{
	struct tally_checker *c = ctx;

	if (c->rules != NULL) {
		show(c);
		if (c->rules->withdraws(c->rules->ctx, c->set, f))
			return;
	}
	keep(c, f);
}

static const char *
loop_path(const struct tally_checker *c, unsigned place)
{
	return spec_of(c)->loop[spec_of(c)->place[place].loop].path;
}

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

	keep(c, &f);
}

/* --- loops --- */

static enum tally_rc
grow_instances(struct tally_checker *c, struct tally_err *err)
{
	uint32_t max = c->instances_max != 0 ? 2 * c->instances_max : 64;
	void *p = tally_realloc(c->instance, max * sizeof(*c->instance));

	if (p == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory to check a set");
	c->instance = p;
	c->instances_max = max;
	return TALLY_OK;
}

static void
too_often(struct tally_checker *c, enum tally_finding_kind kind, uint32_t i,
    const struct tally_segment_spec *seg, const char *loop, uint32_t max)
{
	char words[64];

	snprintf(words, sizeof(words), "at most %u times", max);
	report(c, kind, i, seg, loop, words);
}

/* Forgets what was seen in an instance of loop l, if anything. */
static void
forget(struct tally_checker *c, unsigned l)
{
	const struct tally_loop *loop = &spec_of(c)->loop[l];
	uint32_t last = loop->last < c->far ? loop->last : c->far;
	uint32_t inner = l + c->g->inner[l];

	for (uint32_t p = loop->first; p <= last; p++)
		c->seen[p] = 0;
	if (inner > c->inmost)
		inner = c->inmost;
	for (uint32_t k = l + 1; k <= inner; k++)
		c->iterations[k] = 0;
}

static enum tally_rc
begin_loop(
    struct tally_checker *c, unsigned l, uint32_t i, struct tally_err *err)
{
	const struct tally_loop *loop = &spec_of(c)->loop[l];
	enum tally_rc rc;

	if (c->ninstance == c->instances_max) {
		rc = grow_instances(c, err);
		if (rc != TALLY_OK)
			return rc;
	}
	c->instance[c->ninstance] = (struct tally_instance){
		.parent = c->open[loop->parent],
		.first = i,
		.loop = (uint16_t)l,
	};
	c->open[l] = c->ninstance++;
	forget(c, l);
	if (l > c->inmost)
		c->inmost = l;
	if (++c->iterations[l] == loop->max + 1 && loop->max != TALLY_UNBOUNDED)
		too_often(c, TALLY_F_loop_too_often, i,
		    spec_of(c)->place[loop->first].segment, loop->path,
		    loop->max);
	return TALLY_OK;
}

/* Begins loop l and those inside it that place stands in. */
static enum tally_rc
begin_loops(struct tally_checker *c, unsigned l, unsigned place, uint32_t i,
    struct tally_err *err)
{
	const struct tally_set_spec *s = spec_of(c);
	unsigned inner = s->place[place].loop, next;
	enum tally_rc rc;

	for (;;) {
		rc = begin_loop(c, l, i, err);
		if (rc != TALLY_OK || l == inner)
			return rc;
		for (next = inner; s->loop[next].parent != l;)
			next = s->loop[next].parent;
		l = next;
	}
}

/* --- segments --- */

/* Mandatory places that a step passes over and that were not seen. */
static void
report_missing(struct tally_checker *c, const struct tally_step *st, uint32_t i)
{
	const struct tally_set_spec *s = spec_of(c);

	for (unsigned k = 0; k < st->nmissing; k++) {
		unsigned p = c->g->passed[st->missing + k];

		if (c->seen[p] != 0 || p == s->nplace - 1u)
			continue;
		c->seen[p] = MISSED;
		if (p > c->far)
			c->far = p;
		report(c, TALLY_F_segment_missing, i, s->place[p].segment,
		    loop_path(c, p), "the segment, before this one");
	}
}

static void
take(struct tally_checker *c, unsigned place, uint32_t i)
{
	const struct tally_place *p = &spec_of(c)->place[place];
	struct tally_segment *s = &c->set->segment[i];

	s->place = (uint16_t)place;
	s->loop = c->open[p->loop];
	c->place = place;
	if (place > c->far)
		c->far = place;
	if (++c->seen[place] == p->max + 1 && p->max != TALLY_UNBOUNDED)
		too_often(c, TALLY_F_segment_too_often, i, p->segment,
		    loop_path(c, place), p->max);
}

/* The outermost loop around place p that the present place is not in. */
static unsigned
closed_loop(const struct tally_checker *c, unsigned p)
{
	const struct tally_set_spec *s = spec_of(c);
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
	const struct tally_set_spec *s = spec_of(c);
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
		    strcmp(fs->v[i].tag, spec_of(c)->place[p].segment->tag) !=
			0)
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
	const struct tally_set_spec *s = spec_of(c);
	unsigned l = closed_loop(c, p), first = s->loop[l].first;
	const struct tally_step *st =
	    tally_grammar_step(c->g, c->place, c->g->place_class[first]);
	enum tally_rc rc;

	if (st->to == first)
		report_missing(c, st, i);
	report(c, TALLY_F_segment_unexpected, i, s->place[p].segment,
	    loop_path(c, p), "the loop's first segment before it");
	/* Go on as if it were there, so that the rest is not reported. */
	rc = begin_loops(c, l, p, i, err);
	if (rc == TALLY_OK)
		take(c, p, i);
	return rc;
}

/* A segment of the set that cannot stand here. */
static enum tally_rc
displaced(
    struct tally_checker *c, unsigned class, uint32_t i, struct tally_err *err)
{
	const struct tally_set_spec *s = spec_of(c);
	unsigned p = place_meant(c, class), l = c->g->begins[p];
	enum tally_rc rc;

	if (p > c->place)
		return unexpected(c, p, i, err);
	if ((c->seen[p] & MISSED) != 0) {
		retract_missing(c, p);
		c->seen[p] = 1;
	}
	report(c, TALLY_F_segment_out_of_order, i, s->place[p].segment,
	    loop_path(c, p), "the order of the standard");
	if (l == 0 || s->loop[l].parent != 0)
		return TALLY_OK;
	rc = begin_loops(c, l, p, i, err);
	if (rc == TALLY_OK)
		take(c, p, i);
	return rc;
}

static void
foreign(struct tally_checker *c, uint32_t i)
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
		.loop = loop_path(c, c->place),
		.id = "",
		.name = seg != NULL ? seg->name : "",
		.value = tag,
		.expected = tally_cstr("a segment of the set"),
	};

	keep(c, &f);
}

static enum tally_rc
place_segment(
    struct tally_checker *c, unsigned class, uint32_t i, struct tally_err *err)
{
	const struct tally_step *st = tally_grammar_step(c->g, c->place, class);
	enum tally_rc rc = TALLY_OK;

	if (st->to == TALLY_NOWHERE)
		return displaced(c, class, i, err);
	if (st->nmissing > 0)
		report_missing(c, st, i);
	if (st->loop != 0)
		rc = begin_loops(c, st->loop, st->to, i, err);
	if (rc == TALLY_OK)
		take(c, st->to, i);
	return rc;
}

/* --- the set --- */

/* Makes room for what the grammar's places and loops need. */
static enum tally_rc
prepare(struct tally_checker *c, struct tally_err *err)
{
	const struct tally_set_spec *s = spec_of(c);
	uint32_t n = s->nplace > s->nloop ? s->nplace : s->nloop;

	if (c->complete_of != c->g) {
		memset(c->complete, 0, sizeof(c->complete));
		c->complete_of = c->g;
	}
	if (n > c->capacity) {
		uint32_t *p = tally_calloc(3u * n, sizeof(*p));

		if (p == NULL)
			return tally_err_set(
			    err, TALLY_NOMEM, "no memory to check a set");
		tally_free(c->seen);
		c->seen = p;
		c->iterations = p + n;
		c->open = p + 2 * (size_t)n;
		c->capacity = n;
		c->far = c->inmost = 0;
	}
	return TALLY_OK;
}

static enum tally_rc
begin(struct tally_checker *c, struct tally_err *err)
{
	enum tally_rc rc = prepare(c, err);

	if (rc != TALLY_OK)
		return rc;
	memset(c->seen, 0, (c->far + 1) * sizeof(*c->seen));
	memset(c->iterations, 0, (c->inmost + 1) * sizeof(*c->iterations));
	c->far = c->inmost = 0;
	c->ninstance = 0;
	c->place = 0;
	c->left = c->limits->findings_set;
	return begin_loop(c, 0, 0, err);
}

static bool
holds(const struct tally_set *set, unsigned char c)
{
	return c != 0 &&
	    memchr(set->bytes + (set->start - set->offset), c, set->length) !=
	    NULL;
}

/* What ST or SE has beyond the identifier, count and number, which are the
 * reader's. */
static void
check_bracket(struct tally_checker *c, struct segment_check *sc, uint32_t i,
    unsigned class)
{
	if (c->trust || c->set->segment[i].n <= 2)
		return;
	sc->segment = &c->set->segment[i];
	sc->class = &c->g->class[class];
	sc->ordinal = i + 1;
	sc->loop = &spec_of(c)->loop[0];
	segment_check_from(sc, 3);
}

/* Whether an identifier in LS or LE is one that nothing is said about yet. */
static bool
is_loop_name(const struct segment_check *sc, struct tally_str v)
{
	const struct tally_separators *sep = &sc->set->separators;

	return v.n > 0 && memchr(v.p, sep->component, v.n) == NULL &&
	    (sep->repetition == 0 ||
		memchr(v.p, sep->repetition, v.n) == NULL) &&
	    tally_value_test(&sc->class->value[0], v, true) ==
	    TALLY_FINDING_NONE;
}

/* LE names the loop that its LS began. */
static void
check_loop_end(const struct tally_checker *c, const struct segment_check *sc)
{
	const struct tally_set *set = c->set;
	const struct tally_segment *le = sc->segment, *ls;
	struct tally_finding f;
	struct tally_str is = tally_element(set, le, 1), began;

	if (le->place == TALLY_NOWHERE)
		return;
	ls = &set->segment[c->instance[le->loop].first];
	began = tally_element(set, ls, 1);
	if (ls->tag != tally_tag("LS") || tally_str_eq(is, began) ||
	    !is_loop_name(sc, is) || !is_loop_name(sc, began))
		return;
	f = segment_finding(sc, TALLY_F_loop_identifier);
	f.offset = set->offset + (uint64_t)(is.p - (const char *)set->bytes);
	f.element = 1;
	f.id = sc->class->spec->use[0].element->id;
	f.name = sc->class->spec->use[0].element->name;
	f.value = is;
	f.expected = tally_cstr("the identifier in LS01");
	sc->report(sc->ctx, &f);
}

static enum tally_rc
check_segments(struct tally_checker *c, struct tally_err *err)
{
	struct tally_set *set = c->set;
	const struct tally_set_spec *spec = spec_of(c);
	struct segment_noted noted = { .n = 0 };
	struct segment_check sc = {
		.set = set,
		.characters = c->characters,
		.composed = c->characters != TALLY_CHARACTERS_ANY ||
		    holds(set, set->separators.component) ||
		    holds(set, set->separators.repetition),
		.noted = &noted,
		.report = keep_value,
		.ctx = c,
	};
	enum tally_rc rc;

	take(c, 0, 0);
	check_bracket(c, &sc, 0, c->g->place_class[0]);
	for (uint32_t i = 1; i < set->nsegment; i++) {
		unsigned class = tally_grammar_class(c->g, set->segment[i].tag);

		set->segment[i].place = TALLY_NOWHERE;
		set->segment[i].loop = c->open[0];
		if (class == GRAMMAR_CLASS_NONE) {
			foreign(c, i);
			continue;
		}
		rc = place_segment(c, class, i, err);
		if (rc != TALLY_OK)
			return rc;
		if (set->segment[i].place == spec->nplace - 1u) {
			check_bracket(c, &sc, i, class);
			break;
		}
		if (c->trust)
			continue;
		sc.segment = &set->segment[i];
		sc.class = &c->g->class[class];
		sc.complete = &c->complete[class];
		sc.ordinal = i + 1;
		sc.loop = &spec->loop[spec->place[c->place].loop];
		segment_check(&sc);
		if (class == c->g->ends_loop)
			check_loop_end(c, &sc);
	}
	return TALLY_OK;
}

/* What is missing where the set ends without SE. */
static void
check_end(struct tally_checker *c)
{
	const struct tally_set_spec *s = spec_of(c);
	unsigned last = s->nplace - 1u;

	if (c->place == last)
		return;
	report_missing(c,
	    tally_grammar_step(c->g, c->place, c->g->place_class[last]),
	    c->set->nsegment - 1);
}

enum tally_rc
tally_check(struct tally_checker *c, const struct tally_grammar *g,
    struct tally_set *set, struct tally_findings *findings,
    struct tally_err *err)
{
	enum tally_rc rc;

	assert(set->nsegment > 0);
	c->g = g;
	c->set = set;
	c->findings = findings;
	c->from = findings->n;
	rc = begin(c, err);
	if (rc == TALLY_OK)
		rc = check_segments(c, err);
	if (rc != TALLY_OK)
		return rc;
	check_end(c);
	show(c);
	if (g->spec->ntotal > 0)
		total_check(set, keep, c);
	rc = hierarchy_check(&c->hierarchy, set, keep, c, err);
	if (rc == TALLY_OK && c->rules != NULL && !c->trust)
		rc = c->rules->check(c->rules->ctx, set, keep, c, err);
	return rc;
}
