/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of partners to UTF-8, and UTF-8 to what can be sent.  What is UTF-8
 * already stays; anything else is taken to be in one legacy charset.  The only
 * user of iconv.
 */
#ifndef TALLYMAN_BASE_CHARSET_H
#define TALLYMAN_BASE_CHARSET_H

#include "tallyman/err.h"
#include "tallyman/mem.h"
#include "tallyman/str.h"

/* What senders of "ASCII" with quotation marks and accents mostly mean. */
#define TALLY_CHARSET_DEFAULT "CP1252"

/* From the charset of that name, as iconv knows it; TALLY_CONFIG when it does
 * not. */
struct tally_charset;
enum tally_rc tally_charset_new(struct tally_charset **, const char *name,
    struct tally_err *) TALLY_MUST_USE;
void tally_charset_free(struct tally_charset *);

/*
 * Appends s as well-formed UTF-8 without NUL: as it is when it is that, else
 * converted; bytes that the charset does not have, and NUL, become U+FFFD.
 */
void tally_charset_utf8(
    struct tally_charset *, struct tally_buf *out, struct tally_str s);

/*
 * Appends well-formed UTF-8 as ASCII: letters without their accents, quotation
 * marks and dashes as plain ones; '\0' for what has nothing like it.
 */
void tally_charset_ascii(
    struct tally_charset *, struct tally_buf *out, struct tally_str utf8);

#endif
