/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a site's folders of dictionary text; see dictionary.h.
 *
 * Folder and file names are sorted, so that of several mistakes the same one
 * is told each time.
 */
#include "flow/dictionary.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flow/site.h"

#define FOLDERS_MAX 64  /* versions; X12 has published some 40 */
#define FILES_MAX   512 /* of a version; X12 has some 320 sets */
/* Of text and tables: the full standard takes some 20 MiB for a version. */
#define MEMORY_MAX ((size_t)512 << 20)

struct folders {
	struct tally_arena *a; /* names, paths and texts */
	struct tally_dictionary_folder v[FOLDERS_MAX];
	size_t n;
	struct tally_err *err;
};

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "no memory left for the dictionary");
}

void
dictionary_free(struct dictionary *d)
{
	if (d == NULL)
		return;
	tally_arena_free(&d->arena);
	tally_free(d);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Hidden files, and what editors leave behind. */
static bool
is_debris(const char *name)
{
	size_t n = strlen(name);

	return name[0] == '.' || name[n - 1] == '~' || name[0] == '#';
}

/*
 * The names in a folder, sorted; too_many is what is told beyond max.
 * A folder that is not there has none.
 */
static enum tally_rc
list_names(const char **name, size_t *n, size_t max, const char *path,
    bool (*wanted)(const char *), struct tally_arena *a, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	struct dirent *e;
	DIR *dir = opendir(path);

	*n = 0;
	if (dir == NULL)
		return errno == ENOENT ? TALLY_OK
				       : tally_err_errno(err, TALLY_CONFIG,
					     "%s cannot be read", path);
	while (rc == TALLY_OK && (e = readdir(dir)) != NULL) {
		if (is_debris(e->d_name) || !wanted(e->d_name))
			continue;
		if (*n == max) {
			rc = tally_err_set(err, TALLY_CONFIG,
			    "%s holds more than %zu dictionary texts", path,
			    max);
			break;
		}
		name[*n] = tally_arena_cstr(a, tally_cstr(e->d_name));
		if (name[(*n)++] == NULL)
			rc = no_memory(err);
	}
	closedir(dir);
	if (rc == TALLY_OK)
		qsort(name, *n, sizeof(*name), by_name);
	return rc;
}

static bool
any_file(const char *name)
{
	(void)name;
	return true;
}

/* Maps and models end in .xml; versions begin with a digit. */
static bool
may_be_version(const char *name)
{
	return name[0] >= '0' && name[0] <= '9' && strchr(name, '.') == NULL;
}

static enum tally_rc
join(char path[PATH_MAX], const char *folder, const char *name,
    struct tally_err *err)
{
	size_t n = strlen(folder), k = strlen(name);

	if (n + k + 2 > PATH_MAX)
		return tally_err_set(err, TALLY_CONFIG,
		    "the path of %s is longer than %d bytes", name, PATH_MAX);
	memcpy(path, folder, n);
	path[n] = '/';
	memcpy(path + n + 1, name, k + 1);
	return TALLY_OK;
}

static enum tally_rc
read_file(struct folders *f, struct tally_dictionary_file *file,
    const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct tally_buf text;
	enum tally_rc rc = join(path, folder, name, f->err);

	if (rc != TALLY_OK)
		return rc;
	tally_buf_init(&text, SITE_BYTES_MAX);
	tally_buf_puts(&text, "");
	rc = site_slurp(&text, path, f->err);
	if (rc == TALLY_OK) {
		file->name = name;
		file->path = tally_arena_cstr(f->a, tally_cstr(path));
		file->text = tally_arena_str(f->a, tally_buf_view(&text));
		if (file->path == NULL || file->text.p == NULL)
			rc = no_memory(f->err);
	}
	tally_buf_free(&text);
	return rc;
}

static enum tally_rc
read_folder(struct folders *f, const char *maps, const char *version)
{
	const char *name[FILES_MAX];
	char path[PATH_MAX];
	struct tally_dictionary_file *file;
	struct stat sb;
	enum tally_rc rc = join(path, maps, version, f->err);
	size_t n;

	if (rc != TALLY_OK)
		return rc;
	if (stat(path, &sb) != 0 || !S_ISDIR(sb.st_mode))
		return TALLY_OK;
	rc = list_names(name, &n, FILES_MAX, path, any_file, f->a, f->err);
	if (rc != TALLY_OK)
		return rc;
	file = tally_arena_alloc(f->a, (n + 1) * sizeof(*file));
	if (file == NULL)
		return no_memory(f->err);
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		rc = read_file(f, &file[i], path, name[i]);
	f->v[f->n++] = (struct tally_dictionary_folder){ version, file, n };
	return rc;
}

static enum tally_rc
read_folders(struct folders *f, const char *dir)
{
	const char *name[FOLDERS_MAX];
	char maps[PATH_MAX];
	enum tally_rc rc = join(maps, dir, "maps", f->err);
	size_t n = 0;

	if (rc == TALLY_OK)
		rc = list_names(
		    name, &n, FOLDERS_MAX, maps, may_be_version, f->a, f->err);
	for (size_t i = 0; i < n && rc == TALLY_OK; i++)
		rc = read_folder(f, maps, name[i]);
	return rc;
}

/* From the folders of dir, which may be null. */
static enum tally_rc
load(struct dictionary *d, struct folders *f, const char *dir)
{
	enum tally_rc rc = TALLY_OK;

	if (dir != NULL)
		rc = read_folders(f, dir);
	if (rc == TALLY_OK && f->n > 0)
		rc = tally_dictionary_load(
		    &d->d, &d->arena, &tally_builtin, f->v, f->n, f->err);
	return rc;
}

enum tally_rc
dictionary_load(struct dictionary **out, const char *dir, struct tally_err *err)
{
	struct tally_arena texts;
	struct folders f = { .a = &texts, .err = err };
	struct dictionary *d = tally_calloc(1, sizeof(*d));
	enum tally_rc rc;

	if (d == NULL)
		return no_memory(err);
	tally_arena_init(&texts, MEMORY_MAX);
	tally_arena_init(&d->arena, MEMORY_MAX);
	d->d = tally_builtin;
	rc = load(d, &f, dir);
	if (rc == TALLY_OK) {
		*out = d;
		d = NULL;
	}
	dictionary_free(d);
	tally_arena_free(&texts);
	return rc;
}

enum tally_rc
dictionary_find(
    struct dictionary **out, const char *asked, struct tally_err *err)
{
	char *dir = NULL;
	enum tally_rc rc = site_find_any(&dir, asked, err);

	if (rc == TALLY_OK)
		rc = dictionary_load(out, dir, err);
	tally_free(dir);
	return rc;
}
