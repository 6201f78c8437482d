/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox on a real sshd, and on a hostile SFTP server behind it
 * (support/programs/evilsftp.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox/kind.h"
#include "../support/mailbox_sink.h"
#include "../support/sshd.h"

/*
 * libssh2 1.10 loses two numbers of every ecdsa key that it has signed with;
 * the sanitizer sees that it is libssh2 only when it unwinds slowly.
 */
const char *__lsan_default_suppressions(void);
const char *__asan_default_options(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libssh2_userauth_publickey_frommemory\n";
}

const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}

static struct sshd server; /* an honest one for all tests */
static struct sshd evil;   /* its SFTP is evilsftp, told what to do by a file */
static bool running;

static int
start(void **state)
{
	char self[400] = "", command[500], *slash;

	(void)state;
	if (sshd_missing() != NULL)
		return 0;
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	slash = strrchr(self, '/');
	assert_non_null(slash);
	*slash = '\0';
	snprintf(command, sizeof(command), "%s/../support/evilsftp @", self);
	sshd_start(&server, NULL, NULL);
	sshd_start(&evil, command, NULL);
	running = true;
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	if (running) {
		sshd_stop(&server);
		sshd_stop(&evil);
	}
	return 0;
}

static void
need_sshd(void)
{
	if (sshd_missing() != NULL) {
		print_message("skipped: %s\n", sshd_missing());
		skip();
	}
}

/* Settings that work, to be spoilt by a test. */
static struct mailbox_settings
settings(const struct sshd *s, const char *const *pin)
{
	return (struct mailbox_settings){ .name = "t",
		.url = s->url,
		.key = s->key,
		.host_key = pin,
		.nhost_key = 1,
		.connect_ms = 5000,
		.login_ms = 20000,
		.reply_ms = 20000 };
}

static struct mailbox *
opened(const struct sshd *s)
{
	const char *pin = s->ed25519;
	struct mailbox_settings *set = calloc(1, sizeof(*set));
	const char **pins = calloc(1, sizeof(*pins));
	struct mailbox *m;
	struct tally_err err = { 0 };

	assert_non_null(set);
	assert_non_null(pins);
	*pins = pin;
	*set = settings(s, pins);
	if (mailbox_open(&m, set, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	return m;
}

static void
closed(struct mailbox *m)
{
	const struct mailbox_settings *s = m->settings;

	mailbox_close(m);
	free((void *)(uintptr_t)s->host_key);
	free((void *)(uintptr_t)s);
}

static void
empty_root(const struct sshd *s)
{
	scratch_remove(s->root);
	assert_int_equal(mkdir(s->root, 0755), 0);
}

static char *
made(size_t n)
{
	char *p = malloc(n + 1);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 31 + i / 253 + i / 65521);
	return p;
}

/* Lists the mailbox's folder and reads all of it. */
static void
first_fetch(void **state)
{
	struct mailbox_listing l;
	struct tally_err err;
	struct mailbox *m;
	struct kept k;
	char path[400];

	(void)state;
	need_sshd();
	empty_root(&server);
	scratch_write(server.root, "b", "second", 6, 2000);
	scratch_write(server.root, "a", "first", 5, 1000);
	scratch_write(server.root, "empty", "", 0, 3000);
	scratch_write(server.root, "new\nline", "x", 1, 1);
	scratch_write(server.root, " -rf \xff", "odd", 3, 4000);
	snprintf(path, sizeof(path), "%s/link", server.root);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/fifo", server.root);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/folder", server.root);
	assert_int_equal(mkdir(path, 0700), 0);
	m = opened(&server);
	assert_int_equal(mailbox_list(m, "", &l, &err), TALLY_OK);
	assert_int_equal(l.n, 4);
	assert_string_equal(l.entry[0].name.p, "a");
	assert_string_equal(l.entry[3].name.p, " -rf \xff");
	assert_int_equal(l.entry[1].mtime, 2000);
	assert_int_equal(l.nrefused, 1);
	assert_string_equal(l.refused[0].p, "new\nline");
	kept_init(&k, l.n);
	assert_int_equal(
	    mailbox_get(m, "", l.entry, l.n, &k.sink, &err), TALLY_OK);
	for (size_t i = 0; i < l.n; i++) {
		assert_int_equal(k.done[i], 1);
		assert_int_equal(k.result[i].rc, TALLY_OK);
		assert_int_equal(k.result[i].now.size, l.entry[i].size);
		assert_int_equal(k.bytes[i].n, l.entry[i].size);
	}
	assert_string_equal(k.bytes[0].p, "first");
	assert_string_equal(k.bytes[3].p, "odd");
	kept_free(&k);
	mailbox_listing_free(&l);
	closed(m);
}

