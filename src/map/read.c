/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program run forwards: a checked set to rows.
 *
 * Segments are taken in order, each once.  The instance of a loop has a frame,
 * the row that its segments speak of: its own when a <rows> took the instance,
 * else that of the loop around.  The list of the frame's block at the
 * segment's place is run over the segment; what it leaves is residue.
 *
 * Nothing is allocated per segment: frames are kept from document to
 * document, values go straight into the batch.  The depth of calls is that of
 * the map's text.
 */
#include "map/read.h"

#include <stdio.h>

#include "base/decimal.h"

static enum tally_rc run(
    struct read *, const struct map_list *, uint32_t, bool pair);

/* --- operations --- */

/* A value that is none of its type.  The checker has said so already, unless
 * it is one that X12 allows and columns cannot hold. */
static void
refuse(struct read *r, const struct map_op *op, uint16_t table, uint8_t element,
    uint8_t component, struct tally_str sent)
{
	const struct tally_table *t = &r->map->model->table[table];
	const struct tally_element *e = r->map->set->place[r->segment->place]
					    .segment->use[element - 1]
					    .element;
	enum tally_finding_kind kind;
	char words[96];

	if (component > 0)
		e = e->use[component - 1].element;
	kind = tally_value_check(e, sent);
	if (kind != TALLY_FINDING_NONE && kind != TALLY_F_code_unlisted)
		return;
	snprintf(words, sizeof(words), "a value for %.40s.%.40s", t->name,
	    t->column[op->column].name);
	read_report(r, TALLY_F_map_value, r->index, r->segment->place, element,
	    sent, words);
}

/* Our value for the partner's; one that is not in the table stays as it is,
 * and is told. */
static enum tally_rc
look_up(struct read *r, const struct map_op *op, uint8_t element,
    struct tally_str *v, enum read_form *form)
{
	const struct tally_lookups *l = r->map->lookups;
	const char *table = r->map->lookup[op->lookup];
	struct tally_str ours;
	bool found;
	enum tally_rc rc;

	if (l == NULL)
		return TALLY_OK;
	rc = l->find(l->ctx, table, false, *v, &ours, &found, r->err);
	if (rc != TALLY_OK)
		return rc;
	if (found) {
		*v = ours;
		*form = READ_ELSEWHERE;
	} else {
		read_report(r, TALLY_F_map_lookup, r->index, r->segment->place,
		    element, *v, table);
	}
	return TALLY_OK;
}

/* A value into a column; one that has no canonical form stays residue. */
static enum tally_rc
store_converted(struct read *r, const struct map_op *op, uint16_t table,
    uint32_t row, uint8_t element, uint8_t component, struct tally_str sent)
{
	struct tally_str v = sent;
	char room[TALLY_DECIMAL_MAX];
	enum read_form form;
	enum tally_rc rc;

	form = read_convert(r, op, &v, room);
	if (form != READ_NONE && op->lookup != MAP_NO_LOOKUP) {
		rc = look_up(r, op, element, &v, &form);
		if (rc != TALLY_OK)
			return rc;
	}
	if (form == READ_NONE) {
		refuse(r, op, table, element, component, sent);
		return TALLY_OK;
	}
	read_claim(r, element, component);
	if (v.n == 0)
		return TALLY_OK;
	if (form == READ_ELSEWHERE)
		return tally_batch_set(
		    r->batch, table, row, op->column, v, r->err);
	tally_batch_point(r->batch, table, row, op->column, v);
	return TALLY_OK;
}

/* The same; *found says whether there was one that nothing had claimed. */
static enum tally_rc
store(struct read *r, const struct map_op *op, uint16_t table, uint32_t row,
    uint8_t element, uint8_t component, bool *found)
{
	struct tally_str v;

	if (!read_free(r, element, component))
		return TALLY_OK;
	v = read_value(r, element, component);
	if (v.n == 0)
		return TALLY_OK;
	*found = true;
	return store_converted(r, op, table, row, element, component, v);
}

