/* SPDX-License-Identifier: Apache-2.0 */
/* Comma-separated values: what is read, what is refused and where, and that
 * what is written is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/csv.h"

#define FIELDS 4

/* Fields between brackets, a record a line with its number. */
static enum tally_rc
read_all(struct tally_buf *b, const char *text, struct tally_err *err)
{
	struct tally_str field[FIELDS];
	struct tally_arena a;
	struct tally_csv c;
	size_t n;
	enum tally_rc rc;

	tally_arena_init(&a, 1 << 20);
	tally_csv_begin(&c, "t.csv", tally_cstr(text));
	do {
		rc = tally_csv_next(&c, &a, field, FIELDS, &n, err);
		if (rc != TALLY_OK || n == 0)
			break;
		tally_buf_printf(b, "%u", c.line);
		for (size_t i = 0; i < n; i++)
			tally_buf_printf(
			    b, "[%.*s]", (int)field[i].n, field[i].p);
		tally_buf_putc(b, '\n');
	} while (rc == TALLY_OK && n > 0);
	tally_arena_free(&a);
	return rc;
}

static void
test_good(void **state)
{
	static const struct {
		const char *text, *means;
	} row[] = {
		{ "", "" },
		{ "\n\r\n", "" },
		{ "a,b", "1[a][b]\n" },
		{ "a,b\r\nc,d\r\n", "1[a][b]\n2[c][d]\n" },
		{ "a,\n,b\n,\n", "1[a][]\n2[][b]\n3[][]\n" },
		{ "\xef\xbb\xbf"
		  "a,b",
		    "1[a][b]\n" },
		{ "\"a\",\"\",\"b,\"\"c\"\"\"", "1[a][][b,\"c\"]\n" },
		{ "\"a\nb\",c\nd\n", "1[a\nb][c]\n3[d]\n" },
		{ " a , b", "1[ a ][ b]\n" },
		{ "a\rb,c\n\n\nd", "1[a\rb][c]\n4[d]\n" },
		{ "\"\"\"\"", "1[\"]\n" },
	};
	struct tally_buf b;
	struct tally_err err;

	(void)state;
	tally_buf_init(&b, 1 << 16);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		tally_buf_reset(&b);
		if (read_all(&b, row[i].text, &err) != TALLY_OK)
			fail_msg("%s: %s", row[i].text, err.text);
		assert_string_equal(b.n > 0 ? b.p : "", row[i].means);
	}
	tally_buf_free(&b);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *says;
	} row[] = {
		{ "a\nb\"c\n", 2, "a quotation mark inside" },
		{ "a\n\"b\nc", 2, "none ends it" },
		{ "\"", 1, "none ends it" },
		{ "\"a\"b", 1, "goes on behind" },
		{ "a\n\"a\nb\" ,c", 3, "goes on behind" },
		{ "a,b,c,d,e", 1, "more than 4 fields" },
		{ "a\n\xe9,b", 2, "not UTF-8" },
		{ "\"\xff\"", 1, "not UTF-8" },
	};
	struct tally_buf b;
	struct tally_err err;

	(void)state;
	tally_buf_init(&b, 1 << 16);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(read_all(&b, row[i].text, &err), TALLY_DATA);
		if (err.line != row[i].line ||
		    strstr(err.text, row[i].says) == NULL)
			fail_msg("%s: %u %s", row[i].text, err.line, err.text);
		assert_string_equal(err.file, "t.csv");
	}
	tally_buf_free(&b);
}

static void
test_put(void **state)
{
	static const struct {
		const char *value, *plain, *defused;
	} row[] = {
		{ "", "", "" },
		{ "a b", "a b", "a b" },
		{ "a,b", "\"a,b\"", "\"a,b\"" },
		{ "a\"b", "\"a\"\"b\"", "\"a\"\"b\"" },
		{ "a\nb", "\"a\nb\"", "\"a\nb\"" },
		{ "=1+2", "=1+2", "\"'=1+2\"" },
		{ "-5", "-5", "\"'-5\"" },
		{ "@x", "@x", "\"'@x\"" },
		{ "a=b", "a=b", "a=b" },
	};
	struct tally_buf b;

	(void)state;
	tally_buf_init(&b, 1 << 16);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		tally_buf_reset(&b);
		tally_csv_put(&b, tally_cstr(row[i].value), false);
		assert_string_equal(b.n > 0 ? b.p : "", row[i].plain);
		tally_buf_reset(&b);
		tally_csv_put(&b, tally_cstr(row[i].value), true);
		assert_string_equal(b.n > 0 ? b.p : "", row[i].defused);
	}
	tally_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
