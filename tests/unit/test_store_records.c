/* SPDX-License-Identifier: Apache-2.0 */
/* Documents and records: batches, keys, texts, what survives a death. */
#include "store/store.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/load.h"
#include "support/store_fixture.h"

#define N 50

static void
put(struct fixture *f, struct store_document *d, size_t n,
    const struct tally_batch *b)
{
	struct tally_err err = { .text = "" };

	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	if (store_documents_put(f->store, "acme", d, n, b, FIXTURE_NOW, &err) !=
	    TALLY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(store_commit(f->store, &err), TALLY_OK);
}

static void
put_some(struct fixture *f, size_t n, unsigned first)
{
	struct store_document *d = test_calloc(n, sizeof(*d));
	struct tally_batch b;

	fixture_batch(f, &b, d, n, first, fixture_group(f).group);
	put(f, d, n, &b);
	tally_batch_free(&b);
	test_free(d);
}

static size_t
count_of(struct fixture *f, const struct tally_table *t)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", t->name);
	return strtoul(fixture_sql(f, sql), NULL, 10);
}

/* What the batch says a column holds, as SQLite would show it. */
static void
expect_rows(struct fixture *f, const struct tally_batch *b,
    const struct store_document *d)
{
	char sql[256], want[64];

	for (int t = 0; t < f->model.ntable; t++) {
		const struct tally_rows *r = &b->rows[t];

		for (uint32_t i = 0; i < r->n; i++) {
			int64_t document = d[r->row[i].document].id;
			int64_t id =
			    load_row_id(r->table, document, r->row[i].seq);

			for (int c = 0; c < r->table->ncolumn; c++) {
				const struct tally_cell *cell =
				    tally_rows_cell(r, i, (uint16_t)c);

				snprintf(sql, sizeof(sql),
				    "SELECT \"%s\" FROM %s WHERE id = %lld "
				    "AND document_id = %lld",
				    r->table->column[c].name, r->table->name,
				    (long long)id, (long long)document);
				snprintf(want, sizeof(want), "%.*s",
				    cell->p != NULL ? (int)cell->n : 4,
				    cell->p != NULL ? cell->p : "NULL");
				assert_string_equal(fixture_sql(f, sql), want);
			}
		}
	}
}

static void
batch_equals_rows(void **state)
{
	struct fixture *f = *state;
	struct store_document d[8];
	struct tally_batch b;

	fixture_batch(f, &b, d, 8, 1, fixture_group(f).group);
	put(f, d, 8, &b);
	for (int i = 0; i < 8; i++)
		assert_int_equal(d[i].id, i + 1);
	expect_rows(f, &b, d);
	for (int t = 0; t < f->model.ntable; t++)
		assert_int_equal(count_of(f, &f->model.table[t]), b.rows[t].n);
	tally_batch_free(&b);
	assert_string_equal(fixture_sql(f,
				"SELECT group_concat(DISTINCT typeof(position))"
				" FROM order_lines"),
	    "integer");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT count(*) FROM parties p JOIN orders o ON o.id = "
		"p.order_id WHERE p.order_line_id IS NULL"),
	    "8");
}