/* The first column of a frame's row that the segment fills. */
static void
own(struct read *r, uint32_t frame, uint16_t column)
{
	if (r->owned)
		return;
	r->owned = true;
	r->owner = read_owner_of(r, frame);
	r->owner.column = column;
}

static unsigned
moved(const struct read *r, const struct map_op *op)
{
	return op->element + (op->flags & MAP_MOVES ? r->shift : 0u);
}

/* A value that is there, and free, and kept as it is. */
static inline void
store_as_is(struct read *r, const struct map_op *op, struct read_row row,
    unsigned element)
{
	uint32_t from = r->pos[element - 1] + 1;
	struct tally_str v = tally_str_rtrim(
	    tally_str(r->kept.bytes + from, r->pos[element] - from));

	r->claimed |= (uint64_t)1 << element;
	if (v.n == 0)
		return;
	row.cell[op->column].p = v.p;
	row.cell[op->column].n = (uint32_t)v.n;
	row.used[op->column] = true;
}

static enum tally_rc
run_attribute(
    struct read *r, const struct map_op *op, uint32_t frame, bool *found)
{
	const struct map_block *b = &r->map->block[op->arg];
	uint32_t row;
	enum tally_rc rc;

	if (!read_free(r, op->element, op->component) ||
	    read_value(r, op->element, op->component).n == 0 ||
	    read_full(r, b->table))
		return TALLY_OK;
	rc = read_make_row(r, b, frame, &row);
	if (rc == TALLY_OK)
		rc = store(
		    r, op, b->table, row, op->element, op->component, found);
	return rc;
}

/* Where the values of a frame's row go, until another row is made. */
static inline struct read_row
row_of(const struct read *r, const struct map_frame *f)
{
	const struct tally_rows *rows = &r->batch->rows[f->table];

	return (struct read_row){
		rows->cell + (size_t)f->row * rows->table->ncolumn, rows->used
	};
}

/* Goes on over fields, from *op to end, as long as those that are there are
 * kept as they are; whether there were any. */
static bool
take_as_is(struct read *r, const struct map_op **op, const struct map_op *end,
    struct read_row row, uint32_t frame)
{
	uint64_t free = r->present & ~r->taken;
	const struct map_op *f, *first = NULL;

	for (f = *op; f < end; f++) {
		unsigned element = moved(r, f);

		if (!(free >> element & 1))
			continue;
		if (!(f->flags & r->as_is))
			break;
		if (first == NULL)
			first = f;
		store_as_is(r, f, row, element);
	}
	*op = f;
	if (first != NULL)
		own(r, frame, first->column);
	return first != NULL;
}

/* One field, or attribute, that needs more than that. */
static enum tally_rc
take_other(struct read *r, const struct map_op *op, uint32_t frame, bool *found)
{
	const struct map_frame *at = &r->map->scratch.frame[frame];
	bool stored = false;
	enum tally_rc rc;

	if (op->code == MAP_ATTRIBUTE)
		return run_attribute(r, op, frame, found);
	rc = store(r, op, at->table, at->row, (uint8_t)moved(r, op),
	    op->component, &stored);
	if (stored) {
		own(r, frame, op->column);
		*found = true;
	}
	return rc;
}

/* The fields of a group, if this is the segment that they are waiting for. */
static enum tally_rc
run_take(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct map_frame *at = &r->map->scratch.frame[frame];
	const struct map_group *g = &r->map->group[op->arg];
	const struct map_op *f = op + 1, *end = f + op->n;
	uint64_t bit = (uint64_t)1 << g->bit;
	bool found = false;
	enum tally_rc rc = TALLY_OK;

	if ((at->taken & bit) || !read_meets(r, g->condition, g->n))
		return TALLY_OK;
	for (; rc == TALLY_OK; f++) {
		if (take_as_is(r, &f, end, row_of(r, at), frame))
			found = true;
		if (f == end)
			break;
		rc = take_other(r, f, frame, &found);
	}
	if (!found)
		return rc;
	at->taken |= bit;
	read_claim_conditions(r, g->condition, g->n);
	return rc;
}

