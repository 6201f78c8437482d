/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents and their records, a batch at a time.
 *
 * Ids are given here, rising by one from the highest there is: the
 * transaction has the store for itself.  A call makes one event, whose
 * content is a hash over all its documents, not one event each: an event per
 * document would be a tenth of all work.
 */
#include "store/internal.h"

#include <assert.h>

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
key_before(struct keys *k, const struct store_document *d, size_t i)
{
	size_t at = hash_key(&d[i]) & k->mask;
	const struct store_document *other;

	for (; k->slot[at] != 0; at = (at + 1) & k->mask) {
		other = &d[k->slot[at] - 1];
		if (tally_str_eq(other->key, d[i].key) &&
		    strcmp(other->set, d[i].set) == 0)
			return true;
	}
	if (d[i].verdict != TALLY_REJECTED)
		k->slot[at] = (uint32_t)i + 1;
	return false;
}

enum tally_rc
store_documents_prior(struct store *st, const char *partner,
    const struct store_document *d, size_t n, int64_t *duplicate,
    struct tally_err *err)
{
	const struct engine_load load = { .partner =
					      partner != NULL ? partner : "",
		.document = d,
		.ndocument = n };
	struct keys keys = { .mask = 15 };
	enum tally_rc rc;

	assert(n < UINT32_MAX / 4);
	memset(duplicate, 0, n * sizeof(*duplicate));
	while (keys.mask < 2 * n)
		keys.mask = keys.mask * 2 + 1;
	keys.slot = tally_calloc(keys.mask + 1, sizeof(*keys.slot));
	if (keys.slot == NULL)
		return tally_err_set(err, TALLY_NOMEM, "no memory");
	rc = st->engine->m->prior(st->engine, &load, duplicate, err);
	for (size_t i = 0; rc == TALLY_OK && i < n; i++)
		if (d[i].key.n != 0 && key_before(&keys, d, i))
			duplicate[i] = -1;
	tally_free(keys.slot);
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
map_id(struct store *st, const struct store_document *d, size_t i, int64_t *id,
    struct tally_err *err)
{
	const struct store_document *before = i > 0 ? &d[i - 1] : NULL;
	const struct engine_value v[] = {
		v_blob(d[i].map_hash, TALLY_HASH_SIZE), v_cstr(d[i].map)
	};
	struct store_held *h = &st->held;
	enum tally_rc rc;

	id[i] = 0;
	if (d[i].map == NULL || d[i].map_hash == NULL)
		return TALLY_OK;
	if (before != NULL && before->map == d[i].map &&
	    before->map_hash == d[i].map_hash) {
		id[i] = id[i - 1];
		return TALLY_OK;
	}
	if (h->map != 0 && strcmp(h->map_name, d[i].map) == 0 &&
	    memcmp(h->map_hash, d[i].map_hash, TALLY_HASH_SIZE) == 0) {
		id[i] = h->map;
		return TALLY_OK;
	}
	rc = store_map(st, v, &id[i], err);
	h->map = 0;
	if (rc == TALLY_OK && strlen(d[i].map) < sizeof(h->map_name)) {
		h->map = id[i];
		memcpy(h->map_hash, d[i].map_hash, TALLY_HASH_SIZE);
		memcpy(h->map_name, d[i].map, strlen(d[i].map) + 1);
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

/* Few large pieces to the hash: a call costs more than what is in one. */
static void
content(struct store *st, const struct store_document *d, size_t n,
    unsigned char digest[32])
{
	unsigned char block[4096], *p = block;
	size_t state;

	for (size_t i = 0; i < n; i++) {
		state = strlen(d[i].state) + 1;
		assert(state < 64);
		if (p + 8 + state + sizeof(d[i].body) > block + sizeof(block)) {
			tally_hash_add(st->hash, block, (size_t)(p - block));
			p = block;
		}
		for (int k = 0; k < 8; k++)
			*p++ =
			    (unsigned char)((uint64_t)d[i].id >> (56 - 8 * k));
		memcpy(p, d[i].state, state);
		memcpy(p + state, d[i].body, sizeof(d[i].body));
		p += state + sizeof(d[i].body);
	}
	tally_hash_add(st->hash, block, (size_t)(p - block));
	tally_hash_end(st->hash, digest);
}

static enum tally_rc
put(struct store *st, const struct engine_load *load, struct store_document *d,
    int64_t *map, int64_t *id, struct tally_err *err)
{
	int64_t last;
	enum tally_rc rc = last_id(st, &last, err);

	for (size_t i = 0; rc == TALLY_OK && i < load->ndocument; i++) {
		d[i].id = last + 1 + (int64_t)i;
		if (d[i].batch != UINT32_MAX &&
		    d[i].verdict != TALLY_REJECTED) {
			assert(load->batch != NULL &&
			    d[i].batch < load->batch->ndocument);
			id[d[i].batch] = d[i].id;
		}
		rc = map_id(st, d, i, map, err);
	}
	if (rc == TALLY_OK)
		rc = st->engine->m->load(st->engine, load, err);
	st->held.document = rc == TALLY_OK && st->engine->m->active(st->engine)
	    ? last + (int64_t)load->ndocument
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

enum tally_rc
store_documents_put(struct store *st, const char *partner,
    struct store_document *d, size_t n, const struct tally_batch *batch,
    int64_t now, struct tally_err *err)
{
	unsigned char digest[TALLY_HASH_SIZE];
	struct store_event e = { .stream = "partner",
		.name = partner,
		.subject = "documents",
		.n = (int64_t)n,
		.to = "recorded",
		.content = digest };
	int64_t *map, *id;
	enum tally_rc rc;

	if (n == 0)
		return TALLY_OK;
	map = tally_calloc(n, sizeof(*map));
	id = tally_calloc(batch != NULL ? batch->ndocument : 0, sizeof(*id));
	if (map == NULL || id == NULL) {
		rc = tally_err_set(err, TALLY_NOMEM, "no memory");
	} else {
		const struct engine_load load = {
			.partner = partner != NULL ? partner : "",
			.document = d,
			.map = map,
			.ndocument = n,
			.batch = batch,
			.id = id,
		};

		rc = put(st, &load, d, map, id, err);
	}
	tally_free(map);
	tally_free(id);
	if (rc != TALLY_OK)
		return rc;
	content(st, d, n, digest);
	e.id = d[0].id;
	return store_event(st, &e, now, err);
}
