/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents and their records, a batch at a time.
 *
 * Ids are given here, rising by one from the highest there is: the
 * transaction has the store for itself.  They make one event, whose content is
 * a hash over all of them: one for each would be a tenth of all work.
 */
#include "store/internal.h"

#include <assert.h>

/* Everything of a call, through all its parts. */
struct call {
	struct engine_load *load; /* of each part; owned, as all below */
	size_t nload;
	struct store_document **document;
	int64_t *map; /* of each document */
	size_t ndocument;
	int64_t *id; /* of each of the batches' documents */
};

static void
call_free(struct call *c)
{
	tally_free(c->load);
	tally_free(c->document);
	tally_free(c->map);
	tally_free(c->id);
}

/* Documents of the part's batch. */
static size_t
in_batch(const struct store_part *part)
{
	return part->batch != NULL ? part->batch->ndocument : 0;
}

static enum tally_rc
call_new(struct call *c, const char *partner, const struct store_part *part,
    size_t n, struct tally_err *err)
{
	size_t nid = 0, at = 0;
	int64_t *id;

	*c = (struct call){ .nload = n };
	for (size_t i = 0; i < n; i++) {
		c->ndocument += part[i].n;
		nid += in_batch(&part[i]);
	}
	assert(c->ndocument < UINT32_MAX / 4);
	c->load = tally_calloc(n, sizeof(*c->load));
	c->document = tally_calloc(c->ndocument, sizeof(*c->document));
	c->map = tally_calloc(c->ndocument, sizeof(*c->map));
	c->id = id = tally_calloc(nid, sizeof(*c->id));
	if (c->load == NULL || c->document == NULL || c->map == NULL ||
	    c->id == NULL) {
		call_free(c);
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	}
	for (size_t i = 0; i < n; i++) {
		c->load[i] = (struct engine_load){
			.partner = partner != NULL ? partner : "",
			.document = part[i].document,
			.map = c->map + at,
			.ndocument = part[i].n,
			.batch = part[i].batch,
			.id = id,
		};
		for (size_t k = 0; k < part[i].n; k++)
			c->document[at++] = &part[i].document[k];
		id += in_batch(&part[i]);
	}
	return TALLY_OK;
}

/* An open table of the keys of one call: index of the document, plus 1. */
struct keys {
	uint32_t *slot;
	size_t mask;
};

static uint64_t
hash_key(const struct store_document *d)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < d->key.n; i++)
		h = (h ^ (unsigned char)d->key.p[i]) * 1099511628211u;
	for (const char *p = d->set; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	return h ^ h >> 29;
}

/* Whether an earlier document has the key; if not, notes this one. */
static bool
key_before(struct keys *k, const struct call *c, size_t i)
{
	const struct store_document *d = c->document[i], *other;
	size_t at = hash_key(d) & k->mask;

	for (; k->slot[at] != 0; at = (at + 1) & k->mask) {
		other = c->document[k->slot[at] - 1];
		if (tally_str_eq(other->key, d->key) &&
		    strcmp(other->set, d->set) == 0)
			return true;
	}
	if (d->verdict != TALLY_REJECTED)
		k->slot[at] = (uint32_t)i + 1;
	return false;
}

static enum tally_rc
prior(struct store *st, const struct call *c, int64_t *duplicate,
    struct tally_err *err)
{
	struct keys keys = { .mask = 15 };
	enum tally_rc rc;

	memset(duplicate, 0, c->ndocument * sizeof(*duplicate));
	while (keys.mask < 2 * c->ndocument)
		keys.mask = keys.mask * 2 + 1;
	keys.slot = tally_calloc(keys.mask + 1, sizeof(*keys.slot));
	if (keys.slot == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	rc =
	    st->engine->m->prior(st->engine, c->load, c->nload, duplicate, err);
	for (size_t i = 0; rc == TALLY_OK && i < c->ndocument; i++)
		if (c->document[i]->key.n != 0 && key_before(&keys, c, i))
			duplicate[i] = -1;
	tally_free(keys.slot);
	return rc;
}

enum tally_rc
store_parts_prior(struct store *st, const char *partner,
    const struct store_part *part, size_t n, int64_t *duplicate,
    struct tally_err *err)
{
	struct call c;
	enum tally_rc rc = call_new(&c, partner, part, n, err);

	if (rc != TALLY_OK)
		return rc;
	rc = prior(st, &c, duplicate, err);
	call_free(&c);
	return rc;
}

enum tally_rc
store_map(struct store *st, const struct engine_value v[2], int64_t *id,
    struct tally_err *err)
{
	bool known;
	enum tally_rc rc = store_number(st, Q_MAP_FIND, v, 2, id, &known, err);