/* The parts of a call are as one, also where some have nothing. */
static void
parts_are_one(void **state)
{
	enum { PARTS = 3, EACH = 4 };
	struct fixture *f = *state;
	static const unsigned first[PARTS] = { 1, 100, 3 };
	struct store_document d[PARTS][EACH];
	struct tally_batch b[PARTS], none;
	struct store_part part[PARTS + 2];
	int64_t prior[PARTS * EACH], group = fixture_group(f).group;
	struct tally_err err = { .text = "" };
	size_t n;

	assert_int_equal(
	    tally_batch_init(&none, &f->model, 1u << 20, &err), TALLY_OK);
	part[0] = (struct store_part){ d[0], 0, &none };
	for (int i = 0; i < PARTS; i++) {
		fixture_batch(f, &b[i], d[i], EACH, first[i], group);
		part[i + 1] = (struct store_part){ d[i], EACH, &b[i] };
	}
	part[PARTS + 1] = (struct store_part){ NULL, 0, NULL };
	assert_int_equal(
	    store_parts_prior(f->store, "acme", part, PARTS + 2, prior, &err),
	    TALLY_OK);
	for (int i = 0; i < PARTS * EACH; i++)
		assert_int_equal(prior[i], i == 8 || i == 9 ? -1 : 0);
	d[1][2].verdict = TALLY_REJECTED;
	if (store_parts_put(f->store, "acme", part, PARTS + 2, FIXTURE_NOW,
		&err) != TALLY_OK)
		fail_msg("%s", err.text);
	for (int i = 0; i < PARTS * EACH; i++)
		assert_int_equal(d[i / EACH][i % EACH].id, i + 1);
	expect_rows(f, &b[0], d[0]);
	expect_rows(f, &b[2], d[2]);
	for (int t = 0; t < f->model.ntable; t++) {
		n = 0;
		for (int i = 0; i < PARTS; i++)
			for (uint32_t k = 0; k < b[i].rows[t].n; k++)
				n +=
				    i != 1 || b[i].rows[t].row[k].document != 2;
		assert_int_equal(count_of(f, &f->model.table[t]), n);
	}
	assert_string_equal(
	    fixture_sql(f,
		"SELECT subject_id || ' ' || subjects FROM events"
		" WHERE subject = 'documents'"),
	    "1 12");
	for (int i = 0; i < PARTS; i++)
		tally_batch_free(&b[i]);
	tally_batch_free(&none);
}

static void
ids_go_on_after_reopening(void **state)
{
	struct fixture *f = *state;

	put_some(f, N, 1);
	fixture_reopen(f);
	put_some(f, N, 1000);
	assert_string_equal(
	    fixture_sql(f, "SELECT max(id) FROM documents"), "100");
	assert_string_equal(
	    fixture_sql(f, "SELECT max(id) FROM order_lines"), "104857601");
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM order_lines"), "200");
	assert_string_equal(fixture_sql(f, "PRAGMA integrity_check"), "ok");
}

static void
rejected_documents_have_no_rows(void **state)
{
	struct fixture *f = *state;
	struct store_document d[3];
	struct tally_batch b;

	fixture_batch(f, &b, d, 3, 1, fixture_group(f).group);
	d[1].verdict = TALLY_REJECTED;
	d[1].state = "rejected";
	put(f, d, 3, &b);
	tally_batch_free(&b);
	assert_string_equal(
	    fixture_sql(f, "SELECT group_concat(id) FROM orders"), "1,3");
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM order_lines"), "4");
	assert_string_equal(
	    fixture_sql(
		f, "SELECT state || verdict FROM documents WHERE id = 2"),
	    "rejectedR");
}

static void
documents_without_a_batch(void **state)
{
	struct fixture *f = *state;
	struct store_document d = { .set = "997",
		.control = "0001",
		.verdict = TALLY_ACCEPTED,
		.state = "accepted",
		.batch = UINT32_MAX };

	d.group = fixture_group(f).group;
	put(f, &d, 1, NULL);
	assert_string_equal(
	    fixture_sql(f, "SELECT key FROM documents WHERE set_id = '997'"),
	    "NULL");
}

static void
keys_are_recognised(void **state)
{
	struct fixture *f = *state;
	struct store_document d[5];
	struct tally_batch b;
	int64_t prior[5];
	struct tally_err err;

	put_some(f, 3, 1); /* PO-000001 … 3 */
	fixture_batch(f, &b, d, 5, 2, 1);
	d[2].key = d[0].key;
	d[3].key = tally_str("", 0);
	snprintf(d[4].set, sizeof(d[4].set), "860");
	d[4].key = d[0].key;
	assert_int_equal(
	    fixture_prior(f->store, "acme", d, 5, prior, &err), TALLY_OK);
	assert_int_equal(prior[0], 2);
	assert_int_equal(prior[1], 3);
	assert_int_equal(prior[2], -1);
	assert_int_equal(prior[3], 0);
	assert_int_equal(prior[4], 0);
	assert_int_equal(
	    fixture_prior(f->store, "other", d, 5, prior, &err), TALLY_OK);
	assert_int_equal(prior[0], 0);
	assert_int_equal(prior[2], -1);
	tally_batch_free(&b);
}

