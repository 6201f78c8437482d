/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that reads what partners sent: what its files share, and how it
 * begins.  The other end is parser.h.
 *
 *   parse.c       its loop: a file, its interchanges
 *   parse_talk.c  frames, and the bytes of the file that come in them
 *   parse_set.c   the second pass: sets through their maps into batches
 *
 * The first pass over an interchange gives the verdict, which is needed before
 * anything of it is recorded.  Where that can be taken back it reads envelopes
 * alone; if they are without a mistake the interchange is supposed to be, and
 * the second pass, which checks what the first did not, ends where it is not.
 *
 * It has configuration, dictionary, maps and guides by fork, a way to the run,
 * and nothing else: see sandbox.h.
 */
#ifndef TALLYMAN_FLOW_PARSE_H
#define TALLYMAN_FLOW_PARSE_H

#include "base/hash.h"
#include "flow/sandbox.h"
#include "flow/guides.h"
#include "flow/lookups.h"
#include "flow/maps.h"
#include "flow/site.h"
#include "flow/wire.h"
#include "tallyman/judge.h"

enum { PARSE_FIRST, PARSE_SECOND, PARSE_READERS = WIRE_READERS };

/* The bytes of a file from one place on. */
struct feed {
	uint64_t at;      /* of the next byte that is given, in the file */
	uint64_t asked;   /* to there they were asked for */
	uint64_t end;     /* there are none behind that */
	const char *ring; /* WIRE_AHEAD; shared with the run, which writes */
	size_t first, n;
};

struct parse {
	const struct site *site; /* borrowed, as the next three */
	const struct tally_dictionary *dictionary;
	struct maps *maps;
	struct guides *guides;
	struct tally_hash *hash; /* borrowed */
	const char *shared;      /* WIRE_SHARED bytes; borrowed */
	struct sandbox box;
	struct tally_buf in, out; /* content of a frame; frames to be sent */
	size_t taken, ncame;      /* of what came */
	char came[64 << 10];
	struct tally_arena scratch;
	struct feed feed[PARSE_READERS];
	struct tally_buf whole; /* a file that came at once */
	struct lookups *lookups;
	struct tally_grammars grammars;
	/* Of files that came at once, for the next ones; owned, or null. */
	struct tally_judge *judge[PARSE_READERS];
	struct guides_choice choice;
	struct tally_residues residues;
	struct wire_answers answers;
	struct gathered g;

	/* The file in hand. */
	struct wire_file file;
	const struct site_partner *partner; /* null: none */
	/* The interchange in hand, as judged, and what is wanted of it. */
	const struct tally_interchange_judged *ic;
	struct tally_judge *second;
	bool otherwise; /* it is not as it was supposed */
	struct wire_record asked;
	size_t chosen;  /* of those asked for */
	uint64_t seen;  /* sets that the second pass has met */
	uint32_t group; /* index of the one that it is in */
};

/* Works until the other end is closed.  What p needs to be set before are the
 * borrowed ones and box. */
void parse_work(struct parse *) TALLY_NORETURN;

/* Ends at once, with the reason. */
void parse_refuse(struct parse *, struct tally_err *) TALLY_NORETURN;

/* Sends what is in out, at the latest before something is waited for: what is
 * said of files that came at once goes together. */
enum tally_rc parse_send(struct parse *, struct tally_err *) TALLY_MUST_USE;
void parse_flush(struct parse *);
/* The next frame that is not bytes of the file: its kind, its content in w. */
enum wire_kind parse_receive(struct parse *, struct wire *);
/* Takes in the bytes of a file that come at once. */
void parse_take(struct parse *);
/* Begins to read the file from one place to another. */
struct tally_source parse_source(
    struct parse *, int reader, uint64_t from, uint64_t end);
/* Takes in, and forgets, the bytes that are still to come. */
void parse_forget(struct parse *);

/* A planted fault: whether the bytes have had their effect. */
bool parse_poisoned(struct parse *, const char *bytes, size_t n);

/* Whether nothing at all was found. */
bool parse_is_clean(const struct tally_judge *);
/* Ends the file, which was supposed to be without a mistake and is not. */
enum tally_rc parse_not_so(struct parse *, struct tally_err *);

void parse_judging(struct parse *, struct tally_judge_options *);
/* The judge for a pass over the file in hand, from one place to another; and
 * when that is over, null where there is none. */
enum tally_rc parse_judge(struct parse *, struct tally_judge **, int reader,
    uint64_t from, uint64_t end, const struct tally_judge_options *,
    struct tally_err *) TALLY_MUST_USE;
void parse_judged(struct parse *, struct tally_judge *, int reader);
/* The second pass over p->ic; sends batches and answers as it goes. */
enum tally_rc parse_record(struct parse *, struct tally_err *) TALLY_MUST_USE;

#endif
