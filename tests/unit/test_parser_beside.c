/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many batches of a file, which a thread reads beside the run: all come, in
 * their order; a lie is told in its turn, and a run that stops leaves nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/liar.h"

#define BATCHES 100

/* Answers come behind every tenth. */
static void
say_batches(unsigned n, bool last)
{
	tally_buf_reset(&liar_says);
	say_judged(1000, 500, TALLY_ACCEPTED);
	for (unsigned i = 0; i < n; i++) {
		say_two(1150 + 2 * i, 0, 1151 + 2 * i, 0, last && i + 1 == n);
		if (i % 10 == 0 && i + 1 < n)
			say_answers(0, 1150 + i);
	}
}

static void
begin_to_record(struct parser *p, bool silent)
{
	const struct wire_record all = { .recorded = 0 };
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct tally_err err;

	liar_stand_in(p, silent);
	assert_int_equal(parser_file(p, &liar_file, &err), TALLY_OK);
	assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
	parser_record(p, &all);
}

/* Batches and answers as they were said, so many batches; what comes then. */
static enum tally_rc
take_batches(struct parser *p, unsigned n, struct tally_err *err)
{
	struct gathered got;
	struct wire_answers answers;
	enum wire_kind kind;
	unsigned i = 0;
	enum tally_rc rc;

	assert_int_equal(gathered_open(&got, liar_model(), err), TALLY_OK);
	for (;;) {
		rc = parser_next(p, &got, &answers, &kind, err);
		if (rc != TALLY_OK || i == n)
			break;
		if (kind == WIRE_ANSWERS) {
			assert_int_equal(answers.offset, 1150 + i - 1);
			assert_int_equal(got.n, 0);
			continue;
		}
		assert_int_equal(kind, WIRE_BATCH);
		assert_int_equal(got.n, 2);
		assert_int_equal(got.doc[0].offset, 1150 + 2 * i);
		assert_int_equal(got.doc[1].offset, 1151 + 2 * i);
		i++;
		if (got.last)
			break;
	}
	assert_int_equal(i, n);
	gathered_close(&got);
	return rc;
}

static void
test_beside(void **state)
{
	struct parser *p;
	struct tally_err err;

	(void)state;
	assert_int_equal(liar_parser(&p, &err), TALLY_OK);
	for (int again = 0; again < 3; again++) {
		say_batches(BATCHES, true);
		begin_to_record(p, true);
		assert_int_equal(take_batches(p, BATCHES, &err), TALLY_OK);
		assert_false(parser_beside_runs(p));
		parser_end(p);
	}
	liar_gone(p);
	parser_free(p);
}

static void
ends(void)
{
}

static const struct {
	void (*says)(void);
	const char *how;
} in_between[] = {
	{ say_question, "asked what cannot be" },
	{ say_unknown, "what cannot be" },
	{ say_batch_at_once, "what cannot be" },
	{ say_huge, "more than can be said" },
	{ ends, "ended by itself with status 3" },
};

/* What came before the lie counts; the lie is told in its turn. */
static void
test_beside_lies(void **state)
{
	struct parser *p;
	struct tally_err err;

	(void)state;
	assert_int_equal(liar_parser(&p, &err), TALLY_OK);
	for (size_t i = 0; i < sizeof(in_between) / sizeof(in_between[0]);
	     i++) {
		say_batches(BATCHES / 2, false);
		in_between[i].says();
		begin_to_record(p, false);
		assert_int_equal(
		    take_batches(p, BATCHES / 2, &err), TALLY_DATA);
		if (!parser_died(p) || p->pid != 0 ||
		    strstr(err.text, in_between[i].how) == NULL)
			fail_msg("row %zu: %s", i, err.text);
		assert_false(parser_beside_runs(p));
	}
	liar_gone(p);
	parser_free(p);
}

/* The run has its own trouble in the middle: nothing is read on, whether much
 * is to come, nothing, or a lie. */
static void
test_beside_stopped(void **state)
{
	struct gathered got;
	struct wire_answers answers;
	struct parser *p;
	struct tally_err err;
	enum wire_kind kind;

	(void)state;
	assert_int_equal(gathered_open(&got, liar_model(), &err), TALLY_OK);
	assert_int_equal(liar_parser(&p, &err), TALLY_OK);
	for (unsigned i = 0; i < 9; i++) {
		say_batches(i % 3 == 0 ? BATCHES : 5, false);
		if (i % 3 == 2)
			say_unknown();
		begin_to_record(p, i % 3 != 2);
		for (unsigned k = 0; k <= i / 3; k++)
			assert_int_equal(
			    parser_next(p, &got, &answers, &kind, &err),
			    TALLY_OK);
		parser_stop(p);
		assert_false(parser_beside_runs(p));
		assert_false(parser_died(p));
		parser_stop(p);
		liar_gone(p);
	}
	parser_free(p);
	/* Also when it is not stopped before. */
	assert_int_equal(liar_parser(&p, &err), TALLY_OK);
	say_batches(BATCHES, false);
	begin_to_record(p, true);
	assert_int_equal(parser_next(p, &got, &answers, &kind, &err), TALLY_OK);
	parser_free(p);
	gathered_close(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_beside_lies),
		cmocka_unit_test(test_beside_stopped),
	};

	return cmocka_run_group_tests(tests, liar_setup, liar_teardown);
}
