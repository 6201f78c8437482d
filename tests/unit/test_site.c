/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: how settings resolve and what is found by them.
 * Mistakes in it: test_site_mistakes.
 */
/* For mkdtemp and setenv. */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/site_text.h"

static struct site *
good(const char *text)
{
	struct tally_err err;
	struct site *s;

	if (site_read(&s, text, &err) != TALLY_OK)
		fail_msg("line %u: %s", err.line, err.text);
	return s;
}

static const char sending[] =
    HEAD "<self qualifier=\"01\" id=\"US\"/><self qualifier=\"ZZ\" id=\"WE\"/>"
	 "<defaults line-end=\"none\" expect-ack=\"2d\"/>"
	 "<partner name=\"p\" qualifier=\"ZZ\" id=\"P\" usage=\"test\""
	 " separators=\"|~:\">"
	 "<send set=\"850\"/>"
	 "<send set=\"997\" version=\"005010\" self=\"WE\" map=\"m\""
	 " guide=\"g\" hierarchy=\"S O T P I\" group-sender=\"WEGROUP\""
	 " separators=\"*~>^\" line-end=\"crlf\" usage=\"production\""
	 " replacement=\" \" ask-ta1=\"yes\" expect-ack=\"none\"/>"
	 "</partner>" TAIL;

static void
test_sending(void **state)
{
	struct site *s = good(sending);
	const struct site_partner *p = site_partner_find(s, "p");
	const struct site_sending *a = site_send(p, "850");

	(void)state;
	assert_null(site_partner_find(s, "q"));
	assert_null(site_send(p, "810"));
	assert_null(a->version);
	assert_null(a->map);
	assert_string_equal(a->self->id, "US");
	assert_int_equal(a->spelling.separators.element, '|');
	assert_int_equal(a->spelling.separators.repetition, 0);
	assert_int_equal(a->spelling.line_end, SITE_LINE_NONE);
	assert_int_equal(a->spelling.replacement, 0);
	assert_true(a->spelling.test);
	assert_int_equal(a->spelling.expect_ms, 2 * 24 * 3600 * 1000);
	a = site_send(p, "997");
	assert_string_equal(a->version, "005010");
	assert_string_equal(a->map, "m");
	assert_string_equal(a->guide, "g");
	assert_string_equal(a->hierarchy, "S O T P I");
	assert_string_equal(a->self->id, "WE");
	assert_string_equal(a->group_sender, "WEGROUP");
	assert_null(a->group_receiver);
	assert_int_equal(a->spelling.separators.repetition, '^');
	assert_int_equal(a->spelling.line_end, SITE_LINE_CRLF);
	assert_int_equal(a->spelling.replacement, ' ');
	assert_false(a->spelling.test);
	assert_true(a->spelling.ta1);
	assert_int_equal(a->spelling.expect_ms, 0);
	site_free(s);
}

static const char resolve[] =
    HEAD "<self qualifier=\"01\" id=\"US\"/><self qualifier=\"ZZ\" id=\"WE\"/>"
	 "<defaults settle=\"7\" ta1=\"always\" acknowledge=\"none\""
	 " reply-timeout=\"9\"/>"
	 "<limits file-bytes=\"5000\" findings=\"12\" connections=\"9\"/>"
	 "<partner name=\"p\" qualifier=\"ZZ\" id=\"P\" ta1=\"never\""
	 " test=\"accept\"><id qualifier=\"01\" id=\"Q\"/>"
	 "<mailbox url=\"dir:a\" reply-timeout=\"3\">"
	 "<pull from=\"x\"/>"
	 "<pull from=\"y\" match=\"*.edi\" settle=\"2\" then=\"move:z\""
	 " complete=\"yes\"/><push to=\"o\"/></mailbox>"
	 "<mailbox url=\"dir:b\"><pull from=\"k\" then=\"keep\"/></mailbox>"
	 "<receive set=\"850\" acknowledge=\"997\" test=\"hold\"/>"
	 "<receive set=\"*\"/></partner>"
	 "<partner name=\"q\" qualifier=\"*\" id=\"*\">"
	 "<receive set=\"850\"/></partner>" TAIL;

