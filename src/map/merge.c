/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a map says of the one that it extends.
 *
 * A rule of its own takes the place of the base's rule for the same column of
 * the same rows, or for the same element where there is no column, and stands
 * before the base's other rules, as specific ones do.  <rows> that the base
 * has, too (the same table, from the same segments under the same condition)
 * are merged; others are added.  <remove> takes a rule or rows away.
 */
#include <string.h>

#include "map/text.h"

/* What makes two elements speak of the same thing. */
static const struct {
	const char *element;
	const char *key[6];
} identity[] = {
	{ "field", { "column" } },
	{ "constant", { "column" } },
	{ "derive", { "column" } },
	{ "attribute", { "name" } },
	{ "literal", { "ref" } },
	{ "count", { "ref" } },
	{ "sum", { "ref" } },
	{ "sequence", { "ref" } },
	{ "level", { "code" } },
	{ "rows", { "table", "loop", "segment", "pair", "level", "where" } },
};
#define IDENTITIES (sizeof(identity) / sizeof(*identity))

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
gives_column(const struct tally_xml *x)
{
	return same(x->name, "field") || same(x->name, "constant") ||
	    same(x->name, "derive");
}

static bool
same_thing(const struct tally_xml *a, const struct tally_xml *b)
{
	if (gives_column(a) && gives_column(b))
		return same(
		    tally_xml_get(a, "column"), tally_xml_get(b, "column"));
	if (!same(a->name, b->name))
		return false;
	for (size_t i = 0; i < IDENTITIES; i++) {
		if (!same(identity[i].element, a->name))
			continue;
		for (size_t k = 0; k < 6 && identity[i].key[k] != NULL; k++)
			if (!same(tally_xml_get(a, identity[i].key[k]),
				tally_xml_get(b, identity[i].key[k])))
				return false;
		return true;
	}
	return false;
}

/* Whether x is what a <remove> names: all that it says is said of x. */
static bool
is_meant(const struct tally_xml *remove, const struct tally_xml *x)
{
	const struct tally_xml_attribute *a = remove->attribute;

	for (size_t i = 0; i < remove->nattribute; i++)
		if (!same(tally_xml_get(x, a[i].name), a[i].value))
			return false;
	return true;
}

static enum tally_rc
take_away(
    struct map_texts *v, struct map_text *base, const struct tally_xml *remove)
{
	struct map_text **p = &base->child;
	size_t n = 0;

	while (*p != NULL) {
		if (!is_meant(remove, (*p)->x)) {
			p = &(*p)->next;
			continue;
		}
		*p = (*p)->next;
		n++;
	}
	if (n == 1)
		return TALLY_OK;
	if (n > 1)
		return text_mistake(v, remove,
		    "%zu rules of the map that this extends are meant; give "
		    "more of the attributes of the one to remove",
		    n);
	return text_mistake(
	    v, remove, "the map that this extends has no such rule here");
}

/* Where, from p on, the same thing is; null when it is not there. */
static struct map_text **
find_same(struct map_text **p, const struct tally_xml *x)
{
	for (; *p != NULL; p = &(*p)->next)
		if (same_thing((*p)->x, x))
			return p;
	return NULL;
}

/* A pair of elements that are being merged. */
struct pair {
	struct map_text *base;
	const struct map_text *own; /* the next of the differences */
	struct map_text **front;    /* where new rules go */
};

static void
put_in_front(struct pair *p, const struct map_text *own, struct map_text *node)
{
	node->child = own->child;
	node->next = *p->front;
	*p->front = node;
	p->front = &node->next;
}

enum tally_rc
text_merge(struct map_texts *v, struct map_text *base,
    const struct map_text *differences)
{
	struct pair pair[TEXT_DEPTH_MAX], *p = pair;
	const struct map_text *own;
	struct map_text **there, *node;
	enum tally_rc rc;

	if (!same(tally_xml_get(base->x, "table"),
		tally_xml_get(differences->x, "table")))
		return text_mistake(v, differences->x,
		    "the map that this extends makes a record of table %s; a "
		    "variant has to make the same",
		    tally_xml_get(base->x, "table"));
	*p = (struct pair){ base, differences->child, &base->child };
	for (;;) {
		own = p->own;
		if (own == NULL) {
			if (p == pair)
				return TALLY_OK;
			p--;
			continue;
		}
		p->own = own->next;
		if (same(own->x->name, "remove")) {
			rc = take_away(v, p->base, own->x);
			if (rc != TALLY_OK)
				return rc;
			/* what was in front may be gone */
			p->front = &p->base->child;
			continue;
		}
		there = find_same(p->front, own->x);
		if (there != NULL && own->child != NULL) {
			p[1] = (struct pair){ *there, own->child,
				&(*there)->child };
			p++;
			continue;
		}
		node = text_node(v, own->x, own->lenient);
		if (node == NULL)
			return tally_err_set(
			    v->err, TALLY_NOMEM, "no memory for a map");
		if (there != NULL)
			*there = (*there)->next;
		put_in_front(p, own, node);
	}
}