	if (rc == TALLY_OK && !known)
		rc = store_number(st, Q_MAP_ADD, v, 2, id, NULL, err);
	return rc;
}

/* The row of a map; asked only when it is not that of the document before, nor
 * the one that was asked for last. */
static enum tally_rc
map_id(struct store *st, struct call *c, size_t i, struct tally_err *err)
{
	const struct store_document *d = c->document[i];
	const struct store_document *before = i > 0 ? c->document[i - 1] : NULL;
	const struct engine_value v[] = { v_blob(d->map_hash, TALLY_HASH_SIZE),
		v_cstr(d->map) };
	int64_t *id = c->map;
	struct store_held *h = &st->held;
	enum tally_rc rc;

	id[i] = 0;
	if (d->map == NULL || d->map_hash == NULL)
		return TALLY_OK;
	if (before != NULL && before->map == d->map &&
	    before->map_hash == d->map_hash) {
		id[i] = id[i - 1];
		return TALLY_OK;
	}
	if (h->map != 0 && strcmp(h->map_name, d->map) == 0 &&
	    memcmp(h->map_hash, d->map_hash, TALLY_HASH_SIZE) == 0) {
		id[i] = h->map;
		return TALLY_OK;
	}
	rc = store_map(st, v, &id[i], err);
	h->map = 0;
	if (rc == TALLY_OK && strlen(d->map) < sizeof(h->map_name)) {
		h->map = id[i];
		memcpy(h->map_hash, d->map_hash, TALLY_HASH_SIZE);
		memcpy(h->map_name, d->map, strlen(d->map) + 1);
	}
	return rc;
}

/* The highest id there is. */
static enum tally_rc
last_id(struct store *st, int64_t *id, struct tally_err *err)
{
	struct store_held *h = &st->held;

	*id = h->document;
	return *id >= 0
	    ? TALLY_OK
	    : store_number(st, Q_DOCUMENT_LAST, NULL, 0, id, NULL, err);
}

/* What is recorded of each: a few dozen bytes. */
static void
content(struct tally_buf *b, const struct call *c)
{
	const struct store_document *d;
	unsigned char id[8];

	for (size_t i = 0; i < c->ndocument; i++) {
		d = c->document[i];
		for (int k = 0; k < 8; k++)
			id[k] =
			    (unsigned char)((uint64_t)d->id >> (56 - 8 * k));
		tally_buf_add(b, id, sizeof(id));
		tally_buf_add(b, d->state, strlen(d->state) + 1);
		tally_buf_add(b, d->body, sizeof(d->body));
	}
}

/* Gives a part's documents their ids, from that behind last on; at: the first
 * of them, of all; by_batch: the ids by their batch. */
static enum tally_rc
number(struct store *st, struct call *c, const struct store_part *part,
    int64_t *by_batch, size_t at, int64_t last, struct tally_err *err)
{
	struct store_document *d = part->document;
	enum tally_rc rc = TALLY_OK;

	for (size_t i = 0; rc == TALLY_OK && i < part->n; i++, d++) {
		d->id = last + 1 + (int64_t)(at + i);
		if (d->batch != UINT32_MAX && d->verdict != TALLY_REJECTED) {
			assert(part->batch != NULL &&
			    d->batch < part->batch->ndocument);
			by_batch[d->batch] = d->id;
		}
		rc = map_id(st, c, at + i, err);
	}
	return rc;
}

static enum tally_rc
put(struct store *st, struct call *c, const struct store_part *part, size_t n,
    struct tally_err *err)
{
	int64_t last, *by_batch = c->id;
	size_t at = 0;
	enum tally_rc rc = last_id(st, &last, err);

	for (size_t i = 0; rc == TALLY_OK && i < n; i++) {
		rc = number(st, c, &part[i], by_batch, at, last, err);
		at += part[i].n;
		by_batch += in_batch(&part[i]);
	}
	if (rc == TALLY_OK)
		rc = st->engine->m->load(st->engine, c->load, c->nload, err);
	st->held.document = rc == TALLY_OK && st->engine->m->active(st->engine)
	    ? last + (int64_t)c->ndocument
	    : -1;
	return rc;
}

enum tally_rc
store_document_resent(struct store *st, const char *partner,
    const struct store_document *d, bool *resent, struct tally_err *err)
{
	const struct engine_value v[] = { v_text(d->key), v_cstr(d->set),
		v_cstr(partner), v_integer(d->id),
		v_blob(d->body, TALLY_HASH_SIZE) };
	int64_t other;

	return store_number(
	    st, Q_DOCUMENT_RESENT, v, COUNT(v), &other, resent, err);
}

static enum tally_rc
recorded(struct store *st, const struct call *c, const char *partner,
    int64_t now, struct tally_err *err)
{
	struct store_event e = { .stream = "partner",
		.name = partner,
		.subject = "documents",
		.id = c->document[0]->id,
		.n = (int64_t)c->ndocument,
		.to = "recorded" };
	struct tally_buf b;
	enum tally_rc rc;

	tally_buf_init(&b, SIZE_MAX);
	content(&b, c);
	e.over = tally_buf_view(&b);
	rc = b.failed ? tally_err_set(err, TALLY_NOMEM, "no memory")
		      : store_event(st, &e, now, err);
	tally_buf_free(&b);
	return rc;
}

enum tally_rc
store_parts_put(struct store *st, const char *partner,
    const struct store_part *part, size_t n, int64_t now, struct tally_err *err)
{
	struct call c;
	enum tally_rc rc = call_new(&c, partner, part, n, err);

	if (rc != TALLY_OK)
		return rc;
	if (c.ndocument > 0) {
		rc = put(st, &c, part, n, err);
		if (rc == TALLY_OK)
			rc = recorded(st, &c, partner, now, err);
	}
	call_free(&c);
	return rc;
}

enum tally_rc
store_documents_put(struct store *st, const char *partner,
    struct store_document *d, size_t n, const struct tally_batch *batch,
    int64_t now, struct tally_err *err)
{
	const struct store_part part = { d, n, batch };

	return store_parts_put(st, partner, &part, 1, now, err);
}
