/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local files that a person names: into the store as if a mailbox had held
 * them, and known again by the same mailbox, name and content.
 *
 * What the store notes of objects in mailboxes is left out of it: nothing of
 * that name needs to be in the mailbox.
 */
#include "flow/flow.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"

#define BLOCK (64u << 10)

enum tally_rc
flow_take_mailbox(const struct flow *f, const char *asked,
    const struct site_mailbox **box, struct tally_err *err)
{
	const struct site *s = f->site;
	const struct site_mailbox *any = NULL;

	if (asked != NULL) {
		*box = site_mailbox_find(s, asked);
		if (*box != NULL)
			return TALLY_OK;
		return tally_err_set(err, TALLY_USAGE,
		    "no mailbox is named %s; %s has them, each named as its "
		    "partner where it has no name of its own",
		    asked, s->file);
	}
	for (size_t i = 0; i < s->nmailbox; i++) {
		if (strncmp(s->mailbox[i].settings.url, "dir:", 4) == 0) {
			*box = &s->mailbox[i];
			return TALLY_OK;
		}
		if (any == NULL && s->mailbox[i].partner->any)
			any = &s->mailbox[i];
	}
	*box = any;
	if (any != NULL)
		return TALLY_OK;
	return tally_err_set(err, TALLY_USAGE,
	    "--mailbox is needed: %s has neither a local mailbox nor a partner "
	    "that is anybody",
	    s->file);
}

/* Gives all bytes to the hash or to the store, whichever is not null. */
static enum tally_rc
read_all(const struct flow_local *l, struct tally_hash *hash,
    struct store_incoming *in, uint64_t max, struct tally_err *err)
{
	char *block = tally_alloc(BLOCK);
	uint64_t total = 0;
	size_t got = 1;
	enum tally_rc rc = TALLY_OK;

	if (block == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	while (rc == TALLY_OK && got > 0 && total <= max) {
		rc = l->source.read(l->source.ctx, block, BLOCK, &got, err);
		total += rc == TALLY_OK ? got : 0;
		if (rc == TALLY_OK && hash != NULL)
			tally_hash_add(hash, block, got);
		else if (rc == TALLY_OK)
			rc = store_incoming_add(in, block, got, err);
	}
	tally_free(block);
	if (rc == TALLY_OK && total > max)
		rc = tally_err_set(err, TALLY_DATA,
		    "more than the limit of %" PRIu64
		    " bytes; raise file-bytes or split it",
		    max);
	return rc;
}

enum tally_rc
flow_take(struct flow *f, const struct site_mailbox *box,
    const struct flow_local *l, int64_t *id, bool *known, struct tally_err *err)
{
	struct store_object o = { box->name, l->name, 0, l->mtime };
	struct store_incoming *in = NULL;
	enum tally_rc rc;

	rc = store_incoming_new(&in, f->store, err);
	if (rc == TALLY_OK)
		rc = read_all(l, NULL, in, f->site->file_bytes, err);
	if (rc == TALLY_OK)
		rc = store_begin(f->store, err);
	if (rc != TALLY_OK)
		goto out;
	o.size = store_incoming_size(in);
	rc = store_file_add(
	    f->store, &o, in, flow_clock_now(&f->clock), id, known, err);
	rc = store_settle(f->store, rc, err);
	if (rc != TALLY_OK) {
		goto out;
	}
	f->count[*known ? FLOW_KNOWN : FLOW_RECEIVED]++;
	log_line(&f->log, LOG_EVENT, "file", l->name,
	    *known ? "given to mailbox %s again: it is file %" PRId64
		   : "given to mailbox %s, file %" PRId64,
	    box->name, *id);
out:
	store_incoming_free(in);
	return rc;
}

enum tally_rc
flow_take_look(struct flow *f, const struct site_mailbox *box,
    const struct flow_local *l, int64_t *id, bool *known, struct tally_err *err)
{
	struct store_object o = { box->name, l->name, 0, l->mtime };
	unsigned char sha256[TALLY_HASH_SIZE];
	struct tally_hash *hash = NULL;
	enum tally_rc rc;

	rc = tally_hash_new(&hash, err);
	if (rc == TALLY_OK)
		rc = read_all(l, hash, NULL, f->site->file_bytes, err);
	if (rc == TALLY_OK) {
		tally_hash_end(hash, sha256);
		rc = store_file_find(f->store, &o, sha256, id, known, err);
	}
	tally_hash_free(hash);
	return rc;
}
