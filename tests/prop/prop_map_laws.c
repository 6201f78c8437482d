/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laws of maps that run both ways, for every map that is shipped, in every
 * version that it is for, over documents made from the dictionary:
 *   - what is read from a document and written again means the same, residue
 *     included, and is as valid as the document was;
 *   - what is read again from what was written are the same rows; and rows of
 *     which some values have been taken away are refused, or what is written of
 *     them is not valid, or what is read from that is written as it is;
 *   - what a map does with a document does not depend on those before: nothing
 *     else is read or written by one that has forgotten them.
 *
 * SEED=n starts elsewhere, ROUNDS=n does more, MAP=name one map; a failure
 * prints what repeats it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/embed.h"
#include "map/memo.h"
#include "map/write_plan.h"
#include "map/program.h"
#include "support/generate.h"
#include "support/normal.h"
#include "tallyman/judge.h"
#include "tallyman/map.h"

#define BYTES_MAX (64u << 20)

static struct tally_model *model;

/* A reading of one set. */
struct reading {
	struct tally_map *map;
	struct tally_batch batch;
	struct tally_residues residues;
	struct tally_findings findings;
	struct tally_buf json, normal;
	bool seen;

	/* Of what is done with it while the set is there. */
	struct law *law;
	struct tally_buf *written; /* what is written of it; null: nothing */
};

struct law {
	struct tally_map *map;
	struct maker maker; /* of what is written */
	struct reading first, again, third, afresh;
	struct tally_buf whole, fewer; /* written from all rows, from some */
	struct tally_buf rows;         /* those of fewer, as JSON */
	struct tally_findings found;
	struct tally_buf other; /* written of the same rows in another way */
	struct tally_findings told_other;
	const char *name, *version;
	unsigned long long seed;
	size_t told, refused, valid;
};

static void
reading_init(struct reading *r, struct tally_map *map)
{
	struct tally_err err;

	*r = (struct reading){ .map = map };
	assert_int_equal(
	    tally_batch_init(&r->batch, model, 64u << 20, &err), TALLY_OK);
	tally_findings_init(&r->findings, 100);
	tally_buf_init(&r->json, BYTES_MAX);
	tally_buf_init(&r->normal, BYTES_MAX);
}

static void
reading_free(struct reading *r)
{
	tally_batch_free(&r->batch);
	tally_residues_free(&r->residues);
	tally_findings_free(&r->findings);
	tally_buf_free(&r->json);
	tally_buf_free(&r->normal);
}

static void
write_once(struct law *l, const struct reading *r, struct tally_buf *out,
    const struct tally_residues *residues, struct tally_separators from,
    struct tally_findings *found)
{
	struct tally_map_writing how = { .separators = l->maker.sep,
		.residue = from,
		.line_end = l->maker.after,
		.control = "0001",
		.characters = TALLY_CHARACTERS_ANY };
	uint32_t segments;
	struct tally_err err = { .text = "" };

	tally_buf_reset(out);
	write_isa(out, &l->maker, 1);
	write_gs(out, &l->maker, l->map->set, 1);
	if (tally_map_write(l->map, &r->batch, 0, residues, &how, out,
		&segments, found, &err) != TALLY_OK)
		fail_msg("%s", err.text);
	write_ge(out, &l->maker, 1, 1);
	write_iea(out, &l->maker, 1, 1);
	assert_false(out->failed);
}

/* Around the first byte in which two texts differ. */
static void
show(const char *name, const struct tally_buf *b, size_t at)
{
	size_t from = at > 200 ? at - 200 : 0;
	size_t n = b->n > from ? b->n - from : 0;

	print_error("--- %s\n%.*s\n", name, (int)(n < 500 ? n : 500),
	    n > 0 ? b->p + from : "");
}

static void
repeat(const struct law *l, const char *what, const struct tally_buf *a,
    const struct tally_buf *b)
{
	size_t at = 0;

	if (a != NULL) {
		while (at < a->n && at < b->n && a->p[at] == b->p[at])
			at++;
		show("before", a, at);
		show("after", b, at);
	}
	fail_msg("%s: MAP=%s SEED=%llu ROUNDS=1 (version %s)", what, l->name,
	    l->seed, l->version);
}

