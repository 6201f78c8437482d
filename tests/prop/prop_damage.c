/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One known damage in one set gives exactly one fault, of the known kind, at
 * the known place; the sets before and behind it are read as if nothing were.
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

#include "../support/damage.h"
#include "../support/judged.h"

#define BYTES_MAX (4u << 20)

/* Where the damaged set lies in the interchange that is written. */
struct span {
	uint64_t first, last; /* bytes of the segment, or of the whole set */
};

static struct span
write_spoilt(struct tally_buf *b, struct maker *m, struct made_set sets[3],
    const struct expected *x)
{
	struct span at = { 0, 0 };

	tally_buf_reset(b);
	write_isa(b, m, 1);
	write_gs(b, m, sets[0].spec, 1);
	write_set(b, m, &sets[0]);
	at.first = b->n;
	for (uint32_t i = 0; i < sets[1].n; i++) {
		if (i + 1 == x->segment)
			at.first = b->n;
		write_segment(b, m, &sets[1].segment[i]);
		if (i + 1 == x->segment)
			at.last = b->n;
	}
	if (x->segment == 0)
		at.last = b->n;
	write_set(b, m, &sets[2]);
	write_ge(b, m, 3, 1);
	write_iea(b, m, 1, 1);
	assert_false(b->failed);
	return at;
}

static void
failure(const char *what, const struct damage *d, const struct expected *x,
    const struct judged *j, uint64_t seed)
{
	fail_msg("%s: SEED=%llu ROUNDS=1: %s; expected %s at segment %u (%s), "
		 "element %u; %zu faults, first %s",
	    d->name, (unsigned long long)seed, what,
	    tally_finding_info(x->kind)->name, x->segment,
	    x->tag != NULL ? x->tag : "", x->element, judged_faults(j),
	    judged_text(j));
}

static void
compare(const struct damage *d, const struct expected *x, struct span at,
    const struct judged *j, uint64_t seed)
{
	const struct tally_finding *f = NULL;

	for (size_t i = 0; i < j->findings.n; i++)
		if (j->findings.v[i].severity > TALLY_NOTE && f == NULL)
			f = &j->findings.v[i];
	if (judged_faults(j) != 1 || f == NULL)
		failure("not one fault", d, x, j, seed);
	if (f->kind != x->kind)
		failure("another fault", d, x, j, seed);
	if ((x->segment != 0 && f->segment != x->segment) ||
	    (x->element != 0 && f->element != x->element) ||
	    (x->tag != NULL && strcmp(f->tag, x->tag) != 0))
		failure("at another place", d, x, j, seed);
	if (f->offset < at.first || f->offset > at.last)
		failure("at another byte", d, x, j, seed);
	if (j->nset != 3)
		failure("not three sets", d, x, j, seed);
	for (size_t i = 0; i < 3; i++)
		if ((j->set[i].verdict == TALLY_ACCEPTED) != (i != 1))
			failure("another verdict", d, x, j, seed);
}

/* Tries a damage on random sets until it was possible rounds times. */
static void
run(const struct damage *d, uint64_t seed, uint64_t rounds)
{
	struct made_set sets[3];
	struct expected x;
	struct tally_buf b;
	struct judged j;
	struct maker m;
	struct span at;
	uint64_t done = 0;

	tally_buf_init(&b, BYTES_MAX);
	for (int i = 0; i < 3; i++)
		made_init(&sets[i]);
	for (uint64_t i = 0; done < rounds && i < 40 * rounds; i++, seed++) {
		const struct tally_version *v;
		const struct tally_set_spec *spec;

		maker_init(&m, seed);
		maker_vary(&m);
		v = maker_version(&m);
		spec = &v->set[rnd_below(&m.rnd, v->nset)];
		for (uint32_t k = 0; k < 3; k++)
			made_fill(&sets[k], &m, spec, k + 1);
		if (!d->spoil(&sets[1], &m, &x))
			continue;
		done++;
		at = write_spoilt(&b, &m, sets, &x);
		judged_run(&j, tally_buf_view(&b), 0, NULL);
		compare(d, &x, at, &j, seed);
		judged_free(&j);
	}
	if (done == 0 && rounds > 1)
		fail_msg("%s: no set can be damaged so", d->name);
	for (int i = 0; i < 3; i++)
		made_free(&sets[i]);
	tally_buf_free(&b);
}

static void
test_damage(void **state)
{
	run(*state, rnd_env("SEED", 1), rnd_env("ROUNDS", 100));
}

int
main(void)
{
	struct CMUnitTest *tests;
	size_t n = 0;
	int failed;

	while (damage_nth(n) != NULL)
		n++;
	tests = calloc(n, sizeof(*tests));
	if (tests == NULL)
		return 1;
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ .name = damage_nth(i)->name,
			.test_func = test_damage,
			.initial_state = (void *)(uintptr_t)damage_nth(i) };
	failed = _cmocka_run_group_tests("damage", tests, n, NULL, NULL);
	free(tests);
	return failed;
}
