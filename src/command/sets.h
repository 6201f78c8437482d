/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transaction sets of a file, each with the verdict that counts.
 *
 * What becomes of a set is known only at the end of its interchange.  So each
 * interchange is judged whole and told, and then its sets are read again.  A
 * file is one that is named, or any other whose bytes can be had from a place
 * on.
 */
#ifndef TALLYMAN_COMMAND_SETS_H
#define TALLYMAN_COMMAND_SETS_H

#include "command/input.h"
#include "command/judging.h"

struct sets {
	struct judging *judging;
	/* Each interchange with what was found, before its sets; with a null
	 * one at the end, for what is outside of them.  Failing ends it. */
	enum tally_rc (*interchange)(void *ctx, const char *file,
	    const struct tally_interchange_judged *,
	    const struct tally_findings *, struct tally_err *);
	/* Each set, the rejected ones among them. */
	enum tally_rc (*set)(void *ctx, const char *file,
	    const struct tally_visit *, enum tally_verdict, struct tally_err *);
	void *ctx;
	struct tally_grammars grammars; /* owned */
};
void sets_free(struct sets *);

/* TALLY_NOINPUT when there is no such file; "-" is standard input. */
enum tally_rc sets_read(struct sets *, const char *file, struct tally_err *)
    TALLY_MUST_USE;

/* Bytes from a place on; the source can use the room, and lives as long. */
struct sets_origin {
	const char *name;
	struct tally_source (*from)(
	    void *ctx, uint64_t offset, struct input_from *room);
	void *ctx;
};
/* The one interchange that begins at an offset. */
enum tally_rc sets_read_at(struct sets *, const struct sets_origin *,
    uint64_t offset, struct tally_err *) TALLY_MUST_USE;

#endif
