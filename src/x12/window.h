/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window on the input: bytes read ahead, scanned for separators, given as
 * segments.
 *
 * The window holds what lies between `keep` and the end of what was read.  It
 * is moved and grown as needed: what survives reading on is an offset in the
 * file (base + offset in buf) and an index relative to keep_pos.
 */
#ifndef TALLYMAN_X12_WINDOW_H
#define TALLYMAN_X12_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "tallyman/x12.h"
#include "x12/scan.h"

/* Tags that can be stopped at beside those of envelopes. */
#define WINDOW_STOPS 16

struct window {
	struct tally_source source;
	tally_scan_fn *scan;
	unsigned char *buf; /* owned; TALLY_SCAN_PAD bytes behind cap */
	uint32_t cap, len;
	uint32_t keep;               /* what lies before may be dropped … */
	uint32_t keep_pos, keep_end; /* … and of the index, before these */
	uint32_t at;                 /* first byte not yet given */
	uint32_t scanned;            /* to here, with the separators in force */
	uint32_t step;               /* bytes to scan next */
	uint64_t base;               /* offset in the file of buf[0] */
	bool eof;
	struct tally_separators sep;
	uint64_t filler; /* what may stand before a segment, bit c for byte c */
	struct tally_index index;    /* owned */
	uint32_t next_pos, next_end; /* first ones not yet given */
	uint32_t stop[WINDOW_STOPS]; /* tags, see window_stop_at */
	unsigned nstop;
	uint64_t marked; /* bits of the tags to stop at */
	struct {
		uint32_t at, pos, end;
	} back; /* before the newest segment, relative to what is kept */
};

enum tally_rc window_init(struct window *, struct tally_source, uint64_t offset,
    struct tally_err *) TALLY_MUST_USE;
void window_free(struct window *);
/* Another input, in the memory of the one before. */
void window_begin(struct window *, struct tally_source, uint64_t offset);

/* From now on, `at` and what follows is kept. */
void window_keep(struct window *);

/* Bytes from `at` on that are there; reads until at least want are, or the
 * input ends. */
enum tally_rc window_peek(struct window *, uint32_t want, uint32_t *got,
    struct tally_err *) TALLY_MUST_USE;

/* Changes the separators from `at` on. */
void window_separators(struct window *, struct tally_separators);

/* What window_segment found. */
enum window_found {
	WINDOW_SEGMENT, /* *seg: start, pos, n and tag; `at` is behind it */
	WINDOW_END,     /* only blanks are left */
	WINDOW_CUT,     /* the input ends inside a segment; `at` is its start */
	WINDOW_LONG     /* no terminator within the limit; `at` likewise */
};

/*
 * The next segment: line ends, blanks and NULs before it are passed over.
 * seg->start is relative to buf, seg->pos to keep_pos.
 */
enum tally_rc window_segment(struct window *, uint32_t limit,
    enum window_found *, struct tally_segment *seg, struct tally_err *)
    TALLY_MUST_USE;

/* Tags that window_segments stops at beside those of envelopes. */
void window_stop_at(struct window *, const uint32_t *tag, unsigned n);

/*
 * Gives as many segments as lie ready, at most max of them and none that ends
 * beyond offset upto, as window_segment would.  It stops before one that needs
 * a closer look: a segment of an envelope or with binary data, or one over the
 * limit or empty.
 */
uint32_t window_segments(struct window *, uint32_t limit, uint32_t upto,
    struct tally_segment *, uint32_t max);

/* Goes back to the start of the newest segment, given or too long; its tag, or
 * 0 when it has none of up to three bytes. */
uint32_t window_again(struct window *);

/* What window_binary found; anything but a segment leaves `at` at its start. */
enum window_binary {
	WINDOW_BINARY,       /* as WINDOW_SEGMENT */
	WINDOW_NO_DATA,      /* the segment ends before it */
	WINDOW_NO_LENGTH,    /* what should be the length is no number */
	WINDOW_BEYOND_LIMIT, /* the length is */
	WINDOW_BEYOND_INPUT,
	WINDOW_UNENDED /* no terminator behind the data */
};

/*
 * After window_again: that segment, whose last element, the one at position
 * data, holds as many bytes of any kind as the element before it says.
 * limit: of the whole segment.
 */
enum tally_rc window_binary(struct window *, uint32_t limit, unsigned data,
    enum window_binary *, struct tally_segment *seg, struct tally_err *)
    TALLY_MUST_USE;

/* Outside interchanges: passes over line ends, blanks, NULs, byte order marks
 * and Ctrl-Z; *got of up to WINDOW_LOOK bytes are there then. */
#define WINDOW_LOOK 512
enum tally_rc window_pass_harmless(
    struct window *, uint32_t *got, struct tally_err *) TALLY_MUST_USE;
/* At least one byte on, to the next "ISA" or the end. */
enum tally_rc window_pass_text(struct window *, struct tally_err *)
    TALLY_MUST_USE;

/*
 * After WINDOW_CUT: what is left, without white space at its end, as if a
 * terminator followed.  False when it has no tag of up to three bytes.
 */
bool window_last(struct window *, struct tally_segment *seg);

/* Takes the newest segment back: the next call gives it again. */
void window_back(struct window *);

#endif
