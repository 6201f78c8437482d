/* SPDX-License-Identifier: Apache-2.0 */
/* A guide's text to tables: the entrance, the walk and the tables. */
#include "guide/compile.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/embed.h"
#include "base/text.h"

#define GUIDE_BYTES   (16u << 20) /* a compiled guide */
#define SCRATCH_BYTES (64u << 20) /* while it is compiled */
#define RULES_MAX     5000        /* a book of hundreds of pages has fewer */

enum tally_rc
guide_mistake(struct guide_compile *c, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tally_text_mistake(c->err, c->file, line, fmt, ap);
	va_end(ap);
	return TALLY_CONFIG;
}

enum tally_rc
guide_nomem(struct guide_compile *c)
{
	return tally_err_set(
	    c->err, TALLY_NOMEM, "no memory for the guide %s", c->file);
}

struct tally_str
guide_word(const char **list, char separator)
{
	const char *p = *list;
	size_t n = 0;

	while (*p == separator || *p == '\n' || *p == '\t')
		p++;
	while (
	    p[n] != '\0' && p[n] != separator && p[n] != '\n' && p[n] != '\t')
		n++;
	*list = p + n;
	return tally_str(n > 0 ? p : NULL, n);
}

const char *
guide_words(struct guide_compile *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return tally_arena_cstr(&c->guide->arena, tally_cstr(text));
}

static bool
listed(const char *list, const char *word)
{
	struct tally_str w;

	while ((w = guide_word(&list, ' ')).p != NULL)
		if (tally_str_eq(w, tally_cstr(word)))
			return true;
	return false;
}

/* Whether a rule is meant for the version that is compiled. */
static enum tally_rc
applies(struct guide_compile *c, const struct tally_xml *x, bool *yes)
{
	const char *all = tally_xml_get(c->root, "versions");
	const char *only = tally_xml_get(x, "versions"), *rest = only;
	struct tally_str w;
	char word[16];

	*yes = only == NULL || listed(only, c->version->version);
	while (only != NULL && (w = guide_word(&rest, ' ')).p != NULL) {
		snprintf(word, sizeof(word), "%.*s", (int)w.n, w.p);
		if (!listed(all, word))
			return guide_mistake(c, x->line,
			    "version %s is not one of the guide's own (%s)",
			    word, all);
	}
	return TALLY_OK;
}

static enum tally_rc
read_head(struct guide_compile *c)
{
	struct tally_guide *g = c->guide;
	const char *set = tally_xml_get(c->root, "set");
	const char *versions = tally_xml_get(c->root, "versions");

	g->name = tally_arena_cstr(
	    &g->arena, tally_cstr(tally_xml_get(c->root, "name")));
	g->implementation = tally_arena_cstr(
	    &g->arena, tally_cstr(tally_xml_get(c->root, "implementation")));
	if (g->name == NULL || g->implementation == NULL)
		return guide_nomem(c);
	if (!listed(versions, c->version->version))
		return guide_mistake(c, c->root->line,
		    "the guide is for versions %s, and not for %s; add it to "
		    "versions, or take another guide",
		    versions, c->version->version);
	c->set = tally_set_find(c->version, tally_cstr(set));
	if (c->set == NULL)
		return guide_mistake(c, c->root->line,
		    "the dictionary has no set %s in version %s", set,
		    c->version->version);
	g->set = c->set;
	return TALLY_OK;
}

static enum tally_rc
make_room(struct guide_compile *c)
{
	struct tally_guide *g = c->guide;
	size_t n = 0;

	for (const struct tally_xml *x = c->root->child; x != NULL; x = x->next)
		n++;
	if (n > RULES_MAX)
		return guide_mistake(c, c->root->line,
		    "a guide has at most %d rules", RULES_MAX);
	g->element = tally_arena_alloc(&g->arena, n * sizeof(*g->element));
	g->count = tally_arena_alloc(&g->arena, n * sizeof(*g->count));
	g->level =
	    tally_arena_alloc(&g->arena, GUIDE_LEVELS_MAX * sizeof(*g->level));
	c->element = tally_arena_alloc(&c->scratch, n * sizeof(*c->element));
	c->count = tally_arena_alloc(&c->scratch, n * sizeof(*c->count));
	return g->element != NULL && g->count != NULL && g->level != NULL &&
		c->element != NULL && c->count != NULL
	    ? TALLY_OK
	    : guide_nomem(c);
}

/* --- tables --- */

/* Counts the rules of each place and scope; the count of all. */
static size_t
count_rules(struct guide_compile *c)
{
	struct tally_guide *g = c->guide;
	size_t n = 0;

	for (uint16_t i = 0; i < g->nelement; i++)
		for (uint16_t k = 0; k < c->element[i].of.at.n; k++, n++)
			g->at[c->element[i].of.at.place[k]].nelement++;
	for (uint16_t i = 0; i < g->ncount; i++, n++) {
		struct guide_count *r = &g->count[i];

		for (uint16_t k = 0; k < c->count[i].of.at.n; k++, n++)
			g->at[c->count[i].of.at.place[k]].ncount++;
		r->slot = g->scope[r->scope].ncount++;
	}
	return n;
}

