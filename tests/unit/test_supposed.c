/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are supposed to be without a mistake, from their envelopes: what
 * is recorded, found and answered in the end is what it is where nothing is
 * supposed, as it is not of a file that was tried before.
 */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "flow/wire.h"
#include "support/workspace.h"

#define SITE \
	"<tallyman xmlns=\"urn:tallyman:config:1\">" \
	"<partner name=\"them\" qualifier=\"ZZ\" id=\"THEM\" " \
	"unique-groups=\"partner\">" \
	"<finding kind=\"receiver_unknown\" severity=\"accept\"/>" \
	"<mailbox url=\"dir:.\"><pull from=\"drop\" settle=\"0\"/>" \
	"<push to=\"out\"/></mailbox><receive set=\"850\"/></partner>" \
	"</tallyman>"

#define ORDERS 3300 /* more than a file that comes at once has */

/* --- files --- */

static void
orders(unsigned control, unsigned first, unsigned n)
{
	const struct workspace_order o = { control, first, n, 'P', NULL };

	workspace_order(&workspace_text, &o);
}

/* Where that occurs the n-th time, from 1; 0: the last time. */
static size_t
place(const char *what, unsigned n)
{
	const char *at = NULL, *next = workspace_text.p;

	for (unsigned i = 0; (i < n || n == 0) && next != NULL; i++) {
		next = strstr(at != NULL ? at + 1 : workspace_text.p, what);
		at = next != NULL ? next : at;
	}
	assert_non_null(at);
	return (size_t)(at - workspace_text.p);
}

/* The n-th occurrence of a text becomes another one of the same length. */
static void
replace(const char *what, unsigned n, const char *by)
{
	assert_int_equal(strlen(what), strlen(by));
	memcpy(workspace_text.p + place(what, n), by, strlen(by));
}

static void
all_well(void)
{
	orders(7, 1, ORDERS);
}

static void
last_value(void)
{
	orders(7, 1, ORDERS);
	replace("CTT*1", 0, "CTT*9");
}

static void
first_value(void)
{
	orders(7, 1, ORDERS);
	replace("**20260105~", 1, "**20261305~");
}

static void
values_in_between(void)
{
	orders(7, 1, ORDERS);
	for (unsigned i = 1; i < ORDERS; i += 500)
		replace("PO1*1*2*EA", i, "PO1*1*X*EA");
}

static void
segment_that_is_none(void)
{
	orders(7, 1, ORDERS);
	replace("CTT*1", 2000, "QQQ*1");
}

static void
set_of_another_group(void)
{
	orders(7, 1, ORDERS);
	replace("ST*850", 3000, "ST*856");
}

static void
sets_of_another_group(void)
{
	orders(7, 1, ORDERS);
	replace("GS*PO", 1, "GS*SH");
}

static void
number_of_a_group_again(void)
{
	orders(7, 1, ORDERS);
	orders(8, ORDERS + 1, ORDERS);
	replace("0800*8*X", 1, "0800*7*X");
	replace("GE*3300*8", 1, "GE*3300*7");
}

static void
set_that_is_none(void)
{
	orders(7, 1, ORDERS);
	replace("ST*850", 3000, "ST*85X");
}

static void
count_of_a_set(void)
{
	orders(7, 1, ORDERS);
	replace("SE*5*", 1500, "SE*6*");
}

static void
count_of_the_group(void)
{
	orders(7, 1, ORDERS);
	replace("GE*3300", 1, "GE*3299");
}

static void
number_of_the_group(void)
{
	orders(7, 1, ORDERS);
	replace("GE*3300*7", 1, "GE*3300*8");
}

static void
number_of_the_interchange(void)
{
	orders(7, 1, ORDERS);
	replace("IEA*1*000000007", 1, "IEA*1*000000008");
}

static void
no_trailer(void)
{
	orders(7, 1, ORDERS);
	workspace_text.n = place("IEA", 1);
}

static void
no_end(void)
{
	orders(7, 1, ORDERS);
	workspace_text.n = place("CTT", 0) + 2;
}

static void
two_well(void)
{
	orders(7, 1, ORDERS);
	orders(8, ORDERS + 1, ORDERS);
}

static void
second_of_two(void)
{
	two_well();
	replace("CTT*1", 0, "CTT*9");
}

static void
first_of_two(void)
{
	two_well();
	replace("CTT*1", ORDERS, "CTT*9");
}

static void
text_between(void)
{
	orders(7, 1, ORDERS);
	tally_buf_puts(&workspace_text, "what is this?\r\n");
	orders(8, ORDERS + 1, ORDERS);
}

static void
text_behind(void)
{
	orders(7, 1, ORDERS);
	tally_buf_puts(&workspace_text, "\r\n\x1a and more");
}

static void
envelope_of_the_second(void)
{
	two_well();
	replace("GE*3300*8", 1, "GE*3300*9");
}

static void
same_number_again(void)
{
	orders(7, 1, ORDERS);
	orders(7, ORDERS + 1, ORDERS);
}

static void
twice_the_same(void)
{
	orders(7, 1, ORDERS);
	orders(7, 1, ORDERS);
}

