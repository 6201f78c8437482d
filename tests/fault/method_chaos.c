/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything at once: runs that are started together, killed, frozen and
 * woken by chance, at clocks that jump by years, while partners take and put.
 * Then calm, and the oracle.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "fault/methods.h"

#define RUNS  10 /* at a time */
#define TICKS 30
#define YEAR  (365 * 86400)

struct chaos {
	struct effort *e;
	struct scene *s;
	pid_t pid[RUNS]; /* 0: none */
	struct verdict v;
};

static void
nap(unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* Starts one in a place that is free, with any clock. */
static void
start_one(struct chaos *c, size_t i)
{
	int64_t now = c->s->now;

	c->s->now += (int64_t)rnd_below(&c->e->rnd, 40) * YEAR - 20 * YEAR;
	c->pid[i] = scene_start(c->s);
	c->s->now = now;
}

/* The end of one, if it has come. */
static void
reap(struct chaos *c, size_t i, bool wait)
{
	int status;

	if (c->pid[i] == 0 ||
	    waitpid(c->pid[i], &status, wait ? 0 : WNOHANG) != c->pid[i])
		return;
	c->pid[i] = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		c->s->deaths++;
	else if (!is_clean(status))
		verdict_add(
		    &c->v, WRONG_EXIT, "ends with status %x", (unsigned)status);
}

static void
tick(struct chaos *c)
{
	static const int what[] = { SIGSTOP, SIGSTOP, SIGKILL, SIGCONT };
	size_t i = rnd_below(&c->e->rnd, RUNS);

	nap(rnd_below(&c->e->rnd, 12));
	reap(c, i, false);
	if (c->pid[i] == 0)
		start_one(c, i);
	else
		(void)kill(c->pid[i], what[rnd_below(&c->e->rnd, 4)]);
	if (rnd_chance(&c->e->rnd, 30))
		scene_empty(c->s);
}

static void
one(struct effort *e, struct scene *s, unsigned round)
{
	struct chaos c = { .e = e, .s = s };
	int status;

	verdict_init(&c.v);
	scene_fresh(s, NULL);
	for (size_t i = 0; i < RUNS; i++)
		start_one(&c, i);
	for (unsigned i = 0; i < TICKS; i++) {
		tick(&c);
		if (i == TICKS / 2)
			scene_second_phase(s);
	}
	for (size_t i = 0; i < RUNS; i++)
		if (c.pid[i] != 0)
			(void)kill(c.pid[i], SIGCONT);
	for (size_t i = 0; i < RUNS; i++)
		reap(&c, i, true);
	oracle_moment(&c.v, s);
	if (!scene_recover(s, &status))
		verdict_add(&c.v, WRONG_EXIT, "there is no end, status %x",
		    (unsigned)status);
	oracle_end(&c.v, s);
	effort_point(e, s, &c.v, "round %u", round);
	verdict_free(&c.v);
}

void
method_chaos(struct effort *e)
{
	static const unsigned rounds[] = { 300, 4, 60 };
	struct workload w;
	struct scene s;

	workload_make(&w, WORKLOAD_PLAIN, e->seed);
	scene_make(&s, e->program, &w, NULL);
	for (unsigned i = 0; i < rounds[e->density] && effort_on(e); i++)
		one(e, &s, i);
	scene_remove(&s);
	workload_free(&w);
}
