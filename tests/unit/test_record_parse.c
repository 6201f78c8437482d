/* SPDX-License-Identifier: Apache-2.0 */
/* Records from JSON: what is taken, what is refused and where, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "support/counted.h"
#include "tallyman/record.h"

static const struct tally_column order_columns[] = {
	{ "number", TALLY_TEXT, true, "", NULL },
	{ "lines", TALLY_INTEGER, false, "", NULL },
	{ "total", TALLY_DECIMAL, false, "", NULL },
	{ "day", TALLY_DATE, false, "", NULL },
	{ "hour", TALLY_TIME, false, "", NULL },
};
static const struct tally_column line_columns[] = {
	{ "text", TALLY_TEXT, false, "", NULL },
};
static const struct tally_reference line_references[] = {
	{ "order_id", 0 },
	{ "other_id", 1 },
};
static const struct tally_table tables[] = {
	{ "orders", "", true, NULL, 0, order_columns, 5, { 0 }, 1, NULL, 0 },
	{ "lines", "", false, line_references, 2, line_columns, 1, { 0 }, 0,
	    NULL, 0 },
};
static const struct tally_model model = { .table = tables, .ntable = 2 };

/* The documents of a text as they are written again. */
static enum tally_rc
parse(struct tally_buf *out, const char *text, struct tally_err *err)
{
	struct tally_batch b;
	enum tally_rc rc;

	rc = tally_batch_init(&b, &model, 1 << 20, err);
	if (rc != TALLY_OK)
		return rc;
	rc = tally_batch_parse(&b, "r.json", tally_cstr(text), err);
	for (uint32_t i = 0; i < b.ndocument; i++)
		tally_batch_json(&b, i, out);
	tally_batch_free(&b);
	return rc;
}

/* Written again as the second text. */
static const struct {
	const char *text, *means;
} good[] = {
	{ "", "" },
	{ "{}", "{}\n" },
	{ "{\"orders\":[]}", "{}\n" },
	{ "{\"orders\":[{}]}", "{\"orders\":[{\"id\":0}]}\n" },
	{ "{\"orders\":[{\"number\":null,\"total\":\"1.50\"}]}\n{}",
	    "{\"orders\":[{\"id\":0,\"total\":\"1.50\"}]}\n{}\n" },
	{ "{\"orders\":[{\"id\":7,\"number\":\"\",\"lines\":-0,\"total\":1.50,"
	  "\"day\":\"2024-02-29\",\"hour\":\"23:59\"}]}",
	    "{\"orders\":[{\"id\":0,\"number\":\"\",\"lines\":0,\"total\":"
	    "\"1.50\",\"day\":\"2024-02-29\",\"hour\":\"23:59\"}]}\n" },
	{ "{\"orders\":[{\"lines\":-123456789012345678,\"total\":\"+1.5E2\","
	  "\"hour\":\"00:00:00.05\"}]}",
	    "{\"orders\":[{\"id\":0,\"lines\":-123456789012345678,\"total\":"
	    "\"150\",\"hour\":\"00:00:00.05\"}]}\n" },
	/* references forwards, backwards, to itself, before the table */
	{ "{\"lines\":[{\"id\":30,\"other_id\":10,\"order_id\":5},"
	  "{\"id\":10,\"other_id\":10},{\"other_id\":30,\"order_id\":null}],"
	  "\"orders\":[{\"id\":5}]}",
	    "{\"orders\":[{\"id\":0}],\"lines\":[{\"id\":0,\"order_id\":0,"
	    "\"other_id\":1},{\"id\":1,\"other_id\":1},{\"id\":2,\"other_id\":"
	    "0}]}\n" },
	{ "{\"lines\":[{\"text\":\"\\u00e9\\n\"}]}",
	    "{\"lines\":[{\"id\":0,\"text\":\"\xc3\xa9\\u000a\"}]}\n" },
};

static void
test_good(void **state)
{
	struct tally_buf b;
	struct tally_err err;

	(void)state;
	tally_buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		tally_buf_reset(&b);
		if (parse(&b, good[i].text, &err) != TALLY_OK)
			fail_msg("%s: %s", good[i].text, err.text);
		assert_string_equal(b.n > 0 ? b.p : "", good[i].means);
	}
	tally_buf_free(&b);
}

