/* SPDX-License-Identifier: Apache-2.0 */
/* Valid transaction sets from the dictionary's tables; see generate.h. */
#include "generate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/check_digit.h"

/* A set that is larger says nothing that a smaller does not. */
#define SEGMENTS_MAX 4000
#define ARENA_MAX    (64u << 20)

void
rnd_seed(struct rnd *r, uint64_t seed)
{
	r->state = seed * 0x9e3779b97f4a7c15U + 0x7a11;
	if (r->state == 0)
		r->state = 1;
}

uint32_t
rnd_below(struct rnd *r, uint32_t n)
{
	assert(n > 0);
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (uint32_t)((r->state * 0x2545f4914f6cdd1dU >> 32) % n);
}

uint32_t
rnd_between(struct rnd *r, uint32_t lo, uint32_t hi)
{
	return lo + rnd_below(r, hi - lo + 1);
}

bool
rnd_chance(struct rnd *r, uint32_t percent)
{
	return rnd_below(r, 100) < percent;
}

uint64_t
rnd_env(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' ? strtoull(s, NULL, 0) : otherwise;
}

void
maker_init(struct maker *m, uint64_t seed)
{
	*m = (struct maker){ .sep = { '*', '~', '>', 0 },
		.after = "\n",
		.fullness = 25,
		.wordy = 30 };
	rnd_seed(&m->rnd, seed);
}

void
maker_vary(struct maker *m)
{
	/* None of them occurs in a value that is made here. */
	static const struct tally_separators seps[] = {
		{ '*', '~', '>', 0 },
		{ '*', '~', ':', 0 },
		{ '|', '\n', '>', 0 },
		{ '^', '~', '\\', 0 },
		{ 0x1d, 0x1c, 0x1f, 0 },
		{ '*', 0x15, '<', 0 },
	};
	static const char *const after[] = { "", "\n", "\r\n", "" };

	m->sep = seps[rnd_below(&m->rnd, sizeof(seps) / sizeof(seps[0]))];
	m->after = m->sep.segment == '\n' ? "" : after[rnd_below(&m->rnd, 4)];
	m->fullness = rnd_chance(&m->rnd, 5) ? 70 : rnd_below(&m->rnd, 40);
	m->wordy = rnd_chance(&m->rnd, 10) ? 300 : 30;
}

const struct tally_version *
maker_version(struct maker *m)
{
	return tally_builtin
	    .version[rnd_below(&m->rnd, (uint32_t)tally_builtin.nversion)];
}

void
made_init(struct made_set *s)
{
	*s = (struct made_set){ .n = 0 };
	tally_arena_init(&s->arena, ARENA_MAX);
}

void
made_free(struct made_set *s)
{
	tally_arena_free(&s->arena);
	made_init(s);
}

static void *
take(struct made_set *s, size_t n)
{
	void *p = tally_arena_alloc(&s->arena, n);

	if (p == NULL)
		abort();
	return p;
}

static uint64_t
bit(uint32_t k)
{
	return (uint64_t)1 << k;
}

/* One of the positions of a mask that is not empty. */
static uint32_t
pick(struct rnd *r, uint64_t mask)
{
	uint32_t k;

	assert(mask != 0);
	do
		k = rnd_below(r, 64);
	while ((mask & bit(k)) == 0);
	return k;
}

/* Changes *have so that the note holds, as far as it can be done at all. */
static void
obey(
    struct rnd *r, const struct tally_note *note, uint64_t must, uint64_t *have)
{
	uint64_t in = *have & note->mask;
	uint64_t others = note->mask & ~bit(note->first);

	switch (note->kind) {
	case 'P':
		if (in != 0)
			*have |= note->mask;
		break;
	case 'R':
		if (in == 0)
			*have |= bit(pick(r, note->mask));
		break;
	case 'E':
		if ((in & (in - 1)) != 0)
			*have = (*have & ~note->mask) | (in & must) |
			    ((in & must) == 0 ? bit(pick(r, in)) : 0);
		break;
	case 'C':
		if ((in & bit(note->first)) != 0)
			*have |= note->mask;
		break;
	default: /* L */
		if ((in & bit(note->first)) != 0 && (in & others) == 0)
			*have |= bit(pick(r, others));
		break;
	}
}