static void
many_small_files(void **state)
{
	enum { N = 300 };
	struct mailbox_listing l;
	struct tally_err err;
	struct mailbox *m;
	struct kept k;
	char name[32], text[64];

	(void)state;
	need_sshd();
	empty_root(&server);
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "po%04d", i);
		snprintf(text, sizeof(text), "order %d", i * 7919);
		scratch_write(server.root, name, text, strlen(text), 5000);
	}
	m = opened(&server);
	assert_int_equal(mailbox_list(m, "", &l, &err), TALLY_OK);
	assert_int_equal(l.n, N);
	kept_init(&k, l.n);
	k.refuse = 17;
	assert_int_equal(
	    mailbox_get(m, "", l.entry, l.n, &k.sink, &err), TALLY_OK);
	for (int i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "order %d", i * 7919);
		assert_int_equal(k.done[i], 1);
		if (i == 17) {
			assert_int_equal(k.result[i].rc, TALLY_TEMP);
			assert_string_equal(
			    k.result[i].err.text, "the sink is full");
			continue;
		}
		assert_int_equal(k.result[i].rc, TALLY_OK);
		assert_string_equal(k.bytes[i].p, text);
	}
	kept_free(&k);
	mailbox_listing_free(&l);
	closed(m);
}

static void
big_file_both_ways(void **state)
{
	static const size_t size[] = { 0, 1, 32767, 32768, 32769, 65536,
		9000001 };
	enum { N = sizeof(size) / sizeof(size[0]) };
	struct mailbox_upload up[N];
	struct mailbox_entry e[N];
	struct mailbox_result r[N];
	struct tally_err err;
	struct mailbox *m;
	struct kept k;
	char name[N][16], *bytes = made(9000001);

	(void)state;
	need_sshd();
	empty_root(&server);
	for (size_t i = 0; i < N; i++) {
		snprintf(name[i], sizeof(name[i]), "f%zu", size[i]);
		up[i].name = name[i];
		up[i].bytes = tally_str(bytes, size[i]);
	}
	m = opened(&server);
	assert_int_equal(mailbox_put(m, "", up, N, r, &err), TALLY_OK);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(r[i].rc, TALLY_OK);
		assert_int_equal(r[i].now.size, size[i]);
		e[i] = r[i].now;
	}
	kept_init(&k, N);
	assert_int_equal(mailbox_get(m, "", e, N, &k.sink, &err), TALLY_OK);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(k.result[i].rc, TALLY_OK);
		assert_int_equal(k.bytes[i].n, size[i]);
		if (size[i] > 0)
			assert_memory_equal(k.bytes[i].p, bytes, size[i]);
	}
	kept_free(&k);
	free(bytes);
	closed(m);
}

static void
get_compares_with_the_listing(void **state)
{
	static const struct {
		const char *name;
		uint64_t size;
		int64_t mtime;
		enum tally_rc rc;
	} row[] = {
		{ "f", 3, 1000, TALLY_OK },
		{ "f", 3, 0, TALLY_OK },
		{ "f", MAILBOX_SIZE_UNKNOWN, 0, TALLY_OK },
		{ "f", 2, 1000, TALLY_TEMP },
		{ "f", 4, 1000, TALLY_TEMP },
		{ "f", 400000, 1000, TALLY_TEMP },
		{ "f", 3, 999, TALLY_TEMP },
		{ "gone", 3, 1000, TALLY_NOINPUT },
		{ "big", 100, 1000, TALLY_TEMP },
		{ "big", 300000, 1000, TALLY_OK },
		{ "big", MAILBOX_SIZE_UNKNOWN, 1000, TALLY_OK },
	};
	enum { N = sizeof(row) / sizeof(row[0]) };
	struct mailbox_entry e[N];
	struct tally_err err;
	struct mailbox *m;
	struct kept k;
	char *big = made(300000);

	(void)state;
	need_sshd();
	empty_root(&server);
	scratch_write(server.root, "f", "abc", 3, 1000);
	scratch_write(server.root, "big", big, 300000, 1000);
	for (size_t i = 0; i < N; i++)
		e[i] = (struct mailbox_entry){ tally_cstr(row[i].name),
			row[i].size, row[i].mtime };
	m = opened(&server);
	kept_init(&k, N);
	assert_int_equal(mailbox_get(m, "", e, N, &k.sink, &err), TALLY_OK);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(k.done[i], 1);
		assert_int_equal(k.result[i].rc, row[i].rc);
	}
	assert_memory_equal(k.bytes[9].p, big, 300000);
	assert_int_equal(k.bytes[10].n, 300000);
	kept_free(&k);
	free(big);
	closed(m);
}

