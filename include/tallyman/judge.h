/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging: reader and checker joined, interchange by interchange.
 *
 * A judge reads a source to the end of an interchange and gives the verdict
 * on it; a visitor sees each transaction set on the way, checked.  Judging is
 * a function of bytes, dictionary and limits, so a second pass over the same
 * bytes finds the same.
 *
 * Memory does not grow with the file: of an interchange's sets only the first
 * TALLY_JUDGE_LISTED are listed, and behind them those with findings.
 */
#ifndef TALLYMAN_JUDGE_H
#define TALLYMAN_JUDGE_H

#include "tallyman/ack.h"
#include "tallyman/x12.h"

#define TALLY_JUDGE_LISTED 1000
#define TALLY_JUDGE_GROUPS 10000 /* of an interchange; more are an error */

/* What a visitor is shown of each set; views live for the call. */
struct tally_visit {
	const struct tally_interchange_judged *interchange; /* as far as read */
	const struct tally_group_judged *group;
	const struct tally_set_judged *judged;
	const struct tally_set
	    *set; /* spec null when it could not be checked */
	bool checked;
};

/* What is agreed on about findings. */
enum tally_takes {
	TALLY_TAKES_SET,
	TALLY_TAKES_GROUP,
	TALLY_TAKES_INTERCHANGE
};
struct tally_terms {
	unsigned char treatment[TALLY_FINDING_COUNT]; /* see finding.h */
	enum tally_takes takes; /* what is rejected with a rejected set */
};

struct tally_judge_options {
	const struct tally_limits *limits;
	const struct tally_dictionary *dictionary;
	struct tally_grammars *grammars; /* shared by judges; null: its own */
	/* Called for each set; may be null.  Failing ends the judging. */
	enum tally_rc (*visit)(
	    void *ctx, const struct tally_visit *, struct tally_err *);
	void *ctx;
	/* Called for each TA1 segment, with that alone in the set; may be
	 * null. */
	enum tally_rc (*visit_ta1)(void *ctx,
	    const struct tally_interchange_judged *, const struct tally_set *,
	    struct tally_err *);
	/* Where the dictionary lacks the version of a group, it is read with
	 * the nearest one of these, with a note; null: it is rejected. */
	const struct tally_dictionary *nearest;
	/* Only envelopes are read: sets are not checked, and have no mistake
	 * but those of ST and SE.  Of an interchange without any mistake this
	 * gives what checking gives, in a fraction of the time. */
	bool envelopes;
	enum tally_characters characters; /* that values can have */
	/* Rules over the standard's for a set; *out is null where there are
	 * none.  May be null.  Failing ends the judging. */
	enum tally_rc (*rules_for)(void *rules_ctx,
	    const struct tally_rules **out, const struct tally_set_spec *,
	    const struct tally_group_judged *, const struct tally_set_judged *,
	    struct tally_err *);
	void *rules_ctx;
	/* Whether the number of a group was used in an interchange before; may
	 * be null.  Failing ends the judging. */
	enum tally_rc (*group_used)(void *group_ctx,
	    const struct tally_interchange_judged *,
	    const struct tally_group_judged *, bool *used, struct tally_err *);
	void *group_ctx;
	/* Of envelopes, and of sets for which set_terms has none; null: all
	 * as finding.def says. */
	const struct tally_terms *terms;
	/* Of a set in the version that reads it ("" for none); may be null,
	 * and give null. */
	const struct tally_terms *(*set_terms)(
	    const void *agreements, const char *set, const char *version);
	const void *agreements;
};

struct tally_judge;
enum tally_rc tally_judge_new(struct tally_judge **, struct tally_source,
    uint64_t offset, const struct tally_judge_options *, struct tally_err *)
    TALLY_MUST_USE;
void tally_judge_free(struct tally_judge *);
/* Begins to judge another source, as a new judge would, in the memory of the
 * one before and with what was learnt of its grammars.  The limits are to be
 * the same; versions of a dictionary have to live as long as the judge. */
void tally_judge_again(struct tally_judge *, struct tally_source,
    uint64_t offset, const struct tally_judge_options *);

/*
 * The next interchange; *out is null at the end of the input, where an input
 * without any has the finding not_edi, empty_file or isa_malformed.  What
 * *out and tally_judge_findings give lives until the next call.  Findings
 * about bytes outside interchanges are in the list, but in no span.
 */
enum tally_rc tally_judge_next(struct tally_judge *,
    const struct tally_interchange_judged **out, struct tally_err *)
    TALLY_MUST_USE;
const struct tally_findings *tally_judge_findings(const struct tally_judge *);

#endif
