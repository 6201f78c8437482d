/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many mailboxes with a file or two each, as most partners have them: they
 * share commits, and waits for the disk, and trouble with one is its own.
 */
#define _GNU_SOURCE /* syscall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "support/workspace.h"

enum { BOXES = 150 }; /* more than are open at a time */

/* Stand before the C library's: they count, in whatever thread, and one
 * fails. */
static _Atomic unsigned syncs, system_syncs;
static _Atomic unsigned fails_from = UINT32_MAX; /* of those of file systems */

int
fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

int
syncfs(int fd)
{
	(void)fd;
	syncs++;
	errno = EIO;
	return ++system_syncs >= fails_from ? -1 : 0;
}

int
uname(struct utsname *u)
{
	memset(u, 0, sizeof(*u));
	snprintf(u->release, sizeof(u->release), "6.1.0-13-amd64");
	return 0;
}

int
fstatfs(int fd, struct statfs *fs)
{
	(void)fd;
	memset(fs, 0, sizeof(*fs));
	fs->f_type = EXT4_SUPER_MAGIC;
	return 0;
}

static struct workspace w;

static char *
path_of(unsigned box, const char *folder)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/b%u%s", w.dir, box, folder);
	return path;
}

/* Partner n is Pn, and its files are taken from bn/in. */
static void
make(const char *then)
{
	struct tally_buf xml;

	tally_buf_init(&xml, 1u << 20);
	tally_buf_puts(
	    &xml, "<tallyman xmlns=\"urn:tallyman:config:1\">" WORKSPACE_SELF);
	for (unsigned i = 0; i < BOXES; i++)
		tally_buf_printf(&xml,
		    "<partner name=\"p%u\" qualifier=\"ZZ\" id=\"P%u\">"
		    "<mailbox url=\"dir:b%u\">"
		    "<pull from=\"in\" settle=\"0\" then=\"%s\"/>"
		    "<push to=\"out\"/></mailbox>"
		    "<receive set=\"850\"/></partner>",
		    i, i, i, then);
	tally_buf_puts(&xml, "</tallyman>");
	workspace_make(&w, xml.p);
	tally_buf_free(&xml);
	for (unsigned i = 0; i < BOXES; i++) {
		static const char *const folder[] = { "", "/in", "/out",
			"/done" };

		for (size_t k = 0; k < 4; k++)
			assert_int_equal(mkdir(path_of(i, folder[k]), 0755), 0);
	}
	syncs = system_syncs = 0;
	fails_from = UINT32_MAX;
}

static void
put(unsigned box, unsigned control)
{
	char folder[32], sender[16], name[32];
	const struct workspace_order o = { control, 1000 * control + box, 1,
		'P', sender };

	snprintf(folder, sizeof(folder), "b%u/in", box);
	snprintf(sender, sizeof(sender), "P%u", box);
	snprintf(name, sizeof(name), "order%u.edi", control);
	tally_buf_reset(&workspace_text);
	workspace_order(&workspace_text, &o);
	workspace_put(&w, folder, name, tally_buf_view(&workspace_text));
}

static void
put_all(unsigned control)
{
	for (unsigned i = 0; i < BOXES; i++)
		put(i, control);
}

/* What there is of mailbox i: n files taken, and as many answers, each to it
 * and under its final name. */
static void
check_box(unsigned i, unsigned n)
{
	char folder[32], to[32];
	const char *at;
	unsigned answers = 0;

	snprintf(folder, sizeof(folder), "b%u/in", i);
	assert_int_equal(workspace_files(&w, folder), 0);
	snprintf(folder, sizeof(folder), "b%u/out", i);
	assert_int_equal(workspace_files(&w, folder), n);
	snprintf(to, sizeof(to), "*ZZ*P%-14u*", i);
	tally_buf_reset(&workspace_text);
	workspace_read(&w, folder, &workspace_text);
	for (at = workspace_text.p; n > 0 && (at = strstr(at, to)) != NULL;
	     at++)
		answers++;
	assert_int_equal(answers, n);
	if (n > 0) {
		snprintf(to, sizeof(to), "997-p%u-", i);
		assert_non_null(strstr(workspace_text.p, to));
		assert_null(strstr(workspace_text.p, ".tmp"));
	}
}

static void
check_all(unsigned n)
{
	for (unsigned i = 0; i < BOXES; i++)
		check_box(i, n);
}

