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

static bool
tag_is(const struct tally_set_spec *s, unsigned place, uint32_t tag)
{
	const char *t = s->place[place].segment->tag;

	return tally_tag_of(t, strlen(t)) == tag;
}

/*
 * The next place of loop l behind p, on l's own level, where tag can stand:
 * a direct place or one that enters a loop directly inside.  from is the
 * first place to look at.
 */
static int
forward(const struct tally_set_spec *s, unsigned l, unsigned from, uint32_t tag)
{
	unsigned p = from;

	while (p <= s->loop[l].last) {
		unsigned c = child_loop(s, l, p);

		if (c == 0) {
			if (tag_is(s, p, tag))
				return (int)p;
			p++;
			continue;
		}
		for (; p <= s->loop[c].last; p++)
			if (tag_is(s, p, tag) && enters(s, c, p))
				return (int)p;
	}
	return -1;
}

/* First place on level l behind the one, or the child loop, that p is in. */
static unsigned
behind(const struct tally_set_spec *s, unsigned l, unsigned p)
{
	unsigned c = child_loop(s, l, p);

	return c == 0 ? p + 1 : s->loop[c].last + 1u;
}

/* Appends the mandatory places of level l in [from, to) to out. */
static unsigned
mandatory(const struct tally_set_spec *s, unsigned l, unsigned from,
    unsigned to, uint16_t *out, unsigned n)
{
	unsigned p = from;

	while (p < to) {
		unsigned c = child_loop(s, l, p);

		if (c == 0) {
			if (s->place[p].requirement == 'M')
				out[n++] = (uint16_t)p;
			p++;
		} else {
			if (s->loop[c].requirement == 'M' &&
			    !inside(&s->loop[c], to))
				out[n++] = (uint16_t)p;
			p = s->loop[c].last + 1u;
		}
	}
	return n;
}

struct candidate {
	int to;
	unsigned level; /* loop on whose level the tag was found */
	bool again;     /* as a new instance of level */
};

static struct candidate
find(const struct tally_set_spec *s, unsigned p, uint32_t tag)
{
	unsigned l = s->place[p].loop;
	bool starts = p == s->loop[l].first;

	if (tag_is(s, p, tag) && !(starts && l != 0))
		return (struct candidate){ (int)p, l, false };
	for (;; l = s->loop[l].parent) {
		int to = forward(s, l, behind(s, l, p), tag);

		if (to >= 0)
			return (struct candidate){ to, l, false };
		if (l == 0)
			break;
		for (unsigned q = s->loop[l].first; q <= p; q++)
			if (tag_is(s, q, tag) && enters(s, l, q))
				return (struct candidate){ (int)q, l, true };
	}
	return (struct candidate){ -1, 0, false };
}

/* What a step passes over, appended to out. */
static unsigned
passed(const struct tally_set_spec *s, unsigned p, const struct candidate *c,
    uint16_t *out)
{
	unsigned n = 0, l = s->place[p].loop, from = p + 1;

	if (!c->again && c->to == (int)p)
		return 0;
	/* Every loop that ends here, from the inside. */
	for (; l != c->level; l = s->loop[l].parent) {
		n = mandatory(s, l, from, s->loop[l].last + 1u, out, n);
		from = s->loop[l].last + 1u;
	}
	if (c->again)
		return mandatory(s, l, from, s->loop[l].last + 1u, out, n);
	return mandatory(s, l, from, (unsigned)c->to, out, n);
}

/* The outermost loop, below level, that begins at place to. */
static uint16_t
begun(const struct tally_set_spec *s, const struct candidate *c, unsigned p)
{
	if (c->again)
		return (uint16_t)c->level;
	if (c->to == (int)p)
		return 0;
	return (uint16_t)child_loop(s, c->level, (unsigned)c->to);
}

/*
 * Another place on the same level, reachable without passing a mandatory
 * one, that takes the tag as well?
 */
static enum tally_rc
prove(const struct tally_set_spec *s, unsigned p, const struct candidate *c,
    uint32_t tag, struct tally_err *err)
{
	uint16_t out[512];
	int other;

	if (c->again || c->to == (int)p)
		return TALLY_OK;
	other = forward(s, c->level, behind(s, c->level, (unsigned)c->to), tag);
	if (other < 0 ||
	    mandatory(s, c->level, (unsigned)c->to, (unsigned)other, out, 0) >
		0)
		return TALLY_OK;
	return tally_err_set(err, TALLY_CONFIG,
	    "set %s of %s is ambiguous: behind %s %s, segment %s can stand at "
	    "%s and at %s; make one mandatory or drop it",
	    s->id, s->version, s->place[p].pos, s->place[p].segment->tag,
	    s->place[c->to].segment->tag, s->place[c->to].pos,
	    s->place[other].pos);
}

static enum tally_rc
nomem(struct tally_err *err)
{
	return tally_err_set(err, TALLY_NOMEM, "no memory for a grammar");
}

static enum tally_rc
make_steps(struct tally_grammar *g, struct tally_err *err)
{
	const struct tally_set_spec *s = g->spec;
	size_t n = 0, cap = 0;
	enum tally_rc rc = TALLY_OK;
	uint16_t *all = NULL, *more;

	for (unsigned p = 0; p < s->nplace; p++)
		for (unsigned k = 0; k < g->nclass; k++) {
			struct tally_step *st = &g->step[p * g->nclass + k];
			struct candidate c = find(s, p, g->class[k].tag);

			*st = (struct tally_step){ .to = TALLY_NOWHERE };
			if (c.to < 0)
				continue;
			rc = prove(s, p, &c, g->class[k].tag, err);
			if (rc != TALLY_OK)
				goto out;
			if (cap - n < s->nplace) {
				cap = 2 * cap + s->nplace;
				more = tally_realloc(all, cap * sizeof(*all));
				if (more == NULL) {
					rc = nomem(err);
					goto out;
				}
				all = more;
			}
			st->to = (uint16_t)c.to;
			st->loop = begun(s, &c, p);
			st->missing = (uint32_t)n;
			st->nmissing = (uint16_t)passed(s, p, &c, all + n);
			n += st->nmissing;
		}
	g->passed = tally_arena_alloc(&g->arena, (n + 1) * sizeof(*all));
	if (g->passed == NULL)
		rc = nomem(err);
	else if (n > 0)
		memcpy(g->passed, all, n * sizeof(*all));
out:
	tally_free(all);
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
	for (unsigned i = 0; i < seg->nuse; i++)
		if (seg->use[i].requirement == 'M')
			c->required |= UINT64_C(1) << (i + 1);
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
