/* SPDX-License-Identifier: Apache-2.0 */
/* The table of findings and the list that keeps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tallyman/finding.h"
#include "support/counted.h"

/* The codes that X12 004010 has at each level, with blanks around each. */
static bool
code_ok(enum tally_level level, const char *code)
{
	static const char *const of[] = {
		[TALLY_LEVEL_FILE] = "",
		[TALLY_LEVEL_INTERCHANGE] =
		    (" 001 002 003 004 005 006 007 008 009 010 011 012 013 014"
		     " 015 016 017 018 019 020 021 022 023 024 025 026 027 "),
		[TALLY_LEVEL_GROUP] = " 1 2 3 4 5 6 19 ",
		[TALLY_LEVEL_SET] = " 1 2 3 4 5 6 7 23 ",
		[TALLY_LEVEL_SEGMENT] = " 1 2 3 4 5 6 7 8 ",
		[TALLY_LEVEL_ELEMENT] = " 1 2 3 4 5 6 7 8 9 10 ",
	};
	char padded[16];

	snprintf(padded, sizeof(padded), " %s ", code);
	return *code == '\0' || strstr(of[level], padded) != NULL;
}

static void
table_is_sound(void **state)
{
	const struct tally_finding_info *a, *b;

	(void)state;
	for (int i = 1; i < TALLY_FINDING_COUNT; i++) {
		a = tally_finding_info((enum tally_finding_kind)i);
		if (!code_ok(a->level, a->code))
			fail_msg("%s: no code %s", a->name, a->code);
		/* What rejects must be told, what is a note must not. */
		if (a->level != TALLY_LEVEL_FILE && a->severity == TALLY_ERROR)
			assert_true(a->code[0] != '\0');
		if (a->severity == TALLY_NOTE)
			assert_string_equal(a->code, "");
		assert_true(strlen(a->what) > 10 && strlen(a->todo) > 5);
		assert_true(a->what[strlen(a->what) - 1] != '.');
		for (int k = 1; k < i; k++) {
			b = tally_finding_info((enum tally_finding_kind)k);
			assert_string_not_equal(a->name, b->name);
		}
	}
}

static void
copies_everything(void **state)
{
	char tag[] = "N1", loop[] = "PO1/N1", id[] = "98", name[] = "party";
	char value[] = "\x1b[31mred", expected[] = "a code";
	struct tally_findings list;
	struct tally_finding f = { .kind = TALLY_F_element_code,
		.offset = 1234567890123,
		.segment = 7,
		.element = 1,
		.component = 2,
		.repetition = 3,
		.tag = tag,
		.loop = loop,
		.id = id,
		.name = name,
		.value = tally_cstr(value),
		.expected = tally_cstr(expected) };

	(void)state;
	tally_findings_init(&list, 10);
	tally_findings_add(&list, &f);
	memset(tag, 'x', sizeof(tag) - 1);
	memset(loop, 'x', sizeof(loop) - 1);
	memset(id, 'x', sizeof(id) - 1);
	memset(name, 'x', sizeof(name) - 1);
	memset(value, 'x', sizeof(value) - 1);
	memset(expected, 'x', sizeof(expected) - 1);
	tally_findings_add(&list, &f);

	assert_int_equal(list.n, 2);
	assert_string_equal(list.v[0].tag, "N1");
	assert_string_equal(list.v[0].loop, "PO1/N1");
	assert_string_equal(list.v[0].id, "98");
	assert_string_equal(list.v[0].name, "party");
	assert_true(tally_str_eq(list.v[0].value, TALLY_STR("\x1b[31mred")));
	assert_true(tally_str_eq(list.v[0].expected, TALLY_STR("a code")));
	assert_int_equal(list.v[0].offset, 1234567890123);
	assert_int_equal(list.v[0].segment, 7);
	assert_int_equal(list.v[0].element, 1);
	assert_int_equal(list.v[0].component, 2);
	assert_int_equal(list.v[0].repetition, 3);
	assert_int_equal(list.v[0].severity, TALLY_ERROR);
	assert_string_equal(list.v[1].tag, "xx");
	tally_findings_free(&list);
}

