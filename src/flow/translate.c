/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translate stage: files received become evidence, records and answers.
 *
 * Small files share a transaction, so that a commit's sync is paid once; a
 * larger one has one of its own, in which it is supposed to be without a
 * mistake, and a very large one, or one with a mistake, or that was tried
 * before, several: it commits on the way, resumable.
 * Where one of several fails, all of them are taken back and done once more,
 * each within a savepoint: that keeps a copy of every page that is written,
 * which is much, and hardly ever needed.
 *
 * Each attempt is marked, in a commit before the work, so that a file that
 * kills the program is known: files that were tried before go alone, and after
 * the second death in quarantine.  Where one fails otherwise, later ones of its
 * mailbox wait for the next run, and a run tries each file once, however often
 * it comes to this stage.
 */
#include "flow/translate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "flow/early.h"
#include "flow/lock.h"
#include "store/sent.h"

#define GROUP_FILES 1024
#define GROUP_BYTES (4u << 20)
#define SMALL_BYTES (256u << 10) /* a file that shares its transaction */
#define DEATHS      2 /* after so many a file is not tried any more */
#define ANSWERS_MS  (INT64_C(7) * 86400 * 1000) /* tried for so long */
#define ANSWER_MAX  (64u << 20)
#define AHEAD_LEAST 64 /* files; where there are fewer more are read ahead */

struct group {
	struct store_file file[GROUP_FILES];
	struct outcome outcome[GROUP_FILES]; /* to be told with the commit */
	struct store_payload *payload[GROUP_FILES]; /* of those read ahead */
	size_t n;
};

static bool
meanwhile(void *st)
{
	return store_prepare(st);
}

enum tally_rc
translate_open(struct translate *t, struct flow *f, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;

	memset(t, 0, sizeof(*t));
	t->f = f;
	/* Notes have half of the room. */
	tally_findings_init(&t->outside, 2 * (size_t)f->site->limits.findings);
	tally_findings_init(&t->in.extra, 16);
	tally_buf_init(&t->answer, ANSWER_MAX);
	if (f->parser == NULL)
		rc = parser_new(&f->parser, f, err);
	t->parser = f->parser;
	if (rc == TALLY_OK)
		rc = tally_hash_new(&t->hash, err);
	if (rc == TALLY_OK)
		rc = gathered_open(&t->g, maps_model(f->maps), err);
	t->wait = tally_calloc(WAITING, sizeof(*t->wait));
	if (rc == TALLY_OK && t->wait == NULL)
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	if (rc != TALLY_OK)
		return rc;
	parser_forget_lookups(t->parser);
	parser_meanwhile(t->parser, meanwhile, f->store);
	return TALLY_OK;
}

void
translate_close(struct translate *t)
{
	for (size_t i = 0; i < t->nopen; i++)
		gathered_close(&t->wait[i].g);
	tally_free(t->wait);
	translate_forget_joined(t);
	gathered_close(&t->g);
	tally_hash_free(t->hash);
	tally_buf_free(&t->answer);
	tally_findings_free(&t->in.extra);
	tally_findings_free(&t->outside);
}

/* Whether files of a mailbox wait for one that failed. */
static bool *
waits(struct translate *t, const char *mailbox)
{
	const struct site *s = t->f->site;
	const struct site_mailbox *box = site_mailbox_find(s, mailbox);

	return &t->f->waits[box != NULL ? (size_t)(box - s->mailbox)
					: s->nmailbox];
}

/* Trouble that no other file would be spared. */
static bool
is_general(const struct translate *t, enum tally_rc rc)
{
	return !t->unreadable &&
	    (rc == TALLY_IO || rc == TALLY_TEMP || rc == TALLY_CREATE);
}

/* One file could not be translated; it stays to be done, but not for ever. */
static enum tally_rc
failed(struct translate *t, const struct tally_err *why, struct tally_err *err)
{
	uint32_t attempts;

	log_trouble(&t->f->log, "file", t->file.name, why);
	if (!t->unreadable)
		*waits(t, t->file.mailbox) = true;
	flow_worse(t->f, why->rc);
	return store_file_attempt(t->f->store, t->file.id, &attempts, err);
}

