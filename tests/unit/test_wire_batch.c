/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch of documents between the parser and the run: its rows come as they
 * went, and whatever is changed in it is either refused or a batch that could
 * have been said.  The other messages: test_wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/wire.h"
#include "support/message.h"
#include "support/store_fixture.h"

static struct fixture fx;

static int
setup(void **state)
{
	fixture_model(&fx.model);
	return message_setup(state);
}

/* --- documents --- */

static const unsigned char hash[32] = { 1, 2, 3 };

static void
put_batch(struct gathered *g)
{
	struct wire w;
	size_t begun;

	tally_buf_reset(&message);
	begun = wire_begin(&w, &message, WIRE_BATCH);
	wire_gathered(&w, g);
	wire_finish(&w, begun);
	assert_false(w.bad);
}

/* A batch of one row, which is given, in the only table. */
static uint32_t
one_document(struct gathered *g)
{
	struct tally_err err;
	uint32_t row;

	gathered_empty(g);
	g->doc[0] = (struct store_document){ .set = "850",
		.verdict = TALLY_ACCEPTED,
		.state = "accepted",
		.map = "m",
		.map_hash = hash };
	g->pending[0] = (struct pending){ .group = 0 };
	g->n = 1;
	(void)tally_batch_document(&g->batch);
	assert_int_equal(tally_batch_row(&g->batch, 0, &row, &err), TALLY_OK);
	return row;
}

static void
write_batch(struct gathered *g)
{
	static const struct tally_residue left[] = {
		{ 3, 2, 1, 0, 1, 0, 1, { "left over", 9 } },
		{ 4, 3, 0, 0, 2, TALLY_NO_COLUMN, 0, { "N9*ZZ", 5 } },
	};

	tally_batch_free(&g->batch); /* it makes one */
	fixture_batch(&fx, &g->batch, g->doc, 3, 1, 0);
	g->n = 3;
	g->seen = 17;
	for (size_t i = 0; i < g->n; i++) {
		g->doc[i].map = i == 0 ? "map" : "other";
		g->doc[i].map_hash = hash;
		g->doc[i].offset = 100 * i;
		g->doc[i].length = 50;
		g->pending[i] = (struct pending){ .group = (uint32_t)i / 2,
			.spec =
			    tally_set_find(tally_version_find(&tally_builtin,
					       TALLY_STR("004010")),
				TALLY_STR("850")),
			.found = { g->found.n, i == 1 } };
		if (i == 1)
			gathered_find(g, &g->doc[i], TALLY_F_document_test);
	}
	g->doc[1].state = "held";
	g->pending[2].residue = left;
	g->pending[2].nresidue = 2;
	g->pending[2].repeats = true;
	put_batch(g);
}

static bool
read_batch(struct tally_str s, struct gathered *g)
{
	struct wire w;

	message_open(&w, s);
	gathered_empty(g);
	wire_gathered(&w, g);
	return wire_ended(&w);
}

static void
same_rows(const struct tally_rows *a, const struct tally_rows *b)
{
	const struct tally_cell *x, *y;

	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->row, b->row, a->n * sizeof(*a->row));
	if (a->table->nreference > 0)
		assert_memory_equal(a->reference, b->reference,
		    (size_t)a->n * a->table->nreference * sizeof(uint32_t));
	for (uint32_t i = 0; i < a->n * a->table->ncolumn; i++) {
		x = tally_rows_cell(a, i / a->table->ncolumn,
		    (uint16_t)(i % a->table->ncolumn));
		y = tally_rows_cell(b, i / a->table->ncolumn,
		    (uint16_t)(i % a->table->ncolumn));
		assert_int_equal(x->p == NULL, y->p == NULL);
		if (x->p == NULL)
			continue;
		assert_int_equal(x->n, y->n);
		assert_memory_equal(x->p, y->p, x->n);
	}
	for (uint16_t k = 0; k < a->table->ncolumn; k++)
		assert_int_equal(
		    a->slot[k] == TALLY_NO_SLOT, b->slot[k] == TALLY_NO_SLOT);
}

static void
open_two(
    struct gathered *said, struct gathered *got, const struct tally_model *m)
{
	struct tally_err err;

