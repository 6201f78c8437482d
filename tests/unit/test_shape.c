/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments that are checked by what ones like them came to: what is said of a
 * set, and of each of its segments, does not depend on those before it.  The
 * sets here, of all kinds, whole, damaged, and with bytes changed, are checked
 * by a checker that has seen all others and by one that remembers nothing,
 * which looks at every value the long way.
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

#include "base/decimal.h"
#include "support/damage.h"
#include "support/judged.h"
#include "x12/checker.h"
#include "x12/total.h"

#define BYTES_MAX (4u << 20)
#define SETS      4 /* of an interchange */

static struct tally_err err;

/* --- bytes to sets --- */

static enum tally_rc
give(void *ctx, void *buf, size_t max, size_t *got, struct tally_err *e)
{
	struct tally_str *left = ctx;

	(void)e;
	*got = left->n < max ? left->n : max;
	if (*got > 0)
		memcpy(buf, left->p, *got);
	*left = tally_str(left->p + *got, left->n - *got);
	return TALLY_OK;
}

/* --- whether they say the same --- */

static uint64_t seed;

static void
same(bool is, const char *what, const struct tally_set *set, uint32_t at)
{
	if (!is)
		fail_msg("SEED=%llu ROUNDS=1: %s differs at %u of\n%.*s",
		    (unsigned long long)seed, what, at,
		    (int)(set->length < 3000 ? set->length : 3000),
		    (const char *)set->bytes + (set->start - set->offset));
}

/* What the two checkers have said of a set. */
struct said {
	struct tally_checker *checker;
	struct tally_findings findings;
	struct tally_segment *segment;
	struct tally_instance *instance;
	uint32_t ninstance;
	const void **known;
	unsigned counted; /* totals that it knew */
};

/* What it has counted on the way is what there is. */
static void
look_at_totals(
    struct said *s, const struct tally_grammar *g, const struct tally_set *set)
{
	int64_t n, is = 0;
	uint32_t tag;

	for (uint32_t p = 0; p < g->spec->nplace; p++, is = 0) {
		tag = tally_tag_of(g->spec->place[p].segment->tag,
		    strlen(g->spec->place[p].segment->tag));
		if (!tally_total_counted(s->checker, tag, &n))
			continue;
		for (uint32_t i = 0; i < set->nsegment; i++)
			is += set->segment[i].tag == tag &&
			    set->segment[i].place != TALLY_NOWHERE;
		same(is == n, "what is counted", set, p);
		s->counted += n > 0;
	}
}

static void
said_begin(struct said *s)
{
	assert_int_equal(
	    tally_checker_new(&s->checker, &tally_limits_default, &err), 0);
	tally_findings_init(&s->findings, 10000);
	s->segment = NULL;
	s->instance = NULL;
	s->counted = 0;
}

static void
said_end(struct said *s)
{
	tally_checker_free(s->checker);
	tally_findings_free(&s->findings);
	free(s->segment);
	free(s->instance);
}

static void
say(struct said *s, const struct tally_grammar *g, const struct tally_set *of)
{
	size_t n = of->nsegment * sizeof(*s->segment);
	struct tally_set set = *of;

	s->segment = realloc(s->segment, n);
	assert_non_null(s->segment);
	memcpy(s->segment, of->segment, n);
	set.segment = s->segment;
	tally_findings_reset(&s->findings);
	assert_int_equal(
	    tally_check(s->checker, g, &set, &s->findings, &err), 0);
	s->ninstance = set.ninstance;
	s->instance =
	    realloc(s->instance, set.ninstance * sizeof(*s->instance));
	assert_non_null(s->instance);
	memcpy(s->instance, set.instance, set.ninstance * sizeof(*s->instance));
	s->known = set.known;
	look_at_totals(s, g, &set);
}

static void
same_findings(const struct tally_findings *a, const struct tally_findings *b,
    const struct tally_set *set)
{
	char text[512];

	same(a->n == b->n, "the number of findings", set, (uint32_t)a->n);
	for (size_t i = 0; i < a->n; i++) {
		snprintf(text, sizeof(text), "%s", finding_text(&a->v[i]));
		same(strcmp(text, finding_text(&b->v[i])) == 0 &&
			a->v[i].offset == b->v[i].offset &&
			a->v[i].severity == b->v[i].severity,
		    "a finding", set, (uint32_t)i);
	}
}