/* Many keys are first asked about by the least and the greatest: the store has
 * three, from 11 on.  An odd one, which the store would have otherwise, must
 * not hide them. */
static void
many_keys_are_recognised(void **state)
{
	enum { MANY = 20 };
	static const struct {
		unsigned first;  /* of the keys */
		const char *odd; /* instead of the last one, which it is */
		unsigned found;
	} row[] = { { 1, NULL, 3 }, { 14, NULL, 0 }, { 100, NULL, 0 },
		{ 11, NULL, 3 }, { 13, NULL, 1 }, { 14, "A", 0 },
		{ 14, "PO-000012", 1 }, { 1, "\xff", 3 }, { 1, "", 3 },
		{ 14, "PO-000013\xff", 0 } };
	struct fixture *f = *state;
	struct store_document d[MANY];
	struct tally_batch b;
	int64_t prior[MANY];
	struct tally_err err;
	unsigned found;

	put_some(f, 3, 11);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		fixture_batch(f, &b, d, MANY, row[i].first, 1);
		if (row[i].odd != NULL)
			d[MANY - 1].key = tally_cstr(row[i].odd);
		assert_int_equal(
		    fixture_prior(f->store, "acme", d, MANY, prior, &err),
		    TALLY_OK);
		found = 0;
		for (int k = 0; k < MANY; k++)
			found += prior[k] != 0;
		if (found != row[i].found)
			fail_msg("row %zu: %u are found", i, found);
		tally_batch_free(&b);
	}
}

/* Every second one has the key of the one before it. */
static void
many_keys_at_once(void **state)
{
	struct fixture *f = *state;
	enum { MANY = 3000 };
	struct store_document *d = test_calloc(MANY, sizeof(*d));
	int64_t *prior = test_calloc(MANY, sizeof(*prior));
	const unsigned char hash[32] = { 5 }, other[32] = { 6 };
	struct tally_batch b;

	fixture_batch(f, &b, d, MANY, 1, fixture_group(f).group);
	for (int i = 1; i < MANY; i += 2)
		d[i].key = d[i - 1].key;
	for (int i = 0; i < MANY; i++) {
		d[i].map = "850";
		d[i].map_hash = i < MANY / 2 ? hash : other;
	}
	assert_int_equal(
	    fixture_prior(f->store, "acme", d, MANY, prior, NULL), TALLY_OK);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(prior[i], -(i % 2));
	put(f, d, MANY, &b);
	assert_int_equal(
	    fixture_prior(f->store, "acme", d, MANY, prior, NULL), TALLY_OK);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(prior[i], i % 2 != 0 ? -1 : d[i + 1].id);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(n, ' ') FROM (SELECT count(*) AS n FROM"
		" documents d JOIN maps m ON m.id = map_id GROUP BY hash)"),
	    "1500 1500");
	tally_batch_free(&b);
	test_free(prior);
	test_free(d);
}

static void
rejected_documents_take_no_key(void **state)
{
	struct fixture *f = *state;
	struct store_document d[2];
	struct tally_batch b;
	int64_t prior[2];
	struct tally_err err;

	fixture_batch(f, &b, d, 2, 1, fixture_group(f).group);
	d[0].verdict = TALLY_REJECTED;
	d[0].state = "rejected";
	d[1].key = d[0].key;
	assert_int_equal(
	    fixture_prior(f->store, "acme", d, 2, prior, &err), TALLY_OK);
	assert_int_equal(prior[1], 0);
	put(f, d, 1, &b);
	assert_int_equal(
	    fixture_prior(f->store, "acme", d + 1, 1, prior, &err), TALLY_OK);
	assert_int_equal(prior[0], 0);
	tally_batch_free(&b);
}

