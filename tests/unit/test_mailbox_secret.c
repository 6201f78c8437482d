/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, secrets and private keys, without a server. */
#define _GNU_SOURCE /* setenv */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/mailbox_sink.h"
#include "mailbox/key.h"
#include "mailbox/secret.h"
#include "mailbox/words.h"

/* Memory that was used before. */
static void *
used(size_t n)
{
	char *p = malloc(n);

	if (p != NULL)
		memset(p, 'x', n);
	return p;
}

/* A key file ends where it ends, whatever was in memory behind it. */
static void
end_of_a_file(void **state)
{
	static const struct tally_allocator dirty = { used, realloc, free };
	struct mailbox_settings set = { .name = "t" };
	struct secret *s = NULL;
	struct tally_err err;
	char dir[256], path[300];

	(void)state;
	scratch_make(dir);
	set.base = dir;
	snprintf(path, sizeof(path), "%s/key", dir);
	scratch_write(dir, "key", "a key\nin two lines\n", 19, 0);
	assert_int_equal(chmod(path, 0600), 0);
	tally_allocator_set(&dirty);
	assert_int_equal(
	    secret_file(&s, &set, "private key", "key", &err), TALLY_OK);
	assert_int_equal(s->n, 19);
	assert_string_equal(s->p, "a key\nin two lines\n");
	secret_free(s);
	tally_allocator_set(NULL);
	scratch_remove(dir);
}

static void
words(void **state)
{
	static const struct {
		const char *line;
		bool values;
		const char *argv[6];
		const char *wrong;
	} row[] = {
		{ "pass show acme", false, { "pass", "show", "acme" }, NULL },
		{ "  a\t b\n", false, { "a", "b" }, NULL },
		{ "a 'b c' \"d 'e\" f\\ g", false,
		    { "a", "b c", "d 'e", "f g" }, NULL },
		{ "a'b'\"c\" '' 'x\\y' \"\\\"\"", false,
		    { "abc", "", "x\\y", "\"" }, NULL },
		{ "a $HOME `b` ; c", false, { "a", "$HOME", "`b`", ";", "c" },
		    NULL },
		{ "nc %h %p", true, { "nc", "h; rm", "22" }, NULL },
		{ "x %%-%h '%p'", true, { "x", "%-h; rm", "22" }, NULL },
		{ "date +%d", false, { "date", "+%d" }, NULL },
		{ "date +%d", true, { NULL }, "stands for nothing" },
		{ "a %", true, { NULL }, "stands for nothing" },
		{ "a 'b", false, { NULL }, "quote" },
		{ "a \"b'", false, { NULL }, "quote" },
		{ "a \\", false, { NULL }, "backslash" },
		{ " ", false, { NULL }, "no word" },
	};
	static const struct words_value v[] = { { 'h', "h; rm" },
		{ 'p', "22" } };

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char *argv[WORDS_MAX + 1];
		struct tally_arena a;
		const char *wrong;
		size_t n = 0;

		tally_arena_init(&a, 100000);
		wrong = words_split(
		    argv, &a, row[i].line, v, row[i].values ? 2 : 0);
		if (row[i].wrong != NULL) {
			assert_non_null(wrong);
			assert_non_null(strstr(wrong, row[i].wrong));
		} else {
			if (wrong != NULL)
				fail_msg("%s: %s", row[i].line, wrong);
			for (; row[i].argv[n] != NULL; n++)
				assert_string_equal(argv[n], row[i].argv[n]);
			assert_null(argv[n]);
		}
		tally_arena_free(&a);
	}
}

static void
too_many_words(void **state)
{
	char *argv[WORDS_MAX + 1], line[6000];
	struct tally_arena a;

	(void)state;
	tally_arena_init(&a, 100000);
	for (int i = 0; i < 65; i++)
		memcpy(line + (size_t)i * 2, "a ", 3);
	assert_non_null(
	    strstr(words_split(argv, &a, line, NULL, 0), "more than 64"));
	line[128] = '\0';
	assert_null(words_split(argv, &a, line, NULL, 0));
	memset(line, 'x', 5000);
	line[5000] = '\0';
	assert_non_null(
	    strstr(words_split(argv, &a, line, NULL, 0), "longer than"));
	tally_arena_free(&a);
}