static void
absent_texts_are_empty(void **state)
{
	struct tally_findings list;
	struct tally_finding f = { .kind = TALLY_F_iea_missing };

	(void)state;
	tally_findings_init(&list, 1);
	tally_findings_add(&list, &f);
	assert_string_equal(list.v[0].tag, "");
	assert_string_equal(list.v[0].loop, "");
	assert_string_equal(list.v[0].id, "");
	assert_string_equal(list.v[0].name, "");
	assert_int_equal(list.v[0].value.n, 0);
	assert_int_equal(list.v[0].expected.n, 0);
	tally_findings_free(&list);
}

static void
values_are_cut(void **state)
{
	static const struct {
		const char *tail; /* behind 97 times 'a' */
		size_t kept;
	} row[] = {
		{ "", 97 },
		{ "bc", 99 },
		{ "bcd", 99 },
		{ "b\xc3\xa4", 98 },        /* the cut falls into ä */
		{ "\xe2\x82\xac", 97 },     /* and into the euro sign */
		{ "\xf0\x9f\x98\x80", 97 }, /* four bytes, two inside */
		{ "\xc3\xa4z", 99 },        /* ends where the cut is */
		{ "\x80\x80\x80\x80", 99 }, /* not UTF-8: cut anywhere */
		{ "b\xc3\xff", 99 },
	};
	struct tally_findings list;
	struct tally_finding f = { .kind = TALLY_F_element_too_long };
	char text[128];

	(void)state;
	tally_findings_init(&list, 100);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memset(text, 'a', 97);
		memcpy(text + 97, row[i].tail, strlen(row[i].tail));
		f.value = tally_str(text, 97 + strlen(row[i].tail));
		tally_findings_add(&list, &f);
		assert_int_equal(list.v[i].value.n, row[i].kept);
		assert_memory_equal(list.v[i].value.p, text, row[i].kept);
	}
	tally_findings_free(&list);
}

static void
severity_only_rises(void **state)
{
	static const struct {
		enum tally_finding_kind kind;
		enum tally_severity given, kept;
	} row[] = {
		{ TALLY_F_element_code, TALLY_NOTE, TALLY_ERROR },
		{ TALLY_F_group_duplicate, TALLY_NOTE, TALLY_WARNING },
		{ TALLY_F_group_duplicate, TALLY_ERROR, TALLY_ERROR },
		{ TALLY_F_text_outside, TALLY_NOTE, TALLY_NOTE },
		{ TALLY_F_text_outside, TALLY_WARNING, TALLY_WARNING },
	};
	struct tally_findings list;

	(void)state;
	tally_findings_init(&list, 100);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		tally_findings_add(&list,
		    &(struct tally_finding){
			.kind = row[i].kind, .severity = row[i].given });
		assert_int_equal(list.v[i].severity, row[i].kept);
	}
	assert_int_equal(list.errors, 2);
	assert_int_equal(list.warnings, 2);
	tally_findings_free(&list);
}

/* Kept or only counted, and in what was there before. */
static void
severity_as_agreed(void **state)
{
	static const unsigned char treatment[TALLY_FINDING_COUNT] = {
		[TALLY_F_total_wrong] = TALLY_ACCEPT,
		[TALLY_F_element_code] = TALLY_IGNORE,
		[TALLY_F_code_unlisted] = TALLY_REJECT
	};
	static const struct {
		enum tally_finding_kind kind;
		enum tally_severity severity;
	} row[] = {
		{ TALLY_F_total_wrong, TALLY_WARNING },
		{ TALLY_F_element_code, TALLY_NOTE },
		{ TALLY_F_code_unlisted, TALLY_ERROR },
		{ TALLY_F_element_date, TALLY_ERROR },
		{ TALLY_F_trailing_separators, TALLY_NOTE },
	};
	struct tally_findings list;

	(void)state;
	for (int way = 0; way < 3; way++) {
		tally_findings_init(&list, 100);
		list.treatment = way == 2 ? NULL : treatment;
		for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
			struct tally_finding f = { .kind = row[i].kind };

			if (way == 1)
				tally_findings_count(&list, &f);
			else
				tally_findings_add(&list, &f);
		}
		if (way == 2)
			tally_findings_treat(&list, 0, treatment);
		assert_int_equal(list.n, way == 1 ? 0 : 5);
		for (size_t i = 0; i < list.n; i++)
			assert_int_equal(list.v[i].severity, row[i].severity);
		assert_int_equal(list.errors, 2);
		assert_int_equal(list.warnings, 1);
		tally_findings_free(&list);
	}
	assert_int_equal(
	    tally_finding_find("total_wrong"), TALLY_F_total_wrong);
	assert_int_equal(tally_finding_find("none"), TALLY_FINDING_NONE);
	assert_int_equal(tally_finding_find(""), TALLY_FINDING_NONE);
}

