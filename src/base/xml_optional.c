/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that a schema leaves free; see xml_optional.h. */
#include "base/xml_optional.h"

#define PENDING_MAX 512

struct pending {
	const struct tally_xml *v[PENDING_MAX];
	size_t n;
	bool full;
};

static void
push(struct pending *p, const struct tally_xml *x)
{
	for (; x != NULL; x = x->next) {
		if (p->n == PENDING_MAX) {
			p->full = true;
			return;
		}
		p->v[p->n++] = x;
	}
}

static bool
is(const struct tally_xml *x, const char *tag, const char *name)
{
	const char *n = tally_xml_get(x, "name");

	return tally_xml_is(x, tag) && n != NULL && strcmp(n, name) == 0;
}

const struct tally_xml *
tally_xml_pattern(const struct tally_xml *grammar, const char *element)
{
	struct pending todo = { .n = 0 };
	const struct tally_xml *x, *found = NULL;

	push(&todo, grammar->child);
	while (todo.n > 0) {
		x = todo.v[--todo.n];
		if (is(x, "element", element)) {
			if (found != NULL)
				return NULL;
			found = x;
		}
		push(&todo, x->child);
	}
	return todo.full ? NULL : found;
}

bool
tally_xml_optional(const struct tally_xml *grammar,
    const struct tally_xml *pattern, const char *attribute)
{
	struct pending todo = { .n = 0 };
	const struct tally_xml *x, *d;
	const char *name;

	/* What is not followed is not found, and left to the validator. */
	push(&todo, pattern->child);
	while (todo.n > 0) {
		x = todo.v[--todo.n];
		name = tally_xml_get(x, "name");
		if (tally_xml_is(x, "optional")) {
			if (x->child != NULL && x->child->next == NULL &&
			    x->child->child == NULL &&
			    is(x->child, "attribute", attribute))
				return true;
		} else if (tally_xml_is(x, "ref") && name != NULL) {
			for (d = grammar->child; d != NULL; d = d->next)
				if (is(d, "define", name) && !todo.full)
					push(&todo, d->child);
		} else if (tally_xml_is(x, "group")) {
			push(&todo, x->child);
		}
	}
	return false;
}
