/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site's dictionary: what folders of text make of the compiled versions,
 * and where their mistakes are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/dictionary.h"
#include "tallyman/x12.h"
#include "support/counted.h"

#define MAX      ((size_t)64 << 20)
#define FILES    3 /* of a folder in a row */
#define FOLDERS  3
#define ELEMENTS "elements"
#define SET      "set 999 FA only\n1.010 ST M 1\n1.020 SE M 1\n"
#define OTHER    "set 998 FA other\n1.010 ST M 1\n1.020 SE M 1\n"

struct text {
	const char *name, *text;
};
struct row {
	const char *what;
	struct {
		const char *version;
		struct text file[FILES];
	} folder[FOLDERS];
	/* "file:line words", the words somewhere in the message */
	const char *file;
	unsigned line;
	const char *words;
};

static enum tally_rc
load(struct tally_dictionary *d, struct tally_arena *a, const struct row *row,
    struct tally_err *err)
{
	struct tally_dictionary_file file[FOLDERS][FILES];
	struct tally_dictionary_folder folder[FOLDERS];
	size_t n = 0;

	for (; n < FOLDERS && row->folder[n].version != NULL; n++) {
		size_t k = 0;

		for (; k < FILES && row->folder[n].file[k].name != NULL; k++) {
			const struct text *t = &row->folder[n].file[k];

			file[n][k] = (struct tally_dictionary_file){ t->name,
				t->name, tally_cstr(t->text) };
		}
		folder[n] =
		    (struct tally_dictionary_folder){ row->folder[n].version,
			    file[n], k };
	}
	*err = (struct tally_err){ 0 };
	return tally_dictionary_load(d, a, &tally_builtin, folder, n, err);
}

static const struct tally_version *
version(const struct tally_dictionary *d, const char *name)
{
	const struct tally_version *v = tally_version_find(d, tally_cstr(name));

	assert_non_null(v);
	assert_string_equal(v->version, name);
	return v;
}

static const struct tally_code *
code(const struct tally_version *v, const char *element, const char *c)
{
	return tally_code_find(
	    tally_element_find(v, tally_cstr(element)), tally_cstr(c));
}

/* Folders in an order in which they cannot be read one after the other. */
static void
test_versions(void **state)
{
	static const struct row row = { "three",
		{ { "003060",
		      { { ELEMENTS, "base 004030\n" },
			  { "codes", "92 RR more\n" } } },
		    { "004030",
			{ { ELEMENTS, "base 004010\n92 ID 2/3 order type\n" },
			    { "998", OTHER } } },
		    { "004010",
			{ { "codes", "92 QQ of our own\n" },
			    { "999", SET } } } },
		NULL, 0, NULL };
	struct tally_dictionary d = { NULL, 0 };
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	if (load(&d, &a, &row, &err) != TALLY_OK)
		fail_msg("%s:%u: %s", err.file, err.line, err.text);
	assert_int_equal(d.nversion, tally_builtin.nversion + 2);
	for (size_t i = 1; i < d.nversion; i++)
		assert_true(strcmp(d.version[i - 1]->version,
				d.version[i]->version) < 0);
	/* What a folder adds is in its version and in those based on it. */
	assert_string_equal(
	    code(version(&d, "004010"), "92", "QQ")->meaning, "of our own");
	assert_non_null(code(version(&d, "004030"), "92", "QQ"));
	assert_non_null(code(version(&d, "003060"), "92", "QQ"));
	assert_non_null(code(version(&d, "004010"), "92", "SA"));
	assert_null(code(version(&d, "005010"), "92", "QQ"));
	assert_null(
	    code(tally_version_find(&tally_builtin, TALLY_STR("004010")), "92",
		"QQ"));
	assert_int_equal(
	    tally_element_find(version(&d, "003060"), TALLY_STR("92"))->max, 3);
	assert_null(tally_set_find(
	    tally_version_find(&tally_builtin, TALLY_STR("004010")),
	    TALLY_STR("999")));
	assert_non_null(
	    tally_set_find(version(&d, "003060"), TALLY_STR("999")));
	assert_non_null(
	    tally_set_find(version(&d, "003060"), TALLY_STR("998")));
	assert_non_null(
	    tally_set_find(version(&d, "003060"), TALLY_STR("850")));
	tally_arena_free(&a);
}