	assert_int_equal(gathered_open(said, m, &err), TALLY_OK);
	assert_int_equal(gathered_open(got, m, &err), TALLY_OK);
}

static void
test_batch(void **state)
{
	struct gathered said, got;
	const struct tally_residue *r;

	(void)state;
	open_two(&said, &got, &fx.model);
	write_batch(&said);
	assert_true(read_batch(message_content(), &got));
	assert_int_equal(got.n, 3);
	assert_int_equal(got.seen, 17);
	assert_false(got.last);
	for (uint16_t i = 0; i < fx.model.ntable; i++)
		same_rows(&said.batch.rows[i], &got.batch.rows[i]);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(got.doc[i].batch, i);
		assert_string_equal(got.doc[i].set, said.doc[i].set);
		assert_string_equal(got.doc[i].control, said.doc[i].control);
		assert_string_equal(got.doc[i].state, said.doc[i].state);
		assert_string_equal(got.doc[i].map, said.doc[i].map);
		assert_memory_equal(got.doc[i].map_hash, hash, 32);
		assert_memory_equal(got.doc[i].body, said.doc[i].body, 32);
		assert_int_equal(got.doc[i].offset, said.doc[i].offset);
		assert_int_equal(got.pending[i].group, i / 2);
		assert_ptr_equal(got.pending[i].spec, said.pending[i].spec);
		assert_int_equal(got.pending[i].repeats, i == 2);
		assert_int_equal(got.pending[i].found.n, i == 1);
		assert_true(got.doc[i].key.n > 0);
	}
	assert_int_equal(got.found.n, 1);
	assert_int_equal(got.found.v[0].kind, TALLY_F_document_test);
	r = got.pending[2].residue;
	assert_int_equal(got.pending[2].nresidue, 2);
	assert_true(tally_str_eq(r[0].text, TALLY_STR("left over")));
	assert_int_equal(r[1].column, TALLY_NO_COLUMN);
	gathered_close(&said);
	gathered_close(&got);
}

/* A row refers to rows that its document has. */
static void
sound(const struct gathered *g)
{
	for (uint16_t i = 0; i < fx.model.ntable; i++) {
		const struct tally_rows *r = &g->batch.rows[i];
		const struct tally_table *t = r->table;
		uint32_t from, n;

		for (uint32_t k = 0; k < r->n * t->nreference; k++) {
			const struct tally_row *row =
			    &r->row[k / t->nreference];

			if (r->reference[k] == TALLY_NO_ROW)
				continue;
			tally_batch_rows(&g->batch,
			    t->reference[k % t->nreference].table,
			    row->document, &from, &n);
			assert_true(r->reference[k] < n);
		}
		for (uint32_t k = 0; t->head && k < r->n; k++)
			assert_int_equal(r->row[k].seq, 0);
	}
	for (size_t i = 0; i < g->n; i++) {
		assert_true(g->doc[i].verdict != TALLY_PARTIAL);
		assert_true(g->pending[i].found.first + g->pending[i].found.n <=
		    g->found.n);
		assert_true(g->doc[i].batch == UINT32_MAX ||
		    (g->doc[i].batch < g->batch.ndocument &&
			strlen(g->doc[i].map) < 256));
	}
}

static void
test_batch_damaged(void **state)
{
	struct gathered said, got;
	struct rnd rnd;
	unsigned taken = 0;
	char *copy;
	size_t n;

	(void)state;
	open_two(&said, &got, &fx.model);
	write_batch(&said);
	rnd_seed(&rnd, 2);
	for (int i = 0; i < MESSAGE_ROUNDS; i++) {
		copy = message_damaged(message_content(), &rnd, &n);
		if (read_batch(tally_str(copy, n), &got)) {
			sound(&got);
			taken++;
		}
		gathered_empty(&got);
		free(copy);
	}
	assert_in_range(taken, MESSAGE_ROUNDS / 20, MESSAGE_ROUNDS * 19 / 20);
	gathered_close(&said);
	gathered_close(&got);
}

