/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TA1, 997 and 999: judgements of interchanges and groups, and the bytes that
 * answer them.  Of sets: test_ack_set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/ack_fixture.h"

/* Writes and compares; the bytes are the test. */
static void
expect(const struct tally_interchange_judged *ic,
    const struct tally_findings *list, const struct tally_ack_envelope *e,
    const char *bytes)
{
	struct tally_buf out;
	struct tally_err err;

	tally_buf_init(&out, MAX);
	assert_int_equal(tally_ack_write(&out, ic, list, e, &err), TALLY_OK);
	assert_string_equal(out.p != NULL ? out.p : "", bytes);
	tally_buf_free(&out);
}

static void
accepted(void **state)
{
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g = group;
	struct tally_set_judged s = set;
	struct tally_findings none;
	struct tally_ack_envelope e = envelope;

	(void)state;
	tally_findings_init(&none, 1);
	g.set = &s;
	g.nset = 1;
	ic.group = &g;
	ic.ngroup = 1;
	expect(&ic, &none, &envelope,
	    ISA GS "ST*997*0001~\nAK1*PO*17~\nAK2*850*0001~\nAK5*A~\n"
		   "AK9*A*1*1*1~\nSE*6*0001~\nGE*1*7~\nIEA*1*000000042~\n");

	/* ISA14 asks for a TA1 as well, and it stands before GS. */
	ic.ack_requested = true;
	expect(&ic, &none, &envelope,
	    ISA "TA1*000000905*261122*0815*A*000~\n" GS
		"ST*997*0001~\nAK1*PO*17~\nAK2*850*0001~\nAK5*A~\n"
		"AK9*A*1*1*1~\nSE*6*0001~\nGE*1*7~\nIEA*1*000000042~\n");

	/* Other separators, no line feeds, a test, a later version. */
	ic.ack_requested = false;
	memcpy(ic.version, "00501", 6);
	memcpy(g.version, "009999", 7); /* not known */
	e.separators = (struct tally_separators){ '|', '\n', '>', '^' };
	e.usage = 'T';
	expect(&ic, &none, &e,
	    "ISA|00|          |00|          |ZZ|US             |01|THEM      "
	    "     |261123|1707|^|00501|000000042|0|T|>\n"
	    "GS|FA|WEGS|THEYGS|20261123|1707|7|X|004010\n"
	    "ST|997|0001\nAK1|PO|17\nAK2|850|0001\nAK5|A\nAK9|A|1|1|1\n"
	    "SE|6|0001\nGE|1|7\nIEA|1|000000042\n");
	tally_findings_free(&none);
}

/* Two groups are two 997s in one group; FA is never answered. */
static void
groups(void **state)
{
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g[3] = { group, group, group };
	struct tally_set_judged s = set;
	struct tally_findings list;

	(void)state;
	tally_findings_init(&list, 9);
	tally_findings_add(
	    &list, &(struct tally_finding){ .kind = TALLY_F_ge_count });
	tally_findings_add(
	    &list, &(struct tally_finding){ .kind = TALLY_F_ge_number });
	tally_findings_add(
	    &list, &(struct tally_finding){ .kind = TALLY_F_ge_count });
	g[0].set = &s;
	g[0].nset = 1;
	memcpy(g[1].functional, "FA", 3);
	memcpy(g[2].control, "18", 3);
	g[2].included = 5;
	g[2].received = 4;
	g[2].accepted = 0;
	g[2].verdict = TALLY_REJECTED;
	g[2].findings = (struct tally_span){ 0, 3 };
	ic.group = g;
	ic.ngroup = 3;
	assert_int_equal(tally_ack_groups(&ic), 2);
	expect(&ic, &list, &envelope,
	    ISA GS "ST*997*0001~\nAK1*PO*17~\nAK2*850*0001~\nAK5*A~\n"
		   "AK9*A*1*1*1~\nSE*6*0001~\n"
		   "ST*997*0002~\nAK1*PO*18~\nAK9*R*5*4*0*5*4~\n"
		   "SE*4*0002~\nGE*2*7~\nIEA*1*000000042~\n");

	/* Nothing but acknowledgements: silence, even where ISA14 asks. */
	ic.group = &g[1];
	ic.ngroup = 1;
	ic.ack_requested = true;
	assert_int_equal(tally_ack_groups(&ic), 0);
	assert_false(tally_ack_wants_ta1(&ic));
	expect(&ic, &list, &envelope, "");
	ic.verdict = TALLY_REJECTED;
	expect(&ic, &list, &envelope, "");

	/* And so for an interchange that brought a TA1 only. */
	ic.verdict = TALLY_ACCEPTED;
	ic.ngroup = 0;
	expect(&ic, &list, &envelope, "");
	tally_findings_free(&list);
}