/* Where each place's and scope's rules begin; numbers become 0 again. */
static void
lay_out(struct tally_guide *g)
{
	uint32_t n = 0;

	for (uint16_t p = 0; p < g->set->nplace; p++) {
		g->at[p].element = n;
		n += g->at[p].nelement;
		g->at[p].count = n;
		n += g->at[p].ncount;
		g->at[p].nelement = g->at[p].ncount = 0;
	}
	for (uint16_t l = 0; l < g->set->nloop; l++) {
		g->scope[l].count = n;
		n += g->scope[l].ncount;
		g->scope[l].ncount = 0;
	}
}

static enum tally_rc
make_tables(struct guide_compile *c)
{
	struct tally_guide *g = c->guide;
	size_t places = g->set->nplace * sizeof(*g->at);
	size_t loops = g->set->nloop * sizeof(*g->scope);
	struct guide_at *at;
	uint16_t *index;

	g->at = tally_arena_alloc(&g->arena, places);
	g->scope = tally_arena_alloc(&g->arena, loops);
	if (g->at == NULL || g->scope == NULL)
		return guide_nomem(c);
	memset(g->at, 0, places);
	memset(g->scope, 0, loops);
	index =
	    tally_arena_alloc(&g->arena, (count_rules(c) + 1) * sizeof(*index));
	if (index == NULL)
		return guide_nomem(c);
	g->index = index;
	lay_out(g);
	for (uint16_t i = 0; i < g->nelement; i++)
		for (uint16_t k = 0; k < c->element[i].of.at.n; k++) {
			at = &g->at[c->element[i].of.at.place[k]];
			index[at->element + at->nelement++] = i;
		}
	for (uint16_t i = 0; i < g->ncount; i++) {
		for (uint16_t k = 0; k < c->count[i].of.at.n; k++) {
			at = &g->at[c->count[i].of.at.place[k]];
			index[at->count + at->ncount++] = i;
		}
		at = &g->scope[g->count[i].scope];
		index[at->count + at->ncount++] = i;
	}
	return TALLY_OK;
}

static enum tally_rc
read_text(struct guide_compile *c)
{
	enum tally_rc rc = read_head(c);
	bool yes;

	if (rc == TALLY_OK)
		rc = make_room(c);
	for (const struct tally_xml *x = c->root->child;
	     x != NULL && rc == TALLY_OK; x = x->next) {
		rc = applies(c, x, &yes);
		if (rc == TALLY_OK && yes)
			rc = guide_read_rule(c, x);
	}
	if (rc == TALLY_OK)
		rc = make_tables(c);
	return rc;
}

static bool
withdraws(
    void *guide, const struct tally_set *set, const struct tally_finding *f)
{
	return tally_guide_withdraws(guide, set, f);
}

static enum tally_rc
check(void *guide, const struct tally_set *set, tally_report_fn *report,
    void *ctx, struct tally_err *err)
{
	return tally_guide_check(guide, set, report, ctx, err);
}

enum tally_rc
tally_guide_load(struct tally_guide **out, const struct tally_version *version,
    const char *file, struct tally_str text, struct tally_err *err)
{
	struct tally_str schema = tally_embedded_find("guide.rng");
	struct tally_guide *g = tally_calloc(1, sizeof(*g));
	struct guide_compile c = {
		.guide = g, .version = version, .file = file, .err = err
	};
	enum tally_rc rc;

	if (g == NULL)
		return guide_nomem(&c);
	tally_arena_init(&c.scratch, SCRATCH_BYTES);
	tally_arena_init(&g->arena, GUIDE_BYTES);
	g->rules = (struct tally_rules){ g, withdraws, check };
	rc = tally_xml_load(&c.root, &c.scratch, file, text, schema.p, err);
	if (rc == TALLY_OK)
		rc = read_text(&c);
	if (rc == TALLY_OK) {
		*out = g;
		g = NULL;
	}
	tally_arena_free(&c.scratch);
	tally_guide_free(g);
	return rc;
}

void
tally_guide_free(struct tally_guide *g)
{
	if (g == NULL)
		return;
	tally_arena_free(&g->arena);
	tally_free(g->base);
	tally_free(g->counted);
	tally_free(g->hl);
	tally_free(g);
}

const char *
tally_guide_name(const struct tally_guide *g)
{
	return g->name;
}

const char *
tally_guide_set(const struct tally_guide *g)
{
	return g->set->id;
}

bool
tally_guide_fits(const struct tally_guide *g, const struct tally_set_spec *spec)
{
	return spec != NULL && spec->place == g->set->place;
}

bool
tally_guide_implements(const struct tally_guide *g, const char *reference)
{
	return *reference != '\0' && listed(g->implementation, reference);
}

const struct tally_rules *
tally_guide_rules(struct tally_guide *g)
{
	return &g->rules;
}
