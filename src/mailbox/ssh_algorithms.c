/* SPDX-License-Identifier: Apache-2.0 */
/* Which algorithms are offered, and what is said when none is in common. */
#include "mailbox/ssh.h"

#include <stdio.h>
#include <string.h>

#include "mailbox/kexinit.h"

/*
 * What is offered; weak: also, where the partner's settings allow it.  Names
 * that the libssh2 at hand does not know are left out.
 */
enum { KEX, HOST_KEY, CIPHER, MAC };
static const struct {
	int method[2]; /* of libssh2; -1: none */
	int slot;
	const char *strong, *weak;
} preferences[] = {
	{ { LIBSSH2_METHOD_KEX, -1 }, KEX,
	    "curve25519-sha256,curve25519-sha256@libssh.org,"
	    "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
	    "diffie-hellman-group-exchange-sha256,"
	    "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
	    "diffie-hellman-group14-sha256",
	    ",diffie-hellman-group14-sha1,"
	    "diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1" },
	{ { LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC }, CIPHER,
	    "aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,"
	    "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com",
	    ",aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc" },
	{ { LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC }, MAC,
	    "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
	    "hmac-sha2-256,hmac-sha2-512",
	    ",hmac-sha1" },
};
#define NPREFERENCES (sizeof(preferences) / sizeof(preferences[0]))

/* The same without what the server says: it could not be asked. */
static enum tally_rc
no_common(struct ssh *s, struct tally_err *err)
{
	return tally_err_set(err, TALLY_CONFIG,
	    "mailbox %s: the server knows no algorithm of ours in one of these"
	    " lists; key exchange %s; host key %s; cipher %s; MAC %s.  Pin a"
	    " host key of another type, or set transport=\"openssh\", or"
	    " legacy if the partner cannot do better",
	    s->set->name, s->offered[KEX], s->offered[HOST_KEY],
	    s->offered[CIPHER], s->offered[MAC]);
}

static bool
known(const char **algs, int n, const char *name, size_t len)
{
	for (int i = 0; i < n; i++)
		if (strlen(algs[i]) == len && memcmp(algs[i], name, len) == 0)
			return true;
	return false;
}

/* Offers what of list the library knows; false when that is nothing. */
static bool
offer(struct ssh *s, int method, int slot, const char *list)
{
	const char **algs = NULL, *end;
	int n = libssh2_session_supported_algs(s->session, method, &algs);
	char *out = s->offered[slot];
	size_t used = 0, len;

	out[0] = '\0';
	for (; n > 0 && *list != '\0'; list = *end != '\0' ? end + 1 : end) {
		end = list + strcspn(list, ",");
		len = (size_t)(end - list);
		if (!known(algs, n, list, len) ||
		    used + len + 2 > sizeof(s->offered[0]))
			continue;
		if (used > 0)
			out[used++] = ',';
		memcpy(out + used, list, len);
		used += len;
		out[used] = '\0';
	}
	if (algs != NULL)
		libssh2_free(s->session, algs);
	return used > 0 &&
	    libssh2_session_method_pref(s->session, method, out) == 0;
}

static bool
offer_all(struct ssh *s)
{
	char list[1024];

	for (size_t i = 0; i < NPREFERENCES; i++) {
		snprintf(list, sizeof(list), "%s%s", preferences[i].strong,
		    s->set->legacy ? preferences[i].weak : "");
		for (int k = 0; k < 2; k++)
			if (preferences[i].method[k] >= 0 &&
			    !offer(s, preferences[i].method[k],
				preferences[i].slot, list))
				return false;
	}
	return true;
}

/* RSA host keys need libssh2 1.11 for anything better than SHA-1. */
static enum tally_rc
no_host_key_type(struct ssh *s, const char *types, struct tally_err *err)
{
	return tally_err_set(err, TALLY_CONFIG,
	    "mailbox %s: this libssh2 (%s) cannot check host keys by %s; pin"
	    " the server's ssh-ed25519 or ecdsa key, or set"
	    " transport=\"openssh\"",
	    s->set->name, libssh2_version(0), types);
}

enum tally_rc
ssh_offer(struct ssh *s, const char *types, struct tally_err *err)
{
	if (!offer(s, LIBSSH2_METHOD_HOSTKEY, HOST_KEY, types))
		return no_host_key_type(s, types, err);
	return offer_all(s) ? TALLY_OK : no_common(s, err);
}

/* Whether weak algorithms would do for all but the host key. */
static bool
legacy_would_do(const struct ssh *s, const struct kexinit *k,
    const char *const ours[KEXINIT_LISTS])
{
	char more[NPREFERENCES][1024], told[700];
	const char *with[KEXINIT_LISTS];

	for (int l = 0; l < KEXINIT_LISTS; l++)
		with[l] = ours[l];
	for (size_t i = 0; i < NPREFERENCES; i++) {
		const char *list = s->offered[preferences[i].slot];

		snprintf(more[i], sizeof(more[i]), "%s%s", list,
		    preferences[i].weak);
		for (int l = 0; l < KEXINIT_LISTS; l++)
			if (ours[l] == list)
				with[l] = more[i];
	}
	return (kexinit_differs(told, sizeof(told), k, with) &
		   ~KEXINIT_BIT(KEXINIT_HOST_KEY)) == 0;
}

enum tally_rc
ssh_no_common(struct ssh *s, const struct link_target *t, struct tally_err *err)
{
	const char *const ours[KEXINIT_LISTS] = { s->offered[KEX],
		s->offered[HOST_KEY], s->offered[CIPHER], s->offered[CIPHER],
		s->offered[MAC], s->offered[MAC] };
	struct kexinit *k = tally_calloc(1, sizeof(*k));
	struct tally_err why;
	char lists[700];
	unsigned differs = 0;
	enum tally_rc rc;

	if (k != NULL && kexinit_read(k, t, s->set, &why) == TALLY_OK)
		differs = kexinit_differs(lists, sizeof(lists), k, ours);
	if (differs == 0)
		rc = no_common(s, err);
	else
		rc = tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: no algorithm in common: %s.%s%s", s->set->name,
		    lists,
		    differs & KEXINIT_BIT(KEXINIT_HOST_KEY)
			? "  Pin a host key of another type"
			: "",
		    (differs & ~KEXINIT_BIT(KEXINIT_HOST_KEY)) == 0 ? ""
			: s->set->legacy || !legacy_would_do(s, k, ours)
			? "  Set transport=\"openssh\""
			: "  Set legacy=\"yes\" if the partner cannot do "
			  "better");
	link_at(s->set, MAILBOX_KEY_EXCHANGE);
	tally_free(k);
	return rc;
}
