/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libssh2 and libcrypto, loaded when a mailbox first needs them: to load them
 * takes as long as everything else that a run without such a mailbox does
 * before it begins.
 */
#ifndef TALLYMAN_MAILBOX_LIBRARY_H
#define TALLYMAN_MAILBOX_LIBRARY_H

#include <libssh2.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tallyman/err.h"

/* Their functions, by their names; a type is that of the header. */
struct library {
#define SSH2(name)   __typeof__(name) *name;
#define CRYPTO(name) __typeof__(name) *name;
#include "mailbox/library.def"
#undef SSH2
#undef CRYPTO
};

/*
 * Loads both, once and for ever; not for two threads at a time.  TALLY_CONFIG
 * names the library that is not there; mailbox is for that message.
 */
enum tally_rc library_load(const char *mailbox, struct tally_err *)
    TALLY_MUST_USE;

/* What was loaded; only after library_load went well. */
const struct library *library(void);

#endif
