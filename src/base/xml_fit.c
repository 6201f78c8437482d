/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents against a schema, without a validator; see xml_fit.h.
 *
 * Patterns are tried in order, and what has matched stays matched: every yes is
 * a derivation by the schema's own rules, while a no can be wrong.  So patterns
 * are to be told apart by the next element's name, as those of our schemas are.
 * Calls are as deep as elements and patterns are nested, and no deeper than
 * DEPTH_MAX.
 */
#include "base/xml_fit.h"

#include <string.h>

#define NODES_MAX       1000 /* the schema of maps has some 200 */
#define DEPTH_MAX       250
#define ATTRIBUTES_MAX  64
#define INTERLEAVED_MAX 16
#define NONE            0 /* node 0 stands for no node */

enum kind {
	GROUP, /* also what a ref stands for */
	ELEMENT,
	ATTRIBUTE,
	VALUE,
	CHOICE,
	OPTIONAL,
	ZERO_OR_MORE,
	ONE_OR_MORE,
	INTERLEAVE,
	TEXT
};

struct node {
	enum kind kind;
	bool hard; /* ELEMENT: which attributes it has is not simply said */
	uint16_t child, next;
	const char *name; /* of ELEMENT and ATTRIBUTE; what VALUE is */
};

struct tally_xml_fit {
	struct node *node;
	uint16_t n;
	uint16_t start; /* what the root is */
	/* while it is made */
	struct tally_arena *arena;
	const struct tally_xml *grammar;
	const struct tally_xml *defined[NODES_MAX / 10];
	uint16_t group[NODES_MAX / 10]; /* node of each definition */
	size_t ndefined;
};

/* --- the schema --- */

static bool
kind_of(const char *name, enum kind *kind)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kinds[] = {
		{ "element", ELEMENT },
		{ "attribute", ATTRIBUTE },
		{ "value", VALUE },
		{ "choice", CHOICE },
		{ "group", GROUP },
		{ "optional", OPTIONAL },
		{ "zeroOrMore", ZERO_OR_MORE },
		{ "oneOrMore", ONE_OR_MORE },
		{ "interleave", INTERLEAVE },
		{ "text", TEXT },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static uint16_t
new_node(struct tally_xml_fit *f, enum kind kind, const char *name)
{
	if (f->n == NODES_MAX)
		return NONE;
	f->node[f->n] = (struct node){ .kind = kind, .name = name };
	return f->n++;
}

static bool add_all(struct tally_xml_fit *, uint16_t parent,
    const struct tally_xml *, unsigned);

/* The one definition of a name, as a group; NONE: there is none, or several. */
static uint16_t
definition(struct tally_xml_fit *f, const char *name, unsigned depth)
{
	const struct tally_xml *d, *found = NULL;
	const char *n;
	uint16_t group;

	for (d = f->grammar->child; d != NULL; d = d->next) {
		n = tally_xml_get(d, "name");
		if (!tally_xml_is(d, "define") || n == NULL ||
		    strcmp(n, name) != 0)
			continue;
		if (found != NULL)
			return NONE;
		found = d;
	}
	for (size_t i = 0; i < f->ndefined; i++)
		if (f->defined[i] == found)
			return f->group[i];
	if (found == NULL || found->nattribute != 1 ||
	    f->ndefined == NODES_MAX / 10)
		return NONE;
	group = new_node(f, GROUP, NULL);
	f->defined[f->ndefined] = found;
	f->group[f->ndefined++] = group;
	return group != NONE && add_all(f, group, found->child, depth) ? group
								       : NONE;
}

/* One pattern; false when it is not known. */
static bool
add(struct tally_xml_fit *f, uint16_t *node, const struct tally_xml *x,
    unsigned depth)
{
	const char *name = tally_xml_get(x, "name");
	enum kind kind;
	uint16_t group;

	*node = NONE;
	if (depth == DEPTH_MAX)
		return false;
	if (tally_xml_is(x, "ref")) {
		group = name != NULL ? definition(f, name, depth + 1) : NONE;
		*node = new_node(f, GROUP, NULL);
		/* a node of its own, for it has neighbours of its own */
		f->node[*node].child = group;
		return *node != NONE && group != NONE && x->nattribute == 1;
	}
	if (!kind_of(x->name, &kind) ||
	    (name != NULL) != (kind == ELEMENT || kind == ATTRIBUTE) ||
	    x->nattribute != (name != NULL) ||
	    (name != NULL && strchr(name, ':') != NULL))
		return false;
	*node = new_node(f, kind, kind == VALUE ? x->text : name);
	return *node != NONE && add_all(f, *node, x->child, depth + 1);
}

static bool
add_all(struct tally_xml_fit *f, uint16_t parent, const struct tally_xml *x,
    unsigned depth)
{
	uint16_t last = NONE, node;

	for (; x != NULL; x = x->next) {
		if (!add(f, &node, x, depth))
			return false;
		if (last == NONE)
			f->node[parent].child = node;
		else
			f->node[last].next = node;
		last = node;
	}
	return true;
}

static const struct node *
node_at(const struct tally_xml_fit *f, uint16_t i)
{
	return i != NONE ? &f->node[i] : NULL;
}

/* Attributes that one element's patterns name. */
struct names {
	const char *v[ATTRIBUTES_MAX];
	size_t n;
};

static bool
add_name(struct names *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i], name) == 0)
			return false;
	if (all->n == ATTRIBUTES_MAX)
		return false;
	all->v[all->n++] = name;
	return true;
}

