/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing, renaming and removing in a folder of this machine.
 *
 * What is reported as done is on the disk, its folder included.  Syncing is
 * what takes the time, so it is shared: a folder is synced once for all that
 * was changed in it, and many files are synced with their file system at once,
 * where that does as much, since each sync of a file has the disk write out
 * its cache.  Fewer are all written before the first of them is synced, which
 * leaves the file system one journal entry to write instead of many.  Where
 * syncs are deferred, all that was done in many mailboxes is synced once.
 * After a sync that failed the work counts as not done.
 */
#define _GNU_SOURCE /* renameat2, syncfs */
#include "mailbox/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/io.h"
#include "base/plant.h"

#define BATCH   64 /* files that are open at a time */
#define FOLDERS 16 /* likewise; two are usual */
#define MANY    4  /* files that are synced with their file system */

/* Creates and writes; the descriptor, or -1 with the result set. */
static int
put_begin(struct mailbox_result *r, struct mailbox *m, int dir,
    const char *folder, const struct mailbox_upload *up)
{
	struct tally_str name = tally_cstr(up->name);
	int fd;

	r->now.name = name;
	fd = openat(dir, up->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0) {
		r->rc = directory_trouble(&r->err, m, "create", folder, name);
		return -1;
	}
	r->rc = TALLY_OK;
	if (!tally_write_all(fd, up->bytes.p, up->bytes.n))
		r->rc = directory_trouble(&r->err, m, "write", folder, name);
	return fd;
}

/* Syncs, if that is wanted, and closes; a file that is spoilt is removed. */
static void
put_end(struct mailbox_result *r, struct mailbox *m, int dir,
    const char *folder, const struct mailbox_upload *up, int fd, bool sync)
{
	struct tally_str name = tally_cstr(up->name);
	struct stat sb;

	if (r->rc == TALLY_OK &&
	    ((sync && !PLANTED(FILE_SYNC) && fsync(fd) != 0) ||
		fstat(fd, &sb) != 0))
		r->rc = directory_trouble(&r->err, m, "write", folder, name);
	if (close(fd) != 0 && r->rc == TALLY_OK)
		r->rc = directory_trouble(&r->err, m, "write", folder, name);
	if (r->rc == TALLY_OK && (uint64_t)sb.st_size != up->bytes.n)
		r->rc = tally_err_set(&r->err, TALLY_IO,
		    "mailbox %s: a file of %zu bytes has %lld after it was"
		    " written",
		    m->settings->name, up->bytes.n, (long long)sb.st_size);
	if (r->rc != TALLY_OK)
		unlinkat(dir, up->name, 0);
	else
		r->now = directory_entry(name, &sb);
}

static void
put_batch(struct mailbox *m, int dir, const char *folder,
    const struct mailbox_upload *up, size_t n, bool sync,
    struct mailbox_result *r)
{
	int fd[BATCH];

	for (size_t i = 0; i < n; i++)
		fd[i] = put_begin(&r[i], m, dir, folder, &up[i]);
	for (size_t i = 0; i < n; i++)
		if (fd[i] >= 0)
			put_end(&r[i], m, dir, folder, &up[i], fd[i], sync);
}

/*
 * Whether syncing the file system of a folder waits for the disk, and tells
 * what could not be written: Linux does since 5.8, for those of a disk, and of
 * memory, where there is nothing to wait for.  What others have written there
 * is waited for, too.
 */
static bool
syncs_as_one(int dir)
{
	unsigned major = 0, minor = 0;
	struct utsname u;
	struct statfs fs;

	if (fstatfs(dir, &fs) != 0 || uname(&u) != 0 ||
	    sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return false;
	return (major > 5 || (major == 5 && minor >= 8)) &&
	    (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC ||
		fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC);
}

static int
sync_folder(int dir)
{
	return PLANTED(FOLDER_SYNC) ? 0 : fsync(dir);
}

static int
sync_all(int dir)
{
	return PLANTED(FILE_SYNC) || PLANTED(FOLDER_SYNC) ? 0 : syncfs(dir);
}

/* Whether what was done in a folder is synced later, with all of the mailbox's
 * file system. */
static bool
is_deferred(struct mailbox *m, int dir)
{
	struct directory *d = m->state;
	struct stat a, b;

	if (!m->deferred || !syncs_as_one(dir) || fstat(dir, &a) != 0 ||
	    fstat(d->root, &b) != 0 || a.st_dev != b.st_dev)
		return false;
	d->owes = true;
	return true;
}

/* The errno of syncing a file system, which is done once. */
static int
sync_device(struct mailbox_synced *s, int dir, uint64_t device)
{
	int e;

	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].device == device)
			return s->of[i].e;
	e = sync_all(dir) != 0 ? errno : 0;
	if (s->n < MAILBOX_SYNCED) {
		s->of[s->n].device = device;
		s->of[s->n++].e = e;
	}
	return e;
}

