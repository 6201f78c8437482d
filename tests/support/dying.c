/* SPDX-License-Identifier: Apache-2.0 */
/* See dying.h.  Opening a run is left out: it changes nothing. */
#include "support/dying.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEAD 99

static long countdown; /* of this process */
static long of_parser; /* of each parser that is to die */
static unsigned parsers, deaths;

static void
tick(void)
{
	if (--countdown == 0)
		_exit(DEAD);
}

static void *
dying_alloc(size_t n)
{
	tick();
	return malloc(n);
}

static void *
dying_realloc(void *p, size_t n)
{
	tick();
	return realloc(p, n);
}

static void
dying_free(void *p)
{
	tick();
	free(p);
}

/* A parser is another process, whose uses are its own. */
static void
forked(void)
{
	countdown = parsers < deaths ? of_parser : LONG_MAX;
}

static void
has_forked(void)
{
	parsers++;
}

static void
begin(void)
{
	static const struct tally_allocator dying = { dying_alloc,
		dying_realloc, dying_free };
	static bool watched;

	if (!watched && pthread_atfork(NULL, has_forked, forked) != 0)
		abort();
	watched = true;
	tally_allocator_set(&dying);
}

static void
arm(long run, long parser, unsigned n)
{
	countdown = run;
	of_parser = parser;
	deaths = n;
	parsers = 0;
}

long
dying_uses(struct workspace *w, int *status)
{
	arm(LONG_MAX, LONG_MAX, 0);
	w->opened = begin;
	*status = workspace_run(w);
	w->opened = NULL;
	tally_allocator_set(NULL);
	return LONG_MAX - countdown;
}

bool
dying_run(struct workspace *w, long n)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		arm(n, LONG_MAX, 0);
		w->opened = begin;
		_exit(workspace_run(w));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		abort();
	return WEXITSTATUS(status) != DEAD;
}

int
dying_parsers(struct workspace *w, long n, unsigned times, bool *lived)
{
	int status;

	arm(LONG_MAX, n, times);
	w->opened = begin;
	status = workspace_run(w);
	w->opened = NULL;
	tally_allocator_set(NULL);
	*lived = parsers == 1;
	return status;
}
