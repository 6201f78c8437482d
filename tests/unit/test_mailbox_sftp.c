/* SPDX-License-Identifier: Apache-2.0 */
/* A mailbox on a real sshd: listing, reading, writing, renaming. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/sftp_fixture.h"

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
	if (mailbox_get(m, "", e, N, &k.sink, &err) != TALLY_OK)
		fail_msg("%s", err.text);
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
	if (mailbox_get(m, "", e, N, &k.sink, &err) != TALLY_OK)
		fail_msg("%s", err.text);
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
	struct mailbox_upload up[] = { { "x.tmp", TALLY_STR("new"), false },
		{ "old", TALLY_STR("other"), false } };
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
	struct mailbox_upload up = { "new", TALLY_STR("x"), false };
	struct mailbox_result r;
	struct tally_err err;
	struct mailbox *m;
	char *bytes;

	(void)state;
	need_sshd();
	if (access("/proc/self", F_OK) != 0) {
		print_message("skipped: without /proc a server's sessions"
			      " cannot be found, and killed\n");
		skip();
	}
	bytes = made(SIZE);
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
	struct mailbox_upload up = { "new", TALLY_STR("x"), false };
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

/* Keys are exchanged again and again in the middle of files. */
static void
rekeying(void **state)
{
	enum { N = 2, SIZE = 16000000 };
	struct mailbox_upload up[N] = { { "a", { NULL, SIZE }, false },
		{ "b", { NULL, SIZE }, false } };
	struct mailbox_entry e[N];
	struct mailbox_result r[N];
	struct sshd s;
	struct tally_err err;
	struct mailbox *m;
	struct kept k;
	char *bytes = made(SIZE);

	(void)state;
	need_sshd();
	sshd_start(&s, NULL, "RekeyLimit 1M\n");
	m = opened(&s);
	for (int i = 0; i < N; i++)
		up[i].bytes.p = bytes;
	if (mailbox_put(m, "", up, N, r, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	for (int i = 0; i < N; i++) {
		assert_int_equal(r[i].rc, TALLY_OK);
		e[i] = r[i].now;
	}
	kept_init(&k, N);
	if (mailbox_get(m, "", e, N, &k.sink, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	for (int i = 0; i < N; i++) {
		assert_int_equal(k.result[i].rc, TALLY_OK);
		assert_int_equal(k.bytes[i].n, SIZE);
		assert_memory_equal(k.bytes[i].p, bytes, SIZE);
	}
	kept_free(&k);
	closed(m);
	free(bytes);
	sshd_stop(&s);
}

static void
any_depth(void **state)
{
	static const unsigned depth[] = { 1, 2, 64, 100000 };
	enum { N = 20 };
	struct mailbox_listing l;
	struct mailbox_settings set;
	const char *pin = server.ed25519;
	struct tally_err err;
	struct mailbox *m;
	char *bytes = made(200000), name[16];

	(void)state;
	need_sshd();
	empty_root(&server);
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "f%02d", i);
		scratch_write(
		    server.root, name, bytes, (size_t)i * 10000, 1000);
	}
	for (size_t d = 0; d < sizeof(depth) / sizeof(depth[0]); d++) {
		struct kept k;

		set = settings(&server, &pin);
		set.depth = depth[d];
		assert_int_equal(mailbox_open(&m, &set, &err), TALLY_OK);
		assert_int_equal(mailbox_list(m, "", &l, &err), TALLY_OK);
		assert_int_equal(l.n, N);
		kept_init(&k, N);
		assert_int_equal(
		    mailbox_get(m, "", l.entry, N, &k.sink, &err), TALLY_OK);
		for (size_t i = 0; i < N; i++) {
			assert_int_equal(k.result[i].rc, TALLY_OK);
			assert_int_equal(k.bytes[i].n, i * 10000);
			if (i > 0)
				assert_memory_equal(
				    k.bytes[i].p, bytes, i * 10000);
		}
		kept_free(&k);
		mailbox_listing_free(&l);
		mailbox_close(m);
	}
	free(bytes);
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
		cmocka_unit_test(server_dies_in_the_middle),
		cmocka_unit_test(read_only_server),
		cmocka_unit_test(rekeying),
		cmocka_unit_test(any_depth),
	};

	return cmocka_run_group_tests(tests, server_start, server_stop);
}
