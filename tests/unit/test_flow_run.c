/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole runs in a workspace: real store, real folders.  What comes in is in
 * the rows, with what must have become of it.
 */
/* For strdup. */
#define _XOPEN_SOURCE 700

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow/lock.h"
#include "support/counted.h"
#include "support/dying.h"

#define SITE(partner, pull) \
	"<tallyman xmlns=\"urn:tallyman:config:1\">" \
	"<self qualifier=\"ZZ\" id=\"US\"/>" partner \
	"<mailbox url=\"dir:.\"><pull from=\"drop\" " pull "/>" \
	"<push to=\"out\"/></mailbox><receive set=\"850\"/></partner>" \
	"</tallyman>"
#define THEM  "<partner name=\"them\" qualifier=\"ZZ\" id=\"THEM\">"
#define USUAL SITE(THEM, "settle=\"0\"")

static struct tally_buf buf;

static struct tally_str
order(unsigned control, unsigned first, unsigned n)
{
	const struct workspace_order o = { control, first, n, 'P', NULL };

	tally_buf_reset(&buf);
	workspace_order(&buf, &o);
	return tally_buf_view(&buf);
}

/* Replaces the first of what stands in text. */
static void
edit(struct tally_buf *b, const char *what, const char *by)
{
	char *at = strstr(b->p, what);
	char *rest;

	if (at == NULL)
		return;
	rest = strdup(at + strlen(what));
	assert_non_null(rest);
	b->n = (size_t)(at - b->p);
	tally_buf_puts(b, by);
	tally_buf_puts(b, rest);
	free(rest);
}

static void
has(const struct tally_buf *b, const char *what, const char *part)
{
	if (b->p == NULL || strstr(b->p, part) == NULL)
		fail_msg("%s: \"%s\" is not in:\n%s", what, part,
		    b->p != NULL ? b->p : "");
}

static int
setup(void **state)
{
	(void)state;
	tally_buf_init(&buf, 64u << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tally_buf_free(&buf);
	return 0;
}

static void
test_twice(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, NULL);
	workspace_put(&w, "drop", "a.edi", order(7, 1, 2));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 2);
	assert_int_equal(w.f.count[FLOW_SENT], 1);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	tally_buf_reset(&buf);
	workspace_read(&w, "out", &buf);
	has(&buf, "out", "997-US-ZZ-THEM-000000001.edi");
	has(&buf, "out", "AK1*PO*7~");
	has(&buf, "out", "AK9*A*2*2*2~");
	assert_int_equal(workspace_run(&w), 0);
	for (int i = 0; i < FLOW_COUNTS; i++)
		assert_int_equal(w.f.count[i], 0);
	assert_int_equal(workspace_files(&w, "out"), 1);
	workspace_remove(&w);
}

/*
 * One file each, made of an order (control 7, one document PO-1) that is
 * edited.  counts: parts of what the store then has; answer: of out/, "" for
 * none; finding: of the file.
 */
