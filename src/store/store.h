/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: everything that tallyman knows, under the verbs of the domain.
 *
 * Above this header nobody knows which engine keeps the rows.  The verbs are
 * written once over a small engine interface (engine.h); SQLite is in
 * sqlite.c.  Times are parameters (milliseconds since 1970, UTC).  A verb that
 * fails inside a transaction leaves it to be rolled back by its caller.
 *
 * States (a row is in exactly one; the verb that makes each transition):
 *
 *   files    received -> translated | quarantined | duplicate
 *                                                        store_file_state
 *   interchanges  recording -> translated | rejected | duplicate | quarantined
 *                                                        store_interchange_mark
 *   outbox   queued -> uploaded -> sent;  queued -> failed -> queued
 *                                                        store_outbox_state
 *
 * Text that comes from outside enters through one door: valid UTF-8 as it is,
 * any other byte and NUL escaped as \xNN.
 */
#ifndef TALLYMAN_STORE_H
#define TALLYMAN_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/ack.h"
#include "tallyman/finding.h"
#include "tallyman/map.h"
#include "tallyman/record.h"

struct store;

enum store_mode { STORE_CREATE, STORE_WRITE, STORE_JOIN, STORE_READ };

/*
 * Opens the store in workspace dir (tallyman.db, archive/, spool/).  CREATE
 * refuses an existing one.  WRITE asserts WAL with synchronous FULL and the
 * schema's version, adds tables and columns that the model has and the store
 * lacks, and removes what a dead run left in spool/.  JOIN is for a further
 * connection of a run that has opened it to write: it changes nothing by being
 * opened.  TALLY_TEMP when it stays busy.  The model is borrowed.
 */
enum tally_rc store_open(struct store **, const char *dir, enum store_mode,
    const struct tally_model *, struct tally_err *) TALLY_MUST_USE;
void store_close(struct store *);

