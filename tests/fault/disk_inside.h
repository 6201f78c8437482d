/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the disk's two files share; nobody else includes it.
 *
 * A node is a file's content, known by its inode as long as the run lasts;
 * names lead to nodes.  Of both there is what a program sees now and what was
 * kept by the last sync; between the two stand the changes, in their order.
 */
#ifndef TESTS_FAULT_DISK_INSIDE_H
#define TESTS_FAULT_DISK_INSIDE_H

#include <limits.h>
#include <sys/types.h>

#include "fault/disk.h"

/* A write, or with bytes null a new length. */
struct change {
	char *bytes;
	size_t at, n;
};

struct node {
	bool folder;
	dev_t dev;
	ino_t ino; /* 0: not seen by the run yet */
	int64_t mtime;
	char *kept; /* bytes */
	size_t nkept;
	struct change *change;
	size_t nchange;
};

/* What an unsynced folder may or may not have: a name that came, one that
 * went, or one that became another. */
struct naming {
	char *came, *went; /* paths; null: none */
	struct node
	    *node; /* of came; with only went, it went to another folder */
};

struct name {
	char *path;
	struct node *node;
};
struct names {
	struct name *v;
	size_t n;
};

struct disk {
	char root[PATH_MAX];
	struct names now, kept;
	struct naming *naming;
	size_t nnaming;
	struct node **node; /* owns them */
	size_t nnode;
	bool changed;
};

struct name *disk_find(const struct disk *, const char *path);
struct node *disk_node(struct disk *, bool folder);

/* What happens; paths are below the root. */
void disk_wrote(struct disk *, struct node *, const struct change *);
void disk_synced(struct disk *, struct node *);
void disk_made(struct disk *, const char *path, struct node *);
void disk_removed(struct disk *, const char *path);
void disk_renamed(struct disk *, const char *from, const char *to);
void disk_folder_synced(struct disk *, const char *path);

#endif
