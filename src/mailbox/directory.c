/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox that is a folder of this machine: dir:/path, or dir:path from the
 * workspace.  Opening, listing and reading; directory_write.c does the rest.
 *
 * Somebody else may write to the folder while we look: symbolic links, FIFOs
 * and devices are never opened for their content (O_NOFOLLOW, O_NONBLOCK, and
 * fstat says regular before a byte is read).
 */
#include "mailbox/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "mailbox/kind.h"

#define BLOCK DIRECTORY_BLOCK

static enum tally_rc
rc_of_errno(int e)
{
	switch (e) {
	case ENOENT:
		return TALLY_NOINPUT;
	case EEXIST:
		return TALLY_CREATE;
	case EACCES:
	case EPERM:
	case EROFS:
	case ELOOP: /* a symbolic link, which is not followed */
		return TALLY_PERM;
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
		return TALLY_TEMP;
	case ENOMEM:
		return TALLY_NOMEM;
	default:
		return TALLY_IO;
	}
}

enum tally_rc
directory_trouble(struct tally_err *err, struct mailbox *m, const char *what,
    const char *folder, struct tally_str name)
{
	int e = errno;
	char f[MAILBOX_SHOWN], s[MAILBOX_SHOWN];

	mailbox_shown(f, tally_cstr(folder));
	mailbox_shown(s, name);
	errno = e;
	return tally_err_errno(err, rc_of_errno(e),
	    "mailbox %s: cannot %s %s%s%s", m->settings->name, what, f,
	    name.n > 0 ? "/" : "", s);
}

int
directory_folder(struct mailbox *m, const char *folder)
{
	struct directory *d = m->state;

	if (folder == NULL || folder[0] == '\0')
		folder = ".";
	return openat(d->root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum tally_rc
directory_folder_trouble(
    struct tally_err *err, struct mailbox *m, const char *folder)
{
	return directory_trouble(
	    err, m, "open the folder", folder, tally_cstr(NULL));
}

void
directory_cstr(char out[MAILBOX_NAME_MAX + 1], struct tally_str name)
{
	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
}

static enum tally_rc
directory_open(struct mailbox *m, struct tally_err *err)
{
	const struct mailbox_settings *s = m->settings;
	const char *path = strchr(s->url, ':') + 1;
	struct directory *d;
	char full[4096], shown[MAILBOX_SHOWN];
	int n;

	if (path[0] == '\0')
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the URL \"dir:\" names no folder; write"
		    " dir:/path",
		    s->name);
	if (path[0] == '/' || s->base == NULL)
		n = snprintf(full, sizeof(full), "%s", path);
	else
		n = snprintf(full, sizeof(full), "%s/%s", s->base, path);
	if (n < 0 || (size_t)n >= sizeof(full))
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the folder's path is longer than %zu bytes",
		    s->name, sizeof(full) - 1);
	d = tally_alloc(sizeof(*d));
	if (d == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->name);
	d->owes = false;
	d->root = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->root < 0) {
		int e = errno;
		enum tally_rc rc = rc_of_errno(e);

		if (e == ENOENT || e == ENOTDIR)
			rc = TALLY_CONFIG;
		else if (rc != TALLY_PERM)
			rc = TALLY_UNAVAILABLE;
		tally_free(d);
		mailbox_shown(shown, tally_cstr(full));
		errno = e;
		return tally_err_errno(err, rc,
		    "mailbox %s: cannot open the folder %s; create it or"
		    " correct the mailbox's url",
		    s->name, shown);
	}
	m->state = d;
	return TALLY_OK;
}

static void
directory_close(struct mailbox *m)
{
	struct directory *d = m->state;

	close(d->root);
	tally_free(d);
}

/* Whether it is a name for the folder itself or the one around it. */
static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum tally_rc
list_entry(
    struct mailbox_gather *g, int fd, const char *name, struct tally_err *err)
{
	struct stat sb;

