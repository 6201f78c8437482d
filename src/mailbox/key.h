/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a private key file holds, so that what cannot work is told before
 * anybody is connected to.
 */
#ifndef TALLYMAN_MAILBOX_KEY_H
#define TALLYMAN_MAILBOX_KEY_H

#include "tallyman/str.h"

enum key_kind {
	KEY_UNKNOWN, /* not to be told without its passphrase, or a new kind */
	KEY_ED25519,
	KEY_ECDSA,
	KEY_RSA,
	KEY_DSA,
	KEY_HARDWARE, /* sk-…: it is but the handle of one in a token */
	/* What is no private key that can be used. */
	KEY_PUBLIC,
	KEY_PUTTY,
	KEY_NONE
};

enum key_form { KEY_OPENSSH, KEY_PEM, KEY_PKCS8 };

struct key_look {
	enum key_kind kind;
	enum key_form form;
	bool locked; /* it needs a passphrase */
	bool wrong;  /* the passphrase does not open it, as far as is known */
};

/* passphrase: null when none is given.  A pure function of bytes. */
void key_look(struct key_look *, struct tally_str text, const char *passphrase);

#endif