/* What is no odd one is of its type, without blanks and zeros that say
 * nothing. */
static void
look_at_rest(const struct tally_set *set, const struct tally_grammar *g,
    const struct tally_segment *s)
{
	const struct tally_segment_spec *spec =
	    g->spec->place[s->place].segment;
	const struct tally_element *e;
	struct tally_str v;

	for (unsigned k = 1; k <= s->n && k < 64; k++) {
		if (!((s->present & ~s->odd) >> k & 1))
			continue;
		v = tally_element(set, s, k);
		same(k <= spec->nuse, "what is more", set, s->start);
		e = spec->use[k - 1].element;
		same(tally_value_check(e, v) == TALLY_FINDING_NONE &&
			v.p[v.n - 1] != ' ' &&
			(e->type != TALLY_R || tally_decimal_plain(v)),
		    "a value that is not odd", set, s->start);
	}
}

static void
same_segments(const struct said *a, const struct said *b,
    const struct tally_set *set, const struct tally_grammar *g)
{
	const struct tally_segment *s, *t;

	for (uint32_t i = 0; i < set->nsegment; i++) {
		s = &a->segment[i];
		t = &b->segment[i];
		same(s->place == t->place && s->loop == t->loop, "the place",
		    set, i);
		same(s->present == t->present, "what is there", set, i);
		same((s->odd & ~t->odd) == 0, "what is odd", set, i);
		if (s->place != TALLY_NOWHERE)
			look_at_rest(set, g, s);
	}
	same(a->ninstance == b->ninstance, "the number of loops", set, 0);
	for (uint32_t i = 0; i < a->ninstance; i++)
		same(a->instance[i].parent == b->instance[i].parent &&
			a->instance[i].first == b->instance[i].first &&
			a->instance[i].loop == b->instance[i].loop,
		    "a loop", set, i);
}

/* --- likes --- */

/* What segments with a number are like: grammar, place, tag and so on, and all
 * codes with the separators behind them. */
struct like {
	const struct tally_grammar *g;
	struct tally_segment is;
	struct tally_buf codes;
};

/* Those of a checker. */
struct likes {
	struct like v[UINT16_MAX + 1];
	unsigned met; /* that were like one before */
	unsigned anew;
};

static void
forget_likes(struct likes *l)
{
	for (size_t i = 0; i <= UINT16_MAX; i++) {
		tally_buf_free(&l->v[i].codes);
		l->v[i].g = NULL;
	}
	l->anew++;
}

static void
codes_of(struct tally_buf *b, const struct tally_set *set,
    const struct tally_segment *s, const struct tally_segment_spec *spec)
{
	tally_buf_init(b, 1 << 16);
	for (unsigned k = 1; k <= s->n && k <= spec->nuse; k++) {
		const struct tally_element *e = spec->use[k - 1].element;
		struct tally_str v = tally_element(set, s, k);

		if (e->type == TALLY_ID && e->ncode > 0)
			tally_buf_add(b, v.p, v.n + 1);
	}
}

static void
look_at_likes(struct likes *l, const struct said *by,
    const struct tally_set *set, const struct tally_grammar *g)
{
	const struct tally_segment *s = by->segment;
	struct tally_buf codes;
	struct like *k;

	if (*by->known != l)
		forget_likes(l);
	*by->known = l;
	for (uint32_t i = 0; i < set->nsegment; i++, s++) {
		if (s->like == 0)
			continue;
		same(s->place != TALLY_NOWHERE, "a like without place", set, i);
		codes_of(&codes, set, s, g->spec->place[s->place].segment);
		k = &l->v[s->like];
		if (k->g == NULL) {
			*k = (struct like){ g, *s, codes };
			continue;
		}
		same(k->g == g && k->is.place == s->place &&
			k->is.tag == s->tag && k->is.n == s->n &&
			k->is.present == s->present &&
			tally_str_eq(
			    tally_buf_view(&k->codes), tally_buf_view(&codes)),
		    "what is alike", set, i);
		l->met++;
		tally_buf_free(&codes);
	}
}

