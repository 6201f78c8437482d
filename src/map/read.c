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

#include "base/word.h"

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
	r->foreign = !set->plain && !word_plain(copy, (size_t)set->length);
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
	enum tally_rc rc;

	r->residues->n = 0;
	tally_batch_document(r->batch);
	rc = make_instance_room(r);
	if (rc == TALLY_OK)
		rc = memo_begin(r);
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
	r->simple = !r->foreign && !r->repeats;
	if (s->text.max == 0)
		tally_buf_init(&s->text, UINT32_MAX);
	return read_push_frame(r, 0, 0);
}

static inline enum tally_rc
read_segment(struct read *r, const struct tally_segment *s)
{
	const uint32_t *frame_of = r->map->scratch.frame_of;
	uint64_t left;
	enum tally_rc rc = TALLY_OK;

	r->pos = r->set->pos + s->pos;
	r->present = s->present;
	r->claimed = 0;
	r->rowed = r->owned = false;
	r->npart = 0;
	if (s->place != TALLY_NOWHERE)
		rc = r->simple ? memo_run(r, frame_of[s->loop])
			       : read_run(r, frame_of[s->loop]);
	left = r->present & ~r->claimed;
	if (rc == TALLY_OK &&
	    (left != 0 || r->claimed == 0 || r->npart > 0 || s->n > 63))
		rc = read_residue(r);
	return rc;
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

/* All between ST and SE.  Instances that begin with a segment take the frame
 * around them. */
static enum tally_rc
read_segments(struct read *r)
{
	const struct tally_set *set = r->set;
	const struct tally_segment *s = set->segment;
	uint32_t *frame_of = r->map->scratch.frame_of;
	uint16_t last = (uint16_t)(r->map->set->nplace - 1);
	/* instance 0 is the set */
	const struct tally_instance *v = set->instance + 1;
	const struct tally_instance *end = set->instance + set->ninstance;
	uint32_t next = 1;
	bool levels = r->map->levels;
	enum tally_rc rc = TALLY_OK;

	for (uint32_t i = 0; i < set->nsegment && rc == TALLY_OK; i++, s++) {
		for (; v < end && v->first <= i; v++, next++) {
			frame_of[next] = frame_of[v->parent];
			if (r->map->sequences)
				number(r, next);
		}
		r->segment = s;
		r->index = i;
		if (levels && s->tag == tally_tag("HL"))
			r->nlevel++;
		if (s->place != 0 && s->place != last)
			rc = read_segment(r, s);
	}
	return rc;
}

/* Of rows that are there still; others have been looked at when they ended. */
static void
check_required(struct read *r)
{
	const struct map_frame *f = r->map->scratch.frame;

	for (uint32_t n = r->map->scratch.nframe; n > 0; n--, f++)
		read_check_required(r, f);
}

enum tally_rc
tally_map_read(struct tally_map *m, const struct tally_set *set,
    struct tally_batch *batch, struct tally_residues *residues,
    struct tally_findings *findings, struct tally_err *err)
{
	struct read_count count[MAP_COUNTS_MAX];
	struct read r = { .map = m,
		.set = set,
		.batch = batch,
		.residues = residues,
		.findings = findings,
		.err = err,
		.count = count };
	enum tally_rc rc;

	if (!tally_map_fits(m, set->spec))
		return tally_err_set(err, TALLY_USAGE,
		    "the map %s is for set %s of version %s, and was given "
		    "another one",
		    m->name, m->set->id, m->set->version);
	rc = begin(&r);
	if (rc == TALLY_OK)
		rc = read_segments(&r);
	if (rc == TALLY_OK)
		rc = read_counts(&r);
	if (rc == TALLY_OK)
		check_required(&r);
	return rc == TALLY_OK ? tally_batch_instants(batch, m->zone, err) : rc;
}
