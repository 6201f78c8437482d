/* SPDX-License-Identifier: Apache-2.0 */
/* See dying.h.  Opening a run is left out: it changes nothing. */
#include "support/dying.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEAD 99

static _Atomic long countdown; /* a batch is recorded by a thread */

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

static void
begin(void)
{
	static const struct tally_allocator dying = { dying_alloc,
		dying_realloc, dying_free };

	tally_allocator_set(&dying);
}

long
dying_uses(struct workspace *w, int *status)
{
	countdown = LONG_MAX;
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
		countdown = n;
		w->opened = begin;
		_exit(workspace_run(w));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		abort();
	return WEXITSTATUS(status) != DEAD;
}
