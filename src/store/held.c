/* SPDX-License-Identifier: Apache-2.0 */
/* What a transaction holds back; see internal.h. */
#include "store/internal.h"

#define TEXTS_MAX (64u << 20)

void
store_held_init(struct store_held *h)
{
	tally_arena_init(&h->texts, TEXTS_MAX);
	h->document = -1;
}

void
store_held_free(struct store_held *h)
{
	tally_arena_free(&h->texts);
	tally_free(h->event);
}

void
store_held_forget(struct store *st)
{
	struct store_held *h = &st->held;

	h->nchain = h->oldest = 0;
	h->nevent = 0;
	tally_arena_reset(&h->texts);
	h->nsequence = h->next = 0;
	h->document = -1;
	h->map = h->interchange = 0;
	h->lost = false;
}

enum tally_rc
store_held_write(struct store *st, struct tally_err *err)
{
	enum tally_rc rc;

	if (st->held.lost)
		return tally_err_set(err, TALLY_IO,
		    "an earlier error has lost events of the transaction");
	rc = store_events_write(st, err);
	return rc == TALLY_OK ? store_sequences_write(st, err) : rc;
}
