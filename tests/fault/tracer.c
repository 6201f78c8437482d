/* SPDX-License-Identifier: Apache-2.0 */
/* See tracer.h. */
#define _GNU_SOURCE /* process_vm_readv, __WALL */
#include "fault/tracer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/tree.h"

#define TASKS 64

/* A thread, between the entry to a call and its end. */
struct task {
	pid_t tid; /* 0: none */
	bool counted;
	bool instead; /* the call is not made: it returns result */
	int64_t result;
	struct tracer_call call;
};

struct tracer {
	struct tracing *t;
	pid_t pid;
	bool begun; /* counting */

	long failed; /* so many calls */
	struct task task[TASKS];
};

static volatile sig_atomic_t rang;

static void
ring(int signo)
{
	(void)signo;
	rang = 1;
}

/* Wakes waitpid after some seconds, again and again; 0: no more. */
static void
set_alarm(unsigned seconds)
{
	struct sigaction sa = { .sa_handler = ring };

	rang = 0;
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGALRM, &sa, NULL) != 0)
		die("sigaction");
	alarm(seconds);
}

bool
tracer_bytes(pid_t pid, uint64_t at, void *out, size_t n)
{
	struct iovec to = { out, n };
	struct iovec from = { (void *)(uintptr_t)at, n };

	return process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)n;
}

bool
tracer_string(pid_t pid, uint64_t at, char *out, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!tracer_bytes(pid, at + i, out + i, 1))
			return false;
		if (out[i] == '\0')
			return true;
	}
	return false;
}

void
tracer_child(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(125);
	raise(SIGSTOP);
}

void
tracing_free(struct tracing *t)
{
	free(t->nr);
	t->nr = NULL;
}

#ifdef __x86_64__
/* The call that is entered becomes one that changes nothing, and that a process
 * may make which may make few: it is looked at again behind us. */
static void
skip_call(pid_t tid)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &r) != 0)
		return;
	r.orig_rax = SYS_gettid;
	(void)ptrace(PTRACE_SETREGS, tid, NULL, &r);
}

static void
set_result(pid_t tid, int64_t result)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &r) != 0)
		return;
	r.rax = (unsigned long long)result;
	(void)ptrace(PTRACE_SETREGS, tid, NULL, &r);
}

static void
set_third(pid_t tid, uint64_t value)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &r) != 0)
		return;
	r.rdx = value;
	(void)ptrace(PTRACE_SETREGS, tid, NULL, &r);
}

const char *
tracer_missing(void)
{
	return NULL;
}
#else
static void
skip_call(pid_t tid)
{
	(void)tid;
}

static void
set_result(pid_t tid, int64_t result)
{
	(void)tid;
	(void)result;
}

static void
set_third(pid_t tid, uint64_t value)
{
	(void)tid;
	(void)value;
}

const char *
tracer_missing(void)
{
	return "the tracer knows the registers of x86-64 only";
}
#endif

static struct task *
task_of(struct tracer *tr, pid_t tid)
{
	struct task *vacant = NULL;

	for (size_t i = 0; i < TASKS; i++) {
		if (tr->task[i].tid == tid)
			return &tr->task[i];
		if (tr->task[i].tid == 0 && vacant == NULL)
			vacant = &tr->task[i];
	}
	if (vacant == NULL)
		die("more than %d threads are traced", TASKS);
	*vacant = (struct task){ .tid = tid };
	return vacant;
}

/* Whether a call names the configuration: the program has begun its work. */
static bool
begins(pid_t tid, const struct tracer_call *c)
{
	char path[512];

	if (c->nr != SYS_newfstatat && c->nr != SYS_openat)
		return false;
	return tracer_string(tid, c->arg[1], path, sizeof(path)) &&
	    strstr(path, "tallyman.xml") != NULL;
}

static void
count(struct tracer *tr, const struct tracer_call *c)
{
	struct tracing *t = tr->t;

	if ((t->calls & (t->calls + 1)) == 0) {
		t->nr =
		    realloc(t->nr, (size_t)(2 * t->calls + 2) * sizeof(*t->nr));
		if (t->nr == NULL)
			die("memory");
	}
	t->nr[t->calls++] = c->nr;
}

/* The call is not made; but a close that fails has closed. */
static void
instead(struct task *k, int64_t result)
{
	if (k->call.nr != SYS_close)
		skip_call(k->tid);
	k->instead = true;
	k->result = result;
}

/* The process that a thread is of. */
static pid_t
process_of(pid_t tid)
{
	char path[64];
	struct tally_buf b;
	const char *p;
	pid_t pid = tid;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)tid);
	tally_buf_init(&b, 1u << 16);
	if (file_read(path, &b) && (p = strstr(b.p, "\nTgid:")) != NULL)
		pid = (pid_t)strtol(p + 6, NULL, 10);
	tally_buf_free(&b);
	return pid;
}

