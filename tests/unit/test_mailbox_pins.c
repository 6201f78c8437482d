/* SPDX-License-Identifier: Apache-2.0 */
/* Host keys that are pinned, and URLs: mailbox/pins.c and target.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "mailbox/link.h"
#include "mailbox/pins.h"

#define ED25519 \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAAAAAAA"
#define ECDSA \
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY" \
	"AAAAA"
#define RSA    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB"
#define DIGEST "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
base64(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		const char *bytes;
	} row[] = {
		{ "", true, "" }, { "Zg==", true, "f" }, { "Zg", true, "f" },
		{ "Zm8=", true, "fo" }, { "Zm9v", true, "foo" },
		{ "Zm9vYmFy", true, "foobar" },
		{ "+/+/", true, "\xfb\xff\xbf" }, { "Z", false, "" },
		{ "Zm9vY", false, "" }, { "Zm 9v", false, "" },
		{ "Zm9v\n", false, "" }, { "Zm=v", false, "" },
		{ "Zm9vYmFyYmF6", false, "" }, /* longer than there is room */
	};
	unsigned char out[6];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(
		    pins_base64(out, &n, sizeof(out), tally_cstr(row[i].text)),
		    row[i].ok);
		if (row[i].ok) {
			assert_int_equal(n, strlen(row[i].bytes));
			assert_memory_equal(out, row[i].bytes, n);
		}
	}
}

