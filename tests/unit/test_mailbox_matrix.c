/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be reached by which transport: kinds of servers and kinds of keys
 * against a real sshd, with the outcome that is expected of each.
 */
#define _GNU_SOURCE /* setenv */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <libssh2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/sftp_fixture.h"

/* Transports: the library before and since 1.11, and the program. */
enum { OLD, NEW, OPENSSH, TRANSPORTS };

static char dir[256]; /* of the keys that are made for the occasion */
static char pin_rsa[1024], pin_p384[1024], pin_p521[1024], pin_other[1024];

static const char *
openssh_missing(void)
{
	return access("/usr/bin/ssh", X_OK) == 0 ? NULL
						 : "ssh is not installed";
}

static int
builtin(void)
{
	return libssh2_version(0x010b00) != NULL ? NEW : OLD;
}

/* Whether ssh knows an algorithm of a kind, as its -Q lists them. */
static bool
knows(const char *kind, const char *name)
{
	char command[100], line[200];
	bool found = false;
	FILE *f;

	snprintf(command, sizeof(command), "ssh -Q %s 2>/dev/null", kind);
	f = popen(command, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = found || strcmp(line, name) == 0;
	}
	if (f != NULL)
		pclose(f);
	return found;
}

static void shell(const char *fmt, ...) TALLY_PRINTF(1, 2);

