/* SPDX-License-Identifier: Apache-2.0 */
/* The stage table, and opening and closing a run; see flow.h. */
#include "flow/flow.h"

#include "flow/early.h"
#include "flow/lock.h"
#include "flow/parser.h"
#include "flow/worker.h"

#include <string.h>
#include <sysexits.h>

const struct flow_stage flow_stage[FLOW_STAGES] = {
	[FLOW_FETCH] = { "fetch", flow_fetch, flow_fetch_mailbox },
	[FLOW_TRANSLATE] = { "translate", flow_translate, NULL },
	[FLOW_DELIVER] = { "deliver", flow_deliver, flow_deliver_mailbox },
};

const char *const flow_count_name[FLOW_COUNTS] = {
	[FLOW_RECEIVED] = "files_received",
	[FLOW_KNOWN] = "files_known",
	[FLOW_TRANSLATED] = "files_translated",
	[FLOW_DUPLICATE] = "files_duplicate",
	[FLOW_QUARANTINED] = "files_quarantined",
	[FLOW_INTERCHANGES] = "interchanges",
	[FLOW_REFUSED] = "interchanges_rejected",
	[FLOW_ACCEPTED] = "documents_accepted",
	[FLOW_WITH_ERRORS] = "documents_accepted_with_errors",
	[FLOW_REJECTED] = "documents_rejected",
	[FLOW_HELD] = "documents_held",
	[FLOW_ACKS] = "acknowledgements",
	[FLOW_SENT] = "files_sent",
	[FLOW_FAILED] = "files_failed",
	[FLOW_WAITING] = "files_waiting",
	[FLOW_UNFIT] = "files_unfit",
	[FLOW_MAILBOXES_DOWN] = "mailboxes_down",
};

/* The run before died with a file in hand: the file may be the cause. */
static enum tally_rc
count_death(struct flow *f, int64_t file, struct tally_err *err)
{
	struct store_file had;
	uint32_t attempts;
	bool found;
	enum tally_rc rc;

	if (file == 0)
		return TALLY_OK;
	rc = store_file_get(f->store, file, &had, &found, err);
	if (rc != TALLY_OK || !found || strcmp(had.state, "received") != 0)
		return rc;
	log_line(&f->log, LOG_EVENT, "file", had.name,
	    "the run before died with file %lld in hand", (long long)file);
	return store_file_attempt(f->store, file, &attempts, err);
}

/* It is made beside all that comes before the first file is there for it. */
static enum tally_rc
make_parser(struct flow *f, struct tally_err *err)
{
	enum tally_rc rc = parser_new(&f->parser, f, err);

	if (rc == TALLY_OK)
		parser_make(f->parser);
	return rc;
}

enum tally_rc
flow_begin(
    struct flow *f, const char *dir, enum flow_open how, struct tally_err *err)
{
	bool works = how == FLOW_WORK || how == FLOW_RUN;
	int64_t left = 0;
	enum tally_rc rc;

	f->dictionary = NULL;
	f->site = NULL;
	f->maps = NULL;
	f->guides = NULL;
	f->store = NULL;
	f->dir = NULL;
	f->lock = -1;
	f->parser = NULL;
	f->early = NULL;
	f->errands = NULL;
	f->convoy = NULL;
	f->through = false;
	f->behind = false;
	f->round = 0;
	f->again = 0;
	f->box = NULL;
	f->waits = NULL;
	f->tried = 0;
	f->worst = TALLY_OK;
	memset(f->count, 0, sizeof(f->count));
	rc = site_find(&f->dir, dir, err);
	if (rc == TALLY_OK)
		rc = site_place(f->dir, err);
	if (rc == TALLY_OK)
		rc = dictionary_load(&f->dictionary, f->dir, err);
	if (rc == TALLY_OK)
		rc = site_load(&f->site, f->dir, &f->dictionary->d, err);
	if (rc == TALLY_OK)
		rc = maps_load(&f->maps, f->dir, &f->dictionary->d, err);
	if (rc == TALLY_OK)
		rc = maps_check(f->maps, f->site, err);
	if (rc == TALLY_OK && how == FLOW_CHECK)
		rc = maps_compile(f->maps, err);
	if (rc == TALLY_OK)
		rc = guides_load(&f->guides, f->dir, &f->dictionary->d, err);
	if (rc == TALLY_OK)
		rc = guides_check(f->guides, f->site, err);
	if (rc == TALLY_OK) {
		f->box = tally_calloc(f->site->nmailbox, sizeof(*f->box));
		f->waits =
		    tally_calloc(f->site->nmailbox + 1, sizeof(*f->waits));
		if (f->box == NULL || f->waits == NULL)
			rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	}
	if (rc == TALLY_OK && works)
		rc = lock_take(&f->lock, &left, f->dir, err);
	if (rc == TALLY_OK && how == FLOW_RUN && flow_fetch_expects(f))
		rc = make_parser(f, err);
	if (rc == TALLY_OK && how != FLOW_CHECK)
		rc = store_open(&f->store, f->dir,
		    works ? STORE_WRITE : STORE_READ, maps_model(f->maps), err);
	if (rc == TALLY_OK)
		rc = count_death(f, left, err);
	if (rc == TALLY_OK && works)
		rc = flow_mark_check(f, err);
	if (rc != TALLY_OK)
		flow_end(f);
	return rc;
}

