/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: what a person reads and what a program reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "flow/report.h"

#define MAX (1u << 20)

static const struct tally_interchange_judged interchange = {
	.sender_qualifier = "01",
	.sender = "THEM",
	.receiver_qualifier = "ZZ",
	.receiver = "US",
	.date = "261122",
	.time = "0815",
	.version = "00401",
	.control = "000000905",
	.usage = 'P',
	.readable = true,
	.complete = true,
	.offset = 3,
	.length = 500,
	.included = 1,
	.verdict = TALLY_ACCEPTED,
};

static const struct tally_group_judged group = {
	.functional = "PO",
	.sender = "THEYGS",
	.receiver = "WEGS",
	.control = "17",
	.version = "004010",
	.offset = 109,
	.included = 3,
	.received = 3,
	.accepted = 2,
	.verdict = TALLY_PARTIAL,
};

static const struct tally_set_judged set = { .id = "850",
	.control = "0001",
	.ordinal = 1,
	.offset = 150,
	.verdict = TALLY_REJECTED,
	.findings = { 1, 1 } };

static const struct tally_finding finding = { .kind = TALLY_F_element_code,
	.offset = 311,
	.segment = 5,
	.element = 3,
	.component = 2,
	.tag = "PO1",
	.loop = "PO1",
	.id = "355",
	.name = "unit of measure",
	.value = { "Q\x1b[2J", 5 },
	.expected = { "one of 5 codes", 14 } };

static void
judge(struct tally_findings *list, struct tally_interchange_judged *ic,
    struct tally_group_judged *g, struct tally_set_judged *s)
{
	*ic = interchange;
	*g = group;
	*s = set;
	tally_findings_init(list, 2);
	tally_findings_add(
	    list, &(struct tally_finding){ .kind = TALLY_F_text_outside });
	tally_findings_add(list, &finding);
	tally_findings_add(list, &finding);
	g->set = s;
	g->nset = 1;
	ic->group = g;
	ic->ngroup = 1;
}

static void
expect(const struct report *r, const char *expected)
{
	struct tally_interchange_judged ic;
	struct tally_group_judged g;
	struct tally_set_judged s;
	struct tally_findings list;
	struct tally_buf b;

	judge(&list, &ic, &g, &s);
	tally_buf_init(&b, MAX);
	report_interchange(&b, r, &ic, &list);
	report_outside(&b, r, &ic, &list);
	assert_false(b.failed);
	assert_string_equal(b.p, expected);
	tally_buf_free(&b);
	tally_findings_free(&list);
}

static void
for_people(void **state)
{
	const struct report r = { .file = "a\nb.edi" };

	(void)state;
	expect(&r,
	    "interchange 000000905 from 01/THEM to ZZ/US at byte 3: accepted\n"
	    "  group 17 PO 004010 at byte 109: partially accepted, 2 of 3 sets "
	    "accepted\n"
	    "    set 1 850 0001 at byte 150: rejected\n"
	    "      error at byte 311: the value is not in the element's code "
	    "list\n"
	    "        file      a\\x0ab.edi\n"
	    "        where     segment 5 PO1, loop PO1\n"
	    "        element   PO103-2 unit of measure (355)\n"
	    "        found     \"Q\\x1b[2J\"\n"
	    "        expected  one of 5 codes\n"
	    "        matters   the set is rejected: it makes no record "
	    "until it is sent again\n"
	    "        who acts  the sender uses a listed code, or the code is "
	    "added for the partner\n"
	    "        codes     element_code AK403=7\n"
	    "    2 more sets without findings\n"
	    "note at byte 0: there are bytes outside the interchanges\n"
	    "  file      a\\x0ab.edi\n"
	    "  matters   nothing is rejected for it\n"
	    "  who acts  nothing; tell the sender if they look like lost data\n"
	    "  codes     text_outside\n"
	    "findings beyond the limit, not kept: 1\n");
}

