/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map's texts to a program: the entrance, codes, and the walk over the rules.
 */
#include "map/compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#define SCRATCH_BYTES (64u << 20) /* while it is compiled */
#define BLOCKS_MAX    10000
#define CODES_MAX     2000 /* of one table */

static enum tally_rc say(struct compile *, const struct tally_xml *at,
    const char *fmt, va_list) TALLY_PRINTF(3, 0);

static enum tally_rc
say(struct compile *c, const struct tally_xml *at, const char *fmt, va_list ap)
{
	tally_text_mistake(c->err, at->file, at->line, fmt, ap);
	return TALLY_CONFIG;
}

enum tally_rc
compile_mistake(
    struct compile *c, const struct tally_xml *at, const char *fmt, ...)
{
	enum tally_rc rc;
	va_list ap;

	va_start(ap, fmt);
	rc = say(c, at, fmt, ap);
	va_end(ap);
	return rc;
}

enum tally_rc
compile_absent(
    struct compile *c, const struct tally_xml *at, const char *fmt, ...)
{
	enum tally_rc rc;
	va_list ap;

	va_start(ap, fmt);
	rc = c->lenient ? TALLY_NOINPUT : say(c, at, fmt, ap);
	va_end(ap);
	return rc;
}

const char *
compile_place(
    struct compile *c, const struct tally_xml *of, const struct tally_xml *from)
{
	if (of->file == from->file)
		snprintf(c->words, sizeof(c->words), "line %u", of->line);
	else
		snprintf(c->words, sizeof(c->words), "line %u of %s", of->line,
		    of->file);
	return c->words;
}