static void
shell(const char *fmt, ...)
{
	char command[2000], line[300];
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	f = popen(command, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		;
	if (pclose(f) != 0)
		fail_msg("%s", command);
}

static void
read_pin(char out[1024], const char *name)
{
	size_t n;
	char *p = scratch_read(dir, name, &n), *end;

	assert_non_null(p);
	end = strchr(p, ' ');
	assert_non_null(end);
	end = strchr(end + 1, ' ');
	assert_non_null(end);
	*end = '\0';
	snprintf(out, 1024, "%s", p);
	free(p);
}

/* Keys of users; those that are let in have their public half in a file. */
static int
start(void **state)
{
	if (sshd_missing() != NULL)
		return 0;
	scratch_make(dir);
	assert_int_equal(chmod(dir, 0755), 0);
	setenv("D", dir, 1);
	/* Where the files of known hosts go: none may stay there. */
	shell("mkdir $D/tmp");
	shell("cd $D && k() { ssh-keygen -q -C x \"$@\"; }"
	      " && k -t rsa -b 2048 -N '' -f host_rsa"
	      " && k -t ecdsa -b 384 -N '' -f host_p384"
	      " && k -t ecdsa -b 521 -N '' -f host_p521"
	      " && k -t ed25519 -N '' -f other"
	      " && k -t ecdsa -b 384 -N '' -f p384"
	      " && k -t ecdsa -b 521 -N '' -f p521"
	      " && k -t ecdsa -m PEM -N '' -f p256_pem"
	      " && k -t ecdsa -m PKCS8 -N '' -f p256_pkcs8"
	      " && k -t rsa -b 2048 -N '' -f rsa"
	      " && cp rsa rsa_pem && cp rsa.pub rsa_pem.pub"
	      " && k -p -m PEM -P '' -N '' -f rsa_pem >/dev/null"
	      " && k -t ed25519 -m PKCS8 -N 'open sesame' -f ed_locked"
	      " && k -t ecdsa -m PEM -N 'open sesame' -f p256_pem_locked"
	      " && k -t ecdsa -m PKCS8 -N 'open sesame' -f p256_pkcs8_locked"
	      " && k -t rsa -b 2048 -m PKCS8 -N 'open sesame' -f rsa_locked"
	      " && printf 'open sesame\\n' > word && printf 'no\\n' > wrong"
	      " && chmod 600 word wrong"
	      " && cat p*.pub rsa.pub ed_locked.pub rsa_locked.pub > authorized"
	      " && k -t ed25519 -N '' -f ca && k -t ed25519 -N '' -f cert"
	      " && k -s ca -I edi -n \"$(id -un)\" cert"
	      " && chmod 644 authorized ca.pub");
	read_pin(pin_rsa, "host_rsa.pub");
	read_pin(pin_p384, "host_p384.pub");
	read_pin(pin_p521, "host_p521.pub");
	read_pin(pin_other, "other.pub");
	return server_start(state);
}

static int
stop(void **state)
{
	if (sshd_missing() == NULL)
		scratch_remove(dir);
	return server_stop(state);
}

static void
server_with(struct sshd *s, const char *lines)
{
	char extra[2000];

	snprintf(extra, sizeof(extra),
	    "HostKey %s/host_rsa\nHostKey %s/host_p384\n"
	    "HostKey %s/host_p521\n"
	    "AuthorizedKeysFile %s/authorized .ssh/none\n"
	    "TrustedUserCAKeys %s/ca.pub\n%s",
	    dir, dir, dir, dir, dir, lines);
	sshd_start(s, NULL, extra);
	shell("cat %s/authorized_keys >> %s/authorized", s->dir, dir);
}

/* How many files of known hosts are left. */
static unsigned
left_over(void)
{
	char path[300];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s/tmp", dir);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Opens and lists. */
static void
try(const char *what, const struct mailbox_settings *set, enum tally_rc want,
    const char *says)
{
	struct tally_err err = { 0 };
	struct mailbox_listing l;
	struct mailbox *m;
	enum tally_rc rc;
	char tmp[300];

	snprintf(tmp, sizeof(tmp), "%s/tmp", dir);
	setenv("TMPDIR", tmp, 1);
	rc = mailbox_open(&m, set, &err);
	unsetenv("TMPDIR");
	if (rc != want ||
	    (rc != TALLY_OK && says != NULL && strstr(err.text, says) == NULL))
		fail_msg("%s by %s: %d instead of %d: %s", what,
		    set->openssh ? "openssh" : "builtin", rc, want, err.text);
	assert_int_equal(left_over(), 0);
	if (rc != TALLY_OK)
		return;
	if (mailbox_list(m, "", &l, &err) != TALLY_OK)
		fail_msg("%s: %s", what, err.text);
	mailbox_listing_free(&l);
	mailbox_close(m);
}

#define C TALLY_CONFIG
#define P TALLY_PERM

/* told: what the manual's table calls it; null: it is not there. */
enum { ED25519, RSA, P384, P521, OTHER };
static const struct {
	const char *what, *told, *lines;
	int pin;
	bool legacy;
	enum tally_rc rc[TRANSPORTS];
	const char *kind, *needs; /* of "ssh -Q" */
	const char *differs;      /* the list that builtin names */
	const char *key;          /* ours, of dir; null: the usual one */
} server_row[] = {
	{ "what is usual", "what is usual", "", ED25519, false, { 0, 0, 0 },
	    NULL, NULL, NULL, NULL },
	{ "only ed25519", "host key: ed25519 alone",
	    "HostKeyAlgorithms ssh-ed25519\n", ED25519, false, { 0, 0, 0 },
	    NULL, NULL, NULL, NULL },
	{ "only ecdsa of 384 bits", "host key: ecdsa alone",
	    "HostKeyAlgorithms ecdsa-sha2-nistp384\n", P384, false, { 0, 0, 0 },
	    NULL, NULL, NULL, NULL },
	{ "only ecdsa of 521 bits", NULL,
	    "HostKeyAlgorithms ecdsa-sha2-nistp521\n", P521, false, { 0, 0, 0 },
	    NULL, NULL, NULL, NULL },
	{ "only RSA by SHA-2", "host key: RSA alone, by SHA-2",
	    "HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256\n", RSA, false,
	    { C, 0, 0 }, NULL, NULL, NULL, NULL },
	{ "only RSA by SHA-1", "host key: RSA alone, by SHA-1, with legacy",
	    "HostKeyAlgorithms ssh-rsa\n", RSA, true, { 0, 0, 0 }, "key-sig",
	    "ssh-rsa", NULL, NULL },
	{ "only AEAD ciphers", "ciphers: AES-GCM, chacha20 alone",
	    "Ciphers aes256-gcm@openssh.com,"
	    "chacha20-poly1305@openssh.com\n",
	    ED25519, false, { C, 0, 0 }, "cipher", "aes256-gcm@openssh.com",
	    "for cipher we have ", NULL },
	{ "only MACs after encryption", "MACs: -etm alone",
	    "Ciphers aes256-ctr\n"
	    "MACs hmac-sha2-256-etm@openssh.com\n",
	    ED25519, false, { C, 0, 0 }, "mac", "hmac-sha2-256-etm@openssh.com",
	    "for MAC we have ", NULL },
	{ "only a key exchange of tomorrow", "key exchange: post-quantum alone",
	    "KexAlgorithms sntrup761x25519-sha512@openssh.com\n", ED25519,
	    false, { C, C, 0 }, "kex", "sntrup761x25519-sha512@openssh.com",
	    "for key exchange we have ", NULL },
	{ "only a key exchange of yesterday", "key exchange: by SHA-1 alone",
	    "KexAlgorithms diffie-hellman-group1-sha1\n", ED25519, false,
	    { C, C, C }, "kex", "diffie-hellman-group1-sha1",
	    "for key exchange we have ", NULL },
	{ "the same where that is allowed",
	    "key exchange: by SHA-1 alone, with legacy",
	    "KexAlgorithms diffie-hellman-group1-sha1\n", ED25519, true,
	    { 0, 0, 0 }, "kex", "diffie-hellman-group1-sha1", NULL, NULL },
	{ "no key of the pinned type", NULL,
	    "HostKeyAlgorithms ecdsa-sha2-nistp256\n", ED25519, false,
	    { C, C, C }, NULL, NULL,
	    "for host key we have ssh-ed25519, the server has "
	    "ecdsa-sha2-nistp256",
	    NULL },
	{ "another key of the pinned type", NULL, "", OTHER, false, { P, P, P },
	    NULL, NULL, NULL, NULL },
	{ "a key of ours that may sign by SHA-1",
	    "key: RSA, allowed by SHA-1, with legacy",
	    "PubkeyAcceptedAlgorithms +ssh-rsa\n", ED25519, true, { 0, 0, 0 },
	    "key-sig", "ssh-rsa", NULL, "rsa" },
};
#define NSERVERS (sizeof(server_row) / sizeof(server_row[0]))

static const struct {
	const char *what, *told;
	const char *key; /* of the server's folder; null: one of dir, as what */
	const char *passphrase; /* of dir */
	enum tally_rc rc[TRANSPORTS];
	const char *says[2]; /* builtin, openssh */
} key_row[] = {
	{ "ed25519", "key: ed25519", "key", NULL, { 0, 0, 0 }, { NULL, NULL } },
	{ "ed25519 with a passphrase", "key: ed25519 with a passphrase",
	    "key_locked", "word", { 0, 0, C }, { NULL, "no passphrase" } },
	{ "ed25519 with an unknown passphrase", NULL, "key_locked", NULL,
	    { C, C, C }, { "passphrase-file", "ssh-keygen -p" } },
	{ "ed25519 with another passphrase", NULL, "key_locked", "wrong",
	    { C, C, C }, { "passphrase is wrong", NULL } },
	{ "ed_locked", NULL, NULL, "word", { 0, 0, C }, { NULL, NULL } },
	{ "p256_pem_locked", NULL, NULL, "word", { 0, 0, C }, { NULL, NULL } },
	{ "p256_pkcs8_locked", "key: ecdsa with a passphrase", NULL, "word",
	    { 0, 0, C }, { NULL, NULL } },
	{ "p256_pem_locked", NULL, NULL, "wrong", { C, C, C },
	    { "passphrase is wrong", NULL } },
	{ "p256_pkcs8_locked", NULL, NULL, "wrong", { C, C, C },
	    { "passphrase is wrong", NULL } },
	{ "p256_pkcs8_locked", NULL, NULL, NULL, { C, C, C },
	    { "passphrase-file", "ssh-keygen -p" } },
	{ "rsa_locked", "key: RSA with a passphrase", NULL, "word", { C, 0, C },
	    { "transport=\"openssh\"", NULL } },
	{ "rsa.pub", NULL, NULL, NULL, { P, P, P },
	    { "chmod 600", "chmod 600" } },
	{ "ecdsa of 256 bits", "key: ecdsa", "key_ecdsa", NULL, { 0, 0, 0 },
	    { NULL, NULL } },
	{ "p384", NULL, NULL, NULL, { 0, 0, 0 }, { NULL, NULL } },
	{ "p521", NULL, NULL, NULL, { 0, 0, 0 }, { NULL, NULL } },
	{ "p256_pem", NULL, NULL, NULL, { 0, 0, 0 }, { NULL, NULL } },
	{ "p256_pkcs8", NULL, NULL, NULL, { 0, 0, 0 }, { NULL, NULL } },
	{ "rsa", "key: RSA", NULL, NULL, { C, 0, 0 },
	    { "transport=\"openssh\"", NULL } },
	{ "rsa_pem", NULL, NULL, NULL, { C, 0, 0 },
	    { "transport=\"openssh\"", NULL } },
	{ "cert", "key: ed25519 with a certificate", NULL, NULL, { P, P, 0 },
	    { NULL, NULL } },
	{ "other", NULL, NULL, NULL, { P, P, P },
	    { "refused the login", "refused the login" } },
	{ "authorized", NULL, NULL, NULL, { P, P, P },
	    { "chmod 600", "chmod 600" } },
	{ "a file that is no key", NULL, "passphrase", NULL, { C, C, C },
	    { "cannot be used", "cannot be used" } },
};
#define NKEYS (sizeof(key_row) / sizeof(key_row[0]))

static void
servers(void **state)
{
	(void)state;
	need_sshd();
	for (size_t i = 0; i < NSERVERS; i++) {
		struct mailbox_settings set;
		const char *pin;
		struct sshd s;

		if (server_row[i].needs != NULL &&
		    !knows(server_row[i].kind, server_row[i].needs)) {
			print_message("skipped: \"%s\": OpenSSH has no %s\n",
			    server_row[i].what, server_row[i].needs);
			continue;
		}
		server_with(&s, server_row[i].lines);
		pin = server_row[i].pin == RSA   ? pin_rsa
		    : server_row[i].pin == P384  ? pin_p384
		    : server_row[i].pin == P521  ? pin_p521
		    : server_row[i].pin == OTHER ? pin_other
						 : s.ed25519;
		set = settings(&s, &pin);
		set.legacy = server_row[i].legacy;
		set.base = dir;
		if (server_row[i].key != NULL)
			set.key = server_row[i].key;
		try(server_row[i].what, &set, server_row[i].rc[builtin()],
		    server_row[i].differs != NULL ? server_row[i].differs
			: server_row[i].rc[OPENSSH] == 0
			? "transport=\"openssh\""
			: NULL);
		set.openssh = true;
		if (openssh_missing() == NULL)
			try(server_row[i].what, &set, server_row[i].rc[OPENSSH],
			    server_row[i].rc[OPENSSH] == P ? "SHA256:" : NULL);
		sshd_stop(&s);
	}
	if (openssh_missing() != NULL)
		print_message("skipped: by openssh: %s\n", openssh_missing());
}

static void
keys(void **state)
{
	struct sshd s;
	const char *pin;
	char path[400];

	(void)state;
	need_sshd();
	server_with(&s, "");
	pin = s.ed25519;
	for (size_t i = 0; i < NKEYS; i++) {
		struct mailbox_settings set = settings(&s, &pin);

		/* One is named as from a workspace. */
		set.base = dir;
		set.key = key_row[i].what;
		if (key_row[i].key != NULL) {
			snprintf(
			    path, sizeof(path), "%s/%s", s.dir, key_row[i].key);
			set.key = path;
		}
		set.passphrase.file = key_row[i].passphrase;
		try(key_row[i].what, &set, key_row[i].rc[builtin()],
		    key_row[i].says[0]);
		set.openssh = true;
		if (openssh_missing() == NULL)
			try(key_row[i].what, &set, key_row[i].rc[OPENSSH],
			    key_row[i].says[1]);
	}
	sshd_stop(&s);
}

/* What the program cannot be told is refused before it is started. */
static void
openssh_settings(void **state)
{
	struct mailbox_settings set;
	const char *pin = server.sha256;

	(void)state;
	need_sshd();
	set = settings(&server, &pin);
	set.openssh = true;
	try("a fingerprint", &set, C, "pin the whole key");
	pin = server.ed25519;
	set.password.file = server.passphrase;
	try("a password", &set, C, "takes no password");
	set.password.file = NULL;
	set.key = "/tmp/$HOME/%d/key";
	try("a path that would be expanded", &set, C, "cannot have");
	set.key = server.key;
	set.url = "sftp://-oProxyCommand=id@127.0.0.1:1";
	try("a port that is closed", &set, TALLY_UNAVAILABLE, "ssh:");
	set.url = "sftp://x@-oProxyCommand=id:1";
	try("a host that looks like an option", &set, TALLY_UNAVAILABLE,
	    "ssh:");
}

/* Of the ciphers that both sides have, whichever the server names first. */
static void
openssh_has_aes_first(void **state)
{
	struct mailbox_settings set;
	const char *pin;
	struct tally_err err;
	struct mailbox *m;
	struct sshd s;
	char *log;
	size_t n;

	(void)state;
	need_sshd();
	if (openssh_missing() != NULL) {
		print_message("skipped: %s\n", openssh_missing());
		skip();
	}
	sshd_start(&s, NULL,
	    "LogLevel DEBUG1\n"
	    "Ciphers chacha20-poly1305@openssh.com,aes128-ctr,"
	    "aes128-gcm@openssh.com\n");
	pin = s.ed25519;
	set = settings(&s, &pin);
	set.openssh = true;
	if (mailbox_open(&m, &set, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	mailbox_close(m);
	log = scratch_read(s.dir, "log", &n);
	assert_non_null(
	    strstr(log, "server->client cipher: aes128-gcm@openssh.com"));
	free(log);
	sshd_stop(&s);
}

static void
openssh_carries(void **state)
{
	enum { N = 20, SIZE = 150000 };
	static char name[N][8];
	struct mailbox_settings set;
	struct mailbox_upload up[N];
	struct mailbox_result r[N];
	struct mailbox_rename ren[N];
	struct tally_str from[N];
	const char *pin = server.ed25519;
	struct mailbox_listing l;
	struct tally_err err;
	struct mailbox *m;
	struct kept k;
	char *bytes;

	(void)state;
	need_sshd();
	if (openssh_missing() != NULL) {
		print_message("skipped: %s\n", openssh_missing());
		skip();
	}
	bytes = made(SIZE + N);
	set = settings(&server, &pin);
	set.openssh = true;
	empty_root(&server);
	if (mailbox_open(&m, &set, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < N; i++) {
		snprintf(name[i], sizeof(name[i]), "f%02zu", i);
		up[i] = (struct mailbox_upload){ name[i],
			tally_str(bytes + i, SIZE), false };
		from[i] = tally_str(name[i], 3);
		ren[i] = (struct mailbox_rename){ "", from[i], "",
			tally_str(name[i], 2) };
	}
	assert_int_equal(mailbox_put(m, "", up, N, r, &err), TALLY_OK);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(r[i].rc, TALLY_OK);
	assert_int_equal(mailbox_list(m, "", &l, &err), TALLY_OK);
	assert_int_equal(l.n, N);
	kept_init(&k, N);
	assert_int_equal(
	    mailbox_get(m, "", l.entry, N, &k.sink, &err), TALLY_OK);
	for (size_t i = 0; i < N; i++) {
		const char *p = l.entry[i].name.p;
		size_t which = (size_t)(p[1] - '0') * 10 + (size_t)(p[2] - '0');

		assert_int_equal(k.result[i].rc, TALLY_OK);
		assert_int_equal(k.bytes[i].n, SIZE);
		assert_memory_equal(k.bytes[i].p, bytes + which, SIZE);
	}
	kept_free(&k);
	mailbox_listing_free(&l);
	assert_int_equal(mailbox_rename(m, ren, 1, r, &err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_OK);
	assert_int_equal(
	    mailbox_remove(m, "", from + 1, N - 1, r, &err), TALLY_OK);
	for (size_t i = 0; i < N - 1; i++)
		assert_int_equal(r[i].rc, TALLY_OK);
	assert_int_equal(mailbox_list(m, "", &l, &err), TALLY_OK);
	assert_int_equal(l.n, 1);
	mailbox_listing_free(&l);
	mailbox_close(m);
	free(bytes);
}

/* A server that goes away is noticed, and the child does not stay. */
static void
openssh_dies(void **state)
{
	struct mailbox_settings set;
	struct mailbox_listing l;
	const char *pin;
	struct tally_err err;
	struct mailbox *m;
	struct sshd s;

	(void)state;
	need_sshd();
	if (openssh_missing() != NULL) {
		print_message("skipped: %s\n", openssh_missing());
		skip();
	}
	sshd_start(&s, NULL, NULL);
	pin = s.ed25519;
	set = settings(&s, &pin);
	set.openssh = true;
	if (mailbox_open(&m, &set, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	sshd_kill(&s);
	assert_int_equal(mailbox_list(m, "", &l, &err), TALLY_UNAVAILABLE);
	assert_int_equal(mailbox_list(m, "", &l, &err), TALLY_UNAVAILABLE);
	mailbox_close(m);
	try("a server that is gone", &set, TALLY_UNAVAILABLE, "refused");
	sshd_stop(&s);
}

/* One row of the manual's table. */
static void
tell(const char *told, const enum tally_rc rc[TRANSPORTS])
{
	if (told == NULL)
		return;
	printf(".It %s", told);
	for (int i = 0; i < TRANSPORTS; i++)
		printf(" Ta %s", rc[i] == TALLY_OK ? "yes" : "no");
	putchar('\n');
}

static int
table(void)
{
	for (size_t i = 0; i < NSERVERS; i++)
		tell(server_row[i].told, server_row[i].rc);
	for (size_t i = 0; i < NKEYS; i++)
		tell(key_row[i].told, key_row[i].rc);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers),
		cmocka_unit_test(keys),
		cmocka_unit_test(openssh_settings),
		cmocka_unit_test(openssh_has_aes_first),
		cmocka_unit_test(openssh_carries),
		cmocka_unit_test(openssh_dies),
	};

	/* For scripts/servers, which puts it into the manual. */
	if (argc == 2 && strcmp(argv[1], "--table") == 0)
		return table();
	return cmocka_run_group_tests(tests, start, stop);
}
