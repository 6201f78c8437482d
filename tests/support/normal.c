/* SPDX-License-Identifier: Apache-2.0 */
/* Normal forms of sets; see normal.h. */
#include "support/normal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "map/program.h"

#define PAIRS_MAX  40
#define RANGES_MAX 4 /* of pairs in one segment */

/* What a map makes of a place. */
struct trait {
	uint64_t computed; /* elements */
	struct {
		uint8_t first, last; /* qualifiers */
	} pair[RANGES_MAX];
	unsigned npair;
	bool list; /* nothing but pairs, over many segments */
};

struct item {
	uint16_t place;
	char *text; /* owned */
};

/* The items of an instance. */
struct items {
	struct item *v;
	size_t n, cap;
};

struct normal {
	const struct tally_map *map;
	const struct tally_set *set;
	struct trait *trait;
	struct items *items; /* of each instance */
};

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static void
add(struct items *to, uint16_t place, const struct tally_buf *text)
{
	if (to->n == to->cap) {
		to->cap = to->cap != 0 ? to->cap * 2 : 16;
		to->v = must(realloc(to->v, to->cap * sizeof(*to->v)));
	}
	to->v[to->n].place = place;
	to->v[to->n].text = must(malloc(text->n + 1));
	memcpy(to->v[to->n].text, text->p != NULL ? text->p : "", text->n);
	to->v[to->n++].text[text->n] = '\0';
}

static int
order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* Ranges of pairs that begin at any of their pairs are one. */
static void
note_pairs(struct trait *t, uint8_t first, uint8_t last)
{
	for (unsigned i = 0; i < t->npair; i++)
		if (t->pair[i].last == last) {
			if (first < t->pair[i].first)
				t->pair[i].first = first;
			return;
		}
	if (t->npair == RANGES_MAX)
		abort();
	t->pair[t->npair].first = first;
	t->pair[t->npair++].last = last;
}

static void
note_op(struct normal *n, const struct map_block *b, uint16_t place,
    const struct map_op *op)
{
	const struct map_block *pairs;
	struct trait *t = &n->trait[place];

	switch ((enum map_opcode)op->code) {
	case MAP_COUNT:
	case MAP_SUM:
	case MAP_SEQUENCE:
		t->computed |= (uint64_t)1 << op->element;
		break;
	case MAP_LEVEL:
		t->computed |= 1u << 1 | 1u << 2 | 1u << 4;
		break;
	case MAP_PAIR:
		note_pairs(t, op->element, op->n);
		break;
	case MAP_PAIRS:
		pairs = &n->map->block[op->arg];
		note_pairs(t, pairs->first_pair, pairs->last_pair);
		t->list |= b->kind != BLOCK_SEGMENT &&
		    n->map->set->loop[b->loop].first != place;
		break;
	default:
		break;
	}
}

static void
note_traits(struct normal *n)
{
	const struct tally_map *m = n->map;
	const struct map_block *b;

	for (size_t i = 0; i < m->nblock; i++) {
		b = &m->block[i];
		for (uint16_t k = 0; k < b->nown; k++)
			for (uint32_t o = 0; o < b->own[k].n; o++)
				note_op(n, b, b->own[k].place,
				    &m->op[b->own[k].first + o]);
	}
}

static void
put_leaf(
    struct tally_buf *out, const struct tally_element *e, struct tally_str s)
{
	char room[TALLY_DECIMAL_MAX];
	size_t size = 0;

	s = tally_str_rtrim(s);
	if (e != NULL && e->type == TALLY_N)
		size = tally_decimal_n(room, s, e->decimals);
	else if (e != NULL && e->type == TALLY_R)
		size = tally_decimal_r(room, s);
	tally_buf_str(out, size > 0 ? tally_str(room, size) : s);
}

static void
put_value(struct normal *n, struct tally_buf *out,
    const struct tally_element *e, struct tally_str s)
{
	struct tally_str part, leaf;
	uint32_t owed;
	unsigned char rep = n->set->separators.repetition;

	for (uint32_t r = 0; rep != 0 ? tally_part(s, rep, r, &part)
				      : r == 0 && (part = s, true);
	     r++) {
		if (r > 0)
			tally_buf_putc(out, '^');
		if (e == NULL || e->type != TALLY_COMPOSITE) {
			put_leaf(out, e, part);
			continue;
		}
		owed = 0;
		for (uint32_t k = 0;
		     tally_part(part, n->set->separators.component, k, &leaf);
		     k++) {
			if (k > 0)
				owed++;
			if (leaf.n == 0)
				continue;
			for (; owed > 0; owed--)
				tally_buf_putc(out, ':');
			put_leaf(
			    out, k < e->nuse ? e->use[k].element : NULL, leaf);
		}
	}
}

static void
put_element(struct normal *n, struct tally_buf *out,
    const struct tally_segment *s, uint32_t k)
{
	const struct tally_segment_spec *spec =
	    n->map->set->place[s->place].segment;

	put_value(n, out, k <= spec->nuse ? spec->use[k - 1].element : NULL,
	    tally_element(n->set, s, k));
}

