/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A large file is judged while it is received.
 *
 * One that is too large to be supposed without a mistake has to be read to its
 * end before anything of it is recorded, and while it comes there is nothing
 * else to be done.  So it is given to a parser of its own, which reads behind
 * what is written to spool/, and waits with what it says until the file is in
 * hand.  What is judged is a function of the bytes, so it holds for the file
 * that has them: see early_take.  Where anything fails the file is read when
 * it is in hand, as any other, by a new process; so it is where the parser
 * dies meanwhile, which nobody is told of: that it does will be seen then.
 */
#ifndef TALLYMAN_FLOW_EARLY_H
#define TALLYMAN_FLOW_EARLY_H

#include "flow/flow.h"

struct early;
struct parser;

/*
 * Begins with a file of a mailbox that will have that size, for which in is
 * made.  Null: it is not judged before it is in hand.  What belongs to it may
 * be used by another thread, which makes no other calls meanwhile; but it is
 * begun, and handed on, by the run's.
 */
struct early *early_begin(struct flow *, const struct site_mailbox *,
    uint64_t size, struct store_incoming *in);
/* Gives what has come.  Trouble ends it: then *early is null; and null may be
 * given. */
void early_go_on(struct early **early);
/* All of it has come, and is kept: in is not used any more. */
void early_came(struct early *, const unsigned char sha256[32]);
void early_free(struct early *);
/* In a child of the run: what belongs to its parser is not the child's. */
void early_leave(struct early *);

/* The parser that was given f->early, the caller's, when that has the bytes and
 * the mailbox of the file; else null. */
struct parser *early_take(struct flow *f, const struct store_file *);

#endif
