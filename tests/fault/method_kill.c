/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Death at a system call: the run ends by SIGKILL at the entry to its n-th;
 * partners empty their mailboxes; the next runs must end as if nothing had
 * happened.
 */
#include <sys/wait.h>

#include "fault/methods.h"

/* How many points of a sweep are left out between two. */
struct sweep {
	enum workload_kind kind;
	long step, thin_step;
	bool few; /* by the program that takes few files at a time */
};

/* The calls of a run that is not disturbed, which must end well, too. */
static long
undisturbed(struct effort *e, struct scene *s)
{
	struct tracing t = { .act = TRACE_COUNT };
	struct verdict v;
	int status;

	verdict_init(&v);
	scene_fresh(s, NULL);
	(void)scene_run(s, &t);
	oracle_moment(&v, s);
	if (!scene_recover(s, &status))
		verdict_add(&v, WRONG_EXIT, "there is no end, status %x",
		    (unsigned)status);
	oracle_end(&v, s);
	oracle_receipt(&v, s);
	effort_point(e, s, &v, "%s, undisturbed", workload_name[s->w->kind]);
	verdict_free(&v);
	tracing_free(&t);
	return t.calls;
}

/* True as long as the run lives long enough to reach call n. */
static bool
one(struct effort *e, struct scene *s, long n)
{
	struct tracing t = { .act = TRACE_KILL, .at = n };
	struct verdict v;
	int status;

	verdict_init(&v);
	scene_fresh(s, NULL);
	status = scene_run(s, &t);
	if (t.hung)
		verdict_add(&v, WRONG_EXIT, "hangs");
	oracle_moment(&v, s);
	if (!scene_recover(s, &status))
		verdict_add(&v, WRONG_EXIT, "there is no end, status %x",
		    (unsigned)status);
	oracle_end(&v, s);
	oracle_receipt(&v, s);
	if (t.happened)
		effort_point(e, s, &v, "%s, killed at call %ld",
		    workload_name[s->w->kind], n);
	verdict_free(&v);
	tracing_free(&t);
	return t.happened;
}

static void
sweep(struct effort *e, const struct sweep *w, const struct sshd *sshd)
{
	long step = e->density == THIN   ? w->thin_step
	    : e->density == PLANTED_ONLY ? 5
					 : w->step;
	long n, calls;
	struct workload load;
	struct scene s;

	workload_make(&load, w->kind, e->seed);
	scene_make(&s, w->few ? e->poisoned : e->program, &load, sshd);
	calls = undisturbed(e, &s);
	n = 1 + (long)rnd_below(&e->rnd, (uint32_t)step);
	/* Over SFTP one run has more calls than another. */
	while (effort_on(e) && (one(e, &s, n) || n <= calls))
		n += step;
	scene_remove(&s);
	workload_free(&load);
}

void
method_kill(struct effort *e)
{
	static const struct sweep all[] = {
		{ WORKLOAD_MIXED, 1, 60, false },
		{ WORKLOAD_MIXED, 2, 120, true },
		{ WORKLOAD_LARGE, 5, 500, false },
		{ WORKLOAD_LARGE, 10, 500, true },
		{ WORKLOAD_POISON, 2, 250, true },
	};

	size_t n =
	    e->density == PLANTED_ONLY ? 1 : sizeof(all) / sizeof(all[0]);

	for (size_t i = 0; i < n; i++)
		sweep(e, &all[i], NULL);
}

void
method_kill_sftp(struct effort *e)
{
	static const struct sweep mixed = { WORKLOAD_MIXED, 7, 500, false };

	sweep(e, &mixed, e->sshd);
}
