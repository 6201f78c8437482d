/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing segments: values to bytes.
 *
 * Nothing that passes through here can break out of its element: bytes that
 * are not printable ASCII, or are a separator of this interchange, are
 * replaced.  Empty elements at a segment's end are left out, as X12.5 asks.
 * What fails is the buffer, so a caller looks once, at the end.
 */
#ifndef TALLYMAN_X12_WRITE_H
#define TALLYMAN_X12_WRITE_H

#include "tallyman/mem.h"
#include "tallyman/x12.h"

struct tally_writer {
	struct tally_buf *out; /* borrowed */
	struct tally_separators separators;
	const char *line_end; /* behind each terminator */
	char replacement;     /* for what cannot be written */
	uint32_t segments;    /* ended since it was last set to 0 */
	uint32_t pending;     /* separators owed before the next element */
};

/* Whether the four are different and none a letter, a digit or a blank. */
bool tally_separators_ok(const struct tally_separators *);

/* The separators have to be ok; line_end is "", "\n" or "\r\n", and nothing
 * where the terminator ends the line itself.  Borrowed. */
void tally_writer_init(struct tally_writer *, struct tally_buf *,
    const struct tally_separators *, const char *line_end);

/* Whether every byte can be written as it is. */
bool tally_write_fits(const struct tally_writer *, struct tally_str);

void tally_write_begin(struct tally_writer *, const char *tag);
/* The next element; empty ones count but are written when they must be. */
void tally_write_str(struct tally_writer *, struct tally_str);
void tally_write_cstr(struct tally_writer *, const char *);
void tally_write_char(struct tally_writer *, char);
void tally_write_number(struct tally_writer *, uint64_t, int width);
/* Cut or filled with blanks to the width, as ISA wants. */
void tally_write_fixed(struct tally_writer *, const char *, size_t width);
/* A composite of numbers; the second and the third are left out where 0. */
void tally_write_position(struct tally_writer *, uint32_t, uint32_t, uint32_t);
/* One byte as it is: ISA11 and ISA16 hold separators. */
void tally_write_raw(struct tally_writer *, unsigned char);
void tally_write_end(struct tally_writer *);

#endif
