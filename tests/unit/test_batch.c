/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: rows, documents taken back, ceilings, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tallyman/record.h"

static const struct tally_column order_columns[] = {
	{ "number", TALLY_TEXT, true, "", NULL },
	{ "lines", TALLY_INTEGER, false, "", NULL },
};
static const struct tally_column line_columns[] = {
	{ "quantity", TALLY_DECIMAL, false, "", NULL },
	{ "text", TALLY_TEXT, false, "", NULL },
};
static const struct tally_reference line_references[] = {
	{ "order_id", 0 },
	{ "other_id", 1 },
};
static const struct tally_table tables[] = {
	{ "orders", "", true, NULL, 0, order_columns, 2, { 0 }, 1, NULL, 0 },
	{ "lines", "", false, line_references, 2, line_columns, 2, { 0 }, 0,
	    NULL, 0 },
};
static const struct tally_model model = { .table = tables, .ntable = 2 };

static uint32_t
row(struct tally_batch *b, uint16_t table)
{
	struct tally_err err;
	uint32_t r;

	if (tally_batch_row(b, table, &r, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	return r;
}

static void
set(struct tally_batch *b, uint16_t table, uint32_t r, uint16_t column,
    const char *s)
{
	struct tally_err err;

	if (tally_batch_set(b, table, r, column, tally_cstr(s), &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
}

static void
put_order(struct tally_batch *b, const char *number, int lines)
{
	uint32_t r;

	tally_batch_document(b);
	r = row(b, 0);
	set(b, 0, r, 0, number);
	set(b, 0, r, 1, "2");
	for (int i = 0; i < lines; i++) {
		r = row(b, 1);
		assert_int_equal(b->rows[1].row[r].seq, i);
		set(b, 1, r, 0, "1.50");
		b->rows[1].reference[r * 2] = 0;
	}
}

static void
test_rows(void **state)
{
	struct tally_batch b;
	struct tally_err err;
	const struct tally_rows *lines;

	(void)state;
	assert_int_equal(tally_batch_init(&b, &model, 1 << 20, &err), TALLY_OK);
	for (int round = 0; round < 3; round++) {
		put_order(&b, "A", 40);
		put_order(&b, "", 3);
		put_order(&b, "C", 100);
		assert_int_equal(b.ndocument, 3);
		tally_batch_undo(&b);
		assert_int_equal(b.ndocument, 2);
		put_order(&b, "D", 1);
		assert_int_equal(b.rows[0].n, 3);
		lines = &b.rows[1];
		assert_int_equal(lines->n, 44);
		assert_int_equal(lines->row[43].document, 2);
		assert_int_equal(lines->row[43].seq, 0);
		assert_memory_equal(
		    tally_rows_cell(lines, 43, 0)->p, "1.50", 4);
		assert_null(tally_rows_cell(lines, 43, 1)->p);
		assert_int_equal(lines->reference[43 * 2], 0);
		assert_int_equal(lines->reference[43 * 2 + 1], TALLY_NO_ROW);
		/* empty text is a value, not null */
		assert_non_null(tally_rows_cell(&b.rows[0], 1, 0)->p);
		assert_int_equal(tally_rows_cell(&b.rows[0], 1, 0)->n, 0);
		tally_batch_reset(&b);
		assert_int_equal(b.rows[1].n, 0);
		assert_int_equal(b.ndocument, 0);
	}
	tally_batch_free(&b);
}

/* Columns get their slots one after the other, while rows are there. */
static void
test_slots(void **state)
{
	enum { COLUMNS = 11, ROWS = 40 };
	struct tally_column column[COLUMNS];
	const struct tally_table table = {
		.name = "t", .note = "", .column = column, .ncolumn = COLUMNS
	};
	const struct tally_model m = { .table = &table, .ntable = 1 };
	const struct tally_cell *c;
	struct tally_err err;
	struct tally_batch b;
	char text[16];

	(void)state;
	for (unsigned k = 0; k < COLUMNS; k++)
		column[k] =
		    (struct tally_column){ .name = "c", .type = TALLY_TEXT };
	assert_int_equal(tally_batch_init(&b, &m, 1 << 20, &err), TALLY_OK);
	tally_batch_document(&b);
	/* the nth row has values in the last n columns, up to all of them */
	for (uint32_t i = 0; i < ROWS; i++) {
		assert_int_equal(row(&b, 0), i);
		for (uint16_t k = COLUMNS; k-- > 0 && k + i >= COLUMNS;) {
			snprintf(text, sizeof(text), "%u.%u", i, k);
			set(&b, 0, i, k, text);
		}
		assert_true(b.rows[0].width <= COLUMNS + 1); /* an even one */
	}
	for (uint32_t i = 0; i < ROWS; i++)
		for (uint16_t k = 0; k < COLUMNS; k++) {
			c = tally_rows_cell(&b.rows[0], i, k);
			snprintf(text, sizeof(text), "%u.%u", i, k);
			if (k + i >= COLUMNS)
				assert_true(tally_str_eq(
				    tally_str(c->p, c->n), tally_cstr(text)));
			else
				assert_null(c->p);
		}
	assert_int_equal(b.rows[0].slot[COLUMNS - 1], 0);
	assert_int_equal(b.rows[0].slot[0], COLUMNS - 1);
	tally_batch_free(&b);
}

/* The rows of each document are found, however unlike documents are. */
static void
test_documents(void **state)
{
	enum { DOCUMENTS = 300 };
	uint32_t from, n, next = 0;
	struct tally_err err;
	struct tally_batch b;

	(void)state;
	assert_int_equal(
	    tally_batch_init(&b, &model, 64 << 20, &err), TALLY_OK);
	for (int i = 0; i < DOCUMENTS; i++)
		put_order(&b, "N", i % 7 == 0 ? 90 - i / 4 : i % 3);
	for (int i = 0; i < DOCUMENTS; i++) {
		tally_batch_rows(&b, 1, (uint32_t)i, &from, &n);
		assert_int_equal(from, next);
		assert_int_equal(n, i % 7 == 0 ? 90 - i / 4 : i % 3);
		next += n;
	}
	assert_int_equal(next, b.rows[1].n);
	tally_batch_free(&b);
}

static void
test_json(void **state)
{
	static const char want[] =
	    "{\"orders\":[{\"id\":0,\"number\":\"B\\\"\",\"lines\":2}],"
	    "\"lines\":[{\"id\":0,\"order_id\":0,\"quantity\":\"1.50\"},"
	    "{\"id\":1,\"order_id\":0,\"quantity\":\"1.50\"}]}\n";
	struct tally_batch b;
	struct tally_buf out;
	struct tally_err err;

	(void)state;
	assert_int_equal(tally_batch_init(&b, &model, 1 << 20, &err), TALLY_OK);
	tally_buf_init(&out, 1 << 20);
	put_order(&b, "A", 3);
	put_order(&b, "B\"", 2);
	put_order(&b, "C", 0);
	tally_batch_document(&b);
	tally_batch_json(&b, 1, &out);
	assert_string_equal(out.p, want);
	tally_buf_reset(&out);
	tally_batch_json(&b, 3, &out);
	assert_string_equal(out.p, "{}\n");
	tally_buf_free(&out);
	tally_batch_free(&b);
}

/* Appends until the batch is full; the text says why. */
static enum tally_rc
fill(struct tally_batch *b, bool text, struct tally_err *err)
{
	char bytes[100] = { 0 };
	uint32_t r;
	enum tally_rc rc;

	for (;;) {
		rc = tally_batch_row(b, 1, &r, err);
		if (rc == TALLY_OK && text)
			rc = tally_batch_set(
			    b, 1, r, 1, tally_str(bytes, sizeof(bytes)), err);
		if (rc != TALLY_OK)
			return rc;
	}
}

static void
test_ceilings(void **state)
{
	struct tally_batch b;
	struct tally_err err;

	(void)state;
	for (int text = 0; text < 2; text++) {
		assert_int_equal(
		    tally_batch_init(&b, &model, 100000, &err), TALLY_OK);
		tally_batch_document(&b);
		assert_int_equal(fill(&b, text, &err), TALLY_NOMEM);
		assert_non_null(strstr(err.text, "a document has no room"));
		/* the last row's text comes on top */
		assert_true(b.used - b.begun <= 50000 + 100);
		assert_true(b.rows[1].n > 200);
		assert_true(b.rows[1].n < 3000);
		tally_batch_free(&b);
	}
	assert_int_equal(
	    tally_batch_init(&b, &model, (size_t)1 << 30, &err), TALLY_OK);
	tally_batch_document(&b);
	put_order(&b, "A", 0);
	assert_int_equal(fill(&b, false, &err), TALLY_NOMEM);
	assert_non_null(strstr(err.text, "more than 1048576 rows of lines"));
	assert_int_equal(b.rows[1].n, TALLY_ROWS_MAX);
	tally_batch_free(&b);
}

/* Many rows are there at once, or none of them is. */
static void
test_many(void **state)
{
	struct tally_batch b;
	struct tally_err err;
	size_t used;
	uint32_t fit;

	(void)state;
	assert_int_equal(tally_batch_init(&b, &model, 100000, &err), TALLY_OK);
	tally_batch_document(&b);
	assert_int_equal(tally_batch_add_many(&b, 1, 5), 0);
	assert_int_equal(row(&b, 1), 5);
	assert_int_equal(tally_batch_add_many(&b, 1, 100), 6);
	assert_int_equal(b.rows[1].n, 106);
	tally_batch_document(&b);
	used = b.used;
	assert_int_equal(used, 106 * b.rows[1].size);
	fit = (uint32_t)(50000 / b.rows[1].size);
	assert_int_equal(tally_batch_add_many(&b, 1, fit + 1), TALLY_NO_ROW);
	assert_int_equal(b.used, used);
	assert_int_equal(b.rows[1].n, 106);
	assert_int_equal(tally_batch_add_many(&b, 1, fit), 106);
	for (uint32_t i = 0; i < b.rows[1].n; i++) {
		assert_int_equal(b.rows[1].row[i].document, i >= 106);
		assert_int_equal(b.rows[1].row[i].seq, i < 106 ? i : i - 106);
	}
	tally_batch_free(&b);
	assert_int_equal(
	    tally_batch_init(&b, &model, (size_t)1 << 30, &err), TALLY_OK);
	tally_batch_document(&b);
	assert_int_equal(tally_batch_add_many(&b, 1, UINT32_MAX), TALLY_NO_ROW);
	assert_int_equal(
	    tally_batch_add_many(&b, 1, TALLY_ROWS_MAX + 1), TALLY_NO_ROW);
	assert_int_equal(row(&b, 1), 0);
	assert_int_equal(
	    tally_batch_add_many(&b, 1, TALLY_ROWS_MAX), TALLY_NO_ROW);
	assert_int_equal(tally_batch_add_many(&b, 1, TALLY_ROWS_MAX - 1), 1);
	tally_batch_free(&b);
}

static void
test_key(void **state)
{
	struct tally_batch b;
	struct tally_err err;

	(void)state;
	assert_int_equal(tally_batch_init(&b, &model, 1 << 20, &err), TALLY_OK);
	put_order(&b, "A", 3);
	tally_batch_document(&b);
	(void)row(&b, 1);
	put_order(&b, "B", 0);
	assert_true(tally_str_eq(tally_batch_key(&b, 0), TALLY_STR("A")));
	assert_int_equal(tally_batch_key(&b, 1).n, 0);
	assert_true(tally_str_eq(tally_batch_key(&b, 2), TALLY_STR("B")));
	tally_batch_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
