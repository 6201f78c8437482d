/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists, and searching by what people know a thing by.
 *
 * The columns that are searched are those of the model, so their query cannot
 * stand among the statements: it is a view of the connection's own, "found",
 * which the statements name.
 */
#include "store/internal.h"

#define VIEW_MAX (256 * 1024)
#define FOREVER  "9999" /* behind every instant */

#define OPEN_STATES 3

/* The statement of all of a list and that of what is in one of these states,
 * and what arguments both take behind id, state and time. */
static const struct {
	enum statement all, open;
	const char *state[OPEN_STATES];
	unsigned by;
} list[STORE_LISTS] = {
	[STORE_LIST_DOCUMENTS] = { Q_LIST_DOCUMENTS, Q_LIST_DOCUMENTS_OPEN,
	    { "held", "rejected" },
	    STORE_BY_PARTNER | STORE_BY_SET | STORE_BY_FILE },
	[STORE_LIST_FILES] = { Q_LIST_FILES, Q_LIST_FILES_OPEN,
	    { "quarantined" }, STORE_BY_MAILBOX },
	[STORE_LIST_INTERCHANGES] = { Q_LIST_INTERCHANGES,
	    Q_LIST_INTERCHANGES_OPEN, { "rejected", "quarantined" },
	    STORE_BY_PARTNER | STORE_BY_FILE },
	[STORE_LIST_OUTBOX] = { Q_LIST_OUTBOX, Q_LIST_OUTBOX_OPEN,
	    { "queued", "uploaded", "failed" },
	    STORE_BY_PARTNER | STORE_BY_MAILBOX },
	[STORE_LIST_ANSWERS] = { Q_LIST_ANSWERS, Q_LIST_ANSWERS_OPEN,
	    { "unmatched" }, STORE_BY_PARTNER | STORE_BY_FILE },
	[STORE_LIST_EXPECTED] = { Q_LIST_EXPECTED, Q_LIST_EXPECTED_OPEN,
	    { "waiting", "overdue" }, STORE_BY_PARTNER | STORE_BY_SET },
};

unsigned
store_filters(enum store_list which)
{
	return list[which].by;
}

static enum statement
statement_of(enum store_list which, const char *state)
{
	const char *open;

	for (int i = 0; state != NULL && i < OPEN_STATES; i++) {
		open = list[which].state[i];
		if (open != NULL && strcmp(state, open) == 0)
			return list[which].open;
	}
	return list[which].all;
}

/* Null as the empty text, which lets everything by. */
static struct engine_value
v_any(const char *s)
{
	return v_text(tally_cstr(s != NULL ? s : ""));
}

enum tally_rc
store_list(struct store *st, enum store_list which,
    const struct store_filter *f, store_row_fn *row, void *ctx,
    struct tally_err *err)
{
	const unsigned by = list[which].by;
	struct engine_value v[9];
	size_t n = 0;

	v[n++] = v_integer(f->id != 0 ? f->id : 0);
	v[n++] = v_integer(f->id != 0 ? f->id : INT64_MAX);
	v[n++] = v_any(f->state);
	v[n++] = v_any(f->since);
	v[n++] = v_any(f->before != NULL ? f->before : FOREVER);
	if ((by & STORE_BY_PARTNER) != 0)
		v[n++] = v_any(f->partner);
	if ((by & STORE_BY_SET) != 0)
		v[n++] = v_any(f->set);
	if ((by & STORE_BY_MAILBOX) != 0)
		v[n++] = v_any(f->mailbox);
	if ((by & STORE_BY_FILE) != 0)
		v[n++] = v_integer(f->file);
	return store_rows(
	    st, statement_of(which, f->state), v, n, row, ctx, err);
}

static void
add_columns(struct tally_buf *sql, const struct tally_table *t)
{
	for (int i = 0; i < t->ncolumn; i++) {
		if (!t->column[i].search)
			continue;
		tally_buf_printf(sql,
		    " UNION ALL SELECT %s\"%s\"%s, '%s.%s', document_id"
		    " FROM \"%s\"",
		    t->column[i].type == TALLY_INTEGER ? "CAST(" : "",
		    t->column[i].name,
		    t->column[i].type == TALLY_INTEGER ? " AS TEXT)" : "",
		    t->name, t->column[i].name, t->name);
	}
}

/* Rejected documents apart: each half is found by an index of its own, whose
 * condition has to stand there in its words. */
void
store_found(const struct tally_model *model, struct tally_buf *sql)
{
	tally_buf_puts(sql,
	    "CREATE TEMP VIEW IF NOT EXISTS found (value, place, document_id)"
	    " AS SELECT \"key\", 'documents.key', id FROM documents"
	    " WHERE state <> 'rejected'"
	    " UNION ALL SELECT \"key\", 'documents.key', id FROM documents"
	    " WHERE state = 'rejected' AND state IN ('held', 'rejected')");
	for (int i = 0; i < model->ntable; i++)
		add_columns(sql, &model->table[i]);
}

static enum tally_rc
make_view(struct store *st, struct tally_err *err)
{
	struct tally_buf sql;
	enum tally_rc rc;

	tally_buf_init(&sql, VIEW_MAX);
	store_found(st->model, &sql);
	rc = sql.failed ? tally_err_set(err, TALLY_NOMEM, "no memory")
			: st->engine->m->define(st->engine, sql.p, err);
	tally_buf_free(&sql);
	return rc;
}

static enum tally_rc
search(struct store *st, enum statement q, const char *key, store_row_fn *row,
    void *ctx, struct tally_err *err)
{
	const struct engine_value v[] = { v_cstr(key) };
	enum tally_rc rc = make_view(st, err);

	return rc == TALLY_OK ? store_rows(st, q, v, COUNT(v), row, ctx, err)
			      : rc;
}

enum tally_rc
store_find(struct store *st, const char *key, store_row_fn *row, void *ctx,
    struct tally_err *err)
{
	return search(st, Q_FIND, key, row, ctx, err);
}

enum tally_rc
store_trace(struct store *st, const char *key, store_row_fn *row, void *ctx,
    struct tally_err *err)
{
	return search(st, Q_TRACE, key, row, ctx, err);
}