static const struct {
	const char *name;
	const char *what, *by; /* edit */
	size_t cut;            /* bytes that are left, 0: all */
	int status;
	const char *counts[2];
	const char *answer;
	const char *finding;
} cases[] = {
	{ "as it is", "", "", 0, 0, { "documents accepted 1", "outbox sent 1" },
	    "AK9*A*1*1*1~", "" },
	{ "cut off", "", "", 200, 1,
	    { "interchanges rejected 1", "outbox sent 1" }, "*R*023~",
	    "iea_missing" },
	{ "wrong SE01", "SE*5", "SE*6", 0, 1,
	    { "documents rejected 1", "interchanges translated 1" }, "AK5*R*4~",
	    "se_count" },
	{ "wrong GE01", "GE*1", "GE*2", 0, 1,
	    { "documents rejected 1", "outbox sent 1" }, "AK9*R*2*1*",
	    "ge_count" },
	{ "TA1 asked", "*0*P*>", "*1*P*>", 0, 0,
	    { "documents accepted 1", "outbox sent 1" }, "*A*000~", "" },
	{ "test", "*0*P*>", "*0*T*>", 0, 1,
	    { "documents held 1", "outbox sent 1" }, "AK9*A*1*1*1~",
	    "document_test" },
	{ "a foreign sender", "THEM ", "EVIL ", 0, 1,
	    { "files quarantined 1", "interchanges quarantined 1" }, "",
	    "sender_unknown" },
	{ "another receiver", "*ZZ*US   ", "*ZZ*YOU  ", 0, 1,
	    { "interchanges rejected 1", "outbox sent 1" }, "*R*009~",
	    "receiver_unknown" },
	{ "a set without agreement", "ST*850", "ST*855", 0, 1,
	    { "documents rejected 1", "outbox sent 1" }, "AK5*R*1",
	    "set_unsupported" },
	{ "an acknowledgement",
	    "GS*PO*THEM*US*20260105*0800*7*X*004010~"
	    "ST*850*0001~BEG*00*SA*PO-1**20260105~"
	    "PO1*1*2*EA*3.25**VP*X-0~CTT*1~SE*5*0001~",
	    "GS*FA*THEM*US*20260105*0800*7*X*004010~"
	    "ST*997*0001~AK1*PO*1~AK9*A*1*1*1~SE*4*0001~",
	    0, 0, { "documents accepted 1", "files translated 1" }, "", "" },
	{ "empty", "", "", 1, 1, { "files quarantined 1", "" }, "", "not_edi" },
	{ "line ends and text around", "IEA*1*000000007~",
	    "IEA*1*000000007~\r\n\x1a", 0, 0,
	    { "documents accepted 1", "files translated 1" }, "AK9*A*1*1*1~",
	    "" },
};

static void
one_case(size_t i)
{
	struct workspace w;
	int status;

	workspace_make(&w, USUAL);
	(void)order(7, 1, 1);
	edit(&buf, cases[i].what, cases[i].by);
	if (cases[i].cut != 0)
		buf.n = cases[i].cut;
	workspace_put(&w, "drop", "in.edi", tally_buf_view(&buf));
	status = workspace_run(&w);
	if (status != cases[i].status)
		fail_msg("%s: status %d", cases[i].name, status);
	tally_buf_reset(&buf);
	workspace_counts(&w, &buf);
	for (int k = 0; k < 2; k++)
		has(&buf, cases[i].name, cases[i].counts[k]);
	tally_buf_reset(&buf);
	workspace_read(&w, "out", &buf);
	if (cases[i].answer[0] == '\0')
		assert_int_equal(buf.n, 0);
	has(&buf, cases[i].name, cases[i].answer);
	tally_buf_reset(&buf);
	tally_buf_puts(&buf, " ");
	workspace_findings(&w, 1, &buf);
	has(&buf, cases[i].name, cases[i].finding);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	assert_int_equal(workspace_files(&w, "quarantine"),
	    strstr(cases[i].counts[0], "files quarantined") != NULL ? 2 : 0);
	workspace_remove(&w);
}

static void
test_cases(void **state)
{
	(void)state;
	tally_buf_puts(&buf, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		one_case(i);
}

/* The four ways of coming again; each is a run in the same workspace. */
static void
test_again(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, USUAL);
	workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
	assert_int_equal(workspace_run(&w), 0);

	/* The same file: only taken away. */
	workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_KNOWN], 1);
	assert_int_equal(w.f.count[FLOW_TRANSLATED], 0);
	assert_int_equal(workspace_files(&w, "drop"), 0);

	/* The same bytes under another name: answered as before. */
	tally_buf_reset(&buf);
	workspace_read(&w, "out", &buf);
	has(&buf, "first answer", "997-them-000000001.edi");
	workspace_put(&w, "drop", "b.edi", order(7, 1, 1));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_DUPLICATE], 1);
	assert_int_equal(w.f.count[FLOW_SENT], 1);
	assert_int_equal(workspace_files(&w, "out"), 1);

	/* The same number, other bytes: refused. */
	workspace_put(&w, "drop", "c.edi", order(7, 2, 1));
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_REFUSED], 1);
	tally_buf_reset(&buf);
	workspace_read(&w, "out", &buf);
	has(&buf, "conflict", "*R*025~");

	/* Another number, the same order: accepted, but held. */
	workspace_put(&w, "drop", "d.edi", order(8, 1, 1));
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_HELD], 1);
	tally_buf_reset(&buf);
	workspace_findings(&w, 4, &buf);
	has(&buf, "held", "document_resent");
	workspace_remove(&w);
}

