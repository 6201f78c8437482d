/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More files than one group takes: while a run goes on with what it has, others
 * are read, disposed of and delivered by errands.
 */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow/errand.h"
#include "support/has.h"
#include "support/workspace.h"

#define FILES 2600 /* two groups and a part of one */
#define MOVES \
	WORKSPACE_SITE(WORKSPACE_SELF WORKSPACE_THEM( \
	    "", "settle=\"0\" then=\"move:done\"", "set=\"850\""))

/* File n has control number n and order PO-n. */
static void
put_many(const struct workspace *w)
{
	char name[32];

	for (unsigned n = 1; n <= FILES; n++) {
		snprintf(name, sizeof(name), "%06u.edi", n);
		workspace_put(w, "drop", name,
		    workspace_orders(&workspace_text, n, n, 1));
	}
}

/* Answer n, which is there, answers file n: records and answers come in the
 * order of receipt, over all groups. */
static void
check_answers(const struct workspace *w)
{
	tally_buf_reset(&workspace_text);
	workspace_read(w, "out", &workspace_text);
	buf_has_answers(&workspace_text, FILES, 173);
}

static void
test_many(void **state)
{
	struct workspace w;
	char path[128];

	(void)state;
	workspace_make(&w, MOVES);
	snprintf(path, sizeof(path), "%s/done", w.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	put_many(&w);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], FILES);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], FILES);
	assert_int_equal(w.f.count[FLOW_SENT], FILES);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	assert_int_equal(workspace_files(&w, "done"), FILES);
	assert_int_equal(workspace_files(&w, "out"), FILES);
	check_answers(&w);
	assert_int_equal(workspace_run(&w), 0);
	for (int i = 0; i < FLOW_COUNTS; i++)
		assert_int_equal(w.f.count[i], 0);
	workspace_remove(&w);
}

/* A file that comes again behind all groups: its answer, which this run has
 * delivered, is delivered once more. */
static void
test_again(void **state)
{
	struct workspace w;
	char name[32];

	(void)state;
	workspace_make(&w, WORKSPACE_USUAL);
	for (unsigned n = 1; n <= 1536; n++) {
		snprintf(name, sizeof(name), "%06u.edi", n);
		workspace_put(&w, "drop", name,
		    workspace_orders(&workspace_text, n, n, 1));
	}
	workspace_put(&w, "drop", "again.edi",
	    workspace_orders(&workspace_text, 1, 1, 1));
	(void)workspace_run(&w);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1537);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1536);
	assert_int_equal(w.f.count[FLOW_DUPLICATE], 1);
	assert_int_equal(w.f.count[FLOW_SENT], 1537);
	assert_int_equal(workspace_files(&w, "out"), 1536);
	workspace_remove(&w);
}

/* Where a folder of a mailbox is missing, nothing of it is lost or doubled. */
static void
without(const char *folder)
{
	struct workspace w;
	char path[128];
	uint64_t received, sent;

	workspace_make(&w, MOVES);
	snprintf(path, sizeof(path), "%s/done", w.dir);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/%s", w.dir, folder);
	assert_int_equal(rmdir(path), 0);
	put_many(&w);
	assert_int_equal(workspace_run(&w), 66);
	assert_int_equal(w.f.count[FLOW_MAILBOXES_DOWN], 1);
	assert_int_not_equal(w.f.count[FLOW_RECEIVED], 0);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], w.f.count[FLOW_RECEIVED]);
	received = w.f.count[FLOW_RECEIVED];
	sent = w.f.count[FLOW_SENT];
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(received + w.f.count[FLOW_RECEIVED], FILES);
	assert_int_equal(sent + w.f.count[FLOW_SENT], FILES);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	assert_int_equal(workspace_files(&w, "out"), FILES);
	check_answers(&w);
	workspace_remove(&w);
}

static void
test_no_folder(void **state)
{
	(void)state;
	without("done");
	without("out");
}

/* --- errands --- */

#define ERRANDS 100

static struct trace {
	struct errand errand[ERRANDS];
	size_t did[ERRANDS], n;
	struct step {
		struct trace *t;
		size_t i;
	} step[ERRANDS];
} trace;

static void
do_one(void *ctx)
{
	struct step *s = ctx;

	s->t->did[s->t->n++] = s->i;
}

static void
do_all(struct errands *es)
{
	memset(&trace, 0, sizeof(trace));
	for (size_t i = 0; i < ERRANDS; i++) {
		trace.step[i] = (struct step){ &trace, i };
		trace.errand[i] =
		    (struct errand){ .go = do_one, .ctx = &trace.step[i] };
		assert_false(errand_is_away(es, &trace.errand[i]));
		errand_give(es, &trace.errand[i]);
	}
}

static void
check_done(struct errands *es)
{
	assert_int_equal(trace.n, ERRANDS);
	for (size_t i = 0; i < ERRANDS; i++) {
		assert_int_equal(trace.did[i], i);
		assert_false(errand_is_away(es, &trace.errand[i]));
	}
}

static void
test_errands(void **state)
{
	struct errands *es = errands_new();

	(void)state;
	assert_non_null(es);
	do_all(es);
	errand_await(es, &trace.errand[ERRANDS - 1]);
	check_done(es);
	do_all(es);
	errands_rest(es);
	check_done(es);
	do_all(es);
	errands_free(es);
	check_done(NULL);
	/* Without anybody. */
	do_all(NULL);
	errand_await(NULL, &trace.errand[0]);
	errands_rest(NULL);
	check_done(NULL);
	errands_free(NULL);
}

/* What goes on in one lane until something is done in the other. */
struct meeting {
	sem_t told;
	bool came;
};

static void
wait_for_it(void *ctx)
{
	struct meeting *m = ctx;
	struct timespec late;

	clock_gettime(CLOCK_REALTIME, &late);
	late.tv_sec += 60;
	m->came = sem_timedwait(&m->told, &late) == 0;
}

static void
tell(void *ctx)
{
	struct meeting *m = ctx;

	sem_post(&m->told);
}

static void
test_lanes(void **state)
{
	struct errands *es = errands_new();
	struct meeting m = { .came = false };
	struct errand waits = {
		.go = wait_for_it, .ctx = &m, .lane = ERRAND_DELIVER
	};
	struct errand tells = { .go = tell, .ctx = &m, .lane = ERRAND_FETCH };

	(void)state;
	assert_non_null(es);
	assert_int_equal(sem_init(&m.told, 0, 0), 0);
	errand_give(es, &waits);
	errand_give(es, &tells);
	errands_rest(es);
	assert_true(m.came);
	errands_free(es);
	sem_destroy(&m.told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errands),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_no_folder),
	};

	return cmocka_run_group_tests(
	    tests, workspace_text_make, workspace_text_free);
}
