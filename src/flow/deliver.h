/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the deliver stage share; nobody else includes it. */
#ifndef TALLYMAN_FLOW_DELIVER_H
#define TALLYMAN_FLOW_DELIVER_H

#include "flow/errand.h"
#include "flow/flow.h"

/* More than two groups of files are answered with: a delivery that goes on
 * beside translating takes a step in the time of one, two steps in all. */
#define DELIVER_FILES 1536

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
	struct deliver_parcel p[DELIVER_FILES];
	struct mailbox_result result[DELIVER_FILES];
	struct tally_str view[DELIVER_FILES];
	struct mailbox_upload upload[DELIVER_FILES];
	struct mailbox_rename rename[DELIVER_FILES];
	size_t which[DELIVER_FILES]; /* request i is about p[which[i]] */
	size_t n;
	struct tally_arena bytes;
	uint64_t total; /* of them */

	/* The step that it is at, whose requests are an errand. */
	unsigned step;
	size_t asked; /* requests; 0: none is made yet */
	struct errand errand;
	enum tally_rc rc; /* of the connection; lost: why, where it was */
	struct tally_err lost;
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
/* Calls one for each of n requests, all in one transaction; none for 0. */
enum tally_rc deliver_commit(struct deliver_group *, size_t n,
    enum tally_rc (*one)(struct deliver_group *, size_t i, struct tally_err *),
    struct tally_err *) TALLY_MUST_USE;
void deliver_tell_sent(
    struct deliver_group *, const struct deliver_parcel *, const char *how);

/*
 * Commits what came of the errand that the group had, if any, and sends off
 * the next; asked is 0 when it has taken its last step.  Not while it is away.
 * step_go is what the errand does.
 */
enum tally_rc deliver_next_step(
    struct deliver_group *, bool *down, struct tally_err *) TALLY_MUST_USE;
void deliver_step_go(void *group);

/* A group under its final names, with triggers if that is agreed on.  down:
 * what failed is the mailbox. */
enum tally_rc deliver_direct(
    struct deliver_group *, bool *down, struct tally_err *) TALLY_MUST_USE;

#endif
