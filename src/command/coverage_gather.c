/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering of sets what coverage tells; see coverage.h. */
#include <string.h>

#include "command/coverage.h"
#include "flow/line.h"
#include "tallyman/answer.h"

#define BATCH_MAX    ((size_t)256 << 20)
#define VALUES_MAX   ((size_t)64 << 20)
#define FINDINGS_MAX 1000
#define CODES_MAX    20   /* unlisted codes of an element that are told */
#define COMPARED_MAX 1000 /* codes of an element that are compared */

static enum tally_rc
no_memory(struct tally_err *err)
{
	return tally_err_set(
	    err, TALLY_NOMEM, "no memory for what the documents have");
}

static enum tally_rc
find_covered(struct coverage *c, const struct tally_set_spec *spec,
    const char *map, struct covered **out, struct tally_err *err)
{
	struct covered *v;

	for (size_t i = 0; i < c->n; i++)
		/* partners have copies of a spec, of one table of places */
		if (c->covered[i].spec->place == spec->place &&
		    c->covered[i].map == map) {
			*out = &c->covered[i];
			return TALLY_OK;
		}
	if (c->n == COVERAGE_SETS)
		return tally_err_set(err, TALLY_DATA,
		    "the files have more than %d kinds of sets; name fewer of "
		    "them",
		    COVERAGE_SETS);
	v = &c->covered[c->n];
	*v = (struct covered){ .spec = spec, .map = map };
	v->cell = tally_calloc(
	    (size_t)spec->nplace * COVERAGE_CELLS, sizeof(*v->cell));
	if (v->cell == NULL)
		return no_memory(err);
	c->n++;
	*out = v;
	return TALLY_OK;
}

void
coverage_shape(char to[COVERAGE_SHAPE + 1], struct tally_str s)
{
	size_t n = s.n < COVERAGE_SHAPE ? s.n : COVERAGE_SHAPE;
	char ch;

	for (size_t i = 0; i < n; i++) {
		ch = s.p[i];
		if (ch >= '0' && ch <= '9')
			ch = '9';
		else if (ch >= 'A' && ch <= 'Z')
			ch = 'A';
		else if ((ch >= 'a' && ch <= 'z') || (ch & 0x80) != 0)
			ch = 'a';
		to[i] = ch;
	}
	to[n] = '\0';
}

static void
add_shape(struct cell *cell, struct tally_str value)
{
	char shape[COVERAGE_SHAPE + 1];

	coverage_shape(shape, value);
	for (int i = 0; i < COVERAGE_SAMPLES; i++) {
		if (cell->shape[i][0] == '\0')
			memcpy(cell->shape[i], shape, sizeof(shape));
		if (strcmp(cell->shape[i], shape) == 0)
			return;
	}
}

/* The code's entry, which may be a new one; null when there are too many, or
 * memory ends. */
static struct code *
code_of(struct coverage *c, struct cell *cell, struct tally_str v, bool listed)
{
	struct code **at = &cell->code, *x;

	for (; *at != NULL; at = &(*at)->next)
		if (tally_str_eq((*at)->value, v))
			return *at;
	if (cell->ncode == (c->compare ? COMPARED_MAX : CODES_MAX))
		return NULL;
	x = tally_arena_alloc(&c->arena, sizeof(*x));
	v = tally_arena_str(&c->arena, v);
	if (x == NULL || v.p == NULL)
		return NULL;
	*x = (struct code){ v, 0, c->before, listed, NULL };
	*at = x;
	cell->ncode++;
	return x;
}

/* Codes that are not listed, and all where they are compared; composites have
 * none. */
static enum tally_rc
note_code(struct coverage *c, struct cell *cell, const struct tally_element *e,
    struct tally_str v, struct tally_err *err)
{
	unsigned known = cell->ncode;
	struct code *x;
	bool listed;

	if (e->ncode == 0)
		return TALLY_OK;
	listed = tally_value_check(e, v) != TALLY_F_code_unlisted;
	if (listed && !c->compare)
		return TALLY_OK;
	x = code_of(c, cell, v, listed);
	if (x != NULL)
		x->seen += !c->before;
	else if (known < CODES_MAX)
		return no_memory(err);
	return TALLY_OK;
}

static enum tally_rc
note_value(struct coverage *c, struct cell *cell, const struct tally_element *e,
    struct tally_str v, struct tally_err *err)
{
	v = tally_str_rtrim(v);
	if (c->before)
		return v.n > 0 ? note_code(c, cell, e, v, err) : TALLY_OK;
	if (cell->seen++ == 0) {
		cell->first = tally_arena_str(&c->arena, v);
		if (cell->first.p == NULL)
			return no_memory(err);
	} else if (!cell->varies) {
		cell->varies = !tally_str_eq(cell->first, v);
	}
	return v.n > 0 ? note_code(c, cell, e, v, err) : TALLY_OK;
}