/* Behind the value of a pair: the qualifier, in its column.  Without one, only
 * the first alternative is claimed, which is the one that would be written. */
static void
store_qualifier(struct read *r, const struct map_op *op, uint16_t table,
    uint32_t row, uint8_t element)
{
	struct tally_str v = tally_str_rtrim(read_value(r, element, 0));
	const struct map_group *g = &r->map->group[op->arg];

	if (op->column2 != MAP_NO_COLUMN ||
	    tally_str_eq(v, g->condition[0].value[0]))
		read_claim(r, element, 0);
	if (op->column2 != MAP_NO_COLUMN)
		tally_batch_point(r->batch, table, row, op->column2, v);
}

static enum tally_rc
run_pair(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct map_frame *f = &r->map->scratch.frame[frame];
	const struct map_group *g = &r->map->group[op->arg];
	uint64_t bit = (uint64_t)1 << g->bit, free = r->present & ~r->taken;
	uint64_t here = f->taken & bit ? 0 : free & op->wants;
	bool found = false;
	enum tally_rc rc;
	unsigned k;

	for (; here != 0; here &= here - 1) {
		k = (unsigned)__builtin_ctzll(here);
		if (!(free >> k >> 1 & 1) ||
		    !read_is_one_of(r, g->condition, (uint8_t)k))
			continue;
		if (op->flags & r->as_is) {
			store_as_is(r, op, row_of(r, f), k + 1);
			found = true;
		} else {
			rc = store(r, op, f->table, f->row, (uint8_t)(k + 1), 0,
			    &found);
			if (rc != TALLY_OK)
				return rc;
		}
		if (!found)
			continue;
		f->taken |= bit;
		own(r, frame, op->column);
		store_qualifier(r, op, f->table, f->row, (uint8_t)k);
		break;
	}
	return TALLY_OK;
}

static enum tally_rc
run_literal(struct read *r, const struct map_op *op, uint32_t frame)
{
	const struct map_group *g = &r->map->group[op->arg];

	(void)frame;
	if (read_free(r, op->element, op->component) &&
	    read_meets(r, g->condition, g->n))
		read_claim(r, op->element, op->component);
	return TALLY_OK;
}

/* What it has to be is known at the end; see read_counts. */
static enum tally_rc
run_count(struct read *r, const struct map_op *op, uint32_t frame)
{
	if (r->ncount == MAP_COUNTS_MAX ||
	    !read_free(r, op->element, op->component))
		return TALLY_OK;
	r->count[r->ncount++] = (struct read_count){ op, r->index,
		read_owner_of(r, frame),
		tally_str_rtrim(read_value(r, op->element, op->component)) };
	read_claim(r, op->element, op->component);
	return TALLY_OK;
}

static enum tally_rc
run_sequence(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct tally_str v = read_value(r, op->element, op->component);
	char text[16];
	int n;

	(void)frame;
	if (!read_free(r, op->element, op->component))
		return TALLY_OK;
	n = snprintf(text, sizeof(text), "%u",
	    r->map->scratch.ordinal[r->segment->loop]);
	if (tally_str_eq(tally_str_rtrim(v), tally_str(text, (size_t)n)))
		read_claim(r, op->element, op->component);
	return TALLY_OK;
}

/* The instance of the block's loop that begins with this segment, and has
 * no row yet; UINT32_MAX when there is none. */
static uint32_t
beginning(const struct read *r, const struct map_block *b, uint32_t frame)
{
	const struct tally_instance *v = r->set->instance;
	uint32_t i = r->segment->loop;

	while (i > 0 && v[i].first == r->index) {
		if (v[i].loop == b->loop)
			return r->map->scratch.frame_of[i] == frame
			    ? i
			    : UINT32_MAX;
		i = v[i].parent;
	}
	return UINT32_MAX;
}

