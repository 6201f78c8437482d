/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the translate stage share; nobody else includes it.
 *
 *   translate.c  which file is next, and in which transaction
 *   file.c       one file: its interchanges, its state
 *   decide.c     what is to be done with an interchange as a whole
 *   record.c     its documents and their rows
 *   answer.c     its acknowledgement
 *   answered.c   acknowledgements in it, of what was sent
 *   quarantine.c what could not be taken, beside a readable report
 *   replay.c     documents made anew from the bytes that were kept
 */
#ifndef TALLYMAN_FLOW_TRANSLATE_H
#define TALLYMAN_FLOW_TRANSLATE_H

#include "base/hash.h"
#include "flow/flow.h"
#include "flow/lookups.h"
#include "tallyman/answer.h"
#include "tallyman/judge.h"

/* A transaction's worth of documents. */
#define TRANSLATE_DOCUMENTS 1000
#define TRANSLATE_BYTES     (8u << 20)

/* What a document that waits to be recorded has beside its row. */
struct pending {
	struct tally_span found; /* in gathered.found */
	const struct tally_set_spec *spec;
	const struct tally_residue *residue; /* in gathered.copies */
	size_t nresidue;
	bool repeats;  /* others may have its key */
	bool repeated; /* another one has it, and should not */
};

/*
 * Documents on their way from the maps to the store.  There are two, so that
 * one can be filled while the other is recorded.
 */
struct gathered {
	struct tally_batch batch;
	struct store_document *doc; /* TRANSLATE_DOCUMENTS of each; owned */
	struct pending *pending;
	int64_t *duplicate;
	size_t n;
	struct tally_findings found; /* by the judge and by maps */
	struct tally_arena copies;   /* of residue */
	uint64_t seen;               /* sets of the interchange to its last */
};

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
	uint32_t group;    /* index of the one that it is in */
	int64_t group_id;  /* 0: that group has no row yet */
};

/* The readers of a file's bytes that there can be at a time. */
enum reader { READ_FIRST, READ_SECOND, READ_DIGEST, READERS };

struct recording;
struct replay;

struct translate {
	struct flow *f;
	struct tally_hash *hash; /* owned, as all below */
	struct gathered gathered[2];
	struct gathered *g; /* the one that is filled */
	struct tally_residues residues;
	struct lookups *lookups; /* of the partner lookups_of */
	const struct site_partner *lookups_of;
	struct tally_buf answer;
	struct tally_answers answers; /* of the set in hand */
	struct recording *recording;  /* of the other one, or null */
	struct replay *replay;        /* null: what is gathered is added */

	/* The file in hand. */
	struct store_file file;
	struct store_payload *payload;
	const struct site_mailbox *box;     /* null: no longer configured */
	const struct site_partner *partner; /* likewise */
	bool solo;                          /* may commit on the way */
	bool unreadable;                    /* its bytes cannot be had */
	struct tally_source source[READERS];
	struct tally_findings outside; /* about the file itself */
	bool quarantined, fresh;       /* any interchange was */
	char reason[256];
	struct interchange in;
	struct tally_judge *second;
	struct tally_grammars grammars; /* of all judges of the run */
	struct guides_choice guides;    /* likewise, for the file in hand */
	uint64_t count[FLOW_COUNTS];    /* to be added when it is committed */
};

enum tally_rc translate_open(
    struct translate *, struct flow *, struct tally_err *) TALLY_MUST_USE;
void translate_close(struct translate *);
/* Takes a file in hand. */
void translate_take(struct translate *, const struct store_file *);

/* Works through the file in hand and ends it in a final state.  In a
 * transaction, which is another one afterwards where solo is set. */
enum tally_rc translate_file(struct translate *, struct tally_err *)
    TALLY_MUST_USE;

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

/* Adds a finding about a document that is gathered. */
void translate_find(
    struct gathered *, const struct store_document *, enum tally_finding_kind);

/* The findings about document i, whose id is known. */
enum tally_rc translate_put_findings(struct translate *, struct gathered *,
    size_t i, struct tally_err *) TALLY_MUST_USE;

/* Empties what is gathered. */
void translate_empty(struct gathered *);

/* Records what is gathered, in the transaction there is, and empties it. */
enum tally_rc translate_put(
    struct translate *, struct gathered *, struct tally_err *) TALLY_MUST_USE;

/*
 * The same and a commit with a mark of how far it went, at the same time as
 * the caller goes on to fill the other one, which this makes t->g.  Until
 * translate_wait has returned, nobody else may use the store.  Of the two calls
 * each gives the outcome of the recording before.
 */
enum tally_rc translate_put_aside(struct translate *, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc translate_wait(struct translate *, struct tally_err *)
    TALLY_MUST_USE;

/* Records what a set, or a TA1, says of what was sent. */
enum tally_rc translate_answered(struct translate *, const struct tally_visit *,
    struct tally_err *) TALLY_MUST_USE;
enum tally_rc translate_answered_ta1(void *translate,
    const struct tally_interchange_judged *, const struct tally_set *,
    struct tally_err *) TALLY_MUST_USE;

/* Queues what answers it, if anything does. */
enum tally_rc translate_answer(struct translate *, struct tally_err *)
    TALLY_MUST_USE;

/* What would answer it, in t->answer, with the numbers, the date and the time
 * of an answer that was given; empty when nothing would. */
enum tally_rc translate_answer_as(struct translate *, struct tally_str answer,
    struct tally_err *) TALLY_MUST_USE;

/* Evidence of the interchange in hand and of its groups. */
enum tally_rc translate_evidence(struct translate *, struct tally_err *)
    TALLY_MUST_USE;
/* How the file in hand is judged; the options borrow t. */
void translate_judging(struct translate *, struct tally_judge_options *);

/* Whether a set is to be made anew; and takes what is gathered. */
bool replay_wants(const struct replay *, uint64_t offset);
enum tally_rc replay_put(
    struct translate *, struct gathered *, struct tally_err *) TALLY_MUST_USE;

/* Puts a copy of the file and a report into quarantine/. */
enum tally_rc translate_quarantine(
    struct translate *, const char *reason, struct tally_err *) TALLY_MUST_USE;

#endif
