/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of a dictionary that are wrong: each is refused with its file, its
 * line and what would be right.  Those that are right: test_dictionary.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dictionary_text.h"
#include "x12/dictionary_text.h"

#define MAX (16u << 20)

/* file, its text, the line that is named, words of the message */
static const struct {
	int file;
	const char *text;
	unsigned line;
	const char *words;
} wrong[] = {
	{ ELEMENTS, "1 AN 1/5\n", 1, "no name" },
	{ ELEMENTS, "1 AN\n", 1, "NUMBER TYPE MIN/MAX NAME" },
	{ ELEMENTS, "\n# c\n1 XX 1/5 t\n", 3, "type \"XX\"" },
	{ ELEMENTS, "1 N 1/5 t\n", 1, "type \"N\"" },
	{ ELEMENTS, "1 NA 1/5 t\n", 1, "type \"NA\"" },
	{ ELEMENTS, "1 AN 15 t\n", 1, "length \"15\"" },
	{ ELEMENTS, "1 AN 6/5 t\n", 1, "length \"6/5\"" },
	{ ELEMENTS, "1 AN 0/5 t\n", 1, "length \"0/5\"" },
	{ ELEMENTS, "1 AN 1/ t\n", 1, "length \"1/\"" },
	{ ELEMENTS, "1 AN 1/5x t\n", 1, "length \"1/5x\"" },
	{ ELEMENTS, "1 AN 1/99999999999999999999 t\n", 1, "length" },
	{ ELEMENTS, "1 DT 6/7 t\n", 1, "length \"6/7\"" },
	{ ELEMENTS, "1 TM 3/8 t\n", 1, "length \"3/8\"" },
	{ ELEMENTS, "1 AN 1/5 t\n1 AN 1/5 t\n", 2, "element 1 stands there" },
	{ ELEMENTS, "a AN 1/5 t\n", 1, "\"a\" found" },
	{ ELEMENTS, "1234567 AN 1/5 t\n", 1, "\"1234567\" found" },
	{ ELEMENTS, "1 AN 1/5 t\n2 AN 1/5 \x01\n", 2, "byte 0x01" },
	{ ELEMENTS, "1 AN 1/5 \xc3\xa4\n", 1, "byte 0xc3" },
	{ ELEMENTS, "base 001000\n", 1, "base 001000 is not" },
	{ ELEMENTS, "base\n", 1, "the row is: base VERSION" },
	{ ELEMENTS, "1 AN 1/5 t\nbase 001000\n", 2, "NUMBER TYPE" },
	{ ELEMENTS, "drop 5\n", 1, "the base has no element 5" },
	{ COMPOSITES, "C001 pair\n", 1, "TAG NAME =" },
	{ COMPOSITES, "C001 = 1:M\n", 1, "TAG NAME =" },
	{ COMPOSITES, "C001 pair =\n", 1, "no elements" },
	{ COMPOSITES, "C001 p = 1:M\nC002 q = C001:M\n", 2, "in a composite" },
	{ COMPOSITES, "C001 p = 1:M\nC001 p = 1:M\n", 2, "C001 stands there" },
	{ COMPOSITES, "C001 p = 99:M\n", 1, "element 99 is in neither" },
	{ COMPOSITES, "1 p = 2:M\n", 1, "element 1 stands there twice" },
	{ CODES, "2\n", 1, "ELEMENT CODE MEANING" },
	{ CODES, "99 AA a\n", 1, "element 99 is not in" },
	{ CODES, "3 1 a\n", 1, "neither type ID nor AN" },
	{ CODES, "C001 1 a\n", 1, "neither type ID nor AN" },
	{ CODES, "2 A a\n", 1, "code A does not have the 2 to 3" },
	{ CODES, "2 = AAAA\n", 1, "code AAAA does not have" },
	{ CODES, "2 AAAAAAAAA a\n", 1, "longer than 8" },
	{ CODES, "2 AA a\n2 = BB AA\n", 2, "code AA of element 2 stands" },
	{ CODES, "2 * AA\n", 1, "nothing can follow" },
	{ CODES, "2 drop AA\n", 1, "the base has no code AA" },
	{ SEGMENTS, "A s = 1:M\n", 1, "\"A\" found" },
	{ SEGMENTS, "AAAA s = 1:M\n", 1, "\"AAAA\" found" },
	{ SEGMENTS, "aa s = 1:M\n", 1, "\"aa\" found" },
	{ SEGMENTS, "AA s = 1:M\nBB s = 1:M\nAA s = 1:M\n", 3,
	    "segment AA stands there twice" },
	{ SEGMENTS, "AA s = 1\n", 1, "\"1\" found" },
	{ SEGMENTS, "AA s = 1:Z\n", 1, "\"1:Z\" found" },
	{ SEGMENTS, "AA s = 1:\n", 1, "\"1:\" found" },
	{ SEGMENTS, "AA s = 1:Mx\n", 1, "\"1:Mx\" found" },
	{ SEGMENTS, "AA s = 1:Mx0\n", 1, "\"1:Mx0\" found" },
	{ SEGMENTS, "AA s = 1:Mx10000\n", 1, "\"1:Mx10000\" found" },
	{ SEGMENTS, "AA s = 1:M\nBB s =\n  1:M\n  98:M\n", 2,
	    "element 98 is in neither" },
	{ SEGMENTS, "AA s = 1:X 2:X ; R0103\n", 1, "among the 2" },
	{ SEGMENTS, "AA s = 1:X 2:X ; R0001\n", 1, "among the 2" },
	{ SEGMENTS, "AA s = 1:X 2:X ; R0101\n", 1, "names a position twice" },
	{ SEGMENTS, "AA s = 1:X 2:X ; R01\n", 1, "note \"R01\"" },
	{ SEGMENTS, "AA s = 1:X 2:X ; R010\n", 1, "note \"R010\"" },
	{ SEGMENTS, "AA s = 1:X 2:X ; Q0102\n", 1, "note \"Q0102\"" },
	{ SEGMENTS, "AA s = 1:X 2:X ; R0102 ; P0102\n", 1, "second ;" },
	{ SEGMENTS, "AA s = 1:X 2:X ; C0102\n", 1, "position 1 is X" },
	{ SEGMENTS, "AA s = 1:X\n", 1, "position 1 is X" },
	{ SEGMENTS, "others A\n", 1, "\"A\" found" },
	{ SEGMENTS, "others AA BB\n others BB\n", 1, "\"others\" found" },
	{ SEGMENTS, "others AA BB\nothers CC BB\n", 2, "BB stands there" },
	{ SEGMENTS, "AA s = 1:O\nothers AA\n", 2, "AA stands there" },
	{ SEGMENTS, "others AA\nAA s = 1:O\n", 2, "AA stands there" },
	{ SEGMENTS, "drop AA\n", 1, "the base has no segment AA" },
	{ SET, "", 0, "the first row must be: set" },
	{ SET, "1.010 ST M 1\n", 1, "the first row must be: set" },
	{ SET, "set 100 QQQ s\n", 1, "the first row must be: set" },
	{ SET, "set 101 QQ s\n", 1, "set 101 found in the file of set 100" },
	{ SET, "set 100 QQ\n", 1, "the set has no name" },
	{ SET, "set 100 QQ s\n1.010 AA M 1\n", 2, "must be ST" },
	{ SET, HEAD "3.010 AA M 1\n", 3, "ends with SE" },
	{ SET, HEAD "3.010 SE O 1\n", 3, "ends with SE" },
	{ SET, "set 100 QQ s\n", 1, "ends with SE" },
	{ SET, HEAD "1.020 AA\n" TAIL, 3, "POSITION SEGMENT" },
	{ SET, HEAD "1.020 AA X 1\n" TAIL, 3, "requirement \"X\"" },
	{ SET, HEAD "1.020 AA M 0\n" TAIL, 3, "maximum \"0\"" },
	{ SET, HEAD "1.020 AA M x\n" TAIL, 3, "maximum \"x\"" },
	{ SET, HEAD "1.020 AA M 2000000000\n" TAIL, 3, "maximum" },
	{ SET, HEAD "1.020 AA M 1 x\n" TAIL, 3, "only {" },
	{ SET, HEAD "1.020 AA M 1 { x\n" TAIL, 3, "\"x\" found" },
	{ SET, HEAD "1.020 ZZ M 1\n" TAIL, 3, "segment ZZ is not in" },
	{ SET, HEAD "1.020 ZZZ M 1\n" TAIL, 3, "ZZZ is named" },
	{ SET, HEAD "1.010 AA M 1\n" TAIL, 3, "does not follow 1.010" },
	{ SET, HEAD "1.005 AA M 1\n" TAIL, 3, "does not follow 1.010" },
	{ SET, HEAD "2.010 AA M 1\n1.020 BB M 1\n" TAIL, 4,
	    "1.020 does not follow 2.010" },
	{ SET, HEAD "1.020 AA M 1\n1.- BB O 1\n1.015 CC O 1\n" TAIL, 5,
	    "1.015 does not follow 1.020" },
	{ SET, HEAD "1020 AA M 1\n" TAIL, 3, "position \"1020\"" },
	{ SET, HEAD "4.020 AA M 1\n" TAIL, 3, "position \"4.020\"" },
	{ SET, HEAD "0.020 AA M 1\n" TAIL, 3, "position \"0.020\"" },
	{ SET, HEAD "1. AA M 1\n" TAIL, 3, "position \"1.\"" },
	{ SET, HEAD "}\n" TAIL, 3, "} without {" },
	{ SET, HEAD "1.020 AA M 1 {\n1.020 AA M 1\n} x\n" TAIL, 5, "alone" },
	{ SET, HEAD "1.020 AA M 1 {\n}\n" TAIL, 4, "AA has no rows" },
	{ SET, HEAD "1.020 AA M 1 {\n1.020 BB M 1\n}\n" TAIL, 4,
	    "first row must be 1.020 AA M 1" },
	{ SET, HEAD "1.020 AA M 1 {\n1.030 AA M 1\n}\n" TAIL, 4,
	    "first row must be" },
	{ SET, HEAD "1.020 AA M 1 {\n1.020 AA O 1\n}\n" TAIL, 4,
	    "first row must be" },
	{ SET, HEAD "1.020 AA M 1 {\n1.020 AA M 2\n}\n" TAIL, 4,
	    "first row must be" },
	{ SET, HEAD "1.020 AA M 1 {\n1.020 AA M 1 {\n}\n}\n" TAIL, 4,
	    "first row of AA is due" },
	{ SET, HEAD "1.020 AA M 1 {\n1.020 AA M 1\n" TAIL, 5, "not closed" },
	{ SET, "set 100 QQ s\ntotal CC01 counts ZZ\n", 2, "a total is" },
	{ SET, "set 100 QQ s\ntotal CC03 counts AA\n", 2, "a total is" },
	{ SET, "set 100 QQ s\ntotal CC00 counts AA\n", 2, "a total is" },
	{ SET, "set 100 QQ s\ntotal CC01 adds AA\n", 2, "a total is" },
	{ SET, "set 100 QQ s\ntotal CC01 sums AA\n", 2, "a total is" },
	{ SET, "set 100 QQ s\ntotal CC01 sums AA99\n", 2, "a total is" },
	{ SET, "set 100 QQ s\ntotal CC01 counts AA x\n", 2, "a total is" },
	{ SET, "set 100 QQ s\ntotal\n", 2, "a total is" },
};