/* The list of a block at the present segment's place. */
static const struct map_list *
list_at(const struct read *r, const struct map_block *b)
{
	static const struct map_list none = { 0, 0 };
	uint16_t p = r->segment->place;

	if (p < b->first || p > b->last)
		return &none;
	return &r->map->list[b->list + p - b->first];
}

/* Instances from the present one out to that one have a frame. */
static void
take_instances(struct read *r, uint32_t instance, uint32_t frame)
{
	uint32_t i = r->segment->loop;

	while (i != instance) {
		r->map->scratch.frame_of[i] = frame;
		i = r->set->instance[i].parent;
	}
	r->map->scratch.frame_of[instance] = frame;
}

static void
begin_row(struct read *r, uint32_t frame)
{
	r->rowed = r->owned = true;
	r->owner = read_owner_of(r, frame);
}

static enum tally_rc
run_level(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct map_frame *outer = &r->map->scratch.frame[frame];
	const struct map_block *b = &r->map->block[op->arg];
	uint32_t instance = beginning(r, b, r->current), made;
	uint64_t bit = (uint64_t)1 << b->bit;
	enum tally_rc rc;

	if (r->rowed || r->claimed != 0 || instance == UINT32_MAX ||
	    !read_meets(r, b->condition, b->n))
		return TALLY_OK;
	if (b->rowless ? (outer->taken & bit) != 0 : read_full(r, b->table))
		return TALLY_OK;
	if (b->rowless) {
		outer->taken |= bit;
		rc = read_share_frame(r, op->arg, frame, &made);
	} else {
		rc = read_push_frame(r, op->arg, frame, &made);
	}
	if (rc != TALLY_OK)
		return rc;
	begin_row(r, made);
	take_instances(r, instance, made);
	read_enter_level(r, made);
	read_claim_level(r);
	r->taken = r->claimed;
	rc = run(r, list_at(r, b), made, false);
	read_claim_conditions(r, b->condition, b->n);
	return rc;
}

static enum tally_rc
run_rows(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct map_scratch *s = &r->map->scratch;
	const struct map_block *b = &r->map->block[op->arg];
	uint32_t instance = UINT32_MAX, made;
	enum tally_rc rc;

	if (r->rowed || r->claimed != 0 || r->npart > 0 ||
	    !read_meets(r, b->condition, b->n) || read_full(r, b->table))
		return TALLY_OK;
	if (b->kind == BLOCK_LOOP) {
		instance = beginning(r, b, r->current);
		if (instance == UINT32_MAX)
			return TALLY_OK;
	}
	rc = read_push_frame(r, op->arg, frame, &made);
	if (rc != TALLY_OK)
		return rc;
	begin_row(r, made);
	if (instance != UINT32_MAX)
		take_instances(r, instance, made);
	rc = run(r, list_at(r, b), made, false);
	read_claim_conditions(r, b->condition, b->n);
	if (b->kind == BLOCK_SEGMENT) {
		read_check_required(r, &s->frame[made]);
		s->nframe = made;
	}
	return rc;
}

/* A row for each pair that has something and that nobody has claimed. */
static enum tally_rc
run_pairs(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct map_scratch *s = &r->map->scratch;
	const struct map_block *b = &r->map->block[op->arg];
	uint64_t before = r->claimed;
	uint32_t made;
	uint8_t k = b->first_pair;
	enum tally_rc rc = TALLY_OK;

	for (; k <= b->last_pair && k <= r->segment->n && rc == TALLY_OK;
	     k += 2) {
		if ((r->taken >> k & 3) != 0 || (r->present >> k & 3) == 0)
			continue;
		if (read_full(r, b->table))
			break;
		r->shift = (uint8_t)(k - b->first_pair);
		rc = read_push_frame(r, op->arg, frame, &made);
		if (rc != TALLY_OK)
			break;
		/* what all pairs share is read again for each of them */
		r->taken = before;
		rc = run(r, list_at(r, b), made, true);
		read_check_required(r, &s->frame[made]);
		s->nframe = made;
	}
	r->shift = 0;
	r->taken = r->claimed;
	return rc;
}

