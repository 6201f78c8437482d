/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a dictionary, and the tables made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tallyman/dictionary.h"
#include "tallyman/x12.h"
#include "x12/dictionary_text.h"

#define MAX (16u << 20)

/* A version that is right; each wrong one replaces one of its files. */
static const char elements[] = "# number, type, length, name\n"
			       "1 AN 1/5 text   of  words\n"
			       "2 ID 2/3 choice # a comment\n"
			       "3 N2 1/9 amount\n"
			       "4 R 1/9 weight\n"
			       "5 DT 6/8 date\n"
			       "6 TM 4/8 time\n"
			       "7 B 1/1000 bytes\n"
			       "143 ID 3/3 set\n";
static const char composites[] = "C001 pair = 2:M 1:X 3:X ; P0203\n";
static const char codes[] = "2 AA first of all\n"
			    "2 = ZZ BB\n"
			    "   CCC\n"
			    "1 X in part\n"
			    "1 *\n";
static const char segments[] = "ST set begins = 143:M\n"
			       "SE set ends = 3:M\n"
			       "AA all kinds =\n"
			       "   1:X 2:X 3:X 4:O 5:O 6:O\n"
			       "   7:O C001:Ox3 ; R0102 P010203 C0201 L030102\n"
			       "BB b = 1:Ox-\n"
			       "CC c = 3:O 1:O\n"
			       "others ZZZ DD\n";
static const char set[] = "set 100 QQ a  set\n"
			  "total CC01 counts AA\n"
			  "total CC01 sums AA04\n"
			  "1.010 ST M 1\n"
			  "1.020 AA O 5 {\n"
			  "1.020   AA M 1\n"
			  "1.-     BB O - {\n"
			  "1.-       BB M 1\n"
			  "        }\n"
			  "        }\n"
			  "2.010 CC M 3\n"
			  "2.020 SE M 1\n";

enum { ELEMENTS, COMPOSITES, CODES, SEGMENTS, SET, FILES };

static const char *const names[FILES] = { "elements", "composites", "codes",
	"segments", "100" };

/* Reads the right version with one file in place of its own (FILES: none). */
static enum tally_rc
read_with(const struct tally_version **v, struct tally_arena *a, int which,
    const char *text, struct tally_err *err)
{
	const char *const right[FILES] = { elements, composites, codes,
		segments, set };
	struct tally_dictionary_file file[FILES];

	for (int i = 0; i < FILES; i++)
		file[i] = (struct tally_dictionary_file){ names[i], names[i],
			tally_cstr(i == which ? text : right[i]) };
	return tally_dictionary_text(v, a, "001000", file, FILES, NULL, err);
}

static void
reads_elements(void **state)
{
	const struct tally_version *v = NULL;
	const struct tally_element *e;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(read_with(&v, &a, FILES, NULL, &err), TALLY_OK);
	assert_string_equal(v->version, "001000");
	assert_int_equal(v->nelement, 9);
	e = tally_element_find(v, TALLY_STR("1"));
	assert_string_equal(e->name, "text of words");
	assert_int_equal(e->type, TALLY_AN);
	assert_int_equal(e->min, 1);
	assert_int_equal(e->max, 5);
	assert_int_equal(e->ncode, 1);
	assert_true(e->open);
	e = tally_element_find(v, TALLY_STR("2"));
	assert_string_equal(e->name, "choice");
	assert_false(e->open);
	assert_int_equal(e->ncode, 4);
	assert_string_equal(
	    tally_code_find(e, TALLY_STR("AA"))->meaning, "first of all");
	assert_string_equal(tally_code_find(e, TALLY_STR("CCC"))->meaning, "");
	assert_null(tally_code_find(e, TALLY_STR("CC")));
	assert_null(tally_code_find(e, TALLY_STR("")));
	e = tally_element_find(v, TALLY_STR("3"));
	assert_int_equal(e->type, TALLY_N);
	assert_int_equal(e->decimals, 2);
	assert_null(e->code);
	e = tally_element_find(v, TALLY_STR("C001"));
	assert_int_equal(e->type, TALLY_COMPOSITE);
	assert_int_equal(e->nuse, 3);
	assert_string_equal(e->use[2].element->id, "3");
	assert_int_equal(e->use[2].requirement, 'X');
	assert_int_equal(e->nnote, 1);
	assert_null(tally_element_find(v, TALLY_STR("C00")));
	assert_null(tally_element_find(v, TALLY_STR("C0011")));
	tally_arena_free(&a);
}