/* Which of the uses are there: mandatory ones, some others, notes kept. */
static uint64_t
presence(struct maker *m, const struct tally_use *use, uint8_t nuse,
    const struct tally_note *note, uint8_t nnote)
{
	uint64_t must = 0, have, before;
	uint32_t percent = m->fullness;

	for (uint32_t k = 1; k <= nuse; k++)
		if (use[k - 1].requirement == 'M')
			must |= bit(k);
	for (int attempt = 0; attempt < 50; attempt++) {
		have = must;
		for (uint32_t k = 1; k <= nuse; k++)
			if (rnd_chance(&m->rnd, percent))
				have |= bit(k);
		for (int i = 0; i < 50; i++) {
			bool kept = true;

			for (uint8_t j = 0; j < nnote; j++) {
				before = have;
				obey(&m->rnd, &note[j], must, &have);
				kept = kept && have == before;
			}
			if (kept && have != 0)
				return have;
			if (have == 0)
				have = bit(1 + rnd_below(&m->rnd, nuse));
		}
		percent /= 2; /* notes that pull both ways: ask for less */
	}
	abort(); /* the notes of this segment contradict one another */
}

static struct tally_str
composite(struct maker *m, struct tally_arena *a, const struct tally_element *e)
{
	uint64_t have = presence(m, e->use, e->nuse, e->note, e->nnote);
	struct tally_buf b;
	struct tally_str out;

	tally_buf_init(&b, 1 << 16);
	for (uint32_t k = 1; k <= e->nuse && have >> k != 0; k++) {
		if (k > 1)
			tally_buf_putc(&b, (char)m->sep.component);
		if ((have & bit(k)) != 0)
			tally_buf_str(
			    &b, made_value(m, a, e->use[k - 1].element));
	}
	out = tally_arena_str(a, tally_buf_view(&b));
	tally_buf_free(&b);
	return out;
}

static struct tally_str
date(struct maker *m, struct tally_arena *a, const struct tally_element *e)
{
	static const uint32_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	uint32_t year = rnd_between(&m->rnd, 1990, 2049);
	uint32_t month = rnd_between(&m->rnd, 1, 12);
	uint32_t day = rnd_between(&m->rnd, 1, days[month - 1]);
	bool wide = e->min >= 8 || (e->max >= 8 && rnd_chance(&m->rnd, 50));
	struct tally_buf b;
	struct tally_str out;

	if (month == 2 && day == 28 && year % 4 == 0) /* 2000 was one */
		day = 29;
	tally_buf_init(&b, 64);
	if (wide)
		tally_buf_printf(&b, "%04u", year);
	else
		tally_buf_printf(&b, "%02u", year % 100);
	tally_buf_printf(&b, "%02u%02u", month, day);
	out = tally_arena_str(a, tally_buf_view(&b));
	tally_buf_free(&b);
	return out;
}

static void
draw_time(struct maker *m, char *p, uint32_t n)
{
	static const unsigned char limit[] = { 24, 60, 60, 100 };

	for (uint32_t i = 0; i < n; i += 2) {
		uint32_t v = rnd_below(&m->rnd, limit[i / 2]);

		p[i] = (char)('0' + v / 10);
		if (i + 1 < n)
			p[i + 1] = (char)('0' + v % 10);
	}
}

static void
draw_text(struct maker *m, char *p, uint32_t n)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  " -./,()&'abcdefghijklmnopqrstuvwxyz";
	uint32_t last = sizeof(set) - 2;

	for (uint32_t i = 0; i < n; i++) {
		/* A blank at either end would be padding. */
		do
			p[i] = set[rnd_below(&m->rnd, last + 1)];
		while (p[i] == ' ' && (i == 0 || i + 1 == n));
	}
}

/* n digits, the first not 0 unless it is the only one. */
static void
draw_digits(struct maker *m, char *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		p[i] = (char)('0' + rnd_below(&m->rnd, 10));
	if (n > 1 && p[0] == '0')
		p[0] = '7';
}

static uint32_t
length(struct maker *m, const struct tally_element *e, uint32_t most)
{
	uint32_t max = e->max > most ? most : e->max;

	if (max < e->min)
		max = e->min;
	return rnd_between(&m->rnd, e->min > 0 ? e->min : 1, max);
}

/* Digits with a sign and, in type R, a point: neither counts as length. */
static struct tally_str
number(struct maker *m, struct tally_arena *a, const struct tally_element *e)
{
	uint32_t n = length(m, e, 9), k = 0;
	char digits[16], out[20];

	assert(n < sizeof(digits));
	draw_digits(m, digits, n);
	if (rnd_chance(&m->rnd, 3))
		out[k++] = '-';
	if (e->type == TALLY_R && n > 1 && rnd_chance(&m->rnd, 40)) {
		uint32_t left = rnd_between(&m->rnd, 0, n - 1);

		memcpy(out + k, digits, left);
		out[k + left] = '.';
		memcpy(out + k + left + 1, digits + left, n - left);
		if (out[k + n] == '0')
			out[k + n] = '5';
		k += n + 1;
	} else {
		memcpy(out + k, digits, n);
		k += n;
	}
	return tally_arena_str(a, tally_str(out, k));
}

