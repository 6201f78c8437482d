/* SPDX-License-Identifier: Apache-2.0 */
/* A mailbox on a hostile SFTP server: support/programs/evilsftp.c. */
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
	scratch_remove(server.root);
	assert_int_equal(mkdir(server.root, 0755), 0);
	scratch_write(server.dir, "rule", rule, strlen(rule), 0);
	e->bytes = made(EVIL_SIZE);
	scratch_write(server.root, "good", e->bytes, EVIL_SIZE, 1000);
	e->pin = server.ed25519;
	e->set = settings(&server, &e->pin);
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
		{ "bare-list", 0, 0, 0, 0, NULL },
		{ "no-attrs", 0, 0, 0, 0, NULL },
		{ "one-file", 0, 0, 0, 0, NULL },
		{ "old", 0, 0, 0, 0, NULL },
		{ "version-2", 0, 0, 0, 0, NULL },
		{ "version-6", 0, 0, 0, 0, NULL },
		{ "gone", 0, 0, 0, TALLY_NOINPUT, "no such file" },
		{ "denied", 0, 0, 0, TALLY_PERM, "Permission denied" },
		{ "read-fails", 0, 0, 0, TALLY_IO, "Input/output error" },
		{ "grows", 0, 0, 0, TALLY_TEMP, "come to rest" },
		{ "shrinks", 0, 0, 0, TALLY_TEMP, "come to rest" },
		{ "replaced", 0, 0, 0, TALLY_TEMP, "(time 5000)" },
		{ "drop", 0, 0, TALLY_UNAVAILABLE, 0, "within 2000 ms" },
		{ "list-dies", 0, TALLY_UNAVAILABLE, 0, 0, "ended the SFTP" },
		{ "early-eof", 0, 0, 0, TALLY_TEMP, "1000 bytes came" },
		{ "lie-size", 0, 0, 0, TALLY_TEMP, "afterwards" },
		{ "over", 0, 0, TALLY_UNAVAILABLE, 0, "more of good" },
		{ "bad-id", 0, 0, TALLY_UNAVAILABLE, 0, "was not asked" },
		{ "bad-type", 0, 0, TALLY_UNAVAILABLE, 0, "with type 102" },
		{ "stall", 0, 0, TALLY_UNAVAILABLE, 0, "within 2000 ms" },
		{ "drip", 0, 0, TALLY_UNAVAILABLE, 0, "within 2000 ms" },
		{ "die", 0, 0, TALLY_UNAVAILABLE, 0, "ended the SFTP" },
		{ "huge", 0, 0, TALLY_UNAVAILABLE, 0, "SFTP packet" },
		{ "garbled", 0, 0, TALLY_UNAVAILABLE, 0, "do not hold" },
		{ "greeting", TALLY_UNAVAILABLE, 0, 0, 0, "Welcome to EDI!" },
		{ "mute", TALLY_UNAVAILABLE, 0, 0, 0, "within 2000 ms" },
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

		/* Two seconds are nothing where an answer is due. */
		evil_open(&e, row[i].rule,
		    row[i].says != NULL &&
			    strstr(row[i].says, "2000 ms") != NULL
			? 2000
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

/* Servers that let fewer files be open than we would have at once. */
static void
evil_limits(void **state)
{
	static const char *const rule[] = { "one-file", "few-files" };
	enum { N = 100 };
	static struct mailbox_upload up[N];
	static struct mailbox_result r[N];
	static struct mailbox_entry entry[N];
	char name[N][16];

	(void)state;
	for (size_t i = 0; i < sizeof(rule) / sizeof(rule[0]); i++) {
		struct mailbox_listing l;
		struct evil e;
		struct kept k;

		evil_open(&e, rule[i], 20000);
		assert_int_equal(e.rc, TALLY_OK);
		assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_OK);
		for (int f = 0; f < N; f++) {
			entry[f] = l.entry[0];
			snprintf(name[f], sizeof(name[f]), "f%d", f);
			up[f].name = name[f];
			up[f].bytes = tally_str(e.bytes, EVIL_SIZE);
		}
		/* Each direction has to find out by itself. */
		assert_int_equal(
		    mailbox_put(e.m, "", up, N, r, &e.err), TALLY_OK);
		for (int f = 0; f < N; f++)
			if (r[f].rc != TALLY_OK)
				fail_msg("%s: %s", rule[i], r[f].err.text);
		mailbox_close(e.m);
		assert_int_equal(mailbox_open(&e.m, &e.set, &e.err), TALLY_OK);
		kept_init(&k, N);
		assert_int_equal(
		    mailbox_get(e.m, "", entry, N, &k.sink, &e.err), TALLY_OK);
		for (int f = 0; f < N; f++)
			if (k.result[f].rc != TALLY_OK || k.done[f] != 1)
				fail_msg(
				    "%s: %s", rule[i], k.result[f].err.text);
		kept_free(&k);
		mailbox_listing_free(&l);
		evil_close(&e);
	}
}

