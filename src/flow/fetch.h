/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the fetch stage share; nobody else includes it. */
#ifndef TALLYMAN_FLOW_FETCH_H
#define TALLYMAN_FLOW_FETCH_H

#include "flow/errand.h"
#include "flow/flow.h"
#include "mailbox/mailbox.h"

/* A mailbox that is being worked on. */
struct visit {
	size_t index; /* of the mailbox in the site */
	const struct site_mailbox *box;
	struct mailbox *mb; /* null: it could not be opened */
	bool failed;        /* as why says; what is listed is still taken */
	bool lost;          /* nothing more is to be had of it */
	struct tally_err why;
};

/* One pull of it, for one listing. */
struct pass {
	struct visit *visit;
	const struct site_pull *pull;
	struct mailbox_listing listing;
};

/* A file of a listing that something is to be done with. */
struct candidate {
	const struct pass *pass;
	const struct mailbox_entry *entry;
	struct store_object object;
	struct store_look look;
	bool whole;    /* to be taken only if its envelope is complete */
	bool recorded; /* its bytes are committed: dispose of it */
	int64_t file;  /* its row */
	unsigned char sha256[32]; /* once it was read */
};

/* What is fetched together, from as many mailboxes as may share commits. */
#define FETCH_VISITS 64
struct haul {
	struct flow *f;
	struct visit visit[FETCH_VISITS];
	size_t nvisit;
	struct pass *pass; /* in the order of visits; owned */
	size_t npass, room;
	size_t entries; /* in all of their listings */
	/* Those that are in hand of the entries, from a number on. */
	struct candidate *c; /* owned */
	size_t n, first;
	struct tally_arena names; /* that were made for them */
};

/* Nothing more is to be had of a mailbox, for that reason; what was recorded is
 * found by the next look.  Not TALLY_OK: memory has ended. */
enum tally_rc fetch_lose(struct visit *, enum tally_rc,
    const struct tally_err *why, struct tally_err *) TALLY_MUST_USE;
/*
 * Takes the candidates.  Trouble with a mailbox is that of its visit; not
 * TALLY_OK is the store's own, or memory.
 */
enum tally_rc fetch_take(struct haul *, struct tally_err *) TALLY_MUST_USE;
/*
 * Removes, moves or leaves what is recorded among n candidates of one pass,
 * which stay as they are until the end.  begin sends somebody off, and gives
 * null when there is nothing to be done; end waits for n of these, or nulls,
 * tells what came of them, and notes it in the store.  Each begin that gave
 * one has its end.
 */
struct disposal;
enum tally_rc fetch_dispose_begin(struct disposal **, struct flow *,
    struct candidate *, size_t n, struct tally_err *) TALLY_MUST_USE;
enum tally_rc fetch_dispose_end(struct flow *, struct disposal **, size_t n,
    struct tally_err *) TALLY_MUST_USE;

/* Files that are recorded in the transaction there is, their bytes in in, and
 * not known before, may be read by the parser while that is committed.  Where
 * it is not, that is to be forgotten. */
void fetch_ahead(struct flow *, const struct candidate *,
    struct store_incoming *const *in, const bool *known, size_t n);

/* Whose it is. */
static inline const struct site_mailbox *
fetch_box(const struct candidate *c)
{
	return c->pass->visit->box;
}

/* Whether the last bytes of a file are those of a whole IEA segment. */
bool fetch_ends_in_iea(struct tally_str tail);

#endif
