/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The effective text of a map stands by itself and says the same, and what a
 * program looks like.  The shipped maps and a variant of one are the cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/embed.h"
#include "support/reading.h"

#define TEXT_MAX (16u << 20)

#define VARIANT \
	"<map xmlns='urn:tallyman:map:1' name='acme-850' extends='850' " \
	"uses='order'>\n" \
	"<codes name='purpose'><code x12='00' value='brand_new'/></codes>\n" \
	"<record table='orders'>\n" \
	"<field column='contract_number' ref='REF02' where='REF01=CT'/>\n" \
	"<remove column='department'/>\n" \
	"<rows table='order_lines' loop='PO1'>" \
	"<literal ref='PO105' value='PE'/></rows>\n" \
	"</record></map>"

static const char *const versions[] = { "004010", "005010" };

static void
effective(struct tally_buf *out, const struct tally_version *v,
    const char *file, struct tally_str text)
{
	struct tally_err err = { .text = "" };

	tally_buf_init(out, TEXT_MAX);
	if (tally_map_effective(
		out, reading_model, v, NULL, file, text, &err) != TALLY_OK)
		fail_msg("%s:%u: %s", err.file, err.line, err.text);
}

static void
dump(struct tally_buf *out, const struct tally_version *v, const char *file,
    struct tally_str text)
{
	struct tally_map *m = NULL;
	struct tally_err err = { .text = "" };

	tally_buf_init(out, TEXT_MAX);
	if (tally_map_load(&m, reading_model, v, NULL, file, text, &err) !=
	    TALLY_OK)
		fail_msg("%s:%u: %s", err.file, err.line, err.text);
	tally_map_dump(m, out);
	tally_map_free(m);
}

/* Text and effective text compile to the same program, and the effective text
 * of that is the same but for the places that it names. */
static void
same_program(
    const struct tally_version *v, const char *file, struct tally_str text)
{
	struct tally_buf once, a, b;

	effective(&once, v, file, text);
	assert_null(strstr(once.p, "<use "));
	assert_null(strstr(once.p, "extends="));
	dump(&a, v, file, text);
	dump(&b, v, "effective", tally_buf_view(&once));
	assert_string_equal(a.p, b.p);
	tally_buf_free(&once);
	tally_buf_free(&a);
	tally_buf_free(&b);
}

static void
test_shipped(void **state)
{
	const struct tally_version *v;
	const char *name;

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		v = tally_version_find(&tally_builtin, tally_cstr(versions[i]));
		for (size_t k = 0; k < tally_nembedded; k++) {
			name = tally_embedded[k].name;
			if (strspn(name, "0123456789") != 3 ||
			    strcmp(name + 3, ".xml") != 0)
				continue;
			same_program(v, name, tally_embedded_find(name));
		}
	}
}

static void
test_variant(void **state)
{
	struct tally_buf b;

	(void)state;
	same_program(reading_version, "acme-850.xml", tally_cstr(VARIANT));
	effective(&b, reading_version, "acme-850.xml", tally_cstr(VARIANT));
	assert_non_null(strstr(b.p, "<code x12=\"00\" value=\"brand_new\"/> "));
	assert_non_null(strstr(b.p, " <!-- acme-850.xml:2 -->\n"));
	assert_null(strstr(b.p, "value=\"original\""));
	assert_non_null(strstr(b.p, "value=\"cancellation\"/>"));
	assert_non_null(strstr(b.p,
	    "\n    <field column=\"contract_number\" "
	    "ref=\"REF02\" where=\"REF01=CT\"/> "));
	assert_non_null(strstr(b.p, " <!-- acme-850.xml:4 -->\n"));
	assert_null(strstr(b.p, "column=\"department\""));
	assert_null(strstr(b.p, "versions=\"005010\""));
	tally_buf_free(&b);
}

static void
test_hyphens(void **state)
{
	static const char text[] = BEGIN BEG PO1 END;
	struct tally_buf b;

	(void)state;
	effective(&b, reading_version, "a--b---", tally_cstr(text));
	assert_non_null(strstr(b.p, "<!-- a- -b- - -:2 -->"));
	same_program(reading_version, "a--b---", tally_cstr(text));
	tally_buf_free(&b);
}

static void
test_dump(void **state)
{
	static const char text[] = BEGIN BEG PO1
	    "<rows table='dates' segment='DTM' where='DTM01=002|037'>"
	    "<constant column='kind' value='x'/>"
	    "<field column='role' ref='DTM01'/>"
	    "<field column='date' ref='DTM02' required='yes'/></rows>" END;
	struct tally_buf b;

	(void)state;
	dump(&b, reading_version, "t", tally_cstr(text));
	assert_non_null(strchr(b.p, '\n'));
	assert_string_equal(strchr(b.p, '\n') + 1,
	    "\n"
	    "block 0, record: rows of orders\n"
	    "  BEG at 1.020 in the set itself\n"
	    "    TAKE      any, for 4, bit 0\n"
	    "    FIELD     BEG01 -> orders.purpose\n"
	    "    FIELD     BEG02 -> orders.type\n"
	    "    FIELD     BEG03 -> orders.po_number\n"
	    "    FIELD     BEG05 -> orders.order_date\n"
	    "  DTM at 1.150 in the set itself\n"
	    "    ROWS      block 2\n"
	    "  PO1 at 2.010 in PO1\n"
	    "    ROWS      block 1\n"
	    "\n"
	    "block 1, loop PO1, in block 0: rows of order_lines\n"
	    "  PO1 at 2.010 in PO1\n"
	    "    TAKE      any, for 1, bit 0\n"
	    "    FIELD     PO102 -> order_lines.quantity\n"
	    "\n"
	    "block 2, segment DTM, in block 0: rows of dates\n"
	    "  where DTM01=002|037\n"
	    "  kind is \"x\"\n"
	    "  date is required, from DTM02\n"
	    "  DTM at 1.150 in the set itself\n"
	    "    TAKE      any, for 2, bit 0\n"
	    "    FIELD     DTM01 -> dates.role\n"
	    "    FIELD     DTM02 -> dates.date\n");
	tally_buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_variant),
		cmocka_unit_test(test_hyphens),
		cmocka_unit_test(test_dump),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
