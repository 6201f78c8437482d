/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that are written like rows before, and have more than a plan holds: as
 * many columns, texts and rows below as there are.  They are written as by a
 * map that has no plans.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "map/write.h"
#include "support/writing.h"

#define TIMES 3 /* that a document is written */

static const struct tally_map_writing how = {
	.separators = { '*', '~', '>', 0 },
	.line_end = "\n",
	.control = "0001",
};

/* Plans that are known of the blocks of a map. */
static unsigned
known(const struct tally_map *map)
{
	const struct plan *p;
	unsigned n = 0;

	for (size_t i = 0; i < map->nblock; i++)
		for (p = map->scratch.block[i].plan; p != NULL; p = p->next)
			n += p->part != NULL;
	return n;
}

/* Writes a document again and again with a map; how many plans are known. */
static unsigned
write_times(const char *map, const char *records)
{
	struct tally_buf want, out;
	struct reading r;
	unsigned n;

	tally_buf_init(&want, 1 << 20);
	tally_buf_init(&out, 1 << 20);
	writing_begin_unplanned(&r, map);
	writing_put(&want, &r, records, NULL, &how);
	assert_int_equal(r.findings.n, 0);
	reading_end(&r);
	reading_begin(&r, map);
	for (unsigned i = 0; i < TIMES; i++) {
		tally_buf_reset(&out);
		writing_put(&out, &r, records, NULL, &how);
		assert_string_equal(out.p, want.p);
	}
	n = known(r.map);
	reading_end(&r);
	tally_buf_free(&want);
	tally_buf_free(&out);
	return n;
}

/* --- columns --- */

/* Columns of texts that an order has in the model, without those of BEG. */
static bool
is_used(const struct tally_column *c)
{
	static const char *const beg[] = { "kind", "purpose", "type",
		"po_number" };

	for (size_t i = 0; i < sizeof(beg) / sizeof(*beg); i++)
		if (strcmp(c->name, beg[i]) == 0)
			return false;
	return c->local == NULL && c->type == TALLY_TEXT;
}

/* A map with all these columns, each in a segment of its own with a long text
 * that is always the same, and records with some. */
static void
put_columns(struct tally_buf *map, struct tally_buf *json, unsigned some)
{
	int at = tally_model_table(reading_model, TALLY_STR("orders"));
	const struct tally_table *t = &reading_model->table[at];
	unsigned n = 0;

	tally_buf_puts(map, BEGIN BEG);
	tally_buf_puts(json,
	    "'orders':[{'purpose':'00','type':'NE',"
	    "'po_number':'1','order_date':'2026-01-05'");
	for (uint16_t i = 0; i < t->ncolumn; i++) {
		if (!is_used(&t->column[i]))
			continue;
		tally_buf_printf(map,
		    "<field column='%s' ref='TD503' "
		    "where='TD505=ALWAYS-THE-SAME-IN-PLACE-%03u'/>",
		    t->column[i].name, n);
		if (n++ < some)
			tally_buf_printf(
			    json, ",'%s':'VALUE'", t->column[i].name);
	}
	assert_true(n > 30);
	tally_buf_puts(map, PO1 END);
	tally_buf_puts(json, "}],'order_lines':[{'quantity':'1'}]");
}

static void
test_columns(void **state)
{
	static const struct {
		unsigned some, known;
	} cases[] = { { 0, 2 }, { 1, 2 }, { 10, 2 }, { 20, 2 },
		{ 30, 1 } }; /* too much text: the line alone has a plan */
	struct tally_buf map, json;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tally_buf_init(&map, 1 << 20);
		tally_buf_init(&json, 1 << 20);
		put_columns(&map, &json, cases[i].some);
		assert_int_equal(write_times(map.p, json.p), cases[i].known);
		tally_buf_free(&map);
		tally_buf_free(&json);
	}
}

/* --- rows below --- */

#define KINDS 90

static void
test_blocks(void **state)
{
	/* blocks that have rows, and plans: those rows', the line's and, if
	 * there are not too many, the order's */
	static const struct {
		unsigned blocks, known;
	} cases[] = { { 1, 3 }, { PLAN_ROWS - 1, PLAN_ROWS + 1 },
		{ PLAN_ROWS, PLAN_ROWS + 1 }, { 40, 41 },
		{ KINDS, KINDS + 1 } };
	struct tally_buf map, json;

	(void)state;
	tally_buf_init(&map, 1 << 20);
	tally_buf_puts(&map, BEGIN BEG);
	writing_rules(&map, KINDS);
	tally_buf_puts(&map, PO1 END);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tally_buf_init(&json, 1 << 20);
		tally_buf_puts(&json,
		    "'orders':[{'purpose':'00','type':'NE','po_number':'1',"
		    "'order_date':'2026-01-05'}],'order_lines':[{'quantity':"
		    "'1'}],'reference_numbers':[");
		for (unsigned k = 0; k < cases[i].blocks; k++)
			tally_buf_printf(&json,
			    "%s{'kind':'k%u','qualifier':'DP','value':'%u'}",
			    k > 0 ? "," : "", k, k);
		tally_buf_puts(&json, "]");
		assert_int_equal(write_times(map.p, json.p), cases[i].known);
		tally_buf_free(&json);
	}
	tally_buf_free(&map);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_blocks),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
