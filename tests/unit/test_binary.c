/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments with binary data: separators and terminators in it are data,
 * whatever the pieces that the bytes come in, and a length that is not right
 * is one finding at its place.
 *
 * The set is one that no dictionary has, so that it is read, and not checked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/judged.h"

#define BYTES_MAX (2u << 20)
#define ISA \
	"ISA*00*          *00*          *ZZ*PINEHURST      *ZZ*HARBORTRADE " \
	"   *260105*0815*U*00401*000000001*0*P*>~"
#define HEAD ISA "GS*SP*PINEHURST*HARBORTRADE*20260105*0815*1*X*004010~"
#define TAIL "GE*1*1~IEA*1*000000001~"

static void
write_binary(struct tally_buf *b, const char *length, struct tally_str data)
{
	tally_buf_puts(b, HEAD "ST*841*0001~REF*CO*1~");
	if (length != NULL)
		tally_buf_printf(b, "BIN*%s*", length);
	else
		tally_buf_printf(b, "BIN*%zu*", data.n);
	tally_buf_str(b, data);
	tally_buf_puts(b, "~REF*CO*2~SE*5*0001~" TAIL);
	assert_false(b->failed);
}

static size_t
count(const struct judged *j, enum tally_finding_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < j->findings.n; i++)
		n += j->findings.v[i].kind == kind;
	return n;
}

static void
expect_whole(struct tally_str bytes, size_t chunk, struct rnd *rnd)
{
	struct judged j;

	judged_run(&j, bytes, chunk, rnd);
	if (j.nset != 1 || j.set[0].nsegment != 5 || !j.set[0].faithful ||
	    !j.complete || j.findings.n != 1 ||
	    j.findings.v[0].kind != TALLY_F_set_unsupported)
		fail_msg("%zu bytes in pieces of %zu: %zu sets, first fault %s",
		    bytes.n, chunk, j.nset, judged_text(&j));
	judged_free(&j);
}

static void
in_pieces(struct tally_str data)
{
	static const size_t chunk[] = { 0, 1, 7, 4096, 70000 };
	struct tally_buf b;
	struct rnd rnd;

	tally_buf_init(&b, BYTES_MAX);
	write_binary(&b, NULL, data);
	for (size_t i = 0; i < sizeof(chunk) / sizeof(chunk[0]); i++)
		if (chunk[i] != 1 || data.n < 1000)
			expect_whole(tally_buf_view(&b), chunk[i], NULL);
	rnd_seed(&rnd, 1);
	expect_whole(tally_buf_view(&b), 600, &rnd);
	tally_buf_free(&b);
}

static void
test_any_bytes(void **unused)
{
	char all[256];

	(void)unused;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	in_pieces(tally_str(all, sizeof(all)));
	in_pieces(TALLY_STR("A"));
	in_pieces(TALLY_STR("~"));
	in_pieces(TALLY_STR("*"));
	in_pieces(TALLY_STR("\n"));
	in_pieces(TALLY_STR("~SE*3*0001~GE*1*1~IEA*1*000000001~" ISA "GS*"));
	in_pieces(TALLY_STR("BIN*3*~BIN*1*~"));
	in_pieces(TALLY_STR("~~~~***"));
}

/* Longer than other segments, and than what is read and scanned at a time. */
static void
test_long(void **unused)
{
	static const size_t size[] = { 16384, 65000, 65535, 65536, 65537,
		262144, 300000, 1000000 };
	struct rnd rnd;
	struct tally_buf data;

	(void)unused;
	rnd_seed(&rnd, 7);
	tally_buf_init(&data, BYTES_MAX);
	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		tally_buf_reset(&data);
		for (size_t k = 0; k < size[i]; k++)
			tally_buf_putc(&data, 'A');
		in_pieces(tally_buf_view(&data));
		for (size_t k = 0; k < size[i]; k++)
			data.p[k] = (char)rnd_below(&rnd, 256);
		in_pieces(tally_buf_view(&data));
	}
	tally_buf_free(&data);
}

