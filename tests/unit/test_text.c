/* SPDX-License-Identifier: Apache-2.0 */
/* Texts as people and JSON have them: what stands for itself, and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"

#define AROUND 19 /* letters on each side: more than are taken together */

typedef void (*writer)(struct tally_buf *, struct tally_str);

/* What is written of middle among that many letters is that of it alone. */
static void
same_among(writer write, struct tally_str middle, const char *want,
    const char *quote, size_t before, size_t behind)
{
	char text[2 * AROUND + 8], all[2 * AROUND + 40];
	struct tally_buf b;

	assert_true(middle.n <= 8);
	memset(text, 'x', before);
	memcpy(text + before, middle.p, middle.n);
	memset(text + before + middle.n, 'y', behind);
	snprintf(all, sizeof(all), "%s%.*s%s%.*s%s", quote, (int)before,
	    "xxxxxxxxxxxxxxxxxxx", want, (int)behind, "yyyyyyyyyyyyyyyyyyy",
	    quote);
	tally_buf_init(&b, 1024);
	write(&b, tally_str(text, before + middle.n + behind));
	assert_false(b.failed);
	assert_string_equal(b.p, all);
	tally_buf_free(&b);
}

static void
everywhere(
    writer write, struct tally_str middle, const char *want, const char *quote)
{
	for (size_t before = 0; before <= AROUND; before++)
		for (size_t behind = 0; behind <= AROUND; behind += AROUND)
			same_among(write, middle, want, quote, before, behind);
}

static void
writes_json(void **state)
{
	char c, want[16];

	(void)state;
	for (int i = 0; i < 256; i++) {
		c = (char)i;
		if (i == '"' || i == '\\')
			snprintf(want, sizeof(want), "\\%c", i);
		else if (i < 0x20 || i == 0x7f)
			snprintf(want, sizeof(want), "\\u%04x", (unsigned)i);
		else if (i > 0x7f)
			snprintf(want, sizeof(want), "\\ufffd");
		else
			snprintf(want, sizeof(want), "%c", i);
		everywhere(tally_text_json, tally_str(&c, 1), want, "\"");
	}
}

static void
writes_for_people(void **state)
{
	char c, want[16];

	(void)state;
	for (int i = 0; i < 256; i++) {
		c = (char)i;
		if (i == '\\')
			snprintf(want, sizeof(want), "\\\\");
		else if (i < 0x20 || i > '~')
			snprintf(want, sizeof(want), "\\x%02x", (unsigned)i);
		else
			snprintf(want, sizeof(want), "%c", i);
		everywhere(tally_text_safe, tally_str(&c, 1), want, "");
	}
}

/* Of several bytes, and those of them that turn the text round. */
static void
writes_other_characters(void **state)
{
	static const struct {
		const char *text, *json, *safe;
	} seen[] = {
		{ "\xc3\xa4", "\xc3\xa4", "\xc3\xa4" },
		{ "\xe2\x82\xac", "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xf0\x9f\x9a\xa2", "\xf0\x9f\x9a\xa2", "\xf0\x9f\x9a\xa2" },
		{ "\xc2\x85", "\\u0085", "\\xc2\\x85" },
		{ "\xe2\x80\xae", "\\u202e", "\\xe2\\x80\\xae" },
		{ "\xef\xbb\xbf", "\\ufeff", "\\xef\\xbb\\xbf" },
		{ "\xc3\"", "\\ufffd\\\"", "\\xc3\"" },
		{ "\"\"\\", "\\\"\\\"\\\\", "\"\"\\\\" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		everywhere(tally_text_json, tally_cstr(seen[i].text),
		    seen[i].json, "\"");
		everywhere(tally_text_safe, tally_cstr(seen[i].text),
		    seen[i].safe, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_json),
		cmocka_unit_test(writes_for_people),
		cmocka_unit_test(writes_other_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
