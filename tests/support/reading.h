/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps over documents: a text of segments in an interchange, judged and read
 * through a map, and what came of it as text.
 */
#ifndef TALLYMAN_TESTS_READING_H
#define TALLYMAN_TESTS_READING_H

#include "tallyman/map.h"

/* Parts of small maps; what a test is about is put between them. */
#define NS "<map xmlns='urn:tallyman:map:1' name='t' "
#define BEGIN \
	NS "set='850' versions='004010 005010'>\n<record table='orders'>\n"
#define BEG \
	"<field column='purpose' ref='BEG01'/><field column='type' " \
	"ref='BEG02'/><field column='po_number' ref='BEG03'/><field " \
	"column='order_date' ref='BEG05'/>"
#define PO1 \
	"<rows table='order_lines' loop='PO1'><field column='quantity' " \
	"ref='PO102'/></rows>\n"
#define END "</record></map>"

struct reading {
	struct tally_map *map;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings;
	struct tally_buf out; /* JSON, then a line per residue and finding */
	bool accepted_only;   /* leave out sets that are rejected */
	unsigned sets;
	size_t elements, left; /* of all sets: with a value; residue */
};

/* The shipped model and a version of X12, for all readings. */
extern struct tally_model *reading_model;
extern const struct tally_version *reading_version;
int reading_setup(void **state);
int reading_teardown(void **state);

void reading_begin(struct reading *, const char *map);
/* The same with a map that is compiled; reading_end frees it. */
void reading_through(struct reading *, struct tally_map *);
void reading_end(struct reading *);

/* Reads the checked sets of the map's kind in these bytes. */
void reading_judge(struct reading *, struct tally_str bytes);

/* An interchange with one set of these segments between ST and SE. */
void reading_wrap(struct tally_buf *, const char *segments, char repetition);

/* Map and segments give this text. */
void reading_expect(
    const char *map, const char *segments, char repetition, const char *want);

#endif
