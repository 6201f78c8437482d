/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a map's texts, and putting parts where they are used; see text.h.
 *
 * What is not meant for the version that is compiled is left out here, so that
 * nobody after this knows of versions.
 */
#include "map/text.h"

#include <string.h>

#include "base/embed.h"
#include "base/text.h"
#include "map/words.h"

enum tally_rc
text_mistake(
    struct map_texts *v, const struct tally_xml *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tally_text_mistake(v->err, at->file, at->line, fmt, ap);
	va_end(ap);
	return TALLY_CONFIG;
}

static enum tally_rc
out_of_memory(struct map_texts *v)
{
	return tally_err_set(
	    v->err, TALLY_NOMEM, "no memory for the map %s", v->file[0].name);
}

struct map_text *
text_node(struct map_texts *v, const struct tally_xml *x, bool lenient)
{
	struct map_text *t = tally_arena_alloc(v->arena, sizeof(*t));

	if (t != NULL)
		*t = (struct map_text){ .x = x, .lenient = lenient };
	return t;
}

/* --- files --- */

static enum tally_rc
find(struct map_texts *v, const char *name, struct tally_str *text,
    const char **file)
{
	struct tally_buf b;

	if (v->from != NULL)
		return v->from->find(v->from->ctx, name, text, file, v->err);
	tally_buf_init(&b, 4096);
	tally_buf_printf(&b, "%s.xml", name);
	*text = b.failed ? tally_str(NULL, 0) : tally_embedded_find(b.p);
	*file = tally_arena_cstr(v->arena, tally_buf_view(&b));
	tally_buf_free(&b);
	return *file != NULL ? TALLY_OK : TALLY_NOMEM;
}

static enum tally_rc
add(struct map_texts *v, const char *name, const char *file,
    struct tally_str text, uint8_t chain)
{
	const char *schema = tally_embedded_schema("map.rng", text);
	struct map_file *f = &v->file[v->nfile];
	enum tally_rc rc;

	*f = (struct map_file){ .chain = chain };
	f->name = tally_arena_cstr(v->arena, tally_cstr(name));
	if (f->name == NULL)
		return out_of_memory(v);
	rc = tally_xml_load_by(&f->root, v->arena, file, text,
	    schema != NULL ? &v->schema : NULL, v->err);
	if (rc != TALLY_OK)
		return rc;
	v->nfile++;
	tally_hash_add(v->hash, text.p, text.n);
	return TALLY_OK;
}

/* The file of a name that the text at x uses or extends. */
static enum tally_rc
add_named(struct map_texts *v, const struct tally_xml *x, const char *name,
    const char *root, uint8_t chain)
{
	struct tally_str text;
	const char *file = NULL;
	enum tally_rc rc;

	if (v->nfile == TEXT_FILES_MAX)
		return text_mistake(v, x,
		    "the map consists of more than %d files, which is the "
		    "limit",
		    TEXT_FILES_MAX);
	rc = find(v, name, &text, &file);
	if (rc != TALLY_OK && rc != TALLY_NOINPUT)
		return rc;
	if (rc == TALLY_NOINPUT || text.p == NULL)
		return text_mistake(v, x,
		    "there is no %s \"%s\"; put %s.xml beside this file, or "
		    "name one that is there",
		    root, name, name);
	rc = add(v, name, file, text, chain);
	if (rc == TALLY_OK && !tally_xml_is(v->file[v->nfile - 1].root, root))
		rc = text_mistake(v, x,
		    "\"%s\" is no %s, but a %s; name another file", name, root,
		    v->file[v->nfile - 1].root->name);
	return rc;
}

static enum tally_rc
add_libraries(struct map_texts *v, const struct tally_xml *root, uint8_t chain)
{
	const char *uses = tally_xml_get(root, "uses");
	struct tally_str word;
	const char *name;
	enum tally_rc rc = TALLY_OK;

	while (rc == TALLY_OK && uses != NULL &&
	    (word = words_next(&uses, ' ')).p != NULL) {
		name = tally_arena_cstr(v->arena, word);
		rc = name == NULL ? out_of_memory(v)
				  : add_named(v, root, name, "library", chain);
	}
	return rc;
}

