/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letting the parser read what is being recorded: it begins while the run
 * commits, disposes of files and looks for what is to be translated, and has
 * mostly ended when the first of them comes in hand.
 *
 * Only what the run will take in hand next, in that order: the new files of a
 * group, from the first one on, where nothing else is ahead.  Where another
 * file comes before them, one that an earlier run left, the parser notices, and
 * what it read is read again.
 */
#include "flow/fetch.h"
#include "flow/parser.h"

static struct tally_source
source(void *bytes, int reader, uint64_t from)
{
	(void)reader;
	(void)from; /* a small file is given whole */
	return tally_source_str(bytes);
}

/* False: neither this one nor what is behind it. */
static bool
give(struct flow *f, const struct candidate *c, const struct store_incoming *in)
{
	struct tally_str bytes = store_incoming_bytes(in);
	const struct parser_file file = { .partner = fetch_box(c)->partner,
		.id = c->file,
		.size = store_incoming_size(in),
		.source = source,
		.ctx = &bytes };

	return bytes.n == file.size && parser_ahead(f->parser, &file, f->store);
}

void
fetch_ahead(struct flow *f, const struct candidate *c,
    struct store_incoming *const *in, const bool *known, size_t n)
{
	if (!f->through || f->behind || !parser_waits(f->parser) ||
	    parser_has_ahead(f->parser) > 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (c[i].recorded && !known[i] && !give(f, &c[i], in[i]))
			break;
	parser_send(f->parser);
}
