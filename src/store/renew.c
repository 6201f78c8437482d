/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are made anew from the bytes they came in. */
#include "store/internal.h"

#include <assert.h>
#include <stdio.h>

#include "store/load.h"

enum tally_rc
store_document_get(struct store *st, int64_t id, struct store_had *had,
    bool *found, struct tally_err *err)
{
	const enum statement q = Q_DOCUMENT_GET;
	const struct engine_methods *m = st->engine->m;
	const struct engine_value v[] = { v_integer(id) };
	const char *decision;
	enum tally_rc rc = store_one(st, q, v, COUNT(v), found, err);

	if (rc != TALLY_OK || !*found)
		return rc;
	memset(had, 0, sizeof(*had));
	had->id = id;
	snprintf(
	    had->state, sizeof(had->state), "%s", m->text(st->engine, q, 1));
	had->mapped = m->text(st->engine, q, 3) != NULL;
	had->offset = (uint64_t)m->integer(st->engine, q, 4);
	had->interchange = m->integer(st->engine, q, 5);
	had->file = m->integer(st->engine, q, 6);
	decision = m->text(st->engine, q, 7);
	snprintf(had->decision, sizeof(had->decision), "%s",
	    decision != NULL ? decision : "");
	store_end(st, q);
	return TALLY_OK;
}

enum tally_rc
store_document_repeats(struct store *st, const char *partner,
    const struct store_document *d, bool *repeats, struct tally_err *err)
{
	const struct engine_value v[] = { v_text(d->key), v_cstr(d->set),
		v_cstr(partner), v_integer(d->id) };
	int64_t other;

	*repeats = false;
	if (d->key.n == 0)
		return TALLY_OK;
	return store_number(
	    st, Q_DOCUMENT_REPEATS, v, COUNT(v), &other, repeats, err);
}

static enum tally_rc
clear(struct store *st, int64_t id, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };
	enum tally_rc rc = st->engine->m->unload(st->engine, id, err);

	if (rc == TALLY_OK)
		rc = store_do(st, Q_FINDINGS_GONE, v, COUNT(v), err);
	if (rc == TALLY_OK)
		rc = store_do(st, Q_RESIDUE_GONE, v, COUNT(v), err);
	return rc;
}

static enum tally_rc
renew(struct store *st, const struct store_document *d, struct tally_err *err)
{
	const struct engine_value map[] = {
		v_blob(d->map_hash, TALLY_HASH_SIZE), v_cstr(d->map)
	};
	int64_t id = 0;
	enum tally_rc rc = TALLY_OK;

	if (d->map != NULL && d->map_hash != NULL)
		rc = store_map(st, map, &id, err);
	if (rc != TALLY_OK)
		return rc;

	const struct engine_value v[] = { v_cstr(load_verdict(d->verdict)),
		v_cstr(d->state), v_id(id), v_blob(d->body, sizeof(d->body)),
		v_some(d->key), v_integer((int64_t)d->length),
		v_integer(d->id) };

	rc = clear(st, d->id, err);
	return rc == TALLY_OK ? store_do(st, Q_DOCUMENT_RENEW, v, COUNT(v), err)
			      : rc;
}

enum tally_rc
store_document_replace(struct store *st, const struct store_document *d,
    const struct tally_batch *batch, struct tally_err *err)
{
	const struct engine_load load = {
		.partner = "", .batch = batch, .id = &d->id, .only = &d->batch
	};
	enum tally_rc rc;

	assert(d->id > 0);
	rc = renew(st, d, err);
	if (rc == TALLY_OK && d->batch < batch->ndocument &&
	    strcmp(d->state, "rejected") != 0)
		rc = st->engine->m->load(st->engine, &load, 1, err);
	return rc;
}

enum tally_rc
store_document_replaced(struct store *st, const char *partner, const char *from,
    const struct store_document *d, int64_t now, struct tally_err *err)
{
	const struct store_event e = { .stream = "partner",
		.name = partner,
		.subject = "documents",
		.id = d->id,
		.n = 1,
		.from = from,
		.to = d->state,
		.reason = "replayed" };

	return store_event(st, &e, now, err);
}

enum tally_rc
store_interchange_get(struct store *st, int64_t id,
    struct store_interchange *ic, bool *found, struct tally_err *err)
{
	const enum statement q = Q_INTERCHANGE_GET;
	const struct engine_methods *m = st->engine->m;
	const struct engine_value v[] = { v_integer(id) };
	enum tally_rc rc = store_one(st, q, v, COUNT(v), found, err);

	if (rc != TALLY_OK || !*found)
		return rc;
	memset(ic, 0, sizeof(*ic));
	ic->id = id;
	snprintf(ic->state, sizeof(ic->state), "%s", m->text(st->engine, q, 0));
	snprintf(
	    ic->partner, sizeof(ic->partner), "%s", m->text(st->engine, q, 1));
	ic->file = m->integer(st->engine, q, 2);
	ic->offset = (uint64_t)m->integer(st->engine, q, 3);
	store_end(st, q);
	return TALLY_OK;
}

enum tally_rc
store_interchange_renew(struct store *st, int64_t id, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };

	return store_do(st, Q_INTERCHANGE_FINDINGS_GONE, v, COUNT(v), err);
}

enum tally_rc
store_group_renew(struct store *st, int64_t id,
    const struct tally_group_judged *g, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(g->included),
		v_integer(g->received), v_integer(g->accepted),
		v_cstr(load_verdict(g->verdict)), v_integer(id) };

	return store_do(st, Q_GROUP_RENEW, v, COUNT(v), err);
}

/* The first column of each row, a line each. */
static enum tally_rc
read_lines(struct store *st, enum statement q, int64_t id,
    struct tally_buf *out, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(id) };
	bool row;
	enum tally_rc rc = store_one(st, q, v, COUNT(v), &row, err);

	while (rc == TALLY_OK && row) {
		tally_buf_str(out, st->engine->m->bytes(st->engine, q, 0));
		tally_buf_putc(out, '\n');
		rc = store_more(st, q, &row, err);
	}
	return rc;
}

enum tally_rc
store_document_read(
    struct store *st, int64_t id, struct tally_buf *out, struct tally_err *err)
{
	enum tally_rc rc = read_lines(st, Q_DOCUMENT_READ, id, out, err);

	if (rc == TALLY_OK)
		rc = st->engine->m->read(st->engine, id, out, err);
	if (rc == TALLY_OK)
		rc = read_lines(st, Q_DOCUMENT_FINDINGS, id, out, err);
	if (rc == TALLY_OK)
		rc = read_lines(st, Q_DOCUMENT_RESIDUE, id, out, err);
	if (rc == TALLY_OK && out->failed)
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	return rc;
}
