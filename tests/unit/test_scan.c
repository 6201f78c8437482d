/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner: every kernel that this machine can run against a byte loop,
 * on random and hostile bytes, at every alignment and length, with the end
 * of the pad flush against memory that must not be touched.
 *
 * SEED=n repeats a run; a failure prints the seed.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "x12/scan.h"

#define BYTES 2048 /* longest input of a random case */
#define FULL  (64 * 1024)

/* An index with room, and a guard word behind what may be written. */
#define ROOM(n)   ((n) + TALLY_SCAN_PAD)
#define UNTOUCHED 0xfeedfaceU

struct lists {
	struct tally_index ix;
	uint32_t *memory; /* owned: pos, guard, end, guard */
};

static void
lists_new(struct lists *l, uint32_t n)
{
	size_t room = ROOM(n);

	l->memory = malloc(2 * (room + 1) * sizeof(*l->memory));
	assert_non_null(l->memory);
	l->ix = (struct tally_index){ .pos = l->memory,
		.end = l->memory + room + 1 };
	l->ix.pos[room] = UNTOUCHED;
	l->ix.end[room] = UNTOUCHED;
}

static void
lists_free(struct lists *l)
{
	free(l->memory);
}

static bool
is_dark(unsigned char c, unsigned char element, unsigned char segment)
{
	return (c < 0x20 || c > 0x7e) && c != element && c != segment;
}

/* What the contract says, a byte at a time. */
static void
scan_plain(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, struct tally_index *ix)
{
	for (uint32_t i = from; i < to; i++) {
		unsigned char c = base[i];

		if (c == segment)
			ix->end[ix->nend++] = ix->npos;
		if (c == element || c == segment)
			ix->pos[ix->npos++] = i;
		if (is_dark(c, element, segment) &&
		    !(i > 0 && base[i - 1] == segment) &&
		    !(i > 1 && base[i - 2] == segment &&
			is_dark(base[i - 1], element, segment)))
			ix->odd = i + 1;
	}
}

/* xorshift64*: small, seeded, the same everywhere. */
static uint64_t state;

static uint32_t
draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1dU >> 33) % below);
}

static uint64_t
seed(void)
{
	const char *s = getenv("SEED");
	uint64_t n = s != NULL ? strtoull(s, NULL, 0) : 0;

	return n != 0 ? n : 0x7a11;
}

/* Memory whose last byte is followed by a page that cannot be read. */
struct fence {
	unsigned char *map;
	unsigned char *end; /* of what can be read */
	size_t size;
};

static void
fence_new(struct fence *f, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t body = (n + TALLY_SCAN_PAD + page - 1) / page * page;

	f->size = body + page;
	f->map = mmap(NULL, f->size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(f->map != MAP_FAILED);
	f->end = f->map + body;
	assert_int_equal(mprotect(f->end, page, PROT_NONE), 0);
}

static void
fence_free(struct fence *f)
{
	munmap(f->map, f->size);
}

static void
same(const char *name, const struct lists *a, const struct lists *b,
    uint32_t room, uint64_t from_seed)
{
	const struct tally_index *x = &a->ix, *y = &b->ix;

	if (x->npos == y->npos && x->nend == y->nend && x->odd == y->odd &&
	    memcmp(x->pos, y->pos, x->npos * sizeof(*x->pos)) == 0 &&
	    memcmp(x->end, y->end, x->nend * sizeof(*x->end)) == 0 &&
	    y->pos[room] == UNTOUCHED && y->end[room] == UNTOUCHED)
		return;
	fail_msg("kernel %s differs: SEED=%#llx, %u/%u separators, %u/%u "
		 "terminators, odd to %u/%u",
	    name, (unsigned long long)from_seed, x->npos, y->npos, x->nend,
	    y->nend, x->odd, y->odd);
}

/* Scans base[from … to - 1] by every kernel, behind what is there already. */
static void
compare(const unsigned char *base, uint32_t from, uint32_t to,
    unsigned char element, unsigned char segment, uint64_t from_seed)
{
	struct lists want, got;
	size_t n;
	const struct tally_scan_kernel *k = tally_scan_kernels(&n);
	uint32_t before = from % 5;

	lists_new(&want, to - from + before);
	lists_new(&got, to - from + before);
	for (uint32_t i = 0; i < before; i++)
		want.ix.pos[i] = want.ix.end[i] = i;
	want.ix.npos = want.ix.nend = want.ix.odd = before;
	scan_plain(base, from, to, element, segment, &want.ix);
	for (size_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < before; j++)
			got.ix.pos[j] = got.ix.end[j] = j;
		got.ix.npos = got.ix.nend = got.ix.odd = before;
		k[i].scan(base, from, to, element, segment, &got.ix);
		same(k[i].name, &want, &got, (uint32_t)ROOM(to - from + before),
		    from_seed);
	}
	lists_free(&want);
	lists_free(&got);
}

