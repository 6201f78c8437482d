/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders and files in memory: what a scene begins with, what a disk holds
 * after a power cut, what is there at the end.  Trouble of the test's own is
 * an abort.
 */
#ifndef TESTS_FAULT_TREE_H
#define TESTS_FAULT_TREE_H

#include <stdint.h>

#include "tallyman/mem.h"

struct tree_file {
	char *path; /* below the root; owned, as bytes */
	char *bytes;
	size_t n;
	int64_t mtime; /* seconds; 0: now */
	bool folder;
};
struct tree {
	struct tree_file *file; /* a folder before what is in it; owned */
	size_t n;
};

/* Ends the test program with a message and errno's. */
TALLY_NORETURN void die(const char *fmt, ...) TALLY_PRINTF(1, 2);
/* A path that fits, or the end of the program. */
void path_of(char *out, size_t size, const char *fmt, ...) TALLY_PRINTF(3, 4);

/* Adds a copy. */
void tree_add(
    struct tree *, const char *path, const void *, size_t n, int64_t mtime);
void tree_folder(struct tree *, const char *path);
/* Appends all that is below a folder, by name in each; a folder that is not
 * there is empty. */
void tree_read(struct tree *, const char *dir);
void tree_write(const struct tree *, const char *dir);
const struct tree_file *tree_find(const struct tree *, const char *path);
void tree_free(struct tree *);

/* One file, from and to the disk. */
void file_write(const char *path, const void *, size_t n, int64_t mtime);
/* False when there is none; the buffer is appended to. */
bool file_read(const char *path, struct tally_buf *);
void remove_all(const char *dir);

#endif
