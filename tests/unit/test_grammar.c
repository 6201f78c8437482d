/* SPDX-License-Identifier: Apache-2.0 */
/* Grammars of small made-up sets: steps, loops, ambiguity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tallyman/x12.h"
#include "x12/grammar.h"

#define SEGMENT(t) \
	{ \
		.tag = t, .name = "test" \
	}
static const struct tally_segment_spec seg[] = { SEGMENT("ST"), SEGMENT("A"),
	SEGMENT("B"), SEGMENT("C"), SEGMENT("SE") };
enum { ST, A, B, C, SE };

static enum tally_rc
compile(struct tally_grammar **g, const struct tally_place *place,
    uint16_t nplace, const struct tally_loop *loop, uint16_t nloop,
    struct tally_err *err)
{
	static struct tally_set_spec spec;

	spec = (struct tally_set_spec){ .id = "999",
		.version = "004010",
		.functional = "XX",
		.name = "test",
		.place = place,
		.nplace = nplace,
		.loop = loop,
		.nloop = nloop };
	return tally_grammar_new(g, NULL, &spec, err);
}

static unsigned
to(const struct tally_grammar *g, unsigned from, const char *tag)
{
	unsigned k = tally_grammar_class(g, tally_tag_of(tag, strlen(tag)));

	assert_int_not_equal(k, GRAMMAR_CLASS_NONE);
	return tally_grammar_step(g, from, k)->to;
}

static void
test_steps(void **state)
{
	/* ST A (B C?)* A? SE: A stands in front of the loop and behind it. */
	static const struct tally_place place[] = {
		{ "1", &seg[ST], 'M', 1, 0 },
		{ "2", &seg[A], 'M', 1, 0 },
		{ "3", &seg[B], 'M', 1, 1 },
		{ "4", &seg[C], 'O', 1, 1 },
		{ "5", &seg[SE], 'M', 1, 0 },
	};
	static const struct tally_loop loop[] = {
		{ "", 0, 0, 4, 'M', 1 },
		{ "B", 0, 2, 3, 'M', 5 },
	};
	struct tally_grammar *g;
	struct tally_err err;
	const struct tally_step *st;

	(void)state;
	assert_int_equal(compile(&g, place, 5, loop, 2, &err), TALLY_OK);
	assert_int_equal(
	    tally_grammar_class(g, tally_tag("ZZ")), GRAMMAR_CLASS_NONE);
	assert_int_equal(to(g, 0, "A"), 1);
	assert_int_equal(to(g, 1, "B"), 2);
	assert_int_equal(to(g, 2, "B"), 2);
	assert_int_equal(to(g, 3, "B"), 2);
	assert_int_equal(to(g, 2, "C"), 3);
	assert_int_equal(to(g, 1, "C"), TALLY_NOWHERE);
	assert_int_equal(to(g, 2, "A"), TALLY_NOWHERE);
	assert_int_equal(to(g, 3, "SE"), 4);
	st = tally_grammar_step(g, 3, tally_grammar_class(g, tally_tag("B")));
	assert_int_equal(st->loop, 1);
	assert_int_equal(st->nmissing, 0);
	/* From ST straight to SE, A and the loop B are missing. */
	st = tally_grammar_step(g, 0, tally_grammar_class(g, tally_tag("SE")));
	assert_int_equal(st->nmissing, 2);
	assert_int_equal(g->passed[st->missing], 1);
	assert_int_equal(g->passed[st->missing + 1], 2);
	tally_grammar_free(g);
}

