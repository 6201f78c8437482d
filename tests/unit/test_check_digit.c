/* SPDX-License-Identifier: Apache-2.0 */
/* Check digits of GTIN, SSCC and ISBN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/check_digit.h"

#define GTIN     "8, 12, 13 or 14 digits"
#define SSCC     "18 digits, or 00 and 18 digits"
#define ISBN     "13 digits, or 10 of which X can be last"
#define DIGIT(c) "the check digit " c " at the end"

/* Numbers, and what is expected instead; null: they are right. */
static const struct {
	enum tally_check kind;
	const char *number, *expected;
} rows[] = {
	{ TALLY_CHECK_GTIN, "036000291452", NULL },
	{ TALLY_CHECK_GTIN, "036000291453", DIGIT("2") },
	{ TALLY_CHECK_GTIN, "4006381333931", NULL },
	{ TALLY_CHECK_GTIN, "4006381333930", DIGIT("1") },
	{ TALLY_CHECK_GTIN, "73513537", NULL },
	{ TALLY_CHECK_GTIN, "73513573", DIGIT("5") },
	{ TALLY_CHECK_GTIN, "10036000291459", NULL },
	{ TALLY_CHECK_GTIN, "00036000291452", NULL },
	{ TALLY_CHECK_GTIN, "10036000291452", DIGIT("9") },
	{ TALLY_CHECK_GTIN, "000000000000", NULL },
	/* no check digit, zeros in front lost, blanks, no number */
	{ TALLY_CHECK_GTIN, "03600029145", GTIN },
	{ TALLY_CHECK_GTIN, "36000291452", GTIN },
	{ TALLY_CHECK_GTIN, "036000 291452", GTIN },
	{ TALLY_CHECK_GTIN, "03600029145X", GTIN },
	{ TALLY_CHECK_GTIN, "WIDGET-1", GTIN },
	{ TALLY_CHECK_GTIN, "100360002914591", GTIN },
	{ TALLY_CHECK_GTIN, "", GTIN },
	{ TALLY_CHECK_SSCC, "106141411234567897", NULL },
	{ TALLY_CHECK_SSCC, "106141411234567890", DIGIT("7") },
	{ TALLY_CHECK_SSCC, "00106141411234567897", NULL },
	{ TALLY_CHECK_SSCC, "01106141411234567897", SSCC },
	{ TALLY_CHECK_SSCC, "00106141411234567891", DIGIT("7") },
	{ TALLY_CHECK_SSCC, "10614141123456789", SSCC },
	{ TALLY_CHECK_SSCC, "(00)106141411234567897", SSCC },
	{ TALLY_CHECK_SSCC, "CARTON 1", SSCC },
	{ TALLY_CHECK_ISBN, "0306406152", NULL },
	{ TALLY_CHECK_ISBN, "0306406151", DIGIT("2") },
	{ TALLY_CHECK_ISBN, "080442957X", NULL },
	{ TALLY_CHECK_ISBN, "0804429570", DIGIT("X") },
	{ TALLY_CHECK_ISBN, "9780306406157", NULL },
	{ TALLY_CHECK_ISBN, "9780306406158", DIGIT("7") },
	{ TALLY_CHECK_ISBN, "978030640615X", ISBN },
	{ TALLY_CHECK_ISBN, "0-306-40615-2", ISBN },
};

static void
test_rows(void **state)
{
	char expected[CHECK_DIGIT_WORDS];
	bool right;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		right = tally_check_digit_right(
		    rows[i].kind, tally_cstr(rows[i].number), expected);
		if (tally_check_digit_plain(
			rows[i].kind, tally_cstr(rows[i].number)) != right &&
		    strlen(rows[i].number) != 10)
			fail_msg("%s: plainly otherwise", rows[i].number);
		if (right != (rows[i].expected == NULL) ||
		    (!right && strcmp(expected, rows[i].expected) != 0))
			fail_msg("%s: %s", rows[i].number,
			    right ? "taken" : expected);
	}
}

/* Of ten last digits one is right; another digit, or two neighbours in other
 * order that do not differ by five, are seen. */
static void
test_every_digit(void **state)
{
	static const char good[] = "106141411234567897";
	char number[sizeof(good)], expected[CHECK_DIGIT_WORDS];
	size_t n = sizeof(good) - 1;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (char c = '0'; c <= '9'; c++) {
			memcpy(number, good, sizeof(good));
			number[i] = c;
			assert_int_equal(
			    tally_check_digit_right(TALLY_CHECK_SSCC,
				tally_str(number, n), expected),
			    c == good[i]);
		}
	for (size_t i = 0; i + 1 < n; i++) {
		int apart = good[i] - good[i + 1];

		memcpy(number, good, sizeof(good));
		number[i] = good[i + 1];
		number[i + 1] = good[i];
		assert_int_equal(tally_check_digit_right(TALLY_CHECK_SSCC,
				     tally_str(number, n), expected),
		    apart == 0 || apart == 5 || apart == -5);
	}
}

static void
test_names(void **state)
{
	enum tally_check kind;

	(void)state;
	assert_true(tally_check_digit_find(TALLY_STR("sscc"), &kind));
	assert_int_equal(kind, TALLY_CHECK_SSCC);
	assert_true(tally_check_digit_find(TALLY_STR("none"), &kind));
	assert_int_equal(kind, TALLY_CHECK_NONE);
	assert_false(tally_check_digit_find(TALLY_STR("gs1"), &kind));
	assert_false(tally_check_digit_find(TALLY_STR(""), &kind));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_digit),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
