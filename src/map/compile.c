/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map's text to a program: the entrance, codes, and the walk over the text.
 */
#include "map/compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/embed.h"
#include "base/hash.h"
#include "base/text.h"

#define MAP_BYTES     (16u << 20) /* a compiled map */
#define SCRATCH_BYTES (64u << 20) /* while it is compiled */
#define DEPTH_MAX     32          /* as base/xml.c allows */
#define BLOCKS_MAX    10000
#define CODES_MAX     2000 /* of one table */

enum tally_rc
compile_mistake(struct compile *c, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tally_text_mistake(c->err, c->file, line, fmt, ap);
	va_end(ap);
	return TALLY_CONFIG;
}

enum tally_rc
compile_nomem(struct compile *c)
{
	return tally_err_set(
	    c->err, TALLY_NOMEM, "no memory for the map %s", c->file);
}

struct tally_str
compile_word(const char **list, char separator)
{
	const char *p = *list;
	size_t n = 0;

	while (separator != '\0' && *p == separator)
		p++;
	while (p[n] != '\0' && p[n] != separator)
		n++;
	*list = p + n;
	return tally_str(n > 0 ? p : NULL, n);
}

bool
compile_listed(const char *list, const char *word)
{
	struct tally_str w;

	for (;;) {
		w = compile_word(&list, ' ');
		if (w.p == NULL)
			return false;
		if (tally_str_eq(w, tally_cstr(word)))
			return true;
	}
}

/* --- codes --- */

static int
code_order(const void *a, const void *b)
{
	uint64_t x = ((const struct map_code *)a)->key;
	uint64_t y = ((const struct map_code *)b)->key;

	return (x > y) - (x < y);
}

static bool
spelled(const char *s, const char *first, const char *rest)
{
	size_t n = strspn(s, first);

	return n > 0 && s[n + strspn(s + n, rest)] == '\0';
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

static enum tally_rc
read_code(struct compile *c, struct map_codes *t, struct map_code *code,
    const struct tally_xml *x)
{
	const char *x12 = tally_xml_get(x, "x12");
	const char *value = tally_xml_get(x, "value");

	if (!spelled(x12, UPPER, UPPER) || strlen(x12) > 8)
		return compile_mistake(c, x->line,
		    "\"%s\" is no code of X12; codes are one to eight upper "
		    "case letters and digits",
		    x12);
	if (!spelled(value, LOWER, LOWER "0123456789_"))
		return compile_mistake(c, x->line,
		    "\"%s\" is no word; words are lower case letters, digits "
		    "and _, so that they cannot be mistaken for codes",
		    value);
	for (size_t i = 0; i < t->n; i++)
		if (tally_str_eq(t->code[i].x12, tally_cstr(x12)) ||
		    tally_str_eq(t->code[i].value, tally_cstr(value)))
			return compile_mistake(c, x->line,
			    "code \"%s\" or word \"%s\" is in this table "
			    "already; each needs to be there once, to be "
			    "found in both directions",
			    x12, value);
	code->key = map_key(tally_cstr(x12));
	code->x12 = tally_arena_str(&c->map->arena, tally_cstr(x12));
	code->value = tally_arena_str(&c->map->arena, tally_cstr(value));
	t->n++;
	return code->x12.p != NULL && code->value.p != NULL ? TALLY_OK
							    : compile_nomem(c);
}

static enum tally_rc
read_codes(struct compile *c, const struct tally_xml *x)
{
	const char *name = tally_xml_get(x, "name");
	struct map_codes *t = &c->codes[c->ncodes];
	struct map_code *code;
	size_t n = 0;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < c->ncodes; i++)
		if (strcmp(c->codes[i].name, name) == 0)
			return compile_mistake(c, x->line,
			    "there is a <codes name=\"%s\"> already", name);
	for (const struct tally_xml *k = x->child; k != NULL; k = k->next)
		n++;
	if (n > CODES_MAX)
		return compile_mistake(c, x->line,
		    "there are more than %d codes in one table", CODES_MAX);
	code = tally_arena_alloc(&c->map->arena, n * sizeof(*code));
	t->name = tally_arena_cstr(&c->map->arena, tally_cstr(name));
	if (code == NULL || t->name == NULL)
		return compile_nomem(c);
	t->code = code;
	t->n = 0;
	for (x = x->child; x != NULL && rc == TALLY_OK; x = x->next)
		rc = read_code(c, t, code + t->n, x);
	qsort(code, t->n, sizeof(*code), code_order);
	c->ncodes++;
	return rc;
}

/* --- the walk --- */

/* Whether an element is meant for the version that is compiled. */
static enum tally_rc
applies(
    struct compile *c, const struct tally_xml *x, const char *all, bool *yes)
{
	const char *only = tally_xml_get(x, "versions"), *rest = only;
	char *word;
	struct tally_str w;

	*yes = only == NULL || compile_listed(only, c->version->version);
	if (only == NULL)
		return TALLY_OK;
	while ((w = compile_word(&rest, ' ')).p != NULL) {
		word = tally_arena_cstr(&c->scratch, w);
		if (word == NULL)
			return compile_nomem(c);
		if (!compile_listed(all, word))
			return compile_mistake(c, x->line,
			    "version %s is not one of the map's own (%s)", word,
			    all);
	}
	return TALLY_OK;
}

