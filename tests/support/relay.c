/* SPDX-License-Identifier: Apache-2.0 */
/* See relay.h. */
#define _GNU_SOURCE
#include "relay.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 16

static void
run(const char *self, char *const argv[], int in, int out)
{
	char program[PATH_MAX + 32], path[PATH_MAX], *slash;

	if (realpath(self, path) == NULL)
		_exit(127);
	slash = strrchr(path, '/');
	*slash = '\0';
	snprintf(program, sizeof(program), "%s/../support/relay", path);
	dup2(in, 0);
	dup2(out, 1);
	execv(program, argv);
	_exit(127);
}

void
relay_start(struct relay *r, const char *self, const char *kind, unsigned port,
    const char *options)
{
	char number[16], words[400], said[32] = "", *argv[WORDS], *save = NULL;
	char name[] = "relay", what[16];
	int in[2], out[2];
	size_t n = 3;

	snprintf(number, sizeof(number), "%u", port);
	snprintf(words, sizeof(words), "%s", options);
	snprintf(what, sizeof(what), "%s", kind);
	argv[0] = name;
	argv[1] = what;
	argv[2] = number;
	for (char *w = strtok_r(words, " ", &save); w != NULL && n < WORDS - 1;
	     w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		abort();
	r->pid = fork();
	if (r->pid == 0)
		run(self, argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	r->in = in[1];
	if (r->pid < 0 || read(out[0], said, sizeof(said) - 1) <= 0) {
		fprintf(stderr, "the relay does not start\n");
		abort();
	}
	close(out[0]);
	r->port = (unsigned)strtoul(said, NULL, 10);
}

void
relay_stop(struct relay *r)
{
	close(r->in);
	while (waitpid(r->pid, NULL, 0) != r->pid)
		;
}
