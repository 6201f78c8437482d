/* SPDX-License-Identifier: Apache-2.0 */
/* Exact decimals: X12 spellings and the canonical one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/decimal.h"

/* decimals -1: type R.  want null: no number. */
static const struct {
	const char *sent;
	int decimals;
	const char *want;
} rows[] = {
	{ "1", -1, "1" },
	{ "0", -1, "0" },
	{ "00", -1, "0" },
	{ "-0", -1, "0" },
	{ "-0.00", -1, "0.00" },
	{ "007", -1, "7" },
	{ "-007.50", -1, "-7.50" },
	{ "+3", -1, "3" },
	{ ".5", -1, "0.5" },
	{ "-.05", -1, "-0.05" },
	{ "5.", -1, "5" },
	{ "1.50", -1, "1.50" },
	{ "1.5E2", -1, "150" },
	{ "1.5E1", -1, "15" },
	{ "1.5E0", -1, "1.5" },
	{ "15E-1", -1, "1.5" },
	{ "15E-3", -1, "0.015" },
	{ "0.05e1", -1, "0.5" },
	{ "0E3", -1, "0" },
	{ "-1E+2", -1, "-100" },
	{ "12345678901234567890.123456789", -1,
	    "12345678901234567890.123456789" },
	{ "1E40", -1, "10000000000000000000000000000000000000000" },
	{ "1E-40", -1, "0.0000000000000000000000000000000000000001" },
	{ "1E41", -1, NULL },
	{ "1E999999999999999999", -1, NULL },
	{ "", -1, NULL },
	{ ".", -1, NULL },
	{ "-", -1, NULL },
	{ "--1", -1, NULL },
	{ "1.2.3", -1, NULL },
	{ "1,5", -1, NULL },
	{ " 1", -1, NULL },
	{ "1 ", -1, NULL },
	{ "1E", -1, NULL },
	{ "1E-", -1, NULL },
	{ "E5", -1, NULL },
	{ "0x10", -1, NULL },
	{ "NaN", -1, NULL },
	{ "1", 0, "1" },
	{ "007", 0, "7" },
	{ "-12", 0, "-12" },
	{ "123", 2, "1.23" },
	{ "-123", 2, "-1.23" },
	{ "5", 2, "0.05" },
	{ "-5", 2, "-0.05" },
	{ "0", 2, "0.00" },
	{ "000", 2, "0.00" },
	{ "1000", 2, "10.00" },
	{ "001000", 2, "10.00" },
	{ "5", 4, "0.0005" },
	{ "1.5", 2, NULL },
	{ "15.", 2, NULL },
	{ "1E2", 2, NULL },
	{ "A", 0, NULL },
	{ "", 0, NULL },
	{ "-", 0, NULL },
};

static void
test_spellings(void **state)
{
	char out[TALLY_DECIMAL_MAX];
	struct tally_str s;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		s = tally_cstr(rows[i].sent);
		n = rows[i].decimals < 0
		    ? tally_decimal_r(out, s)
		    : tally_decimal_n(out, s, (unsigned)rows[i].decimals);
		if (!tally_str_eq(tally_str(out, n), tally_cstr(rows[i].want)))
			fail_msg("%s (%d): got \"%.*s\"", rows[i].sent,
			    rows[i].decimals, (int)n, out);
	}
}

/* Plain is what is canonical as it is, but for negative numbers. */
static void
expect_plain(struct tally_str s)
{
	char out[TALLY_DECIMAL_MAX];
	size_t n = tally_decimal_r(out, s);
	bool same =
	    n > 0 && tally_str_eq(s, tally_str(out, n)) && s.p[0] != '-';

	if (tally_decimal_plain(s) != same)
		fail_msg("%.*s", (int)s.n, s.p);
}

static void
test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect_plain(tally_cstr(rows[i].sent));
}

/* All texts of some characters, behind digits, up to longer ones than a word;
 * nothing is read behind or in front of them. */
static void
test_plain_all(void **state)
{
	static const char alphabet[] = "0159.-/:\xb0\xff";
	const size_t letters = sizeof(alphabet) - 1;
	char *p;
	size_t n, texts;

	(void)state;
	for (size_t digits = 0; digits < 7; digits++)
		for (size_t rest = 0, all = 1; rest < 5; rest++, all *= letters)
			for (size_t i = 0; i < all; i++) {
				n = digits + rest;
				p = malloc(n + (n == 0));
				assert_non_null(p);
				memset(p, digits == 5 ? '0' : '1', digits);
				texts = i;
				for (size_t k = digits; k < n; k++) {
					p[k] = alphabet[texts % letters];
					texts /= letters;
				}
				expect_plain(tally_str(p, n));
				free(p);
			}
}

