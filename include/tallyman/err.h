/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the environment: a missing file, a full disk, a bad map.
 *
 * What is wrong with a partner's data is never an error but a finding
 * (finding.h).  A function that can fail returns enum tally_rc and takes a
 * struct tally_err, owned by the caller, as its last parameter; the callee
 * fills it on failure and leaves it alone on success.
 */
#ifndef TALLYMAN_ERR_H
#define TALLYMAN_ERR_H

#include <stdarg.h>
#include <stddef.h>

#if defined(__GNUC__)
#define TALLY_PRINTF(a, b) __attribute__((format(printf, a, b)))
#define TALLY_MUST_USE     __attribute__((warn_unused_result))
#define TALLY_NORETURN     __attribute__((noreturn))
#else
#define TALLY_PRINTF(a, b)
#define TALLY_MUST_USE
#define TALLY_NORETURN
#endif

/* One row per kind of trouble; err.c holds the sysexits code of each. */
enum tally_rc {
	TALLY_OK = 0,
	TALLY_USAGE,       /* the caller asked for something impossible */
	TALLY_DATA,        /* input that cannot be used at all */
	TALLY_NOINPUT,     /* a file that should be there is not */
	TALLY_UNAVAILABLE, /* a partner cannot be reached */
	TALLY_NOMEM,       /* no memory, or a ceiling was reached */
	TALLY_CREATE,      /* an output cannot be made */
	TALLY_IO,          /* reading, writing or the store failed */
	TALLY_TEMP,        /* try again later: busy, full, locked */
	TALLY_PERM,        /* not permitted; a host key that differs */
	TALLY_CONFIG       /* configuration, map or dictionary text */
};

/*
 * What went wrong, in one sentence that says what was found, what was
 * expected and what to do; file and line when a text of the user's is at
 * fault (file is empty and line 0 otherwise).  No newline at the end.
 */
struct tally_err {
	enum tally_rc rc;
	unsigned line;
	char file[256];
	char text[1024];
};

/* Fill *err (which may be null) and return rc, so that callers can write
 * "return tally_err_set(err, TALLY_IO, ...)". */
enum tally_rc tally_err_set(struct tally_err *err, enum tally_rc rc,
    const char *fmt, ...) TALLY_PRINTF(3, 4);
enum tally_rc tally_err_at(struct tally_err *err, enum tally_rc rc,
    const char *file, unsigned line, const char *fmt, ...) TALLY_PRINTF(5, 6);

/* The same for errno: appends ": " and the system's text. */
enum tally_rc tally_err_errno(struct tally_err *err, enum tally_rc rc,
    const char *fmt, ...) TALLY_PRINTF(3, 4);

/* The exit status (sysexits) that belongs to a kind of trouble. */
int tally_rc_exit(enum tally_rc rc);

#endif
