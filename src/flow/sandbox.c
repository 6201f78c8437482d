/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up rights; see sandbox.h.
 *
 * seccomp forbids system calls, Landlock files and network by what they are,
 * limits of resources even what the two might miss.  The filter is a list of
 * what may be called; everything else ends the process, so a new system call of
 * a new kernel is forbidden as well.
 *
 * SANDBOX 0 builds one that only ends with its parent: for tools that need to
 * open files of their own in the process they watch.
 */
/* For syscall, close_range's number, MAP_ANONYMOUS and memfd_create. */
#define _GNU_SOURCE
#include "flow/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SANDBOX
#define SANDBOX 1
#endif

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0
#endif

/* Of linux/landlock.h, which may be older than the kernel. */
#define LANDLOCK_CREATE   444
#define LANDLOCK_RESTRICT 446
#define LANDLOCK_VERSION  1u

struct landlock_rights {
	uint64_t files, network, scoped;
};

/* What computing needs.  Those with PROT_EXEC, and signals to others, are
 * looked at more closely in the filter. */
static const int allowed[] = {
	SYS_read,
	SYS_write,
	SYS_writev, /* the words of a failed assertion */
#ifdef SYS_poll
	SYS_poll,
#endif
	SYS_ppoll,
	SYS_futex,
	SYS_munmap,
	SYS_mremap,
	SYS_brk,
	SYS_madvise,
	SYS_exit,
	SYS_exit_group,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_getrandom,
	SYS_sysinfo, /* how much memory sorting may take */
	SYS_getpid,
	SYS_gettid,
	SYS_rt_sigreturn,
	SYS_rt_sigprocmask,
	SYS_restart_syscall,
};
#define ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

static bool
has_seccomp(void)
{
	const uint32_t kill_process = SECCOMP_RET_KILL_PROCESS;

	return SANDBOX && ARCH != 0 &&
	    syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill_process) ==
	    0;
}

/* 0: there is none. */
static long
landlock_version(void)
{
	long version =
	    SANDBOX ? syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION) : 0;

	return version > 0 ? version : 0;
}

bool
sandbox_is_built(void)
{
	return SANDBOX;
}

const char *
sandbox_missing(unsigned i)
{
	const char *all[4] = { NULL };
	unsigned n = 0;

	if (!SANDBOX)
		all[n++] = "this program was built with SANDBOX=no: what reads "
			   "partners' bytes has all rights of the program";
	else if (!has_seccomp())
		all[n++] = "this kernel has no seccomp, or the program does "
			   "not know this machine's: what reads partners' "
			   "bytes could call on the kernel for anything that "
			   "the user may do";
	if (SANDBOX && landlock_version() == 0)
		all[n++] = "this kernel has no Landlock: what reads partners' "
			   "bytes is kept from files by one lock, not by two";
	return i < n ? all[i] : NULL;
}

static enum tally_rc
refused(struct tally_err *err, const char *what)
{
	return tally_err_errno(
	    err, TALLY_TEMP, "the parser's rights cannot be taken: %s", what);
}

/* --- memory --- */

/* A line of /proc/self/maps.  What is shared and can be written to is gone
 * then: changes of it would be seen by others. */
static bool
part(const char *line, size_t *total)
{
	uintptr_t from, to;
	char rights[5];

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, rights) !=
	    3)
		return true;
	*total += to - from;
	return rights[1] != 'w' || rights[3] != 's' ||
	    munmap((void *)from, to - from) == 0;
}

/* Also how much there is. */
static bool
part_with_all(size_t *total)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen("/proc/self/maps", "re");
	bool ok = true;

	*total = 0;
	if (f == NULL)
		return false;
	setvbuf(f, NULL, _IOFBF, 1 << 16);
	while (getline(&line, &size, f) > 0)
		ok = part(line, total) && ok;
	free(line);
	fclose(f);
	return ok;
}

static bool
limit(int resource, rlim_t most)
{
	struct rlimit r;

	if (getrlimit(resource, &r) != 0)
		return false;
	if (r.rlim_max < most)
		most = r.rlim_max;
	r.rlim_cur = r.rlim_max = most;
	return setrlimit(resource, &r) == 0;
}

bool
sandbox_is_full(const struct sandbox *s)
{
	/* Lists grow by doubling: what did not fit was as large as that. */
	size_t n = s->memory / 2;
	void *p = mmap(NULL, n, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return true;
	munmap(p, n);
	return false;
}

/* --- memory that is shared --- */

static char *
map(int fd, int rights, size_t n)
{
	void *p =
	    fd >= 0 ? mmap(NULL, n, rights, MAP_SHARED, fd, 0) : MAP_FAILED;

	return p != MAP_FAILED ? p : NULL;
}

/* A mapping by a descriptor that can only read cannot be made writable later;
 * the other one does not stay in the sandbox. */
enum tally_rc
sandbox_share(struct sandbox_shared *s, size_t n, struct tally_err *err)
{
	char path[64];
	int fd = memfd_create("tallyman", MFD_CLOEXEC), readable = -1;
	enum tally_rc rc = TALLY_OK;

	*s = (struct sandbox_shared){ .n = n };
	if (fd >= 0 && ftruncate(fd, (off_t)n) == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		readable = open(path, O_RDONLY | O_CLOEXEC);
		s->readable = map(readable, PROT_READ, n);
		s->writable = map(fd, PROT_READ | PROT_WRITE, n);
	}
	if (s->readable == NULL || s->writable == NULL) {
		rc = tally_err_errno(err, TALLY_TEMP,
		    "no memory can be shared (is /proc mounted?)");
		sandbox_unshare(s);
	}
	if (readable >= 0)
		close(readable);
	if (fd >= 0)
		close(fd);
	return rc;
}

void
sandbox_unshare(struct sandbox_shared *s)
{
	if (s->writable != NULL)
		munmap(s->writable, s->n);
	if (s->readable != NULL)
		munmap((void *)(uintptr_t)s->readable, s->n);
	*s = (struct sandbox_shared){ .n = 0 };
}

/* --- descriptors --- */

/* Where the kernel cannot do it at once. */
static bool
close_listed(int from)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;
	int fd;

	if (dir == NULL)
		return false;
	while ((d = readdir(dir)) != NULL) {
		fd = (int)strtol(d->d_name, NULL, 10);
		if (fd >= from && fd != dirfd(dir))
			(void)close(fd);
	}
	return closedir(dir) == 0;
}

