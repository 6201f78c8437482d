/* SPDX-License-Identifier: Apache-2.0 */
/* Values of every type against an element. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "tallyman/x12.h"
#include "x12/shape.h"

static const struct tally_code codes[] = { { .code = "00", .meaning = "" },
	{ .code = "A1", .meaning = "" }, { .code = "ZZZ", .meaning = "" } };

#define ELEMENT(t, lo, hi) \
	{ \
		.id = "1", .name = "test", .type = t, .min = lo, .max = hi \
	}
static const struct tally_element an = ELEMENT(TALLY_AN, 2, 5);
static const struct tally_element r = ELEMENT(TALLY_R, 1, 6);
static const struct tally_element n2 = ELEMENT(TALLY_N, 1, 4);
static const struct tally_element dt8 = ELEMENT(TALLY_DT, 8, 8);
static const struct tally_element dt6 = ELEMENT(TALLY_DT, 6, 8);
static const struct tally_element tm = ELEMENT(TALLY_TM, 4, 8);
static const struct tally_element bin = ELEMENT(TALLY_B, 1, 3);
static const struct tally_element id = { .id = "2",
	.name = "code",
	.type = TALLY_ID,
	.min = 2,
	.max = 3,
	.code = codes,
	.ncode = 3 };
static const struct tally_element open_id = { .id = "3",
	.name = "code",
	.type = TALLY_ID,
	.min = 2,
	.max = 3,
	.code = codes,
	.ncode = 3,
	.open = true };

#define OK        TALLY_FINDING_NONE
#define SHORT     TALLY_F_element_too_short
#define LONG      TALLY_F_element_too_long
#define CHARACTER TALLY_F_element_character
#define CODE      TALLY_F_element_code
#define DATE      TALLY_F_element_date
#define TIME      TALLY_F_element_time

static const struct {
	const struct tally_element *element;
	const char *value;
	enum tally_finding_kind kind;
} rows[] = {
	{ &an, "AB", OK },
	{ &an, "A B C", OK },
	{ &an, "A", SHORT },
	{ &an, "ABCDEF", LONG },
	{ &an, "ABCDEFGHIJKLMNOP", LONG },
	{ &an, "A\x01", CHARACTER },
	{ &an, "A\x7f", CHARACTER },
	{ &an, "A\nB", CHARACTER },
	{ &an, "abc~z", OK },
	{ &an, "\xc3\x84\xc3\x96\xc3\x9c\xc3\x9f\xc3\xa9", OK }, /* five */
	{ &an, "\xe9\xe8\xe7", OK }, /* one-byte character set */
	{ &r, "1", OK },
	{ &r, "-1.5", OK },
	{ &r, "12345.6", OK },
	{ &r, "-123456.", OK },
	{ &r, "1234567", LONG },
	{ &r, ".5", OK },
	{ &r, "5.", OK },
	{ &r, "1.2.3", CHARACTER },
	{ &r, "+1", CHARACTER },
	{ &r, "1-", CHARACTER },
	{ &r, "-", CHARACTER },
	{ &r, ".", CHARACTER },
	{ &r, "1E5", OK },
	{ &r, "1.5E-3", OK },
	{ &r, "1E", CHARACTER },
	{ &r, "1e5", CHARACTER },
	{ &r, " 1", CHARACTER },
	{ &n2, "1234", OK },
	{ &n2, "-1234", OK },
	{ &n2, "12345", LONG },
	{ &n2, "1.5", CHARACTER },
	{ &n2, "-", CHARACTER },
	{ &dt8, "20261123", OK },
	{ &dt8, "20240229", OK },
	{ &dt8, "20230229", DATE },
	{ &dt8, "19000229", DATE },
	{ &dt8, "20000229", OK },
	{ &dt8, "20261301", DATE },
	{ &dt8, "20260431", DATE },
	{ &dt8, "20260400", DATE },
	{ &dt8, "2026112A", DATE },
	{ &dt8, "261123", SHORT },
	{ &dt6, "261123", OK },
	{ &dt6, "2611233", DATE },
	{ &tm, "0000", OK },
	{ &tm, "2359", OK },
	{ &tm, "2400", TIME },
	{ &tm, "1260", TIME },
	{ &tm, "12005", TIME },
	{ &tm, "120059", OK },
	{ &tm, "120060", TIME },
	{ &tm, "12005999", OK },
	{ &tm, "12:00", TIME },
	{ &tm, "120", SHORT },
	{ &bin, "\x01\x02", OK },
	{ &bin, "\x01\x02\x03\x04", LONG },
	{ &id, "00", OK },
	{ &id, "A1", OK },
	{ &id, "A1 ", OK },
	{ &id, "ZZZ", OK },
	{ &id, "ZZ", CODE },
	{ &id, "  ", CODE },
	{ &id, "A", SHORT },
	{ &id, "A1B2", LONG },
	{ &open_id, "A1", OK },
	{ &open_id, "A1 ", OK },
	{ &open_id, "QQ", TALLY_F_code_unlisted },
	{ &open_id, "Q\x01", CHARACTER },
	{ &open_id, "QQQQ", LONG },
};

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum tally_finding_kind kind = tally_value_check(
		    rows[i].element, tally_cstr(rows[i].value));

		if (kind != rows[i].kind)
			fail_msg("row %zu, \"%s\": %s, not %s", i,
			    rows[i].value, tally_finding_info(kind)->name,
			    tally_finding_info(rows[i].kind)->name);
	}
}

