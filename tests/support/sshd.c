/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sshd.h.  Its sessions make process groups of their own: they are found
 * as descendants of the listener and ended by number; being the subreaper, the
 * test is then their parent and waits for each.
 */
#define _GNU_SOURCE
#include "sshd.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tallyman/err.h"

#include "mailbox_sink.h"

#define READY_MS 10000

/* Listeners that are running, so that none is taken for another's orphan. */
static pid_t listener[8];
#define NLISTENERS (sizeof(listener) / sizeof(listener[0]))

static void
note_listener(pid_t old, pid_t new)
{
	for (size_t i = 0; i < NLISTENERS; i++)
		if (listener[i] == old) {
			listener[i] = new;
			return;
		}
}

static bool
is_listener(pid_t pid)
{
	for (size_t i = 0; i < NLISTENERS; i++)
		if (listener[i] == pid)
			return true;
	return false;
}

static const char *
find_sshd(void)
{
	static const char *const path[] = { "/usr/sbin/sshd",
		"/usr/local/sbin/sshd", "/sbin/sshd" };

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++)
		if (access(path[i], X_OK) == 0)
			return path[i];
	return NULL;
}

const char *
sshd_missing(void)
{
	if (find_sshd() == NULL)
		return "sshd is not installed";
	if (access("/usr/bin/ssh-keygen", X_OK) != 0)
		return "ssh-keygen is not installed";
	return NULL;
}

static void
die(const char *what)
{
	fprintf(stderr, "sshd for tests: %s: %s\n", what, strerror(errno));
	abort();
}

static void
run(const char *const argv[])
{
	int status, null;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die(argv[0]);
}

static void
keygen(const char *type, const char *path, const char *passphrase)
{
	const char *argv[] = { "/usr/bin/ssh-keygen", "-q", "-t", type, "-N",
		passphrase, "-C", "test", "-f", path, NULL };

	run(argv);
}

static void format(char *out, size_t size, const char *fmt, ...)
    TALLY_PRINTF(3, 4);

static void
format(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, size, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		die(fmt);
	}
}

/* The public half of a key as it is pinned: type and base64. */
static void
read_public(char *out, size_t size, const char *key)
{
	char path[400], *p;
	FILE *f;

	format(path, sizeof(path), "%s.pub", key);
	f = fopen(path, "r");
	if (f == NULL || fgets(out, (int)size, f) == NULL)
		die(path);
	fclose(f);
	p = strchr(out, ' ');
	if (p != NULL)
		p = strchr(p + 1, ' ');
	if (p != NULL)
		*p = '\0';
}

static void
read_fingerprint(char *out, size_t size, const char *key)
{
	char command[500], line[300], *p;
	FILE *f;

	format(command, sizeof(command), "ssh-keygen -l -f '%s.pub'", key);
	f = popen(command, "r");
	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		die(command);
	pclose(f);
	p = strstr(line, "SHA256:");
	if (p == NULL)
		die(line);
	p[strcspn(p, " \n")] = '\0';
	format(out, size, "%s", p);
}

static void
authorize(const struct sshd *s, const char *key)
{
	char path[400], line[1024];
	FILE *f;

	read_public(line, sizeof(line), key);
	format(path, sizeof(path), "%s/authorized_keys", s->dir);
	f = fopen(path, "a");
	if (f == NULL || fprintf(f, "%s\n", line) < 0 || fclose(f) != 0)
		die(path);
	chmod(path, 0644);
}

static void
make_keys(struct sshd *s)
{
	char host[300];
	FILE *f;

	format(host, sizeof(host), "%s/host_ed25519", s->dir);
	keygen("ed25519", host, "");
	read_public(s->ed25519, sizeof(s->ed25519), host);
	format(host, sizeof(host), "%s/host_ecdsa", s->dir);
	keygen("ecdsa", host, "");
	read_public(s->ecdsa, sizeof(s->ecdsa), host);
	read_fingerprint(s->sha256, sizeof(s->sha256), host);
	format(s->key, sizeof(s->key), "%s/key", s->dir);
	keygen("ed25519", s->key, "");
	authorize(s, s->key);
	format(s->key_ecdsa, sizeof(s->key_ecdsa), "%s/key_ecdsa", s->dir);
	keygen("ecdsa", s->key_ecdsa, "");
	authorize(s, s->key_ecdsa);
	format(s->key_locked, sizeof(s->key_locked), "%s/key_locked", s->dir);
	keygen("ed25519", s->key_locked, "open sesame");
	authorize(s, s->key_locked);
	format(
	    s->key_unknown, sizeof(s->key_unknown), "%s/key_unknown", s->dir);
	keygen("ed25519", s->key_unknown, "");
	format(s->passphrase, sizeof(s->passphrase), "%s/passphrase", s->dir);
	f = fopen(s->passphrase, "w");
	if (f == NULL || fputs("open sesame\n", f) < 0 || fclose(f) != 0)
		die(s->passphrase);
	chmod(s->passphrase, 0600);
}

void
sshd_rsa(struct sshd *s)
{
	format(s->key_rsa, sizeof(s->key_rsa), "%s/key_rsa", s->dir);
	keygen("rsa", s->key_rsa, "");
	authorize(s, s->key_rsa);
}

static unsigned
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		die("a free port");
	close(fd);
	return ntohs(a.sin_port);
}

