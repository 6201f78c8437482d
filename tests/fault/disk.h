/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that was watched: what a run wrote, and what of it was promised to
 * stay.  A file's bytes are promised by an fsync of the file, a name by an
 * fsync of its folder.  A power cut may keep what was promised and nothing
 * else, all, or any part; what is renamed within a folder has one name of
 * the two, what goes to another folder one or both.
 *
 * The memory map of SQLite's that ends in -shm is no part of it: it is made
 * anew when a database is opened.
 */
#ifndef TESTS_FAULT_DISK_H
#define TESTS_FAULT_DISK_H

#include "fault/tracer.h"
#include "fault/tree.h"
#include "support/generate.h"

struct disk;

/* What is below root at the beginning, all of it promised. */
struct disk *disk_new(const char *root, const struct tree *begin);
void disk_free(struct disk *);

/* Told of calls, for tracing.saw.  True in disk_changed once after each that
 * made another disk possible. */
void disk_saw(void *disk, const struct tracer_call *);
bool disk_changed(struct disk *);

/* Ways to cut the power. */
enum cut {
	CUT_PROMISED, /* what was promised */
	CUT_NAMES,    /* and all names */
	CUT_REMOVALS, /* and all removals */
	CUT_BYTES,    /* and all bytes */
	CUT_ALL,      /* all there is */
	CUT_RANDOM,   /* by chance; files torn at 512 bytes */
	CUTS
};
extern const char *const cut_name[CUTS];
/* The disk as it may be then. */
void disk_cut(const struct disk *, enum cut, struct rnd *, struct tree *);

#endif
