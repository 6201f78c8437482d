/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading X12: bytes to interchanges, groups and transaction sets, and a
 * transaction set against its grammar.
 *
 * A reader pulls bytes from a source and gives units one after the other,
 * always properly nested: a trailer that is missing is a finding, and the
 * unit that it would have ended is ended all the same.  Nothing is copied:
 * views point into the reader's window and live until the next call.  Memory
 * is bounded by the largest transaction set (tally_limits), not by the file.
 */
#ifndef TALLYMAN_X12_H
#define TALLYMAN_X12_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/dictionary.h"
#include "tallyman/err.h"
#include "tallyman/finding.h"
#include "tallyman/str.h"

/* The separators of an interchange, as its ISA declares them (X12.5). */
struct tally_separators {
	unsigned char element;
	unsigned char segment;
	unsigned char component;
	unsigned char repetition; /* 0: none (ISA11 is a letter or digit) */
};

/*
 * One segment of a set.  Element k (1 … n) lies between separators k - 1 and
 * k: use tally_element().
 */
struct tally_segment {
	uint32_t tag;   /* tally_tag("N1") */
	uint32_t n;     /* elements behind the tag */
	uint32_t start; /* offset of the tag's first byte from set->bytes */
	uint32_t pos;   /* index in set->pos of the separator behind the tag */
	uint32_t loop;  /* loop instance it belongs to (checker) */
	uint16_t place; /* grammar place, TALLY_NOWHERE (checker) */
	/* Of segments with the same number, unless it is 0, place, tag, n and
	 * present are the same, and so is each element of type ID for which the
	 * dictionary lists codes, with the separator behind it (checker, see
	 * set->known). */
	uint16_t like;
	/* Elements 1 … 63 that are not empty, bit k for element k (checker,
	 * where the segment is one of the set's). */
	uint64_t present;
	/* Of these, those that may be anything: all others are of their type
	 * by X12, have no blank at the right, and if they are decimals neither
	 * sign nor exponent, nor a zero that says nothing before the point, nor
	 * a point at either end (checker, likewise). */
	uint64_t odd;
};
#define TALLY_NOWHERE UINT16_MAX

/* Tags as numbers, so that comparing is one instruction. */
static inline uint32_t
tally_tag_of(const char *p, size_t n)
{
	uint32_t t = 0;

	for (size_t i = 0; i < n && i < 4; i++)
		t = t << 8 | (unsigned char)p[i];
	return t;
}
#define tally_tag(lit) tally_tag_of(lit, sizeof(lit) - 1)

/* An instance of a loop, made by the checker.  Instance 0 is the set. */
struct tally_instance {
	uint32_t parent; /* instance that encloses it */
	uint32_t first;  /* its first segment */
	uint16_t loop;   /* index in set_spec->loop */
};

/*
 * The segments of a transaction set from ST to SE (or of an envelope segment
 * alone).  A view: valid until the next tally_reader_next.
 */
struct tally_set {
	const unsigned char *bytes;
	const uint32_t *pos; /* separators: offsets from bytes */
	struct tally_segment *segment;
	uint32_t nsegment;
	const struct tally_instance *instance; /* null until checked */
	uint32_t ninstance;
	const struct tally_set_spec *spec; /* null until checked */
	/*
	 * Who remembers the numbers in segment->like, that it may say so; null
	 * until checked.  *known is null again when there is another checker,
	 * or numbers begin anew: what was remembered of them then holds no
	 * more.
	 */
	const void **known;
	struct tally_separators separators;
	/* Elements are known to hold printable ASCII alone. */
	bool plain;
	uint64_t offset; /* of bytes[0] in the file */
	uint64_t start;  /* in the file: first byte of the first segment */
	uint64_t length; /* to the last segment's terminator, inclusive */
};

/* Element k of a segment; the empty view where the segment is shorter.
 * Trailing blanks, if any, are part of it. */
static inline struct tally_str
tally_element(
    const struct tally_set *set, const struct tally_segment *s, uint32_t k)
{
	uint32_t from;

	if (k == 0 || k > s->n)
		return tally_str("", 0);
	from = set->pos[s->pos + k - 1] + 1;
	return tally_str(set->bytes + from, set->pos[s->pos + k] - from);
}

static inline struct tally_str
tally_segment_tag(const struct tally_set *set, const struct tally_segment *s)
{
	return tally_str(set->bytes + s->start, set->pos[s->pos] - s->start);
}

/*
 * Part i (from 0) of a value that sep divides; false behind the last.
 * Serves components and repetitions alike.
 */
bool tally_part(
    struct tally_str value, unsigned char sep, uint32_t i, struct tally_str *);

/* Where a reader gets its bytes: like read(2), *got = 0 at the end. */
struct tally_source {
	enum tally_rc (*read)(void *ctx, void *buf, size_t max, size_t *got,
	    struct tally_err *err);
	void *ctx;
};

/* One that gives the bytes of a view, which it moves on; borrowed. */
struct tally_source tally_source_str(struct tally_str *);

enum tally_unit_kind {
	TALLY_UNIT_END,         /* of the input */
	TALLY_UNIT_INTERCHANGE, /* ISA; set holds that segment */
	TALLY_UNIT_TA1,         /* a TA1 segment */
	TALLY_UNIT_GROUP,       /* GS */
	TALLY_UNIT_SET,         /* ST … SE; SE may be missing */
	TALLY_UNIT_GROUP_END,   /* GE, or where it should have been */
	TALLY_UNIT_INTERCHANGE_END
};

