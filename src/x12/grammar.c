/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler of grammars; see grammar.h.
 *
 * From a place p, a tag is looked for in the loop of p, then in each loop
 * around it: first forward among the places of that loop that p has not
 * passed (a loop inside is entered through its first place, or through a
 * later one while those before are optional), then as a new instance of that
 * loop.  The first level that knows the tag decides.  Two forward places of
 * one level with the same tag and no mandatory place between are ambiguous:
 * nobody could say which is meant.
 */
#include "x12/grammar.h"

#include <assert.h>
#include <stdlib.h>

static bool
inside(const struct tally_loop *l, unsigned place)
{
	return place >= l->first && place <= l->last;
}

/* The child of loop `around` that place stands in, or 0 if it is direct. */
static unsigned
child_loop(const struct tally_set_spec *s, unsigned around, unsigned place)
{
	unsigned l = s->place[place].loop;

	if (l == around)
		return 0;
	while (s->loop[l].parent != around)
		l = s->loop[l].parent;
	return l;
}

/* Whether an instance of loop l can begin at place: it is the first of the
 * loop and of all loops between, or only optional ones stand before it. */
static bool
enters(const struct tally_set_spec *s, unsigned l, unsigned place)
{
	unsigned p = s->loop[l].first;

	while (p < place) {
		unsigned c = child_loop(s, l, p);

		if (c != 0 && inside(&s->loop[c], place)) {
			if (s->place[place].loop != c &&
			    child_loop(s, c, place) == 0)
				return false;
			l = c;
			p = s->loop[c].first;
		} else if (c != 0) {
			if (s->loop[c].requirement == 'M')
				return false;
			p = s->loop[c].last + 1u;
		} else {
			if (s->place[p].requirement == 'M')
				return false;
			p++;
		}
	}
	return p == place;
}

static enum tally_rc
nomem(struct tally_err *err)
{
	return tally_err_set(err, TALLY_NOMEM, "no memory for a grammar");
}

/* The places that each loop can begin at, in order: of loop l those from
 * of[l] up to of[l + 1].  Every walk asks for them. */
struct entries {
	uint16_t *place;
	uint32_t *of;
};

static void
entries_free(struct entries *e)
{
	tally_free(e->place);
	tally_free(e->of);
}

static enum tally_rc
entries_make(
    struct entries *e, const struct tally_set_spec *s, struct tally_err *err)
{
	size_t room = 1;
	uint32_t n = 0;

	for (unsigned l = 1; l < s->nloop; l++)
		room += s->loop[l].last - s->loop[l].first + 1u;
	e->place = tally_alloc(room * sizeof(*e->place));
	e->of = tally_alloc((s->nloop + 1u) * sizeof(*e->of));
	if (e->place == NULL || e->of == NULL) {
		entries_free(e);
		return nomem(err);
	}
	e->of[0] = 0;
	for (unsigned l = 1; l < s->nloop; l++) {
		e->of[l] = n;
		for (unsigned q = s->loop[l].first; q <= s->loop[l].last; q++)
			if (enters(s, l, q))
				e->place[n++] = (uint16_t)q;
	}
	e->of[s->nloop] = n;
	return TALLY_OK;
}

/*
 * The steps from one place.  Walking forward level by level, from the inside
 * out, the mandatory places that are passed make one list: what a step passes
 * over is a beginning of it.
 */
struct walk {
	struct tally_grammar *g;
	struct entries entries;
	unsigned from;           /* the place */
	struct tally_step *step; /* of each class */
	uint16_t *passed;        /* the list; room for nplace */
	unsigned npassed;
	uint32_t base; /* of the list, in all passed */
	struct tally_err *err;
};

/* Whether a place of the class, seen before on this level, could be meant as
 * well: no mandatory place was passed since. */
static bool
ambiguous(const struct walk *w, const struct tally_step *st, bool same_level)
{
	return same_level && st->to != w->from && st->nmissing == w->npassed &&
	    w->g->spec->place[st->to].requirement != 'M';
}

/* Notes that class of place q leads there, unless it leads elsewhere. */
static enum tally_rc
note_step(struct walk *w, unsigned q, unsigned loop, unsigned level_start)
{
	const struct tally_set_spec *s = w->g->spec;
	struct tally_step *st = &w->step[w->g->place_class[q]];

	if (st->to == TALLY_NOWHERE) {
		*st = (struct tally_step){ .to = (uint16_t)q,
			.loop = (uint16_t)loop,
			.missing = w->base,
			.nmissing = (uint16_t)w->npassed };
		return TALLY_OK;
	}
	if (!ambiguous(w, st, st->to >= level_start))
		return TALLY_OK;
	return tally_err_at(w->err, TALLY_CONFIG, "", q + 1,
	    "set %s of %s is ambiguous: behind %s %s, segment %s can stand at "
	    "%s and at %s; make one mandatory or drop it",
	    s->id, s->version, s->place[w->from].pos,
	    s->place[w->from].segment->tag, s->place[q].segment->tag,
	    s->place[st->to].pos, s->place[q].pos);
}