static void
modes(const char *dir)
{
	static const struct {
		const char *name;
		mode_t mode;
	} row[] = { { "good", 0600 }, { "crlf", 0600 }, { "open", 0640 },
		{ "nothing", 0600 }, { "newline", 0600 }, { "says", 0755 },
		{ "complains", 0755 }, { "dies", 0755 },
		/* As systemd leaves them where lists of access let us in. */
		{ "cred/word", 0440 }, { "cred/all", 0444 } };
	char path[300];

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, row[i].name);
		assert_int_equal(chmod(path, row[i].mode), 0);
	}
	snprintf(path, sizeof(path), "%s/link", dir);
	assert_int_equal(symlink("good", path), 0);
}

/* One line of a secret, or why not. */
static void
secrets(void **state)
{
	char dir[256], path[300];
	static const struct {
		struct mailbox_secret from;
		enum tally_rc rc;
		const char *says; /* the secret, or part of the message */
	} row[] = {
		{ { NULL, NULL, NULL }, TALLY_OK, NULL },
		{ { "good", NULL, NULL }, TALLY_OK, "open sesame" },
		{ { "crlf", NULL, NULL }, TALLY_OK, "open sesame" },
		{ { "open", NULL, NULL }, TALLY_PERM, "chmod 600" },
		{ { "link", NULL, NULL }, TALLY_PERM, "symbolic link" },
		{ { ".", NULL, NULL }, TALLY_CONFIG, "not a regular" },
		{ { "none", NULL, NULL }, TALLY_CONFIG, "cannot open" },
		{ { "nothing", NULL, NULL }, TALLY_CONFIG, "is empty" },
		{ { "newline", NULL, NULL }, TALLY_CONFIG, "empty line" },
		{ { NULL, "/bin/echo 'open sesame'", NULL }, TALLY_OK,
		    "open sesame" },
		{ { NULL, "./says", NULL }, TALLY_OK, "open sesame" },
		{ { NULL, "printf '%s\\n%s' one two", NULL }, TALLY_OK, "one" },
		{ { NULL, "false", NULL }, TALLY_CONFIG, "ended with 1" },
		{ { NULL, "true", NULL }, TALLY_CONFIG, "printed nothing" },
		{ { NULL, "sleep 60", NULL }, TALLY_CONFIG,
		    "did not end within 500 ms" },
		{ { NULL, "./complains", NULL }, TALLY_CONFIG,
		    "ended with 3: the vault is locked;" },
		{ { NULL, "./dies", NULL }, TALLY_CONFIG, "by signal 9" },
		{ { NULL, "no-such-program-at-all x", NULL }, TALLY_CONFIG,
		    "cannot be run" },
		{ { NULL, "./good", NULL }, TALLY_CONFIG, "cannot be run" },
		{ { NULL, "cat /dev/zero", NULL }, TALLY_CONFIG, "password" },
		{ { NULL, NULL, "word" }, TALLY_OK, "open sesame" },
		{ { NULL, NULL, "none" }, TALLY_CONFIG, "cannot open" },
		{ { NULL, NULL, "../good" }, TALLY_CONFIG, "the name of" },
		{ { NULL, NULL, "all" }, TALLY_PERM, "accessible to others" },
	};

	static const char *const script[3][2] = {
		{ "says", "#!/bin/sh\necho \"open $WORD\"\n" },
		{ "complains",
		    "#!/bin/sh\necho open sesame\necho bad >&2\n"
		    "echo the vault is locked >&2\nexit 3\n" },
		{ "dies", "#!/bin/sh\nkill -9 $$\n" },
	};

	(void)state;
	scratch_make(dir);
	scratch_write(dir, "good", "open sesame\n", 12, 0);
	scratch_write(dir, "crlf", "open sesame\r\nmore\n", 18, 0);
	scratch_write(dir, "open", "open sesame\n", 12, 0);
	scratch_write(dir, "nothing", "", 0, 0);
	scratch_write(dir, "newline", "\n", 1, 0);
	for (size_t i = 0; i < 3; i++)
		scratch_write(
		    dir, script[i][0], script[i][1], strlen(script[i][1]), 0);
	snprintf(path, sizeof(path), "%s/cred", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	scratch_write(path, "word", "open sesame", 11, 0);
	scratch_write(path, "all", "open sesame", 11, 0);
	setenv("CREDENTIALS_DIRECTORY", path, 1);
	setenv("WORD", "sesame", 1);
	modes(dir);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_settings set = {
			.name = "t", .base = dir, .login_ms = 500
		};
		struct secret *s = NULL;
		struct tally_err err = { 0 };
		enum tally_rc rc;

		/* Where a second is nothing, a program may take many. */
		if (row[i].rc == TALLY_OK ||
		    strstr(row[i].says, "500 ms") == NULL)
			set.login_ms = 20000;
		rc = secret_line(&s, &set, "password", &row[i].from, &err);
		if (rc != row[i].rc ||
		    (rc != TALLY_OK && strstr(err.text, row[i].says) == NULL))
			fail_msg("row %zu: %d: %s", i, rc, err.text);
		if (strstr(err.text, "sesame") != NULL)
			fail_msg("a secret in: %s", err.text);
		if (rc == TALLY_OK && row[i].says != NULL)
			assert_string_equal(s->p, row[i].says);
		else
			assert_null(s);
		secret_free(s);
	}
	unsetenv("CREDENTIALS_DIRECTORY");
	{
		struct mailbox_settings set = { .name = "t", .base = dir };
		struct secret *s = NULL;
		struct tally_err err;

		assert_int_equal(
		    secret_line(&s, &set, "password", &row[20].from, &err),
		    TALLY_CONFIG);
		assert_non_null(strstr(err.text, "LoadCredential=word"));
		/* Looking does not run commands. */
		assert_int_equal(
		    secret_check(&set, "password", &row[12].from, &err),
		    TALLY_OK);
	}
	unsetenv("WORD");
	scratch_remove(dir);
}