/* Whether every attribute is named once, and stands alone in an optional or is
 * required: within other patterns it may depend on others. */
static bool
are_simple(const struct tally_xml_fit *f, const struct node *p, bool inside,
    struct names *all, unsigned depth)
{
	const struct node *c;
	bool within;

	for (; p != NULL; p = node_at(f, p->next)) {
		c = node_at(f, p->child);
		if (p->kind == ELEMENT || p->kind == VALUE || p->kind == TEXT)
			continue;
		if (p->kind == ATTRIBUTE) {
			if (inside || !add_name(all, p->name))
				return false;
			continue;
		}
		within = inside ||
		    !(p->kind == GROUP ||
			(p->kind == OPTIONAL && c != NULL &&
			    c->kind == ATTRIBUTE && c->next == NONE));
		if (depth == DEPTH_MAX ||
		    !are_simple(f, c, within, all, depth + 1))
			return false;
	}
	return true;
}

static void
mark_hard(struct tally_xml_fit *f)
{
	struct names all;

	for (uint16_t i = 1; i < f->n; i++) {
		if (f->node[i].kind != ELEMENT)
			continue;
		all.n = 0;
		f->node[i].hard = !are_simple(
		    f, node_at(f, f->node[i].child), false, &all, 0);
	}
}

const struct tally_xml_fit *
tally_xml_fit_new(struct tally_arena *a, const struct tally_xml *grammar)
{
	struct tally_xml_fit *f = tally_arena_alloc(a, sizeof(*f));
	const struct tally_xml *start = grammar->child;

	if (f == NULL || !tally_xml_is(grammar, "grammar"))
		return NULL;
	*f = (struct tally_xml_fit){ .arena = a, .grammar = grammar, .n = 1 };
	f->node = tally_arena_alloc(a, NODES_MAX * sizeof(*f->node));
	while (start != NULL && !tally_xml_is(start, "start"))
		start = start->next;
	if (f->node == NULL || start == NULL)
		return NULL;
	f->start = new_node(f, GROUP, NULL);
	if (f->start == NONE || !add_all(f, f->start, start->child, 0))
		return NULL;
	mark_hard(f);
	return f;
}

/* --- the document --- */

struct fitting {
	const struct tally_xml_fit *fit;
	bool failed; /* an element that has been matched is not valid */
};

static bool is_valid(
    struct fitting *, const struct node *, const struct tally_xml *, unsigned);

static bool match_all(
    struct fitting *, const struct node *, const struct tally_xml **, unsigned);
static bool match_any_order(
    struct fitting *, const struct node *, const struct tally_xml **, unsigned);

/* Matches elements from *x on, and moves it behind them.  Attributes are seen
 * to elsewhere. */
static bool
match(struct fitting *m, const struct node *p, const struct tally_xml **x,
    unsigned depth)
{
	const struct tally_xml *before;
	const struct node *c = node_at(m->fit, p->child);

	if (m->failed || depth == DEPTH_MAX)
		return false;
	switch (p->kind) {
	case ATTRIBUTE:
	case TEXT:
		return true;
	case ELEMENT:
		if (*x == NULL || strcmp((*x)->name, p->name) != 0)
			return false;
		m->failed = !is_valid(m, p, *x, depth + 1);
		*x = (*x)->next;
		return !m->failed;
	case GROUP:
		return match_all(m, c, x, depth + 1);
	case CHOICE:
		for (; c != NULL; c = node_at(m->fit, c->next)) {
			before = *x;
			if (match(m, c, x, depth + 1))
				return true;
			*x = before;
		}
		return false;
	case ONE_OR_MORE:
		if (!match_all(m, c, x, depth + 1))
			return false;
		/* and as many as there are */
		/* FALLTHROUGH */
	case ZERO_OR_MORE:
	case OPTIONAL:
		do {
			before = *x;
			if (!match_all(m, c, x, depth + 1))
				*x = before;
		} while (*x != before && p->kind != OPTIONAL);
		return !m->failed;
	case INTERLEAVE:
		return match_any_order(m, c, x, depth + 1);
	default:
		return false; /* a value */
	}
}

