/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that has given up its rights: what it still can do, and that
 * everything else ends it; also where the kernel has one mechanism only.
 */
/* For MAP_ANONYMOUS, syscall. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
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
#include <sys/prctl.h>
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

static char there[] = "/tmp/tallyman-test-sandbox-XXXXXX";
static char not_there[sizeof(there) + 4];

static char *shared; /* with the test, before it entered */
static struct sandbox_shared given;
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
	return open(not_there, O_WRONLY | O_CREAT, 0600) >= 0;
}

static int
try_unlink(void)
{
	return unlink(there) == 0;
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
try_given(void)
{
	*given.writable = 'x';
	return 0;
}

static int
try_readable(void)
{
	*(char *)(uintptr_t)given.readable = 'x';
	return 0;
}

static int
given_is_read_only(void)
{
	return given.readable[0] != 'g' ||
	    mprotect((void *)(uintptr_t)given.readable, given.n,
		PROT_READ | PROT_WRITE) == 0;
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
	/* Without seccomp it is refused as well, or what ends it does; others
	 * are not kept from everybody by the rest. */
	bool both;
} tries[] = {
	{ "open", try_open, SIGSYS, true },
	{ "create", try_create, SIGSYS, true },
	{ "unlink", try_unlink, SIGSYS, true },
	{ "stat", try_stat, SIGSYS, false },
	{ "socket", try_socket, SIGSYS, true },
	{ "fork", try_fork, SIGSYS, false },
	{ "exec", try_exec, SIGSYS, true },
	{ "map code", try_map_code, SIGSYS, false },
	{ "make code", try_protect_code, SIGSYS, false },
	{ "trace", try_trace, SIGSYS, true },
	{ "kill", try_kill, SIGSYS, false },
	{ "kill a thread", try_kill_thread, SIGSYS, false },
	{ "look into another", try_look_into, SIGSYS, false },
	{ "raise a limit", try_raise_limit, SIGSYS, false },
	{ "duplicate", try_duplicate, SIGSYS, true },
	{ "shared memory", try_shared, SIGSEGV, true },
	{ "memory to be read", try_given, SIGSEGV, true },
	{ "memory that is read", try_readable, SIGSEGV, true },
	{ "memory made writable", given_is_read_only, 0, true },
	{ "abort", try_abort, SIGABRT, true },
	{ "other descriptors", other_is_closed, 0, true },
	{ "memory", memory_ends, 0, true },
	{ "work", work_goes_on, 0, true },
};
#define TRIES (sizeof(tries) / sizeof(tries[0]))

/* From now on the kernel says that it has no such call, as old ones do. */
static bool
take_away(long nr)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(steps) / sizeof(steps[0]), steps };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a process of its own, which is said a word and may say it back; on a
 * kernel that lacks a call, or 0. */
static int
status_of(int (*act)(void), long lacking)
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
		if (lacking != 0 &&
		    (!take_away(lacking) || sandbox_missing(0) == NULL))
			_exit(98);
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
check(size_t i, int status, int signo)
{
	if (signo != 0 ? !WIFSIGNALED(status) || WTERMSIG(status) != signo
		       : status != 0)
		fail_msg("%s: status %x", tries[i].name, (unsigned)status);
}

static int
set_up(void **state)
{
	int fd = mkstemp(there);

	(void)state;
	snprintf(not_there, sizeof(not_there), "%s.new", there);
	test = getpid();
	other = open("/dev/null", O_RDONLY);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sandbox_share(&given, 4096, NULL) != TALLY_OK)
		return 1;
	*given.writable = 'g';
	return fd < 0 || close(fd) != 0 || other < 0 || shared == MAP_FAILED;
}

static int
tear_down(void **state)
{
	(void)state;
	munmap(shared, 4096);
	sandbox_unshare(&given);
	close(other);
	return unlink(there);
}

static void
skip_where(const char *why)
{
	if (why == NULL)
		return;
	print_message("skipped: %s\n", why);
	skip();
}

static void
nothing_done(void)
{
	assert_int_equal(*shared, 0);
	assert_int_equal(*given.readable, 'g');
	assert_int_equal(access(there, F_OK), 0);
	assert_int_equal(access(not_there, F_OK), -1);
}

static void
test_rights(void **state)
{
	(void)state;
	skip_where(sandbox_missing(0));
	for (size_t i = 0; i < TRIES; i++)
		check(i, status_of(tries[i].act, 0), tries[i].signo);
	nothing_done();
}

/* Each mechanism alone, on a kernel that lacks the other. */
static void
test_seccomp_alone(void **state)
{
	(void)state;
	skip_where(sandbox_missing(0));
	for (size_t i = 0; i < TRIES; i++)
		check(i, status_of(tries[i].act, SYS_landlock_create_ruleset),
		    tries[i].signo);
	nothing_done();
}

static void
test_landlock_alone(void **state)
{
	int signo;

	(void)state;
	skip_where(sandbox_missing(0));
	for (size_t i = 0; i < TRIES; i++) {
		signo = tries[i].signo == SIGSYS ? 0 : tries[i].signo;
		if (tries[i].both)
			check(i, status_of(tries[i].act, SYS_seccomp), signo);
	}
	nothing_done();
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
		cmocka_unit_test(test_seccomp_alone),
		cmocka_unit_test(test_landlock_alone),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
