/* SPDX-License-Identifier: Apache-2.0 */
/* See disk.h and disk_inside.h. */
#include "fault/disk_inside.h"

#include <stdlib.h>

#define SECTOR 512

const char *const cut_name[CUTS] = { "what was promised", "all names",
	"all removals", "all bytes", "all there is", "by chance" };

static void *
grown(void *p, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return p;
	p = realloc(p, (n == 0 ? 1 : 2 * n) * size);
	if (p == NULL)
		die("memory");
	return p;
}

static void *
copied(const void *p, size_t n)
{
	void *out = malloc(n + 1);

	if (out == NULL)
		die("memory");
	if (n > 0)
		memcpy(out, p, n);
	return out;
}

static char *
string(const char *s)
{
	return copied(s, strlen(s) + 1);
}

static struct name *
find(const struct names *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].path, path) == 0)
			return &t->v[i];
	return NULL;
}

struct name *
disk_find(const struct disk *d, const char *path)
{
	return find(&d->now, path);
}

static void
set(struct names *t, const char *path, struct node *node)
{
	struct name *n = find(t, path);

	if (n == NULL) {
		t->v = grown(t->v, t->n, sizeof(*t->v));
		n = &t->v[t->n++];
		n->path = string(path);
	}
	n->node = node;
}

static void
unset(struct names *t, const char *path)
{
	struct name *n = find(t, path);

	if (n == NULL)
		return;
	free(n->path);
	*n = t->v[--t->n];
}

struct node *
disk_node(struct disk *d, bool folder)
{
	struct node *n = calloc(1, sizeof(*n));

	if (n == NULL)
		die("memory");
	n->folder = folder;
	d->node = grown(d->node, d->nnode, sizeof(*d->node));
	return d->node[d->nnode++] = n;
}

struct disk *
disk_new(const char *root, const struct tree *begin)
{
	struct disk *d = calloc(1, sizeof(*d));

	if (d == NULL)
		die("memory");
	path_of(d->root, sizeof(d->root), "%s/", root);
	for (size_t i = 0; i < begin->n; i++) {
		const struct tree_file *f = &begin->file[i];
		struct node *n = disk_node(d, f->folder);

		n->kept = copied(f->bytes, f->n);
		n->nkept = f->n;
		n->mtime = f->mtime;
		set(&d->now, f->path, n);
		set(&d->kept, f->path, n);
	}
	return d;
}

static void
drop_changes(struct node *n)
{
	for (size_t i = 0; i < n->nchange; i++)
		free(n->change[i].bytes);
	free(n->change);
	n->change = NULL;
	n->nchange = 0;
}

static void
drop_naming(struct naming *n)
{
	free(n->came);
	free(n->went);
}

static void
drop_names(struct names *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].path);
	free(t->v);
}

void
disk_free(struct disk *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->nnode; i++) {
		drop_changes(d->node[i]);
		free(d->node[i]->kept);
		free(d->node[i]);
	}
	for (size_t i = 0; i < d->nnaming; i++)
		drop_naming(&d->naming[i]);
	free(d->naming);
	free(d->node);
	drop_names(&d->now);
	drop_names(&d->kept);
	free(d);
}

bool
disk_changed(struct disk *d)
{
	bool changed = d->changed;

	d->changed = false;
	return changed;
}

/* --- bytes --- */

static void
apply(char **bytes, size_t *n, const struct change *c, size_t part)
{
	size_t end = c->bytes == NULL ? c->at : c->at + part;

	if (end > *n || c->bytes == NULL) {
		*bytes = realloc(*bytes, end + 1);
		if (*bytes == NULL)
			die("memory");
		if (end > *n)
			memset(*bytes + *n, 0, end - *n);
		*n = end;
	}
	if (c->bytes != NULL && part > 0)
		memcpy(*bytes + c->at, c->bytes, part);
}

void
disk_wrote(struct disk *d, struct node *n, const struct change *c)
{
	n->change = grown(n->change, n->nchange, sizeof(*n->change));
	n->change[n->nchange++] = *c;
	d->changed = true;
}

void
disk_synced(struct disk *d, struct node *n)
{
	for (size_t i = 0; i < n->nchange; i++)
		apply(&n->kept, &n->nkept, &n->change[i], n->change[i].n);
	if (n->nchange > 0)
		d->changed = true;
	drop_changes(n);
}

/* --- names --- */

static bool
is_in(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return path != NULL && strncmp(path, folder, n) == 0 &&
	    path[n] == '/' && strchr(path + n + 1, '/') == NULL;
}

static bool
same_folder(const char *a, const char *b)
{
	const char *s = strrchr(a, '/'), *t = strrchr(b, '/');
	size_t n = s != NULL ? (size_t)(s - a) : 0;

	return s != NULL && t != NULL && (size_t)(t - b) == n &&
	    strncmp(a, b, n) == 0;
}

