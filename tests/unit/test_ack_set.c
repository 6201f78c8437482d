/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a set in a 997: findings, and the AK3, AK4 and AK5 that tell
 * them.  What stands around it: test_ack.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/ack_fixture.h"

/* What stands between AK2 and AK5 inclusive, of a set with these findings. */
static void
expect_set(const struct tally_finding *f, size_t n, enum tally_verdict verdict,
    const struct tally_ack_envelope *e, const char *bytes)
{
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g = group;
	struct tally_set_judged s = set;
	struct tally_findings list;
	struct tally_buf out;
	struct tally_err err;
	char *from, *to;

	tally_findings_init(&list, 1000);
	for (size_t i = 0; i < n; i++)
		tally_findings_add(&list, &f[i]);
	s.verdict = verdict;
	s.findings = (struct tally_span){ 0, n };
	g.set = &s;
	g.nset = 1;
	ic.group = &g;
	ic.ngroup = 1;
	tally_buf_init(&out, MAX);
	assert_int_equal(tally_ack_write(&out, &ic, &list, e, &err), TALLY_OK);
	from = strstr(out.p, "AK2");
	to = strstr(out.p, "AK9");
	assert_true(from != NULL && to != NULL);
	*to = '\0';
	assert_string_equal(from, bytes);
	tally_buf_free(&out);
	tally_findings_free(&list);
}

#define FINDINGS(...) \
	((const struct tally_finding[]){ __VA_ARGS__ }), \
	    sizeof((const struct tally_finding[]){ __VA_ARGS__ }) / \
	    sizeof(struct tally_finding)

static void
elements(void **state)
{
	(void)state;
	/* Elements of one segment share an AK3; composites name the part. */
	expect_set(FINDINGS({ .kind = TALLY_F_element_code,
				.segment = 5,
				.element = 3,
				.tag = "PO1",
				.loop = "PO1",
				.id = "355",
				.value = TALLY_STR("QQ") },
		       { .kind = TALLY_F_element_missing,
			   .segment = 5,
			   .element = 4,
			   .component = 2,
			   .tag = "PO1",
			   .loop = "PO1",
			   .id = "C040" },
		       { .kind = TALLY_F_element_date,
			   .segment = 9,
			   .element = 2,
			   .tag = "DTM",
			   .loop = "PO1/SCH",
			   .id = "373",
			   .value = TALLY_STR("20261399") }),
	    TALLY_REJECTED, &envelope,
	    "AK2*850*0001~\nAK3*PO1*5*PO1*8~\nAK4*3*355*7*QQ~\n"
	    "AK4*4:2**1~\nAK3*DTM*9*SCH*8~\nAK4*2*373*8*20261399~\n"
	    "AK5*R*5~\n");
}

static void
segments(void **state)
{
	(void)state;
	/* Segment faults come before element faults of the same segment, and
	 * in the order of segments, whatever the order of findings. */
	expect_set(FINDINGS({ .kind = TALLY_F_element_too_long,
				.segment = 7,
				.element = 1,
				.tag = "N1",
				.loop = "N1",
				.id = "98",
				.value = TALLY_STR("TOOLONG") },
		       { .kind = TALLY_F_segment_too_often,
			   .segment = 7,
			   .tag = "N1",
			   .loop = "N1" },
		       { .kind = TALLY_F_segment_missing,
			   .segment = 3,
			   .tag = "BEG" }),
	    TALLY_REJECTED, &envelope,
	    "AK2*850*0001~\nAK3*BEG*3**3~\nAK3*N1*7*N1*5~\n"
	    "AK3*N1*7*N1*8~\nAK4*1*98*5*TOOLONG~\nAK5*R*5~\n");

	/* The same fault twice is told once, two faults twice. */
	expect_set(
	    FINDINGS(
		{ .kind = TALLY_F_segment_missing, .segment = 3, .tag = "A1" },
		{ .kind = TALLY_F_segment_missing, .segment = 3, .tag = "B1" },
		{ .kind = TALLY_F_segment_missing, .segment = 3, .tag = "A1" }),
	    TALLY_REJECTED, &envelope,
	    "AK2*850*0001~\nAK3*A1*3**3~\nAK3*B1*3**3~\nAK5*R*5~\n");

	/* A segment that no dictionary knows is named by its own tag. */
	expect_set(FINDINGS({ .kind = TALLY_F_segment_unknown,
		       .segment = 4,
		       .value = TALLY_STR("XYZ") }),
	    TALLY_REJECTED, &envelope,
	    "AK2*850*0001~\nAK3*XYZ*4**1~\nAK5*R*5~\n");
}

