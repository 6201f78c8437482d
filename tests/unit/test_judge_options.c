/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a judge is told decides: characters that are agreed on, limits, and
 * versions that are not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/pieces.h"
#include "tallyman/judge.h"

/* The first interchange of a text, judged with options. */
struct trial {
	struct tally_judge *j;
	struct tally_str text;
	const struct tally_interchange_judged *ic;
	const struct tally_findings *fs;
};

static void
judge(struct trial *t, const char *text, struct tally_judge_options *options)
{
	struct tally_err err;

	t->text = tally_cstr(text);
	options->dictionary = &tally_builtin;
	if (options->limits == NULL)
		options->limits = &tally_limits_default;
	assert_int_equal(tally_judge_new(&t->j, tally_source_str(&t->text), 0,
			     options, &err),
	    TALLY_OK);
	assert_int_equal(tally_judge_next(t->j, &t->ic, &err), TALLY_OK);
	t->fs = tally_judge_findings(t->j);
}

static const struct {
	enum tally_characters set;
	const char *text;
	bool good;
} characters[] = {
	{ TALLY_CHARACTERS_ANY, "ab\xc3\xa9\x80", true },
	{ TALLY_CHARACTERS_BASIC, "A 1!\"&'()+,-./:;?=", true },
	{ TALLY_CHARACTERS_BASIC, "Ab", false },
	{ TALLY_CHARACTERS_BASIC, "A#", false },
	{ TALLY_CHARACTERS_BASIC, "\xc3\x89", false },
	{ TALLY_CHARACTERS_EXTENDED, "Ab%@[]_{}\\|<#$", true },
	{ TALLY_CHARACTERS_EXTENDED, "\xc3\x89t\xc3\xa9 \xc2\xbf", true },
	{ TALLY_CHARACTERS_EXTENDED, "\xc9t\xe9 \xbf", true },
	{ TALLY_CHARACTERS_EXTENDED, "3 \xd7 4", false },
	{ TALLY_CHARACTERS_EXTENDED, "3 \xc3\x97 4", false },
	{ TALLY_CHARACTERS_EXTENDED, "\xe2\x82\xac 5", false },
	{ TALLY_CHARACTERS_EXTENDED, "A\x80", false },
	{ TALLY_CHARACTERS_UTF8, "\xe2\x82\xac 5", true },
	{ TALLY_CHARACTERS_UTF8, "\xc9t\xe9", false },
	{ TALLY_CHARACTERS_UTF8, "\xc3", false },
};

/* The characters that are agreed on: in texts and codes, in components. */
static void
test_characters(void **state)
{
	static const char *const places[] = { "REF*DP*", "REF*DP*1**DP>" };
	struct trial t;
	char in[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
		for (size_t k = 0; k < 2; k++) {
			struct tally_judge_options options = {
				.characters = characters[i].set
			};

			snprintf(in, sizeof(in),
			    ISA GS ST BEG "%s%s~" PO1 CTT "SE*6*0001~" GE IEA,
			    places[k], characters[i].text);
			judge(&t, in, &options);
			if (t.fs->errors != !characters[i].good)
				fail_msg("%s: %zu errors", characters[i].text,
				    t.fs->errors);
			if (t.fs->errors > 0) {
				assert_int_equal(
				    t.fs->v[0].kind, TALLY_F_element_character);
				assert_int_equal(t.fs->v[0].segment, 3);
			}
			tally_judge_free(t.j);
		}
}

/* A set over a limit is passed over; those around it are judged. */
static void
test_set_too_large(void **state)
{
	static const char in[] =
	    ISA GS SET "ST*850*0002~" BEG PO1 PO1 "CTT*2~SE*6*0002~"
		       "ST*850*0003~" BEG PO1 CTT "SE*5*0003~GE*3*7~" IEA;
	struct tally_limits limits[] = { tally_limits_default,
		tally_limits_default };
	struct trial t;

	(void)state;
	limits[0].set_segments = 5;
	limits[1].set_bytes = sizeof(SET) + 20;
	for (size_t i = 0; i < 2; i++) {
		struct tally_judge_options options = { .limits = &limits[i] };

		judge(&t, in, &options);
		assert_int_equal(t.fs->n, 1);
		assert_int_equal(t.fs->v[0].kind, TALLY_F_set_too_large);
		assert_int_equal(t.ic->group[0].verdict, TALLY_PARTIAL);
		assert_int_equal(t.ic->group[0].accepted, 2);
		assert_int_equal(t.ic->group[0].set[1].verdict, TALLY_REJECTED);
		tally_judge_free(t.j);
	}
}

static const struct {
	const char *version;
	bool nearest;
	enum tally_verdict verdict;
	const char *read_as;
	enum tally_finding_kind kind;
	const char *expected;
} versions[] = {
	{ "004010", true, TALLY_ACCEPTED, "004010", 0, "" },
	{ "004010VICS", true, TALLY_ACCEPTED, "004010", 0, "" },
	{ "004030", false, TALLY_REJECTED, "", TALLY_F_group_version,
	    "a version whose dictionary is there" },
	{ "004030", true, TALLY_ACCEPTED, "004010", TALLY_F_version_nearest,
	    "004010" },
	{ "006020X1", true, TALLY_ACCEPTED, "005010", TALLY_F_version_nearest,
	    "005010" },
	{ "OLD", true, TALLY_REJECTED, "", TALLY_F_group_version,
	    "a version whose dictionary is there" },
};

/* A version that is not there: rejected, or read with the nearest one. */
static void
test_nearest(void **state)
{
	struct trial t;
	char in[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct tally_judge_options options = {
			.nearest = versions[i].nearest ? &tally_builtin : NULL
		};

		snprintf(in, sizeof(in), "%s%s%s~%s", ISA,
		    "GS*PO*ACME*US*20261123*1200*7*X*", versions[i].version,
		    SET GE IEA);
		judge(&t, in, &options);
		assert_int_equal(t.ic->group[0].verdict, versions[i].verdict);
		assert_string_equal(
		    t.ic->group[0].read_as, versions[i].read_as);
		assert_int_equal(t.fs->n, versions[i].kind != 0);
		if (t.fs->n > 0) {
			assert_int_equal(t.fs->v[0].kind, versions[i].kind);
			assert_int_equal(t.fs->v[0].element, 8);
			assert_true(tally_str_eq(t.fs->v[0].expected,
			    tally_cstr(versions[i].expected)));
			assert_int_equal(t.ic->group[0].findings.n, 1);
		}
		tally_judge_free(t.j);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_set_too_large),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
