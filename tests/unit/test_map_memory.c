/* SPDX-License-Identifier: Apache-2.0 */
/* Maps without memory: whichever allocation fails, a plain error comes of it,
 * nothing leaks, and the same thing works afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/counted.h"
#include "support/reading.h"

static const char map[] =
    BEGIN BEG PO1 "<attribute name='contract' ref='BEG06'/>"
		  "<field column='department' ref='REF02' where='REF01=DP'/>"
		  "<count ref='CTT01' of='order_lines'/>"
		  "<rows table='reference_numbers' segment='REF'>"
		  "<field column='qualifier' ref='REF01'/></rows>" END;

static const char mistake[] = BEGIN BEG PO1 "<feild column='release'/>" END;

/* Loads a text with the n-th allocation failing. */
static enum tally_rc
load(const char *text, long n, struct tally_err *err)
{
	struct tally_map *m = NULL;
	enum tally_rc rc;

	counted_left = n;
	rc = tally_map_load(&m, reading_model, reading_version, NULL, "t.xml",
	    tally_cstr(text), err);
	counted_left = -1;
	tally_map_free(m);
	return rc;
}

static void
fail_each(const char *text, enum tally_rc at_last)
{
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	long n;

	for (n = 0; rc == TALLY_NOMEM; n++) {
		err = (struct tally_err){ 0 };
		counted_blocks = 0;
		rc = load(text, n, &err);
		assert_int_equal(counted_blocks, 0);
		assert_int_equal(err.rc, rc);
		assert_true(rc == TALLY_OK || err.text[0] != '\0');
	}
	if (rc != at_last || n < 5)
		fail_msg("allocation %ld: %d %s", n - 1, rc, err.text);
}

static void
test_load(void **state)
{
	(void)state;
	tally_allocator_set(&counted);
	fail_each(map, TALLY_OK);
	fail_each(mistake, TALLY_CONFIG);
	tally_allocator_set(NULL);
}

static void
test_model(void **state)
{
	static const char text[] =
	    "<records xmlns='urn:tallyman:records:1'><table name='t' "
	    "head='yes' key='c'><note>n</note><column name='c'>n</column>"
	    "</table></records>";
	struct tally_model *m = NULL;
	struct tally_err err;
	enum tally_rc rc = TALLY_NOMEM;
	long n;

	(void)state;
	tally_allocator_set(&counted);
	for (n = 0; rc == TALLY_NOMEM; n++) {
		counted_blocks = 0;
		counted_left = n;
		rc = tally_model_load(&m, "r.xml", tally_cstr(text), &err);
		counted_left = -1;
		tally_model_free(m);
		assert_int_equal(counted_blocks, 0);
	}
	tally_allocator_set(NULL);
	assert_int_equal(rc, TALLY_OK);
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
