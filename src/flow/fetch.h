/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the fetch stage share; nobody else includes it. */
#ifndef TALLYMAN_FLOW_FETCH_H
#define TALLYMAN_FLOW_FETCH_H

#include "flow/errand.h"
#include "flow/flow.h"
#include "mailbox/mailbox.h"

/* A file of a listing that something is to be done with. */
struct candidate {
	const struct mailbox_entry *entry;
	struct store_object object;
	struct store_look look;
	bool whole;    /* to be taken only if its envelope is complete */
	bool recorded; /* its bytes are committed: dispose of it */
	int64_t file;  /* its row */
	unsigned char sha256[32]; /* once it was read */
};

/* One pull of one mailbox, for one listing. */
struct pass {
	struct flow *f;
	size_t index; /* of the mailbox in the site */
	const struct site_mailbox *box;
	const struct site_pull *pull;
	struct mailbox *mb;
	struct mailbox_listing listing;
	struct tally_arena arena; /* of names made here */
	size_t first;             /* entry that is looked at with them */
	struct candidate *c;      /* owned */
	size_t n;
};

/*
 * Trouble with the mailbox is in *err with down set; the store's own without.
 */
enum tally_rc fetch_take(struct pass *, bool *down, struct tally_err *)
    TALLY_MUST_USE;
/*
 * Removes, moves or leaves what is recorded among n candidates, which stay as
 * they are until the end.  begin sends somebody off, and gives null when there
 * is nothing to be done; end waits, tells what came of it, and notes it in the
 * store.  Each begin that gave one has its end.
 */
struct disposal;
enum tally_rc fetch_dispose_begin(struct disposal **, struct pass *,
    struct candidate *, size_t n, struct tally_err *) TALLY_MUST_USE;
enum tally_rc fetch_dispose_end(
    struct disposal *, bool *down, struct tally_err *) TALLY_MUST_USE;

/* Files that are recorded in the transaction there is, their bytes in in, and
 * not known before, may be read by the parser while that is committed.  Where
 * it is not, that is to be forgotten. */
void fetch_ahead(struct pass *, const struct candidate *,
    struct store_incoming *const *in, const bool *known, size_t n);

/* Whether the last bytes of a file are those of a whole IEA segment. */
bool fetch_ends_in_iea(struct tally_str tail);

#endif
