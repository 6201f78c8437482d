/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder as a mailbox: what is told to be done is on the disk, with as few
 * syncs as do.  What else there is to such a mailbox: test_mailbox_directory.
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
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "support/box.h"
#include "support/mailbox_sink.h"

/* Stands before the C library's: counts, and fails for one folder. */
static unsigned file_syncs, folder_syncs, late_file_syncs, system_syncs;
static ino_t failing;
static bool system_fails;
static long file_system = NFS_SUPER_MAGIC;

int
fsync(int fd)
{
	struct stat sb;

	assert_int_equal(fstat(fd, &sb), 0);
	if (!S_ISDIR(sb.st_mode)) {
		file_syncs++;
		late_file_syncs += folder_syncs > 0;
	} else {
		folder_syncs++;
		if (sb.st_ino == failing) {
			errno = EIO;
			return -1;
		}
	}
	return (int)syscall(SYS_fsync, fd);
}

int
syncfs(int fd)
{
	(void)fd;
	system_syncs++;
	late_file_syncs += folder_syncs > 0;
	errno = EIO;
	return system_fails ? -1 : 0;
}

int
uname(struct utsname *u)
{
	memset(u, 0, sizeof(*u));
	snprintf(u->release, sizeof(u->release), "5.10.0-8-amd64");
	return 0;
}

int
fstatfs(int fd, struct statfs *fs)
{
	(void)fd;
	memset(fs, 0, sizeof(*fs));
	fs->f_type = file_system;
	return 0;
}

enum { MANY = 150 }; /* more than are open at a time */

static void
forget_syncs(ino_t fail)
{
	file_syncs = folder_syncs = late_file_syncs = system_syncs = 0;
	failing = fail;
}

static ino_t
inode_of(const struct box *b, const char *name)
{
	char path[700];
	struct stat sb;

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	assert_int_equal(stat(path, &sb), 0);
	return sb.st_ino;
}

static void
put_many(struct box *b, enum tally_rc each, size_t there, const char *why)
{
	static char name[MANY][8];
	static struct mailbox_upload up[MANY];
	static struct mailbox_result r[MANY];
	struct mailbox_listing l;

	for (size_t i = 0; i < MANY; i++) {
		snprintf(name[i], sizeof(name[i]), "f%zu", i);
		up[i] =
		    (struct mailbox_upload){ name[i], TALLY_STR("x"), false };
	}
	assert_int_equal(
	    mailbox_put(b->m, "archive", up, MANY, r, &b->err), TALLY_OK);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(r[i].rc, each);
	if (why != NULL)
		assert_non_null(strstr(r[7].err.text, why));
	assert_int_equal(mailbox_list(b->m, "archive", &l, &b->err), TALLY_OK);
	assert_int_equal(l.n, there);
	mailbox_listing_free(&l);
}

/* Every file is synced, then the folder, once; if that fails, nothing is. */
static void
put_shares_a_sync(void **state)
{
	struct box *b = *state;

	file_system = NFS_SUPER_MAGIC;
	forget_syncs(inode_of(b, "archive"));
	put_many(b, TALLY_IO, 0, "sync the folder");
	forget_syncs(0);
	put_many(b, TALLY_OK, MANY, NULL);
	assert_int_equal(file_syncs, MANY);
	assert_int_equal(system_syncs, 0);
	assert_int_equal(folder_syncs, 1);
	assert_int_equal(late_file_syncs, 0);
}

/* Where the file system can be synced as one, that is done, before the folder;
 * if it fails, nothing is there. */
static void
put_syncs_the_file_system(void **state)
{
	struct box *b = *state;

	file_system = EXT4_SUPER_MAGIC;
	forget_syncs(0);
	system_fails = true;
	put_many(b, TALLY_IO, 0, "sync the folder");
	system_fails = false;
	forget_syncs(0);
	put_many(b, TALLY_OK, MANY, NULL);
	assert_int_equal(system_syncs, 1);
	assert_int_equal(file_syncs, 0);
	assert_int_equal(folder_syncs, 1);
	assert_int_equal(late_file_syncs, 0);
}