	/* What vanishes between the two calls was not there. */
	if (fstatat(fd, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return TALLY_OK;
	if (!S_ISREG(sb.st_mode))
		return TALLY_OK;
	return mailbox_gather_file(g, tally_cstr(name), (uint64_t)sb.st_size,
	    (int64_t)sb.st_mtime, err);
}

/* A folder to be gone through; null, and errno, where it cannot be. */
static DIR *
open_folder(struct mailbox *m, const char *folder)
{
	int why, fd = directory_folder(m, folder);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (dir != NULL || fd < 0)
		return dir;
	why = errno;
	close(fd);
	errno = why;
	return NULL;
}

static enum tally_rc
directory_list(struct mailbox *m, const char *folder, struct mailbox_listing *l,
    struct tally_err *err)
{
	struct mailbox_gather g;
	struct dirent *e = NULL;
	enum tally_rc rc = TALLY_OK;
	DIR *dir = open_folder(m, folder);

	if (dir == NULL)
		return directory_folder_trouble(err, m, folder);
	mailbox_gather_init(&g, l);
	while (rc == TALLY_OK) {
		errno = 0;
		e = readdir(dir);
		if (e != NULL && is_dots(e->d_name))
			continue;
		if (e == NULL || !mailbox_gather_more(&g))
			break;
		rc = list_entry(&g, dirfd(dir), e->d_name, err);
	}
	if (rc == TALLY_OK && e == NULL && errno != 0)
		rc = directory_trouble(
		    err, m, "read the folder", folder, tally_cstr(NULL));
	closedir(dir);
	return rc;
}

static bool
directory_has(struct mailbox *m, const char *folder,
    bool (*wanted)(const void *, struct tally_str), const void *ctx)
{
	DIR *dir = open_folder(m, folder);
	struct dirent *e;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (e = readdir(dir)) != NULL)
		found =
		    !is_dots(e->d_name) && wanted(ctx, tally_cstr(e->d_name));
	closedir(dir);
	return found;
}

static bool
same_moment(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

struct mailbox_entry
directory_entry(struct tally_str name, const struct stat *sb)
{
	return (struct mailbox_entry){ name, (uint64_t)sb->st_size,
		(int64_t)sb->st_mtime };
}

/* Reads fd to its end into the sink; *total are the bytes that came. */
static enum tally_rc
read_all(uint64_t *total, struct mailbox *m, const char *folder, int fd,
    char *block, const struct mailbox_entry *e, size_t i,
    const struct mailbox_sink *sink, struct tally_err *err)
{
	uint64_t forgotten = 0;
	enum tally_rc rc;
	ssize_t n;

	*total = 0;
	for (;;) {
		n = read(fd, block, BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return directory_trouble(
			    err, m, "read", folder, e->name);
		if (n == 0)
			return TALLY_OK;
		*total += (uint64_t)n;
		tally_forget_read(fd, e->size, &forgotten, *total);
		if (*total > e->size)
			return TALLY_OK; /* has grown; no use to go on */
		rc = sink->data(sink->ctx, i, block, (size_t)n, err);
		if (rc != TALLY_OK || *total == e->size)
			return rc; /* more would be seen in its size */
	}
}

static void
get_one(struct mailbox_result *r, struct mailbox *m, int dir,
    const char *folder, char *block, const struct mailbox_entry *e, size_t i,
    const struct mailbox_sink *sink)
{
	char name[MAILBOX_NAME_MAX + 1], shown[MAILBOX_SHOWN];
	struct stat before, after = { .st_size = 0 };
	uint64_t total = 0;
	int fd;

	directory_cstr(name, e->name);
	fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		r->rc = directory_trouble(&r->err, m, "open", folder, e->name);
		return;
	}
	if (fstat(fd, &before) != 0) {
		r->rc = directory_trouble(&r->err, m, "stat", folder, e->name);
	} else if (!S_ISREG(before.st_mode)) {
		r->rc = tally_err_set(&r->err, TALLY_PERM,
		    "mailbox %s: %s is not a regular file and is not read",
		    m->settings->name, mailbox_shown(shown, e->name));
	} else {
		r->rc =
		    read_all(&total, m, folder, fd, block, e, i, sink, &r->err);
		if (r->rc == TALLY_OK && fstat(fd, &after) != 0)
			r->rc = directory_trouble(
			    &r->err, m, "stat", folder, e->name);
	}
	close(fd);
	if (r->rc != TALLY_OK)
		return;
	r->now = directory_entry(e->name, &after);
	if (total != r->now.size || !same_moment(&before, &after) ||
	    (e->size != MAILBOX_SIZE_UNKNOWN && total != e->size) ||
	    (e->mtime != 0 && r->now.mtime != e->mtime))
		r->rc = tally_err_set(&r->err, TALLY_TEMP,
		    "mailbox %s: %s has changed since it was listed; it is"
		    " taken when it has come to rest",
		    m->settings->name, mailbox_shown(shown, e->name));
}

static enum tally_rc
directory_get(struct mailbox *m, const char *folder,
    const struct mailbox_entry *entry, size_t n,
    const struct mailbox_sink *sink, struct tally_err *err)
{
	struct mailbox_result r;
	char *block;
	int dir = directory_folder(m, folder);

	if (dir < 0)
		return directory_folder_trouble(err, m, folder);
	block = tally_alloc(BLOCK);
	if (block == NULL) {
		close(dir);
		return tally_err_set(err, TALLY_NOMEM, "mailbox %s: no memory",
		    m->settings->name);
	}
	for (size_t i = 0; i < n; i++) {
		memset(&r, 0, sizeof(r));
		r.now.name = entry[i].name;
		get_one(&r, m, dir, folder, block, &entry[i], i, sink);
		sink->done(sink->ctx, i, &r);
	}
	tally_free(block);
	close(dir);
	return TALLY_OK;
}

static enum tally_rc
directory_stat(struct mailbox *m, const char *folder,
    const struct tally_str *name, size_t n, struct mailbox_result *r,
    struct tally_err *err)
{
	char s[MAILBOX_NAME_MAX + 1], shown[MAILBOX_SHOWN];
	struct stat sb;
	int dir = directory_folder(m, folder);

	if (dir < 0)
		return directory_folder_trouble(err, m, folder);
	for (size_t i = 0; i < n; i++) {
		directory_cstr(s, name[i]);
		r[i].now.name = name[i];
		if (fstatat(dir, s, &sb, AT_SYMLINK_NOFOLLOW) != 0) {
			r[i].rc = directory_trouble(
			    &r[i].err, m, "stat", folder, name[i]);
			continue;
		}
		r[i].rc = TALLY_OK;
		r[i].now = directory_entry(name[i], &sb);
		if (!S_ISREG(sb.st_mode))
			r[i].rc = tally_err_set(&r[i].err, TALLY_PERM,
			    "mailbox %s: %s is not a regular file",
			    m->settings->name, mailbox_shown(shown, name[i]));
	}
	close(dir);
	return TALLY_OK;
}

const struct mailbox_kind mailbox_directory = {
	.scheme = "dir",
	.open = directory_open,
	.close = directory_close,
	.list = directory_list,
	.has = directory_has,
	.get = directory_get,
	.put = directory_put,
	.rename = directory_rename,
	.sync = directory_sync,
	.remove = directory_remove,
	.stat = directory_stat,
};