enum tally_rc
compile_nomem(struct compile *c)
{
	return tally_err_set(
	    c->err, TALLY_NOMEM, "no memory for the map %s", c->file);
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

static bool
has_code(const struct map_codes *t, const char *x12, const char *value)
{
	for (size_t i = 0; i < t->n; i++)
		if (tally_str_eq(t->code[i].x12, tally_cstr(x12)) ||
		    tally_str_eq(t->code[i].value, tally_cstr(value)))
			return true;
	return false;
}

static enum tally_rc
read_code(struct compile *c, struct map_codes *t, struct map_code *code,
    const struct tally_xml *x)
{
	const char *x12 = tally_xml_get(x, "x12");
	const char *value = tally_xml_get(x, "value");

	if (!spelled(x12, UPPER, UPPER) || strlen(x12) > 8)
		return compile_mistake(c, x,
		    "\"%s\" is no code of X12; codes are one to eight upper "
		    "case letters and digits",
		    x12);
	if (!spelled(value, LOWER, LOWER "0123456789_"))
		return compile_mistake(c, x,
		    "\"%s\" is no word; words are lower case letters, digits "
		    "and _, so that they cannot be mistaken for codes",
		    value);
	code->key = map_key(tally_cstr(x12));
	code->x12 = tally_arena_str(&c->map->arena, tally_cstr(x12));
	code->value = tally_arena_str(&c->map->arena, tally_cstr(value));
	code->order = map_order(tally_cstr(value));
	t->n++;
	return code->x12.p != NULL && code->value.p != NULL ? TALLY_OK
							    : compile_nomem(c);
}

static enum tally_rc
code_twice(struct compile *c, const struct tally_xml *x)
{
	return compile_mistake(c, x,
	    "code \"%s\" or word \"%s\" is in this table already; each needs "
	    "to be there once, to be found in both directions",
	    tally_xml_get(x, "x12"), tally_xml_get(x, "value"));
}

/* What one file has of a table.  A code or a word that a file before it has
 * given stays as it is there. */
static enum tally_rc
add_codes(struct compile *c, struct map_codes *t, struct map_code *room,
    const struct tally_xml *x)
{
	struct map_codes before = *t, own = { .code = room + t->n };
	enum tally_rc rc = TALLY_OK;

	for (x = x->child; x != NULL && rc == TALLY_OK; x = x->next) {
		if (has_code(&own, tally_xml_get(x, "x12"),
			tally_xml_get(x, "value")))
			return code_twice(c, x);
		if (has_code(&before, tally_xml_get(x, "x12"),
			tally_xml_get(x, "value")))
			continue;
		if (t->n == CODES_MAX)
			return compile_mistake(c, x,
			    "there are more than %d codes in one table",
			    CODES_MAX);
		rc = read_code(c, t, room + t->n, x);
		own.n = t->n - before.n;
	}
	return rc;
}

/* By insertion: a table has some fifty words. */
static enum tally_rc
index_values(struct compile *c, struct map_codes *t)
{
	uint16_t *by = tally_arena_alloc(&c->map->arena, t->n * sizeof(*by));
	size_t k;

	if (by == NULL)
		return compile_nomem(c);
	t->by_value = by;
	for (size_t i = 0; i < t->n; i++) {
		for (k = i; k > 0; k--) {
			if (tally_str_cmp(
				t->code[by[k - 1]].value, t->code[i].value) < 0)
				break;
			by[k] = by[k - 1];
		}
		by[k] = (uint16_t)i;
	}
	return TALLY_OK;
}

const struct tally_xml *
compile_codes_in(const struct map_file *f, const char *name)
{
	for (const struct tally_xml *x = f->root->child; x != NULL; x = x->next)
		if (tally_xml_is(x, "codes") &&
		    strcmp(tally_xml_get(x, "name"), name) == 0)
			return x;
	return NULL;
}

static size_t
children(const struct tally_xml *x)
{
	size_t n = 0;

	for (x = x->child; x != NULL; x = x->next)
		n++;
	return n;
}

enum tally_rc
compile_codes(struct compile *c, const char *name, uint16_t *codes)
{
	struct map_codes *t = &c->codes[c->ncodes];
	const struct tally_xml *x;
	struct map_code *room;
	size_t n = 0;
	enum tally_rc rc = TALLY_OK;

	for (*codes = 0; *codes < c->ncodes; ++*codes)
		if (strcmp(c->codes[*codes].name, name) == 0)
			return TALLY_OK;
	for (size_t i = 0; i < c->texts.nfile; i++)
		if ((x = compile_codes_in(&c->texts.file[i], name)) != NULL)
			n += children(x);
	if (n == 0)
		return TALLY_NOINPUT;
	room = tally_arena_alloc(&c->map->arena, n * sizeof(*room));
	*t = (struct map_codes){ .code = room };
	t->name = tally_arena_cstr(&c->map->arena, tally_cstr(name));
	if (room == NULL || t->name == NULL)
		return compile_nomem(c);
	for (size_t i = 0; i < c->texts.nfile && rc == TALLY_OK; i++)
		if ((x = compile_codes_in(&c->texts.file[i], name)) != NULL)
			rc = add_codes(c, t, room, x);
	qsort(room, t->n, sizeof(*room), code_order);
	c->ncodes++;
	return rc == TALLY_OK ? index_values(c, t) : rc;
}

/* A table of the map's own is read even if nothing uses it. */
static enum tally_rc
read_codes(struct compile *c, const struct tally_xml *root)
{
	uint16_t codes;
	enum tally_rc rc = TALLY_OK;

	for (const struct tally_xml *x = root->child;
	     x != NULL && rc == TALLY_OK; x = x->next)
		if (tally_xml_is(x, "codes"))
			rc = compile_codes(c, tally_xml_get(x, "name"), &codes);
	return rc;
}

/* --- the walk --- */

/* Takes back what a rule that is left out has made. */
static void
forget(struct compile *c, const struct compile *before, uint16_t block,
    const struct scope *scope)
{
	c->nrule = before->nrule;
	c->nblock = before->nblock;
	c->ngroup = before->ngroup;
	c->scope[block] = *scope;
	if (scope->last != NULL)
		scope->last->next = NULL;
}

/* Elements below the record in document order. */
static enum tally_rc
read_rules(struct compile *c, const struct map_text *record)
{
	struct map_text *next[TEXT_DEPTH_MAX], *t;
	uint16_t block[TEXT_DEPTH_MAX], child;
	struct compile before;
	struct scope scope;
	size_t depth = 1;
	enum tally_rc rc;

	next[0] = record->child;
	block[0] = 0;
	while (depth > 0) {
		t = next[depth - 1];
		if (t == NULL) {
			depth--;
			continue;
		}
		next[depth - 1] = t->next;
		before = *c;
		scope = c->scope[block[depth - 1]];
		c->lenient = t->lenient;
		rc = rule_read(c, t->x, block[depth - 1], &child);
		if (rc == TALLY_NOINPUT) {
			forget(c, &before, block[depth - 1], &scope);
			t->left_out = true;
			continue;
		}
		if (rc != TALLY_OK)
			return rc;
		if (child != NO_BLOCK && depth < TEXT_DEPTH_MAX) {
			next[depth] = t->child;
			block[depth++] = child;
		}
	}
	return TALLY_OK;
}

/* --- the entrance --- */

/* Depth first; a node is visited when its neighbour before it has been. */
static size_t
count_nodes(const struct map_text *t)
{
	const struct map_text *todo[TEXT_DEPTH_MAX * 2];
	size_t n = 0, depth = 0;

	todo[depth++] = t;
	while (depth > 0) {
		t = todo[--depth];
		n++;
		if (t->next != NULL)
			todo[depth++] = t->next;
		if (t->child != NULL)
			todo[depth++] = t->child;
	}
	return n;
}

static size_t
count_codes(const struct compile *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->texts.nfile; i++)
		n += children(c->texts.file[i].root);
	return n;
}