static void
put_and_rename_never_write_over(void **state)
{
	struct mailbox_upload up[] = { { "x.tmp", TALLY_STR("new") },
		{ "old", TALLY_STR("other") } };
	struct mailbox_rename ren[] = {
		{ "", TALLY_STR("x.tmp"), "", TALLY_STR("old") },
		{ "", TALLY_STR("x.tmp"), "sub", TALLY_STR("x") },
		{ "", TALLY_STR("gone"), "sub", TALLY_STR("y") },
		{ "", TALLY_STR("old"), "nowhere", TALLY_STR("y") },
	};
	struct tally_str name[] = { TALLY_STR("x"), TALLY_STR("y") };
	struct mailbox_result r[4];
	struct tally_err err;
	struct mailbox *m;
	char path[400], *p;
	size_t n;

	(void)state;
	need_sshd();
	empty_root(&server);
	scratch_write(server.root, "old", "old", 3, 0);
	snprintf(path, sizeof(path), "%s/sub", server.root);
	assert_int_equal(mkdir(path, 0755), 0);
	m = opened(&server);
	assert_int_equal(mailbox_put(m, "", up, 2, r, &err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_OK);
	assert_int_equal(r[1].rc, TALLY_CREATE);
	assert_int_equal(mailbox_put(m, "none", up, 1, r, &err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_NOINPUT);
	assert_int_equal(mailbox_rename(m, ren, 4, r, &err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_CREATE);
	assert_int_equal(r[1].rc, TALLY_OK);
	assert_string_equal(r[1].err.text, "");
	assert_int_equal(r[2].rc, TALLY_NOINPUT);
	assert_int_equal(r[3].rc, TALLY_IO);
	p = scratch_read(server.root, "old", &n);
	assert_string_equal(p, "old");
	free(p);
	assert_int_equal(mailbox_stat(m, "sub", name, 2, r, &err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_OK);
	assert_int_equal(r[0].now.size, 3);
	assert_int_equal(r[1].rc, TALLY_NOINPUT);
	assert_int_equal(mailbox_remove(m, "sub", name, 2, r, &err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_OK);
	assert_int_equal(r[1].rc, TALLY_NOINPUT);
	closed(m);
}

static void
folders_that_are_not_there(void **state)
{
	struct mailbox_listing l;
	struct tally_err err;
	struct mailbox *m;

	(void)state;
	need_sshd();
	empty_root(&server);
	m = opened(&server);
	assert_int_equal(mailbox_list(m, "none", &l, &err), TALLY_NOINPUT);
	/* The connection has survived that. */
	assert_int_equal(mailbox_list(m, server.root, &l, &err), TALLY_OK);
	assert_int_equal(l.n, 0);
	mailbox_listing_free(&l);
	closed(m);
}

/* Opens with settings that are wrong in one place. */
static void
logins(void **state)
{
	char open_key[300], bad_url[700], dead_url[700], pass[300];
	const char *ed = server.ed25519, *ec = server.ecdsa;
	const char *sha = server.sha256;
	const char *other =
	    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	const char *text = "ssh-ed25519 is my favourite";
	const char *both[2];
	char cut[1024], changed[1024];
	size_t n;

	(void)state;
	need_sshd();
	/* The same type with another key; the key without its end. */
	snprintf(changed, sizeof(changed), "%s", ed);
	n = strlen(changed);
	changed[n - 5] = changed[n - 5] == 'A' ? 'B' : 'A';
	snprintf(cut, sizeof(cut), "%s", ed);
	cut[n - 4] = '\0';
	both[0] = changed;
	both[1] = ec;
	snprintf(open_key, sizeof(open_key), "%s/key_open", server.dir);
	{
		char *key = scratch_read(server.dir, "key", &n);

		scratch_write(server.dir, "key_open", key, n, 0);
		free(key);
	}
	assert_int_equal(chmod(open_key, 0644), 0);
	snprintf(pass, sizeof(pass), "%s/wrong", server.dir);
	scratch_write(server.dir, "wrong", "close sesame\n", 13, 0);
	assert_int_equal(chmod(pass, 0600), 0);
	snprintf(bad_url, sizeof(bad_url), "sftp://nobody-here@127.0.0.1:%u",
	    server.port);
	snprintf(
	    dead_url, sizeof(dead_url), "sftp://%s@127.0.0.1:1", server.user);
	const struct {
		const char *url, *key, *passphrase;
		const char *const *pin;
		size_t npin;
		enum tally_rc rc;
		const char *says;
	} row[] = {
		{ NULL, NULL, NULL, &ed, 1, TALLY_OK, NULL },
		{ NULL, NULL, NULL, &ec, 1, TALLY_OK, NULL },
		{ NULL, NULL, NULL, &sha, 1, TALLY_OK, NULL },
		{ NULL, server.key_ecdsa, NULL, &ed, 1, TALLY_OK, NULL },
		{ NULL, server.key_locked, server.passphrase, &ed, 1, TALLY_OK,
		    NULL },
		{ NULL, server.key_locked, NULL, &ed, 1, TALLY_CONFIG,
		    "no passphrase file" },
		{ NULL, server.key_locked, pass, &ed, 1, TALLY_CONFIG,
		    "passphrase is wrong" },
		{ NULL, server.passphrase, NULL, &ed, 1, TALLY_CONFIG,
		    "cannot be used" },
		{ NULL, server.key_unknown, NULL, &ed, 1, TALLY_PERM,
		    "refused the login" },
		{ NULL, open_key, NULL, &ed, 1, TALLY_PERM, "chmod 600" },
		{ NULL, "/nowhere/key", NULL, &ed, 1, TALLY_CONFIG,
		    "cannot open" },
		{ bad_url, NULL, NULL, &ed, 1, TALLY_PERM,
		    "refused the login" },
		{ dead_url, NULL, NULL, &ed, 1, TALLY_UNAVAILABLE,
		    "cannot connect" },
		{ "sftp://127.0.0.1", NULL, NULL, &ed, 1, TALLY_CONFIG,
		    "user@host" },
		{ NULL, NULL, NULL, (const char *const[]){ changed }, 1,
		    TALLY_PERM, "not pinned" },
		{ NULL, NULL, NULL, (const char *const[]){ cut }, 1, TALLY_PERM,
		    "not pinned" },
		{ NULL, NULL, NULL, &other, 1, TALLY_PERM, "not pinned" },
		{ NULL, NULL, NULL, both, 2, TALLY_PERM, "not pinned" },
		{ NULL, NULL, NULL, &text, 1, TALLY_CONFIG, "host key" },
		{ NULL, NULL, NULL, NULL, 0, TALLY_CONFIG, "pinned" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_settings s = settings(&server, row[i].pin);
		struct tally_err err = { 0 };
		struct mailbox *m;
		enum tally_rc rc;

		s.nhost_key = row[i].npin;
		s.url = row[i].url != NULL ? row[i].url : server.url;
		s.key = row[i].key != NULL ? row[i].key : server.key;
		s.passphrase_file = row[i].passphrase;
		rc = mailbox_open(&m, &s, &err);
		if (rc != row[i].rc ||
		    (row[i].says != NULL &&
			strstr(err.text, row[i].says) == NULL))
			fail_msg("row %zu: %d: %s", i, rc, err.text);
		mailbox_close(m);
	}
}

/* Ends all of sshd when the first bytes of a file come. */
static enum tally_rc
kill_server(void *ctx, size_t i, const void *p, size_t n, struct tally_err *err)
{
	(void)i;
	(void)p;
	(void)n;
	(void)err;
	sshd_kill(ctx);
	return TALLY_OK;
}

static void
not_expected(void *ctx, size_t i, const struct mailbox_result *r)
{
	(void)ctx;
	(void)i;
	fail_msg("reported as done: %s", r->err.text);
}

static void
server_dies_in_the_middle(void **state)
{
	enum { SIZE = 8000000 };
	struct sshd s;
	struct mailbox_entry e = { TALLY_STR("big"), SIZE, 1000 };
	struct mailbox_sink sink = { kill_server, not_expected, &s };
	struct mailbox_upload up = { "new", TALLY_STR("x") };
	struct mailbox_result r;
	struct tally_err err;
	struct mailbox *m;
	char *bytes = made(SIZE);

	(void)state;
	need_sshd();
	sshd_start(&s, NULL, NULL);
	scratch_write(s.root, "big", bytes, SIZE, 1000);
	m = opened(&s);
	assert_int_equal(
	    mailbox_get(m, "", &e, 1, &sink, &err), TALLY_UNAVAILABLE);
	/* Dead is dead: nothing is tried any more. */
	assert_int_equal(
	    mailbox_put(m, "", &up, 1, &r, &err), TALLY_UNAVAILABLE);
	assert_int_equal(r.rc, TALLY_UNAVAILABLE);
	closed(m);
	free(bytes);
	sshd_stop(&s);
}

static void
read_only_server(void **state)
{
	struct mailbox_upload up = { "new", TALLY_STR("x") };
	struct mailbox_rename ren = { "", TALLY_STR("f"), "", TALLY_STR("g") };
	struct tally_str name = TALLY_STR("f");
	struct mailbox_result r;
	struct sshd s;
	struct tally_err err;
	struct mailbox *m;
	size_t n;
	char *p;

	(void)state;
	need_sshd();
	sshd_start(&s, "internal-sftp -R", NULL);
	scratch_write(s.root, "f", "x", 1, 0);
	m = opened(&s);
	assert_int_equal(mailbox_put(m, "", &up, 1, &r, &err), TALLY_OK);
	assert_int_equal(r.rc, TALLY_PERM);
	assert_int_equal(mailbox_rename(m, &ren, 1, &r, &err), TALLY_OK);
	assert_int_equal(r.rc, TALLY_PERM);
	assert_int_equal(mailbox_remove(m, "", &name, 1, &r, &err), TALLY_OK);
	assert_int_equal(r.rc, TALLY_PERM);
	closed(m);
	p = scratch_read(s.root, "f", &n);
	assert_string_equal(p, "x");
	free(p);
	sshd_stop(&s);
}

/* What this libssh2 cannot do is said in words that help. */
static void
algorithms(void **state)
{
	struct sshd s;
	const char *pin;
	struct mailbox_settings set;
	struct tally_err err;
	struct mailbox *m;
	enum tally_rc rc;

	(void)state;
	need_sshd();
	sshd_start(&s, NULL, "KexAlgorithms diffie-hellman-group1-sha1\n");
	pin = s.ed25519;
	set = settings(&s, &pin);
	assert_int_equal(mailbox_open(&m, &set, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "key exchange curve25519-sha256"));
	assert_non_null(strstr(err.text, "host key ssh-ed25519;"));
	set.legacy = true;
	rc = mailbox_open(&m, &set, &err);
	if (rc != TALLY_OK)
		fail_msg("%s", err.text);
	mailbox_close(m);
	sshd_stop(&s);
}

static void
rsa_key(void **state)
{
	struct sshd s;
	const char *pin;
	struct mailbox_settings set;
	struct tally_err err = { 0 };
	struct mailbox *m;
	enum tally_rc rc;

	(void)state;
	need_sshd();
	sshd_start(&s, NULL, NULL);
	sshd_rsa(&s);
	pin = s.ed25519;
	set = settings(&s, &pin);
	set.key = s.key_rsa;
	rc = mailbox_open(&m, &set, &err);
	mailbox_close(m);
	/* Since libssh2 1.11 it works; before, the reason is told. */
	if (rc != TALLY_OK) {
		assert_int_equal(rc, TALLY_PERM);
		if (strstr(err.text, "SHA-1") == NULL)
			fail_msg("%s", err.text);
		assert_non_null(strstr(err.text, "ssh-keygen -t ed25519"));
	}
	sshd_stop(&s);
}

/*
 * What the hostile server of support/programs does is its name; a file of
 * 100,000 bytes is listed, read, and another is written and renamed.
 */
struct evil {
	struct mailbox *m;
	struct mailbox_settings set;
	const char *pin;
	char *bytes;
	enum tally_rc rc; /* of opening */
	struct tally_err err;
};
enum { EVIL_SIZE = 100000 };

static void
evil_open(struct evil *e, const char *rule, unsigned reply_ms)
{
	need_sshd();
	memset(e, 0, sizeof(*e));
	scratch_remove(evil.root);
	assert_int_equal(mkdir(evil.root, 0755), 0);
	scratch_write(evil.dir, "rule", rule, strlen(rule), 0);
	e->bytes = made(EVIL_SIZE);
	scratch_write(evil.root, "good", e->bytes, EVIL_SIZE, 1000);
	e->pin = evil.ed25519;
	e->set = settings(&evil, &e->pin);
	e->set.reply_ms = reply_ms;
	e->rc = mailbox_open(&e->m, &e->set, &e->err);
}

static void
evil_close(struct evil *e)
{
	mailbox_close(e->m);
	free(e->bytes);
}

static void
evil_reading(void **state)
{
	static const struct {
		const char *rule;
		enum tally_rc opened, listed, got; /* got: of the call */
		enum tally_rc file;                /* its result */
		const char *says;
	} row[] = {
		{ "plain", 0, 0, 0, 0, NULL },
		{ "short", 0, 0, 0, 0, NULL },
		{ "swap", 0, 0, 0, 0, NULL },
		{ "empty-eof", 0, 0, 0, 0, NULL },
		{ "no-fstat", 0, 0, 0, 0, NULL },
		{ "no-attrs", 0, 0, 0, 0, NULL },
		{ "one-file", 0, 0, 0, 0, NULL },
		{ "old", 0, 0, 0, 0, NULL },
		{ "early-eof", 0, 0, 0, TALLY_TEMP, "1000 bytes came" },
		{ "lie-size", 0, 0, 0, TALLY_TEMP, "afterwards" },
		{ "over", 0, 0, TALLY_UNAVAILABLE, 0, "more of good" },
		{ "bad-id", 0, 0, TALLY_UNAVAILABLE, 0, "was not asked" },
		{ "bad-type", 0, 0, TALLY_UNAVAILABLE, 0, "with type 102" },
		{ "stall", 0, 0, TALLY_UNAVAILABLE, 0, "within 500 ms" },
		{ "drip", 0, 0, TALLY_UNAVAILABLE, 0, "within 500 ms" },
		{ "die", 0, 0, TALLY_UNAVAILABLE, 0, "ended the SFTP" },
		{ "huge", 0, 0, TALLY_UNAVAILABLE, 0, "SFTP packet" },
		{ "garbled", 0, 0, TALLY_UNAVAILABLE, 0, "do not hold" },
		{ "greeting", TALLY_UNAVAILABLE, 0, 0, 0, "Welcome to EDI!" },
		{ "mute", TALLY_UNAVAILABLE, 0, 0, 0, "within 500 ms" },
		{ "big-count", 0, TALLY_UNAVAILABLE, 0, 0, "do not hold" },
		{ "list-fail", 0, TALLY_IO, 0, 0, "the end" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_entry two[2];
		struct mailbox_listing l;
		struct evil e;
		struct kept k;
		enum tally_rc rc;

		/* A second is nothing where an answer is due. */
		evil_open(&e, row[i].rule,
		    row[i].says != NULL && strstr(row[i].says, "500") != NULL
			? 500
			: 20000);
		if (e.rc != row[i].opened)
			fail_msg("%s: %s", row[i].rule, e.err.text);
		if (e.rc != TALLY_OK)
			goto says;
		rc = mailbox_list(e.m, "", &l, &e.err);
		if (rc != row[i].listed)
			fail_msg("%s: %d %s", row[i].rule, rc, e.err.text);
		if (rc != TALLY_OK)
			goto says;
		assert_int_equal(l.n, 1);
		two[0] = two[1] = l.entry[0];
		kept_init(&k, 2);
		rc = mailbox_get(e.m, "", two, 2, &k.sink, &e.err);
		if (rc != row[i].got)
			fail_msg("%s: %d %s", row[i].rule, rc, e.err.text);
		for (size_t f = 0; f < 2 && rc == TALLY_OK; f++) {
			assert_int_equal(k.done[f], 1);
			if (k.result[f].rc != row[i].file)
				fail_msg("%s: %s", row[i].rule,
				    k.result[f].err.text);
			e.err = k.result[f].err;
			if (row[i].file != TALLY_OK)
				continue;
			assert_int_equal(k.bytes[f].n, EVIL_SIZE);
			assert_memory_equal(k.bytes[f].p, e.bytes, EVIL_SIZE);
		}
		kept_free(&k);
		mailbox_listing_free(&l);
	says:
		if (row[i].says != NULL &&
		    strstr(e.err.text, row[i].says) == NULL)
			fail_msg("%s: %s", row[i].rule, e.err.text);
		evil_close(&e);
	}
}

static void
evil_names(void **state)
{
	struct mailbox_listing l;
	struct evil e;

	(void)state;
	evil_open(&e, "names", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_OK);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.entry[0].name.p, "-rf \xff");
	assert_string_equal(l.entry[1].name.p, "good");
	assert_int_equal(l.entry[2].name.n, 255);
	assert_int_equal(l.nrefused, 9);
	assert_string_equal(l.refused[0].p, "../../evil");
	assert_int_equal(l.refused[3].n, 8);
	assert_int_equal(l.refused[4].n, 0);
	mailbox_listing_free(&l);
	evil_close(&e);
}

static void
evil_listings_end(void **state)
{
	static const struct {
		const char *rule;
		size_t n;
	} row[] = {
		{ "endless", MAILBOX_ENTRIES_MAX },
		{ "hollow", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_listing l;
		struct evil e;

		evil_open(&e, row[i].rule, 20000);
		assert_int_equal(e.rc, TALLY_OK);
		assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_OK);
		assert_int_equal(l.n, row[i].n);
		assert_true(l.truncated);
		mailbox_listing_free(&l);
		evil_close(&e);
	}
}

static void
evil_writing(void **state)
{
	static const struct {
		const char *rule;
		enum tally_rc rc;
		bool there; /* afterwards */
		const char *says;
	} row[] = {
		{ "plain", TALLY_OK, true, "" },
		{ "old", TALLY_OK, true, "" },
		{ "full", TALLY_IO, false, "No space left" },
		{ "full-late", TALLY_IO, false, "quota exceeded" },
		{ "lie-write", TALLY_IO, false, "the server has 0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_upload up = { "new", { NULL, EVIL_SIZE } };
		struct mailbox_result r;
		struct evil e;
		char *p;
		size_t n;

		evil_open(&e, row[i].rule, 20000);
		assert_int_equal(e.rc, TALLY_OK);
		up.bytes.p = e.bytes;
		assert_int_equal(
		    mailbox_put(e.m, "", &up, 1, &r, &e.err), TALLY_OK);
		if (r.rc != row[i].rc ||
		    strstr(r.err.text, row[i].says) == NULL)
			fail_msg("%s: %s", row[i].rule, r.err.text);
		p = scratch_read(evil.root, "new", &n);
		assert_int_equal(p != NULL, row[i].there);
		if (p != NULL) {
			assert_int_equal(n, EVIL_SIZE);
			assert_memory_equal(p, e.bytes, EVIL_SIZE);
		}
		free(p);
		evil_close(&e);
	}
}

/* A server whose RENAME writes over is never given the chance. */
static void
evil_rename(void **state)
{
	struct mailbox_rename ren = { "", TALLY_STR("new"), "",
		TALLY_STR("good") };
	struct mailbox_result r;
	struct evil e;
	char *p;
	size_t n;

	(void)state;
	evil_open(&e, "overwrite", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	scratch_write(evil.root, "new", "x", 1, 0);
	assert_int_equal(mailbox_rename(e.m, &ren, 1, &r, &e.err), TALLY_OK);
	assert_int_equal(r.rc, TALLY_CREATE);
	p = scratch_read(evil.root, "good", &n);
	assert_int_equal(n, EVIL_SIZE);
	free(p);
	ren.to = TALLY_STR("free");
	assert_int_equal(mailbox_rename(e.m, &ren, 1, &r, &e.err), TALLY_OK);
	assert_int_equal(r.rc, TALLY_OK);
	evil_close(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_fetch),
		cmocka_unit_test(many_small_files),
		cmocka_unit_test(big_file_both_ways),
		cmocka_unit_test(get_compares_with_the_listing),
		cmocka_unit_test(put_and_rename_never_write_over),
		cmocka_unit_test(folders_that_are_not_there),
		cmocka_unit_test(logins),
		cmocka_unit_test(server_dies_in_the_middle),
		cmocka_unit_test(read_only_server),
		cmocka_unit_test(algorithms),
		cmocka_unit_test(rsa_key),
		cmocka_unit_test(evil_reading),
		cmocka_unit_test(evil_names),
		cmocka_unit_test(evil_listings_end),
		cmocka_unit_test(evil_writing),
		cmocka_unit_test(evil_rename),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
