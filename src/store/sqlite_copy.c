/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of the database as it is at one moment, while others go on writing.
 *
 * All pages are copied in one step, within one read transaction: in steps, a
 * writer between two of them would make it begin again, for ever with a busy
 * one.  The copy is looked at before it counts.
 */
#include "store/sqlite.h"

#include <stdio.h>

static enum tally_rc
look_at(sqlite3 *copy, const char *path, struct tally_err *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *said = NULL;
	enum tally_rc rc = TALLY_OK;
	int result =
	    sqlite3_prepare_v2(copy, "PRAGMA quick_check(1)", -1, &stmt, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(stmt);
	if (result == SQLITE_ROW)
		said = (const char *)sqlite3_column_text(stmt, 0);
	if (result != SQLITE_ROW)
		rc = sqlite_fail(copy, result, path, err);
	else if (said == NULL || strcmp(said, "ok") != 0)
		rc = tally_err_set(err, TALLY_IO,
		    "the copy %s is damaged, as the store itself may be: %s; "
		    "\"tallyman verify\" tells more",
		    path, said != NULL ? said : "no memory");
	sqlite3_finalize(stmt);
	return rc;
}

enum tally_rc
sqlite_copy(
    sqlite3 *from, const char *path, int patience, struct tally_err *err)
{
	sqlite3_backup *backup = NULL;
	sqlite3 *to = NULL;
	enum tally_rc rc = TALLY_OK;
	int result;

	result = sqlite3_open_v2(path, &to,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	    NULL);
	if (result == SQLITE_OK)
		backup = sqlite3_backup_init(to, "main", from, "main");
	if (result == SQLITE_OK && backup == NULL)
		result = sqlite3_errcode(to);
	for (int waited = 0; backup != NULL; waited += 100) {
		result = sqlite3_backup_step(backup, -1);
		if ((result != SQLITE_BUSY && result != SQLITE_LOCKED) ||
		    waited >= patience)
			break;
		sqlite3_sleep(100);
	}
	if (backup != NULL && sqlite3_backup_finish(backup) == SQLITE_OK &&
	    result == SQLITE_DONE)
		result = SQLITE_OK;
	if (result != SQLITE_OK)
		rc = sqlite_fail(to, result, path, err);
	if (rc == TALLY_OK)
		rc = look_at(to, path, err);
	sqlite3_close(to);
	return rc;
}
