/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What system calls do to a disk; see disk.h.  Descriptors are told by what
 * /proc says of the process, which stands still.
 */
#define _XOPEN_SOURCE 700 /* S_ISREG, readlink */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault/disk_inside.h"

/* The path below the root that something of a process's has, or false. */
static bool
below(const struct disk *d, const char *full, char out[PATH_MAX])
{
	size_t n = strlen(d->root);

	if (strncmp(full, d->root, n) != 0)
		return false;
	path_of(out, PATH_MAX, "%s", full + n);
	n = strlen(out);
	return n < 4 || strcmp(out + n - 4, "-shm") != 0;
}

static bool
path_of_fd(const struct disk *d, pid_t pid, int fd, char out[PATH_MAX])
{
	char link[64], full[PATH_MAX];
	ssize_t n;

	if (fd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%ld/cwd", (long)pid);
	else
		snprintf(link, sizeof(link), "/proc/%ld/fd/%d", (long)pid, fd);
	n = readlink(link, full, sizeof(full) - 1);
	if (n < 0)
		return false;
	full[n] = '\0';
	return below(d, full, out);
}

/* A path argument, as seen from a folder that is open. */
static bool
path_at(const struct disk *d, pid_t pid, uint64_t fd, uint64_t at,
    char out[PATH_MAX])
{
	char name[PATH_MAX], folder[PATH_MAX];

	if (!tracer_string(pid, at, name, sizeof(name)))
		return false;
	if (name[0] == '/')
		return below(d, name, out);
	if (!path_of_fd(d, pid, (int)fd, folder))
		return false;
	path_of(out, PATH_MAX, "%s/%s", folder, name);
	return true;
}

static bool
is_file(pid_t pid, int fd, struct stat *sb)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/%ld/fd/%d", (long)pid, fd);
	return stat(link, sb) == 0 && S_ISREG(sb->st_mode);
}

/* An inode is a node's from now on; it may have been one's that is gone. */
static void
identify(struct disk *d, struct node *n, const struct stat *sb)
{
	for (size_t i = 0; i < d->nnode; i++)
		if (d->node[i]->ino == sb->st_ino &&
		    d->node[i]->dev == sb->st_dev)
			d->node[i]->ino = 0;
	n->ino = sb->st_ino;
	n->dev = sb->st_dev;
}

/* The file that a descriptor leads to; null when it is none of the disk. */
static struct node *
node_of(struct disk *d, pid_t pid, int fd)
{
	char path[PATH_MAX];
	struct name *name;
	struct stat sb;

	if (!is_file(pid, fd, &sb))
		return NULL;
	for (size_t i = 0; i < d->nnode; i++)
		if (d->node[i]->ino == sb.st_ino &&
		    d->node[i]->dev == sb.st_dev)
			return d->node[i];
	if (!path_of_fd(d, pid, fd, path))
		return NULL;
	name = disk_find(d, path);
	if (name == NULL)
		return NULL;
	identify(d, name->node, &sb);
	return name->node;
}

/* Where a write that told no offset has ended. */
static int64_t
position(const struct tracer_call *c)
{
	char path[64];
	struct tally_buf b;
	int64_t at;

	snprintf(path, sizeof(path), "/proc/%ld/fdinfo/%d", (long)c->pid,
	    (int)c->arg[0]);
	tally_buf_init(&b, 1u << 16);
	if (!file_read(path, &b) || strncmp(b.p, "pos:", 4) != 0)
		die("%s cannot be read", path);
	at = strtoll(b.p + 4, NULL, 10);
	tally_buf_free(&b);
	return at;
}

static void
saw_write(struct disk *d, const struct tracer_call *c, int64_t at)
{
	struct node *n = node_of(d, c->pid, (int)c->arg[0]);
	size_t len = (size_t)c->result;
	char *bytes;

	if (n == NULL || len == 0)
		return;
	if (at < 0)
		at = position(c) - c->result;
	bytes = malloc(len);
	if (bytes == NULL || !tracer_bytes(c->pid, c->arg[1], bytes, len))
		die("what was written cannot be read");
	disk_wrote(d, n, &(struct change){ bytes, (size_t)at, len });
}

