/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the translate stage share; nobody else includes it.
 *
 *   translate.c  which file is next, and in which transaction
 *   file.c       one file: its interchanges, its state
 *   decide.c     what is to be done with an interchange as a whole
 *   record.c     its documents and their rows, and what it says of what was
 *                sent
 *   put.c        a batch of them goes into the store
 *   answer.c     its acknowledgement
 *   together.c   acknowledgements of several in one file
 *   quarantine.c what could not be taken, beside a readable report
 *   replay.c     documents made anew from the bytes that were kept
 */
#ifndef TALLYMAN_FLOW_TRANSLATE_H
#define TALLYMAN_FLOW_TRANSLATE_H

#include "base/hash.h"
#include "flow/flow.h"
#include "flow/gathered.h"
#include "flow/parser.h"
#include "tallyman/judge.h"

/* What is decided about an interchange. */
enum decision {
	DECIDE_RECORD,
	DECIDE_DUPLICATE,  /* answer as before */
	DECIDE_REJECT,     /* tell the sender, record nothing */
	DECIDE_QUARANTINE, /* tell nobody but us */
	DECIDE_DONE        /* an earlier transaction has ended it */
};

struct interchange {
	/* As judged; what a decision adds is in it, not in the judge's. */
	struct tally_interchange_judged judged;
	const struct tally_findings *list; /* that judged's spans are of */
	struct tally_findings extra;       /* what deciding found */
	enum decision decision;
	int64_t id, original; /* rows; original: of a duplicate */
	char label[64];       /* the partner, as the store has it */
	unsigned char sha256[TALLY_HASH_SIZE];
	uint64_t recorded; /* sets that are recorded already */
	uint64_t seen;     /* sets that the second pass has met */
	uint32_t group;    /* index of the one whose row is group_id */
	int64_t group_id;  /* 0: none yet */
};

/* What became of a file. */
struct outcome {
	uint64_t interchanges;
	const char *became; /* null: nothing */
};

/* What documents are of. */
struct origin {
	const char *partner; /* as the store has it */
	int64_t file, interchange;
};

/* Documents of a small file that wait for those of others. */
struct waiting {
	struct gathered g;
	struct origin of;
};
#define WAITING 32

/* The readers of a file's bytes that there can be at a time. */
enum reader { READ_FIRST, READ_SECOND, READ_DIGEST, READERS };

struct replay;
struct together;

struct translate {
	struct flow *f;
	struct tally_hash *hash; /* owned, as all below */
	struct parser *parser;   /* of the run */
	struct gathered g;
	struct waiting *wait;        /* WAITING of them, of which nwait wait */
	size_t nwait, nopen;         /* nopen: that are open */
	char waits_for[64];          /* whose they are */
	struct wire_answers answers; /* of the set that was met last */
	struct tally_buf answer;
	struct together *together; /* null: none is open; owned */
	struct replay *replay;     /* null: what is gathered is added */

	/* The file in hand. */
	struct store_file file;
	struct store_payload *payload;      /* null: not opened yet */
	const struct site_mailbox *box;     /* null: no longer configured */
	const struct site_partner *partner; /* likewise */
	bool solo;                          /* may commit on the way */
	bool careful;    /* within a savepoint, where it is one of several */
	bool supposing;  /* it may be supposed to be without a mistake */
	bool unreadable; /* its bytes cannot be had */
	bool opened;     /* they were there to be given to the parser */
	size_t waiting, waiting_bytes; /* documents, for a commit; their rows */
	struct tally_source source[READERS];
	uint64_t at_second;            /* where the second of them is */
	struct tally_findings outside; /* about the file itself */
	bool quarantined, fresh;       /* any interchange was */
	char reason[256];
	struct outcome outcome;
	struct interchange in;
	uint64_t count[FLOW_COUNTS]; /* to be added when it is committed */
	uint64_t kept[FLOW_COUNTS];  /* of these, what a death takes not back */
};

enum tally_rc translate_open(
    struct translate *, struct flow *, struct tally_err *) TALLY_MUST_USE;
void translate_close(struct translate *);
/* Lets one that comes later be read while others are in hand; false: it cannot
 * be, nor what is behind it.  Its payload is opened, for translate_file. */
bool translate_ahead(
    struct translate *, const struct store_file *, struct store_payload **);
/* Takes a file in hand. */
void translate_take(struct translate *, const struct store_file *);

/* Works through the file in hand and ends it in a final state.  In a
 * transaction, which is another one afterwards where solo is set. */
enum tally_rc translate_file(struct translate *, struct tally_err *)
    TALLY_MUST_USE;

/* One of several without a savepoint: what fails is done again with one. */
static inline bool
translate_hurries(const struct translate *t)
{
	return !t->solo && !t->careful;
}