static void
test_resolve(void **state)
{
	struct site *s = good(resolve);
	const struct site_partner *p = &s->partner[0];
	const struct site_agreement *a;
	const struct site_mailbox *m;

	(void)state;
	assert_int_equal(s->nself, 2);
	assert_true(site_is_self(s, "ZZ", "WE"));
	assert_false(site_is_self(s, "ZZ", "US"));
	assert_int_equal(s->file_bytes, 5000);
	assert_int_equal(s->limits.findings, 12);
	assert_int_equal(s->connections, 9);
	assert_int_equal(s->limits.set_bytes, tally_limits_default.set_bytes);
	assert_int_equal(p->ta1, SITE_TA1_NEVER);
	assert_int_equal(s->partner[1].ta1, SITE_TA1_ALWAYS);
	assert_true(site_partner_sends(p, "01", "Q"));
	assert_true(site_partner_sends(p, "ZZ", "P"));
	assert_false(site_partner_sends(p, "01", "P"));
	assert_true(site_partner_sends(&s->partner[1], "01", "ANYONE"));

	a = site_receive(p, "850", "004010VICS");
	assert_string_equal(a->set, "850");
	assert_int_equal(a->acknowledge, SITE_ACKNOWLEDGE_997);
	assert_false(a->test);
	a = site_receive(p, "855", "004010");
	assert_string_equal(a->set, "*");
	assert_int_equal(a->acknowledge, SITE_ACKNOWLEDGE_NONE);
	assert_true(a->test);
	assert_null(site_receive(&s->partner[1], "855", "004010"));

	assert_int_equal(s->nmailbox, 2);
	m = site_mailbox_find(s, "p");
	assert_ptr_equal(m, &s->mailbox[0]);
	assert_ptr_equal(m->partner, p);
	assert_string_equal(m->settings.base, "/w");
	assert_int_equal(m->settings.reply_ms, 3000);
	assert_int_equal(m->settings.login_ms, 0);
	assert_int_equal(m->pull[0].settle_ms, 7000);
	assert_int_equal(m->pull[0].then, SITE_DELETE);
	assert_false(m->pull[0].complete);
	assert_int_equal(m->pull[1].settle_ms, 2000);
	assert_int_equal(m->pull[1].then, SITE_MOVE);
	assert_string_equal(m->pull[1].move, "z");
	assert_true(m->pull[1].complete);
	assert_int_equal(m->settings.run_ms, 0);
	m = site_mailbox_find(s, "p-2");
	assert_int_equal(m->settings.reply_ms, 9000);
	assert_int_equal(m->pull[0].then, SITE_KEEP);
	assert_null(m->push);
	site_free(s);
}

/* How answers go out: by the defaults, unless the partner has it otherwise. */
static void
test_ack_files(void **state)
{
#define P(more) \
	"<partner name=\"p\" qualifier=\"ZZ\" id=\"P\"" more \
	"><receive set=\"*\"/></partner>"
	static const struct {
		const char *text;
		bool together;
	} row[] = {
		{ HEAD P("") TAIL, false },
		{ HEAD P(" ack-files=\"each\"") TAIL, false },
		{ HEAD P(" ack-files=\"together\"") TAIL, true },
		{ HEAD "<defaults ack-files=\"together\"/>" P("") TAIL, true },
		{ HEAD "<defaults ack-files=\"together\"/>" P(
		      " ack-files=\"each\"") TAIL,
		    false },
		{ HEAD "<defaults ack-files=\"each\"/>" P(
		      " ack-files=\"together\"") TAIL,
		    true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct site *s = good(row[i].text);

		if (s->partner[0].acks_together != row[i].together)
			fail_msg("row %zu", i);
		site_free(s);
	}
#undef P
}

/* Judging knows what is agreed on by the dictionary that it is given. */
static void
test_dictionary(void **state)
{
	struct site *s = good(resolve);
	const struct tally_version *v;

	(void)state;
	v = tally_version_find(&s->partner[1].dictionary, TALLY_STR("004010"));
	assert_non_null(v);
	assert_non_null(tally_set_find(v, TALLY_STR("850")));
	assert_non_null(tally_set_find(v, TALLY_STR("997")));
	assert_null(tally_set_find(v, TALLY_STR("855")));
	v = tally_version_find(&s->partner[0].dictionary, TALLY_STR("004010"));
	assert_non_null(tally_set_find(v, TALLY_STR("855")));
	site_free(s);
}

static void
test_takes(void **state)
{
	static const struct {
		const char *match, *name;
		bool takes;
	} row[] = {
		{ "*", "a.edi", true },
		{ "*.edi", "a.edi", true },
		{ "*.edi", "a.EDI", false },
		{ "*.edi", "a.edi.tmp", false },
		{ "*", "a.tmp", false },
		{ "*", "a.part", false },
		{ "*", "a.filepart", false },
		{ "*", "a~", false },
		{ "*", ".a", false },
		{ "*", "", false },
		{ "PO[0-9]?", "PO17", true },
		{ "PO[0-9]?", "PO1", false },
		{ "*", "\x80\xff", true },
	};
	struct site_pull p = { .from = "x" };

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		p.match = row[i].match;
		if (site_takes(&p, tally_cstr(row[i].name)) != row[i].takes)
			fail_msg("%s against %s", row[i].name, row[i].match);
	}
}