static void
write_config(
    const struct sshd *s, const char *path, const char *sub, const char *extra)
{
	FILE *f = fopen(path, "w");
	char command[1000];
	size_t n;

	if (f == NULL)
		die(path);
	format(command, sizeof(command), "%s",
	    sub != NULL ? sub : "internal-sftp");
	n = strlen(command);
	if (command[n - 1] == '@')
		format(command + n - 1, sizeof(command) - n + 1, "%s", s->dir);
	/* The first value of an option counts: extra before the rest. */
	fprintf(f,
	    "%s"
	    "Port %u\n"
	    "ListenAddress 127.0.0.1\n"
	    "PidFile none\n"
	    "HostKey %s/host_ed25519\n"
	    "HostKey %s/host_ecdsa\n"
	    "AuthorizedKeysFile %s/authorized_keys\n"
	    "StrictModes no\n"
	    "UsePAM no\n"
	    "PasswordAuthentication no\n"
	    "KbdInteractiveAuthentication no\n"
	    "PermitRootLogin prohibit-password\n"
	    "Subsystem sftp %s\n",
	    extra != NULL ? extra : "", s->port, s->dir, s->dir, s->dir,
	    command);
	if (fclose(f) != 0)
		die(path);
}

static bool
listens(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	rc = connect(fd, (struct sockaddr *)&a, sizeof(a));
	close(fd);
	return rc == 0;
}

static void
launch(struct sshd *s, const char *config)
{
	char log[300];
	int fd;

	format(log, sizeof(log), "%s/log", s->dir);
	s->pid = fork();
	if (s->pid < 0)
		die("fork");
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = open("/dev/null", O_RDWR);
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		execl(find_sshd(), find_sshd(), "-D", "-f", config, "-E", log,
		    (char *)NULL);
		_exit(127);
	}
	note_listener(0, s->pid);
	for (int ms = 0; ms < READY_MS; ms += 5) {
		if (listens(s->port))
			return;
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			break;
		poll(NULL, 0, 5);
	}
	fprintf(stderr, "see %s\n", log);
	die("does not listen");
}

void
sshd_start(struct sshd *s, const char *subsystem, const char *extra)
{
	const struct passwd *pw = getpwuid(geteuid());
	char config[300];

	memset(s, 0, sizeof(*s));
	if (pw == NULL)
		die("who am I");
	if (geteuid() == 0)
		mkdir("/run/sshd", 0755); /* sshd refuses to run without */
	/* Sessions that lose their parent come to us, not to init. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	scratch_make(s->dir);
	chmod(s->dir, 0755);
	format(s->user, sizeof(s->user), "%s", pw->pw_name);
	format(s->root, sizeof(s->root), "%s/root", s->dir);
	if (mkdir(s->root, 0755) != 0)
		die(s->root);
	make_keys(s);
	s->port = free_port();
	format(config, sizeof(config), "%s/sshd_config", s->dir);
	write_config(s, config, subsystem, extra);
	launch(s, config);
	format(s->url, sizeof(s->url), "sftp://%s@127.0.0.1:%u%s", s->user,
	    s->port, s->root);
}

/* The parent of a process, as /proc tells it; 0 when it is gone.  ours: it
 * has the name of one that sshd starts. */
static pid_t
parent_of(pid_t pid, bool *ours)
{
	char path[64], line[512], *p, *name;
	int parent = 0;
	FILE *f;

	format(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) != NULL) {
		p = strrchr(line, ')'); /* the name may hold anything */
		if (p == NULL || sscanf(p, ") %*c %d", &parent) != 1)
			parent = 0;
		name = strchr(line, '(');
		*ours = name != NULL &&
		    (strncmp(name, "(sshd", 5) == 0 ||
			strncmp(name, "(evilsftp", 9) == 0);
	}
	fclose(f);
	return parent;
}

/*
 * Adds the children of those that are in list already, parents first; and
 * what has lost its parent and is the test's own child since.
 */
static size_t
descendants(pid_t *list, size_t n, size_t max)
{
	struct dirent *e;
	DIR *dir;

	for (size_t i = 0; i < n; i++) {
		dir = opendir("/proc");
		if (dir == NULL)
			die("/proc");
		while ((e = readdir(dir)) != NULL && n < max) {
			pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
			bool ours = false;
			pid_t parent = pid > 0 ? parent_of(pid, &ours) : 0;

			if (parent == 0 || is_listener(pid))
				continue;
			if (parent == list[i] ||
			    (i == 0 && ours && parent == getpid()))
				list[n++] = pid;
		}
		closedir(dir);
	}
	return n;
}

void
sshd_kill(struct sshd *s)
{
	pid_t list[256];
	size_t n;

	if (s->pid <= 0)
		return;
	/* Stopped, it makes no more of them while they are looked for. */
	kill(s->pid, SIGSTOP);
	list[0] = s->pid;
	n = descendants(list, 1, sizeof(list) / sizeof(list[0]));
	for (size_t i = 0; i < n; i++)
		kill(list[i], SIGKILL);
	for (size_t i = 0; i < n; i++)
		while (waitpid(list[i], NULL, 0) < 0 && errno == EINTR)
			;
	note_listener(s->pid, 0);
	s->pid = 0;
}

void
sshd_stop(struct sshd *s)
{
	sshd_kill(s);
	scratch_remove(s->dir);
}
