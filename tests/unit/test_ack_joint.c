/* SPDX-License-Identifier: Apache-2.0 */
/* One interchange that answers several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/ack_fixture.h"
#include "support/counted.h"

enum { MANY = 40, OTHERS = 10 };

/* An interchange with one group of one set. */
struct one {
	struct tally_interchange_judged ic;
	struct tally_group_judged g;
	struct tally_set_judged s;
	struct tally_findings list;
};

static void
one_init(struct one *o, const char *control)
{
	o->ic = interchange;
	o->g = group;
	o->s = set;
	snprintf(o->g.control, sizeof(o->g.control), "%s", control);
	tally_findings_init(&o->list, MANY);
	o->g.set = &o->s;
	o->g.nset = 1;
	o->ic.group = &o->g;
	o->ic.ngroup = 1;
}

/* Its set is rejected, for faults in so many segments. */
static void
one_fails(struct one *o, uint32_t faults)
{
	for (uint32_t i = 0; i < faults; i++)
		tally_findings_add(&o->list,
		    &(struct tally_finding){ .kind = TALLY_F_element_code,
			.segment = 10 + i,
			.element = 1,
			.tag = "N1",
			.id = "98",
			.value = TALLY_STR("WRONG") });
	o->s.verdict = TALLY_REJECTED;
	o->s.findings = (struct tally_span){ 0, faults };
	o->g.verdict = TALLY_REJECTED;
	o->g.accepted = 0;
}

static struct tally_ack_joint *
joint(const struct one *o, const struct tally_ack_envelope *e)
{
	struct tally_ack_joint *j;
	struct tally_err err;

	assert_int_equal(tally_ack_joint_new(&j, &o->ic, e, &err), TALLY_OK);
	return j;
}

static bool
add_some(struct tally_ack_joint *j, const struct one *o, uint32_t control,
    uint32_t bytes_max)
{
	struct tally_err err;
	bool added;

	if (tally_ack_joint_add(j, &o->ic, &o->list, control, bytes_max, &added,
		&err) != TALLY_OK)
		fail_msg("%s", err.text);
	return added;
}

static bool
add(struct tally_ack_joint *j, const struct one *o, uint32_t control)
{
	return add_some(j, o, control, MAX);
}

static void
expect(const struct tally_ack_joint *j, const char *bytes)
{
	struct tally_str s = tally_ack_joint_bytes(j);
	char text[4096];

	snprintf(text, sizeof(text), "%.*s", (int)s.n, s.p);
	assert_string_equal(text, bytes);
}

/* What answers the group n as set number i. */
#define ANSWER(i, n) \
	"ST*997*" i "~\nAK1*PO*" n "~\nAK2*850*0001~\nAK5*A~\n" \
	"AK9*A*1*1*1~\nSE*6*" i "~\n"

/* The first is answered as if it were alone; others follow in its group. */
static void
grows(void **state)
{
	struct tally_ack_joint *j;
	struct one a, b;

	(void)state;
	one_init(&a, "17");
	one_init(&b, "18");
	j = joint(&a, &envelope);
	assert_int_equal(tally_ack_joint_envelopes(j, &a.ic), 1);
	assert_true(add(j, &a, 7));
	expect(j, ISA GS ANSWER("0001", "17") "GE*1*7~\nIEA*1*000000042~\n");
	assert_int_equal(tally_ack_joint_envelopes(j, &b.ic), 0);
	assert_true(add(j, &b, 0));
	expect(j,
	    ISA GS ANSWER("0001", "17")
		ANSWER("0002", "18") "GE*2*7~\nIEA*1*000000042~\n");
	tally_ack_joint_free(j);
	tally_findings_free(&a.list);
	tally_findings_free(&b.list);
}

