/* SPDX-License-Identifier: Apache-2.0 */
/* Acknowledgements that came in, read into verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tallyman/answer.h"
#include "tallyman/judge.h"

#define ISA \
	"ISA*00*          *00*          *ZZ*THEM           *ZZ*US           " \
	"  *260105*0800*U*00401*000000007*0*P*>~"
#define GS  "GS*FA*THEM*US*20260105*0800*7*X*004010~"
#define END "GE*1*7~IEA*1*000000007~"

struct reading {
	struct tally_str bytes;
	struct tally_answers answers;
	char text[2048];
	size_t n;
};

static enum tally_rc
give(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *err)
{
	struct reading *r = ctx;

	(void)err;
	*got = r->bytes.n < max ? r->bytes.n : max;
	memcpy(buf, r->bytes.p, *got);
	r->bytes.p += *got;
	r->bytes.n -= *got;
	return TALLY_OK;
}

static void
say(struct reading *r, const char *name, struct tally_str s)
{
	if (s.n > 0)
		r->n += (size_t)snprintf(r->text + r->n, sizeof(r->text) - r->n,
		    " %s=%.*s", name, (int)s.n, s.p);
}

static void
say_notes(struct reading *r, const struct tally_answer *a)
{
	const struct tally_answer_note *n = r->answers.note + a->note;

	for (size_t i = 0; i < a->nnote; i++, n++) {
		r->n += (size_t)snprintf(
		    r->text + r->n, sizeof(r->text) - r->n, "  note");
		say(r, "tag", n->tag);
		say(r, "segment", n->segment);
		say(r, "loop", n->loop);
		say(r, "position", n->position);
		say(r, "code", n->code);
		say(r, "value", n->value);
		say(r, "text", n->text);
		r->text[r->n++] = '\n';
	}
}

/* A line for each answer and each note. */
static enum tally_rc
take(struct reading *r, const struct tally_set *set, struct tally_err *err)
{
	static const char *const level[] = { "interchange", "group", "set" };
	const struct tally_answer *a;
	enum tally_rc rc = tally_answers_read(&r->answers, set, err);

	for (size_t i = 0; rc == TALLY_OK && i < r->answers.n; i++) {
		a = &r->answers.v[i];
		r->n += (size_t)snprintf(r->text + r->n, sizeof(r->text) - r->n,
		    "%s %s %c", a->kind, level[a->level],
		    a->verdict != '\0' ? a->verdict : '-');
		say(r, "functional", a->functional);
		say(r, "group", a->group);
		say(r, "version", a->version);
		say(r, "set", a->set);
		say(r, "control", a->control);
		say(r, "date", a->date);
		say(r, "time", a->time);
		for (int k = 0; k < 5; k++)
			say(r, "code", a->code[k]);
		say(r, "included", a->included);
		say(r, "received", a->received);
		say(r, "accepted", a->accepted);
		r->text[r->n++] = '\n';
		say_notes(r, a);
	}
	r->text[r->n] = '\0';
	return rc;
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	assert_true(tally_answers_is(v->judged->id));
	return take(ctx, v->set, err);
}

static enum tally_rc
visit_ta1(void *ctx, const struct tally_interchange_judged *ic,
    const struct tally_set *set, struct tally_err *err)
{
	assert_string_equal(ic->control, "000000007");
	return take(ctx, set, err);
}

