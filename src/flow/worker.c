/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that work on mailboxes; see worker.h. */
#include "flow/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "flow/early.h"
#include "flow/parser.h"

/* Beyond what a mailbox may take by its settings: for our own disk. */
#define GRACE_MS 60000

/* What a worker tells at its end; of box only how the mailbox does. */
struct report {
	enum tally_rc rc;
	struct tally_err err;
	uint64_t count[FLOW_COUNTS];
	enum tally_rc worst;
	struct flow_box box;
};

bool
worker_for(const struct flow *f, size_t i)
{
	return strncmp(f->site->mailbox[i].settings.url, "dir:", 4) != 0;
}

void
worker_want(struct flow *f, size_t i, int stage)
{
	f->box[i].work.wanted = true;
	f->box[i].work.stage = stage;
}

bool
worker_has(const struct flow *f, size_t i)
{
	return f->box[i].work.wanted || f->box[i].work.pid != 0;
}

unsigned
worker_running(const struct flow *f)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->site->nmailbox; i++)
		n += f->box[i].work.pid != 0;
	return n;
}

/* The mailbox that comes next, if there is one that may. */
static bool
next(const struct flow *f, size_t *out)
{
	unsigned limit = f->site->connections, running = 0, ill = 0;

	for (size_t i = 0; i < f->site->nmailbox; i++) {
		running += f->box[i].work.pid != 0;
		ill += f->box[i].work.pid != 0 && f->box[i].ill;
	}
	for (int turn = 0; turn < 2 && running < limit; turn++) {
		if (turn == 1 && limit > 1 && ill + 1 >= limit)
			break;
		for (size_t i = 0; i < f->site->nmailbox; i++) {
			*out = i;
			if (f->box[i].work.wanted &&
			    f->box[i].ill == (turn == 1))
				return true;
		}
	}
	return false;
}

static void work(struct flow *, size_t i, pid_t run, int to) TALLY_NORETURN;

static void
work(struct flow *f, size_t i, pid_t run, int to)
{
	static struct report r; /* zero, padding too: all of it is written */
	unsigned remote = 0;

	/* Nobody waits for what an orphan does. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != run)
		_exit(1);
	for (size_t k = 0; k < f->site->nmailbox; k++) {
		remote += worker_for(f, k);
		if (f->box[k].work.pid != 0)
			close(f->box[k].work.from);
	}
	parser_leave(f->parser);
	early_leave(f->early);
	flow_deliver_leave(f);
	f->errands = NULL;
	f->through = false;
	/* Two lines of progress would be in each other's way. */
	f->log.progress = f->log.progress && remote == 1;
	memset(f->count, 0, sizeof(f->count));
	f->worst = TALLY_OK;
	r.rc = store_open(
	    &f->store, f->dir, STORE_JOIN, maps_model(f->maps), &r.err);
	if (r.rc == TALLY_OK)
		r.rc = flow_stage[f->box[i].work.stage].mailbox(f, i, &r.err);
	log_progress_end(&f->log);
	store_close(f->store);
	memcpy(r.count, f->count, sizeof(r.count));
	r.worst = f->worst;
	r.box = f->box[i];
	_exit(tally_write_all(to, &r, sizeof(r)) ? 0 : 1);
}

static enum tally_rc
start(struct flow *f, size_t i, struct tally_err *err)
{
	const struct mailbox_settings *set = &f->site->mailbox[i].settings;
	struct flow_work *w = &f->box[i].work;
	pid_t run = getpid(), pid;
	int fd[2];

	if (pipe(fd) != 0)
		return tally_err_errno(err, TALLY_TEMP, "no pipe can be had");
	(void)fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		work(f, i, run, fd[1]);
	}
	close(fd[1]);
	if (pid < 0) {
		tally_err_errno(err, TALLY_TEMP, "no process can be made");
		close(fd[0]);
		return TALLY_TEMP;
	}
	*w = (struct flow_work){ .stage = w->stage,
		.pid = pid,
		.from = fd[0],
		.end = flow_clock_steady() + GRACE_MS + set->connect_ms +
		    set->login_ms + set->run_ms };
	return TALLY_OK;
}

