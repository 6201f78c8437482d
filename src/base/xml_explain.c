/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A validator says that a document is wrong; people want to know what would be
 * right.  This walks the document beside the schema and names the first
 * element or attribute that has no business where it is, or that is missing,
 * with the names that are allowed there.  Patterns are read as sets of names:
 * order and choices are left to the validator, whose message is given when
 * all names are right.
 */
#include "base/xml_explain.h"

#include "base/text.h"

#define NAMES_MAX   64
#define PENDING_MAX 256

/* The names that may stand in an element; owned by the schema's tree. */
struct allowed {
	const char *element[NAMES_MAX], *attribute[NAMES_MAX];
	const char *required[NAMES_MAX];          /* attributes */
	const struct tally_xml *value[NAMES_MAX]; /* pattern of attribute[i] */
	size_t nelement, nattribute, nrequired;
	bool open; /* anything goes */
};

static bool
listed(const char *const *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i], name) == 0)
			return true;
	return false;
}

static void
add(const char **v, size_t *n, const char *name)
{
	if (*n < NAMES_MAX && !listed(v, *n, name))
		v[(*n)++] = name;
}

static const struct tally_xml *
definition(const struct tally_xml *grammar, const char *name)
{
	const char *n;

	for (const struct tally_xml *d = grammar->child; d; d = d->next) {
		n = tally_xml_get(d, "name");
		if (tally_xml_is(d, "define") && n != NULL &&
		    strcmp(n, name) == 0)
			return d;
	}
	return NULL;
}

/* A pattern still to be looked at, and whether it is a must. */
struct pending {
	const struct tally_xml *x;
	bool must;
};

/* Pushed last to first, so that they are popped in order. */
static size_t
push(struct pending *v, size_t n, const struct tally_xml *x, bool must)
{
	struct pending t;
	size_t first = n;

	for (; x != NULL && n < PENDING_MAX; x = x->next)
		v[n++] = (struct pending){ x, must };
	for (size_t last = n; first + 1 < last; first++) {
		t = v[first];
		v[first] = v[--last];
		v[last] = t;
	}
	return n;
}

/* Collects what the pattern of one element allows. */
static void
collect(struct allowed *out, const struct tally_xml *grammar,
    const struct tally_xml *element)
{
	struct pending todo[PENDING_MAX], t;
	const char *seen[NAMES_MAX], *name;
	size_t n = push(todo, 0, element->child, true), nseen = 0;
	const struct tally_xml *d;

	while (n > 0) {
		t = todo[--n];
		name = tally_xml_get(t.x, "name");
		if (tally_xml_is(t.x, "element")) {
			if (name != NULL)
				add(out->element, &out->nelement, name);
			else
				out->open = true;
		} else if (tally_xml_is(t.x, "attribute") && name != NULL) {
			if (out->nattribute < NAMES_MAX)
				out->value[out->nattribute] = t.x->child;
			add(out->attribute, &out->nattribute, name);
			if (t.must)
				add(out->required, &out->nrequired, name);
		} else if (tally_xml_is(t.x, "ref") && name != NULL) {
			d = definition(grammar, name);
			if (d == NULL || listed(seen, nseen, name))
				continue;
			add(seen, &nseen, name);
			n = push(todo, n, d->child, t.must);
		} else {
			n = push(todo, n, t.x->child,
			    t.must &&
				(tally_xml_is(t.x, "group") ||
				    tally_xml_is(t.x, "interleave") ||
				    tally_xml_is(t.x, "oneOrMore")));
		}
	}
}

/* Collects over every definition of an element of that name. */
static bool
collect_named(
    struct allowed *out, const struct tally_xml *grammar, const char *name)
{
	struct pending todo[PENDING_MAX];
	size_t n = push(todo, 0, grammar->child, true);
	const struct tally_xml *x;
	const char *is_named;
	bool found = false;

	*out = (struct allowed){ .nelement = 0 };
	while (n > 0) {
		x = todo[--n].x;
		is_named = tally_xml_get(x, "name");
		if (tally_xml_is(x, "element") && is_named != NULL &&
		    strcmp(is_named, name) == 0) {
			collect(out, grammar, x);
			found = true;
		}
		n = push(todo, n, x->child, true);
	}
	return found;
}

static void
put_names(struct tally_buf *b, const char *const *v, size_t n)
{
	if (n == 0)
		tally_buf_puts(b, "nothing");
	for (size_t i = 0; i < n; i++)
		tally_buf_printf(b, "%s%s", i > 0 ? ", " : "", v[i]);
}

static void
put_quoted(struct tally_buf *b, const char *s)
{
	tally_buf_putc(b, '"');
	tally_text_safe(b, tally_str(s, strnlen(s, 60)));
	tally_buf_putc(b, '"');
}

