/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that has given up its rights: what it still can do, and that
 * everything else ends it.
 */
/* For MAP_ANONYMOUS, syscall. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow/sandbox.h"
#include "tallyman/mem.h"

#define MEMORY ((size_t)64 << 20)
#define OPEN   "/dev/shm/tallyman-test-sandbox"

static char *shared; /* with the test, before it entered */
static pid_t test;
static int other; /* a descriptor that is open before */

/* --- what is tried; the value is the exit status --- */

static int
try_open(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static int
try_create(void)
{
	return open(OPEN, O_WRONLY | O_CREAT, 0600) >= 0;
}

static int
try_unlink(void)
{
	return unlink(OPEN) == 0;
}

static int
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int
try_fork(void)
{
	return fork() >= 0;
}

static int
try_exec(void)
{
	char *const argv[] = { (char *)(uintptr_t) "true", NULL };

	return execv("/bin/true", argv) == 0;
}

static int
try_map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int
try_protect_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int
try_trace(void)
{
	return ptrace(PTRACE_ATTACH, test, NULL, NULL) == 0;
}

static int
try_kill(void)
{
	return kill(test, SIGUSR1) == 0;
}

static int
try_kill_thread(void)
{
	return syscall(SYS_tgkill, test, test, SIGUSR1) == 0;
}

static int
try_look_into(void)
{
	return syscall(SYS_process_vm_readv, test, NULL, 0, NULL, 0, 0) == 0;
}

static int
try_raise_limit(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_AS, &r) == 0;
}

static int
try_duplicate(void)
{
	return dup(0) >= 0;
}

static int
try_stat(void)
{
	struct stat sb;

	return stat("/", &sb) == 0;
}

static int
try_shared(void)
{
	*(volatile char *)shared = 'x';
	return 0;
}

static int
try_abort(void)
{
	abort();
}

/* --- what is allowed --- */

static int
other_is_closed(void)
{
	char c;

	return read(other, &c, 1) != -1 || errno != EBADF;
}

static int
memory_ends(void)
{
	const struct sandbox box = { 0, 1, MEMORY };
	size_t n = 0;
	char *p;

	if (sandbox_is_full(&box))
		return 2;
	while ((p = malloc(1 << 20)) != NULL && n < 2 * MEMORY) {
		memset(p, 1, 1 << 20);
		n += 1 << 20;
	}
	if (p != NULL || n < MEMORY / 2)
		return 3;
	return sandbox_is_full(&box) ? 0 : 4;
}

static int
compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int
work_goes_on(void)
{
	struct pollfd fd = { .fd = 0, .events = POLLIN };
	struct timespec t;
	char text[64];
	size_t n = 1 << 20;
	int *many = malloc(n * sizeof(*many));
	ssize_t got;

	for (size_t i = 0; many != NULL && i < n; i++)
		many[i] = (int)((i * 7919) % n);
	if (many == NULL)
		return 2;
	qsort(many, n, sizeof(*many), compare);
	if (many[0] != 0 || many[n - 1] != (int)n - 1)
		return 3;
	free(many);
	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0 || poll(&fd, 1, -1) != 1)
		return 4;
	got = read(0, text, sizeof(text));
	return got > 0 && write(1, text, (size_t)got) == got ? 0 : 5;
}

static const struct {
	const char *name;
	int (*act)(void);
	int signo; /* that ends it; 0: it exits with 0 */
} tries[] = {
	{ "open", try_open, SIGSYS },
	{ "create", try_create, SIGSYS },
	{ "unlink", try_unlink, SIGSYS },
	{ "stat", try_stat, SIGSYS },
	{ "socket", try_socket, SIGSYS },
	{ "fork", try_fork, SIGSYS },
	{ "exec", try_exec, SIGSYS },
	{ "map code", try_map_code, SIGSYS },
	{ "make code", try_protect_code, SIGSYS },
	{ "trace", try_trace, SIGSYS },
	{ "kill", try_kill, SIGSYS },
	{ "kill a thread", try_kill_thread, SIGSYS },
	{ "look into another", try_look_into, SIGSYS },
	{ "raise a limit", try_raise_limit, SIGSYS },
	{ "duplicate", try_duplicate, SIGSYS },
	{ "shared memory", try_shared, SIGSEGV },
	{ "abort", try_abort, SIGABRT },
	{ "other descriptors", other_is_closed, 0 },
	{ "memory", memory_ends, 0 },
	{ "work", work_goes_on, 0 },
};

/* In a process of its own, which is said a word and may say it back. */
static int
status_of(int (*act)(void))
{
	int to[2], from[2], status;
	struct tally_err err;
	struct sandbox box = { .memory = MEMORY };
	char word[8] = "";
	pid_t pid;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	if (pid == 0) {
		box.from = to[0];
		box.to = from[1];
		_exit(sandbox_enter(&box, &err) == TALLY_OK ? act() : 99);
	}
	assert_true(pid > 0);
	close(to[0]);
	close(from[1]);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)!write(to[1], "word", 4);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (act == work_goes_on) {
		assert_int_equal(read(from[0], word, sizeof(word)), 4);
		assert_string_equal(word, "word");
	}
	close(to[1]);
	close(from[0]);
	return status;
}

static void
test_rights(void **state)
{
	int status;

	(void)state;
	if (sandbox_missing(0) != NULL) {
		print_message("skipped: %s\n", sandbox_missing(0));
		skip();
	}
	test = getpid();
	other = open("/dev/null", O_RDONLY);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		status = status_of(tries[i].act);
		if (tries[i].signo != 0 ? !WIFSIGNALED(status) ||
			    WTERMSIG(status) != tries[i].signo
					: status != 0)
			fail_msg(
			    "%s: status %x", tries[i].name, (unsigned)status);
	}
	assert_int_equal(*shared, 0);
	assert_int_equal(access(OPEN, F_OK), -1);
	munmap(shared, 4096);
	close(other);
}

/* What is missing is told to its end, and the same each time. */
static void
test_missing(void **state)
{
	unsigned n = 0;

	(void)state;
	while (sandbox_missing(n) != NULL)
		assert_non_null(strchr(sandbox_missing(n++), ':'));
	assert_in_range(n, 0, 2);
	assert_true(sandbox_is_built() || n > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
