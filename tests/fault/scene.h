/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scene: a workspace, partners' mailboxes, and what the partners have taken
 * out of them so far.
 *
 *   ROOT/ws       the workspace            } what a disk image
 *   ROOT/box/ID   outbound, inbound, taken } is made of
 *   ROOT/said     what the program said last
 *
 * Mailboxes are folders, or are reached over SFTP on loopback.  Time is the
 * scene's own and passes only between runs.
 */
#ifndef TESTS_FAULT_SCENE_H
#define TESTS_FAULT_SCENE_H

#include "fault/tracer.h"
#include "fault/tree.h"
#include "fault/workload.h"

struct sshd;

struct got {
	unsigned box;
	struct tree_file file; /* owned */
};

struct scene {
	char root[256];
	const char *program;
	const struct workload *w;
	const struct sshd *sshd; /* null: local mailboxes */
	struct tree begin;       /* what a fresh scene holds; owned */
	struct got *got;         /* what partners took, in order; owned */
	size_t ngot;
	int64_t now;            /* seconds since 1970 */
	unsigned phase;         /* of the workload: 0, 1 */
	bool *put;              /* what of it was put into a mailbox; owned */
	unsigned deaths;        /* of runs: by signals */
	const char *const *env; /* NAME, value, … null: for runs; or null */
};

/* Makes a folder and a workspace in it.  The workload is borrowed. */
void scene_make(struct scene *, const char *program, const struct workload *,
    const struct sshd *);
void scene_remove(struct scene *);

/* As it was in the beginning, with the files of phase 0; or with what a disk
 * holds instead of them. */
void scene_fresh(struct scene *, const struct tree *disk);

/* A run of the program, traced when the tracing is not null.  The status is
 * as waitpid has it; what a run died of is counted. */
int scene_run(struct scene *, struct tracing *);

/* The same, not traced; the caller waits for it. */
pid_t scene_start(struct scene *);

/* Partners take what they see in their inbound folders and remove it. */
void scene_empty(struct scene *);
/* Partners complete halves and put the files of phase 1; one with a name that
 * is taken waits for the next call. */
void scene_second_phase(struct scene *);

/*
 * What comes after a disturbance: partners take what is there and go on to
 * phase 1; hours pass; runs follow until one has nothing left to do.  False
 * when that takes too many, *status is the last one's.
 */
bool scene_recover(struct scene *, int *status);

/* What the program said last. */
void scene_said(const struct scene *, struct tally_buf *);

#endif
