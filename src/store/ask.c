/* SPDX-License-Identifier: Apache-2.0 */
/* What people ask; the questions are a closed list, see store.h. */
#include "store/internal.h"

#define COLUMNS_MAX 40

static const struct {
	enum statement statement;
	bool argument;
} question[STORE_QUESTIONS] = {
	[STORE_Q_COUNTS] = { Q_ASK_COUNTS, false },
	[STORE_Q_ATTENTION] = { Q_ASK_ATTENTION, false },
	[STORE_Q_MAILBOXES] = { Q_ASK_MAILBOXES, false },
	[STORE_Q_RECENT] = { Q_ASK_RECENT, true },
	[STORE_Q_DOCUMENT] = { Q_ASK_DOCUMENT, true },
	[STORE_Q_FINDINGS] = { Q_ASK_FINDINGS, true },
	[STORE_Q_HEALTH] = { Q_ASK_HEALTH, false },
};

enum tally_rc
store_rows(struct store *st, enum statement q, const struct engine_value *v,
    size_t nv, store_row_fn *row, void *ctx, struct tally_err *err)
{
	const struct engine_methods *m = st->engine->m;
	const char *name[COLUMNS_MAX], *value[COLUMNS_MAX];
	enum tally_rc rc;
	bool more;
	int n;

	rc = store_one(st, q, v, nv, &more, err);
	n = rc == TALLY_OK ? m->width(st->engine, q) : 0;
	if (n > COLUMNS_MAX)
		n = COLUMNS_MAX;
	for (int i = 0; i < n; i++)
		name[i] = m->name(st->engine, q, i);
	while (rc == TALLY_OK && more) {
		for (int i = 0; i < n; i++)
			value[i] = m->text(st->engine, q, i);
		row(ctx, n, name, value);
		rc = store_more(st, q, &more, err);
	}
	if (rc == TALLY_OK)
		store_end(st, q);
	return rc;
}

enum tally_rc
store_ask(struct store *st, enum store_question which, int64_t argument,
    store_row_fn *row, void *ctx, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(argument) };

	return store_rows(st, question[which].statement, v,
	    question[which].argument ? 1 : 0, row, ctx, err);
}
