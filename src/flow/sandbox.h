/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that gives up all it could do but to compute and to talk to one
 * other: no files, no network, no other process, no memory without end, no new
 * code.  Each of it is forbidden by more than one mechanism, as far as the
 * kernel has them.
 */
#ifndef TALLYMAN_FLOW_SANDBOX_H
#define TALLYMAN_FLOW_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "tallyman/err.h"

struct sandbox {
	int from, to;  /* what is read from and written to */
	size_t memory; /* bytes that it may map, beside what it has */
};

/*
 * For ever.  In a process of one thread that was made by fork and is to end
 * with the one that made it.  Afterwards descriptor 0 is from, 1 is to, and
 * there is no other, also when it fails; memory that was shared with others is
 * gone where it could be written to; a system call that computing does not
 * need ends the process with SIGSYS.  What the kernel has not is left out;
 * fails where it refuses what it has.
 */
enum tally_rc sandbox_enter(const struct sandbox *, struct tally_err *)
    TALLY_MUST_USE;

/* Memory that the process which makes it writes, and one that it makes later,
 * in the sandbox, can read, whatever it tries. */
struct sandbox_shared {
	char *writable;
	const char *readable; /* the same bytes */
	size_t n;
};
enum tally_rc sandbox_share(
    struct sandbox_shared *, size_t n, struct tally_err *) TALLY_MUST_USE;
void sandbox_unshare(struct sandbox_shared *); /* all zero: does nothing */

/* Whether this program was built with it. */
bool sandbox_is_built(void);

/* Ends such a process. */
void sandbox_exit(int status) TALLY_NORETURN;

/* Whether a failed request for memory was one too many for it, not for the
 * machine. */
bool sandbox_is_full(const struct sandbox *);

/* What this kernel, or this build, lacks, one after the other: what it is and
 * what is lost without.  Null behind the last. */
const char *sandbox_missing(unsigned i);

#endif
