/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work shared among processes; see crew.h.
 *
 * A worker is sent the number of a thing, and prints into two files without
 * name; its answer says where in them the output ends.  The next thing goes to
 * whoever answers first, and output is copied when all before it has been.
 */
#include "command/crew.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tallyman/mem.h"

#define WORKERS_MAX 64

struct answer {
	int result;
	off_t out, err; /* ends of what was printed */
};

struct worker {
	pid_t pid;
	int fd;          /* numbers go, answers come; -1: it is gone */
	FILE *out, *err; /* what it prints; owned */
	off_t out_at, err_at;
	size_t thing;
	bool busy;
};

enum state { WAITING, GIVEN, LOST, DONE };

struct thing {
	enum state state;
	const struct worker *worker;
	off_t out, err; /* where its output begins */
	struct answer answer;
};

struct hall {
	const struct crew *crew;
	struct worker worker[WORKERS_MAX];
	size_t nworker;
	struct thing *thing;
	size_t n, next, printed;
};

size_t
crew_size(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (size_t)n;
}

/* --- the worker --- */

static bool
receive(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = recv(fd, p, n, MSG_WAITALL);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)n;
}

/* Whoever is to have it may have died: that is no signal here. */
static bool
tell(int fd, const void *p, size_t n)
{
	ssize_t done;

	do
		done = send(fd, p, n, MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	return done == (ssize_t)n;
}

static void
serve(const struct crew *crew, int fd)
{
	struct answer a;
	size_t i;

	while (receive(fd, &i, sizeof(i))) {
		memset(&a, 0, sizeof(a));
		a.result = crew->work(crew->ctx, i);
		if (fflush(stdout) != 0 || fflush(stderr) != 0)
			return; /* no room: it is done anew without us */
		a.out = lseek(STDOUT_FILENO, 0, SEEK_CUR);
		a.err = lseek(STDERR_FILENO, 0, SEEK_CUR);
		if (!tell(fd, &a, sizeof(a)))
			return;
	}
}

static void
hang_up(struct worker *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* The child's side of starting. */
static void
become_worker(struct hall *h, const struct worker *w, int fd)
{
	/* Whoever holds the other end keeps a worker waiting. */
	for (size_t i = 0; i < h->nworker; i++)
		hang_up(&h->worker[i]);
	if (dup2(fileno(w->out), STDOUT_FILENO) >= 0 &&
	    dup2(fileno(w->err), STDERR_FILENO) >= 0)
		serve(h->crew, fd);
	_exit(0);
}

static bool
start(struct hall *h)
{
	struct worker *w = &h->worker[h->nworker];
	int fd[2] = { -1, -1 };

	*w = (struct worker){ .out = tmpfile(), .err = tmpfile(), .fd = -1 };
	w->pid = -1;
	if (w->out != NULL && w->err != NULL &&
	    socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0) {
		w->pid = fork();
		if (w->pid == 0) {
			close(fd[0]);
			become_worker(h, w, fd[1]);
		}
		close(fd[1]);
		w->fd = fd[0];
	}
	if (w->pid > 0) {
		h->nworker++;
		return true;
	}
	hang_up(w);
	if (w->out != NULL)
		fclose(w->out);
	if (w->err != NULL)
		fclose(w->err);
	return false;
}

/* --- the caller --- */

static void
give(struct hall *h)
{
	struct worker *w;

	for (size_t i = 0; i < h->nworker && h->next < h->n; i++) {
		w = &h->worker[i];
		if (w->busy || w->fd < 0)
			continue;
		w->thing = h->next;
		w->busy = tell(w->fd, &w->thing, sizeof(w->thing));
		if (!w->busy) {
			hang_up(w);
			continue;
		}
		h->thing[h->next++] = (struct thing){ .state = GIVEN,
			.worker = w,
			.out = w->out_at,
			.err = w->err_at };
	}
}

/* Waits for a worker to answer; false when none is at work. */
static bool
listen_to(struct hall *h)
{
	struct pollfd p[WORKERS_MAX];
	struct worker *w;
	struct thing *t;
	bool any = false;

	for (size_t i = 0; i < h->nworker; i++) {
		p[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
		if (h->worker[i].busy)
			p[i].fd = h->worker[i].fd;
		any = any || h->worker[i].busy;
	}
	if (!any || poll(p, (nfds_t)h->nworker, -1) < 0)
		return any;
	for (size_t i = 0; i < h->nworker; i++) {
		if (p[i].fd < 0 || p[i].revents == 0)
			continue;
		w = &h->worker[i];
		t = &h->thing[w->thing];
		w->busy = false;
		if (!receive(w->fd, &t->answer, sizeof(t->answer))) {
			t->state = LOST;
			hang_up(w);
			continue;
		}
		t->state = DONE;
		w->out_at = t->answer.out;
		w->err_at = t->answer.err;
	}
	return true;
}

static bool
copy(FILE *to, FILE *from, off_t at, off_t end)
{
	char block[1 << 16];
	size_t want;
	ssize_t n;

	while (at < end) {
		want = sizeof(block);
		if (end - at < (off_t)want)
			want = (size_t)(end - at);
		n = pread(fileno(from), block, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		fwrite(block, 1, (size_t)n, to);
		at += n;
	}
	return true;
}

/* Prints what can be printed now; the caller does what nobody else does. */
static void
print(struct hall *h, bool alone)
{
	const struct crew *crew = h->crew;
	struct thing *t;

	for (; h->printed < h->n; h->printed++) {
		t = &h->thing[h->printed];
		if (t->state == GIVEN || (t->state == WAITING && !alone))
			return;
		if (t->state == DONE &&
		    copy(stdout, t->worker->out, t->out, t->answer.out) &&
		    copy(stderr, t->worker->err, t->err, t->answer.err)) {
			crew->done(crew->ctx, t->answer.result);
			continue;
		}
		if (h->next == h->printed)
			h->next++;
		crew->done(crew->ctx, crew->work(crew->ctx, h->printed));
	}
}

static void
dismiss(struct hall *h)
{
	struct worker *w;

	for (size_t i = 0; i < h->nworker; i++)
		hang_up(&h->worker[i]);
	for (size_t i = 0; i < h->nworker; i++) {
		w = &h->worker[i];
		while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
		fclose(w->out);
		fclose(w->err);
	}
}

void
crew_work(const struct crew *crew, size_t n, size_t size)
{
	struct hall h = { .crew = crew, .n = n };

	if (size > n)
		size = n;
	if (size > 1)
		h.thing = tally_calloc(n, sizeof(*h.thing));
	if (h.thing == NULL) {
		for (size_t i = 0; i < n; i++)
			crew->done(crew->ctx, crew->work(crew->ctx, i));
		return;
	}
	fflush(stdout); /* what is buffered would be printed twice */
	fflush(stderr);
	while (h.nworker < size && start(&h))
		;
	while (h.printed < n) {
		give(&h);
		print(&h, !listen_to(&h));
	}
	dismiss(&h);
	tally_free(h.thing);
}
