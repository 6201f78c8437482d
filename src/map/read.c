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
#include "record/rows.h"

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
	r->bytes = set->bytes;
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
		rc = read_frame_room(r, set->nsegment + 1);
	if (rc == TALLY_OK)
		rc = memo_begin(r);
	if (rc == TALLY_OK)
		rc = read_begin_levels(r);
	if (rc == TALLY_OK)
		rc = keep_bytes(r);
	if (rc != TALLY_OK)
		return rc;
	s->nframe = 0;
	s->frame_of[0] = 0;
	r->limit = rows_limit(r->batch);
	r->repeats = set->separators.repetition != 0 &&
	    memchr(set->bytes + (set->start - set->offset),
		set->separators.repetition, set->length) != NULL;
	r->simple = !r->foreign && !r->repeats;
	if (s->text.max == 0)
		tally_buf_init(&s->text, UINT32_MAX);
	return read_push_frame(r, 0, 0);
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
		rc = memo_segments(&r);
	if (rc == TALLY_OK)
		rc = read_counts(&r);
	if (rc == TALLY_OK)
		check_required(&r);
	return rc == TALLY_OK ? tally_batch_instants(batch, m->zone, err) : rc;
}