/* FIELD and ATTRIBUTE are run by TAKE. */
static enum tally_rc (*const operations[])(
    struct read *, const struct map_op *, uint32_t frame) = {
	[MAP_TAKE] = run_take,
	[MAP_PAIR] = run_pair,
	[MAP_LITERAL] = run_literal,
	[MAP_COUNT] = run_count,
	[MAP_SUM] = run_count,
	[MAP_SEQUENCE] = run_sequence,
	[MAP_ROWS] = run_rows,
	[MAP_LEVEL] = run_level,
	[MAP_PAIRS] = run_pairs,
};

/* pair: the rows are those of pairs, which read what they share again. */
static enum tally_rc
run(struct read *r, const struct map_list *list, uint32_t current, bool pair)
{
	const struct map_op *op = r->map->op + list->first;
	const struct map_op *end = op + list->n;
	uint64_t free = r->present & ~r->taken;
	uint32_t outer = r->current;
	enum tally_rc rc = TALLY_OK;

	r->current = current;
	for (; op < end && rc == TALLY_OK && free != 0;
	     op += op->code == MAP_TAKE ? op->n + 1 : 1) {
		if (!(free & op->wants))
			continue;
		rc = operations[op->code](
		    r, op, read_outer(&r->map->scratch, current, op->up));
		if (!pair)
			r->taken = r->claimed;
		free = r->present & ~r->taken;
	}
	r->current = outer;
	return rc;
}

/* --- the document --- */

/* Whether bytes are not plain ASCII text: eight at a time, the high bits of
 * all, and of each byte less one where the byte is not high itself. */
static bool
is_foreign(const unsigned char *p, size_t n)
{
	const uint64_t high = 0x8080808080808080, one = 0x0101010101010101;
	uint64_t all = 0, v;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&v, p, 8);
		all |= v | (v - one);
	}
	for (; n > 0; n--, p++)
		all |= *p | (uint64_t)(*p - 1u);
	return (all & high) != 0;
}

/* Copies the set into the batch and makes a view of the copy. */
static enum tally_rc
keep_bytes(struct read *r)
{
	const struct tally_set *set = r->set;
	size_t from = (size_t)(set->start - set->offset);
	const char *copy;
	enum tally_rc rc;

	rc = tally_batch_keep(r->batch,
	    tally_str(set->bytes + from, (size_t)set->length), &copy, r->err);
	if (rc != TALLY_OK)
		return rc;
	r->kept = *set;
	/* as an integer: the view begins before the copy does */
	r->kept.bytes = (const unsigned char *)((uintptr_t)copy - from);
	r->foreign =
	    !set->plain && is_foreign(set->bytes + from, (size_t)set->length);
	return TALLY_OK;
}

/* What is kept of each instance of a loop. */
static enum tally_rc
make_instance_room(struct read *r)
{
	struct map_scratch *s = &r->map->scratch;
	uint32_t **of[] = { &s->frame_of, &s->ordinal, &s->youngest };
	uint32_t n = r->set->ninstance * 2, *p;

	if (r->set->ninstance <= s->instance_cap)
		return TALLY_OK;
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		p = tally_realloc(*of[i], (size_t)n * sizeof(*p));
		if (p == NULL)
			return tally_err_set(
			    r->err, TALLY_NOMEM, "no memory to map a set");
		*of[i] = p;
	}
	s->instance_cap = n;
	return TALLY_OK;
}

