/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that the parser is given before they are in hand: what it says of one
 * is taken for what it says of that one, also when its process has ended in
 * between, for want of memory or otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flow/parser_inside.h"
#include "support/workspace.h"

#define FILES 4

static struct tally_buf text[FILES];
static struct parser_file file[FILES];

static struct tally_source
source(void *ctx, int reader, uint64_t from)
{
	static struct tally_str left;
	const struct tally_buf *b = ctx;

	(void)reader;
	left = tally_str(b->p + from, b->n - from);
	return tally_source_str(&left);
}

/* Orders, the first of which is numbered as the file is. */
static void
make(const struct site_partner *partner)
{
	for (unsigned i = 0; i < FILES; i++) {
		const struct workspace_order o = { i + 1, i + 1, 1, 'P', NULL };

		tally_buf_init(&text[i], 1u << 20);
		workspace_order(&text[i], &o);
		file[i] = (struct parser_file){ .partner = partner,
			.id = i + 1,
			.size = text[i].n,
			.source = source,
			.ctx = &text[i] };
	}
}

/* It is in hand, and what is said is said of it. */
static void
take(struct parser *p, unsigned i)
{
	struct tally_interchange_judged *ic;
	const struct tally_findings *list;
	struct wire_answers answers;
	struct gathered g;
	struct tally_err err;
	enum wire_kind kind;
	char control[12];

	snprintf(control, sizeof(control), "%09u", i + 1);
	assert_int_equal(parser_file(p, &file[i], &err), TALLY_OK);
	assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
	assert_non_null(ic);
	assert_string_equal(ic->control, control);
	assert_int_equal(
	    gathered_open(&g, maps_model(p->f->maps), &err), TALLY_OK);
	if (!parser_is_ahead(p)) {
		const struct wire_record all = { .recorded = 0 };

		parser_record(p, &all);
	}
	assert_int_equal(parser_next(p, &g, &answers, &kind, &err), TALLY_OK);
	assert_int_equal(kind, WIRE_BATCH);
	assert_int_equal(g.n, 1);
	assert_true(g.last);
	gathered_close(&g);
	assert_int_equal(parser_judged(p, &ic, &list, &err), TALLY_OK);
	assert_null(ic);
}

/* So many are given, the process ends where that is asked for, some are given
 * from one on, and then all come in hand. */
static void
course(struct flow *f, unsigned given, bool end, unsigned from)
{
	struct parser *p;
	struct tally_err err;

	assert_int_equal(parser_new(&p, f, &err), TALLY_OK);
	for (unsigned i = 0; i < given; i++)
		assert_true(parser_ahead(p, &file[i], f->store));
	assert_int_equal(parser_has_ahead(p), given);
	if (end) {
		parser_end(p);
		assert_int_equal(parser_has_ahead(p), 0);
		for (unsigned i = from; i < FILES; i++)
			assert_true(parser_ahead(p, &file[i], f->store));
	}
	for (unsigned i = 0; i < FILES; i++)
		take(p, i);
	assert_int_equal(parser_has_ahead(p), 0);
	parser_free(p);
}

static void
test_course(void **state)
{
	struct workspace w;
	struct flow f = { 0 };
	struct tally_err err;

	(void)state;
	workspace_make(&w, NULL);
	assert_int_equal(flow_begin(&f, w.dir, FLOW_WORK, &err), TALLY_OK);
	make(&f.site->partner[0]);
	for (unsigned given = 0; given <= FILES; given++) {
		course(&f, given, false, 0);
		for (unsigned from = 0; from < FILES; from++)
			course(&f, given, true, from);
	}
	for (unsigned i = 0; i < FILES; i++)
		tally_buf_free(&text[i]);
	flow_end(&f);
	workspace_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_course),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
