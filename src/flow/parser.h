/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What partners sent is read by a process of its own, which has no files, no
 * network and no store: the parser.
 *
 * It is made by fork when the first file is to be read or one is expected, once
 * configuration, dictionary, maps and guides are there, and lives as long as
 * the run.  A large file has one of its own, where it can: see early.h.  What
 * flows where:
 *
 *   the run     gives bytes of the file in hand as they are asked for, in
 *               memory that the parser can only read, decides what becomes of
 *               each interchange, and records
 *   the parser  judges an interchange whole, or supposes what it is (see
 *               parser_supposed); if it is to be recorded, reads it again and
 *               maps its sets into batches, one of which is on its way while
 *               the run records the one before
 *
 * So both cores have work, and memory does not grow with the file.  Of small
 * files many are given at once, and read ahead of the run.  What the parser
 * says is believed no more than the bytes that it reads: see wire.h.
 *
 * It may die, by what is in a file or by what the kernel forbids; it may be
 * silent for too long, take too much memory or say what cannot be.  Each is the
 * same to the run: parser_died.  The next file has a new one.
 */
#ifndef TALLYMAN_FLOW_PARSER_H
#define TALLYMAN_FLOW_PARSER_H

#include "flow/gathered.h"
#include "flow/wire.h"
#include "tallyman/x12.h"

/* What reading may take.  Memory is what the largest set that the limits allow
 * needs several times over: its bytes, its segments, its rows, and these once
 * more on their way.  Of its time, a block takes some milliseconds. */
#define PARSER_MEMORY ((size_t)2 << 30)
#define PARSER_CPU_MS 60000  /* without a word, and beside PARSER_RATE */
#define PARSER_MS     600000 /* without a word, if it only waits */
#define PARSER_RATE   64     /* bytes of a file in a millisecond, at least */
/* What is said of a file: a row may repeat what stands in its set once, and the
 * smallest interchange may have a finding in every segment. */
#define PARSER_SAID(size) ((size)*256 + ((uint64_t)64 << 20))

struct flow;
struct parser;
struct site_partner;

/* A parser that is not made yet.  What is loaded in f is borrowed. */
enum tally_rc parser_new(
    struct parser **, const struct flow *f, struct tally_err *) TALLY_MUST_USE;
/* Makes its process, for a file that will come.  Trouble is told when it does,
 * if it is still there. */
void parser_make(struct parser *);
/* Ends its process. */
void parser_free(struct parser *);
/* There is hardly more to be read: its process ends while the run goes on.  The
 * next file has a new one.  Null: there is none. */
void parser_dismiss(struct parser *);
/* In another child of the run: what belongs to the parser is not its. */
void parser_leave(struct parser *);

/* What is done while it is waited for, a little at a time, until that says that
 * there is no more; never by a thread of the parser's. */
void parser_meanwhile(struct parser *, bool (*more)(void *ctx), void *ctx);

/* A file to be read, until parser_judged gives null or any call fails. */
struct parser_file {
	const struct site_partner *partner; /* null: none */
	int64_t id; /* tells it from those that are given ahead */
	uint64_t size;
	uint64_t from; /* the first byte that is judged */
	bool single;   /* one interchange alone */
	bool suppose;  /* see parser_supposed */
	/* Its bytes from an offset on, for one of two readers. */
	struct tally_source (*source)(void *ctx, int reader, uint64_t from);
	/* Whether the number of a group was used before. */
	enum tally_rc (*used)(void *ctx,
	    const struct tally_interchange_judged *,
	    const struct tally_group_judged *, bool *, struct tally_err *);
	void *ctx;
};
enum tally_rc parser_file(struct parser *, const struct parser_file *,
    struct tally_err *) TALLY_MUST_USE;

/*
 * Gives a small file to be read while the run has others in hand.  Parser_file
 * has to come for the files so given, in that order, before any other.  An
 * interchange that wire_is_recorded is recorded at once, as on parser_record
 * with nothing recorded before.  False: this one cannot be read ahead, and none
 * behind it until parser_file has come for it.  The cross-references are taken
 * from the store.
 */
bool parser_ahead(struct parser *, const struct parser_file *, struct store *);
/* Whether its process is there and in the middle of nothing. */
bool parser_waits(const struct parser *);
/* Sends what was given ahead, as far as that goes at once; what is left goes
 * when the first of it is in hand. */
void parser_send(struct parser *);
/* How many were given ahead for which parser_file is still to come: none where
 * their process has ended, so they may be given again. */
size_t parser_has_ahead(const struct parser *);
/* What was given ahead is not wanted any more.  Null: nothing was. */
void parser_forget_ahead(struct parser *);
/* Whether the file in hand was: then of parser_lookups and parser_record none
 * is called, and parser_skip only where it is not recorded. */
bool parser_is_ahead(const struct parser *);

/*
 * Gives a large file to be judged while it still comes.  Nothing of it is there
 * at first; each call of parser_early_on says how many bytes are, and gives
 * those of them that were asked for.  Then parser_file has to come for the same
 * file, all of which is there now, by a source that may be another one.  When
 * one of the two has failed, only parser_free may be called.
 */
enum tally_rc parser_early(struct parser *, const struct parser_file *,
    struct tally_err *) TALLY_MUST_USE;
enum tally_rc parser_early_on(
    struct parser *, uint64_t there, struct tally_err *) TALLY_MUST_USE;

/*
 * The next interchange of the file, *out null behind the last, and what was
 * found; both live until the next call.  Before that one of parser_skip and
 * parser_record says what becomes of it.
 */
enum tally_rc parser_judged(struct parser *,
    struct tally_interchange_judged **out, const struct tally_findings **list,
    struct tally_err *) TALLY_MUST_USE;
void parser_skip(struct parser *);

/*
 * Of a file with suppose only the envelopes are read before parser_judged:
 * they have no mistake, and so it is supposed of what is in them, which is
 * most often so and takes a fraction of the time.  All of it is checked while
 * it is recorded: with its last batch it is certain.  Where it is not so any
 * call fails and parser_otherwise tells; what was recorded is to be taken
 * back, and the file to be read without suppose.
 */
bool parser_supposed(const struct parser *);
/* Whether a file is too large to be supposed: what is lost where it is not so
 * is the recording of all of it. */
bool parser_is_large(uint64_t size);
bool parser_otherwise(const struct parser *);

/* The cross-references of the file's partner, before parser_record; kept for
 * later ones until parser_forget_lookups. */
enum tally_rc parser_lookups(
    struct parser *, struct store *, struct tally_err *) TALLY_MUST_USE;
void parser_forget_lookups(struct parser *);

/*
 * Begins to record, and what comes of it: WIRE_BATCH, in g, which is emptied
 * first, or WIRE_ANSWERS, in answers.  The batch with g->last is the end.
 * Where much comes, it and the file's bytes are read by a thread: up to the
 * end, or parser_stop, neither its source nor the parser may be used otherwise.
 */
void parser_record(struct parser *, const struct wire_record *);
enum tally_rc parser_next(struct parser *, struct gathered *g,
    struct wire_answers *answers, enum wire_kind *, struct tally_err *)
    TALLY_MUST_USE;
/* Nothing more is wanted of what is recorded, nor of the file. */
void parser_stop(struct parser *);

/* Whether the newest call failed because the parser did: it died, or ought to
 * have.  The error then says how; it is TALLY_TEMP where the parser had not
 * even begun, so the file is not the cause. */
bool parser_died(const struct parser *);

#endif
