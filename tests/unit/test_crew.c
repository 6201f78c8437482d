/* SPDX-License-Identifier: Apache-2.0 */
/* A crew: order, results, and what becomes of the work of one that dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command/crew.h"

#define THINGS 60

struct job {
	pid_t caller;
	bool deadly; /* every seventh thing kills the worker that has it */
	size_t next; /* whose result is due */
};

static int
work(void *ctx, size_t i)
{
	static const struct timespec a_while = { 0, 20000000 };
	struct job *job = ctx;

	if (job->deadly && i % 7 == 3 && getpid() != job->caller) {
		printf("never to be seen\n");
		fflush(stdout);
		kill(getpid(), SIGKILL);
	}
	/* The first ones take longest. */
	if (i < 4)
		nanosleep(&a_while, NULL);
	printf("thing %zu\n", i);
	fprintf(stderr, "said %zu\n", i);
	return (int)i * 3;
}

static void
done(void *ctx, int result)
{
	struct job *job = ctx;

	assert_int_equal(result, (int)job->next++ * 3);
}

/* Puts a file in the place of a stream; returns what was there. */
static int
redirect(FILE *stream, FILE *to)
{
	int was = dup(fileno(stream));

	fflush(stream);
	assert_true(was >= 0 && dup2(fileno(to), fileno(stream)) >= 0);
	return was;
}

static void
restore(FILE *stream, int was)
{
	fflush(stream);
	assert_true(dup2(was, fileno(stream)) >= 0);
	close(was);
}

static void
expect_lines(FILE *f, const char *word, size_t n)
{
	char line[64], want[64];

	rewind(f);
	for (size_t i = 0; i < n; i++) {
		snprintf(want, sizeof(want), "%s %zu\n", word, i);
		assert_non_null(fgets(line, sizeof(line), f));
		assert_string_equal(line, want);
	}
	assert_null(fgets(line, sizeof(line), f));
}

static void
try(size_t n, size_t size, bool deadly)
{
	struct job job = { .caller = getpid(), .deadly = deadly };
	struct crew crew = { &job, work, done };
	FILE *out = tmpfile(), *err = tmpfile();
	int was_out, was_err;

	assert_true(out != NULL && err != NULL);
	was_out = redirect(stdout, out);
	was_err = redirect(stderr, err);
	crew_work(&crew, n, size);
	restore(stdout, was_out);
	restore(stderr, was_err);
	assert_int_equal(job.next, n);
	expect_lines(out, "thing", n);
	expect_lines(err, "said", n);
	fclose(out);
	fclose(err);
}

static void
test_order(void **state)
{
	(void)state;
	try(0, 4, false);
	try(1, 4, false);
	try(THINGS, 1, false);
	try(THINGS, 2, false);
	try(THINGS, 7, false);
	try(3, 64, false);
}

/* Those that are left do the rest; when nobody is, the caller does. */
static void
test_deaths(void **state)
{
	(void)state;
	try(THINGS, 3, true);
	try(THINGS, 32, true);
	try(11, 2, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_deaths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