/* A map is of a set, or has that of the map that it extends. */
static enum tally_rc
check_head(struct map_texts *v, const struct tally_xml *root, bool extends)
{
	const char *lacks = tally_xml_get(root, "set") == NULL ? "set"
	    : tally_xml_get(root, "versions") == NULL          ? "versions"
							       : NULL;

	if (extends && tally_xml_get(root, "set") != NULL)
		return text_mistake(v, root,
		    "a map that extends another one is of that map's set; "
		    "leave out the attribute set");
	if (!extends && lacks != NULL)
		return text_mistake(v, root,
		    "map lacks its attribute %s; only one that extends "
		    "another map takes it from there",
		    lacks);
	return TALLY_OK;
}

/* The map itself, and the maps that it extends, each with its libraries. */
static enum tally_rc
add_chain(struct map_texts *v, const char *file, struct tally_str text)
{
	const struct tally_xml *root;
	const char *base;
	uint8_t chain = 0;
	enum tally_rc rc = add(v, file, file, text, chain);

	if (rc != TALLY_OK)
		return rc;
	if (!tally_xml_is(v->file[0].root, "map"))
		return text_mistake(v, v->file[0].root,
		    "this is a library; name a map that uses it");
	for (;;) {
		root = v->file[v->nfile - 1].root;
		base = tally_xml_get(root, "extends");
		if (v->set == NULL)
			v->set = tally_xml_get(root, "set");
		if (v->versions == NULL)
			v->versions = tally_xml_get(root, "versions");
		if (v->repeats == NULL)
			v->repeats = tally_xml_get(root, "repeats");
		rc = check_head(v, root, base != NULL);
		if (rc == TALLY_OK)
			rc = add_libraries(v, root, chain);
		if (rc != TALLY_OK || base == NULL)
			return rc;
		if (++chain == TEXT_CHAIN_MAX)
			return text_mistake(v, root,
			    "more than %d maps extend one another; is it a "
			    "circle?",
			    TEXT_CHAIN_MAX);
		rc = add_named(v, root, base, "map", chain);
		if (rc != TALLY_OK)
			return rc;
	}
}

/* --- parts --- */

static bool
of_library(const struct map_texts *v, const struct tally_xml *x)
{
	for (size_t i = 0; i < v->nfile; i++)
		if (v->file[i].root->file == x->file)
			return tally_xml_is(v->file[i].root, "library");
	return false;
}

/* Whether an element is meant for the version that is compiled. */
static enum tally_rc
applies(struct map_texts *v, const struct tally_xml *x, bool *yes)
{
	const char *only = tally_xml_get(x, "versions"), *rest = only;
	struct tally_str w;

	*yes = only == NULL || words_have(only, tally_cstr(v->version));
	if (only == NULL || of_library(v, x))
		return TALLY_OK;
	while ((w = words_next(&rest, ' ')).p != NULL)
		if (!words_have(v->versions, w))
			return text_mistake(v, x,
			    "version %.*s is not one of the map's own (%s)",
			    (int)w.n, w.p, v->versions);
	return TALLY_OK;
}

/* The part of a name, for a file of the chain: its own, its libraries', those
 * of the maps that it extends. */
static const struct tally_xml *
find_part(const struct map_texts *v, uint8_t chain, const char *name)
{
	for (size_t i = 0; i < v->nfile; i++) {
		if (v->file[i].chain < chain)
			continue;
		for (const struct tally_xml *x = v->file[i].root->child;
		     x != NULL; x = x->next)
			if (tally_xml_is(x, "part") &&
			    strcmp(tally_xml_get(x, "name"), name) == 0)
				return x;
	}
	return NULL;
}

/* Elements of the same kind and name in one file. */
static enum tally_rc
check_names(struct map_texts *v, const struct tally_xml *root)
{
	const struct tally_xml *x, *o;

	for (x = root->child; x != NULL && !tally_xml_is(x, "record");
	     x = x->next)
		for (o = root->child; o != x; o = o->next)
			if (tally_xml_is(o, x->name) &&
			    strcmp(tally_xml_get(o, "name"),
				tally_xml_get(x, "name")) == 0)
				return text_mistake(v, x,
				    "there is a <%s name=\"%s\"> already, in "
				    "line %u",
				    x->name, tally_xml_get(x, "name"), o->line);
	return TALLY_OK;
}