static void
orders_repeated(void)
{
	orders(7, 1, ORDERS);
	orders(8, 1, ORDERS);
}

static void
for_somebody_else(void)
{
	orders(7, 1, ORDERS);
	replace("ZZ*US             ", 1, "ZZ*OTHER          ");
}

static void
from_somebody_else(void)
{
	orders(7, 1, ORDERS);
	replace("ZZ*THEM           ", 1, "ZZ*OTHER          ");
	replace("CTT*1", 0, "CTT*9");
}

static const struct {
	const char *name;
	void (*write)(void);
} file[] = {
	{ "all is well", all_well },
	{ "a value of the last set", last_value },
	{ "a value of the first set", first_value },
	{ "values in between", values_in_between },
	{ "a segment that is none", segment_that_is_none },
	{ "a set of another group", set_of_another_group },
	{ "sets of another group", sets_of_another_group },
	{ "the number of a group again", number_of_a_group_again },
	{ "a set that is none", set_that_is_none },
	{ "the count of a set", count_of_a_set },
	{ "the count of the group", count_of_the_group },
	{ "the number of the group", number_of_the_group },
	{ "the number of the interchange", number_of_the_interchange },
	{ "no IEA", no_trailer },
	{ "no end of the last set", no_end },
	{ "two interchanges", two_well },
	{ "the second of two", second_of_two },
	{ "the first of two", first_of_two },
	{ "text between", text_between },
	{ "text behind", text_behind },
	{ "the envelope of the second", envelope_of_the_second },
	{ "the same number again", same_number_again },
	{ "twice the same", twice_the_same },
	{ "orders repeated", orders_repeated },
	{ "for somebody else", for_somebody_else },
	{ "from somebody else", from_somebody_else },
};

/* --- what becomes of them --- */

static void
run(struct workspace *w, bool tried)
{
	struct flow f = { 0 };
	struct tally_err err;
	uint32_t attempts;

	workspace_make(w, SITE);
	workspace_put(w, "drop", "a.edi", tally_buf_view(&workspace_text));
	assert_int_equal(workspace_stage(w, 0), 0);
	if (tried) {
		assert_int_equal(
		    flow_begin(&f, w->dir, FLOW_WORK, &err), TALLY_OK);
		assert_int_equal(
		    store_file_attempt(f.store, 1, &attempts, &err), TALLY_OK);
		flow_end(&f);
	}
	(void)workspace_run(w);
}

/* The rows of all tables but those that tell of attempts, as one hash of each;
 * the answers. */
static void
outcome(const struct workspace *w, struct tally_buf *b)
{
	static const char tables[] =
	    "SELECT name FROM sqlite_master WHERE type = 'table'"
	    " AND name NOT IN ('files', 'events', 'sqlite_sequence')";
	char path[128], sql[128];
	unsigned char sum[TALLY_HASH_SIZE];
	char hex[TALLY_HASH_HEX];
	sqlite3_stmt *table, *row;
	struct tally_hash *hash;
	struct tally_err err;
	uint64_t n;
	sqlite3 *db;

	workspace_counts(w, b);
	workspace_read(w, "out", b);
	assert_int_equal(tally_hash_new(&hash, &err), TALLY_OK);
	snprintf(path, sizeof(path), "%s/tallyman.db", w->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, tables, -1, &table, NULL), SQLITE_OK);
	while (sqlite3_step(table) == SQLITE_ROW) {
		snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\"",
		    (const char *)sqlite3_column_text(table, 0));
		assert_int_equal(
		    sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
		for (n = 0; sqlite3_step(row) == SQLITE_ROW; n++)
			for (int i = 0; i < sqlite3_column_count(row); i++) {
				int type = sqlite3_column_type(row, i);
				const void *p = sqlite3_column_blob(row, i);

				tally_hash_add(hash, &type, sizeof(type));
				tally_hash_add(hash, p,
				    (size_t)sqlite3_column_bytes(row, i));
			}
		sqlite3_finalize(row);
		tally_hash_end(hash, sum);
		tally_hash_hex(sum, hex);
		if (n > 0)
			tally_buf_printf(b, "%s %llu %s\n",
			    (const char *)sqlite3_column_text(table, 0),
			    (unsigned long long)n, hex);
	}
	sqlite3_finalize(table);
	sqlite3_close(db);
	tally_hash_free(hash);
}

static void
test_same(void **state)
{
	struct tally_buf one, other;
	struct workspace w;

	(void)state;
	tally_buf_init(&one, 64u << 20);
	tally_buf_init(&other, 64u << 20);
	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++) {
		tally_buf_reset(&workspace_text);
		tally_buf_reset(&one);
		tally_buf_reset(&other);
		file[i].write();
		assert_true(workspace_text.n > WIRE_SMALL);
		run(&w, false);
		outcome(&w, &one);
		workspace_remove(&w);
		run(&w, true);
		outcome(&w, &other);
		workspace_remove(&w);
		if (!tally_str_eq(tally_buf_view(&one), tally_buf_view(&other)))
			fail_msg("%s: supposed\n%s\notherwise\n%s",
			    file[i].name, one.p, other.p);
	}
	tally_buf_free(&one);
	tally_buf_free(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