/* The quick way, over padded memory, says the same as the careful one. */
static void
test_padded(void **state)
{
	struct tally_arena arena;
	struct tally_value_specs specs = { .arena = &arena };
	char padded[64];

	(void)state;
	tally_arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tally_use use = { rows[i].element, 'O', 1 };
		const struct tally_value_spec *s =
		    tally_value_specs_make(&specs, &use, 1);
		size_t n = strlen(rows[i].value);

		assert_non_null(s);
		/* What lies behind must not matter. */
		memset(padded, '\x01', sizeof(padded));
		memcpy(padded, rows[i].value, n);
		assert_int_equal(
		    tally_value_test(s, tally_str(padded, n), true),
		    rows[i].kind);
	}
	tally_value_specs_free(&specs);
	tally_arena_free(&arena);
}

/* What a look at a value alone says: neither empty nor doubtful.  The shapes
 * know those before. */
static bool
looks_right(struct shapes *shapes, const struct tally_value_spec *s,
    const char *v, size_t n)
{
	static const struct tally_segment_spec one = { .nuse = 1 };
	static const struct tally_step row[1] = { { .to = TALLY_NOWHERE } };
	struct tally_class class = { .spec = &one, .value = s };
	const struct tally_grammar g = { .class = &class };
	const struct tally_segment segment = { .n = 1 };
	const uint32_t pos[2] = { 3, (uint32_t)(3 + 1 + n) };
	struct tally_set set = { .pos = pos };
	struct shape_seen seen, whole;
	struct shape_value *v1;
	struct shape *m;
	uint32_t end;
	char padded[64];
	bool plain = true;

	for (size_t i = 0; i < n; i++)
		plain = plain && v[i] >= 0x20 && v[i] < 0x7f;
	/* What lies behind the separator must not matter. */
	memset(padded, n & 1 ? '7' : '\x01', sizeof(padded));
	memcpy(padded + 4, v, n);
	padded[4 + n] = '*';
	set.bytes = (const unsigned char *)padded;
	set.plain = plain;
	m = tally_shape_of(shapes, &g, row, 0, 0, &segment, pos);
	assert_non_null(m);
	assert_int_equal(m->present, n > 0 ? 2 : 0);
	v1 = m->value;
	end = tally_shape_end(m, pos);
	if (plain)
		v1 = tally_shape_glance(m, padded, pos, &end);
	assert_true(
	    tally_shape_look(shapes, m, v1, end, &set, &segment, &seen));
	assert_true(tally_shape_look(shapes, m, m->value,
	    tally_shape_end(m, pos), &set, &segment, &whole));
	assert_int_equal(seen.doubtful, whole.doubtful);
	assert_int_equal(seen.odd, whole.odd);
	assert_int_equal(seen.doubtful & ~seen.odd, 0);
	assert_int_equal(seen.odd & ~m->present, 0);
	assert_int_equal(seen.qualifiers, 0);
	if (n > 0 && seen.odd == 0) {
		assert_true(v[n - 1] != ' ');
		assert_true(
		    s->type != TALLY_R || tally_decimal_plain(tally_str(v, n)));
	}
	return n > 0 && seen.doubtful == 0;
}

