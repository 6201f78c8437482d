/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, the identity of content. */
#ifndef TALLYMAN_BASE_HASH_H
#define TALLYMAN_BASE_HASH_H

#include <stddef.h>

#include "tallyman/err.h"

#define TALLY_HASH_SIZE 32
#define TALLY_HASH_HEX  65 /* with its NUL */

struct tally_hash;

/* One context serves any number of digests, one after the other. */
enum tally_rc tally_hash_new(struct tally_hash **, struct tally_err *)
    TALLY_MUST_USE;
/* Another one that has had the same bytes. */
enum tally_rc tally_hash_copy(struct tally_hash **, const struct tally_hash *,
    struct tally_err *) TALLY_MUST_USE;
void tally_hash_free(struct tally_hash *);
void tally_hash_add(struct tally_hash *, const void *, size_t);
/* Gives the digest and begins the next. */
void tally_hash_end(struct tally_hash *, unsigned char digest[32]);
void tally_hash_hex(const unsigned char digest[32], char hex[65]);

#endif
