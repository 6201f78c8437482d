/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading files without a store: each set that is not rejected as a line of
 * JSON (flow/line.h), and what was found, as validate tells it.
 */
#ifndef TALLYMAN_COMMAND_RECORDS_H
#define TALLYMAN_COMMAND_RECORDS_H

#include <stdio.h>

#include "command/answer.h"
#include "command/sets.h"

struct records {
	/* The caller's to set before records_begin. */
	struct judging judging; /* its options */
	const char *map; /* null: that of the agreement, or of the set's name */
	bool json, quiet;   /* how it is told */
	FILE *lines, *told; /* where it goes */
	FILE *answers;      /* acknowledgements; null: none are written */
	enum answer answer; /* which */
	const struct answer_time *when;

	struct sets sets;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings; /* of maps */
	struct tally_charset *charset;
	struct tally_buf out;
	uint64_t rejected; /* interchanges with errors */
	uint64_t held;     /* documents */
};

/* Loads what is needed; dir is what -C names, or null.  records_end frees it,
 * also after a failure. */
enum tally_rc records_begin(
    struct records *, const char *dir, struct tally_err *) TALLY_MUST_USE;
enum tally_rc records_file(
    struct records *, const char *file, struct tally_err *) TALLY_MUST_USE;
void records_end(struct records *);

#endif
