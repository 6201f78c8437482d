/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the deliver stage share; nobody else includes it. */
#ifndef TALLYMAN_FLOW_DELIVER_H
#define TALLYMAN_FLOW_DELIVER_H

#include "flow/errand.h"
#include "flow/flow.h"

/* More than two groups of files are answered with: a delivery that goes on
 * beside translating takes a step in the time of one, two steps in all.  Few,
 * as there are for most mailboxes, need little room. */
#define DELIVER_FILES 1536
#define DELIVER_FEW   64

struct deliver_parcel {
	int64_t id;
	uint32_t attempts;
	char partner[256], state[16]; /* as the store has them */
	bool uploaded;                /* by an earlier run, as its state says */
	bool there;                   /* under its temporary name */
	int todo;                     /* of deliver_direct.c */
	char name[256], temporary[256];
	struct tally_str bytes; /* in the group's arena */
};

struct deliver_group {
	struct flow *f;
	size_t index; /* of the mailbox */
	const struct site_mailbox *box;
	struct mailbox *mb;
	struct deliver_parcel *p;
	size_t n, most;
	/* For as many requests; request i is about p[which[i]]. */
	struct mailbox_result *result;
	struct tally_str *view;
	struct mailbox_upload *upload;
	struct mailbox_rename *rename;
	size_t *which;
	struct tally_arena room;  /* of these */
	struct tally_arena bytes; /* of the parcels */
	uint64_t total;           /* of them */

	/* The step that it is at, whose requests are done by the convoy. */
	unsigned step;
	size_t asked;     /* requests; 0: none is made yet */
	enum tally_rc rc; /* of the connection; lost: why, where it was */
	struct tally_err lost;
};

/* The groups that are on their way, at most one for each mailbox: they take
 * their steps together. */
#define DELIVER_MAILBOXES 64
struct deliver_convoy {
	struct deliver_group *g[DELIVER_MAILBOXES];
	size_t n;
	struct errand errand;
};

/* Changes the row's state; reason and next are kept with "failed". */
enum tally_rc deliver_state(struct deliver_group *, struct deliver_parcel *,
    const char *state, const char *temporary, const char *reason, int64_t next,
    struct tally_err *) TALLY_MUST_USE;
/* The row is tried again later; told, because a person may have to help. */
enum tally_rc deliver_put_off(struct deliver_group *, struct deliver_parcel *,
    const struct tally_err *why, struct tally_err *) TALLY_MUST_USE;
/* The row keeps its state, from which the next run finds out how it stands;
 * told, as "DONE mailbox NAME, but BUT". */
enum tally_rc deliver_leave(struct deliver_group *,
    const struct deliver_parcel *, const char *done, const char *but,
    const struct mailbox_result *) TALLY_MUST_USE;
void deliver_tell_sent(
    struct deliver_group *, const struct deliver_parcel *, const char *how);

/*
 * A group's way is in steps.  ask makes the requests of the next one that has
 * any; asked is 0 when it has taken the last.  go, the convoy's errand, does
 * them in the mailboxes.  note says in the store, in a transaction, what came
 * of those of a group.
 */
void deliver_ask(struct deliver_group *);
void deliver_go(void *convoy);
enum tally_rc deliver_note(struct deliver_group *, struct tally_err *)
    TALLY_MUST_USE;

/* A group under its final names, with triggers if that is agreed on.  down:
 * what failed is the mailbox. */
enum tally_rc deliver_direct(
    struct deliver_group *, bool *down, struct tally_err *) TALLY_MUST_USE;

#endif