static int
text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The pairs of a segment, each as a text, sorted. */
static size_t
take_pairs(struct normal *n, const struct tally_segment *s,
    const struct trait *t, char *pair[PAIRS_MAX])
{
	struct tally_buf b;
	size_t count = 0;

	for (unsigned i = 0; i < t->npair; i++)
		for (uint32_t k = t->pair[i].first;
		     k <= t->pair[i].last && count < PAIRS_MAX; k += 2) {
			if (tally_element(n->set, s, k).n == 0 &&
			    tally_element(n->set, s, k + 1).n == 0)
				continue;
			tally_buf_init(&b, 1 << 20);
			tally_buf_printf(&b, "%u.", i);
			put_element(n, &b, s, k);
			tally_buf_putc(&b, '=');
			put_element(n, &b, s, k + 1);
			pair[count++] = must(b.p);
		}
	qsort(pair, count, sizeof(*pair), text_order);
	return count;
}

static bool
is_pair(const struct trait *t, uint32_t k)
{
	for (unsigned i = 0; i < t->npair; i++)
		if (k >= t->pair[i].first && k <= t->pair[i].last + 1u)
			return true;
	return false;
}

/* All but pairs and what is computed; false when nothing is left. */
static bool
put_rest(struct normal *n, struct tally_buf *out, const struct tally_segment *s,
    const struct trait *t)
{
	bool any = false;
	uint32_t owed = 0;

	tally_buf_str(out, tally_segment_tag(n->set, s));
	for (uint32_t k = 1; k <= s->n; k++) {
		owed++;
		if ((k < 64 && t->computed >> k & 1) || is_pair(t, k) ||
		    tally_str_rtrim(tally_element(n->set, s, k)).n == 0)
			continue;
		for (; owed > 0; owed--)
			tally_buf_putc(out, '*');
		put_element(n, out, s, k);
		any = true;
	}
	return any;
}

static void
put_segment(struct normal *n, const struct tally_segment *s)
{
	static const struct trait none;
	bool placed = s->place != TALLY_NOWHERE;
	const struct trait *t = placed ? &n->trait[s->place] : &none;
	struct items *to = &n->items[s->loop];
	char *pair[PAIRS_MAX];
	size_t npair = take_pairs(n, s, t, pair);
	struct tally_buf b;
	bool any;

	tally_buf_init(&b, 1 << 20);
	if (placed)
		any = put_rest(n, &b, s, t);
	else {
		tally_buf_str(&b, tally_segment_tag(n->set, s));
		any = true;
	}
	if (t->list && npair > 0) {
		size_t mark = b.n;

		for (size_t i = 0; i < npair; i++) {
			b.n = mark;
			tally_buf_printf(&b, " %s", pair[i]);
			add(to, s->place, &b);
		}
	} else if (any || npair > 0) {
		for (size_t i = 0; i < npair; i++)
			tally_buf_printf(&b, " %s", pair[i]);
		add(to, s->place, &b);
	}
	for (size_t i = 0; i < npair; i++)
		free(pair[i]);
	tally_buf_free(&b);
}

/* The instance around; of a level that of the level above. */
static uint32_t
around(struct normal *n, uint32_t instance)
{
	const struct tally_instance *v = n->set->instance;
	const struct tally_segment *s = &n->set->segment[v[instance].first];
	struct tally_str up = tally_element(n->set, s, 2);

	if (s->tag == tally_tag("HL") && up.n > 0)
		while (s-- > n->set->segment)
			if (s->tag == tally_tag("HL") &&
			    tally_str_eq(tally_element(n->set, s, 1), up))
				return s->loop;
	return v[instance].parent;
}

/* The items of an instance in order, as one item of the one around it. */
static void
close_instance(struct normal *n, uint32_t instance, uint32_t to)
{
	struct items *v = &n->items[instance];
	struct tally_buf b;

	if (v->n == 0)
		return;
	qsort(v->v, v->n, sizeof(*v->v), order);
	tally_buf_init(&b, 64u << 20);
	tally_buf_puts(&b, "{\n");
	for (size_t i = 0; i < v->n; i++) {
		tally_buf_printf(&b, "%s\n", v->v[i].text);
		free(v->v[i].text);
	}
	tally_buf_puts(&b, "}");
	free(v->v);
	v->v = NULL;
	v->n = 0;
	add(&n->items[to],
	    n->map->set->loop[n->set->instance[instance].loop].first, &b);
	tally_buf_free(&b);
}

void
normal_form(struct tally_buf *out, const struct tally_map *map,
    const struct tally_set *set)
{
	struct normal n = { .map = map, .set = set };
	struct items *v;

	n.trait = must(calloc(map->set->nplace, sizeof(*n.trait)));
	n.items = must(calloc(set->ninstance, sizeof(*n.items)));
	note_traits(&n);
	for (uint32_t i = 1; i + 1 < set->nsegment; i++)
		put_segment(&n, &set->segment[i]);
	for (uint32_t i = set->ninstance; i-- > 1;)
		close_instance(&n, i, around(&n, i));
	v = &n.items[0];
	qsort(v->v, v->n, sizeof(*v->v), order);
	for (size_t i = 0; i < v->n; i++) {
		tally_buf_printf(out, "%s\n", v->v[i].text);
		free(v->v[i].text);
	}
	free(v->v);
	free(n.items);
	free(n.trait);
}
