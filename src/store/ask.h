/* SPDX-License-Identifier: Apache-2.0 */
/* What people and programs ask of the store: answers are rows of text. */
#ifndef TALLYMAN_STORE_ASK_H
#define TALLYMAN_STORE_ASK_H

#include "store/store.h"

/*
 * Rows for a person or a program: calls row for each, values as text (null for
 * NULL), columns named once in names.  Each question has at most one argument.
 */
enum store_question {
	STORE_Q_COUNTS,    /* what, state, number: files, interchanges,
	                       documents, outbox */
	STORE_Q_ATTENTION, /* what, id, state, since, name, reason: all that
	                       needs a person, oldest first; a mailbox has no
	                       id */
	STORE_Q_MAILBOXES, /* name, failures, last_ok, next_try, reason */
	STORE_Q_RECENT,    /* newest documents: id, set, key, state, partner,
	                       received; argument: how many */
	STORE_Q_DOCUMENT,  /* one document's evidence; argument: id */
	STORE_Q_FINDINGS,  /* of a file; argument: its id */
	STORE_Q_HEALTH,    /* newest event; oldest received, queued, held that
			     wait; journal of the database */
	STORE_QUESTIONS
};
typedef void store_row_fn(
    void *ctx, int n, const char *const *names, const char *const *values);
enum tally_rc store_ask(struct store *, enum store_question, int64_t argument,
    store_row_fn *, void *ctx, struct tally_err *) TALLY_MUST_USE;

/*
 * Lists, in the order of ids and without an end.  What is null or 0 in the
 * filter lets everything through; a list has no use for what store_filters
 * does not name.
 */
enum store_list {
	STORE_LIST_DOCUMENTS,
	STORE_LIST_FILES,
	STORE_LIST_INTERCHANGES,
	STORE_LIST_OUTBOX,
	STORE_LIST_ANSWERS,
	STORE_LIST_EXPECTED, /* by their documents */
	STORE_LISTS
};
struct store_filter {
	int64_t id;
	const char *state, *partner, *set, *mailbox;
	const char *since, *before; /* instants as the store has them, or the
				       beginning of one: "2026-01-31" */
	int64_t file;
};
enum store_filter_by {
	STORE_BY_PARTNER = 1,
	STORE_BY_SET = 2,
	STORE_BY_MAILBOX = 4,
	STORE_BY_FILE = 8
};
/* By which of these a list can be filtered; by the others all can. */
unsigned store_filters(enum store_list);
enum tally_rc store_list(struct store *, enum store_list,
    const struct store_filter *, store_row_fn *, void *ctx, struct tally_err *)
    TALLY_MUST_USE;

/*
 * Everything that has key as a value that people search by: columns of records
 * with search="yes", keys, control numbers (zeros in front do not matter),
 * names of files.  Rows: what, id, place, set, name, state, partner, at.
 */
enum tally_rc store_find(struct store *, const char *key, store_row_fn *,
    void *ctx, struct tally_err *) TALLY_MUST_USE;
/*
 * What happened to the documents that have the key, in order of time:
 * received, recorded, answered, decided on, answered by the partner.  Rows:
 * at, what, id, state, name, partner, reason.
 */
enum tally_rc store_trace(struct store *, const char *key, store_row_fn *,
    void *ctx, struct tally_err *) TALLY_MUST_USE;

#endif
