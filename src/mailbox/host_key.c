/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the host keys of a server; see host_key.h.
 *
 * What types it has, it says in the clear; the key of each is what it shows
 * in a handshake that asks for no other.  Where the library at hand cannot
 * shake hands (RSA by SHA-2, say), ssh-keyscan is asked.
 */
#include "mailbox/host_key.h"

#include <stdio.h>
#include <string.h>

#include "mailbox/child.h"
#include "mailbox/kexinit.h"
#include "mailbox/kind.h"
#include "mailbox/pins.h"

#define KEY_MAX  4096
#define SAID     16384 /* bytes of ssh-keyscan's, more than all key types */
#define GRACE_MS 1000  /* beyond the time that it is told to take */

_Static_assert(HOST_KEYS_MAX == PIN_TYPES, "a row for each type");

/* Fills in what follows from the key. */
static bool
describe(struct host_key *k, const struct pins *pins, const unsigned char *key,
    size_t n)
{
	char text[128], *p;
	struct tally_buf b;
	bool fits;

	pins_describe(text, key, n);
	p = strstr(text, "SHA256:");
	tally_buf_init(&b, sizeof(k->line));
	pins_line(&b, key, n);
	fits = !b.failed && b.n < sizeof(k->line) && p != NULL &&
	    strncmp(text, k->type, strlen(k->type)) == 0;
	if (fits) {
		snprintf(k->line, sizeof(k->line), "%.*s", (int)b.n, b.p);
		snprintf(k->fingerprint, sizeof(k->fingerprint), "%.50s", p);
		k->pinned = pins->n > 0 && pins_match(pins, key, n);
	}
	tally_buf_free(&b);
	return fits;
}

static size_t
keyscan(char *out, size_t size, const struct link_target *t, const char *type,
    unsigned ms)
{
	char kind[16], seconds[16], host[256], port[8], program[64];
	char name[] = "ssh-keyscan", o_t[] = "-t", o_p[] = "-p", o_T[] = "-T";
	char stop[] = "--";
	char *argv[] = { name, o_T, seconds, o_p, port, o_t, kind, stop, host,
		NULL };
	struct child_said said = { .out = out, .size = size };

	if (child_program(program, "ssh-keyscan") == NULL)
		return 0;
	snprintf(seconds, sizeof(seconds), "%u", (ms + 999) / 1000);
	snprintf(host, sizeof(host), "%s", t->host);
	snprintf(port, sizeof(port), "%s", t->port);
	/* "ecdsa-sha2-nistp256" is ecdsa there, "ssh-rsa" is rsa. */
	snprintf(kind, sizeof(kind), "%s",
	    strncmp(type, "ssh-", 4) == 0 ? type + 4 : "ecdsa");
	/* What came in time counts, however it ended. */
	(void)child_run(&said, program, argv, false, ms + GRACE_MS);
	return said.n;
}

/* Finds "host TYPE BASE64" among lines. */
static bool
find_key(struct host_key *k, const struct pins *pins, const char *text)
{
	unsigned char key[KEY_MAX];
	char host[300], type[40], base64[6000];
	size_t n;

	for (; *text != '\0'; text += strcspn(text, "\n") + 1) {
		if (*text != '#' &&
		    sscanf(text, "%299s %39s %5999s", host, type, base64) ==
			3 &&
		    strcmp(type, k->type) == 0 &&
		    pins_base64(key, &n, sizeof(key), tally_cstr(base64)) &&
		    describe(k, pins, key, n))
			return true;
		if (strchr(text, '\n') == NULL)
			return false;
	}
	return false;
}

static enum tally_rc
read_one(struct host_key *k, const struct link_target *t,
    const struct mailbox_settings *set, const struct pins *pins, size_t type)
{
	unsigned ms = set->login_ms != 0 ? set->login_ms : MAILBOX_LOGIN_MS;
	unsigned char key[KEY_MAX];
	struct tally_err err;
	char ask[256], *said;
	size_t n = sizeof(key);

	k->type = pins_type(type);
	pins_ask(ask, type);
	k->openssh = !link_checks_host_key(k->type);
	if (link_host_key(key, &n, t, set, ask, &err) == TALLY_OK &&
	    describe(k, pins, key, n))
		return TALLY_OK;
	k->openssh = true;
	/* ssh-keyscan would go past it. */
	if (set->proxy.url != NULL || set->proxy.command != NULL)
		return TALLY_OK;
	said = tally_alloc(SAID + 1);
	if (said == NULL)
		return TALLY_NOMEM;
	n = keyscan(said, SAID, t, k->type, ms);
	said[n] = '\0';
	(void)find_key(k, pins, said); /* the line stays empty, then */
	tally_free(said);
	return TALLY_OK;
}

static bool
offered(const struct kexinit *k, size_t type)
{
	char ask[256];
	const char *p = ask;
	size_t n;

	pins_ask(ask, type);
	for (;; p += n + 1) {
		n = strcspn(p, ",");
		if (kexinit_has(k->list[KEXINIT_HOST_KEY], tally_str(p, n)))
			return true;
		if (p[n] == '\0')
			return false;
	}
}

/* A server has its keys whoever asks. */
static enum tally_rc
parse_target(struct link_target *t, const struct mailbox_settings *set,
    struct tally_err *err)
{
	struct mailbox_settings with = *set;
	char url[2048];

	if (strncmp(set->url, "sftp://", 7) == 0 &&
	    strchr(set->url, '@') == NULL &&
	    snprintf(url, sizeof(url), "sftp://nobody@%s", set->url + 7) <
		(int)sizeof(url))
		with.url = url;
	return link_target_parse(t, &with, err);
}

enum tally_rc
host_keys_read(struct host_keys *out, const struct mailbox_settings *settings,
    struct tally_err *err)
{
	struct mailbox_settings set = *settings;
	struct kexinit *k = tally_calloc(1, sizeof(*k));
	struct link_target t;
	struct pins pins = { .n = 0 };
	enum tally_rc rc;

	memset(out, 0, sizeof(*out));
	/* Nothing is sent but what everybody may know. */
	set.legacy = true;
	rc = k == NULL ? tally_err_set(err, TALLY_NOMEM, "no memory")
		       : parse_target(&t, &set, err);
	if (rc == TALLY_OK && set.nhost_key > 0)
		rc = pins_parse(&pins, &set, err);
	if (rc == TALLY_OK)
		rc = kexinit_read(k, &t, &set, err);
	if (rc != TALLY_OK)
		goto out;
	snprintf(out->server, sizeof(out->server),
	    strchr(t.host, ':') != NULL ? "[%s]:%s" : "%s:%s", t.host, t.port);
	for (size_t i = 0; i < PIN_TYPES && rc == TALLY_OK; i++)
		if (offered(k, i))
			rc = read_one(&out->key[out->n++], &t, &set, &pins, i);
	if (rc != TALLY_OK)
		tally_err_set(err, rc, "no memory");
	else if (out->n == 0)
		rc = tally_err_set(err, TALLY_UNAVAILABLE,
		    "mailbox %s: the server has no host key of a type that can"
		    " be pinned; ask the partner for one of ed25519",
		    set.name);
out:
	if (pins.n > 0)
		pins_free(&pins);
	tally_free(k);
	return rc;
}
