/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of maps and model; see maps.h. */
#include "flow/maps.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/xml.h"
#include "map/image.h"

#define MODEL    "records.xml"
#define SUFFIX   ".xml"
#define GUIDE    ".guide.xml"
#define MAPS_MAX 1000 /* of a site: a map is a partner's document */
#define BLANKS   " \t\r\n"

/* What the tree of a map of SITE_BYTES_MAX can need. */
#define MAP_TREE_MAX (64u << 20)

/* A map, compiled for each version that it lists: places differ. */
struct entry {
	char *name;             /* without ".xml"; owned */
	struct tally_map **map; /* of the dictionary's versions, or null */
	bool *done;             /* of those that need not be compiled; owned */
	bool later;             /* compiled in: compiled when it is needed */
};

struct maps {
	struct tally_model *model;
	struct entry *entry; /* owned, in order of loading */
	size_t n;
	char *dir; /* or null; owned */
	const struct tally_dictionary *dictionary;
	bool own_texts; /* ours compile against texts of the site's */
	bool closed;    /* no file is looked for any more */
};

static void
entry_free(const struct maps *m, struct entry *e)
{
	for (size_t i = 0; e->map != NULL && i < m->dictionary->nversion; i++)
		tally_map_free(e->map[i]);
	tally_free(e->map);
	tally_free(e->done);
	tally_free(e->name);
}

void
maps_free(struct maps *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		entry_free(m, &m->entry[i]);
	tally_free(m->entry);
	tally_free(m->dir);
	tally_model_free(m->model);
	tally_free(m);
}

const struct tally_model *
maps_model(const struct maps *m)
{
	return m->model;
}

static struct entry *
find(const struct maps *m, const char *name, size_t n)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->entry[i].name[0] == name[0] &&
		    strlen(m->entry[i].name) == n &&
		    memcmp(m->entry[i].name, name, n) == 0)
			return &m->entry[i];
	return NULL;
}

bool
maps_has(const struct maps *m, const char *name)
{
	return find(m, name, strlen(name)) != NULL;
}

/* The site's own text of a name if there is one, else the compiled-in one. */
static enum tally_rc
fetch(const struct maps *m, const char *name, struct tally_buf *own,
    struct tally_str *text, char path[PATH_MAX], struct tally_err *err)
{
	struct tally_err e;
	enum tally_rc rc = TALLY_NOINPUT;

	if (m->dir != NULL && !m->closed) {
		snprintf(path, PATH_MAX, "%s/maps/%s", m->dir, name);
		rc = site_slurp(own, path, &e);
	}
	*text = tally_buf_view(own);
	if (rc == TALLY_NOINPUT) {
		snprintf(path, PATH_MAX, "built-in %s", name);
		*text = tally_embedded_find(name);
		return TALLY_OK;
	}
	if (rc != TALLY_OK && err != NULL)
		*err = e;
	return rc;
}