/* A licensed list that is complete turns the note into an error. */
static void
test_complete_list(void **state)
{
	static const struct row row = { "codes",
		{ { "004010",
		    { { "codes", "355 = Q1 Q2\n355 complete\n" } } } },
		NULL, 0, NULL };
	struct tally_dictionary d = { NULL, 0 };
	const struct tally_element *e;
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	e = tally_element_find(
	    tally_version_find(&tally_builtin, TALLY_STR("004010")),
	    TALLY_STR("355"));
	assert_int_equal(
	    tally_value_check(e, TALLY_STR("Q3")), TALLY_F_code_unlisted);
	tally_arena_init(&a, MAX);
	assert_int_equal(load(&d, &a, &row, &err), TALLY_OK);
	e = tally_element_find(version(&d, "004010"), TALLY_STR("355"));
	assert_int_equal(
	    tally_value_check(e, TALLY_STR("Q2")), TALLY_FINDING_NONE);
	assert_int_equal(
	    tally_value_check(e, TALLY_STR("EA")), TALLY_FINDING_NONE);
	assert_int_equal(
	    tally_value_check(e, TALLY_STR("Q3")), TALLY_F_element_code);
	tally_arena_free(&a);
}

/* What a site says of check digits stands over what the base says. */
static void
test_check_digits(void **state)
{
	static const struct row row = { "codes",
		{ { "004010",
		    { { "codes",
			"235 Q9 our number\n235 check gtin Q9\n"
			"88 check none GM\n" } } } },
		NULL, 0, NULL };
	struct tally_dictionary d = { NULL, 0 };
	struct tally_arena a;
	struct tally_err err;

	(void)state;
	tally_arena_init(&a, MAX);
	assert_int_equal(load(&d, &a, &row, &err), TALLY_OK);
	assert_int_equal(
	    code(version(&d, "004010"), "235", "Q9")->check, TALLY_CHECK_GTIN);
	assert_int_equal(
	    code(version(&d, "004010"), "235", "UP")->check, TALLY_CHECK_GTIN);
	assert_int_equal(
	    code(version(&d, "004010"), "235", "VN")->check, TALLY_CHECK_NONE);
	assert_int_equal(
	    code(version(&d, "004010"), "88", "GM")->check, TALLY_CHECK_NONE);
	assert_int_equal(
	    code(version(&d, "005010"), "88", "GM")->check, TALLY_CHECK_SSCC);
	tally_arena_free(&a);
}

static const struct row wrong[] = {
	{ "a name that is no version", { { "4010", { { "codes", "" } } } }, "",
	    0, "six digits" },
	{ "twice the same",
	    { { "004010", { { "codes", "" } } },
		{ "004010", { { "codes", "" } } } },
	    "", 0, "given twice" },
	{ "nothing to add to", { { "003030", { { "codes", "" } } } }, "", 0,
	    "no file elements" },
	{ "a base that is not there",
	    { { "003030", { { ELEMENTS, "\nbase 003020\n" } } } }, ELEMENTS, 2,
	    "base 003020" },
	{ "a circle",
	    { { "003030", { { ELEMENTS, "base 003040\n" } } },
		{ "003040", { { ELEMENTS, "base 003030\n" } } } },
	    "", 0, "based on itself" },
	{ "a segment that is not there",
	    { { "004010",
		{ { "820",
		    "set 820 RA pay\n1.010 ST M 1\n1.020 BPR M 1\n"
		    "3.010 SE M 1\n" } } } },
	    "820", 3, "BPR" },
	{ "a code that is too long",
	    { { "004010", { { "codes", "# units\n355 EACH each\n" } } } },
	    "codes", 2, "EACH" },
	{ "a check digit of no kind",
	    { { "004010", { { "codes", "88 check mod10 GM\n" } } } }, "codes",
	    1, "\"mod10\" found behind check; gtin, sscc, isbn or none" },
	{ "a check digit behind no code",
	    { { "004010", { { "codes", "235 check gtin Q9\n" } } } }, "codes",
	    1, "element 235 has no code Q9" },
	{ "an ambiguous set",
	    { { "004010",
		{ { "820",
		    "set 820 RA pay # a comment\n\n1.010 ST M 1\n"
		    "1.020 N1 O 5 {\n1.020 N1 M 1\n}\n1.030 REF O 1\n"
		    "1.040 DTM O 1\n1.050 REF O 1\n3.010 SE M 1\n" } } } },
	    "820", 9, "ambiguous" },
	{ "a set that became ambiguous",
	    { { "004030", { { ELEMENTS, "base 004010\n" } } },
		{ "004010",
		    { { "850",
			"set 850 PO order\n1.010 ST M 1\n1.020 REF O 1\n"
			"1.030 REF O 1\n3.010 SE M 1\n" } } } },
	    "850", 4, "ambiguous" },
};