/* What the listing does not say is asked for, file by file. */
static void
evil_bare_listing(void **state)
{
	struct mailbox_listing l;
	struct evil e;
	char name[16], path[400];

	(void)state;
	evil_open(&e, "bare-list", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		scratch_write(server.root, name, e.bytes, (size_t)i, 2000 + i);
	}
	snprintf(path, sizeof(path), "%s/folder", server.root);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/link", server.root);
	assert_int_equal(symlink("good", path), 0);
	assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_OK);
	assert_int_equal(l.n, 151);
	assert_string_equal(l.entry[0].name.p, "good");
	assert_int_equal(l.entry[0].size, EVIL_SIZE);
	for (size_t i = 1; i < l.n; i++) {
		assert_int_equal(l.entry[i].size, i - 1);
		assert_int_equal(l.entry[i].mtime, 1999 + i);
	}
	mailbox_listing_free(&l);
	evil_close(&e);
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
		{ "no-sync", TALLY_OK, true, "" },
		{ "sync-denied", TALLY_OK, true, "" },
		{ "taken", TALLY_NOINPUT, false, "No such file" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mailbox_upload up = { "new", { NULL, EVIL_SIZE },
			false };
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
		p = scratch_read(server.root, "new", &n);
		assert_int_equal(p != NULL, row[i].there);
		if (p != NULL) {
			assert_int_equal(n, EVIL_SIZE);
			assert_memory_equal(p, e.bytes, EVIL_SIZE);
		}
		free(p);
		evil_close(&e);
	}
}