static void
test_outgoing_name(void **state)
{
	struct site_naming n = { "997", 42, "acme", "ZZ", "A/B C", "US" };
	struct tally_err err;
	char name[256], longest[300];

	(void)state;
	assert_int_equal(
	    site_outgoing_name(name,
		"{set}_{partner}.{control}-{qualifier}-{id}.{self}", &n, &err),
	    TALLY_OK);
	assert_string_equal(name, "997_acme.000000042-ZZ-A_B_C.US");
	memset(longest, 'a', 299);
	longest[299] = '\0';
	assert_int_equal(
	    site_outgoing_name(name, longest, &n, &err), TALLY_CONFIG);
}

/* Whatever differs between files of the same number is in their names. */
static void
test_usual_name(void **state)
{
#define SELF1  "<self qualifier=\"01\" id=\"US\"/>"
#define SELF2  SELF1 "<self qualifier=\"ZZ\" id=\"WE\"/>"
#define PUSH   "<mailbox url=\"dir:a\"><push to=\"o\"/></mailbox></partner>"
#define ONE_ID "<partner name=\"p\" qualifier=\"ZZ\" id=\"P\">" PUSH
#define TWO_IDS \
	"<partner name=\"p\" qualifier=\"ZZ\" id=\"P\">" \
	"<id qualifier=\"01\" id=\"Q\"/>" PUSH
#define ANY "<partner name=\"p\" qualifier=\"*\" id=\"*\">" PUSH
	static const struct {
		const char *text, *name;
	} row[] = {
		{ HEAD SELF1 ONE_ID TAIL, "{set}-{partner}-{control}.edi" },
		{ HEAD SELF1 TWO_IDS TAIL,
		    "{set}-{qualifier}-{id}-{control}.edi" },
		{ HEAD SELF1 ANY TAIL, "{set}-{qualifier}-{id}-{control}.edi" },
		{ HEAD SELF2 ONE_ID TAIL,
		    "{set}-{self}-{partner}-{control}.edi" },
		{ HEAD SELF2 TWO_IDS TAIL,
		    "{set}-{self}-{qualifier}-{id}-{control}.edi" },
		{ HEAD ONE_ID TAIL, "{set}-{self}-{partner}-{control}.edi" },
		{ HEAD ANY TAIL,
		    "{set}-{self}-{qualifier}-{id}-{control}.edi" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct site *s = good(row[i].text);

		assert_string_equal(s->mailbox[0].push->name, row[i].name);
		site_free(s);
	}
}

/* -C, the folder above, and none at all. */
static void
test_find(void **state)
{
	char dir[] = "/tmp/tallyman-test-XXXXXX", path[64], deep[64];
	char before[4096];
	struct tally_err err;
	char *found = NULL;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_non_null(getcwd(before, sizeof(before)));
	unsetenv("TALLYMAN_DIR");
	assert_int_equal(site_find(&found, dir, &err), TALLY_CONFIG);
	snprintf(path, sizeof(path), "%s/tallyman.xml", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(site_find(&found, dir, &err), TALLY_OK);
	assert_string_equal(found, dir);
	tally_free(found);
	snprintf(deep, sizeof(deep), "%s/deep", dir);
	assert_int_equal(mkdir(deep, 0700), 0);
	assert_int_equal(chdir(deep), 0);
	assert_int_equal(site_find(&found, NULL, &err), TALLY_OK);
	assert_string_equal(found, dir);
	tally_free(found);
	assert_int_equal(chdir("/"), 0);
	setenv("TALLYMAN_DIR", dir, 1);
	assert_int_equal(site_find(&found, NULL, &err), TALLY_OK);
	assert_string_equal(found, dir);
	tally_free(found);
	unsetenv("TALLYMAN_DIR");
	assert_int_equal(chdir(before), 0);
	rmdir(deep);
	unlink(path);
	rmdir(dir);
}

static void
test_place(void **state)
{
	static const struct {
		uint32_t type;
		bool network;
	} types[] = {
		{ 0x6969, true },      /* NFS */
		{ 0xff534d42, true },  /* CIFS */
		{ 0xfe534d42, true },  /* SMB2 */
		{ 0xef53, false },     /* ext4 */
		{ 0x58465342, false }, /* XFS */
		{ 0x01021994, false }, /* tmpfs */
		{ 0x794c7630, false }, /* overlay */
		{ 0, false },
	};
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((site_network_filesystem(types[i].type) != NULL) !=
		    types[i].network)
			fail_msg("type %#x", (unsigned)types[i].type);
	assert_int_equal(site_place("/dev/shm", &err), TALLY_OK);
	assert_int_equal(site_place("/dev/shm/no/where", &err), TALLY_IO);
}

/* What reads a version that is not there: what such agreements cover. */
static void
test_nearest(void **state)
{
	struct site *s = good(HEAD P1
	    "<receive set=\"850\" version=\"004010\" versions=\"nearest\"/>"
	    "<receive set=\"856\" versions=\"nearest\"/>"
	    "<receive set=\"860\" versions=\"exact\"/>" P2
	    "<partner name=\"q\" qualifier=\"ZZ\" id=\"Q\">"
	    "<receive set=\"*\"/></partner>" TAIL);
	const struct tally_version *v;
	struct tally_judge_options o = { .nearest = &tally_builtin };

	(void)state;
	site_judging(&o, &s->partner[0]);
	assert_ptr_equal(o.dictionary, &s->partner[0].dictionary);
	assert_ptr_equal(o.nearest, &s->partner[0].nearest);
	assert_int_equal(o.nearest->nversion, 2);
	v = o.nearest->version[0];
	assert_string_equal(v->version, "004010");
	assert_int_equal(v->nset, 4);
	assert_non_null(tally_set_find(v, TALLY_STR("824")));
	assert_non_null(tally_set_find(v, TALLY_STR("850")));
	assert_non_null(tally_set_find(v, TALLY_STR("856")));
	assert_non_null(tally_set_find(v, TALLY_STR("997")));
	v = o.nearest->version[1];
	assert_null(tally_set_find(v, TALLY_STR("850")));
	assert_non_null(tally_set_find(v, TALLY_STR("856")));
	site_judging(&o, &s->partner[1]);
	assert_null(o.nearest);
	site_free(s);
}

/* Characters that are agreed on with a partner. */
static void
test_characters(void **state)
{
#define Q(n, more) \
	"<partner name=\"q" n "\" qualifier=\"ZZ\" id=\"Q" n "\"" more \
	"><receive set=\"*\"/></partner>"
	struct site *s = good(HEAD Q("1", "") Q("2", " characters=\"basic\"")
		Q("3", " characters=\"extended\"")
		    Q("4", " characters=\"utf-8\"") TAIL);
	static const enum tally_characters want[] = { TALLY_CHARACTERS_ANY,
		TALLY_CHARACTERS_BASIC, TALLY_CHARACTERS_EXTENDED,
		TALLY_CHARACTERS_UTF8 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct tally_judge_options o = { .nearest = NULL };

		site_judging(&o, &s->partner[i]);
		assert_int_equal(o.characters, want[i]);
	}
	site_free(s);
#undef Q
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sending),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_ack_files),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_dictionary),
		cmocka_unit_test(test_takes),
		cmocka_unit_test(test_outgoing_name),
		cmocka_unit_test(test_usual_name),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
