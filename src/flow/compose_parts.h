/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Composing interchanges: what its files share.
 *
 *   compose.c           documents, each into a buffer of its own
 *   compose_envelope.c  what stands around them: who it is from and for, how
 *                       it is spelled, numbers, opening and closing
 *
 * Envelopes are resolved into structs of fixed size that are filled from zero:
 * two that are equal byte for byte are the same envelope.
 */
#ifndef TALLYMAN_FLOW_COMPOSE_PARTS_H
#define TALLYMAN_FLOW_COMPOSE_PARTS_H

#include "flow/compose.h"
#include "x12/enclose.h"

/* An interchange's envelope; control is the document's own number. */
struct outer {
	char sender_qualifier[4], sender[16];
	char receiver_qualifier[4], receiver[16];
	char date[9], time[5], version[6];
	char control[12];
	char usage;
	bool ta1;
	struct tally_separators separators;
	enum site_line_end line_end;
	char replacement;
	const struct site_mailbox *mailbox; /* that is agreed on, or null */
};

struct inner {
	char functional[4];
	char sender[16], receiver[16];
	char version[13];
	char control[12];
};

struct compose {
	struct compose_options o;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_arena texts; /* of the line in hand */
	struct tally_buf out, body;
	struct tally_writer writer;
	struct outer outer; /* that are open */
	struct inner inner;
	uint32_t outer_control, inner_control, groups, sets;
	uint32_t asked; /* numbers that were given out */
	/* Business keys of all documents, in their order. */
	struct tally_arena keys;
	struct tally_str *key; /* owned */
	size_t nkey, key_cap;
};

/* The document in hand. */
struct doing {
	struct compose *c;
	struct line_read line;
	const struct site_sending *agreed; /* or null */
	const struct site_spelling *spelling;
	const struct tally_set_spec *spec;
	struct outer outer;
	struct inner inner;
	struct tally_err *err;
};

/* What stands behind each segment; by enum site_line_end. */
extern const char *const compose_line_ends[];

/* What is around the document: d->outer, d->inner, agreement and spec. */
enum tally_rc compose_resolve(struct doing *);
/* Whether the document goes into what is open. */
bool compose_goes_on(const struct doing *);
/* Opens what the document needs around it. */
enum tally_rc compose_enclose(struct doing *);
/* Ends what is open. */
void compose_close(struct compose *);

#endif