/* What is committed counts, and is told. */
static void
count_up(struct translate *t, const struct group *g)
{
	for (int i = 0; i < FLOW_COUNTS; i++)
		t->f->count[i] += t->count[i];
	for (size_t i = 0; i < g->n; i++)
		if (g->outcome[i].became != NULL)
			log_line(&t->f->log, LOG_EVENT, "file", g->file[i].name,
			    "file %lld: %llu interchanges, %s",
			    (long long)g->file[i].id,
			    (unsigned long long)g->outcome[i].interchanges,
			    g->outcome[i].became);
}

void
translate_take(struct translate *t, const struct store_file *file)
{
	t->file = *file;
	t->box = site_mailbox_find(t->f->site, file->mailbox);
	t->partner = t->box != NULL ? t->box->partner : NULL;
	t->waiting = t->waiting_bytes = 0;
	t->quarantined = false;
	t->fresh = false;
	t->unreadable = false;
	t->outcome = (struct outcome){ .became = NULL };
	t->reason[0] = '\0';
	tally_findings_reset(&t->outside);
}

static enum tally_rc
set_aside(struct translate *t, const char *reason, struct tally_err *err)
{
	enum tally_rc rc = translate_quarantine(t, reason, err);

	if (rc == TALLY_OK)
		t->count[FLOW_QUARANTINED]++;
	return rc;
}

/* Nothing of the file in hand has happened, but what was committed of it. */
static enum tally_rc
take_back(
    struct translate *t, const struct store_file *file, struct tally_err *err)
{
	struct store *st = t->f->store;

	memcpy(t->count, t->kept, sizeof(t->count));
	translate_forget_joined(t);
	translate_take(t, file);
	if (!t->solo) {
		store_undo(st);
		return store_savepoint(st, err);
	}
	store_rollback(st);
	return store_begin(st, err);
}

/* The file as often as the parser may die of it, each time with a new one.  One
 * that had others ahead may have died of any of them: that is not told of this
 * file, and counts for none. */
static enum tally_rc
read_it(
    struct translate *t, const struct store_file *file, struct tally_err *err)
{
	unsigned deaths = 0;
	char reason[256];
	enum tally_rc rc, back;

	for (;;) {
		rc = translate_file(t, err);
		if (rc != TALLY_OK && t->supposing &&
		    parser_otherwise(t->parser)) {
			t->supposing = false;
			rc = take_back(t, file, err);
			if (rc != TALLY_OK)
				return rc;
			continue;
		}
		if (rc == TALLY_OK || !t->opened || !parser_died(t->parser) ||
		    translate_hurries(t))
			return rc;
		log_trouble(&t->f->log, "file", file->name, err);
		if (++deaths == DEATHS && rc != TALLY_DATA)
			return rc;
		snprintf(reason, sizeof(reason), "%.200s, %u times", err->text,
		    deaths);
		back = take_back(t, file, err);
		if (back != TALLY_OK)
			return back;
		if (deaths == DEATHS)
			return set_aside(t, reason, err);
	}
}

static enum tally_rc
work(struct translate *t, const struct store_file *file, struct tally_err *err)
{
	char reason[128];
	enum tally_rc rc;

	translate_take(t, file);
	memcpy(t->kept, t->count, sizeof(t->kept));
	if (t->file.attempts < DEATHS) {
		rc = lock_note(t->f->lock, t->file.id, err);
		return rc == TALLY_OK ? read_it(t, file, err) : rc;
	}
	snprintf(reason, sizeof(reason),
	    "%u attempts to translate it did not end; it is not tried again",
	    t->file.attempts);
	return set_aside(t, reason, err);
}

/* No file is in hand any more; what went wrong before counts more. */
static enum tally_rc
out_of_hand(struct translate *t, enum tally_rc rc, struct tally_err *err)
{
	enum tally_rc noted =
	    lock_note(t->f->lock, 0, rc == TALLY_OK ? err : NULL);

	return rc != TALLY_OK ? rc : noted;
}