static void
interchanges(void **state)
{
	static const struct {
		enum tally_verdict verdict;
		enum tally_finding_kind kind[3];
		enum tally_severity severity;
		const char *control, *date, *time, *ta1;
	} row[] = {
		{ TALLY_REJECTED, { TALLY_F_iea_number, TALLY_F_iea_count },
		    TALLY_NOTE, "000000905", "261122", "0815",
		    "TA1*000000905*261122*0815*R*001~\n" },
		{ TALLY_REJECTED,
		    { TALLY_F_interchange_duplicate, TALLY_F_iea_missing },
		    TALLY_NOTE, "000000905", "261122", "0815",
		    "TA1*000000905*261122*0815*R*023~\n" },
		/* What cannot be repeated in a valid TA1 is replaced. */
		{ TALLY_REJECTED, { TALLY_F_isa_number }, TALLY_NOTE,
		    "00000ABC5", "261322", "2460",
		    "TA1*000000000*000101*0000*R*018~\n" },
		{ TALLY_REJECTED, { TALLY_F_isa_number }, TALLY_NOTE, "905",
		    "260229", "2359", "TA1*000000905*000101*2359*R*018~\n" },
		{ TALLY_REJECTED, { TALLY_F_isa_number }, TALLY_NOTE, "",
		    "240229", "", "TA1*000000000*240229*0000*R*018~\n" },
		/* The finding itself was not kept. */
		{ TALLY_REJECTED, { TALLY_FINDING_NONE }, TALLY_NOTE,
		    "000000905", "261122", "0815",
		    "TA1*000000905*261122*0815*R*022~\n" },
	};
	struct tally_interchange_judged ic;
	struct tally_group_judged g = group;
	struct tally_findings list;
	char expected[512];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		tally_findings_init(&list, 10);
		for (n = 0; row[i].kind[n] != TALLY_FINDING_NONE; n++)
			tally_findings_add(&list,
			    &(struct tally_finding){ .kind = row[i].kind[n] });
		ic = interchange;
		ic.verdict = row[i].verdict;
		ic.findings = (struct tally_span){ 0, n };
		snprintf(ic.control, sizeof(ic.control), "%s", row[i].control);
		snprintf(ic.date, sizeof(ic.date), "%s", row[i].date);
		snprintf(ic.time, sizeof(ic.time), "%s", row[i].time);
		ic.group = &g;
		ic.ngroup = 1;
		/* A rejected interchange has a TA1 and no 997. */
		assert_true(tally_ack_wants_ta1(&ic));
		assert_int_equal(tally_ack_groups(&ic), 0);
		snprintf(expected, sizeof(expected), "%s%s%s", ISA, row[i].ta1,
		    "IEA*0*000000042~\n");
		expect(&ic, &list, &envelope, expected);
		tally_findings_free(&list);
	}
}