static void
test_cut(void **unused)
{
	struct tally_buf b;
	struct judged j;

	(void)unused;
	tally_buf_init(&b, BYTES_MAX);
	write_binary(&b, NULL, TALLY_STR("PK~*\n~REF*~\xff~BIN*9*~"));
	for (size_t cut = 1; cut + 1 < b.n; cut++) {
		judged_run(&j, tally_str(b.p, cut), 0, NULL);
		if (count(&j, TALLY_F_binary_length) != 0 || j.complete ||
		    judged_faults(&j) != 1 + count(&j, TALLY_F_set_unsupported))
			fail_msg(
			    "cut after %zu bytes: %s", cut, judged_text(&j));
		judged_free(&j);
	}
	tally_buf_free(&b);
}

/* Lengths, and what is told of them; null: nothing. */
static const struct {
	const char *length, *data, *expected;
} row[] = {
	{ "4", "A~BC", NULL },
	{ "0004", "A~BC", NULL },
	{ "0", "", NULL },
	{ "3", "A*BC", "the number of bytes up to the segment's terminator" },
	{ "5", "A*BC", "the number of bytes up to the segment's terminator" },
	{ "", "A*BC", "the number of bytes in the next element" },
	{ "4 ", "A*BC", "the number of bytes in the next element" },
	{ "-4", "A*BC", "the number of bytes in the next element" },
	{ "4.0", "A*BC", "the number of bytes in the next element" },
	{ "0000000000000004", "A*BC",
	    "the number of bytes in the next element" },
	{ "99999", "A*BC", "a number of bytes that are there" },
	{ "67108864", "A*BC", "a number of bytes that a set can have" },
	{ "4294967300", "A*BC", "a number of bytes that a set can have" },
	{ "999999999999999", "A*BC", "a number of bytes that a set can have" },
};

static void
test_length(void **state)
{
	size_t i = (size_t)(uintptr_t)*state;
	const struct tally_finding *f;
	struct tally_buf b;
	struct judged j;

	tally_buf_init(&b, BYTES_MAX);
	write_binary(&b, row[i].length, tally_cstr(row[i].data));
	judged_run(&j, tally_buf_view(&b), 0, NULL);
	assert_int_equal(j.nset, 1);
	assert_true(j.complete);
	assert_int_equal(j.findings.n, 1);
	f = &j.findings.v[0];
	if (row[i].expected == NULL) {
		assert_int_equal(f->kind, TALLY_F_set_unsupported);
		assert_true(j.set[0].faithful);
	} else {
		assert_int_equal(f->kind, TALLY_F_binary_length);
		assert_int_equal(
		    f->offset, strlen(HEAD "ST*841*0001~REF*CO*1~BIN*"));
		assert_int_equal(f->segment, 3);
		assert_int_equal(f->element, 1);
		assert_string_equal(f->id, "784");
		assert_true(
		    tally_str_eq(f->expected, tally_cstr(row[i].expected)));
		assert_int_equal(j.set[0].verdict, TALLY_REJECTED);
		tally_buf_putc(&j.ack, '\0');
		assert_non_null(strstr(j.ack.p, "AK2*841*0001~"));
		assert_non_null(strstr(j.ack.p, "AK4*1*784*7"));
	}
	judged_free(&j);
	tally_buf_free(&b);
}

/* A set without the terminator that every reader needs stays broken. */
static void
test_lost(void **unused)
{
	struct tally_buf b;
	struct judged j;

	(void)unused;
	tally_buf_init(&b, BYTES_MAX);
	tally_buf_puts(&b, HEAD "ST*841*0001~BIN*9*");
	for (int i = 0; i < 100000; i++)
		tally_buf_putc(&b, 'A');
	judged_run(&j, tally_buf_view(&b), 0, NULL);
	assert_int_equal(count(&j, TALLY_F_segment_unended), 1);
	assert_int_equal(count(&j, TALLY_F_binary_length), 1);
	judged_free(&j);
	tally_buf_free(&b);
}

int
main(void)
{
	enum { N = sizeof(row) / sizeof(row[0]) };
	struct CMUnitTest tests[N + 4] = {
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_lost),
	};

	for (size_t i = 0; i < N; i++)
		tests[i + 4] = (struct CMUnitTest){ .name = row[i].length,
			.test_func = test_length,
			.initial_state = (void *)(uintptr_t)i };
	return _cmocka_run_group_tests("binary", tests, N + 4, NULL, NULL);
}
