/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: what all stages work with, and what they count.
 *
 * Stages share nothing but the store; each can be run alone.  What happened
 * is counted here for the closing line and the exit status.
 */
#ifndef TALLYMAN_FLOW_FLOW_H
#define TALLYMAN_FLOW_FLOW_H

#include "flow/clock.h"
#include "flow/log.h"
#include "flow/maps.h"
#include "flow/site.h"
#include "store/store.h"

/* Counted things, in the order and under the names of --json. */
enum flow_count {
	FLOW_RECEIVED,      /* files recorded */
	FLOW_KNOWN,         /* files that were there again, same content */
	FLOW_TRANSLATED,    /* files */
	FLOW_DUPLICATE,     /* files with nothing but duplicates */
	FLOW_QUARANTINED,   /* files */
	FLOW_INTERCHANGES,  /* recorded, duplicates apart */
	FLOW_REFUSED,       /* interchanges rejected as a whole */
	FLOW_ACCEPTED,      /* documents */
	FLOW_WITH_ERRORS,   /* documents accepted with errors */
	FLOW_REJECTED,      /* documents */
	FLOW_HELD,          /* documents */
	FLOW_ACKS,          /* acknowledgements queued */
	FLOW_SENT,          /* files delivered */
	FLOW_FAILED,        /* files whose delivery is tried again */
	FLOW_REFUSED_NAMES, /* names in mailboxes that are never opened */
	FLOW_MAILBOXES_DOWN,
	FLOW_COUNTS
};
extern const char *const flow_count_name[FLOW_COUNTS];

struct flow {
	struct flow_clock clock;
	struct log log;
	struct site *site;
	struct maps *maps;
	struct store *store; /* null when opened without */
	int lock;            /* -1: not held */
	uint64_t count[FLOW_COUNTS];
	enum tally_rc worst; /* of the environment, of what was passed over */
	char *dir;
};

enum flow_open {
	FLOW_LOOK,  /* configuration and maps; store for reading */
	FLOW_CHECK, /* configuration and maps, no store */
	FLOW_WORK   /* with the lock, store for writing */
};

/* Opens a workspace.  clock and log of f are set by the caller before. */
enum tally_rc flow_begin(struct flow *f, const char *dir, enum flow_open,
    struct tally_err *) TALLY_MUST_USE;
void flow_end(struct flow *f);

/* Remembers trouble that others do not have to wait for. */
void flow_worse(struct flow *f, enum tally_rc rc);

/*
 * The stages, in the order in which "run" goes through them.  A stage returns
 * not TALLY_OK only when nothing more can be done at all: the store fails,
 * memory ends.  What concerns one mailbox or one file is counted and logged.
 */
struct flow_stage {
	const char *name;
	enum tally_rc (*run)(struct flow *, struct tally_err *);
};
#define FLOW_STAGES 3
extern const struct flow_stage flow_stage[FLOW_STAGES];

enum tally_rc flow_fetch(struct flow *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc flow_translate(struct flow *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc flow_deliver(struct flow *, struct tally_err *) TALLY_MUST_USE;

/* The exit status of what was counted: 0, 1, or that of the worst trouble. */
int flow_status(const struct flow *f);

#endif