static void
the_rest_is_counted(void **state)
{
	struct tally_findings list;
	struct tally_finding f = { .kind = TALLY_F_element_code };

	(void)state;
	tally_findings_init(&list, 20);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 100; i++)
			tally_findings_add(&list, &f);
		assert_int_equal(list.n, 20);
		assert_int_equal(list.dropped, 80);
		assert_int_equal(list.errors, 100);
		assert_int_equal(list.warnings, 0);
		assert_false(list.failed);
		tally_findings_reset(&list);
		assert_int_equal(list.n + list.dropped + list.errors, 0);
	}
	tally_findings_free(&list);

	tally_findings_init(&list, 0);
	tally_findings_add(&list, &f);
	assert_int_equal(list.n, 0);
	assert_int_equal(list.dropped, 1);
	assert_false(list.failed);
	tally_findings_free(&list);
}

/* A flood of notes leaves room for errors. */
static void
notes_take_half(void **state)
{
	struct tally_findings list;

	(void)state;
	tally_findings_init(&list, 21);
	for (int i = 0; i < 100; i++)
		tally_findings_add(&list,
		    &(struct tally_finding){ .kind = TALLY_F_code_unlisted });
	assert_int_equal(list.n, 11);
	assert_int_equal(list.dropped, 89);
	for (int i = 0; i < 100; i++)
		tally_findings_add(&list,
		    &(struct tally_finding){ .kind = TALLY_F_element_code });
	assert_int_equal(list.n, 21);
	tally_findings_free(&list);
}

/* Even the longest texts fit below the arena's ceiling. */
static void
long_texts_fit(void **state)
{
	enum { MANY = 3000 };
	struct tally_findings list;
	char text[400];
	struct tally_finding f = { .kind = TALLY_F_element_code,
		.tag = text,
		.loop = text,
		.id = text,
		.name = text,
		.value = { text, 300 },
		.expected = { text, 300 } };

	(void)state;
	tally_findings_init(&list, MANY);
	for (int i = 0; i < MANY; i++) {
		memset(text, 'a' + i % 26, sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		tally_findings_add(&list, &f);
	}
	assert_false(list.failed);
	assert_int_equal(list.n, MANY);
	assert_int_equal(strlen(list.v[0].tag), 250);
	tally_findings_free(&list);
}

/* Whichever allocation fails: failed says so and nothing else breaks. */
static void
memory_ends(void **state)
{
	struct tally_findings list;
	struct tally_finding f = {
		.kind = TALLY_F_element_code, .tag = "PO1", .value = { "x", 1 }
	};
	bool failed = true;
	int rounds;

	(void)state;
	for (rounds = 0; failed && rounds < 100; rounds++) {
		tally_findings_init(&list, 1000);
		counted_left = rounds;
		tally_allocator_set(&counted);
		for (int i = 0; i < 1000; i++)
			tally_findings_add(&list, &f);
		tally_allocator_set(NULL);
		counted_left = -1;
		failed = list.failed;
		assert_int_equal(list.n + list.dropped, 1000);
		assert_int_equal(list.errors, 1000);
		for (size_t i = 0; i < list.n; i++)
			assert_true(
			    list.v[i].tag != NULL && list.v[i].value.p != NULL);
		tally_findings_free(&list);
	}
	assert_true(rounds > 2 && rounds < 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(copies_everything),
		cmocka_unit_test(absent_texts_are_empty),
		cmocka_unit_test(values_are_cut),
		cmocka_unit_test(severity_only_rises),
		cmocka_unit_test(severity_as_agreed),
		cmocka_unit_test(the_rest_is_counted),
		cmocka_unit_test(notes_take_half),
		cmocka_unit_test(long_texts_fit),
		cmocka_unit_test(memory_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