static enum tally_rc
sync_trouble(struct tally_err *err, struct mailbox *m, const char *folder)
{
	return directory_trouble(
	    err, m, "sync the folder", folder, tally_cstr(NULL));
}

static bool
any_done(const struct mailbox_result *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].rc == TALLY_OK)
			return true;
	return false;
}

enum tally_rc
directory_put(struct mailbox *m, const char *folder,
    const struct mailbox_upload *up, size_t n, struct mailbox_result *r,
    struct tally_err *err)
{
	int dir = directory_folder(m, folder), e;
	bool many, later;

	if (dir < 0)
		return directory_folder_trouble(err, m, folder);
	later = is_deferred(m, dir);
	many = !later && n >= MANY && syncs_as_one(dir);
	for (size_t i = 0; i < n; i += BATCH)
		put_batch(m, dir, folder, up + i, n - i < BATCH ? n - i : BATCH,
		    !many && !later, r + i);
	if (!later && any_done(r, n) &&
	    ((many && !PLANTED(FILE_SYNC) && syncfs(dir) != 0) ||
		sync_folder(dir) != 0)) {
		e = errno;
		for (size_t i = 0; i < n; i++) {
			if (r[i].rc != TALLY_OK)
				continue;
			errno = e;
			r[i].rc = sync_trouble(&r[i].err, m, folder);
			unlinkat(dir, up[i].name, 0);
		}
	}
	close(dir);
	return TALLY_OK;
}

enum tally_rc
directory_sync(
    struct mailbox *m, struct mailbox_synced *synced, struct tally_err *err)
{
	struct directory *d = m->state;
	struct stat sb;
	int e;

	if (!d->owes)
		return TALLY_OK;
	d->owes = false;
	e = fstat(d->root, &sb) != 0
	    ? errno
	    : sync_device(synced, d->root, (uint64_t)sb.st_dev);
	errno = e;
	return e == 0 ? TALLY_OK : sync_trouble(err, m, "");
}

/*
 * Renames without writing over; -1 and errno as rename(2), EEXIST if there.
 *
 * In one step, always: a link and a removal would leave a moment with both
 * names, and a death in it would have the file delivered again.  Where the
 * flag is unknown to the file system the look before the rename leaves a
 * moment, too, but only for somebody who makes a file of just this name.
 */
