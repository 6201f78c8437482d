/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twice the input is about twice the work, whatever its shape.
 *
 * Work is counted, not timed: the core is compiled for this program alone so
 * that every edge of its control flow calls __sanitizer_cov_trace_pc, and the
 * C library's memory functions count the bytes that they are given.  What
 * does not depend on the input, such as compiling the grammar, is counted on
 * an input of the same kind that is next to empty, and taken off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/judged.h"

#define BYTES_MAX (64u << 20)
/* 2 and a little: buffers grow in steps. */
#define RATIO_MAX 2.6
/* Of a byte of any shape: some ten times what a byte of an order takes; code
 * that a sanitizer watches has more steps, and what is not optimised more. */
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
#define BYTE_MAX 120.0
#elif defined(__OPTIMIZE__)
#define BYTE_MAX 150.0
#else
#define BYTE_MAX 300.0
#endif

static uint64_t work;

void __sanitizer_cov_trace_pc(void);
void
__sanitizer_cov_trace_pc(void)
{
	work++;
}

/* The linker gives these in place of the C library's (ld --wrap). */
#define WORD 16 /* bytes that such a function does at once, say */

void *__real_memcpy(void *, const void *, size_t);
void *__wrap_memcpy(void *, const void *, size_t);
void *
__wrap_memcpy(void *to, const void *from, size_t n)
{
	work += n / WORD;
	return __real_memcpy(to, from, n);
}

void *__real_memmove(void *, const void *, size_t);
void *__wrap_memmove(void *, const void *, size_t);
void *
__wrap_memmove(void *to, const void *from, size_t n)
{
	work += n / WORD;
	return __real_memmove(to, from, n);
}

void *__real_memset(void *, int, size_t);
void *__wrap_memset(void *, int, size_t);
void *
__wrap_memset(void *p, int c, size_t n)
{
	work += n / WORD;
	return __real_memset(p, c, n);
}

int __real_memcmp(const void *, const void *, size_t);
int __wrap_memcmp(const void *, const void *, size_t);
int
__wrap_memcmp(const void *a, const void *b, size_t n)
{
	work += n / WORD;
	return __real_memcmp(a, b, n);
}

void *__real_memchr(const void *, int, size_t);
void *__wrap_memchr(const void *, int, size_t);
void *
__wrap_memchr(const void *p, int c, size_t n)
{
	void *found = __real_memchr(p, c, n);

	work +=
	    (found != NULL ? (size_t)((char *)found - (const char *)p) : n) /
	    WORD;
	return found;
}

size_t __real_strlen(const char *);
size_t __wrap_strlen(const char *);
size_t
__wrap_strlen(const char *s)
{
	size_t n = __real_strlen(s);

	work += n / WORD;
	return n;
}

/* --- shapes --- */

typedef void shape_fn(struct tally_buf *, struct maker *, uint32_t n);

static const struct tally_set_spec order = { .functional = "PO",
	.version = "004010" };

static void
open_group(struct tally_buf *b, struct maker *m)
{
	write_isa(b, m, 1);
	write_gs(b, m, &order, 1);
}

static void
close_group(struct tally_buf *b, struct maker *m, uint32_t sets)
{
	write_ge(b, m, sets, 1);
	write_iea(b, m, 1, 1);
}

/* n times the same text in one purchase order, and nothing else wrong. */
static void
in_order(struct tally_buf *b, struct maker *m, const char *text, uint32_t n,
    uint32_t segments)
{
	open_group(b, m);
	tally_buf_puts(b, "ST*850*0001~BEG*00*SA*PO1**20260105~");
	for (uint32_t i = 0; i < n; i++)
		tally_buf_puts(b, text);
	tally_buf_printf(b, "SE*%u*0001~", n * segments + 3);
	close_group(b, m, 1);
}

static void
orders(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 1; i <= n / 20 + 1; i++)
		write_order(b, m, i);
	close_group(b, m, n / 20 + 1);
}

static void
lines(struct tally_buf *b, struct maker *m, uint32_t n)
{
	in_order(b, m, "PO1**1*EA*2**VN*A~PID*F****B~", n, 2);
}

static void
deep_loops(struct tally_buf *b, struct maker *m, uint32_t n)
{
	in_order(b, m, "PO1**1*EA*2**VN*A~N1*ST*D*92*1~N1*BY*D*92*2~", n, 3);
}

static void
unknown_segments(struct tally_buf *b, struct maker *m, uint32_t n)
{
	in_order(b, m, "QQ7*1~", n, 1);
}

static void
displaced_segments(struct tally_buf *b, struct maker *m, uint32_t n)
{
	in_order(b, m, "N3*X~BEG*00~", n, 2);
}