static const struct {
	struct tally_str in;
	const char *out;
} texts[] = {
	{ TALLY_STR(""), "" },
	{ TALLY_STR("plain and longer than eight"), 0 },
	{ TALLY_STR("Stra\303\237e"), 0 },
	{ TALLY_STR("a\377b"), "a\\xffb" },
	{ TALLY_STR("\303"), "\\xc3" },
	{ TALLY_STR("nul\0nul"), "nul\\x00nul" },
	{ TALLY_STR("12345678\0"), "12345678\\x00" },
	{ TALLY_STR("1234567\200"), "1234567\\x80" },
	{ TALLY_STR("back\\slash"), "back\\slash" },
};

static void
texts_pass_the_door(void **state)
{
	struct fixture *f = *state;
	enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };
	struct store_document d[TEXTS];
	struct tally_batch b;
	char sql[128];

	fixture_batch(f, &b, d, TEXTS, 1, fixture_group(f).group);
	for (int i = 0; i < TEXTS; i++) {
		assert_int_equal(tally_batch_set(&b, FIXTURE_LINES,
				     2 * (uint32_t)i, 3, texts[i].in, NULL),
		    TALLY_OK);
		d[i].key = texts[i].in;
	}
	put(f, d, TEXTS, &b);
	tally_batch_free(&b);
	for (int i = 0; i < TEXTS; i++) {
		const char *want =
		    texts[i].out != NULL ? texts[i].out : texts[i].in.p;

		snprintf(sql, sizeof(sql),
		    "SELECT description FROM order_lines WHERE id = %lld",
		    (long long)d[i].id << TALLY_ROW_BITS);
		assert_string_equal(fixture_sql(f, sql), want);
		snprintf(sql, sizeof(sql),
		    "SELECT coalesce(key, '') FROM documents WHERE id = %lld",
		    (long long)d[i].id);
		assert_string_equal(fixture_sql(f, sql), want);
	}
}

static void
many_rows_of_one_document(void **state)
{
	struct fixture *f = *state;
	const uint32_t n = 70000; /* more than 16 bits */
	struct store_document d;
	struct tally_batch b;
	uint32_t row;

	fixture_batch(f, &b, &d, 1, 1, fixture_group(f).group);
	for (uint32_t i = 2; i < n; i++)
		assert_int_equal(
		    tally_batch_row(&b, FIXTURE_LINES, &row, NULL), TALLY_OK);
	put(f, &d, 1, &b);
	tally_batch_free(&b);
	assert_string_equal(fixture_sql(f,
				"SELECT max(id) - (1 << 20) FROM order_lines"
				" WHERE document_id = 1"),
	    "69999");
}

static const struct {
	const char *in;
	bool ok;
	int64_t out;
} integers[] = {
	{ "0", true, 0 },
	{ "-1", true, -1 },
	{ "+12", true, 12 },
	{ "007", true, 7 },
	{ "9223372036854775807", true, INT64_MAX },
	{ "-9223372036854775808", true, INT64_MIN },
	{ "9223372036854775808", false, 0 },
	{ "-9223372036854775809", false, 0 },
	{ "99999999999999999999999", false, 0 },
	{ "", false, 0 },
	{ "-", false, 0 },
	{ "1.0", false, 0 },
	{ "1a", false, 0 },
};

static void
integers_are_read(void **state)
{
	int64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		const struct tally_cell c = { integers[i].in,
			(uint32_t)strlen(integers[i].in) };

		assert_int_equal(load_integer(&v, &c), integers[i].ok);
		if (integers[i].ok)
			assert_true(v == integers[i].out);
	}
}

