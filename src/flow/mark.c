/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the store was restored from a backup.
 *
 * Before anything is delivered, how far the store has come is written into a
 * small file beside it.  A store that is behind it has forgotten what was
 * sent: it would draw the same control numbers again, and send again what a
 * partner has.  So nothing is translated and delivered until a person says so;
 * then the numbers go on behind those of the file.
 */
#include "flow/flow.h"
#include "flow/keep.h"

#include <inttypes.h>

#define MARK_MAX (64u << 20)

enum tally_rc
flow_mark_check(struct flow *f, struct tally_err *err)
{
	struct tally_buf mark;
	enum tally_rc rc;

	f->behind = false;
	f->marked = -1;
	tally_buf_init(&mark, MARK_MAX);
	rc = keep_read(&mark, f->dir, KEEP_MARK, err);
	if (rc == TALLY_OK && mark.n > 0)
		rc = store_mark_compare(
		    f->store, mark.p, &f->marked, &f->behind, err);
	if (rc == TALLY_IO) {
		/* It cannot be ruled out. */
		log_trouble(&f->log, "mark", tally_cstr(KEEP_MARK), err);
		f->behind = true;
		rc = TALLY_OK;
	}
	tally_buf_free(&mark);
	return rc;
}

enum tally_rc
flow_mark(struct flow *f, struct tally_err *err)
{
	struct tally_buf mark;
	int64_t event;
	enum tally_rc rc;

	tally_buf_init(&mark, MARK_MAX);
	rc = store_mark_write(f->store, &mark, &event, err);
	if (rc == TALLY_OK && event != f->marked) {
		rc = keep_write(f->dir, KEEP_MARK, tally_buf_view(&mark), err);
		f->marked = event;
	}
	tally_buf_free(&mark);
	return rc;
}

void
flow_mark_tell(struct flow *f)
{
	log_line(&f->log, LOG_ALARM, NULL, tally_cstr(NULL),
	    "the store is behind event %" PRId64 " of " KEEP_MARK
	    ": it was restored from a backup; nothing is translated or "
	    "delivered before 'tallyman deliver --restored', see RESTORING "
	    "in tallyman(1)",
	    f->marked);
}

enum tally_rc
flow_mark_adopt(struct flow *f, struct tally_err *err)
{
	struct tally_buf mark;
	enum tally_rc rc;

	tally_buf_init(&mark, MARK_MAX);
	rc = keep_read(&mark, f->dir, KEEP_MARK, err);
	if (rc == TALLY_OK)
		rc = store_begin(f->store, err);
	if (rc == TALLY_OK && mark.n > 0) {
		rc = store_mark_raise(f->store, mark.p, err);
		if (rc == TALLY_IO)
			rc = TALLY_OK; /* Told when it was looked at. */
	}
	rc = store_settle(f->store, rc, err);
	tally_buf_free(&mark);
	f->behind = false;
	f->marked = -1;
	return rc == TALLY_OK ? flow_mark(f, err) : rc;
}