/* --- all together --- */

struct compared {
	struct said seen, none; /* all sets were; nothing is remembered */
	struct tally_grammars grammars;
	struct tally_findings of_reader;
	unsigned sets, faulty, odd;
	struct likes *likes; /* of seen */
};

static void
compared_begin(struct compared *c)
{
	*c = (struct compared){ .likes = calloc(1, sizeof(*c->likes)) };
	assert_non_null(c->likes);
	said_begin(&c->seen);
	said_begin(&c->none);
	c->none.checker->shapes.none = true;
	tally_findings_init(&c->of_reader, 10000);
}

static void
compared_end(struct compared *c)
{
	said_end(&c->seen);
	said_end(&c->none);
	tally_grammars_free(&c->grammars);
	tally_findings_free(&c->of_reader);
	forget_likes(c->likes);
	free(c->likes);
}

static void
compare_set(struct compared *c, const struct tally_version *version,
    const struct tally_set *set)
{
	const struct tally_set_spec *spec =
	    tally_set_find(version, tally_element(set, &set->segment[0], 1));
	const struct tally_grammar *g;

	if (spec == NULL)
		return;
	assert_int_equal(
	    tally_grammars_get(&c->grammars, version, spec, &g, &err), 0);
	say(&c->seen, g, set);
	say(&c->none, g, set);
	same_findings(&c->seen.findings, &c->none.findings, set);
	same_segments(&c->seen, &c->none, set, g);
	look_at_likes(c->likes, &c->seen, set, g);
	c->sets++;
	c->faulty += c->seen.findings.n > 0;
	for (uint32_t i = 0; i < set->nsegment; i++)
		c->odd += (c->seen.segment[i].odd != 0);
}

static void
compare(struct compared *c, const struct tally_version *version,
    struct tally_str bytes)
{
	struct tally_reader *reader;
	struct tally_unit u;

	tally_findings_reset(&c->of_reader);
	assert_int_equal(
	    tally_reader_new(&reader, (struct tally_source){ give, &bytes }, 0,
		&tally_limits_default, &c->of_reader, &err),
	    0);
	tally_reader_version(reader, version);
	do {
		assert_int_equal(tally_reader_next(reader, &u, &err), 0);
		if (u.kind == TALLY_UNIT_SET && u.set != NULL)
			compare_set(c, version, u.set);
	} while (u.kind != TALLY_UNIT_END);
	tally_reader_free(reader);
}

/* Bytes of sets that become others: those that are next to one another in
 * meaning, and separators. */
static void
change_bytes(struct tally_buf *b, size_t from, struct maker *m)
{
	static const char likely[] = "0019.- AXE\xc3\x01";
	const char also[] = { (char)m->sep.element, (char)m->sep.segment,
		(char)m->sep.component };
	uint32_t n = rnd_below(&m->rnd, 6);

	for (; n > 0 && b->n > from; n--) {
		char *p =
		    b->p + from + rnd_below(&m->rnd, (uint32_t)(b->n - from));

		if (rnd_chance(&m->rnd, 20))
			*p = also[rnd_below(&m->rnd, sizeof(also))];
		else
			*p = likely[rnd_below(&m->rnd, sizeof(likely) - 1)];
	}
}

static void
spoil(struct made_set *set, struct maker *m)
{
	struct expected x;
	size_t n = 0;

	while (damage_nth(n) != NULL)
		n++;
	damage_nth(rnd_below(&m->rnd, (uint32_t)n))->spoil(set, m, &x);
}

