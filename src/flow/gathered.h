/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents on their way from the maps to the store, many at once: filled by
 * the process that reads partners' bytes, and again, from what it says, by the
 * one that has the store.
 */
#ifndef TALLYMAN_FLOW_GATHERED_H
#define TALLYMAN_FLOW_GATHERED_H

#include "store/store.h"
#include "tallyman/finding.h"
#include "tallyman/map.h"
#include "tallyman/record.h"

/* What goes over at a time: the store copies many rows of a table for little
 * more than few, and the pipe holds the next ones while it does. */
#define GATHERED_DOCUMENTS 1000
#define GATHERED_BYTES     (4u << 20)
/* Those of a small file, which may wait for others. */
#define GATHERED_FEW       8
#define GATHERED_FEW_BYTES (16u << 10)
/* The rows of one batch; half of it is what a single document may need. */
#define GATHERED_ROWS ((size_t)256 << 20)
/* Copies of residue, and names of maps. */
#define GATHERED_COPIES ((size_t)256 << 20)
/* More than a hundred of each document: as many as are kept of a set. */
#define GATHERED_FOUND 100000

/* What a document that waits to be recorded has beside its row. */
struct pending {
	struct tally_span found; /* in gathered.found */
	uint32_t group;          /* of the interchange, index */
	const struct tally_set_spec *spec;
	const struct tally_residue *residue; /* in gathered.copies */
	size_t nresidue;
	bool repeats;  /* others may have its key */
	bool repeated; /* another one has it, and should not */
};

struct gathered {
	struct tally_batch batch;
	struct store_document *doc; /* GATHERED_DOCUMENTS of each; owned */
	struct pending *pending;
	size_t n;
	struct tally_findings found; /* by the judge and by maps */
	struct tally_arena copies;   /* of residue and of names */
	struct tally_buf bytes; /* that texts of the batch may point into */
	uint64_t seen;          /* sets of the interchange to its last */
	bool last;              /* nothing of the interchange follows */
};

/* The model is borrowed.  Frees nothing when it fails: see gathered_close,
 * which also accepts one that is all zero. */
enum tally_rc gathered_open(struct gathered *, const struct tally_model *,
    struct tally_err *) TALLY_MUST_USE;
/* The same, with room for GATHERED_FEW documents. */
enum tally_rc gathered_open_few(struct gathered *, const struct tally_model *,
    struct tally_err *) TALLY_MUST_USE;
void gathered_close(struct gathered *);

/* Takes out all there is and keeps the memory. */
void gathered_empty(struct gathered *);

/* Whether there are few documents, about which nothing is to be told; and puts
 * these into one with room for few, in whose place nothing is left. */
bool gathered_is_few(const struct gathered *);
void gathered_move(struct gathered *to, struct gathered *from);

/* Adds a finding about one of its documents. */
void gathered_find(
    struct gathered *, const struct store_document *, enum tally_finding_kind);

/* The first value of the columns that the model calls the key of a document,
 * by its ordinal in the batch; UINT32_MAX: it has no rows.  Empty where there
 * is none. */
struct tally_str gathered_key(const struct gathered *, uint32_t document);

/* What a set says, from behind ST to SE, exclusive: its SHA-256 is that of the
 * same document under another control number.  Empty for none. */
struct tally_str gathered_body(const struct tally_set *);

/* What becomes of a document by its verdict alone. */
const char *gathered_state(enum tally_verdict);

#endif