/* Where the tables that have rows are said: how many, and which. */
static char *
tables_of(struct tally_str content)
{
	struct tally_findings found;
	struct wire w;
	uint64_t seen;
	bool last;

	tally_findings_init(&found, 100);
	message_open(&w, content);
	wire_u64(&w, &seen);
	wire_bool(&w, &last);
	wire_findings(&w, &found);
	(void)wire_count(&w, 0, 1);
	assert_false(w.bad);
	tally_findings_free(&found);
	return message.p + (w.p - message.p);
}

/* A table that is none, or not behind the one before it, or said to be there
 * and is not. */
static void
test_tables_changed(void **state)
{
	static const struct {
		int at; /* of the numbers: 0 is how many there are */
		int is; /* that many more than there are tables */
	} changed[] = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 2, 0 } };
	struct gathered said, got;
	uint16_t number[3];
	char *at;

	(void)state;
	open_two(&said, &got, &fx.model);
	write_batch(&said);
	at = tables_of(message_content());
	memcpy(number, at, sizeof(number));
	assert_in_range(number[0], 2, fx.model.ntable);
	for (uint16_t i = 0; i < 2; i++)
		assert_true(said.batch.rows[number[1 + i]].n > 0);
	assert_true(number[1] < number[2]);
	assert_true(read_batch(message_content(), &got));
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		uint16_t is = (uint16_t)(fx.model.ntable + changed[i].is);

		if (number[changed[i].at] == is)
			continue;
		memcpy(at + changed[i].at * 2, &is, sizeof(is));
		if (read_batch(message_content(), &got))
			fail_msg("row %zu", i);
		memcpy(at, number, sizeof(number));
	}
	memcpy(at + 2, &number[2], sizeof(*number)); /* twice the same */
	assert_false(read_batch(message_content(), &got));
	memcpy(at, number, sizeof(number));
	assert_true(read_batch(message_content(), &got));
	gathered_close(&said);
	gathered_close(&got);
}

/* --- values of columns --- */

static const struct {
	enum tally_column_type type;
	const char *text;
	bool fits;
} values[] = {
	{ TALLY_TEXT, "", true },
	{ TALLY_TEXT, "plain", true },
	{ TALLY_TEXT, "na\xc3\xafve", true },
	{ TALLY_TEXT, "na\xefve", false },
	{ TALLY_TEXT, "\xed\xa0\x80", false },
	{ TALLY_INTEGER, "9223372036854775807", true },
	{ TALLY_INTEGER, "-9223372036854775808", true },
	{ TALLY_INTEGER, "9223372036854775808", false },
	{ TALLY_INTEGER, "", false },
	{ TALLY_INTEGER, "1.0", false },
	{ TALLY_DECIMAL, "-0.50", true },
	{ TALLY_DECIMAL, "12", true },
	{ TALLY_DECIMAL, "1.2.3", false },
	{ TALLY_DECIMAL, "1-2", false },
	{ TALLY_DECIMAL, "-", false },
	{ TALLY_DECIMAL, "", false },
	{ TALLY_DECIMAL, "1e5", false },
	{ TALLY_DATE, "2026-01-05", true },
	{ TALLY_DATE, "2026-1-05", false },
	{ TALLY_DATE, "20260105", false },
	{ TALLY_DATE, "2026-01-05 ", false },
	{ TALLY_TIME, "08:00", true },
	{ TALLY_TIME, "08:00:59", true },
	{ TALLY_TIME, "08:00:59.5", true },
	{ TALLY_TIME, "08:00:59.55", true },
	{ TALLY_TIME, "08:00:59.", false },
	{ TALLY_TIME, "0800", false },
	{ TALLY_TIME, "08:00:59.555", false },
};