/* Sets that repeat segments of few kinds, one like another. */
static void
make_bytes(struct tally_buf *b, struct maker *m, struct made_set *set,
    const struct tally_version *v)
{
	const struct tally_set_spec *spec =
	    &v->set[rnd_below(&m->rnd, v->nset)];
	size_t from;

	tally_buf_reset(b);
	write_isa(b, m, 1);
	write_gs(b, m, spec, 1);
	from = b->n;
	for (uint32_t k = 1; k <= SETS; k++) {
		if (k == 1 || rnd_chance(&m->rnd, 50))
			made_fill(set, m, spec, k);
		if (rnd_chance(&m->rnd, 30))
			spoil(set, m);
		write_set(b, m, set);
		if (rnd_chance(&m->rnd, 50))
			write_order(b, m, k);
	}
	if (rnd_chance(&m->rnd, 60))
		change_bytes(b, from, m);
	write_ge(b, m, SETS, 1);
	write_iea(b, m, 1, 1);
	assert_false(b->failed);
}

static void
test_compared(void **state)
{
	uint64_t rounds = rnd_env("ROUNDS", 1500);
	struct made_set set;
	struct compared c;
	struct tally_buf b;
	struct maker m;

	(void)state;
	compared_begin(&c);
	tally_buf_init(&b, BYTES_MAX);
	made_init(&set);
	seed = rnd_env("SEED", 1);
	for (uint64_t i = 0; i < rounds; i++, seed++) {
		const struct tally_version *v;

		maker_init(&m, seed);
		if (rnd_chance(&m.rnd, 50))
			maker_vary(&m);
		v = maker_version(&m);
		make_bytes(&b, &m, &set, v);
		compare(&c, v, tally_buf_view(&b));
	}
	assert_true(c.sets > 2 * rounds);
	if (rounds > 10) {
		assert_in_range(c.faulty, c.sets / 10, c.sets * 9 / 10);
		assert_true(c.odd > 0);
		assert_true(c.seen.checker->shapes.n > 1);
		assert_int_equal(c.none.checker->shapes.n, 1);
		assert_true(c.likes->met > c.sets);
		assert_true(c.seen.counted > c.sets / 4);
	}
	made_free(&set);
	tally_buf_free(&b);
	compared_end(&c);
}

/* A value that begins with a code of before and what was the separator. */
static void
test_other_separators(void **state)
{
	static const char orders[] =
	    "ISA*00*          *00*          *ZZ*PINEHURST      "
	    "*ZZ*HARBORTRADE    *260105*0815*U*00401*000000001*0*P*>~"
	    "GS*PO*A*B*20260105*0815*1*X*004010~ST*850*0001~"
	    "BEG*00*SA*1**20260105~PO1*1*1*EA~PO1*2*1*EA~SE*5*0001~"
	    "GE*1*1~IEA*1*000000001~"
	    "ISA|00|          |00|          |ZZ|PINEHURST      "
	    "|ZZ|HARBORTRADE    |260105|0815|U|00401|000000002|0|P|>!"
	    "GS|PO|A|B|20260105|0815|2|X|004010!ST|850|0002!"
	    "BEG|00|SA|1||20260105!PO1|1|1|EA*!PO1|2|1|EA~!SE|5|0002!"
	    "GE|1|2!IEA|1|000000002!";
	struct compared c;

	(void)state;
	compared_begin(&c);
	seed = 0;
	compare(&c, tally_version_find(&tally_builtin, TALLY_STR("004010")),
	    tally_cstr(orders));
	assert_int_equal(c.sets, 2);
	assert_int_equal(c.seen.findings.n, 2);
	compared_end(&c);
}

/* A code that is not of the list is not what is remembered: the next segment
 * with the one before it has the number of those before it. */
static void
test_strange_code(void **state)
{
	static const struct {
		const char *code;
		int as; /* the first that is like it; -1: none is */
	} row[] = { { "00", 0 }, { "00", 0 }, { "Z9", -1 }, { "00", 0 },
		{ "05", 4 }, { "Z9", -1 }, { "00 ", -1 }, { "05", 4 } };
	uint16_t like[sizeof(row) / sizeof(row[0])];
	struct compared c;
	char orders[400];

	(void)state;
	compared_begin(&c);
	for (size_t k = 0; k < sizeof(row) / sizeof(row[0]); k++) {
		snprintf(orders, sizeof(orders),
		    "ISA*00*          *00*          *ZZ*PINEHURST      "
		    "*ZZ*HARBORTRADE    *260105*0815*U*00401*000000001*0*P*>~"
		    "GS*PO*A*B*20260105*0815*1*X*004010~ST*850*0001~"
		    "BEG*%s*SA*1**20260105~PO1*1*1*EA~SE*4*0001~",
		    row[k].code);
		compare(&c,
		    tally_version_find(&tally_builtin, TALLY_STR("004010")),
		    tally_cstr(orders));
		like[k] = c.seen.segment[1].like;
		assert_int_equal(like[k] != 0, row[k].as >= 0);
		if (row[k].as >= 0)
			assert_int_equal(like[k], like[row[k].as]);
	}
	assert_int_not_equal(like[4], like[0]);
	compared_end(&c);
}