/* What was refused for being cut off may come again, whole. */
static void
test_after_rejection(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, USUAL);
	(void)order(7, 1, 1);
	buf.n -= 30;
	workspace_put(&w, "drop", "a.edi", tally_buf_view(&buf));
	assert_int_equal(workspace_run(&w), 1);
	workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	workspace_remove(&w);
}

static void
test_lock(void **state)
{
	struct workspace w;
	struct tally_err err;
	int64_t left;
	int fd = -1;

	(void)state;
	workspace_make(&w, NULL);
	assert_int_equal(lock_take(&fd, &left, w.dir, &err), TALLY_OK);
	workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
	assert_int_equal(workspace_run(&w), 75);
	assert_int_equal(workspace_files(&w, "drop"), 1);
	lock_release(fd);
	assert_int_equal(workspace_run(&w), 0);
	workspace_remove(&w);
}

/* What a run died with is known to the next one, and to none after it. */
static void
test_note(void **state)
{
	static const int64_t notes[] = { 17, 0, INT64_MAX, 3 };
	struct workspace w;
	struct tally_err err;
	int64_t left, before = 0;
	int fd = -1;

	(void)state;
	workspace_make(&w, NULL);
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		assert_int_equal(lock_take(&fd, &left, w.dir, &err), TALLY_OK);
		assert_int_equal(left, before);
		assert_int_equal(lock_note(fd, 9, &err), TALLY_OK);
		assert_int_equal(lock_note(fd, notes[i], &err), TALLY_OK);
		lock_release(fd);
		before = notes[i];
	}
	/* As a run of an older version, or an editor, may leave it. */
	workspace_put(&w, ".", "tallyman.lock", TALLY_STR("4711\n"));
	assert_int_equal(lock_take(&fd, &left, w.dir, &err), TALLY_OK);
	assert_int_equal(left, 0);
	lock_release(fd);
	assert_int_equal(lock_note(-1, 9, &err), TALLY_OK);
	workspace_remove(&w);
}

#define ONE_GONE \
	"<tallyman xmlns=\"urn:tallyman:config:1\">" \
	"<partner name=\"gone\" qualifier=\"ZZ\" id=\"GONE\">" \
	"<mailbox url=\"sftp://a@127.0.0.1:1\"" \
	" password-command=\"/bin/echo x\">" \
	"<host-key>SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"</host-key><pull from=\"x\"/></mailbox></partner>" THEM \
	"<mailbox url=\"dir:.\"><pull from=\"drop\" settle=\"0\"/>" \
	"<push to=\"out\"/></mailbox><receive set=\"850\"/></partner>" \
	"</tallyman>"