/* Warnings about the envelope: TA1 says E, the groups are answered. */
static void
interchange_with_warnings(void **state)
{
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g = group;
	struct tally_findings list;

	(void)state;
	tally_findings_init(&list, 9);
	tally_findings_add(
	    &list, &(struct tally_finding){ .kind = TALLY_F_iea_count });
	list.v[0].severity = TALLY_WARNING;
	ic.verdict = TALLY_ACCEPTED_WITH_ERRORS;
	ic.findings = (struct tally_span){ 0, 1 };
	ic.group = &g;
	ic.ngroup = 1;
	expect(&ic, &list, &envelope,
	    ISA "TA1*000000905*261122*0815*E*021~\n" GS
		"ST*997*0001~\nAK1*PO*17~\nAK9*A*1*1*1~\nSE*4*0001~\n"
		"GE*1*7~\nIEA*1*000000042~\n");

	/* A group that AK1 cannot name is told of by TA1. */
	ic.verdict = TALLY_ACCEPTED;
	ic.findings.n = 0;
	memcpy(g.functional, "P", 2);
	expect(&ic, &list, &envelope,
	    ISA "TA1*000000905*261122*0815*E*024~\nIEA*0*000000042~\n");

	/* Nobody to tell. */
	ic.readable = false;
	expect(&ic, &list, &envelope, "");
	ic.readable = true;
	ic.sender[0] = '\0';
	expect(&ic, &list, &envelope, "");
	tally_findings_free(&list);
}

/* ST01 and ST02 as sent can be anything. */
static void
names_of_sets(void **state)
{
	static const struct {
		const char *id, *control, *ak2;
	} row[] = {
		{ "850", "1", "AK2*850*0001~\nAK5*A~\n" },
		{ "850", "", "AK2*850*0000~\nAK5*A~\n" },
		{ "850", "12345678901", "AK2*850*123456789~\nAK5*A~\n" },
		{ "850", "00~1", "AK2*850*00?1~\nAK5*A~\n" },
		{ "856", "0001", "AK2*856*0001~\nAK5*A~\n" },
		{ "ABC", "0001", "AK2*ABC*0001~\nAK5*A~\n" },
		{ "85", "0001", "" },
		{ "8500", "0001", "" },
		{ "", "0001", "" },
		{ "8~0", "0001", "" },
	};
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g = group;
	struct tally_set_judged s;
	struct tally_findings none;
	char expected[512];

	(void)state;
	tally_findings_init(&none, 1);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		s = set;
		snprintf(s.id, sizeof(s.id), "%s", row[i].id);
		snprintf(s.control, sizeof(s.control), "%s", row[i].control);
		g.set = &s;
		g.nset = 1;
		ic.group = &g;
		ic.ngroup = 1;
		snprintf(expected, sizeof(expected),
		    "%s%sST*997*0001~\nAK1*PO*17~\n%sAK9*A*1*1*1~\n"
		    "SE*%d*0001~\nGE*1*7~\nIEA*1*000000042~\n",
		    ISA, GS, row[i].ak2, row[i].ak2[0] != '\0' ? 6 : 4);
		expect(&ic, &none, &envelope, expected);
	}
	tally_findings_free(&none);
}

