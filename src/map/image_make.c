/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of a map; see image.h.  Here stands where each structure of
 * program.h points.
 */
#include "map/image.h"

#include <assert.h>
#include <stddef.h>

#include "map/program.h"

#define ALIGN 16 /* as in an arena: a text may be read beyond its end */

struct make {
	const struct tally_map *map;
	struct tally_buf *bytes, *at;
	size_t base;       /* of the image in bytes */
	size_t op, group;  /* where they are */
	size_t own, block; /* the same of the block in hand */
};

/* Copies; gives where it is in the image. */
static size_t
put(struct make *k, const void *p, size_t n)
{
	static const char zero[ALIGN];
	size_t at = k->bytes->n - k->base;

	tally_buf_add(k->bytes, p, n);
	tally_buf_add(k->bytes, zero, (ALIGN - n % ALIGN) % ALIGN);
	return at;
}

/* What is at one place in the image points to another. */
static void
point(struct make *k, size_t at, size_t to)
{
	uint32_t where = (uint32_t)at;
	uintptr_t p = to;

	if (k->bytes->failed)
		return;
	memcpy(k->bytes->p + k->base + at, &p, sizeof(p));
	tally_buf_add(k->at, &where, sizeof(where));
}

/* A copy of n things, and that it is pointed to from there. */
static size_t
put_at(struct make *k, size_t from, const void *p, size_t n, size_t size)
{
	size_t at = put(k, p, n * size);

	point(k, from, at);
	return at;
}

static void
put_str(struct make *k, size_t from, struct tally_str s)
{
	put_at(k, from + offsetof(struct tally_str, p), s.p, s.n + 1, 1);
}

static void
put_cstr(struct make *k, size_t from, const char *s)
{
	put_at(k, from, s, strlen(s) + 1, 1);
}

/* Where member m of the i-th struct t is, of those from at on. */
#define MEMBER(at, i, t, m) \
	((at) + (i) * sizeof(struct t) + offsetof(struct t, m))

static void
put_conditions(
    struct make *k, size_t from, const struct map_condition *v, size_t n)
{
	size_t at = put_at(k, from, v, n, sizeof(*v)), values;

	for (size_t i = 0; i < n; i++) {
		put_at(k, MEMBER(at, i, map_condition, key), v[i].key, v[i].n,
		    sizeof(*v->key));
		values = put_at(k, MEMBER(at, i, map_condition, value),
		    v[i].value, v[i].n, sizeof(*v->value));
		for (size_t x = 0; x < v[i].n; x++)
			put_str(
			    k, MEMBER(values, x, tally_str, p), v[i].value[x]);
	}
}

static void
put_groups(struct make *k)
{
	const struct tally_map *m = k->map;

	k->group = put_at(k, offsetof(struct tally_map, group), m->group,
	    m->ngroup, sizeof(*m->group));
	for (size_t i = 0; i < m->ngroup; i++)
		if (m->group[i].condition != NULL)
			put_conditions(k,
			    MEMBER(k->group, i, map_group, condition),
			    m->group[i].condition, m->group[i].n);
}

static void
put_choices(struct make *k, size_t from, const struct map_choices *c)
{
	size_t at = put_at(k, from, c, 1, sizeof(*c));

	put_at(k, MEMBER(at, 0, map_choices, v), c->v, c->n, sizeof(*c->v));
}

static void
put_ops(struct make *k)
{
	const struct tally_map *m = k->map;
	const struct map_op *op = m->op;
	size_t from;

	k->op = put_at(
	    k, offsetof(struct tally_map, op), m->op, m->nop, sizeof(*m->op));
	for (size_t i = 0; i < m->nop; i++, op++) {
		from = MEMBER(k->op, i, map_op, group);
		if (op->code == MAP_CHOOSE)
			put_choices(k, from, op->choices);
		else if (op->group != NULL)
			point(k, from,
			    k->group +
				(size_t)((const char *)op->group -
				    (const char *)m->group));
	}
}

static void
point_op(struct make *k, size_t from, const struct map_op *op)
{
	point(k, from, k->op + (size_t)(op - k->map->op) * sizeof(*op));
}

static void
put_lists(struct make *k)
{
	const struct tally_map *m = k->map;
	size_t at = put_at(k, offsetof(struct tally_map, list), m->list,
	    m->nlist, sizeof(*m->list));

	for (size_t i = 0; i < m->nlist; i++) {
		point_op(k, MEMBER(at, i, map_list, op), m->list[i].op);
		point_op(k, MEMBER(at, i, map_list, end), m->list[i].end);
	}
}

