/* SPDX-License-Identifier: Apache-2.0 */
/* See dying.h.  Opening a run is left out: it changes nothing. */
#include "support/dying.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEAD 99

static long countdown;     /* of this process */
static long of_parsers[2]; /* of the next parser, and of the one behind it */
static unsigned parsers;

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
	countdown = of_parsers[0];
}

static void
has_forked(void)
{
	of_parsers[0] = of_parsers[1];
	of_parsers[1] = LONG_MAX;
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
arm(long run, long first, long second)
{
	countdown = run;
	of_parsers[0] = first;
	of_parsers[1] = second;
}

long
dying_uses(struct workspace *w, int *status)
{
	arm(LONG_MAX, LONG_MAX, LONG_MAX);
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
		arm(n, LONG_MAX, LONG_MAX);
		w->opened = begin;
		_exit(workspace_run(w));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		abort();
	return WEXITSTATUS(status) != DEAD;
}

int
dying_parsers(struct workspace *w, long first, long second, bool *lived)
{
	int status;

	arm(LONG_MAX, first, second);
	w->opened = begin;
	parsers = 0;
	status = workspace_run(w);
	w->opened = NULL;
	tally_allocator_set(NULL);
	*lived = parsers == 1;
	return status;
}
