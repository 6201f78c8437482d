/* SPDX-License-Identifier: Apache-2.0 */
/* Guides without memory: whichever allocation fails, a plain error comes of
 * it, nothing leaks, and the same thing works afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/counted.h"
#include "tallyman/guide.h"
#include "tallyman/judge.h"

static const char guide[] =
    "<guide xmlns='urn:tallyman:guide:1' name='t' set='856' "
    "versions='004010' implementation='X'>"
    "<element at='BSN01'><code value='00' meaning='original'/></element>"
    "<element at='BSN02' min='3'/>"
    "<loop at='HL' max='1' where='HL03=S'/>"
    "<segment at='HL/PRF' use='required' where='HL03=O'/>"
    "<levels order='S O'/></guide>";

static const char notice[] =
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              "
    "*260105*0800*U*00401*000000001*0*P*>~GS*SH*AA*BB*20260105*0800*1*X*"
    "004010~ST*856*0001~BSN*00*77*20260105*0800~HL*1**S~HL*2*1*O~HL*3*1*S~"
    "CTT*3~SE*7*0001~GE*1*1~IEA*1*000000001~";

static enum tally_rc
rules_for(void *ctx, const struct tally_rules **out,
    const struct tally_set_spec *spec, const struct tally_group_judged *group,
    const struct tally_set_judged *set, struct tally_err *err)
{
	(void)group;
	(void)set;
	(void)err;
	*out = tally_guide_fits(ctx, spec) ? tally_guide_rules(ctx) : NULL;
	return TALLY_OK;
}

/* The findings of rules; an error that came is in err. */
static size_t
judge(struct tally_guide *g, enum tally_rc *rc, struct tally_err *err)
{
	struct tally_str bytes = { notice, sizeof(notice) - 1 };
	const struct tally_judge_options options = {
		.limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.rules_for = rules_for,
		.rules_ctx = g,
	};
	const struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct tally_judge *j = NULL;
	size_t n = 0;

	*rc = tally_judge_new(&j, (struct tally_source)tally_source_str(&bytes),
	    0, &options, err);
	if (*rc == TALLY_OK)
		*rc = tally_judge_next(j, &ic, err);
	if (*rc == TALLY_OK) {
		list = tally_judge_findings(j);
		for (size_t i = 0; i < list->n; i++)
			n += list->v[i].rule[0] != '\0';
	}
	tally_judge_free(j);
	return n;
}

static enum tally_rc
load(struct tally_guide **g, long n, struct tally_err *err)
{
	enum tally_rc rc;

	*g = NULL;
	counted_left = n;
	rc = tally_guide_load(g,
	    tally_version_find(&tally_builtin, TALLY_STR("004010")),
	    "t.guide.xml", tally_cstr(guide), err);
	counted_left = -1;
	return rc;
}

static void
test_load(void **state)
{
	struct tally_guide *g;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	long n;

	(void)state;
	for (n = 0; rc == TALLY_NOMEM; n++) {
		err = (struct tally_err){ 0 };
		counted_blocks = 0;
		rc = load(&g, n, &err);
		tally_guide_free(g);
		assert_int_equal(counted_blocks, 0);
		assert_int_equal(err.rc, rc);
		assert_true(rc == TALLY_OK || err.text[0] != '\0');
	}
	if (rc != TALLY_OK || n < 3)
		fail_msg("allocation %ld: %d %s", n - 1, rc, err.text);
}

static void
test_check(void **state)
{
	struct tally_guide *g;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	size_t found = 0;
	long n;

	(void)state;
	counted_blocks = 0;
	for (n = 0; rc == TALLY_NOMEM; n++) {
		err = (struct tally_err){ 0 };
		assert_int_equal(load(&g, -1, &err), TALLY_OK);
		counted_left = n;
		found = judge(g, &rc, &err);
		counted_left = -1;
		assert_int_equal(err.rc, rc);
		if (rc != TALLY_OK)
			found = judge(g, &(enum tally_rc){ 0 }, &err);
		/* BSN02, a second S, no PRF, S below S. */
		assert_int_equal(found, 4);
		tally_guide_free(g);
		assert_int_equal(counted_blocks, 0);
	}
	assert_int_equal(rc, TALLY_OK);
	assert_true(n > 5);
}

static int
count(void **state)
{
	(void)state;
	counted_left = -1;
	tally_allocator_set(&counted);
	return 0;
}

static int
uncount(void **state)
{
	(void)state;
	tally_allocator_set(NULL);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, count, uncount);
}
