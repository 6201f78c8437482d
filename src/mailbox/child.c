/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, hearing and ending other programs; see child.h. */
#define _GNU_SOURCE /* pipe2, environ */
#include "mailbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/link.h"

#define REAP_MS 10 /* between looks at a child that has closed its output */

const char *
child_program(char path[64], const char *name)
{
	static const char *const folder[] = { "/usr/bin", "/usr/local/bin",
		"/bin" };

	for (size_t i = 0; i < sizeof(folder) / sizeof(folder[0]); i++) {
		snprintf(path, 64, "%s/%s", folder[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

const char *
child_command(char path[PATH_MAX], const char *base, const char *word)
{
	char found[64];
	int n;

	if (word[0] == '/' || base == NULL)
		n = snprintf(path, PATH_MAX, "%s", word);
	else if (strchr(word, '/') != NULL)
		n = snprintf(path, PATH_MAX, "%s/%s", base, word);
	else if (strlen(word) < 40 && child_program(found, word) != NULL)
		n = snprintf(path, PATH_MAX, "%s", found);
	else
		return NULL;
	return n > 0 && n < PATH_MAX && access(path, X_OK) == 0 ? path : NULL;
}

int
child_start(pid_t *pid, const struct child_how *c)
{
	static char path[] = "PATH=/usr/bin:/bin", lang[] = "LC_ALL=C";
	char *const ours[] = { path, lang, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, pipe_only;
	int e = posix_spawn_file_actions_init(&files);

	if (e != 0)
		return e;
	e = posix_spawnattr_init(&how);
	if (e != 0) {
		posix_spawn_file_actions_destroy(&files);
		return e;
	}
	sigemptyset(&none);
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &pipe_only);
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setflags(&how,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
		POSIX_SPAWN_SETPGROUP);
	e = posix_spawn_file_actions_adddup2(&files, c->in, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&files, c->out, 1);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&files, c->err, 2);
	if (e == 0)
		e = posix_spawn(pid, c->program, &files, &how, c->argv,
		    c->surroundings ? environ : ours);
	if (e != 0)
		*pid = 0;
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	return e;
}

void
child_end(pid_t pid, int signal)
{
	kill(pid, signal);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Keeps the beginning of what is said. */
static void
keep(struct child_said *s, const char *p, size_t n)
{
	if (n > s->size - s->n) {
		n = s->size - s->n;
		s->more = true;
	}
	if (n > 0)
		memcpy(s->out + s->n, p, n);
	s->n += n;
}

/* Keeps the end of what is said. */
static void
keep_end(struct child_said *s, const char *p, size_t n)
{
	size_t max = sizeof(s->words) - 1, old;

	if (n > max) {
		p += n - max;
		n = max;
	}
	old = s->words_n < max - n ? s->words_n : max - n;
	memmove(s->words, s->words + s->words_n - old, old);
	memcpy(s->words + old, p, n);
	s->words_n = old + n;
	s->words[s->words_n] = '\0';
}

/* What one of its two pipes has; false at the end of it. */
static bool
hear(struct child_said *s, int fd, bool errors)
{
	char block[1024];
	ssize_t n;

	do
		n = read(fd, block, sizeof(block));
	while (n < 0 && errno == EINTR);
	if (n > 0 && errors)
		keep_end(s, block, (size_t)n);
	else if (n > 0)
		keep(s, block, (size_t)n);
	explicit_bzero(block, sizeof(block));
	return n > 0;
}

/* Until both pipes have ended; false when the time is over. */
static bool
hear_all(struct child_said *s, int out, int err, int64_t end)
{
	struct pollfd p[2] = { { .fd = out, .events = POLLIN },
		{ .fd = err, .events = POLLIN } };
	int64_t left;

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		left = end - link_now();
		if (left <= 0)
			return false;
		if (poll(p, 2, (int)left) <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (p[i].revents != 0 && !hear(s, p[i].fd, i == 1))
				p[i].fd = -1;
	}
	return true;
}

/* Waits for its end; false when the time is over. */
static bool
reap(pid_t pid, int *status, int64_t end)
{
	pid_t got;

	for (;;) {
		got = waitpid(pid, status, WNOHANG);
		if (got == pid || (got < 0 && errno != EINTR))
			return true;
		if (link_now() >= end)
			return false;
		(void)poll(NULL, 0, REAP_MS);
	}
}

static void
close_two(int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

int
child_run(struct child_said *s, const char *program, char *const argv[],
    bool surroundings, unsigned ms)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, e = 0;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int64_t end = link_now() + ms;
	pid_t pid = 0;

	s->n = s->words_n = 0;
	s->more = false;
	s->words[0] = '\0';
	if (null < 0 || pipe2(out, O_CLOEXEC) != 0 ||
	    pipe2(err, O_CLOEXEC) != 0)
		e = errno;
	if (e == 0)
		e = child_start(&pid,
		    &(struct child_how){
			program, argv, null, out[1], err[1], surroundings });
	if (e == 0) {
		close(out[1]);
		close(err[1]);
		out[1] = err[1] = -1;
		if (!hear_all(s, out[0], err[0], end) ||
		    !reap(pid, &s->status, end)) {
			kill(-pid, SIGKILL);
			child_end(pid, SIGKILL);
			e = ETIMEDOUT;
		}
	}
	close_two(out);
	close_two(err);
	if (null >= 0)
		close(null);
	return e;
}
