/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: what a mistake is told as, and how settings resolve. */
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

#include "flow/site.h"

#define HEAD "<tallyman xmlns=\"urn:tallyman:config:1\">\n"
#define TAIL "</tallyman>\n"
#define P1   "<partner name=\"p\" qualifier=\"ZZ\" id=\"P\">\n"
#define P2   "</partner>\n"
#define BOX(url, attributes, inside) \
	HEAD P1 "<mailbox url=\"" url "\" " attributes ">" inside \
		"</mailbox>" P2 TAIL

static enum tally_rc
parse(struct site **s, const char *text, struct tally_err *err)
{
	memset(err, 0, sizeof(*err));
	*s = NULL;
	return site_parse(
	    s, "/w", "t.xml", tally_cstr(text), &tally_builtin, err);
}

static struct site *
good(const char *text)
{
	struct tally_err err;
	struct site *s;

	if (parse(&s, text, &err) != TALLY_OK)
		fail_msg("line %u: %s", err.line, err.text);
	return s;
}

/* text, the line that is told, and a part of what is said. */
static const struct {
	const char *text;
	unsigned line;
	const char *says;
} mistakes[] = {
	{ HEAD "<self qualifier=\"ZZZ\" id=\"A\"/>" TAIL, 2, "two characters" },
	{ HEAD "\n<self qualifier=\"ZZ\" id=\"1234567890123456\"/>" TAIL, 3,
	    "1 to 15 characters" },
	{ HEAD "<self qualifier=\"*\" id=\"*\"/>" TAIL, 2, "<partner> alone" },
	{ HEAD "<selv/>" TAIL, 2, "selv" },
	{ HEAD "<store url=\"mysql:x\"/>" TAIL, 2, "sqlite:tallyman.db" },
	{ HEAD "<defaults acknowledge=\"998\"/>" TAIL, 2, "none, 997 or 999" },
	{ HEAD "<defaults list=\"some\"/>" TAIL, 2, "all or errors" },
	{ HEAD "<defaults ack-bytes=\"10\"/>" TAIL, 2, "from 1024" },
	{ HEAD "<defaults validate=\"maybe\"/>" TAIL, 2, "no or yes" },
	{ HEAD "<defaults reject=\"file\"/>" TAIL, 2,
	    "document, group or interchange" },
	{ HEAD "<defaults>\n<finding kind=\"total_rong\" severity=\"accept\"/>"
	       "</defaults>" TAIL,
	    3, "the name of a finding" },
	{ HEAD "<defaults>\n<finding kind=\"total_wrong\" severity=\"A\"/>"
	       "</defaults>" TAIL,
	    3, "ignore, accept or reject" },
	{ HEAD P1 "<finding kind=\"iea_missing\" severity=\"accept\"/>" P2 TAIL,
	    3, "cannot be taken" },
	{ HEAD P1
	    "<receive set=\"850\">"
	    "<finding kind=\"ge_count\" severity=\"accept\"/></receive>" P2
		TAIL,
	    3, "agreed on in <partner>" },
	{ HEAD "<defaults ta1=\"maybe\"/>" TAIL, 2, "asked, always or never" },
	{ HEAD "<partner name=\"p\" qualifier=\"ZZ\" id=\"P\" "
	       "characters=\"ascii\"/>" TAIL,
	    2, "basic, extended or utf-8" },
	{ BOX("sftp://a@b", "key=\"k\" password-file=\"p\"",
	      "<host-key>SHA256:AAAA</host-key>\n<proxy/>"),
	    4, "needs one of url= and command=" },
	{ BOX("sftp://a@b", "key=\"k\"",
	      "<host-key>SHA256:AAAA</host-key>\n"
	      "<proxy url=\"http://a:1\" command=\"nc\"/>"),
	    4, "needs one of url= and command=" },
	{ BOX("sftp://a@b", "key=\"k\"",
	      "<host-key>SHA256:AAAA</host-key>\n<proxy url=\"ftp://a:1\"/>"),
	    4, "socks5://[USER@]HOST:PORT" },
	{ BOX("sftp://a@b", "key=\"k\"",
	      "<host-key>SHA256:AAAA</host-key>\n<proxy url=\"http://a\"/>"),
	    4, "HOST:PORT" },
	{ BOX("sftp://a@b", "key=\"k\"",
	      "<host-key>SHA256:AAAA</host-key>\n"
	      "<proxy url=\"http://u:p@a:1\"/>"),
	    4, "no password in it" },
	{ BOX("sftp://a@b", "key=\"k\"",
	      "<host-key>SHA256:AAAA</host-key>\n"
	      "<proxy url=\"http://u@a:1\"/>"),
	    4, "a user and no password" },
	{ BOX("sftp://a@b", "key=\"k\"",
	      "<host-key>SHA256:AAAA</host-key>\n"
	      "<proxy url=\"http://a:1\" password-file=\"x\"/>"),
	    4, "a password and no user" },
	{ BOX("sftp://a@b", "key=\"k\"",
	      "<host-key>SHA256:AAAA</host-key>\n"
	      "<proxy command=\"nc %h %p\" password-file=\"x\"/>"),
	    4, "takes no password" },
	{ BOX("sftp://a@b", "key=\"k\"",
	      "<host-key>SHA256:AAAA</host-key>\n<proxy command=\"nc %q\"/>"),
	    4, "stands for nothing" },
	{ BOX("sftp://a@b", "key=\"k\" transport=\"openssh\"",
	      "<host-key>ssh-ed25519 AAAA</host-key>\n"
	      "<proxy url=\"http://a:1\"/>"),
	    3, "takes no HTTP or SOCKS proxy" },
	{ HEAD "<defaults>\n<proxy url=\"http:/a\"/></defaults>" TAIL, 3,
	    "http://[USER@]HOST:PORT" },
	{ BOX("sftp://a@b", "password-command=\"'x\"",
	      "<host-key>SHA256:AAAA</host-key>"),
	    3, "a quote is not closed" },
	{ BOX("sftp://a@b", "password-command=\"x\" password-file=\"y\"",
	      "<host-key>SHA256:AAAA</host-key>"),
	    3, "more than one of password-file, password-command" },
	{ BOX("sftp://a@b", "key=\"k\" passphrase-credential=\"a/b\"",
	      "<host-key>SHA256:AAAA</host-key>"),
	    3, "the name of a credential" },
	{ BOX("dir:x", "password-command=\"x\"", ""), 3, "local folder" },
	{ BOX("dir:x", "transport=\"openssh\"", ""), 3, "drop its keys" },
	{ BOX("sftp://a@b", "key=\"k\" transport=\"openssh\"",
	      "<host-key>SHA256:AAAA</host-key>"),
	    3, "cannot compare fingerprints" },
	{ BOX("sftp://a@b", "password-file=\"k\" transport=\"openssh\"",
	      "<host-key>ssh-ed25519 AAAA</host-key>"),
	    3, "takes no password" },
	{ BOX("sftp://a@b", "key=\"k\" transport=\"tcp\"",
	      "<host-key>ssh-ed25519 AAAA</host-key>"),
	    3, "builtin or openssh" },
	{ BOX("sftp://a@b", "run-timeout=\"0\"", ""), 3,
	    "whole number from 1" },
	{ HEAD "<defaults settle=\"-1\"/>" TAIL, 2, "whole number from 0" },
	{ HEAD "<defaults settle=\"1 \"/>" TAIL, 2, "whole number" },
	{ HEAD "<defaults depth=\"99999999999999999999\"/>" TAIL, 2,
	    "from 1 to 64" },
	{ HEAD "<limits file-bytes=\"1\"/>" TAIL, 2, "from 1024" },
	{ HEAD "<limits connections=\"0\"/>" TAIL, 2, "from 1 to 64" },
	{ HEAD "<partner name=\"a b\" qualifier=\"ZZ\" id=\"A\"/>" TAIL, 2,
	    "1 to 40 letters" },
	{ HEAD "<partner name=\"\" qualifier=\"ZZ\" id=\"A\"/>" TAIL, 2,
	    "expected a value" },
	{ HEAD P1 P2 P1 P2 TAIL, 4, "no other partner has" },
	{ HEAD "<partner name=\"a\" qualifier=\"ZZ\" id=\"*\"/>" TAIL, 2,
	    "1 to 15 characters" },
	{ HEAD P1 "<mailbox url=\"ftp://x\"/>" P2 TAIL, 3, "sftp://" },
	{ HEAD P1 "<mailbox url=\"dir:\"/>" P2 TAIL, 3, "dir:FOLDER" },
	{ HEAD P1 "<mailbox url=\"dir:x\" key=\"k\"/>" P2 TAIL, 3,
	    "local folder" },
	{ HEAD P1 "<mailbox url=\"sftp://a@b\" key=\"k\"/>" P2 TAIL, 3,
	    "no <host-key>" },
	{ HEAD P1 "<mailbox url=\"sftp://a@b\">\n"
		  "<host-key>SHA256:x</host-key></mailbox>" P2 TAIL,
	    3, "nothing to log in with" },
	{ HEAD P1 "<mailbox url=\"sftp://a@b\" key=\"k\">\n"
		  "<host-key> </host-key></mailbox>" P2 TAIL,
	    4, "<host-key> is empty" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<pull from=\"x\" then=\"burn\"/>"
		  "</mailbox>" P2 TAIL,
	    4, "delete, keep or move:FOLDER" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<pull from=\"x\" then=\"move:x\"/>"
		  "</mailbox>" P2 TAIL,
	    4, "another folder than from" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<pull from=\"x\" match=\"a/b\"/>"
		  "</mailbox>" P2 TAIL,
	    4, "without '/'" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<pull/></mailbox>" P2 TAIL, 4,
	    "from" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<push to=\"x\" upload=\"fast\"/>"
		  "</mailbox>" P2 TAIL,
	    4, "rename, direct or trigger" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<push to=\"x\" trigger=\".go\"/>"
		  "</mailbox>" P2 TAIL,
	    4, "upload=\"trigger\"" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<push to=\"x\" upload=\"direct\""
		  " temporary=\"y\"/></mailbox>" P2 TAIL,
	    4, "upload=\"rename\"" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<push to=\"x\" upload=\"trigger\""
		  " trigger=\"/x\"/></mailbox>" P2 TAIL,
	    4, "1 to 16 letters" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n<push to=\"x\" name=\"{set}\"/>"
		  "</mailbox>" P2 TAIL,
	    4, "{control} is missing" },
	{ HEAD P1
	    "<mailbox url=\"dir:a\">\n"
	    "<push to=\"x\" name=\"{self}{control}{date}\"/></mailbox>" P2 TAIL,
	    4, "{set} {control}" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n"
		  "<push to=\"x\" name=\"../{control}\"/></mailbox>" P2 TAIL,
	    4, "begin with a dot" },
	{ HEAD "<partner name=\"a\" qualifier=\"*\" id=\"*\">\n"
	       "<mailbox url=\"dir:a\">\n"
	       "<push to=\"x\" name=\"{control}\"/></mailbox>" P2 TAIL,
	    4, "{qualifier} and {id}" },
	{ HEAD P1 "<mailbox url=\"dir:a\">\n"
		  "<push to=\"x\" name=\"{set}-{control}\"/></mailbox>" P2 TAIL,
	    4, "{self} is needed where there is not exactly one <self>" },
	{ HEAD "<self qualifier=\"ZZ\" id=\"A\"/>"
	       "<self qualifier=\"ZZ\" id=\"B\"/>" P1
	       "<mailbox url=\"dir:a\">\n"
	       "<push to=\"x\" name=\"{set}-{control}\"/></mailbox>" P2 TAIL,
	    4, "{self} is needed" },
	{ HEAD "<self qualifier=\"ZZ\" id=\"A\"/>" P1
	       "<id qualifier=\"01\" id=\"2\"/><mailbox url=\"dir:a\">\n"
	       "<push to=\"x\" name=\"{set}-{control}\"/></mailbox>" P2 TAIL,
	    4, "{id} is needed where the partner has several ids" },
	{ HEAD "<self qualifier=\"ZZ\" id=\"A\"/>"
	       "<partner name=\"q\" qualifier=\"ZZ\" id=\"Q\">\n"
	       "<id qualifier=\"01\" id=\"Q\"/><mailbox url=\"dir:a\">\n"
	       "<push to=\"x\" name=\"{id}-{control}\"/></mailbox>" P2 TAIL,
	    4, "{qualifier} is needed where two ids" },
	{ HEAD P1 "<mailbox url=\"dir:a\"/><mailbox url=\"dir:b\"/>\n"
		  "<mailbox name=\"p-2\" url=\"dir:c\"/>" P2 TAIL,
	    4, "two mailboxes" },
	{ HEAD P1 "<receive set=\"899\"/>" P2 TAIL, 3,
	    "a set that the dictionary has" },
	{ HEAD P1 "<receive set=\"850\" version=\"009999\"/>" P2 TAIL, 3,
	    "a version that the dictionary has" },
	{ HEAD P1 "<receive set=\"*\" map=\"850\"/>" P2 TAIL, 3,
	    "a map reads one set" },
	{ HEAD P1 "<receive set=\"850\" map=\"../850\"/>" P2 TAIL, 3,
	    "without folder" },
	{ HEAD P1 "<receive set=\"850\"/>\n<receive set=\"850\"/>" P2 TAIL, 4,
	    "line 3" },
	{ HEAD P1 "<receive set=\"850\" test=\"yes\"/>" P2 TAIL, 3,
	    "hold or accept" },
	{ HEAD P1 "<send/>" P2 TAIL, 3, "set" },
	{ HEAD P1 "<send set=\"*\"/>" P2 TAIL, 3, "a set that the dict" },
	{ HEAD P1 "<send set=\"899\"/>" P2 TAIL, 3, "a set that the dict" },
	{ HEAD P1 "<send set=\"850\" version=\"009999\"/>" P2 TAIL, 3,
	    "a version that the dictionary has" },
	{ HEAD P1 "<send set=\"850\"/>\n<send set=\"850\"/>" P2 TAIL, 4,
	    "line 3" },
	{ HEAD P1 "<send set=\"850\" map=\"a/b\"/>" P2 TAIL, 3,
	    "without folder" },
	{ HEAD P1 "<send set=\"850\" self=\"X\"/>" P2 TAIL, 3,
	    "the id of a <self>" },
	{ HEAD P1 "<send set=\"850\" hierarchy=\"S,O\"/>" P2 TAIL, 3,
	    "codes of levels" },
	{ HEAD P1 "<send set=\"850\" group-sender=\"A\"/>" P2 TAIL, 3,
	    "2 to 15 characters" },
	{ HEAD "<partner name=\"a\" qualifier=\"*\" id=\"*\">\n"
	       "<send set=\"850\"/>" P2 TAIL,
	    3, "a partner that is anybody" },
	{ HEAD "<defaults separators=\"*~\"/>" TAIL, 2, "three or four" },
	{ HEAD "<defaults separators=\"*~*\"/>" TAIL, 2, "three or four" },
	{ HEAD "<defaults separators=\"*~>A\"/>" TAIL, 2, "three or four" },
	{ HEAD "<defaults line-end=\"cr\"/>" TAIL, 2, "none, lf or crlf" },
	{ HEAD "<defaults replacement=\"--\"/>" TAIL, 2, "one printable" },
	{ HEAD "<defaults usage=\"T\"/>" TAIL, 2, "production or test" },
	{ HEAD "<defaults ask-ta1=\"1\"/>" TAIL, 2, "no or yes" },
	{ HEAD "<defaults expect-ack=\"24\"/>" TAIL, 2, "90m, 24h or 2d" },
	{ HEAD "<defaults expect-ack=\"0h\"/>" TAIL, 2, "90m, 24h or 2d" },
	{ HEAD "<defaults expect-ack=\"400d\"/>" TAIL, 2, "at most a year" },
};

static void
test_mistakes(void **state)
{
	struct tally_err err;
	struct site *s;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		if (parse(&s, mistakes[i].text, &err) != TALLY_CONFIG)
			fail_msg("row %zu was accepted", i);
		assert_null(s);
		assert_string_equal(err.file, "t.xml");
		if (err.line != mistakes[i].line)
			fail_msg("row %zu: line %u, expected %u: %s", i,
			    err.line, mistakes[i].line, err.text);
		if (strstr(err.text, mistakes[i].says) == NULL)
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i,
			    err.text, mistakes[i].says);
	}
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
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_sending),
		cmocka_unit_test(test_resolve),
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
