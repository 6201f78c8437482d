/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: what all stages work with, and what they count.
 *
 * Stages share nothing but the store; each can be run alone.  What happened
 * is counted here for the closing line and the exit status.
 */
#ifndef TALLYMAN_FLOW_FLOW_H
#define TALLYMAN_FLOW_FLOW_H

#include <sys/types.h>

#include "flow/clock.h"
#include "flow/dictionary.h"
#include "flow/errand.h"
#include "flow/guides.h"
#include "flow/log.h"
#include "flow/maps.h"
#include "flow/site.h"
#include "store/store.h"

/* Counted things, in the order and under the names of --json. */
enum flow_count {
	FLOW_RECEIVED,     /* files recorded */
	FLOW_KNOWN,        /* files that were there again, same content */
	FLOW_TRANSLATED,   /* files */
	FLOW_DUPLICATE,    /* files with nothing but duplicates */
	FLOW_QUARANTINED,  /* files */
	FLOW_INTERCHANGES, /* recorded, duplicates apart */
	FLOW_REFUSED,      /* interchanges rejected as a whole */
	FLOW_ACCEPTED,     /* documents */
	FLOW_WITH_ERRORS,  /* documents accepted with errors */
	FLOW_REJECTED,     /* documents */
	FLOW_HELD,         /* documents */
	FLOW_ACKS,         /* acknowledgements queued */
	FLOW_SENT,         /* files delivered */
	FLOW_FAILED,       /* files whose delivery is tried again */
	FLOW_WAITING,      /* files that are not complete or settled yet */
	FLOW_UNFIT,        /* files that are never taken: name or size */
	FLOW_MAILBOXES_DOWN,
	FLOW_COUNTS
};
extern const char *const flow_count_name[FLOW_COUNTS];

/* What a process of its own does for a mailbox; see worker.h. */
struct flow_work {
	bool wanted;
	int stage;   /* of which work is wanted, or going on */
	pid_t pid;   /* 0: none is at work */
	int from;    /* brings its report */
	int64_t end; /* it is given up then, flow_clock_steady */
};

/* How a mailbox does in this run. */
struct flow_box {
	bool ill;           /* the run, or the round, before did not reach it */
	bool skip;          /* not to be tried (again) in this run */
	bool again;         /* to be tried in this round */
	bool waiting;       /* could not be reached in this round */
	bool failed;        /* the newest try did, as why says */
	bool refused;       /* it did not let us in, or is another one */
	uint64_t spent_ms;  /* with it connected, of what the run may take */
	int64_t since;      /* when it was connected, monotonic ms */
	unsigned connected; /* how often it is */
	struct mailbox_settings settings; /* with what is left of the time */
	struct tally_err why;
	uint64_t queued;    /* files for it, by this run */
	uint64_t delivered; /* what there was to do when it was looked for */
	bool many;          /* there was more for it at a time than few */
	struct deliver_group *delivery; /* on its way; owned */
	struct flow_work work;
};

struct flow {
	struct flow_clock clock;
	struct log log;
	struct dictionary *dictionary;
	struct site *site;
	struct maps *maps;
	struct guides *guides;
	struct store *store;   /* null when opened without */
	int lock;              /* -1: not held */
	struct parser *parser; /* null: nothing was to be read yet; owned */
	struct early *early;   /* of the file that was taken last; owned */
	/* Null until there are files for more than one group; owned. */
	struct errands *errands;
	struct deliver_convoy *convoy; /* null: there was none yet; owned */
	bool through;   /* each group goes on through the stages at once */
	bool behind;    /* the store was restored: see flow_mark_check */
	int64_t marked; /* event that is marked as reached */
	bool hurry;     /* no pause before a round (tests) */
	unsigned round; /* 0, or how often mailboxes are tried again */
	uint64_t again; /* answers queued once more, for whatever mailbox */
	struct flow_box *box; /* one for each of the site's; owned */
	int64_t tried;        /* files up to this one were, in this run */
	/* By mailbox, and one for those that are no longer in the site: a file
	 * of theirs failed in this run, so later ones wait, for records come
	 * in the order of receipt.  Owned. */
	bool *waits;
	uint64_t count[FLOW_COUNTS];
	enum tally_rc worst; /* of the environment, of what was passed over */
	char *dir;
};

