/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are slow, break or stall, at any byte of either way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "../support/relay.h"
#include "../support/sftp_fixture.h"
#include "mailbox/sftp_client.h"

enum { FILES = 6, SIZE = 40000 };

static const char *program; /* this one */
static char *bytes;

static void
fill(void)
{
	char name[16];

	empty_root(&server);
	bytes = made(SIZE + FILES);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		scratch_write(
		    server.root, name, bytes + i, SIZE, 1000 + (long)i);
	}
}

static void
through(const struct relay *r, struct mailbox_settings *set, char url[500])
{
	snprintf(url, 500, "sftp://%s@127.0.0.1:%u%s", server.user, r->port,
	    server.root);
	set->url = url;
}

/*
 * Opens, lists, reads all, writes one.  Whatever is said to be done is done
 * whole; the first thing that is not ends it as a lost connection.
 */
static bool
everything(const struct mailbox_settings *set, struct tally_err *err)
{
	struct mailbox_upload up = { "new", { bytes, SIZE }, false };
	struct mailbox_result put;
	struct mailbox_listing l = { .n = 0 };
	struct mailbox *m;
	struct kept k;
	enum tally_rc rc = mailbox_open(&m, set, err);

	if (rc == TALLY_OK)
		rc = mailbox_list(m, "", &l, err);
	if (rc == TALLY_OK) {
		assert_int_equal(l.n, FILES);
		kept_init(&k, FILES);
		rc = mailbox_get(m, "", l.entry, l.n, &k.sink, err);
		for (size_t i = 0; i < FILES; i++) {
			if (rc == TALLY_OK)
				assert_int_equal(k.done[i], 1);
			if (k.done[i] == 0)
				continue;
			assert_int_equal(k.result[i].rc, TALLY_OK);
			assert_int_equal(k.bytes[i].n, SIZE);
			assert_memory_equal(k.bytes[i].p, bytes + i, SIZE);
		}
		kept_free(&k);
		mailbox_listing_free(&l);
	}
	if (rc == TALLY_OK) {
		rc = mailbox_put(m, "", &up, 1, &put, err);
		assert_int_equal(put.rc, rc);
	}
	if (rc != TALLY_OK)
		assert_int_equal(rc, TALLY_UNAVAILABLE);
	mailbox_close(m);
	return rc == TALLY_OK;
}

static void
forget_new(void)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/new", server.root);
	(void)remove(path);
}

static void
cuts(void **state)
{
	static const char *const by[] = { "fin", "rst" };
	const char *pin = server.ed25519;
	struct mailbox_settings set;
	char options[100], url[500];
	struct tally_err err;
	struct relay r;
	unsigned broken = 0, whole = 0;

	(void)state;
	need_sshd();
	fill();
	/* Dense where greeting, keys and login are, then wider and wider. */
	for (unsigned n = 0, way = 0; n < 400000; n += 1 + n / 3, way++) {
		set = settings(&server, &pin);
		snprintf(options, sizeof(options), "%s=%u by=%s",
		    way % 2 == 0 ? "down" : "up", n, by[way / 2 % 2]);
		relay_start(&r, program, "plain", server.port, options);
		through(&r, &set, url);
		if (everything(&set, &err))
			whole++;
		else
			broken++;
		relay_stop(&r);
		forget_new();
	}
	/* Some came in the middle, some behind the end. */
	assert_true(broken > 20);
	assert_true(whole > 0);
	free(bytes);
}

static void
stalls(void **state)
{
	static const unsigned at[] = { 0, 30, 1500, 2500, 3000, 20000, 100000 };
	const char *pin = server.ed25519;
	struct mailbox_settings set;
	char options[100], url[500];
	struct tally_err err;
	struct relay r;

	(void)state;
	need_sshd();
	fill();
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		set = settings(&server, &pin);
		set.login_ms = set.reply_ms = 400;
		snprintf(options, sizeof(options), "down=%u by=stall", at[i]);
		relay_start(&r, program, "plain", server.port, options);
		through(&r, &set, url);
		assert_false(everything(&set, &err));
		if (strstr(err.text, "within 400 ms") == NULL)
			fail_msg("%u: %s", at[i], err.text);
		relay_stop(&r);
	}
	free(bytes);
}