static void
refuses(void **state)
{
	const struct tally_version *v;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		v = NULL;
		err = (struct tally_err){ 0 };
		tally_arena_init(&a, MAX);
		if (dictionary_read(&v, &a, wrong[i].file, wrong[i].text,
			&err) != TALLY_CONFIG)
			fail_msg("%s was read", wrong[i].text);
		if (v != NULL || err.line != wrong[i].line ||
		    strcmp(err.file, dictionary_names[wrong[i].file]) != 0 ||
		    strstr(err.text, wrong[i].words) == NULL)
			fail_msg("of %s: %s:%u: %s", wrong[i].text, err.file,
			    err.line, err.text);
		tally_arena_free(&a);
	}
}

static void
refuses_deep_nesting(void **state)
{
	const struct tally_version *v = NULL;
	struct tally_arena a;
	struct tally_buf b;
	struct tally_err err = { 0 };

	(void)state;
	tally_buf_init(&b, MAX);
	tally_buf_puts(&b, HEAD);
	for (int i = 0; i < 20; i++)
		tally_buf_puts(&b, "1.- AA O 1 {\n1.- AA M 1\n");
	tally_arena_init(&a, MAX);
	assert_int_equal(dictionary_read(&v, &a, SET, b.p, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "deeper than 15"));
	assert_int_equal(err.line, 3 + 15 * 2);
	tally_arena_free(&a);
	tally_buf_free(&b);
}