static void
act(struct tracer *tr, struct task *k)
{
	struct tracing *t = tr->t;
	bool right = k->call.nr == t->kind && t->calls >= t->at;

	if (t->act == TRACE_KILL && t->calls == t->at) {
		t->happened = true;
		kill(process_of(k->tid), SIGKILL);
	} else if (t->act == TRACE_FAIL && right && tr->failed <= t->more) {
		tr->failed++;
		t->happened = true;
		instead(k, -t->error);
	} else if (t->act == TRACE_SHORT && right && !t->happened &&
	    k->call.arg[2] > 1) {
		t->happened = true;
		set_third(k->tid, k->call.arg[2] / 2);
	}
}

static void
enter(struct tracer *tr, struct task *k, const struct __ptrace_syscall_info *i)
{
	k->call.pid = k->tid;
	k->call.nr = i->entry.nr;
	for (int n = 0; n < 6; n++)
		k->call.arg[n] = i->entry.args[n];
	k->instead = false;
	switch (k->call.nr) {
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
		instead(k, 0);
		break;
	case SYS_prctl:
		/* What forbids to look into it would forbid it to us, too. */
		if (k->call.arg[0] == PR_SET_DUMPABLE)
			instead(k, 0);
		break;
	default:
		break;
	}
	if (!tr->begun)
		tr->begun = begins(k->tid, &k->call);
	if (!tr->begun)
		return;
	count(tr, &k->call);
	if (!k->instead)
		act(tr, k);
}

static void
leave(struct tracer *tr, struct task *k, const struct __ptrace_syscall_info *i)
{
	if (k->instead) {
		set_result(k->tid, k->result);
		return;
	}
	k->call.result = i->exit.rval;
	if (tr->begun && tr->t->saw != NULL && !i->exit.is_error)
		tr->t->saw(tr->t->ctx, &k->call);
}

static void
at_call(struct tracer *tr, pid_t tid)
{
	struct __ptrace_syscall_info i = { 0 };
	struct task *k = task_of(tr, tid);

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof(i), &i) <= 0)
		return;
	if (i.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter(tr, k, &i);
	else if (i.op == PTRACE_SYSCALL_INFO_EXIT)
		leave(tr, k, &i);
}

/* Which signal a thread that stopped is to get. */
static int
at_stop(struct tracer *tr, pid_t tid, int status)
{
	int signo = WSTOPSIG(status);

	if (signo == (SIGTRAP | 0x80)) {
		at_call(tr, tid);
		return 0;
	}
	/* New threads begin so; so does the program itself, and events. */
	if (signo == SIGSTOP || status >> 16 != 0)
		return 0;
	return signo;
}

static bool
any_left(const struct tracer *tr)
{
	for (size_t i = 0; i < TASKS; i++)
		if (tr->task[i].tid != 0)
			return true;
	return false;
}

static void
end_all(struct tracer *tr)
{
	tr->t->hung = true;
	for (size_t i = 0; i < TASKS; i++)
		if (tr->task[i].tid != 0)
			kill(tr->task[i].tid, SIGKILL);
}

static void
set_out(struct tracer *tr)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL |
	    PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
	    PTRACE_O_TRACEEXEC;
	int status;

	if (waitpid(tr->pid, &status, 0) != tr->pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, tr->pid, NULL, options) != 0)
		die("the program cannot be traced");
	(void)task_of(tr, tr->pid);
	(void)ptrace(PTRACE_SYSCALL, tr->pid, NULL, NULL);
}

static int
trace(struct tracer *tr, unsigned seconds)
{
	int status, last = 0;
	unsigned long born;
	pid_t tid;

	set_out(tr);
	while (any_left(tr)) {
		tid = waitpid(-1, &status, __WALL);
		if (tid < 0 && rang) {
			end_all(tr);
			set_alarm(seconds);
		}
		if (tid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			/* Known from now on, though it may not run yet. */
			if (status >> 16 != 0 &&
			    status >> 16 != PTRACE_EVENT_EXEC &&
			    ptrace(PTRACE_GETEVENTMSG, tid, NULL, &born) == 0)
				(void)task_of(tr, (pid_t)born);
			(void)ptrace(PTRACE_SYSCALL, tid, NULL,
			    (long)at_stop(tr, tid, status));
			continue;
		}
		/* Others may be a server's orphans. */
		task_of(tr, tid)->tid = 0;
		if (tid == tr->pid)
			last = status;
	}
	return last;
}

/* Not traced: it is only ended when it takes too long. */
static int
wait_plain(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (rang)
			kill(pid, SIGKILL);
	return status;
}

int
tracer_wait(pid_t pid, struct tracing *t, unsigned seconds)
{
	struct tracer tr = { .t = t, .pid = pid };
	int status;

	set_alarm(seconds);
	if (t == NULL) {
		status = wait_plain(pid);
	} else {
		t->calls = 0;
		t->hung = t->happened = false;
		status = trace(&tr, seconds);
	}
	set_alarm(0);
	return status;
}