/* Ways to fill a buffer; each is what some real or hostile sender does. */
enum shape { ANY, EDI, LINES, SEPARATORS, NONE, EDGES, SHAPES };

static void
fill(unsigned char *p, size_t n, enum shape shape, unsigned char element,
    unsigned char segment)
{
	/* Neighbours of the limits that the masks compare with. */
	static const unsigned char edges[] = { 0x00, 0x01, 0x1f, 0x20, 0x21,
		0x7d, 0x7e, 0x7f, 0x80, 0x81, 0x9f, 0xa0, 0xfe, 0xff };

	for (size_t i = 0; i < n; i++) {
		uint32_t r = draw(256);

		switch (shape) {
		case ANY:
			p[i] = (unsigned char)r;
			break;
		case EDI:
			p[i] = r < 12 ? segment
			    : r < 50  ? element
				      : (unsigned char)(' ' + r % 95);
			break;
		case LINES:
			p[i] = r < 24 ? segment
			    : r < 60  ? element
			    : r < 130 ? (r & 1 ? '\r' : '\n')
				      : (unsigned char)(' ' + r % 95);
			break;
		case SEPARATORS:
			p[i] = r & 1 ? element : segment;
			break;
		case NONE:
			p[i] = 'A';
			break;
		default:
			r = draw(sizeof(edges) + 2);
			p[i] = r < sizeof(edges) ? edges[r]
			    : r == sizeof(edges) ? element
						 : segment;
			break;
		}
	}
}

static void
separators(unsigned char *element, unsigned char *segment)
{
	static const unsigned char pairs[][2] = { { '*', '~' }, { '|', '\n' },
		{ 0x1d, 0x1c }, { 0xff, 0x00 }, { 0x7f, 0x80 }, { '\r', '\n' },
		{ ' ', 0x1f }, { '+', '\'' } };
	uint32_t r = draw(2 * sizeof(pairs) / sizeof(pairs[0]));

	if (r < sizeof(pairs) / sizeof(pairs[0])) {
		*element = pairs[r][0];
		*segment = pairs[r][1];
		return;
	}
	*element = (unsigned char)draw(256);
	*segment = (unsigned char)(*element + 1 + draw(255));
}

static void
test_random(void **unused)
{
	const char *rounds = getenv("ROUNDS");
	unsigned long n = rounds != NULL ? strtoul(rounds, NULL, 10) : 200000;
	unsigned char element, segment;
	struct fence f;

	(void)unused;
	fence_new(&f, BYTES);
	state = seed();
	for (unsigned long i = 0; i < n; i++) {
		uint64_t now = state;
		uint32_t length = draw(draw(16) == 0 ? BYTES : 200);
		uint32_t from =
		    length != 0 ? draw(length < 70 ? length : 70) : 0;
		unsigned char *base = f.end - TALLY_SCAN_PAD - length;

		separators(&element, &segment);
		fill(base, length + TALLY_SCAN_PAD, (enum shape)draw(SHAPES),
		    element, segment);
		compare(base, from, length, element, segment, now);
	}
	fence_free(&f);
}

