/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what is read, what is refused and where, limits, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"
#include "support/counted.h"

#define ARENA_MAX (8u << 20)

/* Writes a value as it is understood, without blanks. */
static void
put(struct tally_buf *b, const struct tally_json *x)
{
	const struct tally_json *c;

	switch (x->kind) {
	case TALLY_JSON_STRING:
		tally_text_json(b, x->text);
		break;
	case TALLY_JSON_NUMBER:
		tally_buf_str(b, x->text);
		break;
	case TALLY_JSON_ARRAY:
	case TALLY_JSON_OBJECT:
		tally_buf_putc(b, x->kind == TALLY_JSON_ARRAY ? '[' : '{');
		for (c = x->child; c != NULL; c = c->next) {
			if (x->kind == TALLY_JSON_OBJECT) {
				tally_text_json(b, c->name);
				tally_buf_putc(b, ':');
			}
			put(b, c);
			if (c->next != NULL)
				tally_buf_putc(b, ',');
		}
		tally_buf_putc(b, x->kind == TALLY_JSON_ARRAY ? ']' : '}');
		break;
	default:
		tally_buf_puts(b, tally_json_called(x->kind));
	}
}

/* All values of a text, each on a line; the error of what ends it. */
static enum tally_rc
read_all(struct tally_buf *b, struct tally_str text, struct tally_err *err)
{
	struct tally_json_reader r;
	const struct tally_json *x;
	struct tally_arena a;
	enum tally_rc rc;

	tally_arena_init(&a, ARENA_MAX);
	tally_json_begin(&r, "t.json", text);
	do {
		rc = tally_json_next(&r, &a, &x, err);
		if (rc == TALLY_OK && x != NULL) {
			put(b, x);
			tally_buf_putc(b, '\n');
		}
	} while (rc == TALLY_OK && x != NULL);
	tally_arena_free(&a);
	return rc;
}

static const struct {
	const char *text, *means;
} good[] = {
	{ "", "" },
	{ " \t\r\n ", "" },
	{ "null", "null\n" },
	{ "true\nfalse", "true\nfalse\n" },
	{ "{}[]", NULL },
	{ "{} []\n", "{}\n[]\n" },
	{ "\xef\xbb\xbf{}", "{}\n" },
	{ " { \"a\" : [ 1 , 2 ] ,\r\n\"b\":{\"c\":null}} ",
	    "{\"a\":[1,2],\"b\":{\"c\":null}}\n" },
	{ "[[],{},[[]],\"\"]", "[[],{},[[]],\"\"]\n" },
	{ "[0,-0,10,-1.50,1e5,1E+5,0.1e-07]",
	    "[0,-0,10,-1.50,1e5,1E+5,0.1e-07]\n" },
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
	    "\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009\"\n" },
	{ "\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\u0000\"",
	    "\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u0000\"\n" },
	{ "\"\xc3\xa9\x7f\"", "\"\xc3\xa9\\u007f\"\n" },
	{ "{\"a\":1,\"A\":2,\"\":3}", "{\"a\":1,\"A\":2,\"\":3}\n" },
};

static void
test_good(void **state)
{
	struct tally_buf b;
	struct tally_err err;
	enum tally_rc rc;

	(void)state;
	tally_buf_init(&b, 1 << 20);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		tally_buf_reset(&b);
		rc = read_all(&b, tally_cstr(good[i].text), &err);
		if (good[i].means == NULL) {
			assert_int_equal(rc, TALLY_DATA);
			continue;
		}
		if (rc != TALLY_OK)
			fail_msg("%s: %s", good[i].text, err.text);
		assert_string_equal(b.n > 0 ? b.p : "", good[i].means);
	}
	tally_buf_free(&b);
}

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} bad[] = {
	{ "{", 1, "column 2: the text ends here; expected the name" },
	{ "[", 1, "column 2: the text ends here; expected a value" },
	{ "[1", 1, "expected a comma or ]" },
	{ "[1,]", 1, "column 4: found \"]\"; expected a value" },
	{ "[,1]", 1, "column 2: found \",\"; expected a value" },
	{ "[1 2]", 1, "column 4: found \"2\"; expected a comma or ]" },
	{ "{\"a\":1,}", 1, "column 8: found \"}\"; expected the name" },
	{ "{\"a\" 1}", 1, "column 6: found \"1\"; expected a colon" },
	{ "{a:1}", 1, "column 2: found \"a\"; expected the name" },
	{ "{'a':1}", 1, "column 2: found \"'\"" },
	{ "{\"a\":1]", 1, "column 7: found \"]\"; expected a comma or }" },
	{ "{\"a\":1,\n \"a\":2}", 2,
	    "column 2: the object has a member \"a\"" },
	{ "{\"a\":1,\"\\u0061\":2}", 1, "has a member \"a\" already" },
	{ "nul", 1, "column 1: found \"n\"; expected a value" },
	{ "nulll", 1, "column 5: found \"l\"; expected a blank" },
	{ "True", 1, "column 1" },
	{ "NaN", 1, "column 1" },
	{ "/* c */ 1", 1, "column 1" },
	{ "01", 1, "column 2: found \"1\"; expected a blank" },
	{ "-", 1, "column 2: the text ends here; expected a digit" },
	{ "-x", 1, "column 2: found \"x\"; expected a digit" },
	{ "+1", 1, "column 1" },
	{ "1.", 1, "column 3: the text ends here; expected a digit" },
	{ ".5", 1, "column 1" },
	{ "1e", 1, "expected a digit" },
	{ "\"abc", 1, "column 5: the text ends here; expected a quotation" },
	{ "\"a\nb\"", 1, "column 3: found \"\n\"; expected a quotation mark" },
	{ "\"\\x\"", 1, "column 3: found \"x\"; expected one of" },
	{ "\"\\", 1, "column 3: the text ends here" },
	{ "\"\\u12g4\"", 1, "expected four hexadecimal digits" },
	{ "\"\\ude00\"", 1, "expected the first half" },
	{ "\"\\ud83d\"", 1, "column 8: found \"\"\"; expected the second" },
	{ "\"\\ud83d\\u0041\"", 1, "expected the second half" },
	{ "\n\n \"\xff\"", 3, "column 3: found \"\xff\"; expected UTF-8" },
	{ "\"\xed\xa0\x80\"", 1, "expected UTF-8" },
	{ "\"\xc0\x80\"", 1, "expected UTF-8" },
	{ "{}\n{\"a\":\n1}\n{\"b\":x}", 4, "column 6: found \"x\"" },
	{ "\v1", 1, "column 1" },
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
		rc = read_all(&b, tally_cstr(bad[i].text), &err);
		if (rc != TALLY_DATA || err.line != bad[i].line ||
		    strcmp(err.file, "t.json") != 0 ||
		    strstr(err.text, bad[i].says) == NULL)
			fail_msg("%s: %s:%u: %s; wanted %u %s", bad[i].text,
			    err.file, err.line, err.text, bad[i].line,
			    bad[i].says);
	}
	tally_buf_free(&b);
}