/* Slow, but all of it comes. */
static void
delay(void **state)
{
	const char *pin = server.ed25519;
	struct mailbox_settings set;
	struct tally_err err;
	char url[500];
	struct relay r;

	(void)state;
	need_sshd();
	fill();
	set = settings(&server, &pin);
	relay_start(&r, program, "plain", server.port, "delay=20");
	through(&r, &set, url);
	if (!everything(&set, &err))
		fail_msg("%s", err.text);
	relay_stop(&r);
	forget_new();
	free(bytes);
}

static struct sftp_client *
greeted(const struct mailbox_settings *set)
{
	struct sftp_client *c = NULL;
	struct link_target t;
	struct tally_err err;
	struct link *link;

	if (link_target_parse(&t, set, &err) != TALLY_OK ||
	    link_open_ssh(&link, &t, set, &err) != TALLY_OK ||
	    sftp_client_open(&c, link, set, link_now() + 60000, &err) !=
		TALLY_OK)
		fail_msg("%s", err.text);
	return c;
}

/* Asks n times at once, and waits for all. */
static void
ask(struct sftp_client *c, int n)
{
	struct sftp_request q = { .type = SFTP_LSTAT, .path = TALLY_STR(".") };
	struct sftp_ticket t = { 0 };
	struct sftp_reply r;
	struct tally_err err;

	for (int i = 0; i < n; i++)
		sftp_client_send(c, &q, &t);
	while (sftp_client_pending(c) > 0)
		if (sftp_client_next(c, &r, &t, &err) != TALLY_OK)
			fail_msg("%s", err.text);
}

/* As many as ahead until a round trip is seen, and where it is long. */
static void
blocks(void **state)
{
	const char *pin = server.ed25519;
	struct mailbox_settings set;
	struct sftp_client *c;
	char url[500];
	struct relay r;

	(void)state;
	need_sshd();
	set = settings(&server, &pin);
	c = greeted(&set);
	assert_int_equal(sftp_client_blocks(c), sftp_client_ahead(c));
	/* Some time it is no longer than it should be. */
	for (int i = 0; sftp_client_blocks(c) == sftp_client_ahead(c); i++) {
		assert_true(i < 10000);
		ask(c, 1);
	}
	assert_true(sftp_client_blocks(c) > 1);
	sftp_client_close(c);

	set.depth = 1;
	c = greeted(&set);
	ask(c, 1);
	assert_int_equal(sftp_client_blocks(c), 1);
	sftp_client_close(c);

	set.depth = 0;
	relay_start(&r, program, "plain", server.port, "delay=20");
	through(&r, &set, url);
	c = greeted(&set);
	ask(c, 1);
	/* The second reply comes soon, but it was asked for long ago. */
	ask(c, 2);
	assert_int_equal(sftp_client_blocks(c), sftp_client_ahead(c));
	sftp_client_close(c);
	relay_stop(&r);
}

/* What breaks once works when it is tried again: nothing is left over. */
static void
tried_again(void **state)
{
	const char *pin = server.ed25519;
	struct mailbox_settings set;
	struct tally_err err;
	char url[500];
	struct relay r;

	(void)state;
	need_sshd();
	fill();
	set = settings(&server, &pin);
	relay_start(
	    &r, program, "plain", server.port, "down=60000 by=rst times=1");
	through(&r, &set, url);
	assert_false(everything(&set, &err));
	if (!everything(&set, &err))
		fail_msg("%s", err.text);
	relay_stop(&r);
	free(bytes);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts),
		cmocka_unit_test(stalls),
		cmocka_unit_test(delay),
		cmocka_unit_test(blocks),
		cmocka_unit_test(tried_again),
	};

	program = argc > 0 ? argv[0] : "";
	return cmocka_run_group_tests(tests, server_start, server_stop);
}
