/* SPDX-License-Identifier: Apache-2.0 */
/* See tree.h. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "fault/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (64u << 20)

void
die(const char *fmt, ...)
{
	int e = errno;
	va_list ap;

	fputs("fault: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(e));
	exit(2);
}

void
path_of(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size)
		die("a path is too long: %s", out);
}

static void *
copy(const void *p, size_t n)
{
	char *out = tally_alloc(n + 1);

	if (out == NULL)
		die("memory");
	if (n > 0)
		memcpy(out, p, n);
	out[n] = '\0';
	return out;
}

static struct tree_file *
more(struct tree *t, const char *path)
{
	struct tree_file *f;

	if ((t->n & (t->n - 1)) == 0) {
		t->file = tally_realloc(
		    t->file, (t->n == 0 ? 1 : 2 * t->n) * sizeof(*f));
		if (t->file == NULL)
			die("memory");
	}
	f = &t->file[t->n++];
	*f = (struct tree_file){ .path = copy(path, strlen(path)) };
	return f;
}

void
tree_add(struct tree *t, const char *path, const void *bytes, size_t n,
    int64_t mtime)
{
	struct tree_file *f = more(t, path);

	f->bytes = copy(bytes, n);
	f->n = n;
	f->mtime = mtime;
}

void
tree_folder(struct tree *t, const char *path)
{
	more(t, path)->folder = true;
}

const struct tree_file *
tree_find(const struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->file[i].path, path) == 0)
			return &t->file[i];
	return NULL;
}

void
tree_free(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		tally_free(t->file[i].path);
		tally_free(t->file[i].bytes);
	}
	tally_free(t->file);
	*t = (struct tree){ 0 };
}

bool
file_read(const char *path, struct tally_buf *b)
{
	char block[1 << 16];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while ((n = read(fd, block, sizeof(block))) > 0)
		tally_buf_add(b, block, (size_t)n);
	if (n < 0 || b->failed)
		die("%s cannot be read", path);
	close(fd);
	return true;
}

static void
read_one(struct tree *t, const char *dir, const char *below)
{
	char path[PATH_MAX], name[PATH_MAX];
	struct tally_buf b;
	struct dirent **e;
	struct stat sb;
	int n;

	path_of(path, sizeof(path), "%s/%s", dir, below);
	n = scandir(path, &e, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		path_of(name, sizeof(name), "%s%s%s", below,
		    *below == '\0' ? "" : "/", e[i]->d_name);
		path_of(path, sizeof(path), "%s/%s", dir, name);
		if (strcmp(e[i]->d_name, ".") != 0 &&
		    strcmp(e[i]->d_name, "..") != 0 && stat(path, &sb) == 0) {
			if (S_ISDIR(sb.st_mode)) {
				tree_folder(t, name);
				read_one(t, dir, name);
			} else {
				tally_buf_init(&b, FILE_MAX);
				if (file_read(path, &b))
					tree_add(t, name, b.p, b.n,
					    (int64_t)sb.st_mtime);
				tally_buf_free(&b);
			}
		}
		free(e[i]);
	}
	if (n >= 0)
		free(e);
}

void
tree_read(struct tree *t, const char *dir)
{
	read_one(t, dir, "");
}

void
file_write(const char *path, const void *bytes, size_t n, int64_t mtime)
{
	struct timespec at[2] = { { .tv_sec = (time_t)mtime },
		{ .tv_sec = (time_t)mtime } };
	const char *p = bytes;
	ssize_t done;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0)
		die("%s cannot be made", path);
	while (n > 0) {
		done = write(fd, p, n);
		if (done < 0)
			die("%s cannot be written", path);
		p += done;
		n -= (size_t)done;
	}
	if (mtime != 0 && futimens(fd, at) != 0)
		die("%s cannot be dated", path);
	close(fd);
}

void
tree_write(const struct tree *t, const char *dir)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < t->n; i++) {
		const struct tree_file *f = &t->file[i];

		path_of(path, sizeof(path), "%s/%s", dir, f->path);
		if (!f->folder)
			file_write(path, f->bytes, f->n, f->mtime);
		else if (mkdir(path, 0750) != 0 && errno != EEXIST)
			die("%s cannot be made", path);
	}
}

static int
remove_one(const char *path, const struct stat *sb, int type, struct FTW *where)
{
	(void)sb;
	(void)type;
	(void)where;
	if (remove(path) != 0 && errno != ENOENT)
		die("%s cannot be removed", path);
	return 0;
}

void
remove_all(const char *dir)
{
	if (access(dir, F_OK) == 0)
		(void)nftw(dir, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}
