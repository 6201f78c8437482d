/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pinned host keys: which types to ask a server for, and whether its key is
 * one of them.  Pure functions of bytes.
 */
#ifndef TALLYMAN_MAILBOX_PINS_H
#define TALLYMAN_MAILBOX_PINS_H

#include "base/hash.h"
#include "mailbox/mailbox.h"

#define PIN_TYPES 5

struct pin {
	int type; /* index of the type, -1: a fingerprint */
	size_t n; /* bytes of the key */
	unsigned char *key;
	unsigned char digest[TALLY_HASH_SIZE];
};
struct pins {
	struct pin *pin;
	size_t n;
	struct tally_arena arena; /* owns all of it */
};

/* Each is "type base64 [comment]" or "SHA256:base64"; none: TALLY_CONFIG. */
enum tally_rc pins_parse(struct pins *, const struct mailbox_settings *,
    struct tally_err *) TALLY_MUST_USE;
void pins_free(struct pins *);

/*
 * The host key algorithms to offer at the n-th attempt, in order; false after
 * the last.  First the types of the keys that are pinned whole; then, because
 * a fingerprint does not tell its type, one type after the other.
 */
bool pins_offer(
    const struct pins *, unsigned attempt, bool legacy, char list[256]);

/* Whether a whole key, as the server sends it, is pinned. */
bool pins_match(const struct pins *, const void *key, size_t n);

/* The name of type i, best first; and what to ask a server for to see its
 * key, SHA-1 included where nothing is to be trusted yet. */
const char *pins_type(size_t i);
void pins_ask(char list[256], size_t i);

/* A key as it is pinned, "ssh-ed25519 AAAA..." */
void pins_line(struct tally_buf *, const void *key, size_t n);

/* "ssh-ed25519 SHA256:..." */
void pins_describe(char out[128], const void *key, size_t n);

/* Base64 of bytes, with padding. */
void pins_encode(struct tally_buf *, const void *, size_t n);

/* Decodes base64 without blanks; padding may be missing. */
bool pins_base64(
    unsigned char *out, size_t *n, size_t max, struct tally_str text);

#endif