/* A file alone, with commits of its own. */
static enum tally_rc
solo(struct translate *t, struct group *g, struct tally_err *err)
{
	struct store *st = t->f->store;
	struct tally_err why;
	enum tally_rc rc;

	/* What brings the parser down is to be in this one. */
	if (parser_has_ahead(t->parser) > 1)
		parser_forget_ahead(t->parser);
	t->solo = true;
	/* What was tried before is to get further with each attempt. */
	t->supposing = g->file[0].attempts == 0;
	translate_forget_joined(t);
	memset(t->count, 0, sizeof(t->count));
	rc = store_begin(st, err);
	if (rc != TALLY_OK)
		return rc;
	rc = work(t, &g->file[0], &why);
	rc = out_of_hand(t, rc, &why);
	g->outcome[0] = t->outcome;
	if (rc == TALLY_OK)
		rc = translate_commit(t, &why);
	if (rc == TALLY_OK) {
		count_up(t, g);
		return rc;
	}
	store_rollback(st);
	if (is_general(t, rc)) {
		*err = why;
		return rc;
	}
	return failed(t, &why, err);
}

/* The same, by the parser that has judged it while it came, if one has. */
static enum tally_rc
alone(struct translate *t, struct group *g, struct tally_err *err)
{
	struct parser *own = early_take(t->f, &g->file[0]);
	enum tally_rc rc;

	if (own != NULL)
		t->parser = own;
	rc = solo(t, g, err);
	t->parser = t->f->parser;
	parser_free(own);
	return rc;
}

/* One of several: what it did is taken back when it fails. */
static enum tally_rc
together(struct translate *t, struct group *g, size_t i, struct tally_err *err)
{
	struct store *st = t->f->store;
	struct tally_err why;
	enum tally_rc rc = t->careful ? store_savepoint(st, err) : TALLY_OK;

	if (rc != TALLY_OK)
		return rc;
	t->payload = g->payload[i];
	g->payload[i] = NULL;
	rc = work(t, &g->file[i], &why);
	store_payload_close(t->payload);
	t->payload = NULL;
	g->outcome[i] = t->outcome;
	if (rc == TALLY_OK && !t->careful)
		return rc;
	if (rc == TALLY_OK)
		rc = translate_queue_joined(t, &why);
	if (rc == TALLY_OK)
		return store_release(st, err);
	g->outcome[i].became = NULL;
	if (translate_hurries(t) || is_general(t, rc)) {
		*err = why;
		return rc;
	}
	store_undo(st);
	translate_forget_joined(t);
	memcpy(t->count, t->kept, sizeof(t->count));
	return failed(t, &why, err);
}

/* File i is next: it and those behind it are given to the parser, many at a
 * time, so that it need not be woken for each.  Not where a failure is to be
 * that of one file. */
static void
read_ahead(struct translate *t, struct group *g, size_t i)
{
	size_t next = i + parser_has_ahead(t->parser);

	if (!translate_hurries(t) || next > i + AHEAD_LEAST)
		return;
	while (next < g->n &&
	    translate_ahead(t, &g->file[next], &g->payload[next]))
		next++;
}

static void
forget_ahead(struct translate *t, struct group *g)
{
	parser_forget_ahead(t->parser);
	for (size_t i = 0; i < g->n; i++) {
		store_payload_close(g->payload[i]);
		g->payload[i] = NULL;
	}
}

static enum tally_rc
all_together(struct translate *t, struct group *g, struct tally_err *err)
{
	struct store *st = t->f->store;
	enum tally_rc rc;

	t->solo = t->supposing = false;
	t->nwait = 0;
	translate_forget_joined(t);
	memset(t->count, 0, sizeof(t->count));
	memset(g->outcome, 0, sizeof(g->outcome));
	memset(g->payload, 0, sizeof(g->payload));
	rc = store_begin(st, err);
	if (rc != TALLY_OK)
		return rc;
	for (size_t i = 0; i < g->n && rc == TALLY_OK; i++) {
		read_ahead(t, g, i);
		if (!*waits(t, g->file[i].mailbox))
			rc = together(t, g, i, err);
	}
	if (rc == TALLY_OK)
		rc = translate_put_waiting(t, err);
	forget_ahead(t, g);
	rc = out_of_hand(t, rc, err);
	if (rc == TALLY_OK)
		rc = translate_commit(t, err);
	if (rc == TALLY_OK)
		count_up(t, g);
	else
		store_rollback(st);
	return rc;
}