/* Whether a failure means that the file's bytes cannot be had, which other
 * files are spared; want of memory says nothing of them. */
bool translate_lacks(enum tally_rc);

/* The bytes of the file in hand from an offset on.  What keeps them from being
 * read is trouble of this file alone: it sets unreadable. */
struct tally_source translate_source(
    struct translate *, enum reader, uint64_t from);

/* From when on control numbers of the partner in hand count; 0: all. */
int64_t translate_numbers_since(const struct translate *);

/* Fills in.decision, in.id and the rest from in.judged. */
enum tally_rc translate_decide(struct translate *, struct tally_err *)
    TALLY_MUST_USE;

/* Records the documents of the interchange that was decided on. */
enum tally_rc translate_record(struct translate *, struct tally_err *)
    TALLY_MUST_USE;

/* The findings about document i, whose id is known. */
enum tally_rc translate_put_findings(struct translate *, struct gathered *,
    size_t i, const struct origin *, struct tally_err *) TALLY_MUST_USE;
/* What those of the interchange in hand are of. */
struct origin translate_origin(const struct translate *);

/* Records what is gathered, in the transaction there is; what few documents a
 * file has waits for others where it is one of several. */
enum tally_rc translate_put(struct translate *, struct tally_err *)
    TALLY_MUST_USE;
/* The same, and commits it with a mark of how far it went; the next
 * transaction begins where that ends. */
enum tally_rc translate_put_on_the_way(struct translate *, struct tally_err *)
    TALLY_MUST_USE;
/* Records what waits, before a commit. */
enum tally_rc translate_put_waiting(struct translate *, struct tally_err *)
    TALLY_MUST_USE;

/* Queues what answers it, if anything does. */
enum tally_rc translate_answer(struct translate *, struct tally_err *)
    TALLY_MUST_USE;

/* Control numbers for an answer: one of its interchange, those of n groups that
 * follow on the first. */
enum tally_rc translate_draw(struct translate *, const char *level,
    const struct tally_ack_envelope *, uint32_t n, uint32_t *first,
    struct tally_err *) TALLY_MUST_USE;
/* A file of answers to a partner, about an interchange. */
struct reply {
	const char *label; /* the partner, as the store has it */
	const struct site_mailbox *to;
	const char *set; /* that it is named after */
	const struct tally_ack_envelope *e;
	struct tally_str bytes;
	int64_t about;
};
enum tally_rc translate_queue(struct translate *, const struct reply *,
    int64_t *id, struct tally_err *) TALLY_MUST_USE;

/*
 * Adds what answers the interchange in hand to a file of the transaction, whose
 * answers go together; before a commit they are queued, where what was done is
 * taken back they are forgotten.
 */
enum tally_rc translate_join(struct translate *, const struct site_mailbox *to,
    const struct tally_ack_envelope *, const char *set, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc translate_queue_joined(struct translate *, struct tally_err *)
    TALLY_MUST_USE;
/* Commits, with what is to be queued before. */
enum tally_rc translate_commit(struct translate *, struct tally_err *)
    TALLY_MUST_USE;
void translate_forget_joined(struct translate *);
/* Gives what a file of answers consists of to fn, until that is false. */
typedef bool translate_unit_fn(void *ctx, const struct tally_unit *);
enum tally_rc translate_units(struct tally_str file, translate_unit_fn *,
    void *ctx, struct tally_err *) TALLY_MUST_USE;
/* Of a file of answers, what is about the groups of the interchange in hand,
 * without the numbers of sets; together: it answers others, too. */
enum tally_rc translate_own_part(struct translate *, struct tally_str file,
    bool together, struct tally_buf *, struct tally_err *) TALLY_MUST_USE;

/* What would answer it, in t->answer, with the numbers, the date and the time
 * of an answer that was given; empty when nothing would. */
enum tally_rc translate_answer_as(struct translate *, struct tally_str answer,
    struct tally_err *) TALLY_MUST_USE;

/* Evidence of the interchange in hand and of its groups. */
enum tally_rc translate_evidence(struct translate *, struct tally_err *)
    TALLY_MUST_USE;
/* Gives the file in hand to the parser, from an offset on. */
enum tally_rc translate_read(struct translate *, uint64_t from, bool single,
    struct tally_err *) TALLY_MUST_USE;

/* Takes what is gathered; and the sets that are to be made anew. */
enum tally_rc replay_put(struct translate *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc replay_choose(const struct replay *, struct wire_record *,
    struct tally_arena *, struct tally_err *) TALLY_MUST_USE;

/* Puts a copy of the file and a report into quarantine/. */
enum tally_rc translate_quarantine(
    struct translate *, const char *reason, struct tally_err *) TALLY_MUST_USE;

#endif