/* All elements of the set but those of ST and SE. */
static enum tally_rc
note_values(struct coverage *c, struct covered *x, const struct tally_set *set,
    struct tally_err *err)
{
	const struct tally_segment_spec *spec;
	const struct tally_segment *s;
	struct tally_str v;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = 1; i + 1 < set->nsegment; i++) {
		s = &set->segment[i];
		if (s->place >= x->spec->nplace)
			continue;
		spec = x->spec->place[s->place].segment;
		for (uint32_t k = 1; k <= spec->nuse && rc == TALLY_OK; k++) {
			v = tally_element(set, s, k);
			if (v.n == 0)
				continue;
			x->elements += !c->before;
			rc = note_value(c,
			    &x->cell[(size_t)s->place * COVERAGE_CELLS + k],
			    spec->use[k - 1].element, v, err);
		}
	}
	return rc;
}

static void
note_unread(
    struct covered *x, uint16_t place, uint32_t element, struct tally_str value)
{
	struct cell *cell = &x->cell[(size_t)place * COVERAGE_CELLS + element];

	cell->unread++;
	x->read--;
	add_shape(cell, value);
}

static void
note_residue(struct coverage *c, struct covered *x, const struct tally_set *set)
{
	const struct tally_residue *r = c->residues.v;
	const struct tally_segment *s;
	uint32_t from, to;
	struct tally_str v;

	for (size_t i = 0; i < c->residues.n; i++, r++) {
		s = &set->segment[r->segment - 1];
		if (r->place >= x->spec->nplace)
			continue;
		from = r->element != 0 ? r->element : 1;
		to = r->element != 0 ? r->element
				     : x->spec->place[r->place].segment->nuse;
		for (uint32_t k = from; k <= to && k < COVERAGE_CELLS; k++) {
			v = tally_element(set, s, k);
			if (v.n > 0)
				note_unread(x, r->place, k, v);
		}
	}
}

/* What the map leaves of a set. */
static enum tally_rc
note_map(struct coverage *c, struct covered *x, struct tally_map *map,
    const struct tally_set *set, struct tally_err *err)
{
	enum tally_rc rc;

	tally_findings_reset(&c->findings);
	tally_batch_reset(&c->batch);
	rc = tally_map_read(
	    map, set, &c->batch, &c->residues, &c->findings, err);
	if (rc == TALLY_OK)
		note_residue(c, x, set);
	return rc;
}

enum tally_rc
coverage_set(void *ctx, const char *file, const struct tally_visit *v,
    enum tally_verdict verdict, struct tally_err *err)
{
	struct coverage *c = ctx;
	struct tally_map *map;
	struct covered *x = NULL;
	uint64_t before;
	enum tally_rc rc;

	(void)file;
	if (c->set != NULL && strcmp(c->set, v->judged->id) != 0)
		return TALLY_OK;
	if (verdict == TALLY_REJECTED || !v->checked || v->set->spec == NULL) {
		c->rejected += !c->before;
		return TALLY_OK;
	}
	rc = judging_map(c->judging, c->map, v->set->spec, &map, err);
	if (rc != TALLY_OK ||
	    (map == NULL && tally_answers_is(v->set->spec->id)))
		return rc;
	rc = find_covered(
	    c, v->set->spec, map != NULL ? tally_map_name(map) : NULL, &x, err);
	if (rc != TALLY_OK)
		return rc;
	before = x->elements;
	rc = note_values(c, x, v->set, err);
	if (rc != TALLY_OK || c->before)
		return rc;
	x->documents++;
	if (map == NULL)
		return TALLY_OK;
	x->read += x->elements - before;
	return note_map(c, x, map, v->set, err);
}

enum tally_rc
coverage_begin(struct coverage *c, struct tally_err *err)
{
	tally_findings_init(&c->findings, FINDINGS_MAX);
	tally_arena_init(&c->arena, VALUES_MAX);
	return tally_batch_init(
	    &c->batch, maps_model(c->judging->maps), BATCH_MAX, err);
}

void
coverage_end(struct coverage *c)
{
	for (size_t k = 0; k < c->n; k++)
		tally_free(c->covered[k].cell);
	if (c->batch.model != NULL)
		tally_batch_free(&c->batch);
	tally_residues_free(&c->residues);
	tally_findings_free(&c->findings);
	tally_arena_free(&c->arena);
}