static enum tally_rc
begin(struct read *r)
{
	struct map_scratch *s = &r->map->scratch;
	const struct tally_set *set = r->set;
	uint32_t frame;
	enum tally_rc rc;

	r->residues->n = 0;
	tally_batch_document(r->batch);
	rc = make_instance_room(r);
	if (rc == TALLY_OK)
		rc = read_begin_levels(r);
	if (rc == TALLY_OK)
		rc = keep_bytes(r);
	if (rc != TALLY_OK)
		return rc;
	s->nframe = 0;
	s->frame_of[0] = s->youngest[0] = 0;
	r->repeats = set->separators.repetition != 0 &&
	    memchr(set->bytes + (set->start - set->offset),
		set->separators.repetition, set->length) != NULL;
	r->as_is = r->foreign || r->repeats ? 0 : MAP_AS_IS;
	if (s->text.max == 0)
		tally_buf_init(&s->text, UINT32_MAX);
	return read_push_frame(r, 0, 0, &frame);
}

/* The number of an instance among those of its loop, which follow one another
 * within the one around them. */
static void
number(struct read *r, uint32_t i)
{
	const struct tally_instance *v = r->set->instance;
	struct map_scratch *s = &r->map->scratch;
	uint32_t before = s->youngest[v[i].parent];

	s->ordinal[i] = 1;
	if (before != 0 && v[before].loop == v[i].loop)
		s->ordinal[i] += s->ordinal[before];
	s->youngest[v[i].parent] = i;
	s->youngest[i] = 0;
}

/* Instances that begin with segment i take the frame around them. */
static uint32_t
enter(struct read *r, uint32_t next, uint32_t i)
{
	const struct tally_instance *v = r->set->instance;
	uint32_t *frame_of = r->map->scratch.frame_of;

	for (; next < r->set->ninstance && v[next].first <= i; next++) {
		frame_of[next] = frame_of[v[next].parent];
		if (r->map->sequences)
			number(r, next);
	}
	return next;
}

/* Whether something was claimed of a segment, and nothing is left. */
static bool
is_claimed(const struct read *r)
{
	return r->claimed != 0 && r->npart == 0 &&
	    (r->present & ~r->claimed) == 0 && r->segment->n < 64;
}

static enum tally_rc
read_segment(struct read *r)
{
	uint32_t frame = r->map->scratch.frame_of[r->segment->loop];
	const struct map_block *b =
	    &r->map->block[r->map->scratch.frame[frame].block];
	enum tally_rc rc = TALLY_OK;

	r->pos = r->set->pos + r->segment->pos;
	r->present = r->segment->present;
	r->claimed = r->taken = 0;
	r->rowed = r->owned = false;
	r->npart = 0;
	if (r->segment->place != TALLY_NOWHERE)
		rc = run(r, list_at(r, b), frame, false);
	if (rc != TALLY_OK || is_claimed(r))
		return rc;
	return read_residue(r);
}

enum tally_rc
tally_map_read(struct tally_map *m, const struct tally_set *set,
    struct tally_batch *batch, struct tally_residues *residues,
    struct tally_findings *findings, struct tally_err *err)
{
	struct read r = { .map = m,
		.set = set,
		.batch = batch,
		.residues = residues,
		.findings = findings,
		.err = err };
	uint16_t last = (uint16_t)(m->set->nplace - 1);
	uint32_t next = 1;
	enum tally_rc rc;

	if (!tally_map_fits(m, set->spec))
		return tally_err_set(err, TALLY_USAGE,
		    "the map %s is for set %s of version %s, and was given "
		    "another one",
		    m->name, m->set->id, m->set->version);
	rc = begin(&r);
	for (uint32_t i = 0; i < set->nsegment && rc == TALLY_OK; i++) {
		r.segment = &set->segment[i];
		r.index = i;
		next = enter(&r, next, i);
		r.nlevel += r.segment->tag == tally_tag("HL");
		if (r.segment->place == 0 || r.segment->place == last)
			continue;
		rc = read_segment(&r);
	}
	if (rc == TALLY_OK)
		rc = read_counts(&r);
	for (uint32_t i = 0; i < m->scratch.nframe && rc == TALLY_OK; i++)
		read_check_required(&r, &m->scratch.frame[i]);
	return rc;
}
