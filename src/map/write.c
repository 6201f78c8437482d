/* SPDX-License-Identifier: Apache-2.0 */
/* A program run backwards: rows to a transaction set; see write.h. */
#include "map/write.h"

#include "base/decimal.h"

#define WRITING_MAX (256u << 20) /* of one document's structures and texts */

/* Documents that are settled row by row behind one that had to be. */
#define CAREFUL_DOCUMENTS 15

enum tally_rc
write_nomem(struct write *w)
{
	return tally_err_set(w->err, TALLY_NOMEM,
	    "no memory to write a document by the map %s", w->map->name);
}

void *
write_alloc(struct write *w, size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (!tally_mul_ok(&bytes, n, size))
		return NULL;
	p = tally_arena_alloc(&w->map->scratch.writing, bytes);
	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

void
write_report(struct write *w, enum tally_finding_kind kind, uint16_t place,
    uint8_t element, const char *name, struct tally_str value,
    const char *expected)
{
	const struct tally_set_spec *set = w->map->set;
	const struct tally_place *p = &set->place[place];
	struct tally_finding f = { .kind = kind,
		.segment = w->nsegment + 1,
		.element = element,
		.tag = p->segment->tag,
		.loop = set->loop[p->loop].path,
		.id =
		    element > 0 ? p->segment->use[element - 1].element->id : "",
		.name = name,
		.value = value,
		.expected = tally_cstr(expected) };

	if (w->learn != NULL)
		w->learn->failed = true;
	write_settle(w);
	w->careful = true;
	if (!w->wrong)
		tally_findings_add(w->findings, &f);
}

static enum tally_rc
put_record(struct write *w)
{
	struct write_frame f = { .block = &w->map->block[0], .ordinal = 1 };
	const struct write_rows *r = &w->rows[f.block->table];
	const char *name = w->map->model->table[f.block->table].name;

	if (r->n != 1) {
		write_report(w, TALLY_F_write_row, 0, 0, name, tally_str("", 0),
		    "one row of the table of the record");
		return TALLY_OK;
	}
	f.row = r->from;
	return write_frame(w, &f, 0, 0, 0);
}

static enum tally_rc
put_set(struct write *w)
{
	const struct tally_map_writing *how = w->how;
	uint32_t before = w->nsegment;
	char room[TALLY_DECIMAL_MAX];
	struct tally_str head[] = { tally_cstr(w->map->set->id),
		tally_cstr(how->control), tally_cstr(how->reference) };
	struct tally_str tail[] = { { NULL, 0 }, tally_cstr(how->control) };
	enum tally_rc rc;

	write_line(w, "ST", head, how->reference != NULL ? 3 : 2);
	rc = put_record(w);
	tail[0] = tally_str(
	    room, tally_decimal_count(room, w->nsegment - before + 1u));
	write_line(w, "SE", tail, 2);
	return rc;
}

static enum tally_rc
put_document(struct write *w, uint32_t document)
{
	enum tally_rc rc;

	tally_arena_reset(&w->map->scratch.writing);
	w->unsettled = w->out->n;
	rc = write_index(w, document);
	if (rc == TALLY_OK)
		rc = write_levels_index(w);
	if (rc == TALLY_OK)
		rc = write_residue_index(w);
	if (rc == TALLY_OK)
		rc = put_set(w);
	write_index_end(w);
	return rc;
}

/* What has bytes that cannot be sent is put out row by row, each of which is
 * settled before, and so are some documents that come then, as they are likely
 * to have such bytes, too. */
static enum tally_rc
put_again(struct write *w, uint32_t document, size_t from)
{
	w->out->n = from;
	w->out->failed = false;
	w->npiece = w->nvalue = w->nsegment = w->nlevel = 0;
	w->ntable = 0;
	w->wrong = false;
	w->careful = true;
	w->map->scratch.careful = CAREFUL_DOCUMENTS;
	return put_document(w, document);
}

enum tally_rc
tally_map_write(struct tally_map *m, const struct tally_batch *batch,
    uint32_t document, const struct tally_residues *residues,
    const struct tally_map_writing *how, struct tally_buf *out,
    uint32_t *nsegment, struct tally_findings *findings, struct tally_err *err)
{
	struct map_scratch *s = &m->scratch;
	struct write w = { .map = m,
		.batch = batch,
		.residues = residues,
		.how = how,
		.out = out,
		.findings = findings,
		.err = err,
		.odd = write_odd(m, how),
		.line_end = tally_cstr(how->line_end),
		.piece = s->piece,
		.value = s->value,
		.careful = s->careful > 0 };
	const size_t from = out->n;
	enum tally_rc rc;

	if (s->writing.max == 0)
		tally_arena_init(&s->writing, WRITING_MAX);
	if (s->text.max == 0)
		tally_buf_init(&s->text, UINT32_MAX);
	rc = plan_begin(&w);
	s->careful -= w.careful;
	if (rc == TALLY_OK)
		rc = put_document(&w, document);
	if (rc == TALLY_OK && w.wrong)
		rc = put_again(&w, document, from);
	if (rc == TALLY_OK && out->failed)
		rc = write_nomem(&w);
	*nsegment = w.nsegment;
	return rc;
}