/* A mailbox that fails, first in the file, fails alone. */
static void
test_mailbox_down(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, ONE_GONE);
	workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
	assert_int_equal(workspace_run(&w), 69);
	assert_int_equal(w.f.count[FLOW_MAILBOXES_DOWN], 1);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	assert_int_equal(workspace_files(&w, "out"), 1);
	/* After five such runs it is left out for a while. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(workspace_run(&w), 69);
	assert_true(w.f.box == NULL);
	workspace_remove(&w);
}

/* Now, for runs in which the times of files count. */
static int64_t
real_time(void)
{
	const struct timespec tick = { 0, 20000000 };
	struct timespec t;

	/* Times of files may be a tick behind. */
	(void)nanosleep(&tick, NULL);
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is refused is tried hourly, or when somebody has done something. */
static void
test_mailbox_refused(void **state)
{
	static const char xml[] =
	    "<tallyman xmlns=\"urn:tallyman:config:1\">"
	    "<partner name=\"gone\" qualifier=\"ZZ\" id=\"GONE\">"
	    "<mailbox url=\"sftp://a@127.0.0.1:1\" key=\"key\">"
	    "<host-key>SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "</host-key><pull from=\"x\"/></mailbox></partner></tallyman>";
	enum { MINUTE = 60000, LEFT_OUT = 69, REFUSED = 77 };
	struct workspace w;
	char path[128];
	int64_t start;

	(void)state;
	workspace_make(&w, xml);
	workspace_put(&w, ".", "key", TALLY_STR("anybody may read it"));
	snprintf(path, sizeof(path), "%s/key", w.dir);
	assert_int_equal(chmod(path, 0644), 0);
	w.later = 0;
	start = real_time() - workspace_now(&w);
	w.later = start;
	assert_int_equal(workspace_run(&w), REFUSED);
	tally_buf_reset(&buf);
	workspace_counts(&w, &buf);
	w.later = start + 59 * MINUTE;
	assert_int_equal(workspace_run(&w), LEFT_OUT);
	w.later = start + 60 * MINUTE;
	assert_int_equal(workspace_run(&w), REFUSED);
	/* Before that: a clock that was set back. */
	w.later = start - 1;
	assert_int_equal(workspace_run(&w), REFUSED);
	assert_int_equal(workspace_run(&w), LEFT_OUT);
	(void)real_time();
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(workspace_run(&w), REFUSED);
	workspace_remove(&w);
}

static const struct {
	const char *pull;
	unsigned dropped, done; /* files in drop and done afterwards */
	unsigned received;      /* of a second run with the same file there */
} dispositions[] = {
	{ "settle=\"0\" then=\"delete\"", 0, 0, 0 },
	{ "settle=\"0\" then=\"keep\"", 1, 0, 0 },
	{ "settle=\"0\" then=\"move:done\"", 0, 1, 0 },
};

static void
test_dispositions(void **state)
{
	char xml[1024], path[128];
	struct workspace w;

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(
		    xml, sizeof(xml), SITE(THEM, "%s"), dispositions[i].pull);
		workspace_make(&w, xml);
		snprintf(path, sizeof(path), "%s/done", w.dir);
		assert_int_equal(mkdir(path, 0700), 0);
		for (int k = 0; k < 2; k++) {
			workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
			assert_int_equal(workspace_run(&w), 0);
			assert_int_equal(w.f.count[FLOW_RECEIVED], k == 0);
			assert_int_equal(workspace_files(&w, "drop"),
			    dispositions[i].dropped);
			assert_int_equal(
			    workspace_files(&w, "done"), dispositions[i].done);
		}
		tally_buf_reset(&buf);
		workspace_read(&w, "done", &buf);
		if (dispositions[i].done > 0)
			has(&buf, "moved", "\fa.edi.");
		workspace_remove(&w);
	}
}

/* A file that cannot be moved stays, is told, and is not taken twice; when
 * it can be moved, it is. */
static void
test_move_later(void **state)
{
	struct workspace w;
	char path[128];

	(void)state;
	workspace_make(&w, SITE(THEM, "settle=\"0\" then=\"move:done\""));
	workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(workspace_run(&w), 0);
		assert_int_equal(w.f.count[FLOW_RECEIVED], i == 0);
		assert_int_equal(workspace_files(&w, "drop"), 1);
	}
	snprintf(path, sizeof(path), "%s/done", w.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(workspace_files(&w, "drop"), 0);
	assert_int_equal(workspace_files(&w, "done"), 1);
	workspace_remove(&w);
}

/* A final name that is taken by a file of somebody else: never written over,
 * and tried again later. */
static void
test_name_taken(void **state)
{
	static const char name[] = "997-them-000000001.edi";
	struct workspace w;
	char path[128];

	(void)state;
	workspace_make(&w, USUAL);
	workspace_put(&w, "out", name, TALLY_STR("theirs"));
	workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
	assert_int_equal(workspace_run(&w), 73);
	assert_int_equal(w.f.count[FLOW_FAILED], 1);
	tally_buf_reset(&buf);
	workspace_read(&w, "out", &buf);
	assert_string_equal(buf.p, "\f997-them-000000001.edi\ntheirs");
	snprintf(path, sizeof(path), "%s/out/%s", w.dir, name);
	assert_int_equal(remove(path), 0);
	/* Not due yet, then due. */
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(workspace_files(&w, "out"), 0);
	w.later = 3600000;
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_SENT], 1);
	tally_buf_reset(&buf);
	workspace_read(&w, "out", &buf);
	has(&buf, "sent later", "AK9*A*1*1*1~");
	/* Nothing is left under a temporary name: folders can be removed. */
	assert_int_equal(remove(path), 0);
	snprintf(path, sizeof(path), "%s/out", w.dir);
	assert_int_equal(rmdir(path), 0);
	workspace_remove(&w);
}