/* GS of ours: application codes and version as received, or what is valid. */
static void
names_of_groups(void **state)
{
	static const struct {
		const char *sender, *receiver, *control, *version, *gs, *ak1;
		const char *read_as;
	} row[] = {
		{ "THEYGS", "WEGS", "17", "004010VICS",
		    "GS*FA*WEGS*THEYGS*20261123*1707*7*X*004010VICS~\n",
		    "AK1*PO*17~\n", "" },
		{ "", "W", "0017", "002040",
		    "GS*FA*US*THEM*20261123*1707*7*X*004010~\n",
		    "AK1*PO*0017~\n", "" },
		{ "A*B", "WEGS", "17~", "",
		    "GS*FA*WEGS*THEM*20261123*1707*7*X*004010~\n",
		    "AK1*PO*0~\n", "" },
		{ "THEYGS", "WEGS", "1234567890", "004010~~~",
		    "GS*FA*WEGS*THEYGS*20261123*1707*7*X*004010~\n",
		    "AK1*PO*0~\n", "" },
		/* A version of the site's own, and one that is not there. */
		{ "THEYGS", "WEGS", "17", "004030VICS",
		    "GS*FA*WEGS*THEYGS*20261123*1707*7*X*004030VICS~\n",
		    "AK1*PO*17~\n", "004030" },
		{ "THEYGS", "WEGS", "17", "004060",
		    "GS*FA*WEGS*THEYGS*20261123*1707*7*X*004010~\n",
		    "AK1*PO*17~\n", "004030" },
		{ "THEYGS", "WEGS", "17", "004060",
		    "GS*FA*WEGS*THEYGS*20261123*1707*7*X*004010~\n",
		    "AK1*PO*17~\n", "004010" },
	};
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g;
	struct tally_findings none;
	char expected[512];

	(void)state;
	tally_findings_init(&none, 1);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		g = group;
		snprintf(g.sender, sizeof(g.sender), "%s", row[i].sender);
		snprintf(g.receiver, sizeof(g.receiver), "%s", row[i].receiver);
		snprintf(g.control, sizeof(g.control), "%s", row[i].control);
		snprintf(g.version, sizeof(g.version), "%s", row[i].version);
		snprintf(g.read_as, sizeof(g.read_as), "%s", row[i].read_as);
		ic.group = &g;
		ic.ngroup = 1;
		snprintf(expected, sizeof(expected),
		    "%s%sST*997*0001~\n%sAK9*A*1*1*1~\n"
		    "SE*4*0001~\nGE*1*7~\nIEA*1*000000042~\n",
		    ISA, row[i].gs, row[i].ak1);
		expect(&ic, &none, &envelope, expected);
	}
	tally_findings_free(&none);
}

/* Answers go back under the version and the ids of what they answer. */
static void
groups_apart(void **state)
{
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g[4] = { group, group, group, group };
	struct tally_set_judged s = set;
	struct tally_ack_envelope e = envelope;
	struct tally_findings none;

	(void)state;
	tally_findings_init(&none, 1);
	memcpy(s.convention, "GUIDE-7", 8);
	for (int i = 0; i < 4; i++) {
		g[i].form = TALLY_ACK_999;
		g[i].set = &s;
		g[i].nset = 1;
		g[i].errors_only = i == 3;
	}
	memcpy(g[1].version, "005010", 7); /* 004010 has no 999 */
	memcpy(g[2].version, "005010", 7);
	memcpy(g[3].version, "005010", 7);
	memcpy(g[3].sender, "OTHERS", 7);
	ic.group = g;
	ic.ngroup = 4;
	e.group_control = 999999998;
	assert_int_equal(tally_ack_envelopes(&ic), 3);
	assert_string_equal(tally_ack_set(&g[0]), "997");
	assert_string_equal(tally_ack_set(&g[1]), "999");
	expect(&ic, &none, &e,
	    ISA "GS*FA*WEGS*THEYGS*20261123*1707*999999998*X*004010~\n"
		"ST*997*0001~\nAK1*PO*17~\nAK2*850*0001~\nAK5*A~\n"
		"AK9*A*1*1*1~\nSE*6*0001~\nGE*1*999999998~\n"
		"GS*FA*WEGS*THEYGS*20261123*1707*999999999*X*005010~\n"
		"ST*999*0001~\nAK1*PO*17*005010~\nAK2*850*0001*GUIDE-7~\n"
		"IK5*A~\nAK9*A*1*1*1~\nSE*6*0001~\n"
		"ST*999*0002~\nAK1*PO*17*005010~\nAK2*850*0001*GUIDE-7~\n"
		"IK5*A~\nAK9*A*1*1*1~\nSE*6*0002~\nGE*2*999999999~\n"
		"GS*FA*WEGS*OTHERS*20261123*1707*1*X*005010~\n"
		"ST*999*0001~\nAK1*PO*17*005010~\nAK9*A*1*1*1~\n"
		"SE*4*0001~\nGE*1*1~\nIEA*3*000000042~\n");
	tally_findings_free(&none);
}

