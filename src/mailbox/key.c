/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at private keys; see key.h.
 *
 * OpenSSH's own format has the public half, and the cipher's name, in the
 * clear.  The others are libcrypto's, which is asked what they hold; where it
 * needs a passphrase and there is none, the first line still tells of RSA.
 */
#include "mailbox/key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "mailbox/pins.h"

#define HEAD_MAX   ((size_t)1024) /* of the decoded key that is looked at */
#define BLOB_MAGIC "openssh-key-v1"

/* First lines, the first that fits. */
static const struct {
	const char *begins;
	enum key_kind kind;
	enum key_form form;
	bool locked;
} lines[] = {
	{ "-----BEGIN OPENSSH PRIVATE KEY-----", KEY_UNKNOWN, KEY_OPENSSH,
	    false },
	{ "-----BEGIN RSA PRIVATE KEY-----", KEY_RSA, KEY_PEM, false },
	{ "-----BEGIN EC PRIVATE KEY-----", KEY_ECDSA, KEY_PEM, false },
	{ "-----BEGIN DSA PRIVATE KEY-----", KEY_DSA, KEY_PEM, false },
	{ "-----BEGIN PRIVATE KEY-----", KEY_UNKNOWN, KEY_PKCS8, false },
	{ "-----BEGIN ENCRYPTED PRIVATE KEY-----", KEY_UNKNOWN, KEY_PKCS8,
	    true },
	{ "PuTTY-User-Key-File-", KEY_PUTTY, KEY_PEM, false },
	{ "-----BEGIN PUBLIC KEY-----", KEY_PUBLIC, KEY_PEM, false },
	{ "-----BEGIN CERTIFICATE-----", KEY_PUBLIC, KEY_PEM, false },
	{ "---- BEGIN SSH2 PUBLIC KEY ----", KEY_PUBLIC, KEY_PEM, false },
	{ "ssh-", KEY_PUBLIC, KEY_PEM, false },
	{ "ecdsa-sha2-", KEY_PUBLIC, KEY_PEM, false },
	{ "sk-", KEY_PUBLIC, KEY_PEM, false },
};
#define NLINES (sizeof(lines) / sizeof(lines[0]))

static bool
begins(struct tally_str s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static bool
contains(struct tally_str s, const char *word)
{
	size_t n = strlen(word);

	for (; s.n >= n; s.p++, s.n--)
		if (memcmp(s.p, word, n) == 0)
			return true;
	return false;
}

/* A string with its length before it; *s is what is behind it. */
static bool
take(struct tally_str *out, struct tally_str *s)
{
	const unsigned char *u = (const unsigned char *)s->p;
	size_t n;

	if (s->n < 4)
		return false;
	n = (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
	if (n > s->n - 4)
		return false;
	*out = tally_str(s->p + 4, n);
	s->p += 4 + n;
	s->n -= 4 + n;
	return true;
}

static enum key_kind
kind_of_type(struct tally_str type)
{
	if (tally_str_eq(type, TALLY_STR("ssh-ed25519")))
		return KEY_ED25519;
	if (tally_str_eq(type, TALLY_STR("ssh-rsa")))
		return KEY_RSA;
	if (tally_str_eq(type, TALLY_STR("ssh-dss")))
		return KEY_DSA;
	if (begins(type, "ecdsa-sha2-"))
		return KEY_ECDSA;
	return begins(type, "sk-") ? KEY_HARDWARE : KEY_UNKNOWN;
}

/* The beginning of what is between the first line and the last. */
static struct tally_str
decoded(struct tally_str text, unsigned char raw[HEAD_MAX])
{
	char base64[HEAD_MAX];
	size_t n = 0, i = 0;

	while (i < text.n && text.p[i] != '\n')
		i++;
	for (; i < text.n && text.p[i] != '-' && n < sizeof(base64); i++)
		if (text.p[i] != '\n' && text.p[i] != '\r')
			base64[n++] = text.p[i];
	if (!pins_base64(raw, &n, HEAD_MAX, tally_str(base64, n - n % 4)))
		n = 0;
	return tally_str(raw, n);
}

/* magic, cipher, kdf, its options, the number of keys, public keys, … */
static void
look_openssh(struct key_look *k, struct tally_str text)
{
	unsigned char raw[HEAD_MAX];
	struct tally_str s = decoded(text, raw), cipher, skipped, key, type;

	k->kind = KEY_NONE;
	if (s.n < sizeof(BLOB_MAGIC) ||
	    memcmp(s.p, BLOB_MAGIC, sizeof(BLOB_MAGIC)) != 0)
		return;
	s.p += sizeof(BLOB_MAGIC);
	s.n -= sizeof(BLOB_MAGIC);
	if (!take(&cipher, &s) || !take(&skipped, &s) || !take(&skipped, &s) ||
	    s.n < 8)
		return;
	k->locked = !tally_str_eq(cipher, TALLY_STR("none"));
	/* The public half may be longer than what was decoded. */
	key = tally_str(s.p + 8, s.n - 8);
	if (take(&type, &key))
		k->kind = kind_of_type(type);
}

/* libcrypto asks for the passphrase, and is told there is none. */
static int
answer(char *out, int size, int writing, void *passphrase)
{
	size_t n = passphrase != NULL ? strlen(passphrase) : 0;

	(void)writing;
	if (n == 0 || n > (size_t)size)
		return 0;
	memcpy(out, passphrase, n);
	return (int)n;
}

static void
look_pem(struct key_look *k, struct tally_str text, const char *passphrase)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *key = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(
		    bio, NULL, answer, (void *)(uintptr_t)passphrase);
	ERR_clear_error();
	BIO_free(bio);
	if (key == NULL) {
		k->wrong = k->locked && passphrase != NULL;
		if (!k->locked)
			k->kind = KEY_NONE;
		return;
	}
	switch (EVP_PKEY_base_id(key)) {
	case EVP_PKEY_ED25519:
		k->kind = KEY_ED25519;
		break;
	case EVP_PKEY_EC:
		k->kind = KEY_ECDSA;
		break;
	case EVP_PKEY_RSA:
		k->kind = KEY_RSA;
		break;
	case EVP_PKEY_DSA:
		k->kind = KEY_DSA;
		break;
	default:
		k->kind = KEY_UNKNOWN;
	}
	EVP_PKEY_free(key);
}

void
key_look(struct key_look *k, struct tally_str text, const char *passphrase)
{
	size_t i = 0;

	*k = (struct key_look){ .kind = KEY_NONE };
	while (text.n > 0 &&
	    (*text.p == '\n' || *text.p == '\r' || *text.p == ' ')) {
		text.p++;
		text.n--;
	}
	while (i < NLINES && !begins(text, lines[i].begins))
		i++;
	if (i == NLINES)
		return;
	k->kind = lines[i].kind;
	k->form = lines[i].form;
	k->locked = lines[i].locked ||
	    (k->form == KEY_PEM && k->kind < KEY_PUBLIC &&
		contains(text, "Proc-Type: 4,ENCRYPTED"));
	if (k->form == KEY_OPENSSH)
		look_openssh(k, text);
	else if (k->kind < KEY_PUBLIC)
		look_pem(k, text, passphrase);
}