struct tally_str
made_value(
    struct maker *m, struct tally_arena *a, const struct tally_element *e)
{
	uint32_t n;
	char *p;

	if (e->type == TALLY_COMPOSITE)
		return composite(m, a, e);
	if (e->type == TALLY_DT)
		return date(m, a, e);
	if (e->type == TALLY_R || e->type == TALLY_N)
		return number(m, a, e);
	if (e->code != NULL && e->ncode > 0)
		return tally_arena_str(
		    a, tally_cstr(e->code[rnd_below(&m->rnd, e->ncode)].code));
	n = length(m, e, e->type == TALLY_TM ? 8 : m->wordy);
	if (e->type == TALLY_TM && n == 5)
		n = e->min <= 4 ? 4 : 6; /* HHMMS is no time */
	p = tally_arena_alloc(a, n + 1);
	if (p == NULL)
		abort();
	if (e->type == TALLY_TM)
		draw_time(m, p, n);
	else if (e->type == TALLY_ID)
		for (uint32_t i = 0; i < n; i++)
			p[i] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[rnd_below(
			    &m->rnd, 32)];
	else
		draw_text(m, p, n);
	p[n] = '\0';
	return tally_str(p, n);
}

/* A number behind the kth element, if that is the qualifier of one that has a
 * check digit; else an empty view. */
static struct tally_str
checked_number(struct maker *m, struct tally_arena *a,
    const struct made_segment *g, uint32_t k)
{
	static const uint32_t digits[] = { [TALLY_CHECK_GTIN] = 12,
		[TALLY_CHECK_SSCC] = 18,
		[TALLY_CHECK_ISBN] = 13 };
	const struct tally_code *code =
	    k > 0 && g->spec->use[k - 1].element->checks
	    ? tally_code_find(g->spec->use[k - 1].element, g->element[k - 1])
	    : NULL;
	char number[20], expected[CHECK_DIGIT_WORDS];
	uint32_t n;

	if (code == NULL || code->check == TALLY_CHECK_NONE)
		return tally_str("", 0);
	n = digits[code->check];
	draw_digits(m, number, n);
	for (number[n - 1] = '0'; !tally_check_digit_right(
		 code->check, tally_str(number, n), expected);)
		number[n - 1]++;
	return tally_arena_str(a, tally_str(number, n));
}

struct made_segment
made_new(struct made_set *s, struct maker *m, uint16_t place)
{
	const struct tally_segment_spec *spec = s->spec->place[place].segment;
	struct made_segment g = { .place = place, .spec = spec };
	uint64_t have;

	memcpy(g.tag, spec->tag, sizeof(g.tag));
	g.element = take(s, (spec->nuse + 4u) * sizeof(*g.element));
	memset(g.element, 0, (spec->nuse + 4u) * sizeof(*g.element));
	if (spec->nuse == 0)
		return g;
	have = presence(m, spec->use, spec->nuse, spec->note, spec->nnote);
	for (uint32_t k = 1; k <= spec->nuse; k++)
		if ((have & bit(k)) != 0) {
			g.element[k - 1] =
			    checked_number(m, &s->arena, &g, k - 1);
			if (g.element[k - 1].n == 0)
				g.element[k - 1] = made_value(
				    m, &s->arena, spec->use[k - 1].element);
			g.n = k;
		}
	return g;
}

static void
append(struct made_set *s, struct maker *m, uint16_t place)
{
	assert(s->n < s->cap);
	s->segment[s->n] = made_new(s, m, place);
	s->n++;
}

/* How often something occurs that may occur max times. */
static uint32_t
times(struct maker *m, char requirement, uint32_t max)
{
	uint32_t n = requirement == 'M' ? 1 : 0;

	if (max == TALLY_UNBOUNDED || max > 4)
		max = 4;
	while (n < max && rnd_chance(&m->rnd, m->fullness))
		n++;
	return n;
}

/* The loop inside loop that begins at place p. */
static uint16_t
inner(const struct tally_set_spec *spec, uint16_t loop, uint16_t p)
{
	uint16_t i = 1;

	while (spec->loop[i].parent != loop || spec->loop[i].first != p) {
		i++;
		assert(i < spec->nloop);
	}
	return i;
}

