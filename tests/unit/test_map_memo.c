/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments that are mapped by what ones like them came to: what becomes of a
 * set does not depend on those before it.  Sets of several kinds, whole and
 * with bytes changed, are read through maps that have read all others and
 * through such as remember nothing.
 *
 * SEED=n starts elsewhere, ROUNDS=n does more; a failure prints its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/embed.h"
#include "map/memo.h"
#include "support/generate.h"
#include "support/reading.h"
#include "tallyman/judge.h"

#define BYTES_MAX (4u << 20)
#define SETS      6 /* of an interchange */

static const char *const kinds[] = { "850", "856", "940", "945", "846" };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* One for 850 that asks for more: whether a party is wanted decides about the
 * segments behind it, and what is no code of a list about others. */
static const char own[] =
    BEGIN BEG "<field column='department' ref='REF02' where='REF01=DP|IA'/>"
	      "<rows table='parties' loop='N1' where='N101=ST|BT'>"
	      "<field column='name' ref='N102'/>"
	      "<field column='street' ref='N301'/>"
	      "<field column='city' ref='N401'/></rows>"
	      "<rows table='order_lines' loop='PO1'>"
	      "<field column='buyer_item' ref='PO107' where='PO102=1|2|3'/>"
	      "<field column='quantity' ref='PO102'/>"
	      "<field column='vendor_item' ref='PO109' where='PO101=1|4|7'/>"
	      "</rows>" END;

/* A map, and what it makes of a set. */
struct way {
	struct tally_map *map;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings;
	struct tally_buf out;
};

struct compared {
	struct way seen[KINDS], none[KINDS];
	struct rnd rnd;
	uint64_t seed;
	bool contested; /* both maps want to know the numbers of segments */
	unsigned sets, known;
};

static struct tally_err err;

static void
way_begin(struct way *w, const char *kind, struct tally_str text)
{
	char name[16];

	snprintf(name, sizeof(name), "%s.xml", kind);
	if (text.n == 0)
		text = tally_embedded_find(name);
	if (tally_map_load(&w->map, reading_model, reading_version, NULL, name,
		text, &err) != TALLY_OK)
		fail_msg("%s:%u: %s", err.file, err.line, err.text);
	assert_int_equal(
	    tally_batch_init(&w->batch, reading_model, 16u << 20, &err),
	    TALLY_OK);
	w->residues = (struct tally_residues){ 0 };
	tally_findings_init(&w->findings, 10000);
	tally_buf_init(&w->out, BYTES_MAX);
}

static void
way_end(struct way *w)
{
	tally_map_free(w->map);
	tally_batch_free(&w->batch);
	tally_residues_free(&w->residues);
	tally_findings_free(&w->findings);
	tally_buf_free(&w->out);
}

/* The rows, what is left and what is told, as text. */
static void
read_through(struct way *w, const struct tally_set *set)
{
	const struct tally_finding *f;

	tally_findings_reset(&w->findings);
	tally_buf_reset(&w->out);
	assert_int_equal(tally_map_read(w->map, set, &w->batch, &w->residues,
			     &w->findings, &err),
	    TALLY_OK);
	tally_batch_json(&w->batch, w->batch.ndocument - 1, &w->out);
	for (size_t i = 0; i < w->residues.n; i++) {
		const struct tally_residue *x = &w->residues.v[i];

		tally_buf_printf(&w->out, "%u.%u %.*s of %u.%u row %u\n",
		    x->segment, x->element, (int)x->text.n, x->text.p, x->table,
		    x->column, x->row);
	}
	for (size_t i = 0; i < w->findings.n; i++) {
		f = &w->findings.v[i];
		tally_buf_printf(&w->out, "%d at %u.%u %.*s %.*s\n", f->kind,
		    f->segment, f->element, (int)f->value.n, f->value.p,
		    (int)f->expected.n, f->expected.p);
	}
	assert_false(w->out.failed);
}

