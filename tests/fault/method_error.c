/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: a system call fails, once or from then on for ever, or transfers
 * less than it was asked to.  The run must end by itself with a status that
 * says so, and the next ones as if nothing had happened.
 */
#define _GNU_SOURCE /* strerrorname_np */
#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fault/methods.h"

#define SHORT      (-1) /* not an errno: a short transfer */
#define INTERRUPTS 20   /* in a row: "for ever", as signals go */

/* What may go wrong with a call; 0 ends the list. */
static const struct failing {
	uint64_t nr;
	const char *name;
	int error[6];
} failing[] = {
	{ SYS_read, "read", { EIO, EINTR, SHORT } },
	{ SYS_pread64, "pread64", { EIO, EINTR, SHORT } },
	{ SYS_write, "write", { EIO, ENOSPC, EINTR, SHORT } },
	{ SYS_pwrite64, "pwrite64", { EIO, ENOSPC, EINTR, SHORT } },
	{ SYS_openat, "openat", { EIO, EMFILE, EACCES, ENOMEM, EINTR } },
	{ SYS_close, "close", { EIO } },
	{ SYS_newfstatat, "newfstatat", { EIO, EACCES, ENOMEM } },
	{ SYS_fstat, "fstat", { EIO } },
	{ SYS_statfs, "statfs", { EIO } },
	{ SYS_getdents64, "getdents64", { EIO, ENOMEM } },
	{ SYS_lseek, "lseek", { EIO } },
	{ SYS_fsync, "fsync", { EIO, ENOSPC } },
	{ SYS_syncfs, "syncfs", { EIO, ENOSPC } },
	{ SYS_fdatasync, "fdatasync", { EIO, ENOSPC } },
	{ SYS_ftruncate, "ftruncate", { EIO, ENOSPC, EINTR } },
	{ SYS_fchmod, "fchmod", { EPERM } },
	{ SYS_fchown, "fchown", { EPERM } },
	{ SYS_unlink, "unlink", { EIO, EACCES } },
	{ SYS_unlinkat, "unlinkat", { EIO, EACCES } },
	{ SYS_renameat, "renameat", { EIO, ENOSPC, EACCES } },
	{ SYS_renameat2, "renameat2", { EIO, ENOSPC, EACCES, EINVAL } },
	{ SYS_mkdirat, "mkdirat", { ENOSPC, EACCES } },
	{ SYS_fcntl, "fcntl", { EIO, ENOLCK, EINTR } },
	{ SYS_mmap, "mmap", { ENOMEM } },
	{ SYS_clone3, "clone3", { EAGAIN } },
	{ SYS_socket, "socket", { EMFILE } },
	{ SYS_connect, "connect", { ECONNREFUSED, EINTR } },
	{ SYS_recvfrom, "recvfrom", { ECONNRESET, EINTR, SHORT } },
	{ SYS_sendto, "sendto", { EPIPE, EINTR, SHORT } },
	{ SYS_poll, "poll", { EINTR } },
};

static const struct failing *
failing_of(uint64_t nr)
{
	for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++)
		if (failing[i].nr == nr)
			return &failing[i];
	return NULL;
}

static void
one(struct effort *e, struct scene *s, const struct failing *f, long n,
    int error, bool forever)
{
	struct tracing t = { .act = error == SHORT ? TRACE_SHORT : TRACE_FAIL,
		.at = n,
		.kind = f->nr,
		.error = error,
		.more = !forever     ? 0
		    : error == EINTR ? INTERRUPTS
				     : LONG_MAX };
	struct verdict v;
	int status;

	verdict_init(&v);
	scene_fresh(s, NULL);
	status = scene_run(s, &t);
	if (t.hung)
		verdict_add(&v, WRONG_EXIT, "hangs");
	else if (!is_clean(status))
		verdict_add(
		    &v, WRONG_EXIT, "ends with status %x", (unsigned)status);
	oracle_moment(&v, s);
	if (!scene_recover(s, &status))
		verdict_add(&v, WRONG_EXIT, "there is no end, status %x",
		    (unsigned)status);
	oracle_end(&v, s);
	if (t.happened)
		effort_point(e, s, &v, "%s, call %ld, %s: %s%s",
		    workload_name[s->w->kind], n, f->name,
		    error == SHORT ? "half of it" : strerrorname_np(error),
		    forever ? " for ever" : "");
	verdict_free(&v);
	tracing_free(&t);
}

/* Each sync that fails once is in every sample: what was done before it may
 * have been seen already. */
static bool
is_sync(const struct failing *f, int i, int forever)
{
	return (f->nr == SYS_fsync || f->nr == SYS_syncfs) && i == 0 &&
	    forever == 0;
}

/* All that may go wrong with call n, or each step-th of it. */
static void
all_of(struct effort *e, struct scene *s, const struct failing *f, long n,
    long *count, long step)
{
	for (int i = 0; i < 6 && f->error[i] != 0; i++)
		for (int forever = 0; forever < 2; forever++) {
			bool chosen =
			    (*count)++ % step == 0 || is_sync(f, i, forever);

			if (!effort_on(e) || !chosen ||
			    (forever && f->error[i] == SHORT))
				continue;
			one(e, s, f, n, f->error[i], forever != 0);
		}
}

static void
sweep(struct effort *e, const char *program, enum workload_kind kind,
    const struct sshd *sshd, long step)
{
	struct tracing t = { .act = TRACE_COUNT };
	const struct failing *f;
	struct workload w;
	struct scene s;
	long count = (long)rnd_below(&e->rnd, (uint32_t)step);

	workload_make(&w, kind, e->seed);
	scene_make(&s, program, &w, sshd);
	scene_fresh(&s, NULL);
	(void)scene_run(&s, &t);
	for (long n = 1; n <= t.calls && effort_on(e); n++) {
		f = failing_of(t.nr[n - 1]);
		if (f != NULL)
			all_of(e, &s, f, n, &count, step);
	}
	tracing_free(&t);
	scene_remove(&s);
	workload_free(&w);
}

void
method_error(struct effort *e)
{
	sweep(
	    e, e->program, WORKLOAD_PLAIN, NULL, e->density == THIN ? 120 : 1);
	if (e->density == FULL) {
		sweep(e, e->poisoned, WORKLOAD_PLAIN, NULL, 7);
		sweep(e, e->program, WORKLOAD_LARGE, NULL, 31);
	}
}

void
method_error_sftp(struct effort *e)
{
	sweep(e, e->program, WORKLOAD_PLAIN, e->sshd,
	    e->density == THIN ? 1000 : 37);
}