static void
bad_elements(struct tally_buf *b, struct maker *m, uint32_t n)
{
	in_order(b, m, "PO1*1*X*QQQ*Y**VN~", n, 1);
}

static void
many_elements(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	tally_buf_puts(b, "ST*850*0001~BEG");
	for (uint32_t i = 0; i < 4 * n; i++)
		tally_buf_puts(b, "*A");
	tally_buf_puts(b, "~SE*3*0001~");
	close_group(b, m, 1);
}

static void
many_components(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	tally_buf_puts(b, "ST*850*0001~BEG*00*SA*1**20260105~MEA****EA");
	for (uint32_t i = 0; i < 4 * n; i++)
		tally_buf_puts(b, ">A");
	tally_buf_puts(b, "~SE*4*0001~");
	close_group(b, m, 1);
}

static void
stars(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 0; i < 30 * n; i++)
		tally_buf_putc(b, '*');
}

static void
terminators(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 0; i < 30 * n; i++)
		tally_buf_putc(b, '~');
}

static void
newlines(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 0; i < 30 * n; i++)
		tally_buf_puts(b, i % 8 == 0 ? "\nA~" : "\n");
}

static void
no_terminator(struct tally_buf *b, struct maker *m, uint32_t n)
{
	for (uint32_t i = 0; i < n / 100 + 1; i++) {
		write_isa(b, m, i + 1);
		for (uint32_t k = 0; k < 9000; k++)
			tally_buf_puts(b, "ABCDEFGHI*");
	}
}

static void
text(struct tally_buf *b, struct maker *m, uint32_t n)
{
	(void)m;
	for (uint32_t i = 0; i < 10 * n; i++)
		tally_buf_puts(b, "IS IT EDI? ");
}

static void
isa_words(struct tally_buf *b, struct maker *m, uint32_t n)
{
	(void)m;
	for (uint32_t i = 0; i < 10 * n; i++)
		tally_buf_puts(b, "ISA*");
}

static void
interchanges(struct tally_buf *b, struct maker *m, uint32_t n)
{
	for (uint32_t i = 1; i <= n / 4 + 1; i++) {
		write_isa(b, m, i);
		write_iea(b, m, 0, i);
	}
}

static void
headers_only(struct tally_buf *b, struct maker *m, uint32_t n)
{
	for (uint32_t i = 1; i <= n / 4 + 1; i++)
		write_isa(b, m, i);
}

static void
groups(struct tally_buf *b, struct maker *m, uint32_t n)
{
	write_isa(b, m, 1);
	for (uint32_t i = 1; i <= n; i++) {
		write_gs(b, m, &order, i);
		write_ge(b, m, 0, i);
	}
	write_iea(b, m, n, 1);
}

static void
same_numbers(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 1; i <= n; i++)
		tally_buf_puts(b, "ST*850*0001~SE*2*0001~");
	close_group(b, m, n);
}

static void
long_numbers(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 1; i <= n; i++)
		tally_buf_printf(b, "ST*850*A%u~SE*2*A%u~", i * 64, i * 64);
	close_group(b, m, n);
}

static void
no_trailers(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 1; i <= n; i++)
		tally_buf_printf(b, "ST*850*%04u~", i);
}

static void
binary(struct tally_buf *b, struct maker *m, uint32_t n)
{
	in_order(b, m, "BIN*9*~*~A~*~A~~", n, 1);
}

/* A length that makes the reader look far ahead, in vain. */
static void
binary_too_long(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 1; i <= n; i++)
		tally_buf_printf(
		    b, "ST*850*%04u~BIN*%u*A~SE*3*%04u~", i, 60000000 - i, i);
	close_group(b, m, n);
}

static void
binary_unended(struct tally_buf *b, struct maker *m, uint32_t n)
{
	open_group(b, m);
	for (uint32_t i = 1; i <= n; i++)
		tally_buf_printf(
		    b, "ST*850*%04u~BIN*%u*A~SE*3*%04u~", i, n * 8, i);
	close_group(b, m, n);
}

/* Levels each below the one before. */
static void
levels(struct tally_buf *b, struct maker *m, uint32_t n)
{
	static const struct tally_set_spec notice = { .functional = "SH",
		.version = "004010" };

	write_isa(b, m, 1);
	write_gs(b, m, &notice, 1);
	tally_buf_puts(b, "ST*856*0001~BSN*00*1*20260105*0800~");
	for (uint32_t i = 1; i <= n; i++)
		tally_buf_printf(
		    b, i == 1 ? "HL*1**S~" : "HL*%u*%u*I~", i, i - 1);
	tally_buf_printf(b, "SE*%u*0001~", n + 3);
	close_group(b, m, 1);
}

