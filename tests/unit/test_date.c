/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and charsets of partners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/charset.h"
#include "base/date.h"

struct pair {
	const char *sent, *want; /* want null: none */
};

static const struct pair dates[] = {
	{ "20240229", "2024-02-29" },
	{ "240229", "2024-02-29" },
	{ "700101", "1970-01-01" },
	{ "691231", "2069-12-31" },
	{ "991231", "1999-12-31" },
	{ "000301", "2000-03-01" },
	{ "19000228", "1900-02-28" },
	{ "19000229", NULL },
	{ "20000229", "2000-02-29" },
	{ "20230229", NULL },
	{ "20241301", NULL },
	{ "20240001", NULL },
	{ "20240431", NULL },
	{ "20240400", NULL },
	{ "00000101", NULL },
	{ "2024-1-1", NULL },
	{ "2024010", NULL },
	{ "", NULL },
	{ "-40101", NULL },
};

static const struct pair times[] = {
	{ "0000", "00:00" },
	{ "2359", "23:59" },
	{ "235959", "23:59:59" },
	{ "2359591", "23:59:59.1" },
	{ "23595912", "23:59:59.12" },
	{ "2400", NULL },
	{ "1260", NULL },
	{ "125960", NULL },
	{ "12:5", NULL },
	{ "125", NULL },
	{ "12595", NULL },
	{ "125959123", NULL },
	{ "", NULL },
};

static void
test_dates(void **state)
{
	char out[TALLY_TIME_MAX];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(*dates); i++) {
		n = tally_date_iso(out, tally_cstr(dates[i].sent));
		if (!tally_str_eq(tally_str(out, n), tally_cstr(dates[i].want)))
			fail_msg("%s", dates[i].sent);
	}
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		n = tally_time_iso(out, tally_cstr(times[i].sent));
		if (!tally_str_eq(tally_str(out, n), tally_cstr(times[i].want)))
			fail_msg("%s", times[i].sent);
	}
}

/* The inverse gives what there is a date for, and nothing else. */
static void
expect_inverse(const char *text)
{
	char x12[8], iso[TALLY_DATE_MAX], sent[8];
	bool is_date;

	for (size_t width = 2; width <= 4; width += 2) {
		memcpy(sent, text + 4 - width, width);
		memcpy(sent + width, text + 5, 2);
		memcpy(sent + width + 2, text + 8, 2);
		is_date = tally_date_iso(iso, tally_str(sent, width + 4)) > 0 &&
		    memcmp(iso, text, sizeof(iso)) == 0;
		if (!tally_str_eq(
			tally_str(x12,
			    tally_date_x12(
				x12, tally_str(text, sizeof(iso)), width + 4)),
			tally_str(sent, is_date ? width + 4 : 0)))
			fail_msg("%.10s in %zu digits", text, width + 4);
	}
}

static void
test_inverse(void **state)
{
	static const int years[] = { 0, 1, 1899, 1900, 1969, 1970, 2000, 2023,
		2024, 2069, 2070, 9999 };
	char text[48];

	(void)state;
	for (size_t y = 0; y < sizeof(years) / sizeof(*years); y++)
		for (int month = 0; month < 14; month++)
			for (int day = 0; day < 40; day++) {
				snprintf(text, sizeof(text), "%04d-%02d-%02d",
				    years[y], month, day);
				expect_inverse(text);
			}
	for (size_t i = 0; i < TALLY_DATE_MAX; i++)
		for (int c = 0; c < 256; c++) {
			snprintf(text, sizeof(text), "2012-11-10");
			text[i] = (char)c;
			expect_inverse(text);
		}
}

static void
test_charset(void **state)
{
	static const struct pair texts[] = {
		{ "plain", "plain" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xe9", "caf\xc3\xa9" },
		{ "\x93quoted\x94", "\xe2\x80\x9cquoted\xe2\x80\x9d" },
		{ "a\x81z", "a\xef\xbf\xbdz" },
		{ "\xe9\x81", "\xc3\xa9\xef\xbf\xbd" },
		{ "", "" },
	};
	struct tally_charset *c;
	struct tally_buf b, out;
	struct tally_err err;

	(void)state;
	assert_int_equal(
	    tally_charset_new(&c, TALLY_CHARSET_DEFAULT, &err), TALLY_OK);
	tally_buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		tally_buf_reset(&b);
		tally_charset_utf8(c, &b, tally_cstr(texts[i].sent));
		assert_true(tally_str_eq(
		    tally_buf_view(&b), tally_cstr(texts[i].want)));
	}
	tally_buf_reset(&b);
	tally_charset_utf8(c, &b, tally_str("a\0\xe9", 3));
	assert_string_equal(b.p, "a\xef\xbf\xbd\xc3\xa9");
	tally_buf_reset(&b);
	for (int i = 0; i < 1000; i++)
		tally_buf_putc(&b, '\xe9');
	tally_buf_init(&out, 1 << 20);
	tally_charset_utf8(c, &out, tally_buf_view(&b));
	assert_int_equal(out.n, 2000);
	tally_buf_free(&out);
	tally_buf_free(&b);
	tally_charset_free(c);
	assert_int_equal(
	    tally_charset_new(&c, "no-such-charset", &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "no-such-charset"));
}

/* What is sent where only ASCII can be. */
static void
test_ascii(void **state)
{
	static const struct pair texts[] = {
		{ "", "" },
		{ "plain ~*", "plain ~*" },
		{ "Caf\xc3\xa9 \xc3\x85ngstr\xc3\xb6m \xc3\x91",
		    "Cafe Angstrom N" },
		{ "\xc5\xbb\xc3\xb3\xc5\x82w \xc5\xa0", "Zolw S" },
		{ "\xe2\x80\x9cq\xe2\x80\x9d", "\"q\"" },
		{ "1\xe2\x80\x93"
		  "2",
		    "1-2" },
		{ "stra\xc3\x9f"
		  "e",
		    "strasse" },
	};
	static const char alien[] = "a\xe5\xb1\xb1z";
	struct tally_charset *c;
	struct tally_buf b;
	struct tally_err err;

	(void)state;
	assert_int_equal(
	    tally_charset_new(&c, TALLY_CHARSET_DEFAULT, &err), TALLY_OK);
	tally_buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		tally_buf_reset(&b);
		tally_charset_ascii(c, &b, tally_cstr(texts[i].sent));
		if (!tally_str_eq(
			tally_buf_view(&b), tally_cstr(texts[i].want)))
			fail_msg("%s: %.*s", texts[i].sent, (int)b.n, b.p);
	}
	tally_buf_reset(&b);
	tally_charset_ascii(c, &b, tally_cstr(alien));
	assert_true(tally_str_eq(tally_buf_view(&b), tally_str("a\0z", 3)));
	tally_buf_free(&b);
	tally_charset_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_inverse),
		cmocka_unit_test(test_charset),
		cmocka_unit_test(test_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
