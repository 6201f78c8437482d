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

#define MODEL    "records.xml"
#define SUFFIX   ".xml"
#define GUIDE    ".guide.xml"
#define MAPS_MAX 1000 /* of a site: a map is a partner's document */

struct entry {
	char *name; /* without ".xml"; owned */
	struct tally_map *map;
};

struct maps {
	struct tally_model *model;
	struct entry *entry; /* owned, in order of loading */
	size_t n;
	const char *dir; /* borrowed while loading */
	const struct tally_dictionary *dictionary;
};

void
maps_free(struct maps *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++) {
		tally_map_free(m->entry[i].map);
		tally_free(m->entry[i].name);
	}
	tally_free(m->entry);
	tally_model_free(m->model);
	tally_free(m);
}

const struct tally_model *
maps_model(const struct maps *m)
{
	return m->model;
}

size_t
maps_count(const struct maps *m)
{
	return m->n;
}

const struct tally_map *
maps_at(const struct maps *m, size_t i)
{
	return m->entry[i].map;
}

static struct tally_map *
find(const struct maps *m, const char *name, size_t n)
{
	for (size_t i = 0; i < m->n; i++)
		if (strlen(m->entry[i].name) == n &&
		    memcmp(m->entry[i].name, name, n) == 0)
			return m->entry[i].map;
	return NULL;
}

struct tally_map *
maps_find(const struct maps *m, const char *name)
{
	return find(m, name, strlen(name));
}

struct tally_map *
maps_for(const struct maps *m, const struct site_agreement *a, const char *set)
{
	struct tally_map *map;

	map = maps_find(m, a != NULL && a->map != NULL ? a->map : set);
	return map != NULL && strcmp(tally_map_set(map), set) == 0 ? map : NULL;
}

enum tally_rc
maps_check(const struct maps *m, const struct site *site, struct tally_err *err)
{
	const struct site_agreement *a;
	const struct tally_map *map;

	for (size_t i = 0; i < site->npartner; i++) {
		for (size_t k = 0; k < site->partner[i].nreceive; k++) {
			a = &site->partner[i].receive[k];
			if (a->map == NULL)
				continue;
			map = maps_find(m, a->map);
			if (map == NULL)
				return tally_err_at(err, TALLY_CONFIG,
				    site->file, a->line,
				    "there is no map \"%s\"; put %s.xml into "
				    "%s/maps, or name one that is there",
				    a->map, a->map, site->dir);
			if (strcmp(tally_map_set(map), a->set) != 0)
				return tally_err_at(err, TALLY_CONFIG,
				    site->file, a->line,
				    "the map \"%s\" reads set %s, not %s; name "
				    "another map",
				    a->map, tally_map_set(map), a->set);
		}
	}
	return TALLY_OK;
}

/* The site's own text of a name if there is one, else the compiled-in one. */
static enum tally_rc
fetch(const struct maps *m, const char *name, struct tally_buf *own,
    struct tally_str *text, char path[PATH_MAX], struct tally_err *err)
{
	struct tally_err e;
	enum tally_rc rc = TALLY_NOINPUT;

	if (m->dir != NULL) {
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

/* A map is compiled for the oldest version that has its set; versions that
 * share the map share the places that it names. */
static enum tally_rc
compile(struct maps *m, const char *path, struct tally_str text,
    struct tally_map **map, struct tally_err *err)
{
	enum tally_rc rc = TALLY_CONFIG;

	for (size_t i = 0; i < m->dictionary->nversion; i++) {
		rc = tally_map_load(
		    map, m->model, m->dictionary->version[i], path, text, err);
		if (rc != TALLY_CONFIG)
			break;
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

/* Loads the map of a file name, unless it is there already. */
static enum tally_rc
load(struct maps *m, const char *name, struct tally_err *err)
{
	char path[PATH_MAX];
	struct tally_buf own;
	struct tally_str text;
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
	tally_buf_init(&own, SITE_BYTES_MAX);
	rc = fetch(m, name, &own, &text, path, err);
	if (rc == TALLY_OK)
		rc = compile(m, path, text, &e->map, err);
	tally_buf_free(&own);
	if (rc != TALLY_OK)
		return rc;
	m->n++;
	e->name = tally_alloc(n + 1);
	if (e->name == NULL) {
		tally_map_free(e->map);
		m->n--;
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	}
	memcpy(e->name, name, n);
	e->name[n] = '\0';
	return TALLY_OK;
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
			rc = load(m, d->d_name, err);
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
	tally_buf_free(&own);
	return rc;
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
	m->dir = dir;
	m->dictionary = dictionary;
	rc = load_model(m, err);
	if (rc == TALLY_OK && dir != NULL)
		rc = load_own(m, err);
	for (size_t i = 0; rc == TALLY_OK && i < tally_nembedded; i++)
		if (is_map(tally_embedded[i].name))
			rc = load(m, tally_embedded[i].name, err);
	if (rc != TALLY_OK)
		goto out;
	m->dir = NULL;
	*out = m;
	m = NULL;
out:
	maps_free(m);
	return rc;
}
