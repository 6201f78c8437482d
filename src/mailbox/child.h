/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child process that gets nothing from its surroundings: a program of a
 * fixed place, arguments that are given, an environment of our making.
 */
#ifndef TALLYMAN_MAILBOX_CHILD_H
#define TALLYMAN_MAILBOX_CHILD_H

#include <sys/types.h>

/* The path of a program of OpenSSH, or null when it is not installed. */
const char *child_program(char path[64], const char *name);

/* Starts it with three descriptors of ours as its standard ones; 0 or an
 * errno.  A group of its own keeps the terminal's signals from it. */
int child_start(
    pid_t *, const char *program, char *const argv[], int in, int out, int err);

/* Sends it a signal and waits for its end. */
void child_end(pid_t, int signal);

#endif
