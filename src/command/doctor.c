/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tallyman doctor: what "check" says, and what is going to hurt soon.
 *
 * It only reads, and every finding says what to do.
 *
 * JSON: {"command":"doctor","check":{…},"problems":[{"severity":"error" or
 * "warning","text":…},…],"status":N}; "check" is what that command prints.
 */
#include "command/command.h"

#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/rows.h"
#include "flow/flow.h"
#include "flow/keep.h"
#include "flow/sandbox.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    INT64_C(86400000)
/* After so long without one, a backup is overdue. */
#define BACKUP_DAYS 7
/* A mailbox that was not reached for so long is overdue. */
#define MAILBOX_DAYS 1
/* What waits for longer than this needs a look. */
#define WAITING_DAYS 1
#define HELD_DAYS    7
/* A log of this size is one that somebody keeps from being written back. */
#define WAL_BYTES ((off_t)1 << 30)
#define FILES_MIN 256

struct doctor {
	const struct invocation *in;
	struct flow f;
	int64_t now;
	unsigned n;
	bool failed; /* an error was told */
};

static void problem(struct doctor *, bool error, const char *fmt, ...)
    TALLY_PRINTF(3, 4);

static void
problem(struct doctor *d, bool error, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->failed |= error;
	if (d->in->json) {
		printf("%s{\"severity\":\"%s\",\"text\":", d->n > 0 ? "," : "",
		    error ? "error" : "warning");
		command_print_json(stdout, text);
		putchar('}');
	} else {
		fprintf(stderr, "tallyman: %s", error ? "" : "warning: ");
		command_print_safe(stderr, text);
		fputc('\n', stderr);
	}
	d->n++;
}

/* An instant as the store has it; 0 for none. */
static int64_t
instant(const char *text)
{
	char second[32];
	int64_t ms;

	snprintf(second, sizeof(second), "%.19sZ", text);
	return flow_clock_parse(second, &ms) ? ms : 0;
}

/* Days since then; -1 for never. */
static int64_t
days_since(const struct doctor *d, const char *text)
{
	int64_t at = instant(text);

	return at == 0 ? -1 : (d->now - at) / DAY_MS;
}

static void
look_at_store(
    void *ctx, int n, const char *const *names, const char *const *values)
{
	const struct rows_row r = { n, names, values };
	const char *newest = rows_get(&r, "newest");
	struct doctor *d = ctx;

	if (instant(newest) > d->now + MINUTE_MS)
		problem(d, true,
		    "the clock is behind the newest event of the store, %s; "
		    "set the clock",
		    newest);
	if (strcmp(rows_get(&r, "journal"), "wal") != 0)
		problem(d, true,
		    "the store's journal is \"%s\", not \"wal\"; no other "
		    "program may write to it, and the next run mends it",
		    rows_get(&r, "journal"));
	if (days_since(d, rows_get(&r, "received")) >= WAITING_DAYS)
		problem(d, false,
		    "a file that was received on %s is not translated yet; is "
		    "'tallyman run' called?",
		    rows_get(&r, "received"));
	if (days_since(d, rows_get(&r, "queued")) >= WAITING_DAYS)
		problem(d, false,
		    "a file that was queued on %s is not sent yet; 'tallyman "
		    "list outbox' tells which",
		    rows_get(&r, "queued"));
	if (days_since(d, rows_get(&r, "held")) >= HELD_DAYS)
		problem(d, false,
		    "a document has been held since %s; 'tallyman list "
		    "--state=held' tells which, release or reject it",
		    rows_get(&r, "held"));
	if (*rows_get(&r, "unanswered") != '\0')
		problem(d, false,
		    "an acknowledgement of what was sent is due since %s; "
		    "'tallyman list expected --state=overdue' tells of what: "
		    "ask the partner, or reject the document to wait no "
		    "longer",
		    rows_get(&r, "unanswered"));
}

static void
look_at_mailbox(
    void *ctx, int n, const char *const *names, const char *const *values)
{
	const struct rows_row r = { n, names, values };
	const char *name = rows_get(&r, "name"), *ok = rows_get(&r, "last_ok");
	struct doctor *d = ctx;
	int64_t days = days_since(d, ok);

	if (site_mailbox_find(d->f.site, name) == NULL)
		return;
	if (days < 0)
		problem(d, false, "mailbox %s was never reached: %s", name,
		    rows_get(&r, "reason"));
	else if (days >= MAILBOX_DAYS)
		problem(d, false,
		    "mailbox %s was reached last on %s; is 'tallyman run' "
		    "called? 'tallyman check --online' tries it",
		    name, ok);
}

static enum tally_rc
look_at_backup(struct doctor *d, struct tally_err *err)
{
	struct tally_buf text;
	int64_t days;
	enum tally_rc rc;

	tally_buf_init(&text, 64u << 10);
	rc = keep_read(&text, d->f.dir, KEEP_BACKUP, err);
	days = rc == TALLY_OK && text.n > 0 ? days_since(d, text.p) : -1;
	if (rc == TALLY_OK && days < 0)
		problem(d, false,
		    "the store was never copied; let cron call 'tallyman "
		    "backup FILE' every night");
	else if (rc == TALLY_OK && days >= BACKUP_DAYS)
		problem(d, false,
		    "the store was copied last %lld days ago; let cron call "
		    "'tallyman backup FILE' every night",
		    (long long)days);
	tally_buf_free(&text);
	return rc;
}