static void
rename_shares_a_sync(void **state)
{
	static char name[MANY][8], to[MANY][8];
	static struct mailbox_rename ren[MANY];
	static struct mailbox_result r[MANY];
	struct box *b = *state;

	for (size_t i = 0; i < MANY; i++) {
		snprintf(name[i], sizeof(name[i]), "f%zu", i);
		scratch_write(b->dir, name[i], "x", 1, 0);
		ren[i] = (struct mailbox_rename){ "", tally_cstr(name[i]),
			"archive", tally_cstr(name[i]) };
	}
	forget_syncs(0);
	assert_int_equal(mailbox_rename(b->m, ren, MANY, r, &b->err), TALLY_OK);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(r[i].rc, TALLY_OK);
	assert_int_equal(folder_syncs, 2);
	/* Within a folder it is one. */
	for (size_t i = 0; i < MANY; i++) {
		snprintf(to[i], sizeof(to[i]), "t%zu", i);
		ren[i] = (struct mailbox_rename){ "archive",
			tally_cstr(name[i]), "archive", tally_cstr(to[i]) };
	}
	forget_syncs(0);
	assert_int_equal(mailbox_rename(b->m, ren, MANY, r, &b->err), TALLY_OK);
	assert_int_equal(folder_syncs, 1);
	/* Nothing that happened in a folder that is not synced is done. */
	ren[0] = (struct mailbox_rename){ "archive", TALLY_STR("t0"), "",
		TALLY_STR("t0") };
	forget_syncs(inode_of(b, "archive"));
	assert_int_equal(mailbox_rename(b->m, ren, 1, r, &b->err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_IO);
	assert_int_equal(folder_syncs, 2);
	forget_syncs(0);
}

/* More folders in one call than are open at a time. */
static void
rename_between_many_folders(void **state)
{
	static char folder[40][8];
	static struct mailbox_rename ren[40];
	static struct mailbox_result r[40];
	struct box *b = *state;
	char path[700];
	size_t n;

	for (size_t i = 0; i < 40; i++) {
		snprintf(folder[i], sizeof(folder[i]), "d%zu", i);
		snprintf(path, sizeof(path), "%s/%s", b->dir, folder[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		ren[i] = (struct mailbox_rename){ i > 0 ? folder[i - 1] : "",
			TALLY_STR("x"), folder[i], TALLY_STR("x") };
	}
	scratch_write(b->dir, "x", "x", 1, 0);
	forget_syncs(0);
	assert_int_equal(mailbox_rename(b->m, ren, 40, r, &b->err), TALLY_OK);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(r[i].rc, TALLY_OK);
	assert_true(folder_syncs >= 41 && folder_syncs < 50);
	free(scratch_read(b->dir, "d39/x", &n));
	assert_int_equal(n, 1);
}

static void
remove_shares_a_sync(void **state)
{
	static char name[MANY][8];
	static struct tally_str view[MANY];
	static struct mailbox_result r[MANY];
	struct box *b = *state;

	for (size_t i = 0; i < MANY; i++) {
		snprintf(name[i], sizeof(name[i]), "f%zu", i);
		view[i] = tally_cstr(name[i]);
		if (i != 3)
			scratch_write(b->dir, name[i], "x", 1, 0);
	}
	forget_syncs(0);
	assert_int_equal(
	    mailbox_remove(b->m, "", view, MANY, r, &b->err), TALLY_OK);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(r[i].rc, i != 3 ? TALLY_OK : TALLY_NOINPUT);
	assert_int_equal(folder_syncs, 1);
	scratch_write(b->dir, name[0], "x", 1, 0);
	forget_syncs(inode_of(b, "."));
	assert_int_equal(
	    mailbox_remove(b->m, "", view, 2, r, &b->err), TALLY_OK);
	assert_int_equal(r[0].rc, TALLY_IO);
	assert_int_equal(r[1].rc, TALLY_NOINPUT);
	forget_syncs(0);
}

/* Where syncs are deferred nothing is synced but once, for all the mailboxes of
 * a file system; where that cannot be, each is as ever. */
static void
deferred(struct box *b, struct mailbox *other, bool at_once, unsigned waits)
{
	static const struct mailbox_upload up = { "new", TALLY_STR("x"),
		false };
	const struct mailbox_rename ren = { "", TALLY_STR("new"), "archive",
		TALLY_STR("new") };
	const struct tally_str name = TALLY_STR("new");
	struct mailbox *both[2] = { b->m, other };
	struct mailbox_synced synced = { .n = 0 };
	struct mailbox_result r;

	forget_syncs(0);
	for (size_t i = 0; i < 2; i++) {
		mailbox_defer(both[i], true);
		assert_int_equal(
		    mailbox_put(both[i], "", &up, 1, &r, &b->err), TALLY_OK);
		assert_int_equal(r.rc, TALLY_OK);
		assert_int_equal(
		    mailbox_rename(both[i], &ren, 1, &r, &b->err), TALLY_OK);
		assert_int_equal(r.rc, TALLY_OK);
		assert_int_equal(
		    mailbox_remove(both[i], "archive", &name, 1, &r, &b->err),
		    TALLY_OK);
		assert_int_equal(r.rc, TALLY_OK);
	}
	assert_int_equal(file_syncs, at_once ? 2 : 0);
	assert_int_equal(folder_syncs, at_once ? 8 : 0);
	assert_int_equal(system_syncs, 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(mailbox_sync(both[i], &synced, &b->err),
		    system_fails ? TALLY_IO : TALLY_OK);
	assert_int_equal(system_syncs, waits);
	/* It is owed no more. */
	assert_int_equal(mailbox_sync(b->m, &synced, &b->err), TALLY_OK);
	for (size_t i = 0; i < 2; i++)
		mailbox_defer(both[i], false);
	forget_syncs(0);
	assert_int_equal(mailbox_put(b->m, "", &up, 1, &r, &b->err), TALLY_OK);
	assert_int_equal(file_syncs + folder_syncs, 2);
	assert_int_equal(
	    mailbox_remove(b->m, "", &name, 1, &r, &b->err), TALLY_OK);
	assert_int_equal(folder_syncs, 2);
}

static void
mailboxes_share_a_sync(void **state)
{
	struct box *b = *state, *other;
	void *more;

	assert_int_equal(box_setup(&more), 0);
	other = more;
	file_system = NFS_SUPER_MAGIC;
	deferred(b, other->m, true, 0);
	file_system = EXT4_SUPER_MAGIC;
	deferred(b, other->m, false, 1);
	system_fails = true;
	deferred(b, other->m, false, 1);
	system_fails = false;
	box_teardown(&more);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    put_shares_a_sync, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    put_syncs_the_file_system, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    rename_shares_a_sync, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    rename_between_many_folders, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    remove_shares_a_sync, box_setup, box_teardown),
		cmocka_unit_test_setup_teardown(
		    mailboxes_share_a_sync, box_setup, box_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
