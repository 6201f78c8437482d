/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every code that X12 has for what can be wrong is told for some finding, or
 * stands here with the reason why it never is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ack/parts.h"
#include "tallyman/finding.h"

/* The elements that hold the codes, and what they are about. */
static const struct {
	const char *element;
	enum tally_level level;
	const char *always; /* codes that do not come from one kind */
} list[] = {
	{ "I18", TALLY_LEVEL_INTERCHANGE, " 000 024 " },
	{ "716", TALLY_LEVEL_GROUP, " " },
	{ "718", TALLY_LEVEL_SET, " " },
	{ "720", TALLY_LEVEL_SEGMENT, " 8 " },
	{ "723", TALLY_LEVEL_ELEMENT, " " },
};

#define SECURITY  "security segments are not supported, nor asked for"
#define DEFERRED  "interchange services (ISB, ISE, TA3) are passed over"
#define PASSWORD  "values of ISA02 and ISA04 are not compared with any"
#define SEPARATOR "ISA11 that is no separator is read as none"
#define ANY_ISA   "the ISA of every version reads the same"

static const struct {
	const char *element;
	const char *codes; /* each between blanks */
	const char *reason;
} never[] = {
	{ "I18", " 002 016 ", SEPARATOR },
	{ "I18", " 003 ", ANY_ISA },
	{ "I18", " 011 013 ", PASSWORD },
	{ "I18", " 028 029 030 031 ", DEFERRED },
	{ "716", " 10 11 12 13 14 15 16 17 18 20 21 22 23 24 25 26 ",
	    SECURITY },
	{ "718", " 8 9 10 11 12 13 15 16 17 18 19 20 21 22 24 25 26 27 ",
	    SECURITY },
};

static bool
holds(const char *codes, const char *code)
{
	char word[24];

	snprintf(word, sizeof(word), " %s ", code);
	return strstr(codes, word) != NULL;
}

/* Whether some kind of finding is told by it, in a version. */
static bool
is_told(const struct tally_version *v, enum tally_level level, const char *code)
{
	static const char *const set[] = { "997", "999" };

	for (int k = TALLY_FINDING_NONE + 1; k < TALLY_FINDING_COUNT; k++) {
		const struct tally_finding f = {
			.kind = (enum tally_finding_kind)k,
		};

		if (tally_finding_info(f.kind)->level != level)
			continue;
		if (level == TALLY_LEVEL_INTERCHANGE &&
		    strcmp(tally_finding_info(f.kind)->code, code) == 0)
			return true;
		for (int i = 0; i < 2 && level != TALLY_LEVEL_INTERCHANGE;
		     i++) {
			const struct tally_ack_answer a = {
				.kind = tally_ack_kind_find(tally_cstr(set[i])),
				.version = v,
			};

			if (strcmp(tally_ack_code(&a, &f), code) == 0)
				return true;
		}
	}
	return false;
}

static void
check_list(const struct tally_version *v, size_t l)
{
	const struct tally_element *e =
	    tally_element_find(v, tally_cstr(list[l].element));

	assert_non_null(e);
	assert_true(e->ncode > 0);
	for (uint32_t c = 0; c < e->ncode; c++) {
		const char *code = e->code[c].code;
		bool told = holds(list[l].always, code) ||
		    is_told(v, list[l].level, code);
		bool not_told = false;

		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
			not_told |=
			    strcmp(never[i].element, list[l].element) == 0 &&
			    holds(never[i].codes, code);
		if (told == not_told)
			fail_msg("%s: code %s of element %s is %s", v->version,
			    code, list[l].element,
			    told ? "told, but listed as one that is not"
				 : "neither told nor listed");
	}
}

static void
every_code_is_accounted_for(void **state)
{
	(void)state;
	/* The code lists of 004010; a later version adds to them. */
	for (size_t l = 0; l < sizeof(list) / sizeof(list[0]); l++)
		check_list(
		    tally_version_find(&tally_builtin, TALLY_STR("004010")), l);
}

/* What is told is a code of the version that tells it. */
static void
every_code_told_exists(void **state)
{
	(void)state;
	for (size_t v = 0; v < tally_builtin.nversion; v++)
		for (int k = TALLY_FINDING_NONE + 1; k < TALLY_FINDING_COUNT;
		     k++) {
			const struct tally_finding f = {
				.kind = (enum tally_finding_kind)k,
			};
			const struct tally_ack_answer a = {
				.kind = tally_ack_kind_find(TALLY_STR("997")),
				.version = tally_builtin.version[v],
			};
			const char *code = tally_ack_code(&a, &f);
			const struct tally_element *e;

			for (size_t l = 0; l < sizeof(list) / sizeof(list[0]);
			     l++) {
				if (list[l].level !=
					tally_finding_info(f.kind)->level ||
				    *code == '\0')
					continue;
				e = tally_element_find(
				    a.version, tally_cstr(list[l].element));
				assert_non_null(e);
				if (tally_code_find(e, tally_cstr(code)) ==
				    NULL)
					fail_msg("%s: %s is told as %s",
					    a.version->version,
					    tally_finding_info(f.kind)->name,
					    code);
			}
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_accounted_for),
		cmocka_unit_test(every_code_told_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