static const struct {
	const char *edi, *says;
} row[] = {
	{ ISA "TA1*000000905*260104*1200*R*018~IEA*0*000000007~",
	    "TA1 interchange R control=000000905 date=260104 time=1200 "
	    "code=018\n" },
	/* Before a group, and with another behind it. */
	{ ISA "TA1*000000905*260104*1200*A*000~"
	      "TA1*000000906*260104*1200*E*021~" GS
	      "ST*997*0001~AK1*PO*17~AK9*A*1*1*1~SE*4*0001~" END,
	    "TA1 interchange A control=000000905 date=260104 time=1200 "
	    "code=000\n"
	    "TA1 interchange E control=000000906 date=260104 time=1200 "
	    "code=021\n"
	    "997 group A functional=PO group=17 included=1 received=1 "
	    "accepted=1\n" },
	{ ISA GS "ST*997*0001~AK1*PO*17~AK2*850*0001~AK5*A~AK2*850*0002~"
		 "AK3*N1*3*N1*8~AK4*1*98*7*QQ~AK4*2>1**1~AK3*REF*9**3~"
		 "AK5*R*5*4~AK9*P*2*2*1*5~SE*12*0001~" END,
	    "997 set A functional=PO group=17 set=850 control=0001\n"
	    "997 set R functional=PO group=17 set=850 control=0002 code=5 "
	    "code=4\n"
	    "  note tag=N1 segment=3 loop=N1 code=8\n"
	    "  note tag=N1 segment=3 loop=N1 position=1 code=7 value=QQ\n"
	    "  note tag=N1 segment=3 loop=N1 position=2>1 code=1\n"
	    "  note tag=REF segment=9 code=3\n"
	    "997 group P functional=PO group=17 code=5 included=2 received=2 "
	    "accepted=1\n" },
	{ ISA "GS*FA*THEM*US*20260105*0800*7*X*005010~"
	      "ST*999*0001~AK1*PO*17*005010~AK2*850*0001*G7~IK3*N1*3*N1*8~"
	      "CTX*SITUATIONAL TRIGGER*N1*3*N1*3~IK4*4*67*2~IK5*E*5~"
	      "AK9*E*1*1*1~SE*9*0001~" END,
	    "999 set E functional=PO group=17 version=005010 set=850 "
	    "control=0001 code=5\n"
	    "  note tag=N1 segment=3 loop=N1 code=8\n"
	    "  note tag=N1 segment=3 loop=N1 position=4 code=2\n"
	    "999 group E functional=PO group=17 version=005010 included=1 "
	    "received=1 accepted=1\n" },
	{ ISA "GS*AG*THEM*US*20260105*0800*7*X*004010~ST*824*0001~"
	      "BGN*11*X1*20260105~OTI*TR*IN*INV-1*****17*0003*810~"
	      "TED*ZZZ*PRICE IS NOT AGREED ON*IT1*4*4**9.99~"
	      "OTI*GA*ZZ*X*****18~SE*6*0001~" END,
	    "824 set R group=17 set=810 control=0003\n"
	    "  note tag=IT1 segment=4 position=4 code=ZZZ value=9.99 "
	    "text=PRICE IS NOT AGREED ON\n"
	    "824 group A group=18\n" },
	/* With mistakes: what is there is read. */
	{ ISA GS "ST*997*0001~AK2*850*0001~AK4*1*98*7~AK5*RR~AK5*A~"
		 "AK3*N1*3**8~AK9~SE*8*0001~" END,
	    "997 set - set=850 control=0001\n"
	    "  note position=1 code=7\n"
	    "997 group -\n" },
	{ ISA GS "ST*997*0001~AK1*PO*17~AK2*850*0009", "" },
	{ ISA "GS*AG*THEM*US*20260105*0800*7*X*004010~ST*824*0001~TED*X~"
	      "OTI*T~OTI*??~SE*5*0001~" END,
	    "824 set -\n824 set -\n" },
};

static void
verdicts(void **state)
{
	const struct tally_interchange_judged *ic;
	struct tally_judge *judge;
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct reading r = { .bytes = tally_cstr(row[i].edi) };
		const struct tally_judge_options o = {
			.limits = &tally_limits_default,
			.dictionary = &tally_builtin,
			.visit = visit,
			.visit_ta1 = visit_ta1,
			.ctx = &r
		};

		assert_int_equal(
		    tally_judge_new(
			&judge, (struct tally_source){ give, &r }, 0, &o, &err),
		    TALLY_OK);
		assert_int_equal(tally_judge_next(judge, &ic, &err), TALLY_OK);
		assert_string_equal(r.text, row[i].says);
		tally_judge_free(judge);
		tally_answers_free(&r.answers);
	}
	assert_true(tally_answers_is("999"));
	assert_false(tally_answers_is("850"));
	assert_false(tally_answers_is(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
