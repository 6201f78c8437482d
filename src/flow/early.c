/* SPDX-License-Identifier: Apache-2.0 */
/* A large file is judged while it is received; see early.h. */
#include "flow/early.h"

#include <string.h>

#include "flow/parser.h"

struct early {
	struct parser *parser;          /* owned */
	const struct site_mailbox *box; /* borrowed, as in */
	struct store_incoming *in;      /* null: it has come */
	uint64_t size;
	unsigned char sha256[32]; /* once it has */
};

static struct tally_source
source(void *ctx, int reader, uint64_t from)
{
	struct early *e = ctx;

	(void)reader;
	return store_incoming_source(e->in, from);
}

/* Not where what is found depends on files that are to be recorded before; nor
 * where it is not in hand in this run. */
static bool
is_fit(const struct flow *f, const struct site_mailbox *box, uint64_t size)
{
	return f->through && !f->behind && !box->partner->unique_groups &&
	    parser_is_large(size) && size <= f->site->file_bytes;
}

struct early *
early_begin(struct flow *f, const struct site_mailbox *box, uint64_t size,
    struct store_incoming *in)
{
	struct parser_file file = {
		.partner = box->partner, .size = size, .source = source
	};
	struct tally_err ignored;
	struct early *e;
	enum tally_rc rc;

	e = is_fit(f, box, size) ? tally_calloc(1, sizeof(*e)) : NULL;
	if (e == NULL)
		return NULL;
	e->box = box;
	e->in = in;
	e->size = size;
	file.ctx = e;
	rc = parser_new(&e->parser, f, &ignored);
	if (rc == TALLY_OK)
		rc = parser_early(e->parser, &file, &ignored);
	if (rc == TALLY_OK)
		return e;
	early_free(e);
	return NULL;
}

void
early_go_on(struct early **early)
{
	struct early *e = *early;
	struct tally_err ignored;

	if (e == NULL ||
	    parser_early_on(e->parser, store_incoming_there(e->in), &ignored) ==
		TALLY_OK)
		return;
	early_free(e);
	*early = NULL;
}

void
early_came(struct early *e, const unsigned char sha256[32])
{
	e->in = NULL;
	memcpy(e->sha256, sha256, sizeof(e->sha256));
}

void
early_free(struct early *e)
{
	if (e == NULL)
		return;
	parser_free(e->parser);
	tally_free(e);
}

void
early_leave(struct early *e)
{
	if (e != NULL)
		parser_leave(e->parser);
}

struct parser *
early_take(struct flow *f, const struct store_file *file)
{
	struct early *e = f->early;
	struct parser *p;

	if (e == NULL || e->size != file->size ||
	    memcmp(e->sha256, file->sha256, sizeof(e->sha256)) != 0 ||
	    site_mailbox_find(f->site, file->mailbox) != e->box)
		return NULL;
	p = e->parser;
	e->parser = NULL;
	f->early = NULL;
	early_free(e);
	return p;
}