static int
move(int from_dir, const char *from, int to_dir, const char *to)
{
	struct stat sb;

	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (fstatat(to_dir, to, &sb, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	if (errno != ENOENT)
		return -1;
	return renameat(from_dir, from, to_dir, to);
}

static enum tally_rc
rename_trouble(
    struct tally_err *err, struct mailbox *m, const struct mailbox_rename *ren)
{
	char shown[MAILBOX_SHOWN];

	if (errno != EEXIST)
		return directory_trouble(
		    err, m, "rename", ren->from_folder, ren->from);
	return tally_err_set(err, TALLY_CREATE,
	    "mailbox %s: %s exists and is not written over; move it away",
	    m->settings->name, mailbox_shown(shown, ren->to));
}

/* The folders of a batch of renames, each open once. */
struct folders {
	struct folder {
		const char *name;
		int fd;     /* -1: cannot be opened, as e says */
		int e;      /* an errno of opening or syncing */
		bool given; /* something was renamed into it */
		bool taken; /* or out of it */
	} f[FOLDERS];
	size_t n;
};

/* Null when there is no room for one more. */
static struct folder *
folder_of(struct folders *fs, struct mailbox *m, const char *name)
{
	struct folder *f;

	if (name == NULL)
		name = "";
	for (size_t i = 0; i < fs->n; i++)
		if (strcmp(fs->f[i].name, name) == 0)
			return &fs->f[i];
	if (fs->n == FOLDERS)
		return NULL;
	f = &fs->f[fs->n++];
	*f = (struct folder){ .name = name };
	f->fd = directory_folder(m, name);
	f->e = f->fd < 0 ? errno : 0;
	return f;
}

static void
rename_one(struct mailbox_result *r, struct mailbox *m,
    const struct mailbox_rename *ren, struct folder *a, struct folder *b)
{
	char from[MAILBOX_NAME_MAX + 1], to[MAILBOX_NAME_MAX + 1];

	r->now.name = ren->to;
	directory_cstr(from, ren->from);
	directory_cstr(to, ren->to);
	if (a->fd < 0) {
		errno = a->e;
		r->rc = directory_folder_trouble(&r->err, m, a->name);
		return;
	}
	if (b->fd < 0) {
		/* Not NOINPUT: the file itself is still there. */
		errno = b->e;
		r->rc = directory_folder_trouble(&r->err, m, b->name);
		if (r->rc == TALLY_NOINPUT)
			r->rc = r->err.rc = TALLY_CONFIG;
		return;
	}
	if (move(a->fd, from, b->fd, to) != 0) {
		r->rc = rename_trouble(&r->err, m, ren);
		return;
	}
	r->rc = TALLY_OK;
	b->given = a->taken = true;
}

static void
sync_one(struct mailbox *m, struct folder *f)
{
	if (!is_deferred(m, f->fd) && sync_folder(f->fd) != 0)
		f->e = errno;
}

/*
 * Syncs what was touched and closes all.  Folders that were given something
 * come first: a file may be in both after a power cut, never in neither.
 */
static void
settle(struct folders *fs, struct mailbox *m, const struct mailbox_rename *ren,
    size_t n, struct mailbox_result *r)
{
	struct folder *a, *b;

	for (size_t i = 0; i < fs->n; i++)
		if (fs->f[i].given)
			sync_one(m, &fs->f[i]);
	for (size_t i = 0; i < fs->n; i++)
		if (fs->f[i].taken && !fs->f[i].given)
			sync_one(m, &fs->f[i]);
	for (size_t i = 0; i < n; i++) {
		if (r[i].rc != TALLY_OK)
			continue;
		a = folder_of(fs, m, ren[i].from_folder);
		b = folder_of(fs, m, ren[i].to_folder);
		if (a->e == 0 && b->e == 0)
			continue;
		errno = b->e != 0 ? b->e : a->e;
		r[i].rc =
		    sync_trouble(&r[i].err, m, b->e != 0 ? b->name : a->name);
	}
	for (size_t i = 0; i < fs->n; i++)
		if (fs->f[i].fd >= 0)
			close(fs->f[i].fd);
	fs->n = 0;
}

enum tally_rc
directory_rename(struct mailbox *m, const struct mailbox_rename *ren, size_t n,
    struct mailbox_result *r, struct tally_err *err)
{
	struct folders fs = { .n = 0 };
	struct folder *a, *b;
	size_t first = 0;

	(void)err;
	for (size_t i = 0; i < n; i++) {
		a = folder_of(&fs, m, ren[i].from_folder);
		b = folder_of(&fs, m, ren[i].to_folder);
		if (a == NULL || b == NULL) {
			settle(&fs, m, ren + first, i - first, r + first);
			first = i;
			a = folder_of(&fs, m, ren[i].from_folder);
			b = folder_of(&fs, m, ren[i].to_folder);
		}
		rename_one(&r[i], m, &ren[i], a, b);
	}
	settle(&fs, m, ren + first, n - first, r + first);
	return TALLY_OK;
}

enum tally_rc
directory_remove(struct mailbox *m, const char *folder,
    const struct tally_str *name, size_t n, struct mailbox_result *r,
    struct tally_err *err)
{
	char s[MAILBOX_NAME_MAX + 1];
	int dir = directory_folder(m, folder), e;

	if (dir < 0)
		return directory_folder_trouble(err, m, folder);
	for (size_t i = 0; i < n; i++) {
		directory_cstr(s, name[i]);
		r[i].now.name = name[i];
		r[i].rc = TALLY_OK;
		if (unlinkat(dir, s, 0) != 0)
			r[i].rc = directory_trouble(
			    &r[i].err, m, "remove", folder, name[i]);
	}
	if (any_done(r, n) && !is_deferred(m, dir) && sync_folder(dir) != 0) {
		e = errno;
		for (size_t i = 0; i < n; i++) {
			errno = e;
			if (r[i].rc == TALLY_OK)
				r[i].rc = sync_trouble(&r[i].err, m, folder);
		}
	}
	close(dir);
	return TALLY_OK;
}