/* Settling: nothing is taken at first sight, but for whole envelopes. */
static void
test_settle(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, SITE(THEM, "settle=\"60\" complete=\"yes\""));
	workspace_put(&w, "drop", "whole.edi", order(7, 1, 1));
	(void)order(8, 2, 1);
	buf.n -= 5;
	workspace_put(&w, "drop", "half.edi", tally_buf_view(&buf));
	assert_int_equal(workspace_run(&w), 0);
	assert_int_equal(w.f.count[FLOW_RECEIVED], 1);
	assert_int_equal(workspace_files(&w, "drop"), 1);
	workspace_remove(&w);
}

/* An archived file whose bytes have changed: its own trouble, and after some
 * runs it is out of the way. */
static void
test_damaged_archive(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, USUAL);
	/* Larger than what the store keeps in a row. */
	workspace_put(&w, "drop", "a.edi", order(7, 1, 15000));
	assert_int_equal(workspace_stage(&w, 0), 0);
	workspace_damage_archive(&w);
	workspace_put(&w, "drop", "b.edi", order(8, 20000, 1));
	assert_int_equal(workspace_run(&w), 74);
	assert_int_equal(w.f.count[FLOW_ACCEPTED], 1);
	assert_int_equal(workspace_run(&w), 74);
	assert_int_equal(workspace_run(&w), 1);
	assert_int_equal(w.f.count[FLOW_QUARANTINED], 1);
	tally_buf_reset(&buf);
	workspace_read(&w, "quarantine", &buf);
	has(&buf, "report", "cannot be read any more");
	workspace_remove(&w);
}

/* A run that comes to the stage again, for a mailbox, does not try its files
 * again: that would use their attempts up in a moment. */
static void
test_tried_once(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, ONE_GONE);
	workspace_put(&w, "drop", "a.edi", order(7, 1, 15000));
	assert_int_equal(workspace_stage(&w, FLOW_FETCH), 69);
	workspace_damage_archive(&w);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(workspace_run(&w), 74);
		assert_int_equal(w.f.count[FLOW_QUARANTINED], 0);
	}
	(void)workspace_run(&w);
	assert_int_equal(w.f.count[FLOW_QUARANTINED], 1);
	workspace_remove(&w);
}

static void
count_action(void *ctx, const struct flow_action *a)
{
	tally_buf_printf(ctx, "%s %.*s; ", a->stage, (int)a->name.n, a->name.p);
}

static void
planned(struct workspace *w, const char *expected)
{
	struct tally_buf plan;
	struct tally_err err;
	struct flow f;

	memset(&f, 0, sizeof(f));
	tally_buf_init(&plan, 1u << 20);
	tally_buf_puts(&plan, "");
	assert_int_equal(flow_begin(&f, w->dir, FLOW_LOOK, &err), TALLY_OK);
	assert_int_equal(
	    flow_plan(&f, FLOW_STAGES, count_action, &plan, &err), TALLY_OK);
	flow_end(&f);
	assert_string_equal(plan.p, expected);
	tally_buf_free(&plan);
}

/* What would be done is told, stage by stage, and nothing of it is done. */
static void
test_plan(void **state)
{
	struct workspace w;

	(void)state;
	workspace_make(&w, USUAL);
	planned(&w, "");
	workspace_put(&w, "drop", "a.edi", order(7, 1, 1));
	workspace_put(&w, "drop", "a.tmp", order(7, 1, 1));
	for (int i = 0; i < 2; i++)
		planned(&w, "fetch a.edi; ");
	assert_int_equal(workspace_files(&w, "drop"), 2);
	assert_int_equal(workspace_stage(&w, 0), 0);
	planned(&w, "translate a.edi; ");
	assert_int_equal(workspace_stage(&w, 1), 0);
	planned(&w, "deliver 997-them-000000001.edi; ");
	assert_int_equal(workspace_files(&w, "out"), 0);
	assert_int_equal(workspace_stage(&w, 2), 0);
	planned(&w, "");
	workspace_remove(&w);
}

