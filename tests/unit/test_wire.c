/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said between the run and the parser: it comes as it went, and
 * whatever is changed in it is either refused or something that could have
 * been said.  Batches, of which there is more to say: test_wire_batch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/wire.h"
#include "support/message.h"
#include "tallyman/judge.h"

/* --- judgements --- */

#define MALFORMED \
	"ISA*00*          *00*          *ZZ*THEM           *ZZ*US            " \
	" " \
	"*260105*0800*U*00401*000000007*0*P*>~GS*PO*THEM*US*20260105*0800*7*" \
	"X*" \
	"004010~ST*850*0001~BEG*00*SA*PO-1**2026~N1*ST*DOCK\x1b*92*0004~" \
	"PO1*1*x*EA*3.5**VP*WIDGET-9~CTT*2~SE*6*0001~ST*850*0002~SE*9*0002~" \
	"GE*3*7~IEA*1*000000007~ISA*00*"

static void
judge(struct tally_judge **j, const struct tally_interchange_judged **ic)
{
	static struct tally_str text;
	const struct tally_judge_options options = {
		.limits = &tally_limits_default, .dictionary = &tally_builtin
	};
	struct tally_err err;

	text = TALLY_STR(MALFORMED);
	assert_int_equal(
	    tally_judge_new(j, tally_source_str(&text), 0, &options, &err),
	    TALLY_OK);
	assert_int_equal(tally_judge_next(*j, ic, &err), TALLY_OK);
}

static void
write_judged(struct tally_judge *j, const struct tally_interchange_judged *ic)
{
	struct tally_findings list = *tally_judge_findings(j);
	struct tally_interchange_judged copy = *ic;
	struct wire w;
	size_t begun;

	tally_buf_reset(&message);
	begun = wire_begin(&w, &message, WIRE_JUDGED);
	wire_findings(&w, &list);
	wire_interchange(&w, &copy, &list);
	wire_finish(&w, begun);
}

static bool
read_judged(struct tally_str s, struct tally_findings *list,
    struct tally_interchange_judged *ic)
{
	struct wire w;

	message_open(&w, s);
	tally_findings_reset(list);
	memset(ic, 0, sizeof(*ic));
	wire_findings(&w, list);
	wire_interchange(&w, ic, list);
	return wire_ended(&w);
}

static void
same_finding(const struct tally_finding *a, const struct tally_finding *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->severity, b->severity);
	assert_int_equal(a->offset, b->offset);
	assert_int_equal(a->segment, b->segment);
	assert_int_equal(a->element, b->element);
	assert_int_equal(a->component, b->component);
	assert_int_equal(a->repetition, b->repetition);
	assert_int_equal(a->trigger, b->trigger);
	assert_string_equal(a->tag, b->tag);
	assert_string_equal(a->loop, b->loop);
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->name, b->name);
	assert_true(tally_str_eq(a->value, b->value));
	assert_true(tally_str_eq(a->expected, b->expected));
}

static void
test_judged(void **state)
{
	const struct tally_interchange_judged *ic;
	struct tally_interchange_judged got;
	const struct tally_findings *said;
	struct tally_findings list;
	struct tally_judge *j;

	(void)state;
	judge(&j, &ic);
	said = tally_judge_findings(j);
	assert_in_range(said->n, 5, 100);
	write_judged(j, ic);
	tally_findings_init(&list, 2000);
	assert_true(read_judged(message_content(), &list, &got));
	assert_int_equal(list.n, said->n);
	assert_int_equal(list.errors, said->errors);
	assert_int_equal(list.warnings, said->warnings);
	for (size_t i = 0; i < list.n; i++)
		same_finding(&list.v[i], &said->v[i]);
	assert_string_equal(got.sender, "THEM");
	assert_string_equal(got.control, "000000007");
	assert_int_equal(got.length, ic->length);
	assert_int_equal(got.verdict, ic->verdict);
	assert_int_equal(got.ngroup, 1);
	assert_int_equal(got.group[0].verdict, ic->group[0].verdict);
	assert_string_equal(got.group[0].read_as, "004010");
	assert_int_equal(got.group[0].nset, ic->group[0].nset);
	for (uint32_t i = 0; i < got.group[0].nset; i++) {
		assert_string_equal(
		    got.group[0].set[i].control, ic->group[0].set[i].control);
		assert_memory_equal(&got.group[0].set[i].findings,
		    &ic->group[0].set[i].findings, sizeof(struct tally_span));
	}
	tally_findings_free(&list);
	tally_judge_free(j);
}