/* Elements below the record in document order. */
static enum tally_rc
read_rules(struct compile *c, const struct tally_xml *record, const char *all)
{
	const struct tally_xml *next[DEPTH_MAX];
	uint16_t block[DEPTH_MAX], child;
	const struct tally_xml *x;
	size_t depth = 1;
	enum tally_rc rc;
	bool yes;

	next[0] = record->child;
	block[0] = 0;
	while (depth > 0) {
		x = next[depth - 1];
		if (x == NULL) {
			depth--;
			continue;
		}
		next[depth - 1] = x->next;
		rc = applies(c, x, all, &yes);
		if (rc == TALLY_OK && !yes)
			continue;
		if (rc == TALLY_OK)
			rc = rule_read(c, x, block[depth - 1], &child);
		if (rc != TALLY_OK)
			return rc;
		if (child != NO_BLOCK && depth < DEPTH_MAX) {
			next[depth] = x->child;
			block[depth++] = child;
		}
	}
	return TALLY_OK;
}

/* --- the entrance --- */

static size_t
elements(const struct tally_xml *root)
{
	const struct tally_xml *todo[DEPTH_MAX + 2];
	size_t n = 0, depth = 0;

	todo[depth++] = root;
	while (depth > 0) {
		root = todo[--depth];
		n++;
		if (root->next != NULL)
			todo[depth++] = root->next;
		if (root->child != NULL)
			todo[depth++] = root->child;
	}
	return n;
}

/* Room for all that the text can make: an attribute makes two rules. */
static enum tally_rc
make_room(struct compile *c, const struct tally_xml *root)
{
	size_t n = elements(root) * 2;
	struct tally_arena *a = &c->map->arena;

	if (n > BLOCKS_MAX * 2)
		return compile_mistake(
		    c, root->line, "a map has at most %d elements", BLOCKS_MAX);
	c->rule = tally_arena_alloc(&c->scratch, n * sizeof(*c->rule));
	c->scope = tally_arena_alloc(&c->scratch, n * sizeof(*c->scope));
	c->group_block =
	    tally_arena_alloc(&c->scratch, n * sizeof(*c->group_block));
	c->block = tally_arena_alloc(a, n * sizeof(*c->block));
	c->group = tally_arena_alloc(a, n * sizeof(*c->group));
	c->codes = tally_arena_alloc(a, n * sizeof(*c->codes));
	return c->rule != NULL && c->scope != NULL && c->block != NULL &&
		c->group != NULL && c->codes != NULL && c->group_block != NULL
	    ? TALLY_OK
	    : compile_nomem(c);
}

static enum tally_rc
read_head(struct compile *c, const struct tally_xml *root)
{
	const char *set = tally_xml_get(root, "set");
	const char *versions = tally_xml_get(root, "versions");
	const char *name = tally_xml_get(root, "name");

	c->map->name = tally_arena_cstr(&c->map->arena, tally_cstr(name));
	if (c->map->name == NULL)
		return compile_nomem(c);
	if (!compile_listed(versions, c->version->version))
		return compile_mistake(c, root->line,
		    "the map is for versions %s, and not for %s; add it to "
		    "versions, or take another map",
		    versions, c->version->version);
	c->set = tally_set_find(c->version, tally_cstr(set));
	if (c->set == NULL)
		return compile_mistake(c, root->line,
		    "the dictionary has no set %s in version %s", set,
		    c->version->version);
	c->map->set = c->set;
	return TALLY_OK;
}

static enum tally_rc
read_text(struct compile *c, const struct tally_xml *root)
{
	const struct tally_xml *x = root->child;
	enum tally_rc rc = read_head(c, root);

	if (rc == TALLY_OK)
		rc = make_room(c, root);
	for (; rc == TALLY_OK && strcmp(x->name, "codes") == 0; x = x->next)
		rc = read_codes(c, x);
	if (rc == TALLY_OK)
		rc = rule_record(c, x);
	if (rc == TALLY_OK)
		rc = read_rules(c, x, tally_xml_get(root, "versions"));
	return rc;
}

static enum tally_rc
digest(unsigned char out[32], struct tally_str text, struct tally_err *err)
{
	struct tally_hash *h;
	enum tally_rc rc = tally_hash_new(&h, err);

	if (rc != TALLY_OK)
		return rc;
	tally_hash_add(h, text.p, text.n);
	tally_hash_end(h, out);
	tally_hash_free(h);
	return TALLY_OK;
}

enum tally_rc
tally_map_load(struct tally_map **out, const struct tally_model *model,
    const struct tally_version *version, const char *name,
    struct tally_str text, struct tally_err *err)
{
	struct tally_str schema = tally_embedded_find("map.rng");
	struct tally_map *m = tally_calloc(1, sizeof(*m));
	struct compile c = { .map = m,
		.model = model,
		.version = version,
		.file = name,
		.err = err };
	const struct tally_xml *root;
	enum tally_rc rc;

	tally_arena_init(&c.scratch, SCRATCH_BYTES);
	if (m == NULL)
		return compile_nomem(&c);
	tally_arena_init(&m->arena, MAP_BYTES);
	m->model = model;
	rc = tally_xml_load(&root, &c.scratch, name, text, schema.p, err);
	if (rc == TALLY_OK)
		rc = read_text(&c, root);
	if (rc == TALLY_OK)
		rc = sound_check(&c);
	if (rc == TALLY_OK)
		rc = emit_program(&c);
	if (rc == TALLY_OK)
		rc = digest(m->hash, text, err);
	if (rc == TALLY_OK)
		rc = tally_charset_new(&m->charset, TALLY_CHARSET_DEFAULT, err);
	if (rc == TALLY_OK) {
		*out = m;
		m = NULL;
	}
	tally_arena_free(&c.scratch);
	tally_map_free(m);
	return rc;
}
