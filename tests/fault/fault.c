/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault [-q | -p] [-1] [-s SEED] [-m METHOD]… PROGRAM POISONED PRELOAD
 *
 * Proves that nothing is lost and nothing doubled: disturbs PROGRAM by each
 * method, at each point, and prints what the oracle found.  -q takes a thin
 * sample, -p one that finds what is planted; -1 ends at the first thing that
 * is wrong.  POISONED is built to die of a poison, PRELOAD is the allocator
 * that fails.  As many methods work at once as there are processors.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault/methods.h"
#include "support/sshd.h"

#define TOLD_MAX 5 /* bad points of a method that are told in full */

/* The longest first. */
static const struct method {
	const char *name;
	method_fn *run;
	bool sftp;
	bool traced;
	const char *what;
} methods[] = {
	{ "error", method_error, false, true, "errors of each system call" },
	{ "oracle", method_oracle, false, false,
	    "the oracle, on states that are spoilt" },
	{ "kill", method_kill, false, true, "killed at each system call" },
	{ "kill-sftp", method_kill_sftp, true, true,
	    "killed at every 7th, over SFTP" },
	{ "power", method_power, false, true,
	    "the power cut after each change of the disk" },
	{ "error-sftp", method_error_sftp, true, true,
	    "errors of every 37th, over SFTP" },
	{ "memory", method_memory, false, false, "a request for memory fails" },
	{ "full", method_full, false, false, "no room on the disk" },
	{ "chaos", method_chaos, false, false,
	    "ten runs at once, killed, frozen, years away" },
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

void
effort_point(struct effort *e, const struct scene *s, struct verdict *v,
    const char *fmt, ...)
{
	struct tally_buf said;
	va_list ap;

	e->points++;
	if (verdict_sum(v) == 0)
		return;
	for (int i = 0; i < WRONGS; i++)
		e->wrong[i] += v->n[i];
	if (++e->bad > TOLD_MAX)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(
	    " (seed %llu):\n%.2000s", (unsigned long long)e->seed, v->text.p);
	tally_buf_init(&said, 1u << 20);
	scene_said(s, &said);
	if (said.n > 0)
		printf("last said:\n%.500s", said.p);
	tally_buf_free(&said);
}

bool
is_clean(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	return code == 0 || code == 1 || (code >= 64 && code <= 78);
}

bool
effort_on(const struct effort *e)
{
	return !e->first || e->bad == 0;
}

static void
tell(const struct method *m, const struct effort *e, double seconds)
{
	printf("%-10s %6lu points, %lu bad:", m->name, e->points, e->bad);
	for (int i = 0; i < WRONGS; i++)
		printf(" %s %lu%s", wrong_name[i], e->wrong[i],
		    i + 1 < WRONGS ? "," : "");
	printf(" (%s; %.0f s)\n", m->what, seconds);
	fflush(stdout);
}

static double
seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Why a method cannot work here, or null. */
static const char *
missing(const struct method *m)
{
	const char *why = m->sftp ? sshd_missing() : NULL;

#ifdef __SANITIZE_ADDRESS__
	if (m->run == method_memory)
		return "a sanitizer stands before the C library's memory";
#endif
	return why != NULL || !m->traced ? why : tracer_missing();
}

static void
run(const struct method *m, struct effort *e)
{
	struct sshd sshd;
	double began = seconds_now();

	e->skipped = missing(m);
	if (e->skipped != NULL) {
		printf("%s skipped: %s\n", m->name, e->skipped);
		return;
	}
	rnd_seed(&e->rnd, e->seed);
	if (m->sftp) {
		sshd_start(&sshd, NULL, NULL);
		e->sshd = &sshd;
	}
	m->run(e);
	if (m->sftp)
		sshd_stop(&sshd);
	tell(m, e, seconds_now() - began);
}

struct tally {
	unsigned long passed, failed, skipped;
};

/* Runs a method in a process of its own, which writes what it counted. */
static void
start(const struct method *m, const struct effort *like, int to)
{
	struct effort e = *like;
	struct tally t;

	fflush(stdout);
	switch (fork()) {
	case -1:
		perror("fault: fork");
		exit(1);
	case 0:
		break;
	default:
		return;
	}
	run(m, &e);
	t = (struct tally){ e.points - e.bad, e.bad, e.skipped != NULL };
	/* Atomic: it is less than PIPE_BUF. */
	if (write(to, &t, sizeof(t)) != (ssize_t)sizeof(t))
		_exit(1);
	exit(0);
}

/* Waits for one of them.  One that did not count has failed. */
static void
finish(int from, struct tally *sum)
{
	struct tally t = { .failed = 1 };
	int status;

	if (wait(&status) < 0) {
		perror("fault: wait");
		exit(1);
	}
	if (status == 0 && read(from, &t, sizeof(t)) != (ssize_t)sizeof(t))
		t = (struct tally){ .failed = 1 };
	sum->passed += t.passed;
	sum->failed += t.failed;
	sum->skipped += t.skipped;
}

static bool
is_chosen(const char *name, char *const *chosen, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(chosen[i], name) == 0)
			return true;
	return n == 0;
}

int
main(int argc, char **argv)
{
	struct effort like = { .seed = rnd_env("SEED", 1) };
	long most = sysconf(_SC_NPROCESSORS_ONLN), running = 0;
	char *chosen[16];
	size_t n = 0;
	struct tally sum = { 0 };
	int c, counted[2];

	while ((c = getopt(argc, argv, "qp1s:m:")) != -1) {
		if (c == 'q')
			like.density = THIN;
		else if (c == 'p')
			like.density = PLANTED_ONLY;
		else if (c == '1')
			like.first = true;
		else if (c == 's')
			like.seed = strtoull(optarg, NULL, 10);
		else if (c == 'm' && n < sizeof(chosen) / sizeof(chosen[0]))
			chosen[n++] = optarg;
		else
			return 2;
	}
	if (argc - optind != 3)
		return 2;
	like.program = argv[optind];
	like.poisoned = argv[optind + 1];
	like.preload = argv[optind + 2];
	if (pipe(counted) != 0) {
		perror("fault: pipe");
		return 1;
	}
	for (size_t i = 0; i < METHODS; i++) {
		if (!is_chosen(methods[i].name, chosen, n))
			continue;
		if (running == most) {
			finish(counted[0], &sum);
			running--;
		}
		start(&methods[i], &like, counted[1]);
		running++;
	}
	for (; running > 0; running--)
		finish(counted[0], &sum);
	if (sum.passed + sum.failed + sum.skipped == 0) {
		printf("fault: there is no method of that name\n");
		sum.failed++;
	}
	printf("fault: %lu passed, %lu failed, %lu skipped\n", sum.passed,
	    sum.failed, sum.skipped);
	return sum.failed != 0;
}
