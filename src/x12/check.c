/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checker: a transaction set against its grammar.
 *
 * One pass over the segments.  The state is the place of the last segment
 * that fitted, how often each place of the loops now open has been seen, and
 * the instances of those loops.  A segment that fits nowhere is reported,
 * checked by itself, and leaves the state as it was; only the first segment
 * of a loop moves it back, so that one displaced loop is one finding.
 *
 * Nearly all segments are like one before, see shape.h, and mostly like the
 * one that came next the last time: of these only the values are looked at.
 */
#include <assert.h>

#include "tallyman/mem.h"
#include "x12/checker.h"
#include "x12/segment.h"
#include "x12/total.h"

void
checker_keep(void *ctx, const struct tally_finding *f)
{
	struct tally_checker *c = ctx;

	if (c->left > 0) {
		c->left--;
		tally_findings_add(c->findings, f);
		return;
	}
	tally_findings_count(c->findings, f);
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
	checker_keep(c, f);
}

/* --- loops --- */

CHECK_APART static void
loop_too_often(struct tally_checker *c, unsigned l, uint32_t i)
{
	const struct tally_loop *loop = &checker_spec(c)->loop[l];

	checker_too_often(
	    c, TALLY_F_loop_too_often, i, loop->first, loop->path, loop->max);
}

CHECK_APART static void
segment_too_often(struct tally_checker *c, unsigned place, uint32_t i)
{
	checker_too_often(c, TALLY_F_segment_too_often, i, place,
	    checker_path(c, place), checker_spec(c)->place[place].max);
}

CHECK_APART static enum tally_rc
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

static enum tally_rc
begin_loop(
    struct tally_checker *c, unsigned l, uint32_t i, struct tally_err *err)
{
	const struct tally_loop *loop = &checker_spec(c)->loop[l];
	struct tally_instance *new;
	enum tally_rc rc;
	uint32_t n;

	if (c->ninstance == c->instances_max) {
		rc = grow_instances(c, err);
		if (rc != TALLY_OK)
			return rc;
	}
	new = &c->instance[c->ninstance];
	new->parent = checker_open(c, loop->parent);
	new->first = i;
	new->loop = (uint16_t)l;
	c->newest[l] = c->begun + c->ninstance++;
	n = ++*checker_count(c, &c->iterations[l], loop->parent);
	if (n == loop->max + 1 && loop->max != TALLY_UNBOUNDED)
		loop_too_often(c, l, i);
	return TALLY_OK;
}

