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

#include "tallyman/mem.h"
#include "x12/checker.h"
#include "x12/segment.h"
#include "x12/total.h"

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
		checker_too_often(c, TALLY_F_loop_too_often, i, loop->first,
		    loop->path, loop->max);
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
	if (n == p->max + 1 && p->max != TALLY_UNBOUNDED)
		checker_too_often(c, TALLY_F_segment_too_often, i, place,
		    checker_path(c, place), p->max);
}

static enum tally_rc
place_segment(
    struct tally_checker *c, unsigned class, uint32_t i, struct tally_err *err)
{
	const struct tally_step *st = tally_grammar_step(c->g, c->place, class);
	enum tally_rc rc = TALLY_OK;

	if (st->to == TALLY_NOWHERE)
		return checker_displaced(c, class, i, err);
	if (st->nmissing > 0)
		checker_missing(c, st, i);
	if (st->loop != 0)
		rc = checker_begin_loops(c, st->loop, st->to, i, err);
	if (rc == TALLY_OK)
		checker_take(c, st->to, i);
	return rc;
}

/* --- the set --- */

/* Makes room for what the grammar's places and loops need. */
static enum tally_rc
prepare(struct tally_checker *c, struct tally_err *err)
{
	const struct tally_set_spec *s = checker_spec(c);
	uint32_t n = s->nplace > s->nloop ? s->nplace : s->nloop;

	if (c->complete_of != c->g) {
		memset(c->complete, 0, sizeof(c->complete));
		c->complete_of = c->g;
	}
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
	c->begun += c->ninstance + 1;
	c->ninstance = 0;
	c->newest[0] = c->begun;
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

/* Elements that the dictionary has not. */
static void
see_rest(struct tally_segment *s, const uint32_t *pos, unsigned nuse)
{
	uint64_t rest = tally_values_present(pos, nuse + 1u, s->n);

	s->present |= rest;
	s->odd |= rest;
}

/* A segment that has a class; most are seen to be sound at once. */
static void
check_elements(struct tally_checker *c, struct segment_check *sc, uint32_t i,
    unsigned class)
{
	const struct tally_set *set = c->set;
	struct tally_segment *s = &set->segment[i];
	const uint32_t *pos = set->pos + s->pos;
	const struct tally_class *of = &c->g->class[class];
	const struct tally_set_spec *spec = checker_spec(c);
	unsigned nuse = of->spec->nuse;
	uint64_t present, doubtful, numbers = 0;
	bool sound;

	present = tally_values_look(of->value, nuse, (const char *)set->bytes,
	    pos, s->n, set->plain, &doubtful, &s->odd);
	s->present = present;
	if (s->n > nuse)
		see_rest(s, pos, nuse);
	if (sc->composed)
		doubtful = present;
	sound =
	    doubtful == 0 && segment_sound(of, s, present, c->complete[class]);
	if ((present & of->checks) != 0)
		numbers =
		    tally_values_check(of->value, (const char *)set->bytes, pos,
			present & present >> 1 & of->checks);
	if (sound && numbers == 0 && class != c->g->ends_loop)
		return;
	sc->segment = s;
	sc->class = of;
	sc->loop = &spec->loop[spec->place[c->place].loop];
	if (!sound && segment_check(sc, present, doubtful))
		c->complete[class] = present;
	if (numbers != 0)
		segment_check_digits(sc, numbers);
	if (class == c->g->ends_loop)
		check_loop_end(c, sc);
}

/* A segment whose values are known to be good. */
static void
see_elements(const struct tally_set *set, struct tally_segment *s)
{
	s->odd = s->present = tally_values_present(set->pos + s->pos, 1, s->n);
}

static enum tally_rc
check_segments(struct tally_checker *c, struct tally_err *err)
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
	uint16_t last = (uint16_t)(checker_spec(c)->nplace - 1);
	enum tally_rc rc;

	checker_take(c, 0, 0);
	check_bracket(c, &sc, 0, c->g->place_class[0]);
	for (uint32_t i = 1; i < set->nsegment; i++) {
		unsigned class = tally_grammar_class(c->g, set->segment[i].tag);

		if (class == GRAMMAR_CLASS_NONE) {
			checker_foreign(c, i);
			continue;
		}
		rc = place_segment(c, class, i, err);
		if (rc != TALLY_OK)
			return rc;
		if (set->segment[i].place == last) {
			check_bracket(c, &sc, i, class);
			break;
		}
		if (c->trust)
			see_elements(set, &set->segment[i]);
		else
			check_elements(c, &sc, i, class);
	}
	return TALLY_OK;
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
		rc = check_segments(c, err);
	if (rc != TALLY_OK)
		return rc;
	check_end(c);
	show(c);
	if (g->spec->ntotal > 0)
		total_check(set, checker_keep, c);
	rc = hierarchy_check(&c->hierarchy, set, checker_keep, c, err);
	if (rc == TALLY_OK && c->rules != NULL && !c->trust)
		rc = c->rules->check(c->rules->ctx, set, checker_keep, c, err);
	return rc;
}