/* What is plainly right is right: random values of likely characters. */
static void
test_look(void **state)
{
	static const char likely[] = "00112233456789.-E AZ\x01\x7f\xc3";
	static const struct tally_element *const of[] = { &an, &id, &open_id,
		&dt8, &dt6, &tm, &r, &n2, &bin };
	struct tally_arena arena;
	struct tally_value_specs specs = { .arena = &arena };
	struct shapes shapes;
	uint64_t x = 0x7a11;
	unsigned right[sizeof(of) / sizeof(of[0])] = { 0 };

	(void)state;
	tally_arena_init(&arena, 1 << 20);
	for (size_t e = 0; e < sizeof(of) / sizeof(of[0]); e++) {
		struct tally_use use = { of[e], 'O', 1 };
		const struct tally_value_spec *s =
		    tally_value_specs_make(&specs, &use, 1);

		assert_non_null(s);
		assert_true(tally_shapes_init(&shapes));
		for (unsigned k = 0; k < 100000; k++) {
			char v[12];
			size_t n, most;

			x = x * UINT64_C(6364136223846793005) + 1;
			n = (x >> 60) % 11 + 1;
			most = x >> 56 & 1 ? 16 : sizeof(likely) - 1;
			for (size_t i = 0; i < n; i++) {
				x = x * UINT64_C(6364136223846793005) + 1;
				v[i] = likely[(x >> 33) % most];
			}
			if (!looks_right(&shapes, s, v, n))
				continue;
			right[e]++;
			assert_int_equal(
			    tally_value_check(of[e], tally_str(v, n)), OK);
		}
		tally_shapes_free(&shapes);
		/* Only of binary data nothing is said. */
		assert_true((right[e] > 0) == (of[e]->type != TALLY_B));
	}
	tally_value_specs_free(&specs);
	tally_arena_free(&arena);
}

/* Ordinary values are seen to be right at once, or the look is for nothing. */
static void
test_look_knows(void **state)
{
	static const struct {
		const struct tally_element *element;
		const char *value;
	} known[] = { { &an, "AB C" }, { &id, "A1" }, { &dt8, "20261128" },
		{ &dt6, "261128" }, { &tm, "2359" }, { &tm, "120059" },
		{ &r, "12.50" }, { &r, "7" }, { &n2, "123" } };
	struct tally_arena arena;
	struct tally_value_specs specs = { .arena = &arena };
	struct shapes shapes;

	(void)state;
	tally_arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct tally_use use = { known[i].element, 'O', 1 };
		const struct tally_value_spec *s =
		    tally_value_specs_make(&specs, &use, 1);

		assert_non_null(s);
		assert_true(tally_shapes_init(&shapes));
		if (!looks_right(
			&shapes, s, known[i].value, strlen(known[i].value)))
			fail_msg("%s is doubtful", known[i].value);
		tally_shapes_free(&shapes);
	}
	tally_value_specs_free(&specs);
	tally_arena_free(&arena);
}

/* Every byte in every position of a text is judged by itself. */
static void
test_each_byte(void **state)
{
	static const struct tally_element text = ELEMENT(TALLY_AN, 1, 40);
	struct tally_arena arena;
	struct tally_value_specs specs = { .arena = &arena };
	struct tally_use use = { &text, 'O', 1 };
	const struct tally_value_spec *s;

	(void)state;
	tally_arena_init(&arena, 1 << 20);
	s = tally_value_specs_make(&specs, &use, 1);
	assert_non_null(s);
	for (int c = 0; c < 256; c++)
		for (size_t n = 1; n <= 20; n++)
			for (size_t at = 0; at < n; at++) {
				char v[40];
				bool bad = c < 0x20 || c == 0x7f;

				memset(v, 'x', sizeof(v));
				v[at] = (char)c;
				if (n == 1 && (c & 0xc0) == 0x80)
					continue; /* no character at all */
				assert_int_equal(
				    tally_value_test(s, tally_str(v, n), true),
				    bad ? CHARACTER : OK);
			}
	tally_value_specs_free(&specs);
	tally_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_padded),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_look_knows),
		cmocka_unit_test(test_each_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
