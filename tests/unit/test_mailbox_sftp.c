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

static struct sshd server; /* one for all tests of the honest kind */
static bool running;

static int
start(void **state)
{
	(void)state;
	if (sshd_missing() == NULL) {
		sshd_start(&server, NULL, NULL);
		running = true;
	}
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	if (running)
		sshd_stop(&server);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_fetch),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