/* A segment may have 62 elements and no more. */
static void
refuses_long_segment(void **state)
{
	static const enum tally_rc expected[] = { TALLY_OK, TALLY_CONFIG };
	const struct tally_version *v = NULL;
	struct tally_arena a;
	struct tally_buf b;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	for (int extra = 0; extra < 2; extra++) {
		tally_buf_init(&b, MAX);
		tally_buf_puts(&b, dictionary_segments);
		tally_buf_puts(&b, "EE long =");
		for (int i = 0; i < TALLY_ELEMENTS_MAX + extra; i++)
			tally_buf_puts(&b, "\n 1:O");
		assert_int_equal(dictionary_read(&v, &a, SEGMENTS, b.p, &err),
		    expected[extra]);
		tally_buf_free(&b);
	}
	tally_arena_free(&a);
}

/* A set of the base cannot keep a segment, nor a segment an element, that
 * the version drops. */
static void
refuses_dangling(void **state)
{
	static const struct {
		const char *elements, *segments, *words;
	} rows[] = {
		{ "base 001000\n", "drop AA\n", "has segment AA" },
		{ "base 001000\ndrop 7\n", "", "AA of the base has element 7" },
		{ "base 001000\ndrop 3\n", "AA a = 1:O\n",
		    "C001 of the base has element 3" },
	};
	const struct tally_version *v = NULL, *next = NULL, *list[1];
	struct tally_dictionary d = { list, 1 };
	struct tally_dictionary_file file[2];
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(dictionary_read(&v, &a, FILES, NULL, &err), TALLY_OK);
	list[0] = v;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		file[0] = (struct tally_dictionary_file){ "elements",
			"elements", tally_cstr(rows[i].elements) };
		file[1] = (struct tally_dictionary_file){ "segments",
			"segments", tally_cstr(rows[i].segments) };
		assert_int_equal(tally_dictionary_text(
				     &next, &a, "002000", file, 2, &d, &err),
		    TALLY_CONFIG);
		assert_non_null(strstr(err.text, rows[i].words));
	}
	tally_arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_deep_nesting),
		cmocka_unit_test(refuses_long_segment),
		cmocka_unit_test(refuses_dangling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
