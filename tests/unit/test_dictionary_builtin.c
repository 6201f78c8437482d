/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that are compiled in, and the look-ups in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tallyman/dictionary.h"
#include "tallyman/x12.h"

static void
check_uses(const struct tally_version *v, const struct tally_use *use,
    uint32_t nuse, const struct tally_note *note, uint32_t nnote)
{
	assert_true(nuse <= TALLY_ELEMENTS_MAX);
	for (uint32_t i = 0; i < nuse; i++) {
		assert_true(use[i].element >= v->element &&
		    use[i].element < v->element + v->nelement);
		assert_non_null(strchr("MOX", use[i].requirement));
	}
	for (uint32_t i = 0; i < nnote; i++) {
		assert_non_null(strchr("PRECL", note[i].kind));
		assert_true(note[i].mask >> (nuse + 1) == 0);
		assert_true((note[i].mask & 1) == 0);
		assert_true((note[i].mask >> note[i].first & 1) == 1);
	}
}

/* Longer lists belong to X12: of these the dictionary has a part. */
#define LISTED_MAX 100

static void
check_elements(const struct tally_version *v)
{
	const struct tally_element *e;

	for (uint32_t i = 0; i < v->nelement; i++) {
		e = &v->element[i];
		assert_true(i == 0 || strcmp(e[-1].id, e->id) < 0);
		assert_true(e->name[0] != '\0');
		assert_int_equal(e->type == TALLY_COMPOSITE, e->nuse > 0);
		assert_int_equal(e->code != NULL, e->ncode > 0);
		assert_true(e->ncode <= LISTED_MAX);
		check_uses(v, e->use, e->nuse, e->note, e->nnote);
		for (uint32_t k = 0; k < e->ncode; k++)
			assert_true(k == 0 ||
			    strcmp(e->code[k - 1].code, e->code[k].code) < 0);
		assert_ptr_equal(tally_element_find(v, tally_cstr(e->id)), e);
	}
	for (uint32_t i = 0; i < v->nsegment; i++) {
		assert_true(i == 0 ||
		    strcmp(v->segment[i - 1].tag, v->segment[i].tag) < 0);
		check_uses(v, v->segment[i].use, v->segment[i].nuse,
		    v->segment[i].note, v->segment[i].nnote);
	}
}

static void
check_set(const struct tally_version *v, const struct tally_set_spec *s)
{
	const struct tally_loop *l;
	struct tally_grammar *g;
	struct tally_err err;

	assert_string_equal(s->version, v->version);
	assert_string_equal(s->place[0].segment->tag, "ST");
	assert_string_equal(s->place[s->nplace - 1].segment->tag, "SE");
	for (uint32_t i = 0; i < s->nplace; i++) {
		assert_true(s->place[i].segment >= v->segment &&
		    s->place[i].segment < v->segment + v->nsegment);
		l = &s->loop[s->place[i].loop];
		assert_true(l->first <= i && i <= l->last);
	}
	for (uint32_t i = 1; i < s->nloop; i++) {
		l = &s->loop[i];
		assert_true(l->parent < i);
		assert_int_equal(s->place[l->first].loop, i);
		assert_int_equal(s->place[l->first].requirement, 'M');
		assert_true(s->loop[l->parent].first <= l->first &&
		    l->last <= s->loop[l->parent].last);
		for (uint32_t k = 1; k < i; k++)
			assert_string_not_equal(l->path, s->loop[k].path);
	}
	for (uint32_t i = 0; i < s->ntotal; i++) {
		assert_non_null(
		    tally_segment_find(v, tally_cstr(s->total[i].tag)));
		assert_non_null(
		    tally_segment_find(v, tally_cstr(s->total[i].of)));
	}
	assert_int_equal(tally_grammar_new(&g, v, s, &err), TALLY_OK);
	tally_grammar_free(g);
}

static void
builtin_is_sound(void **state)
{
	static const char *const control[] = { "ISA", "GS", "ST", "SE", "GE",
		"IEA", "TA1" };
	const struct tally_version *v;

	(void)state;
	assert_true(tally_builtin.nversion > 0);
	for (size_t i = 0; i < tally_builtin.nversion; i++) {
		v = tally_builtin.version[i];
		assert_true(i == 0 ||
		    strcmp(tally_builtin.version[i - 1]->version, v->version) <
			0);
		assert_int_equal(strlen(v->version), 6);
		check_elements(v);
		for (uint32_t k = 0; k < v->nset; k++)
			check_set(v, &v->set[k]);
		for (size_t k = 0; k < sizeof(control) / sizeof(control[0]);
		     k++)
			assert_non_null(
			    tally_segment_find(v, tally_cstr(control[k])));
	}
}

/* GS08 as sent, and the version that is meant. */
static void
finds_versions(void **state)
{
	static const struct {
		const char *sent, *found;
	} rows[] = {
		{ "004010", "004010" },
		{ "004010VICS", "004010" },
		{ "004010X096A1", "004010" },
		{ "005010", "005010" },
		{ "005010X231A1", "005010" },
		{ "00401", NULL },
		{ "004011", NULL },
		{ "", NULL },
		{ "X04010", NULL },
	};
	const struct tally_version *v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		v = tally_version_find(
		    &tally_builtin, tally_cstr(rows[i].sent));
		if (rows[i].found == NULL)
			assert_null(v);
		else
			assert_string_equal(v->version, rows[i].found);
	}
}

static void
finds_nearest(void **state)
{
	static const struct {
		const char *sent, *found;
	} rows[] = {
		{ "004010", "004010" },
		{ "004010VICS", "004010" },
		{ "002003", "004010" },
		{ "004030", "004010" },
		{ "004030X096", "004010" },
		{ "004509", "004010" },
		{ "004510", "005010" }, /* as far from either */
		{ "004511", "005010" },
		{ "008050", "005010" },
		{ "00401", NULL },
		{ "0040X0", NULL },
		{ "", NULL },
	};
	static const struct tally_dictionary none = { NULL, 0 };
	const struct tally_version *v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		v = tally_version_nearest(
		    &tally_builtin, tally_cstr(rows[i].sent));
		if (rows[i].found == NULL)
			assert_null(v);
		else
			assert_string_equal(v->version, rows[i].found);
	}
	assert_null(tally_version_nearest(&none, TALLY_STR("004010")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builtin_is_sound),
		cmocka_unit_test(finds_versions),
		cmocka_unit_test(finds_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
