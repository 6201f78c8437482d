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

static enum tally_rc run(
    struct read *, const struct map_list *, uint32_t, bool pair);

/* --- operations --- */

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
	uint64_t met;
	enum tally_rc rc;

	if (r->rowed || r->claimed != 0 || instance == UINT32_MAX ||
	    !read_meets(r, b->condition, b->n))
		return TALLY_OK;
	met = r->met;
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
	r->free = r->present & ~r->claimed;
	rc = run(r, list_at(r, b), made, false);
	read_claim_met(r, met, b->condition, b->n);
	return rc;
}

static enum tally_rc
run_rows(struct read *r, const struct map_op *op, uint32_t frame)
{
	struct map_scratch *s = &r->map->scratch;
	const struct map_block *b = &r->map->block[op->arg];
	uint32_t instance = UINT32_MAX, made;
	uint64_t met;
	enum tally_rc rc;

	if (r->rowed || r->claimed != 0 || r->npart > 0 ||
	    !read_meets(r, b->condition, b->n) || read_full(r, b->table))
		return TALLY_OK;
	met = r->met;
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
	read_claim_met(r, met, b->condition, b->n);
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
		if ((before >> k & 3) != 0 || (r->present >> k & 3) == 0)
			continue;
		if (read_full(r, b->table))
			break;
		r->shift = (uint8_t)(k - b->first_pair);
		rc = read_push_frame(r, op->arg, frame, &made);
		if (rc != TALLY_OK)
			break;
		/* what all pairs share is read again for each of them */
		r->free = r->present & ~before;
		rc = run(r, list_at(r, b), made, true);
		read_check_required(r, &s->frame[made]);
		s->nframe = made;
	}
	r->shift = 0;
	return rc;
}

/* FIELD and ATTRIBUTE are run by TAKE. */
static enum tally_rc (*const operations[])(
    struct read *, const struct map_op *, uint32_t frame) = {
	[MAP_TAKE] = read_take,
	[MAP_PAIR] = read_pair,
	[MAP_LITERAL] = read_literal,
	[MAP_COUNT] = read_count,
	[MAP_SUM] = read_count,
	[MAP_SEQUENCE] = read_sequence,
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
	uint32_t outer = r->current;
	enum tally_rc rc = TALLY_OK;

	r->current = current;
	for (; op < end && r->free != 0; op += op->next) {
		if (!(r->free & op->wants))
			continue;
		rc = operations[op->code](
		    r, op, read_outer(&r->map->scratch, current, op->up));
		if (rc != TALLY_OK)
			break;
		if (!pair)
			r->free = r->present & ~r->claimed;
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
	r->as_is = r->foreign || r->repeats ? 0 : MAP_AS_IS | MAP_PLAIN;
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

/* Instances that begin with the present segment take the frame around them. */
static void
enter(struct read *r)
{
	const struct tally_instance *v = r->set->instance;
	uint32_t *frame_of = r->map->scratch.frame_of;
	uint32_t i = r->next, n = r->set->ninstance;

	for (; i < n && v[i].first <= r->index; i++) {
		frame_of[i] = frame_of[v[i].parent];
		if (r->map->sequences)
			number(r, i);
	}
	r->next = i;
	r->next_at = i < n ? v[i].first : UINT32_MAX;
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
	r->present = r->free = r->segment->present;
	r->claimed = 0;
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
		.err = err,
		.next = 1 };
	uint16_t last = (uint16_t)(m->set->nplace - 1);
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
		if (i >= r.next_at)
			enter(&r);
		r.nlevel += r.segment->tag == tally_tag("HL");
		if (r.segment->place == 0 || r.segment->place == last)
			continue;
		rc = read_segment(&r);
	}
	if (rc == TALLY_OK)
		rc = read_counts(&r);
	for (uint32_t i = 0; i < m->scratch.nframe && rc == TALLY_OK; i++)
		read_check_required(&r, &m->scratch.frame[i]);
	return rc == TALLY_OK ? tally_batch_instants(batch, m->zone, err) : rc;
}
