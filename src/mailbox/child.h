/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes: a program of a fixed place, arguments that are given, and
 * never a shell.  Programs of OpenSSH get an environment of our making,
 * commands of the configuration get ours.
 */
#ifndef TALLYMAN_MAILBOX_CHILD_H
#define TALLYMAN_MAILBOX_CHILD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The path of a program of OpenSSH, or null when it is not installed. */
const char *child_program(char path[64], const char *name);

/* The path of a command's first word: as it is if absolute, from base if it
 * has a slash, else where programs are; null when it cannot be run. */
const char *child_command(
    char path[PATH_MAX], const char *base, const char *word);

/* Starts it with three descriptors of ours as its standard ones; 0 or an
 * errno.  A group of its own keeps the terminal's signals from it. */
struct child_how {
	const char *program;
	char *const *argv;
	int in, out, err;
	bool surroundings; /* with our environment */
};
int child_start(pid_t *, const struct child_how *);

/*
 * Runs it to its end without input, for so long at most; then its group is
 * killed.  0 or an errno; ETIMEDOUT: it was killed.
 */
struct child_said {
	char *out; /* room for its output */
	size_t size, n;
	bool more;       /* it said more than there is room for */
	char words[400]; /* the end of what it said of errors, with a NUL */
	size_t words_n;
	int status; /* as of waitpid */
};
int child_run(struct child_said *, const char *program, char *const argv[],
    bool surroundings, unsigned ms);

/* Sends it a signal and waits for its end. */
void child_end(pid_t, int signal);

#endif
