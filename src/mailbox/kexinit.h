/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an SSH server offers, as it says in the clear before keys are
 * exchanged: the KEXINIT of RFC 4253, section 7.1.  libssh2 does not tell.
 */
#ifndef TALLYMAN_MAILBOX_KEXINIT_H
#define TALLYMAN_MAILBOX_KEXINIT_H

#include "mailbox/link.h"

/* In the order of the packet; of each pair the first is ours to send by. */
enum kexinit_list {
	KEXINIT_KEX,
	KEXINIT_HOST_KEY,
	KEXINIT_CIPHER,
	KEXINIT_CIPHER_BACK,
	KEXINIT_MAC,
	KEXINIT_MAC_BACK,
	KEXINIT_LISTS
};

#define KEXINIT_MAX 35000 /* every implementation must take so much */

struct kexinit {
	struct tally_str list[KEXINIT_LISTS]; /* names with commas between */
	char packet[KEXINIT_MAX];             /* where they are */
};

/* Takes the lists out of a packet's payload; false when it is none. */
bool kexinit_parse(struct kexinit *, struct tally_str payload);

/* Connects, exchanges banners, reads that packet, and hangs up. */
enum tally_rc kexinit_read(struct kexinit *, const struct link_target *,
    const struct mailbox_settings *, struct tally_err *) TALLY_MUST_USE;

/* Whether a list has a name. */
bool kexinit_has(struct tally_str list, struct tally_str name);

/*
 * Which of our lists have nothing in common with the server's, in words, both
 * sides; the bits of them, where one of a pair is enough, or 0.
 */
#define KEXINIT_BIT(list) (1u << (list))
unsigned kexinit_differs(char *out, size_t size, const struct kexinit *,
    const char *const ours[KEXINIT_LISTS]);

#endif
