/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a dictionary, and the tables made of it.  Texts that are wrong:
 * test_dictionary_wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/counted.h"
#include "support/dictionary_text.h"
#include "tallyman/x12.h"
#include "x12/dictionary_text.h"

#define MAX (16u << 20)

static void
reads_elements(void **state)
{
	const struct tally_version *v = NULL;
	const struct tally_element *e;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(dictionary_read(&v, &a, FILES, NULL, &err), TALLY_OK);
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
	assert_int_equal(dictionary_read(&v, &a, FILES, NULL, &err), TALLY_OK);
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
	assert_int_equal(dictionary_read(&v, &a, FILES, NULL, &err), TALLY_OK);
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
	assert_int_equal(dictionary_read(&v, &a, SET, text, &err), TALLY_OK);
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
	assert_int_equal(dictionary_read(&v, &a, FILES, NULL, &err), TALLY_OK);
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
	assert_int_equal(dictionary_read(&v, &a, FILES, NULL, &err), TALLY_OK);
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

/* Whichever allocation fails, there is no version and nothing is left over. */
static void
memory_ends(void **state)
{
	const struct tally_version *v;
	struct tally_arena a;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	long n;

	(void)state;
	for (n = 0; rc != TALLY_OK && n < 1000; n++) {
		v = NULL;
		tally_arena_init(&a, MAX);
		tally_allocator_set(&counted);
		counted_left = n;
		rc = dictionary_read(&v, &a, FILES, NULL, &err);
		counted_left = -1;
		tally_arena_free(&a);
		tally_allocator_set(NULL);
		assert_int_equal(counted_blocks, 0);
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
		rc = dictionary_read(&v, &a, FILES, NULL, &err);
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
		cmocka_unit_test(names_loops),
		cmocka_unit_test(extends_base),
		cmocka_unit_test(adds_to_version),
		cmocka_unit_test(memory_ends),
		cmocka_unit_test(arena_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
