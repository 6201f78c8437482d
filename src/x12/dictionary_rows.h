/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows and words of dictionary text, and what its readers share.  Private to
 * dictionary_{text,rows,element,segment,set}.c.
 */
#ifndef TALLYMAN_X12_DICTIONARY_ROWS_H
#define TALLYMAN_X12_DICTIONARY_ROWS_H

#include "dictionary_text.h"

/* A cursor over the rows of a file. */
struct dictionary_rows {
	const char *path;
	const char *p, *end;
	bool continued; /* an indented line continues the row before it */
	unsigned line;  /* of the row that was given last */
	unsigned next;  /* of p */
	struct tally_err *err;
};

/* Begins; refuses bytes outside printable ASCII, tabs and line ends. */
enum tally_rc tally_rows_open(struct dictionary_rows *,
    const struct tally_dictionary_file *, bool continued, struct tally_err *)
    TALLY_MUST_USE;
/* The next row that is not empty, without its comment; false at the end. */
bool tally_rows_next(struct dictionary_rows *, struct tally_str *row);
/* Takes the next word from the row; false when there is none left. */
bool tally_rows_word(struct tally_str *row, struct tally_str *word);
/* TALLY_CONFIG at the row that was given last. */
enum tally_rc tally_rows_error(
    const struct dictionary_rows *, const char *fmt, ...) TALLY_PRINTF(2, 3);
enum tally_rc tally_rows_nomem(const struct dictionary_rows *);
/* A number of at most max, all of the word; false when it is none. */
bool tally_rows_number(struct tally_str word, uint32_t max, uint32_t *out);
/* "-" as TALLY_UNBOUNDED, or a number of 1 … max. */
bool tally_rows_maximum(struct tally_str word, uint32_t max, uint32_t *out);
/* Whether the word is 1 … max capital letters and digits. */
bool tally_rows_id(struct tally_str word, size_t max);
/* The rest of the row as one string, its words a blank apart; null when
 * memory ends. */
char *tally_rows_rest(struct tally_arena *, struct tally_str row);

/* For tally_rows_error: a word as "%.*s". */
#define TALLY_WORD(w) (int)((w).n < 60 ? (w).n : 60), (w).p

/*
 * Elements and composites while they are read, sorted by id.  own: a row of
 * this version's text; else it came from the base.
 */
struct tally_code_slot {
	struct tally_code c;
	bool own;
};
struct tally_element_slot {
	struct tally_element e;
	bool own;
	bool edited;                  /* code holds the list, not e.code */
	struct tally_code_slot *code; /* owned */
	size_t ncode, cap;
};
struct tally_elements {
	struct tally_arena *a;
	struct tally_element_slot *v; /* owned */
	size_t n, cap;
};
void tally_elements_free(struct tally_elements *);
/* Takes over the base's elements. */
enum tally_rc tally_elements_base(struct tally_elements *,
    const struct tally_version *, struct tally_err *) TALLY_MUST_USE;
/* Each reads the file of that name; of composites only what they are called
 * (they are defined when all elements are there). */
enum tally_rc tally_elements_read(struct tally_elements *,
    const struct tally_dictionary_file *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc tally_elements_composites(struct tally_elements *,
    const struct tally_dictionary_file *, struct tally_err *) TALLY_MUST_USE;
enum tally_rc tally_elements_codes(struct tally_elements *,
    const struct tally_dictionary_file *, struct tally_err *) TALLY_MUST_USE;
/* The finished table, in the arena; null when memory ends. */
struct tally_element *tally_elements_finish(struct tally_elements *);

/* The name of a row and its " = "; row is then what stands behind it. */
enum tally_rc tally_rows_name(const struct dictionary_rows *,
    struct tally_arena *, struct tally_str *row, const char **name)
    TALLY_MUST_USE;

/* Defines the composites of v, whose elements are given as writable. */
enum tally_rc tally_dictionary_composites(struct tally_element *,
    struct tally_arena *, const struct tally_version *v,
    const struct tally_dictionary_file *, struct tally_err *) TALLY_MUST_USE;
/* Makes the segments of v from the base's (null: none) and the file's. */
enum tally_rc tally_dictionary_segments(struct tally_version *v,
    struct tally_arena *, const struct tally_version *base,
    const struct tally_dictionary_file *, struct tally_err *) TALLY_MUST_USE;

/* Reads the text of a transaction set; v has its elements and segments. */
enum tally_rc tally_dictionary_set(struct tally_set_spec *,
    struct tally_arena *, const struct tally_version *v,
    const struct tally_dictionary_file *, struct tally_err *) TALLY_MUST_USE;

#endif
