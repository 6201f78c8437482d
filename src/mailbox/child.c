/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and ending the programs of OpenSSH; see child.h. */
#include "mailbox/child.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

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

int
child_start(pid_t *pid, const char *program, char *const argv[], int in,
    int out, int err)
{
	static char path[] = "PATH=/usr/bin:/bin", lang[] = "LC_ALL=C";
	char *const environment[] = { path, lang, NULL };
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
	e = posix_spawn_file_actions_adddup2(&files, in, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&files, out, 1);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&files, err, 2);
	if (e == 0)
		e = posix_spawn(pid, program, &files, &how, argv, environment);
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
