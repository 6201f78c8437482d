/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder as a mailbox: mailbox/mailbox.c and mailbox/directory.c.  What of
 * it is on the disk when: test_mailbox_sync.
 */
#define _GNU_SOURCE /* syscall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mailbox/kind.h"
#include "support/box.h"
#include "support/counted.h"
#include "support/mailbox_sink.h"

/* Stands before the C library's: a link would be a moment with both names. */

static unsigned links;
static bool flag_unknown;

int
linkat(int a, const char *from, int b, const char *to, int flags)
{
	links++;
	return (int)syscall(SYS_linkat, a, from, b, to, flags);
}

int
renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	if (flag_unknown && flags != 0) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, a, from, b, to, flags);
}

static void
names(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		bool ok;
	} row[] = {
		{ "po.edi", 6, true },
		{ "-rf", 3, true },
		{ " ", 1, true },
		{ "\xff", 1, true },
		{ "...", 3, true },
		{ "", 0, false },
		{ ".", 1, false },
		{ "..", 2, false },
		{ "a/b", 3, false },
		{ "../../evil", 10, false },
		{ "a\nb", 3, false },
		{ "a\0b", 3, false },
		{ "\033[2J", 4, false },
		{ "\177", 1, false },
	};
	char longest[MAILBOX_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(
		    mailbox_name_ok(tally_str(row[i].name, row[i].n)),
		    row[i].ok);
	memset(longest, 'x', sizeof(longest));
	assert_true(mailbox_name_ok(tally_str(longest, MAILBOX_NAME_MAX)));
	assert_false(mailbox_name_ok(tally_str(longest, MAILBOX_NAME_MAX + 1)));
}

static void
urls(void **state)
{
	static const struct {
		const char *url, *base;
		enum tally_rc rc;
	} row[] = {
		{ "dir:/", NULL, TALLY_OK },
		{ "dir:.", NULL, TALLY_OK },
		{ "dir:archive", "here", TALLY_OK },
		{ "dir:nowhere", "here", TALLY_CONFIG },
		{ "dir:", NULL, TALLY_CONFIG },
		{ "dir:/etc/passwd", NULL, TALLY_CONFIG },
		{ "dirx:/", NULL, TALLY_CONFIG },
		{ "ftp://a@b", NULL, TALLY_CONFIG },
		{ "/tmp", NULL, TALLY_CONFIG },
		{ "", NULL, TALLY_CONFIG },
	};
	struct box *b = *state;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_settings s = { .name = "u", .url = row[i].url };
		struct mailbox *m;
		enum tally_rc rc;

		s.base = row[i].base != NULL ? b->dir : NULL;
		rc = mailbox_open(&m, &s, &b->err);
		assert_int_equal(rc, row[i].rc);
		if (rc != TALLY_OK) {
			assert_null(m);
			assert_int_equal(b->err.rc, rc);
		}
		mailbox_close(m);
	}
}

