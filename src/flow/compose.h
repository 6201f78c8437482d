/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interchanges from documents: the inverse of reading a file.
 *
 * Documents come one after the other, as lines say them (line.h).  Those that
 * follow one another and have the same sender, receiver and so on share an
 * interchange, and in it a group.  What an envelope says comes from the
 * caller, else from the agreement with the partner, else from the document.
 */
#ifndef TALLYMAN_FLOW_COMPOSE_H
#define TALLYMAN_FLOW_COMPOSE_H

#include "flow/line.h"
#include "flow/lookups.h"
#include "flow/maps.h"

/* What the caller asks for; null or 0: it does not say. */
struct compose_asked {
	const char *sender_qualifier, *sender;
	const char *receiver_qualifier, *receiver;
	const char *map, *version, *hierarchy;
	char usage;
	/* Those that are not null win over what is agreed on. */
	const struct tally_separators *separators;
	const enum site_line_end *line_end;
	const char *replacement; /* one character, or none */
	uint32_t control;        /* of the first interchange and group */
};

/* Draws the next number of "interchange" or "group" for a pair. */
typedef enum tally_rc compose_number_fn(void *ctx, const char *level,
    const char *sender, const char *receiver, uint32_t *number,
    struct tally_err *);

struct compose_options {
	struct maps *maps;
	const struct tally_dictionary *dictionary;
	const struct site_partner *partner; /* whom it is for, or null */
	const struct lookups *lookups;      /* of the partner, or null */
	struct compose_asked asked;
	compose_number_fn *number; /* null: as asked, else the document's own */
	void *ctx;
	char date[9], time[5]; /* now, CCYYMMDD and HHMM */
	size_t max;            /* bytes of all that is written */
};

struct compose;
/* The options are copied; what they point to is borrowed. */
enum tally_rc compose_new(struct compose **, const struct compose_options *,
    struct tally_err *) TALLY_MUST_USE;
void compose_free(struct compose *);

/*
 * Appends a document.  TALLY_DATA with file and line when the line lacks what
 * is needed or its records are not right; what the map cannot write is among
 * the findings, and then the document is not there.
 */
enum tally_rc compose_add(struct compose *, const char *file,
    const struct tally_json *line, struct tally_findings *, struct tally_err *)
    TALLY_MUST_USE;

/* The business key of a document that is there, by its place among them; empty
 * where it has none.  Lives until compose_free. */
struct tally_str compose_key(const struct compose *, size_t);

/* Ends the last interchange.  The bytes live until compose_free. */
enum tally_rc compose_end(struct compose *, struct tally_str *bytes,
    struct tally_err *) TALLY_MUST_USE;

#endif
