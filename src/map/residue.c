/* SPDX-License-Identifier: Apache-2.0 */
/* What no field claims, and findings about what one does. */
#include "map/read.h"

#include <stdio.h>

#include "base/decimal.h"

static enum tally_rc
add(struct read *r, size_t at, const struct tally_residue *one)
{
	struct tally_residues *v = r->residues;
	size_t cap = v->cap != 0 ? v->cap * 2 : 64;
	void *p;

	if (v->n == v->cap) {
		p = tally_realloc(v->v, cap * sizeof(*v->v));
		if (p == NULL)
			return tally_err_set(r->err, TALLY_NOMEM,
			    "no memory for what the map does not claim");
		v->v = p;
		v->cap = cap;
	}
	memmove(v->v + at + 1, v->v + at, (v->n - at) * sizeof(*v->v));
	v->v[at] = *one;
	v->n++;
	return TALLY_OK;
}

static enum tally_rc
add_element(struct read *r, uint32_t element)
{
	struct tally_str text = tally_element(r->set, r->segment, element);
	struct tally_residue one = { .segment = r->index + 1,
		.place = r->segment->place,
		.element =
		    (uint16_t)(element < UINT16_MAX ? element : UINT16_MAX),
		.tag = r->segment->tag,
		.table = r->owner.table,
		.column = r->owner.column,
		.row = r->owner.seq,
		.text = text };

	return add(r, r->residues->n, &one);
}

/* Whether a composite has components that nothing claims. */
static bool
has_more(const struct read *r, const struct read_part *p)
{
	struct tally_str v = tally_element(r->set, r->segment, p->element);
	struct tally_str c;

	for (uint32_t k = 1;
	     tally_part(v, r->set->separators.component, k - 1, &c); k++)
		if (c.n > 0 && (k > 31 || !(p->claimed >> k & 1)))
			return true;
	return false;
}

static enum tally_rc
add_segment(struct read *r)
{
	const struct tally_segment *s = r->segment;
	uint32_t end = r->set->pos[s->pos + s->n];
	struct tally_residue one = { .segment = r->index + 1,
		.place = s->place,
		.tag = s->tag,
		.table = r->owner.table,
		.column = TALLY_NO_COLUMN,
		.row = r->owner.seq,
		.text = tally_str(r->set->bytes + s->start, end - s->start) };

	return add(r, r->residues->n, &one);
}

/* After the operations: elements that have a value and no claim. */
enum tally_rc
read_residue(struct read *r)
{
	const struct tally_segment *s = r->segment;
	const struct map_scratch *scratch = &r->map->scratch;
	uint64_t left;
	enum tally_rc rc = TALLY_OK;

	if (!r->owned)
		r->owner =
		    read_owner_of(&scratch->frame[scratch->frame_of[s->loop]]);
	for (unsigned i = 0; i < r->npart; i++)
		if (!has_more(r, &r->part[i]))
			r->claimed |= (uint64_t)1 << r->part[i].element;
	if (r->claimed == 0 && r->npart == 0)
		return add_segment(r);
	left = r->present & ~r->claimed;
	for (uint32_t k = 1; k < 64 && left >> k != 0 && rc == TALLY_OK; k++)
		if (left >> k & 1)
			rc = add_element(r, k);
	for (uint32_t k = 64; k <= s->n && rc == TALLY_OK; k++)
		if (tally_element(r->set, s, k).n > 0)
			rc = add_element(r, k);
	return rc;
}

/* Whether digits alone, as counts are sent, are that number. */
static bool
is_number(struct tally_str s, uint64_t n)
{
	uint64_t x = 0;

	if (s.n == 0 || s.n > 18)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		x = x * 10 + (uint64_t)(s.p[i] - '0');
	}
	return x == n;
}