static void
reads_segments(void **state)
{
	const struct tally_version *v = NULL;
	const struct tally_segment_spec *s;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(read_with(&v, &a, FILES, NULL, &err), TALLY_OK);
	assert_int_equal(v->nsegment, 7);
	s = tally_segment_find(v, TALLY_STR("AA"));
	assert_string_equal(s->name, "all kinds");
	assert_int_equal(s->nuse, 8);
	assert_int_equal(s->use[0].requirement, 'X');
	assert_int_equal(s->use[0].repeat, 1);
	assert_ptr_equal(
	    s->use[7].element, tally_element_find(v, TALLY_STR("C001")));
	assert_int_equal(s->use[7].repeat, 3);
	assert_int_equal(s->nnote, 4);
	assert_int_equal(s->note[3].kind, 'L');
	assert_int_equal(s->note[3].first, 3);
	assert_int_equal(s->note[3].mask, 1 << 3 | 1 << 1 | 1 << 2);
	s = tally_segment_find(v, TALLY_STR("BB"));
	assert_int_equal(s->use[0].repeat, TALLY_UNBOUNDED);
	assert_int_equal(tally_segment_find(v, TALLY_STR("DD"))->nuse, 0);
	assert_null(tally_segment_find(v, TALLY_STR("A")));
	assert_null(tally_segment_find(v, TALLY_STR("")));
	tally_arena_free(&a);
}

static void
reads_sets(void **state)
{
	const struct tally_version *v = NULL;
	const struct tally_set_spec *s;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(read_with(&v, &a, FILES, NULL, &err), TALLY_OK);
	assert_int_equal(v->nset, 1);
	s = tally_set_find(v, TALLY_STR("100"));
	assert_string_equal(s->name, "a set");
	assert_string_equal(s->functional, "QQ");
	assert_string_equal(s->version, "001000");
	assert_int_equal(s->nplace, 5);
	assert_string_equal(s->place[1].pos, "1.020");
	assert_int_equal(s->place[1].requirement, 'M');
	assert_int_equal(s->place[1].loop, 1);
	assert_int_equal(s->place[2].loop, 2);
	assert_int_equal(s->place[3].loop, 0);
	assert_int_equal(s->place[3].max, 3);
	assert_int_equal(s->nloop, 3);
	assert_string_equal(s->loop[0].path, "");
	assert_int_equal(s->loop[0].last, 4);
	assert_string_equal(s->loop[1].path, "AA");
	assert_int_equal(s->loop[1].max, 5);
	assert_int_equal(s->loop[1].first, 1);
	assert_int_equal(s->loop[1].last, 2);
	assert_string_equal(s->loop[2].path, "AA/BB");
	assert_int_equal(s->loop[2].parent, 1);
	assert_int_equal(s->loop[2].max, TALLY_UNBOUNDED);
	assert_int_equal(s->loop[2].requirement, 'O');
	assert_int_equal(s->ntotal, 2);
	assert_string_equal(s->total[1].tag, "CC");
	assert_int_equal(s->total[1].element, 1);
	assert_string_equal(s->total[1].of, "AA");
	assert_int_equal(s->total[0].of_element, 0);
	assert_int_equal(s->total[1].of_element, 4);
	tally_arena_free(&a);
}