static void
list_sorts_and_refuses(void **state)
{
	struct box *b = *state;
	struct mailbox_listing l;
	char path[300];

	scratch_write(b->dir, "late", "1", 1, 3000);
	scratch_write(b->dir, "b", "22", 2, 1000);
	scratch_write(b->dir, "ab", "333", 3, 1000);
	scratch_write(b->dir, "a", "", 0, 1000);
	scratch_write(b->dir, "bad\nname", "x", 1, 1);
	snprintf(path, sizeof(path), "%s/link", b->dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/fifo", b->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(mailbox_list(b->m, "", &l, &b->err), TALLY_OK);
	assert_int_equal(l.n, 4);
	assert_string_equal(l.entry[0].name.p, "a");
	assert_string_equal(l.entry[1].name.p, "ab");
	assert_string_equal(l.entry[2].name.p, "b");
	assert_string_equal(l.entry[3].name.p, "late");
	assert_int_equal(l.entry[1].size, 3);
	assert_int_equal(l.entry[3].mtime, 3000);
	assert_int_equal(l.nrefused, 1);
	assert_string_equal(l.refused[0].p, "bad\nname");
	assert_false(l.truncated);
	mailbox_listing_free(&l);
	assert_int_equal(
	    mailbox_list(b->m, "nowhere", &l, &b->err), TALLY_NOINPUT);
}

static bool
begins_with(const void *ctx, struct tally_str name)
{
	return name.n > 0 && name.p[0] == *(const char *)ctx;
}

static void
has_what_is_wanted(void **state)
{
	struct box *b = *state;

	assert_false(mailbox_has(b->m, "archive", begins_with, "a"));
	scratch_write(b->dir, "b", "1", 1, 1000);
	assert_true(mailbox_has(b->m, "", begins_with, "b"));
	assert_false(mailbox_has(b->m, "", begins_with, "x"));
	assert_false(mailbox_has(b->m, "", begins_with, "."));
	assert_false(mailbox_has(b->m, "nowhere", begins_with, "b"));
	assert_false(mailbox_has(b->m, "b", begins_with, "b"));
}

/* As many files as a listing has, and one more. */
static void
list_that_is_full(void **state)
{
	struct box *b = *state;
	struct mailbox_listing l;
	char one[300] = "", path[300];

	for (int i = 0; i <= MAILBOX_ENTRIES_MAX; i++) {
		snprintf(path, sizeof(path), "%s/archive/%d", b->dir, i);
		if (i % 50000 == 0) { /* names that a file can have */
			snprintf(one, sizeof(one), "archive/%d", i);
			scratch_write(b->dir, one, "", 0, 1);
			snprintf(one, sizeof(one), "%s", path);
		} else if (i < MAILBOX_ENTRIES_MAX) {
			assert_int_equal(link(one, path), 0);
		}
		if (i < MAILBOX_ENTRIES_MAX - 1)
			continue;
		assert_int_equal(
		    mailbox_list(b->m, "archive", &l, &b->err), TALLY_OK);
		assert_int_equal(l.n, MAILBOX_ENTRIES_MAX);
		assert_int_equal(l.truncated, i == MAILBOX_ENTRIES_MAX);
		mailbox_listing_free(&l);
	}
}

static void
get_reads_what_was_listed(void **state)
{
	static const struct {
		const char *name;
		uint64_t size; /* as the listing is made to say */
		int64_t mtime;
		enum tally_rc rc;
	} row[] = {
		{ "one", 3, 1000, TALLY_OK }, { "empty", 0, 1000, TALLY_OK },
		{ "big", 1000000, 1000, TALLY_OK },
		{ "gone", 3, 1000, TALLY_NOINPUT },
		{ "link", 3, 1000, TALLY_PERM },
		{ "fifo", 0, 1000, TALLY_PERM },
		{ "archive", 0, 1000, TALLY_PERM },
		{ "shrunk", 5, 1000, TALLY_TEMP },
		{ "grown", 2, 1000, TALLY_TEMP },
		{ "touched", 3, 999, TALLY_TEMP },
		{ "one", MAILBOX_SIZE_UNKNOWN, 0, TALLY_OK },
		{ "one", 3, 1000, TALLY_TEMP }, /* the sink refuses it */
	};
	enum { N = sizeof(row) / sizeof(row[0]) };
	struct mailbox_entry e[N];
	struct box *b = *state;
	struct kept k;
	char path[300], *big = calloc(1, 1000000);

	assert_non_null(big);
	for (size_t i = 0; i < 1000000; i++)
		big[i] = (char)(i * 7 + i / 251);
	scratch_write(b->dir, "one", "abc", 3, 1000);
	scratch_write(b->dir, "empty", "", 0, 1000);
	scratch_write(b->dir, "big", big, 1000000, 1000);
	scratch_write(b->dir, "shrunk", "abc", 3, 1000);
	scratch_write(b->dir, "grown", "abc", 3, 1000);
	scratch_write(b->dir, "touched", "abc", 3, 1000);
	snprintf(path, sizeof(path), "%s/link", b->dir);
	assert_int_equal(symlink("one", path), 0);
	snprintf(path, sizeof(path), "%s/fifo", b->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	for (size_t i = 0; i < N; i++)
		e[i] = (struct mailbox_entry){ tally_cstr(row[i].name),
			row[i].size, row[i].mtime };
	kept_init(&k, N);
	k.refuse = N - 1;
	assert_int_equal(
	    mailbox_get(b->m, ".", e, N, &k.sink, &b->err), TALLY_OK);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(k.done[i], 1);
		assert_int_equal(k.result[i].rc, row[i].rc);
		if (row[i].rc != TALLY_OK) {
			assert_int_equal(k.result[i].err.rc, row[i].rc);
			continue;
		}
		assert_int_equal(k.bytes[i].n, k.result[i].now.size);
		if (row[i].size != MAILBOX_SIZE_UNKNOWN)
			assert_int_equal(k.bytes[i].n, row[i].size);
	}
	assert_memory_equal(k.bytes[2].p, big, 1000000);
	assert_int_equal(k.bytes[N - 1].n, 0);
	kept_free(&k);
	free(big);
}

static void
put_never_writes_over(void **state)
{
	struct mailbox_upload up[] = {
		{ "new", TALLY_STR("hello"), false },
		{ "old", TALLY_STR("not this"), false },
		{ "link", TALLY_STR("nor this"), false },
		{ "empty", TALLY_STR(""), false },
	};
	struct mailbox_result r[4];
	struct box *b = *state;
	char path[300], *p;
	size_t n;

	scratch_write(b->dir, "archive/old", "first", 5, 0);
	snprintf(path, sizeof(path), "%s/archive/link", b->dir);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(
	    mailbox_put(b->m, "archive", up, 4, r, &b->err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_OK);
	assert_int_equal(r[0].now.size, 5);
	assert_string_equal(r[0].err.text, "");
	assert_int_equal(r[1].rc, TALLY_CREATE);
	assert_int_equal(r[2].rc, TALLY_CREATE);
	assert_int_equal(r[3].rc, TALLY_OK);
	p = scratch_read(b->dir, "archive/old", &n);
	assert_string_equal(p, "first");
	free(p);
	p = scratch_read(b->dir, "archive/new", &n);
	assert_string_equal(p, "hello");
	free(p);
	assert_null(scratch_read(b->dir, "archive/elsewhere", &n));
	up[0].name = "a/b";
	assert_int_equal(
	    mailbox_put(b->m, "archive", up, 1, r, &b->err), TALLY_USAGE);
	up[0].name = "x";
	assert_int_equal(
	    mailbox_put(b->m, "nowhere", up, 1, r, &b->err), TALLY_NOINPUT);
}

static void
rename_never_writes_over(void **state)
{
	struct mailbox_rename ren[] = {
		{ "", TALLY_STR("a"), "archive", TALLY_STR("a.1") },
		{ "", TALLY_STR("b"), "archive", TALLY_STR("there") },
		{ "", TALLY_STR("gone"), "archive", TALLY_STR("gone") },
		{ "", TALLY_STR("b"), "nowhere", TALLY_STR("b") },
		{ "", TALLY_STR("b"), "", TALLY_STR("b.2") },
	};
	struct mailbox_result r[5];
	struct box *b = *state;
	char *p;
	size_t n;

	scratch_write(b->dir, "a", "A", 1, 0);
	scratch_write(b->dir, "b", "B", 1, 0);
	scratch_write(b->dir, "archive/there", "T", 1, 0);
	assert_int_equal(mailbox_rename(b->m, ren, 5, r, &b->err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_OK);
	assert_int_equal(r[1].rc, TALLY_CREATE);
	assert_int_equal(r[2].rc, TALLY_NOINPUT);
	assert_int_equal(r[3].rc, TALLY_CONFIG);
	assert_int_equal(r[4].rc, TALLY_OK);
	p = scratch_read(b->dir, "archive/there", &n);
	assert_string_equal(p, "T");
	free(p);
	p = scratch_read(b->dir, "archive/a.1", &n);
	assert_string_equal(p, "A");
	free(p);
	p = scratch_read(b->dir, "b.2", &n);
	assert_string_equal(p, "B");
	free(p);
	ren[0].to = TALLY_STR("..");
	assert_int_equal(mailbox_rename(b->m, ren, 1, r, &b->err), TALLY_USAGE);
}

/* A death between a link and a removal had files delivered twice. */
static void
rename_is_one_step(void **state)
{
	struct box *b = *state;
	struct mailbox_rename ren = { "", TALLY_STR("a"), "", TALLY_STR("b") };
	struct mailbox_result r;

	for (int i = 0; i < 2; i++) {
		flag_unknown = i == 1;
		links = 0;
		scratch_write(b->dir, "a", "new", 3, 0);
		assert_int_equal(
		    mailbox_rename(b->m, &ren, 1, &r, &b->err), TALLY_OK);
		assert_int_equal(r.rc, TALLY_OK);
		scratch_write(b->dir, "a", "newer", 5, 0);
		assert_int_equal(
		    mailbox_rename(b->m, &ren, 1, &r, &b->err), TALLY_OK);
		assert_int_equal(r.rc, TALLY_CREATE);
		ren = (struct mailbox_rename){ "", TALLY_STR("a"), "",
			TALLY_STR("c") };
		assert_int_equal(links, 0);
	}
	flag_unknown = false;
}

static void
remove_and_stat(void **state)
{
	struct tally_str name[] = { TALLY_STR("a"), TALLY_STR("gone"),
		TALLY_STR("archive") };
	struct mailbox_result r[3];
	struct box *b = *state;
	size_t n;

	scratch_write(b->dir, "a", "12345", 5, 777);
	assert_int_equal(mailbox_stat(b->m, "", name, 3, r, &b->err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_OK);
	assert_int_equal(r[0].now.size, 5);
	assert_int_equal(r[0].now.mtime, 777);
	assert_int_equal(r[1].rc, TALLY_NOINPUT);
	assert_int_equal(r[2].rc, TALLY_PERM);
	assert_int_equal(
	    mailbox_remove(b->m, "", name, 2, r, &b->err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_OK);
	assert_int_equal(r[1].rc, TALLY_NOINPUT);
	assert_null(scratch_read(b->dir, "a", &n));
}

static enum tally_rc
all_of_it(const struct box *b)
{
	struct mailbox_upload up = { "new", TALLY_STR("hello"), false };
	struct tally_str name = TALLY_STR("new");
	struct mailbox_listing l;
	struct mailbox_result r;
	struct mailbox *m;
	enum tally_rc rc = mailbox_open(&m, &b->settings, NULL);

	if (rc != TALLY_OK)
		return rc;
	rc = mailbox_put(m, "", &up, 1, &r, NULL);
	if (rc == TALLY_OK)
		rc = mailbox_list(m, "", &l, NULL);
	if (rc == TALLY_OK)
		mailbox_listing_free(&l);
	if (rc == TALLY_OK)
		rc = mailbox_remove(m, "", &name, 1, &r, NULL);
	mailbox_close(m);
	return rc;
}

/* Whichever allocation fails, all is given back. */
static void
no_memory(void **state)
{
	struct box *b = *state;
	enum tally_rc rc = TALLY_NOMEM;
	char path[300];
	long n;

	snprintf(path, sizeof(path), "%s/new", b->dir);
	for (n = 0; rc != TALLY_OK; n++) {
		assert_true(n < 1000);
		counted_left = n;
		tally_allocator_set(&counted);
		rc = all_of_it(b);
		tally_allocator_set(NULL);
		counted_left = -1;
		assert_int_equal(counted_blocks, 0);
		assert_true(rc == TALLY_OK || rc == TALLY_NOMEM);
		/* The next round puts it anew. */
		if (rc != TALLY_OK)
			unlink(path);
	}
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test_setup_teardown(urls, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    list_sorts_and_refuses, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    has_what_is_wanted, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    list_that_is_full, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    get_reads_what_was_listed, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    put_never_writes_over, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    rename_never_writes_over, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    rename_is_one_step, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    remove_and_stat, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    no_memory, box_setup, box_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
