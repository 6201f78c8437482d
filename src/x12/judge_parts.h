/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging: what its files share.
 *
 *   judge.c           the units of the input, and transaction sets
 *   judge_envelope.c  interchanges and groups, and findings about them
 *
 * The reader adds findings of any level on its way to the next unit.  After
 * each call they are sorted out: those of the interchange and of the group
 * are set aside until it ends, so that the findings of each thing stand
 * together and a span can name them.
 */
#ifndef TALLYMAN_X12_JUDGE_PARTS_H
#define TALLYMAN_X12_JUDGE_PARTS_H

#include "tallyman/judge.h"

/* Findings set aside; few, since each kind occurs once or twice. */
#define ASIDE_MAX 64
struct aside {
	struct tally_finding v[ASIDE_MAX];
	size_t n;
	size_t errors, warnings;
};

struct tally_judge {
	struct tally_judge_options options;
	struct tally_reader *reader;
	struct tally_checker *checker;
	struct tally_findings findings;
	struct tally_interchange_judged ic;
	struct tally_group_judged *group; /* owned */
	size_t *first_set; /* of each group, index in set; owned */
	size_t groups_max;
	struct tally_set_judged *set; /* of all groups; owned */
	size_t nset, sets_max;
	struct tally_grammars *grammars, own_grammars;
	const struct tally_version *version; /* of the group; null: unknown */
	/* Of the last set that was looked up, or null; and its version. */
	const struct tally_set_spec *spec;
	const struct tally_version *spec_of;
	struct aside of_interchange, of_group;
	bool functional_told, seen_any, seen_bytes;
	bool group_taken, interchange_taken; /* with a set that is rejected */
};

/* Takes the findings of envelopes out of those from `from` on. */
void judge_sort_out(struct tally_judge *, size_t from);
/* A finding about the group's header, set aside at once. */
void judge_add_finding(struct tally_judge *, enum tally_finding_kind,
    uint64_t offset, uint16_t element, struct tally_str value,
    const char *expected);

/* Without blanks at the end, as far as there is room. */
void judge_copy(char *to, size_t size, struct tally_str);
enum tally_verdict judge_verdict(size_t errors, size_t warnings);

void judge_begin_interchange(struct tally_judge *, const struct tally_unit *);
enum tally_rc judge_begin_group(
    struct tally_judge *, const struct tally_unit *, struct tally_err *);
void judge_end_group(struct tally_judge *, const struct tally_unit *);
void judge_end_interchange(struct tally_judge *, const struct tally_unit *);

#endif
