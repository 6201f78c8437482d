/* SPDX-License-Identifier: Apache-2.0 */
/* Writing segments: nothing gets out of its element. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "x12/write.h"

#define MAX 4096

static const struct tally_separators usual = { '*', '~', ':', '^' };

static void
separators(void **state)
{
	static const struct {
		struct tally_separators s;
		bool ok;
	} row[] = {
		{ { '*', '~', ':', '^' }, true },
		{ { '*', '~', ':', 0 }, true },
		{ { '|', '\n', '>', 0 }, true },
		{ { 0x1d, 0x1c, 0x1f, 0 }, true },
		{ { '*', '~', '*', 0 }, false },
		{ { '*', '~', ':', ':' }, false },
		{ { '*', '*', ':', 0 }, false },
		{ { 0, '~', ':', 0 }, false },
		{ { '*', '~', 0, 0 }, false },
		{ { 'A', '~', ':', 0 }, false },
		{ { '*', 'z', ':', 0 }, false },
		{ { '*', '~', '0', 0 }, false },
		{ { '*', '~', ' ', 0 }, false },
		{ { '*', '~', ':', 'U' }, false },
		{ { '*', '~', 0xff, 0 }, false },
		{ { 0x7f, '~', ':', 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(tally_separators_ok(&row[i].s), row[i].ok);
}

static void
segments(void **state)
{
	struct tally_writer w;
	struct tally_buf b;

	(void)state;
	tally_buf_init(&b, MAX);
	tally_writer_init(&w, &b, &usual, "\n");
	/* Empty elements inside count, at the end they are left out. */
	tally_write_begin(&w, "N1");
	tally_write_cstr(&w, "ST");
	tally_write_cstr(&w, "");
	tally_write_char(&w, '9');
	tally_write_cstr(&w, "");
	tally_write_str(&w, tally_str(NULL, 0));
	tally_write_end(&w);
	/* So they are of the segment behind it. */
	tally_write_begin(&w, "SE");
	tally_write_number(&w, 42, 1);
	tally_write_number(&w, 42, 4);
	tally_write_position(&w, 3, 0, 0);
	tally_write_position(&w, 3, 2, 0);
	tally_write_fixed(&w, "", 2);
	tally_write_fixed(&w, "abc", 2);
	tally_write_raw(&w, ':');
	tally_write_end(&w);
	assert_string_equal(b.p, "N1*ST**9~\nSE*42*0042*3*3:2*  *ab*:~\n");
	assert_int_equal(w.segments, 2);
	tally_buf_free(&b);
}

static void
hostile(void **state)
{
	static const struct {
		struct tally_separators s;
		struct tally_str value;
		const char *written;
	} row[] = {
		{ { '*', '~', ':', '^' }, TALLY_STR("a*b~c:d^e"), "a?b?c?d?e" },
		{ { '*', '~', ':', 0 }, TALLY_STR("d^e"), "d^e" },
		{ { '*', '~', ':', '^' }, TALLY_STR("\x1b[m\n\0\x7f\xc3\xa4"),
		    "?[m?????" },
		{ { '?', '.', '-', '/' }, TALLY_STR("a?b.c-d/e_"),
		    "a_b_c_d_e_" },
		{ { '?', '~', ':', 0 }, TALLY_STR("a?b"), "a.b" },
		{ { '*', '\n', ':', 0 }, TALLY_STR("a\nb~"), "a?b~" },
	};
	struct tally_writer w;
	struct tally_buf b;
	char expected[64];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		tally_buf_init(&b, MAX);
		tally_writer_init(&w, &b, &row[i].s, "");
		tally_write_begin(&w, "X");
		tally_write_str(&w, row[i].value);
		tally_write_end(&w);
		snprintf(expected, sizeof(expected), "X%c%s%c",
		    row[i].s.element, row[i].written, row[i].s.segment);
		assert_string_equal(b.p, expected);
		assert_int_equal(tally_write_fits(&w, row[i].value),
		    strlen(row[i].written) == row[i].value.n &&
			memcmp(row[i].written, row[i].value.p,
			    row[i].value.n) == 0);
		tally_buf_free(&b);
	}
}

/* Where the terminator is a line end there is no other one behind it. */
static void
line_ends(void **state)
{
	static const struct {
		unsigned char terminator;
		bool newline;
		const char *written;
	} row[] = {
		{ '~', false, "ST~" },
		{ '~', true, "ST~\n" },
		{ '\n', true, "ST\n" },
		{ '\r', true, "ST\r" },
	};
	struct tally_separators s = usual;
	struct tally_writer w;
	struct tally_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		s.segment = row[i].terminator;
		tally_buf_init(&b, MAX);
		tally_writer_init(&w, &b, &s, row[i].newline ? "\n" : "");
		tally_write_begin(&w, "ST");
		tally_write_end(&w);
		assert_string_equal(b.p, row[i].written);
		tally_buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(separators),
		cmocka_unit_test(segments),
		cmocka_unit_test(hostile),
		cmocka_unit_test(line_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
