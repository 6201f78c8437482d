/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: what a mistake is told as, and of which line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/site_text.h"

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
	{ HEAD "<defaults ack-files=\"one\"/>" TAIL, 2, "each or together" },
	{ HEAD "<partner name=\"p\" qualifier=\"ZZ\" id=\"P\" "
	       "ack-files=\"\"/>" TAIL,
	    2, "each or together" },
	{ HEAD P1 "<receive set=\"*\" ack-files=\"each\"/>" P2 TAIL, 3,
	    "ack-files" },
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
		if (site_read(&s, mistakes[i].text, &err) != TALLY_CONFIG)
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