/* Every place of one terminator, in every length around block borders. */
static void
test_borders(void **unused)
{
	struct fence f;

	(void)unused;
	fence_new(&f, 4 * 64);
	for (uint32_t length = 0; length <= 200; length++) {
		unsigned char *base = f.end - TALLY_SCAN_PAD - length;

		/* What stands in the pad must not be seen. */
		memset(f.end - TALLY_SCAN_PAD, '~', TALLY_SCAN_PAD);
		for (uint32_t at = 0; at < length; at++) {
			memset(base, 'A', length);
			base[at] = '~';
			compare(base, 0, length, '*', '~', 0);
			base[at] = 0x1f;
			compare(base, at / 2, length, '*', '~', 0);
		}
		compare(base, length, length, '*', '~', 0);
	}
	fence_free(&f);
}

/* Every place of a terminator and of an odd byte, in two blocks and a part. */
static void
test_places(void **unused)
{
	const uint32_t length = 150;
	struct fence f;
	unsigned char *base;

	(void)unused;
	fence_new(&f, length);
	base = f.end - TALLY_SCAN_PAD - length;
	for (uint32_t at = 0; at < length; at++)
		for (uint32_t odd = 0; odd < length; odd++) {
			memset(base, 'A', length);
			base[at] = '~';
			base[odd] = '\n';
			compare(base, 0, length, '*', '~', at);
		}
	fence_free(&f);
}

/* Each of the 256 bytes is judged alike by all kernels. */
static void
test_bytes(void **unused)
{
	unsigned char buf[64 + TALLY_SCAN_PAD];

	(void)unused;
	for (unsigned c = 0; c < 256; c++) {
		memset(buf, 'A', sizeof(buf));
		buf[c % 64] = (unsigned char)c;
		compare(buf, 0, 64, '*', '~', c);
		compare(buf, 0, 64, (unsigned char)c, 'A', c);
	}
}

/* The windows that the reader scans in, of the densest kinds. */
static void
test_windows(void **unused)
{
	unsigned char *buf = malloc(FULL + TALLY_SCAN_PAD);
	uint32_t seen = 0;

	(void)unused;
	assert_non_null(buf);
	state = seed();
	for (int shape = 0; shape < SHAPES; shape++) {
		fill(buf, FULL + TALLY_SCAN_PAD, (enum shape)shape, '*', '~');
		compare(buf, 0, FULL, '*', '~', seed());
		for (uint32_t at = 0; at < FULL; at = seen) {
			seen = at + 1 + draw(FULL / 4);
			if (seen > FULL)
				seen = FULL;
			compare(buf, at, seen, '*', '~', seed());
		}
	}
	free(buf);
}

/* The choice is one of those that can run, and the name decides. */
static void
test_choose(void **unused)
{
	size_t n;
	const struct tally_scan_kernel *k = tally_scan_kernels(&n);
	const char *was = getenv("TALLYMAN_SCAN");
	char *keep = was != NULL ? strdup(was) : NULL;

	(void)unused;
	assert_true(n >= 1);
	assert_string_equal(k[0].name, "swar");
	for (size_t i = 0; i < n; i++) {
		setenv("TALLYMAN_SCAN", k[i].name, 1);
		assert_true(tally_scan_choose() == k[i].scan);
	}
	setenv("TALLYMAN_SCAN", "abacus", 1);
	assert_true(tally_scan_choose() == k[n - 1].scan);
	unsetenv("TALLYMAN_SCAN");
	assert_true(tally_scan_choose() == k[n - 1].scan);
	if (keep != NULL)
		setenv("TALLYMAN_SCAN", keep, 1);
	free(keep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_choose),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