static void
test_optional_first(void **state)
{
	/* ST ( A? B )* SE: the loop may begin with B. */
	static const struct tally_place place[] = {
		{ "1", &seg[ST], 'M', 1, 0 },
		{ "2", &seg[A], 'O', 1, 1 },
		{ "3", &seg[B], 'M', 1, 1 },
		{ "4", &seg[SE], 'M', 1, 0 },
	};
	static const struct tally_loop loop[] = {
		{ "", 0, 0, 3, 'M', 1 },
		{ "A", 0, 1, 2, 'O', 0 },
	};
	struct tally_grammar *g;
	struct tally_err err;

	(void)state;
	assert_int_equal(compile(&g, place, 4, loop, 2, &err), TALLY_OK);
	assert_int_equal(to(g, 0, "B"), 2);
	assert_int_equal(to(g, 2, "A"), 1);
	assert_int_equal(
	    tally_grammar_step(g, 0, tally_grammar_class(g, tally_tag("B")))
		->loop,
	    1);
	tally_grammar_free(g);
}

static void
test_ambiguous(void **state)
{
	static const struct tally_loop loop[] = { { "", 0, 0, 4, 'M', 1 } };
	struct tally_place place[] = {
		{ "1", &seg[ST], 'M', 1, 0 },
		{ "2", &seg[A], 'O', 1, 0 },
		{ "3", &seg[B], 'O', 1, 0 },
		{ "4", &seg[A], 'O', 1, 0 },
		{ "5", &seg[SE], 'M', 1, 0 },
	};
	struct tally_grammar *g;
	struct tally_err err;

	(void)state;
	assert_int_equal(compile(&g, place, 5, loop, 1, &err), TALLY_CONFIG);
	assert_non_null(strstr(err.text, "ambiguous"));
	/* With a mandatory segment between, it is clear which is meant. */
	place[2].requirement = 'M';
	assert_int_equal(compile(&g, place, 5, loop, 1, &err), TALLY_OK);
	tally_grammar_free(g);
}

/* A partner's version has copies of some sets of another's: what is kept does
 * not grow with partners. */
static void
test_copies(void **state)
{
	static const struct tally_place place[] = {
		{ "1", &seg[ST], 'M', 1, 0 },
		{ "2", &seg[A], 'M', 1, 0 },
		{ "3", &seg[SE], 'M', 1, 0 },
	};
	static const struct tally_place other[] = {
		{ "1", &seg[ST], 'M', 1, 0 },
		{ "2", &seg[B], 'M', 1, 0 },
		{ "3", &seg[SE], 'M', 1, 0 },
	};
	static const struct tally_loop loop[] = { { "", 0, 0, 2, 'M', 1 } };
	static const struct tally_element element[] = { { .id = "1" } };
	struct tally_set_spec spec[2], copy[2];
	struct tally_version v[2], later;
	const struct tally_grammar *g[2], *again;
	struct tally_grammars kept = { 0 };
	struct tally_err err;

	(void)state;
	for (int i = 0; i < 2; i++) {
		spec[i] = (struct tally_set_spec){ .id = "999",
			.version = "004010",
			.functional = "XX",
			.name = "test",
			.place = i == 0 ? place : other,
			.nplace = 3,
			.loop = loop,
			.nloop = 1 };
		copy[i] = spec[i];
		v[i] = (struct tally_version){ .version = "004010",
			.segment = seg,
			.nsegment = 5,
			.set = i == 0 ? spec : copy,
			.nset = 2 };
		assert_int_equal(
		    tally_grammars_get(&kept, &v[0], &spec[i], &g[i], &err),
		    TALLY_OK);
	}
	assert_ptr_not_equal(g[0], g[1]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    tally_grammars_get(&kept, &v[1], &copy[i], &again, &err),
		    TALLY_OK);
		assert_ptr_equal(again, g[i]);
	}
	assert_int_equal(kept.n, 2);
	/* The same set by the elements of another version is another one. */
	later = v[1];
	later.element = element;
	later.nelement = 1;
	assert_int_equal(
	    tally_grammars_get(&kept, &later, &copy[0], &again, &err),
	    TALLY_OK);
	assert_ptr_not_equal(again, g[0]);
	tally_grammars_free(&kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_optional_first),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