enum tally_rc
worker_start(struct flow *f, struct tally_err *err)
{
	enum tally_rc rc = TALLY_OK;
	size_t i;

	if (!next(f, &i))
		return TALLY_OK;
	log_progress_end(&f->log);
	errands_rest(f->errands);
	store_close(f->store);
	f->store = NULL;
	while (rc == TALLY_OK && next(f, &i))
		rc = start(f, i, err);
	if (rc == TALLY_OK)
		rc = store_open(
		    &f->store, f->dir, STORE_JOIN, maps_model(f->maps), err);
	return rc;
}

/* The mailbox cannot be worked on in this run. */
static void
lost(struct flow *f, size_t i, const char *how)
{
	struct flow_box *b = &f->box[i];

	tally_err_set(&b->why, TALLY_UNAVAILABLE,
	    "mailbox %s: the process that worked on it %s; what it had "
	    "recorded stays, and the next run goes on from there; if this "
	    "comes again, report it with what a run with -vv says",
	    f->site->mailbox[i].name, how);
	b->failed = true;
	b->skip = true;
}

static enum tally_rc
take_over(
    struct flow *f, size_t i, const struct report *r, struct tally_err *err)
{
	struct flow_box *b = &f->box[i];

	for (int k = 0; k < FLOW_COUNTS; k++)
		f->count[k] += r->count[k];
	flow_worse(f, r->worst);
	b->skip = r->box.skip;
	b->waiting = r->box.waiting;
	b->failed = r->box.failed;
	b->refused = r->box.refused;
	b->spent_ms = r->box.spent_ms;
	b->why = r->box.why;
	if (r->rc != TALLY_OK)
		*err = r->err;
	return r->rc;
}

/* Reads what there is of a report, to its end. */
static size_t
receive(int from, struct report *r)
{
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(*r)) {
		got = read(from, (char *)r + n, sizeof(*r) - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

/* Ends the work on mailbox i: it has reported, died, or is out of time. */
static enum tally_rc
finish(struct flow *f, size_t i, bool late, struct tally_err *err)
{
	struct flow_work *w = &f->box[i].work;
	struct report *r = tally_alloc(sizeof(*r));
	enum tally_rc rc = TALLY_OK;
	char how[64] = "ended without a word";
	size_t n = 0;
	int status = 0;

	if (late)
		kill(w->pid, SIGKILL);
	else if (r != NULL)
		n = receive(w->from, r);
	close(w->from);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	if (late)
		snprintf(how, sizeof(how), "did not come to an end");
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "was ended by signal %d",
		    WTERMSIG(status));
	if (r == NULL)
		rc = tally_err_set(err, TALLY_NOMEM, "out of memory");
	else if (n == sizeof(*r))
		rc = take_over(f, i, r, err);
	else
		lost(f, i, how);
	tally_free(r);
	return rc;
}

enum tally_rc
worker_wait(struct flow *f, struct tally_err *err)
{
	size_t n = f->site->nmailbox;
	struct pollfd *fd = tally_calloc(n, sizeof(*fd));
	int64_t now = flow_clock_steady(), left, ms = INT32_MAX;
	enum tally_rc rc = TALLY_OK;
	int some;

	if (fd == NULL)
		return tally_err_set(err, TALLY_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		const struct flow_work *w = &f->box[i].work;

		fd[i] = (struct pollfd){ .fd = w->pid != 0 ? w->from : -1,
			.events = POLLIN };
		left = w->end > now ? w->end - now : 0;
		if (w->pid != 0 && left < ms)
			ms = left;
	}
	some = poll(fd, n, (int)ms);
	now = flow_clock_steady();
	for (size_t i = 0; i < n && rc == TALLY_OK; i++) {
		struct flow_work *w = &f->box[i].work;

		if (w->pid == 0)
			continue;
		if (some > 0 && fd[i].revents != 0)
			rc = finish(f, i, false, err);
		else if (now >= w->end)
			rc = finish(f, i, true, err);
	}
	tally_free(fd);
	return rc;
}

void
worker_stop(struct flow *f)
{
	for (size_t i = 0; f->box != NULL && i < f->site->nmailbox; i++) {
		struct flow_work *w = &f->box[i].work;

		w->wanted = false;
		if (w->pid == 0)
			continue;
		kill(w->pid, SIGKILL);
		close(w->from);
		while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
		w->pid = 0;
	}
}
