/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is woken beside its maker, on another processor. */
/* For cpu_set_t and sched_getcpu. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "flow/apart.h"

#define TURNS 200

struct beside {
	pid_t pid;
	int to, from;
};

/* Says with each byte that comes on which processor that was. */
static void
tell(int from, int to)
{
	char c;
	int here;

	while (read(from, &c, 1) == 1) {
		here = sched_getcpu();
		if (!tally_write_all(to, &here, sizeof(here)))
			break;
	}
	_exit(0);
}

static int
set_up(void **state)
{
	static struct beside b;
	int there[2], back[2];

	if (pipe(there) != 0 || pipe(back) != 0)
		return -1;
	b.pid = fork();
	if (b.pid == 0) {
		close(there[1]);
		close(back[0]);
		tell(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	b.to = there[1];
	b.from = back[0];
	*state = &b;
	return b.pid > 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct beside *b = *state;

	close(b->to);
	close(b->from);
	return waitpid(b->pid, NULL, 0) == b->pid ? 0 : -1;
}

/* One that may only run where the caller is, which it was: where it woke.
 * False: the caller was moved meanwhile. */
static bool
wake(const struct beside *b, int *other, int *here)
{
	cpu_set_t set;
	int behind;

	*here = sched_getcpu();
	CPU_ZERO(&set);
	CPU_SET(*here, &set);
	assert_int_equal(sched_setaffinity(b->pid, sizeof(set), &set), 0);
	apart_begin(b->pid);
	assert_int_equal(write(b->to, "x", 1), 1);
	behind = sched_getcpu();
	assert_int_equal(read(b->from, other, sizeof(*other)), sizeof(*other));
	apart_end(b->pid);
	return *here == behind;
}

static void
wakes_on_another_processor(void **state)
{
	cpu_set_t set;
	int other, here, n = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	if (CPU_COUNT(&set) < 2)
		skip();
	for (int i = 0; i < TURNS; i++) {
		if (!wake(*state, &other, &here))
			continue;
		assert_int_not_equal(other, here);
		n++;
	}
	assert_true(n > 0);
}

static void
may_go_anywhere_behind_that(void **state)
{
	struct beside *b = *state;
	cpu_set_t mine, its;

	apart_begin(b->pid);
	apart_end(b->pid);
	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	assert_int_equal(sched_getaffinity(b->pid, sizeof(its), &its), 0);
	assert_true(CPU_EQUAL(&mine, &its));
}

/* With one processor there is no other; it runs all the same. */
static void
runs_where_there_is_one(void **state)
{
	struct beside *b = *state;
	cpu_set_t all, one;
	int other = -1, here = sched_getcpu(), there;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET(here, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_true(wake(b, &other, &there));
	assert_int_equal(other, here);
	assert_int_equal(there, here);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	apart_end(b->pid);
}

/* One that has ended is none of its business. */
static void
leaves_one_that_ended(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	apart_begin(pid);
	apart_end(pid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    wakes_on_another_processor, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    may_go_anywhere_behind_that, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    runs_where_there_is_one, set_up, tear_down),
		cmocka_unit_test(leaves_one_that_ended),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