struct level {
	const struct tally_xml *next;
	struct map_text **to; /* where the next node is hung */
	bool lenient, part;
};

static enum tally_rc
enter_part(struct map_texts *v, const struct tally_xml *use, uint8_t chain,
    struct level *l)
{
	const char *absent = tally_xml_get(use, "absent");
	const struct tally_xml *part =
	    find_part(v, chain, tally_xml_get(use, "part"));

	if (part == NULL)
		return text_mistake(v, use,
		    "there is no <part name=\"%s\"> in this map or in what it "
		    "uses",
		    tally_xml_get(use, "part"));
	l->next = part->child;
	l->part = true;
	if (absent != NULL)
		l->lenient = true;
	return TALLY_OK;
}

/* The children of x with parts in their places, as children of to. */
static enum tally_rc
expand(struct map_texts *v, const struct tally_xml *root, uint8_t chain,
    struct map_text *to)
{
	struct level level[TEXT_DEPTH_MAX], *l = level;
	const struct tally_xml *x;
	struct map_text *node;
	enum tally_rc rc;
	bool yes;

	*l = (struct level){ .next = root->child, .to = &to->child };
	for (;;) {
		x = l->next;
		if (x == NULL) {
			if (l == level)
				return TALLY_OK;
			if (l->part)
				l[-1].to = l->to;
			l--;
			continue;
		}
		l->next = x->next;
		rc = applies(v, x, &yes);
		if (rc != TALLY_OK)
			return rc;
		if (!yes)
			continue;
		if (l == level + TEXT_DEPTH_MAX - 1)
			return text_mistake(v, x,
			    "elements and parts enclose one another more than "
			    "%d deep; do parts use one another in a circle?",
			    TEXT_DEPTH_MAX);
		l[1] = (struct level){ .to = l->to, .lenient = l->lenient };
		if (tally_xml_is(x, "use")) {
			rc = enter_part(v, x, chain, &l[1]);
			if (rc != TALLY_OK)
				return rc;
			l++;
			continue;
		}
		node = text_node(v, x, l->lenient);
		if (node == NULL)
			return out_of_memory(v);
		*l->to = node;
		l->to = &node->next;
		l[1].to = &node->child;
		l[1].next = x->child;
		l++;
	}
}

static const struct tally_xml *
record_of(const struct tally_xml *root)
{
	const struct tally_xml *x = root->child;

	while (!tally_xml_is(x, "record"))
		x = x->next;
	return x;
}

/* From the map that extends none to the one that was asked for. */
static enum tally_rc
make_record(struct map_texts *v)
{
	struct map_text *base = NULL, *own;
	const struct map_file *f;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = v->nfile; i-- > 0 && rc == TALLY_OK;) {
		f = &v->file[i];
		rc = check_names(v, f->root);
		if (rc != TALLY_OK || !tally_xml_is(f->root, "map"))
			continue;
		own = text_node(v, record_of(f->root), false);
		if (own == NULL)
			return out_of_memory(v);
		rc = expand(v, own->x, f->chain, own);
		if (rc == TALLY_OK && base != NULL)
			rc = text_merge(v, base, own);
		else
			base = own;
	}
	v->record = base;
	return rc;
}

enum tally_rc
text_load(struct map_texts *v, const char *file, struct tally_str text,
    struct tally_err *err)
{
	enum tally_rc rc;

	v->err = err;
	v->nfile = 0;
	v->file[0].name = file;
	tally_xml_schema_init(&v->schema, tally_embedded_find("map.rng").p);
	rc = tally_hash_new(&v->hash, err);
	if (rc == TALLY_OK)
		rc = add_chain(v, file, text);
	if (rc == TALLY_OK && !words_have(v->versions, tally_cstr(v->version)))
		rc = text_mistake(v, v->file[0].root,
		    "the map is for versions %s, and not for %s; add it to "
		    "versions, or take another map",
		    v->versions, v->version);
	if (rc == TALLY_OK)
		rc = make_record(v);
	return rc;
}

void
text_free(struct map_texts *v)
{
	tally_hash_free(v->hash);
	v->hash = NULL;
	tally_xml_schema_free(&v->schema);
}