static void
a_bad_integer_fails_the_batch(void **state)
{
	struct fixture *f = *state;
	struct store_document d[2];
	struct tally_err err = { .text = "" };
	struct tally_batch b;

	fixture_batch(f, &b, d, 2, 1, fixture_group(f).group);
	assert_int_equal(
	    tally_batch_set(&b, FIXTURE_LINES, 3, 1, TALLY_STR("many"), NULL),
	    TALLY_OK);
	assert_int_equal(store_begin(f->store, &err), TALLY_OK);
	assert_int_equal(
	    store_documents_put(f->store, "acme", d, 2, &b, FIXTURE_NOW, &err),
	    TALLY_IO);
	store_rollback(f->store);
	assert_non_null(strstr(err.text, "row 4 of order_lines"));
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM documents"), "0");
	/* The store works on. */
	assert_int_equal(
	    tally_batch_set(&b, FIXTURE_LINES, 3, 1, TALLY_STR("5"), NULL),
	    TALLY_OK);
	put(f, d, 2, &b);
	tally_batch_free(&b);
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM order_lines"), "4");
}

static void
death_leaves_nothing_half(void **state)
{
	struct fixture *f = *state;
	pid_t child;
	int status;

	put_some(f, N, 1);
	store_close(f->store);
	f->store = NULL;
	child = fork();
	if (child == 0) {
		struct store_document *d = calloc(20000, sizeof(*d));
		struct tally_batch b;

		if (store_open(&f->store, f->dir, STORE_WRITE, &f->model,
			NULL) != TALLY_OK)
			_exit(1);
		/* Enough that pages are written before the commit. */
		fixture_batch(f, &b, d, 20000, 1000, 1);
		if (store_begin(f->store, NULL) != TALLY_OK ||
		    store_documents_put(f->store, "acme", d, 20000, &b,
			FIXTURE_NOW, NULL) != TALLY_OK)
			_exit(2);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(
	    store_open(&f->store, f->dir, STORE_WRITE, &f->model, NULL),
	    TALLY_OK);
	assert_string_equal(fixture_sql(f, "PRAGMA integrity_check"), "ok");
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM documents"), "50");
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM order_lines"), "100");
	put_some(f, N, 2000);
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM documents"), "100");
}

static void
views_show_what_was_accepted(void **state)
{
	struct fixture *f = *state;
	struct store_document d[2];
	struct tally_batch b;

	fixture_batch(f, &b, d, 2, 1, fixture_group(f).group);
	d[1].state = "held";
	put(f, d, 2, &b);
	tally_batch_free(&b);
	assert_string_equal(
	    fixture_sql(f,
		"SELECT order_id || ' ' || partner || ' ' || state || ' ' ||"
		" usage || ' ' || received_at || ' ' || po_number || ' ' ||"
		" total || ' ' || ship_to_name || ' ' ||"
		" coalesce(bill_to_name, '-') FROM erp_orders"),
	    "1 acme accepted P 2025-11-24T16:00:00.000Z PO-000001 1.50 "
	    "Dock 4 -");
	assert_string_equal(
	    fixture_sql(f, "SELECT count(*) FROM erp_orders"), "1");
	assert_string_equal(
	    fixture_sql(f,
		"SELECT group_concat(order_id || '/' || line_number)"
		" FROM erp_order_lines"),
	    "1/1,1/2");
}

int
main(void)
{
#define T(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(batch_equals_rows),
		T(parts_are_one),
		T(ids_go_on_after_reopening),
		T(rejected_documents_have_no_rows),
		T(documents_without_a_batch),
		T(keys_are_recognised),
		T(many_keys_are_recognised),
		T(many_keys_at_once),
		T(rejected_documents_take_no_key),
		T(texts_pass_the_door),
		T(many_rows_of_one_document),
		cmocka_unit_test(integers_are_read),
		T(a_bad_integer_fails_the_batch),
		T(death_leaves_nothing_half),
		T(views_show_what_was_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
