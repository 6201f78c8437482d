/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parser that does not do what it is for says things that no parser would
 * say.  Each is found out, the process is gone, and the next file has one that
 * works.  Lies among many batches: test_parser_beside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/liar.h"

static void
far_away(void)
{
	say_read(0, LIAR_SIZE, 1);
}

static void
too_much(void)
{
	say_read(0, LIAR_SIZE - 10, 11);
}

static void
to_nowhere(void)
{
	say_read_to(1, 0, 10, WIRE_AHEAD - 9);
}

static void
to_the_end(void)
{
	say_read_to(1, 0, 10, WIRE_AHEAD - 10);
	say_read(2, 0, 1);
}

static void
third_reader(void)
{
	say_read(2, 0, 10);
}

static void
backwards(void)
{
	say_read(0, 5000, 10);
	say_read(0, 4000, 10);
}

static void
greedy(void)
{
	for (unsigned i = 0; i < 10 * PARSER_ASKED; i++)
		say_read(0, i, 1);
}

static void
behind_the_end(void)
{
	say_judged(LIAR_SIZE - 500, 501, TALLY_ACCEPTED);
}

static void
for_the_other(void)
{
	say_bytes(WIRE_RECORD, "x", 1);
}

static void
more_behind(void)
{
	say_judged(0, 500, TALLY_ACCEPTED);
	/* One byte that belongs to nothing. */
	liar_says.p[4]++;
	tally_buf_putc(&liar_says, 'x');
}

static void
endless(void)
{
	static char text[65536];

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i <= PARSER_SAID(LIAR_SIZE) / 65536; i++)
		say_bytes(WIRE_READY, text, sizeof(text));
}

static void
half(void)
{
	say_judged(0, 500, TALLY_ACCEPTED);
	liar_says.n -= 7;
}

static const struct {
	const char *name;
	void (*says)(void);
	const char *how;
} at_once[] = {
	{ "bytes behind the end", far_away, "wants bytes" },
	{ "bytes over the end", too_much, "wants bytes" },
	{ "a reader that is none", third_reader, "wants bytes" },
	{ "bytes to nowhere", to_nowhere, "wants bytes" },
	{ "bytes to the end, then to none", to_the_end, "wants bytes" },
	{ "bytes again", backwards, "wants bytes" },
	{ "very many bytes", greedy, "wants bytes" },
	{ "an interchange over the end", behind_the_end, "what cannot be" },
	{ "documents of nothing", say_batch_at_once, "what cannot be" },
	{ "an unknown message", say_unknown, "what cannot be" },
	{ "a message for itself", for_the_other, "what cannot be" },
	{ "a question to nobody", say_question, "what cannot be asked" },
	{ "a message with a rest", more_behind, "what cannot be" },
	{ "a say_huge message", say_huge, "more than can be said" },
	{ "messages without end", endless, "more than can be said" },
	{ "half a message", half, "ended by itself with status 3" },
};

static void
reject_group(void)
{
	say_judged(1000, 500, TALLY_REJECTED);
	say_batch(1150, 0, 1350, 1);
}

static void
out_of_order(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1350, 0, 1150, 0);
}

static void
group_back(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1310, 1, 1400, 0);
}

static void
no_group(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1150, 0, 1350, 2);
}

static void
outside(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1150, 0, 1451, 1);
}

static void
twice(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_batch(1150, 0, 1150, 0);
}

static void
answer_of_no_group(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_answers(2, 1150);
}

static void
answer_outside(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_answers(UINT32_MAX, 1500);
}

static void
judged_again(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_judged(1500, 500, TALLY_ACCEPTED);
}

static void
otherwise(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_bytes(WIRE_OTHERWISE, "", 0);
}

static void
text_again_and_again(void)
{
	say_judged(1000, 500, TALLY_ACCEPTED);
	say_rows((unsigned)(PARSER_SAID(LIAR_SIZE) / 60000 + 1));
}

static const struct {
	const char *name;
	void (*says)(void);
	const char *how;
} recording[] = {
	{ "a document of a rejected group", reject_group, "what cannot be" },
	{ "documents out of order", out_of_order, "what cannot be" },
	{ "groups out of order", group_back, "what cannot be" },
	{ "a document of no group", no_group, "what cannot be" },
	{ "a document outside", outside, "what cannot be" },
	{ "a document twice", twice, "what cannot be" },
	{ "an answer in no group", answer_of_no_group, "what cannot be" },
	{ "an answer outside", answer_outside, "what cannot be" },
	{ "what is certain is not so", otherwise, "what cannot be" },
	{ "a judgement in between", judged_again, "what cannot be" },
	{ "a text in very many rows", text_again_and_again,
	    "more than can be said" },
};

static void
test_at_once(void **state)
{
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct parser *p;
	struct tally_err err;

	(void)state;
	assert_int_equal(liar_parser(&p, &err), TALLY_OK);
	for (size_t i = 0; i < sizeof(at_once) / sizeof(at_once[0]); i++) {
		tally_buf_reset(&liar_says);
		at_once[i].says();
		liar_stand_in(p, false);
		assert_int_equal(parser_file(p, &liar_file, &err), TALLY_OK);
		if (parser_judged(p, &ic, &list, &err) != TALLY_DATA ||
		    !parser_died(p) || p->pid != 0 ||
		    strstr(err.text, at_once[i].how) == NULL)
			fail_msg("%s: %s", at_once[i].name, err.text);
	}
	liar_gone(p);
	parser_free(p);
}

static void
test_recording(void **state)
{
	const struct wire_record all = { .recorded = 0 };
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct wire_answers answers;
	struct gathered got;
	struct parser *p;
	struct tally_err err;
	enum wire_kind kind;

	(void)state;
	assert_int_equal(gathered_open(&got, liar_model(), &err), TALLY_OK);
	assert_int_equal(liar_parser(&p, &err), TALLY_OK);
	for (size_t i = 0; i < sizeof(recording) / sizeof(recording[0]); i++) {
		tally_buf_reset(&liar_says);
		recording[i].says();
		liar_stand_in(p, false);
		assert_int_equal(parser_file(p, &liar_file, &err), TALLY_OK);
		assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
		parser_record(p, &all);
		if (parser_next(p, &got, &answers, &kind, &err) != TALLY_DATA ||
		    !parser_died(p) || p->pid != 0 ||
		    strstr(err.text, recording[i].how) == NULL)
			fail_msg("%s: %s", recording[i].name, err.text);
	}
	liar_gone(p);
	gathered_close(&got);
	parser_free(p);
}

static bool
three_times(void *ctx)
{
	return ++*(unsigned *)ctx < 3;
}

/* What is to be done while it is waited for is done, and then it is waited
 * for. */
static void
test_meanwhile(void **state)
{
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct parser *p;
	struct tally_err err;
	unsigned done = 0;

	(void)state;
	assert_int_equal(liar_parser(&p, &err), TALLY_OK);
	p->silent_ms = 1;
	tally_buf_reset(&liar_says);
	liar_stand_in(p, true);
	parser_meanwhile(p, three_times, &done);
	assert_int_equal(parser_file(p, &liar_file, &err), TALLY_OK);
	assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_DATA);
	assert_non_null(strstr(err.text, "stood still"));
	assert_int_equal(done, 3);
	liar_gone(p);
	parser_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_recording),
		cmocka_unit_test(test_meanwhile),
	};

	return cmocka_run_group_tests(tests, liar_setup, liar_teardown);
}