static void
saw_sync(struct disk *d, const struct tracer_call *c)
{
	struct node *n = node_of(d, c->pid, (int)c->arg[0]);
	char path[PATH_MAX];

	if (n != NULL)
		disk_synced(d, n);
	else if (path_of_fd(d, c->pid, (int)c->arg[0], path))
		disk_folder_synced(d, path);
}

/* Of all that is promised for a file system, only what is counted on: the
 * files in the folder it was named by; their names come with the folder. */
static void
saw_sync_all(struct disk *d, const struct tracer_call *c)
{
	char path[PATH_MAX];
	size_t n;

	if (!path_of_fd(d, c->pid, (int)c->arg[0], path))
		return;
	n = strlen(path);
	for (size_t i = 0; i < d->now.n; i++)
		if (strncmp(d->now.v[i].path, path, n) == 0 &&
		    d->now.v[i].path[n] == '/' &&
		    strchr(d->now.v[i].path + n + 1, '/') == NULL)
			disk_synced(d, d->now.v[i].node);
}

static void
saw_open(struct disk *d, const struct tracer_call *c)
{
	char path[PATH_MAX];
	struct stat sb;
	struct node *n;

	if ((c->arg[2] & O_CREAT) == 0 ||
	    !path_of_fd(d, c->pid, (int)c->result, path) ||
	    disk_find(d, path) != NULL)
		return;
	n = disk_node(d, false);
	disk_made(d, path, n);
	if (is_file(c->pid, (int)c->result, &sb))
		identify(d, n, &sb);
}

void
disk_saw(void *ctx, const struct tracer_call *c)
{
	char a[PATH_MAX], b[PATH_MAX];
	struct disk *d = ctx;
	struct node *n;

	switch (c->nr) {
	case SYS_write:
		saw_write(d, c, -1);
		break;
	case SYS_pwrite64:
		saw_write(d, c, (int64_t)c->arg[3]);
		break;
	case SYS_ftruncate:
		n = node_of(d, c->pid, (int)c->arg[0]);
		if (n != NULL)
			disk_wrote(d, n,
			    &(struct change){ NULL, (size_t)c->arg[1], 0 });
		break;
	case SYS_fsync:
	case SYS_fdatasync:
		saw_sync(d, c);
		break;
	case SYS_syncfs:
		saw_sync_all(d, c);
		break;
	case SYS_openat:
		saw_open(d, c);
		break;
	case SYS_unlink:
		if (path_at(d, c->pid, (uint64_t)AT_FDCWD, c->arg[0], a))
			disk_removed(d, a);
		break;
	case SYS_unlinkat:
		if (path_at(d, c->pid, c->arg[0], c->arg[1], a))
			disk_removed(d, a);
		break;
	case SYS_renameat:
	case SYS_renameat2:
		if (path_at(d, c->pid, c->arg[0], c->arg[1], a) &&
		    path_at(d, c->pid, c->arg[2], c->arg[3], b))
			disk_renamed(d, a, b);
		break;
	case SYS_mkdirat:
		if (path_at(d, c->pid, c->arg[0], c->arg[1], a))
			disk_made(d, a, disk_node(d, true));
		break;
	case SYS_open:
	case SYS_creat:
	case SYS_rename:
	case SYS_link:
	case SYS_linkat:
	case SYS_mkdir:
	case SYS_truncate:
	case SYS_fallocate:
	case SYS_writev:
	case SYS_pwritev:
	case SYS_copy_file_range:
	case SYS_sync:
		die("the disk does not know system call %llu",
		    (unsigned long long)c->nr);
	default:
		break;
	}
}
