/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transaction set as a line of JSON: its records with what they were made
 * from, so that it can be written again.
 *
 *	set, version    of the dictionary: "850", "004010"
 *	map             its name
 *	control         ST02
 *	interchange     control, sender_qualifier, sender, receiver_qualifier,
 *	                receiver, date, time, version, usage, separators
 *	group           control, functional, sender, receiver, version
 *	verdict         accepted, accepted_with_errors or held
 *	records         an object of tables, as tally_batch_json has it
 *	residue         what no field of the map claims: segment (its number in
 *	                the set), place, element (not for a whole segment) and
 *	                text; and the row that it belongs to: table, row (its
 *	                id), and column, one that the segment filled, if any
 *
 * separators are those of element, segment and component, and the one of
 * repetitions if there is any; texts of residue hold them.  Where they are not
 * ASCII, the information separators of ASCII stand for them.  place is the
 * name of the place in the grammar (tally_place_name).
 */
#ifndef TALLYMAN_FLOW_LINE_H
#define TALLYMAN_FLOW_LINE_H

#include "tallyman/judge.h"
#include "tallyman/map.h"
#include "tallyman/record.h"

struct line {
	const struct tally_visit *visit;
	const struct tally_map *map;
	const char *verdict;
	const struct tally_batch *batch;
	uint32_t document; /* ordinal in the batch */
	const struct tally_residues *residues;
};

struct tally_charset;
void line_put(struct tally_buf *, const struct line *, struct tally_charset *);

/*
 * What a line says that was read.  All but set and records may be missing;
 * texts are null then.  They live in the arena, the rest as long as the line.
 */
struct line_read {
	const char *file; /* for messages */
	const struct tally_json *at, *records, *residue;
	const char *set, *version, *map, *control;
	struct {
		const char *control, *sender_qualifier, *sender,
		    *receiver_qualifier, *receiver, *date, *time, *version,
		    *usage;
	} interchange;
	struct {
		const char *control, *functional, *sender, *receiver, *version;
	} group;
	struct tally_separators separators; /* of residue */
};

/* TALLY_DATA with file and line when a member is not known, or not what it has
 * to be. */
struct tally_json;
enum tally_rc line_parse(struct line_read *, struct tally_arena *,
    const char *file, const struct tally_json *, struct tally_err *)
    TALLY_MUST_USE;

/* The residue of a line for a set of that spec; the document's rows are the
 * newest of the batch. */
enum tally_rc line_residue(struct tally_residues *, const struct line_read *,
    const struct tally_set_spec *, const struct tally_batch *,
    struct tally_err *) TALLY_MUST_USE;

#endif
