/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dictionary: what X12 says of elements, composites, segments and
 * transaction sets, as tables.
 *
 * The tables of the versions that the product knows are compiled in, made
 * from the text in src/dictionary by a tool of the build.  A site's own text
 * is read into the same structs when a program starts.  Everything reachable
 * from a dictionary is immutable and lives as long as the dictionary (for
 * ever, for the compiled ones).
 *
 * Positions of elements count from 1, as in BEG03.  Masks have bit k set for
 * element k.
 */
#ifndef TALLYMAN_DICTIONARY_H
#define TALLYMAN_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"

enum tally_type {
	TALLY_AN = 1, /* string */
	TALLY_ID,     /* code, trailing blanks not significant */
	TALLY_DT,     /* date, 6 or 8 digits by length */
	TALLY_TM,     /* time, HHMM[SS[d[d]]] */
	TALLY_R,      /* decimal with explicit point */
	TALLY_N,      /* number, implied decimals */
	TALLY_B,      /* binary */
	TALLY_COMPOSITE
};

#define TALLY_UNBOUNDED    0  /* of a maximum: no limit */
#define TALLY_ELEMENTS_MAX 62 /* elements that a segment spec can have */

/* A number whose last digit follows from the others. */
enum tally_check {
	TALLY_CHECK_NONE,
	TALLY_CHECK_GTIN,
	TALLY_CHECK_SSCC,
	TALLY_CHECK_ISBN
};

struct tally_code {
	const char *code;
	const char *meaning; /* our own words; "" when not known */
	/* enum tally_check: of the element behind this one, in a segment */
	uint8_t check;
};

/* A relational note (X12.6, 3.8): P paired, R at least one, E at most one,
 * C if the first then all others, L if the first then at least one other. */
struct tally_note {
	char kind;     /* P R E C L */
	uint8_t first; /* position named first; matters for C and L */
	uint64_t mask; /* all positions named, the first included */
};

struct tally_element;

/* One element of a segment, or one component of a composite. */
struct tally_use {
	const struct tally_element *element;
	char requirement; /* M mandatory, O optional, X relational */
	uint16_t repeat;  /* maximum, 1 in most; TALLY_UNBOUNDED */
};

struct tally_element {
	const char *id;    /* "324", "I01", "C040" */
	const char *name;  /* our own short name */
	uint8_t type;      /* enum tally_type */
	uint8_t decimals;  /* of TALLY_N */
	uint32_t min, max; /* characters, sign and point not counted */
	const struct tally_code *code; /* sorted by byte; null: any value */
	uint32_t ncode;
	bool open;   /* other codes exist: one that is not here is a note */
	bool checks; /* some of the codes have a check */
	/* of a composite only */
	const struct tally_use *use;
	uint8_t nuse;
	const struct tally_note *note;
	uint8_t nnote;
};

/* A segment with no uses is one that exists, but that no set here has. */
struct tally_segment_spec {
	char tag[4]; /* "N1", terminated */
	const char *name;
	const struct tally_use *use;
	uint8_t nuse;
	const struct tally_note *note;
	uint8_t nnote;
};

/* A row of a transaction set's table. */
struct tally_place {
	const char *pos; /* area and printed position: "1.310", "1.-" */
	const struct tally_segment_spec *segment;
	char requirement; /* M or O, within its loop */
	uint32_t max;     /* TALLY_UNBOUNDED */
	uint16_t loop;    /* innermost loop it stands in; 0 the set itself */
};

/* Loop 0 is the set itself.  Places first … last belong to the loop or to
 * one inside it; an instance begins at its first place. */
struct tally_loop {
	const char *path; /* "" for the set, "N1", "PO1/N1" */
	uint16_t parent;
	uint16_t first, last; /* indexes of places */
	char requirement;     /* M or O, within the parent */
	uint32_t max;
};

/*
 * A control total: element of the segment with that tag counts the segments
 * "of", or adds up their element of_element (a hash total).
 */
struct tally_total {
	char tag[4];
	uint8_t element;
	char of[4];
	uint8_t of_element; /* 0: counts */
};

struct tally_set_spec {
	const char *id;         /* "850" */
	const char *version;    /* "004010" */
	const char *functional; /* GS01, "PO" */
	const char *name;
	const struct tally_place *place; /* ST first, SE last */
	uint16_t nplace;
	const struct tally_loop *loop;
	uint16_t nloop;
	const struct tally_total *total;
	uint16_t ntotal;
};

/* One version; segments and elements sorted by tag and id. */
struct tally_version {
	const char *version; /* "004010" */
	const struct tally_element *element;
	uint32_t nelement;
	const struct tally_segment_spec *segment;
	uint32_t nsegment;
	const struct tally_set_spec *set;
	uint32_t nset;
};

/* Versions, sorted by name.  The compiled ones are tally_builtin. */
struct tally_dictionary {
	const struct tally_version *const *version;
	size_t nversion;
};
extern const struct tally_dictionary tally_builtin;

/* A file of dictionary text, and the folder of a version. */
struct tally_dictionary_file {
	const char *name; /* "elements", "codes", "850": decides what it is */
	const char *path; /* for messages */
	struct tally_str text;
};
struct tally_dictionary_folder {
	const char *version; /* "004010" */
	const struct tally_dictionary_file *file;
	size_t nfile;
};

/*
 * A dictionary of what is in base and what the folders say, in any order: a
 * folder without a file "elements" adds to the version of its name, another
 * one is a version of its own, or replaces the one of its name.  Every set of
 * a folder is proved unambiguous.
 *
 * What is read lives in the arena and may point into base and into no text.
 * TALLY_CONFIG with file and line when a text is wrong, TALLY_NOMEM when the
 * arena is full; *out is then left alone.
 */
enum tally_rc tally_dictionary_load(struct tally_dictionary *out,
    struct tally_arena *, const struct tally_dictionary *base,
    const struct tally_dictionary_folder *, size_t nfolder, struct tally_err *)
    TALLY_MUST_USE;

/*
 * Look-ups; null when there is no such thing.  A GS08 such as "004010VICS"
 * is found by its first six bytes.
 */
const struct tally_version *tally_version_find(
    const struct tally_dictionary *, struct tally_str version);
/* The version whose number is nearest to a GS08, of two the later one; null
 * when GS08 does not begin with six digits, or there are no versions. */
const struct tally_version *tally_version_nearest(
    const struct tally_dictionary *, struct tally_str version);
const struct tally_set_spec *tally_set_find(
    const struct tally_version *v, struct tally_str id);
const struct tally_segment_spec *tally_segment_find(
    const struct tally_version *v, struct tally_str tag);
const struct tally_element *tally_element_find(
    const struct tally_version *v, struct tally_str id);
const struct tally_code *tally_code_find(
    const struct tally_element *e, struct tally_str code);

/*
 * The name of a place in the grammar, the path of loops and the segment's tag,
 * "PO1/N1/PER"; of a segment that stands at several places of a loop those
 * behind the first have their number, "REF#2".  And the place of a name: -1
 * for none.
 */
void tally_place_name(
    struct tally_buf *, const struct tally_set_spec *, uint16_t place);
int tally_place_find(const struct tally_set_spec *, struct tally_str name);

/* A note in words: "all or none of elements 03 04". */
void tally_note_words(const struct tally_note *, char *to, size_t size);

#endif