static void
test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct tally_dictionary d = { NULL, 7 };
		struct tally_arena a;
		struct tally_err err;
		enum tally_rc rc;

		tally_arena_init(&a, MAX);
		rc = load(&d, &a, &wrong[i], &err);
		if (rc != TALLY_CONFIG ||
		    strcmp(err.file, wrong[i].file) != 0 ||
		    err.line != wrong[i].line ||
		    strstr(err.text, wrong[i].words) == NULL)
			fail_msg("%s: %d, %s:%u: %s", wrong[i].what, rc,
			    err.file, err.line, err.text);
		assert_int_equal(d.nversion, 7);
		tally_arena_free(&a);
	}
}

/* The arena ends somewhere in between: told, and nothing is given out. */
static void
test_no_memory(void **state)
{
	static const struct row row = { "set",
		{ { "004010", { { "999", SET } } } }, NULL, 0, NULL };
	struct tally_dictionary d = { NULL, 7 };
	enum tally_rc rc = TALLY_NOMEM;
	struct tally_arena a;
	struct tally_err err;
	size_t max;

	(void)state;
	for (max = 1024; rc != TALLY_OK && max < MAX; max *= 2) {
		assert_int_equal(rc, TALLY_NOMEM);
		assert_int_equal(d.nversion, 7);
		tally_arena_init(&a, max);
		rc = load(&d, &a, &row, &err);
		tally_arena_free(&a);
	}
	assert_int_equal(rc, TALLY_OK);
	assert_true(max > 4096);
}

/* Whichever allocation fails: it is told, and all is given back. */
static void
test_each_allocation(void **state)
{
	enum tally_rc rc = TALLY_NOMEM;
	struct dictionary *d = NULL;
	struct tally_err err;
	long n;

	(void)state;
	for (n = 0; rc == TALLY_NOMEM && n < 5000; n++) {
		counted_left = n;
		tally_allocator_set(&counted);
		rc = dictionary_load(&d, "samples", &err);
		tally_allocator_set(NULL);
		counted_left = -1;
		assert_true((rc == TALLY_OK) == (d != NULL));
	}
	if (rc != TALLY_OK)
		fail_msg("allocation %ld: %s:%u: %s", n, err.file, err.line,
		    err.text);
	assert_true(n > 20);
	dictionary_free(d);
}

/* The example of the manual: its set is read and checked. */
static void
test_sample(void **state)
{
	struct dictionary *d = NULL;
	const struct tally_set_spec *set;
	struct tally_err err = { 0 };

	(void)state;
	if (dictionary_load(&d, "samples", &err) != TALLY_OK)
		fail_msg("%s:%u: %s", err.file, err.line, err.text);
	set = tally_set_find(version(&d->d, "004010"), TALLY_STR("820"));
	assert_non_null(set);
	assert_string_equal(set->functional, "RA");
	assert_null(tally_set_find(version(&d->d, "005010"), TALLY_STR("820")));
	dictionary_free(d);
	assert_int_equal(dictionary_load(&d, NULL, &err), TALLY_OK);
	assert_null(tally_set_find(version(&d->d, "004010"), TALLY_STR("820")));
	dictionary_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_complete_list),
		cmocka_unit_test(test_check_digits),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_each_allocation),
		cmocka_unit_test(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
