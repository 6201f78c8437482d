/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timed NAME COMMAND…: runs the command, its output discarded, and prints one
 * line: the name, seconds of wall clock, seconds of CPU, greatest memory in
 * KiB, exit status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

int
main(int argc, char **argv)
{
	struct rusage usage;
	double wall;
	int status, null;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: timed NAME COMMAND...\n");
		return 64;
	}
	wall = now();
	pid = fork();
	if (pid == 0) {
		null = open("/dev/null", O_WRONLY);
		if (null >= 0)
			dup2(null, STDOUT_FILENO);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("timed");
		return 71;
	}
	wall = now() - wall;
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%s %.6f %.6f %ld %d\n", argv[1], wall,
	    seconds(&usage.ru_utime) + seconds(&usage.ru_stime),
	    usage.ru_maxrss,
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
