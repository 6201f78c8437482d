/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what is wrong, or worth knowing, about a partner's data.
 *
 * finding.def is the one list of kinds; everything else (enum, texts,
 * acknowledgement codes, manual) comes from it.  A list of findings keeps up
 * to a ceiling and counts the rest.
 */
#ifndef TALLYMAN_FINDING_H
#define TALLYMAN_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tallyman/mem.h"
#include "tallyman/str.h"

/* What a finding is about; decides which code it has (see finding.def). */
enum tally_level {
	TALLY_LEVEL_FILE,        /* no code: nobody to tell */
	TALLY_LEVEL_INTERCHANGE, /* TA105 */
	TALLY_LEVEL_GROUP,       /* AK905 */
	TALLY_LEVEL_SET,         /* AK502 */
	TALLY_LEVEL_SEGMENT,     /* AK304 */
	TALLY_LEVEL_ELEMENT      /* AK403 */
};

enum tally_severity {
	TALLY_NOTE,    /* worth knowing, changes nothing */
	TALLY_WARNING, /* accepted with errors */
	TALLY_ERROR    /* rejected */
};

enum tally_finding_kind {
	TALLY_FINDING_NONE,
#define FINDING(name, level, severity, code, what, todo) TALLY_F_##name,
#include "tallyman/finding.def"
#undef FINDING
	TALLY_FINDING_COUNT
};

/* A row of finding.def. */
struct tally_finding_info {
	const char *name; /* "element_too_long" */
	enum tally_level level;
	enum tally_severity severity;
	const char *code; /* X12 code at its level; "" when there is none */
	const char *what; /* one sentence: what is wrong */
	const char *todo; /* one sentence: who has to do what */
};
const struct tally_finding_info *tally_finding_info(enum tally_finding_kind);

/* "segment", "error": as people and programs are told. */
const char *tally_level_name(enum tally_level);
const char *tally_severity_name(enum tally_severity);

/*
 * One finding.  Texts live in the list's arena.  What does not apply is 0 or
 * empty: an envelope finding has no loop, a missing segment no value.
 */
struct tally_finding {
	enum tally_finding_kind kind;
	enum tally_severity severity;
	uint64_t offset;           /* in the file, of the byte to look at */
	uint32_t segment;          /* ordinal in the set, ST is 1 */
	uint16_t element;          /* position in the segment, from 1 */
	uint16_t component;        /* from 1; 0: the whole element */
	uint16_t repetition;       /* from 1; 0: does not repeat */
	uint16_t trigger;          /* element that calls for this one; or 0 */
	const char *tag;           /* segment's tag as sent or as expected */
	const char *loop;          /* path, "PO1/N1" */
	const char *id;            /* element's number, "324" */
	const char *name;          /* element's or segment's name */
	struct tally_str value;    /* as sent, at most 99 bytes, raw */
	struct tally_str expected; /* in words: "1 to 22 characters" */
	/* Where the rule stands that was broken, "acme-850.guide.xml:12"; null
	 * or "": in the standard. */
	const char *rule;
};

/* What an agreement makes of a kind of finding. */
enum tally_treatment {
	TALLY_AS_IT_IS, /* as finding.def says */
	TALLY_IGNORE,   /* a note: changes nothing, and nobody is told */
	TALLY_ACCEPT,   /* a warning */
	TALLY_REJECT    /* an error */
};

/* The kind of a name, TALLY_FINDING_NONE where there is none. */
enum tally_finding_kind tally_finding_find(const char *name);
/* Whether a kind is what it is, whatever is agreed on: what it is found in
 * cannot be read, or is of somebody else. */
bool tally_finding_fixed(enum tally_finding_kind);

struct tally_findings {
	/* Of each kind, an enum tally_treatment; null: all as they are.  The
	 * caller's to set; borrowed. */
	const unsigned char *treatment;
	struct tally_arena arena;
	struct tally_finding *v; /* owned */
	size_t n, cap;
	size_t max;              /* kept at most; of notes half */
	size_t dropped;          /* counted only */
	size_t errors, warnings; /* all, dropped ones included */
	bool failed;             /* memory ended: the list is not complete */
};

void tally_findings_init(struct tally_findings *, size_t max);
void tally_findings_free(struct tally_findings *);
void tally_findings_reset(struct tally_findings *);

/*
 * Append a copy of *f (texts copied, value shortened; severity as agreed on,
 * else from the kind unless f->severity is higher).  Never fails visibly: see
 * failed.
 */
void tally_findings_add(struct tally_findings *, const struct tally_finding *f);
/* Append a copy of one from another list, as grave as it is there. */
void tally_findings_copy(
    struct tally_findings *, const struct tally_finding *f);
/* Only count it, where a caller has kept enough of them. */
void tally_findings_count(
    struct tally_findings *, const struct tally_finding *f);
/* Those from `first` on are treated otherwise: severities and counts. */
void tally_findings_treat(
    struct tally_findings *, size_t first, const unsigned char *treatment);

#endif