/* The number that was sent, as columns have it. */
static struct tally_str
number_sent(const struct read_count *c, char room[TALLY_DECIMAL_MAX])
{
	size_t n = c->op->type == TALLY_R
	    ? tally_decimal_r(room, c->sent)
	    : tally_decimal_n(room, c->sent, c->op->decimals);

	return tally_str(room, n);
}

static bool
is_count(const struct read_count *c, uint64_t n)
{
	char room[TALLY_DECIMAL_MAX], text[TALLY_DECIMAL_MAX];

	if (c->op->decimals == 0 && is_number(c->sent, n))
		return true;
	return tally_str_eq(number_sent(c, room),
	    tally_str(text, tally_decimal_count(text, n)));
}

static bool
is_sum(const struct read_count *c, const struct tally_rows *rows, uint64_t n)
{
	char room[TALLY_DECIMAL_MAX], text[TALLY_DECIMAL_MAX];
	struct tally_str sent = number_sent(c, room);
	struct tally_sum sum = { .scale = 0 };
	const struct tally_cell *cell;
	size_t size;

	for (uint64_t i = rows->n - n; i < rows->n; i++) {
		cell = tally_rows_cell(rows, (uint32_t)i, c->op->column);
		if (cell->p != NULL)
			tally_sum_add(&sum, tally_str(cell->p, cell->n));
	}
	size = tally_sum_text(&sum, text);
	return size > 0 && sent.n > 0 &&
	    tally_decimal_same(sent, tally_str(text, size));
}

/* Whether writing would compute what was sent. */
static bool
is_right(const struct read *r, const struct read_count *c)
{
	uint16_t table = c->op->arg;
	uint64_t n = tally_batch_count(r->batch, table);

	return c->op->code == MAP_COUNT ? is_count(c, n)
					: is_sum(c, &r->batch->rows[table], n);
}

/*
 * Counts are known at the end only.  One that is not right is no longer
 * claimed: it goes back among the residue, in its place.  Whether it is an
 * error is for the checker to say.
 */
enum tally_rc
read_counts(struct read *r)
{
	const struct read_count *c;
	const struct tally_segment *s;
	struct tally_residue one;
	size_t at;
	enum tally_rc rc = TALLY_OK;

	for (unsigned i = 0; i < r->ncount && rc == TALLY_OK; i++) {
		c = &r->count[i];
		if (is_right(r, c))
			continue;
		s = &r->set->segment[c->segment];
		one = (struct tally_residue){ .segment = c->segment + 1,
			.place = s->place,
			.element = c->op->element,
			.tag = s->tag,
			.table = c->owner.table,
			.column = c->owner.column,
			.row = c->owner.seq,
			.text = tally_element(r->set, s, c->op->element) };
		for (at = r->residues->n; at > 0; at--)
			if (r->residues->v[at - 1].segment <= c->segment + 1)
				break;
		rc = add(r, at, &one);
	}
	return rc;
}

void
read_report(struct read *r, enum tally_finding_kind kind, uint32_t segment,
    uint16_t place, uint8_t element, struct tally_str value,
    const char *expected)
{
	const struct tally_set_spec *set = r->map->set;
	const struct tally_place *p = &set->place[place];
	const struct tally_element *e =
	    element > 0 ? p->segment->use[element - 1].element : NULL;
	struct tally_finding f = { .kind = kind,
		.offset = r->set->offset + r->set->segment[segment].start,
		.segment = segment + 1,
		.element = element,
		.tag = p->segment->tag,
		.loop = set->loop[p->loop].path,
		.id = e != NULL ? e->id : "",
		.name = e != NULL ? e->name : p->segment->name,
		.value = value,
		.expected = tally_cstr(expected) };

	tally_findings_add(r->findings, &f);
}

void
read_say_full(struct read *r, uint16_t table)
{
	char words[96];

	snprintf(words, sizeof(words), "fewer rows of %.40s",
	    r->map->model->table[table].name);
	if (!r->full)
		read_report(r, TALLY_F_map_limit, r->index, r->segment->place,
		    0, tally_str("", 0), words);
	r->full = true;
}