/* First lines that tell enough; whole keys are in the matrix of servers. */
static void
key_forms(void **state)
{
	static const struct {
		const char *text;
		enum key_kind kind;
		bool locked;
	} row[] = {
		{ "", KEY_NONE, false },
		{ "hello", KEY_NONE, false },
		{ "ssh-ed25519 AAAA x", KEY_PUBLIC, false },
		{ "\n---- BEGIN SSH2 PUBLIC KEY ----\n", KEY_PUBLIC, false },
		{ "PuTTY-User-Key-File-3: ssh-ed25519\n", KEY_PUTTY, false },
		{ "-----BEGIN CERTIFICATE-----\n", KEY_PUBLIC, false },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n", KEY_NONE, false },
		{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
		    KEY_RSA, true },
		{ "-----BEGIN EC PRIVATE KEY-----\ncut", KEY_NONE, false },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA", KEY_UNKNOWN,
		    true },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", KEY_NONE,
		    false },
		/* openssh-key-v1, none, none, "", 1, (sk-ssh-ed25519…) */
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n"
		  "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAASg"
		  "AAABpzay1z\nc2gtZWQyNTUxOUBvcGVuc3NoLmNvbQAA\n"
		  "-----END OPENSSH PRIVATE KEY-----\n",
		    KEY_HARDWARE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct key_look k;
		size_t n = strlen(row[i].text);
		char *copy;

		key_look(&k, tally_str(row[i].text, n), NULL);
		if (k.kind != row[i].kind || k.locked != row[i].locked)
			fail_msg("row %zu: kind %d", i, (int)k.kind);
		/* Cut anywhere, nothing is read beyond. */
		for (size_t cut = 0; cut < n; cut++) {
			copy = malloc(cut + 1);
			assert_non_null(copy);
			memcpy(copy, row[i].text, cut);
			key_look(&k, tally_str(copy, cut), "x");
			free(copy);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(end_of_a_file),
		cmocka_unit_test(words),
		cmocka_unit_test(too_many_words),
		cmocka_unit_test(secrets),
		cmocka_unit_test(key_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
