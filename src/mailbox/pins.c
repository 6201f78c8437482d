/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pinned host keys; see pins.h.
 *
 * The type list is sent before the server's key is seen: a server with
 * several keys would otherwise choose one that is not pinned, which looks
 * like an attack.  Keys are compared whole, length included.
 */
#include "mailbox/pins.h"

#include <stdio.h>
#include <string.h>

#include "mailbox/kind.h"

#define KEY_MAX  4096 /* an RSA key of 16,384 bits has 2,079 bytes */
#define PINS_MAX 64

/* Best first.  offer: what to ask for; weak: also, where that is allowed. */
static const struct {
	const char *name, *offer, *weak;
} types[PIN_TYPES] = {
	{ "ssh-ed25519", "ssh-ed25519", NULL },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", NULL },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", NULL },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", NULL },
	{ "ssh-rsa", "rsa-sha2-512,rsa-sha2-256", "ssh-rsa" },
};

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789+/";

static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
pins_base64(unsigned char *out, size_t *n, size_t max, struct tally_str text)
{
	unsigned long bits = 0;
	unsigned have = 0;
	int v;

	*n = 0;
	while (text.n > 0 && text.p[text.n - 1] == '=')
		text.n--;
	if (text.n % 4 == 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		v = sextet(text.p[i]);
		if (v < 0)
			return false;
		bits = (bits << 6 | (unsigned long)v) & 0xffffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (*n == max)
			return false;
		out[(*n)++] = (unsigned char)(bits >> have);
	}
	return true;
}

static struct tally_str
next_word(struct tally_str *s)
{
	struct tally_str w;

	while (s->n > 0 && (*s->p == ' ' || *s->p == '\t')) {
		s->p++;
		s->n--;
	}
	w = tally_str(s->p, 0);
	while (s->n > 0 && *s->p != ' ' && *s->p != '\t') {
		s->p++;
		s->n--;
		w.n++;
	}
	return w;
}

/* The name of the type with which every key begins. */
static struct tally_str
inner_type(const unsigned char *key, size_t n)
{
	size_t len;

	if (n < 4)
		return tally_str(NULL, 0);
	len = (size_t)key[0] << 24 | (size_t)key[1] << 16 |
	    (size_t)key[2] << 8 | key[3];
	return len <= n - 4 ? tally_str(key + 4, len) : tally_str(NULL, 0);
}

static bool
parse_pin(struct pin *pin, struct tally_arena *a, struct tally_str text)
{
	static const struct tally_str sha = { "SHA256:", 7 };
	struct tally_str type = next_word(&text), key = next_word(&text);
	unsigned char raw[KEY_MAX];

	if (type.n > sha.n && memcmp(type.p, sha.p, sha.n) == 0) {
		pin->type = -1;
		return pins_base64(pin->digest, &pin->n, sizeof(pin->digest),
			   tally_str(type.p + sha.n, type.n - sha.n)) &&
		    pin->n == sizeof(pin->digest);
	}
	for (int i = 0; i < PIN_TYPES; i++) {
		if (!tally_str_eq(type, tally_cstr(types[i].name)))
			continue;
		pin->type = i;
		if (!pins_base64(raw, &pin->n, sizeof(raw), key) ||
		    !tally_str_eq(inner_type(raw, pin->n), type))
			return false;
		pin->key = tally_arena_alloc(a, pin->n);
		if (pin->key != NULL)
			memcpy(pin->key, raw, pin->n);
		return pin->key != NULL;
	}
	return false;
}

enum tally_rc
pins_parse(
    struct pins *pins, const struct mailbox_settings *s, struct tally_err *err)
{
	char shown[MAILBOX_SHOWN];

	memset(pins, 0, sizeof(*pins));
	tally_arena_init(&pins->arena, (size_t)PINS_MAX * KEY_MAX * 2);
	if (s->nhost_key == 0 || s->nhost_key > PINS_MAX)
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: %zu host keys are pinned; give one to %d"
		    " (ask the partner, or compare what ssh-keyscan prints"
		    " with what the partner says)",
		    s->name, s->nhost_key, PINS_MAX);
	pins->pin =
	    tally_arena_alloc(&pins->arena, s->nhost_key * sizeof(*pins->pin));
	if (pins->pin == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "mailbox %s: no memory", s->name);
	for (size_t i = 0; i < s->nhost_key; i++) {
		memset(&pins->pin[i], 0, sizeof(pins->pin[i]));
		if (parse_pin(&pins->pin[i], &pins->arena,
			tally_cstr(s->host_key[i]))) {
			pins->n++;
			continue;
		}
		pins_free(pins);
		return tally_err_set(err, TALLY_CONFIG,
		    "mailbox %s: the host key \"%s\" is neither"
		    " \"ssh-ed25519 AAAA...\" (or ecdsa-sha2-nistp256, -384,"
		    " -521, ssh-rsa) nor \"SHA256:...\"",
		    s->name, mailbox_shown(shown, tally_cstr(s->host_key[i])));
	}
	return TALLY_OK;
}