/* --- death --- */

static void
fill_drop(struct workspace *w)
{
	workspace_make(w, USUAL);
	workspace_put(w, "drop", "1.edi", order(1, 1, 2));
	workspace_put(w, "drop", "2.edi", order(2, 3, 1));
	workspace_put(w, "drop", "3.jpg", TALLY_STR("\xff\xd8\xff"));
	(void)order(4, 4, 1);
	buf.n -= 10;
	workspace_put(w, "drop", "4.edi", tally_buf_view(&buf));
}

static void
outcome(struct workspace *w, struct tally_buf *b)
{
	tally_buf_reset(b);
	workspace_counts(w, b);
	workspace_read(w, "out", b);
	workspace_read(w, "drop", b);
	tally_buf_printf(b, "quarantined %u", workspace_files(w, "quarantine"));
}

/* Wherever a run dies, the next one ends as if nothing had happened. */
static void
test_death(void **state)
{
	struct tally_buf expected, got;
	struct workspace w;
	bool ended = false;
	long n = 1;

	(void)state;
	tally_buf_init(&expected, 1u << 20);
	tally_buf_init(&got, 1u << 20);
	fill_drop(&w);
	assert_int_equal(workspace_run(&w), 1);
	outcome(&w, &expected);
	workspace_remove(&w);
	for (int i = 0; i < 100 && !ended; i++) {
		fill_drop(&w);
		ended = dying_run(&w, n);
		if (!ended)
			(void)workspace_run(&w);
		outcome(&w, &got);
		if (!tally_str_eq(
			tally_buf_view(&got), tally_buf_view(&expected)))
			fail_msg("after death at %ld:\n%s\nexpected:\n%s", n,
			    got.p, expected.p);
		workspace_remove(&w);
		/* Steps that grow and share no divisor. */
		n += n / 8 + 7;
	}
	assert_true(ended);
	tally_buf_free(&got);
	tally_buf_free(&expected);
}

/* A map that could not be compiled once, for want of memory, is compiled when
 * it is asked for again: else sets would be held that have one. */
static void
test_map_after_trouble(void **state)
{
	const struct tally_set_spec *spec;
	struct tally_map *map;
	struct workspace w;
	struct tally_err err;
	struct flow f;
	enum tally_rc rc = TALLY_NOMEM;

	(void)state;
	workspace_make(&w, USUAL);
	for (long n = 0; rc != TALLY_OK; n += n / 2 + 1) {
		memset(&f, 0, sizeof(f));
		assert_int_equal(
		    flow_begin(&f, w.dir, FLOW_LOOK, &err), TALLY_OK);
		spec = tally_set_find(
		    tally_version_find(&f.dictionary->d, TALLY_STR("004010")),
		    TALLY_STR("850"));
		assert_non_null(spec);
		counted_left = n;
		tally_allocator_set(&counted);
		rc = maps_for(f.maps, NULL, spec, &map, &err);
		tally_allocator_set(NULL);
		counted_left = -1;
		if (rc != TALLY_OK) {
			assert_int_equal(rc, TALLY_NOMEM);
			assert_int_equal(
			    maps_for(f.maps, NULL, spec, &map, &err), TALLY_OK);
		}
		assert_non_null(map);
		flow_end(&f);
	}
	workspace_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_after_rejection),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_mailbox_down),
		cmocka_unit_test(test_mailbox_refused),
		cmocka_unit_test(test_dispositions),
		cmocka_unit_test(test_move_later),
		cmocka_unit_test(test_name_taken),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_damaged_archive),
		cmocka_unit_test(test_tried_once),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_map_after_trouble),
		cmocka_unit_test(test_death),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