/* n times a text in which # is the number, between two others. */
static void
repeat(struct tally_buf *b, const char *before, const char *text, int n,
    const char *behind)
{
	tally_buf_reset(b);
	tally_buf_puts(b, before);
	for (int i = 0; i < n; i++)
		for (const char *p = text; *p != '\0'; p++)
			if (*p == '#')
				tally_buf_printf(b, "%d", i);
			else
				tally_buf_putc(b, *p);
	tally_buf_puts(b, behind);
}

static void
test_limits(void **state)
{
	struct tally_buf b, out;
	struct tally_err err;

	(void)state;
	tally_buf_init(&b, 16 << 20);
	tally_buf_init(&out, 16 << 20);
	repeat(&b, "", "[", TALLY_JSON_DEPTH, "");
	for (int i = 0; i < TALLY_JSON_DEPTH; i++)
		tally_buf_putc(&b, ']');
	assert_int_equal(read_all(&out, tally_buf_view(&b), &err), TALLY_OK);
	repeat(&b, "", "[", TALLY_JSON_DEPTH + 1, "");
	assert_int_equal(read_all(&out, tally_buf_view(&b), &err), TALLY_DATA);
	assert_non_null(strstr(err.text, "at most 64 arrays"));
	repeat(&b, "", "[", 1000000, "");
	assert_int_equal(read_all(&out, tally_buf_view(&b), &err), TALLY_DATA);

	repeat(&b, "{\"x\":0", ",\"#\":0", TALLY_JSON_MEMBERS - 1, "}");
	assert_int_equal(read_all(&out, tally_buf_view(&b), &err), TALLY_OK);
	repeat(&b, "{\"x\":0", ",\"#\":0", TALLY_JSON_MEMBERS, "}");
	assert_int_equal(read_all(&out, tally_buf_view(&b), &err), TALLY_DATA);
	assert_non_null(strstr(err.text, "more than 1000 members"));

	/* more than the arena holds */
	repeat(&b, "[0", ",#", 200000, "]");
	assert_int_equal(read_all(&out, tally_buf_view(&b), &err), TALLY_NOMEM);
	tally_buf_free(&out);
	tally_buf_free(&b);
}

static void
test_memory(void **state)
{
	static const char text[] = "{\"a\":[1,2,{\"b\":\"\\u0041\"}]}";
	struct tally_json_reader r;
	const struct tally_json *x;
	struct tally_arena a;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	long n;

	(void)state;
	tally_allocator_set(&counted);
	for (n = 0; rc == TALLY_NOMEM; n++) {
		tally_arena_init(&a, ARENA_MAX);
		tally_json_begin(&r, "t", tally_cstr(text));
		counted_blocks = 0;
		counted_left = n;
		rc = tally_json_next(&r, &a, &x, &err);
		counted_left = -1;
		tally_arena_free(&a);
		assert_int_equal(counted_blocks, 0);
	}
	tally_allocator_set(NULL);
	assert_int_equal(rc, TALLY_OK);
	assert_true(n > 1);
}

static void
test_get(void **state)
{
	static const char text[] = "\n {\"a\":1,\"b\":[2]}";
	struct tally_json_reader r;
	const struct tally_json *x, *b;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, ARENA_MAX);
	tally_json_begin(&r, "t.json", tally_cstr(text));
	assert_int_equal(tally_json_next(&r, &a, &x, &err), TALLY_OK);
	assert_null(tally_json_get(x, "c"));
	b = tally_json_get(x, "b");
	assert_non_null(b);
	assert_int_equal(b->kind, TALLY_JSON_ARRAY);
	assert_int_equal(b->line, 2);
	assert_int_equal(b->column, 13);
	assert_null(tally_json_get(b, "a"));
	assert_int_equal(
	    tally_json_wrong(&err, "t.json", b, "found %s", "it"), TALLY_DATA);
	assert_string_equal(err.text, "column 13: found it");
	assert_int_equal(err.line, 2);
	tally_arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