/* One instance of a loop.  As deep as the grammar is, not the data. */
static void
fill_loop(struct made_set *s, struct maker *m, uint16_t loop)
{
	const struct tally_set_spec *spec = s->spec;
	const struct tally_loop *l = &spec->loop[loop];

	for (uint32_t p = l->first; p <= l->last; p++) {
		const struct tally_place *place = &spec->place[p];
		uint32_t n;

		if (place->loop != loop) {
			uint16_t i = inner(spec, loop, (uint16_t)p);

			n = times(
			    m, spec->loop[i].requirement, spec->loop[i].max);
			while (n-- > 0 && s->n < SEGMENTS_MAX / 2)
				fill_loop(s, m, i);
			p = spec->loop[i].last;
			continue;
		}
		n = p == l->first ? 1
				  : times(m, place->requirement, place->max);
		while (n-- > 0)
			append(s, m, (uint16_t)p);
	}
}

static struct tally_str
numeral(struct made_set *s, uint32_t v, int width)
{
	struct tally_buf b;
	struct tally_str out;

	tally_buf_init(&b, 64);
	tally_buf_printf(&b, "%0*u", width, v);
	out = tally_arena_str(&s->arena, tally_buf_view(&b));
	tally_buf_free(&b);
	return out;
}

/* Totals: what is counted is put in, what is added up is left out, because
 * partners and standards do not agree how decimals add up. */
static void
count_total(struct made_set *s, const struct tally_total *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		if (strcmp(s->segment[i].tag, t->of) == 0)
			n++;
	for (uint32_t i = 0; i < s->n; i++) {
		struct made_segment *g = &s->segment[i];

		if (strcmp(g->tag, t->tag) != 0 || g->n < t->element)
			continue;
		g->element[t->element - 1] =
		    t->of_element == 0 ? numeral(s, n, 1) : tally_str("", 0);
		while (g->n > 0 && g->element[g->n - 1].n == 0)
			g->n--;
	}
}

/* Hierarchical levels: numbered, each below the one of half its number. */
static void
number_levels(struct made_set *s)
{
	uint32_t n = 0, k = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n += strcmp(s->segment[i].tag, "HL") == 0;
	for (uint32_t i = 0; i < s->n; i++) {
		struct made_segment *g = &s->segment[i];

		if (strcmp(g->tag, "HL") != 0)
			continue;
		k++;
		g->element[0] = numeral(s, k, 1);
		g->element[1] = k > 1 ? numeral(s, k / 2, 1) : tally_str("", 0);
		g->element[3] = numeral(s, 2 * k <= n, 1);
		if (g->n < 4)
			g->n = 4;
	}
}

/* LE repeats what LS says; these loops do not nest. */
static void
name_loops(struct made_set *s)
{
	struct tally_str id = tally_str("", 0);

	for (uint32_t i = 0; i < s->n; i++) {
		struct made_segment *g = &s->segment[i];

		if (strcmp(g->tag, "LS") == 0)
			id = g->element[0];
		else if (strcmp(g->tag, "LE") == 0 && id.n > 0)
			g->element[0] = id;
	}
}

void
made_count(struct made_set *s)
{
	number_levels(s);
	name_loops(s);
	for (uint16_t i = 0; i < s->spec->ntotal; i++)
		count_total(s, &s->spec->total[i]);
	s->segment[s->n - 1].element[0] = numeral(s, s->n, 1);
}

void
made_fill(struct made_set *s, struct maker *m,
    const struct tally_set_spec *spec, uint32_t control)
{
	struct made_segment *st, *se;

	tally_arena_reset(&s->arena);
	s->spec = spec;
	s->n = 0;
	s->cap = SEGMENTS_MAX;
	s->segment = take(s, s->cap * sizeof(*s->segment));
	fill_loop(s, m, 0);
	assert(s->n >= 2);
	st = &s->segment[0];
	se = &s->segment[s->n - 1];
	st->element[0] = tally_cstr(spec->id);
	st->element[1] = se->element[1] = numeral(s, control, 4);
	st->n = se->n = 2;
	made_count(s);
}

struct made_segment
made_copy(struct made_set *s, const struct made_segment *from)
{
	struct made_segment g = *from;
	size_t bytes = (from->spec->nuse + 4u) * sizeof(*g.element);

	g.element = take(s, bytes);
	memcpy(g.element, from->element, bytes);
	return g;
}

void
made_insert(struct made_set *s, uint32_t at, const struct made_segment *g)
{
	assert(s->n < s->cap && at <= s->n);
	memmove(&s->segment[at + 1], &s->segment[at],
	    (s->n - at) * sizeof(*s->segment));
	s->segment[at] = *g;
	s->n++;
}

void
made_remove(struct made_set *s, uint32_t at)
{
	assert(at < s->n);
	s->n--;
	memmove(&s->segment[at], &s->segment[at + 1],
	    (s->n - at) * sizeof(*s->segment));
}