/* An attribute whose pattern is a list of words, and whose value is none. */
static bool
wrong_word(struct tally_buf *b, const struct tally_xml *x, const char *name,
    const char *value, const struct tally_xml *pattern)
{
	const struct tally_xml *w;
	const char *words[NAMES_MAX];
	size_t n = 0;

	if (pattern == NULL ||
	    (!tally_xml_is(pattern, "choice") &&
		!tally_xml_is(pattern, "value")))
		return false;
	w = tally_xml_is(pattern, "choice") ? pattern->child : pattern;
	for (; w != NULL; w = w->next) {
		if (!tally_xml_is(w, "value"))
			return false;
		add(words, &n, w->text);
	}
	if (listed(words, n, value))
		return false;
	tally_buf_printf(b, "attribute %s of %s is ", name, x->name);
	put_quoted(b, value);
	tally_buf_puts(b, "; expected one of: ");
	put_names(b, words, n);
	return true;
}

static bool
wrong_attributes(
    struct tally_buf *b, const struct tally_xml *x, const struct allowed *ok)
{
	const char *name;

	for (size_t i = 0; i < x->nattribute; i++) {
		name = x->attribute[i].name;
		if (!listed(ok->attribute, ok->nattribute, name)) {
			tally_buf_printf(
			    b, "element %s has no attribute ", x->name);
			put_quoted(b, name);
			tally_buf_puts(b, "; it may have: ");
			put_names(b, ok->attribute, ok->nattribute);
			return true;
		}
		for (size_t k = 0; k < ok->nattribute; k++)
			if (strcmp(ok->attribute[k], name) == 0 &&
			    wrong_word(b, x, name, x->attribute[i].value,
				ok->value[k]))
				return true;
	}
	for (size_t i = 0; i < ok->nrequired; i++)
		if (tally_xml_get(x, ok->required[i]) == NULL) {
			tally_buf_printf(b,
			    "element %s lacks its attribute %s; add %s=\"…\"",
			    x->name, ok->required[i], ok->required[i]);
			return true;
		}
	return false;
}

/* The first fault of names in x itself; its line in *line. */
static bool
wrong_here(struct tally_buf *b, unsigned *line, const struct tally_xml *x,
    const struct tally_xml *grammar)
{
	struct allowed ok;

	if (!collect_named(&ok, grammar, x->name) || ok.open)
		return false;
	*line = x->line;
	if (wrong_attributes(b, x, &ok))
		return true;
	for (const struct tally_xml *c = x->child; c != NULL; c = c->next)
		if (!listed(ok.element, ok.nelement, c->name)) {
			*line = c->line;
			tally_buf_puts(b, "element ");
			put_quoted(b, c->name);
			tally_buf_printf(b,
			    " is not allowed in %s; %s may hold: ", x->name,
			    x->name);
			put_names(b, ok.element, ok.nelement);
			return true;
		}
	return false;
}

/* An element on that line which has nothing in it, but may have. */
static bool
empty_here(struct tally_buf *b, unsigned *line, const struct tally_xml *x,
    const struct tally_xml *grammar)
{
	struct allowed ok;

	if (x->child != NULL || x->line != *line ||
	    !collect_named(&ok, grammar, x->name) || ok.nelement == 0)
		return false;
	tally_buf_printf(b, "element %s is empty; it needs one of: ", x->name);
	put_names(b, ok.element, ok.nelement);
	return true;
}

typedef bool wrong_fn(struct tally_buf *, unsigned *line,
    const struct tally_xml *, const struct tally_xml *grammar);

/* The first that is wrong, in document order without recursion: children are
 * pushed before siblings. */
static bool
wrong_below(struct tally_buf *b, unsigned *line, const struct tally_xml *root,
    const struct tally_xml *grammar, wrong_fn *wrong)
{
	const struct tally_xml *todo[PENDING_MAX], *x;
	size_t n = 0;

	todo[n++] = root;
	while (n > 0) {
		x = todo[--n];
		if (wrong(b, line, x, grammar))
			return true;
		if (x->next != NULL)
			todo[n++] = x->next;
		if (x->child != NULL && n < PENDING_MAX)
			todo[n++] = x->child;
	}
	return false;
}

enum tally_rc
tally_xml_explain(const struct tally_xml *root, const char *name,
    const struct tally_xml *grammar, const struct tally_err *complaint,
    struct tally_err *err)
{
	struct tally_buf b;
	unsigned line = 0;

	tally_buf_init(&b, sizeof(err->text) * 4);
	if (!wrong_below(&b, &line, root, grammar, wrong_here) &&
	    strstr(complaint->text, "got nothing") != NULL) {
		line = complaint->line;
		wrong_below(&b, &line, root, grammar, empty_here);
	}
	if (b.n > 0 && !b.failed)
		tally_err_at(err, TALLY_CONFIG, name, line, "%s", b.p);
	else
		tally_err_at(err, TALLY_CONFIG, name, complaint->line, "%s",
		    complaint->text[0] != '\0' ? complaint->text
					       : "the document is not valid");
	tally_buf_free(&b);
	return TALLY_CONFIG;
}