/* Forward on level l, from place p on to the loop's end. */
static enum tally_rc
walk_level(struct walk *w, unsigned l, unsigned p)
{
	const struct tally_set_spec *s = w->g->spec;
	const struct entries *e = &w->entries;
	unsigned start = p;
	enum tally_rc rc = TALLY_OK;

	while (p <= s->loop[l].last && rc == TALLY_OK) {
		unsigned c = child_loop(s, l, p);

		if (c == 0) {
			rc = note_step(w, p, 0, start);
			if (s->place[p].requirement == 'M')
				w->passed[w->npassed++] = (uint16_t)p;
			p++;
			continue;
		}
		for (uint32_t i = e->of[c]; i < e->of[c + 1] && rc == TALLY_OK;
		     i++)
			rc = note_step(w, e->place[i], c, start);
		if (s->loop[c].requirement == 'M')
			w->passed[w->npassed++] = (uint16_t)p;
		p = s->loop[c].last + 1u;
	}
	return rc;
}

static enum tally_rc
walk_from(struct walk *w)
{
	const struct tally_set_spec *s = w->g->spec;
	const struct entries *e = &w->entries;
	unsigned l = s->place[w->from].loop, p = w->from;
	enum tally_rc rc;

	for (unsigned k = 0; k < w->g->nclass; k++)
		w->step[k] = (struct tally_step){ .to = TALLY_NOWHERE };
	if (l == 0 || p != s->loop[l].first)
		w->step[w->g->place_class[p]] =
		    (struct tally_step){ .to = (uint16_t)p };
	for (;; l = s->loop[l].parent) {
		unsigned c = child_loop(s, l, w->from);

		rc = walk_level(
		    w, l, c == 0 ? w->from + 1 : s->loop[c].last + 1u);
		if (rc != TALLY_OK || l == 0)
			return rc;
		for (uint32_t i = e->of[l];
		     i < e->of[l + 1] && e->place[i] <= w->from; i++) {
			p = e->place[i];
			if (w->step[w->g->place_class[p]].to != TALLY_NOWHERE)
				continue;
			rc = note_step(w, p, l, s->nplace);
			if (rc != TALLY_OK)
				return rc;
		}
	}
}

static enum tally_rc
make_steps(struct tally_grammar *g, struct tally_err *err)
{
	const struct tally_set_spec *s = g->spec;
	struct walk w = { .g = g, .err = err };
	enum tally_rc rc = TALLY_OK;
	size_t n = 0, cap = 0;
	uint16_t *all = NULL, *more;

	if (entries_make(&w.entries, s, err) != TALLY_OK)
		return TALLY_NOMEM;
	for (unsigned p = 0; p < s->nplace && rc == TALLY_OK; p++) {
		if (cap - n < s->nplace) {
			cap = 2 * cap + s->nplace;
			more = tally_realloc(all, cap * sizeof(*all));
			if (more == NULL) {
				rc = nomem(err);
				break;
			}
			all = more;
		}
		w.from = p;
		w.step = &g->step[(size_t)p * g->nclass];
		w.passed = all + n;
		w.base = (uint32_t)n;
		w.npassed = 0;
		rc = walk_from(&w);
		n += w.npassed;
	}
	if (rc == TALLY_OK) {
		g->passed =
		    tally_arena_alloc(&g->arena, (n + 1) * sizeof(*all));
		if (g->passed == NULL)
			rc = nomem(err);
		else if (n > 0)
			memcpy(g->passed, all, n * sizeof(*all));
	}
	tally_free(all);
	entries_free(&w.entries);
	return rc;
}

static unsigned
add_class(struct tally_grammar *g, const struct tally_segment_spec *seg)
{
	uint32_t tag = tally_tag_of(seg->tag, strlen(seg->tag));
	struct tally_class *c;

	for (unsigned k = 0; k < g->nclass; k++)
		if (g->class[k].tag == tag)
			return k;
	c = &g->class[g->nclass];
	*c = (struct tally_class){ .tag = tag, .spec = seg };
	for (unsigned i = 0; i < seg->nuse; i++) {
		if (seg->use[i].requirement == 'M')
			c->required |= UINT64_C(1) << (i + 1);
		if (seg->use[i].element->checks && i + 1u < seg->nuse)
			c->checks |= UINT64_C(1) << (i + 1);
	}
	return g->nclass++;
}