static bool
same(const struct tally_buf *a, const struct tally_buf *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

/* Whether the findings from one on are those of another list. */
static bool
same_findings(
    const struct tally_findings *a, size_t from, const struct tally_findings *b)
{
	const struct tally_finding *x, *y;

	for (size_t i = 0; from + i < a->n && i < b->n; i++) {
		x = &a->v[from + i];
		y = &b->v[i];
		if (x->kind != y->kind || x->segment != y->segment ||
		    x->element != y->element || strcmp(x->tag, y->tag) != 0 ||
		    !tally_str_eq(x->value, y->value) ||
		    !tally_str_eq(x->expected, y->expected))
			return false;
	}
	return a->n - from == b->n;
}

/* As it has just been written: rows are like those before. */
static void
write_again(struct law *l, const struct reading *r, const struct tally_buf *was,
    size_t told, const struct tally_residues *residues,
    struct tally_separators from, const char *what)
{
	tally_findings_reset(&l->told_other);
	write_once(l, r, &l->other, residues, from, &l->told_other);
	if (!same(was, &l->other))
		repeat(l, what, was, &l->other);
	if (!same_findings(&l->found, told, &l->told_other))
		repeat(l, what, NULL, NULL);
}

/* By a map for which every way of writing is one too many to have plans. */
static void
write_unplanned(struct law *l, const struct reading *r,
    const struct tally_buf *was, size_t told,
    const struct tally_residues *residues, struct tally_separators from)
{
	static struct plan_style none[PLAN_STYLES];
	struct map_scratch *s = &r->map->scratch;
	struct plan_style *style = s->style;
	uint8_t n = s->nstyle;

	s->style = none;
	s->nstyle = PLAN_STYLES;
	write_again(l, r, was, told, residues, from,
	    "something else is written without plans");
	s->style = style;
	s->nstyle = n;
}

static void
write_document(struct law *l, const struct reading *r, struct tally_buf *out,
    const struct tally_residues *residues, struct tally_separators from)
{
	size_t told = l->found.n;

	write_once(l, r, out, residues, from, &l->found);
	write_again(l, r, out, told, residues, from,
	    "something else is written the second time");
	write_unplanned(l, r, out, told, residues, from);
}

/* Whether a column says something of another one, or of the row. */
static bool
is_kind(const struct tally_column *c)
{
	size_t n = strlen(c->name);

	return strcmp(c->name, "kind") == 0 || strcmp(c->name, "level") == 0 ||
	    (n > 5 && strcmp(c->name + n - 5, "_kind") == 0);
}

/* Values of a row: one that says nothing is not written. */
static unsigned
values(const struct tally_rows *r, uint32_t row)
{
	unsigned n = 0;

	for (uint16_t i = 0; i < r->table->ncolumn; i++)
		n += !is_kind(&r->table->column[i]) &&
		    tally_rows_cell(r, row, i)->p != NULL;
	return n;
}

static void
empty(struct tally_rows *r, uint32_t row, uint16_t column)
{
	if (r->slot[column] != TALLY_NO_SLOT)
		r->cell[(size_t)row * r->width + r->slot[column]].p = NULL;
}

/* Takes values of a row away by chance, and what says of which kind they are.
 */
static void
take_away_of(struct law *l, struct tally_rows *r, uint32_t row)
{
	const struct tally_table *t = r->table;

	for (uint16_t k = 0; k < t->ncolumn; k++) {
		if (is_kind(&t->column[k]) || !rnd_chance(&l->maker.rnd, 4) ||
		    values(r, row) < 2)
			continue;
		empty(r, row, k);
		if (k + 1 < t->ncolumn &&
		    strstr(t->column[k + 1].name, "_kind") != NULL)
			empty(r, row, k + 1);
	}
}

static void
take_away(struct law *l)
{
	struct tally_rows *r;

	for (uint16_t t = 0; t < model->ntable; t++) {
		r = &l->first.batch.rows[t];
		for (uint32_t row = 0; row < r->n; row++)
			take_away_of(l, r, row);
	}
}

static bool
same_residues(const struct tally_residues *a, const struct tally_residues *b)
{
	const struct tally_residue *x, *y;

	for (size_t i = 0; i < a->n && i < b->n; i++) {
		x = &a->v[i];
		y = &b->v[i];
		if (x->segment != y->segment || x->element != y->element ||
		    x->table != y->table || x->column != y->column ||
		    x->row != y->row)
			return false;
	}
	return a->n == b->n;
}

/* The same set by the same map that has forgotten what it has read. */
static void
read_afresh(struct law *l, const struct reading *r, const struct tally_set *set)
{
	struct reading *a = &l->afresh;
	struct map_scratch *s = &r->map->scratch;
	struct memos *memos = s->memos;
	struct tally_err err = { .text = "" };

	s->memos = NULL;
	tally_batch_reset(&a->batch);
	tally_buf_reset(&a->json);
	if (tally_map_read(a->map, set, &a->batch, &a->residues, &a->findings,
		&err) != TALLY_OK)
		fail_msg("%s", err.text);
	tally_batch_json(&a->batch, 0, &a->json);
	tally_free(s->memos);
	s->memos = memos;
	if (!same(&a->json, &r->json))
		repeat(l, "other rows are read where nothing was read before",
		    &r->json, &a->json);
	if (!same_residues(&a->residues, &r->residues))
		repeat(l, "other residue is left where nothing was read before",
		    NULL, NULL);
}

static enum tally_rc
visit(void *ctx, const struct tally_visit *v, struct tally_err *err)
{
	struct reading *r = ctx;
	struct law *l = r->law;
	enum tally_rc rc;

	if (!v->checked)
		return TALLY_OK;
	r->seen = true;
	normal_form(&r->normal, r->map, v->set);
	tally_batch_reset(&r->batch);
	rc = tally_map_read(
	    r->map, v->set, &r->batch, &r->residues, &r->findings, err);
	if (rc != TALLY_OK)
		return rc;
	tally_batch_json(&r->batch, 0, &r->json);
	read_afresh(l, r, v->set);
	if (r->written != NULL)
		write_document(
		    l, r, r->written, &r->residues, v->set->separators);
	if (r != &l->first)
		return TALLY_OK;
	l->told = l->found.n;
	take_away(l);
	tally_batch_json(&r->batch, 0, &l->rows);
	write_document(l, r, &l->fewer, NULL, v->set->separators);
	l->refused = l->found.errors;
	return TALLY_OK;
}

/* Judges bytes; *fault is the first thing that is wrong with them, or empty. */
static void
judge(struct reading *r, struct tally_str text, char *fault, size_t size)
{
	struct tally_judge_options options = { .limits = &tally_limits_default,
		.dictionary = &tally_builtin,
		.visit = visit,
		.ctx = r };
	struct tally_source source = tally_source_str(&text);
	const struct tally_interchange_judged *x;
	const struct tally_findings *list;
	struct tally_judge *j;
	struct tally_err err;

	r->seen = false;
	tally_buf_reset(&r->json);
	tally_buf_reset(&r->normal);
	fault[0] = '\0';
	assert_int_equal(
	    tally_judge_new(&j, source, 0, &options, &err), TALLY_OK);
	do {
		if (tally_judge_next(j, &x, &err) != TALLY_OK)
			fail_msg("%s", err.text);
		list = tally_judge_findings(j);
		for (size_t i = 0; fault[0] == '\0' && i < list->n; i++)
			if (list->v[i].severity == TALLY_ERROR)
				snprintf(fault, size, "%s %s%02u in segment %u",
				    tally_finding_info(list->v[i].kind)->name,
				    list->v[i].tag, list->v[i].element,
				    list->v[i].segment);
	} while (x != NULL);
	tally_judge_free(j);
}

/* Levels as partners nest them: what is made from the dictionary alone has any
 * codes in any order. */
static void
arrange_levels(struct made_set *set, struct rnd *r)
{
	static const char *const nestings[] = { "SOPI", "SOTPI", "STOPI",
		"SOIP", "SOI", "SPOI", "SI", "SOTI" };
	const char *nesting = nestings[rnd_below(r, 8)];
	uint32_t depth = 0, n = 0, k;
	struct made_segment *s, *at[8] = { NULL };
	struct tally_buf b;

	for (uint32_t i = 0; i < set->n; i++) {
		s = &set->segment[i];
		if (strcmp(s->tag, "HL") != 0)
			continue;
		k = depth + 1 < strlen(nesting) ? depth + 1 : depth;
		depth = n++ == 0 ? 0 : 1 + rnd_below(r, k > 0 ? k : 1);
		at[depth] = s;
		tally_buf_init(&b, 16);
		if (depth > 0) {
			tally_buf_str(&b, at[depth - 1]->element[0]);
			at[depth - 1]->element[3] = TALLY_STR("1");
		}
		s->element[1] =
		    tally_arena_str(&set->arena, tally_buf_view(&b));
		s->element[2] = tally_str(nesting + depth, 1);
		s->element[3] = TALLY_STR("0");
		tally_buf_free(&b);
	}
}

/*
 * Rows of which values are missing are written, or it is said that they cannot
 * be.  They may be read as other rows that mean the same: what was the second
 * street of a party without a first one is then its first.  So what is compared
 * is what is written of either.
 */
static void
check_fewer(struct law *l)
{
	char fault[200];

	if (l->refused > 0)
		return;
	l->again.written = NULL;
	judge(&l->again, tally_buf_view(&l->fewer), fault, sizeof(fault));
	if (fault[0] != '\0')
		return;
	l->valid++;
	if (same(&l->rows, &l->again.json))
		return;
	l->again.written = &l->whole;
	judge(&l->again, tally_buf_view(&l->fewer), fault, sizeof(fault));
	judge(&l->third, tally_buf_view(&l->whole), fault, sizeof(fault));
	if (fault[0] != '\0' || !same(&l->again.normal, &l->third.normal))
		repeat(l, "fewer values are not written as they are read",
		    &l->again.normal, &l->third.normal);
	l->again.written = NULL;
}

static void
one_round(struct law *l, uint64_t seed)
{
	struct maker m;
	struct made_set set;
	struct tally_buf b;
	char fault[200];

	l->seed = seed;
	maker_init(&m, seed);
	maker_vary(&m);
	maker_init(&l->maker, seed + 1000003);
	maker_vary(&l->maker);
	tally_findings_reset(&l->found);
	tally_buf_reset(&l->rows);
	tally_buf_init(&b, BYTES_MAX);
	made_init(&set);
	made_fill(&set, &m, l->map->set, 1);
	arrange_levels(&set, &m.rnd);
	write_isa(&b, &m, 1);
	write_gs(&b, &m, l->map->set, 1);
	write_set(&b, &m, &set);
	write_ge(&b, &m, 1, 1);
	write_iea(&b, &m, 1, 1);
	judge(&l->first, tally_buf_view(&b), fault, sizeof(fault));
	if (!l->first.seen || fault[0] != '\0')
		repeat(l, fault, NULL, NULL);
	if (l->told > 0) {
		snprintf(fault, sizeof(fault), "%s %s: %.*s",
		    tally_finding_info(l->found.v[0].kind)->name,
		    l->found.v[0].name, (int)l->found.v[0].expected.n,
		    l->found.v[0].expected.p);
		repeat(l, fault, &b, &l->whole);
	}
	judge(&l->again, tally_buf_view(&l->whole), fault, sizeof(fault));
	if (fault[0] != '\0')
		repeat(l, fault, &b, &l->whole);
	if (!same(&l->first.normal, &l->again.normal))
		repeat(l, "what is written is not what was read",
		    &l->first.normal, &l->again.normal);
	if (!same(&l->first.json, &l->again.json))
		repeat(l, "other rows are read of what was written",
		    &l->first.json, &l->again.json);
	check_fewer(l);
	made_free(&set);
	tally_buf_free(&b);
}

static void
test_map(const char *file, const struct tally_version *v, struct tally_map *map,
    uint64_t seed, uint64_t rounds)
{
	struct law l = { .map = map, .name = file, .version = v->version };

	reading_init(&l.first, map);
	reading_init(&l.again, map);
	reading_init(&l.third, map);
	reading_init(&l.afresh, map);
	l.first.law = l.again.law = l.third.law = &l;
	l.first.written = &l.whole;
	tally_findings_init(&l.found, 10000);
	tally_findings_init(&l.told_other, 10000);
	tally_buf_init(&l.other, BYTES_MAX);
	tally_buf_init(&l.whole, BYTES_MAX);
	tally_buf_init(&l.fewer, BYTES_MAX);
	tally_buf_init(&l.rows, BYTES_MAX);
	for (uint64_t i = 0; i < rounds; i++)
		one_round(&l, seed + i);
	print_message("%s %s: %llu documents, %zu of their rows with fewer "
		      "values\n",
	    file, v->version, (unsigned long long)rounds, l.valid);
	reading_free(&l.first);
	reading_free(&l.again);
	reading_free(&l.third);
	reading_free(&l.afresh);
	tally_findings_free(&l.found);
	tally_findings_free(&l.told_other);
	tally_buf_free(&l.other);
	tally_buf_free(&l.whole);
	tally_buf_free(&l.fewer);
	tally_buf_free(&l.rows);
}

static void
test_laws(void **state)
{
	uint64_t seed = rnd_env("SEED", 1), rounds = rnd_env("ROUNDS", 40);
	const char *only = getenv("MAP");
	const struct tally_embedded *e;
	struct tally_map *map;
	struct tally_err err;
	size_t n;

	(void)state;
	for (size_t i = 0; i < tally_nembedded; i++) {
		e = &tally_embedded[i];
		n = strlen(e->name);
		if (n < 5 || strcmp(e->name + n - 4, ".xml") != 0 ||
		    (only != NULL && strcmp(only, e->name) != 0))
			continue;
		for (size_t k = 0; k < tally_builtin.nversion; k++) {
			/* no map of that version, or no map at all */
			if (tally_map_load(&map, model,
				tally_builtin.version[k], NULL, e->name,
				e->text, &err) != TALLY_OK)
				continue;
			test_map(e->name, tally_builtin.version[k], map, seed,
			    rounds);
			tally_map_free(map);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(
	    test_laws) };
	struct tally_err err;
	int failed;

	if (tally_model_load(&model, "records.xml",
		tally_embedded_find("records.xml"), &err) != TALLY_OK)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	tally_model_free(model);
	return failed;
}