/* What AK5 says, and of what nothing is said. */
static void
codes(void **state)
{
	(void)state;
	/* At most five codes, each once, in the order they were found. */
	expect_set(
	    FINDINGS({ .kind = TALLY_F_st_number },
		{ .kind = TALLY_F_segment_missing, .segment = 2, .tag = "BEG" },
		{ .kind = TALLY_F_total_wrong }, { .kind = TALLY_F_se_count },
		{ .kind = TALLY_F_se_number }, { .kind = TALLY_F_se_missing },
		{ .kind = TALLY_F_set_duplicate }),
	    TALLY_REJECTED, &envelope,
	    "AK2*850*0001~\nAK3*BEG*2**3~\nAK5*R*7*5*4*3*2~\n");

	/* Notes are not told, unless an agreement makes more of them. */
	expect_set(FINDINGS({ .kind = TALLY_F_trailing_separators,
		       .segment = 4,
		       .element = 3,
		       .tag = "N1" }),
	    TALLY_ACCEPTED, &envelope, "AK2*850*0001~\nAK5*A~\n");
	expect_set(FINDINGS({ .kind = TALLY_F_trailing_separators,
		       .severity = TALLY_WARNING,
		       .segment = 4,
		       .element = 3,
		       .tag = "N1" }),
	    TALLY_ACCEPTED_WITH_ERRORS, &envelope,
	    "AK2*850*0001~\nAK3*N1*4**8~\nAK4*3**3~\nAK5*E*5~\n");
	/* Rejected with its group: it has no reason of its own. */
	expect_set(
	    NULL, 0, TALLY_REJECTED, &envelope, "AK2*850*0001~\nAK5*R~\n");
}

/* Values and tags that must not get out of their elements. */
static void
hostile(void **state)
{
	static const struct {
		const char *tag, *value, *ak3, *ak4;
	} row[] = {
		{ "N1", "A*B", "N1", "" },
		{ "N1", "A~B", "N1", "" },
		{ "N1", "A:B", "N1", "" },
		{ "N1", "A>B^C", "N1", "*A>B^C" },
		{ "N1", "\x1b[2J\a\xc3\xa4", "N1", "*?[2J???" },
		{ "N1", "  x  ", "N1", "*  x" },
		{ "N1", "    ", "N1", "" },
		{ "N1", "\n~", "N1", "" },
		{ "", "v", "ZZZ", "*v" },
		{ "N", "v", "ZZZ", "*v" },
		{ "N~", "v", "ZZZ", "*v" },
		{ "N1*", "v", "ZZZ", "*v" },
		{ "PO1LONG", "v", "PO1", "*v" },
		{ "\x1b[31m", "v", "ZZZ", "*v" },
	};
	char expected[256], big[300];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		snprintf(expected, sizeof(expected),
		    "AK2*850*0001~\nAK3*%s*2**8~\nAK4*1*98*6%s~\nAK5*R*5~\n",
		    row[i].ak3, row[i].ak4);
		expect_set(FINDINGS({ .kind = TALLY_F_element_character,
			       .segment = 2,
			       .element = 1,
			       .tag = row[i].tag,
			       .id = "98",
			       .value = tally_cstr(row[i].value) }),
		    TALLY_REJECTED, &envelope, expected);
	}

	/* 99 bytes of a long value, and numbers within their widths. */
	memset(big, 'x', sizeof(big));
	snprintf(expected, sizeof(expected),
	    "AK2*850*0001~\nAK3*N1*999999*ABCDEF*8~\nAK4*99:99*98*5*%.99s~\n"
	    "AK5*R*5~\n",
	    big);
	expect_set(FINDINGS({ .kind = TALLY_F_element_too_long,
		       .segment = 4000000000u,
		       .element = 65535,
		       .component = 1000,
		       .tag = "N1",
		       .loop = "X/ABCDEFGHI",
		       .id = "98",
		       .value = tally_str(big, sizeof(big)) }),
	    TALLY_REJECTED, &envelope, expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements),
		cmocka_unit_test(segments),
		cmocka_unit_test(codes),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