/* A cell holds what its column is for; the model has one column of each. */
static void
test_values(void **state)
{
	static const struct tally_column columns[] = {
		{ .name = "t", .type = TALLY_TEXT },
		{ .name = "i", .type = TALLY_INTEGER },
		{ .name = "d", .type = TALLY_DECIMAL },
		{ .name = "y", .type = TALLY_DATE },
		{ .name = "h", .type = TALLY_TIME },
	};
	const struct tally_table table = {
		.name = "all", .head = true, .column = columns, .ncolumn = 5
	};
	struct tally_model all = { .table = &table, .ntable = 1 };
	struct gathered said, got;
	struct tally_err err;
	uint32_t row;

	(void)state;
	open_two(&said, &got, &all);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		row = one_document(&said);
		assert_int_equal(tally_batch_set(&said.batch, 0, row,
				     (uint16_t)values[i].type,
				     tally_cstr(values[i].text), &err),
		    TALLY_OK);
		put_batch(&said);
		if (read_batch(message_content(), &got) != values[i].fits)
			fail_msg("row %zu: \"%s\"", i, values[i].text);
	}
	gathered_close(&said);
	gathered_close(&got);
}

/* --- texts --- */

/* Where the text of a cell may be: cells share one, it is in no chunk of the
 * batch or in an older one, it is long, or empty. */
static void
test_texts(void **state)
{
	static const struct tally_column columns[] = { { .name = "a" },
		{ .name = "b" }, { .name = "c" }, { .name = "d" },
		{ .name = "e" }, { .name = "f" }, { .name = "g" } };
	static char large[200000];
	const struct tally_table table = {
		.name = "all", .head = true, .column = columns, .ncolumn = 7
	};
	struct tally_model all = { .table = &table, .ntable = 1 };
	struct gathered said, got;
	struct tally_str text[7];
	struct tally_err err;
	struct wire w;
	size_t viewed = 0;
	uint32_t row;

	(void)state;
	memset(large, 'x', sizeof(large));
	open_two(&said, &got, &all);
	row = one_document(&said);
	for (int i = 0; i < 7; i++)
		text[i] = tally_str(large, 10);
	assert_int_equal(
	    tally_batch_keep(&said.batch, TALLY_STR("older"), &text[0].p, &err),
	    TALLY_OK);
	text[0].n = 5;
	text[1].n = sizeof(large); /* and so a new chunk */
	assert_int_equal(
	    tally_batch_keep(&said.batch, text[1], &text[1].p, &err), TALLY_OK);
	text[2] = tally_str(text[1].p + 100, UINT16_MAX - 1);
	text[3] = tally_str(text[1].p + 101, UINT16_MAX);
	text[4] = tally_str(text[1].p + sizeof(large) - 1, 1);
	text[5] = tally_str(text[1].p + sizeof(large), 0);
	for (uint16_t i = 0; i < 7; i++) {
		tally_batch_point(&said.batch, 0, row, i, text[i]);
		viewed += text[i].n;
	}
	put_batch(&said);
	message_open(&w, message_content());
	wire_gathered(&w, &got);
	assert_true(wire_ended(&w));
	assert_int_equal(w.viewed, viewed);
	same_rows(&said.batch.rows[0], &got.batch.rows[0]);
	gathered_close(&said);
	gathered_close(&got);
}

/* Each cell is looked at where a text of the batch is not plain: two may cut
 * a character in two. */
static void
test_texts_foreign(void **state)
{
	static const struct tally_column column = { .name = "a" };
	const struct tally_table table = {
		.name = "all", .head = true, .column = &column, .ncolumn = 1
	};
	struct tally_model all = { .table = &table, .ntable = 1 };
	const char *kept;
	struct gathered said, got;
	struct tally_err err;
	uint32_t row;

	(void)state;
	open_two(&said, &got, &all);
	for (size_t n = 1; n <= 6; n++) {
		row = one_document(&said);
		assert_int_equal(tally_batch_keep(&said.batch,
				     TALLY_STR("na\xc3\xafve"), &kept, &err),
		    TALLY_OK);
		tally_batch_point(&said.batch, 0, row, 0, tally_str(kept, n));
		put_batch(&said);
		assert_int_equal(read_batch(message_content(), &got), n != 3);
		assert_int_equal(got.batch.utf8, n != 3);
	}
	tally_batch_reset(&got.batch);
	assert_false(got.batch.utf8);
	gathered_close(&said);
	gathered_close(&got);
}

/* --- columns --- */

static const struct tally_column three_columns[] = { { .name = "a" },
	{ .name = "b" }, { .name = "c" } };