#define HEAD "set 100 QQ s\n1.010 ST M 1\n"
#define TAIL "3.010 SE M 1\n"

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
		if (read_with(&v, &a, wrong[i].file, wrong[i].text, &err) !=
		    TALLY_CONFIG)
			fail_msg("%s was read", wrong[i].text);
		if (v != NULL || err.line != wrong[i].line ||
		    strcmp(err.file, names[wrong[i].file]) != 0 ||
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
	assert_int_equal(read_with(&v, &a, SET, b.p, &err), TALLY_CONFIG);
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
		tally_buf_puts(&b, segments);
		tally_buf_puts(&b, "EE long =");
		for (int i = 0; i < TALLY_ELEMENTS_MAX + extra; i++)
			tally_buf_puts(&b, "\n 1:O");
		assert_int_equal(
		    read_with(&v, &a, SEGMENTS, b.p, &err), expected[extra]);
		tally_buf_free(&b);
	}
	tally_arena_free(&a);
}

/* The second loop of one name in one parent has its number in the path. */
static void
names_loops(void **state)
{
	static const char text[] =
	    HEAD "2.010 BB O 1 {\n2.010 BB M 1\n"
		 "2.020 CC O 1 {\n2.020 CC M 1\n}\n"
		 "2.030 AA O 1\n"
		 "2.040 CC O 1 {\n2.040 CC M 1\n}\n}\n" TAIL;
	const struct tally_version *v = NULL;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(read_with(&v, &a, SET, text, &err), TALLY_OK);
	assert_int_equal(v->set[0].nloop, 4);
	assert_string_equal(v->set[0].loop[1].path, "BB");
	assert_string_equal(v->set[0].loop[2].path, "BB/CC");
	assert_string_equal(v->set[0].loop[3].path, "BB/CC#2");
	tally_arena_free(&a);
}

static const struct tally_dictionary_file base_files[] = {
	{ "elements", "elements",
	    TALLY_STR("base 001000\n"
		      "2 ID 2/4 wider\n"
		      "8 AN 1/2 new\n"
		      "drop 7\n") },
	{ "codes", "codes",
	    TALLY_STR("2 drop BB\n"
		      "2 DDDD fourth\n"
		      "1 = Y Z\n"
		      "1 complete\n"
		      "2 AA another word\n") },
	{ "segments", "segments",
	    TALLY_STR("AA fewer = 1:X 2:X 8:O ; R0102\n"
		      "DD new = 8:M\n"
		      "drop BB\n") },
	{ "100", "100",
	    TALLY_STR("set 100 QQ changed\n"
		      "1.010 ST M 1\n1.020 DD O 1\n3.010 SE M 1\n") },
};

static void
extends_base(void **state)
{
	const struct tally_version *v = NULL, *next = NULL, *list[1];
	struct tally_dictionary d = { list, 1 };
	const struct tally_element *e;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(read_with(&v, &a, FILES, NULL, &err), TALLY_OK);
	list[0] = v;
	assert_int_equal(
	    tally_dictionary_text(&next, &a, "002000", base_files, 4, &d, &err),
	    TALLY_OK);
	assert_int_equal(next->nelement, v->nelement); /* one more, one less */
	assert_null(tally_element_find(next, TALLY_STR("7")));
	e = tally_element_find(next, TALLY_STR("2"));
	assert_int_equal(e->max, 4);
	assert_int_equal(e->ncode, 4);
	assert_null(tally_code_find(e, TALLY_STR("BB")));
	assert_string_equal(
	    tally_code_find(e, TALLY_STR("AA"))->meaning, "another word");
	assert_int_equal(tally_element_find(v, TALLY_STR("2"))->ncode, 4);
	assert_int_equal(tally_element_find(next, TALLY_STR("1"))->ncode, 3);
	assert_false(tally_element_find(next, TALLY_STR("1"))->open);
	assert_true(tally_element_find(v, TALLY_STR("1"))->open);
	assert_non_null(tally_code_find(
	    tally_element_find(v, TALLY_STR("2")), TALLY_STR("BB")));
	/* What is inherited refers to the new elements. */
	assert_ptr_equal(
	    tally_element_find(next, TALLY_STR("C001"))->use[0].element, e);
	assert_null(tally_segment_find(next, TALLY_STR("BB")));
	assert_int_equal(tally_segment_find(next, TALLY_STR("AA"))->nuse, 3);
	assert_string_equal(next->set[0].name, "changed");
	assert_string_equal(next->set[0].version, "002000");
	tally_arena_free(&a);
}