static enum tally_rc
work_group(struct translate *t, struct group *g, struct tally_err *err)
{
	enum tally_rc rc;

	if (g->n == 1)
		return alone(t, g, err);
	t->careful = false;
	rc = all_together(t, g, err);
	if (rc == TALLY_OK || (is_general(t, rc) && !parser_died(t->parser)))
		return rc;
	t->careful = true;
	return all_together(t, g, err);
}

/* A group while it is gathered. */
struct gathering {
	struct translate *t;
	struct group *g;
	struct tally_arena *names;
	uint64_t bytes;
};

static enum tally_rc
add(void *ctx, const struct store_file *next, bool *more, struct tally_err *err)
{
	struct gathering *a = ctx;
	struct group *g = a->g;
	struct store_file *f = &g->file[g->n];
	bool small = next->size <= SMALL_BYTES && next->attempts == 0;

	if (*waits(a->t, next->mailbox))
		return TALLY_OK;
	*more = g->n == 0 || (small && a->bytes + next->size <= GROUP_BYTES);
	if (!*more)
		return TALLY_OK;
	*f = *next;
	f->name = tally_arena_str(a->names, next->name);
	if (f->name.p == NULL)
		return tally_err_set(
		    err, TALLY_NOMEM, "no memory for names of files");
	a->bytes += next->size;
	*more = ++g->n < GROUP_FILES && small;
	return TALLY_OK;
}

/* The next files behind after: one, or several small ones that were not
 * tried before. */
static enum tally_rc
gather(struct translate *t, struct group *g, struct tally_arena *names,
    int64_t after, struct tally_err *err)
{
	struct gathering a = { t, g, names, 0 };

	g->n = 0;
	tally_arena_reset(names);
	return store_file_each(t->f->store, after, add, &a, err);
}

static enum tally_rc
all_files(struct translate *t, struct group *g, struct tally_arena *names,
    struct tally_err *err)
{
	uint64_t done = 0;
	enum tally_rc rc;

	for (;;) {
		rc = gather(t, g, names, t->f->tried, err);
		if (rc != TALLY_OK || g->n == 0)
			return rc;
		t->f->tried = g->file[g->n - 1].id;
		rc = work_group(t, g, err);
		if (rc != TALLY_OK)
			return rc;
		done += g->n;
		log_progress(&t->f->log, "translate: files", done, 0);
	}
}

/* Answers that came before what they answer was recorded as sent. */
static enum tally_rc
match_answers(struct flow *f, struct tally_err *err)
{
	int64_t since = flow_clock_now(&f->clock) - ANSWERS_MS;
	uint64_t matched;
	enum tally_rc rc = store_answers_again(f->store, since, &matched, err);

	if (rc == TALLY_OK && matched > 0)
		log_line(&f->log, LOG_EVENT, "answers", TALLY_STR(""),
		    "%llu answers of partners are matched with what was sent",
		    (unsigned long long)matched);
	return rc;
}

/* What should have been answered by now. */
static enum tally_rc
mark_overdue(struct flow *f, struct tally_err *err)
{
	uint64_t n;
	enum tally_rc rc = store_expected_overdue(
	    f->store, flow_clock_now(&f->clock), &n, err);

	if (rc == TALLY_OK && n > 0)
		log_line(&f->log, LOG_ALARM, "overdue", TALLY_STR(""),
		    "%llu documents that were sent are not acknowledged in "
		    "time; 'tallyman list expected --state=overdue' tells "
		    "which",
		    (unsigned long long)n);
	return rc;
}

enum tally_rc
flow_translate(struct flow *f, struct tally_err *err)
{
	struct translate *t = tally_alloc(sizeof(*t));
	struct group *g = tally_alloc(sizeof(*g));
	struct tally_arena names;
	enum tally_rc rc;

	tally_arena_init(&names, 1u << 20);
	if (t == NULL || g == NULL) {
		tally_free(t);
		t = NULL;
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
		goto out;
	}
	rc = translate_open(t, f, err);
	if (rc == TALLY_OK)
		rc = match_answers(f, err);
	if (rc == TALLY_OK)
		rc = all_files(t, g, &names, err);
	if (rc == TALLY_OK)
		rc = mark_overdue(f, err);
	log_progress_end(&f->log);
	translate_close(t);
	/* All that was taken has been in hand. */
	early_free(f->early);
	f->early = NULL;
out:
	tally_arena_free(&names);
	tally_free(g);
	tally_free(t);
	return rc;
}
