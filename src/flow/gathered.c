/* SPDX-License-Identifier: Apache-2.0 */
/* Documents on their way to the store; see gathered.h. */
#include "flow/gathered.h"

#include <string.h>

static enum tally_rc
open_for(struct gathered *g, const struct tally_model *model, size_t documents,
    struct tally_err *err)
{
	enum tally_rc rc;

	*g = (struct gathered){ .n = 0 };
	/* Twice, since notes have half the room, and what is decided on
	 * documents is told here, too. */
	tally_findings_init(&g->found, 2 * GATHERED_FOUND);
	tally_arena_init(&g->copies, GATHERED_COPIES);
	tally_buf_init(&g->bytes, SIZE_MAX);
	rc = tally_batch_init(&g->batch, model, GATHERED_ROWS, err);
	if (rc != TALLY_OK)
		return rc;
	/* Each is written whole when there is one. */
	g->doc = tally_alloc(documents * sizeof(*g->doc));
	g->pending = tally_alloc(documents * sizeof(*g->pending));
	if (g->doc == NULL || g->pending == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	return TALLY_OK;
}

enum tally_rc
gathered_open(
    struct gathered *g, const struct tally_model *model, struct tally_err *err)
{
	return open_for(g, model, GATHERED_DOCUMENTS, err);
}

enum tally_rc
gathered_open_few(
    struct gathered *g, const struct tally_model *model, struct tally_err *err)
{
	return open_for(g, model, GATHERED_FEW, err);
}

void
gathered_close(struct gathered *g)
{
	tally_free(g->pending);
	tally_free(g->doc);
	tally_batch_free(&g->batch);
	tally_buf_free(&g->bytes);
	tally_arena_free(&g->copies);
	tally_findings_free(&g->found);
}

void
gathered_empty(struct gathered *g)
{
	g->n = 0;
	g->last = false;
	tally_batch_reset(&g->batch);
	tally_findings_reset(&g->found);
	tally_arena_reset(&g->copies);
}

bool
gathered_is_few(const struct gathered *g)
{
	return g->n <= GATHERED_FEW && g->batch.used <= GATHERED_FEW_BYTES &&
	    g->found.n == 0 && !g->found.failed;
}

void
gathered_move(struct gathered *to, struct gathered *from)
{
	struct gathered had = *to;

	memcpy(had.doc, from->doc, from->n * sizeof(*had.doc));
	memcpy(had.pending, from->pending, from->n * sizeof(*had.pending));
	*to = *from;
	to->doc = had.doc;
	to->pending = had.pending;
	had.doc = from->doc;
	had.pending = from->pending;
	had.last = from->last;
	had.seen = from->seen;
	had.n = 0;
	*from = had;
}

void
gathered_find(struct gathered *g, const struct store_document *d,
    enum tally_finding_kind kind)
{
	struct tally_finding f = { .kind = kind,
		.severity = tally_finding_info(kind)->severity,
		.offset = d->offset,
		.segment = 1,
		.tag = "ST",
		.loop = "",
		.id = "",
		.name = "" };

	f.value = TALLY_STR("");
	f.expected = TALLY_STR("");
	tally_findings_add(&g->found, &f);
}

struct tally_str
gathered_key(const struct gathered *g, uint32_t document)
{
	return document != UINT32_MAX ? tally_batch_key(&g->batch, document)
				      : tally_str("", 0);
}

struct tally_str
gathered_body(const struct tally_set *set)
{
	const struct tally_segment *first, *last;
	size_t from, to;

	if (set == NULL || set->nsegment == 0)
		return tally_str("", 0);
	first = &set->segment[0];
	last = &set->segment[set->nsegment - 1];
	from = set->pos[first->pos + first->n] + 1;
	to = last->tag == tally_tag("SE")
	    ? last->start
	    : (size_t)(set->start - set->offset + set->length);
	return tally_str(
	    (const char *)set->bytes + from, to > from ? to - from : 0);
}

const char *
gathered_state(enum tally_verdict v)
{
	return v == TALLY_ACCEPTED ? "accepted"
	    : v == TALLY_REJECTED  ? "rejected"
				   : "accepted_with_errors";
}