void
flow_end(struct flow *f)
{
	log_progress_end(&f->log);
	worker_stop(f);
	errands_free(f->errands);
	flow_deliver_drop(f);
	early_free(f->early);
	parser_free(f->parser);
	store_close(f->store);
	lock_release(f->lock);
	maps_free(f->maps);
	guides_free(f->guides);
	site_free(f->site);
	dictionary_free(f->dictionary);
	tally_free(f->box);
	tally_free(f->waits);
	tally_free(f->dir);
	f->box = NULL;
	f->waits = NULL;
	f->early = NULL;
	f->parser = NULL;
	f->store = NULL;
	f->maps = NULL;
	f->guides = NULL;
	f->site = NULL;
	f->dictionary = NULL;
	f->dir = NULL;
	f->lock = -1;
}

/* Seconds before each further round. */
static const unsigned pause[] = { 2, 8, 30 };
#define ROUNDS (sizeof(pause) / sizeof(pause[0]))

static bool
somebody_waits(const struct flow *f)
{
	for (size_t i = 0; i < f->site->nmailbox; i++)
		if (f->box[i].waiting)
			return true;
	return false;
}

static void
begin_round(struct flow *f)
{
	for (size_t i = 0; i < f->site->nmailbox; i++) {
		f->box[i].again = f->round == 0 || f->box[i].waiting;
		f->box[i].ill = f->box[i].ill || f->box[i].waiting;
		f->box[i].waiting = false;
		f->box[i].delivered = 0;
	}
}

/* A restored store takes what is there, and no more. */
static enum tally_rc
run_stage(struct flow *f, int stage, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (f->behind && stage != FLOW_FETCH)
		return TALLY_OK;
	if (stage == FLOW_DELIVER)
		rc = flow_mark(f, err);
	if (rc == TALLY_OK)
		rc = flow_stage[stage].run(f, err);
	if (stage == FLOW_TRANSLATE && worker_running(f) == 0)
		parser_dismiss(f->parser);
	return rc;
}

enum tally_rc
flow_go_on(struct flow *f, struct tally_err *err)
{
	enum tally_rc rc;

	if (!f->through || f->behind)
		return TALLY_OK;
	rc = flow_deliver_on(f, err);
	if (rc == TALLY_OK)
		rc = flow_translate(f, err);
	if (rc == TALLY_OK)
		rc = flow_mark(f, err);
	if (rc == TALLY_OK)
		rc = flow_deliver_on(f, err);
	return rc == TALLY_OK ? flow_deliver_begin(f, err) : rc;
}

/* Stages share nothing but the store, so one round of them is: begin, and as
 * long as workers are at work, go on with what they have done so far. */
static enum tally_rc
one_round(struct flow *f, int stage, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	if (stage == FLOW_FETCH || stage == FLOW_STAGES)
		rc = run_stage(f, FLOW_FETCH, err);
	while (rc == TALLY_OK) {
		rc = worker_start(f, err);
		for (int i = FLOW_TRANSLATE; i < FLOW_STAGES; i++)
			if (rc == TALLY_OK &&
			    (stage == i || stage == FLOW_STAGES))
				rc = run_stage(f, i, err);
		if (rc == TALLY_OK)
			rc = worker_start(f, err);
		if (rc != TALLY_OK || worker_running(f) == 0)
			break;
		rc = worker_wait(f, err);
	}
	return rc;
}

enum tally_rc
flow_run(struct flow *f, int stage, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	f->through = stage == FLOW_STAGES;
	if (f->behind)
		flow_mark_tell(f);
	for (f->round = 0; rc == TALLY_OK; f->round++) {
		begin_round(f);
		rc = one_round(f, stage, err);
		if (rc != TALLY_OK || f->round == ROUNDS || !somebody_waits(f))
			break;
		flow_clock_sleep(f->hurry ? 0 : pause[f->round]);
	}
	return rc != TALLY_OK ? rc : flow_box_close(f, err);
}

/* What a person must act on outweighs what the next run may mend. */
static int
weight(enum tally_rc rc)
{
	switch (rc) {
	case TALLY_OK:
		return 0;
	case TALLY_TEMP:
	case TALLY_NOMEM:
		return 1;
	case TALLY_UNAVAILABLE:
		return 2;
	case TALLY_PERM:
	case TALLY_CONFIG:
		return 4;
	default:
		return 3;
	}
}

void
flow_worse(struct flow *f, enum tally_rc rc)
{
	if (weight(rc) > weight(f->worst))
		f->worst = rc;
}

int
flow_status(const struct flow *f)
{
	static const enum flow_count person[] = { FLOW_QUARANTINED,
		FLOW_REFUSED, FLOW_REJECTED, FLOW_HELD, FLOW_UNFIT };

	if (f->worst != TALLY_OK)
		return tally_rc_exit(f->worst);
	for (size_t i = 0; i < sizeof(person) / sizeof(person[0]); i++)
		if (f->count[person[i]] != 0)
			return 1;
	return f->behind ? 1 : EX_OK;
}