/* When there are no more numbers, segments have none; at the next set numbers
 * begin anew. */
static void
test_numbers_end(void **state)
{
	const struct tally_version *v =
	    tally_version_find(&tally_builtin, TALLY_STR("004010"));
	const uint32_t lines = UINT16_MAX / 2 + 100;
	struct compared c;
	struct tally_buf b;
	struct maker m;
	unsigned anew;

	(void)state;
	compared_begin(&c);
	tally_buf_init(&b, BYTES_MAX);
	maker_init(&m, 1);
	write_isa(&b, &m, 1);
	tally_buf_puts(&b, "GS*PO*A*B*20260105*0815*1*X*004010~");
	write_order(&b, &m, 1);
	compare(&c, v, tally_buf_view(&b));
	c.seen.checker->shapes.likes = UINT16_MAX / 2;
	tally_buf_reset(&b);
	write_isa(&b, &m, 2);
	tally_buf_puts(&b,
	    "GS*PO*A*B*20260105*0815*1*X*004010~ST*850*0001~"
	    "BEG*00*SA*1**20260105~");
	for (uint32_t i = 1; i <= lines; i++)
		tally_buf_printf(&b, "PO1**1*%s~", i % 2 == 0 ? "EA" : "CA");
	tally_buf_printf(&b, "SE*%u*0001~", lines + 3);
	compare(&c, v, tally_buf_view(&b));
	assert_true(c.seen.segment[2].like > 0);
	assert_int_equal(c.seen.segment[lines + 1].like, 0);
	anew = c.likes->anew;
	tally_buf_reset(&b);
	write_isa(&b, &m, 3);
	tally_buf_puts(&b, "GS*PO*A*B*20260105*0815*1*X*004010~");
	write_order(&b, &m, 2);
	compare(&c, v, tally_buf_view(&b));
	assert_int_equal(c.sets, 3);
	assert_int_equal(c.likes->anew, anew + 1);
	assert_in_range(c.seen.segment[1].like, 1, 100);
	tally_buf_free(&b);
	compared_end(&c);
}

/* What is remembered is found again: nothing new is in the second half of a
 * hundred orders, which have some 15 shapes, of each of two ways to end
 * segments. */
static void
test_found_again(void **state)
{
	struct compared c;
	struct tally_buf b;
	struct maker m;
	uint32_t n = 0;

	(void)state;
	compared_begin(&c);
	tally_buf_init(&b, BYTES_MAX);
	maker_init(&m, 1);
	for (uint32_t k = 1; k <= 100; k++) {
		tally_buf_reset(&b);
		m.sep.segment = k % 2 == 0 ? '~' : '!';
		write_isa(&b, &m, k);
		tally_buf_printf(
		    &b, "GS*PO*A*B*20260105*0815*1*X*004010%c", m.sep.segment);
		write_order(&b, &m, k);
		compare(&c,
		    tally_version_find(&tally_builtin, TALLY_STR("004010")),
		    tally_buf_view(&b));
		if (k == 50)
			n = c.seen.checker->shapes.n;
	}
	assert_int_equal(c.sets, 100);
	assert_in_range(n, 20, 40);
	assert_int_equal(c.seen.checker->shapes.n, n);
	tally_buf_free(&b);
	compared_end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compared),
		cmocka_unit_test(test_other_separators),
		cmocka_unit_test(test_strange_code),
		cmocka_unit_test(test_numbers_end),
		cmocka_unit_test(test_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