/* Whether a list of words parted by blanks holds a word. */
static bool
lists(const char *list, const char *word)
{
	size_t n = strlen(word), k;

	for (; *list != '\0'; list += k) {
		list += strspn(list, BLANKS);
		k = strcspn(list, BLANKS);
		if (k == n && strncmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* Texts that are looked at while a map is compiled. */
struct texts {
	const struct maps *maps;
	struct tally_arena arena; /* of copies and trees */
};

/* Another text that a map names; see struct tally_map_texts. */
static enum tally_rc
find_text(void *ctx, const char *name, struct tally_str *text,
    const char **file, struct tally_err *err)
{
	struct texts *t = ctx;
	char path[PATH_MAX], with[NAME_MAX];
	struct tally_buf own;
	enum tally_rc rc;

	if (strlen(name) + sizeof(SUFFIX) > sizeof(with) ||
	    strchr(name, '/') != NULL || name[0] == '.')
		return TALLY_NOINPUT;
	snprintf(with, sizeof(with), "%s" SUFFIX, name);
	tally_buf_init(&own, SITE_BYTES_MAX);
	rc = fetch(t->maps, with, &own, text, path, err);
	if (rc == TALLY_OK && own.n > 0)
		*text = tally_arena_str(&t->arena, *text);
	*file = tally_arena_cstr(&t->arena, tally_cstr(path));
	if (rc == TALLY_OK && (*file == NULL || (own.n > 0 && !text->p)))
		rc = tally_err_set(err, TALLY_NOMEM, "no memory for %s", path);
	tally_buf_free(&own);
	return rc;
}

/* The root of a map, or of the nearest one that it extends, that has a list of
 * versions; null when there is none. */
static enum tally_rc
find_versions(struct texts *t, const char *path, struct tally_str text,
    const struct tally_xml **root, struct tally_err *err)
{
	const char *base = NULL;
	enum tally_rc rc = TALLY_OK;

	for (unsigned i = 0; i < TALLY_MAP_CHAIN_MAX && rc == TALLY_OK; i++) {
		rc = tally_xml_load(root, &t->arena, path, text, NULL, err);
		if (rc != TALLY_OK || tally_xml_get(*root, "versions") != NULL)
			return rc;
		base = tally_xml_get(*root, "extends");
		if (base == NULL)
			return TALLY_OK;
		rc = find_text(t, base, &text, &path, err);
		if (rc == TALLY_NOINPUT || (rc == TALLY_OK && text.p == NULL))
			return TALLY_OK;
	}
	return rc;
}

/* Compiles the map for each version that is listed, or for that one alone. */
static enum tally_rc
compile_listed(struct maps *m, const struct tally_map_texts *from,
    const char *path, struct tally_str text, const char *list, struct entry *e,
    const struct tally_version *only, struct tally_err *err)
{
	const struct tally_dictionary *d = m->dictionary;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; rc == TALLY_OK && i < d->nversion; i++) {
		if (e->done[i] || (only != NULL && d->version[i] != only))
			continue;
		if (lists(list, d->version[i]->version))
			rc = tally_map_load(&e->map[i], m->model, d->version[i],
			    from, path, text, err);
		e->done[i] = rc == TALLY_OK;
	}
	return rc;
}

/* Whether a list names a version that there is. */
static bool
lists_any(const struct maps *m, const char *list)
{
	for (size_t i = 0; i < m->dictionary->nversion; i++)
		if (lists(list, m->dictionary->version[i]->version))
			return true;
	return false;
}

/* There is no more to be compiled of an entry, if that has gone well. */
static void
all_done(const struct maps *m, struct entry *e, enum tally_rc rc)
{
	for (size_t i = 0; i < m->dictionary->nversion; i++)
		e->done[i] = rc == TALLY_OK;
}

/* Compiles the map for the versions that it lists; for any that there is when
 * it lists none of them, to be told why not. */
static enum tally_rc
compile(struct maps *m, const char *path, struct tally_str text,
    struct entry *e, const struct tally_version *only, struct tally_err *err)
{
	struct texts t = { .maps = m };
	struct tally_map_texts from = { &t, find_text };
	const struct tally_xml *root;
	const char *list = NULL;
	enum tally_rc rc;

	tally_arena_init(&t.arena, MAP_TREE_MAX);
	rc = find_versions(&t, path, text, &root, err);
	if (rc == TALLY_OK && tally_xml_is(root, "library")) {
		rc = tally_xml_load(&root, &t.arena, path, text,
		    tally_embedded_schema("map.rng", text), err);
		all_done(m, e, rc);
		goto out;
	}
	if (rc == TALLY_OK)
		list = tally_xml_get(root, "versions");
	if (rc == TALLY_OK && list != NULL && lists_any(m, list)) {
		rc = compile_listed(m, &from, path, text, list, e, only, err);
	} else if (rc == TALLY_OK) {
		rc = tally_map_load(&e->map[0], m->model,
		    m->dictionary->version[0], &from, path, text, err);
		all_done(m, e, rc);
	}
out:
	tally_arena_free(&t.arena);
	return rc;
}

/* Reads and compiles the map of an entry. */
static enum tally_rc
compile_entry(struct maps *m, struct entry *e, const struct tally_version *only,
    struct tally_err *err)
{
	char path[PATH_MAX], name[NAME_MAX];
	struct tally_buf own;
	struct tally_str text;
	enum tally_rc rc;

	snprintf(name, sizeof(name), "%s" SUFFIX, e->name);
	tally_buf_init(&own, SITE_BYTES_MAX);
	rc = fetch(m, name, &own, &text, path, err);
	if (rc == TALLY_OK)
		rc = compile(m, path, text, e, only, err);
	tally_buf_free(&own);
	return rc;
}

/* One of ours for one version, where it was compiled when the program was
 * built. */
static enum tally_rc
take_image(struct maps *m, struct entry *e, size_t i, struct tally_err *err)
{
	const struct tally_version *v = m->dictionary->version[i];
	const struct tally_map_image *im = tally_map_image_find(e->name, v);
	enum tally_rc rc = TALLY_OK;

	if (im != NULL)
		rc = tally_map_image_load(&e->map[i], im, v, err);
	e->done[i] = e->map[i] != NULL;
	return rc;
}

/* For all versions, or for that one.  What failed is tried again: without its
 * map a set would be held. */
static enum tally_rc
ready(struct maps *m, struct entry *e, const struct tally_version *only,
    struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	bool all = true;

	for (size_t i = 0; e->later && i < m->dictionary->nversion; i++) {
		if (e->done[i] ||
		    (only != NULL && m->dictionary->version[i] != only))
			continue;
		rc = take_image(m, e, i, err);
		if (rc != TALLY_OK)
			return rc;
		all = all && e->done[i];
	}
	return all ? TALLY_OK : compile_entry(m, e, only, err);
}

/* The version whose set that is; null: none of the dictionary's. */
static const struct tally_version *
version_of(const struct maps *m, const struct tally_set_spec *spec)
{
	return tally_version_find(m->dictionary, tally_cstr(spec->version));
}

/* The set that an entry reads, whatever the version. */
static const char *
set_of(const struct maps *m, const struct entry *e)
{
	for (size_t i = 0; i < m->dictionary->nversion; i++)
		if (e->map[i] != NULL)
			return tally_map_set(e->map[i]);
	return "";
}

size_t
maps_count(const struct maps *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += *set_of(m, &m->entry[i]) != '\0';
	return n;
}

enum tally_rc
maps_named(struct maps *m, const char *name, const struct tally_set_spec *spec,
    struct tally_map **map, struct tally_err *err)
{
	struct entry *e = find(m, name, strlen(name));
	enum tally_rc rc = TALLY_OK;

	*map = NULL;
	if (e != NULL)
		rc = ready(m, e, version_of(m, spec), err);
	for (size_t i = 0;
	     rc == TALLY_OK && e != NULL && i < m->dictionary->nversion; i++)
		if (e->map[i] != NULL && tally_map_fits(e->map[i], spec))
			*map = e->map[i];
	return rc;
}

enum tally_rc
maps_for(struct maps *m, const struct site_agreement *a,
    const struct tally_set_spec *spec, struct tally_map **map,
    struct tally_err *err)
{
	const char *name = a != NULL && a->map != NULL ? a->map : spec->id;

	return maps_named(m, name, spec, map, err);
}

enum tally_rc
maps_compile(struct maps *m, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < m->n && rc == TALLY_OK; i++)
		rc = ready(m, &m->entry[i], NULL, err);
	return rc;
}

size_t
maps_n(const struct maps *m)
{
	return m->n;
}

const char *
maps_name(const struct maps *m, size_t i)
{
	return m->entry[i].name;
}

enum tally_rc
maps_at(struct maps *m, size_t i, struct tally_map *const **of_version,
    struct tally_err *err)
{
	*of_version = m->entry[i].map;
	return ready(m, &m->entry[i], NULL, err);
}

enum tally_rc
maps_effective(struct maps *m, size_t i, const struct tally_version *version,
    struct tally_buf *out, struct tally_err *err)
{
	struct texts t = { .maps = m };
	struct tally_map_texts from = { &t, find_text };
	char path[PATH_MAX], name[NAME_MAX];
	struct tally_buf own;
	struct tally_str text;
	enum tally_rc rc;

	snprintf(name, sizeof(name), "%s" SUFFIX, m->entry[i].name);
	tally_arena_init(&t.arena, MAP_TREE_MAX);
	tally_buf_init(&own, SITE_BYTES_MAX);
	rc = fetch(m, name, &own, &text, path, err);
	if (rc == TALLY_OK)
		rc = tally_map_effective(
		    out, m->model, version, &from, path, text, err);
	tally_buf_free(&own);
	tally_arena_free(&t.arena);
	return rc;
}

/* That the map which an agreement names is there, and of its set. */
static enum tally_rc
check(struct maps *m, const struct site *site, const char *name,
    const char *set, unsigned line, struct tally_err *err)
{
	struct entry *e = find(m, name, strlen(name));
	enum tally_rc rc;

	if (e == NULL)
		return tally_err_at(err, TALLY_CONFIG, site->file, line,
		    "there is no map \"%s\"; put %s.xml into %s/maps, or name "
		    "one that is there",
		    name, name, site->dir);
	rc = ready(m, e, NULL, err);
	if (rc != TALLY_OK || strcmp(set_of(m, e), set) == 0)
		return rc;
	return tally_err_at(err, TALLY_CONFIG, site->file, line,
	    "\"%s\" is %s%s, not a map of set %s; name another map", name,
	    *set_of(m, e) ? "a map of set " : "a library", set_of(m, e), set);
}

void
maps_close(struct maps *m)
{
	m->closed = true;
}

enum tally_rc
maps_check(struct maps *m, const struct site *site, struct tally_err *err)
{
	const struct site_partner *p = site->partner;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; i < site->npartner; i++, p++) {
		for (size_t k = 0; k < p->nreceive && rc == TALLY_OK; k++)
			if (p->receive[k].map != NULL)
				rc = check(m, site, p->receive[k].map,
				    p->receive[k].set, p->receive[k].line, err);
		for (size_t k = 0; k < p->nsend && rc == TALLY_OK; k++)
			if (p->send[k].map != NULL)
				rc = check(m, site, p->send[k].map,
				    p->send[k].set, p->send[k].line, err);
	}
	return rc;
}