static void
name_now(struct disk *d, const char *came, const char *went, struct node *node)
{
	d->naming = grown(d->naming, d->nnaming, sizeof(*d->naming));
	d->naming[d->nnaming++] =
	    (struct naming){ came != NULL ? string(came) : NULL,
		    went != NULL ? string(went) : NULL, node };
	d->changed = true;
}

static bool
is_elsewhere(const struct names *t, const struct naming *n)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].node == n->node &&
		    strcmp(t->v[i].path, n->went) != 0)
			return true;
	return false;
}

/* What went to another folder goes only when it has come there: a rename
 * loses no file. */
static void
apply_naming(struct names *t, const struct naming *n)
{
	if (n->went != NULL &&
	    (n->came != NULL || n->node == NULL || is_elsewhere(t, n)))
		unset(t, n->went);
	if (n->came != NULL)
		set(t, n->came, n->node);
}

void
disk_folder_synced(struct disk *d, const char *folder)
{
	size_t left = 0;

	for (size_t i = 0; i < d->nnaming; i++) {
		struct naming *n = &d->naming[i];

		if (!is_in(n->came, folder) && !is_in(n->went, folder)) {
			d->naming[left++] = *n;
			continue;
		}
		apply_naming(&d->kept, n);
		drop_naming(n);
		d->changed = true;
	}
	d->nnaming = left;
}

void
disk_made(struct disk *d, const char *path, struct node *n)
{
	set(&d->now, path, n);
	name_now(d, path, NULL, n);
}

void
disk_removed(struct disk *d, const char *path)
{
	if (find(&d->now, path) == NULL)
		return;
	unset(&d->now, path);
	name_now(d, NULL, path, NULL);
}

void
disk_renamed(struct disk *d, const char *from, const char *to)
{
	struct name *was = find(&d->now, from);
	struct node *node = was != NULL ? was->node : NULL;

	if (node == NULL)
		die("%s was renamed and is not known", from);
	unset(&d->now, from);
	set(&d->now, to, node);
	if (same_folder(from, to)) {
		name_now(d, to, from, node);
		return;
	}
	name_now(d, to, NULL, node);
	name_now(d, NULL, from, node);
}

/* --- cuts --- */

static void
cut_names(const struct disk *d, enum cut how, struct rnd *rnd, struct names *t)
{
	for (size_t i = 0; i < d->kept.n; i++)
		set(t, d->kept.v[i].path, d->kept.v[i].node);
	for (size_t i = 0; i < d->nnaming; i++) {
		const struct naming *n = &d->naming[i];
		bool removal = n->came == NULL;

		if (how == CUT_NAMES || how == CUT_ALL ||
		    (how == CUT_REMOVALS && removal) ||
		    (how == CUT_RANDOM && rnd_chance(rnd, 50)))
			apply_naming(t, n);
	}
}

static void
cut_bytes(const struct node *n, enum cut how, struct rnd *rnd, char **bytes,
    size_t *len)
{
	*bytes = copied(n->kept, n->nkept);
	*len = n->nkept;
	for (size_t i = 0; i < n->nchange; i++) {
		const struct change *c = &n->change[i];
		size_t part = c->n;

		if (how != CUT_BYTES && how != CUT_ALL && how != CUT_RANDOM)
			continue;
		if (how == CUT_RANDOM && rnd_chance(rnd, 50))
			continue;
		if (how == CUT_RANDOM && c->n > SECTOR && rnd_chance(rnd, 30))
			part =
			    SECTOR * rnd_below(rnd, (uint32_t)(c->n / SECTOR));
		apply(bytes, len, c, part);
	}
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct name *)a)->path, ((const struct name *)b)->path);
}

/* Whether all folders above it are there, too. */
static bool
is_reached(const struct names *t, const char *path)
{
	char above[PATH_MAX];
	char *slash;

	path_of(above, sizeof(above), "%s", path);
	while ((slash = strrchr(above, '/')) != NULL) {
		*slash = '\0';
		if (find(t, above) == NULL)
			return false;
	}
	return true;
}

void
disk_cut(const struct disk *d, enum cut how, struct rnd *rnd, struct tree *out)
{
	struct names t = { 0 };
	char *bytes;
	size_t n;

	cut_names(d, how, rnd, &t);
	qsort(t.v, t.n, sizeof(*t.v), by_path);
	for (size_t i = 0; i < t.n; i++) {
		if (!is_reached(&t, t.v[i].path))
			continue;
		if (t.v[i].node->folder) {
			tree_folder(out, t.v[i].path);
			continue;
		}
		cut_bytes(t.v[i].node, how, rnd, &bytes, &n);
		tree_add(out, t.v[i].path, bytes, n, t.v[i].node->mtime);
		free(bytes);
	}
	drop_names(&t);
}
