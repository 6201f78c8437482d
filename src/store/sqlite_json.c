/* SPDX-License-Identifier: Apache-2.0 */
/* The records of one document as JSON; see sqlite.h. */
#include "store/sqlite.h"

#include <string.h>

#include "base/text.h"
#include "store/load.h"

/* Rows of one table. */
struct rows {
	const struct tally_table *table;
	sqlite3_stmt *stmt;
	int64_t mask; /* of ids: the row's number in its document */
};

static bool
is_reference(const struct tally_table *t, const char *name)
{
	for (uint16_t i = 0; i < t->nreference; i++)
		if (strcmp(t->reference[i].name, name) == 0)
			return true;
	return false;
}

static void
put_column(struct tally_buf *out, const struct rows *r, int k)
{
	const char *name = sqlite3_column_name(r->stmt, k);
	int column = tally_table_column(r->table, tally_cstr(name));
	const char *text;

	if (sqlite3_column_type(r->stmt, k) == SQLITE_NULL)
		return;
	if (is_reference(r->table, name)) {
		tally_text_key(out, name);
		tally_buf_printf(out, "%lld",
		    (long long)(sqlite3_column_int64(r->stmt, k) & r->mask));
	}
	if (column < 0)
		return; /* not of this model */
	text = (const char *)sqlite3_column_text(r->stmt, k);
	tally_text_key(out, name);
	if (r->table->column[column].type == TALLY_INTEGER &&
	    sqlite3_column_type(r->stmt, k) == SQLITE_INTEGER)
		tally_buf_puts(out, text);
	else
		tally_text_json(out, tally_cstr(text));
}

static void
put_row(struct tally_buf *out, const struct rows *r)
{
	int64_t id = sqlite3_column_int64(r->stmt, 0);

	tally_buf_printf(out, "{\"id\":%lld",
	    r->table->head ? 0LL : (long long)(id & r->mask));
	for (int k = 2; k < sqlite3_column_count(r->stmt); k++)
		put_column(out, r, k);
	tally_buf_putc(out, '}');
}

enum tally_rc
sqlite_json_table(sqlite3 *db, const struct tally_table *t, sqlite3_stmt *stmt,
    int64_t mask, struct tally_buf *out, bool *any, struct tally_err *err)
{
	const struct rows r = { .table = t, .stmt = stmt, .mask = mask };
	bool first = true;
	int result;

	while ((result = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (first)
			tally_buf_printf(
			    out, "%s\"%s\":[", *any ? "," : "", t->name);
		else
			tally_buf_putc(out, ',');
		put_row(out, &r);
		first = false;
	}
	if (!first)
		tally_buf_putc(out, ']');
	*any |= !first;
	sqlite3_reset(stmt);
	return result == SQLITE_DONE ? TALLY_OK
				     : sqlite_fail(db, result, t->name, err);
}

enum tally_rc
sqlite_json(sqlite3 *db, struct sqlite_rows *rows, int64_t document,
    struct tally_buf *out, struct tally_err *err)
{
	const struct tally_model *model = sqlite_rows_model(rows);
	sqlite3_stmt *stmt;
	bool any = false;
	enum tally_rc rc = TALLY_OK;

	tally_buf_putc(out, '{');
	for (uint16_t i = 0; i < model->ntable && rc == TALLY_OK; i++) {
		rc = sqlite_rows_start(rows, db, i, document, &stmt, err);
		if (rc == TALLY_OK && stmt != NULL)
			rc = sqlite_json_table(db, &model->table[i], stmt,
			    TALLY_ROWS_MAX - 1, out, &any, err);
	}
	tally_buf_putc(out, '}');
	return rc;
}