static bool
match_all(struct fitting *m, const struct node *p, const struct tally_xml **x,
    unsigned depth)
{
	for (; p != NULL; p = node_at(m->fit, p->next))
		if (!match(m, p, x, depth))
			return false;
	return true;
}

/* Patterns p, p->next, … in any order, what a repeated one matches also in
 * several places; but not with one's elements between those of another. */
static bool
match_any_order(struct fitting *m, const struct node *p,
    const struct tally_xml **x, unsigned depth)
{
	bool seen[INTERLEAVED_MAX] = { false };
	const struct tally_xml *began, *before;
	const struct node *q;
	size_t i;

	do {
		began = *x;
		for (q = p, i = 0; q != NULL;
		     q = node_at(m->fit, q->next), i++) {
			if (i == INTERLEAVED_MAX)
				return false;
			if (seen[i] && q->kind != ZERO_OR_MORE &&
			    q->kind != ONE_OR_MORE)
				continue;
			before = *x;
			if (!match(m, q, x, depth))
				*x = before;
			seen[i] |= *x != before;
		}
	} while (*x != began && !m->failed);
	for (q = p, i = 0; q != NULL; q = node_at(m->fit, q->next), i++) {
		before = *x;
		if (!seen[i] && (!match(m, q, &before, depth) || before != *x))
			return false;
	}
	return !m->failed;
}

/* Whether a value is one that the attribute may have: any if none is named. */
static bool
has_value(const struct fitting *m, const struct node *p, const char *value)
{
	const struct node *c = node_at(m->fit, p->child);

	if (c == NULL)
		return true;
	if (c->next != NONE)
		return false;
	if (c->kind == TEXT)
		return true;
	if (c->kind == VALUE)
		return strcmp(c->name, value) == 0;
	if (c->kind != CHOICE)
		return false;
	for (c = node_at(m->fit, c->child); c != NULL;
	     c = node_at(m->fit, c->next))
		if (c->kind == VALUE && strcmp(c->name, value) == 0)
			return true;
	return false;
}

/* Attributes of an element's pattern: how many of them the element has is added
 * up; false when one is missing or has another value. */
static bool
match_attributes(const struct fitting *m, const struct node *p, bool optional,
    const struct tally_xml *x, size_t *n, unsigned depth)
{
	const char *value;

	for (; p != NULL; p = node_at(m->fit, p->next)) {
		if (p->kind == ATTRIBUTE) {
			value = tally_xml_get(x, p->name);
			if (value == NULL && !optional)
				return false;
			if (value != NULL && !has_value(m, p, value))
				return false;
			*n += value != NULL;
		} else if (p->kind == GROUP || p->kind == OPTIONAL) {
			if (depth == DEPTH_MAX ||
			    !match_attributes(m, node_at(m->fit, p->child),
				optional || p->kind == OPTIONAL, x, n,
				depth + 1))
				return false;
		}
	}
	return true;
}

/* Whether the text of an element may be there: it is the whole content. */
static bool
has_text(
    const struct fitting *m, const struct node *p, const struct tally_xml *x)
{
	if (x->text[0] == '\0')
		return true;
	for (; p != NULL; p = node_at(m->fit, p->next))
		if (p->kind == TEXT)
			return x->child == NULL;
	return false;
}

static bool
is_valid(struct fitting *m, const struct node *p, const struct tally_xml *x,
    unsigned depth)
{
	const struct node *content = node_at(m->fit, p->child);
	const struct tally_xml *child = x->child;
	size_t n = 0;

	return !p->hard && has_text(m, content, x) &&
	    match_attributes(m, content, false, x, &n, 0) &&
	    n == x->nattribute && match_all(m, content, &child, depth + 1) &&
	    child == NULL;
}

bool
tally_xml_fits(const struct tally_xml_fit *f, const struct tally_xml *root)
{
	struct fitting m = { .fit = f };
	const struct tally_xml *x = root;

	return match(&m, &f->node[f->start], &x, 0) && x == NULL;
}