static void
in_bounds(const struct tally_interchange_judged *ic,
    const struct tally_findings *list)
{
	for (size_t i = 0; i < list->n; i++)
		assert_in_range(list->v[i].kind, 1, TALLY_FINDING_COUNT - 1);
	assert_true(ic->findings.first + ic->findings.n <= list->n);
	for (uint32_t g = 0; g < ic->ngroup; g++) {
		const struct tally_group_judged *group = &ic->group[g];

		assert_true(group->offset >= ic->offset);
		assert_true(
		    group->findings.first + group->findings.n <= list->n);
		assert_int_equal(strnlen(group->sender, 16) < 16, 1);
		for (uint32_t i = 0; i < group->nset; i++)
			assert_true(group->set[i].findings.first +
				group->set[i].findings.n <=
			    list->n);
	}
}

static void
test_judged_damaged(void **state)
{
	const struct tally_interchange_judged *ic;
	struct tally_interchange_judged got;
	struct tally_findings list;
	struct tally_judge *j;
	struct rnd rnd;
	unsigned taken = 0;
	char *copy;
	size_t n;

	(void)state;
	judge(&j, &ic);
	write_judged(j, ic);
	rnd_seed(&rnd, 1);
	tally_findings_init(&list, 2000);
	for (int i = 0; i < MESSAGE_ROUNDS; i++) {
		copy = message_damaged(message_content(), &rnd, &n);
		if (read_judged(tally_str(copy, n), &list, &got)) {
			in_bounds(&got, &list);
			taken++;
		}
		free(copy);
	}
	/* Many a change is one of a text or a number; not all are. */
	assert_in_range(taken, MESSAGE_ROUNDS / 20, MESSAGE_ROUNDS * 19 / 20);
	tally_findings_free(&list);
	tally_judge_free(j);
}

/* --- answers --- */

static void
test_answers(void **state)
{
	struct tally_answer v[2] = { { .kind = "TA1",
					 .control = TALLY_STR("000000001"),
					 .verdict = 'A' },
		{ .kind = "997",
		    .level = TALLY_ANSWER_SET,
		    .set = TALLY_STR("850"),
		    .verdict = 'R',
		    .note = 1,
		    .nnote = 1 } };
	struct tally_answer_note note[2] = { { .tag = TALLY_STR("N1") },
		{ .tag = TALLY_STR("PO1"), .value = TALLY_STR("x") } };
	struct wire_answers said = { .group = 3,
		.offset = 500,
		.answers = { .v = v, .n = 2, .note = note, .nnote = 2 } };
	struct wire_answers got = { .group = 0 };
	struct rnd rnd;
	struct wire w;
	size_t begun, n;
	char *copy;

	(void)state;
	tally_buf_reset(&message);
	begun = wire_begin(&w, &message, WIRE_ANSWERS);
	wire_answers(&w, &said);
	wire_finish(&w, begun);
	message_open(&w, message_content());
	wire_answers(&w, &got);
	assert_true(wire_ended(&w));
	assert_int_equal(got.group, 3);
	assert_int_equal(got.answers.n, 2);
	assert_string_equal(got.answers.v[1].kind, "997");
	assert_int_equal(got.answers.v[1].verdict, 'R');
	assert_true(
	    tally_str_eq(got.answers.v[0].control, TALLY_STR("000000001")));
	assert_true(tally_str_eq(got.answers.note[1].value, TALLY_STR("x")));
	rnd_seed(&rnd, 3);
	for (int i = 0; i < MESSAGE_ROUNDS; i++) {
		copy = message_damaged(message_content(), &rnd, &n);
		memset(&got, 0, sizeof(got));
		message_open(&w, tally_str(copy, n));
		wire_answers(&w, &got);
		for (size_t k = 0; wire_ended(&w) && k < got.answers.n; k++)
			assert_true(
			    got.answers.v[k].note + got.answers.v[k].nnote <=
			    got.answers.nnote);
		free(copy);
	}
}

/* --- trouble, and what asks for bytes --- */

static void
test_trouble(void **state)
{
	struct tally_err said = { TALLY_CONFIG, 7, "a\nb.xml", "\x1b[2Jbad" },
			 got;
	struct wire w;
	size_t begun;

	(void)state;
	tally_buf_reset(&message);
	begun = wire_begin(&w, &message, WIRE_TROUBLE);
	wire_trouble(&w, &said);
	wire_finish(&w, begun);
	message_open(&w, message_content());
	wire_trouble(&w, &got);
	assert_true(wire_ended(&w));
	assert_int_equal(got.rc, TALLY_CONFIG);
	assert_int_equal(got.line, 7);
	/* What it says cannot do anything to a terminal. */
	assert_string_equal(got.file, "a?b.xml");
	assert_string_equal(got.text, "?[2Jbad");
	said.rc = TALLY_OK;
	tally_buf_reset(&message);
	begun = wire_begin(&w, &message, WIRE_TROUBLE);
	wire_trouble(&w, &said);
	wire_finish(&w, begun);
	message_open(&w, message_content());
	wire_trouble(&w, &got);
	assert_false(wire_ended(&w));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judged),
		cmocka_unit_test(test_judged_damaged),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_trouble),
	};

	return cmocka_run_group_tests(tests, message_setup, message_teardown);
}