static void
put_feeds(struct make *k, size_t from, const struct map_block *b,
    const struct map_feed *v, size_t n)
{
	size_t at = put_at(k, from, v, n, sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		point_op(k, MEMBER(at, i, map_feed, op), v[i].op);
		point(k, MEMBER(at, i, map_feed, own),
		    k->own + (size_t)(v[i].own - b->own) * sizeof(*b->own));
	}
}

static void
put_constants(struct make *k, size_t from, const struct map_block *b)
{
	size_t at =
	    put_at(k, from, b->constant, b->nconstant, sizeof(*b->constant));

	for (size_t i = 0; i < b->nconstant; i++)
		put_str(k, MEMBER(at, i, map_constant, value),
		    b->constant[i].value);
}

/* The block in hand; an array that it has none of may be null. */
static void
put_block(struct make *k, const struct map_block *b)
{
#define AT(m)     MEMBER(k->block, 0, map_block, m)
#define PUT(m, n) put_at(k, AT(m), b->m, b->n, sizeof(*b->m))
	put_conditions(k, AT(condition), b->condition, b->n);
	put_constants(k, AT(constant), b);
	PUT(link, nlink);
	PUT(required, nrequired);
	k->own = PUT(own, nown);
	put_feeds(k, AT(feed), b, b->feed, b->nfeed);
	put_feeds(k, AT(compute), b, b->compute, b->ncompute);
	PUT(fill, nfill);
	PUT(left, nleft);
#undef PUT
#undef AT
}

static void
put_blocks(struct make *k)
{
	const struct tally_map *m = k->map;

	k->block = put_at(k, offsetof(struct tally_map, block), m->block,
	    m->nblock, sizeof(*m->block));
	for (size_t i = 0; i < m->nblock; i++) {
		put_block(k, &m->block[i]);
		k->block += sizeof(*m->block);
	}
}

static void
put_codes(struct make *k)
{
	const struct tally_map *m = k->map;
	const struct map_codes *t = m->codes;
	size_t code,
	    at = put_at(
		k, offsetof(struct tally_map, codes), t, m->ncodes, sizeof(*t));

	for (size_t i = 0; i < m->ncodes; i++, t++) {
		put_cstr(k, MEMBER(at, i, map_codes, name), t->name);
		put_at(k, MEMBER(at, i, map_codes, by_value), t->by_value, t->n,
		    sizeof(*t->by_value));
		code = put_at(k, MEMBER(at, i, map_codes, code), t->code, t->n,
		    sizeof(*t->code));
		for (size_t x = 0; x < t->n; x++) {
			put_str(
			    k, MEMBER(code, x, map_code, x12), t->code[x].x12);
			put_str(k, MEMBER(code, x, map_code, value),
			    t->code[x].value);
		}
	}
}

static void
put_makers(struct make *k)
{
	const struct map_makers *v = k->map->makers;
	size_t n = k->map->model->ntable;
	size_t at =
	    put_at(k, offsetof(struct tally_map, makers), v, n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		put_at(k, MEMBER(at, i, map_makers, block), v[i].block, v[i].n,
		    sizeof(*v[i].block));
}

static void
put_lookups(struct make *k)
{
	const struct tally_map *m = k->map;
	size_t at = put_at(k, offsetof(struct tally_map, lookup), m->lookup,
	    m->nlookup, sizeof(*m->lookup));

	for (size_t i = 0; i < m->nlookup; i++)
		put_cstr(k, at + i * sizeof(*m->lookup), m->lookup[i]);
}

void
tally_map_image_make(
    const struct tally_map *m, struct tally_buf *bytes, struct tally_buf *at)
{
	struct make k = { .map = m, .bytes = bytes, .at = at };
	struct tally_map own = *m;

	assert(
	    m->lookups == NULL && m->zone == NULL && m->scratch.memos == NULL);
	k.base = bytes->n;
	memset(&own.arena, 0, sizeof(own.arena));
	own.set = NULL;
	own.model = NULL;
	own.charset = NULL;
	put(&k, &own, sizeof(own));
	put_cstr(&k, offsetof(struct tally_map, name), m->name);
	put_groups(&k);
	put_ops(&k);
	put_lists(&k);
	put_blocks(&k);
	put_codes(&k);
	put_makers(&k);
	put_at(&k, offsetof(struct tally_map, checked), m->checked,
	    m->set->nplace, sizeof(*m->checked));
	put_lookups(&k);
}