/* Where the other side may take it at once, what is gone has arrived. */
static void
evil_taken(void **state)
{
	struct mailbox_upload up = { "new", { NULL, EVIL_SIZE }, true };
	struct mailbox_result r;
	struct evil e;

	(void)state;
	evil_open(&e, "taken", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	up.bytes.p = e.bytes;
	assert_int_equal(mailbox_put(e.m, "", &up, 1, &r, &e.err), TALLY_OK);
	if (r.rc != TALLY_OK)
		fail_msg("%s", r.err.text);
	evil_close(&e);
}

/* What was done and not answered is not known to be done: the caller looks
 * again when it is connected again. */
static void
evil_answers_lost(void **state)
{
	static const char *const rule[] = { "write-dies", "close-lost",
		"rename-lost" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct mailbox_upload up = { "new", { NULL, EVIL_SIZE },
			false };
		struct mailbox_rename ren = { "", TALLY_STR("good"), "",
			TALLY_STR("moved") };
		struct tally_str name[2] = { TALLY_STR("good"),
			TALLY_STR("moved") };
		struct mailbox_result r[2];
		struct evil e;

		evil_open(&e, rule[i], 20000);
		assert_int_equal(e.rc, TALLY_OK);
		up.bytes.p = e.bytes;
		assert_int_equal(i < 2
			? mailbox_put(e.m, "", &up, 1, r, &e.err)
			: mailbox_rename(e.m, &ren, 1, r, &e.err),
		    TALLY_UNAVAILABLE);
		assert_int_equal(r[0].rc, TALLY_UNAVAILABLE);
		mailbox_close(e.m);
		scratch_write(server.dir, "rule", "plain", 5, 0);
		assert_int_equal(mailbox_open(&e.m, &e.set, &e.err), TALLY_OK);
		assert_int_equal(
		    mailbox_stat(e.m, "", name, 2, r, &e.err), TALLY_OK);
		assert_int_equal(r[0].rc, i < 2 ? TALLY_OK : TALLY_NOINPUT);
		assert_int_equal(r[1].rc, i < 2 ? TALLY_NOINPUT : TALLY_OK);
		evil_close(&e);
	}
}

/* A target that came between the look and the renaming, by its own number. */
static void
evil_exists(void **state)
{
	struct mailbox_rename ren = { "", TALLY_STR("good"), "",
		TALLY_STR("other") };
	struct mailbox_result r;
	struct evil e;

	(void)state;
	evil_open(&e, "exists", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	assert_int_equal(mailbox_rename(e.m, &ren, 1, &r, &e.err), TALLY_OK);
	if (r.rc != TALLY_CREATE && r.rc != TALLY_NOINPUT)
		fail_msg("%d: %s", r.rc, r.err.text);
	evil_close(&e);
}

/* Open files have their bytes, whatever becomes of their names. */
static void
evil_unlinked(void **state)
{
	struct mailbox_listing l;
	struct evil e;
	struct kept k;

	(void)state;
	evil_open(&e, "unlinked", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_OK);
	kept_init(&k, 1);
	assert_int_equal(
	    mailbox_get(e.m, "", l.entry, 1, &k.sink, &e.err), TALLY_OK);
	assert_int_equal(k.result[0].rc, TALLY_OK);
	assert_int_equal(k.bytes[0].n, EVIL_SIZE);
	kept_free(&k);
	mailbox_listing_free(&l);
	evil_close(&e);
}

/* What is no file would be waited for, or lead elsewhere. */
static void
evil_no_files(void **state)
{
	struct mailbox_listing l;
	struct evil e;
	char path[400];

	(void)state;
	evil_open(&e, "plain", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	snprintf(path, sizeof(path), "%s/fifo", server.root);
	assert_int_equal(mkfifo(path, 0644), 0);
	snprintf(path, sizeof(path), "%s/link", server.root);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/folder", server.root);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_OK);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.entry[0].name.p, "good");
	mailbox_listing_free(&l);
	evil_close(&e);
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
	scratch_write(server.root, "new", "x", 1, 0);
	assert_int_equal(mailbox_rename(e.m, &ren, 1, &r, &e.err), TALLY_OK);
	assert_int_equal(r.rc, TALLY_CREATE);
	p = scratch_read(server.root, "good", &n);
	assert_int_equal(n, EVIL_SIZE);
	free(p);
	ren.to = TALLY_STR("free");
	assert_int_equal(mailbox_rename(e.m, &ren, 1, &r, &e.err), TALLY_OK);
	assert_int_equal(r.rc, TALLY_OK);
	evil_close(&e);
}

/* A server that is slow itself wants to know whether we are still there. */
static void
evil_asks_if_alive(void **state)
{
	struct mailbox_listing l;
	struct evil e;
	struct kept k;

	(void)state;
	evil_open(&e, "slow", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_OK);
	kept_init(&k, 1);
	/* The five answers take four seconds, and we say nothing meanwhile. */
	if (mailbox_get(e.m, "", l.entry, 1, &k.sink, &e.err) != TALLY_OK)
		fail_msg("%s", e.err.text);
	assert_int_equal(k.result[0].rc, TALLY_OK);
	assert_int_equal(k.bytes[0].n, EVIL_SIZE);
	kept_free(&k);
	mailbox_listing_free(&l);
	evil_close(&e);
}

/* Every answer comes in time, but there are more of them than there is time. */
static void
evil_takes_long(void **state)
{
	struct mailbox_listing l;
	struct evil e;
	struct kept k;

	(void)state;
	evil_open(&e, "slow", 20000);
	assert_int_equal(e.rc, TALLY_OK);
	assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_OK);
	/* Opened again for 2 s; the file's five answers take 4. */
	mailbox_close(e.m);
	e.set.run_ms = 2000;
	assert_int_equal(mailbox_open(&e.m, &e.set, &e.err), TALLY_OK);
	kept_init(&k, 1);
	assert_int_equal(mailbox_get(e.m, "", l.entry, 1, &k.sink, &e.err),
	    TALLY_UNAVAILABLE);
	assert_non_null(strstr(e.err.text, "run-timeout"));
	assert_int_equal(k.done[0], 0);
	mailbox_listing_free(&l);
	/* And so it stays. */
	assert_int_equal(mailbox_list(e.m, "", &l, &e.err), TALLY_UNAVAILABLE);
	kept_free(&k);
	evil_close(&e);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evil_reading),
		cmocka_unit_test(evil_limits),
		cmocka_unit_test(evil_bare_listing),
		cmocka_unit_test(evil_names),
		cmocka_unit_test(evil_listings_end),
		cmocka_unit_test(evil_writing),
		cmocka_unit_test(evil_taken),
		cmocka_unit_test(evil_answers_lost),
		cmocka_unit_test(evil_exists),
		cmocka_unit_test(evil_unlinked),
		cmocka_unit_test(evil_no_files),
		cmocka_unit_test(evil_rename),
		cmocka_unit_test(evil_asks_if_alive),
		cmocka_unit_test(evil_takes_long),
	};

	/* It asks us each second whether we are there, and waits for one. */
	server_hostile(argc > 0 ? argv[0] : "",
	    "ClientAliveInterval 1\nClientAliveCountMax 1\n");
	return cmocka_run_group_tests(tests, server_start, server_stop);
}
