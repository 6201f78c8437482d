/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as what an SSH server says of itself (its KEXINIT,
 * its host key), and as what a person pins of it (URL, key, private key file).
 */
#include "fuzz.h"

#include <string.h>

#include "mailbox/kexinit.h"
#include "mailbox/key.h"
#include "mailbox/pins.h"

#define TEXT_MAX 16384

static void
offer(struct tally_str payload)
{
	static const char *const ours[KEXINIT_LISTS] = { "curve25519-sha256",
		"ssh-ed25519", "aes256-ctr", "aes256-ctr", "hmac-sha2-256",
		"hmac-sha2-256" };
	static struct kexinit k;
	char words[400];

	memset(&k, 0, sizeof(k));
	if (!kexinit_parse(&k, payload))
		return;
	for (size_t i = 0; i < KEXINIT_LISTS; i++) {
		MUST(k.list[i].p >= payload.p &&
		    k.list[i].p + k.list[i].n <= payload.p + payload.n);
		MUST(!kexinit_has(k.list[i], TALLY_STR("a,b")));
	}
	if (kexinit_differs(words, sizeof(words), &k, ours))
		MUST(memchr(words, '\0', sizeof(words)) > (void *)words);
}

/* A key that a server shows, pinned as it is shown, is that key. */
static void
host_key(struct tally_str key)
{
	struct mailbox_settings s = { .name = "fuzz" };
	const char *pin[1];
	struct pins pins;
	struct tally_buf line;
	struct tally_err err;
	char text[128];

	pins_describe(text, key.p, key.n);
	MUST(strstr(text, "SHA256:") != NULL);
	tally_buf_init(&line, TEXT_MAX);
	pins_line(&line, key.p, key.n);
	tally_buf_putc(&line, '\0');
	if (!line.failed) {
		pin[0] = line.p;
		s.host_key = pin;
		s.nhost_key = 1;
		if (pins_parse(&pins, &s, &err) == TALLY_OK) {
			MUST(pins_match(&pins, key.p, key.n));
			MUST(!pins_match(&pins, key.p, key.n - 1));
			pins_free(&pins);
		}
		pin[0] = strstr(text, "SHA256:");
		MUST(pins_parse(&pins, &s, &err) == TALLY_OK);
		MUST(pins_match(&pins, key.p, key.n));
		pins_free(&pins);
	}
	tally_buf_free(&line);
}

static void
encoded(struct tally_str bytes)
{
	unsigned char back[TEXT_MAX];
	struct tally_buf b;
	size_t n;

	tally_buf_init(&b, TEXT_MAX);
	pins_encode(&b, bytes.p, bytes.n);
	if (!b.failed) {
		MUST(pins_base64(back, &n, sizeof(back), tally_buf_view(&b)));
		MUST(n == bytes.n && (n == 0 || memcmp(back, bytes.p, n) == 0));
	}
	tally_buf_free(&b);
}

/* text ends in NUL. */
static void
typed(const char *text)
{
	struct mailbox_settings s = { .name = "fuzz", .nhost_key = 1 };
	struct link_target t;
	struct pins pins;
	struct tally_err err = { .text = "" };
	char list[256];

	s.host_key = &text;
	if (pins_parse(&pins, &s, &err) == TALLY_OK) {
		MUST(pins_offer(&pins, 0, true, list) && list[0] != '\0');
		pins_free(&pins);
	} else {
		MUST(err.rc == TALLY_CONFIG && err.text[0] != '\0');
	}
	if (!link_target_host(&t, text))
		return;
	MUST(t.host[0] != '\0' && strlen(t.host) < sizeof(t.host));
	MUST(t.port[0] != '\0' &&
	    strspn(t.port, "0123456789") == strlen(t.port));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tally_str bytes = tally_str(data, n);
	struct key_look look;
	char *text;

	offer(bytes);
	if (n > 0)
		host_key(bytes);
	encoded(bytes);
	key_look(&look, bytes, NULL);
	key_look(&look, bytes, "secret");
	text = malloc(n + 1);
	MUST(text != NULL);
	if (n > 0)
		memcpy(text, data, n);
	text[n] = '\0';
	typed(text);
	free(text);
	return 0;
}