enum flow_open {
	FLOW_LOOK,  /* configuration and maps; store for reading */
	FLOW_CHECK, /* configuration and maps, no store */
	FLOW_WORK,  /* with the lock, store for writing */
	FLOW_RUN    /* the same; what lies in folders is read at once */
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
enum { FLOW_FETCH, FLOW_TRANSLATE, FLOW_DELIVER, FLOW_STAGES };
struct flow_stage {
	const char *name;
	enum tally_rc (*run)(struct flow *, struct tally_err *);
	/* All of it for one mailbox; null: it is not about mailboxes. */
	enum tally_rc (*mailbox)(struct flow *, size_t, struct tally_err *);
};
extern const struct flow_stage flow_stage[FLOW_STAGES];

/*
 * Runs one stage (an index of flow_stage), or all of them for FLOW_STAGES.
 * Mailboxes of the network are worked on at the same time, by workers; what
 * comes of each is translated and answered without waiting for the others.
 * Those that could not be reached are tried again in up to three more rounds,
 * after everything else is done, so that nobody waits for them.
 */
enum tally_rc flow_run(struct flow *, int stage, struct tally_err *)
    TALLY_MUST_USE;

/*
 * Takes what was fetched so far through the stages behind, where all of them
 * are run: for fetching, between two groups.  Files stay in their order, since
 * each stage takes them by that.
 */
enum tally_rc flow_go_on(struct flow *, struct tally_err *) TALLY_MUST_USE;

/*
 * What there is to be done now.  Of mailboxes: all of the local ones, and work
 * is wanted of workers for the others.
 */
enum tally_rc flow_fetch(struct flow *, struct tally_err *) TALLY_MUST_USE;
/* Whether folders of this machine have what is to be taken from them, so far as
 * names tell. */
bool flow_fetch_expects(const struct flow *);
enum tally_rc flow_translate(struct flow *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc flow_deliver(struct flow *, struct tally_err *) TALLY_MUST_USE;
/* The same for folders of this machine, as far as it goes without waiting:
 * on, with what is on its way; begin, also with what is not yet. */
enum tally_rc flow_deliver_on(struct flow *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc flow_deliver_begin(struct flow *, struct tally_err *)
    TALLY_MUST_USE;
/* Lets go of what is on its way; the next run finds out how it stands.  leave
 * is for a process that was forked meanwhile, and has no part in it. */
void flow_deliver_drop(struct flow *);
void flow_deliver_leave(struct flow *);
enum tally_rc flow_fetch_mailbox(struct flow *, size_t i, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc flow_deliver_mailbox(struct flow *, size_t i, struct tally_err *)
    TALLY_MUST_USE;

/* A local file that a person names. */
struct flow_local {
	struct tally_str name; /* for the store: without folders */
	int64_t mtime;         /* seconds since 1970 */
	struct tally_source source;
};

/* The mailbox that local files are given to: the one that is asked for; else
 * the first local one, else that of a partner who is anybody.  TALLY_USAGE
 * when there is none. */
enum tally_rc flow_take_mailbox(const struct flow *, const char *asked,
    const struct site_mailbox **, struct tally_err *) TALLY_MUST_USE;

/*
 * Records a local file as if it had come through the mailbox.  *known is true
 * when mailbox, name and content are those of file *id already: then nothing
 * was added.  TALLY_DATA when it is larger than files may be.  flow_take_look
 * tells the same and only reads; its *id is of a known file.
 */
enum tally_rc flow_take(struct flow *, const struct site_mailbox *,
    const struct flow_local *, int64_t *id, bool *known, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc flow_take_look(struct flow *, const struct site_mailbox *,
    const struct flow_local *, int64_t *id, bool *known, struct tally_err *)
    TALLY_MUST_USE;

/*
 * Replaying: documents made anew from the bytes that were kept, by today's
 * dictionary, maps, guides and agreements.  What a person decided on a
 * document stays.
 */
struct flow_replayed {
	int64_t interchange;
	int64_t document; /* 0: the interchange's acknowledgement */
	bool changed;
	bool mapped;     /* a map reads it */
	const char *why; /* why it was not done; else null */
	/* The document as text, a line for each row; the acknowledgement's
	 * bytes; live for the call. */
	struct tally_str before, after;
};
struct flow_replay {
	const int64_t *id; /* of documents, rising */
	size_t n;
	bool apply;       /* else only told */
	bool acknowledge; /* put the interchanges' answers into the outbox */
	void (*tell)(void *ctx, const struct flow_replayed *);
	void *ctx;
};
enum tally_rc flow_replay(struct flow *, const struct flow_replay *,
    struct tally_err *) TALLY_MUST_USE;

/* Removes the copy and the report of a file that is no longer in quarantine;
 * its bytes are in the store. */
void flow_unquarantine(struct flow *, int64_t file);

/*
 * The mark of how far the store has come, beside it.  check sets behind when
 * the store is not as far; tell says so; mark, before anything is delivered,
 * moves it; adopt lets a restored store go on, its control numbers behind those
 * that were drawn before.
 */
enum tally_rc flow_mark_check(struct flow *, struct tally_err *) TALLY_MUST_USE;
void flow_mark_tell(struct flow *);
enum tally_rc flow_mark(struct flow *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc flow_mark_adopt(struct flow *, struct tally_err *) TALLY_MUST_USE;

/* Something that a run would do now. */
struct flow_action {
	const char *stage;
	struct tally_str name; /* of the file, raw; empty: of none */
	const char *mailbox;   /* "" when it is no longer configured */
	const char *note;      /* a condition, or why not; may be empty */
};
typedef void flow_plan_fn(void *ctx, const struct flow_action *);

/*
 * Tells what a stage, or all for FLOW_STAGES, would do, and changes nothing.
 * Mailboxes are listed; trouble with one is told as an action's note.
 */
enum tally_rc flow_plan(struct flow *, int stage, flow_plan_fn *, void *ctx,
    struct tally_err *) TALLY_MUST_USE;

/*
 * The health of mailbox i.  box_ready is true when it may be tried now: not
 * given up, not put off by earlier runs.  box_failed notes trouble; what the
 * next minute may mend makes it wait for the next round.
 */
enum tally_rc flow_box_ready(
    struct flow *, size_t i, bool *ready, struct tally_err *) TALLY_MUST_USE;
void flow_box_failed(struct flow *, size_t i, const struct tally_err *);
/* Opens and closes it within the time that the run may take with it. */
enum tally_rc flow_box_connect(struct flow *, size_t i, struct mailbox **,
    struct tally_err *) TALLY_MUST_USE;
void flow_box_disconnect(struct flow *, size_t i, struct mailbox *);
/* It is; in a transaction. */
enum tally_rc flow_box_well(struct flow *, size_t i, struct tally_err *)
    TALLY_MUST_USE;
/* After the last round: those still waiting are down. */
enum tally_rc flow_box_close(struct flow *, struct tally_err *) TALLY_MUST_USE;

/* The exit status of what was counted: 0, 1, or that of the worst trouble. */
int flow_status(const struct flow *f);

#endif
