/* SPDX-License-Identifier: Apache-2.0 */
/* Maps without memory: whichever allocation fails, a plain error comes of it,
 * nothing leaks, and the same thing works afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

#define LONG 200000 /* more than is kept ready for one document */

/* A document whose order has a number of so many letters A. */
static void
make(struct reading *r, struct tally_str number)
{
	struct tally_buf b;
	struct tally_err err;
	int table = tally_model_table(reading_model, TALLY_STR("orders"));
	int column = tally_table_column(
	    &reading_model->table[table], TALLY_STR("po_number"));

	reading_begin(r, map);
	tally_buf_init(&b, 1u << 20);
	reading_wrap(
	    &b, "BEG*00*SA*1**20260105~\nREF*ZZ*AB~\nPO1*1*2*EA~\n", 0);
	reading_judge(r, tally_buf_view(&b));
	tally_buf_free(&b);
	assert_int_equal(tally_batch_set(&r->batch, (uint16_t)table, 0,
			     (uint16_t)column, number, &err),
	    TALLY_OK);
}

/* Writes it with the n-th allocation failing. */
static enum tally_rc
write(struct tally_str number, long n, struct tally_buf *out)
{
	const struct tally_map_writing how = { .separators = { '*', '~', '>',
						   0 },
		.residue = { '*', '~', '>', 0 },
		.line_end = "\n",
		.control = "0001",
		.characters = TALLY_CHARACTERS_BASIC };
	struct tally_err err = { 0 };
	struct reading r;
	uint32_t segments;
	enum tally_rc rc;

	make(&r, number);
	counted_left = n;
	rc = tally_map_write(
	    r.map, &r.batch, 0, NULL, &how, out, &segments, &r.findings, &err);
	counted_left = -1;
	assert_int_equal(err.rc, rc);
	reading_end(&r);
	return rc;
}

/* Small letters are sent as capitals, so the number is made anew. */
static void
test_write(void **state)
{
	struct tally_str number = { .n = LONG };
	enum tally_rc rc = TALLY_NOMEM;
	struct tally_buf out;
	char *p;
	long n;

	(void)state;
	p = malloc(LONG);
	assert_non_null(p);
	number.p = memset(p, 'a', LONG);
	tally_allocator_set(&counted);
	for (n = 0; rc == TALLY_NOMEM; n++) {
		counted_blocks = 0;
		tally_buf_init(&out, 1u << 20);
		rc = write(number, n, &out);
		if (rc == TALLY_OK) {
			assert_non_null(strstr(out.p, "*AAAAAAAA"));
			assert_non_null(strstr(out.p, "PO1**2~"));
			assert_true(out.n > LONG);
		}
		tally_buf_free(&out);
		assert_int_equal(counted_blocks, 0);
	}
	tally_allocator_set(NULL);
	free(p);
	assert_int_equal(rc, TALLY_OK);
	assert_true(n > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