static void
for_programs(void **state)
{
	const struct report r = { .file = "-", .json = true };

	(void)state;
	expect(&r,
	    "{\"type\":\"interchange\",\"file\":\"standard input\","
	    "\"offset\":3,\"length\":500,\"control\":\"000000905\","
	    "\"sender_qualifier\":\"01\",\"sender\":\"THEM\","
	    "\"receiver_qualifier\":\"ZZ\",\"receiver\":\"US\","
	    "\"date\":\"261122\",\"time\":\"0815\",\"version\":\"00401\","
	    "\"usage\":\"P\",\"verdict\":\"A\",\"groups\":1,"
	    "\"complete\":true}\n"
	    "{\"type\":\"group\",\"file\":\"standard input\","
	    "\"interchange\":\"000000905\",\"offset\":109,\"control\":\"17\","
	    "\"functional\":\"PO\",\"version\":\"004010\","
	    "\"sender\":\"THEYGS\",\"receiver\":\"WEGS\",\"verdict\":\"P\","
	    "\"included\":3,\"received\":3,\"accepted\":2}\n"
	    "{\"type\":\"set\",\"file\":\"standard input\","
	    "\"interchange\":\"000000905\",\"group\":\"17\",\"offset\":150,"
	    "\"set\":\"850\",\"control\":\"0001\",\"ordinal\":1,"
	    "\"verdict\":\"R\"}\n"
	    "{\"type\":\"finding\",\"file\":\"standard input\","
	    "\"severity\":\"error\",\"level\":\"element\","
	    "\"kind\":\"element_code\",\"offset\":311,"
	    "\"interchange\":\"000000905\",\"group\":\"17\",\"set\":\"850\","
	    "\"set_control\":\"0001\",\"segment\":5,\"tag\":\"PO1\","
	    "\"loop\":\"PO1\",\"element\":3,\"component\":2,\"id\":\"355\","
	    "\"name\":\"unit of measure\",\"value\":\"Q\\u001b[2J\","
	    "\"expected\":\"one of 5 codes\","
	    "\"what\":\"the value is not in the element's code list\","
	    "\"matters\":\"the set is rejected: it makes no record "
	    "until it is sent again\","
	    "\"todo\":\"the sender uses a listed code, or the code is added "
	    "for the partner\",\"told_in\":\"AK403\",\"code\":\"7\"}\n"
	    "{\"type\":\"finding\",\"file\":\"standard input\","
	    "\"severity\":\"note\",\"level\":\"file\","
	    "\"kind\":\"text_outside\",\"offset\":0,"
	    "\"what\":\"there are bytes outside the interchanges\","
	    "\"matters\":\"nothing is rejected for it\","
	    "\"todo\":\"nothing; tell the sender if they look like lost "
	    "data\"}\n"
	    "{\"type\":\"dropped\",\"file\":\"standard input\",\"count\":1}\n");
}

/* Colours are the only escapes there are, and none is left open. */
static void
colors(void **state)
{
	const struct report r = { .file = "a.edi", .color = true };
	struct tally_interchange_judged ic;
	struct tally_group_judged g;
	struct tally_set_judged s;
	struct tally_findings list;
	struct tally_buf b;
	unsigned on = 0, off = 0;

	(void)state;
	judge(&list, &ic, &g, &s);
	tally_buf_init(&b, MAX);
	report_interchange(&b, &r, &ic, &list);
	for (const char *p = b.p; (p = strchr(p, '\x1b')) != NULL; p++) {
		assert_int_equal(p[1], '[');
		assert_true(p[strspn(p + 2, "0123456789;") + 2] == 'm');
		if (strncmp(p, "\x1b[0m", 4) == 0)
			off++;
		else
			on++;
	}
	assert_int_equal(on, 4); /* three verdicts and a severity */
	assert_int_equal(on, off);
	tally_buf_free(&b);
	tally_findings_free(&list);
}

/* Every text of a judgement can come from an attacker. */
static void
hostile(void **state)
{
	struct tally_interchange_judged ic;
	struct tally_group_judged g;
	struct tally_set_judged s;
	struct tally_findings list;
	struct tally_finding f = finding;
	struct tally_buf b;

	(void)state;
	for (int json = 0; json < 2; json++) {
		const struct report r = { .file = "\x1b]0;x\a",
			.json = json == 1 };

		judge(&list, &ic, &g, &s);
		memcpy(ic.control, "\x1b[31m", 6);
		memcpy(ic.sender, "\"\r\n\x7f\xc2\x9b", 7);
		memcpy(ic.receiver, "\xff\xfe", 3);
		ic.usage = '\x1b';
		memcpy(g.control, "\t\v", 3);
		memcpy(g.functional, "\x9b", 2);
		memcpy(s.id, "\x1b[m", 4);
		memcpy(s.control, "\b\b\b", 4);
		tally_findings_reset(&list);
		f.tag = f.loop = f.id = f.name = "\x1b[5m";
		f.expected = TALLY_STR("\xe2\x80\xae\x1b");
		tally_findings_add(&list, &f);
		tally_findings_add(&list, &f);
		tally_buf_init(&b, MAX);
		report_interchange(&b, &r, &ic, &list);
		report_outside(&b, &r, &ic, &list);
		for (size_t i = 0; i < b.n; i++)
			assert_true(
			    (unsigned char)b.p[i] >= 0x20 || b.p[i] == '\n');
		assert_null(memchr(b.p, 0x7f, b.n));
		assert_null(strstr(b.p, "\xe2\x80\xae"));
		assert_null(strstr(b.p, "\xc2\x9b"));
		assert_true(tally_utf8_ok(tally_buf_view(&b)));
		tally_buf_free(&b);
		tally_findings_free(&list);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_people),
		cmocka_unit_test(for_programs),
		cmocka_unit_test(colors),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