struct tally_unit {
	enum tally_unit_kind kind;
	bool complete; /* the trailer was there */
	/* A set over its limit, given without its segments; or one with binary
	 * data of a wrong length, given without those behind it. */
	bool unreadable;
	uint64_t offset;       /* in the file, of its first byte */
	uint64_t end;          /* in the file, behind its last byte */
	uint32_t count;        /* sets of a group, groups of an interchange */
	struct tally_set *set; /* null for END and for a missing trailer */
};

/* Maxima of what an outsider controls.  limits.h has the defaults and why. */
struct tally_limits {
	uint32_t segment_bytes;
	uint32_t set_bytes;
	uint32_t set_segments;
	uint32_t findings;     /* kept per file; the rest is counted */
	uint32_t findings_set; /* kept per transaction set */
};
extern const struct tally_limits tally_limits_default;

struct tally_reader;

/*
 * Begin to read.  Findings about envelopes go to findings, each before the
 * unit it belongs to is ended: those of ISA and IEA have level INTERCHANGE,
 * of GS and GE level GROUP, of ST and SE level SET.  Source, findings and
 * limits are borrowed until tally_reader_free.  offset is the place in the
 * file of the first byte that the source gives.
 */
enum tally_rc tally_reader_new(struct tally_reader **, struct tally_source,
    uint64_t offset, const struct tally_limits *, struct tally_findings *,
    struct tally_err *) TALLY_MUST_USE;
void tally_reader_free(struct tally_reader *);
/* Begins to read another source, as a new reader would. */
void tally_reader_again(
    struct tally_reader *, struct tally_source, uint64_t offset);

/*
 * The version of the sets that come, borrowed; null, as in the beginning: none
 * is known.  It says which segments hold binary data behind its length, that
 * may contain separators.
 */
void tally_reader_version(struct tally_reader *, const struct tally_version *);

/* The next unit.  Fails only when the source fails or memory ends. */
enum tally_rc tally_reader_next(struct tally_reader *, struct tally_unit *,
    struct tally_err *) TALLY_MUST_USE;

/*
 * A grammar is a set_spec compiled for the checker.  It borrows the version
 * and the spec.  Fails with TALLY_CONFIG when the spec is ambiguous: one tag,
 * from one place, could mean two places.  err->line is then the ordinal of
 * the latter in the spec, from 1, and err->file empty.
 */
struct tally_grammar;
enum tally_rc tally_grammar_new(struct tally_grammar **,
    const struct tally_version *, const struct tally_set_spec *,
    struct tally_err *) TALLY_MUST_USE;
void tally_grammar_free(struct tally_grammar *);

/* Grammars kept for all sets that come: each is compiled once, however often
 * its set and version were copied.  Those it was first asked for with stay. */
struct tally_grammars {
	struct tally_grammar **v; /* owned */
	size_t n;
};
enum tally_rc tally_grammars_get(struct tally_grammars *,
    const struct tally_version *, const struct tally_set_spec *,
    const struct tally_grammar **, struct tally_err *) TALLY_MUST_USE;
void tally_grammars_free(struct tally_grammars *);

struct tally_checker;
enum tally_rc tally_checker_new(struct tally_checker **,
    const struct tally_limits *, struct tally_err *) TALLY_MUST_USE;
void tally_checker_free(struct tally_checker *);

/* Characters that are agreed on for texts and codes: any that are no control
 * characters, or those of X12's basic or extended set, or any of UTF-8. */
enum tally_characters {
	TALLY_CHARACTERS_ANY,
	TALLY_CHARACTERS_BASIC,
	TALLY_CHARACTERS_EXTENDED,
	TALLY_CHARACTERS_UTF8
};
/* What holds for the sets that come, before any as after others. */
void tally_checker_again(struct tally_checker *, enum tally_characters);

/*
 * Rules over the standard's, such as those of a partner's guide.  Both
 * functions see the set with places and instances; while it is being checked,
 * as far as it has been.
 */
typedef void tally_report_fn(void *ctx, const struct tally_finding *);
struct tally_rules {
	void *ctx;
	/* Whether a finding of the standard's does not hold here. */
	bool (*withdraws)(
	    void *ctx, const struct tally_set *, const struct tally_finding *);
	/* Reports what else is wrong with a set that has been checked.  Fails
	 * only for want of memory. */
	enum tally_rc (*check)(void *ctx, const struct tally_set *,
	    tally_report_fn *, void *report_ctx, struct tally_err *);
};
/* The rules for the sets that come, borrowed; null: the standard's alone. */
void tally_checker_rules(struct tally_checker *, const struct tally_rules *);

/*
 * Checks a set against a grammar: order, requirement and number of segments
 * and loops, every element's requirement, type, length, codes, relational
 * notes, CTT.  Fills in what segments and the set have of the checker.
 * Findings are appended, in order of place.  Fails only for want of memory.
 * What is learnt of a grammar is used for the next set: it has to live as long
 * as the checker.
 */
enum tally_rc tally_check(struct tally_checker *, const struct tally_grammar *,
    struct tally_set *, struct tally_findings *, struct tally_err *)
    TALLY_MUST_USE;

/*
 * One value against an element of the dictionary: returns the kind of
 * finding, or TALLY_FINDING_NONE; TALLY_F_code_unlisted is no more than a
 * note.  The value is a single component or repetition, not empty.
 */
enum tally_finding_kind tally_value_check(
    const struct tally_element *, struct tally_str value);

#endif
