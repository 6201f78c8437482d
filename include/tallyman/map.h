/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps: how the loop tree of a transaction set corresponds to rows of the
 * canonical tables.  A map is XML (tallyman-map(5)), compiled when loaded into
 * a flat program per place of the set's grammar; the program says what
 * corresponds to what, so it can be run in both directions.
 */
#ifndef TALLYMAN_MAP_H
#define TALLYMAN_MAP_H

#include <stdint.h>

#include "tallyman/dictionary.h"
#include "tallyman/err.h"
#include "tallyman/finding.h"
#include "tallyman/record.h"
#include "tallyman/x12.h"

struct tally_map;

/*
 * Where the other texts are that a map names: its libraries, and the map that
 * it extends.  Gives text and file name, which live until the map is loaded;
 * TALLY_NOINPUT, or a null text, when there is none of that name.
 */
struct tally_map_texts {
	void *ctx;
	enum tally_rc (*find)(void *ctx, const char *name,
	    struct tally_str *text, const char **file, struct tally_err *);
};

#define TALLY_MAP_CHAIN_MAX 8 /* maps that extend one another */

/*
 * Compiles the map in text against a model and against the set of the given
 * version that it names; null texts: others are the ones compiled in.
 * TALLY_CONFIG with file and line for every mistake that can be known now.
 * Model and version are borrowed.
 */
enum tally_rc tally_map_load(struct tally_map **, const struct tally_model *,
    const struct tally_version *, const struct tally_map_texts *,
    const char *file, struct tally_str text, struct tally_err *) TALLY_MUST_USE;
void tally_map_free(struct tally_map *);

/*
 * What the texts of a map come to in a version, as one text that stands by
 * itself and compiles to the same program: parts in their places, differences
 * carried out, rules for other versions left out.  A comment behind each
 * element says the file and line that it is from.  Fails as tally_map_load.
 */
enum tally_rc tally_map_effective(struct tally_buf *out,
    const struct tally_model *, const struct tally_version *,
    const struct tally_map_texts *, const char *file, struct tally_str text,
    struct tally_err *) TALLY_MUST_USE;

/* The program of a map, for those who debug one: each block with what makes
 * its rows, and the operations for each place of the grammar. */
void tally_map_dump(const struct tally_map *, struct tally_buf *out);

const char *tally_map_name(const struct tally_map *);
const char *tally_map_set(const struct tally_map *);
/* Whether several of its documents may have the same key. */
bool tally_map_repeats(const struct tally_map *);
/* Whether the map reads sets of that spec: other versions differ. */
bool tally_map_fits(const struct tally_map *, const struct tally_set_spec *);
/* SHA-256 of the texts: part of what a document's records depend on. */
const unsigned char *tally_map_hash(const struct tally_map *);

/*
 * Cross-references of a partner: its values to ours, and inverse.  find gives
 * what there is for a value in the table of a name; *out lives until the next
 * call.  Fails when the tables cannot be read.
 */
struct tally_lookups {
	void *ctx;
	enum tally_rc (*find)(void *ctx, const char *table, bool inverse,
	    struct tally_str value, struct tally_str *out, bool *found,
	    struct tally_err *);
};
/* The tables for the documents that come, borrowed; null: none, and values
 * stay as they are. */
void tally_map_lookups(struct tally_map *, const struct tally_lookups *);

/* The zone of local times in the documents that come, where they name none,
 * borrowed; null: it is not known. */
void tally_map_zone(struct tally_map *, const struct tally_zone *);

/*
 * What no field claims: one element, or a whole segment (element 0), and the
 * row that it belongs to: the one that its segment, or the loop around it,
 * has made or filled.
 */
struct tally_residue {
	uint32_t segment;      /* ordinal in the set, ST is 1 */
	uint16_t place;        /* in the grammar */
	uint16_t element;      /* 0: all of the segment */
	uint32_t tag;          /* of the segment, tally_tag("N1") */
	uint16_t table;        /* of the row */
	uint16_t column;       /* one that the segment filled, or
	                          TALLY_NO_COLUMN */
	uint32_t row;          /* seq of the row */
	struct tally_str text; /* raw; points into the set */
};
struct tally_residues {
	struct tally_residue *v; /* owned */
	size_t n, cap;
};
void tally_residues_free(struct tally_residues *);

/*
 * Reads a checked set: appends one document with its rows to the batch, what
 * was not claimed to residues (emptied first), and what a person should see
 * to findings (map_required, map_value, map_limit, map_lookup).  The rows are
 * there even then; the caller decides.  A set with segments that have no place
 * is read as far as they have one.  Cells may point into the map, which has to
 * live as long as the rows do.  Fails for want of memory, or when a lookup
 * fails.
 */
enum tally_rc tally_map_read(struct tally_map *, const struct tally_set *,
    struct tally_batch *, struct tally_residues *, struct tally_findings *,
    struct tally_err *) TALLY_MUST_USE;

/* How segments are written. */
struct tally_map_writing {
	struct tally_separators separators; /* repetition 0: there is none */
	struct tally_separators residue;    /* that residue was read with */
	const char *line_end;  /* behind each terminator: "", "\n", "\r\n" */
	const char *control;   /* ST02 */
	const char *reference; /* ST03, or null */
	/* Codes of levels, outermost first, parted by blanks; null: levels are
	 * nested as their rows refer to one another. */
	const char *hierarchy;
	enum tally_characters characters; /* others are replaced */
	char replacement; /* for what cannot be sent; 0: it is refused */
};

/*
 * Writes a document of a batch as a transaction set, from ST to SE: the
 * inverse of tally_map_read.  Residue may be null.  Appends to out and tells
 * how many segments there are.  What cannot be written is a finding, whose tag
 * is the segment's and whose name that of the column or table: write_value,
 * write_refused, write_room, write_row and write_level are errors, and such a
 * set must not be sent; write_replaced, write_column and write_residue are
 * notes.  Fails for
 * want of memory, or when a lookup fails.
 */
enum tally_rc tally_map_write(struct tally_map *, const struct tally_batch *,
    uint32_t document, const struct tally_residues *,
    const struct tally_map_writing *, struct tally_buf *out, uint32_t *nsegment,
    struct tally_findings *, struct tally_err *) TALLY_MUST_USE;

#endif
