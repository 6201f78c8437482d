/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records written as JSON and read again are the same: tables, order,
 * references and values, for random documents of the shipped model.
 *
 * SEED=n starts elsewhere, ROUNDS=n does more; a failure prints its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/embed.h"
#include "support/generate.h"
#include "tallyman/record.h"

#define BATCH_MAX (16u << 20)
#define TEXT_MAX  40

static struct tally_model *model;

/* Bytes of any well-formed UTF-8 without NUL. */
static size_t
random_text(char *to, struct rnd *r)
{
	static const char *const odd[] = { "\"", "\\", "\n", "\x01", "\x7f",
		"\xc3\xa9", "\xe2\x80\xae", "\xef\xbf\xbd", "\xf0\x9f\x98\x80",
		"\xc2\x80", "/", "\t" };
	size_t n = 0, len = rnd_below(r, TEXT_MAX - 4), k;

	while (n < len) {
		if (rnd_chance(r, 85)) {
			to[n++] = (char)rnd_between(r, ' ', '~');
			continue;
		}
		k = rnd_below(r, sizeof(odd) / sizeof(odd[0]));
		memcpy(to + n, odd[k], strlen(odd[k]));
		n += strlen(odd[k]);
	}
	return n;
}

static size_t
random_value(char *to, struct rnd *r, enum tally_column_type type)
{
	int n = 0;

	switch (type) {
	case TALLY_TEXT:
		return random_text(to, r);
	case TALLY_INTEGER:
		n = snprintf(to, TEXT_MAX, "%s%u",
		    rnd_chance(r, 20) ? "-1" : "", rnd_below(r, 100000));
		break;
	case TALLY_DECIMAL:
		n = snprintf(to, TEXT_MAX, "%s%u.%0*u",
		    rnd_chance(r, 20) ? "-1" : "", rnd_below(r, 100000),
		    (int)rnd_between(r, 1, 6), rnd_below(r, 10));
		break;
	case TALLY_DATE:
		n = snprintf(to, TEXT_MAX, "%04u-%02u-%02u",
		    rnd_between(r, 1, 9999), rnd_between(r, 1, 12),
		    rnd_between(r, 1, 28));
		break;
	case TALLY_TIME:
		n = snprintf(to, TEXT_MAX, "%02u:%02u:%02u.%02u",
		    rnd_below(r, 24), rnd_below(r, 60), rnd_below(r, 60),
		    rnd_below(r, 100));
		n = (int)(size_t[]){ 5, 8, 10, 11 }[rnd_below(r, 4)];
		break;
	}
	return (size_t)n;
}

static void
must(enum tally_rc rc, const struct tally_err *err)
{
	if (rc != TALLY_OK)
		fail_msg("%s:%u: %s", err->file, err->line, err->text);
}

static void
fill_row(struct tally_batch *b, uint16_t table, struct rnd *r)
{
	const struct tally_table *t = &b->model->table[table];
	char value[TEXT_MAX + 8];
	struct tally_err err;
	uint32_t row;
	size_t n;

	must(tally_batch_row(b, table, &row, &err), &err);
	for (uint16_t i = 0; i < t->ncolumn; i++) {
		if (!rnd_chance(r, 40))
			continue;
		n = random_value(value, r, t->column[i].type);
		must(tally_batch_set(
			 b, table, row, i, tally_str(value, n), &err),
		    &err);
	}
}

/* References go to any row of the document, also one behind. */
static void
refer(struct tally_batch *b, const uint32_t *first, struct rnd *r)
{
	const struct tally_table *t;
	struct tally_rows *rows;
	uint16_t to;
	uint32_t n;

	for (uint16_t table = 0; table < b->model->ntable; table++) {
		rows = &b->rows[table];
		t = rows->table;
		for (uint32_t i = first[table]; i < rows->n; i++)
			for (uint16_t k = 0; k < t->nreference; k++) {
				to = t->reference[k].table;
				n = b->rows[to].n - first[to];
				if (n > 0 && rnd_chance(r, 60))
					rows->reference[i * t->nreference + k] =
					    rnd_below(r, n);
			}
	}
}

static void
fill(struct tally_batch *b, struct rnd *r)
{
	uint32_t first[200], n;

	tally_batch_document(b);
	for (uint16_t t = 0; t < b->model->ntable; t++) {
		first[t] = b->rows[t].n;
		n = rnd_below(r, b->model->table[t].head ? 2 : 6);
		while (n-- > 0)
			fill_row(b, t, r);
	}
	refer(b, first, r);
}

static bool
same_cell(const struct tally_cell *a, const struct tally_cell *b)
{
	return (a->p == NULL) == (b->p == NULL) &&
	    tally_str_eq(tally_str(a->p, a->n), tally_str(b->p, b->n));
}

static bool
same_rows(const struct tally_rows *a, const struct tally_rows *b)
{
	const struct tally_table *t = a->table;
	bool same = a->n == b->n;

	for (uint32_t i = 0; same && i < a->n; i++) {
		same = a->row[i].document == b->row[i].document &&
		    a->row[i].seq == b->row[i].seq;
		for (size_t k = 0; same && k < t->nreference; k++)
			same = a->reference[i * t->nreference + k] ==
			    b->reference[i * t->nreference + k];
		for (uint16_t k = 0; same && k < t->ncolumn; k++)
			same = same_cell(
			    tally_rows_cell(a, i, k), tally_rows_cell(b, i, k));
	}
	return same;
}

static void
test_there_and_back(void **state)
{
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 500);
	struct tally_batch a, b;
	struct tally_buf json;
	struct tally_err err;
	struct rnd r;

	(void)state;
	must(tally_batch_init(&a, model, BATCH_MAX, &err), &err);
	must(tally_batch_init(&b, model, BATCH_MAX, &err), &err);
	tally_buf_init(&json, BATCH_MAX);
	for (; rounds > 0; rounds--, seed++) {
		rnd_seed(&r, seed);
		tally_batch_reset(&a);
		tally_batch_reset(&b);
		tally_buf_reset(&json);
		for (uint32_t n = rnd_between(&r, 1, 3); n > 0; n--)
			fill(&a, &r);
		for (uint32_t i = 0; i < a.ndocument; i++)
			tally_batch_json(&a, i, &json);
		must(tally_batch_parse(
			 &b, "written", tally_buf_view(&json), &err),
		    &err);
		assert_int_equal(a.ndocument, b.ndocument);
		for (uint16_t t = 0; t < model->ntable; t++)
			if (!same_rows(&a.rows[t], &b.rows[t]))
				fail_msg("rows of %s differ: SEED=%llu "
					 "ROUNDS=1",
				    model->table[t].name,
				    (unsigned long long)seed);
	}
	tally_buf_free(&json);
	tally_batch_free(&b);
	tally_batch_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
	};
	struct tally_err err;
	int failed;

	if (tally_model_load(&model, "records.xml",
		tally_embedded_find("records.xml"), &err) != TALLY_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	tally_model_free(model);
	return failed;
}