static bool
is_map(const char *name)
{
	size_t n = strlen(name);

	return n > strlen(SUFFIX) && n < NAME_MAX && name[0] != '.' &&
	    strcmp(name + n - strlen(SUFFIX), SUFFIX) == 0 &&
	    strcmp(name, MODEL) != 0 &&
	    (n < strlen(GUIDE) || strcmp(name + n - strlen(GUIDE), GUIDE) != 0);
}

/*
 * Loads the map of a file name, unless it is there already.  A site's own is
 * compiled now; ours, which tests have compiled against our model and our
 * libraries, when it is needed.
 */
static enum tally_rc
load(struct maps *m, const char *name, bool ours, struct tally_err *err)
{
	struct entry *e = &m->entry[m->n];
	size_t n = strlen(name) - strlen(SUFFIX);
	enum tally_rc rc;

	if (find(m, name, n) != NULL)
		return TALLY_OK;
	if (m->n == MAPS_MAX)
		return tally_err_set(err, TALLY_CONFIG,
		    "there are more than %d maps; remove those that no "
		    "agreement names",
		    MAPS_MAX);
	*e = (struct entry){ .name = tally_alloc(n + 1),
		.map = tally_calloc(m->dictionary->nversion, sizeof(*e->map)),
		.done =
		    tally_calloc(m->dictionary->nversion, sizeof(*e->done)) };
	m->n++; /* whatever comes, maps_free frees it */
	if (e->name == NULL || e->map == NULL || e->done == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	memcpy(e->name, name, n);
	e->name[n] = '\0';
	e->later = ours && !m->own_texts;
	rc = e->later ? TALLY_OK : compile_entry(m, e, NULL, err);
	if (!ours && *set_of(m, e) == '\0' && tally_embedded_find(name).p)
		m->own_texts = true; /* a library that ours use */
	return rc;
}

static enum tally_rc
load_own(struct maps *m, struct tally_err *err)
{
	char path[PATH_MAX];
	struct dirent *d;
	enum tally_rc rc = TALLY_OK;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/maps", m->dir);
	dir = opendir(path);
	if (dir == NULL) {
		if (errno == ENOENT)
			return TALLY_OK;
		return tally_err_errno(
		    err, TALLY_CONFIG, "%s cannot be read", path);
	}
	while (rc == TALLY_OK && (d = readdir(dir)) != NULL)
		if (is_map(d->d_name))
			rc = load(m, d->d_name, false, err);
	closedir(dir);
	return rc;
}

static enum tally_rc
load_model(struct maps *m, struct tally_err *err)
{
	char path[PATH_MAX];
	struct tally_buf own;
	struct tally_str text;
	enum tally_rc rc;

	tally_buf_init(&own, SITE_BYTES_MAX);
	rc = fetch(m, MODEL, &own, &text, path, err);
	if (rc == TALLY_OK)
		rc = tally_model_load(&m->model, path, text, err);
	m->own_texts = own.n > 0;
	tally_buf_free(&own);
	return rc;
}

static enum tally_rc
keep_dir(struct maps *m, const char *dir, struct tally_err *err)
{
	size_t n = dir != NULL ? strlen(dir) + 1 : 0;

	if (dir == NULL)
		return TALLY_OK;
	m->dir = tally_alloc(n);
	if (m->dir == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	memcpy(m->dir, dir, n);
	return TALLY_OK;
}

enum tally_rc
maps_load(struct maps **out, const char *dir,
    const struct tally_dictionary *dictionary, struct tally_err *err)
{
	struct maps *m = tally_calloc(1, sizeof(*m));
	enum tally_rc rc;

	if (m != NULL)
		m->entry = tally_calloc(MAPS_MAX + 1, sizeof(*m->entry));
	if (m == NULL || m->entry == NULL) {
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
		goto out;
	}
	m->dictionary = dictionary;
	rc = keep_dir(m, dir, err);
	if (rc == TALLY_OK)
		rc = load_model(m, err);
	if (rc == TALLY_OK && dir != NULL)
		rc = load_own(m, err);
	for (size_t i = 0; rc == TALLY_OK && i < tally_nembedded; i++)
		if (is_map(tally_embedded[i].name))
			rc = load(m, tally_embedded[i].name, true, err);
	if (rc != TALLY_OK)
		goto out;
	*out = m;
	m = NULL;
out:
	maps_free(m);
	return rc;
}