static void
share(const char *then)
{
	make(then);
	for (unsigned turn = 1; turn <= 2; turn++) {
		put_all(turn);
		syncs = 0;
		assert_int_equal(workspace_run(&w), 0);
		assert_int_equal(w.f.count[FLOW_RECEIVED], BOXES);
		assert_int_equal(w.f.count[FLOW_ACCEPTED], BOXES);
		assert_int_equal(w.f.count[FLOW_SENT], BOXES);
		assert_true(syncs < BOXES / 3);
		check_all(turn);
	}
	/* Nothing to be done, nor to be marked as done: nothing to wait for. */
	assert_int_equal(workspace_run(&w), 0);
	syncs = 0;
	assert_int_equal(workspace_run(&w), 0);
	for (int i = 0; i < FLOW_COUNTS; i++)
		assert_int_equal(w.f.count[i], 0);
	assert_int_equal(syncs, 0);
	workspace_remove(&w);
}

static void
test_share(void **state)
{
	(void)state;
	share("delete");
	share("move:done");
}

/* Some have as many as few may be, and one more; and much more than others. */
static void
test_some_have_many(void **state)
{
	static const unsigned files[5] = { 63, 64, 65, 700, 129 };
	unsigned all = 0;

	(void)state;
	make("delete");
	for (unsigned i = 0; i < 5; i++)
		for (unsigned n = 1; n <= files[i]; n++, all++)
			put(20 * i, n);
	for (unsigned i = 0; i < BOXES; i++)
		if (i % 20 != 0)
			put(i, 1), all++;
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], all);
	assert_int_equal(w.f.count[FLOW_SENT], all);
	for (unsigned i = 0; i < BOXES; i++)
		if (i % 20 != 0 || i < 100)
			check_box(i, i % 20 != 0 ? 1 : files[i / 20]);
	workspace_remove(&w);
}

/* A mailbox is not there, another has no place for answers, and a third none
 * for what was taken: all others have theirs, and these do later, once. */
static void
test_trouble(void **state)
{
	char away[160];

	(void)state;
	make("move:done");
	put_all(1);
	snprintf(away, sizeof(away), "%s/away", w.dir);
	assert_int_equal(rename(path_of(70, ""), away), 0);
	assert_int_equal(rmdir(path_of(80, "/out")), 0);
	assert_int_equal(rmdir(path_of(90, "/done")), 0);
	assert_int_not_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], BOXES - 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], BOXES - 1);
	assert_int_equal(w.f.count[FLOW_SENT], BOXES - 3);
	for (unsigned i = 0; i < BOXES; i++)
		if (i != 70 && i != 80 && i != 90)
			check_box(i, 1);
	assert_int_equal(rename(away, path_of(70, "")), 0);
	assert_int_equal(mkdir(path_of(80, "/out"), 0755), 0);
	assert_int_equal(mkdir(path_of(90, "/done"), 0755), 0);
	w.later += INT64_C(7200000);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(w.f.count[FLOW_SENT], 3);
	check_all(1);
	workspace_remove(&w);
}

/* One of a mailbox's folders is missing: what is in the others is taken. */
static void
test_folder_missing(void **state)
{
	(void)state;
	workspace_make(&w,
	    WORKSPACE_SITE(WORKSPACE_SELF
		"<partner name=\"them\" qualifier=\"ZZ\" id=\"THEM\">"
		"<mailbox url=\"dir:.\"><pull from=\"drop\" settle=\"0\"/>"
		"<pull from=\"gone\" settle=\"0\"/><push to=\"out\"/>"
		"</mailbox><receive set=\"850\"/></partner>"));
	workspace_put(&w, "drop", "order.edi",
	    workspace_orders(&workspace_text, 1, 1, 1));
	assert_int_not_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_MAILBOXES_DOWN], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	workspace_remove(&w);
}

/* The disk does not take what is written from the n-th time on: what is not
 * surely there is not sent, and comes once, later. */
static void
not_on_the_disk(unsigned n, uint64_t sent)
{
	make("delete");
	put_all(1);
	fails_from = n;
	assert_int_not_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], BOXES);
	assert_int_equal(w.f.count[FLOW_SENT], sent);
	fails_from = UINT32_MAX;
	w.later += INT64_C(7200000);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_SENT], BOXES - sent);
	check_all(1);
	workspace_remove(&w);
}

static void
test_not_on_the_disk(void **state)
{
	(void)state;
	not_on_the_disk(1, 0);  /* nothing is uploaded */
	not_on_the_disk(2, 0);  /* or surely renamed */
	not_on_the_disk(3, 64); /* nor of the second convoy */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_some_have_many),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_folder_missing),
		cmocka_unit_test(test_not_on_the_disk),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