static const struct tally_table three_table = {
	.name = "three", .head = true, .column = three_columns, .ncolumn = 3
};
static const struct tally_model three = { .table = &three_table, .ntable = 1 };

/* One row with a value in each of the columns that are named. */
static void
put_columns(struct gathered *g, const char *columns)
{
	uint32_t row = one_document(g);
	struct tally_err err;

	for (const char *c = columns; *c != '\0'; c++)
		assert_int_equal(
		    tally_batch_set(&g->batch, 0, row, (uint16_t)(*c - 'a'),
			tally_str(c, 1), &err),
		    TALLY_OK);
	put_batch(g);
}

/* The one who reads has met columns in another order than the one who writes,
 * and some that this one has not; what a row leaves out is null, whatever was
 * in its place before. */
static void
test_columns(void **state)
{
	static const char *const rows[] = { "c", "b", "abc", "", "ac", "a" };
	struct gathered said, other, got;
	struct gathered *from;
	const struct tally_cell *c;
	struct tally_err err;

	(void)state;
	open_two(&said, &got, &three);
	assert_int_equal(gathered_open(&other, &three, &err), TALLY_OK);
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		from = i % 2 == 0 ? &said : &other;
		put_columns(from, rows[i / 2]);
		assert_true(read_batch(message_content(), &got));
		for (uint16_t k = 0; k < 3; k++) {
			c = tally_rows_cell(&got.batch.rows[0], 0, k);
			if (strchr(rows[i / 2], 'a' + k) == NULL) {
				assert_null(c->p);
				continue;
			}
			assert_int_equal(c->n, 1);
			assert_int_equal(c->p[0], 'a' + k);
		}
	}
	gathered_close(&said);
	gathered_close(&other);
	gathered_close(&got);
}

/* From where the frame ends: the texts "ab", two places, two columns and how
 * many there are. */
enum {
	TEXTS = 2,
	PLACES = TEXTS + 16,
	COLUMNS = PLACES + 4,
	COUNT = COLUMNS + 2
};

/* A number in it that is another, and whether that can be. */
static const struct {
	int back, size;
	uint32_t was, is;
	bool fits;
} columns_changed[] = {
	{ COUNT, 2, 2, 2, true },
	{ COUNT, 2, 2, 1, false },
	{ COUNT, 2, 2, 3, false },
	{ COUNT, 2, 2, 0xffff, false },
	{ COLUMNS, 2, 0, 1, true },
	{ COLUMNS, 2, 0, 2, false },
	{ COLUMNS, 2, 0, 3, false },
	{ COLUMNS - 2, 2, 2, 1, true },
	{ COLUMNS - 2, 2, 2, 3, false },
	{ PLACES, 4, 0, 1, true },
	{ PLACES, 4, 0, 2, false },
	{ PLACES, 4, 0, UINT32_MAX - 1, false },
	{ PLACES, 4, 0, UINT32_MAX, true }, /* null */
	{ PLACES - 4, 4, 1, 2, true },
	{ PLACES - 4, 4, 1, 3, false },
	{ PLACES - 4, 4, 1, UINT32_MAX, false },
};

static void
test_columns_changed(void **state)
{
	struct gathered said, got;
	struct tally_str s;
	uint32_t number;
	char *at;

	(void)state;
	open_two(&said, &got, &three);
	for (size_t i = 0;
	     i < sizeof(columns_changed) / sizeof(columns_changed[0]); i++) {
		put_columns(&said, "ac");
		s = message_content();
		at = message.p + message.n - columns_changed[i].back;
		number = 0;
		memcpy(&number, at, (size_t)columns_changed[i].size);
		assert_int_equal(number, columns_changed[i].was);
		memcpy(at, &columns_changed[i].is,
		    (size_t)columns_changed[i].size);
		if (read_batch(s, &got) != columns_changed[i].fits)
			fail_msg("row %zu", i);
	}
	gathered_close(&said);
	gathered_close(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_batch_damaged),
		cmocka_unit_test(test_tables_changed),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_texts_foreign),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_columns_changed),
	};

	return cmocka_run_group_tests(tests, setup, message_teardown);
}
