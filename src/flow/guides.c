/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and choosing of guides; see guides.h. */
#include "flow/guides.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xml.h"

#define SUFFIX     ".guide.xml"
#define GUIDES_MAX 1000 /* of a site: a guide is a partner's document */

/* What the tree of a guide of SITE_BYTES_MAX can need. */
#define TREE_MAX (64u << 20)

/* A guide, compiled for each version that it lists: places differ. */
struct entry {
	char *name;                 /* without ".guide.xml"; owned */
	struct tally_guide **guide; /* of the dictionary's versions, or null */
	bool always;                /* for whatever set it fits */
};

struct guides {
	struct entry *entry; /* owned, sorted by name but for those added */
	size_t n;
	const struct tally_dictionary *dictionary;
};

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(err, TALLY_NOMEM, "no memory left for guides");
}

void
guides_free(struct guides *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; g->entry != NULL && i < g->n; i++) {
		struct entry *e = &g->entry[i];

		for (size_t v = 0;
		     e->guide != NULL && v < g->dictionary->nversion; v++)
			tally_guide_free(e->guide[v]);
		tally_free(e->guide);
		tally_free(e->name);
	}
	tally_free(g->entry);
	tally_free(g);
}

/* --- loading --- */

/* Whether a list of words parted by blanks holds a word. */
static bool
lists(const char *list, const char *word)
{
	size_t n = strlen(word), k;

	for (; *list != '\0'; list += k) {
		list += strspn(list, " \t\r\n");
		k = strcspn(list, " \t\r\n");
		if (k == n && strncmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* Compiles a guide for each version that it lists and that there is; for any
 * that there is when it lists none of them, to be told why not. */
static enum tally_rc
compile(struct guides *g, struct entry *e, const char *path,
    struct tally_str text, struct tally_err *err)
{
	const struct tally_dictionary *d = g->dictionary;
	const struct tally_xml *root;
	struct tally_arena a;
	const char *list;
	size_t n = 0;
	enum tally_rc rc;

	tally_arena_init(&a, TREE_MAX);
	rc = tally_xml_load(&root, &a, path, text, NULL, err);
	list = rc == TALLY_OK ? tally_xml_get(root, "versions") : NULL;
	for (size_t i = 0; rc == TALLY_OK && i < d->nversion; i++) {
		if (list == NULL || !lists(list, d->version[i]->version))
			continue;
		rc = tally_guide_load(
		    &e->guide[i], d->version[i], path, text, err);
		n++;
	}
	if (rc == TALLY_OK && n == 0)
		rc = tally_guide_load(
		    &e->guide[0], d->version[0], path, text, err);
	tally_arena_free(&a);
	return rc;
}

static enum tally_rc
add(struct guides *g, const char *path, bool always, struct tally_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	struct entry *e = &g->entry[g->n];
	size_t n = strlen(name);
	struct tally_buf text;
	enum tally_rc rc;

	if (n > strlen(SUFFIX) &&
	    strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0)
		n -= strlen(SUFFIX);
	if (g->n == GUIDES_MAX)
		return tally_err_set(err, TALLY_CONFIG,
		    "there are more than %d guides; remove those that no "
		    "agreement names",
		    GUIDES_MAX);
	*e = (struct entry){ .name = tally_alloc(n + 1),
		.guide =
		    tally_calloc(g->dictionary->nversion, sizeof(*e->guide)),
		.always = always };
	g->n++; /* whatever comes, guides_free frees it */
	if (e->name == NULL || e->guide == NULL)
		return no_memory(err);
	memcpy(e->name, name, n);
	e->name[n] = '\0';
	tally_buf_init(&text, SITE_BYTES_MAX);
	rc = site_slurp(&text, path, err);
	if (rc == TALLY_OK)
		rc = compile(g, e, path, tally_buf_view(&text), err);
	tally_buf_free(&text);
	return rc;
}

enum tally_rc
guides_add(struct guides *g, const char *path, struct tally_err *err)
{
	return add(g, path, true, err);
}

static int
is_guide(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > strlen(SUFFIX) &&
	    strcmp(d->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

/* In the order of names, so that of several mistakes the same one is told
 * each time. */
static enum tally_rc
load_folder(struct guides *g, const char *dir, struct tally_err *err)
{
	char path[PATH_MAX];
	struct dirent **name = NULL;
	enum tally_rc rc = TALLY_OK;
	int n;

	snprintf(path, sizeof(path), "%s/maps", dir);
	n = scandir(path, &name, is_guide, alphasort);
	if (n < 0 && errno == ENOENT)
		return TALLY_OK;
	if (n < 0)
		return tally_err_errno(
		    err, TALLY_CONFIG, "%s cannot be read", path);
	for (int i = 0; i < n; i++) {
		snprintf(
		    path, sizeof(path), "%s/maps/%s", dir, name[i]->d_name);
		if (rc == TALLY_OK)
			rc = add(g, path, false, err);
		free(name[i]);
	}
	free(name);
	return rc;
}

enum tally_rc
guides_load(struct guides **out, const char *dir,
    const struct tally_dictionary *dictionary, struct tally_err *err)
{
	struct guides *g = tally_calloc(1, sizeof(*g));
	enum tally_rc rc = TALLY_OK;

	if (g == NULL)
		return no_memory(err);
	g->dictionary = dictionary;
	g->entry = tally_calloc(GUIDES_MAX, sizeof(*g->entry));
	if (g->entry == NULL)
		rc = no_memory(err);
	if (rc == TALLY_OK && dir != NULL)
		rc = load_folder(g, dir, err);
	if (rc == TALLY_OK) {
		*out = g;
		g = NULL;
	}
	guides_free(g);
	return rc;
}

enum tally_rc
guides_find(struct guides **out, const char *asked,
    const struct tally_dictionary *dictionary, struct tally_err *err)
{
	char *dir = NULL;
	enum tally_rc rc = site_find_any(&dir, asked, err);

	if (rc == TALLY_OK)
		rc = guides_load(out, dir, dictionary, err);
	tally_free(dir);
	return rc;
}

/* --- choosing --- */

static const struct entry *
find(const struct guides *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->entry[i].name, name) == 0)
			return &g->entry[i];
	return NULL;
}

/* The set that an entry is for, whatever the version. */
static const char *
set_of(const struct guides *g, const struct entry *e)
{
	for (size_t v = 0; v < g->dictionary->nversion; v++)
		if (e->guide[v] != NULL)
			return tally_guide_set(e->guide[v]);
	return "";
}

/* That the guide which an agreement names is there, and for its set. */
static enum tally_rc
check(const struct guides *g, const struct site *site, const char *name,
    const char *set, unsigned line, struct tally_err *err)
{
	const struct entry *e;

	if (name == NULL)
		return TALLY_OK;
	e = find(g, name);
	if (e == NULL)
		return tally_err_at(err, TALLY_CONFIG, site->file, line,
		    "there is no guide \"%s\"; put %s" SUFFIX
		    " into %s/maps, or name one that is there",
		    name, name, site->dir);
	if (strcmp(set_of(g, e), set) != 0)
		return tally_err_at(err, TALLY_CONFIG, site->file, line,
		    "the guide \"%s\" is for set %s, not %s; name another "
		    "guide",
		    name, set_of(g, e), set);
	return TALLY_OK;
}

enum tally_rc
guides_check(struct guides *g, const struct site *site, struct tally_err *err)
{
	const struct site_partner *p = site->partner;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < site->npartner; i++, p++) {
		for (size_t k = 0; k < p->nreceive && rc == TALLY_OK; k++)
			rc = check(g, site, p->receive[k].guide,
			    p->receive[k].set, p->receive[k].line, err);
		for (size_t k = 0; k < p->nsend && rc == TALLY_OK; k++)
			rc = check(g, site, p->send[k].guide, p->send[k].set,
			    p->send[k].line, err);
	}
	return rc;
}

/* The guide of an entry, which may be null, for sets of that spec; or null. */
static struct tally_guide *
fitting(const struct guides *g, const struct entry *e,
    const struct tally_set_spec *spec)
{
	for (size_t v = 0; v < g->dictionary->nversion; v++)
		if (e != NULL && e->guide[v] != NULL &&
		    tally_guide_fits(e->guide[v], spec))
			return e->guide[v];
	return NULL;
}

/* The guide for a reference, or, where that is null, for any. */
static struct tally_guide *
choose(const struct guides *g, const struct tally_set_spec *spec,
    const char *reference)
{
	struct tally_guide *guide;

	for (size_t i = 0; i < g->n; i++) {
		const struct entry *e = &g->entry[i];

		if (reference == NULL && !e->always)
			continue;
		guide = fitting(g, e, spec);
		if (guide != NULL &&
		    (reference == NULL ||
			tally_guide_implements(guide, reference)))
			return guide;
	}
	return NULL;
}

/* What is agreed on with the partner by name, or null. */
static const char *
agreed(const struct guides_choice *c, const struct tally_set_spec *spec)
{
	const struct site_agreement *a;
	const struct site_sending *s;

	if (c->partner == NULL)
		return NULL;
	if (c->sending) {
		s = site_send(c->partner, spec->id);
		return s != NULL ? s->guide : NULL;
	}
	a = site_receive(c->partner, spec->id, spec->version);
	return a != NULL ? a->guide : NULL;
}

static enum tally_rc
rules_for(void *ctx, const struct tally_rules **out,
    const struct tally_set_spec *spec, const struct tally_group_judged *group,
    const struct tally_set_judged *set, struct tally_err *err)
{
	const struct guides_choice *c = ctx;
	struct tally_guide *guide = choose(c->guides, spec, NULL);
	const char *name = agreed(c, spec);

	(void)err;
	if (guide == NULL && name != NULL)
		guide = fitting(c->guides, find(c->guides, name), spec);
	if (guide == NULL)
		guide = choose(c->guides, spec, set->convention);
	if (guide == NULL)
		guide = choose(c->guides, spec, group->version);
	*out = guide != NULL ? tally_guide_rules(guide) : NULL;
	return TALLY_OK;
}

void
guides_judging(struct tally_judge_options *o, struct guides_choice *c)
{
	if (c->guides->n == 0)
		return;
	o->rules_for = rules_for;
	o->rules_ctx = c;
}