/* Levels without one above, of one number. */
static void
bad_levels(struct tally_buf *b, struct maker *m, uint32_t n)
{
	static const struct tally_set_spec notice = { .functional = "SH",
		.version = "004010" };

	write_isa(b, m, 1);
	write_gs(b, m, &notice, 1);
	tally_buf_puts(b, "ST*856*0001~BSN*00*1*20260105*0800~");
	for (uint32_t i = 0; i < n; i++)
		tally_buf_puts(b, "HL*7*99*I~");
	tally_buf_printf(b, "SE*%u*0001~", n + 3);
	close_group(b, m, 1);
}

static void
repetitions(struct tally_buf *b, struct maker *m, uint32_t n)
{
	m->sep.repetition = '^';
	write_isa(b, m, 1);
	tally_buf_puts(b,
	    "GS*PO*A*B*20260105*0815*1*X*005010~ST*850*0001~"
	    "BEG*00*SA*1**20260105~DMG");
	for (uint32_t k = 0; k < 5; k++)
		tally_buf_puts(b, "*A");
	for (uint32_t i = 0; i < 4 * n; i++)
		tally_buf_puts(b, "^A");
	tally_buf_puts(b, "~SE*4*0001~");
	close_group(b, m, 1);
}

static const struct {
	const char *name;
	shape_fn *make;
} shapes[] = {
	{ "purchase orders", orders },
	{ "lines of one order", lines },
	{ "loops in loops", deep_loops },
	{ "unknown segments", unknown_segments },
	{ "displaced segments", displaced_segments },
	{ "bad elements", bad_elements },
	{ "elements of one segment", many_elements },
	{ "components of one element", many_components },
	{ "element separators", stars },
	{ "terminators", terminators },
	{ "line feeds", newlines },
	{ "segments without end", no_terminator },
	{ "text that is no EDI", text },
	{ "the letters ISA", isa_words },
	{ "empty interchanges", interchanges },
	{ "ISA segments only", headers_only },
	{ "empty groups", groups },
	{ "sets of one number", same_numbers },
	{ "sets of odd numbers", long_numbers },
	{ "sets without end", no_trailers },
	{ "binary data", binary },
	{ "binary data beyond the input", binary_too_long },
	{ "binary data without end", binary_unended },
	{ "level below level", levels },
	{ "levels of one number", bad_levels },
	{ "repetitions of one element", repetitions },
};

static uint64_t
measure(shape_fn *make, uint32_t n, size_t *bytes)
{
	struct judged j;
	struct tally_buf b;
	struct maker m;
	uint64_t before;

	tally_buf_init(&b, BYTES_MAX);
	maker_init(&m, 1);
	m.after = "";
	make(&b, &m, n);
	assert_false(b.failed);
	before = work;
	judged_run(&j, tally_buf_view(&b), 0, NULL);
	before = work - before;
	judged_free(&j);
	*bytes = b.n;
	tally_buf_free(&b);
	return before;
}

static void
test_linear(void **state)
{
	size_t i = (size_t)(uintptr_t)*state, bytes[3];
	uint32_t n = (uint32_t)rnd_env("N", 1200);
	uint64_t none = measure(shapes[i].make, 1, &bytes[0]);
	uint64_t once = measure(shapes[i].make, n, &bytes[1]);
	uint64_t twice = measure(shapes[i].make, 2 * n, &bytes[2]);
	double ratio =
	    ((double)twice - (double)none) / ((double)once - (double)none);

	assert_true(once > none); /* or nothing is counted at all */
	if (getenv("SHOW") != NULL)
		fprintf(stderr,
		    "%-28s %8zu bytes, %6.2f per byte, ratio %.2f\n",
		    shapes[i].name, bytes[1],
		    ((double)once - (double)none) / (double)bytes[1], ratio);
	if ((double)once - (double)none > BYTE_MAX * (double)bytes[1])
		fail_msg("%zu bytes take %llu steps", bytes[1],
		    (unsigned long long)(once - none));
	if (ratio > RATIO_MAX)
		fail_msg("%zu bytes are %.2f times the work of %zu", bytes[2],
		    ratio, bytes[1]);
}

int
main(void)
{
	enum { N = sizeof(shapes) / sizeof(shapes[0]) };
	struct CMUnitTest tests[N];

	for (size_t i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ .name = shapes[i].name,
			.test_func = test_linear,
			.initial_state = (void *)(uintptr_t)i };
	return _cmocka_run_group_tests("linear", tests, N, NULL, NULL);
}