#define ORDER(member) "{\"orders\":[\n{" member "}]}"
#define LINE(member)  "{\"lines\":[{},\n{" member "}]}"

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} bad[] = {
	{ "[]", 1, "column 1: found an array; expected an object of tables" },
	{ "{\"order\":[]}", 1, "column 10: there is no table \"order\"" },
	{ "{\"orders\":{}}", 1, "orders: found an object; expected an array" },
	{ "{\"orders\":[1]}", 1, "orders[0]: found a number; expected an obj" },
	{ "{\"orders\":[{},\n{}]}", 2, "at most one row of orders" },
	{ ORDER("\"nummer\":1"), 2,
	    "column 11: orders[0]: table orders has no "
	    "column \"nummer\"" },
	{ ORDER("\"document_id\":1"), 2, "has no column \"document_id\"" },
	{ ORDER("\"number\":1"), 2,
	    "orders[0].number: found 1; expected a st" },
	{ ORDER("\"number\":true"), 2, "found true; expected a string" },
	{ ORDER("\"number\":[\"a\"]"), 2, "found an array; expected a string" },
	{ ORDER("\"number\":\"a\\u0000\""), 2, "expected a string without" },
	{ ORDER("\"lines\":\"1\""), 2, "found \"1\"; expected a whole number" },
	{ ORDER("\"lines\":1.0"), 2, "found 1.0; expected a whole number" },
	{ ORDER("\"lines\":1e3"), 2, "expected a whole number" },
	{ ORDER("\"lines\":1234567890123456789"), 2, "at most 18 digits" },
	{ ORDER("\"total\":\"\""), 2, "found \"\"; expected a decimal" },
	{ ORDER("\"total\":\"1,5\""), 2, "found \"1,5\"; expected a decimal" },
	{ ORDER("\"total\":false"), 2, "found false; expected a decimal" },
	{ ORDER("\"day\":\"2025-02-29\""), 2, "expected a date such as" },
	{ ORDER("\"day\":\"20260131\""), 2, "expected a date such as" },
	{ ORDER("\"day\":\"2026/01/31\""), 2, "expected a date such as" },
	{ ORDER("\"day\":20260131"), 2, "expected a date such as" },
	{ ORDER("\"hour\":\"24:00\""), 2, "expected a time such as" },
	{ ORDER("\"hour\":\"9:00\""), 2, "expected a time such as" },
	{ ORDER("\"hour\":\"09-00\""), 2, "expected a time such as" },
	{ ORDER("\"hour\":\"09:00:00Z\""), 2, "expected a time such as" },
	{ ORDER("\"id\":-1"), 2, "orders[0].id: found -1; expected a whole" },
	{ ORDER("\"id\":\"1\""), 2, "orders[0].id: found \"1\"" },
	{ ORDER("\"id\":1234567890123456789"), 2, "expected a whole number" },
	{ LINE("\"id\":4},\n{\"id\":9},\n{\"id\":4"), 4,
	    "lines[3].id: another row of lines has the id 4, too" },
	{ LINE("\"order_id\":0"), 2,
	    "lines[1].order_id: found 0; expected the id of a row of orders" },
	{ LINE("\"other_id\":0"), 2, "the id of a row of lines in this" },
	{ LINE("\"other_id\":\"a\""), 2, "expected the id of a row, a whole" },
	{ LINE("\"other_id\":2},{\"id\":1"), 2, "found 2; expected the id" },
};

static void
test_bad(void **state)
{
	struct tally_buf b;
	struct tally_err err;
	enum tally_rc rc;

	(void)state;
	tally_buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct tally_err){ 0 };
		rc = parse(&b, bad[i].text, &err);
		if (rc != TALLY_DATA || err.line != bad[i].line ||
		    strstr(err.text, bad[i].says) == NULL)
			fail_msg("%s: %d line %u: %s; wanted %u %s",
			    bad[i].text, rc, err.line, err.text, bad[i].line,
			    bad[i].says);
		assert_int_equal(b.n, 0);
	}
	/* what stands before is kept, what was begun is not */
	rc = parse(&b, "{\"orders\":[{}]}\n{\"lines\":[{},{\"x\":1}]}", &err);
	assert_int_equal(rc, TALLY_DATA);
	assert_int_equal(err.line, 2);
	assert_string_equal(b.p, "{\"orders\":[{\"id\":0}]}\n");
	tally_buf_free(&b);
}

static void
test_memory(void **state)
{
	struct tally_buf b;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	long n;

	(void)state;
	tally_allocator_set(&counted);
	for (n = 0; rc == TALLY_NOMEM; n++) {
		tally_buf_init(&b, 1 << 20);
		counted_blocks = 0;
		counted_left = n;
		rc = parse(&b, good[7].text, &err);
		counted_left = -1;
		tally_buf_free(&b);
		assert_int_equal(counted_blocks, 0);
	}
	tally_allocator_set(NULL);
	assert_int_equal(rc, TALLY_OK);
	assert_true(n > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