/* The disk has to hold a copy of the store before it is brought to a new
 * version. */
static void
look_at_disk(struct doctor *d)
{
	char path[PATH_MAX];
	struct statvfs fs;
	struct stat sb;

	snprintf(path, sizeof(path), "%s/tallyman.db", d->f.dir);
	if (stat(path, &sb) == 0 && statvfs(d->f.dir, &fs) == 0 &&
	    (unsigned long long)fs.f_bavail * fs.f_frsize <
		(unsigned long long)sb.st_size)
		problem(d, false,
		    "the disk has no room for a copy of the store, which "
		    "the next version of tallyman makes first: %lld MiB",
		    (long long)(sb.st_size >> 20));
	snprintf(path, sizeof(path), "%s/tallyman.db-wal", d->f.dir);
	if (stat(path, &sb) == 0 && sb.st_size > WAL_BYTES)
		problem(d, false,
		    "%s has %lld MiB; some program has been reading the store "
		    "for long: end it",
		    path, (long long)(sb.st_size >> 20));
	snprintf(path, sizeof(path), "%s/%s", d->f.dir, SITE_FILE);
	if (stat(path, &sb) == 0 && (sb.st_mode & S_IWOTH) != 0)
		problem(d, true, "anybody can write to %s; chmod o-w it", path);
	snprintf(path, sizeof(path), "%s/keys", d->f.dir);
	if (stat(path, &sb) == 0 && (sb.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		problem(
		    d, true, "others can look into %s; chmod 0700 it", path);
}

static void
look_at_process(struct doctor *d)
{
	struct rlimit limit;

	for (unsigned i = 0; sandbox_missing(i) != NULL; i++)
		problem(d, false, "%s", sandbox_missing(i));
	if (geteuid() == 0)
		problem(d, false,
		    "it runs as root, and needs no privilege: give the "
		    "workspace to a user of its own, and run it as that");
	if (getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur > 0)
		problem(d, false,
		    "core files cannot be forbidden here; they would hold "
		    "partners' data");
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILES_MIN)
		problem(d, false,
		    "the process may open %llu files only; %d are needed "
		    "(ulimit -n)",
		    (unsigned long long)limit.rlim_cur, FILES_MIN);
}

static enum tally_rc
examine(struct doctor *d, struct tally_err *err)
{
	enum tally_rc rc;

	look_at_process(d);
	look_at_disk(d);
	rc = look_at_backup(d, err);
	if (rc == TALLY_OK)
		rc = store_ask(
		    d->f.store, STORE_Q_HEALTH, 0, look_at_store, d, err);
	if (rc == TALLY_OK)
		rc = store_ask(
		    d->f.store, STORE_Q_MAILBOXES, 0, look_at_mailbox, d, err);
	if (rc == TALLY_OK)
		rc = flow_mark_check(&d->f, err);
	if (rc == TALLY_OK && d->f.behind)
		problem(d, true,
		    "the store was restored from a backup: nothing is "
		    "delivered before 'tallyman deliver --restored', see "
		    "RESTORING in tallyman(1)");
	return rc;
}

/* What check finds outweighs what is going to be. */
static int
status_of(const struct doctor *d, int checked)
{
	if (checked != EX_OK && checked != EXIT_ATTENTION)
		return checked;
	return d->failed || d->n > 0 || checked != EX_OK ? EXIT_ATTENTION
							 : EX_OK;
}

static int
run(const struct invocation *in, int argc, char **argv)
{
	struct doctor d = { .in = in,
		.f = { .clock = in->clock },
		.now = flow_clock_now(&in->clock) };
	struct invocation quiet = *in;
	struct tally_err err;
	enum tally_rc rc;
	int status;

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--online") != 0))
		return command_usage(
		    &command_doctor, "the only option is --online");
	log_begin(&d.f.log, true, 0);
	/* What keeps check from beginning is told by it alone. */
	if (flow_begin(&d.f, in->dir, FLOW_CHECK, &err) != TALLY_OK)
		return command_fail(&err);
	flow_end(&d.f);
	quiet.quiet = argc < 2;
	if (in->json)
		fputs("{\"command\":\"doctor\",\"check\":", stdout);
	status = command_check.run(&quiet, argc, argv);
	if (in->json)
		fputs(",\"problems\":[", stdout);
	rc = flow_begin(&d.f, in->dir, FLOW_LOOK, &err);
	if (rc == TALLY_OK)
		rc = examine(&d, &err);
	flow_end(&d.f);
	if (rc != TALLY_OK)
		problem(&d, true, "%s", err.text);
	status = status_of(&d, status);
	if (in->json)
		printf("],\"status\":%d}\n", status);
	else if (status == EX_OK && !in->quiet)
		puts("all is well");
	return status;
}

const struct command command_doctor = {
	"doctor",
	"[--online]",
	"say what is wrong, and what is going to be, before it hurts",
	run,
};