enum tally_rc
checker_begin_loops(struct tally_checker *c, unsigned l, unsigned place,
    uint32_t i, struct tally_err *err)
{
	const struct tally_set_spec *s = checker_spec(c);
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

void
checker_take(struct tally_checker *c, unsigned place, uint32_t i)
{
	const struct tally_place *p = &checker_spec(c)->place[place];
	struct tally_segment *s = &c->set->segment[i];
	uint32_t n = ++*checker_count(c, &c->seen[place], p->loop);

	s->place = (uint16_t)place;
	s->loop = checker_open(c, p->loop);
	c->place = place;
	c->row = tally_grammar_step(c->g, place, 0);
	if (n == p->max + 1 && p->max != TALLY_UNBOUNDED)
		segment_too_often(c, place, i);
}

/* A segment that stands where a step leads. */
static enum tally_rc
step_on(struct tally_checker *c, const struct tally_step *st, uint32_t i,
    struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (st->nmissing > 0)
		checker_missing(c, st, i);
	if (st->loop != 0)
		rc = checker_begin_loops(c, st->loop, st->to, i, err);
	if (rc == TALLY_OK)
		checker_take(c, st->to, i);
	return rc;
}

static enum tally_rc
place_segment(
    struct tally_checker *c, unsigned class, uint32_t i, struct tally_err *err)
{
	const struct tally_step *st = c->row + class;

	return st->to == TALLY_NOWHERE ? checker_displaced(c, class, i, err)
				       : step_on(c, st, i, err);
}

/* --- the set --- */

/* Makes room for what the grammar's places and loops need. */
static enum tally_rc
prepare(struct tally_checker *c, struct tally_err *err)
{
	const struct tally_set_spec *s = checker_spec(c);
	uint32_t n = s->nplace > s->nloop ? s->nplace : s->nloop;

	if (n > c->capacity) {
		size_t each = 2 * sizeof(*c->seen) + sizeof(*c->newest);
		struct checker_count *p = tally_calloc(n, each);

		if (p == NULL)
			return tally_err_set(
			    err, TALLY_NOMEM, "no memory to check a set");
		tally_free(c->seen);
		c->seen = p;
		c->iterations = p + n;
		c->newest = (uint64_t *)(p + 2 * (size_t)n);
		c->capacity = n;
	}
	return TALLY_OK;
}

static enum tally_rc
begin(struct tally_checker *c, struct tally_err *err)
{
	enum tally_rc rc = prepare(c, err);

	if (rc != TALLY_OK)
		return rc;
	c->style = shape_style(&c->set->separators);
	if (c->shapes.likes > UINT16_MAX / 2)
		tally_shapes_forget(&c->shapes);
	c->begun += c->ninstance + 1;
	c->ninstance = 0;
	c->newest[0] = c->begun;
	c->place = 0;
	c->left = c->limits->findings_set;
	c->displaced = c->foreign = false;
	c->set->known = &c->shapes.known;
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
	if (c->set->segment[i].n <= 2)
		return;
	sc->segment = &c->set->segment[i];
	sc->class = &c->g->class[class];
	sc->loop = &checker_spec(c)->loop[0];
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

/* The values of a segment, of which most are seen to be sound at once, and what
 * else there is to it; shape: or null. */
static void
check_elements(struct tally_checker *c, struct segment_check *sc, uint32_t i,
    unsigned class, struct shape *shape, const struct shape_seen *seen)
{
	const struct tally_set_spec *spec = checker_spec(c);
	uint64_t doubtful = seen->doubtful, within;
	bool complete;

	sc->segment = &c->set->segment[i];
	sc->class = &c->g->class[class];
	sc->loop = &spec->loop[spec->place[c->place].loop];
	within = (UINT64_C(2) << sc->class->spec->nuse) - 1;
	if (sc->composed)
		doubtful = sc->segment->present;
	if (shape == NULL || !shape->sound || doubtful != 0) {
		complete = segment_check(
		    sc, sc->segment->present & within, doubtful & within);
		if (shape != NULL && class != c->g->ends_loop) {
			shape->sound = complete &&
			    shape->step->to != TALLY_NOWHERE &&
			    (sc->segment->present >> sc->segment->n & 1) != 0;
			shape->quick = shape->sound && shape->straight;
		}
	}
	if (seen->qualifiers != 0)
		segment_check_digits(sc, seen->qualifiers);
	if (class == c->g->ends_loop)
		check_loop_end(c, sc);
}

/* A segment of which not all is sound that was seen of it, or that leads
 * nowhere. */
CHECK_APART static enum tally_rc
check_shaped(struct tally_checker *c, struct segment_check *sc, uint32_t i,
    struct shape *m, const struct shape_seen *seen, struct tally_err *err)
{
	struct tally_segment *s = &c->set->segment[i];
	enum tally_rc rc;

	c->shapes.newest = m;
	s->like = m->step->to != TALLY_NOWHERE && !seen->strange ? m->like : 0;
	s->present = m->present;
	s->odd = seen->odd;
	rc = place_segment(c, m->class, i, err);
	if (rc == TALLY_OK)
		check_elements(c, sc, i, m->class, m, seen);
	return rc;
}

/* A segment that has no shape; *ended: it is the last one. */
static enum tally_rc
check_shapeless(struct tally_checker *c, struct segment_check *sc, uint32_t i,
    unsigned class, bool *ended, struct tally_err *err)
{
	struct tally_segment *s = &c->set->segment[i];
	struct shape_seen seen;
	enum tally_rc rc = place_segment(c, class, i, err);
	uint64_t there;

	*ended = s->place == checker_spec(c)->nplace - 1u;
	if (rc == TALLY_OK && *ended)
		check_bracket(c, sc, i, class);
	if (rc != TALLY_OK || *ended)
		return rc;
	there = tally_values_present(c->set->pos + s->pos, 1, s->n);
	s->present = s->odd = there;
	seen = (struct shape_seen){ .doubtful = there,
		.qualifiers = there & there >> 1 & c->g->class[class].checks };
	check_elements(c, sc, i, class, NULL, &seen);
	return TALLY_OK;
}

/* Whether a segment can have the shape, at the place where the checker is. */
static inline bool
can_have(const struct tally_checker *c, const struct tally_segment *s,
    const struct shape *m)
{
	return m->tag == s->tag && m->n == s->n && m->row == c->row &&
	    m->style == c->style;
}

/* A segment of which nothing is to be told, but perhaps that it is one too
 * many.  There is room for the instance of a loop that it begins. */
CHECK_INLINE void
pass(struct tally_checker *c, struct shape *m, uint32_t i, uint64_t odd)
{
	const struct shape_way *w = &m->way;
	struct tally_segment *s = &c->set->segment[i];
	uint32_t n;

	c->shapes.newest = m;
	s->present = m->present;
	s->odd = odd;
	s->like = m->like;
	s->place = w->place;
	if (w->begins) {
		c->instance[c->ninstance] =
		    (struct tally_instance){ checker_open(c, w->around), i,
			    w->loop };
		c->newest[w->loop] = c->begun + c->ninstance++;
		n = ++*checker_count(c, &c->iterations[w->loop], w->around);
		if (n == w->loop_over)
			loop_too_often(c, w->loop, i);
	}
	s->loop = checker_open(c, w->loop);
	c->place = w->place;
	c->row = w->row;
	n = ++*checker_count(c, &c->seen[w->place], w->loop);
	if (n == w->over)
		segment_too_often(c, w->place, i);
}

/* A segment that is not like what came next before. */
CHECK_APART static enum tally_rc
check_other(struct tally_checker *c, struct segment_check *sc, uint32_t i,
    bool *ended, struct tally_err *err)
{
	const struct tally_set *set = c->set;
	const struct tally_segment *s = &set->segment[i];
	unsigned class = tally_grammar_class(c->g, s->tag);
	unsigned last = checker_spec(c)->nplace - 1u;
	const uint32_t *pos = set->pos + s->pos;
	struct shape_seen seen;
	struct shape *m = NULL;

	if (class == GRAMMAR_CLASS_NONE) {
		checker_foreign(c, i);
		return TALLY_OK;
	}
	if (class != c->g->place_class[last])
		m = tally_shape_of(
		    &c->shapes, c->g, c->row, class, c->style, s, pos);
	if (m == NULL)
		return check_shapeless(c, sc, i, class, ended, err);
	if (c->shapes.newest->next->row == NULL)
		c->shapes.newest->next = m;
	c->shapes.newest->other = m;
	tally_shape_look(
	    &c->shapes, m, m->value, tally_shape_end(m, pos), set, s, &seen);
	return check_shaped(c, sc, i, m, &seen, err);
}

/* A segment that can have the shape; values before v, and the elements up to
 * end, have been looked at. */
CHECK_APART static enum tally_rc
check_rest(struct tally_checker *c, struct segment_check *sc, uint32_t i,
    struct shape *m, struct shape_value *v, uint32_t end, bool *ended,
    struct tally_err *err)
{
	const struct tally_set *set = c->set;
	struct shape_seen seen;

	if (!tally_shape_look(
		&c->shapes, m, v, end, set, &set->segment[i], &seen))
		return check_other(c, sc, i, ended, err);
	if (!m->quick || sc->composed || c->ninstance == c->instances_max ||
	    (seen.doubtful | seen.qualifiers) != 0 || seen.others)
		return check_shaped(c, sc, i, m, &seen, err);
	pass(c, m, i, seen.odd);
	return TALLY_OK;
}

static enum tally_rc
check_segments(
    struct tally_checker *c, struct segment_check *sc, struct tally_err *err)
{
	const struct tally_set *set = c->set;
	const char *bytes = (const char *)set->bytes;
	bool ended = false, plain = set->plain && !sc->composed;
	const uint32_t *pos;
	struct shape_value *v;
	struct shape *m;
	uint32_t end;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = 1; i < set->nsegment; i++) {
		m = c->shapes.newest->next;
		if (!can_have(c, &set->segment[i], m))
			m = c->shapes.newest->other;
		pos = set->pos + set->segment[i].pos;
		v = m->value;
		end = tally_shape_end(m, pos);
		if (!can_have(c, &set->segment[i], m)) {
			rc = check_other(c, sc, i, &ended, err);
		} else {
			if (plain)
				v = tally_shape_glance(m, bytes, pos, &end);
			if (v == m->end && end == pos[m->n] && m->quick &&
			    plain && c->ninstance < c->instances_max) {
				pass(c, m, i, 0);
				continue;
			}
			rc = check_rest(c, sc, i, m, v, end, &ended, err);
		}
		if (rc != TALLY_OK || ended)
			break;
	}
	return rc;
}

static enum tally_rc
check_all(struct tally_checker *c, struct tally_err *err)
{
	struct tally_set *set = c->set;
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

	checker_take(c, 0, 0);
	check_bracket(c, &sc, 0, c->g->place_class[0]);
	return check_segments(c, &sc, err);
}

/* Levels are told of in sets that have none, too. */
static bool
may_have_levels(const struct tally_checker *c)
{
	return c->foreign ||
	    tally_grammar_class(c->g, tally_tag("HL")) != GRAMMAR_CLASS_NONE;
}

/* What is missing where the set ends without SE. */
static void
check_end(struct tally_checker *c)
{
	const struct tally_set_spec *s = checker_spec(c);
	unsigned last = s->nplace - 1u;

	if (c->place == last)
		return;
	checker_missing(c,
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
		rc = check_all(c, err);
	if (rc != TALLY_OK)
		return rc;
	check_end(c);
	show(c);
	if (g->spec->ntotal > 0)
		total_check(c);
	if (may_have_levels(c))
		rc = hierarchy_check(&c->hierarchy, set, checker_keep, c, err);
	if (rc == TALLY_OK && c->rules != NULL)
		rc = c->rules->check(c->rules->ctx, set, checker_keep, c, err);
	return rc;
}