static void
parsing(void **state)
{
	static const struct {
		const char *text;
		enum tally_rc rc;
	} row[] = {
		{ ED25519, TALLY_OK },
		{ ED25519 " partner's new key", TALLY_OK },
		{ "  " ED25519, TALLY_OK },
		{ ECDSA, TALLY_OK },
		{ RSA, TALLY_OK },
		{ DIGEST, TALLY_OK },
		{ DIGEST "=", TALLY_OK },
		{ "", TALLY_CONFIG },
		{ "ssh-ed25519", TALLY_CONFIG },
		{ "AAAAC3NzaC1lZDI1NTE5AAAAIA", TALLY_CONFIG },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE", TALLY_CONFIG },
		{ "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQAB", TALLY_CONFIG },
		{ "ssh-dss AAAAB3NzaC1kc3MAAAAA", TALLY_CONFIG },
		{ "SHA256:AAAA", TALLY_CONFIG },
		{ "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		    TALLY_CONFIG },
		{ "MD5:00:11:22", TALLY_CONFIG },
		{ "[sftp.example]:22 " ED25519, TALLY_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_settings s = {
			.name = "t", .host_key = &row[i].text, .nhost_key = 1
		};
		struct tally_err err = { 0 };
		struct pins pins;
		enum tally_rc rc = pins_parse(&pins, &s, &err);

		if (rc != row[i].rc)
			fail_msg("%s: %s", row[i].text, err.text);
		if (rc == TALLY_OK)
			pins_free(&pins);
	}
}

/* What is asked for at each attempt. */
static void
offers(void **state)
{
	static const struct {
		const char *pin[3];
		size_t n;
		bool legacy;
		const char *offer[7];
	} row[] = {
		{ { ED25519 }, 1, false, { "ssh-ed25519" } },
		{ { ECDSA, ED25519 }, 2, false,
		    { "ssh-ed25519,ecdsa-sha2-nistp256" } },
		{ { RSA }, 1, false, { "rsa-sha2-512,rsa-sha2-256" } },
		{ { RSA }, 1, true, { "rsa-sha2-512,rsa-sha2-256,ssh-rsa" } },
		{ { DIGEST }, 1, false,
		    { "ssh-ed25519", "ecdsa-sha2-nistp256",
			"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
			"rsa-sha2-512,rsa-sha2-256" } },
		{ { DIGEST, ECDSA }, 2, false,
		    { "ecdsa-sha2-nistp256", "ssh-ed25519",
			"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
			"ecdsa-sha2-nistp521", "rsa-sha2-512,rsa-sha2-256" } },
	};
	char list[256];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_settings s = { .name = "t",
			.host_key = row[i].pin,
			.nhost_key = row[i].n };
		struct pins pins;
		unsigned k;

		assert_int_equal(pins_parse(&pins, &s, NULL), TALLY_OK);
		for (k = 0; row[i].offer[k] != NULL; k++) {
			assert_true(pins_offer(&pins, k, row[i].legacy, list));
			assert_string_equal(list, row[i].offer[k]);
		}
		assert_false(pins_offer(&pins, k, row[i].legacy, list));
		pins_free(&pins);
	}
}

static void
matching(void **state)
{
	/* SHA-256 of "abc", as FIPS 180-4 has it, in base64. */
	static const char *const pin[] = {
		"SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0", ED25519
	};
	struct mailbox_settings s = {
		.name = "t", .host_key = pin, .nhost_key = 2
	};
	unsigned char key[64];
	char text[128];
	struct tally_buf line;
	struct pins pins;
	size_t n;

	(void)state;
	assert_int_equal(pins_parse(&pins, &s, NULL), TALLY_OK);
	assert_true(pins_match(&pins, "abc", 3));
	assert_false(pins_match(&pins, "abd", 3));
	assert_true(pins_base64(
	    key, &n, sizeof(key), tally_cstr(strchr(ED25519, ' ') + 1)));
	assert_true(pins_match(&pins, key, n));
	assert_false(pins_match(&pins, key, n - 1));
	assert_false(pins_match(&pins, key, 0));
	key[n - 1] ^= 1;
	assert_false(pins_match(&pins, key, n));
	tally_buf_init(&line, 1000);
	key[n - 1] ^= 1;
	pins_line(&line, key, n);
	assert_string_equal(line.p, ED25519);
	tally_buf_reset(&line);
	pins_line(&line, "\0\0\0\1xy", 6);
	assert_string_equal(line.p, "x AAAAAXh5");
	tally_buf_reset(&line);
	pins_line(&line, "\0\0\0\1xyz", 7);
	assert_string_equal(line.p, "x AAAAAXh5eg==");
	tally_buf_reset(&line);
	pins_line(&line, "\0\0\0\1xyz!", 8);
	assert_string_equal(line.p, "x AAAAAXh5eiE=");
	tally_buf_free(&line);
	key[n - 1] ^= 1;
	pins_describe(text, "abc", 3);
	assert_string_equal(text, pin[0]);
	pins_describe(text, key, n);
	assert_memory_equal(text, "ssh-ed25519 SHA256:", 19);
	pins_free(&pins);
}

static void
urls(void **state)
{
	static const struct {
		const char *url, *user, *host, *port, *path;
	} row[] = {
		{ "sftp://edi@h", "edi", "h", "22", "" },
		{ "sftp://edi@h/", "edi", "h", "22", "/" },
		{ "sftp://edi@h:2222/out/po", "edi", "h", "2222", "/out/po" },
		{ "sftp://edi@h/~", "edi", "h", "22", "" },
		{ "sftp://edi@h/~/out", "edi", "h", "22", "out" },
		{ "sftp://a@b.example@h:22", "a@b.example", "h", "22", "" },
		{ "sftp://a%40b%2f@h", "a@b/", "h", "22", "" },
		{ "sftp://edi@[::1]:2022/x", "edi", "::1", "2022", "/x" },
		{ "sftp://edi@[::1]", "edi", "::1", "22", "" },
		{ "sftp://edi@h:65535", "edi", "h", "65535", "" },
		{ "sftp://edi@h:65536", NULL, NULL, NULL, NULL },
		{ "sftp://edi@h:0", NULL, NULL, NULL, NULL },
		{ "sftp://edi@h:", NULL, NULL, NULL, NULL },
		{ "sftp://edi@h:22x", NULL, NULL, NULL, NULL },
		{ "sftp://edi@", NULL, NULL, NULL, NULL },
		{ "sftp://edi@:22", NULL, NULL, NULL, NULL },
		{ "sftp://@h", NULL, NULL, NULL, NULL },
		{ "sftp://h", NULL, NULL, NULL, NULL },
		{ "sftp:edi@h", NULL, NULL, NULL, NULL },
		{ "sftp://e%00i@h", NULL, NULL, NULL, NULL },
		{ "sftp://e%zzi@h", NULL, NULL, NULL, NULL },
		{ "sftp://edi@h/x%", NULL, NULL, NULL, NULL },
		{ "sftp://edi@[::1", NULL, NULL, NULL, NULL },
		{ "sftp://edi@[::1]x", NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_settings s = { .name = "t", .url = row[i].url };
		struct link_target t;
		struct tally_err err;
		enum tally_rc rc = link_target_parse(&t, &s, &err);

		if (row[i].user == NULL) {
			assert_int_equal(rc, TALLY_CONFIG);
			continue;
		}
		if (rc != TALLY_OK)
			fail_msg("%s: %s", row[i].url, err.text);
		assert_string_equal(t.user, row[i].user);
		assert_string_equal(t.host, row[i].host);
		assert_string_equal(t.port, row[i].port);
		assert_string_equal(t.path, row[i].path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64),
		cmocka_unit_test(parsing),
		cmocka_unit_test(offers),
		cmocka_unit_test(matching),
		cmocka_unit_test(urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
