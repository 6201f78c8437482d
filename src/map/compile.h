/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiling a map, in steps that share this state:
 *
 *   text.c      the texts that a map consists of, as one tree
 *   merge.c     the differences of a map that extends another one
 *   compile.c   codes, blocks and rules in document order
 *   rule.c      one element of the text to a rule
 *   block.c     … that makes a block
 *   total.c     … whose value is computed
 *   resolve.c   names of the standard and the model to positions
 *   sound.c     what only shows when all rules are there
 *   emit.c      rules to lists of operations
 *   feeds.c     the same by column, for writing
 *   effective.c what the texts come to, for a person
 *
 * Every step stops at the first mistake, with its line.
 */
#ifndef TALLYMAN_MAP_COMPILE_H
#define TALLYMAN_MAP_COMPILE_H

#include "base/xml.h"
#include "map/program.h"
#include "map/text.h"
#include "map/words.h"
#include "x12/designator.h"

#define NO_GROUP UINT16_MAX

enum rule_kind {
	RULE_FIELD,
	RULE_PAIR,
	RULE_ATTRIBUTE,
	RULE_LITERAL,
	RULE_COUNT,
	RULE_SUM,
	RULE_SEQUENCE,
	RULE_ROWS,
	RULE_LEVEL,
	RULE_PAIRS,
	RULE_CONSTANT,
	RULE_QUALIFIER /* the column of a PAIR's qualifier */
};

/* Where in the grammar a designator points. */
struct target {
	const struct tally_segment_spec *segment;
	struct tally_places at;           /* of one loop */
	uint8_t element, component;       /* 0: none */
	const struct tally_element *leaf; /* of element or component */
};

/* What one element of the map's text says. */
struct rule {
	enum rule_kind kind;
	const struct tally_xml *at;
	uint16_t block; /* that it belongs to */
	uint16_t child; /* that it makes, or NO_BLOCK */
	uint16_t group;
	uint16_t column, codes;
	uint16_t column2; /* PAIR: of the qualifier, or MAP_NO_COLUMN */
	uint16_t table;   /* COUNT, SUM: of which */
	uint16_t lookup;
	bool required, moves;
	uint8_t last_pair;
	struct target target;
	const char *value;       /* CONSTANT, LITERAL; ATTRIBUTE: its name */
	const struct rule *next; /* of the same block, in order of the text */
};

/* A block in the making. */
struct scope {
	const struct tally_xml *at;
	uint16_t parent;
	struct target target; /* SEGMENT, PAIR: its segment */
	uint16_t ngroup;
	struct rule *first, *last; /* its rules, or null */
};

struct compile {
	struct tally_map *map;
	const struct tally_model *model;
	const struct tally_version *version;
	const struct tally_set_spec *set;
	struct map_texts texts;
	const char *file;
	bool lenient; /* rules that the set has no place for are left out */
	char words[300];
	struct tally_err *err;
	struct tally_arena scratch; /* the texts' tree, rules and scopes */

	/* each with room for as many as the text has elements */
	struct rule *rule;
	size_t nrule;
	struct scope *scope; /* beside block */
	struct map_block *block;
	size_t nblock;
	struct map_group *group;
	uint16_t *group_block; /* block of each group */
	size_t ngroup;
	struct map_codes *codes;
	size_t ncodes;
	const char **lookup;
	size_t nlookup;
};

/* Whether rows of a loop stand for a block. */
static inline bool
compile_has_loop(const struct map_block *b)
{
	return b->kind == BLOCK_RECORD || b->kind == BLOCK_LOOP ||
	    b->kind == BLOCK_LEVEL;
}

/* Says what is wrong in which file and line, and returns TALLY_CONFIG. */
enum tally_rc compile_mistake(struct compile *, const struct tally_xml *at,
    const char *fmt, ...) TALLY_PRINTF(3, 4);
enum tally_rc compile_nomem(struct compile *);

/* The set has no such thing: a mistake, or TALLY_NOINPUT where it is not. */
enum tally_rc compile_absent(struct compile *, const struct tally_xml *at,
    const char *fmt, ...) TALLY_PRINTF(3, 4);
/* Where something is, for a message about what is at from; lives until the
 * next call. */
const char *compile_place(
    struct compile *, const struct tally_xml *of, const struct tally_xml *from);
/* The table of codes of a name; TALLY_NOINPUT when no text has one. */
enum tally_rc compile_codes(
    struct compile *, const char *name, uint16_t *codes);

/* What a file has of a table of codes, or null. */
const struct tally_xml *compile_codes_in(
    const struct map_file *, const char *name);

/* resolve.c */
enum tally_rc resolve_ref(struct compile *, struct target *,
    const struct tally_xml *at, uint16_t block, const char *ref);
/* path is what the map says, a loop's path and a slash before it or not. */
enum tally_rc resolve_segment(struct compile *, struct target *,
    const struct tally_xml *at, uint16_t block, const char *path,
    const char *tag);
enum tally_rc resolve_loop(struct compile *, uint16_t *loop,
    const struct tally_xml *at, uint16_t block, const char *name);
enum tally_rc resolve_column(struct compile *, uint16_t *column,
    const struct tally_xml *at, uint16_t table, const char *name);
enum tally_rc resolve_table(struct compile *, uint16_t *table,
    const struct tally_xml *at, const char *name);
enum tally_rc resolve_where(struct compile *, struct map_block *out,
    const struct tally_xml *at, const struct target *, const char *where);
/* Parses words that element must have; what they are called, for messages. */
enum tally_rc resolve_values(struct compile *, struct map_condition *,
    const struct tally_xml *at, const struct tally_element *, const char *list,
    char sep, const char *ref);

/* rule.c: one element of the text; *child is the block that it makes. */
enum tally_rc rule_read(struct compile *, const struct tally_xml *,
    uint16_t block, uint16_t *child);
struct rule *rule_new(
    struct compile *, enum rule_kind, const struct tally_xml *, uint16_t block);
/* A condition that fields share, or alone: a bit of the block's rows. */
enum tally_rc rule_group(
    struct compile *, struct rule *, const struct map_block *where);
/* The last qualifier of the pairs that begin at the target. */
enum tally_rc rule_pairs(struct compile *, struct target *, uint8_t *last,
    const struct tally_xml *at, const char *ref);

/* block.c: elements that make blocks. */
uint16_t block_new(
    struct compile *, enum map_kind, const struct tally_xml *, uint16_t parent);
enum tally_rc block_record(struct compile *, const struct tally_xml *);
enum tally_rc block_rows(struct compile *, const struct tally_xml *,
    uint16_t block, uint16_t *child);
enum tally_rc block_level(struct compile *, const struct tally_xml *,
    uint16_t block, uint16_t *child);

/* total.c: elements whose values are computed. */
enum tally_rc total_count(
    struct compile *, const struct tally_xml *, uint16_t block);
enum tally_rc total_sum(
    struct compile *, const struct tally_xml *, uint16_t block);
enum tally_rc total_sequence(
    struct compile *, const struct tally_xml *, uint16_t block);

/* sound.c, emit.c, feeds.c, effective.c */
enum tally_rc sound_check(struct compile *);
enum tally_rc emit_program(struct compile *);
enum tally_rc emit_feeds(struct compile *, uint16_t block);
enum tally_rc effective_print(const struct compile *, struct tally_buf *);

#endif
