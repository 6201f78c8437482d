/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that are prepared before they are wanted; see store.h. */
#include "store/internal.h"

/* What a file takes that was read, in the order in which it is wanted.  What
 * was prepared before costs nothing.  STATEMENTS: those of documents. */
static const enum statement wanted[] = {
	Q_INTERCHANGE_PRIOR,
	Q_INTERCHANGE_FIND,
	Q_INTERCHANGE_LAST,
	Q_GROUP_LAST,
	STATEMENTS,
	Q_DOCUMENT_LAST,
	Q_MAP_FIND,
	Q_CONTROL_GET,
	Q_OUTBOX_LAST,
	Q_FILES_STATE,
	Q_INTERCHANGES_ADD,
	Q_GROUPS_ADD,
	Q_OUTBOX_ADD,
	Q_CONTROL_SET,
	Q_EXPECTED_LATE,
	Q_MARK_EVENT,
	Q_MARK_NUMBERS,
	Q_OUTBOX_NEXT,
	Q_OUTBOX_STATES,
	Q_EXPECTED_SENT,
};

bool
store_prepare(struct store *st)
{
	if (st->prepared < COUNT(wanted))
		st->engine->m->prepare(st->engine, wanted[st->prepared++]);
	return st->prepared < COUNT(wanted);
}