/* Without a file elements, a folder adds to the version of its name. */
static void
adds_to_version(void **state)
{
	static const struct tally_dictionary_file file[] = {
		{ "101", "101",
		    TALLY_STR("set 101 QR more\n"
			      "1.010 ST M 1\n3.010 SE M 1\n") },
	};
	const struct tally_version *v = NULL, *more = NULL, *list[1];
	struct tally_dictionary d = { list, 1 };
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(read_with(&v, &a, FILES, NULL, &err), TALLY_OK);
	list[0] = v;
	assert_int_equal(
	    tally_dictionary_text(&more, &a, "001000", file, 1, &d, &err),
	    TALLY_OK);
	assert_int_equal(more->nset, 2);
	assert_non_null(tally_set_find(more, TALLY_STR("100")));
	assert_non_null(tally_set_find(more, TALLY_STR("101")));
	assert_ptr_equal(more->set[0].place[0].segment,
	    tally_segment_find(more, TALLY_STR("ST")));
	assert_int_equal(
	    tally_dictionary_text(&more, &a, "003000", file, 1, &d, &err),
	    TALLY_CONFIG);
	assert_non_null(strstr(err.text, "no file elements"));
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
	assert_int_equal(read_with(&v, &a, FILES, NULL, &err), TALLY_OK);
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

/* Fails the n-th allocation, for every n. */
static size_t until_failure;

static void *
failing_alloc(size_t n)
{
	return until_failure-- == 0 ? NULL : malloc(n);
}

static void *
failing_realloc(void *p, size_t n)
{
	return until_failure-- == 0 ? NULL : realloc(p, n);
}

static void
memory_ends(void **state)
{
	static const struct tally_allocator failing = { failing_alloc,
		failing_realloc, free };
	const struct tally_version *v;
	struct tally_arena a;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	size_t n;

	(void)state;
	for (n = 0; rc != TALLY_OK && n < 1000; n++) {
		v = NULL;
		tally_arena_init(&a, MAX);
		tally_allocator_set(&failing);
		until_failure = n;
		rc = read_with(&v, &a, FILES, NULL, &err);
		until_failure = SIZE_MAX;
		tally_arena_free(&a);
		tally_allocator_set(NULL);
		assert_true(rc == TALLY_OK || rc == TALLY_NOMEM);
		assert_true(rc == TALLY_OK || v == NULL);
	}
	assert_int_equal(rc, TALLY_OK);
	assert_true(n > 5);
}

/* An arena with a low ceiling, for every ceiling up to one that serves. */
static void
arena_ends(void **state)
{
	const struct tally_version *v;
	struct tally_arena a;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	size_t max;

	(void)state;
	for (max = 0; rc != TALLY_OK && max < 65536; max += 16) {
		v = NULL;
		tally_arena_init(&a, max);
		rc = read_with(&v, &a, FILES, NULL, &err);
		tally_arena_free(&a);
		assert_true(rc == TALLY_OK || rc == TALLY_NOMEM);
		assert_true(rc == TALLY_OK || v == NULL);
	}
	assert_int_equal(rc, TALLY_OK);
	assert_true(max > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_elements),
		cmocka_unit_test(reads_segments),
		cmocka_unit_test(reads_sets),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_deep_nesting),
		cmocka_unit_test(refuses_long_segment),
		cmocka_unit_test(names_loops),
		cmocka_unit_test(extends_base),
		cmocka_unit_test(adds_to_version),
		cmocka_unit_test(refuses_dangling),
		cmocka_unit_test(memory_ends),
		cmocka_unit_test(arena_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
