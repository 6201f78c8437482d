/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A valid interchange cut off at every byte: sets that were complete before
 * the cut are read as before, and the cut itself is one finding, however many
 * levels it left open.
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

#define BYTES_MAX (1u << 20)
#define ISA       106 /* bytes of an ISA segment */

static void
failure(const char *what, uint64_t seed, size_t cut, const struct judged *j)
{
	fail_msg("SEED=%llu ROUNDS=1, cut after %zu bytes: %s; %zu findings, "
		 "first fault %s",
	    (unsigned long long)seed, cut, what, j->findings.n, judged_text(j));
}

/* How many sets end, terminator included, within the first cut bytes. */
static size_t
ended(const struct judged *whole, size_t cut)
{
	size_t n = 0;

	while (n < whole->nset &&
	    whole->set[n].start + whole->set[n].length <= cut)
		n++;
	return n;
}

static void
compare(const struct judged *whole, const struct judged *part, size_t cut,
    size_t last, uint64_t seed)
{
	size_t n = ended(whole, cut);

	if (part->nset < n || part->nset > n + 1)
		failure(
		    "other sets than those before the cut", seed, cut, part);
	for (size_t i = 0; i < n; i++)
		if (part->set[i].start != whole->set[i].start ||
		    part->set[i].length != whole->set[i].length ||
		    part->set[i].nsegment != whole->set[i].nsegment ||
		    part->set[i].findings != 0 ||
		    part->set[i].verdict != TALLY_ACCEPTED)
			failure("a complete set is read otherwise", seed, cut,
			    part);
	if (cut + 1 >= last) { /* no more than the last terminator */
		if (judged_faults(part) != 0)
			failure("a fault in a whole one", seed, cut, part);
		return;
	}
	if (judged_faults(part) != 1)
		failure("not one fault", seed, cut, part);
	if (cut >= ISA && part->interchanges != 1)
		failure("no interchange", seed, cut, part);
	if (part->complete)
		failure("it passes for complete", seed, cut, part);
	for (size_t i = 0; i < part->findings.n; i++)
		if (part->findings.v[i].severity > TALLY_NOTE && cut >= ISA &&
		    part->findings.v[i].kind != TALLY_F_iea_missing)
			failure("another fault than the missing IEA", seed, cut,
			    part);
}

static void
test_cut(void **unused)
{
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 6);
	struct judged whole, part;
	struct tally_buf b;
	struct maker m;
	size_t last;

	(void)unused;
	tally_buf_init(&b, BYTES_MAX);
	for (; rounds > 0; rounds--, seed++) {
		tally_buf_reset(&b);
		maker_init(&m, seed);
		maker_vary(&m);
		m.fullness = 4;
		m.wordy = 12;
		write_interchange(
		    &b, &m, maker_version(&m), 2, rnd_between(&m.rnd, 1, 3));
		judged_run(&whole, tally_buf_view(&b), 0, NULL);
		last = b.n - strlen(m.after);
		for (size_t cut = 1; cut <= b.n; cut++) {
			judged_run(&part, tally_str(b.p, cut), 0, NULL);
			compare(&whole, &part, cut, last, seed);
			judged_free(&part);
		}
		judged_free(&whole);
	}
	tally_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
