/* SPDX-License-Identifier: Apache-2.0 */
/* Acknowledgements at their limits: size, number of AK4, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/counted.h"
#include "support/ack_fixture.h"

enum { SETS = 40, FAULTS = 5 };

struct large {
	struct tally_interchange_judged ic;
	struct tally_group_judged g;
	struct tally_set_judged s[SETS];
	struct tally_findings list;
};

/* Every other set is rejected, with faults in many segments. */
static void
large_init(struct large *l)
{
	tally_findings_init(&l->list, SETS * FAULTS);
	l->ic = interchange;
	l->g = group;
	for (uint32_t i = 0; i < SETS; i++) {
		l->s[i] = set;
		snprintf(
		    l->s[i].control, sizeof(l->s[i].control), "%04u", i + 1);
		if (i % 2 == 0)
			continue;
		l->s[i].verdict = TALLY_REJECTED;
		l->s[i].findings = (struct tally_span){ l->list.n, FAULTS };
		for (uint32_t k = 0; k < FAULTS; k++)
			tally_findings_add(&l->list,
			    &(struct tally_finding){
				.kind = TALLY_F_element_code,
				.segment = 10 + k,
				.element = 1,
				.tag = "N1",
				.id = "98",
				.value = TALLY_STR("WRONG") });
	}
	l->g.set = l->s;
	l->g.nset = SETS;
	l->g.verdict = TALLY_PARTIAL;
	l->ic.group = &l->g;
	l->ic.ngroup = 1;
}

/* SE01 is right, whatever was left out. */
static void
check_count(const char *text)
{
	const char *from = strstr(text, "ST*"), *se = strstr(text, "SE*");
	unsigned n = 0;

	for (const char *p = from; p < se; p++)
		n += *p == '~';
	assert_int_equal(strtoul(se + 3, NULL, 10), n + 1);
}

static void
size_limit(void **state)
{
	struct tally_ack_envelope e = envelope;
	struct tally_buf out, again;
	struct tally_err err;
	struct large l;
	unsigned faults = 0, before = 0, named = 0, earlier = 0;
	uint32_t full, skeleton;

	(void)state;
	large_init(&l);
	tally_buf_init(&out, MAX);
	tally_buf_init(&again, MAX);
	assert_int_equal(
	    tally_ack_write(&out, &l.ic, &l.list, &e, &err), TALLY_OK);
	full = (uint32_t)out.n;
	assert_int_equal(occurrences(out.p, "AK3*"), SETS / 2 * FAULTS);

	/* Exactly enough is enough; below, details go from the end. */
	for (e.bytes_max = 250; e.bytes_max <= full; e.bytes_max++) {
		tally_buf_reset(&out);
		tally_buf_reset(&again);
		if (tally_ack_write(&out, &l.ic, &l.list, &e, &err) !=
		    TALLY_OK) {
			assert_int_equal(err.rc, TALLY_NOMEM);
			assert_int_equal(out.n, 0);
			assert_int_equal(earlier, 0);
			continue;
		}
		assert_int_equal(
		    tally_ack_write(&again, &l.ic, &l.list, &e, &err),
		    TALLY_OK);
		assert_string_equal(out.p, again.p);
		assert_true(out.n <= e.bytes_max);
		check_count(out.p);
		faults = occurrences(out.p, "AK3*");
		assert_int_equal(faults, occurrences(out.p, "AK4*"));
		assert_true(faults >= before);
		before = faults;
		/* Rejected sets are the last to go, from the end. */
		named = occurrences(out.p, "AK5*R*5");
		assert_true(named >= earlier);
		earlier = named;
		assert_true(occurrences(out.p, "AK5*A") == SETS / 2 ||
		    (occurrences(out.p, "AK5*A") == 0 && faults == 0));
		assert_true(
		    named == SETS / 2 || occurrences(out.p, "AK5*A") == 0);
		assert_int_equal(occurrences(out.p, "AK9*"), 1);
	}
	assert_int_equal(before, SETS / 2 * FAULTS);

	/* Without details, but with accepted sets: between the two. */
	skeleton = full -
	    SETS / 2 * FAULTS *
		(uint32_t)sizeof("AK3*N1*10**8~\n"
				 "AK4*1*98*7*WRONG~\n") +
	    SETS / 2 * FAULTS;
	e.bytes_max = skeleton;
	tally_buf_reset(&out);
	assert_int_equal(
	    tally_ack_write(&out, &l.ic, &l.list, &e, &err), TALLY_OK);
	assert_int_equal(occurrences(out.p, "AK5*A"), SETS / 2);
	assert_int_equal(occurrences(out.p, "AK3*"), 0);
	e.bytes_max = skeleton - 10;
	tally_buf_reset(&out);
	assert_int_equal(
	    tally_ack_write(&out, &l.ic, &l.list, &e, &err), TALLY_OK);
	assert_int_equal(occurrences(out.p, "AK5*A"), 0);
	tally_buf_free(&out);
	tally_buf_free(&again);
	tally_findings_free(&l.list);
}

/* An AK3 loop has 99 AK4 at most. */
static void
many_elements(void **state)
{
	struct tally_interchange_judged ic = interchange;
	struct tally_group_judged g = group;
	struct tally_set_judged s = set;
	struct tally_findings list;
	struct tally_buf out;
	struct tally_err err;

	(void)state;
	tally_findings_init(&list, 500);
	for (uint16_t i = 0; i < 300; i++)
		tally_findings_add(&list,
		    &(struct tally_finding){ .kind = TALLY_F_element_code,
			.segment = 2,
			.element = (uint16_t)(1 + i % 60),
			.component = (uint16_t)(i / 60),
			.tag = "N1" });
	s.verdict = TALLY_REJECTED;
	s.findings = (struct tally_span){ 0, 1000 }; /* more than are kept */
	g.set = &s;
	g.nset = 1;
	ic.group = &g;
	ic.ngroup = 1;
	tally_buf_init(&out, MAX);
	assert_int_equal(
	    tally_ack_write(&out, &ic, &list, &envelope, &err), TALLY_OK);
	assert_int_equal(occurrences(out.p, "AK3*"), 1);
	assert_int_equal(occurrences(out.p, "AK4*"), 99);
	check_count(out.p);
	tally_buf_free(&out);
	tally_findings_free(&list);
}

/* Whichever allocation fails: an error and no bytes, or all of them. */
static void
memory_ends(void **state)
{
	struct tally_buf out, whole;
	struct tally_err err;
	struct large l;
	enum tally_rc rc = TALLY_NOMEM;
	int rounds;

	(void)state;
	large_init(&l);
	tally_buf_init(&whole, MAX);
	assert_int_equal(
	    tally_ack_write(&whole, &l.ic, &l.list, &envelope, &err), TALLY_OK);
	for (rounds = 0; rc != TALLY_OK && rounds < 100; rounds++) {
		tally_buf_init(&out, MAX);
		counted_left = rounds;
		tally_allocator_set(&counted);
		rc = tally_ack_write(&out, &l.ic, &l.list, &envelope, &err);
		tally_allocator_set(NULL);
		counted_left = -1;
		if (rc == TALLY_OK)
			assert_string_equal(out.p, whole.p);
		else
			assert_int_equal(rc, TALLY_NOMEM);
		assert_true(rc == TALLY_OK || out.n == 0);
		tally_buf_free(&out);
	}
	assert_true(rounds > 3 && rounds < 100);
	tally_buf_free(&whole);
	tally_findings_free(&l.list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_limit),
		cmocka_unit_test(many_elements),
		cmocka_unit_test(memory_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
