/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs with an SFTP server that does not behave, as partners' do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "support/sftp_fixture.h"
#include "support/workspace.h"

static struct workspace w;
static FILE *said; /* what the run tells */

static void
listen_to_log(void)
{
	w.f.log.to = said;
}

/* One order at the server that misbehaves as rule says. */
static void
make(const char *rule, const char *limits, const char *attributes,
    const char *pull)
{
	const struct workspace_order o = { 7, 1, 20, 'P', NULL };
	char xml[4000];
	struct tally_buf b;

	need_sshd();
	empty_root(&server);
	scratch_write(server.dir, "rule", rule, strlen(rule), 0);
	tally_buf_init(&b, 1u << 20);
	workspace_order(&b, &o);
	scratch_write(server.root, "good", b.p, b.n, 1000);
	tally_buf_free(&b);
	snprintf(xml, sizeof(xml),
	    "<tallyman xmlns=\"urn:tallyman:config:1\">%s"
	    "<self qualifier=\"ZZ\" id=\"US\"/>"
	    "<partner name=\"them\" qualifier=\"ZZ\" id=\"THEM\">"
	    "<mailbox url=\"%s\" key=\"%s\" %s><host-key>%s</host-key>"
	    "<pull from=\".\" settle=\"0\" %s/></mailbox>"
	    "<receive set=\"850\" acknowledge=\"none\"/></partner>"
	    "</tallyman>",
	    limits, server.url, server.key, attributes, server.ed25519, pull);
	workspace_make(&w, xml);
	w.opened = listen_to_log;
}

/* Runs; fails unless it says all of what. */
static int
run(const char *const what[2])
{
	char text[4000];
	size_t n;
	int status;

	said = tmpfile();
	assert_non_null(said);
	status = workspace_run(&w);
	rewind(said);
	n = fread(text, 1, sizeof(text) - 1, said);
	text[n] = '\0';
	fclose(said);
	for (int i = 0; i < 2; i++)
		if (strstr(text, what[i]) == NULL)
			fail_msg("\"%s\" is not in: %s", what[i], text);
	return status;
}

static bool
at_partner(const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", server.root, name);
	return access(path, F_OK) == 0;
}

/* A listing that does not say how large a file is. */
static void
size_is_not_told(void **state)
{
	static const char *const says[2] = { "", "" };

	(void)state;
	make("no-attrs", "", "", "");
	assert_int_equal(run(says), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 20);
	assert_false(at_partner("good"));
	workspace_remove(&w);
}

/* A name that is listed twice is one file. */
static void
listed_twice(void **state)
{
	static const char *const says[2] = { "", "" };

	(void)state;
	make("twice", "", "", "");
	assert_int_equal(run(says), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 20);
	assert_false(at_partner("good"));
	workspace_remove(&w);
}

/* The limit holds for such a file, too, and others are taken all the same. */
static void
limit_without_size(void **state)
{
	static const char *const says[2] = { "file good:",
		"limit of 1024 bytes" };

	(void)state;
	make("no-attrs", "<limits file-bytes=\"1024\"/>", "", "");
	scratch_write(server.root, "b.edi", "ISA", 3, 1000);
	assert_int_equal(run(says), 1);
	assert_int_equal(w.f.count[FLOW_UNFIT], 1);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_true(at_partner("good"));
	assert_false(at_partner("b.edi"));
	workspace_remove(&w);
}

/* A server that takes long holds the run no longer than it may. */
static void
run_limit(void **state)
{
	static const char *const says[2] = { "mailbox them: ", "run-timeout" };
	static const char *const nothing[2] = { "", "" };

	(void)state;
	make("stall", "", "run-timeout=\"3\" reply-timeout=\"3600\"", "");
	assert_int_equal(run(says), EX_UNAVAILABLE);
	assert_int_equal(w.f.count[FLOW_MAILBOXES_DOWN], 1);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 0);
	/* Not in a further round either. */
	assert_int_equal(w.f.round, 0);
	/* The next run has its own time. */
	scratch_write(server.dir, "rule", "plain", 5, 0);
	assert_int_equal(run(nothing), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	workspace_remove(&w);
}

/* The partner writes a file anew between our last look at it and its move. */
static void
written_while_moved(void **state)
{
	static const char *const nothing[2] = { "", "" };
	char *p;
	size_t n;

	(void)state;
	make("race", "", "", "then=\"move:done\"");
	assert_int_equal(run(nothing), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 20);
	p = scratch_read(server.root, "good", &n);
	assert_non_null(p);
	assert_memory_equal(p, "anew", 4);
	free(p);
	/* It is another file. */
	scratch_write(server.dir, "rule", "plain", 5, 0);
	assert_int_equal(run(nothing), 1);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_false(at_partner("good"));
	workspace_remove(&w);
}

/* A server that copies what it should rename: the new time means nothing. */
static void
moved_by_copying(void **state)
{
	static const char *const nothing[2] = { "", "" };

	(void)state;
	make("copies", "", "", "then=\"move:done\"");
	assert_int_equal(run(nothing), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 20);
	assert_false(at_partner("good"));
	workspace_remove(&w);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_is_not_told),
		cmocka_unit_test(listed_twice),
		cmocka_unit_test(limit_without_size),
		cmocka_unit_test(run_limit),
		cmocka_unit_test(written_while_moved),
		cmocka_unit_test(moved_by_copying),
	};

	server_hostile(argc > 0 ? argv[0] : "", NULL);
	return cmocka_run_group_tests(tests, server_start, server_stop);
}