/* Transactions do not nest; savepoints do, within one. */
enum tally_rc store_begin(struct store *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_commit(struct store *, struct tally_err *) TALLY_MUST_USE;
void store_rollback(struct store *);
/* Ends the transaction as rc has it: commits for TALLY_OK, else rolls back. */
enum tally_rc store_settle(struct store *, enum tally_rc rc, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc store_savepoint(struct store *, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc store_release(struct store *, struct tally_err *) TALLY_MUST_USE;
/* Back to the newest savepoint, which ends. */
void store_undo(struct store *);

/* For who has to wait: gets something ready that most files take from when they
 * have been read, so that it takes no time then.  False: there is no more. */
bool store_prepare(struct store *);

/* --- fetch: objects in mailboxes, files received --- */

/* A remote object as a listing shows it. */
struct store_object {
	const char *mailbox;   /* name of the mailbox */
	struct tally_str name; /* bytes as listed */
	uint64_t size;
	int64_t mtime; /* seconds since 1970 */
};

enum store_seen {
	STORE_NEW,       /* not seen before, or size or time changed */
	STORE_UNSETTLED, /* seen unchanged, but not for long enough yet */
	STORE_SETTLED,   /* unchanged for settle ms: take it */
	STORE_TAKEN      /* recorded before: only dispose of it */
};

struct store_look {
	enum store_seen seen;
	bool known;   /* an earlier look at one of its name was noted */
	bool again;   /* and it was as it is now, since a time that has come */
	int64_t file; /* that it was recorded as, if taken */
};

/* Says what an object is; with settle 0 the first look finds it settled.  In a
 * transaction, as what follows. */
enum tally_rc store_object_look(struct store *, const struct store_object *,
    int64_t settle, int64_t now, struct store_look *, struct tally_err *)
    TALLY_MUST_USE;
/* It stays in the mailbox for now: notes the look; or that it was recorded as
 * that file.  What is disposed of in the same run needs neither. */
enum tally_rc store_object_note(struct store *, const struct store_object *,
    const struct store_look *, int64_t now, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_object_taken(struct store *, const struct store_object *,
    int64_t file, int64_t now, struct tally_err *) TALLY_MUST_USE;
/* It is gone from the mailbox (disposed of): forget the look. */
enum tally_rc store_object_gone(struct store *, const struct store_object *,
    struct tally_err *) TALLY_MUST_USE;

/*
 * A file on its way in: bytes are hashed as they come, kept in memory up to
 * 1 MiB, then in spool/.  Not in a transaction.
 */
struct store_incoming;
enum tally_rc store_incoming_new(struct store_incoming **, struct store *,
    struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_incoming_add(struct store_incoming *, const void *, size_t,
    struct tally_err *) TALLY_MUST_USE;
void store_incoming_free(struct store_incoming *);
uint64_t store_incoming_size(const struct store_incoming *);

/* How many bytes can be read while more still come, which are none of a small
 * file; and they, from an offset on: a source ends where another is made, and
 * has an end behind what is there. */
uint64_t store_incoming_there(const struct store_incoming *);
struct tally_source store_incoming_source(
    struct store_incoming *, uint64_t from);

/* TALLY_TEMP: the workspace's disk has no room for so many bytes of files, and
 * for what is written beside them. */
enum tally_rc store_room(struct store *, uint64_t bytes, struct tally_err *)
    TALLY_MUST_USE;

/* All bytes, as long as nothing more comes, while they are in memory; else
 * none. */
struct tally_str store_incoming_bytes(const struct store_incoming *);
/* The last n bytes, at most 64, that came in (to see whether IEA is there). */
struct tally_str store_incoming_tail(const struct store_incoming *);

/*
 * Records what came in as a file in state received, its bytes durable with
 * the commit (a large file is synced and named in archive/ before).  In a
 * transaction.  *known is true when (mailbox, name, content) is a file
 * already: then *id is that file's, and nothing was added.  Its SHA-256 is
 * known from then on.
 */
enum tally_rc store_file_add(struct store *, const struct store_object *,
    struct store_incoming *, int64_t now, int64_t *id, bool *known,
    struct tally_err *) TALLY_MUST_USE;

const unsigned char *store_incoming_hash(const struct store_incoming *);

/* Whether (mailbox, name, content) is a file already, and which. */
enum tally_rc store_file_find(struct store *, const struct store_object *,
    const unsigned char sha256[32], int64_t *id, bool *known,
    struct tally_err *) TALLY_MUST_USE;

struct store_file {
	int64_t id;
	char mailbox[64];
	struct tally_str name; /* lives until the next call with this struct's
	                          store */
	uint64_t size;
	unsigned char sha256[32];
	uint32_t attempts;
	char state[16];
};

/*
 * The files in state received with an id above after, the oldest first: calls
 * each with them until there are no more, or it fails or says that it wants no
 * more.  It must not ask the store.
 */
typedef enum tally_rc store_file_fn(
    void *ctx, const struct store_file *, bool *more, struct tally_err *);
enum tally_rc store_file_each(struct store *, int64_t after, store_file_fn *,
    void *ctx, struct tally_err *) TALLY_MUST_USE;
/* The first of them; *found false when there is none. */
enum tally_rc store_file_next(struct store *, int64_t after,
    struct store_file *, bool *found, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_file_get(struct store *, int64_t id, struct store_file *,
    bool *found, struct tally_err *) TALLY_MUST_USE;
/* One more attempt that did not end, by death or trouble: in a
 * transaction of its own, or in the open one when there is one. */
enum tally_rc store_file_attempt(struct store *, int64_t id, uint32_t *attempts,
    struct tally_err *) TALLY_MUST_USE;
/* It got further than before: attempts are counted from 0 again. */
enum tally_rc store_file_advanced(
    struct store *, int64_t id, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_file_state(struct store *, int64_t id, const char *state,
    const char *reason, int64_t now, struct tally_err *) TALLY_MUST_USE;
/* The same for one whose row is known, and nobody else changes. */
enum tally_rc store_file_change(struct store *, const struct store_file *,
    const char *state, const char *reason, int64_t now, struct tally_err *)
    TALLY_MUST_USE;

/* A file's bytes from an offset on.  The source lives until the payload is
 * closed. */
struct store_payload;
/* Of one whose row is known: from memory, the first time, where this process
 * has just received it. */
enum tally_rc store_payload_of(struct store_payload **, struct store *,
    const struct store_file *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_payload_open(struct store_payload **, struct store *,
    int64_t file, struct tally_err *) TALLY_MUST_USE;
struct tally_source store_payload_source(struct store_payload *, uint64_t from);
/* Bytes before that one are hardly read again: of a large file the kernel need
 * not keep them in memory, in place of what is. */
void store_payload_forget(struct store_payload *, uint64_t upto);
/* The SHA-256 of its first n bytes, once, where it is left over from reading it
 * to its end; false: it is to be made from the bytes. */
bool store_payload_digest(
    struct store_payload *, uint64_t n, unsigned char digest[32]);
void store_payload_close(struct store_payload *);

/* --- translate: evidence and records --- */

/*
 * What became of an interchange with the same key before: only those in state
 * translated count, so a rejected one may come again, and one that is being
 * recorded does not meet itself.  Those recorded before the instant since (0:
 * none) do not count; *old says that there are such.
 */
struct store_prior {
	bool key_seen;   /* sender, receiver and control number */
	bool bytes_seen; /* … and the same content */
	int64_t interchange;
	bool old;
};
enum tally_rc store_interchange_prior(struct store *,
    const struct tally_interchange_judged *, const unsigned char sha256[32],
    int64_t since, struct store_prior *, struct tally_err *) TALLY_MUST_USE;

/* Whether a group's number was used, since that instant, in an interchange of
 * the same sender to the same receiver, before the one in that file. */
enum tally_rc store_group_prior(struct store *, int64_t file,
    const struct tally_interchange_judged *, const struct tally_group_judged *,
    int64_t since, bool *used, struct tally_err *) TALLY_MUST_USE;

/*
 * The row of an interchange of a file, by its offset there; made in state
 * "recording" when it is new.  *recorded is the number of its sets that
 * earlier transactions, if any, have recorded; STORE_ENDED when it is in a
 * final state already and nothing is left to do.
 */
#define STORE_ENDED UINT64_MAX
enum tally_rc store_interchange_begin(struct store *, int64_t file,
    const char *partner, const struct tally_interchange_judged *,
    const unsigned char sha256[32], int64_t now, int64_t *id,
    uint64_t *recorded, struct tally_err *) TALLY_MUST_USE;
/* Moves the resume mark; with state not null, ends it in that state. */
enum tally_rc store_interchange_mark(struct store *, int64_t id,
    uint64_t recorded, const char *state, int64_t now, struct tally_err *)
    TALLY_MUST_USE;

/* The row of a group by its offset; made when it is new. */
enum tally_rc store_group_put(struct store *, int64_t interchange,
    const struct tally_group_judged *, int64_t *id, struct tally_err *)
    TALLY_MUST_USE;

struct store_document {
	int64_t group;
	int64_t id; /* filled by store_documents_put */
	char set[8];
	char control[16];
	uint32_t ordinal; /* in its group */
	uint64_t offset, length;
	enum tally_verdict verdict;
	const char *state; /* accepted, accepted_with_errors, rejected, held */
	const char *map;   /* name, or null */
	const unsigned char *map_hash; /* 32 bytes, or null */
	unsigned char body[32]; /* SHA-256 from behind ST to SE, exclusive */
	struct tally_str key;   /* business key, empty when there is none */
	uint32_t batch; /* ordinal in the batch; UINT32_MAX: no records */
};

/* Documents whose records are in one batch. */
struct store_part {
	struct store_document *document;
	size_t n;
	const struct tally_batch *batch; /* null: none has records */
};

/*
 * Whether documents with a business key of the same set and partner are there
 * already: duplicate[i], which counts through all parts, is the id of the
 * newest, 0 when there is none.  The answer includes documents of the same call
 * with a lower index (-1).
 */
enum tally_rc store_parts_prior(struct store *, const char *partner,
    const struct store_part *, size_t n, int64_t *duplicate, struct tally_err *)
    TALLY_MUST_USE;

/* Whether a document recorded earlier, and not rejected, has the key and the
 * content of one that is recorded. */
enum tally_rc store_document_resent(struct store *, const char *partner,
    const struct store_document *, bool *, struct tally_err *) TALLY_MUST_USE;

/*
 * Records documents and the batch's rows of those that are not rejected and
 * have some: all tables by INSERT … SELECT from a virtual table over the
 * batch.  Row ids are document id << TALLY_ROW_BITS | seq, so that children
 * lie together; a head table's id is the document's.
 */
enum tally_rc store_documents_put(struct store *, const char *partner,
    struct store_document *, size_t n, const struct tally_batch *, int64_t now,
    struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_parts_put(struct store *, const char *partner,
    const struct store_part *, size_t n, int64_t now, struct tally_err *)
    TALLY_MUST_USE;

/* Findings of a file, interchange, group or document (others 0). */
struct store_subject {
	int64_t file, interchange, group, document;
};
enum tally_rc store_findings_put(struct store *, const struct store_subject *,
    const struct tally_finding *, size_t n, struct tally_err *) TALLY_MUST_USE;
/* Residue of a document; spec (null: unknown) names the places.  The texts may
 * be copies: documents are recorded many at once, after their sets are gone. */
enum tally_rc store_residue_put(struct store *, int64_t document,
    const struct tally_set_spec *spec, const struct tally_residue *, size_t n,
    struct tally_err *) TALLY_MUST_USE;

/* Where answers of a partner stand. */
struct store_answered {
	int64_t interchange;
	uint64_t offset; /* of the set or TA1, in the file */
	const char *partner;
	/* Who answers whom: GS02 and GS03, for a TA1 ISA05, 06 and 08. */
	const char *sender_qualifier, *sender, *receiver;
	const char *isa_sender; /* ISA06 */
};
struct tally_answers;
/* Records what an acknowledgement says, matched with what was sent or else
 * unmatched; what is there already stays as it is. */
enum tally_rc store_answers_put(struct store *, const struct store_answered *,
    const struct tally_answers *, struct tally_err *) TALLY_MUST_USE;

/*
 * Tries again to match the answers that were not, of interchanges recorded at
 * or after the instant since; older ones are from now on what needs a person.
 * *matched is how many were.  Not in a transaction.
 */
enum tally_rc store_answers_again(struct store *, int64_t since,
    uint64_t *matched, struct tally_err *) TALLY_MUST_USE;

/* Draws the next number (first 1) of a sequence, in the transaction:
 * "interchange" or "group" for a pair of sender and receiver. */
enum tally_rc store_control_next(struct store *, const char *level,
    const char *sender, const char *receiver, uint32_t *number,
    struct tally_err *) TALLY_MUST_USE;

/* --- deliver --- */

struct store_outgoing {
	int64_t id;
	char partner[256];
	char mailbox[64];
	char name[256];      /* final, fixed when the row was made */
	char temporary[256]; /* of this attempt; empty when queued */
	char state[16];
	uint32_t attempts;
	struct tally_str bytes; /* lives until the next outbox verb */
	bool together; /* answers others too; filled by store_outbox_about */
};

/* Queues a file; control is the number of its interchange, about the
 * interchange that it answers, or 0.  id can be null.  See store/sent.h. */
enum tally_rc store_outbox_add(struct store *, const char *partner,
    const char *mailbox, const char *name, uint32_t control,
    struct tally_str bytes, int64_t about, int64_t now, int64_t *id,
    struct tally_err *) TALLY_MUST_USE;
/* The file, about the first of them, answers all these interchanges. */
enum tally_rc store_interchanges_answered(struct store *, int64_t outbox,
    const int64_t *id, size_t n, struct tally_err *) TALLY_MUST_USE;
/* How many groups with the functional id and the control number of this one are
 * answered in the file that answers an interchange, before it. */
enum tally_rc store_answered_before(struct store *, int64_t interchange,
    const struct tally_group_judged *, uint64_t *n, struct tally_err *)
    TALLY_MUST_USE;
/* Queues the files that answered an interchange again, as they were. */
enum tally_rc store_outbox_again(struct store *, int64_t about, int64_t now,
    struct tally_err *) TALLY_MUST_USE;
/* The rows of a mailbox, above after, that are due at now, the oldest first; as
 * store_file_each gives files. */
typedef enum tally_rc store_outbox_fn(
    void *ctx, const struct store_outgoing *, bool *more, struct tally_err *);
enum tally_rc store_outbox_each(struct store *, const char *mailbox,
    int64_t after, int64_t now, store_outbox_fn *, void *ctx,
    struct tally_err *) TALLY_MUST_USE;
/* The first of them. */
enum tally_rc store_outbox_next(struct store *, const char *mailbox,
    int64_t after, int64_t now, struct store_outgoing *, bool *found,
    struct tally_err *) TALLY_MUST_USE;
/*
 * Changes the state.  temporary is kept with "uploaded"; reason and next are
 * kept with "failed": the row is due again at next.
 */
enum tally_rc store_outbox_state(struct store *, int64_t id, const char *state,
    const char *temporary, const char *reason, int64_t next, int64_t now,
    struct tally_err *) TALLY_MUST_USE;
/* The same for one whose row is known, and nobody else changes. */
enum tally_rc store_outbox_change(struct store *, int64_t id,
    const char *partner, const char *had, const char *state,
    const char *temporary, const char *reason, int64_t next, int64_t now,
    struct tally_err *) TALLY_MUST_USE;

/* --- mailboxes --- */

/* A mailbox's health, for back-off across runs and for status. */
struct store_mailbox {
	char name[64];
	uint32_t failures;         /* in a row */
	int64_t last_ok, next_try; /* 0: never, at once */
	char reason[512];
};
enum tally_rc store_mailbox_get(struct store *, const char *name,
    struct store_mailbox *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_mailbox_put(struct store *, const struct store_mailbox *,
    struct tally_err *) TALLY_MUST_USE;

/* --- decisions of people, and documents made anew --- */

enum store_decision { STORE_RELEASED, STORE_REJECTED };
enum store_subject_kind {
	STORE_DOCUMENT,
	STORE_FILE,
	STORE_INTERCHANGE,
	STORE_ANSWER,
	STORE_SUBJECTS
};
extern const char *const store_subject_name[STORE_SUBJECTS];

struct store_verdict {
	enum store_subject_kind subject;
	int64_t id;
	enum store_decision decision;
	const char *who;
	const char *reason; /* or null */
};
/*
 * Records what a person decided about something that waits for it, in a
 * transaction.  *done is false, and nothing was changed, when it does not wait
 * for that; why then says what it is.
 *
 *   document  held -> accepted or accepted_with_errors, by its verdict; one
 *             that no map has read cannot be released so
 *             held -> rejected, without its records; rejected stays
 *   file      quarantined -> received, to be translated anew; stays
 *   interchange, answer   rejected stays
 */
enum tally_rc store_decide(struct store *, const struct store_verdict *,
    int64_t now, bool *done, char why[256], struct tally_err *) TALLY_MUST_USE;

/* A document that is there. */
struct store_had {
	int64_t id, interchange, file;
	uint64_t offset; /* in the file */
	bool mapped;     /* a map has read it */
	char state[24];
	char decision[16]; /* the newest on it, or "" */
};
enum tally_rc store_document_get(struct store *, int64_t id, struct store_had *,
    bool *found, struct tally_err *) TALLY_MUST_USE;
/* Whether a document recorded earlier, and not rejected, has the key. */
enum tally_rc store_document_repeats(struct store *, const char *partner,
    const struct store_document *, bool *, struct tally_err *) TALLY_MUST_USE;
/*
 * Puts what was made anew of a document, id given, in the place of what there
 * is of it: rows, findings and residue go.  In a transaction; findings and
 * residue are put by their own verbs afterwards.
 */
enum tally_rc store_document_replace(struct store *,
    const struct store_document *, const struct tally_batch *,
    struct tally_err *) TALLY_MUST_USE;
/* That it was replaced, as an event; from is the state it had. */
enum tally_rc store_document_replaced(struct store *, const char *partner,
    const char *from, const struct store_document *, int64_t now,
    struct tally_err *) TALLY_MUST_USE;

/* An interchange that is there, and what is said of it anew: its findings and
 * those of its groups go; a group's counts and verdict are changed. */
struct store_interchange {
	int64_t id, file;
	uint64_t offset; /* in the file */
	char state[16];
	char partner[64];
};
enum tally_rc store_interchange_get(struct store *, int64_t id,
    struct store_interchange *, bool *found, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_interchange_renew(
    struct store *, int64_t id, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_group_renew(struct store *, int64_t id,
    const struct tally_group_judged *, struct tally_err *) TALLY_MUST_USE;

/* Everything of a document as text, a line each: the document, its records,
 * findings, residue; without numbers that two recordings differ in. */
enum tally_rc store_document_read(struct store *, int64_t id,
    struct tally_buf *, struct tally_err *) TALLY_MUST_USE;

/* SQL that makes records of one set of those of a document of another. */
struct store_script {
	const char *file; /* for messages */
	const char *set;  /* that is made */
	struct tally_str text;
};

/*
 * Appends a document as a line of JSON that can be written as X12 (line.h of
 * flow), with its records as they are now.  With a script, the records are
 * those that it makes: its statements see the store, which they cannot change,
 * as "store", empty tables of the same names, the document's id as :document
 * and those of its rows as :first to :last.  *found is false when there is no
 * such document.  TALLY_DATA when it is rejected, or its residue does not say
 * where it belongs, TALLY_CONFIG when the script is wrong.
 */
enum tally_rc store_document_line(struct store *, int64_t id,
    const struct store_script *, struct tally_buf *, bool *found,
    struct tally_err *) TALLY_MUST_USE;

/* The file that answered an interchange first, *found false for none.  Bytes
 * live until the next outbox verb. */
enum tally_rc store_outbox_about(struct store *, int64_t interchange,
    struct store_outgoing *, bool *found, struct tally_err *) TALLY_MUST_USE;

/*
 * A copy of the database, durable under a name that must be free; others may
 * write meanwhile.  Payloads in archive/ are not in it.
 */
enum tally_rc store_backup(struct store *, const char *path, struct tally_err *)
    TALLY_MUST_USE;

/* Calls found for each payload that is a file below the workspace. */
enum tally_rc store_archive(struct store *,
    void (*found)(void *ctx, const char *path, uint64_t size), void *ctx,
    struct tally_err *) TALLY_MUST_USE;

/*
 * Whether all is sound: the database, the chain of events, bytes against their
 * hashes, what has to hold between rows.  Each problem is a sentence.
 */
typedef void store_problem_fn(void *ctx, const char *text);
struct store_verified {
	uint64_t events, payloads; /* that were looked at */
};
enum tally_rc store_verify(struct store *, store_problem_fn *, void *ctx,
    struct store_verified *, struct tally_err *) TALLY_MUST_USE;

/* What is in a final state since before a time (an instant as text) and has
 * nothing left to decide: how much there is; and removing it, durably. */
enum store_purge {
	STORE_PURGE_PAYLOADS,
	STORE_PURGE_FINDINGS,
	STORE_PURGE_RESIDUE,
	STORE_PURGES
};
extern const char *const store_purged_name[STORE_PURGES];
struct store_purged {
	uint64_t rows, bytes;
};
enum tally_rc store_purge_plan(struct store *, enum store_purge,
    const char *before, struct store_purged *, struct tally_err *)
    TALLY_MUST_USE;
enum tally_rc store_purge(struct store *, enum store_purge, const char *before,
    int64_t now, struct store_purged *, struct tally_err *) TALLY_MUST_USE;

/*
 * How far the store has come, as a text to be kept outside it; *event is the
 * newest.  compare tells whether the store is behind a mark, or has gone
 * another way since: then it was restored.  raise, in a transaction, lets no
 * control number be drawn again that the mark knows of.  TALLY_IO when the
 * mark cannot be read.
 */
enum tally_rc store_mark_write(struct store *, struct tally_buf *,
    int64_t *event, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_mark_compare(struct store *, const char *mark,
    int64_t *event, bool *behind, struct tally_err *) TALLY_MUST_USE;
enum tally_rc store_mark_raise(
    struct store *, const char *mark, struct tally_err *) TALLY_MUST_USE;

#endif
