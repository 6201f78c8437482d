/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of valid input, for random interchanges made from the
 * dictionary:
 *   - it has no finding, and every set is accepted;
 *   - the segments that a reader gives, joined, are the bytes that were read;
 *   - in what pieces the bytes come changes nothing, broken input included;
 *   - the acknowledgement of anything has no fault itself.
 *
 * SEED=n starts elsewhere, ROUNDS=n does more; a failure prints its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/judged.h"

#define BYTES_MAX (64u << 20)

/* A random interchange of sets of all kinds. */
static void
make(struct tally_buf *b, struct maker *m, uint64_t seed)
{
	maker_init(m, seed);
	maker_vary(m);
	tally_buf_reset(b);
	write_interchange(b, m, maker_version(m), rnd_between(&m->rnd, 1, 3),
	    rnd_between(&m->rnd, 1, 4));
	assert_false(b->failed);
}

/* Overwrites, removes or doubles some bytes. */
static void
spoil(struct tally_buf *b, struct rnd *r)
{
	uint32_t n = rnd_between(r, 1, 8);

	while (n-- > 0 && b->n > 2) {
		size_t at = rnd_below(r, (uint32_t)b->n - 1);
		size_t rest = b->n - at - 1;

		switch (rnd_below(r, 4)) {
		case 0:
			b->p[at] = (char)rnd_below(r, 256);
			break;
		case 1:
			memmove(b->p + at, b->p + at + 1, rest);
			b->n--;
			break;
		case 2: /* the separators of most of them, anywhere */
			b->p[at] = "*~\n>"[rnd_below(r, 4)];
			break;
		default:
			if (rest > 64)
				memmove(b->p + at + 32, b->p + at, 32);
			break;
		}
	}
}

static void
clean(const char *what, const struct judged *j, uint64_t seed)
{
	if (j->findings.n > 0)
		fail_msg("%s: SEED=%llu ROUNDS=1: %zu findings, first %s", what,
		    (unsigned long long)seed, j->findings.n,
		    finding_text(&j->findings.v[0]));
}

static void
same(
    const struct judged *a, const struct judged *b, size_t chunk, uint64_t seed)
{
	bool ok = a->findings.n == b->findings.n && a->nset == b->nset &&
	    a->interchanges == b->interchanges && a->ack.n == b->ack.n &&
	    (a->ack.n == 0 || memcmp(a->ack.p, b->ack.p, a->ack.n) == 0);

	for (size_t i = 0; ok && i < a->findings.n; i++) {
		const struct tally_finding *x = &a->findings.v[i];
		const struct tally_finding *y = &b->findings.v[i];

		ok = x->kind == y->kind && x->offset == y->offset &&
		    x->segment == y->segment && x->element == y->element &&
		    x->component == y->component &&
		    tally_str_eq(x->value, y->value);
	}
	for (size_t i = 0; ok && i < a->nset; i++)
		ok = a->set[i].start == b->set[i].start &&
		    a->set[i].length == b->set[i].length &&
		    a->set[i].nsegment == b->set[i].nsegment &&
		    a->set[i].places == b->set[i].places &&
		    a->set[i].verdict == b->set[i].verdict &&
		    a->set[i].faithful == b->set[i].faithful;
	if (!ok)
		fail_msg("pieces of %zu bytes are read otherwise: SEED=%llu "
			 "ROUNDS=1",
		    chunk, (unsigned long long)seed);
}

static void
test_valid(void **unused)
{
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 400);
	struct judged j;
	struct tally_buf b;
	struct maker m;

	(void)unused;
	tally_buf_init(&b, BYTES_MAX);
	for (; rounds > 0; rounds--, seed++) {
		make(&b, &m, seed);
		judged_run(&j, tally_buf_view(&b), 0, NULL);
		clean("a valid interchange", &j, seed);
		assert_int_equal(j.interchanges, 1);
		assert_true(j.complete);
		assert_true(j.nset >= 1);
		for (size_t i = 0; i < j.nset; i++) {
			assert_true(j.set[i].checked);
			assert_int_equal(j.set[i].verdict, TALLY_ACCEPTED);
			if (!j.set[i].faithful)
				fail_msg("set %zu does not give back its "
					 "bytes: SEED=%llu ROUNDS=1",
				    i, (unsigned long long)seed);
		}
		judged_free(&j);
	}
	tally_buf_free(&b);
}

static void
test_pieces(void **unused)
{
	static const size_t chunks[] = { 1, 3, 64, 107, 4096, 70000 };
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 60);
	struct judged whole, pieces;
	struct tally_buf b;
	struct maker m;

	(void)unused;
	tally_buf_init(&b, BYTES_MAX);
	for (; rounds > 0; rounds--, seed++) {
		make(&b, &m, seed);
		if (seed % 4 != 0)
			spoil(&b, &m.rnd);
		judged_run(&whole, tally_buf_view(&b), 0, NULL);
		for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++) {
			judged_run(&pieces, tally_buf_view(&b), chunks[i],
			    i % 2 == 0 ? NULL : &m.rnd);
			same(&whole, &pieces, chunks[i], seed);
			judged_free(&pieces);
		}
		judged_free(&whole);
	}
	tally_buf_free(&b);
}

static void
test_acknowledged(void **unused)
{
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 1000);
	struct judged j, ack;
	struct tally_buf b;
	struct maker m;
	size_t answered = 0;

	(void)unused;
	tally_buf_init(&b, BYTES_MAX);
	for (uint64_t i = 0; i < rounds; i++, seed++) {
		make(&b, &m, seed);
		spoil(&b, &m.rnd);
		judged_run(&j, tally_buf_view(&b), 0, NULL);
		assert_false(j.ack.failed);
		if (j.ack.n > 0) {
			judged_run(&ack, tally_buf_view(&j.ack), 0, NULL);
			/* A note on AK201, which repeats what was sent. */
			if (judged_faults(&ack) > 0)
				clean("an acknowledgement", &ack, seed);
			answered++;
			judged_free(&ack);
		}
		judged_free(&j);
	}
	assert_true(rounds < 10 || answered > rounds / 2);
	tally_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_acknowledged),
	};

	return cmocka_run_group_tests_name("valid", tests, NULL, NULL);
}