static bool
close_others(int from)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)from, ~0u, 0u) == 0)
		return true;
#endif
	return close_listed(from);
}

static bool
keep_two(const struct sandbox *s)
{
	/* Out of the way of where they are going to be. */
	int from = fcntl(s->from, F_DUPFD, 3), to = fcntl(s->to, F_DUPFD, 3);

	return from >= 0 && to >= 0 && dup2(from, 0) == 0 && dup2(to, 1) == 1 &&
	    close_others(SANDBOX ? 2 : 3);
}

/* --- rights --- */

/* What the program does about signals is not for this process to do. */
static bool
plain_signals(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	sigemptyset(&usual.sa_mask);
	for (int i = 1; i < SIGRTMIN; i++)
		(void)sigaction(i, &usual, NULL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static bool
no_files(void)
{
	/* What each version of the interface added. */
	static const struct landlock_rights all[] = { { 0x1fff, 0, 0 },
		{ 0x3fff, 0, 0 }, { 0x7fff, 0, 0 }, { 0x7fff, 3, 0 },
		{ 0xffff, 3, 0 }, { 0xffff, 3, 3 } };
	const long n = sizeof(all) / sizeof(all[0]);
	long version = landlock_version(), fd;
	bool ok;

	if (version == 0)
		return true;
	fd = syscall(LANDLOCK_CREATE, &all[version < n ? version - 1 : n - 1],
	    version < 4       ? sizeof(uint64_t)
		: version < 6 ? 2 * sizeof(uint64_t)
			      : sizeof(*all),
	    0u);
	ok = fd >= 0 && syscall(LANDLOCK_RESTRICT, fd, 0u) == 0;
	if (fd >= 0)
		close((int)fd);
	return ok;
}

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
	    (uint32_t)offsetof(struct seccomp_data, field))
#define GIVE(what) BPF_STMT(BPF_RET | BPF_K, (what))
/* Passes over the next so many where the value is another. */
#define UNLESS(value, skip) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, (skip))
#define UNLESS_BIT(bits, skip) \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, (skip))

#define HEAD (sizeof(head) / sizeof(head[0]))
#define TAIL (sizeof(tail) / sizeof(tail[0]))

/* The lower half of an argument; both machines are little endian. */
static bool
filter(void)
{
	const struct sock_filter head[] = { LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		GIVE(SECCOMP_RET_KILL_PROCESS), LOAD(nr) };
	const struct sock_filter tail[] = {
		/* mmap and mprotect: nothing that can be executed */
		UNLESS(SYS_mmap, 1), BPF_STMT(BPF_JMP | BPF_JA, 1),
		UNLESS(SYS_mprotect, 4), LOAD(args[2]),
		UNLESS_BIT(PROT_EXEC, 1), GIVE(SECCOMP_RET_KILL_PROCESS),
		GIVE(SECCOMP_RET_ALLOW),
		/* abort: a signal to itself */
		UNLESS(SYS_tgkill, 3), LOAD(args[0]), UNLESS(getpid(), 1),
		GIVE(SECCOMP_RET_ALLOW), GIVE(SECCOMP_RET_KILL_PROCESS)
	};
	struct sock_filter all[HEAD + 2 * ALLOWED + TAIL];
	struct sock_fprog program = { .filter = all };
	unsigned short n = 0;

	memcpy(all, head, sizeof(head));
	n = HEAD;
	for (size_t i = 0; i < ALLOWED; i++) {
		all[n++] = (struct sock_filter)UNLESS(allowed[i], 1);
		all[n++] = (struct sock_filter)GIVE(SECCOMP_RET_ALLOW);
	}
	memcpy(all + n, tail, sizeof(tail));
	program.len = (unsigned short)(n + TAIL);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int
compare(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/* Some C libraries look up, when they first sort more than a little, how much
 * memory there is, and remember it. */
static void
sort_once(void)
{
	char much[4096] = "";

	qsort(much, sizeof(much), 1, compare);
}

enum tally_rc
sandbox_enter(const struct sandbox *s, struct tally_err *err)
{
	size_t mapped;

	if (!keep_two(s))
		sandbox_exit(1);
	if (!SANDBOX)
		return TALLY_OK;
	if (!part_with_all(&mapped))
		return refused(
		    err, "memory that is shared (is /proc mounted?)");
	sort_once();
	(void)setsid();
	if (!plain_signals())
		return refused(err, "signals");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return refused(err, "new privileges");
	if (!no_files())
		return refused(err, "files");
	if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_NOFILE, 2) ||
	    !limit(RLIMIT_FSIZE, 0) || !limit(RLIMIT_NPROC, 0) ||
	    !limit(RLIMIT_AS, mapped + s->memory))
		return refused(err, "resources");
	if (has_seccomp() && !filter())
		return refused(err, "system calls");
	return TALLY_OK;
}

void
sandbox_exit(int status)
{
	/* Tools that watch a program write down what they saw at its end. */
	if (!SANDBOX)
		exit(status);
	_exit(status);
}
