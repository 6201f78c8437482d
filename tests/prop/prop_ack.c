/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever is received, what we answer is valid: interchanges with bytes
 * changed at random, or cut, are acknowledged, and the acknowledgement is
 * read by our own reader and checker without a finding that is not a note.
 * Its own acknowledgement is nothing at all.
 *
 * SEED=n starts elsewhere, ROUNDS=n does more; a failure prints its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/judged.h"

#define BYTES_MAX (1u << 20)

/* Bytes that hurt: separators, digits, escapes, what is not ASCII. */
static const char harmful[] = "*~:>^|\n\r\t\x1b\x01\x7f\x80\xff 09AZaz.-?";

static void
damage(struct tally_buf *b, struct rnd *rnd, uint32_t times)
{
	size_t at;

	for (; times > 0; times--) {
		/* The envelope, often; it is short beside the sets. */
		at = rnd_below(rnd, (uint32_t)b->n);
		if (rnd_chance(rnd, 30))
			at %= 200;
		else if (rnd_chance(rnd, 20))
			at = b->n - 1 - at % 60;
		if (at >= b->n)
			continue;
		if (rnd_chance(rnd, 10)) {
			memmove(b->p + at, b->p + at + 1, b->n - at - 1);
			b->n--;
			continue;
		}
		b->p[at] = harmful[rnd_below(rnd, sizeof(harmful) - 1)];
	}
	if (rnd_chance(rnd, 5))
		b->n = 1 + rnd_below(rnd, (uint32_t)b->n);
}

static void
round_trip(
    uint64_t seed, unsigned *answered, unsigned *details, unsigned *of_999)
{
	struct judged received, answer;
	struct tally_buf b;
	struct maker m;

	maker_init(&m, seed);
	maker_vary(&m);
	tally_buf_init(&b, BYTES_MAX);
	write_interchange(&b, &m, maker_version(&m), 1, 2);
	assert_false(b.failed);
	damage(&b, &m.rnd, rnd_below(&m.rnd, 12));
	judged_run_as(&received, tally_buf_view(&b),
	    rnd_chance(&m.rnd, 50) ? TALLY_ACK_999 : TALLY_ACK_997, 0, &m.rnd);
	if (received.ack.n > 0) {
		judged_run(&answer, tally_buf_view(&received.ack), 0, NULL);
		if (judged_faults(&answer) > 0 || answer.interchanges == 0 ||
		    !answer.complete)
			fail_msg("SEED=%llu ROUNDS=1: %s in %s",
			    (unsigned long long)seed, judged_text(&answer),
			    received.ack.p);
		if (answer.ack.n > 0)
			fail_msg("SEED=%llu ROUNDS=1: an acknowledgement is "
				 "acknowledged by %s",
			    (unsigned long long)seed, answer.ack.p);
		++*answered;
		*details += strstr(received.ack.p, "AK4") != NULL ||
		    strstr(received.ack.p, "IK4") != NULL;
		*of_999 += strstr(received.ack.p, "ST*999") != NULL;
		judged_free(&answer);
	}
	judged_free(&received);
	tally_buf_free(&b);
}

static void
answers_are_valid(void **state)
{
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 1500);
	unsigned answered = 0, details = 0, of_999 = 0;

	(void)state;
	for (uint64_t i = 0; i < rounds; i++)
		round_trip(seed + i, &answered, &details, &of_999);
	/* The property would be empty if nothing were answered. */
	if (rounds >= 1500) {
		assert_true(answered > rounds / 4);
		assert_true(details > rounds / 20);
		assert_true(of_999 > rounds / 20);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