static const struct {
	enum tally_ack_when ta1, functional;
	bool asked, rejected, answers;
	const char *first; /* segments behind ISA, their tags */
	unsigned ta1s, sets;
} agreed[] = {
	{ TALLY_ACK_WANTED, TALLY_ACK_WANTED, false, false, false, "GS", 0, 1 },
	{ TALLY_ACK_WANTED, TALLY_ACK_NEVER, false, false, false, "", 0, 0 },
	{ TALLY_ACK_WANTED, TALLY_ACK_NEVER, true, false, false, "TA1", 1, 0 },
	{ TALLY_ACK_ALWAYS, TALLY_ACK_WANTED, false, false, false, "TA1", 1,
	    1 },
	{ TALLY_ACK_NEVER, TALLY_ACK_WANTED, true, false, false, "GS", 0, 1 },
	{ TALLY_ACK_NEVER, TALLY_ACK_WANTED, true, true, false, "", 0, 0 },
	{ TALLY_ACK_NEVER, TALLY_ACK_NEVER, true, false, false, "", 0, 0 },
	{ TALLY_ACK_ALWAYS, TALLY_ACK_ALWAYS, true, false, true, "", 0, 0 },
};

/* What the caller's agreement says beats what the interchange asks for. */
static void
parts(void **state)
{
	struct tally_interchange_judged ic;
	struct tally_group_judged g;
	struct tally_ack_envelope e = envelope;
	struct tally_findings none;
	struct tally_buf out;
	struct tally_err err;

	(void)state;
	tally_findings_init(&none, 1);
	tally_buf_init(&out, MAX);
	for (size_t i = 0; i < sizeof(agreed) / sizeof(agreed[0]); i++) {
		ic = interchange;
		g = group;
		ic.group = &g;
		ic.ngroup = 1;
		ic.ack_requested = agreed[i].asked;
		if (agreed[i].rejected)
			ic.verdict = TALLY_REJECTED;
		if (agreed[i].answers)
			memcpy(g.functional, "FA", 3);
		e.ta1 = agreed[i].ta1;
		e.functional = agreed[i].functional;
		tally_buf_reset(&out);
		assert_int_equal(
		    tally_ack_write(&out, &ic, &none, &e, &err), TALLY_OK);
		if (*agreed[i].first == '\0') {
			assert_int_equal(out.n, 0);
			continue;
		}
		assert_memory_equal(out.p, ISA, sizeof(ISA) - 1);
		assert_memory_equal(out.p + sizeof(ISA) - 1, agreed[i].first,
		    strlen(agreed[i].first));
		assert_int_equal(occurrences(out.p, "TA1*"), agreed[i].ta1s);
		assert_int_equal(occurrences(out.p, "ST*"), agreed[i].sets);
	}
	tally_buf_free(&out);
	tally_findings_free(&none);
}

static void
impossible_envelopes(void **state)
{
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g = group;
	struct tally_ack_envelope e[8];
	struct tally_findings none;
	struct tally_buf out;
	struct tally_err err;

	(void)state;
	tally_findings_init(&none, 1);
	tally_buf_init(&out, MAX);
	ic.group = &g;
	ic.ngroup = 1;
	for (size_t i = 0; i < 8; i++)
		e[i] = envelope;
	e[0].date = "261123";
	e[1].time = "17:0";
	e[2].interchange_control = 1000000000;
	e[3].group_control = 0;
	e[4].separators.component = '*';
	e[5].separators.segment = 'A';
	e[6].usage = 'X';
	e[7].sender = "  ";
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(tally_ack_write(&out, &ic, &none, &e[i], &err),
		    TALLY_USAGE);
		assert_true(strlen(err.text) > 20);
		assert_int_equal(out.n, 0);
	}
	tally_buf_free(&out);
	tally_findings_free(&none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(groups),
		cmocka_unit_test(interchanges),
		cmocka_unit_test(interchange_with_warnings),
		cmocka_unit_test(names_of_sets),
		cmocka_unit_test(names_of_groups),
		cmocka_unit_test(groups_apart),
		cmocka_unit_test(parts),
		cmocka_unit_test(impossible_envelopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