/* What goes back to others of the same interchange has a group of its own. */
static void
opens_groups(void **state)
{
	struct tally_ack_joint *j;
	struct one a, b;

	(void)state;
	one_init(&a, "17");
	one_init(&b, "18");
	snprintf(b.g.sender, sizeof(b.g.sender), "BRANCH");
	j = joint(&a, &envelope);
	assert_true(add(j, &a, 7));
	assert_int_equal(tally_ack_joint_envelopes(j, &b.ic), 1);
	assert_true(add(j, &b, 12));
	assert_int_equal(tally_ack_joint_envelopes(j, &b.ic), 0);
	assert_int_equal(tally_ack_joint_envelopes(j, &a.ic), 1);
	assert_true(add(j, &b, 0));
	assert_true(add(j, &a, 999999999));
	expect(j,
	    ISA GS ANSWER("0001",
		"17") "GE*1*7~\n"
		      "GS*FA*WEGS*BRANCH*20261123*1707*12*X*004010~\n" ANSWER(
			  "0001", "18") ANSWER("0002",
			  "18") "GE*2*12~\n"
				"GS*FA*WEGS*THEYGS*20261123*1707*999999999*X*"
				"004010~\n" ANSWER(
				    "0001", "17") "GE*1*999999999~\n"
						  "IEA*3*000000042~\n");
	tally_ack_joint_free(j);
	tally_findings_free(&a.list);
	tally_findings_free(&b.list);
}

/* The envelope that it was opened with may be gone. */
static void
borrows_nothing(void **state)
{
	char sender[16] = "US", date[9] = "20261123";
	struct tally_ack_envelope e = envelope;
	struct tally_ack_joint *j;
	struct one a;

	(void)state;
	one_init(&a, "17");
	e.sender = sender;
	e.date = date;
	j = joint(&a, &e);
	memset(sender, 'x', sizeof(sender) - 1);
	memset(date, 'x', sizeof(date) - 1);
	assert_true(add(j, &a, 7));
	expect(j, ISA GS ANSWER("0001", "17") "GE*1*7~\nIEA*1*000000042~\n");
	assert_string_equal(tally_ack_joint_envelope(j)->sender, "US");
	tally_ack_joint_free(j);
	tally_findings_free(&a.list);
}

/* Details are cut only where one answer alone is too large; what does not fit
 * behind others leaves them as they are. */
static void
is_limited(void **state)
{
	struct tally_ack_envelope e = envelope;
	struct tally_ack_joint *j;
	struct tally_str s;
	struct tally_buf alone, before;
	struct tally_err err;
	struct one a, b;

	(void)state;
	one_init(&a, "17");
	one_init(&b, "18");
	one_fails(&b, MANY);
	e.bytes_max = 700;
	tally_buf_init(&alone, MAX);
	tally_buf_init(&before, MAX);
	assert_int_equal(
	    tally_ack_write(&alone, &b.ic, &b.list, &e, &err), TALLY_OK);
	j = joint(&b, &e);
	assert_true(add_some(j, &b, 7, e.bytes_max));
	s = tally_ack_joint_bytes(j);
	assert_true(tally_str_eq(s, tally_buf_view(&alone)));
	tally_ack_joint_free(j);

	j = joint(&a, &e);
	assert_true(add(j, &a, 7));
	tally_buf_str(&before, tally_ack_joint_bytes(j));
	assert_false(add(j, &b, 8));
	assert_true(
	    tally_str_eq(tally_ack_joint_bytes(j), tally_buf_view(&before)));
	snprintf(b.g.sender, sizeof(b.g.sender), "BRANCH");
	assert_false(add(j, &b, 8));
	assert_true(
	    tally_str_eq(tally_ack_joint_bytes(j), tally_buf_view(&before)));
	/* To the last byte, and on from there. */
	while (add(j, &a, 0))
		assert_true(tally_ack_joint_bytes(j).n <= e.bytes_max);
	s = tally_ack_joint_bytes(j);
	assert_true(s.n + sizeof(ANSWER("0001", "17")) > e.bytes_max);
	tally_ack_joint_free(j);

	/* However large the file may be, one is not answered with more than it
	 * would be alone; and that may be more than the file should have. */
	j = joint(&a, &envelope);
	assert_true(add(j, &a, 7));
	assert_false(add_some(j, &b, 8, 700));
	tally_ack_joint_free(j);
	j = joint(&b, &envelope);
	assert_true(add_some(j, &b, 7, 700));
	assert_true(tally_ack_joint_bytes(j).n <= 700);
	assert_true(add(j, &b, 8));
	assert_true(tally_ack_joint_bytes(j).n > 700);
	tally_ack_joint_free(j);
	e.bytes_max = 100;
	j = joint(&a, &e);
	assert_true(add_some(j, &a, 7, 700));
	assert_false(add_some(j, &a, 8, 700));
	tally_ack_joint_free(j);
	tally_buf_free(&alone);
	tally_buf_free(&before);
	tally_findings_free(&a.list);
	tally_findings_free(&b.list);
}

