/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of the store.  A copy is made under a temporary name beside the final
 * one, synced and renamed, so that a file of that name is always whole.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum tally_rc
sync_path(const char *path, int flags, struct tally_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	enum tally_rc rc = TALLY_OK;

	if (fd < 0 || fsync(fd) != 0)
		rc = tally_err_errno(
		    err, TALLY_IO, "cannot make %s durable", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

static void
folder_of(const char *path, char folder[PATH_MAX])
{
	char *slash;

	snprintf(folder, PATH_MAX, "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		snprintf(folder, PATH_MAX, ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
}

/* Nobody else's business, from its first byte on. */
static enum tally_rc
make(const char *path, struct tally_err *err)
{
	int fd;

	if (unlink(path) != 0 && errno != ENOENT)
		return tally_err_errno(
		    err, TALLY_CREATE, "%s is in the way", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return tally_err_errno(
		    err, TALLY_CREATE, "%s cannot be made", path);
	close(fd);
	return TALLY_OK;
}

/* What the engine may have left beside a copy that came to nothing. */
static void
remove_rest(const char *temporary)
{
	static const char *const behind[] = { "", "-journal", "-wal", "-shm" };
	char path[PATH_MAX + 16];

	for (size_t i = 0; i < COUNT(behind); i++) {
		snprintf(path, sizeof(path), "%s%s", temporary, behind[i]);
		unlink(path);
	}
}

static enum tally_rc
copy(struct store *st, const char *path, bool replace, struct tally_err *err)
{
	char temporary[PATH_MAX], folder[PATH_MAX];
	struct stat sb;
	enum tally_rc rc;

	if (!replace && lstat(path, &sb) == 0)
		return tally_err_set(err, TALLY_CREATE,
		    "%s is there already; name a new file", path);
	if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >=
	    (int)sizeof(temporary))
		return tally_err_set(
		    err, TALLY_USAGE, "the name of the copy is too long");
	folder_of(path, folder);
	rc = make(temporary, err);
	if (rc == TALLY_OK)
		rc = st->engine->m->copy(st->engine, temporary, err);
	if (rc == TALLY_OK)
		rc = sync_path(temporary, 0, err);
	if (rc == TALLY_OK && rename(temporary, path) != 0)
		rc = tally_err_errno(
		    err, TALLY_CREATE, "%s cannot be made", path);
	if (rc == TALLY_OK)
		rc = sync_path(folder, O_DIRECTORY, err);
	remove_rest(temporary);
	return rc;
}

enum tally_rc
store_backup(struct store *st, const char *path, struct tally_err *err)
{
	return copy(st, path, false, err);
}

enum tally_rc
store_backup_before(struct store *st, const char *what, struct tally_err *err)
{
	char path[PATH_MAX];
	bool any;
	enum tally_rc rc = store_one(st, Q_EVENT_ANY, NULL, 0, &any, err);

	if (rc != TALLY_OK || !any)
		return rc;
	store_end(st, Q_EVENT_ANY);
	if (snprintf(path, sizeof(path), "%s.before-%s", st->path, what) >=
	    (int)sizeof(path))
		return tally_err_set(
		    err, TALLY_USAGE, "the workspace's name is too long");
	return copy(st, path, true, err);
}

enum tally_rc
store_archive(struct store *st,
    void (*found)(void *ctx, const char *path, uint64_t size), void *ctx,
    struct tally_err *err)
{
	const enum statement q = Q_ARCHIVE_ALL;
	bool row;
	enum tally_rc rc = store_one(st, q, NULL, 0, &row, err);

	while (rc == TALLY_OK && row) {
		found(ctx, st->engine->m->text(st->engine, q, 0),
		    (uint64_t)st->engine->m->integer(st->engine, q, 1));
		rc = store_more(st, q, &row, err);
	}
	return rc;
}
