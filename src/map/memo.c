/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that are like one before; see memo.h. */
#include "map/read.h"

#include <string.h>

/* --- doing it again --- */

/* A value that has to be converted.  One that is none of its type is not
 * claimed, and others may get it. */
static enum tally_rc
store(struct read *r, const struct memo_step *s, const struct map_frame *f)
{
	uint64_t bit = (uint64_t)1 << s->element;
	enum tally_rc rc;

	r->free = bit;
	r->claimed &= ~bit;
	rc = read_store(r, r->map->op + s->op, f->table, f->row, s->element);
	r->refused |= !(r->claimed & bit);
	return rc;
}

static inline enum tally_rc
take_steps(struct read *r, const struct memo *m, struct map_frame *f)
{
	const struct memo_step *s = m->step, *end = s + m->nas_is;
	const char *kept = (const char *)r->kept.bytes;
	struct read_row row = read_row_of(r, f);
	const uint32_t *pos = r->pos;
	struct tally_str v;
	enum tally_rc rc;

	r->claimed = m->claimed;
	f->taken |= m->takes;
	for (; s < end; s++) {
		v.p = kept + pos[s->element - 1] + 1;
		v.n = pos[s->element] - pos[s->element - 1] - 1;
		if (v.p[v.n - 1] == ' ')
			v = tally_str_rtrim(v);
		if (v.n > 0)
			read_point(r, f, &row, s->column, v);
	}
	for (end = m->step + m->nstep; s < end; s++) {
		v.p = kept + pos[s->element - 1] + 1;
		v.n = pos[s->element] - pos[s->element - 1] - 1;
		if (read_keep(
			r, r->map->op + s->op, s->form, f, &row, s->column, v))
			continue;
		rc = store(r, s, f);
		row = read_row_of(r, f);
		if (rc != TALLY_OK)
			return rc;
	}
	return TALLY_OK;
}

/* Where a value was refused, lists are run after that: what has had its turn
 * does nothing then. */
static enum tally_rc
run_rest(struct read *r, uint32_t frame, uint32_t at)
{
	enum tally_rc rc = TALLY_OK;

	if (at != frame)
		rc = read_run(r, at);
	if (at != frame && rc == TALLY_OK)
		read_end_rows(r, at);
	return rc == TALLY_OK ? read_run(r, frame) : rc;
}

READ_INLINE enum tally_rc
repeat(struct read *r, const struct memo *m, uint32_t frame)
{
	uint32_t at = frame; /* what the steps speak of */
	enum tally_rc rc;

	r->refused = false;
	if (m->rows != NULL) {
		rc = read_begin_rows(r, m->rows, frame, frame);
		if (rc != TALLY_OK)
			return rc;
		at = r->made;
		if (at == READ_NO_FRAME)
			return read_run(r, frame);
	} else if (m->nstep > 0) {
		read_own(r, &r->map->scratch.frame[frame], m->owner);
	}
	rc = take_steps(r, m, &r->map->scratch.frame[at]);
	if (rc != TALLY_OK)
		return rc;
	if (r->refused)
		return run_rest(r, frame, at);
	if (m->ends)
		read_end_rows(r, at);
	return TALLY_OK;
}

/* --- which it is --- */

static inline bool
is_like(
    const struct read *r, const struct memo *m, uint32_t list, uint64_t taken)
{
	const struct memo_test *t = m->test, *end = t + m->ntest;
	uint32_t from;

	if (m->list != list || m->present != r->present ||
	    (taken & m->groups) != m->taken)
		return false;
	for (; t < end; t++) {
		from = r->pos[t->element - 1] + 1;
		if (r->pos[t->element] - from != t->n ||
		    (read_bytes(r, from) & t->mask) != t->word)
			return false;
	}
	return true;
}

enum tally_rc
memo_run(struct read *r, uint32_t frame)
{
	const struct map_frame *f = &r->map->scratch.frame[frame];
	uint32_t list = f->list + r->segment->place;
	struct memo *m = r->map->scratch.memo_list[list].last;

	if (!is_like(r, m, list, f->taken)) {
		m = memo_find(r, list);
		if (m == NULL)
			return read_run(r, frame);
		if (!is_like(r, m, list, f->taken))
			return memo_make(r, m, list, frame);
	}
	return repeat(r, m, frame);
}