static void
takes_its_like(void **state)
{
	struct tally_ack_envelope e = envelope, other[OTHERS];
	struct tally_ack_joint *j;
	struct tally_err err;
	struct one a, b;
	bool added;

	(void)state;
	one_init(&a, "17");
	one_init(&b, "18");
	j = joint(&a, &envelope);
	assert_true(tally_ack_joint_takes(j, &b.ic, &e));
	/* Time and numbers are those of the first. */
	e.time = "2359";
	e.interchange_control = 43;
	assert_true(tally_ack_joint_takes(j, &b.ic, &e));
	for (size_t i = 0; i < OTHERS; i++)
		other[i] = envelope;
	other[0].sender_qualifier = "30";
	other[1].sender = "WE";
	other[2].receiver_qualifier = "30";
	other[3].receiver = "THEY";
	other[4].usage = 'T';
	other[5].newline = false;
	other[6].separators.element = '|';
	other[7].separators.segment = '\n';
	other[8].separators.component = '>';
	other[9].separators.repetition = '^';
	for (size_t i = 0; i < OTHERS; i++)
		assert_false(tally_ack_joint_takes(j, &b.ic, &other[i]));
	e = envelope;
	snprintf(b.ic.version, sizeof(b.ic.version), "00501");
	assert_false(tally_ack_joint_takes(j, &b.ic, &e));
	b.ic = a.ic;
	b.ic.ack_requested = true;
	assert_false(tally_ack_joint_takes(j, &b.ic, &e));
	assert_int_equal(
	    tally_ack_joint_add(j, &b.ic, &b.list, 7, MAX, &added, &err),
	    TALLY_USAGE);
	b.ic = a.ic;
	a.g.silent = true;
	assert_false(tally_ack_joint_takes(j, &b.ic, &e));
	tally_ack_joint_free(j);

	e.receiver = "a receiver with more bytes than any standard has for it";
	assert_int_equal(tally_ack_joint_new(&j, &b.ic, &e, &err), TALLY_USAGE);
	assert_null(j);
	tally_findings_free(&a.list);
	tally_findings_free(&b.list);
}

/* Whichever allocation fails: an error, and nothing is leaked. */
static void
memory_ends(void **state)
{
	enum tally_rc rc = TALLY_NOMEM;
	struct tally_ack_joint *j;
	struct tally_err err;
	struct one a, b;
	bool added;
	int rounds;

	(void)state;
	one_init(&a, "17");
	one_init(&b, "18");
	one_fails(&b, MANY);
	for (rounds = 0; rc != TALLY_OK && rounds < 100; rounds++) {
		counted_left = rounds;
		tally_allocator_set(&counted);
		rc = tally_ack_joint_new(&j, &a.ic, &envelope, &err);
		if (rc == TALLY_OK)
			rc = tally_ack_joint_add(
			    j, &a.ic, &a.list, 7, MAX, &added, &err);
		if (rc == TALLY_OK)
			rc = tally_ack_joint_add(
			    j, &b.ic, &b.list, 0, MAX, &added, &err);
		assert_true(rc == TALLY_OK || rc == TALLY_NOMEM);
		tally_ack_joint_free(j);
		tally_allocator_set(NULL);
		counted_left = -1;
		assert_int_equal(counted_blocks, 0);
	}
	assert_true(rounds > 3 && rounds < 100);
	tally_findings_free(&a.list);
	tally_findings_free(&b.list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(opens_groups),
		cmocka_unit_test(borrows_nothing),
		cmocka_unit_test(is_limited),
		cmocka_unit_test(takes_its_like),
		cmocka_unit_test(memory_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