/* However long, a value never writes beyond the buffer. */
static void
test_long(void **state)
{
	char sent[100], out[TALLY_DECIMAL_MAX];
	size_t got;

	(void)state;
	memset(sent, '9', sizeof(sent));
	for (size_t n = 1; n <= sizeof(sent); n++) {
		got = tally_decimal_r(out, tally_str(sent, n));
		assert_int_equal(got, n <= 64 ? n : 0);
		got = tally_decimal_n(out, tally_str(sent, n), 9);
		assert_true(got <= TALLY_DECIMAL_MAX);
	}
	memcpy(sent + 60, "E40", 3);
	assert_int_equal(tally_decimal_r(out, tally_str(sent, 63)), 0);
	memcpy(sent + 59, "E-40", 4);
	sent[1] = '.';
	assert_true(
	    tally_decimal_r(out, tally_str(sent, 63)) <= TALLY_DECIMAL_MAX);
}

static void
test_count(void **state)
{
	static const struct {
		uint64_t n;
		const char *want;
	} counts[] = {
		{ 0, "0" },
		{ 9, "9" },
		{ 10, "10" },
		{ 4294967296, "4294967296" },
		{ UINT64_MAX, "18446744073709551615" },
	};
	char out[TALLY_DECIMAL_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		n = tally_decimal_count(out, counts[i].n);
		assert_int_equal(n, strlen(counts[i].want));
		assert_memory_equal(out, counts[i].want, n);
	}
}

#define VALUES_MAX 6
#define NINES_35   "99999999999999999999999999999999999"

static void
test_sums(void **state)
{
	static const struct {
		const char *value[VALUES_MAX];
		const char *want; /* null: it has failed */
	} sums[] = {
		{ { NULL }, "0" },
		{ { "0" }, "0" },
		{ { "7" }, "7" },
		{ { "1.50", "2.5" }, "4.00" },
		{ { "999", "1" }, "1000" },
		{ { "0.99", "0.01" }, "1.00" },
		{ { "99.5", "0.5", "900" }, "1000.0" },
		{ { "5", "-5" }, "0" },
		{ { "5.00", "-5" }, "0.00" },
		{ { "-5", "-7.25" }, "-12.25" },
		{ { "1000", "-1" }, "999" },
		{ { "1", "-1000" }, "-999" },
		{ { "0.001", "-0.01" }, "-0.009" },
		{ { "100", "-100", "0.5" }, "0.5" },
		{ { NINES_35, "1" },
		    "1"
		    "00000000000000000000000000000000000" },
		{ { NINES_35 NINES_35 NINES_35, "1" }, NULL },
		{ { "0." NINES_35 NINES_35 }, NULL },
	};
	char out[TALLY_DECIMAL_MAX];
	struct tally_sum sum;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		sum = (struct tally_sum){ .scale = 0 };
		for (size_t k = 0; k < VALUES_MAX && sums[i].value[k] != NULL;
		     k++)
			tally_sum_add(&sum, tally_cstr(sums[i].value[k]));
		n = tally_sum_text(&sum, out);
		if (sums[i].want == NULL ? n != 0
					 : !tally_str_eq(tally_str(out, n),
					       tally_cstr(sums[i].want)))
			fail_msg("sum %zu: %.*s", i, (int)n, out);
	}
}

/* The same as with numbers that a machine has, in hundredths. */
static void
test_many_sums(void **state)
{
	char text[32], out[TALLY_DECIMAL_MAX];
	uint64_t random = 1;
	int64_t want, v;
	struct tally_sum sum;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		sum = (struct tally_sum){ .scale = 0 };
		want = 0;
		for (unsigned k = 0; k < 1 + i % 40; k++) {
			random =
			    random * 6364136223846793005 + 1442695040888963407;
			v = (int64_t)(random >> (24 + random % 37));
			v = random >> 23 & 1 ? v : -v;
			want += v;
			snprintf(text, sizeof(text), "%s%lld.%02lld",
			    v < 0 ? "-" : "", llabs(v) / 100, llabs(v) % 100);
			tally_sum_add(&sum, tally_cstr(text));
		}
		n = tally_sum_text(&sum, out);
		snprintf(text, sizeof(text), "%s%lld.%02lld",
		    want < 0 ? "-" : "", llabs(want) / 100, llabs(want) % 100);
		if (!tally_str_eq(tally_str(out, n), tally_cstr(text)))
			fail_msg("%s: %.*s", text, (int)n, out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_plain_all),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_many_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
