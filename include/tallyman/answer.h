/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: what inbound acknowledgements say about what was sent.
 *
 * TA1, 997, 999 and 824 are read into verdicts, each on an interchange, a
 * group or a transaction set.  They are read by the tags of their segments,
 * not by their grammar: one with mistakes says something, too.
 */
#ifndef TALLYMAN_ANSWER_H
#define TALLYMAN_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/ack.h"
#include "tallyman/err.h"
#include "tallyman/x12.h"

enum tally_answer_level {
	TALLY_ANSWER_INTERCHANGE, /* TA1 */
	TALLY_ANSWER_GROUP,       /* AK1 and AK9 */
	TALLY_ANSWER_SET          /* AK2 and AK5, IK5, or OTI */
};

/* A fault that is told: AK3, IK3, AK4, IK4 or TED.  Views are the set's. */
struct tally_answer_note {
	struct tally_str tag, loop;
	struct tally_str segment;  /* ordinal in the set, as sent */
	struct tally_str position; /* "3", "3>1": of the element */
	struct tally_str code, value;
	struct tally_str text; /* of a TED */
};

/* One verdict.  What does not apply is empty.  Views are the set's. */
struct tally_answer {
	const char *kind; /* "TA1", "997", "999", "824" */
	enum tally_answer_level level;
	/* What it answers. */
	struct tally_str functional, group, version; /* AK101 … 103 */
	struct tally_str set, control; /* AK201, 202; TA101 in control */
	struct tally_str date, time;   /* TA1 */
	/* An enum tally_verdict, or another letter of AK501 that rejects; 0:
	 * none was said. */
	char verdict;
	struct tally_str code[5]; /* AK502 …, AK905 …, TA105 */
	struct tally_str included, received, accepted; /* AK902 … 904 */
	size_t note, nnote; /* in tally_answers.note */
};

struct tally_answers {
	struct tally_answer *v; /* owned, as note */
	size_t n, max;
	struct tally_answer_note *note;
	size_t nnote, notes_max;
};

/* Whether a transaction set of that name is an answer. */
bool tally_answers_is(const char *set);

/* Reads a 997, 999, 824 or TA1 segment into *out, instead of what is there;
 * a group's verdict stands behind those of its sets. */
enum tally_rc tally_answers_read(struct tally_answers *out,
    const struct tally_set *, struct tally_err *) TALLY_MUST_USE;
void tally_answers_free(struct tally_answers *);

#endif