/* The same, where nothing is remembered. */
static void
read_forgetful(struct way *w, const struct tally_set *set)
{
	bool first = w->map->scratch.memos == NULL;

	read_through(w, set);
	if (!first)
		return;
	for (size_t i = 0; i < w->map->nlist; i++)
		w->map->scratch.memos->list[i].ability = MEMO_NOT_ABLE;
	for (size_t i = 0; i < MEMO_WAYS << MEMO_BITS; i++)
		w->map->scratch.memos->memo[i].list = MEMO_NONE;
	tally_batch_undo(&w->batch);
	read_through(w, set);
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *e)
{
	struct compared *c = ctx;
	struct tally_set set;
	size_t k = 0;

	(void)e;
	if (!v->checked)
		return TALLY_OK;
	while (strcmp(kinds[k], v->set->spec->id) != 0)
		k++;
	set = *v->set;
	read_through(&c->seen[k], &set);
	c->known += *set.known == c->seen[k].map->scratch.memos;
	if (!c->contested)
		set.known = NULL;
	read_forgetful(&c->none[k], &set);
	if (!tally_str_eq(tally_buf_view(&c->seen[k].out),
		tally_buf_view(&c->none[k].out)))
		fail_msg("SEED=%llu ROUNDS=1:\n%s\nand remembering nothing\n%s",
		    (unsigned long long)c->seed, c->seen[k].out.p,
		    c->none[k].out.p);
	if (rnd_chance(&c->rnd, 10))
		tally_batch_reset(&c->seen[k].batch);
	if (rnd_chance(&c->rnd, 10))
		tally_batch_reset(&c->none[k].batch);
	c->sets++;
	return TALLY_OK;
}

static void
judge(struct compared *c, struct tally_str bytes)
{
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.visit = visit,
		.ctx = c };
	const struct tally_interchange_judged *x;
	struct tally_judge *j;

	assert_int_equal(
	    tally_judge_new(&j, tally_source_str(&bytes), 0, &options, &err),
	    TALLY_OK);
	do
		assert_int_equal(tally_judge_next(j, &x, &err), TALLY_OK);
	while (x != NULL);
	tally_judge_free(j);
}

/* Bytes of sets become others that are next to them in meaning. */
static void
change_bytes(struct tally_buf *b, size_t from, struct maker *m)
{
	static const char likely[] = "0019.- AXEUV";
	uint32_t n = rnd_below(&m->rnd, 12);

	for (; n > 0 && b->n > from; n--)
		b->p[from + rnd_below(&m->rnd, (uint32_t)(b->n - from))] =
		    likely[rnd_below(&m->rnd, sizeof(likely) - 1)];
}

static void
make_bytes(struct tally_buf *b, struct maker *m, struct made_set *set)
{
	const struct tally_set_spec *spec = tally_set_find(
	    reading_version, tally_cstr(kinds[rnd_below(&m->rnd, KINDS)]));
	bool orders = rnd_chance(&m->rnd, 50);
	size_t from;

	if (orders)
		spec = tally_set_find(reading_version, TALLY_STR("850"));
	tally_buf_reset(b);
	write_isa(b, m, 1);
	write_gs(b, m, spec, 1);
	from = b->n;
	for (uint32_t k = 1; k <= SETS; k++) {
		if (orders) {
			write_order(b, m, k);
			continue;
		}
		if (k == 1 || rnd_chance(&m->rnd, 30))
			made_fill(set, m, spec, k);
		write_set(b, m, set);
	}
	if (rnd_chance(&m->rnd, 70))
		change_bytes(b, from, m);
	write_ge(b, m, SETS, 1);
	write_iea(b, m, 1, 1);
	assert_false(b->failed);
}

static void
compare(bool contested, struct tally_str map)
{
	uint64_t rounds = rnd_env("ROUNDS", 400);
	struct compared c = { .contested = contested };
	struct made_set set;
	struct tally_buf b;
	struct maker m;

	for (size_t k = 0; k < KINDS; k++) {
		way_begin(&c.seen[k], kinds[k], k == 0 ? map : TALLY_STR(""));
		way_begin(&c.none[k], kinds[k], k == 0 ? map : TALLY_STR(""));
	}
	tally_buf_init(&b, BYTES_MAX);
	made_init(&set);
	c.seed = rnd_env("SEED", 1);
	rnd_seed(&c.rnd, c.seed);
	for (uint64_t i = 0; i < rounds; i++, c.seed++) {
		maker_init(&m, c.seed);
		if (rnd_chance(&m.rnd, 50))
			maker_vary(&m);
		make_bytes(&b, &m, &set);
		judge(&c, tally_buf_view(&b));
	}
	assert_true(c.sets > 2 * rounds);
	assert_int_equal(c.known, c.sets);
	made_free(&set);
	tally_buf_free(&b);
	for (size_t k = 0; k < KINDS; k++) {
		way_end(&c.seen[k]);
		way_end(&c.none[k]);
	}
}

static void
test_remembered(void **state)
{
	(void)state;
	compare(false, TALLY_STR(""));
}

/* Two maps that read the same sets each take the numbers from the other. */
static void
test_contested(void **state)
{
	(void)state;
	compare(true, TALLY_STR(""));
}

static void
test_own_map(void **state)
{
	(void)state;
	compare(false, tally_cstr(own));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembered),
		cmocka_unit_test(test_contested),
		cmocka_unit_test(test_own_map),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
