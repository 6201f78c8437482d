/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parser that does not do what it is for: a test writes what it says, and
 * another process stands in for the parser and says it.
 */
#ifndef TALLYMAN_TESTS_LIAR_H
#define TALLYMAN_TESTS_LIAR_H

#include "flow/parser_inside.h"

#define LIAR_SIZE ((uint64_t)300 << 10) /* it is not sent at once */

/* Of a group of tests: a run in a workspace of its own. */
int liar_setup(void **state);
int liar_teardown(void **state);

/* A new parser of that run; what its batches are of. */
enum tally_rc liar_parser(struct parser **, struct tally_err *);
const struct tally_model *liar_model(void);

/* Messages, one behind the other, from the first byte. */
extern struct tally_buf liar_says;

void say_read_to(uint8_t reader, uint64_t offset, uint64_t n, uint64_t to);
void say_read(uint8_t reader, uint64_t offset, uint64_t n);
/* An interchange of two groups, 106 and 300 bytes behind its offset; the
 * verdict is of the first. */
void say_judged(uint64_t offset, uint64_t length, enum tally_verdict group);
/* Two documents at these places of these groups; last of the interchange. */
void say_two(
    uint64_t first, uint32_t group, uint64_t second, uint32_t other, bool last);
void say_batch(uint64_t first, uint32_t group, uint64_t second, uint32_t other);
/* A document of that many rows, which hold one long text all. */
void say_rows(unsigned n);
void say_answers(uint32_t group, uint64_t offset);
void say_bytes(enum wire_kind, const char *bytes, size_t n);

/* Lies that are told at once and later. */
void say_batch_at_once(void); /* before any interchange */
void say_unknown(void);       /* a kind that there is not */
void say_question(void);      /* which nobody can answer */
void say_huge(void);          /* a message over all limits */

/* The file that it is asked about, of LIAR_SIZE bytes. */
extern const struct parser_file liar_file;

/* A process that says all that, waits, and ends with status 3; a silent one
 * could still say something. */
void liar_stand_in(struct parser *, bool silent);

/* Fails the test unless the next file has a parser that works. */
void liar_gone(struct parser *);

#endif
