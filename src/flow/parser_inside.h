/* SPDX-License-Identifier: Apache-2.0 */
/* What parser.c, its process, parser_give.c, parser_talk.c, its frames, and
 * parser_beside.c share. */
#ifndef TALLYMAN_FLOW_PARSER_INSIDE_H
#define TALLYMAN_FLOW_PARSER_INSIDE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/charset.h"
#include "base/hash.h"
#include "base/io.h"
#include "flow/flow.h"
#include "flow/parser.h"
#include "flow/sandbox.h"

#define PARSER_ASKED 128 /* blocks that it may ask for at a time */
/* Files that it is given ahead: enough that it has always something to read. */
#define PARSER_AHEAD 128

/* Where a reader of the file in hand is. */
struct parser_reader {
	struct tally_source source;
	uint64_t at; /* of source */
	bool open;
};

struct parser {
	const struct flow *f;    /* borrowed */
	struct tally_hash *hash; /* owned: for the process */
	struct tally_charset
	    *charset;    /* owned: loaded, so that it can be had */
	pid_t pid;       /* 0: there is none */
	clockid_t clock; /* of what it works, if timed */
	bool timed;
	int from, to;
	struct sandbox_shared shared; /* WIRE_SHARED bytes of files; owned */
	bool ready;                   /* it has begun to work */
	bool busy;                    /* in the middle of a file */
	bool parted; /* it is ending, and is still to be waited for */
	bool died;
	struct tally_buf in; /* what was said, from first on */
	size_t first;
	struct tally_buf out; /* what is to be said, from sent on */
	size_t sent;
	unsigned interrupts; /* of calls, in a row */
	int64_t heard;       /* when it said something, flow_clock_steady */
	int64_t cpu;         /* what it had worked then or soon after; -1: ? */

	/* The file in hand. */
	struct parser_file file;
	uint64_t there; /* so many of its bytes have come */
	bool early;     /* it was given while it came, and is not in hand yet */
	bool ahead;     /* it was given before it was in hand */
	bool skipped;   /* what is said of the interchange is not wanted */
	bool otherwise;
	struct parser_reader reader[WIRE_READERS];
	struct wire_read asked[PARSER_ASKED]; /* a ring */
	size_t first_asked, nasked;
	uint64_t said;   /* bytes, so far */
	int64_t begun;   /* what its process had worked before; -1: ? */
	uint64_t judged; /* up to there */
	struct tally_interchange_judged ic;
	struct tally_findings list;
	struct tally_arena kept;  /* of the interchange */
	struct tally_arena arena; /* of what was said last */
	uint64_t at;              /* behind the newest document */
	uint32_t group;

	/* Files that it was given ahead of the one in hand. */
	size_t nahead, ahead_bytes;
	int64_t ahead_of[PARSER_AHEAD]; /* a ring: which these are */
	size_t first_ahead;
	const struct site_partner *lookups_of; /* that it has; null: none */
	int64_t cpu_ms, silent_ms;             /* PARSER_CPU_MS, PARSER_MS */

	bool (*meanwhile)(void *ctx); /* null: nothing is to be done */
	void *meanwhile_ctx;

	struct parser_beside *beside; /* owned; null: not needed so far */
	atomic_bool stopped;          /* what its thread reads is not wanted */
};

/* Makes the memory in which bytes of files are given to it, once. */
enum tally_rc parser_share(struct parser *, struct tally_err *) TALLY_MUST_USE;
/* Makes the process. */
enum tally_rc parser_start(struct parser *, struct tally_err *) TALLY_MUST_USE;
/* Ends it, at once. */
void parser_end(struct parser *);
/* Ends it for what it did, or has done; fills err and returns its kind. */
enum tally_rc parser_lost(struct parser *, const char *how, struct tally_err *);
/* Milliseconds that its process has worked; -1: that cannot be told. */
int64_t parser_worked(const struct parser *);
/* Whether it is to be given up for what it takes for a file, or, when it is
 * silent, for that; null: not yet. */
const char *parser_slow(struct parser *);
const char *parser_late(struct parser *);

/* Counts what it says; false where that is more than can be said of a file. */
bool parser_says(struct parser *, uint64_t n);

/* Begins a message, which wire_finish ends. */
size_t parser_begin(struct parser *, struct wire *, enum wire_kind);
/* Sends what goes without waiting; or all of it. */
enum tally_rc parser_pump(struct parser *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc parser_flush(struct parser *, struct tally_err *) TALLY_MUST_USE;
/* Takes what is said without waiting for it, up to what is for the caller, and
 * gives what is asked for as far as it is there. */
enum tally_rc parser_serve(struct parser *, struct tally_err *) TALLY_MUST_USE;
/* The next frame that is for the caller; w reads its content, which lives
 * until the next call, or, put into a buffer by parser_keep before anything of
 * it is read, as long as that. */
enum tally_rc parser_receive(struct parser *, enum wire_kind *, struct wire *,
    struct tally_err *) TALLY_MUST_USE;
enum tally_rc parser_keep(struct parser *, struct tally_buf *, struct wire *,
    struct tally_err *) TALLY_MUST_USE;

/* What parser_next gives, read now; answers are in the arena, which is emptied
 * first. */
enum tally_rc parser_read(struct parser *, struct gathered *,
    struct wire_answers *, struct tally_arena *, enum wire_kind *,
    struct tally_err *) TALLY_MUST_USE;

/* Has all that parser_next is still to give read by a thread, as far as there
 * is one to be had.  From then on to the last of it, or to the first that
 * fails, parser_beside_next alone may be called, and parser_stop. */
void parser_beside_start(struct parser *);
bool parser_beside_runs(const struct parser *);
enum tally_rc parser_beside_next(struct parser *, struct gathered *,
    struct wire_answers *, enum wire_kind *, struct tally_err *) TALLY_MUST_USE;
void parser_beside_free(struct parser *);

#endif
