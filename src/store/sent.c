/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acknowledgements that are waited for.
 *
 * A row goes waiting -> overdue, and from either to what the first answer
 * says, or to waived.  It has no time when it is due until its file is sent:
 * what has not left cannot be answered.
 */
#include "store/sent.h"

#include "store/internal.h"

enum tally_rc
store_expect(struct store *st, int64_t document, int64_t outbox,
    int64_t wait_ms, struct tally_err *err)
{
	const struct engine_value v[] = { v_integer(document),
		v_integer(outbox), v_integer(wait_ms) };

	return store_do(st, Q_EXPECTED_ADD, v, COUNT(v), err);
}

enum tally_rc
store_expected_overdue(
    struct store *st, int64_t now, uint64_t *n, struct tally_err *err)
{
	const struct store_instant at = store_instant(now);
	const struct engine_value v[] = { v_instant(&at) };
	int64_t late = 0;
	enum tally_rc rc;

	/* Most runs find none, and write nothing. */
	rc = store_number(st, Q_EXPECTED_LATE, v, COUNT(v), &late, NULL, err);
	*n = (uint64_t)late;
	if (rc != TALLY_OK || late == 0)
		return rc;
	rc = store_begin(st, err);
	if (rc == TALLY_OK)
		rc = store_do(st, Q_EXPECTED_OVERDUE, v, COUNT(v), err);
	return store_settle(st, rc, err);
}