/* Room for all that the text can make: an attribute makes two rules. */
static enum tally_rc
make_room(struct compile *c)
{
	size_t n = count_nodes(c->texts.record) * 2;
	struct tally_arena *a = &c->map->arena;

	if (n > BLOCKS_MAX * 2)
		return compile_mistake(c, c->texts.record->x,
		    "a map has at most %d elements", BLOCKS_MAX);
	c->rule = tally_arena_alloc(&c->scratch, n * sizeof(*c->rule));
	c->scope = tally_arena_alloc(&c->scratch, n * sizeof(*c->scope));
	c->group_block =
	    tally_arena_alloc(&c->scratch, n * sizeof(*c->group_block));
	c->block = tally_arena_alloc(a, n * sizeof(*c->block));
	c->group = tally_arena_alloc(a, n * sizeof(*c->group));
	c->codes = tally_arena_alloc(a, count_codes(c) * sizeof(*c->codes));
	c->lookup = tally_arena_alloc(a, n * sizeof(*c->lookup));
	return c->rule != NULL && c->scope != NULL && c->block != NULL &&
		c->group != NULL && c->codes != NULL && c->lookup != NULL &&
		c->group_block != NULL
	    ? TALLY_OK
	    : compile_nomem(c);
}

static enum tally_rc
read_head(struct compile *c, const struct tally_xml *root)
{
	struct tally_arena *a = &c->map->arena;

	c->map->name =
	    tally_arena_cstr(a, tally_cstr(tally_xml_get(root, "name")));
	if (c->map->name == NULL)
		return compile_nomem(c);
	c->set = tally_set_find(c->version, tally_cstr(c->texts.set));
	if (c->set == NULL)
		return compile_mistake(c, root,
		    "the dictionary has no set %s in version %s", c->texts.set,
		    c->version->version);
	c->map->set = c->set;
	c->map->repeats =
	    c->texts.repeats != NULL && strcmp(c->texts.repeats, "yes") == 0;
	return TALLY_OK;
}

static enum tally_rc
read_text(struct compile *c)
{
	const struct tally_xml *root = c->texts.file[0].root;
	enum tally_rc rc = read_head(c, root);

	if (rc == TALLY_OK)
		rc = make_room(c);
	if (rc == TALLY_OK)
		rc = read_codes(c, root);
	if (rc == TALLY_OK)
		rc = block_record(c, c->texts.record->x);
	if (rc == TALLY_OK)
		rc = read_rules(c, c->texts.record);
	return rc;
}

/* Compiles, and prints the effective text where there is a buffer for it. */
static enum tally_rc
load(struct compile *c, struct tally_map **out, const char *file,
    struct tally_str text, struct tally_buf *effective)
{
	struct tally_map *m = tally_calloc(1, sizeof(*m));
	enum tally_rc rc;

	c->map = m;
	if (m == NULL)
		return compile_nomem(c);
	c->texts.arena = &c->scratch;
	tally_arena_init(&c->scratch, SCRATCH_BYTES);
	tally_arena_init(&m->arena, MAP_BYTES);
	m->model = c->model;
	rc = text_load(&c->texts, file, text, c->err);
	if (rc == TALLY_OK)
		rc = read_text(c);
	if (rc == TALLY_OK)
		rc = sound_check(c);
	if (rc == TALLY_OK)
		rc = emit_program(c);
	if (rc == TALLY_OK && effective != NULL)
		rc = effective_print(c, effective);
	if (rc == TALLY_OK) {
		tally_hash_end(c->texts.hash, m->hash);
		rc = tally_charset_new(
		    &m->charset, TALLY_CHARSET_DEFAULT, c->err);
	}
	if (rc == TALLY_OK) {
		*out = m;
		m = NULL;
	}
	text_free(&c->texts);
	tally_arena_free(&c->scratch);
	tally_map_free(m);
	return rc;
}

static struct compile
of(const struct tally_model *model, const struct tally_version *version,
    const struct tally_map_texts *from, const char *file, struct tally_err *err)
{
	return (struct compile){ .model = model,
		.version = version,
		.texts = { .from = from, .version = version->version },
		.file = file,
		.err = err };
}

enum tally_rc
tally_map_load(struct tally_map **out, const struct tally_model *model,
    const struct tally_version *version, const struct tally_map_texts *from,
    const char *file, struct tally_str text, struct tally_err *err)
{
	struct compile c = of(model, version, from, file, err);

	return load(&c, out, file, text, NULL);
}

enum tally_rc
tally_map_effective(struct tally_buf *out, const struct tally_model *model,
    const struct tally_version *version, const struct tally_map_texts *from,
    const char *file, struct tally_str text, struct tally_err *err)
{
	struct compile c = of(model, version, from, file, err);
	struct tally_map *m = NULL;
	enum tally_rc rc;

	rc = load(&c, &m, file, text, out);
	tally_map_free(m);
	return rc;
}
