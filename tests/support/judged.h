/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in memory through the judge, everything that came of it kept: for
 * tests that compare one reading with another.
 */
#ifndef TALLYMAN_TESTS_JUDGED_H
#define TALLYMAN_TESTS_JUDGED_H

#include "generate.h"
#include "tallyman/ack.h"
#include "tallyman/finding.h"
#include "tallyman/judge.h"

/* A set as a visitor saw it. */
struct seen {
	uint64_t start, length; /* in the bytes */
	uint32_t nsegment;
	uint64_t places; /* digest of the segments' places and instances */
	bool checked, faithful; /* the segments joined give back the bytes */
	enum tally_verdict verdict;
	char id[8], control[16];
	size_t findings;
};

struct judged {
	struct tally_findings findings; /* of all interchanges */
	struct seen *set;               /* owned */
	size_t nset, cap;
	uint32_t interchanges;
	bool complete;        /* of the last interchange: its IEA is there */
	struct tally_buf ack; /* of each readable one, one behind the other */
	enum tally_ack_form form; /* that is asked for; see judged_run_as */
	struct rnd *vary;         /* list and size of answers; or null */
};

/*
 * Judges bytes that the source gives in pieces: all at once (chunk 0), of
 * chunk bytes, or, where rnd is not null, of 1 … chunk bytes.
 */
void judged_run(
    struct judged *, struct tally_str bytes, size_t chunk, struct rnd *);
/* With a form of answers; with rnd and chunk 0, their list and size vary. */
void judged_run_as(struct judged *, struct tally_str bytes, enum tally_ack_form,
    size_t chunk, struct rnd *);
void judged_free(struct judged *);

/* The kth element of the nth segment with the tag of the answer, valid until
 * the next call; null when there is none.  AK3, AK4 and AK5 are IK3, IK4 and
 * IK5 in a 999.  Whether it is what is wanted. */
const char *judged_told(const struct judged *, const char *tag, int nth, int k);
bool judged_tells(
    const struct judged *, const char *tag, int nth, int k, const char *want);

/* Findings that are not notes. */
size_t judged_faults(const struct judged *);
/* The first of them, as text for a failing test: valid until the next call. */
const char *judged_text(const struct judged *);
const char *finding_text(const struct tally_finding *);

#endif