void
pins_free(struct pins *pins)
{
	tally_arena_free(&pins->arena);
	pins->pin = NULL;
	pins->n = 0;
}

static void
add_type(char list[256], size_t i, bool legacy)
{
	size_t n = strlen(list);

	snprintf(list + n, 256 - n, "%s%s%s%s", n > 0 ? "," : "",
	    types[i].offer, legacy && types[i].weak != NULL ? "," : "",
	    legacy && types[i].weak != NULL ? types[i].weak : "");
}

bool
pins_offer(
    const struct pins *pins, unsigned attempt, bool legacy, char list[256])
{
	bool whole[PIN_TYPES] = { false }, any = false, fingerprint = false;

	list[0] = '\0';
	for (size_t i = 0; i < pins->n; i++) {
		if (pins->pin[i].type < 0)
			fingerprint = true;
		else
			any = whole[pins->pin[i].type] = true;
	}
	if (any && attempt == 0) {
		for (size_t i = 0; i < PIN_TYPES; i++)
			if (whole[i])
				add_type(list, i, legacy);
		return true;
	}
	attempt -= any;
	if (!fingerprint || attempt >= PIN_TYPES)
		return false;
	add_type(list, attempt, legacy);
	return true;
}

static bool
digest_of(unsigned char digest[TALLY_HASH_SIZE], const void *key, size_t n)
{
	struct tally_hash *h;

	if (tally_hash_new(&h, NULL) != TALLY_OK)
		return false;
	tally_hash_add(h, key, n);
	tally_hash_end(h, digest);
	tally_hash_free(h);
	return true;
}

bool
pins_match(const struct pins *pins, const void *key, size_t n)
{
	unsigned char digest[TALLY_HASH_SIZE];
	bool hashed = digest_of(digest, key, n);

	for (size_t i = 0; i < pins->n; i++) {
		const struct pin *p = &pins->pin[i];

		if (p->type >= 0 && p->n == n && memcmp(p->key, key, n) == 0)
			return true;
		if (p->type < 0 && hashed &&
		    memcmp(p->digest, digest, sizeof(digest)) == 0)
			return true;
	}
	return false;
}

void
pins_describe(char out[128], const void *key, size_t n)
{
	struct tally_str type = inner_type(key, n);
	unsigned char d[TALLY_HASH_SIZE + 1] = { 0 };
	char text[44];

	if (!digest_of(d, key, n))
		memset(d, 0, sizeof(d));
	for (size_t i = 0; i < 43; i++) {
		unsigned v = (unsigned)d[i * 6 / 8] << 8 | d[i * 6 / 8 + 1];

		text[i] = digit[v >> (10 - i * 6 % 8) & 63];
	}
	text[43] = '\0';
	for (size_t i = 0; i < PIN_TYPES; i++)
		if (tally_str_eq(type, tally_cstr(types[i].name))) {
			snprintf(out, 128, "%s SHA256:%s", types[i].name, text);
			return;
		}
	snprintf(out, 128, "SHA256:%s", text);
}

const char *
pins_type(size_t i)
{
	return types[i].name;
}

void
pins_ask(char list[256], size_t i)
{
	list[0] = '\0';
	add_type(list, i, true);
}

void
pins_encode(struct tally_buf *b, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	unsigned long v;

	for (size_t i = 0; i < n; i += 3) {
		v = (unsigned long)p[i] << 16;
		v |= i + 1 < n ? (unsigned long)p[i + 1] << 8 : 0;
		v |= i + 2 < n ? p[i + 2] : 0;
		tally_buf_putc(b, digit[v >> 18]);
		tally_buf_putc(b, digit[v >> 12 & 63]);
		tally_buf_putc(b, i + 1 < n ? digit[v >> 6 & 63] : '=');
		tally_buf_putc(b, i + 2 < n ? digit[v & 63] : '=');
	}
}

void
pins_line(struct tally_buf *b, const void *key, size_t n)
{
	struct tally_str type = inner_type(key, n);

	tally_buf_add(b, type.p, type.n);
	tally_buf_putc(b, ' ');
	pins_encode(b, key, n);
}
