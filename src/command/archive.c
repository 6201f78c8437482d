/* SPDX-License-Identifier: Apache-2.0 */
/* The archive; see archive.h. */
#include "command/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct archive {
	struct sets *sets;
	struct store *store; /* owned */
	int64_t *id;         /* of interchanges, rising; owned */
	size_t n, cap;
	bool failed;
	uint64_t *purged;
	/* The file that is read, and its name. */
	int64_t file;
	char name[512];
	struct store_payload *payload; /* owned; null: it was purged */
};

/* One that came in; what went out is listed as well. */
static void
note(void *ctx, int n, const char *const *names, const char *const *values)
{
	struct archive *a = ctx;
	const char *id = NULL, *direction = NULL;
	size_t cap;
	void *p;

	for (int i = 0; i < n; i++)
		if (strcmp(names[i], "id") == 0)
			id = values[i];
		else if (strcmp(names[i], "direction") == 0)
			direction = values[i];
	if (a->failed || id == NULL || direction == NULL ||
	    strcmp(direction, "in") != 0)
		return;
	if (a->n == a->cap) {
		cap = a->cap != 0 ? 2 * a->cap : 1024;
		p = tally_realloc(a->id, cap * sizeof(*a->id));
		a->failed = p == NULL;
		if (p == NULL)
			return;
		a->id = p;
		a->cap = cap;
	}
	a->id[a->n++] = strtoll(id, NULL, 10);
}

/* Partners are known by the mailbox that a file came from. */
static enum tally_rc
open_file(struct archive *a, int64_t file, struct tally_err *err)
{
	const struct site_mailbox *box;
	struct store_file f;
	bool found;
	enum tally_rc rc;

	if (file == a->file)
		return TALLY_OK;
	store_payload_close(a->payload);
	a->payload = NULL;
	a->file = file;
	rc = store_file_get(a->store, file, &f, &found, err);
	if (rc != TALLY_OK || !found)
		return rc;
	snprintf(a->name, sizeof(a->name), "file %lld, %.*s", (long long)file,
	    (int)(f.name.n < 400 ? f.name.n : 400), f.name.p);
	box = site_mailbox_find(a->sets->judging->site, f.mailbox);
	a->sets->judging->partner = box != NULL ? box->partner : NULL;
	rc = store_payload_open(&a->payload, a->store, file, err);
	return rc == TALLY_NOINPUT ? TALLY_OK : rc;
}

static struct tally_source
from_payload(void *ctx, uint64_t offset, struct input_from *room)
{
	(void)room;
	return store_payload_source(ctx, offset);
}

static enum tally_rc
read_one(struct archive *a, int64_t id, struct tally_err *err)
{
	struct store_interchange ic;
	struct sets_origin o = { a->name, from_payload, NULL };
	bool found;
	enum tally_rc rc;

	rc = store_interchange_get(a->store, id, &ic, &found, err);
	if (rc == TALLY_OK && found)
		rc = open_file(a, ic.file, err);
	if (rc != TALLY_OK || !found)
		return rc;
	o.ctx = a->payload;
	if (a->payload == NULL)
		++*a->purged;
	else
		rc = sets_read_at(a->sets, &o, ic.offset, err);
	return rc;
}

enum tally_rc
archive_read(struct sets *s, const struct store_filter *filter,
    uint64_t *purged, struct tally_err *err)
{
	struct archive a = { .sets = s, .purged = purged };
	struct store_filter f = *filter;
	enum tally_rc rc;

	f.state = "translated";
	rc = store_open(&a.store, s->judging->site->dir, STORE_READ,
	    maps_model(s->judging->maps), err);
	if (rc == TALLY_OK)
		rc = store_list(
		    a.store, STORE_LIST_INTERCHANGES, &f, note, &a, err);
	if (rc == TALLY_OK && a.failed)
		rc = tally_err_set(err, TALLY_NOMEM,
		    "no memory for the interchanges of the archive");
	for (size_t i = 0; i < a.n && rc == TALLY_OK; i++)
		rc = read_one(&a, a.id[i], err);
	store_payload_close(a.payload);
	store_close(a.store);
	tally_free(a.id);
	return rc;
}
