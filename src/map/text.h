/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts that a map consists of: its own, those of its libraries, and those
 * of the map that it extends; as one tree, in which parts stand where they are
 * used and differences are carried out.  Nodes keep the file and line that
 * they are from.
 */
#ifndef TALLYMAN_MAP_TEXT_H
#define TALLYMAN_MAP_TEXT_H

#include "base/hash.h"
#include "base/xml.h"
#include "tallyman/map.h"

#define TEXT_FILES_MAX 40 /* of one map */
#define TEXT_CHAIN_MAX TALLY_MAP_CHAIN_MAX
#define TEXT_DEPTH_MAX 64 /* nodes that enclose one another, parts included */

struct map_text {
	const struct tally_xml *x;
	struct map_text *child, *next;
	bool lenient;  /* left out where the set has nothing of its kind */
	bool left_out; /* by the compiler, for that reason */
};

/* A file that the map consists of. */
struct map_file {
	const char *name; /* as maps name it */
	const struct tally_xml *root;
	uint8_t chain; /* 0: of the map itself, 1: of the one it extends … */
};

struct map_texts {
	struct tally_arena *arena;
	const struct tally_map_texts *from; /* or null */
	const char *version;
	struct tally_hash *hash;        /* of all texts; owned */
	struct tally_xml_schema schema; /* of maps; owned */
	/* A map before its libraries before the map that it extends. */
	struct map_file file[TEXT_FILES_MAX];
	size_t nfile;
	const char *set, *versions, *repeats;
	struct map_text *record;
	struct tally_err *err;
};

/* Loads the map in text and all that it names; v->arena, from and version are
 * set.  TALLY_CONFIG with file and line for every mistake. */
enum tally_rc text_load(struct map_texts *v, const char *file,
    struct tally_str text, struct tally_err *) TALLY_MUST_USE;
void text_free(struct map_texts *);

/* Says what is wrong where, and returns TALLY_CONFIG. */
enum tally_rc text_mistake(struct map_texts *, const struct tally_xml *at,
    const char *fmt, ...) TALLY_PRINTF(3, 4);

/* A copy of a node, without children and neighbour; null without memory. */
struct map_text *text_node(
    struct map_texts *, const struct tally_xml *, bool lenient);

/* merge.c: carries out what a map says of the one that it extends. */
enum tally_rc text_merge(struct map_texts *, struct map_text *base,
    const struct map_text *differences) TALLY_MUST_USE;

#endif