static enum tally_rc
make_classes(struct tally_grammar *g, struct tally_err *err)
{
	const struct tally_set_spec *s = g->spec;

	for (unsigned p = 0; p < s->nplace; p++) {
		unsigned k;

		if (g->nclass == GRAMMAR_CLASSES_MAX)
			return tally_err_set(err, TALLY_CONFIG,
			    "set %s has more than %d different segments", s->id,
			    GRAMMAR_CLASSES_MAX);
		k = add_class(g, s->place[p].segment);
		g->place_class[p] = (uint8_t)k;
		if (g->class[k].value == NULL) {
			g->class[k].first = (uint16_t)p;
			g->class[k].value = tally_value_specs_make(&g->values,
			    g->class[k].spec->use, g->class[k].spec->nuse);
			if (g->class[k].value == NULL)
				return nomem(err);
		}
		g->class[k].last = (uint16_t)p;
	}
	return TALLY_OK;
}

static void
make_slots(struct tally_grammar *g, uint32_t bits)
{
	uint32_t mask = (UINT32_C(1) << bits) - 1;

	g->slot_shift = 32 - bits;
	memset(g->slot, GRAMMAR_CLASS_NONE, mask + 1u);
	for (unsigned k = 0; k < g->nclass; k++) {
		uint32_t i =
		    (g->class[k].tag * UINT32_C(2654435769)) >> g->slot_shift;

		while (g->slot[i] != GRAMMAR_CLASS_NONE)
			i = (i + 1) & mask;
		g->slot[i] = (uint8_t)k;
	}
}

static uint16_t
loop_begun_at(const struct tally_set_spec *s, unsigned p)
{
	unsigned best = 0;

	for (unsigned l = s->place[p].loop; l != 0; l = s->loop[l].parent)
		if (s->loop[l].first == p)
			best = l;
	return (uint16_t)best;
}

enum tally_rc
tally_grammar_new(struct tally_grammar **out, const struct tally_version *v,
    const struct tally_set_spec *s, struct tally_err *err)
{
	const uint32_t slot_bits = 9; /* twice GRAMMAR_CLASSES_MAX */
	struct tally_grammar *g = tally_calloc(1, sizeof(*g));
	enum tally_rc rc = TALLY_OK;

	if (g == NULL)
		return nomem(err);
	tally_arena_init(&g->arena, 64u << 20);
	g->version = v;
	g->spec = s;
	g->values.arena = &g->arena;
	g->class =
	    tally_arena_alloc(&g->arena, (s->nplace + 1u) * sizeof(*g->class));
	g->place_class = tally_arena_alloc(&g->arena, s->nplace);
	g->begins =
	    tally_arena_alloc(&g->arena, s->nplace * sizeof(*g->begins));
	g->slot = tally_arena_alloc(&g->arena, 1u << slot_bits);
	if (g->class == NULL || g->place_class == NULL || g->begins == NULL ||
	    g->slot == NULL) {
		rc = nomem(err);
		goto out;
	}
	rc = make_classes(g, err);
	if (rc != TALLY_OK)
		goto out;
	make_slots(g, slot_bits);
	g->ends_loop = tally_grammar_class(g, tally_tag("LE"));
	for (unsigned p = 0; p < s->nplace; p++)
		g->begins[p] = loop_begun_at(s, p);
	g->step = tally_arena_alloc(
	    &g->arena, (size_t)s->nplace * g->nclass * sizeof(*g->step));
	rc = g->step != NULL ? make_steps(g, err) : nomem(err);
out:
	if (rc == TALLY_OK)
		*out = g;
	else
		tally_grammar_free(g);
	return rc;
}

void
tally_grammar_free(struct tally_grammar *g)
{
	if (g == NULL)
		return;
	tally_value_specs_free(&g->values);
	tally_arena_free(&g->arena);
	tally_free(g);
}

/* Sets and versions are copied where a partner has only some of them; what
 * stands in them is not. */
static bool
is_of(const struct tally_grammar *g, const struct tally_version *v,
    const struct tally_set_spec *spec)
{
	return g->spec->place == spec->place &&
	    g->version->element == v->element &&
	    g->version->segment == v->segment;
}

enum tally_rc
tally_grammars_get(struct tally_grammars *gs, const struct tally_version *v,
    const struct tally_set_spec *spec, const struct tally_grammar **out,
    struct tally_err *err)
{
	enum tally_rc rc;
	void *p;

	for (size_t i = 0; i < gs->n; i++)
		if (is_of(gs->v[i], v, spec)) {
			*out = gs->v[i];
			return TALLY_OK;
		}
	p = tally_realloc(gs->v, (gs->n + 1) * sizeof(*gs->v));
	if (p == NULL)
		return nomem(err);
	gs->v = p;
	rc = tally_grammar_new(&gs->v[gs->n], v, spec, err);
	if (rc == TALLY_OK)
		*out = gs->v[gs->n++];
	return rc;
}

void
tally_grammars_free(struct tally_grammars *gs)
{
	for (size_t i = 0; i < gs->n; i++)
		tally_grammar_free(gs->v[i]);
	tally_free(gs->v);
	*gs = (struct tally_grammars){ 0 };
}
