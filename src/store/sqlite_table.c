/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual tables of rows in memory; see sqlite.h. */
#include "store/sqlite.h"

int
sqlite_table_plan(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t;
	info->estimatedCost = 1000.0;
	info->estimatedRows = 1000;
	return SQLITE_OK;
}

int
sqlite_table_open(sqlite3_vtab_cursor **out, size_t size)
{
	*out = tally_calloc(1, size);
	return *out != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

int
sqlite_table_close(sqlite3_vtab_cursor *c)
{
	tally_free(c);
	return SQLITE_OK;
}

int
sqlite_table_disconnect(sqlite3_vtab *t)
{
	tally_free(t);
	return SQLITE_OK;
}
