/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One escaping function per kind of output; every byte that is not ours goes
 * through one of them.
 */
#ifndef TALLYMAN_BASE_TEXT_H
#define TALLYMAN_BASE_TEXT_H

#include "tallyman/mem.h"
#include "tallyman/str.h"

/*
 * For terminals, logs and error texts: printable ASCII and well-formed
 * UTF-8 as they are, except C0, C1, DEL, line and paragraph separators and
 * the marks that change the direction of writing; everything else as \xNN,
 * a backslash as \\.
 */
void tally_text_safe(struct tally_buf *, struct tally_str);

/* A JSON string with its quotes; bytes that are not UTF-8 as U+FFFD. */
void tally_text_json(struct tally_buf *, struct tally_str);
/* The name of a member of an object, but the first. */
void tally_text_key(struct tally_buf *, const char *name);

/* For the store: valid UTF-8 without NUL as it is, else bytes as \xNN. */
void tally_text_utf8(struct tally_buf *, struct tally_str);

/* A mistake in a text of the user's, as TALLY_CONFIG at its line; what the
 * words quote from it is made safe. */
void tally_text_mistake(struct tally_err *, const char *file, unsigned line,
    const char *fmt, va_list ap) TALLY_PRINTF(4, 0);

/* Length of the well-formed UTF-8 sequence at p (RFC 3629), 0 if none. */
size_t tally_utf8_length(const char *p, size_t n);

/* Whether the whole of s is well-formed UTF-8 without NUL. */
bool tally_utf8_ok(struct tally_str s);

#endif
